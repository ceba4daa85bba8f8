// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The ring thread. It alone reads guests' memory. Its lock is never held while it reads, so that all it can do to the
 * others is not to come back; rings_watch then puts another in its place.
 */
#include "ring_set.h"
#include "rings.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ADDRESSES 512		/* read in one go */
#define TIMER_SLACK_NS 1000	/* the kernel's usual 50 us are half of what a ring sampled at 10 kHz can wait */
/* A reading that old is none. */
#define STALE_NS (3 * NS_PER_SEC)

struct ring_reader {
	pthread_mutex_t lock;
	pthread_cond_t wake, left;
	pthread_t thread;		/* the one whose turn it is */
	pid_t tid;			/* of that */
	unsigned turn;			/* its number: whoever has another one leaves */
	unsigned threads, asleep;	/* that are there; of them, those that were replaced */
	struct ring_set *sets;
	struct ring_set *fast;		/* of them, the one whose depths are sampled at a rate of its own; NULL */
	unsigned changes;		/* of the list */
	uint64_t due_ns;		/* when the first of the others is to be read */
	struct ring_set *reading;	/* by the thread whose turn it is */
	uint64_t reading_ns;		/* since when */
	uint64_t watched_ns;
	bool stop, orphan, resting;
};

static void reader_free(struct ring_reader *r)
{
	while (r->sets) {
		struct ring_set *set = r->sets;

		r->sets = set->next;
		ring_set_free(set);
	}
	pthread_cond_destroy(&r->wake);
	pthread_cond_destroy(&r->left);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* One reading of some rings, off the lock; again: only those that made no sense. False: this thread was replaced. */
static bool read_once(struct ring_reader *r, unsigned turn, struct ring_set *set, size_t first, size_t n, bool again,
		      struct ring_outcome *o)
{
	size_t stride = set->notify ? 4 : 2;	/* may be another when the lock is taken again */
	const uint64_t *addresses = (set->notify ? set->quads : set->pairs) + stride * first;
	ssize_t got;

	r->reading = set;
	r->reading_ns = clock_now_ns();
	pthread_mutex_unlock(&r->lock);
	got = host_mem_read16(set->pid, addresses, stride * n, set->values);
	pthread_mutex_lock(&r->lock);
	if (r->turn != turn)
		return false;
	r->reading = NULL;
	ring_set_store(set, first, n, stride, got, again, o);
	return true;
}

static bool read_rings(struct ring_reader *r, unsigned turn, struct ring_set *set, struct ring_outcome *o)
{
	size_t first, n, most = ADDRESSES / 4;
	unsigned tries;

	for (first = 0; first < set->n && !set->removed && !r->stop; first += n) {
		n = set->n - first < most ? set->n - first : most;
		o->torn = true;
		for (tries = 0; o->torn && tries < RING_BAD_MAX; tries++)
			if (!read_once(r, turn, set, first, n, tries, o))
				return false;
	}
	return true;
}

/* The guest has released this thread: the one that took its place goes on with what was left alone. */
static void come_back(struct ring_reader *r, pid_t pid)
{
	struct ring_set *set;

	for (set = r->sets; set; set = set->next)
		if (set->pid == pid)
			set->barred = set->stuck = false;
	r->due_ns = 0;
	pthread_cond_signal(&r->wake);
}

/* False: this thread was replaced while it read. */
static bool visit(struct ring_reader *r, unsigned turn, struct ring_set *set)
{
	uint64_t now = clock_now_ns();
	struct ring_outcome o = { .sample = !set->sample_ns || now >= set->next_sample_ns };
	bool mine;

	set->busy = true;
	mine = read_rings(r, turn, set, &o);
	set->busy = set->stuck = false;
	set->read = true;
	if (!mine)
		come_back(r, set->pid);
	if (set->removed)
		ring_set_free(set);
	else
		ring_set_schedule(set, now, &o);
	return mine;
}

static bool is_free(const struct ring_set *set)
{
	return !set->busy && !set->barred;
}

static bool visit_fast(struct ring_reader *r, unsigned turn)
{
	if (!r->fast || !is_free(r->fast) || r->fast->next_ns > clock_now_ns())
		return true;
	return visit(r, turn, r->fast);
}

/* Whoever is due; the list may change whenever one is read. */
static bool visit_others(struct ring_reader *r, unsigned turn)
{
	uint64_t now = clock_now_ns();
	struct ring_set *set = r->sets;

	r->due_ns = UINT64_MAX;
	while (set && !r->stop) {
		unsigned changes = r->changes;
		bool due = set != r->fast && is_free(set) && set->next_ns <= now;

		if (due && (!visit(r, turn, set) || !visit_fast(r, turn)))
			return false;
		if (changes != r->changes) {
			r->due_ns = UINT64_MAX;
			set = r->sets;
			continue;
		}
		if (set != r->fast && is_free(set) && set->next_ns < r->due_ns)
			r->due_ns = set->next_ns;
		set = set->next;
	}
	return true;
}

/* After a rest: what is read from now on has nothing to do with what was read before. */
static void break_all(struct ring_reader *r)
{
	struct ring_set *set;

	for (set = r->sets; set; set = set->next) {
		ring_set_break(set);
		set->read = set->stuck;
		set->next_ns = 0;
		set->still = 0;
	}
	r->due_ns = 0;
}

static void rest(struct ring_reader *r, unsigned turn)
{
	struct timespec ts;
	uint64_t next = r->due_ns;

	if (r->fast && is_free(r->fast) && r->fast->next_ns < next)
		next = r->fast->next_ns;
	if (r->sets && clock_now_ns() > r->watched_ns + RINGS_REST_NS) {
		r->resting = true;
		while (r->resting && !r->stop && r->turn == turn)
			pthread_cond_wait(&r->wake, &r->lock);
	} else if (next == UINT64_MAX) {
		pthread_cond_wait(&r->wake, &r->lock);
	} else {
		ts.tv_sec = (time_t)(next / NS_PER_SEC);
		ts.tv_nsec = (long)(next % NS_PER_SEC);
		pthread_cond_timedwait(&r->wake, &r->lock, &ts);
	}
}

static void *reader(void *arg)
{
	struct ring_reader *r = arg;
	unsigned turn;
	bool last;

	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
	pthread_mutex_lock(&r->lock);
	turn = r->turn;
	r->tid = gettid();
	while (!r->stop && r->turn == turn) {
		if (clock_now_ns() >= r->due_ns && !visit_others(r, turn))
			break;
		if (!visit_fast(r, turn))
			break;
		if (!r->stop && r->turn == turn)
			rest(r, turn);
	}
	if (r->turn != turn)
		r->asleep--;
	r->threads--;
	last = r->orphan && !r->threads;
	pthread_cond_broadcast(&r->left);
	pthread_mutex_unlock(&r->lock);
	if (last)
		reader_free(r);
	return NULL;
}

struct ring_reader *rings_start(void)
{
	struct ring_reader *r = xcalloc(1, sizeof(*r));
	pthread_condattr_t attr;

	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attr);
	pthread_cond_init(&r->left, &attr);
	pthread_condattr_destroy(&attr);
	r->watched_ns = clock_now_ns();
	r->threads = 1;
	if (!thread_start(&r->thread, reader, r, 0))
		return r;
	reader_free(r);
	return NULL;
}

/*
 * The thread sleeps in a guest's memory: it is left there, with all that it may touch when it wakes up. Not before there
 * is another, which waits for the lock.
 */
static void replace_thread(struct ring_reader *r)
{
	pthread_t other;

	if (thread_start(&other, reader, r, 0))
		return;
	ring_set_break(r->reading);
	r->reading->stuck = r->reading->read = true;
	r->reading = NULL;
	pthread_detach(r->thread);
	r->asleep++;
	r->turn++;
	r->due_ns = 0;
	r->thread = other;
	r->threads++;
}

/* Somebody wants rings to be read. */
static void attend(struct ring_reader *r)
{
	r->watched_ns = clock_now_ns();
	if (!r->resting)
		return;
	r->resting = false;
	break_all(r);
	pthread_cond_signal(&r->wake);
}

void rings_watch(struct ring_reader *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	attend(r);
	/* on a busy host it may only be waiting for a CPU */
	if (r->reading && r->watched_ns > r->reading_ns + RINGS_STUCK_NS && host_mem_waits(r->tid))
		replace_thread(r);
	pthread_mutex_unlock(&r->lock);
}

void rings_stop(struct ring_reader *r)
{
	uint64_t deadline = clock_now_ns() + RINGS_STUCK_NS;
	struct timespec ts = { (time_t)(deadline / NS_PER_SEC), (long)(deadline % NS_PER_SEC) };
	pthread_t thread;
	bool left, orphan;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	while (r->threads > r->asleep && clock_now_ns() < deadline)
		pthread_cond_timedwait(&r->left, &r->lock, &ts);
	left = r->threads == r->asleep;
	r->orphan = orphan = r->threads;
	thread = r->thread;
	if (!left)
		pthread_detach(thread);
	pthread_mutex_unlock(&r->lock);
	if (left)
		pthread_join(thread, NULL);
	if (!orphan)
		reader_free(r);
}

struct ring_set *rings_add(struct ring_reader *r, pid_t pid, const struct ring_addr *addr, size_t n,
			   struct ring_set *old)
{
	struct ring_set *set = ring_set_new(pid, addr, n);

	pthread_mutex_lock(&r->lock);
	ring_set_take_over(set, old);
	if (old && r->fast == old)
		r->fast = set;
	set->next = r->sets;
	r->sets = set;
	r->changes++;
	r->due_ns = 0;
	attend(r);
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	return set;
}

void rings_remove(struct ring_reader *r, struct ring_set *set)
{
	struct ring_set **at;

	if (!set)
		return;
	pthread_mutex_lock(&r->lock);
	for (at = &r->sets; *at != set; at = &(*at)->next)
		;
	*at = set->next;
	r->changes++;
	if (r->fast == set)
		r->fast = NULL;
	if (set->busy)
		set->removed = true;
	else
		ring_set_free(set);
	pthread_mutex_unlock(&r->lock);
}

void rings_detail(struct ring_reader *r, struct ring_set *set, const struct ring_detail *detail)
{
	uint64_t sample_ns = detail->hz ? NS_PER_SEC / detail->hz : 0;
	size_t i;

	pthread_mutex_lock(&r->lock);
	set->notify = detail->notify;
	set->eager = detail->eager;
	for (i = 0; i < set->n; i++)
		ring_keep_counts(&set->rings[i], detail->counts);
	if (sample_ns != set->sample_ns) {
		set->sample_ns = sample_ns;
		set->next_ns = set->next_sample_ns = r->due_ns = 0;
		pthread_cond_signal(&r->wake);
	}
	if (sample_ns)
		r->fast = set;
	else if (r->fast == set)
		r->fast = NULL;
	pthread_mutex_unlock(&r->lock);
}

static bool flag_of(struct ring_reader *r, const bool *flag)
{
	bool set;

	pthread_mutex_lock(&r->lock);
	set = *flag;
	pthread_mutex_unlock(&r->lock);
	return set;
}

bool rings_are_read(struct ring_reader *r, const struct ring_set *set)
{
	return flag_of(r, &set->read);
}

bool rings_are_stuck(struct ring_reader *r, const struct ring_set *set)
{
	return flag_of(r, &set->stuck);
}

void rings_collect(struct ring_reader *r, struct ring_set *set, struct ring_state *out)
{
	uint64_t now;
	size_t i;

	pthread_mutex_lock(&r->lock);
	attend(r);
	now = clock_now_ns();
	for (i = 0; i < set->n; i++)
		ring_collect(&set->rings[i], now, STALE_NS, &out[i]);
	pthread_mutex_unlock(&r->lock);
}
