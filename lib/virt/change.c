// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls that change a domain, each made by a worker while its caller waits up to a deadline. */
#include "private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* While a removal is awaited, libvirt's XML is looked at so often: an event can be lost with a connection. */
#define LOOK_MS 5000

static int prepare(struct virt *v, const char *uuid, bool changes, struct conn **out, struct err *err)
{
	int rc;

	if (changes && v->config.read_only)
		return err_set(err, -EPERM, "the connection to libvirt is read-only (leave out --read-only)");
	rc = conn_for(v, uuid, out, err);
	if (!rc && changes && (*out)->read_only)
		return err_set(err, -EPERM, "no right to change things through %s", (*out)->uri);
	return rc;
}

/* What a call is asked with; copied. */
struct question {
	const char *uuid, *text, *more;
	unsigned flags;
	uint64_t number;
	bool changes;
};

/* Run it in a worker and wait. *out (may be NULL) gets the call on success: call_drop it. */
static int ask(struct virt *v, void (*run)(struct call *), const struct question *q, unsigned timeout_ms,
	       struct call **out, struct err *err)
{
	struct call *call = NULL;
	struct conn *c = NULL;
	int rc;

	pthread_mutex_lock(&v->lock);
	rc = prepare(v, q->uuid, q->changes, &c, err);
	if (!rc) {
		call = call_new(c, run, q->uuid);
		call->text = xstrdup(q->text);
		call->more = xstrdup(q->more);
		call->flags = q->flags;
		call->number = q->number;
		call->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (call->done_fd < 0) {
			rc = err_sys(err, -errno, "eventfd");
			call_unref(call);
		} else {
			call_start(call, timeout_ms);
		}
	}
	pthread_mutex_unlock(&v->lock);
	if (rc)
		return rc;
	rc = call_wait(call, err);
	if (!rc && out) {
		*out = call;
		return 0;
	}
	pthread_mutex_lock(&v->lock);
	call_unref(call);
	pthread_mutex_unlock(&v->lock);
	return rc;
}

static void call_drop(struct virt *v, struct call *call)
{
	pthread_mutex_lock(&v->lock);
	call_unref(call);
	pthread_mutex_unlock(&v->lock);
}

/* In a worker: the domain; what it is done with is up to one function per call. */
static void with_domain(struct call *call, int (*run)(struct call *call, virDomainPtr dom), const char *what)
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
	with_domain(call, attach, "attaching");
}

int virt_attach(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err)
{
	struct question q = { .uuid = uuid, .text = xml, .flags = affect_flags(affect), .changes = true };

	return ask(v, attach_run, &q, timeout_ms, NULL, err);
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
	with_domain(call, update, "updating");
	read_anew(call);
}

int virt_update(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err)
{
	struct question q = { .uuid = uuid, .text = xml, .flags = affect_flags(affect), .changes = true };

	return ask(v, update_run, &q, timeout_ms, NULL, err);
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
	with_domain(call, set_link, "setting the link");
	read_anew(call);
}

int virt_nic_link(struct virt *v, const char *uuid, const char *alias, bool up, unsigned timeout_ms, struct err *err)
{
	struct question q = { .uuid = uuid, .text = alias, .flags = up, .changes = true };

	return ask(v, link_run, &q, timeout_ms, NULL, err);
}

static int set_vcpus(struct call *call, virDomainPtr dom)
{
	if (call->text)
		return virDomainSetVcpu(dom, call->text, (int)call->number, call->flags);
	return virDomainSetVcpusFlags(dom, (unsigned)call->number, call->flags);
}

static void vcpus_run(struct call *call)
{
	with_domain(call, set_vcpus, "vCPUs");
	read_anew(call);
}

int virt_set_vcpus(struct virt *v, const char *uuid, unsigned count, unsigned affect, unsigned timeout_ms, struct err *err)
{
	struct question q = { .uuid = uuid, .number = count, .flags = affect_flags(affect), .changes = true };

	return ask(v, vcpus_run, &q, timeout_ms, NULL, err);
}

int virt_set_vcpu(struct virt *v, const char *uuid, const char *vcpus, bool on, unsigned affect, unsigned timeout_ms,
		  struct err *err)
{
	struct question q = { .uuid = uuid, .text = vcpus, .number = on, .flags = affect_flags(affect), .changes = true };

	return ask(v, vcpus_run, &q, timeout_ms, NULL, err);
}

static int detach_config(struct call *call, virDomainPtr dom)
{
	return virDomainDetachDeviceFlags(dom, call->text, VIR_DOMAIN_AFFECT_CONFIG);
}

static void detach_config_run(struct call *call)
{
	with_domain(call, detach_config, "taking it out of the stored definition");
}

int virt_detach_config(struct virt *v, const char *uuid, const char *xml, unsigned timeout_ms, struct err *err)
{
	struct question q = { .uuid = uuid, .text = xml, .changes = true };

	return ask(v, detach_config_run, &q, timeout_ms, NULL, err);
}

static int resize(struct call *call, virDomainPtr dom)
{
	return virDomainBlockResize(dom, call->text, call->number, VIR_DOMAIN_BLOCK_RESIZE_BYTES);
}

static void resize_run(struct call *call)
{
	with_domain(call, resize, "resizing");
}

int virt_block_resize(struct virt *v, const char *uuid, const char *disk, uint64_t bytes, unsigned timeout_ms,
		      struct err *err)
{
	struct question q = { .uuid = uuid, .text = disk, .number = bytes, .changes = true };

	return ask(v, resize_run, &q, timeout_ms, NULL, err);
}

static int block_size(struct call *call, virDomainPtr dom)
{
	virDomainBlockInfo info = {0};
	int rc = virDomainGetBlockInfo(dom, call->text, &info, 0);

	call->number = info.capacity;
	return rc;
}

static void block_size_run(struct call *call)
{
	with_domain(call, block_size, "the size of a disk");
}

int virt_block_size(struct virt *v, const char *uuid, const char *disk, unsigned timeout_ms, uint64_t *bytes, struct err *err)
{
	struct question q = { .uuid = uuid, .text = disk };
	struct call *call;
	int rc = ask(v, block_size_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*bytes = call->number;
	call_drop(v, call);
	return 0;
}

static int read_stored(struct call *call, virDomainPtr dom)
{
	auto_free char *xml = NULL;
	int persistent = virDomainIsPersistent(dom);

	if (persistent <= 0)
		return persistent;
	xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
	if (!xml)
		return -1;
	call->rc = virt_def_parse(xml, strlen(xml), &call->def->stored, &call->err);
	return 0;
}

static int read_xml(struct call *call, virDomainPtr dom)
{
	auto_free char *xml = virDomainIsActive(dom) == 1 ? virDomainGetXMLDesc(dom, 0) : NULL;

	if (!xml)
		return -1;
	call->rc = virt_def_parse(xml, strlen(xml), &call->def, &call->err);
	return call->rc || !(call->flags & VIRT_CONFIG) ? 0 : read_stored(call, dom);
}

static void read_run(struct call *call)
{
	with_domain(call, read_xml, "reading its XML");
}

int virt_domain_read(struct virt *v, const char *uuid, unsigned affect, unsigned timeout_ms, struct virt_def **out, struct err *err)
{
	struct question q = { .uuid = uuid, .flags = affect };
	struct call *call;
	int rc = ask(v, read_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*out = take_ptr(call->def);
	call_drop(v, call);
	return 0;
}

static int volume(struct call *call, virStoragePoolPtr pool)
{
	virStorageVolPtr vol = virStorageVolLookupByName(pool, call->more);
	char *xml;

	if (!vol)
		return -1;
	call->result = virStorageVolGetPath(vol);
	xml = call->result ? virStorageVolGetXMLDesc(vol, 0) : NULL;
	if (xml)
		virt_vol_format(xml, strlen(xml), &call->result_more);
	free(xml);
	virStorageVolFree(vol);
	return call->result ? 0 : -1;
}

static void volume_run(struct call *call)
{
	virStoragePoolPtr pool = call->handle ? virStoragePoolLookupByName(call->handle, call->text) : NULL;

	if (!pool || volume(call, pool))
		call->rc = virt_error(&call->err, "volume");
	if (pool)
		virStoragePoolFree(pool);
}

int virt_vol_path(struct virt *v, const char *uuid, const char *pool, const char *vol, unsigned timeout_ms,
		  char **path, char **format, struct err *err)
{
	struct question q = { .uuid = uuid, .text = pool, .more = vol };
	struct call *call;
	int rc = ask(v, volume_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*path = take_ptr(call->result);
	*format = take_ptr(call->result_more);
	call_drop(v, call);
	return 0;
}

/* Does the stored definition name the file as that of a disk? */
static bool lists_file(virDomainPtr dom, const char *file)
{
	auto_free char *xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
	struct virt_def *def = NULL;
	struct err err;
	bool lists = false;
	size_t i;

	if (!xml || virt_def_parse(xml, strlen(xml), &def, &err))
		return false;
	for (i = 0; i < def->n_disks; i++)
		lists |= def->disks[i].source && !strcmp(def->disks[i].source, file);
	virt_def_free(def);
	return lists;
}

static void disk_users_run(struct call *call)
{
	virDomainPtr *list = NULL;
	auto_buf struct buf names = {0};
	char uuid[VIR_UUID_STRING_BUFLEN];
	int n, i;

	n = call->handle ? virConnectListAllDomains(call->handle, &list, VIR_CONNECT_LIST_DOMAINS_PERSISTENT) : -1;
	if (n < 0)
		call->rc = virt_error(&call->err, "the stored definitions");
	for (i = 0; i < n; i++) {
		/* who asks may be over with it: then this ends, too */
		if (clock_now_ns() < call->deadline_ns && !virDomainGetUUIDString(list[i], uuid) && strcasecmp(uuid, call->uuid) &&
		    lists_file(list[i], call->text))
			buf_printf(&names, "%s%s", names.len ? ", " : "", virDomainGetName(list[i]));
		virDomainFree(list[i]);
	}
	free(list);
	call->result = buf_take(&names);
}

int virt_disk_users(struct virt *v, const char *uuid, const char *file, unsigned timeout_ms, char **names, struct err *err)
{
	struct question q = { .uuid = uuid, .text = file };
	struct call *call;
	int rc = ask(v, disk_users_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*names = take_ptr(call->result);
	call_drop(v, call);
	return 0;
}

static int detach(struct call *call, virDomainPtr dom)
{
	return virDomainDetachDeviceAlias(dom, call->text, VIR_DOMAIN_AFFECT_LIVE);
}

static void detach_run(struct call *call)
{
	with_domain(call, detach, "removing");
	/* somebody has asked already and the guest has not answered: wait with him */
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
			rc = err_set(err, -EBUSY, "the guest refused to let go of %s", alias);
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
			return err_set(err, -ETIMEDOUT, "the guest has not let go of %s", alias);
	}
	return rc;
}

int virt_detach_alias(struct virt *v, const char *uuid, const char *alias, unsigned timeout_ms, int interrupt,
		      struct err *err)
{
	struct question q = { .uuid = uuid, .text = alias, .changes = true };
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS, seq;
	struct waiter w = { .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	int rc;

	if (w.fd < 0)
		return err_sys(err, -errno, "eventfd");
	watch(v, &w, &seq);
	rc = ask(v, detach_run, &q, timeout_ms, NULL, err);
	if (!rc)
		rc = await_gone(v, uuid, alias, &w, seq, deadline, interrupt, err);
	unwatch(v, &w);
	return rc;
}

static int addresses(struct call *call, virDomainPtr dom)
{
	virDomainInterfacePtr *list = NULL;
	auto_buf struct buf text = {0};
	int n = virDomainInterfaceAddresses(dom, &list, call->flags, 0), i;
	unsigned k;

	for (i = 0; i < n; i++) {
		for (k = 0; list[i]->hwaddr && k < list[i]->naddrs; k++)
			buf_printf(&text, "%s %s\n", list[i]->hwaddr, list[i]->addrs[k].addr);
		virDomainInterfaceFree(list[i]);
	}
	free(list);
	if (n < 0)
		return -1;
	call->result = buf_take(&text);
	return 0;
}

static void addresses_run(struct call *call)
{
	with_domain(call, addresses, "addresses");
}

int virt_addresses(struct virt *v, const char *uuid, bool agent, unsigned timeout_ms, char **lines, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc;

	q.flags = agent ? VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT : VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE;
	rc = ask(v, addresses_run, &q, timeout_ms, &call, err);
	if (rc)
		return rc;
	*lines = take_ptr(call->result);
	call_drop(v, call);
	return 0;
}

static int memory(struct call *call, virDomainPtr dom)
{
	struct virt_memory_stats *m = &call->memory;
	const struct {
		uint64_t *to, unit;
	} tags[VIR_DOMAIN_MEMORY_STAT_NR] = {
		[VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON] = { &m->actual, 1024 },
		[VIR_DOMAIN_MEMORY_STAT_AVAILABLE] = { &m->total, 1024 },
		[VIR_DOMAIN_MEMORY_STAT_UNUSED] = { &m->free, 1024 },
		[VIR_DOMAIN_MEMORY_STAT_USABLE] = { &m->available, 1024 },
		[VIR_DOMAIN_MEMORY_STAT_DISK_CACHES] = { &m->caches, 1024 },
		[VIR_DOMAIN_MEMORY_STAT_SWAP_IN] = { &m->swap_in, 1024 },
		[VIR_DOMAIN_MEMORY_STAT_SWAP_OUT] = { &m->swap_out, 1024 },
		[VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT] = { &m->major_faults, 1 },
		[VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT] = { &m->minor_faults, 1 },
		[VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE] = { &m->updated, 1 },
	};
	virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
	int n = virDomainMemoryStats(dom, stats, ARRAY_SIZE(stats), 0), i;

	memset(m, 0xff, sizeof(*m));
	for (i = 0; i < n; i++) {
		unsigned tag = (unsigned)stats[i].tag;

		if (tag < ARRAY_SIZE(tags) && tags[tag].to && stats[i].val < UINT64_MAX / tags[tag].unit)
			*tags[tag].to = stats[i].val * tags[tag].unit;
	}
	return n < 0 ? -1 : 0;
}

static void memory_run(struct call *call)
{
	with_domain(call, memory, "memory statistics");
}

int virt_memory_read(struct virt *v, const char *uuid, unsigned timeout_ms, struct virt_memory_stats *out, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc = ask(v, memory_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*out = call->memory;
	call_drop(v, call);
	return 0;
}
