// SPDX-License-Identifier: GPL-3.0-or-later
/* The guests that are known, and taking a snapshot of them. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* As long as a client waits behind us at a socket we hold, it waits for nothing. */
#define MIND_NS (NS_PER_SEC / 4)
/* Threads that wait for storage; those of a file server that is gone are never back. */
#define LATES_MAX 64
/* A command line is read in 10 ms at most: so long for all of them, where there are many, or one that does not answer. */
#define DISCOVER_MS 2000
/* The factor for those of root and of oneself, which no other user can multiply. */
#define TRUSTED_MORE 9
/* Threads that ask guests; the most are for hosts where many do not answer. */
#define WORKERS 8
#define WORKERS_MAX 64
/* Memory for what is being parsed of their answers, beyond JSON_FREE_COST of each. */
#define ANSWERS_MAX JSON_COST_MAX

struct owner guest_owner(const struct guest *g)
{
	return (struct owner){ .pid = g->pid, .start = g->start, .handed = g->handed };
}

static void guest_free(struct sampler *s, struct guest *g)
{
	rings_remove(s->rings, g->rings);
	vhost_free(g->vhost);
	host_watch_free(g->watch);
	host_limits_free(g->limits);
	free(g->shaping);
	pace_done(g);
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
	monitor_done(&g->given_at);
	monitor_done(&g->held_at);
	free(g->last_state);
	free(g->remark);
	free(g->claim);
	free(g->user);
	free(g->name);
	free(g->note);
	free(g->ref);
	free(g);
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

struct guest *guest_by_ref(struct sampler *s, const char *ref)
{
	size_t at = place(s, str_has_prefix(ref, "pid:") ? (pid_t)strtol(ref + strlen("pid:"), NULL, 10) : 0);
	struct guest *g = at < s->n_guests ? s->guests[at] : NULL;

	return g && !g->gone && !strcmp(g->ref, ref) ? g : NULL;
}

static void guest_drop(struct sampler *s, size_t i)
{
	guest_free(s, s->guests[i]);
	s->n_guests--;
	memmove(&s->guests[i], &s->guests[i + 1], (s->n_guests - i) * sizeof(s->guests[0]));
}

static void give_vhosts(const struct sampler *s, struct guest *g)
{
	pid_t *tids = NULL;
	uint64_t *starts = NULL;
	size_t n_tids = 0, n_starts = 0, i;

	for (i = 0; i < s->n_vhosts; i++) {
		if (s->vhosts[i].owner != g->pid)
			continue;
		*vec_push(tids, n_tids) = s->vhosts[i].tid;
		*vec_push(starts, n_starts) = s->vhosts[i].start;
	}
	host_watch_vhost(g->watch, tids, starts, n_tids);
	free(tids);
	free(starts);
}

struct guest *guest_add(struct sampler *s, const struct host_found *p, struct qmp_cmdline *cmdline)
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
	g->real_uid = p->real_uid;
	g->user = host_user_name(s->config.host, p->uid);
	g->ref = xasprintf("pid:%d@%llu", (int)p->pid, (unsigned long long)p->start);
	g->cmdline = *cmdline;
	*cmdline = (struct qmp_cmdline){0};
	give_vhosts(s, g);
	guest_rename(g);
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

	s->pool = pool_new(WORKERS, WORKERS_MAX);
	if (!s->pool) {
		free(s);
		return NULL;
	}
	s->config = *config;
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->scan_lock, NULL);
	s->scan = host_scan_new(config->host);
	s->cgroups = host_cgroups_open(config->host);
	s->budget = budget_new(ANSWERS_MAX);
	s->lates = lates_new(LATES_MAX);
	s->readers = lates_new(2 * READERS_MAX);	/* each may start one more */
	trusted_users(s);
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
	newcomers_done(s);
	lates_free(s->readers);
	lates_free(s->lates);
	links_done(&s->links);
	free(s->nets);
	host_scan_free(s->scan);
	free(s->vhosts);
	host_cgroups_free(s->cgroups);
	free(s->qdiscs);
	qmp_kvm_names_free(s->kvm_names, s->n_kvm_names);
	virt_list_unref(s->domains);
	free(s->homes);
	free(s->qemu_uids);
	snapshot_unref(s->last);
	snapshot_unref(s->base);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->scan_lock);
	close(s->quit_fd);
	turns_done(&s->turns);
	budget_free(s->budget);
	free(s);
}

static void forget_gone(struct sampler *s)
{
	size_t i;

	for (i = s->n_guests; i-- > 0; ) {
		if (!s->guests[i]->gone || s->guests[i]->lent)
			continue;
		host_scan_doubt(s->scan, s->guests[i]->pid);
		guest_drop(s, i);
	}
}

/* What the scan found; with the lock held. */
static void take_scan(struct sampler *s, const struct host_found *procs, size_t n_procs, const struct host_vhost *vhosts,
		      size_t n_vhosts)
{
	size_t i;

	free(s->vhosts);
	s->vhosts = xcalloc(n_vhosts, sizeof(*s->vhosts));
	s->n_vhosts = n_vhosts;
	if (n_vhosts)
		memcpy(s->vhosts, vhosts, n_vhosts * sizeof(*vhosts));
	for (i = 0; i < s->n_guests; i++)
		give_vhosts(s, s->guests[i]);
	newcomers_scanned(s, procs, n_procs);
}

static int scan(struct sampler *s, struct err *err)
{
	const struct host_vhost *vhosts = NULL;
	const struct host_found *procs = NULL;
	size_t n_procs = 0, n_vhosts = 0;
	int rc = 0;

	pthread_mutex_lock(&s->scan_lock);
	pthread_mutex_lock(&s->lock);
	forget_gone(s);
	pthread_mutex_unlock(&s->lock);
	if (s->config.scan || s->config.virt)
		rc = host_scan_run(s->scan, &procs, &n_procs, &vhosts, &n_vhosts, err);
	pthread_mutex_lock(&s->lock);
	if (!rc)
		take_scan(s, procs, n_procs, vhosts, n_vhosts);
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->scan_lock);
	return rc;
}

int sampler_discover_for(struct sampler *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS, last = deadline + TRUSTED_MORE * timeout_ms * NS_PER_MS;
	int rc = scan(s, err);
	bool wait;

	do {
		pthread_mutex_lock(&s->lock);
		wait = newcomers_mind(s, clock_now_ns() < deadline) && !s->leaving;
		if (!wait || clock_now_ns() >= last) {
			given_mind(s);
			s->discovered = true;
			wait = false;
		}
		pthread_mutex_unlock(&s->lock);
		if (wait)
			clock_sleep_until(clock_now_ns() + NS_PER_MS);
	} while (wait);
	return rc;
}

int sampler_discover(struct sampler *s, struct err *err)
{
	return sampler_discover_for(s, DISCOVER_MS, err);
}

static void ask_new(struct sampler *s, unsigned needs)
{
	size_t i;

	if (!(needs & (NEED_RINGS | NEED_STATE)))
		return;
	for (i = 0; i < s->n_guests; i++) {
		struct guest *g = s->guests[i];
		/* one that was named is asked for everything at once, by the round */
		unsigned what = s->focus && *s->focus && round_is_for(s, g) ? 0 :
				(round_base(s, g, needs) | (g->domain || !(needs & NEED_LIMITS) ? 0 : WANT_THROTTLE)) & ~g->known;

		if (what && (g->asking == ASK_NEVER || g->asking == ASK_DONE))
			attach_start(s, g, what);
	}
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
		over = round_is_over(s) || s->leaving;
		pthread_mutex_unlock(&s->lock);
	}
}

/* What guests' rows are made of. */
static void read_common(struct sampler *s, unsigned needs)
{
	free(s->nets);
	s->nets = NULL;
	s->n_nets = 0;
	host_refresh(s->config.host);
	if (needs & (NEED_LIMITS | NEED_AFFINITY | NEED_NODES))
		host_cgroups_refresh(s->cgroups);
	if (needs & NEED_NET)
		host_nets_read(s->config.host, 0, &s->nets, &s->n_nets);
}

/* Rows that are no guest's. */
static void fill_host(struct sampler *s, struct snapshot *snap, unsigned needs)
{
	if (needs & (NEED_EVENTS | NEED_HOST)) {
		events_pull(s);
		rows_events(s, snap, needs & NEED_EVENTS ? EVENTS_MAX : EVENTS_NEWS);
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

/* Samples taken before their time, for a key, have the rates that were there, and the counters wait for the next one. */
static void make_rates(struct sampler *s, struct snapshot *snap)
{
	if (s->base && s->last && snapshot_time_ns(snap) - snapshot_time_ns(s->base) < s->rate_min_ns) {
		snapshot_rates_keep(snap, s->last);
		return;
	}
	snapshot_rates(snap, s->base);
	snapshot_unref(s->base);
	s->base = snapshot_ref(snap);
}

void sampler_pace(struct sampler *s, uint64_t delay_ns)
{
	pthread_mutex_lock(&s->lock);
	s->rate_min_ns = delay_ns / 3;
	pthread_mutex_unlock(&s->lock);
}

struct snapshot *sampler_take(struct sampler *s, unsigned needs)
{
	struct snapshot *snap;
	struct timespec wall;
	size_t i;

	pthread_mutex_lock(&s->lock);
	s->ring_needs = needs;
	s->news = false;
	domains_join(s);
	ask_new(s, needs);
	attach_mind(s);
	clock_gettime(CLOCK_REALTIME, &wall);
	snap = snapshot_new(clock_now_ns(), wall);
	read_common(s, needs);
	for (i = 0; i < s->n_guests; i++)
		rows_fill(s, snap, s->guests[i], needs);
	newcomers_rows(s, snap);
	fill_host(s, snap, needs);
	make_rates(s, snap);
	if (needs & NEED_CPUS)
		rows_cpus_who(snap);
	trouble_fill(snap);
	snapshot_unref(s->last);
	s->last = snapshot_ref(snap);
	pthread_mutex_unlock(&s->lock);
	return snap;
}

static bool is_settled(struct sampler *s, unsigned needs)
{
	bool settled = !given_is_busy(s) && domains_are_settled(s);
	size_t i;

	pool_mind(s->pool);
	s->ring_needs = needs;
	if (needs & NEED_RINGS)
		rings_watch(s->rings);
	domains_join(s);
	ask_new(s, needs);
	for (i = 0; i < s->n_guests; i++) {
		const struct guest *g = s->guests[i];

		if ((needs && g->asking == ASK_UNDER_WAY) || ((needs & NEED_RINGS) && g->rings && !rings_are_read(s->rings, g->rings)))
			settled = false;
	}
	return settled;
}

bool sampler_settle(struct sampler *s, unsigned needs, unsigned timeout_ms)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	bool settled, leaving;

	do {
		pthread_mutex_lock(&s->lock);
		s->hold = needs & NEED_EVENTS;
		settled = is_settled(s, needs);
		leaving = s->leaving;
		pthread_mutex_unlock(&s->lock);
		if (!settled && !leaving)
			clock_sleep_until(clock_now_ns() + NS_PER_MS);
	} while (!settled && !leaving && clock_now_ns() < deadline);
	return settled;
}

void sampler_leave(struct sampler *s)
{
	pthread_mutex_lock(&s->lock);
	s->leaving = true;
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->quit_fd, 1);
}

int sampler_leave_fd(const struct sampler *s)
{
	return s->quit_fd;
}

bool sampler_has_news(struct sampler *s)
{
	bool news;

	pthread_mutex_lock(&s->lock);
	news = s->news;
	pthread_mutex_unlock(&s->lock);
	return news;
}

void sampler_sleep(struct sampler *s, uint64_t until_ns)
{
	bool leaving = false;
	uint64_t now;

	while (!leaving && (now = clock_now_ns()) < until_ns) {
		clock_sleep_until(until_ns - now > MIND_NS ? now + MIND_NS : until_ns);
		pthread_mutex_lock(&s->lock);
		leaving = s->leaving;
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
