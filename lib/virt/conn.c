// SPDX-License-Identifier: GPL-3.0-or-later
/* One connection: whether somebody listens, opening, losing it, opening again; its domains. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_MS 15000		/* then its worker is given up, and another may try */
#define ANSWER_NS (2 * NS_PER_SEC)	/* silent for so long: it does not answer */
/*
 * Asked after so long a silence, which costs it next to nothing: whoever wants something of it learns at once that it hangs,
 * and one that dies closes the connection.
 */
#define PING_NS (30 * NS_PER_SEC)
#define LOOK_NS (5 * NS_PER_SEC)	/* whether a daemon has come */
#define RETRY_MAX_NS (30 * NS_PER_SEC)

struct dom *conn_dom(struct conn *c, const char *uuid)
{
	size_t i;

	for (i = 0; i < c->n_doms; i++)
		if (!strcmp(c->doms[i]->uuid, uuid))
			return c->doms[i];
	return NULL;
}

struct dom *conn_dom_add(struct conn *c, const char *uuid, const char *name, int id)
{
	struct dom *d = conn_dom(c, uuid);

	if (!d) {
		if (c->n_doms == c->cap_doms) {
			c->cap_doms = c->cap_doms ? 2 * c->cap_doms : 16;
			c->doms = xrealloc(c->doms, c->cap_doms, sizeof(c->doms[0]));
		}
		d = c->doms[c->n_doms++] = xcalloc(1, sizeof(*d));
		strcpy(d->uuid, uuid);
		d->state = -1;
		d->ask_def = true;
	}
	if (!d->name || strcmp(d->name, name)) {
		free(d->name);
		d->name = str_utf8(name, strlen(name), 1024);
	}
	if (d->id != id)		/* it was started anew meanwhile */
		d->ask_def = true;
	d->id = id;
	d->ask_state = true;
	virt_changed(c->v);
	return d;
}

void conn_dom_drop(struct conn *c, struct dom *d)
{
	size_t i;

	for (i = 0; i < c->n_doms && c->doms[i] != d; i++)
		;
	c->doms[i] = c->doms[--c->n_doms];
	def_unref(d->def);
	free(d->io_error);
	free(d->name);
	free(d);
	virt_changed(c->v);
}

int conn_for(struct virt *v, const char *uuid, struct conn **out, struct err *err)
{
	struct conn *c = NULL, *silent = NULL;
	size_t i;

	for (i = 0; i < v->n_conns && !c; i++) {
		if (conn_dom(&v->conns[i], uuid))
			c = &v->conns[i];
		else if (!v->conns[i].listed && !v->conns[i].absent)
			silent = &v->conns[i];
	}
	if (!c && !silent)
		return err_set(err, -ENOENT, "libvirt has no active domain of this UUID");
	if (!c || c->state != CONN_UP) {
		c = c ? c : silent;
		return err_set(err, -ECONNRESET, "%s: %s", c->uri, c->problem ? c->problem : "it does not answer");
	}
	if (!call_may_start(c))
		return err_set(err, -EAGAIN, "%s does not answer: %u calls are waiting for it already", c->uri, c->stuck);
	*out = c;
	return 0;
}

static void set_problem(struct conn *c, const char *why)
{
	free(c->problem);
	c->problem = xstrdup(why);
	virt_changed(c->v);
}

void conn_heard(struct conn *c)
{
	uint64_t now = clock_now_ns();

	c->heard_ns = now;
	c->ping_ns = now + PING_NS;
	if (c->answering)
		return;
	c->answering = true;
	set_problem(c, NULL);
}

void conn_lost(struct conn *c, const char *why)
{
	if (c->state != CONN_UP)
		return;
	c->state = CONN_LOST;
	c->answering = c->listed = false;
	set_problem(c, why);
	event_push(c->v, VIRT_CONNECTION, "", NULL, NULL, "%s: connection lost: %s", c->uri, why);
	pthread_cond_signal(&c->v->wake);
}

static void on_close(virConnectPtr handle, int reason, void *arg)
{
	static const char *const why[] = {
		[VIR_CONNECT_CLOSE_REASON_ERROR] = "the connection broke",
		[VIR_CONNECT_CLOSE_REASON_EOF] = "the daemon closed the connection",
		[VIR_CONNECT_CLOSE_REASON_KEEPALIVE] = "the daemon does not answer",
		[VIR_CONNECT_CLOSE_REASON_CLIENT] = "closed",
	};
	struct conn *c = arg;

	pthread_mutex_lock(&c->v->lock);
	if (handle == c->handle)
		conn_lost(c, (size_t)reason < ARRAY_SIZE(why) && why[reason] ? why[reason] : "the connection broke");
	pthread_mutex_unlock(&c->v->lock);
}

static bool is_socket(const char *dir, const char *name, const char *tail)
{
	auto_free char *path = xasprintf("%s/%s%s", dir, name, tail);
	struct stat st;

	return !stat(path, &st) && S_ISSOCK(st.st_mode);
}

/* A daemon's socket is there; also where we do not know what its socket would be. */
static bool has_socket(const struct conn *c)
{
	static const char *const names[] = { "libvirt-sock", "virtqemud-sock" };
	bool system = !strcmp(c->uri, "qemu:///system");
	auto_free char *dir = NULL;
	size_t i;

	if (!system && strcmp(c->uri, "qemu:///session"))
		return true;
	dir = system ? xstrdup("/run/libvirt") : virt_session_dir();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (is_socket(dir, names[i], system && c->v->config.read_only ? "-ro" : ""))
			return true;
	return false;
}

static void took_over(struct conn *c, virConnectPtr h, bool read_only, const int *ids, size_t n)
{
	c->handle = h;
	c->state = CONN_UP;
	c->read_only = read_only;
	memcpy(c->callbacks, ids, n * sizeof(*ids));
	c->n_callbacks = n;
	c->failures = 0;
	c->relist = true;
	c->answering = false;
	c->pinging = NULL;
	conn_heard(c);
	event_push(c->v, VIRT_CONNECTION, "", NULL, NULL, "%s: connected%s", c->uri, read_only ? " read-only" : "");
}

static void close_handle(virConnectPtr h, const int *ids, size_t n)
{
	while (n)
		virConnectDomainEventDeregisterAny(h, ids[--n]);
	virConnectUnregisterCloseCallback(h, on_close);
	virConnectClose(h);
}

static virConnectPtr open_handle(struct conn *c, bool *read_only, int *rc, struct err *err)
{
	virConnectPtr h = NULL;

	*rc = 0;
	*read_only = c->v->config.read_only;
	if (!*read_only)
		h = virConnectOpen(c->uri);
	if (!h && !*read_only)
		*rc = virt_error(err, "cannot connect");
	/* without the right to change things, there is still something to see */
	if (*read_only || *rc == -EPERM) {
		*read_only = true;
		h = virConnectOpenReadOnly(c->uri);
		if (!h && !*rc)
			*rc = virt_error(err, "cannot connect");
	}
	return h;
}

static void open_run(struct call *call)
{
	struct conn *c = call->conn;
	struct virt *v = c->v;
	int ids[CALLBACKS_MAX];
	bool read_only, taken;
	struct virt_home home;
	virConnectPtr h;
	size_t n = 0;
	int rc;

	h = open_handle(c, &read_only, &rc, &call->err);
	if (h) {
		/* called by the loop or by a worker only, which hold references of their own */
		virConnectRegisterCloseCallback(h, on_close, c, NULL);
		events_register(call, h, ids, &n);
	}
	home = virt_home(c->uri);
	pthread_mutex_lock(&v->lock);
	taken = h && !v->stop && (c->state == CONN_DOWN || c->state == CONN_OPENING);
	if (taken) {
		free(c->home.pid_dir);
		c->home = home;
		home.pid_dir = NULL;
		took_over(c, h, read_only, ids, n);
	} else if (!h && !call->given_up) {
		c->state = CONN_DOWN;
		c->denied = rc == -EPERM;
		set_problem(c, call->err.text);
	}
	c->tried = true;
	pthread_mutex_unlock(&v->lock);
	free(home.pid_dir);
	if (h && !taken)
		close_handle(h, ids, n);
	call->rc = taken ? 0 : -ECONNRESET;
}

static void close_run(struct call *call)
{
	struct conn *c = call->conn;
	int ids[CALLBACKS_MAX];
	virConnectPtr h;
	size_t n;

	pthread_mutex_lock(&c->v->lock);
	h = take_ptr(c->handle);
	n = c->n_callbacks;
	memcpy(ids, c->callbacks, n * sizeof(*ids));
	c->n_callbacks = 0;
	c->state = CONN_DOWN;
	pthread_mutex_unlock(&c->v->lock);
	if (h)
		close_handle(h, ids, n);
	call->rc = -ECONNRESET;
}

void conn_close(struct conn *c)
{
	struct call *call = call_new(c, close_run, NULL);

	c->opening = call;
	call_start(call, 5000);
	call_unref(call);
}

static void ping_run(struct call *call)
{
	unsigned long version;

	if (virConnectGetLibVersion(call->handle, &version))
		call->rc = virt_error_is_lost() ? -ECONNRESET : 0;
}

static struct call *begin(struct conn *c, void (*run)(struct call *), unsigned timeout_ms)
{
	struct call *call = call_new(c, run, NULL);

	call_start(call, timeout_ms);
	call_unref(call);		/* the worker's stays */
	return call;
}

/* Somebody has to be asked anew, and may be. */
static bool is_dirty(const struct conn *c, uint64_t now)
{
	size_t i;

	for (i = 0; i < c->n_doms; i++)
		if ((c->doms[i]->ask_state || c->doms[i]->ask_def) && now >= c->doms[i]->again_ns)
			return true;
	return c->relist;
}

static void sooner(uint64_t *next, uint64_t when)
{
	if (when < *next)
		*next = when;
}

static void mind_down(struct conn *c, uint64_t now, uint64_t *next)
{
	uint64_t wait = NS_PER_SEC << (c->failures < 5 ? c->failures : 5);

	if (now < c->retry_ns || !call_may_start(c)) {
		sooner(next, c->retry_ns > now ? c->retry_ns : now + NS_PER_SEC);
		return;
	}
	c->absent = !has_socket(c);
	if (c->absent) {
		if (!c->tried || !c->problem)
			set_problem(c, "no daemon listens there");
		c->tried = true;
		c->retry_ns = now + (c->failures ? NS_PER_SEC : LOOK_NS);
		sooner(next, c->retry_ns);
		return;
	}
	c->failures++;
	c->retry_ns = now + (wait < RETRY_MAX_NS ? wait : RETRY_MAX_NS);
	c->state = CONN_OPENING;
	c->opening_ns = now;
	c->opening = begin(c, open_run, OPEN_MS);
}

static void mind_up(struct conn *c, uint64_t now, uint64_t *next)
{
	size_t i;

	/* while nothing is answered, the one question that is out is enough */
	if (c->stuck && !c->answering)
		return;
	if (!c->refreshing && is_dirty(c, now) && call_may_start(c))
		c->refreshing = begin(c, refresh_run, 5000);
	if (!c->pinging && now >= c->ping_ns && call_may_start(c))
		c->pinging = begin(c, ping_run, (unsigned)(ANSWER_NS / NS_PER_MS));
	if (!c->pinging)
		sooner(next, c->ping_ns > now ? c->ping_ns : now + NS_PER_SEC);
	for (i = 0; i < c->n_doms; i++)
		if (c->doms[i]->again_ns > now)
			sooner(next, c->doms[i]->again_ns);
}

uint64_t conn_mind(struct conn *c, uint64_t now)
{
	uint64_t next;

	if (c->state == CONN_OPENING && !c->opening)	/* it was given up, or failed */
		c->state = CONN_DOWN;
	if (c->state == CONN_LOST && !c->opening)
		conn_close(c);
	next = UINT64_MAX;
	if (c->state == CONN_DOWN && !c->opening)
		mind_down(c, now, &next);
	if (c->state == CONN_UP)
		mind_up(c, now, &next);
	sooner(&next, calls_mind(c, now));
	return next;
}

bool conn_is_settled(const struct conn *c, uint64_t now)
{
	switch (c->state) {
	case CONN_DOWN: return c->tried;
	case CONN_OPENING: return c->failures > 1 || now - c->opening_ns > ANSWER_NS;
	case CONN_UP: return c->listed || !c->answering;
	case CONN_LOST: return true;
	}
	return true;
}

bool conn_is_awaited(const struct conn *c)
{
	switch (c->state) {
	case CONN_DOWN: return !c->tried;
	case CONN_OPENING: return true;
	case CONN_UP: return !c->listed;
	case CONN_LOST: return false;
	}
	return false;
}
