/* SPDX-License-Identifier: GPL-3.0-or-later */
/* KSM and transparent huge pages: their settings and what they have done. */
#ifndef KT_HOST_MERGE_H
#define KT_HOST_MERGE_H

#include "root.h"

#define HOST_WORD 32

struct host_ksm {
	uint64_t run;			/* 0 stopped, 1 merges, 2 has undone it all; HOST_UNKNOWN: the kernel has no KSM */
	uint64_t shared, sharing, unshared, volatile_, zero;	/* pages */
	uint64_t saved_bytes;		/* host_ksm_saved */
	uint64_t full_scans, scanned;	/* since boot; scanned: pages, newer kernels only */
	uint64_t pages_to_scan, sleep_ms, across_nodes, max_sharing;
	char advisor[HOST_WORD];	/* "none", "scan-time"; "": none in this kernel */
};
void host_ksm_read(const struct host *h, struct host_ksm *out);
/* What merging saves less what keeping book of it costs; 0 where it costs more. One file, on older kernels four. */
uint64_t host_ksm_saved(const struct host *h);

struct host_thp {
	char enabled[HOST_WORD], defrag[HOST_WORD], shmem[HOST_WORD];	/* the choice in effect; "": none in this kernel */
	char sizes[256];		/* smaller sizes that are not off, as "64K always, 1M madvise" */
	uint64_t page_bytes;
	uint64_t khugepaged_defrag, pages_to_scan, sleep_ms, max_ptes_none, full_scans;
	uint64_t anon_bytes, shmem_bytes, file_bytes;	/* mapped, /proc/meminfo */
	/* events since boot, /proc/vmstat */
	uint64_t collapses, collapse_failures, faults, fallbacks, splits;
};
void host_thp_read(const struct host *h, struct host_thp *out);

/* A kernel thread by its name: its pid, 0 if there is none (or it is not seen from here). Looks through /proc. */
pid_t host_kthread_find(const struct host *h, const char *name);
/* Root's processes of these names, but for kernel threads: pids, 0: not running. Looks through /proc once. */
void host_daemons_find(const struct host *h, const char *const *names, size_t n, pid_t *pids);
/* CPU time of one, HOST_UNKNOWN if it has ended or is another now. */
uint64_t host_kthread_run_ns(const struct host *h, pid_t pid, const char *name);

#endif
