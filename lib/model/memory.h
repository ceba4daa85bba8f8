/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the look-ups of memory: a guest's, by node, and the host's pools, merging and huge pages. */
#ifndef KT_MODEL_MEMORY_H
#define KT_MODEL_MEMORY_H

#include "snapshot.h"

struct memory_row {
	struct row head;
	const char *how, *note;
	uint64_t assigned_bytes, balloon_bytes, plugged_bytes;
	uint64_t rss_bytes, anon_bytes, file_bytes, shared_bytes, swap_bytes, locked_bytes, pinned_bytes;
	uint64_t hugetlb_bytes, hugetlb_2m_bytes, hugetlb_1g_bytes;
	uint64_t present_bytes, thp_bytes, swapped_bytes, ksm_bytes, samples;
	uint64_t guest_total_bytes, guest_free_bytes, guest_available_bytes, guest_cache_bytes, guest_oom_kills;
	uint64_t guest_swap_in, guest_swap_out, guest_major_faults, guest_minor_faults;
	double thp_pct, ksm_pct, error_pct, guest_stats_age_seconds;
	double guest_swap_in_bytes_per_s, guest_swap_out_bytes_per_s, guest_major_faults_per_s, guest_minor_faults_per_s;
};

struct numa_row {
	struct row head;
	const char *home, *vfio, *mismatch, *how;
	uint64_t node, bytes, vcpus, vhost, iothreads;
	double share_pct, error_pct, local_pct;
};

struct node_row {
	struct row head;
	const char *cpus, *distance;
	uint64_t node, n_cpus, guests, vcpus;
	uint64_t mem_total_bytes, mem_free_bytes, file_bytes, anon_bytes, hugepages_total_bytes, hugepages_free_bytes;
	uint64_t busy_ns, hit_total, miss_total, foreign_total, other_total;
	double cpu_pct, hit_per_s, miss_per_s, foreign_per_s, other_per_s;
};

struct huge_row {
	struct row head;
	const char *pool, *guests;
	uint64_t node, page_bytes, total, free, reserved, surplus, usable, used_bytes, guest_bytes;
};

struct ksm_row {
	struct row head;
	const char *host, *state, *advice, *advisor;
	uint64_t saved_bytes, pages_shared, pages_sharing, pages_unshared, pages_volatile, pages_zero;
	uint64_t full_scans, pages_to_scan, merge_across_nodes, guests;
	uint64_t ksmd_ns, scanned_total;
	double ksmd_pct, scanned_per_s, sleep_us;
};

struct thp_row {
	struct row head;
	const char *host, *enabled, *defrag, *shmem, *sizes;
	uint64_t page_bytes, anon_bytes, shmem_bytes, file_bytes;
	uint64_t khugepaged_defrag, pages_to_scan, max_ptes_none, full_scans;
	uint64_t collapse_total, collapse_failed_total, fault_total, fallback_total, split_total, khugepaged_ns;
	double collapses_per_s, collapse_failures_per_s, faults_per_s, fallbacks_per_s, splits_per_s, khugepaged_pct, sleep_us;
};

#endif
