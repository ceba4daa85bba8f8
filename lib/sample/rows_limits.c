// SPDX-License-Identifier: GPL-3.0-or-later
/* What limits a guest, and whether it is at its limit: control groups, qdiscs of its taps. */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>

static void add_group(struct buf *text, const struct host_limit *l)
{
	char bytes[32];

	if (text->len)
		buf_puts(text, " ");
	if (l->kind == HOST_LIMIT_CPU) {
		buf_printf(text, "cpu %.4g%%", l->value);
	} else {
		units_scaled(l->value, 1024, bytes, sizeof(bytes));
		buf_printf(text, "%s %s", l->kind == HOST_LIMIT_MEM_HIGH ? "mem.high" : "mem.max", bytes);
	}
	if (l->group)
		buf_printf(text, " (%.24s)", l->group);
	if (l->hit)
		buf_puts(text, "!");
}

void rows_limits(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u,
		 struct vm_row *row)
{
	pid_t *tids = xcalloc(u->n_tasks, sizeof(*tids));
	auto_buf struct buf text = {0};
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
	for (i = 0; i < limits.n; i++)
		add_group(&text, &limits.limits[i]);
	if (limits.known)
		row->limits = snapshot_str(snap, text.len ? text.text : "");
}
