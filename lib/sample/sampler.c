// SPDX-License-Identifier: GPL-3.0-or-later
/* The guests that are known, and taking a snapshot of them. */
#include "private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* As long as a client waits behind us at a socket we hold, it waits for nothing. */
#define MIND_NS (NS_PER_SEC / 4)
/* Threads that wait for storage; those of a file server that is gone are never back. */
#define LATES_MAX 64

const char *guest_name(const struct guest *g)
{
	return g->cmdline.name ? g->cmdline.name : g->answers.name;
}

const char *guest_uuid(const struct guest *g)
{
	return g->cmdline.uuid ? g->cmdline.uuid : g->answers.uuid;
}

static void guest_free(struct sampler *s, struct guest *g)
{
	rings_remove(s->rings, g->rings);
	vhost_free(g->vhost);
	host_watch_free(g->watch);
	host_limits_free(g->limits);
	free(g->shaping);
	host_kvm_free(g->kvm);
	qmp_close(g->held);
	qmp_cmdline_done(&g->cmdline);
	ask_done(g);
	look_forget(g);
	space_done(g);
	free(g->netifs);
	free(g->netifs_seen);
	free(g->nets);
	free(g->addresses);
	free(g->given_path);
	free(g->held_path);
	free(g->last_state);
	free(g->remark);
	free(g->note);
	free(g->ref);
	free(g);
}

struct guest *guest_by_ref(struct sampler *s, const char *ref)
{
	size_t i;

	for (i = 0; i < s->n_guests; i++)
		if (!strcmp(s->guests[i]->ref, ref) && !s->guests[i]->gone)
			return s->guests[i];
	return NULL;
}

/* Where a pid stands, or would stand, in the sorted list. */
static size_t place(const struct sampler *s, pid_t pid)
{
	size_t low = 0, high = s->n_guests;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->guests[mid]->pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void guest_drop(struct sampler *s, size_t i)
{
	guest_free(s, s->guests[i]);
	s->n_guests--;
	memmove(&s->guests[i], &s->guests[i + 1], (s->n_guests - i) * sizeof(s->guests[0]));
}

struct guest *guest_add(struct sampler *s, const struct host_proc *p)
{
	size_t at = place(s, p->pid);
	struct host_watch *watch;
	struct guest *g;

	if (at < s->n_guests && s->guests[at]->pid == p->pid) {
		if (s->guests[at]->start == p->start)
			return s->guests[at];
		guest_drop(s, at);	/* the pid is another process's now */
	}
	if (host_watch_new(s->config.host, p->pid, p->start, &watch))
		return NULL;
	g = xcalloc(1, sizeof(*g));
	g->sampler = s;
	g->watch = watch;
	g->pid = p->pid;
	g->start = p->start;
	g->uid = p->uid;
	g->ref = xasprintf("pid:%d@%llu", (int)p->pid, (unsigned long long)p->start);
	qmp_cmdline_parse(p->argv, p->argc, &g->cmdline);

	if (s->n_guests == s->cap_guests) {
		s->cap_guests = s->cap_guests ? 2 * s->cap_guests : 16;
		s->guests = xrealloc(s->guests, s->cap_guests, sizeof(s->guests[0]));
	}
	memmove(&s->guests[at + 1], &s->guests[at], (s->n_guests - at) * sizeof(s->guests[0]));
	s->guests[at] = g;
	s->n_guests++;
	s->n_added++;
	return g;
}

struct sampler *sampler_new(const struct sample_config *config)
{
	struct sampler *s = xcalloc(1, sizeof(*s));
	size_t i;

	s->config = *config;
	pthread_mutex_init(&s->lock, NULL);
	s->scan = host_scan_new(config->host);
	s->cgroups = host_cgroups_open(config->host);
	s->pool = pool_new(8);
	s->lates = lates_new(LATES_MAX);
	s->quit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->given = xcalloc(config->n_sockets, sizeof(*s->given));
	for (i = 0; i < config->n_sockets; i++)
		s->given[i].path = config->sockets[i];
	return s;
}

void sampler_free(struct sampler *s)
{
	size_t i;

	if (!s)
		return;
	attach_stop(s);
	while (s->n_guests)
		guest_drop(s, s->n_guests - 1);
	rings_stop(s->rings);
	walker_free(s->walker);
	for (i = 0; i < s->config.n_sockets; i++)
		free(s->given[i].problem);
	free(s->given);
	free(s->guests);
	free(s->focus);
	events_done(s);
	lates_free(s->lates);
	links_done(&s->links);
	free(s->nets);
	host_scan_free(s->scan);
	host_cgroups_free(s->cgroups);
	free(s->qdiscs);
	qmp_kvm_names_free(s->kvm_names, s->n_kvm_names);
	virt_list_unref(s->domains);
	snapshot_unref(s->last);
	pthread_mutex_destroy(&s->lock);
	close(s->quit_fd);
	free(s);
}

static void give_vhosts(struct guest *g, const struct host_vhost *vhosts, size_t n)
{
	pid_t *tids = NULL;
	uint64_t *starts = NULL;
	size_t n_tids = 0, n_starts = 0, i;

	for (i = 0; i < n; i++) {
		if (vhosts[i].owner != g->pid)
			continue;
		*vec_push(tids, n_tids) = vhosts[i].tid;
		*vec_push(starts, n_starts) = vhosts[i].start;
	}
	host_watch_vhost(g->watch, tids, starts, n_tids);
	free(tids);
	free(starts);
}

static int scan(struct sampler *s, struct err *err)
{
	const struct host_proc *procs;
	const struct host_vhost *vhosts;
	size_t n_procs, n_vhosts, i;
	int rc;

	if (!s->config.scan && !s->config.virt)
		return 0;
	rc = host_scan_run(s->scan, &procs, &n_procs, &vhosts, &n_vhosts, err);
	if (rc)
		return rc;
	for (i = 0; i < n_procs; i++) {
		uint64_t before = s->n_added;
		struct guest *g = s->config.scan || domains_has(s, &procs[i]) ? guest_add(s, &procs[i]) : NULL;

		if (g)
			give_vhosts(g, vhosts, n_vhosts);
		if (s->discovered && s->n_added > before)
			events_add(s, g, "started", NULL);
	}
	return 0;
}

int sampler_discover(struct sampler *s, struct err *err)
{
	size_t i;
	int rc;

	pthread_mutex_lock(&s->lock);
	for (i = s->n_guests; i-- > 0; ) {
		if (!s->guests[i]->gone || s->guests[i]->lent)
			continue;
		host_scan_doubt(s->scan, s->guests[i]->pid);
		guest_drop(s, i);
	}
	rc = scan(s, err);
	given_mind(s);
	s->discovered = true;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void ask_new(struct sampler *s, unsigned needs)
{
	size_t i;

	if (!(needs & (NEED_RINGS | NEED_STATE)))
		return;
	for (i = 0; i < s->n_guests; i++)
		if (s->guests[i]->asking == ASK_NEVER)
			attach_start(s, s->guests[i], WANT_BASE);
}

void sampler_focus(struct sampler *s, const char *ref)
{
	pthread_mutex_lock(&s->lock);
	free(s->focus);
	s->focus = xstrdup(ref);
	pthread_mutex_unlock(&s->lock);
}

void sampler_refresh(struct sampler *s, unsigned needs, unsigned timeout_ms)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	bool over;

	pthread_mutex_lock(&s->lock);
	s->hold = needs & NEED_EVENTS;
	round_begin(s, needs);
	round_mind(s);
	over = round_is_over(s);
	pthread_mutex_unlock(&s->lock);
	while (!over && clock_now_ns() < deadline) {
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
		pthread_mutex_lock(&s->lock);
		round_mind(s);
		over = round_is_over(s);
		pthread_mutex_unlock(&s->lock);
	}
}

/* What guests' rows are made of. */
static void read_common(struct sampler *s, unsigned needs)
{
	free(s->nets);
	s->nets = NULL;
	s->n_nets = 0;
	if (needs & NEED_NET)
		host_nets_read(s->config.host, 0, &s->nets, &s->n_nets);
}

/* Rows that are no guest's. */
static void fill_host(struct sampler *s, struct snapshot *snap, unsigned needs)
{
	if (needs & NEED_EVENTS) {
		events_pull(s);
		rows_events(s, snap);
	}
	if (needs & NEED_HOST)
		rows_host(s, snap, needs);
	if (needs & NEED_PCI)
		rows_pci(s, snap);
	if (needs & NEED_NODES) {
		rows_nodes(s, snap);
		rows_hugepages(s, snap);
	}
	if (needs & NEED_MERGE)
		rows_merge(s, snap);
	if (needs & NEED_CPUS)
		rows_cpus(s, snap);
}

struct snapshot *sampler_take(struct sampler *s, unsigned needs)
{
	struct snapshot *snap;
	struct timespec wall;
	size_t i;

	pthread_mutex_lock(&s->lock);
	s->ring_needs = needs;
	domains_join(s);
	ask_new(s, needs);
	attach_mind(s);
	clock_gettime(CLOCK_REALTIME, &wall);
	snap = snapshot_new(clock_now_ns(), wall);
	read_common(s, needs);
	for (i = 0; i < s->n_guests; i++)
		rows_fill(s, snap, s->guests[i], needs);
	fill_host(s, snap, needs);
	snapshot_rates(snap, s->last);
	if (needs & NEED_CPUS)
		rows_cpus_who(snap);
	snapshot_unref(s->last);
	s->last = snapshot_ref(snap);
	pthread_mutex_unlock(&s->lock);
	return snap;
}

static bool is_settled(struct sampler *s, unsigned needs)
{
	bool settled = !given_is_busy(s) && domains_are_settled(s);
	size_t i;

	s->ring_needs = needs;
	if (needs & NEED_RINGS)
		rings_watch(s->rings);
	domains_join(s);
	ask_new(s, needs);
	for (i = 0; i < s->n_guests; i++) {
		const struct guest *g = s->guests[i];

		if (g->asking == ASK_UNDER_WAY || ((needs & NEED_RINGS) && g->rings && !rings_are_read(s->rings, g->rings)))
			settled = false;
	}
	return settled;
}

void sampler_settle(struct sampler *s, unsigned needs, unsigned timeout_ms)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	bool settled;

	do {
		pthread_mutex_lock(&s->lock);
		s->hold = needs & NEED_EVENTS;
		settled = is_settled(s, needs);
		pthread_mutex_unlock(&s->lock);
		if (!settled)
			clock_sleep_until(clock_now_ns() + NS_PER_MS);
	} while (!settled && clock_now_ns() < deadline);
}

void sampler_sleep(struct sampler *s, uint64_t until_ns)
{
	uint64_t now;

	while ((now = clock_now_ns()) < until_ns) {
		clock_sleep_until(until_ns - now > MIND_NS ? now + MIND_NS : until_ns);
		pthread_mutex_lock(&s->lock);
		attach_mind(s);
		pthread_mutex_unlock(&s->lock);
	}
}

char **sampler_problems(struct sampler *s, size_t *n)
{
	char **list = NULL;
	size_t i;

	*n = 0;
	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->config.n_sockets; i++)
		if (s->given[i].problem)
			*vec_push(list, *n) = xstrdup(s->given[i].problem);
	pthread_mutex_unlock(&s->lock);
	return list;
}
