// SPDX-License-Identifier: GPL-3.0-or-later
/* Room for more memory on the host. */
#include "room.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "huge.h"
#include "nodes.h"
#include "private.h"

int host_huge_free(const struct host *h, uint64_t page_bytes, int node, uint64_t *pages)
{
	auto_free struct host_huge_pool *pools = NULL;
	const struct host_huge_pool *all = NULL, *here = NULL;
	size_t n, i;

	host_huge_read(h, node >= 0, &pools, &n);
	for (i = 0; i < n; i++) {
		if (pools[i].page_bytes != page_bytes)
			continue;
		if (pools[i].node < 0)
			all = &pools[i];
		else if (pools[i].node == node)
			here = &pools[i];
	}
	if (!all || (node >= 0 && !here))
		return -ENOENT;
	if (all->free == HOST_UNKNOWN || all->reserved == HOST_UNKNOWN || (here && here->free == HOST_UNKNOWN))
		return -EBADMSG;
	*pages = all->free > all->reserved ? all->free - all->reserved : 0;
	if (here && here->free < *pages)
		*pages = here->free;
	return 0;
}

int host_node_room(const struct host *h, unsigned node, uint64_t *bytes)
{
	auto_free struct host_node *nodes = NULL;
	size_t n, i;

	host_nodes_read(h, &nodes, &n);
	for (i = 0; i < n; i++) {
		if (nodes[i].id != node)
			continue;
		if (nodes[i].free_bytes == HOST_UNKNOWN)
			return -EBADMSG;
		*bytes = nodes[i].free_bytes + (nodes[i].droppable_bytes == HOST_UNKNOWN ? 0 : nodes[i].droppable_bytes);
		return 0;
	}
	return -ENOENT;
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
