// SPDX-License-Identifier: GPL-3.0-or-later
/* Taking a device out of a running domain, and waiting until its guest has let go. */
#include "private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* While a removal is awaited, libvirt's XML is looked at so often: an event can be lost with a connection. */
#define LOOK_MS 5000
#define BUSY_MS 100

static int detach(struct call *call, virDomainPtr dom)
{
	return virDomainDetachDeviceAlias(dom, call->text, VIR_DOMAIN_AFFECT_LIVE);
}

static void detach_run(struct call *call)
{
	call_with_domain(call, detach, "removing");
	/* asked before, and the guest has not answered: its answer is awaited */
	if (call->rc && strstr(call->err.text, "already in the process of unplug"))
		call->rc = 0;
}

static void watch(struct virt *v, struct waiter *w, uint64_t *seq)
{
	pthread_mutex_lock(&v->lock);
	w->next = v->waiters;
	v->waiters = w;
	*seq = v->last_seq;
	pthread_mutex_unlock(&v->lock);
}

static void unwatch(struct virt *v, struct waiter *w)
{
	struct waiter **at = &v->waiters;

	pthread_mutex_lock(&v->lock);
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	pthread_mutex_unlock(&v->lock);
	close(w->fd);
}

/* libvirt 9.0 says "memua-m1" for a DIMM whose alias is "ua-m1". */
static bool is_it(const char *device, const char *alias)
{
	return device && (!strcmp(device, alias) || (str_has_prefix(device, "mem") && !strcmp(device + 3, alias)));
}

/* 0: it is gone, -EBUSY: the guest refused, -EAGAIN: no news. */
static int news(struct virt *v, const char *uuid, const char *alias, uint64_t *seq, struct err *err)
{
	struct virt_event *list;
	size_t n = virt_events(v, uuid, seq, &list), i;
	int rc = -EAGAIN;

	for (i = 0; i < n && rc == -EAGAIN; i++) {
		if (!is_it(list[i].device, alias))
			continue;
		if (list[i].kind == VIRT_DEVICE_REMOVED)
			rc = 0;
		else if (list[i].kind == VIRT_DEVICE_REMOVAL_FAILED)
			rc = err_set(err, -EBUSY, "the guest refused to release %s", alias);
	}
	virt_events_free(list, n);
	return rc;
}

static int look(struct virt *v, const char *uuid, const char *alias)
{
	struct virt_def *def;
	int rc = virt_domain_read(v, uuid, VIRT_LIVE, 2000, &def, NULL);

	if (rc == -ENOENT)		/* and it went with the guest */
		return 0;
	if (rc)
		return -EAGAIN;
	rc = virt_def_has_alias(def, alias) ? -EAGAIN : 0;
	virt_def_free(def);
	return rc;
}

static int await_gone(struct virt *v, const char *uuid, const char *alias, struct waiter *w, uint64_t seq,
		      uint64_t deadline, int interrupt, struct err *err)
{
	struct pollfd fds[2] = { { .fd = w->fd, .events = POLLIN }, { .fd = interrupt, .events = POLLIN } };
	int rc;

	while ((rc = news(v, uuid, alias, &seq, err)) == -EAGAIN) {
		int left = clock_left_ms(deadline);
		eventfd_t n;

		if (poll(fds, ARRAY_SIZE(fds), left < LOOK_MS ? left : LOOK_MS) > 0) {
			if (fds[1].revents)
				return err_set(err, -ECANCELED, "interrupted");
			eventfd_read(w->fd, &n);
			continue;
		}
		if (!look(v, uuid, alias))
			return 0;
		if (!clock_left_ms(deadline))
			return err_set(err, -ETIMEDOUT, "the guest has not released %s", alias);
	}
	return rc;
}

/* QEMU's words for a slot that is busy with the last press of its button. */
static int request_detach(struct virt *v, const struct question *q, uint64_t deadline, int interrupt, struct err *err)
{
	struct pollfd p = { .fd = interrupt, .events = POLLIN };

	for (;;) {
		struct err why = {0};
		int left = clock_left_ms(deadline), rc = call_ask(v, detach_run, q, left > 0 ? (unsigned)left : 1, NULL, &why);

		if (!rc || !strstr(why.text, "guest is busy")) {
			if (rc && err)
				*err = why;
			return rc;
		}
		if (clock_left_ms(deadline) <= 0)
			return err_set(err, -EBUSY, "%s", why.text);
		if (poll(&p, 1, BUSY_MS) > 0)
			return err_set(err, -ECANCELED, "interrupted");
	}
}

static int detach_and_wait(struct virt *v, const struct question *q, bool asked, unsigned timeout_ms, int interrupt, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS, seq;
	struct waiter w = { .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	int rc = 0;

	if (w.fd < 0)
		return err_sys(err, -errno, "eventfd");
	watch(v, &w, &seq);
	if (!asked)
		rc = request_detach(v, q, deadline, interrupt, err);
	else if (!look(v, q->uuid, q->text))
		deadline = 0;
	if (!rc && deadline)
		rc = await_gone(v, q->uuid, q->text, &w, seq, deadline, interrupt, err);
	unwatch(v, &w);
	return rc;
}

int virt_detach_alias(struct virt *v, const char *uuid, const char *alias, unsigned timeout_ms, int interrupt, struct err *err)
{
	const struct question q = { .uuid = uuid, .text = alias, .changes = true };

	return detach_and_wait(v, &q, false, timeout_ms, interrupt, err);
}

int virt_await_gone(struct virt *v, const char *uuid, const char *alias, unsigned timeout_ms, int interrupt, struct err *err)
{
	const struct question q = { .uuid = uuid, .text = alias };

	return detach_and_wait(v, &q, true, timeout_ms, interrupt, err);
}
