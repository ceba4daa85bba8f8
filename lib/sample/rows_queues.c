// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of virtqueues and of the vhost threads that work them. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

#define VHOST_NET "/dev/vhost-net"

static const struct vhost_thread *thread_of(const struct guest *g, const char *device, unsigned pair)
{
	size_t n, i;
	const struct vhost_thread *list = vhost_threads(g->vhost, &n);

	for (i = 0; i < n; i++)
		if (list[i].pair && list[i].pair->pair == pair && !strcmp(list[i].pair->device, device))
			return &list[i];
	return NULL;
}

/* The last ring of a NIC with an odd number of them is the control queue, which stays with QEMU. */
static bool is_control(const struct qmp_virtio *v, unsigned queue)
{
	return str_has_prefix(v->type, "virtio-net") && v->n_rings % 2 && queue == v->n_rings - 1;
}

static const char *backend(struct snapshot *snap, const struct guest *g, const struct qmp_virtio *v, unsigned queue)
{
	const struct vhost_thread *t;
	const char *iothread;

	if (v->vhost_user && !is_control(v, queue))
		return "vhost-user";
	if (v->vhost && !is_control(v, queue)) {
		t = thread_of(g, v->id, str_has_prefix(v->type, "virtio-net") ? queue / 2 : 0);
		return t ? snapshot_printf(snap, "vhost %d", (int)t->tid) : "vhost";
	}
	iothread = rows_iothread(snap, g, v->id, v->iothread);
	return iothread ? snapshot_printf(snap, "iothread %s", iothread) : "QEMU";
}

static const char *note(struct snapshot *snap, const struct guest *g, const struct qmp_virtio *v,
			const struct ring_state *state, bool stuck)
{
	if (g->answers.arriving)
		return "a migration is coming in, its memory is not all here";
	if (stuck)
		return "its memory does not answer: a page is not here, or it is being moved";
	if (!state)
		return v->why ? snapshot_str(snap, v->why) : "QEMU does not say where the ring is";
	if (state->lost)
		return "the guest has set it up anew; looked up again";
	return state->known ? NULL : "QEMU's memory cannot be read (root or CAP_SYS_PTRACE is needed)";
}

static void fill_depths(struct snapshot *snap, struct queue_row *row, const struct ring_state *state, unsigned size)
{
	auto_buf struct buf text = {0};

	row->samples = state->samples;
	if (!state->has_counts)
		return;
	row->depth_p50 = state->p50;
	row->depth_p99 = state->p99;
	ring_hist_text(state->hist, size, &text);
	row->hist = snapshot_str(snap, text.text);
}

/* A guest that is stopped by somebody does no work, and its queues do not stall. */
static bool may_stall(const struct vm_row *vm)
{
	return !vm->state || !strcmp(vm->state, "running") || !strcmp(vm->state, "migrating");
}

static void fill_queue(struct snapshot *snap, const struct guest *g, const struct qmp_virtio *v,
		       const struct qmp_ring *ring, const struct ring_state *state, bool stuck, const struct vm_row *vm)
{
	struct queue_row *row = snapshot_add(snap, TABLE_QUEUES);
	bool request = queue_is_request(v->type, ring->queue, (unsigned)v->n_rings);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_printf(snap, "%s/%u", v->id, ring->queue);
	row->device = snapshot_str(snap, v->id);
	row->queue = ring->queue;
	row->kind = request ? "request" : "supply";
	row->size = ring->size ? ring->size : UNKNOWN_UINT;
	row->backend = backend(snap, g, v, ring->queue);
	row->features = snapshot_str(snap, v->features);
	row->note = note(snap, g, v, state, stuck);
	if (!state || !state->known)
		return;
	row->depth = state->depth;
	row->depth_max = state->depth_max;
	row->depth_mean = state->depth_mean;
	if (state->counted)
		row->used_total = state->used_total;
	fill_depths(snap, row, state, ring->size);
	row->irq_pct = state->irq_share * 100;
	row->kick_pct = state->kick_share * 100;
	if (request)
		row->lat_us = state->wait_us;
	if (request && may_stall(vm))
		row->stalled_seconds = (double)state->stalled_ns / (double)NS_PER_SEC;
}

/* A sum of which a part is unknown is unknown: the part's return would look like so much more all at once. */
static void add_known(uint64_t *sum, bool *never, bool known, uint64_t n)
{
	*never |= !known;
	*sum = *never ? UNKNOWN_UINT : (*sum == UNKNOWN_UINT ? 0 : *sum) + n;
}

/* ---- whose thread is whose */

static const struct qmp_virtio *virtio_of(const struct guest *g, const char *id)
{
	size_t i;

	for (i = 0; i < g->answers.n_virtio; i++)
		if (g->answers.virtio[i].known && !strcmp(g->answers.virtio[i].id, id))
			return &g->answers.virtio[i];
	return NULL;
}

static size_t netdev_rank(const struct guest *g, const struct qmp_nic *nic)
{
	size_t i;

	for (i = 0; nic->netdev && i < g->cmdline.n_netdevs; i++)
		if (!strcmp(g->cmdline.netdevs[i], nic->netdev))
			return i;
	return g->cmdline.n_netdevs;	/* plugged later, in the order in which they are listed */
}

/* The NICs by when their netdev was set up; n indices, yours. */
static size_t *nic_order(const struct guest *g)
{
	size_t *order = xcalloc(g->nics.n_nics, sizeof(*order)), *ranks = xcalloc(g->nics.n_nics, sizeof(*ranks)), i, k;

	for (i = 0; i < g->nics.n_nics; i++) {
		ranks[i] = netdev_rank(g, &g->nics.nics[i]);
		for (k = i; k && ranks[order[k - 1]] > ranks[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	free(ranks);
	return order;
}

static void used_by(const struct qmp_virtio *v, const struct ring_state *const *states, unsigned first, unsigned n,
		    struct vhost_pair *pair)
{
	uint64_t sum = 0;
	unsigned i;

	pair->used = UNKNOWN_UINT;
	pair->first_ns = UINT64_MAX;
	for (i = first; i < first + n; i++) {
		if (i >= v->n_rings || !states[i] || !states[i]->known || !states[i]->counted)
			return;
		sum += states[i]->used_total;
		pair->first_ns = states[i]->read_ns < pair->first_ns ? states[i]->read_ns : pair->first_ns;
		pair->last_ns = states[i]->read_ns > pair->last_ns ? states[i]->read_ns : pair->last_ns;
	}
	pair->used = sum;
}

/* What is known of each device's rings: [virtio][ring], NULL where nothing is. */
struct ring_view {
	const struct ring_state **at;	/* of all rings, one device's after the other's */
	size_t *first;			/* of each device */
};

struct pair_list {
	struct vhost_pair *pairs;
	size_t n, maybe;		/* maybe: a driver is not up, nobody knows yet whether it has vhost threads */
	bool ordered, plugged;
};

static void add_nic(const struct guest *g, const struct qmp_nic *nic, const struct ring_view *view, bool maybes,
		    struct pair_list *l)
{
	const struct qmp_virtio *v = virtio_of(g, nic->name);
	bool maybe = v && !v->driver_ok && nic->backend && !strcmp(nic->backend, "tap");
	unsigned i;

	if (!v || v->vhost_user || (!v->vhost && !(maybe && maybes)))
		return;
	l->maybe += maybe;
	l->plugged |= netdev_rank(g, nic) == g->cmdline.n_netdevs;
	for (i = 0; i < nic->queues; i++) {
		struct vhost_pair *pair = vec_push(l->pairs, l->n);

		*pair = (struct vhost_pair){ .device = xstrdup(v->id), .pair = i };
		used_by(v, view->at + view->first[v - g->answers.virtio], 2 * i, 2, pair);
	}
}

static bool is_listed(const struct pair_list *l, const char *device)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->pairs[i].device, device))
			return true;
	return false;
}

/* Devices are set up after all netdevs of the command line: vhost-vsock, vhost-scsi have one thread each. */
static void add_others(const struct guest *g, const struct ring_view *view, struct pair_list *l)
{
	size_t i;

	for (i = 0; i < g->answers.n_virtio; i++) {
		const struct qmp_virtio *v = &g->answers.virtio[i];
		struct vhost_pair *pair;

		if (!v->known || !v->vhost || v->vhost_user || is_listed(l, v->id))
			continue;
		/* a NIC that has no place in the order, or a device beside plugged ones, whose turn nobody knows */
		l->ordered &= !str_has_prefix(v->type, "virtio-net") && !l->plugged;
		pair = vec_push(l->pairs, l->n);
		*pair = (struct vhost_pair){ .device = xstrdup(v->id) };
		used_by(v, view->at + view->first[i], 0, (unsigned)v->n_rings, pair);
	}
}

static void list_pairs(const struct guest *g, const struct ring_view *view, bool maybes, struct pair_list *l)
{
	auto_free size_t *order = nic_order(g);
	size_t i;

	*l = (struct pair_list){ .ordered = true };
	for (i = 0; i < g->nics.n_nics; i++)
		add_nic(g, &g->nics.nics[order[i]], view, maybes, l);
	if (g->nics.descriptors >= 0 && (size_t)g->nics.descriptors != l->n)
		l->ordered = false;
	add_others(g, view, l);
}

static void list_done(struct pair_list *l)
{
	while (l->n)
		free(l->pairs[--l->n].device);
	free(l->pairs);
}

/* Without QEMU's own word: libvirt's definition, in the order in which it has QEMU set them up. */
static void list_defined(const struct guest *g, struct pair_list *l)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	unsigned i, k;

	*l = (struct pair_list){0};
	for (i = 0; def && i < def->n_nics; i++) {
		const struct virt_nic *nic = &def->nics[i];

		if (!nic->alias || !nic->model || !str_has_prefix(nic->model, "virtio"))
			continue;
		for (k = 0; k < (nic->queues ? nic->queues : 1); k++)
			*vec_push(l->pairs, l->n) = (struct vhost_pair){
				.device = xstrdup(nic->alias), .pair = k, .used = UNKNOWN_UINT,
			};
	}
	l->ordered = g->nics.descriptors >= 0 && (size_t)g->nics.descriptors == l->n;
}

static void look_at_vhost(const struct sampler *s, struct guest *g, const struct host_usage *u, const struct ring_view *view,
			  uint64_t now)
{
	bool asked = g->known & WANT_NICS;
	struct pair_list l;
	size_t n;

	if (!g->nics.counted)
		g->nics.descriptors = host_proc_count_links(s->config.host, g->pid, VHOST_NET);
	g->nics.counted = true;
	if (asked)
		list_pairs(g, view, false, &l);
	else
		list_defined(g, &l);
	if (asked && !l.ordered) {
		list_done(&l);
		list_pairs(g, view, true, &l);
	}
	vhost_look(&g->vhost, u, l.pairs, l.n, l.ordered, clock_now_ns());
	/* as many threads as pairs, or something was plugged that we do not know of */
	vhost_threads(g->vhost, &n);
	if (n != l.n) {
		g->nics.counted = false;
		if (asked)
			attach_doubt(g, now);
	}
}

/* ---- a guest's queues */

void rows_ring_detail(struct sampler *s, const struct guest *g, unsigned needs)
{
	struct ring_detail detail = { .counts = needs & NEED_DEPTHS, .notify = needs & NEED_NOTIFY };

	detail.eager = detail.counts && s->focus && !strcmp(s->focus, g->ref);
	if (detail.eager)
		detail.hz = s->config.ring_hz;
	rings_detail(s->rings, g->rings, &detail);
}

/* The longest of all its queues. */
static void note_stall(struct snapshot *snap, const struct qmp_virtio *v, size_t k, const struct ring_state *state, struct vm_row *vm)
{
	double seconds = (double)state->stalled_ns / (double)NS_PER_SEC;

	if (!may_stall(vm) || seconds <= vm->stalled_seconds)
		return;
	vm->stalled_seconds = seconds;
	vm->stalled_queue = seconds > 0 ? snapshot_printf(snap, "%.64s/%u", v->id, v->rings[k].queue) : NULL;
}

static void note_limits(struct snapshot *snap, struct guest *g, const struct ring_view *view, const struct host_usage *u,
			struct vm_row *vm)
{
	auto_buf struct buf held = {0};

	pace_look(g, view->at, view->first, u, snapshot_time_ns(snap), &held);
	if (held.len)
		vm->held_back = snapshot_printf(snap, "%s%s%s", vm->held_back ? vm->held_back : "", vm->held_back && *vm->held_back ? ", " : "",
						held.text);
}

static void sum_up(struct snapshot *snap, const struct qmp_virtio *v, const struct ring_state *const *states, struct vm_row *vm, bool *no_depth,
		   bool *no_io)
{
	size_t k;

	for (k = 0; k < v->n_rings; k++) {
		if (!states[k])
			continue;
		if (queue_is_request(v->type, v->rings[k].queue, (unsigned)v->n_rings) && states[k]->known)
			note_stall(snap, v, k, states[k], vm);
		if (queue_is_request(v->type, v->rings[k].queue, (unsigned)v->n_rings))
			add_known(&vm->depth, no_depth, states[k]->known, states[k]->depth);
		if (queue_is_disk(v->type, v->rings[k].queue))
			add_known(&vm->io_total, no_io, states[k]->known && states[k]->counted, states[k]->used_total);
	}
}

static void view_make(const struct guest *g, const struct ring_state *states, struct ring_view *view, bool *lost)
{
	size_t i, k, all = 0, next = 0;

	for (i = 0; i < g->answers.n_virtio; i++)
		all += g->answers.virtio[i].n_rings;
	view->at = xcalloc(all, sizeof(*view->at));
	view->first = xcalloc(g->answers.n_virtio, sizeof(*view->first));
	for (i = 0, all = 0; i < g->answers.n_virtio; i++) {
		const struct qmp_virtio *v = &g->answers.virtio[i];

		view->first[i] = all;
		for (k = 0; k < v->n_rings; k++, all++) {
			if (!v->rings[k].avail || !v->rings[k].used || next >= g->n_rings)
				continue;
			view->at[all] = &states[next++];
			*lost |= view->at[all]->lost;
		}
	}
}

void rows_queues(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u, unsigned needs,
		 struct vm_row *vm)
{
	auto_free struct ring_state *states = xcalloc(g->n_rings, sizeof(*states));
	uint64_t now = snapshot_time_ns(snap);
	struct ring_view view;
	bool rows = needs & (NEED_DEPTHS | NEED_DISKS);	/* tables of queues, of disks; an overview wants the sums */
	bool lost = false, no_depth = false, no_io = false, stuck = false;
	size_t i, k;

	if (g->rings) {
		rows_ring_detail(s, g, needs);
		rings_collect(s->rings, g->rings, states);
		stuck = rings_are_stuck(s->rings, g->rings);
	}
	view_make(g, states, &view, &lost);
	if (needs & NEED_VHOST)
		look_at_vhost(s, g, u, &view, now);
	for (i = 0; i < g->answers.n_virtio; i++) {
		const struct qmp_virtio *v = &g->answers.virtio[i];
		const struct ring_state *const *mine = view.at + view.first[i];

		for (k = 0; k < v->n_rings && rows; k++)
			fill_queue(snap, g, v, &v->rings[k], mine[k], stuck, vm);
		sum_up(snap, v, mine, vm, &no_depth, &no_io);
	}
	if (needs & NEED_LIMITS)
		note_limits(snap, g, &view, u, vm);
	if (stuck && !vm->note)
		vm->note = "its memory does not answer: queues are unknown";
	if (lost)
		attach_doubt(g, now);
	free(view.at);
	free(view.first);
}

/* ---- vhost threads */

/* The thread's own row, which was added before: what both tables say is read once. */
static const struct thread_row *row_of_thread(const struct snapshot *snap, const struct guest *g, pid_t tid)
{
	size_t i;

	for (i = snapshot_count(snap, TABLE_THREADS); i > 0; i--) {
		const struct thread_row *row = snapshot_row(snap, TABLE_THREADS, i - 1);

		if (strcmp(row->head.ref, g->ref))
			break;
		if (row->tid == (uint64_t)tid)
			return row;
	}
	return NULL;
}

static const char *ifname_of(const struct sampler *s, struct snapshot *snap, const struct guest *g, const char *device)
{
	struct host_netif nif;
	size_t i;

	for (i = 0; i < g->nics.n_nics; i++) {
		const struct qmp_nic *nic = &g->nics.nics[i];

		if (strcmp(nic->name, device))
			continue;
		if (nic->ifname)
			return snapshot_str(snap, nic->ifname);
		if (nic->fd >= 0 && !host_netif_of_fd(s->config.host, g->pid, nic->fd, &nif))
			return snapshot_str(snap, nif.name);
	}
	return NULL;
}

static void fill_vhost(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct vhost_thread *t)
{
	const struct thread_row *thread = row_of_thread(snap, g, t->tid);
	struct vhost_row *row = snapshot_add(snap, TABLE_VHOST);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_printf(snap, "%d@%llu", (int)t->tid, (unsigned long long)t->start);
	row->tid = (uint64_t)t->tid;
	row->how = t->how;
	if (t->pair) {
		row->nic = snapshot_str(snap, t->pair->device);
		row->queue = t->pair->pair;
		row->used_total = t->pair->used;
		row->ifname = ifname_of(s, snap, g, t->pair->device);
	}
	if (!thread)
		return;
	row->run_ns = thread->run_ns;
	row->wait_ns = thread->wait_ns;
	row->state = thread->state;
	row->affinity = thread->affinity;
	row->cpu = thread->cpu;
	row->node = thread->node;
}

void rows_vhost(const struct sampler *s, struct snapshot *snap, const struct guest *g)
{
	size_t n, i;
	const struct vhost_thread *list = vhost_threads(g->vhost, &n);

	for (i = 0; i < n; i++)
		fill_vhost(s, snap, g, &list[i]);
}
