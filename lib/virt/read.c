// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls that read a domain, each made by a worker while its caller waits up to a deadline. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

static int block_size(struct call *call, virDomainPtr dom)
{
	virDomainBlockInfo info = {0};
	int rc = virDomainGetBlockInfo(dom, call->text, &info, 0);

	call->number = info.capacity;
	return rc;
}

static void block_size_run(struct call *call)
{
	call_with_domain(call, block_size, "the size of a disk");
}

int virt_block_size(struct virt *v, const char *uuid, const char *disk, unsigned timeout_ms, uint64_t *bytes, struct err *err)
{
	struct question q = { .uuid = uuid, .text = disk };
	struct call *call;
	int rc = call_ask(v, block_size_run, &q, timeout_ms, &call, err);

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
	call_with_domain(call, read_xml, "reading its XML");
}

int virt_domain_read(struct virt *v, const char *uuid, unsigned affect, unsigned timeout_ms, struct virt_def **out, struct err *err)
{
	struct question q = { .uuid = uuid, .flags = affect };
	struct call *call;
	int rc = call_ask(v, read_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*out = take_ptr(call->def);
	call_drop(v, call);
	return 0;
}

static void shut_off_run(struct call *call)
{
	virDomainPtr dom = call->handle ? virDomainLookupByName(call->handle, call->text) : NULL;

	if (!dom && call->handle)
		dom = virDomainLookupByUUIDString(call->handle, call->text);
	call->number = dom && !virDomainIsActive(dom);
	if (dom)
		virDomainFree(dom);
}

char *virt_shut_off(struct virt *v, const char *word, unsigned timeout_ms)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct question q = { .text = word };
	char *uri = NULL;
	size_t i;

	for (i = 0; i < v->n_conns && !uri && clock_left_ms(deadline); i++) {
		struct call *call;

		if (call_ask_at(v, i, shut_off_run, &q, (unsigned)clock_left_ms(deadline), &call))
			continue;
		if (call->number)
			uri = xstrdup(v->conns[i].uri);
		call_drop(v, call);
	}
	return uri;
}

static void version_run(struct call *call)
{
	unsigned long version = 0;

	if (!call->handle || virConnectGetLibVersion(call->handle, &version))
		call->rc = virt_error(&call->err, "libvirt's version");
	call->number = version;
}

int virt_version(struct virt *v, const char *uuid, unsigned timeout_ms, unsigned long *version, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc = call_ask(v, version_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*version = (unsigned long)call->number;
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
	int rc = call_ask(v, volume_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*path = take_ptr(call->result);
	*format = take_ptr(call->result_more);
	call_drop(v, call);
	return 0;
}

static void bridge_run(struct call *call)
{
	virNetworkPtr network = call->handle ? virNetworkLookupByName(call->handle, call->text) : NULL;

	call->result = network ? virNetworkGetBridgeName(network) : NULL;
	if (!call->result)
		call->rc = virt_error(&call->err, "network");
	if (network)
		virNetworkFree(network);
}

int virt_network_bridge(struct virt *v, const char *uuid, const char *network, unsigned timeout_ms, char **bridge, struct err *err)
{
	struct question q = { .uuid = uuid, .text = network };
	struct call *call;
	int rc = call_ask(v, bridge_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*bridge = take_ptr(call->result);
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
	int rc = call_ask(v, disk_users_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*names = take_ptr(call->result);
	call_drop(v, call);
	return 0;
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
	call_with_domain(call, addresses, "addresses");
}

int virt_addresses(struct virt *v, const char *uuid, bool agent, unsigned timeout_ms, char **lines, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc;

	q.flags = agent ? VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT : VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE;
	rc = call_ask(v, addresses_run, &q, timeout_ms, &call, err);
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
	call_with_domain(call, memory, "memory statistics");
}

int virt_memory_read(struct virt *v, const char *uuid, unsigned timeout_ms, struct virt_memory_stats *out, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc = call_ask(v, memory_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*out = call->memory;
	call_drop(v, call);
	return 0;
}
