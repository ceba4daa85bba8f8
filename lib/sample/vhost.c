// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Whose a vhost thread is. The kernel does not say: threads start one after the other as QEMU sets up its vhost
 * devices, so the n-th thread is the n-th queue pair's. What is seen afterwards may show that to be wrong: a ring that
 * moves while its thread sleeps is another one's.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* So seldom may a ring have moved without its thread: once may be a thread that has just been replaced. */
#define STRIKES 2

struct worker {
	struct vhost_thread told;
	uint64_t run_ns, same_ns;	/* its run time; it had that by then at the latest */
	bool ticked;			/* run_ns steps by clock ticks: that it is the same says nothing */
	unsigned claims;		/* pairs of which it is the only one left */
};

struct vhost_map {
	struct worker *workers;
	struct vhost_thread *threads;	/* what is handed out */
	size_t n_workers;
	struct vhost_pair *pairs;
	size_t n_pairs;
	bool *moved;			/* of each pair: since the list was made */
	unsigned char *strikes;		/* [worker * n_pairs + pair]: how often it cannot have been this one */
	bool ordered;
};

static void pairs_free(struct vhost_pair *pairs, size_t n)
{
	while (n)
		free(pairs[--n].device);
	free(pairs);
}

void vhost_free(struct vhost_map *map)
{
	if (!map)
		return;
	pairs_free(map->pairs, map->n_pairs);
	free(map->workers);
	free(map->threads);
	free(map->moved);
	free(map->strikes);
	free(map);
}

static bool is_worker(const struct host_task *t)
{
	return t->kthread || str_has_prefix(t->comm, "vhost-");
}

static int by_start(const void *a, const void *b)
{
	const struct worker *x = a, *y = b;

	if (x->told.start != y->told.start)
		return x->told.start < y->told.start ? -1 : 1;
	return (x->told.tid > y->told.tid) - (x->told.tid < y->told.tid);
}

/* The threads as they are now, by start. */
static struct worker *workers_of(const struct host_usage *u, uint64_t now, size_t *n)
{
	struct worker *list = NULL;
	size_t i;

	*n = 0;
	for (i = 0; i < u->n_tasks; i++)
		if (is_worker(&u->tasks[i]) && u->tasks[i].fresh)
			*vec_push(list, *n) = (struct worker){
				.told = { .tid = u->tasks[i].tid, .start = u->tasks[i].start },
				.run_ns = u->tasks[i].run_ns, .same_ns = now, .ticked = u->tasks[i].ticked,
			};
	if (*n)
		qsort(list, *n, sizeof(*list), by_start);
	return list;
}

static bool is_same(const struct vhost_map *m, const struct worker *workers, size_t n_workers,
		    const struct vhost_pair *pairs, size_t n_pairs)
{
	size_t i;

	if (m->n_workers != n_workers || m->n_pairs != n_pairs)
		return false;
	for (i = 0; i < n_workers; i++)
		if (m->workers[i].told.tid != workers[i].told.tid || m->workers[i].told.start != workers[i].told.start)
			return false;
	for (i = 0; i < n_pairs; i++)
		if (m->pairs[i].pair != pairs[i].pair || strcmp(m->pairs[i].device, pairs[i].device))
			return false;
	return true;
}

/*
 * What moved, against who slept all the while: from before the rings were read that time until after they were read
 * this time. The ring thread reads them when it will, also between the threads' run times and this.
 */
static void judge(struct vhost_map *m, const struct host_usage *u, const struct worker *workers, const struct vhost_pair *pairs)
{
	size_t w, p;

	for (p = 0; p < m->n_pairs; p++) {
		uint64_t before = m->pairs[p].used, now = pairs[p].used;

		if (before == UNKNOWN_UINT || now == UNKNOWN_UINT || now <= before)
			continue;
		m->moved[p] = true;
		for (w = 0; w < m->n_workers; w++) {
			unsigned char *strikes = &m->strikes[w * m->n_pairs + p];

			if (!workers[w].ticked && workers[w].run_ns == m->workers[w].run_ns && m->workers[w].same_ns <= m->pairs[p].first_ns &&
			    pairs[p].last_ns <= u->read_ns && *strikes < STRIKES)
				++*strikes;
		}
	}
}

static bool is_struck(const struct vhost_map *m, size_t worker, size_t pair)
{
	return m->strikes[worker * m->n_pairs + pair] >= STRIKES;
}

/* The one thread that can work this pair by all that was seen; n_workers: there are more, or none. */
static size_t only_one_left(const struct vhost_map *m, size_t pair)
{
	size_t w, found = m->n_workers;

	for (w = 0; w < m->n_workers && m->moved[pair]; w++) {
		if (is_struck(m, w, pair))
			continue;
		if (found < m->n_workers)
			return m->n_workers;
		found = w;
	}
	return found;
}

static void decide(struct vhost_map *m)
{
	bool fits = m->ordered && m->n_workers == m->n_pairs;
	size_t w, p;

	/* one contradiction, and the order is not what it was taken for */
	for (p = 0; p < m->n_pairs && fits; p++)
		fits = !is_struck(m, p, p);
	for (w = 0; w < m->n_workers; w++) {
		struct vhost_thread *t = &m->workers[w].told;

		t->pair = fits ? &m->pairs[w] : NULL;
		t->how = !fits ? "unsure" : m->n_workers == 1 ? "only" : "order";
	}
	for (p = 0; p < m->n_pairs && m->n_workers > 1; p++) {
		w = only_one_left(m, p);
		if (w == m->n_workers || (fits && w != p))
			continue;
		m->workers[w].claims++;
		m->workers[w].told.how = "rings";
		m->workers[w].told.pair = &m->pairs[p];
	}
	for (w = 0; w < m->n_workers; w++) {
		/* one that seems to work two pairs works nobody knows which */
		if (m->workers[w].claims > 1)
			m->workers[w].told = (struct vhost_thread){ m->workers[w].told.tid, m->workers[w].told.start, NULL, "unsure" };
		m->threads[w] = m->workers[w].told;
	}
}

void vhost_look(struct vhost_map **map, const struct host_usage *u, struct vhost_pair *pairs, size_t n, bool ordered,
		uint64_t now_ns)
{
	struct vhost_map *m = *map;
	size_t n_workers, i;
	struct worker *workers = workers_of(u, now_ns, &n_workers);

	if (m && is_same(m, workers, n_workers, pairs, n)) {
		judge(m, u, workers, pairs);
		for (i = 0; i < n_workers; i++)
			if (workers[i].run_ns == m->workers[i].run_ns)
				workers[i].same_ns = m->workers[i].same_ns;
		pairs_free(m->pairs, m->n_pairs);
		free(m->workers);
	} else {
		vhost_free(m);
		m = *map = xcalloc(1, sizeof(*m));
		m->n_workers = n_workers;
		m->n_pairs = n;
		m->threads = xcalloc(n_workers, sizeof(*m->threads));
		m->moved = xcalloc(n, sizeof(*m->moved));
		m->strikes = xcalloc(n_workers * n, sizeof(*m->strikes));
	}
	m->workers = workers;
	m->pairs = pairs;
	m->ordered = ordered;
	decide(m);
}

const struct vhost_thread *vhost_threads(const struct vhost_map *map, size_t *n)
{
	*n = map ? map->n_workers : 0;
	return map ? map->threads : NULL;
}
