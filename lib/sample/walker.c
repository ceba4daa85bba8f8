// SPDX-License-Identifier: GPL-3.0-or-later
/* The thread that looks at guests' pages. Its lock is never held while it looks. */
#include "pages.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Memory may be added to the host: its blocks are listed anew, and the KSM bit checked, after so long. */
#define REOPEN_NS (60 * NS_PER_SEC)

struct line {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned holders;		/* the walker, and its thread: the last one frees it */
	struct host *h;			/* kept: the thread may outlive the sampler */
	struct walk **waiting, **done;	/* vecs */
	size_t n_waiting, n_done;
	struct walk *now;		/* the thread's */
	uint64_t since_ns;		/* when it began with that */
	char *ref;			/* of one that was given up: whose memory it sleeps in */
	uid_t uid;
	bool stop, busy;
};

struct walker {
	struct line *line;
	const struct host *h;
	struct line *lost[WALKERS_LOST_MAX];	/* given up, and still asleep when last looked at */
	size_t n_lost;
};

void walk_free(struct walk *w)
{
	if (!w)
		return;
	while (w->n_parts--) {
		free(w->parts[w->n_parts].id);
		free(w->parts[w->n_parts].path);
	}
	free(w->parts);
	page_view_done(&w->view);
	free(w->why);
	free(w->ref);
	free(w);
}

static char *reason(int rc)
{
	if (rc == -EACCES || rc == -EPERM)
		return xstrdup("its pages cannot be looked at without CAP_SYS_ADMIN (root)");
	if (rc == -ESRCH || rc == -ENOENT)
		return xstrdup("its pages cannot be looked at: the process ends, or the kernel lacks pagemap");
	return xasprintf("its pages cannot be looked at: %s", strerror(-rc));
}

static int look_exact(const struct host *h, struct walk *w, const struct page_block *blocks, size_t n)
{
	struct page_view *v = &w->view;
	size_t i, k, node;

	v->exact = true;
	v->ksm_bytes = HOST_UNKNOWN;
	for (i = 0; i < n; i++) {
		struct host_range *ranges = NULL;
		struct host_exact e = {0};
		size_t n_ranges = 0;
		int rc;

		/* blocks of one page size together */
		for (k = 0; k < i && blocks[k].page_bytes != blocks[i].page_bytes; k++)
			;
		if (k < i)
			continue;
		for (k = i; k < n; k++)
			if (blocks[k].page_bytes == blocks[i].page_bytes)
				*vec_push(ranges, n_ranges) = (struct host_range){ blocks[k].start, blocks[k].end };
		rc = host_exact_read(h, w->pid, ranges, n_ranges, &e);
		free(ranges);
		if (rc)
			return rc;
		for (node = 0; node < e.n_nodes; node++)
			*vec_push(v->cells, v->n_cells) = (struct page_cell){
				.node = (int)node, .bytes = e.node_bytes[node],
				.page_bytes = e.hugetlb_bytes ? blocks[i].page_bytes : 0,
			};
		v->present_bytes += e.present_bytes;
		v->hugetlb_bytes += e.hugetlb_bytes;
		v->swapped_bytes += e.swap_bytes;
		v->thp_bytes += e.thp_bytes;
		if (e.ksm_bytes != HOST_UNKNOWN)
			v->ksm_bytes = (v->ksm_bytes == HOST_UNKNOWN ? 0 : v->ksm_bytes) + e.ksm_bytes;
		free(e.node_bytes);
	}
	return 0;
}

static int look_sampled(const struct host *h, struct host_pages *pages, struct walk *w,
			const struct page_block *blocks, size_t n)
{
	auto_free uint64_t *addresses = xcalloc(w->samples, sizeof(*addresses));
	auto_free struct host_page *found = xcalloc(w->samples, sizeof(*found));
	uint64_t page = host_facts(h)->page_bytes, seed = clock_now_ns() ^ (uint64_t)w->pid << 32;
	size_t count = pages_pick(blocks, n, page, w->samples, &seed, addresses);
	int rc = host_pages_read(pages, w->pid, addresses, count, found);

	if (rc)
		return rc;
	w->view.all = count * page == w->view.total_bytes;
	page_view_count(&w->view, found, addresses, count, blocks, n, host_pages_ksm(pages));
	return 0;
}

static void page_sizes(const struct host *h, pid_t pid, const struct host_map *maps, size_t n_maps,
		       struct page_block *list, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < n_maps; k++)
			if (list[i].start >= maps[k].start && list[i].start < maps[k].end)
				list[i].page_bytes = host_map_page_bytes(h, pid, &maps[k]);
}

static void look(const struct host *h, struct host_pages *pages, int pages_rc, struct walk *w)
{
	auto_free struct page_block *blocks = NULL;
	struct host_map *maps = NULL;
	size_t n_maps = 0, n = 0, i;
	int rc = host_maps_read(h, w->pid, &maps, &n_maps);

	if (!rc)
		rc = pages_match(maps, n_maps, w->parts, w->n_parts, &blocks, &n, &w->why);
	if (!rc)
		page_sizes(h, w->pid, maps, n_maps, blocks, n);
	host_maps_free(maps, n_maps);
	for (i = 0; i < n; i++)
		w->view.total_bytes += blocks[i].end - blocks[i].start;
	if (!rc && w->exact)
		rc = look_exact(h, w, blocks, n);
	else if (!rc)
		rc = pages_rc ? pages_rc : look_sampled(h, pages, w, blocks, n);
	w->view.taken_ns = clock_now_ns();
	if (rc && !w->why)
		w->why = reason(rc);
}

static void line_drop(struct line *l)
{
	bool last;

	pthread_mutex_lock(&l->lock);
	last = !--l->holders;
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	while (l->n_waiting)
		walk_free(l->waiting[--l->n_waiting]);
	while (l->n_done)
		walk_free(l->done[--l->n_done]);
	free(l->waiting);
	free(l->done);
	free(l->ref);
	host_free(l->h);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* With the lock held: the one that waits longest, NULL when it is all over. */
static struct walk *next_walk(struct line *l)
{
	struct walk *w;

	while (!l->stop && !l->n_waiting)
		pthread_cond_wait(&l->changed, &l->lock);
	if (l->stop)
		return NULL;
	w = l->waiting[0];
	l->n_waiting--;
	memmove(l->waiting, l->waiting + 1, l->n_waiting * sizeof(*l->waiting));
	return w;
}

static void *walk_on(void *arg)
{
	struct line *l = arg;
	struct host_pages *pages = NULL;
	uint64_t opened_ns = 0;
	struct walk *w;
	int rc = 0;

	pthread_mutex_lock(&l->lock);
	while ((w = next_walk(l))) {
		l->now = w;
		l->since_ns = clock_now_ns();
		pthread_mutex_unlock(&l->lock);
		if (!opened_ns || clock_now_ns() - opened_ns > REOPEN_NS) {
			host_pages_close(pages);
			pages = NULL;
			rc = host_pages_open(l->h, &pages);
			opened_ns = clock_now_ns();
		}
		look(l->h, pages, rc, w);
		pthread_mutex_lock(&l->lock);
		l->now = NULL;
		if (l->stop)	/* left behind: nobody waits for it */
			walk_free(w);
		else
			*vec_push(l->done, l->n_done) = w;
	}
	host_pages_close(pages);
	l->busy = false;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	line_drop(l);
	return NULL;
}

/* NULL: the system allows no more threads */
static struct line *line_start(const struct host *h)
{
	struct line *l = xcalloc(1, sizeof(*l));
	pthread_condattr_t attr;

	l->h = host_keep(h);
	l->holders = 2;
	l->busy = true;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (!thread_start(NULL, walk_on, l, 0))
		return l;
	l->holders = 1;
	line_drop(l);
	return NULL;
}

struct walker *walker_new(const struct host *h)
{
	struct line *l = line_start(h);
	struct walker *w;

	if (!l)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->h = h;
	w->line = l;
	return w;
}

void walker_free(struct walker *w)
{
	uint64_t deadline = clock_now_ns() + NS_PER_SEC;
	struct timespec ts = { (time_t)(deadline / NS_PER_SEC), (long)(deadline % NS_PER_SEC) };
	struct line *l;

	if (!w)
		return;
	l = w->line;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->changed);
	while (l->busy && !pthread_cond_timedwait(&l->changed, &l->lock, &ts))
		;
	pthread_mutex_unlock(&l->lock);
	line_drop(l);
	while (w->n_lost)
		line_drop(w->lost[--w->n_lost]);
	free(w);
}

/* Those that woke up after all are not lost any more. */
static void count_lost(struct walker *w)
{
	size_t i, kept = 0;

	for (i = 0; i < w->n_lost; i++) {
		bool busy;

		pthread_mutex_lock(&w->lost[i]->lock);
		busy = w->lost[i]->busy;
		pthread_mutex_unlock(&w->lost[i]->lock);
		if (busy)
			w->lost[kept++] = w->lost[i];
		else
			line_drop(w->lost[i]);
	}
	w->n_lost = kept;
}

const char *walker_bars(struct walker *w, const char *ref, uid_t uid)
{
	size_t i, of_user = 0;

	count_lost(w);
	for (i = 0; i < w->n_lost; i++) {
		of_user += w->lost[i]->uid == uid;
		if (!strcmp(w->lost[i]->ref, ref))
			return "its pages are not looked at: who did so last still sleeps in its memory";
	}
	if (of_user >= WALKERS_LOST_OF_USER_MAX)
		return "its pages are not looked at: the memory of other guests of its user does not answer";
	if (w->n_lost == WALKERS_LOST_MAX)
		return "its pages are not looked at: the memory of too many other guests does not answer";
	return NULL;
}

void walker_add(struct walker *w, struct walk *walk)
{
	struct line *l = w->line;

	pthread_mutex_lock(&l->lock);
	*vec_push(l->waiting, l->n_waiting) = walk;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

struct walk *walker_take(struct walker *w)
{
	struct line *l = w->line;
	struct walk *walk = NULL;

	pthread_mutex_lock(&l->lock);
	if (l->n_done)
		walk = l->done[--l->n_done];
	pthread_mutex_unlock(&l->lock);
	return walk;
}

/* Those that wait, but for those that may not be looked at now: these are done. */
static void hand_on(struct walker *w, struct line *old, struct line *l)
{
	size_t i;

	l->done = take_ptr(old->done);
	l->n_done = old->n_done;
	for (i = 0; i < old->n_waiting; i++) {
		struct walk *one = old->waiting[i];
		const char *why = walker_bars(w, one->ref, one->uid);

		if (!why) {
			*vec_push(l->waiting, l->n_waiting) = one;
			continue;
		}
		one->hung = true;
		one->why = xstrdup(why);
		*vec_push(l->done, l->n_done) = one;
	}
	free(take_ptr(old->waiting));
	old->n_waiting = old->n_done = 0;
}

struct walk *walker_give_up(struct walker *w, uint64_t after_ns, uint64_t exact_ns)
{
	struct line *old = w->line, *l;
	struct walk *hung = NULL;

	count_lost(w);
	pthread_mutex_lock(&old->lock);
	if (old->now && w->n_lost < WALKERS_LOST_MAX &&
	    clock_now_ns() - old->since_ns > (old->now->exact ? exact_ns : after_ns) && (l = line_start(w->h))) {
		hung = xcalloc(1, sizeof(*hung));
		hung->hung = true;
		hung->ref = xstrdup(old->now->ref);
		hung->why = xstrdup("its pages cannot be looked at: its memory map has been locked for seconds");
		old->ref = xstrdup(old->now->ref);
		old->uid = old->now->uid;
		old->stop = true;
	}
	pthread_mutex_unlock(&old->lock);
	if (!hung)
		return NULL;
	w->lost[w->n_lost++] = old;
	pthread_mutex_lock(&l->lock);
	hand_on(w, old, l);
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	w->line = l;
	return hung;
}
