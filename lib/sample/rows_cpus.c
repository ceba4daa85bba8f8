// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of the host's CPUs, and which guests' threads are there. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 8			/* in a cell; more are counted */
#define NAMED_PCT 1.0			/* who runs or waits less is not worth a name */

void rows_cpus(const struct sampler *s, struct snapshot *snap)
{
	uint64_t tick_ns = NS_PER_SEC / host_facts(s->config.host)->ticks_per_s;
	auto_free struct host_cpu *list = NULL;
	size_t n = 0, i;

	host_cpus_read(s->config.host, &list, &n);
	for (i = 0; i < n; i++) {
		const char *key = snapshot_printf(snap, "%u", list[i].cpu);
		const struct cpu_row *old = s->last ? snapshot_find(s->last, TABLE_CPUS, NULL, key) : NULL;
		struct cpu_row *row = snapshot_add(snap, TABLE_CPUS);
		int node = host_cpu_node(s->config.host, list[i].cpu);

		row->head.key = key;
		row->cpu = list[i].cpu;
		if (node >= 0)
			row->node = (uint64_t)node;
		row->siblings = list[i].siblings[0] ? snapshot_str(snap, list[i].siblings) : NULL;
		row->busy_ns = list[i].busy_ns;
		row->user_ns = list[i].user_ns;
		/* the difference of two counters, each cut to ticks, may step back by one or two */
		if (old && old->user_ns > row->user_ns && old->user_ns - row->user_ns <= 2 * tick_ns)
			row->user_ns = old->user_ns;
		row->system_ns = list[i].system_ns;
		row->guest_ns = list[i].guest_ns;
		row->iowait_ns = list[i].iowait_ns;
		row->irq_ns = list[i].irq_ns;
		row->softirq_ns = list[i].softirq_ns;
		row->steal_ns = list[i].steal_ns;
	}
}

/* By CPU, then by figure; what is unknown comes last. */
static int by_run(const void *a, const void *b)
{
	const struct thread_row *x = *(const struct thread_row *const *)a, *y = *(const struct thread_row *const *)b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	if (isnan(x->run_pct) || isnan(y->run_pct))
		return isnan(x->run_pct) - isnan(y->run_pct);
	return (x->run_pct < y->run_pct) - (x->run_pct > y->run_pct);
}

static int by_wait(const void *a, const void *b)
{
	const struct thread_row *x = *(const struct thread_row *const *)a, *y = *(const struct thread_row *const *)b;

	if (isnan(x->wait_pct) || isnan(y->wait_pct))
		return isnan(x->wait_pct) - isnan(y->wait_pct);
	return (x->wait_pct < y->wait_pct) - (x->wait_pct > y->wait_pct);
}

static void name_add(struct buf *names, size_t *n, const struct thread_row *t, double pct)
{
	if (++*n <= NAMES_MAX)
		buf_printf(names, "%s%s %s %.0f%%", *n > 1 ? ", " : "", t->head.vm, t->role, pct);
}

static const char *names_done(struct snapshot *snap, struct buf *names, size_t n)
{
	if (n > NAMES_MAX)
		buf_printf(names, ", %zu more", n - NAMES_MAX);
	return snapshot_str(snap, n ? names->text : "");
}

/* list: the threads that ran last on the row's CPU, the busiest first; is sorted anew */
static void fill_who(struct snapshot *snap, struct cpu_row *row, const struct thread_row **list, size_t n)
{
	auto_buf struct buf runs = {0}, waits = {0};
	size_t n_runs = 0, n_waits = 0, known = 0, i;

	row->vcpus = 0;
	for (i = 0; i < n; i++) {
		row->vcpus += str_has_prefix(list[i]->role, "vcpu ");
		if (isnan(list[i]->run_pct))
			continue;
		list[known++] = list[i];
	}
	if (n && !known)		/* the first sample: nobody knows yet */
		return;
	row->wait_pct = 0;		/* unknown with that of one */
	for (i = 0; i < known; i++) {
		row->wait_pct += list[i]->wait_pct;
		if (list[i]->run_pct >= NAMED_PCT)
			name_add(&runs, &n_runs, list[i], list[i]->run_pct);
	}
	qsort(list, known, sizeof(*list), by_wait);
	for (i = 0; i < known && list[i]->wait_pct >= NAMED_PCT; i++)
		name_add(&waits, &n_waits, list[i], list[i]->wait_pct);
	row->runs = names_done(snap, &runs, n_runs);
	row->waits = names_done(snap, &waits, n_waits);
}

void rows_cpus_who(struct snapshot *snap)
{
	size_t n = snapshot_count(snap, TABLE_THREADS), cpus = snapshot_count(snap, TABLE_CPUS), at = 0, end, i;
	const struct thread_row **list = xcalloc(n, sizeof(*list));

	for (i = 0; i < n; i++)
		list[i] = snapshot_row(snap, TABLE_THREADS, i);
	qsort(list, n, sizeof(*list), by_run);
	for (i = 0; i < cpus; i++) {
		/* the snapshot is ours until it is handed out */
		struct cpu_row *row = (struct cpu_row *)(uintptr_t)snapshot_row(snap, TABLE_CPUS, i);

		while (at < n && list[at]->cpu < row->cpu)
			at++;
		for (end = at; end < n && list[end]->cpu == row->cpu; end++)
			;
		fill_who(snap, row, list + at, end - at);
		at = end;
	}
	free(list);
}
