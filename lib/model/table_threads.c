// SPDX-License-Identifier: GPL-3.0-or-later
/* vcpus and threads: who runs where, and who waits for a CPU. */
#include "tables.h"

#define RUN_SOURCE "run time in /proc/PID/task/TID/schedstat (utime and stime of stat where the kernel keeps no scheduler "\
	"statistics); delta over elapsed time"
#define WAIT_SOURCE "run-queue wait in /proc/PID/task/TID/schedstat; delta over elapsed time"

#define STAT "/proc/PID/task/TID/stat"

/* What both tables say of a thread. */
#define COLUMNS_PLACE(row) \
	{ "run_pct", "RUN%", "Share of the time the thread was on a CPU.", RUN_SOURCE, UNIT_PCT, \
	  .meaning = "Near 100 the thread can do no more: of a vCPU, so does the guest's CPU; of an IOThread, move disks to " \
	  "another; of main, give disks an IOThread.", \
	  RATE(row, run_pct, run_ns, PER_NS), .width = 6, .rank = 1, .graph = true, .share = true }, \
	{ "wait_pct", "WAIT%", "Share of the time the thread was ready to run and waited for " \
	  "a CPU: of a vCPU, what the guest " \
	  "sees as stolen.", WAIT_SOURCE, UNIT_PCT, RATE(row, wait_pct, wait_ns, PER_NS), .width = 6, .rank = 1, \
	  .graph = true, \
	  .meaning = "Others run on its CPUs, `cpus` tells which. The guest sees it as steal, and timers come late.", \
	  MARK(ABOVE, 10) }, \
	{ "guest_pct", "GUEST%", "Share of the time the thread ran its guest's code; what is left " \
	  "of RUN% went to the hypervisor. 0 " \
	  "under TCG, where the guest's code is QEMU's own. Counted in ticks of 10 ms: look at ten seconds or more.", \
	  "guest time in " STAT ", field 43; delta over elapsed time", UNIT_PCT, TICKED(row, guest_pct, guest_ns), \
	  .width = 6, .rank = 3 }, \
	{ "sys_pct", "SYS%", "Share of the time the thread was in the kernel: exits, halt polling, I/O.", \
	  "system time in " STAT ", field 15, in ticks of 10 ms; delta over elapsed time", UNIT_PCT, \
	  .meaning = "High beside a low GUEST%: exits or polling instead of the guest's code; `kvm` tells which.", \
	  TICKED(row, sys_pct, sys_ns), .width = 6, .rank = 3 }, \
	{ "state", "S", "State of the thread: R runs or is ready, S sleeps, D waits in the kernel, " \
	  "T stopped, t traced.", \
	  "/proc/PID/task/TID/stat, field 3", UNIT_TEXT, TEXT(row, state), .width = 1, .rank = 3, .passing = true }, \
	{ "cpu", "CPU", "Host CPU on which it ran last.", "/proc/PID/task/TID/stat, field 39", UNIT_COUNT, \
	  UINT(row, cpu), .width = 4, .rank = 2 }, \
	{ "affinity", "AFFINITY", "Host CPUs on which it may run.", "Cpus_allowed_list in /proc/PID/task/TID/status", \
	  UNIT_TEXT, TEXT(row, affinity), .width = 12, .rank = 2, .needs = NEED_AFFINITY }, \
	{ "cpuset", "CPUSET", "Host CPUs its control group allows.", \
	  "cpuset.cpus.effective (version 1: cpuset.effective_cpus) of the group in /proc/PID/task/TID/cgroup", \
	  UNIT_TEXT, \
	  TEXT(row, cpuset), .width = 12, .rank = 6, .needs = NEED_AFFINITY }, \
	{ "allowed", "ALLOWED", "Online CPUs that are in both, its affinity and its control group: " \
	  "where it can run. Marked with ! " \
	  "when its affinity names online CPUs that the group denies.", \
	  "affinity, cpuset, /sys/devices/system/cpu/online", \
	  UNIT_TEXT, TEXT(row, allowed), .width = 12, .rank = 7, .needs = NEED_AFFINITY }, \
	{ "node", "NODE", "NUMA node of the host CPU on which it ran last.", "/sys/devices/system/node/nodeN/cpulist", \
	  UNIT_COUNT, UINT(row, node), .width = 4, .rank = 4 }

static const struct column vcpu_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "vcpu", "VCPU", "Number of the vCPU.", "query-cpus-fast when attaching; else the name of the thread "
	  "(debug-threads=on)", UNIT_COUNT, UINT(vcpu_row, vcpu), .width = 4, .rank = 1, .label = true },
	{ "tid", "TID", "Thread of QEMU that runs it. Under TCG with thread=single one runs them all.", "as vcpu",
	  UNIT_COUNT, UINT(vcpu_row, tid), .width = 7, .rank = 2 },
	COLUMNS_PLACE(vcpu_row),
	{ "poll_pct", "POLL%", "Share of the time the host's kernel polled for work when the vCPU was idle, instead "
	  "of giving the CPU to others; it is in SYS% too. Known with QEMU 8.1 or later, or of a guest with a single "
	  "vCPU; unknown under TCG.", "halt_poll_success_ns + halt_poll_fail_ns, from the statistics descriptors "
	  "QEMU holds (needs the right to ptrace it), else debugfs; delta over elapsed time", UNIT_PCT,
	  .meaning = "High on a busy host: polling takes CPUs from other guests; lower halt_poll_ns of "
	  "KVM.",
	  RATE(vcpu_row, poll_pct, poll_ns, PER_NS), .width = 6, .rank = 4, .needs = NEED_KVM },
};
const struct table vcpus_table = TABLE("vcpus", "vCPUs", vcpu_row, vcpu_columns, NULL,
	NEED_TASKS | NEED_STATE);

static const struct column thread_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "tid", "TID", "Id of the thread; of a vhost worker before Linux 6.4, of the kernel thread.",
	  "/proc/PID/task", UNIT_COUNT, UINT(thread_row, tid), .width = 7, .rank = 1, .label = true },
	{ "role", "ROLE", "What it does: main (the emulator's loop), vcpu N, iothread ID, monitor, vhost, worker "
	  "(disk I/O), vnc, spice, migration, rcu, io_uring, kvm, other (a thread that QEMU gave no name and did not "
	  "tell of).", "query-cpus-fast, query-iothreads when attaching; else the thread's name. Names of the others "
	  "want -name debug-threads=on", UNIT_TEXT, TEXT(thread_row, role), .width = 14, .rank = 1, .label = true },
	{ "name", "THREAD", "Name of the thread.", "/proc/PID/task/TID/comm", UNIT_TEXT, TEXT(thread_row, name),
	  .width = 15, .rank = 3 },
	COLUMNS_PLACE(thread_row),
};
const struct table threads_table = TABLE("threads", "threads", thread_row, thread_columns, "run_pct",
	NEED_TASKS | NEED_STATE);
