/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mappings of a process. Needs PTRACE_MODE_READ: the same user, or CAP_SYS_PTRACE. */
#ifndef KT_HOST_MAPS_H
#define KT_HOST_MAPS_H

#include "root.h"

struct host_map {
	uint64_t start, end;
	bool writable, executable, shared;
	bool anonymous;			/* no file, and none of [heap], [stack], .. */
	char *name;			/* as the kernel has it, bytes of a stranger; NULL: none */
};
/* /proc/PID/maps, at most 65536 of them: no walk of page tables. List and names are yours. */
int host_maps_read(const struct host *h, pid_t pid, struct host_map **list, size_t *n);
void host_maps_free(struct host_map *list, size_t n);
/*
 * Size of the pages a mapping consists of: of hugetlb mappings that of their pool. The real host only; needs
 * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. 0: not known.
 */
uint64_t host_map_page_bytes(const struct host *h, pid_t pid, const struct host_map *map);

/*
 * The kernel's own exact figures of some address ranges, by walking the page tables of the whole process
 * (numa_maps, smaps): seconds for a large guest, while other users of its memory map wait. Only when asked for.
 */
struct host_range {
	uint64_t start, end;
};
struct host_exact {
	uint64_t *node_bytes;		/* of nodes 0.. n_nodes - 1; yours */
	size_t n_nodes;
	uint64_t present_bytes, hugetlb_bytes, thp_bytes, swap_bytes, ksm_bytes;	/* ksm: HOST_UNKNOWN before its kernel */
};
/* -ENOENT: no mapping begins in them. */
int host_exact_read(const struct host *h, pid_t pid, const struct host_range *ranges, size_t n, struct host_exact *out);

#endif
