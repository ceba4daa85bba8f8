// SPDX-License-Identifier: GPL-3.0-or-later
/* A fixed set of worker threads and one queue. */
#include "base.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
	struct job *next;
	void (*run)(void *), (*drop)(void *);
	void *arg;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *first, **last;
	bool stop;
	unsigned n;
	pthread_t threads[];
};

static struct job *next_job(struct pool *p)
{
	struct job *j;

	pthread_mutex_lock(&p->lock);
	while (!p->first && !p->stop)
		pthread_cond_wait(&p->wake, &p->lock);
	j = p->stop ? NULL : p->first;
	if (j) {
		p->first = j->next;
		if (!p->first)
			p->last = &p->first;
	}
	pthread_mutex_unlock(&p->lock);
	return j;
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	struct job *j;

	while ((j = next_job(p))) {
		j->run(j->arg);
		free(j);
	}
	return NULL;
}

void pool_add(struct pool *p, void (*run)(void *), void (*drop)(void *), void *arg)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->run = run;
	j->drop = drop;
	j->arg = arg;
	pthread_mutex_lock(&p->lock);
	*p->last = j;
	p->last = &j->next;
	pthread_cond_signal(&p->wake);
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
	while (p->first) {
		struct job *j = p->first;

		p->first = j->next;
		j->drop(j->arg);
		free(j);
	}
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->wake);
	free(p);
}

struct pool *pool_new(unsigned threads)
{
	struct pool *p = xcalloc(1, sizeof(*p) + threads * sizeof(p->threads[0]));

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->last = &p->first;
	while (p->n < threads && !thread_start(&p->threads[p->n], worker, p, 0))
		p->n++;
	if (p->n || !threads)
		return p;
	pool_free(p);
	return NULL;
}
