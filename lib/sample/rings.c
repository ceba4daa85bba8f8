// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The ring thread. It alone reads guests' memory: a page under userfaultfd could put it to sleep, and then only depth
 * and rates of rings become unknown. Its lock is never held while it reads.
 */
#include "rings.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* 65536 completions must not pass between two readings: 100 ms allow 655k requests/s less the margin below. */
#define INTERVAL_MAX_NS (100 * NS_PER_MS)
#define INTERVAL_MIN_NS (2 * NS_PER_MS)
#define STEP_FAST 8192		/* entries used between two readings: halve the interval */
#define READ_RINGS 256		/* in one go: two addresses each, of 512 */
/* A reading that old is none: the thread may sleep in another guest's memory. */
#define STALE_NS (3 * NS_PER_SEC)

struct ring_set {
	struct ring_set *next;
	pid_t pid;
	bool removed;		/* nobody wants it any more: the thread frees it */
	bool read;		/* at least once */
	size_t n;
	uint64_t *addresses;	/* used, avail of each ring in turn */
	uint16_t *values;
	struct ring rings[];
};

struct ring_reader {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct ring_set *sets;
	uint64_t interval_ns;
	bool stop;
};

static void set_free(struct ring_set *set)
{
	free(set->addresses);
	free(set->values);
	free(set);
}

/* Store a reading from ring first on; true if some ring of it should be read again at once. With the lock held. */
static bool set_store(struct ring_set *set, size_t first, size_t n, ssize_t got, uint64_t now, unsigned *step_max)
{
	bool again = false;
	size_t i;

	for (i = first; i < first + n; i++) {
		struct ring *r = &set->rings[i];
		uint64_t before = r->used_total;

		if (r->lost)
			continue;
		if (got < (ssize_t)(2 * (i - first) + 2)) {
			r->known = false;
			continue;
		}
		if (!ring_update(r, set->values[2 * i], set->values[2 * i + 1], now) && !r->lost)
			again = true;
		if (r->used_total - before > *step_max)
			*step_max = (unsigned)(r->used_total - before);
	}
	return again;
}

/* Read some rings of a set, off the lock. Called and returns with the lock held. */
static void set_read(struct ring_reader *r, struct ring_set *set, size_t first, unsigned *step_max)
{
	size_t n = set->n - first < READ_RINGS ? set->n - first : READ_RINGS;
	unsigned tries;
	bool again = true;

	for (tries = 0; again && tries < RING_BAD_MAX; tries++) {
		ssize_t got;

		pthread_mutex_unlock(&r->lock);
		got = host_mem_read16(set->pid, set->addresses + 2 * first, 2 * n, set->values + 2 * first);
		pthread_mutex_lock(&r->lock);
		again = set_store(set, first, n, got, clock_now_ns(), step_max);
	}
}

static void read_all(struct ring_reader *r)
{
	struct ring_set **at = &r->sets;
	unsigned step_max = 0;

	while (*at && !r->stop) {
		struct ring_set *set = *at;
		size_t first;

		for (first = 0; first < set->n && !set->removed && !r->stop; first += READ_RINGS)
			set_read(r, set, first, &step_max);
		set->read = true;
		if (set->removed) {
			/* others only ever add at the head, so what `at` points into is still in the list */
			while (*at != set)
				at = &(*at)->next;
			*at = set->next;
			set_free(set);
		} else {
			at = &set->next;
		}
	}
	if (step_max > STEP_FAST)
		r->interval_ns = r->interval_ns / 2 > INTERVAL_MIN_NS ? r->interval_ns / 2 : INTERVAL_MIN_NS;
	else if (step_max < STEP_FAST / 4 && r->interval_ns < INTERVAL_MAX_NS)
		r->interval_ns = r->interval_ns * 2 < INTERVAL_MAX_NS ? r->interval_ns * 2 : INTERVAL_MAX_NS;
}

static void *reader(void *arg)
{
	struct ring_reader *r = arg;

	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		struct timespec ts;
		uint64_t next = clock_now_ns() + r->interval_ns;

		read_all(r);
		ts.tv_sec = (time_t)(next / NS_PER_SEC);
		ts.tv_nsec = (long)(next % NS_PER_SEC);
		if (!r->stop && !r->sets)
			pthread_cond_wait(&r->wake, &r->lock);
		else if (!r->stop)
			pthread_cond_timedwait(&r->wake, &r->lock, &ts);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

struct ring_reader *rings_start(void)
{
	struct ring_reader *r = xcalloc(1, sizeof(*r));
	pthread_condattr_t attr;
	sigset_t all, old;

	r->interval_ns = INTERVAL_MAX_NS;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);	/* a crash in here is the whole program's */
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&r->thread, NULL, reader, r))
		abort();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

void rings_stop(struct ring_reader *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	while (r->sets) {
		struct ring_set *set = r->sets;

		r->sets = set->next;
		set_free(set);
	}
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* Called with the lock held. */
static void take_over(struct ring *ring, const struct ring_set *old)
{
	size_t i;

	for (i = 0; old && i < old->n; i++) {
		const struct ring *was = &old->rings[i];

		if (!was->lost && was->addr.used_idx == ring->addr.used_idx && was->addr.avail_idx == ring->addr.avail_idx &&
		    was->addr.size == ring->addr.size)
			*ring = *was;
	}
}

struct ring_set *rings_add(struct ring_reader *r, pid_t pid, const struct ring_addr *addr, size_t n,
			   const struct ring_set *old)
{
	struct ring_set *set = xcalloc(1, sizeof(*set) + n * sizeof(set->rings[0]));
	size_t i;

	set->pid = pid;
	set->n = n;
	set->addresses = xcalloc(2 * n, sizeof(*set->addresses));
	set->values = xcalloc(2 * n, sizeof(*set->values));
	for (i = 0; i < n; i++) {
		set->rings[i].addr = addr[i];
		set->rings[i].fresh = true;
		/* used before avail: the other way round a busy ring seems to have used what was never made available */
		set->addresses[2 * i] = addr[i].used_idx;
		set->addresses[2 * i + 1] = addr[i].avail_idx;
	}
	pthread_mutex_lock(&r->lock);
	for (i = 0; i < n; i++)
		take_over(&set->rings[i], old);
	set->next = r->sets;
	r->sets = set;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	return set;
}

void rings_remove(struct ring_reader *r, struct ring_set *set)
{
	if (!set)
		return;
	/* only the thread takes sets out of the list, so that it may let go of the lock in the middle of it */
	pthread_mutex_lock(&r->lock);
	set->removed = true;
	pthread_mutex_unlock(&r->lock);
}

bool rings_are_read(struct ring_reader *r, const struct ring_set *set)
{
	bool read;

	pthread_mutex_lock(&r->lock);
	read = set->read;
	pthread_mutex_unlock(&r->lock);
	return read;
}

void rings_collect(struct ring_reader *r, struct ring_set *set, struct ring_state *out)
{
	uint64_t now;
	size_t i;

	pthread_mutex_lock(&r->lock);
	now = clock_now_ns();
	for (i = 0; i < set->n; i++) {
		struct ring *ring = &set->rings[i];

		out[i] = (struct ring_state){
			.known = ring->known && now < ring->read_ns + STALE_NS, .lost = ring->lost, .depth = ring->depth,
			.depth_max = ring->samples ? ring->depth_max : ring->depth,
			.depth_mean = ring->samples ? (double)ring->depth_sum / (double)ring->samples : ring->depth,
			.used_total = ring->used_total,
			.stalled_ns = ring->read_ns - ring->moved_ns,
		};
		ring->depth_sum = ring->samples = 0;
		ring->depth_max = 0;
	}
	pthread_mutex_unlock(&r->lock);
}
