// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of memory and numa. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Less than that of a guest's memory on another node is no mismatch: QEMU's own, a few pages of the past. */
#define FAR_PCT 5

static double pct(uint64_t part, uint64_t all)
{
	return part == HOST_UNKNOWN || !all ? UNKNOWN_NUM : 100 * (double)part / (double)all;
}

static double worse(double a, double b)
{
	return isnan(a) || (!isnan(b) && b > a) ? b : a;
}

static double share(uint64_t part, uint64_t all)
{
	return part == HOST_UNKNOWN || !all ? UNKNOWN_NUM : (double)part / (double)all;
}

static uint64_t hugetlb_of(const struct page_view *v, uint64_t page_bytes)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < v->n_cells; i++)
		sum += v->cells[i].page_bytes == page_bytes ? v->cells[i].bytes : 0;
	return sum;
}

static void fill_pages(struct snapshot *snap, const struct guest *g, struct memory_row *row)
{
	const struct page_view *v = &g->pages.view;

	row->note = snapshot_str(snap, g->pages.why);
	if (!v->taken_ns)
		return;
	row->how = v->exact ? "exact" : "sampled";
	row->samples = v->exact ? UNKNOWN_UINT : v->samples;
	row->present_bytes = v->present_bytes;
	row->swapped_bytes = v->swapped_bytes;
	row->thp_bytes = v->thp_bytes;
	row->thp_pct = pct(v->thp_bytes, v->present_bytes);
	row->ksm_pct = pct(v->ksm_bytes, v->present_bytes);
	row->hugetlb_2m_bytes = hugetlb_of(v, 2ull << 20);
	row->hugetlb_1g_bytes = hugetlb_of(v, 1ull << 30);
	row->error_pct = page_view_error(v, share(v->present_bytes, v->total_bytes), true);
	row->error_pct = worse(row->error_pct, page_view_error(v, share(v->swapped_bytes, v->total_bytes), true));
	row->error_pct = worse(row->error_pct, page_view_error(v, share(v->thp_bytes, v->present_bytes), false));
	row->error_pct = worse(row->error_pct, page_view_error(v, share(v->ksm_bytes, v->present_bytes), false));
}

static void fill_balloon(struct snapshot *snap, const struct guest *g, struct memory_row *row)
{
	const struct balloon_answers *a = &g->balloon;
	const struct qmp_balloon *b = &a->balloon;

	if (!a->taken_ns || ((g->known & WANT_RAM) && !g->ram.balloon)) {
		if (!row->note)
			row->note = snapshot_str(snap, g->note);
		return;
	}
	row->balloon_bytes = b->actual;
	row->guest_total_bytes = b->total;
	row->guest_free_bytes = b->free;
	row->guest_available_bytes = b->available;
	row->guest_cache_bytes = b->caches;
	row->guest_oom_kills = b->oom_kills;
	row->guest_swap_in = b->swap_in;
	row->guest_swap_out = b->swap_out;
	row->guest_major_faults = b->major_faults;
	row->guest_minor_faults = b->minor_faults;
	if (b->updated != UNKNOWN_UINT && b->updated <= (uint64_t)a->wall.tv_sec)
		row->guest_stats_age_seconds = (double)((uint64_t)a->wall.tv_sec - b->updated);
	if (!row->note && b->interval_s == 0)
		row->note = "the guest is not asked for its own figures (guest-stats-polling-interval of its balloon is 0)";
	else if (!row->note && a->never && b->actual != UNKNOWN_UINT)
		row->note = "the guest never gave figures of its own (its balloon is not polled, or it has no driver for it)";
}

void rows_memory(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u, unsigned needs)
{
	struct memory_row *row = snapshot_add(snap, TABLE_MEMORY);
	struct guest_memory memory = guest_memory(g);
	struct host_footprint f;

	host_footprint_read(s->config.host, g->pid, &f);
	rows_head(snap, g, &row->head);
	if (g->balloon.taken_ns)	/* what the counters among the columns are of */
		row->head.taken_ns = g->balloon.taken_ns;
	row->assigned_bytes = memory.bytes;
	row->plugged_bytes = memory.plugged_bytes;
	row->rss_bytes = u->rss_bytes;
	row->anon_bytes = f.anon_bytes;
	row->file_bytes = f.file_bytes;
	row->shared_bytes = f.shmem_bytes;
	row->swap_bytes = f.swap_bytes;
	row->locked_bytes = f.locked_bytes;
	row->pinned_bytes = f.pinned_bytes;
	row->hugetlb_bytes = f.hugetlb_bytes;
	row->ksm_bytes = f.ksm_bytes;
	if (needs & NEED_PAGES)
		fill_pages(snap, g, row);
	fill_balloon(snap, g, row);
}

/* What a guest has on one node. */
struct corner {
	unsigned vcpus, vhost, iothreads;
	char *vfio;			/* addresses, a list */
	uint64_t bytes;
	bool home;
};

/* The node a thread is bound to, or else ran on last. */
static int node_of(const struct host *h, const struct guest *g, const struct host_task *t)
{
	char list[4096], *end;
	const char *p = list;
	int node = -1;

	if (host_task_affinity(h, g->pid, t, list, sizeof(list)) < 0)
		list[0] = '\0';
	while (*p) {		/* "0-3,8" */
		unsigned long first = strtoul(p, &end, 10), last = *end == '-' ? strtoul(end + 1, &end, 10) : first;

		for (; first <= last && last < 65536; first++) {
			int here = host_cpu_node(h, (unsigned)first);

			if (node >= 0 && here != node)
				return t->cpu < 0 ? -1 : host_cpu_node(h, (unsigned)t->cpu);
			node = here;
		}
		p = *end == ',' ? end + 1 : "";
	}
	return node >= 0 || t->cpu < 0 ? node : host_cpu_node(h, (unsigned)t->cpu);
}

static void place_threads(const struct host *h, const struct guest *g, const struct host_usage *u,
			  struct corner *corners, size_t n)
{
	size_t i;

	for (i = 0; i < u->n_tasks; i++) {
		const struct host_task *t = &u->tasks[i];
		unsigned vcpus = rows_vcpus_of(g, t);
		bool iothread = rows_is_iothread(g, t), vhost = rows_is_vhost(t);
		int node = vcpus || iothread || vhost ? node_of(h, g, t) : -1;

		if (node < 0 || (size_t)node >= n)
			continue;
		corners[node].vcpus += vcpus;
		corners[node].iothreads += iothread;
		corners[node].vhost += vhost;
	}
}

static void place_devices(const struct host *h, const struct guest *g, struct corner *corners, size_t n)
{
	auto_free struct host_pci *list = NULL;
	size_t n_names = 0, n_pci = 0, i, k;
	char **names = NULL;

	if (host_vfio_read(h, g->pid, &names, &n_names) || !n_names || host_pci_list(h, &list, &n_pci))
		n_pci = 0;
	for (i = 0; i < n_pci; i++) {
		auto_free char *group = xasprintf("%d", list[i].group), *device = xasprintf("devices/%s", list[i].vfio);
		struct corner *c;
		char *more;

		if (list[i].node < 0 || (size_t)list[i].node >= n || strcmp(list[i].driver, "vfio-pci"))
			continue;
		c = &corners[list[i].node];
		for (k = 0; k < n_names; k++) {
			if (strcmp(names[k], group) && strcmp(names[k], device))
				continue;
			more = c->vfio ? xasprintf("%s,%s", c->vfio, list[i].address) : xstrdup(list[i].address);
			free(c->vfio);
			c->vfio = more;
			break;
		}
	}
	qmp_strings_free(names, n_names);
}

static int home_of(const struct corner *corners, size_t n)
{
	int home = -1;
	size_t i;

	for (i = 0; i < n; i++)
		if (corners[i].vcpus && (home < 0 || corners[i].vcpus > corners[home].vcpus ||
					 (corners[i].vcpus == corners[home].vcpus && corners[i].bytes > corners[home].bytes)))
			home = (int)i;
	for (i = 0; i < n && home < 0; i++)
		if (corners[i].bytes)
			home = (int)i;
	for (i = 0; i < n && home >= 0 && !corners[home].vcpus; i++)
		if (corners[i].bytes > corners[home].bytes)
			home = (int)i;
	return home;
}

static void say(struct buf *b, const char *what)
{
	buf_printf(b, "%s%s", b->len ? ", " : "", what);
}

/* What is far from what it works on. */
static const char *mismatch(struct snapshot *snap, const struct corner *c, double share_pct, double error_pct,
			    bool placed)
{
	auto_buf struct buf text = {0};
	bool memory = !isnan(share_pct) && share_pct > FAR_PCT && share_pct > error_pct;

	if (memory && placed && !c->vcpus)
		say(&text, "memory");
	if (c->vcpus && !isnan(share_pct) && !memory)
		say(&text, "vcpus");
	if (!memory && !c->vcpus && placed) {
		if (c->vhost)
			say(&text, "vhost");
		if (c->iothreads)
			say(&text, "iothreads");
		if (c->vfio)
			say(&text, "vfio");
	}
	return text.len ? snapshot_str(snap, text.text) : NULL;
}

static void fill_corner(struct snapshot *snap, const struct guest *g, const struct corner *c, unsigned node,
			bool placed, double local_pct)
{
	struct numa_row *row = snapshot_add(snap, TABLE_NUMA);
	const struct page_view *v = &g->pages.view;

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_printf(snap, "%u", node);
	row->node = node;
	row->vcpus = placed ? c->vcpus : UNKNOWN_UINT;
	row->home = c->home ? "home" : NULL;
	row->vhost = c->vhost;
	row->iothreads = c->iothreads;
	row->vfio = snapshot_str(snap, c->vfio);
	row->how = snapshot_str(snap, g->pages.why);
	if (v->taken_ns) {
		row->how = v->exact ? "exact" : "sampled";
		row->bytes = c->bytes;
		row->share_pct = pct(c->bytes, v->present_bytes);
		row->error_pct = page_view_error(v, share(c->bytes, v->present_bytes), false);
		row->local_pct = local_pct;
	}
	row->mismatch = mismatch(snap, c, row->share_pct, row->error_pct, placed);
}

void rows_numa(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u)
{
	const struct page_view *v = &g->pages.view;
	auto_free struct host_node *nodes = NULL;
	struct corner corners[HOST_NODES_MAX] = {{0}};
	uint64_t local = 0;
	bool placed = false;
	double local_pct;
	size_t n_nodes, i;
	int home;

	host_nodes_read(s->config.host, &nodes, &n_nodes);
	place_threads(s->config.host, g, u, corners, HOST_NODES_MAX);
	place_devices(s->config.host, g, corners, HOST_NODES_MAX);
	for (i = 0; i < n_nodes; i++) {
		struct corner *c = &corners[nodes[i].id];

		c->bytes = v->taken_ns ? page_view_node(v, (int)nodes[i].id) : 0;
		placed |= c->vcpus > 0;
		local += c->vcpus ? c->bytes : 0;
	}
	home = home_of(corners, HOST_NODES_MAX);
	if (home >= 0)
		corners[home].home = true;
	local_pct = placed ? pct(local, v->present_bytes) : UNKNOWN_NUM;
	for (i = 0; i < n_nodes; i++)
		fill_corner(snap, g, &corners[nodes[i].id], nodes[i].id, placed, local_pct);
	for (i = 0; i < HOST_NODES_MAX; i++)
		free(corners[i].vfio);
}
