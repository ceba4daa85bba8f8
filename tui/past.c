// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples that are kept for a while. */
#include "past.h"

#include <stdlib.h>

#define RECENT 8			/* samples just before now that stay as close as they came */

void past_done(struct past *p)
{
	while (p->n)
		snapshot_unref(p->list[--p->n].snap);
	free(p->list);
	*p = (struct past){0};
}

static void drop(struct past *p, size_t i)
{
	p->bytes -= p->list[i].bytes;
	snapshot_unref(p->list[i].snap);
	p->list[i].snap = NULL;
}

static void close_gaps(struct past *p)
{
	size_t i, kept = 0;

	for (i = 0; i < p->n; i++)
		if (p->list[i].snap)
			p->list[kept++] = p->list[i];
	p->n = kept;
}

/* The one whose neighbours are nearest to each other, so that what is left goes back as far; not one of the last few. */
static size_t spare(const struct past *p)
{
	uint64_t least = UINT64_MAX;
	size_t best = 0, i;

	for (i = 1; i + RECENT < p->n; i++) {
		uint64_t gap = snapshot_time_ns(p->list[i + 1].snap) - snapshot_time_ns(p->list[i - 1].snap);

		if (gap < least) {
			least = gap;
			best = i;
		}
	}
	return best;
}

void past_add(struct past *p, struct snapshot *snap)
{
	uint64_t now = snapshot_time_ns(snap);
	size_t i;

	*vec_push(p->list, p->n) = (struct past_sample){ snapshot_ref(snap), snapshot_bytes(snap) };
	p->bytes += p->list[p->n - 1].bytes;
	for (i = 0; i + 1 < p->n && snapshot_time_ns(p->list[i].snap) + PAST_NS < now; i++)
		drop(p, i);
	close_gaps(p);
	while (p->bytes > PAST_BYTES_MAX && p->n > 1) {
		drop(p, spare(p));
		close_gaps(p);
	}
}

struct snapshot *past_step(const struct past *p, const struct snapshot *snap, int step)
{
	size_t i;

	for (i = 0; i < p->n && p->list[i].snap != snap; i++)
		;
	if (i == p->n)			/* it is not kept any more: the oldest is the nearest */
		return step < 0 || !p->n ? NULL : p->list[0].snap;
	if ((step < 0 && !i) || (step > 0 && i + 1 == p->n))
		return NULL;
	return p->list[step < 0 ? i - 1 : i + 1].snap;
}
