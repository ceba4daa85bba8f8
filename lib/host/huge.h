/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools of hugetlb pages. */
#ifndef KT_HOST_HUGE_H
#define KT_HOST_HUGE_H

#include "root.h"

struct host_huge_pool {
	int node;			/* -1: of the whole host */
	uint64_t page_bytes;
	/* in pages; reserved is known of the whole host only: promised to mappings, and still counted as free */
	uint64_t total, free, reserved, surplus;
};

/* A pool by its directory below the root, "sys/devices/system/node/node0/hugepages/hugepages-2048kB". -ENOENT: no such pool. */
struct host_huge_count {
	uint64_t pages;			/* persistent ones, without surplus */
	uint64_t surplus;		/* in use beyond those: they go when they are freed */
	uint64_t free;			/* HOST_UNKNOWN: not told */
};
int host_huge_count(const struct host *h, const char *dir, struct host_huge_count *out);
/* Of the host first, then, if wanted, of each node; by page size. The list is yours; NULL, 0 where the kernel has none. */
void host_huge_read(const struct host *h, bool nodes, struct host_huge_pool **list, size_t *n);

#endif
