// SPDX-License-Identifier: GPL-3.0-or-later
/* What readings of a ring's two indices say. */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

/* A step of 16 bits is what it seems while the ring cannot have gone this far: three quarters of once around. */
#define STEP_SURE 49152.0
/* So large a step out of stillness may be a ring that was set up anew and began at 0. */
#define STEP_ODD 8192
#define STEP_QUIET 512.0

size_t ring_addresses(const struct qmp_virtio *list, size_t n, struct ring_addr **addr)
{
	size_t count = 0, i, k;

	*addr = NULL;
	for (i = 0; i < n; i++) {
		for (k = 0; k < list[i].n_rings; k++) {
			const struct qmp_ring *r = &list[i].rings[k];

			if (!r->avail || !r->used)
				continue;
			/* both parts begin with 16 bits of flags, then the index */
			*vec_push(*addr, count) = (struct ring_addr){
				.used_idx = r->used + 2, .avail_idx = r->avail + 2, .size = r->size, .event_idx = list[i].event_idx,
			};
		}
	}
	return count;
}

static void lose(struct ring *r)
{
	r->known = false;
	r->lost = true;
}

/*
 * The guest has set the ring up anew: the index went back; or both are at zero after a large step; or it went through
 * zero out of stillness and far, as it seems to when the new ring had begun to work before it was read.
 */
static bool is_reset(const struct ring *r, unsigned step, unsigned depth, uint16_t used, uint64_t gap)
{
	double before = r->rate * (double)gap;

	if (step > INT16_MAX)
		return before < INT16_MAX / 2;		/* faster than that it may well have gone so far */
	if (!used && !depth)
		return step > r->addr.size;
	return used < r->used && r->gap_ns && step > STEP_QUIET && before < step / 16.0;
}

/* By the rates seen before and after, each of the two gaps may have been long enough to go around unseen. */
static bool is_doubtful(const struct ring *r, unsigned step, uint64_t gap)
{
	double before = r->rate * (double)gap;

	return before > STEP_SURE ||
	       (gap && !r->doubted && (double)step / (double)gap * (double)r->gap_ns > STEP_SURE) ||
	       (r->gap_ns && step > STEP_ODD && before < STEP_QUIET);
}

/*
 * Both indices run freely over 16 bits. used never overtakes avail, and a guest never makes more available than there
 * are descriptors, so avail - used beyond the size is no ring: torn, reset, or memory that is something else now.
 */
bool ring_update(struct ring *r, uint16_t used, uint16_t avail, uint64_t now_ns)
{
	unsigned depth = (uint16_t)(avail - used);
	unsigned step = (uint16_t)(used - r->used);
	uint64_t gap = now_ns - r->read_ns;
	bool doubtful = false;

	if (depth > r->addr.size) {
		if (++r->bad >= RING_BAD_MAX)
			lose(r);
		return false;
	}
	r->bad = 0;
	if (r->fresh) {
		step = 0;
		gap = 0;
	} else if (is_reset(r, step, depth, used, gap)) {
		lose(r);
		return true;
	} else {
		doubtful = is_doubtful(r, step, gap);
	}
	r->broken |= doubtful;
	r->doubted = doubtful;
	if (step || !depth)
		r->still_ns = 0;
	else if (!r->still_ns)
		r->still_ns = now_ns;
	r->rate = gap ? (double)step / (double)gap : 0;
	r->gap_ns = gap;
	r->read_ns = now_ns;
	r->fresh = false;
	r->known = true;
	r->used = used;
	r->avail = avail;
	r->used_total += step;
	r->depth = depth;
	return true;
}

void ring_sample(struct ring *r)
{
	if (!r->samples) {
		r->began_ns = r->read_ns;
		r->used_began = r->used_total;
	}
	r->ended_ns = r->read_ns;
	r->used_ended = r->used_total;
	r->samples++;
	r->depth_sum += r->depth;
	if (r->depth > r->depth_max)
		r->depth_max = r->depth;
	if (r->counts)
		r->counts[r->depth]++;
}

/*
 * With event indices the one who waits writes the index at which it wants to be told. A driver that does not care
 * leaves an old one there, so only an index among the outstanding entries (or the next one to come) counts.
 */
void ring_note(struct ring *r, uint16_t irq, uint16_t kick)
{
	bool wants_irq, wants_kick;

	if (r->addr.event_idx) {
		wants_irq = (uint16_t)(irq - r->used) < (r->depth ? r->depth : 1);
		wants_kick = kick == r->avail;
	} else {
		wants_irq = !(irq & 1);
		wants_kick = !(kick & 1);
	}
	r->notes++;
	r->irqs += wants_irq;
	r->kicks += wants_kick;
}

static void begin_anew(struct ring *r)
{
	r->samples = r->depth_sum = 0;
	r->notes = r->irqs = r->kicks = 0;
	r->depth_max = 0;
	if (r->counts)
		memset(r->counts, 0, ((size_t)r->addr.size + 1) * sizeof(*r->counts));
}

void ring_keep_counts(struct ring *r, bool keep)
{
	if (keep == (r->counts != NULL))
		return;
	free(take_ptr(r->counts));
	if (keep)
		r->counts = xcalloc((size_t)r->addr.size + 1, sizeof(*r->counts));
	begin_anew(r);		/* of what was read before, nobody kept the depths */
}

void ring_break(struct ring *r)
{
	r->known = false;
	r->broken = true;
	r->fresh = !r->lost;
	r->still_ns = 0;
	begin_anew(r);
}

unsigned ring_bucket(unsigned depth)
{
	unsigned bucket = 0;

	for (; depth; depth >>= 1)
		bucket++;
	return bucket < RING_BUCKETS ? bucket : RING_BUCKETS - 1;
}

void ring_hist_text(const uint32_t hist[RING_BUCKETS], unsigned size, struct buf *out)
{
	unsigned last = ring_bucket(size), i;

	for (i = 0; i <= last; i++) {
		unsigned low = i ? 1u << (i - 1) : 0, high = i ? (1u << i) - 1 : 0;

		if (high > size)
			high = size;
		buf_printf(out, i ? " %u" : "%u", low);
		if (high > low)
			buf_printf(out, "-%u", high);
		buf_printf(out, ":%u", hist[i]);
	}
}

/* The least depth that so many of a thousand samples do not exceed. */
static unsigned percentile(const struct ring *r, unsigned thousandths)
{
	uint64_t rank = (r->samples * thousandths + 999) / 1000, seen = 0;
	unsigned depth;

	for (depth = 0; depth < r->addr.size; depth++) {
		seen += r->counts[depth];
		if (seen >= rank)
			break;
	}
	return depth;
}

static void tell_counts(const struct ring *r, struct ring_state *out)
{
	unsigned depth;

	out->has_counts = true;
	out->p50 = percentile(r, 500);
	out->p99 = percentile(r, 990);
	for (depth = 0; depth <= r->addr.size; depth++)
		out->hist[ring_bucket(depth)] += r->counts[depth];
}

/* Little: what is in a queue on average = what arrives per second x the seconds each stays. */
static double mean_wait_us(const struct ring *r, double depth)
{
	uint64_t used = r->used_ended - r->used_began;

	if (r->samples < RING_LITTLE_MIN || !used || r->broken)
		return UNKNOWN_NUM;
	return depth * (double)(r->ended_ns - r->began_ns) / (double)used / 1000;
}

void ring_collect(struct ring *r, uint64_t now_ns, uint64_t stale_ns, struct ring_state *out)
{
	double mean = r->samples ? (double)r->depth_sum / (double)r->samples : r->depth;

	*out = (struct ring_state){
		.known = r->known && now_ns < r->read_ns + stale_ns, .lost = r->lost, .depth = r->depth,
		.depth_max = r->samples ? r->depth_max : r->depth, .depth_mean = mean, .counted = !r->broken,
		.used_total = r->used_total, .read_ns = r->read_ns, .stalled_ns = r->still_ns ? r->read_ns - r->still_ns : 0,
		.samples = r->samples, .wait_us = mean_wait_us(r, mean),
		.irq_share = r->notes ? (double)r->irqs / (double)r->notes : UNKNOWN_NUM,
		.kick_share = r->notes ? (double)r->kicks / (double)r->notes : UNKNOWN_NUM,
	};
	if (r->counts && r->samples)
		tell_counts(r, out);
	if (out->known)			/* what was not told cannot have been compared with */
		r->broken = false;
	begin_anew(r);
}
