// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of nodes, hugepages, ksm and thp. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KTHREADS_NS (60 * NS_PER_SEC)
/* A scan of all mergeable memory that takes longer is as good as none. */
#define SCAN_SLOW_S 3600.0

static bool is_home(const struct guest *g, unsigned node)
{
	unsigned i;

	if (node >= NODES_SEEN || !g->vcpus_on[node])
		return false;
	for (i = 0; i < NODES_SEEN; i++)
		if (g->vcpus_on[i] > g->vcpus_on[node] || (i < node && g->vcpus_on[i] == g->vcpus_on[node]))
			return false;
	return true;
}

static void fill_guests(const struct sampler *s, struct node_row *row)
{
	size_t i;

	row->guests = row->vcpus = 0;
	for (i = 0; i < s->n_guests; i++) {
		const struct guest *g = s->guests[i];

		if (g->gone)
			continue;
		row->guests += is_home(g, (unsigned)row->node);
		row->vcpus += row->node < NODES_SEEN ? g->vcpus_on[row->node] : 0;
	}
}

static void add_pool(struct node_row *row, const struct host_huge_pool *p)
{
	if (p->free == HOST_UNKNOWN)
		return;
	if (row->hugepages_total_bytes == UNKNOWN_UINT)
		row->hugepages_total_bytes = row->hugepages_free_bytes = 0;
	row->hugepages_total_bytes += p->total * p->page_bytes;
	row->hugepages_free_bytes += p->free * p->page_bytes;
}

void rows_nodes(struct sampler *s, struct snapshot *snap)
{
	auto_free struct host_node *nodes = NULL;
	auto_free struct host_huge_pool *pools = NULL;
	size_t n, n_pools, i, k;

	host_nodes_read(s->config.host, &nodes, &n);
	host_huge_read(s->config.host, true, &pools, &n_pools);
	for (i = 0; i < n; i++) {
		const struct host_node *from = &nodes[i];
		struct node_row *row = snapshot_add(snap, TABLE_NODES);

		row->head.key = snapshot_printf(snap, "%u", from->id);
		row->node = from->id;
		row->cpus = from->cpus[0] ? snapshot_str(snap, from->cpus) : NULL;
		row->distance = from->distance[0] ? snapshot_str(snap, from->distance) : NULL;
		row->n_cpus = from->n_cpus;
		row->mem_total_bytes = from->total_bytes;
		row->mem_free_bytes = from->free_bytes;
		row->file_bytes = from->file_bytes;
		row->anon_bytes = from->anon_bytes;
		row->busy_ns = from->busy_ns;
		row->hit_total = from->hit;
		row->miss_total = from->miss;
		row->foreign_total = from->foreign;
		row->other_total = from->other;
		for (k = 0; k < n_pools; k++)
			if (pools[k].node == (int)from->id || (pools[k].node < 0 && n == 1 && !from->distance[0]))
				add_pool(row, &pools[k]);
		fill_guests(s, row);
	}
}

static uint64_t used_by(const struct guest *g, const struct host_huge_pool *p)
{
	const struct page_view *v = &g->pages.view;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < v->n_cells; i++)
		if (v->cells[i].page_bytes == p->page_bytes && (p->node < 0 || v->cells[i].node == p->node))
			sum += v->cells[i].bytes;
	return sum;
}

static void fill_users(const struct sampler *s, struct snapshot *snap, const struct host_huge_pool *p,
		       struct huge_row *row)
{
	auto_buf struct buf list = {0};
	uint64_t sum = 0;
	bool unsure = false;
	char size[32];
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		const struct guest *g = s->guests[i];
		uint64_t bytes = g->gone ? 0 : used_by(g, p);
		const char *name = guest_name(g);

		unsure |= !g->gone && g->pages.why;
		if (!bytes)
			continue;
		sum += bytes;
		buf_printf(&list, "%s", list.len ? ", " : "");
		if (name)
			buf_puts(&list, name);
		else
			buf_printf(&list, "pid:%d", (int)g->pid);
		units_scaled((double)bytes, 1024, size, sizeof(size));
		buf_printf(&list, " %s", size);
	}
	row->guest_bytes = unsure ? UNKNOWN_UINT : sum;
	row->guests = list.len ? snapshot_str(snap, list.text) : NULL;
}

void rows_hugepages(struct sampler *s, struct snapshot *snap)
{
	int only = host_topology(s->config.host)->only_node;
	auto_free struct host_huge_pool *pools = NULL;
	char size[32];
	size_t n, i;

	host_huge_read(s->config.host, true, &pools, &n);
	for (i = 0; i < n; i++) {
		const struct host_huge_pool *p = &pools[i];
		struct huge_row *row;

		/* of one node the host's row says all */
		if (p->node >= 0 && only >= 0)
			continue;
		row = snapshot_add(snap, TABLE_HUGEPAGES);
		units_scaled((double)p->page_bytes, 1024, size, sizeof(size));
		row->pool = p->node < 0 ? snapshot_str(snap, size) : snapshot_printf(snap, "%s node %d", size, p->node);
		row->head.key = row->pool;
		if (p->node >= 0 || only >= 0)
			row->node = (uint64_t)(p->node < 0 ? only : p->node);
		row->page_bytes = p->page_bytes;
		row->total = p->total;
		row->free = p->free;
		row->surplus = p->surplus;
		if (p->node < 0)
			row->reserved = p->reserved;
		if (row->reserved != UNKNOWN_UINT && p->free != HOST_UNKNOWN)
			row->usable = p->free > p->reserved ? p->free - p->reserved : 0;
		if (p->free <= p->total)
			row->used_bytes = (p->total - p->free) * p->page_bytes;
		fill_users(s, snap, p, row);
	}
}

static void find_kthreads(struct sampler *s)
{
	uint64_t now = clock_now_ns();

	if ((s->ksmd && s->khugepaged) || (s->kthreads_ns && now - s->kthreads_ns < KTHREADS_NS))
		return;
	s->kthreads_ns = now;
	s->ksmd = host_kthread_find(s->config.host, "ksmd");
	s->khugepaged = host_kthread_find(s->config.host, "khugepaged");
}

static uint64_t run_ns(const struct sampler *s, pid_t pid, const char *name)
{
	return pid ? host_kthread_run_ns(s->config.host, pid, name) : UNKNOWN_UINT;
}

/* How many guests have memory that may be merged; UNKNOWN_UINT: of some it cannot be read. */
static uint64_t mergeable(const struct sampler *s)
{
	struct host_footprint f;
	uint64_t n = 0;
	bool known = true;
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		if (s->guests[i]->gone)
			continue;
		host_footprint_read(s->config.host, s->guests[i]->pid, &f);
		known &= f.ksm_watched != HOST_UNKNOWN;
		n += f.ksm_mergeable;
	}
	return known || n ? n : UNKNOWN_UINT;
}

static double scan_seconds(const struct host_ksm *k)
{
	uint64_t pages;

	if (k->shared == HOST_UNKNOWN || k->sharing == HOST_UNKNOWN || k->unshared == HOST_UNKNOWN ||
	    k->volatile_ == HOST_UNKNOWN || k->sleep_ms == HOST_UNKNOWN || k->pages_to_scan == HOST_UNKNOWN ||
	    !k->pages_to_scan)
		return 0;
	pages = k->shared + k->sharing + k->unshared + k->volatile_;
	return (double)pages / (double)k->pages_to_scan * (double)k->sleep_ms / 1000;
}

/* The first thing that stands in the way. */
static const char *why_not(const struct sampler *s, struct snapshot *snap, const struct host_ksm *k, uint64_t guests)
{
	double scan_s = scan_seconds(k);

	if (k->run == 0)
		return "it is off (echo 1 >/sys/kernel/mm/ksm/run)";
	if (k->run == 2)
		return "it is off, and what was merged has been undone (echo 1 >/sys/kernel/mm/ksm/run)";
	if (k->pages_to_scan == 0)
		return "it looks at no pages (echo 100 >/sys/kernel/mm/ksm/pages_to_scan)";
	if (!guests && !s->n_guests)
		return "there are no guests";
	if (!guests)
		return "no guest has memory that may be merged: QEMU marks private memory unless told otherwise (mem-merge=off, "
		       "merge=off); shared memory and hugetlb pages are never merged";
	if (k->full_scans == 0)
		return scan_s > 60 ? snapshot_printf(snap, "the first scan is not over: one takes about %.0f minutes "
						     "(pages_to_scan, sleep_millisecs)", scan_s / 60)
				   : "the first scan is not over";
	if (scan_s > SCAN_SLOW_S && (!k->advisor[0] || !strcmp(k->advisor, "none")))
		return snapshot_printf(snap, "one scan takes about %.1f hours (pages_to_scan, sleep_millisecs)", scan_s / 3600);
	if (!k->sharing)
		return k->volatile_ != HOST_UNKNOWN && k->volatile_ > k->unshared ? "the pages change too fast" :
										    "no two pages are equal";
	if (k->across_nodes == 0 && host_topology(s->config.host)->nodes > 1)
		return "equal pages of different nodes are not merged (merge_across_nodes is 0)";
	return NULL;
}

static void fill_ksm(struct sampler *s, struct snapshot *snap)
{
	struct ksm_row *row;
	struct host_ksm k;

	host_ksm_read(s->config.host, &k);
	if (k.run == HOST_UNKNOWN)
		return;
	row = snapshot_add(snap, TABLE_KSM);
	row->host = snapshot_str(snap, host_facts(s->config.host)->name);
	row->state = k.run == 0 ? "off" : k.run == 1 ? "on" : "undone";
	row->saved_bytes = k.saved_bytes;
	row->pages_shared = k.shared;
	row->pages_sharing = k.sharing;
	row->pages_unshared = k.unshared;
	row->pages_volatile = k.volatile_;
	row->pages_zero = k.zero;
	row->full_scans = k.full_scans;
	row->pages_to_scan = k.pages_to_scan;
	row->sleep_us = k.sleep_ms == HOST_UNKNOWN ? UNKNOWN_NUM : (double)k.sleep_ms * 1000;
	row->merge_across_nodes = k.across_nodes;
	row->advisor = k.advisor[0] ? snapshot_str(snap, k.advisor) : NULL;
	row->ksmd_ns = run_ns(s, s->ksmd, "ksmd");
	row->scanned_total = k.scanned;
	row->guests = mergeable(s);
	row->advice = why_not(s, snap, &k, row->guests);
}

static void fill_thp(struct sampler *s, struct snapshot *snap)
{
	struct thp_row *row;
	struct host_thp t;

	host_thp_read(s->config.host, &t);
	if (!t.enabled[0])
		return;
	row = snapshot_add(snap, TABLE_THP);
	row->host = snapshot_str(snap, host_facts(s->config.host)->name);
	row->enabled = snapshot_str(snap, t.enabled);
	row->defrag = t.defrag[0] ? snapshot_str(snap, t.defrag) : NULL;
	row->shmem = t.shmem[0] ? snapshot_str(snap, t.shmem) : NULL;
	row->sizes = t.sizes[0] ? snapshot_str(snap, t.sizes) : NULL;
	row->page_bytes = t.page_bytes;
	row->anon_bytes = t.anon_bytes;
	row->shmem_bytes = t.shmem_bytes;
	row->file_bytes = t.file_bytes;
	row->khugepaged_defrag = t.khugepaged_defrag;
	row->pages_to_scan = t.pages_to_scan;
	row->sleep_us = t.sleep_ms == HOST_UNKNOWN ? UNKNOWN_NUM : (double)t.sleep_ms * 1000;
	row->max_ptes_none = t.max_ptes_none;
	row->full_scans = t.full_scans;
	row->collapse_total = t.collapses;
	row->collapse_failed_total = t.collapse_failures;
	row->fault_total = t.faults;
	row->fallback_total = t.fallbacks;
	row->split_total = t.splits;
	row->khugepaged_ns = run_ns(s, s->khugepaged, "khugepaged");
}

void rows_merge(struct sampler *s, struct snapshot *snap)
{
	find_kthreads(s);
	fill_ksm(s, snap);
	fill_thp(s, snap);
}
