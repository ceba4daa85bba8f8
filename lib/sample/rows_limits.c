// SPDX-License-Identifier: GPL-3.0-or-later
/* What limits a guest, and whether it is at its limit: control groups, qdiscs of its taps. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPING_NS (2 * NS_PER_SEC)
#define DISK_FULL_PCT 95.0		/* as the column of disks is marked */

/* marked: where it held the guest back it gets its mark. */
static void add_group(struct buf *text, const struct host_limit *l, bool marked)
{
	char bytes[32];

	if (text->len)
		buf_puts(text, " ");
	switch (l->kind) {
	case HOST_LIMIT_CPU: buf_printf(text, "cpu %.4g%%", l->value); break;
	case HOST_LIMIT_PIDS: buf_printf(text, "pids.max %.0f", l->value); break;
	case HOST_LIMIT_CPUS: buf_printf(text, "cpus %.24s", l->what); break;
	case HOST_LIMIT_IO:
		units_scaled(l->value, str_has_suffix(l->what, "iops") ? 1000 : 1024, bytes, sizeof(bytes));
		buf_printf(text, "io.max %.40s %s", l->what, bytes);
		break;
	case HOST_LIMIT_MEM_HIGH:
	case HOST_LIMIT_MEM_MAX:
		units_scaled(l->value, 1024, bytes, sizeof(bytes));
		buf_printf(text, "%s %s", l->kind == HOST_LIMIT_MEM_HIGH ? "mem.high" : "mem.max", bytes);
		break;
	}
	if (l->group)
		buf_printf(text, " (%.24s)", l->group);
	if (l->hit && marked)
		buf_puts(text, "!");
}

/* One dump for all guests with a tap. */
static void read_qdiscs(struct sampler *s, uint64_t now)
{
	if (s->qdiscs_ns && now - s->qdiscs_ns < SHAPING_NS)
		return;
	s->qdiscs_ns = now;
	free(take_ptr(s->qdiscs));
	s->n_qdiscs = 0;
	host_qdiscs_read(s->config.host, &s->qdiscs, &s->n_qdiscs);
}

/* A counter of 32 bits that moved since the look before, of the same qdisc. */
static bool moved(const struct guest *g, const struct host_qdisc *q)
{
	size_t i;

	for (i = 0; i < g->n_shaping; i++) {
		const struct host_qdisc *old = &g->shaping[i].q;

		if (old->ifindex == q->ifindex && !strcmp(old->kind, q->kind))
			return old->overlimits != q->overlimits;
	}
	return false;
}

static void look_at_taps(struct sampler *s, struct guest *g, uint64_t now)
{
	struct shaping *list = NULL;
	size_t n = 0, i, k;

	netifs_mind(s, g, now);
	if (!g->n_netifs || (g->shaped_ns && now - g->shaped_ns < SHAPING_NS))
		return;
	g->shaped_ns = now;
	read_qdiscs(s, now);
	for (i = 0; i < g->n_netifs; i++) {
		for (k = 0; k < s->n_qdiscs && !g->netifs[i].macvtap; k++) {
			struct host_qdisc q = s->qdiscs[k];

			if (strcmp(q.name, g->netifs[i].name))
				continue;
			host_qdisc_rate_read(&q);
			*vec_push(list, n) = (struct shaping){ .q = q, .hit = moved(g, &q) };
		}
	}
	free(g->shaping);
	g->shaping = list;
	g->n_shaping = n;
}

static void add_shaping(struct buf *text, const struct shaping *sh, bool marked)
{
	char rate[32];

	buf_printf(text, "%s%s", text->len ? " " : "", sh->q.name);
	if (!isnan(sh->q.rate_bits)) {
		units_scaled(sh->q.rate_bits, 1000, rate, sizeof(rate));
		buf_printf(text, " %sbit", rate);
	}
	if (sh->hit && marked)
		buf_puts(text, "!");
}

/* What the rows of disks said last: nobody is asked for it here. */
static void add_disks(const struct sampler *s, const struct guest *g, struct buf *text)
{
	size_t i;

	for (i = 0; i < g->disks.n_disks; i++) {
		const struct qmp_disk *d = &g->disks.disks[i];
		const struct qmp_throttle *t = &d->throttle;
		const struct disk_row *row = s->last ? snapshot_find(s->last, TABLE_DISKS, g->ref, d->qdev) : NULL;

		if (!(t->bps | t->bps_rd | t->bps_wr | t->iops | t->iops_rd | t->iops_wr))
			continue;
		buf_printf(text, "%s%.24s io%s", text->len ? " " : "", d->id,
			   row && row->throttle_pct >= DISK_FULL_PCT ? "!" : "");
	}
}

void rows_limits(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u,
		 struct vm_row *row)
{
	pid_t *tids = xcalloc(u->n_tasks, sizeof(*tids));
	auto_buf struct buf text = {0}, held = {0};
	struct host_limit_usage limits;
	size_t n = 0, i;

	for (i = 0; i < u->n_tasks; i++)
		if (!u->tasks[i].kthread)
			tids[n++] = u->tasks[i].tid;
	if (!g->limits)
		g->limits = host_limits_new(s->cgroups, g->pid);
	host_limits_read(g->limits, tids, n, snapshot_time_ns(snap), &limits);
	free(tids);
	row->throttled_ns = limits.throttled_ns;
	row->psi_cpu_pct = limits.psi_cpu_pct;
	row->psi_io_pct = limits.psi_io_pct;
	row->psi_mem_pct = limits.psi_mem_pct;
	for (i = 0; i < limits.n; i++) {
		add_group(&text, &limits.limits[i], true);
		if (limits.limits[i].hit)
			add_group(&held, &limits.limits[i], false);
	}
	look_at_taps(s, g, snapshot_time_ns(snap));
	for (i = 0; i < g->n_shaping; i++) {
		add_shaping(&text, &g->shaping[i], true);
		if (g->shaping[i].hit)
			add_shaping(&held, &g->shaping[i], false);
	}
	add_disks(s, g, &text);
	if (limits.known || text.len) {
		row->limits = snapshot_str(snap, text.len ? text.text : "");
		row->held_back = snapshot_str(snap, held.len ? held.text : "");
	}
}
