// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls that change a domain, each made by a worker while its caller waits up to a deadline. */
#include "private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int may_change(const struct conn *c, struct err *err)
{
	if (!c->read_only)
		return 0;
	return err_set(err, -EPERM, "%s lets this user only look, as -r does (root and the group libvirt may change things)", c->uri);
}

static int prepare(struct virt *v, const char *uuid, bool changes, struct conn **out, struct err *err)
{
	int rc;

	if (changes && v->config.read_only)
		return err_set(err, -EPERM, "the connection to libvirt is read-only (leave out --read-only)");
	rc = conn_for(v, uuid, out, err);
	return rc || !changes ? rc : may_change(*out, err);
}

int virt_may_change(struct virt *v, const char *uuid, struct err *err)
{
	struct conn *c;
	int rc;

	pthread_mutex_lock(&v->lock);
	rc = conn_for(v, uuid, &c, NULL) ? 0 : may_change(c, err);
	pthread_mutex_unlock(&v->lock);
	return rc;
}

/* Under the lock. */
static int begin(struct conn *c, void (*run)(struct call *), const struct question *q, unsigned timeout_ms, struct call **out,
		 struct err *err)
{
	struct call *call = call_new(c, run, q->uuid);

	call->text = xstrdup(q->text);
	call->more = xstrdup(q->more);
	call->flags = q->flags;
	call->number = q->number;
	call->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (call->done_fd < 0) {
		int rc = err_sys(err, -errno, "eventfd");

		call_unref(call);
		return rc;
	}
	call_start(call, timeout_ms);
	*out = call;
	return 0;
}

static int await(struct virt *v, struct call *call, struct call **out, struct err *err)
{
	int rc = call_wait(call, err);

	if (!rc && out) {
		*out = call;
		return 0;
	}
	call_drop(v, call);
	return rc;
}

int call_ask(struct virt *v, void (*run)(struct call *), const struct question *q, unsigned timeout_ms, struct call **out,
	struct err *err)
{
	struct call *call = NULL;
	struct conn *c = NULL;
	int rc;

	pthread_mutex_lock(&v->lock);
	rc = prepare(v, q->uuid, q->changes, &c, err);
	if (!rc)
		rc = begin(c, run, q, timeout_ms, &call, err);
	pthread_mutex_unlock(&v->lock);
	return rc ? rc : await(v, call, out, err);
}

int call_ask_at(struct virt *v, size_t i, void (*run)(struct call *), const struct question *q, unsigned timeout_ms,
		struct call **out)
{
	struct call *call = NULL;
	int rc = -ECONNRESET;

	pthread_mutex_lock(&v->lock);
	if (v->conns[i].state == CONN_UP && call_may_start(&v->conns[i]))
		rc = begin(&v->conns[i], run, q, timeout_ms, &call, NULL);
	pthread_mutex_unlock(&v->lock);
	return rc ? rc : await(v, call, out, NULL);
}

void call_drop(struct virt *v, struct call *call)
{
	pthread_mutex_lock(&v->lock);
	call_unref(call);
	pthread_mutex_unlock(&v->lock);
}

void call_with_domain(struct call *call, int (*run)(struct call *call, virDomainPtr dom), const char *what)
{
	virDomainPtr dom = call->handle ? virDomainLookupByUUIDString(call->handle, call->uuid) : NULL;

	if (!dom || run(call, dom))
		call->rc = virt_error(&call->err, what);
	if (dom)
		virDomainFree(dom);
}

static unsigned affect_flags(unsigned affect)
{
	return (affect & VIRT_LIVE ? VIR_DOMAIN_AFFECT_LIVE : 0) | (affect & VIRT_CONFIG ? VIR_DOMAIN_AFFECT_CONFIG : 0);
}

static int attach(struct call *call, virDomainPtr dom)
{
	return virDomainAttachDeviceFlags(dom, call->text, call->flags);
}

static void attach_run(struct call *call)
{
	call_with_domain(call, attach, "attaching");
}

int virt_attach(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err)
{
	struct question q = { .uuid = uuid, .text = xml, .flags = affect_flags(affect), .changes = true };

	return call_ask(v, attach_run, &q, timeout_ms, NULL, err);
}

static int update(struct call *call, virDomainPtr dom)
{
	return virDomainUpdateDeviceFlags(dom, call->text, call->flags);
}

/* No event tells of what was done. */
static void read_anew(struct call *call)
{
	struct dom *d;

	pthread_mutex_lock(&call->conn->v->lock);
	d = conn_dom(call->conn, call->uuid);
	if (d)
		d->ask_def = true;
	pthread_mutex_unlock(&call->conn->v->lock);
}

static void update_run(struct call *call)
{
	call_with_domain(call, update, "updating");
	read_anew(call);
}

int virt_update(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err)
{
	struct question q = { .uuid = uuid, .text = xml, .flags = affect_flags(affect), .changes = true };

	return call_ask(v, update_run, &q, timeout_ms, NULL, err);
}

/* The element as libvirt has it, with that one thing changed: it refuses to change most others. */
static int set_link(struct call *call, virDomainPtr dom)
{
	auto_free char *xml = virDomainGetXMLDesc(dom, 0), *nic = NULL;

	if (!xml)
		return -1;
	call->rc = virt_nic_link_xml(xml, strlen(xml), call->text, call->flags, &nic, &call->err);
	return call->rc ? 0 : virDomainUpdateDeviceFlags(dom, nic, VIR_DOMAIN_AFFECT_LIVE);
}

static void link_run(struct call *call)
{
	call_with_domain(call, set_link, "setting the link");
	read_anew(call);
}

int virt_nic_link(struct virt *v, const char *uuid, const char *alias, bool up, unsigned timeout_ms, struct err *err)
{
	struct question q = { .uuid = uuid, .text = alias, .flags = up, .changes = true };

	return call_ask(v, link_run, &q, timeout_ms, NULL, err);
}

static int set_vcpus(struct call *call, virDomainPtr dom)
{
	if (call->text)
		return virDomainSetVcpu(dom, call->text, (int)call->number, call->flags);
	return virDomainSetVcpusFlags(dom, (unsigned)call->number, call->flags);
}

static void vcpus_run(struct call *call)
{
	call_with_domain(call, set_vcpus, "vCPUs");
	read_anew(call);
}

int virt_set_vcpus(struct virt *v, const char *uuid, unsigned count, unsigned affect, unsigned timeout_ms, struct err *err)
{
	struct question q = { .uuid = uuid, .number = count, .flags = affect_flags(affect), .changes = true };

	return call_ask(v, vcpus_run, &q, timeout_ms, NULL, err);
}

int virt_set_vcpu(struct virt *v, const char *uuid, const char *vcpus, bool on, unsigned affect, unsigned timeout_ms,
		  struct err *err)
{
	struct question q = { .uuid = uuid, .text = vcpus, .number = on, .flags = affect_flags(affect), .changes = true };

	return call_ask(v, vcpus_run, &q, timeout_ms, NULL, err);
}

static int detach_config(struct call *call, virDomainPtr dom)
{
	return virDomainDetachDeviceFlags(dom, call->text, VIR_DOMAIN_AFFECT_CONFIG);
}

static void detach_config_run(struct call *call)
{
	call_with_domain(call, detach_config, "taking it out of the stored definition");
}

int virt_detach_config(struct virt *v, const char *uuid, const char *xml, unsigned timeout_ms, struct err *err)
{
	struct question q = { .uuid = uuid, .text = xml, .changes = true };

	return call_ask(v, detach_config_run, &q, timeout_ms, NULL, err);
}

static int resize(struct call *call, virDomainPtr dom)
{
	return virDomainBlockResize(dom, call->text, call->number, VIR_DOMAIN_BLOCK_RESIZE_BYTES);
}

static void resize_run(struct call *call)
{
	call_with_domain(call, resize, "resizing");
}

int virt_block_resize(struct virt *v, const char *uuid, const char *disk, uint64_t bytes, unsigned timeout_ms,
		      struct err *err)
{
	struct question q = { .uuid = uuid, .text = disk, .number = bytes, .changes = true };

	return call_ask(v, resize_run, &q, timeout_ms, NULL, err);
}
