// SPDX-License-Identifier: GPL-3.0-or-later
/* Room for more memory on the host. */
#include "room.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "private.h"

#define NODE "sys/devices/system/node/node%u"

static int read_number(const struct host *h, uint64_t *out, const char *path)
{
	char buf[32];
	const char *p = buf;
	ssize_t len = host_read(h, buf, sizeof(buf), "%s", path);

	if (len < 0)
		return (int)len;
	return host_u64_next(&p, out) ? 0 : -EBADMSG;
}

int host_huge_free(const struct host *h, uint64_t page_bytes, int node, uint64_t *pages)
{
	unsigned long long kb = (unsigned long long)page_bytes / 1024;
	auto_free char *all = xasprintf("sys/kernel/mm/hugepages/hugepages-%llukB/free_hugepages", kb);
	auto_free char *promised = xasprintf("sys/kernel/mm/hugepages/hugepages-%llukB/resv_hugepages", kb);
	auto_free char *here = xasprintf(NODE "/hugepages/hugepages-%llukB/free_hugepages", (unsigned)node, kb);
	uint64_t free_all, reserved, on_node;
	int rc = read_number(h, &free_all, all);

	if (!rc)
		rc = read_number(h, &reserved, promised);
	if (rc)
		return rc;
	free_all = free_all > reserved ? free_all - reserved : 0;
	if (node >= 0) {
		rc = read_number(h, &on_node, here);
		if (rc)
			return rc;
		free_all = on_node < free_all ? on_node : free_all;
	}
	*pages = free_all;
	return 0;
}

/* "Node 0 MemFree:  123 kB" */
static uint64_t node_bytes(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	uint64_t kb = 0;

	if (p) {
		p += strlen(key);
		host_u64_next(&p, &kb);
	}
	return kb * 1024;
}

int host_node_room(const struct host *h, unsigned node, uint64_t *bytes)
{
	char buf[8192];
	ssize_t len = host_read(h, buf, sizeof(buf), NODE "/meminfo", node);

	if (len < 0)
		return (int)len;
	*bytes = node_bytes(buf, "MemFree:") + node_bytes(buf, "Active(file):") + node_bytes(buf, "Inactive(file):") +
		 node_bytes(buf, "SReclaimable:");
	return 0;
}

int host_lock_limit(const struct host *h, pid_t pid, uint64_t *bytes)
{
	char buf[8192];
	const char *p;
	ssize_t len = host_read(h, buf, sizeof(buf), "proc/%d/status", (int)pid);

	if (len < 0)
		return (int)len;
	p = strstr(buf, "\nCapEff:");
	if (p && strtoull(p + strlen("\nCapEff:"), NULL, 16) & 1ull << CAP_IPC_LOCK) {
		*bytes = UINT64_MAX;
		return 0;
	}
	len = host_read(h, buf, sizeof(buf), "proc/%d/limits", (int)pid);
	if (len < 0)
		return (int)len;
	p = strstr(buf, "\nMax locked memory");
	if (!p)
		return -EBADMSG;
	p += strlen("\nMax locked memory");
	p += strspn(p, " ");
	*bytes = UINT64_MAX;
	return str_has_prefix(p, "unlimited") || host_u64_next(&p, bytes) ? 0 : -EBADMSG;
}

int host_lock_limit_set(const struct host *h, pid_t pid, uint64_t bytes, struct err *err)
{
	struct rlimit limit;

	if (!host_is_live(h))
		return err_set(err, -EOPNOTSUPP, "a recorded host cannot be changed");
	if (prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit))
		return err_sys(err, -errno, "what process %d may lock", (int)pid);
	limit.rlim_cur = bytes;
	if (limit.rlim_max < bytes)
		limit.rlim_max = bytes;
	return prlimit(pid, RLIMIT_MEMLOCK, &limit, NULL) ?
		err_sys(err, -errno, "raising what process %d may lock (CAP_SYS_RESOURCE)", (int)pid) : 0;
}
