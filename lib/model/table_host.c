// SPDX-License-Identifier: GPL-3.0-or-later
/* host and pci: the machine itself. */
#include "tables.h"

#define PROC_STAT "/proc/stat; delta over elapsed time"
#define MEMINFO "/proc/meminfo"

static const struct column host_columns[] = {
	{ "host", "HOST", "Name of the host.", "/proc/sys/kernel/hostname", UNIT_TEXT, TEXT(host_row, host), .width = 16, .rank = 1 },
	{ "kernel", "KERNEL", "Release of its kernel.", "/proc/sys/kernel/osrelease", UNIT_TEXT,
	  TEXT(host_row, kernel), .width = 20, .rank = 6 },
	{ "cpus", "CPUS", "Online CPUs.", "/sys/devices/system/cpu/online", UNIT_COUNT, UINT(host_row, cpus), .width = 4, .rank = 7 },
	{ "nodes", "NODES", "NUMA nodes.", "/sys/devices/system/node/online", UNIT_COUNT, UINT(host_row, nodes), .width = 5, .rank = 7 },
	{ "guests", "GUESTS", "QEMU processes.", "the scan of /proc", UNIT_COUNT, UINT(host_row, guests), .width = 6, .rank = 7 },
	{ "cpu_pct", "CPU%", "Time the CPUs were busy; 100 is one CPU, all of them together as many times that.",
	  "user, nice, system, irq, softirq and steal in " PROC_STAT, UNIT_PCT, RATE(host_row, cpu_pct, busy_ns, PER_NS), .width = 6, .rank = 1, .graph = true },
	{ "iowait_pct", "IOWAIT%", "Time CPUs had nothing to do while a task waited for a disk.", "iowait in " PROC_STAT, UNIT_PCT,
	  RATE(host_row, iowait_pct, iowait_ns, PER_NS), .width = 7, .rank = 4 },
	{ "steal_pct", "STEAL%", "Time a hypervisor below this host took away.", "steal in " PROC_STAT, UNIT_PCT,
	  RATE(host_row, steal_pct, steal_ns, PER_NS), .width = 6, .rank = 6 },
	{ "load1", "LOAD1", "Tasks that run, are ready, or wait in D; mean of about one minute.", "/proc/loadavg", UNIT_PER_S,
	  NUM(host_row, load1), .width = 5, .rank = 3 },
	{ "load5", "LOAD5", "The same of about five minutes.", "/proc/loadavg", UNIT_PER_S, NUM(host_row, load5), .width = 5, .rank = 6 },
	{ "load15", "LOAD15", "The same of about fifteen minutes.", "/proc/loadavg", UNIT_PER_S, NUM(host_row, load15), .width = 6, .rank = 7 },
	{ "mem_total_bytes", "MEM", "Memory of the host.", "MemTotal in " MEMINFO, UNIT_BYTES,
	  UINT(host_row, mem_total_bytes), .width = 5, .rank = 2 },
	{ "mem_available_bytes", "AVAIL", "Memory that can be had without swapping, as far as the kernel can tell.",
	  "MemAvailable in " MEMINFO, UNIT_BYTES, UINT(host_row, mem_available_bytes), .width = 5, .rank = 1, .graph = true, .whole = offsetof(struct host_row, mem_total_bytes) },
	{ "swap_total_bytes", "SWAP", "Swap space.", "SwapTotal in " MEMINFO, UNIT_BYTES, UINT(host_row, swap_total_bytes), .width = 5, .rank = 6 },
	{ "swap_used_bytes", "SWAPUSED", "Swap space in use.", "SwapTotal less SwapFree in " MEMINFO, UNIT_BYTES,
	  UINT(host_row, swap_used_bytes), .width = 8, .rank = 3, .whole = offsetof(struct host_row, swap_total_bytes) },
	{ "psi_cpu_pct", "PSICPU%", "Share of the last ten seconds in which some task waited for a CPU.",
	  "some avg10 in /proc/pressure/cpu", UNIT_PCT, NUM(host_row, psi_cpu_pct), .width = 7, .rank = 3, .graph = true, .share = true, MARK(ABOVE, 20) },
	{ "psi_io_pct", "PSIIO%", "Share of the last ten seconds in which some task waited for I/O.",
	  "some avg10 in /proc/pressure/io", UNIT_PCT, NUM(host_row, psi_io_pct), .width = 6, .rank = 3, .graph = true, .share = true, MARK(ABOVE, 20) },
	{ "psi_mem_pct", "PSIMEM%", "Share of the last ten seconds in which some task waited for memory.",
	  "some avg10 in /proc/pressure/memory", UNIT_PCT, NUM(host_row, psi_mem_pct), .width = 7, .rank = 3, .graph = true, .share = true, MARK(ABOVE, 5) },
	{ "hugepages_total_bytes", "HUGE", "Hugetlb pools, all sizes together.", "nr_hugepages in /sys/kernel/mm/hugepages", UNIT_BYTES,
	  UINT(host_row, hugepages_total_bytes), .width = 5, .rank = 4 },
	{ "hugepages_free_bytes", "HUGEFREE", "Of these, free.", "free_hugepages in /sys/kernel/mm/hugepages", UNIT_BYTES,
	  UINT(host_row, hugepages_free_bytes), .width = 8, .rank = 4, .whole = offsetof(struct host_row, hugepages_total_bytes) },
	{ "ksm_saved_bytes", "KSM", "Memory that merging saves.", "pages_sharing in /sys/kernel/mm/ksm, by the page size", UNIT_BYTES,
	  UINT(host_row, ksm_saved_bytes), .width = 5, .rank = 4 },
	{ "uptime_seconds", "UP", "Since the host was booted.", "/proc/uptime", UNIT_SECONDS,
	  NUM(host_row, uptime_seconds), .width = 8, .rank = 7 },
};
const struct table host_table = TABLE("host", "the host", host_row, host_columns, NULL, NEED_HOST);

static const struct column pci_columns[] = {
	{ "address", "ADDRESS", "PCI address.", "/sys/bus/pci/devices", UNIT_TEXT, TEXT(pci_row, address), .width = 12, .rank = 1, .label = true },
	{ "vm", "GUEST", "Guest that has the device's IOMMU group open.", "/proc/PID/fd to /dev/vfio/GROUP or /dev/vfio/devices", UNIT_TEXT,
	  TEXT(row, vm), .width = 16, .rank = 1 },
	COLUMN_REF,
	{ "class", "CLASS", "What it is.", "class, the upper two bytes", UNIT_TEXT, TEXT(pci_row, class), .width = 16, .rank = 1 },
	{ "id", "VENDOR:DEV", "Vendor and device, four hexadecimal digits each.", "vendor, device", UNIT_TEXT,
	  TEXT(pci_row, id), .width = 10, .rank = 2 },
	{ "driver", "DRIVER", "Driver of the host that has it; vfio-pci: it is free for a guest, or a guest's.", "link driver", UNIT_TEXT,
	  TEXT(pci_row, driver), .width = 14, .rank = 1 },
	{ "iommu_group", "GROUP", "IOMMU group: all members go to a guest together. Unknown where no IOMMU is on.", "link iommu_group",
	  UNIT_COUNT, UINT(pci_row, iommu_group), .width = 5, .rank = 1 },
	{ "node", "NODE", "NUMA node it is attached to; unknown where the firmware does not say.", "numa_node", UNIT_COUNT,
	  UINT(pci_row, node), .width = 4, .rank = 2 },
	{ "sriov", "SRIOV", "PF: can have virtual functions; VF of ADDRESS: is one.", "sriov_totalvfs, link physfn", UNIT_TEXT,
	  TEXT(pci_row, sriov), .width = 18, .rank = 3 },
	{ "vfs", "VFS", "Virtual functions it has.", "sriov_numvfs", UNIT_COUNT, UINT(pci_row, vfs), .width = 4, .rank = 3 },
	{ "vfs_max", "VFSMAX", "Virtual functions it can have.", "sriov_totalvfs", UNIT_COUNT, UINT(pci_row, vfs_max), .width = 6, .rank = 4 },
};
const struct table pci_table = TABLE("pci", "PCI devices of the host", pci_row, pci_columns, "address", NEED_PCI);
