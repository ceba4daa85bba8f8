/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The knobs that are files of the host. A row:
 *
 *	KNOB(id, key, kind, file, choices, low, high, unit, normal, help, further fields of struct knob)
 *
 * The list of a verb's rows is used twice: for struct knob here, for the arguments of the verb in lib/cmd (KNOB_ARG), which leaves out
 * the further fields. So a knob more is a row, and no other edit.
 */
#ifndef KT_TUNING_KNOB_ROWS_H
#define KT_TUNING_KNOB_ROWS_H

#define KNOB_UINT_MAX 4294967295u

#define KSM_DIR "sys/kernel/mm/ksm/"
/* MoM is vdsm's, pvestatd Proxmox's. */
#define KSM_WRITERS "ksmtuned tuned momd pvestatd"

#define KNOBS_KSM(KNOB) \
	KNOB("ksm.run", "run", CHOICE, KSM_DIR "run", "0|1|2", 0, 0, "", "0", \
	     "1: merge equal pages of guests, for memory against CPU time. 0: stop, what is merged stays. 2: stop and give each guest its own " \
	     "pages back, which takes the memory that was saved; merging again takes hours.", .order = 9, .plan = knob_ksm_run, .writers = KSM_WRITERS) \
	KNOB("ksm.pages_to_scan", "pages_to_scan", UINT, KSM_DIR "pages_to_scan", 0, 0, KNOB_UINT_MAX, "pages", "100", \
	     "Pages that ksmd looks at before it sleeps: more finds equal pages sooner, and costs more of a CPU. The advisor sets it where it is on.", \
	     .order = 3, .plan = knob_ksm_pages_to_scan, .writers = KSM_WRITERS) \
	KNOB("ksm.sleep_millisecs", "sleep_millisecs", UINT, KSM_DIR "sleep_millisecs", 0, 0, KNOB_UINT_MAX, "ms", "20", \
	     "How long ksmd sleeps in between: longer costs less CPU time. 0 keeps a CPU busy.", .order = 3, .writers = KSM_WRITERS) \
	KNOB("ksm.merge_across_nodes", "merge_across_nodes", CHOICE, KSM_DIR "merge_across_nodes", "0|1", 0, 0, "", "1", \
	     "0: only pages of one NUMA node are merged, so that no guest reads over the interconnect. It can be set only while nothing is merged: " \
	     "all is unmerged first, then merged again.", .order = 1, .plan = knob_ksm_unmerged) \
	KNOB("ksm.max_page_sharing", "max_page_sharing", UINT, KSM_DIR "max_page_sharing", 0, 2, KNOB_UINT_MAX, "pages", "256", \
	     "How many pages share one copy at most: more saves more, and makes migration and swapping of such a page slow. It can be set only while " \
	     "nothing is merged: all is unmerged first, then merged again.", .order = 1, .plan = knob_ksm_unmerged) \
	KNOB("ksm.use_zero_pages", "use_zero_pages", CHOICE, KSM_DIR "use_zero_pages", "0|1", 0, 0, "", "0", \
	     "1: empty pages are merged with the kernel's own zero page, without book-keeping. For pages that are merged from now on.", .order = 2) \
	KNOB("ksm.smart_scan", "smart_scan", CHOICE, KSM_DIR "smart_scan", "0|1", 0, 0, "", "1", \
	     "1: pages that were never equal to another one are looked at less often, which saves CPU time.", .order = 2) \
	KNOB("ksm.advisor_mode", "advisor_mode", CHOICE, KSM_DIR "advisor_mode", "none|scan-time", 0, 0, "", "none", \
	     "scan-time: the kernel sets pages_to_scan by itself so that a scan takes advisor_target_scan_time. Each change of it resets " \
	     "pages_to_scan.", .order = 2, .plan = knob_ksm_advisor) \
	KNOB("ksm.advisor_max_cpu", "advisor_max_cpu", UINT, KSM_DIR "advisor_max_cpu", 0, 0, 100, "%", "70", \
	     "Share of a CPU that the advisor lets ksmd have.", .order = 2) \
	KNOB("ksm.advisor_target_scan_time", "advisor_target_scan_time", UINT, KSM_DIR "advisor_target_scan_time", 0, 1, KNOB_UINT_MAX, "s", \
	     "200", "How long the advisor wants a scan of all memory to take.", .order = 2) \
	KNOB("ksm.advisor_min_pages_to_scan", "advisor_min_pages_to_scan", UINT, KSM_DIR "advisor_min_pages_to_scan", 0, 0, KNOB_UINT_MAX, \
	     "pages", "500", "With what pages_to_scan the advisor begins; it may go below.", .order = 2) \
	KNOB("ksm.advisor_max_pages_to_scan", "advisor_max_pages_to_scan", UINT, KSM_DIR "advisor_max_pages_to_scan", 0, 0, KNOB_UINT_MAX, \
	     "pages", "30000", "The most pages_to_scan that the advisor may set.", .order = 2) \
	KNOB("ksm.stable_node_chains_prune_millisecs", "stable_node_chains_prune_millisecs", UINT, KSM_DIR "stable_node_chains_prune_millisecs", \
	     0, 0, KNOB_UINT_MAX, "ms", "2000", "How often ksmd drops copies that no page shares any more.", .order = 2)

#define THP_DIR "sys/kernel/mm/transparent_hugepage/"
#define THP_WRITERS "tuned"

#define KNOBS_THP(KNOB) \
	KNOB("thp.enabled", "enabled", CHOICE, THP_DIR "enabled", "always|inherit|madvise|never", 0, 0, "", "madvise", \
	     "Which memory gets huge pages when it is first touched, or later by khugepaged: fewer TLB misses in guests. QEMU asks for them " \
	     "(madvise). What is there stays as it is. inherit: with size= only.", .writers = THP_WRITERS) \
	KNOB("thp.defrag", "defrag", CHOICE, THP_DIR "defrag", "always|defer|defer+madvise|madvise|never", 0, 0, "", "madvise", \
	     "What happens when no huge page is free: always and madvise make the guest wait for memory to be moved together, which can stall " \
	     "it for long; defer leaves that to the kernel's threads.", .writers = THP_WRITERS) \
	KNOB("thp.shmem_enabled", "shmem_enabled", CHOICE, THP_DIR "shmem_enabled", "always|within_size|advise|never|deny|force|inherit", 0, 0, "", \
	     "never", "The same for shared memory, which guests with memory-backend-memfd have. inherit: with size= only.", .writers = THP_WRITERS) \
	KNOB("thp.use_zero_page", "use_zero_page", CHOICE, THP_DIR "use_zero_page", "0|1", 0, 0, "", "1", \
	     "1: memory that is only read gets one huge page of zeros.") \
	KNOB("thp.shrink_underused", "shrink_underused", CHOICE, THP_DIR "shrink_underused", "0|1", 0, 0, "", "1", \
	     "1: when memory is short, huge pages that are mostly zeros are split.") \
	KNOB("thp.khugepaged_defrag", "khugepaged_defrag", CHOICE, THP_DIR "khugepaged/defrag", "0|1", 0, 0, "", "1", \
	     "1: khugepaged may move memory together for the pages it makes.") \
	KNOB("thp.khugepaged_pages_to_scan", "khugepaged_pages_to_scan", UINT, THP_DIR "khugepaged/pages_to_scan", 0, 1, KNOB_UINT_MAX, "pages", \
	     "4096", "Pages that khugepaged looks at before it sleeps: more makes huge pages sooner, and costs more of a CPU.") \
	KNOB("thp.khugepaged_scan_sleep_millisecs", "khugepaged_scan_sleep_millisecs", UINT, THP_DIR "khugepaged/scan_sleep_millisecs", 0, 0, \
	     KNOB_UINT_MAX, "ms", "10000", "How long khugepaged sleeps in between. 0 keeps a CPU busy.") \
	KNOB("thp.khugepaged_alloc_sleep_millisecs", "khugepaged_alloc_sleep_millisecs", UINT, THP_DIR "khugepaged/alloc_sleep_millisecs", 0, 0, \
	     KNOB_UINT_MAX, "ms", "60000", "How long khugepaged waits after it found no huge page.") \
	KNOB("thp.khugepaged_max_ptes_none", "khugepaged_max_ptes_none", PTES, THP_DIR "khugepaged/max_ptes_none", 0, 0, 0, "pages", "511", \
	     "Small pages that may be missing where khugepaged makes a huge one: 0 gives a guest no memory that it did not touch, so that " \
	     "a balloon keeps what it took.") \
	KNOB("thp.khugepaged_max_ptes_swap", "khugepaged_max_ptes_swap", PTES, THP_DIR "khugepaged/max_ptes_swap", 0, 0, 0, "pages", "64", \
	     "Small pages that khugepaged may read back from swap for a huge one.") \
	KNOB("thp.khugepaged_max_ptes_shared", "khugepaged_max_ptes_shared", PTES, THP_DIR "khugepaged/max_ptes_shared", 0, 0, 0, "pages", "256", \
	     "Small pages shared with other processes that khugepaged may copy for a huge one.")

/* Of one size of page: thp set size=64K .. */
#define KNOBS_THP_SIZE(KNOB) \
	KNOB("thp.*.enabled", "enabled", CHOICE, THP_DIR "hugepages-*/enabled", "always|inherit|madvise|never", 0, 0, "", NULL, \
	     "The same for pages of one size.", .follows = "thp.enabled") \
	KNOB("thp.*.shmem_enabled", "shmem_enabled", CHOICE, THP_DIR "hugepages-*/shmem_enabled", "always|inherit|within_size|advise|never", 0, 0, \
	     "", NULL, "The same for pages of one size in shared memory.", .follows = "thp.shmem_enabled")

#define KVM_DIR "sys/module/kvm/parameters/"

#define KNOBS_HALT_POLL_NS(KNOB) \
	KNOB("halt-poll.ns", "NS", UINT, KVM_DIR "halt_poll_ns", 0, 0, KNOB_UINT_MAX, "ns", "200000", \
	     "How long a CPU polls for work before a vCPU that waits is put to sleep: more is less latency for guests that exchange messages, " \
	     "0 gives the time to hyperthreads and other guests.", .plan = knob_halt_poll, .writers = "tuned")
#define KNOBS_HALT_POLL(KNOB) \
	KNOB("halt-poll.grow", "grow", UINT, KVM_DIR "halt_poll_ns_grow", 0, 0, KNOB_UINT_MAX, "", "2", \
	     "By what a vCPU's polling time is multiplied when it was too short; 0: never.") \
	KNOB("halt-poll.grow_start", "grow_start", UINT, KVM_DIR "halt_poll_ns_grow_start", 0, 0, KNOB_UINT_MAX, "ns", "10000", \
	     "From which polling time it grows.") \
	KNOB("halt-poll.shrink", "shrink", UINT, KVM_DIR "halt_poll_ns_shrink", 0, 0, KNOB_UINT_MAX, "", NULL, \
	     "By what it is divided when it was too long; 0: it begins again from 0.")

#define KNOBS_NUMA(KNOB) \
	KNOB("numa.balancing", "STATE", SWITCH, "proc/sys/kernel/numa_balancing", "on|off", 0, 0, "", NULL, \
	     "on: the kernel moves memory to the node whose CPUs use it, at the cost of faults. off: where those faults stall guests, or memory " \
	     "was placed by hand.", .writers = "tuned numad")

/* Listed with the others; their verb has arguments of its own. */
#define KNOBS_HUGEPAGES(KNOB) \
	KNOB("hugepages.*", "count", UINT, "sys/devices/system/node/node*/hugepages/hugepages-*/nr_hugepages", 0, 0, KNOB_UINT_MAX, "pages", "0", \
	     "Pages of one size that are kept for guests with hugetlb memory, on one node: taken from all other use.", .writers = "tuned")

#endif
