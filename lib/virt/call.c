// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Calls and the workers that make them. libvirt may block for minutes or for good; then the call is given up together
 * with its worker, whose place another one takes while there are places left. A worker that comes back from a call
 * that was given up is an ordinary one again.
 */
#include "private.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct call *call_new(struct conn *c, void (*run)(struct call *), const char *uuid)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->conn = c;
	call->run = run;
	call->uuid = xstrdup(uuid);
	call->refs = 1;
	call->done_fd = -1;
	return call;
}

void call_unref(struct call *call)
{
	if (--call->refs)
		return;
	assert(!call->handle);
	if (call->done_fd >= 0)
		close(call->done_fd);
	virt_def_free(call->def);
	free(call->uuid);
	free(call->text);
	free(call->more);
	free(call->result);
	free(call->result_more);
	free(call);
}

static void unlink_call(struct call **list, struct call *call)
{
	while (*list && *list != call)
		list = &(*list)->next;
	if (*list)
		*list = call->next;
	call->next = NULL;
}

static void append(struct call **list, struct call *call)
{
	while (*list)
		list = &(*list)->next;
	*list = call;
}

static void finish(struct call *call)
{
	struct conn *c = call->conn;

	if (c->opening == call)
		c->opening = NULL;
	if (c->refreshing == call)
		c->refreshing = NULL;
	if (c->pinging == call)
		c->pinging = NULL;
	call->done = true;
	if (call->done_fd >= 0)
		eventfd_write(call->done_fd, 1);
}

/* Under the lock, but for the call itself. */
static void work(struct conn *c)
{
	struct call *call = c->queue;
	virConnectPtr handle = c->state == CONN_UP || c->state == CONN_LOST ? c->handle : NULL;
	bool dead;

	c->queue = call->next;
	call->next = c->running;
	c->running = call;
	call->running = true;
	/* There is a deadline to keep. Only now: the keeper starts calls itself, and hears of nothing until it waits again. */
	pthread_cond_signal(&c->v->wake);
	call->handle = handle;
	if (handle)
		virConnectRef(handle);
	c->v->calls++;
	pthread_mutex_unlock(&c->v->lock);
	call->run(call);
	virResetLastError();
	dead = handle && virConnectIsAlive(handle) == 0;
	/* perhaps the last reference: then this asks the daemon to let go, so it must be here */
	if (call->handle)
		virConnectClose(call->handle);
	call->handle = NULL;
	pthread_mutex_lock(&c->v->lock);
	unlink_call(&c->running, call);
	call->running = false;
	if (call->given_up)
		c->stuck--;
	if (handle && handle == c->handle && dead)
		conn_lost(c, "the connection broke");
	else if (handle && handle == c->handle && c->state == CONN_UP)
		conn_heard(c);
	finish(call);
	call_unref(call);
	pthread_cond_signal(&c->v->wake);
}

static void *worker(void *arg)
{
	struct conn *c = arg;
	struct virt *v = c->v;

	pthread_mutex_lock(&v->lock);
	while (c->workers - c->stuck <= WORKERS_MAX) {
		if (c->queue) {
			work(c);
			continue;
		}
		if (v->stop)
			break;
		c->idle++;
		pthread_cond_wait(&c->work, &v->lock);
		c->idle--;
	}
	c->workers--;
	virt_unref_locked(v);
	return NULL;
}

static void need_worker(struct conn *c)
{
	if (c->idle)
		pthread_cond_signal(&c->work);
	else if (c->workers - c->stuck < WORKERS_MAX && c->workers < WORKERS_MAX + STUCK_MAX &&
		 virt_thread(c->v, worker, c))
		c->workers++;
}

bool call_may_start(const struct conn *c)
{
	return c->stuck < STUCK_MAX;
}

void call_start(struct call *call, unsigned timeout_ms)
{
	call->refs++;
	call->deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	append(&call->conn->queue, call);
	need_worker(call->conn);
}

bool call_step(struct call *call, unsigned timeout_ms)
{
	struct virt *v = call->conn->v;
	bool go_on;

	pthread_mutex_lock(&v->lock);
	go_on = !call->given_up && !v->stop;
	call->deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	pthread_mutex_unlock(&v->lock);
	return go_on;
}

int call_wait(struct call *call, struct err *err)
{
	struct virt *v = call->conn->v;
	struct pollfd fd = { .fd = call->done_fd, .events = POLLIN };
	int rc, left;

	do {
		pthread_mutex_lock(&v->lock);
		left = call->done || v->stop ? 0 : clock_left_ms(call->deadline_ns);
		pthread_mutex_unlock(&v->lock);
	} while (left && poll(&fd, 1, left) <= 0);

	pthread_mutex_lock(&v->lock);
	if (call->done) {
		rc = call->rc;
		if (rc && err)
			*err = call->err;
	} else if (call->running) {
		rc = err_set(err, -ETIMEDOUT, "libvirt (%s) did not answer in time; it may do it yet", call->conn->uri);
	} else {
		rc = err_set(err, -EAGAIN, "libvirt (%s) does not answer: %u calls are waiting for it, this one was not sent",
			     call->conn->uri, call->conn->stuck);
		unlink_call(&call->conn->queue, call);
		call_unref(call);
	}
	pthread_mutex_unlock(&v->lock);
	return rc;
}

static void wake(struct call *list)
{
	for (; list; list = list->next)
		if (list->done_fd >= 0)
			eventfd_write(list->done_fd, 1);
}

void calls_wake(struct conn *c)
{
	wake(c->queue);
	wake(c->running);
}

void calls_drop(struct conn *c)
{
	while (c->queue) {
		struct call *call = c->queue;

		c->queue = call->next;
		call->next = NULL;
		call->rc = err_set(&call->err, -ECANCELED, "interrupted");
		finish(call);
		call_unref(call);
	}
}

static void give_up(struct conn *c, struct call *call)
{
	struct dom *d = c->refreshing == call && call->uuid ? conn_dom(c, call->uuid) : NULL;

	if (d) {		/* the others must not wait for this one again */
		d->late_since_ns = d->known_ns ? d->known_ns : clock_now_ns();
		d->again_ns = clock_now_ns() + 30 * NS_PER_SEC;
		d->ask_state = d->ask_def = true;
	}
	if (c->pinging == call || (c->refreshing == call && !d))
		c->answering = false;
	call->given_up = true;
	c->stuck++;
	if (c->opening == call)
		c->opening = NULL;
	if (c->refreshing == call)
		c->refreshing = NULL;
	if (c->pinging == call)
		c->pinging = NULL;
	virt_changed(c->v);
	if (c->queue)
		need_worker(c);
}

uint64_t calls_mind(struct conn *c, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	struct call *call;

	for (call = c->running; call; call = call->next) {
		if (call->given_up)
			continue;
		if (now >= call->deadline_ns)
			give_up(c, call);
		else if (call->deadline_ns < next)
			next = call->deadline_ns;
	}
	return next;
}
