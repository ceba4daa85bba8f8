// SPDX-License-Identifier: GPL-3.0-or-later
/* The rings of one guest: where they are, what was read of them, and when they are read next. */
#include "ring_set.h"

#include <stdlib.h>

/*
 * 65536 completions must not pass between two readings: 100 ms allow 655k/s, less the margin that ring_update takes. A
 * guest whose rings stood still for STILL_READS of them is looked at less often. Each interval is a multiple of those
 * below it, and readings are due at its multiples: one waking-up serves many guests.
 */
#define INTERVAL_NS (100 * NS_PER_MS)
#define INTERVAL_MIN_NS (INTERVAL_NS / 64)
#define INTERVAL_STILL_NS (4 * INTERVAL_NS)
#define STILL_READS 20
#define STEP_FAST 8192		/* entries used between two readings: halve the interval */

struct ring_set *ring_set_new(pid_t pid, const struct ring_addr *addr, size_t n)
{
	struct ring_set *set = xcalloc(1, sizeof(*set) + n * sizeof(set->rings[0]));
	size_t i;

	set->pid = pid;
	set->n = n;
	set->interval_ns = INTERVAL_MIN_NS;
	set->pairs = xcalloc(2 * n, sizeof(*set->pairs));
	set->quads = xcalloc(4 * n, sizeof(*set->quads));
	set->values = xcalloc(4 * n, sizeof(*set->values));
	for (i = 0; i < n; i++) {
		uint64_t used = addr[i].used_idx, avail = addr[i].avail_idx, *quad = set->quads + 4 * i;

		set->rings[i].addr = addr[i];
		set->rings[i].fresh = true;
		/* used before avail: the other way round a busy ring seems to have used what was never made available */
		set->pairs[2 * i] = quad[0] = used;
		set->pairs[2 * i + 1] = quad[1] = avail;
		/* used_event is behind the entries of avail (2 bytes each), avail_event behind those of used (8); else the flags */
		quad[2] = addr[i].event_idx ? avail + 2 + 2ull * addr[i].size : avail - 2;
		quad[3] = addr[i].event_idx ? used + 2 + 8ull * addr[i].size : used - 2;
	}
	return set;
}

void ring_set_free(struct ring_set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		free(set->rings[i].counts);
	free(set->pairs);
	free(set->quads);
	free(set->values);
	free(set);
}

/* The same ring goes on; what it counts goes with it. */
static void take_over(struct ring *ring, struct ring_set *old)
{
	size_t i;

	for (i = 0; old && i < old->n; i++) {
		struct ring *was = &old->rings[i];

		if (was->lost || was->addr.used_idx != ring->addr.used_idx || was->addr.avail_idx != ring->addr.avail_idx ||
		    was->addr.size != ring->addr.size)
			continue;
		was->addr = ring->addr;
		*ring = *was;
		was->counts = NULL;
		return;
	}
	ring->broken = old;	/* its total begins at 0, which is no step from the old one's */
}

void ring_set_take_over(struct ring_set *set, struct ring_set *old)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		take_over(&set->rings[i], old);
	if (!old)
		return;
	set->notify = old->notify;
	set->sample_ns = old->sample_ns;
	set->barred = set->stuck = set->read = old->stuck;
}

void ring_set_break(struct ring_set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		ring_break(&set->rings[i]);
}

static void ring_store(struct ring *ring, const uint16_t *v, bool notify, uint64_t now, struct ring_outcome *o)
{
	uint64_t before = ring->used_total;
	uint16_t avail = ring->avail;

	if (!ring_update(ring, v[0], v[1], now)) {
		o->torn |= !ring->lost;
		return;
	}
	if (ring->lost)
		return;
	o->moved |= ring->used_total != before || ring->avail != avail;
	if (ring->used_total - before > o->step_max)
		o->step_max = (unsigned)(ring->used_total - before);
	if (notify)
		ring_note(ring, v[2], v[3]);
	if (o->sample)
		ring_sample(ring);
}

void ring_set_store(struct ring_set *set, size_t first, size_t n, size_t stride, ssize_t got, bool retried,
		    struct ring_outcome *o)
{
	uint64_t now = clock_now_ns();
	size_t i;

	o->torn = false;
	for (i = 0; i < n; i++) {
		struct ring *ring = &set->rings[first + i];

		if (ring->lost || (retried && !ring->bad))
			continue;
		if (got < (ssize_t)(stride * (i + 1)))
			ring->known = false;
		else
			ring_store(ring, set->values + stride * i, stride == 4, now, o);
	}
}

void ring_set_schedule(struct ring_set *set, uint64_t now, const struct ring_outcome *o)
{
	uint64_t interval;

	if (o->step_max > STEP_FAST)
		set->interval_ns = set->interval_ns / 2 > INTERVAL_MIN_NS ? set->interval_ns / 2 : INTERVAL_MIN_NS;
	else if (o->step_max < STEP_FAST / 4 && set->interval_ns < INTERVAL_NS)
		set->interval_ns = set->interval_ns * 2 < INTERVAL_NS ? set->interval_ns * 2 : INTERVAL_NS;
	set->still = o->moved ? 0 : set->still + 1;
	interval = set->still > STILL_READS && !set->eager ? INTERVAL_STILL_NS : set->interval_ns;
	set->next_ns = now - now % interval + interval;
	if (!set->sample_ns)
		return;
	if (o->sample)
		set->next_sample_ns += set->sample_ns;
	if (set->next_sample_ns <= now)		/* late: what was missed is not made up for all at once */
		set->next_sample_ns = now + set->sample_ns;
	if (set->next_sample_ns < set->next_ns)
		set->next_ns = set->next_sample_ns;
}
