/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NUMA nodes: their memory, CPUs, and how often an allocation did not get what it wanted. */
#ifndef KT_HOST_NODES_H
#define KT_HOST_NODES_H

#include "root.h"

#define HOST_NODES_MAX 1024

struct host_node {
	unsigned id;
	char cpus[256];			/* as "0-15,32-47"; "": a node without CPUs */
	char distance[256];		/* to each node in turn, as "10 21"; "": not known */
	unsigned n_cpus;
	uint64_t total_bytes, free_bytes, file_bytes, anon_bytes;	/* meminfo; total is 0 of a node without memory */
	uint64_t droppable_bytes;	/* of it, what the kernel can take back: file pages on its lists, caches of its own */
	uint64_t hit, miss, foreign, local, other;	/* numastat: pages, since boot */
	uint64_t busy_ns;		/* of its CPUs since boot; HOST_UNKNOWN where it has none */
};

/*
 * Sorted by number. Where the kernel has no NUMA: one node made of /proc/meminfo. What cannot be read is HOST_UNKNOWN.
 * The list is yours; NULL, 0 where nothing can be read.
 */
void host_nodes_read(const struct host *h, struct host_node **list, size_t *n);

#endif
