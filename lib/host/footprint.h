/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What memory a process has, from files that walk no page tables. */
#ifndef KT_HOST_FOOTPRINT_H
#define KT_HOST_FOOTPRINT_H

#include "root.h"

/* HOST_UNKNOWN: the kernel does not say, or the right to read it is missing. */
struct host_footprint {
	/* /proc/PID/status; resident is all three kinds, hugetlb pages are in none of them */
	uint64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes, hugetlb_bytes, locked_bytes, pinned_bytes;
	/* ksm_merging_pages, ksm_stat: need the right to ptrace */
	uint64_t ksm_bytes;		/* merged pages of it, each counted, zero pages not */
	uint64_t ksm_watched;		/* pages KSM keeps an eye on: 0 where it was not told to */
	bool ksm_mergeable;		/* a mapping is marked; before its kernel: ksm_watched says the same later on */
};
void host_footprint_read(const struct host *h, pid_t pid, struct host_footprint *out);

/*
 * Memory by node of the cgroup that is this process's alone, hugetlb pages not in it: memory.numa_stat of cgroup v2.
 * -ENOENT: there is none, or it holds other processes too. bytes[i] is of node i; *n at most max.
 */
int host_cgroup_nodes_read(const struct host *h, pid_t pid, uint64_t *bytes, size_t max, size_t *n);

#endif
