// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Disks at the limit of their throttle, told without asking: QEMU has told the limit once, the rings tell how many requests
 * get through while others wait. Bytes are known of the process as a whole, so they tell it of a disk only where just one
 * has a limit of bytes.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* A limit of one request a second needs a longer look than a sample is: the two moments kept are so far apart. */
#define LOOK_NS (4 * NS_PER_SEC)
#define FULL 0.9
#define BUSY_DEPTH 0.9			/* a request waits nearly all the time */

static const struct disk_answers *throttles(const struct guest *g)
{
	return (g->known & WANT_DISKS) && g->disks.taken_ns >= g->throttles.taken_ns ? &g->disks : &g->throttles;
}

static const struct qmp_throttle *throttle_of(const struct guest *g, const char *id)
{
	const struct disk_answers *a = throttles(g);
	size_t i;

	for (i = 0; i < a->n_disks; i++)
		if (!strcmp(a->disks[i].id, id))
			return &a->disks[i].throttle;
	return NULL;
}

static bool has_bytes(const struct qmp_throttle *t)
{
	return t->bps || t->bps_rd || t->bps_wr;
}

/* How many disks have a limit of bytes. */
static size_t count_bytes(const struct guest *g)
{
	const struct disk_answers *a = throttles(g);
	size_t n = 0, i;

	for (i = 0; i < a->n_disks; i++)
		n += has_bytes(&a->disks[i].throttle);
	return n;
}

static void forget(struct guest *g)
{
	free(g->paces);
	g->paces = NULL;
	g->n_paces = 0;
}

void pace_done(struct guest *g)
{
	forget(g);
}

static void keep(struct pace *p, const struct pace_moment *m)
{
	if (p->old.ns && m->requests >= p->old.requests && m->ns - p->young.ns < LOOK_NS)
		return;
	if (!p->old.ns || m->requests < p->old.requests)
		p->young = *m;
	p->old = p->young;
	p->young = *m;
}

/* One request may have been let through just before, or after, what is compared. */
static bool is_full(uint64_t limit, uint64_t moved, uint64_t step, double seconds)
{
	return limit && (double)moved + (double)step >= FULL * (double)limit * seconds;
}

static bool full_of_bytes(const struct qmp_throttle *t, const struct pace *p, const struct pace_moment *m, double seconds)
{
	uint64_t rd = m->rd - p->old.rd, wr = m->wr - p->old.wr;

	if (m->rd == UNKNOWN_UINT || p->old.rd == UNKNOWN_UINT || m->rd < p->old.rd || m->wr < p->old.wr)
		return false;
	return is_full(t->bps, rd + wr, 0, seconds) || is_full(t->bps_rd, rd, 0, seconds) || is_full(t->bps_wr, wr, 0, seconds);
}

static void tell(struct buf *out, const char *id, const struct qmp_throttle *t, bool requests)
{
	uint64_t limit = requests ? (t->iops ? t->iops : t->iops_rd ? t->iops_rd : t->iops_wr) :
			 t->bps ? t->bps : t->bps_rd ? t->bps_rd : t->bps_wr;
	char number[16];

	units_scaled((double)limit, 1000, number, sizeof(number));
	buf_printf(out, "%s%.24s %s%s%s", out->len ? ", " : "", id, requests ? "iops " : "", number, requests ? "" : "B/s");
}

static void look_at(const struct guest *g, const struct qmp_virtio *v, const struct ring_state *const *states, struct pace *p,
		    const struct pace_moment *now, struct buf *out)
{
	const struct qmp_throttle *t = throttle_of(g, v->id);
	struct pace_moment m = *now;
	double depth = 0, seconds;
	size_t k;

	if (!t || t->unknown)
		return;
	for (k = 0; k < v->n_rings; k++) {
		if (!states[k] || !states[k]->known || !states[k]->counted)
			return;
		m.requests += states[k]->used_total;
		depth += states[k]->samples ? states[k]->depth_mean : (double)states[k]->depth;
	}
	keep(p, &m);
	seconds = (double)(m.ns - p->old.ns) / (double)NS_PER_SEC;
	if (seconds <= 0 || depth < BUSY_DEPTH)
		return;
	if (is_full(t->iops, m.requests - p->old.requests, 1, seconds) ||
	    is_full(t->iops_rd, m.requests - p->old.requests, 1, seconds) ||
	    is_full(t->iops_wr, m.requests - p->old.requests, 1, seconds))
		tell(out, v->id, t, true);
	else if (has_bytes(t) && count_bytes(g) == 1 && full_of_bytes(t, p, &m, seconds))
		tell(out, v->id, t, false);
}

void pace_look(struct guest *g, const struct ring_state *const *states, const size_t *first, const struct host_usage *u,
	       uint64_t now, struct buf *out)
{
	const struct pace_moment m = {
		.ns = now, .rd = u->has_io ? u->read_bytes : UNKNOWN_UINT, .wr = u->has_io ? u->write_bytes : UNKNOWN_UINT,
	};
	size_t i;

	if (g->n_paces != g->answers.n_virtio) {
		forget(g);
		g->paces = xcalloc(g->answers.n_virtio, sizeof(*g->paces));
		g->n_paces = g->answers.n_virtio;
	}
	for (i = 0; i < g->n_paces; i++)
		if (g->answers.virtio[i].known && !strcmp(g->answers.virtio[i].type, "virtio-blk-device"))
			look_at(g, &g->answers.virtio[i], states + first[i], &g->paces[i], &m, out);
}
