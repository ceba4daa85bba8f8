// SPDX-License-Identifier: GPL-3.0-or-later
/* Pools of hugetlb pages. */
#include "hostctl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES "sys/devices/system/node/node"

bool hostctl_pool_ok(const char *dir)
{
	const char *name = strrchr(dir, '/');

	return name && str_has_prefix(name, "/hugepages-") && str_has_suffix(name, "kB") && hostctl_file_ok(dir) &&
	       (str_has_prefix(dir, NODES) || str_has_prefix(dir, "sys/kernel/mm/hugepages/"));
}

static int write_number(const struct host *h, const char *path, uint64_t n, unsigned timeout_ms, struct err *err)
{
	char value[24], got[HOST_VALUE_MAX];

	snprintf(value, sizeof(value), "%" PRIu64, n);
	return hostctl_file_set(h, path, value, timeout_ms, got, err);
}

int hostctl_pool_set(const struct host *h, const char *dir, uint64_t pages, unsigned timeout_ms, struct host_huge_count *out, struct err *err)
{
	auto_free char *path = xasprintf("%s/nr_hugepages", dir);
	int rc = write_number(h, path, pages, timeout_ms, err);

	if (rc)
		return rc;
	rc = host_huge_count(h, dir, out);
	return rc ? err_set(err, rc, "/%s cannot be read back", path) : 0;
}

int hostctl_pool_compact(const struct host *h, const char *dir, unsigned timeout_ms, struct err *err)
{
	auto_free char *path = str_has_prefix(dir, NODES) ?
		xasprintf(NODES "%ld/compact", strtol(dir + strlen(NODES), NULL, 10)) : xstrdup("proc/sys/vm/compact_memory");

	return write_number(h, path, 1, timeout_ms, err);	/* newer kernels take no other number */
}

int hostctl_pool_demote(const struct host *h, const char *dir, uint64_t pages, unsigned timeout_ms, uint64_t *done, struct err *err)
{
	auto_free char *path = xasprintf("%s/demote", dir);
	struct host_huge_count before, after;
	int rc = host_huge_count(h, dir, &before);

	if (!rc)
		rc = write_number(h, path, pages, timeout_ms, err);
	else
		err_set(err, rc, "/%s cannot be read", dir);
	if (rc)
		return rc;
	rc = host_huge_count(h, dir, &after);
	if (rc)
		return err_set(err, rc, "/%s cannot be read back", dir);
	*done = before.pages > after.pages ? before.pages - after.pages : 0;
	return 0;
}
