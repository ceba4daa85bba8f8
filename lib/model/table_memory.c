// SPDX-License-Identifier: GPL-3.0-or-later
/* memory and numa: what a guest's memory consists of, and where it is. */
#include "tables.h"
#include "memory.h"

#define STATUS(key) key " in /proc/PID/status"
#define SAMPLED "a random sample of the guest's pages: pagemap, kpageflags; with --exact numa_maps and smaps. " \
	"Needs CAP_SYS_ADMIN"
#define GUEST_STATS "guest-stats of the balloon device (virDomainMemoryStats), while it is polled"

#define BYTES(field, title_, help_, source_, rank_, ...) \
	{ #field, title_, help_, source_, UNIT_BYTES, UINT(memory_row, field), .width = 6, .rank = (rank_), \
	  .descending = true, __VA_ARGS__ }
#define PAGES(field, title_, help_, source_, rank_, ...) \
	{ #field, title_, help_, source_, UNIT_BYTES, UINT(memory_row, field), .width = 6, .rank = (rank_), \
	  .descending = true, \
	  .needs = NEED_PAGES, __VA_ARGS__ }

static const struct column memory_columns[] = {
	COLUMN_VM, COLUMN_REF,
	BYTES(assigned_bytes, "MEM", "Memory the guest has, PLUGGED included.", "libvirt's live definition, else query-memory-size-summary, "
	  "else -m and the DIMMs on the command line", 1),
	BYTES(balloon_bytes, "BALLOON", "What the balloon leaves the guest of all it has; unknown without a balloon "
	  "device.", "query-balloon; of a libvirt guest that is named, virDomainMemoryStats", 2,
	  .meaning = "Far below MEM: the guest was made smaller; when it swaps, deflate the balloon."),
	BYTES(plugged_bytes, "PLUGGED", "DIMMs, and what virtio-mem devices have given the guest.", "as MEM", 4),
	BYTES(rss_bytes, "RSS", "Resident memory of the QEMU process; hugetlb pages are not in it.",
	  "/proc/PID/statm, field 2", 1),
	BYTES(swap_bytes, "SWAP", "Memory of the QEMU process that is swapped out; shared memory is not in it.",
	  STATUS("VmSwap"), 2,
	  .meaning = "The guest's memory is on disk, and it waits for each page: the host is too full, or memory.high of its group too low."),
	BYTES(hugetlb_bytes, "HUGE", "Hugetlb pages that are in use by it, all sizes.", STATUS("HugetlbPages"), 2),
	PAGES(hugetlb_2m_bytes, "HUGE2M", "Guest memory on hugetlb pages of 2 MiB.", SAMPLED, 6),
	PAGES(hugetlb_1g_bytes, "HUGE1G", "Guest memory on hugetlb pages of 1 GiB.", SAMPLED, 6),
	PAGES(present_bytes, "TOUCHED", "Guest memory that is there: what the guest has touched and the host has not "
	  "taken back.", SAMPLED, 3),
	PAGES(thp_bytes, "THP", "Guest memory on transparent huge pages, of any size. --exact counts those that are "
	  "mapped whole.", SAMPLED, 2),
	{ "thp_pct", "THP%", "The same as a share of the guest memory that is there.", SAMPLED, UNIT_PCT,
	  .meaning = "Low: more TLB misses. THP is off or fragmented (`thp`), or merging has split the "
	  "pages (`ksm`).",
	  NUM(memory_row, thp_pct), .share = true, .width = 5, .rank = 3, .needs = NEED_PAGES, .descending = true },
	BYTES(ksm_bytes, "KSM", "Memory of the QEMU process that is merged with equal pages, the copies that stay "
	  "included.", "/proc/PID/ksm_merging_pages, by the page size. Needs the right to ptrace the process", 2,
	  .meaning = "Saved memory; a write to such a page costs a fault and a copy."),
	{ "ksm_pct", "KSM%", "Share of the guest memory that is there which is merged. Unknown on kernels whose page "
	  "flags tell this of any page.", SAMPLED, UNIT_PCT, NUM(memory_row, ksm_pct), .share = true, .width = 5,
	  .rank = 6, .needs = NEED_PAGES, .descending = true },
	PAGES(swapped_bytes, "SWAPPED", "Guest memory that is swapped out.", SAMPLED, 6,
	  .meaning = "As SWAP, of guest memory alone."),
	{ "error_pct", "ERR%", "How far a sampled share may be from the truth, in points of the guest's memory: it "
	  "is no farther in 95 of 100 samples. 0 where every page was looked at.",
	  "Wilson's interval of the share that is least sure", UNIT_PCT, NUM(memory_row, error_pct), .share = true,
	  .width = 5, .rank = 3, .needs = NEED_PAGES },
	BYTES(anon_bytes, "ANON", "Resident memory that is private to the process.", STATUS("RssAnon"), 5),
	BYTES(file_bytes, "FILE", "Resident pages of files: QEMU's code, images that are mapped.", STATUS("RssFile"),
	  6),
	BYTES(shared_bytes, "SHARED", "Resident shared memory: guest memory with share=on, memfd, files of tmpfs.",
	  STATUS("RssShmem"), 5),
	BYTES(locked_bytes, "LOCKED", "Memory that cannot be swapped (mlock).", STATUS("VmLck"), 6,
	  .meaning = "Cannot be swapped or merged: VFIO, or locked on purpose. The host must have all of it."),
	BYTES(pinned_bytes, "PINNED", "Memory that cannot be moved: io_uring, RDMA; VFIO counts as LOCKED.",
	  STATUS("VmPin"), 7),
	BYTES(guest_total_bytes, "G.TOTAL", "Memory as the guest counts it.", GUEST_STATS ", stat-total-memory", 7),
	BYTES(guest_free_bytes, "G.FREE", "Memory the guest does not use at all.", GUEST_STATS ", stat-free-memory", 3,
	  .meaning = "Low is usual, as guests cache files; see G.AVAIL."),
	BYTES(guest_available_bytes, "G.AVAIL", "Memory the guest could have without swapping.",
	  GUEST_STATS ", stat-available-memory", 3,
	  .meaning = "Low: the guest is about to swap or to kill processes; plug memory or deflate the balloon."),
	BYTES(guest_cache_bytes, "G.CACHE", "What the guest keeps of files.", GUEST_STATS ", stat-disk-caches", 4),
	{ "guest_swap_in_bytes_per_s", "G.SWPIN", "Bytes per second the guest swaps in.",
	  GUEST_STATS ", stat-swap-in; delta over elapsed time", UNIT_BYTES_PER_S,
	  .meaning = "The guest has too little memory: plug a DIMM, or deflate the balloon.",
	  RATE(memory_row, guest_swap_in_bytes_per_s, guest_swap_in, 1), .width = 7, .rank = 6 },
	{ "guest_swap_out_bytes_per_s", "G.SWPOUT", "Bytes per second the guest swaps out.",
	  GUEST_STATS ", stat-swap-out; delta over elapsed time", UNIT_BYTES_PER_S,
	  RATE(memory_row, guest_swap_out_bytes_per_s, guest_swap_out, 1), .width = 8, .rank = 6 },
	{ "guest_major_faults_per_s", "G.MAJFLT", "Page faults of the guest for which it read from a disk.",
	  GUEST_STATS ", stat-major-faults; delta over elapsed time", UNIT_PER_S,
	  .meaning = "The guest reads program code or swap from its disk: too little memory.",
	  RATE(memory_row, guest_major_faults_per_s, guest_major_faults, 1), .width = 8, .rank = 6 },
	{ "guest_minor_faults_per_s", "G.MINFLT", "Its other page faults.",
	  GUEST_STATS ", stat-minor-faults; delta over elapsed time", UNIT_PER_S,
	  RATE(memory_row, guest_minor_faults_per_s, guest_minor_faults, 1), .width = 8, .rank = 8 },
	{ "guest_oom_kills", "G.OOM", "Processes the guest has killed for want of memory; QEMU 10.",
	  GUEST_STATS ", stat-oom-kills", UNIT_COUNT, UINT(memory_row, guest_oom_kills), .width = 5, .rank = 6,
	  .meaning = "The guest has killed processes: it needs memory.",
	  .descending = true },
	{ "guest_stats_age_seconds", "G.AGE", "How old the guest's own figures are; unknown where it never gave any, "
	  "or is not asked for them (guest-stats-polling-interval of the balloon device is 0).",
	  GUEST_STATS ", last-update", UNIT_SECONDS, NUM(memory_row, guest_stats_age_seconds), .width = 5, .rank = 7 },
	{ "samples", "SAMPLES", "Pages that were looked at for the sampled figures.", "kvmtop", UNIT_COUNT,
	  UINT(memory_row, samples), .width = 7, .rank = 8, .needs = NEED_PAGES },
	{ "how", "HOW", "sampled: from a random sample of pages; exact: the kernel walked all of them (--exact).",
	  "kvmtop", UNIT_TEXT, TEXT(memory_row, how), .width = 7, .rank = 8, .needs = NEED_PAGES },
	{ "note", "NOTE", "Why something is not known.", "kvmtop", UNIT_TEXT, TEXT(memory_row, note), .width = 40,
	  .rank = 5, .needs = NEED_PAGES },
};
const struct table memory_table = TABLE("memory", "memory", memory_row, memory_columns, NULL, NEED_MEMORY);

#define THREADS_SOURCE "Cpus_allowed_list in /proc/PID/task/TID/status where it is one node, else processor in stat"

static const struct column numa_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "node", "NODE", "NUMA node of the host.", "/sys/devices/system/node/online", UNIT_COUNT,
	  UINT(numa_row, node), .width = 4, .rank = 1, .label = true },
	{ "bytes", "MEM", "Guest memory that is there.", SAMPLED "; the frame's memory block says the node",
	  UNIT_BYTES, UINT(numa_row, bytes), .width = 6, .rank = 1, .descending = true },
	{ "share_pct", "SHARE%", "Share of the guest memory that is there.", SAMPLED, UNIT_PCT,
	  .meaning = "Split over nodes: accesses from the vCPUs of one to the memory of another are slower.",
	  NUM(numa_row, share_pct), .share = true, .width = 6, .rank = 1, .descending = true },
	{ "error_pct", "ERR%", "How far the share may be from the truth, in points: it is no farther in 95 of 100 "
	  "samples.", "Wilson's interval of the share", UNIT_PCT, NUM(numa_row, error_pct), .share = true,
	  .width = 5, .rank = 3 },
	{ "home", "HOME", "home: most of the guest's vCPUs are there, or where that is not known, most of its "
	  "memory.", "vcpus, bytes", UNIT_TEXT, TEXT(numa_row, home), .width = 4, .rank = 1 },
	{ "local_pct", "LOCAL%", "Share of the guest's memory, all of it, on nodes where it has vCPUs; the same in "
	  "each row of a guest.", "bytes of the rows with vcpus by bytes of all", UNIT_PCT, NUM(numa_row, local_pct),
	  .meaning = "Low: most accesses go to another node. Move the memory (migratepages, numad) or pin "
	  "the vCPUs to its node.",
	  .share = true, MARK(BELOW, 60), .width = 6, .rank = 2 },
	{ "vcpus", "VCPUS", "vCPUs of the guest there.", THREADS_SOURCE, UNIT_COUNT, UINT(numa_row, vcpus),
	  .width = 5, .rank = 1 },
	{ "vhost", "VHOST", "vhost workers of the guest there.", THREADS_SOURCE, UNIT_COUNT, UINT(numa_row, vhost),
	  .width = 5, .rank = 2 },
	{ "iothreads", "IOTHR", "IOThreads of the guest there.", THREADS_SOURCE, UNIT_COUNT,
	  UINT(numa_row, iothreads), .width = 5, .rank = 2 },
	{ "vfio", "VFIO", "Host devices handed through to the guest that are attached there.",
	  "numa_node of the PCI device", UNIT_TEXT, TEXT(numa_row, vfio), .width = 12, .rank = 2 },
	{ "mismatch", "MISMATCH", "What is far from what it works on: memory (more than the error, and 5 % of all) "
	  "on a node without vCPUs; vCPUs on a node without memory; vhost workers, IOThreads or devices on a node "
	  "with neither.", "the columns before", UNIT_TEXT, TEXT(numa_row, mismatch), .width = 24, .rank = 1,
	  .meaning = "What stands here is on the wrong node: pin it to the node of the memory." },
	{ "how", "HOW", "sampled or exact (--exact); else why the memory is not known.", "kvmtop", UNIT_TEXT,
	  TEXT(numa_row, how), .width = 10, .rank = 4 },
};
const struct table numa_table = TABLE("numa", "memory by node", numa_row, numa_columns, NULL,
				      NEED_PAGES | NEED_TASKS | NEED_STATE | NEED_AFFINITY);
