// SPDX-License-Identifier: GPL-3.0-or-later
/* When guests' pages are looked at, and what their cgroups say of their nodes meanwhile. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* Of a guest that was named, and of each where none was: an error of 1.5 and of 3.1 points at most. */
#define SAMPLES_ONE 4096
#define SAMPLES_EACH 1024
/* A thread that is not back by then hangs: a sample takes 10 ms, a whole walk 1 s for 10 GiB of small pages. */
#define HANGS_NS (5 * NS_PER_SEC)
#define EXACT_HANGS_NS (300 * NS_PER_SEC)
#define HUNG_NS (60 * NS_PER_SEC)
#define CGROUP_NS (10 * NS_PER_SEC)
/* So long a look at a guest's pages says more than its cgroup. */
#define VIEW_NS (60 * NS_PER_SEC)

void look_begin(struct sampler *s, struct guest *g, unsigned needs)
{
	struct host_footprint f;

	/* who is not done yet is not waited for once more */
	if (!(needs & NEED_PAGES) || g->pages.under_way || clock_now_ns() < g->pages.not_before_ns)
		return;
	/* who uses the pools: only guests that do */
	if ((needs & NEED_NODES) && !(needs & (NEED_MEMORY | NEED_TASKS))) {
		host_footprint_read(s->config.host, g->pid, &f);
		if (!f.hugetlb_bytes || f.hugetlb_bytes == HOST_UNKNOWN) {
			page_view_done(&g->pages.view);
			return;
		}
	}
	g->pages.due = true;
	g->pages.round = s->round;
}

/* QEMU's own word where it gave one, else what the command line says there must be. */
static struct walk *walk_of(const struct sampler *s, const struct guest *g)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	size_t i;

	w->ref = xstrdup(g->ref);
	w->pid = g->pid;
	w->uid = g->uid;
	w->exact = s->config.exact;
	w->samples = s->focus ? SAMPLES_ONE : SAMPLES_EACH;
	for (i = 0; i < g->ram.n_ram; i++)
		*vec_push(w->parts, w->n_parts) = (struct page_part){
			.id = xstrdup(g->ram.ram[i].id), .address = g->ram.ram[i].address, .bytes = g->ram.ram[i].bytes,
		};
	for (i = 0; !g->ram.n_ram && i < g->cmdline.n_backends; i++) {
		const struct qmp_backend *b = &g->cmdline.backends[i];

		*vec_push(w->parts, w->n_parts) = (struct page_part){
			.kind = b->kind, .id = xstrdup(b->id), .path = xstrdup(b->path), .bytes = b->bytes, .shared = b->shared,
		};
	}
	return w;
}

static void take(struct sampler *s, struct walk *w)
{
	struct guest *g = guest_by_ref(s, w->ref);

	if (g) {
		g->pages.under_way = false;
		g->pages.not_before_ns = w->hung ? clock_now_ns() + HUNG_NS : 0;
		free(g->pages.why);
		g->pages.why = take_ptr(w->why);
		page_view_done(&g->pages.view);
		if (!g->pages.why) {
			g->pages.view = w->view;
			w->view = (struct page_view){0};
		}
	}
	walk_free(w);
}

static void bar(struct guest *g, const char *why)
{
	g->pages.not_before_ns = clock_now_ns() + HUNG_NS;
	free(g->pages.why);
	g->pages.why = xstrdup(why);
	page_view_done(&g->pages.view);
}

void look_mind(struct sampler *s)
{
	const char *why;
	struct walk *w;
	size_t i;

	while (s->walker && (w = walker_take(s->walker)))
		take(s, w);
	while (s->walker && (w = walker_give_up(s->walker, HANGS_NS, EXACT_HANGS_NS)))
		take(s, w);
	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];

		if (!g->pages.due || g->pages.under_way || g->gone)
			continue;
		/* QEMU may be about to say where its memory is */
		if (!g->lent && (g->asking == ASK_UNDER_WAY || (g->wanted & WANT_RAM)))
			continue;
		if (!s->walker)
			s->walker = walker_new(s->config.host);
		g->pages.due = false;
		why = s->walker ? walker_bars(s->walker, g->ref, g->uid) : NULL;
		if (why) {
			bar(g, why);
			continue;
		}
		g->pages.under_way = true;
		w = walk_of(s, g);
		if (s->walker) {
			walker_add(s->walker, w);
			continue;
		}
		w->hung = true;
		w->why = xstrdup("its pages cannot be looked at: the system allows no more threads (ulimit -u)");
		take(s, w);
	}
}

bool look_is_over(const struct sampler *s)
{
	size_t i;

	for (i = 0; i < s->n_guests; i++) {
		const struct guest *g = s->guests[i];

		if (!g->gone && g->pages.round == s->round && (g->pages.due || g->pages.under_way))
			return false;
	}
	return true;
}

void look_forget(struct guest *g)
{
	page_view_done(&g->pages.view);
	free(take_ptr(g->pages.why));
}

static double share_on(const struct guest *g, const uint64_t *bytes, size_t n, uint64_t all)
{
	uint64_t local = 0;
	bool placed = false;
	size_t i;

	for (i = 0; i < NODES_SEEN; i++) {
		placed |= g->vcpus_on[i] > 0;
		if (i < n && g->vcpus_on[i])
			local += bytes[i];
	}
	return placed && all ? 100 * (double)local / (double)all : UNKNOWN_NUM;
}

double look_local_pct(struct sampler *s, struct guest *g, uint64_t now)
{
	const struct page_view *v = &g->pages.view;
	uint64_t bytes[NODES_SEEN], all = 0;
	struct host_footprint f;
	size_t i;

	if (v->taken_ns && now - v->taken_ns < VIEW_NS) {
		for (i = 0; i < NODES_SEEN; i++)
			bytes[i] = page_view_node(v, (int)i);
		return share_on(g, bytes, NODES_SEEN, v->present_bytes);
	}
	if (!g->cgroup.read_ns || now - g->cgroup.read_ns > CGROUP_NS) {
		host_footprint_read(s->config.host, g->pid, &f);
		g->cgroup.n = 0;
		if (!f.hugetlb_bytes || f.hugetlb_bytes == HOST_UNKNOWN)	/* hugetlb pages are not counted there */
			host_cgroup_nodes_read(s->config.host, g->pid, g->cgroup.bytes, NODES_SEEN, &g->cgroup.n);
		g->cgroup.read_ns = now;
	}
	for (i = 0; i < g->cgroup.n; i++)
		all += g->cgroup.bytes[i];
	return share_on(g, g->cgroup.bytes, g->cgroup.n, all);
}
