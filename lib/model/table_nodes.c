// SPDX-License-Identifier: GPL-3.0-or-later
/* nodes, hugepages, ksm, thp: the host's memory. */
#include "tables.h"
#include "memory.h"

#define NODE_DIR "/sys/devices/system/node/nodeN/"
#define NUMASTAT(key) key " in " NODE_DIR "numastat; delta over elapsed time"

static const struct column node_columns[] = {
	{ "node", "NODE", "NUMA node.", "/sys/devices/system/node/online", UNIT_COUNT, UINT(node_row, node),
	  .width = 4, .rank = 1, .label = true },
	{ "mem_total_bytes", "MEM", "Memory of the node; 0: it has only CPUs.", "MemTotal in " NODE_DIR "meminfo",
	  UNIT_BYTES, UINT(node_row, mem_total_bytes), .width = 6, .rank = 1, .descending = true },
	{ "mem_free_bytes", "FREE", "Memory that is in no use at all.", "MemFree in " NODE_DIR "meminfo", UNIT_BYTES,
	  UINT(node_row, mem_free_bytes), .whole = offsetof(struct node_row, mem_total_bytes), .width = 6, .rank = 1,
	  .meaning = "Low while other nodes have room: new guests get memory elsewhere (MISS/s).",
	  .descending = true },
	{ "file_bytes", "FILE", "Page cache: given back when memory is wanted.", "FilePages in " NODE_DIR "meminfo",
	  UNIT_BYTES, UINT(node_row, file_bytes), .whole = offsetof(struct node_row, mem_total_bytes), .width = 6,
	  .rank = 2, .descending = true },
	{ "anon_bytes", "ANON", "Memory of processes.", "AnonPages in " NODE_DIR "meminfo", UNIT_BYTES,
	  UINT(node_row, anon_bytes), .whole = offsetof(struct node_row, mem_total_bytes), .width = 6, .rank = 2,
	  .descending = true },
	{ "hugepages_total_bytes", "HUGE", "Hugetlb pools of the node, all sizes.",
	  "nr_hugepages in " NODE_DIR "hugepages", UNIT_BYTES, UINT(node_row, hugepages_total_bytes), .width = 6,
	  .rank = 2, .descending = true },
	{ "hugepages_free_bytes", "HUGEFREE", "Of these, free.", "free_hugepages in " NODE_DIR "hugepages",
	  UNIT_BYTES, UINT(node_row, hugepages_free_bytes),
	  .meaning = "0: a guest bound to this node does not start.",
	  .whole = offsetof(struct node_row, hugepages_total_bytes), .width = 8, .rank = 2, .descending = true },
	{ "n_cpus", "NCPU", "CPUs of the node that are online.", "/proc/stat, " NODE_DIR "cpulist", UNIT_COUNT,
	  UINT(node_row, n_cpus), .width = 4, .rank = 2 },
	{ "cpu_pct", "CPU%", "Time its CPUs were busy; 100 is one CPU.", "user, nice, system, irq, softirq and steal "
	  "of each CPU in /proc/stat; delta over elapsed time, unless one of them came or went", UNIT_PCT, TICKED(node_row, cpu_pct, busy_ns),
	  .meaning = "Near 100 for each of its CPUs while other nodes idle: move a guest's vCPUs and "
	  "memory.",
	  .of = offsetof(struct node_row, cpus), .graph = true, .width = 6, .rank = 1 },
	{ "guests", "GUESTS", "Guests whose home it is: most of their vCPUs ran there last.",
	  "processor in /proc/PID/task/TID/stat", UNIT_COUNT, UINT(node_row, guests), .width = 6, .rank = 1,
	  .descending = true },
	{ "vcpus", "VCPUS", "vCPUs that ran there last.", "processor in /proc/PID/task/TID/stat", UNIT_COUNT,
	  UINT(node_row, vcpus), .width = 5, .rank = 2, .descending = true },
	{ "hit_per_s", "HIT/s", "Pages allocated on the node they were wanted on.", NUMASTAT("numa_hit"), UNIT_PER_S,
	  RATE(node_row, hit_per_s, hit_total, 1), .width = 6, .rank = 3 },
	{ "miss_per_s", "MISS/s", "Pages allocated here because the node they were wanted on had none.",
	  NUMASTAT("numa_miss"), UNIT_PER_S, RATE(node_row, miss_per_s, miss_total, 1), .width = 6, .rank = 2,
	  .meaning = "The wanted node is full: memory of guests becomes remote from now on." },
	{ "foreign_per_s", "FOREIGN/s", "Pages wanted here and allocated elsewhere.", NUMASTAT("numa_foreign"),
	  UNIT_PER_S, RATE(node_row, foreign_per_s, foreign_total, 1), .width = 9, .rank = 3,
	  .meaning = "This node is full: what is wanted here lands elsewhere." },
	{ "other_per_s", "OTHER/s", "Pages allocated here by a CPU of another node.", NUMASTAT("other_node"),
	  UNIT_PER_S, RATE(node_row, other_per_s, other_total, 1), .width = 7, .rank = 4 },
	{ "distance", "DISTANCE", "How far each node is, in turn; 10 is here.", NODE_DIR "distance", UNIT_TEXT,
	  TEXT(node_row, distance), .width = 10, .rank = 3 },
	{ "cpus", "CPUS", "Its CPUs.", NODE_DIR "cpulist", UNIT_TEXT, TEXT(node_row, cpus), .width = 16, .rank = 4 },
};
const struct table nodes_table = TABLE("nodes", "NUMA nodes of the host", node_row, node_columns, NULL,
				       NEED_NODES | NEED_PLACE | NEED_STATE);

#define POOL_DIR "/sys/kernel/mm/hugepages/hugepages-SIZE, of a node below /sys/devices/system/node"

static const struct column huge_columns[] = {
	{ "pool", "POOL", "Page size, and the node; without one: of the whole host.", POOL_DIR, UNIT_TEXT,
	  TEXT(huge_row, pool), .width = 12, .rank = 1, .label = true },
	{ "node", "NODE", "NUMA node; unknown in the rows of the whole host.", POOL_DIR, UNIT_COUNT,
	  UINT(huge_row, node), .width = 4, .rank = 5 },
	{ "page_bytes", "SIZE", "Size of a page.", POOL_DIR, UNIT_BYTES, UINT(huge_row, page_bytes), .width = 5,
	  .rank = 5 },
	{ "total", "TOTAL", "Pages in the pool.", "nr_hugepages in " POOL_DIR, UNIT_COUNT, UINT(huge_row, total),
	  .width = 7, .rank = 1, .descending = true },
	{ "free", "FREE", "Pages nobody has taken.", "free_hugepages in " POOL_DIR, UNIT_COUNT, UINT(huge_row, free),
	  .meaning = "0: no further guest can have pages of this size; see USABLE.",
	  .whole = offsetof(struct huge_row, total), .width = 7, .rank = 1, .descending = true },
	{ "reserved", "RESERVED", "Of the free ones, promised to mappings that have not touched them; known of the "
	  "whole host only.", "resv_hugepages in " POOL_DIR, UNIT_COUNT, UINT(huge_row, reserved), .width = 8,
	  .rank = 2, .descending = true },
	{ "usable", "USABLE", "Pages another guest can have: free less reserved.",
	  "free_hugepages, resv_hugepages in " POOL_DIR, UNIT_COUNT, UINT(huge_row, usable), .width = 7, .rank = 2,
	  .meaning = "0: the free pages are promised already; make the pool larger while memory is not "
	  "fragmented yet.",
	  .descending = true },
	{ "surplus", "SURPLUS", "Pages beyond the pool's size, there until they are given back (overcommit).",
	  "surplus_hugepages in " POOL_DIR, UNIT_COUNT, UINT(huge_row, surplus), .width = 7, .rank = 3,
	  .meaning = "The pool is overcommitted: these pages may not be there next time.",
	  .descending = true },
	{ "used_bytes", "USED", "Bytes in use.", "nr_hugepages less free_hugepages in " POOL_DIR, UNIT_BYTES,
	  UINT(huge_row, used_bytes), .width = 6, .rank = 2, .descending = true },
	{ "guest_bytes", "GUESTS", "Bytes that guests use of it.", "a random sample of the pages of guests that have "
	  "hugetlb pages. Needs CAP_SYS_ADMIN", UNIT_BYTES, UINT(huge_row, guest_bytes), .width = 6, .rank = 2,
	  .needs = NEED_PAGES, .descending = true },
	{ "guests", "WHO", "Which guests, and how much each.", "as guest_bytes", UNIT_TEXT, TEXT(huge_row, guests),
	  .width = 30, .rank = 2, .needs = NEED_PAGES },
};
const struct table hugepages_table = TABLE("hugepages", "hugetlb pools", huge_row, huge_columns, NULL,
	NEED_NODES);

#define KSM_FILE(name) name " in /sys/kernel/mm/ksm"

#define COLUMN_HOST(row) \
	{ "host", "HOST", "Name of the host.", "/proc/sys/kernel/hostname", UNIT_TEXT, TEXT(row, host), .width = 12, \
	  .rank = 7 }

static const struct column ksm_columns[] = {
	COLUMN_HOST(ksm_row),
	{ "state", "STATE", "off, on, or undone (run is 2: everything was unmerged).", KSM_FILE("run"), UNIT_TEXT,
	  TEXT(ksm_row, state), .width = 7, .rank = 1 },
	{ "saved_bytes", "SAVED", "Memory that merging saves, less what keeping book of it takes; 0 where it takes "
	  "more.", KSM_FILE("general_profit") "; before Linux 6.4: pages_sharing by the page size, less 64 bytes for "
	  "each page that is watched", UNIT_BYTES, UINT(ksm_row, saved_bytes), .graph = true, .width = 6, .rank = 1,
	  .meaning = "0 with KSM on: guests have nothing in common, or the bookkeeping costs more; WHY "
	  "tells." },
	{ "pages_shared", "SHARED", "Pages that stay, each for several equal ones.", KSM_FILE("pages_shared"),
	  UNIT_COUNT, UINT(ksm_row, pages_shared), .width = 8, .rank = 2 },
	{ "pages_sharing", "SHARING", "Pages that were given back, as one of those stands for them.",
	  KSM_FILE("pages_sharing"), UNIT_COUNT, UINT(ksm_row, pages_sharing), .width = 8, .rank = 1 },
	{ "pages_unshared", "UNSHARED", "Pages that are watched and have no equal.", KSM_FILE("pages_unshared"),
	  UNIT_COUNT, UINT(ksm_row, pages_unshared), .width = 8, .rank = 2,
	  .meaning = "Far above SHARING: much is scanned for little; QEMU's mem-merge=off, or KSM off." },
	{ "pages_volatile", "VOLATILE", "Pages that change too fast to be merged.", KSM_FILE("pages_volatile"),
	  UNIT_COUNT, UINT(ksm_row, pages_volatile), .width = 8, .rank = 2,
	  .meaning = "Memory changes faster than it is scanned: raise BATCH, or leave it." },
	{ "pages_zero", "ZERO", "Empty pages that were given back (use_zero_pages).", KSM_FILE("ksm_zero_pages"),
	  UNIT_COUNT, UINT(ksm_row, pages_zero), .width = 8, .rank = 5 },
	{ "ksmd_pct", "KSMD%", "CPU time of ksmd. 100 is one CPU.", "/proc/PID/schedstat of ksmd; delta over elapsed "
	  "time", UNIT_PCT, RATE(ksm_row, ksmd_pct, ksmd_ns, PER_NS), .graph = true, .width = 6, .rank = 1,
	  .meaning = "CPU time that merging costs: lower BATCH or raise SLEEP." },
	{ "scanned_per_s", "SCAN/s", "Pages looked at.", KSM_FILE("pages_scanned") " (newer kernels); delta over "
	  "elapsed time", UNIT_PER_S, RATE(ksm_row, scanned_per_s, scanned_total, 1), .width = 6, .rank = 2 },
	{ "full_scans", "SCANS", "How often all mergeable memory was gone through.", KSM_FILE("full_scans"),
	  UNIT_COUNT, UINT(ksm_row, full_scans), .width = 6, .rank = 3 },
	{ "pages_to_scan", "BATCH", "Pages looked at before it sleeps.", KSM_FILE("pages_to_scan"), UNIT_COUNT,
	  UINT(ksm_row, pages_to_scan), .width = 6, .rank = 4 },
	{ "sleep_us", "SLEEP", "How long it sleeps then.", KSM_FILE("sleep_millisecs"), UNIT_US,
	  NUM(ksm_row, sleep_us), .width = 7, .rank = 4 },
	{ "merge_across_nodes", "ACROSS", "1: pages of different NUMA nodes are merged too; 0: only those of one "
	  "node.", KSM_FILE("merge_across_nodes"), UNIT_COUNT, UINT(ksm_row, merge_across_nodes), .width = 6,
	  .rank = 4 },
	{ "advisor", "ADVISOR", "What sets the scan's speed: none, or scan-time.", KSM_FILE("advisor_mode"),
	  UNIT_TEXT, TEXT(ksm_row, advisor), .width = 9, .rank = 6 },
	{ "guests", "GUESTS", "Guests with memory that may be merged.", "/proc/PID/ksm_stat. Needs the right to "
	  "ptrace them", UNIT_COUNT, UINT(ksm_row, guests), .width = 6, .rank = 3 },
	{ "advice", "WHY", "Why nothing, or not more, is merged.", "the settings and counters in the columns before",
	  UNIT_TEXT, TEXT(ksm_row, advice), .width = 60, .rank = 2 },
};
const struct table ksm_table = TABLE("ksm", "merging of equal pages", ksm_row, ksm_columns, NULL, NEED_MERGE);

#define THP_FILE(name) name " in /sys/kernel/mm/transparent_hugepage"
#define VMSTAT(key) key " in /proc/vmstat; delta over elapsed time"

static const struct column thp_columns[] = {
	COLUMN_HOST(thp_row),
	{ "enabled", "ENABLED", "Who gets huge pages: always, madvise (QEMU asks for them), never.",
	  THP_FILE("enabled"), UNIT_TEXT, TEXT(thp_row, enabled), .width = 8, .rank = 1 },
	{ "defrag", "DEFRAG", "What a page fault does to get one: always (waits), defer, defer+madvise, madvise, "
	  "never.", THP_FILE("defrag"), UNIT_TEXT, TEXT(thp_row, defrag), .width = 13, .rank = 1 },
	{ "shmem", "SHMEM", "The same for shared memory, which guests on memfd have.", THP_FILE("shmem_enabled"),
	  UNIT_TEXT, TEXT(thp_row, shmem), .width = 11, .rank = 2 },
	{ "page_bytes", "SIZE", "Size of a huge page.", THP_FILE("hpage_pmd_size"), UNIT_BYTES,
	  UINT(thp_row, page_bytes), .width = 5, .rank = 5 },
	{ "sizes", "SIZES", "Smaller sizes that are in use; kernels from 6.8 on.",
	  THP_FILE("hugepages-SIZE/enabled"), UNIT_TEXT, TEXT(thp_row, sizes), .width = 16, .rank = 6 },
	{ "anon_bytes", "ANON", "Private memory on huge pages, of the whole host.", "AnonHugePages in /proc/meminfo",
	  UNIT_BYTES, UINT(thp_row, anon_bytes), .width = 6, .rank = 1 },
	{ "shmem_bytes", "SHM", "Shared memory mapped by huge pages.", "ShmemPmdMapped in /proc/meminfo", UNIT_BYTES,
	  UINT(thp_row, shmem_bytes), .width = 6, .rank = 3 },
	{ "file_bytes", "FILE", "Files mapped by huge pages.", "FilePmdMapped in /proc/meminfo", UNIT_BYTES,
	  UINT(thp_row, file_bytes), .width = 6, .rank = 5 },
	{ "faults_per_s", "FAULT/s", "Page faults that got a huge page.", VMSTAT("thp_fault_alloc"), UNIT_PER_S,
	  RATE(thp_row, faults_per_s, fault_total, 1), .graph = true, .width = 7, .rank = 1 },
	{ "fallbacks_per_s", "FALLBK/s", "Page faults that had to do with small pages.",
	  VMSTAT("thp_fault_fallback"), UNIT_PER_S, RATE(thp_row, fallbacks_per_s, fallback_total, 1), .graph = true,
	  .meaning = "Memory is fragmented: guests get small pages. Compact it (compact_memory), or use "
	  "hugetlb pages.",
	  .width = 8, .rank = 1 },
	{ "collapses_per_s", "COLLAPS/s", "Huge pages khugepaged has made of small ones.",
	  VMSTAT("thp_collapse_alloc"), UNIT_PER_S, RATE(thp_row, collapses_per_s, collapse_total, 1), .width = 9,
	  .rank = 2 },
	{ "collapse_failures_per_s", "NOCOLL/s", "Times it found no huge page to make them of.",
	  VMSTAT("thp_collapse_alloc_failed"), UNIT_PER_S,
	  RATE(thp_row, collapse_failures_per_s, collapse_failed_total, 1), .width = 8, .rank = 4 },
	{ "splits_per_s", "SPLIT/s", "Huge pages that were split.", VMSTAT("thp_split_page"), UNIT_PER_S,
	  .meaning = "Swapping, merging or ballooning breaks huge pages up.",
	  RATE(thp_row, splits_per_s, split_total, 1), .width = 7, .rank = 3 },
	{ "khugepaged_pct", "KHPD%", "CPU time of khugepaged. 100 is one CPU.",
	  "/proc/PID/schedstat of khugepaged; delta over elapsed time", UNIT_PCT,
	  .meaning = "CPU time that making huge pages costs.",
	  RATE(thp_row, khugepaged_pct, khugepaged_ns, PER_NS), .width = 6, .rank = 2 },
	{ "khugepaged_defrag", "KHDEFRAG", "1: khugepaged makes room by moving pages.",
	  THP_FILE("khugepaged/defrag"), UNIT_COUNT, UINT(thp_row, khugepaged_defrag), .width = 8, .rank = 5 },
	{ "pages_to_scan", "BATCH", "Pages it looks at before it sleeps.", THP_FILE("khugepaged/pages_to_scan"),
	  UNIT_COUNT, UINT(thp_row, pages_to_scan), .width = 6, .rank = 4 },
	{ "sleep_us", "SLEEP", "How long it sleeps then.", THP_FILE("khugepaged/scan_sleep_millisecs"), UNIT_US,
	  NUM(thp_row, sleep_us), .width = 7, .rank = 4 },
	{ "max_ptes_none", "PTESNONE", "Small pages of a huge one that may be missing when it is made.",
	  THP_FILE("khugepaged/max_ptes_none"), UNIT_COUNT, UINT(thp_row, max_ptes_none), .width = 8, .rank = 5 },
	{ "full_scans", "SCANS", "How often khugepaged has gone through all memory.",
	  THP_FILE("khugepaged/full_scans"), UNIT_COUNT, UINT(thp_row, full_scans), .width = 6, .rank = 5 },
};
const struct table thp_table = TABLE("thp", "transparent huge pages", thp_row, thp_columns, NULL, NEED_MERGE);
