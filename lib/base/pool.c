// SPDX-License-Identifier: GPL-3.0-or-later
/* Worker threads and one queue, a binary heap. */
#include "base.h"

#include <pthread.h>
#include <stdlib.h>

/* So long jobs may wait with none begun before there are more threads: honest answers take 1 to 10 ms. */
#define STUCK_NS (20 * NS_PER_MS)

struct job {
	uint64_t rank, number;		/* number: in the order in which they were added */
	void (*run)(void *), (*drop)(void *);
	void *arg;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *queue;		/* each before its children, 2i+1 and 2i+2 */
	size_t n_jobs, cap;
	uint64_t added, moved_ns;	/* moved: a job began, or came into an empty queue */
	bool stop;
	unsigned n, most;
	pthread_t threads[];
};

static bool is_before(const struct job *a, const struct job *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->number < b->number;
}

static void put(struct pool *p, struct job j)
{
	size_t at = p->n_jobs++;

	if (p->n_jobs > p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->queue = xrealloc(p->queue, p->cap, sizeof(*p->queue));
	}
	for (; at && is_before(&j, &p->queue[(at - 1) / 2]); at = (at - 1) / 2)
		p->queue[at] = p->queue[(at - 1) / 2];
	p->queue[at] = j;
}

static struct job take_first(struct pool *p)
{
	struct job first = p->queue[0], last = p->queue[--p->n_jobs];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < p->n_jobs) {
		if (child + 1 < p->n_jobs && is_before(&p->queue[child + 1], &p->queue[child]))
			child++;
		if (!is_before(&p->queue[child], &last))
			break;
		p->queue[at] = p->queue[child];
		at = child;
	}
	p->queue[at] = last;
	return first;
}

static bool next_job(struct pool *p, struct job *j)
{
	bool go_on;

	pthread_mutex_lock(&p->lock);
	while (!p->n_jobs && !p->stop)
		pthread_cond_wait(&p->wake, &p->lock);
	go_on = !p->stop;
	if (go_on) {
		*j = take_first(p);
		p->moved_ns = clock_now_ns();
	}
	pthread_mutex_unlock(&p->lock);
	return go_on;
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	struct job j;

	while (next_job(p, &j))
		j.run(j.arg);
	return NULL;
}

static void start(struct pool *p, unsigned threads)
{
	while (p->n < threads && !thread_start(&p->threads[p->n], worker, p, 0))
		p->n++;
}

void pool_add(struct pool *p, uint64_t rank, void (*run)(void *), void (*drop)(void *), void *arg)
{
	struct job j = { .rank = rank, .run = run, .drop = drop, .arg = arg };

	pthread_mutex_lock(&p->lock);
	j.number = p->added++;
	if (!p->n_jobs)
		p->moved_ns = clock_now_ns();
	put(p, j);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

void pool_mind(struct pool *p)
{
	uint64_t now = clock_now_ns();
	size_t want;

	pthread_mutex_lock(&p->lock);
	if (p->n_jobs && !p->stop && now - p->moved_ns >= STUCK_NS) {
		want = p->n + (p->n_jobs < p->n + 1 ? p->n_jobs : p->n + 1);
		start(p, want < p->most ? (unsigned)want : p->most);
		p->moved_ns = now;
	}
	pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool *p)
{
	unsigned i;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n; i++)
		pthread_join(p->threads[i], NULL);
	while (p->n_jobs) {
		struct job j = take_first(p);

		j.drop(j.arg);
	}
	free(p->queue);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->wake);
	free(p);
}

struct pool *pool_new(unsigned threads, unsigned most)
{
	struct pool *p = xcalloc(1, sizeof(*p) + most * sizeof(p->threads[0]));

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->most = most;
	start(p, threads);
	if (p->n || !threads)
		return p;
	pool_free(p);
	return NULL;
}
