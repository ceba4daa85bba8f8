// SPDX-License-Identifier: GPL-3.0-or-later
/* The whole: its threads, the lists it hands out, its end. */
#include "private.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How long an end waits for connections to be closed properly. */
#define END_NS (NS_PER_SEC / 2)

struct list_entry {
	struct virt_domain domain;	/* first: both are one address */
	struct def_ref *def;
};

struct virt_list {
	struct virt *v;
	unsigned refs;			/* under the lock */
	struct list_entry *entries;
	char **uris, *problem;		/* uris: and directories of pid files */
	bool denied;			/* the problem is that this user may not connect */
	size_t n, n_uris;
};

void def_unref(struct def_ref *d)
{
	if (!d || --d->refs)
		return;
	virt_def_free(d->def);
	free(d);
}

static void list_unref_locked(struct virt_list *l)
{
	size_t i;

	if (!l || --l->refs)
		return;
	for (i = 0; i < l->n; i++) {
		free(l->entries[i].domain.name);
		free(l->entries[i].domain.reason);
		free(l->entries[i].domain.problem);
		def_unref(l->entries[i].def);
	}
	qmp_strings_free(l->uris, l->n_uris);
	free(l->problem);
	free(l->entries);
	free(l);
}

static void free_all(struct virt *v)
{
	size_t i;

	list_unref_locked(v->list);
	for (i = 0; i < v->n_conns; i++) {
		struct conn *c = &v->conns[i];

		while (c->n_doms)
			conn_dom_drop(c, c->doms[0]);
		free(c->doms);
		free(c->uri);
		free(c->home.pid_dir);
		free(c->problem);
		pthread_cond_destroy(&c->work);
	}
	for (i = 0; i < EVENTS_KEPT; i++)
		event_done(&v->events[i]);
	free(v->events);
	free(v->conns);
	pthread_cond_destroy(&v->wake);
	pthread_cond_destroy(&v->ended);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

static void drop(struct virt *v)
{
	bool last = !--v->refs;

	pthread_mutex_unlock(&v->lock);
	if (last)
		free_all(v);
}

void virt_hold(struct conn *c)
{
	pthread_mutex_lock(&c->v->lock);
	c->v->refs++;
	pthread_mutex_unlock(&c->v->lock);
}

void virt_release(void *conn)
{
	struct virt *v = ((struct conn *)conn)->v;

	pthread_mutex_lock(&v->lock);
	drop(v);
}

void virt_unref_locked(struct virt *v)
{
	v->threads--;
	pthread_cond_broadcast(&v->ended);
	drop(v);
}

bool virt_thread(struct virt *v, void *(*run)(void *), void *arg)
{
	if (thread_start(NULL, run, arg, 0))
		return false;
	v->threads++;
	v->refs++;
	return true;
}

void virt_changed(struct virt *v)
{
	v->generation++;
}

/* Waits until there is something to do, or nothing left to do. */
static void *keeper(void *arg)
{
	struct virt *v = arg;
	size_t i;

	pthread_mutex_lock(&v->lock);
	while (!v->stop) {
		uint64_t now = clock_now_ns(), next = now + 60 * NS_PER_SEC;
		struct timespec ts;

		for (i = 0; i < v->n_conns; i++) {
			uint64_t due = conn_mind(&v->conns[i], now);

			if (due < next)
				next = due;
		}
		ts.tv_sec = (time_t)(next / NS_PER_SEC);
		ts.tv_nsec = (long)(next % NS_PER_SEC);
		pthread_cond_timedwait(&v->wake, &v->lock, &ts);
	}
	virt_unref_locked(v);
	return NULL;
}

static void add_conn(struct virt *v, const char *uri, bool by_hand)
{
	struct conn *c = &v->conns[v->n_conns++];

	c->v = v;
	c->uri = xstrdup(uri);
	c->by_hand = by_hand;
	pthread_cond_init(&c->work, NULL);
}

int virt_new(const struct virt_config *config, struct virt **out, struct err *err)
{
	static const char *const usual[] = { "qemu:///system", "qemu:///session" };
	struct virt *v = xcalloc(1, sizeof(*v));
	pthread_condattr_t attr;
	bool ok;
	size_t i;

	loop_init();
	v->refs = 1;
	v->config = *config;
	v->config.uris = NULL;
	v->events = xcalloc(EVENTS_KEPT, sizeof(*v->events));
	pthread_mutex_init(&v->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&v->wake, &attr);
	pthread_cond_init(&v->ended, &attr);
	pthread_condattr_destroy(&attr);
	v->conns = xcalloc(config->n_uris ? config->n_uris : ARRAY_SIZE(usual), sizeof(*v->conns));
	for (i = 0; i < config->n_uris; i++)
		add_conn(v, config->uris[i], true);
	for (i = 0; i < ARRAY_SIZE(usual) && !config->n_uris; i++)
		add_conn(v, usual[i], false);

	pthread_mutex_lock(&v->lock);
	ok = virt_thread(v, loop_run, v) && virt_thread(v, keeper, v);
	pthread_mutex_unlock(&v->lock);
	if (!ok) {
		virt_free(v);
		return thread_err(err, "libvirt");
	}
	*out = v;
	return 0;
}

/* Until only so many threads are left, or the time is up. */
static void await_threads(struct virt *v, unsigned left, uint64_t until)
{
	struct timespec ts = { .tv_sec = (time_t)(until / NS_PER_SEC), .tv_nsec = (long)(until % NS_PER_SEC) };

	while (v->threads > left && !pthread_cond_timedwait(&v->ended, &v->lock, &ts))
		;
}

void virt_leave(struct virt *v)
{
	size_t i;

	if (!v)
		return;
	pthread_mutex_lock(&v->lock);
	v->stop = true;
	for (i = 0; i < v->n_conns; i++)
		calls_wake(&v->conns[i]);
	pthread_mutex_unlock(&v->lock);
}

void virt_free(struct virt *v)
{
	uint64_t until = clock_now_ns() + END_NS;
	size_t i;

	if (!v)
		return;
	pthread_mutex_lock(&v->lock);
	v->stop = true;
	for (i = 0; i < v->n_conns; i++) {
		struct conn *c = &v->conns[i];

		calls_drop(c);
		if (c->state == CONN_UP)
			conn_close(c);
		pthread_cond_broadcast(&c->work);
	}
	pthread_cond_signal(&v->wake);
	await_threads(v, 1, until);		/* the loop is the last: closing may need it */
	v->stop_loop = true;
	while (v->threads && clock_now_ns() < until) {
		uint64_t again = clock_now_ns() + 20 * NS_PER_MS;

		pthread_mutex_unlock(&v->lock);
		loop_kick();
		pthread_mutex_lock(&v->lock);
		await_threads(v, 0, again < until ? again : until);
	}
	drop(v);
}

static bool is_current(const struct conn *c, const struct dom *d)
{
	return c->state == CONN_UP && c->answering && c->listed && !d->late_since_ns;
}

static void fill(struct list_entry *e, const struct conn *c, struct dom *d, const char *uri, char *pid_dir)
{
	struct virt_domain *out = &e->domain;
	const char *migrates = words_migration(d->migration);
	const char *reason = migrates ? words_migration_reason(d->migration) : words_reason(d->state, d->why);

	strcpy(out->uuid, d->uuid);
	out->uri = uri;
	out->home = c->home;
	out->home.pid_dir = pid_dir;
	out->name = xstrdup(d->name);
	out->id = d->id;
	out->state = migrates ? migrates : words_state(d->state, d->why);
	out->reason = xstrdup(d->io_error && reason ? d->io_error : reason);
	out->persistent = d->persistent;
	e->def = d->def;
	if (e->def)
		e->def->refs++;
	out->def = e->def ? e->def->def : NULL;
	if (is_current(c, d))
		return;
	out->stale_since_ns = d->late_since_ns ? d->late_since_ns : c->heard_ns;
	out->problem = d->late_since_ns ? xasprintf("%s does not answer for this guest", c->uri) :
		       c->problem ? xasprintf("%s: %s", c->uri, c->problem) : xasprintf("%s does not answer", c->uri);
}

/* Of two that are not up, the one where somebody listens says more. */
static const struct conn *missing(const struct virt *v)
{
	const struct conn *worst = NULL;
	size_t i;

	for (i = 0; i < v->n_conns; i++)
		if (!v->conns[i].listed && (!worst || (worst->absent && !v->conns[i].absent)))
			worst = &v->conns[i];
	if (!worst || (worst->absent && v->n_conns > 1 && !worst->by_hand && v->conns[0].listed))
		return NULL;
	return worst;
}

static int by_uuid(const void *a, const void *b)
{
	return strcmp(((const struct list_entry *)a)->domain.uuid, ((const struct list_entry *)b)->domain.uuid);
}

static struct virt_list *list_make(struct virt *v)
{
	struct virt_list *l = xcalloc(1, sizeof(*l));
	const struct conn *lacks = missing(v);
	size_t i, k, total = 0;

	l->v = v;
	l->refs = 1;
	for (i = 0; i < v->n_conns; i++)
		total += v->conns[i].n_doms;
	l->entries = xcalloc(total, sizeof(*l->entries));
	for (i = 0; i < v->n_conns; i++) {
		struct conn *c = &v->conns[i];
		char *uri = xstrdup(c->uri), *pid_dir = xstrdup(c->home.pid_dir);

		*vec_push(l->uris, l->n_uris) = uri;
		*vec_push(l->uris, l->n_uris) = pid_dir;
		for (k = 0; k < c->n_doms; k++)
			fill(&l->entries[l->n++], c, c->doms[k], uri, pid_dir);
	}
	if (lacks) {
		l->problem = xasprintf("%s: %s", lacks->uri, lacks->problem ? lacks->problem : "it does not answer");
		l->denied = lacks->denied;
	}
	qsort(l->entries, l->n, sizeof(*l->entries), by_uuid);
	return l;
}

struct virt_list *virt_list(struct virt *v)
{
	struct virt_list *l;

	pthread_mutex_lock(&v->lock);
	if (!v->list || v->list_generation != v->generation) {
		list_unref_locked(v->list);
		v->list = list_make(v);
		v->list_generation = v->generation;
	}
	l = v->list;
	l->refs++;
	v->refs++;
	pthread_mutex_unlock(&v->lock);
	return l;
}

void virt_list_unref(struct virt_list *l)
{
	struct virt *v;

	if (!l)
		return;
	v = l->v;
	pthread_mutex_lock(&v->lock);
	list_unref_locked(l);
	drop(v);
}

size_t virt_list_count(const struct virt_list *l)
{
	return l->n;
}

const struct virt_domain *virt_list_get(const struct virt_list *l, size_t i)
{
	return &l->entries[i].domain;
}

const struct virt_domain *virt_list_find(const struct virt_list *l, const char *uuid)
{
	size_t low = 0, high = l->n;

	while (uuid && low < high) {
		size_t mid = (low + high) / 2;
		int cmp = strcasecmp(l->entries[mid].domain.uuid, uuid);

		if (!cmp)
			return strspn(uuid, "0-") == strlen(uuid) ? NULL : &l->entries[mid].domain;
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *virt_list_problem(const struct virt_list *l)
{
	return l->problem;
}

bool virt_list_is_denied(const struct virt_list *l)
{
	return l->denied;
}

bool virt_is_settled(struct virt *v)
{
	uint64_t now = clock_now_ns();
	bool settled = true;
	size_t i;

	pthread_mutex_lock(&v->lock);
	for (i = 0; i < v->n_conns; i++)
		settled &= conn_is_settled(&v->conns[i], now);
	pthread_mutex_unlock(&v->lock);
	return settled;
}

bool virt_is_awaited(struct virt *v)
{
	bool awaited = false;
	size_t i;

	pthread_mutex_lock(&v->lock);
	for (i = 0; i < v->n_conns; i++)
		awaited |= conn_is_awaited(&v->conns[i]);
	pthread_mutex_unlock(&v->lock);
	return awaited;
}

char **virt_problems(struct virt *v, size_t *n)
{
	char **list = NULL;
	size_t i;

	*n = 0;
	pthread_mutex_lock(&v->lock);
	for (i = 0; i < v->n_conns; i++) {
		const struct conn *c = &v->conns[i];

		if (c->by_hand && !c->listed)
			*vec_push(list, *n) = xasprintf("libvirt: %s: %s", c->uri,
							c->problem ? c->problem : "it does not answer");
	}
	pthread_mutex_unlock(&v->lock);
	return list;
}

struct virt_counts virt_counts(struct virt *v)
{
	struct virt_counts n = {0};
	size_t i;

	pthread_mutex_lock(&v->lock);
	n.threads = v->threads;
	n.calls = v->calls;
	n.passed = v->passed;
	for (i = 0; i < v->n_conns; i++)
		n.stuck += v->conns[i].stuck;
	pthread_mutex_unlock(&v->lock);
	return n;
}
