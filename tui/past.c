// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples that are kept for a while. */
#include "past.h"

#include <stdlib.h>

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

void past_add(struct past *p, struct snapshot *snap)
{
	uint64_t now = snapshot_time_ns(snap);
	size_t i, before;

	*vec_push(p->list, p->n) = (struct past_sample){ snapshot_ref(snap), snapshot_bytes(snap) };
	p->bytes += p->list[p->n - 1].bytes;
	for (i = 0; i + 1 < p->n && snapshot_time_ns(p->list[i].snap) + PAST_NS < now; i++)
		drop(p, i);
	close_gaps(p);
	do {
		before = p->n;
		for (i = 1; p->bytes > PAST_BYTES_MAX && i + 1 < (before + 1) / 2; i += 2)
			drop(p, i);
		/* few and large: the oldest goes */
		if (p->bytes > PAST_BYTES_MAX && before > 1 && p->list[0].snap && i == 1)
			drop(p, 0);
		close_gaps(p);
	} while (p->bytes > PAST_BYTES_MAX && p->n < before);
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
