// SPDX-License-Identifier: GPL-3.0-or-later
/* cpus: what each CPU of the host does, and for whom. */
#include "tables.h"

#define STAT(what) what " of the CPU's line in /proc/stat, in ticks of 10 ms; delta over elapsed time"
#define SHARE(text, title, about, what, w, ...) \
	{ #text "_pct", title, about, STAT(what), UNIT_PCT, TICKED(cpu_row, text##_pct, text##_ns), \
	  .width = (w), .graph = true, .share = true, \
	  __VA_ARGS__ }

static const struct column cpu_columns[] = {
	{ "cpu", "CPU", "Number of the CPU.", "/proc/stat", UNIT_COUNT, UINT(cpu_row, cpu), .width = 4, .rank = 1,
	  .label = true },
	{ "node", "NODE", "Its NUMA node.", "/sys/devices/system/node/nodeN/cpulist", UNIT_COUNT,
	  UINT(cpu_row, node), .width = 4, .rank = 2 },
	SHARE(busy, "BUSY%", "Time it was busy with anything.", "user, nice, system, irq, softirq, steal", 6,
	  .rank = 1, MARK(ABOVE, 90)),
	SHARE(guest, "GUEST%", "Time it ran guests' code.", "guest, guest_nice", 6, .rank = 1),
	SHARE(user, "USER%", "Time in user space, guests' left out.", "user and nice, less guest and guest_nice", 6,
	  .rank = 2),
	SHARE(system, "SYS%", "Time in the kernel, interrupts left out.", "system", 6, .rank = 2),
	SHARE(irq, "IRQ%", "Time with interrupts. 0 where the kernel does not account for it.", "irq", 6, .rank = 4),
	SHARE(softirq, "SIRQ%", "Time with softirqs: most of the network's work.", "softirq", 6, .rank = 3),
	SHARE(iowait, "IOWAIT%", "Time with nothing to do while a task that ran here waits for a disk.", "iowait", 7,
	  .rank = 5),
	SHARE(steal, "STEAL%", "Time a hypervisor below this host took away.", "steal", 6, .rank = 5),
	{ "vcpus", "VCPUS", "vCPUs that ran here last.", "processor in /proc/PID/task/TID/stat of the guests' "
	  "threads", UNIT_COUNT, UINT(cpu_row, vcpus), .width = 5, .rank = 3, .descending = true },
	{ "wait_pct", "WAIT%", "Time guests' threads that ran here last were ready to run and waited for a CPU. 100 "
	  "is one thread waiting all the time.", "sum of wait_pct in threads, of those with this CPU", UNIT_PCT,
	  NUM(cpu_row, wait_pct), .width = 6, .rank = 1, .descending = true, .spans = true, .graph = true,
	  MARK(ABOVE, 10) },
	{ "runs", "RUNS", "Guests' threads that ran here last and ran for 1 % of the time or more, the busiest "
	  "first. A thread may have moved meanwhile.", "cpu, role and run_pct in threads", UNIT_TEXT,
	  TEXT(cpu_row, runs), .width = 28, .rank = 2, .passing = true },
	{ "waits", "WAITS", "Those that waited for a CPU for 1 % of the time or more, the longest first.",
	  "cpu, role and wait_pct in threads", UNIT_TEXT, TEXT(cpu_row, waits), .width = 28, .rank = 4,
	  .passing = true },
	{ "siblings", "CORE", "CPUs that are threads of the same core, itself included.",
	  "/sys/devices/system/cpu/cpuN/topology/thread_siblings_list", UNIT_TEXT, TEXT(cpu_row, siblings),
	  .width = 8, .rank = 6 },
};
const struct table cpus_table = TABLE("cpus", "CPUs of the host", cpu_row, cpu_columns, "cpu",
	NEED_CPUS | NEED_TASKS | NEED_STATE);
