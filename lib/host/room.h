/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Room for more memory on the host, as a check before a change wants it: read now, never kept. */
#ifndef KT_HOST_ROOM_H
#define KT_HOST_ROOM_H

#include "root.h"

/*
 * Pages of a hugetlb pool that a new mapping can have: free, and not promised to another (reserved pages are known of
 * the whole host only). node -1: the whole host. -ENOENT: no such pool, or no such node.
 */
int host_huge_free(const struct host *h, uint64_t page_bytes, int node, uint64_t *pages);
/* Bytes of a node that are free, or file pages the kernel can drop. -ENOENT: no such node. */
int host_node_room(const struct host *h, unsigned node, uint64_t *bytes);
/*
 * What the control groups of a process leave it of memory, or of huge pages of page_bytes: the least that its own group or one
 * above it has left, where file pages that can be dropped count as left. bytes HOST_UNKNOWN: no group has a limit, or that
 * cannot be read.
 */
struct host_group_room {
	uint64_t bytes;
	const char *limit;		/* "memory.max", "memory.high", "hugetlb.max": beyond "memory.high" it is only slow */
	char group[512];		/* the path in its mount, "machine.slice/vm.scope"; clean it before drawing */
};
void host_group_room_read(const struct host *h, pid_t pid, uint64_t page_bytes, struct host_group_room *out);
/* Bytes a process may lock (RLIMIT_MEMLOCK), UINT64_MAX: no limit, or it has CAP_IPC_LOCK. */
int host_lock_limit(const struct host *h, pid_t pid, uint64_t *bytes);
/*
 * Its soft limit, UINT64_MAX: none. The hard one is raised where it is lower, which wants CAP_SYS_RESOURCE, and never
 * lowered. The real host only.
 */
int host_lock_limit_set(const struct host *h, pid_t pid, uint64_t bytes, struct err *err);

#endif
