// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of what a connection has besides domains: for who completes them. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

static void add_line(struct buf *lines, const char *name, const char *what)
{
	if (name && *name && !strpbrk(name, "\t\n"))
		buf_printf(lines, "%s\t%s\n", name, what ? what : "");
}

static void networks_run(struct call *call)
{
	auto_buf struct buf lines = {0};
	virNetworkPtr *list = NULL;
	int n, i;

	n = call->handle ? virConnectListAllNetworks(call->handle, &list, VIR_CONNECT_LIST_NETWORKS_ACTIVE) : -1;
	if (n < 0)
		call->rc = virt_error(&call->err, "networks");
	for (i = 0; i < n; i++) {
		auto_free char *bridge = i < VIRT_NAMES_MAX ? virNetworkGetBridgeName(list[i]) : NULL;
		auto_free char *what = bridge ? xasprintf("bridge %s", bridge) : NULL;

		if (i < VIRT_NAMES_MAX)
			add_line(&lines, virNetworkGetName(list[i]), what);
		virNetworkFree(list[i]);
	}
	free(list);
	call->result = buf_take(&lines);
}

static void pools(struct call *call, struct buf *lines)
{
	virStoragePoolPtr *list = NULL;
	int n, i;

	n = call->handle ? virConnectListAllStoragePools(call->handle, &list, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE) : -1;
	if (n < 0)
		call->rc = virt_error(&call->err, "storage pools");
	for (i = 0; i < n; i++) {
		if (i < VIRT_NAMES_MAX)
			add_line(lines, virStoragePoolGetName(list[i]), "storage pool");
		virStoragePoolFree(list[i]);
	}
	free(list);
}

static void volumes(struct call *call, struct buf *lines)
{
	virStoragePoolPtr pool = call->handle ? virStoragePoolLookupByName(call->handle, call->text) : NULL;
	virStorageVolPtr *list = NULL;
	int n = pool ? virStoragePoolListAllVolumes(pool, &list, 0) : -1, i;

	if (n < 0)
		call->rc = virt_error(&call->err, "volumes");
	for (i = 0; i < n; i++) {
		auto_free char *path = i < VIRT_NAMES_MAX ? virStorageVolGetPath(list[i]) : NULL;

		if (i < VIRT_NAMES_MAX)
			add_line(lines, virStorageVolGetName(list[i]), path);
		virStorageVolFree(list[i]);
	}
	free(list);
	if (pool)
		virStoragePoolFree(pool);
}

static void volumes_run(struct call *call)
{
	auto_buf struct buf lines = {0};

	(call->text ? volumes : pools)(call, &lines);
	call->result = buf_take(&lines);
}

static int names(struct virt *v, void (*run)(struct call *), const struct question *q, unsigned timeout_ms, char **lines,
		 struct err *err)
{
	struct call *call;
	int rc = call_ask(v, run, q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*lines = take_ptr(call->result);
	call_drop(v, call);
	return 0;
}

int virt_network_names(struct virt *v, const char *uuid, unsigned timeout_ms, char **lines, struct err *err)
{
	struct question q = { .uuid = uuid };

	return names(v, networks_run, &q, timeout_ms, lines, err);
}

int virt_volume_names(struct virt *v, const char *uuid, const char *pool, unsigned timeout_ms, char **lines, struct err *err)
{
	struct question q = { .uuid = uuid, .text = pool };

	return names(v, volumes_run, &q, timeout_ms, lines, err);
}
