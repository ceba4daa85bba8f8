// SPDX-License-Identifier: GPL-3.0-or-later
/* The tables themselves, and finding one's way in them. */
#include "tables.h"

#include <string.h>

static const struct column vm_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "trouble", "!", "How much the guest needs a look, 0 to 9: 0 nothing is known to be wrong, 1 to 3 worth knowing, 4 to 6 it is held "
	  "back, 7 to 9 it does not work. trouble_text says why.", "the rules listed in the help of trouble_text, the highest that "
	  "holds", UNIT_COUNT, UINT(vm_row, trouble), .width = 1, .rank = 1, .needs = TROUBLE_NEEDS, .spans = true, .descending = true,
	  .hides_zero = true, .frugal = true, .then = "cpu_pct", MARK(ABOVE, 1) },
	{ "uuid", "UUID", "UUID of the guest; the zero UUID is none.", "-uuid on the command line, else query-uuid",
	  UNIT_TEXT, TEXT(vm_row, uuid), .width = 36, .rank = 9 },
	{ "pid", "PID", "Process id of QEMU.", "/proc", UNIT_COUNT, UINT(vm_row, pid), .width = 7, .rank = 7,
	  .key = 'N' },
	{ "user", "USER", "User that QEMU runs as. The guest of one who is neither root, nor the user of kvmtop, nor libvirt's "
	  "for QEMU, is called NAME@USER.", "Uid in /proc/PID/status, /etc/passwd; the number where that has no name", UNIT_TEXT,
	  TEXT(vm_row, user), .width = 12, .rank = 7 },
	{ "state", "STATE", "Why the guest runs or stands: running, paused, io-error, prelaunch, .. (query-status); "
	  "migrating: it runs while it is sent away; stopped: the QEMU process itself is stopped; blocked: it sleeps "
	  "in the kernel and cannot be woken; unknown: it was not asked yet or did not answer.",
	  "query-status when attaching and by events while its socket is held; /proc/PID/stat each tick", UNIT_TEXT,
	  .meaning = "io-error: an image could not be read or written, WHY and `disks` tell which; stopped, "
	  "blocked: the QEMU process itself stands; paused: a manager or an operator has stopped it.",
	  TEXT(vm_row, state), .width = 8, .rank = 1, .needs = NEED_STATE, .uncut = true,
	  .doubt = offsetof(struct vm_row, doubt_seconds) },
	{ "state_detail", "WHY", "Why it is in that state: which disk failed and how, what the kernel waits for.",
	  "query-block io-status, query-migrate when QEMU is asked for the state; /proc/PID/wchan", UNIT_TEXT,
	  TEXT(vm_row, state_detail), .width = 24, .rank = 7, .needs = NEED_STATE },
	{ "trouble_text", "REASON", "What is wrong with the guest, the worst first. 9: io-error, the guest panicked, internal error. 8: the "
	  "QEMU process is stopped, or hangs in the kernel; the watchdog fired. 7: a request queue has stalled for 2 s. 6: a disk is at its "
	  "limit, or a control group or a shaped tap held the guest back. 5: its threads waited for a CPU for 50 % or more; a request took "
	  "100 ms or more, where a page has sampled that. 4: libvirt does not answer. 3: paused after it ran; its memory is on other nodes "
	  "than its vCPUs. 2: threads waited for a CPU for 10 % or more; its state was told long ago and its vCPUs have stood still since; "
	  "powered off, and QEMU is still there. 1: the host itself waits for CPUs. Started with -S, migrating, asleep: none.",
	  "state, state_detail, stalled_seconds, held_back, wait_pct, local_pct, stale_seconds, doubt_seconds; steal_pct of host; of disks and "
	  "queues, latencies where they are sampled", UNIT_TEXT, TEXT(vm_row, trouble_text), .width = 40, .rank = 9,
	  .needs = TROUBLE_NEEDS, .spans = true, .frugal = true, .passing = true },
	{ "state_seconds", "SINCE", "For how long the guest has been in this state; unknown where kvmtop has not seen it change.",
	  "the first sample with that state", UNIT_SECONDS, NUM(vm_row, state_seconds), .width = 5, .rank = 9, .descending = true,
	  .needs = NEED_STATE },
	{ "doubt_seconds", "TOLD", "How long ago the state was told, where that was before the vCPUs began to stand still: it may be "
	  "another one by now. Unknown: there is no doubt.", "query-status; run time of the vCPUs in /proc/PID/task/TID/schedstat",
	  UNIT_SECONDS, NUM(vm_row, doubt_seconds), .width = 5, .rank = 9, .descending = true, .needs = NEED_STATE },
	{ "source", "SOURCE", "How the guest was found: libvirt, qmp (a socket given with -q) or proc (a scan of "
	  "/proc).", "discovery", UNIT_TEXT, TEXT(vm_row, source), .width = 7, .rank = 8 },
	{ "cpu_pct", "CPU%", "CPU time of all threads of the guest, vhost workers included, each once. 100 is one "
	  "CPU.", "run time in /proc/PID/task/TID/schedstat; delta over elapsed time. As a counter: utime and stime "
	  "in /proc/PID/stat, without vhost workers outside of the process (before Linux 6.4)", UNIT_PCT,
	  RATE(vm_row, cpu_pct, cpu_ns, PER_NS), .local = true, .lasting = offsetof(struct vm_row, used_ns),
	  .meaning = "Near 100 for each vCPU the guest is short of vCPUs, or one program in it does not "
	  "end; see `vcpus`.",
	  .width = 6, .rank = 1, .key = 'P', .graph = true },
	{ "wait_pct", "WAIT%", "Time the guest's threads were ready to run and waited for a CPU. 100 is one thread "
	  "waiting all the time.", "run-queue wait in /proc/PID/task/TID/schedstat; delta over elapsed time",
	  UNIT_PCT, RATE(vm_row, wait_pct, wait_ns, PER_NS), .width = 6, .rank = 2, .local = true, .graph = true,
	  .meaning = "The guest wants more CPU than it gets: too many vCPUs on its CPUs (`cpus`), its "
	  "cpuset is small or a quota is used up (`limits`).",
	  MARK(ABOVE, 10) },
	{ "vhost_pct", "VHOST%", "CPU time of the guest's vhost workers, which is in cpu_pct too.",
	  "run time in schedstat of kernel threads vhost-PID (before Linux 6.4) or of QEMU's own threads of that "
	  "name; delta over elapsed time", UNIT_PCT, RATE(vm_row, vhost_pct, vhost_ns, PER_NS), .width = 6,
	  .meaning = "Its network costs that much of the host's CPU; near 100 for one worker (`vhost`) the "
	  "NIC is at its end: more queues.",
	  .rank = 6, .local = true, .graph = true },
	{ "mem_bytes", "MEM", "Memory the guest has: what it was started with, DIMMs, and what it has taken of virtio-mem.",
	  "libvirt's live definition, else query-memory-size-summary when the guest was asked last, else -m and the DIMMs on the command line and in files of -readconfig",
	  UNIT_BYTES, UINT(vm_row, mem_bytes), .width = 5, .rank = 3, .descending = true, .key = 'M', .needs = NEED_STATE },
	{ "rss_bytes", "RSS", "Resident memory of the QEMU process; hugetlb pages are not in it.",
	  "/proc/PID/statm, field 2", UNIT_BYTES, UINT(vm_row, rss_bytes), .width = 5, .rank = 7, .descending = true,
	  .meaning = "More than MEM by hundreds of megabytes: QEMU itself has grown (its caches, VNC, "
	  "migration)." },
	{ "iops", "IOPS", "Requests completed per second by the guest's virtio disks.",
	  "used indices of the request rings of virtio-blk and virtio-scsi devices; delta over elapsed time",
	  UNIT_PER_S, RATE(vm_row, iops, io_total, 1), .width = 5, .rank = 2, .needs = NEED_RINGS, .local = true,
	  .graph = true },
	{ "rd_bytes_per_s", "RDB/s", "Bytes QEMU had read from storage; what the host's page cache answered is not in "
	  "it.", "read_bytes in /proc/PID/io; delta over elapsed time. Needs the right to ptrace the process",
	  UNIT_BYTES_PER_S, RATE(vm_row, rd_bytes_per_s, rd_total, 1), .width = 5, .rank = 6, .needs = NEED_IO,
	  .graph = true },
	{ "wr_bytes_per_s", "WRB/s", "Bytes QEMU caused to be written to storage.",
	  "write_bytes in /proc/PID/io; delta over elapsed time. Needs the right to ptrace the process",
	  UNIT_BYTES_PER_S, RATE(vm_row, wr_bytes_per_s, wr_total, 1), .width = 5, .rank = 6, .needs = NEED_IO,
	  .graph = true },
	{ "rx_bytes_per_s", "RX/s", "Bytes the guest received on its tap and macvtap NICs; unknown for a guest "
	  "without any.", "/proc/net/dev, seen from the guest; delta over elapsed time", UNIT_BYTES_PER_S,
	  RATE(vm_row, rx_bytes_per_s, rx_total, 1), .width = 5, .rank = 4, .needs = NEED_NET, .graph = true },
	{ "tx_bytes_per_s", "TX/s", "Bytes the guest sent on its tap and macvtap NICs; unknown for a guest without "
	  "any.", "/proc/net/dev, seen from the guest; delta over elapsed time", UNIT_BYTES_PER_S,
	  RATE(vm_row, tx_bytes_per_s, tx_total, 1), .width = 5, .rank = 4, .needs = NEED_NET, .graph = true },
	{ "exits_per_s", "EXITS/s", "Times per second a vCPU left the guest for the hypervisor; unknown under TCG.",
	  "/sys/kernel/debug/kvm/PID-FD/exits; delta over elapsed time. Needs root and debugfs", UNIT_PER_S,
	  .meaning = "Tens of thousands for a vCPU cost CPU time in the host; `kvm` tells of which kind "
	  "they are.",
	  RATE(vm_row, exits_per_s, exits_total, 1), .width = 7, .rank = 7, .needs = NEED_KVM, .graph = true },
	{ "depth", "DEPTH", "Requests outstanding in the guest's request rings now: available to the device, not yet "
	  "answered.", "sum over request rings of (avail.idx - used.idx) mod 65536", UNIT_COUNT, UINT(vm_row, depth),
	  .meaning = "It stays up: storage or network does not keep up with the guest; `queues` tells "
	  "which ring.",
	  .width = 5, .rank = 2, .needs = NEED_RINGS, .descending = true, .graph = true },
	{ "stalled_seconds", "STALL", "For how long a request queue of the guest has had work and finished none of it: the longest of them; "
	  "0: all move, or are empty.", "as stalled_seconds of queues", UNIT_SECONDS, NUM(vm_row, stalled_seconds), .width = 5, .rank = 9,
	  .needs = NEED_RINGS, .descending = true, .frugal = true, MARK(ABOVE, 1) },
	{ "stalled_queue", "STALLED", "Which queue that is.", "device and queue of queues", UNIT_TEXT, TEXT(vm_row, stalled_queue),
	  .width = 12, .rank = 9, .needs = NEED_RINGS, .frugal = true, .passing = true },
	{ "node", "NODE", "Host NUMA nodes on which the guest's vCPUs ran last.",
	  "processor in /proc/PID/task/TID/stat", UNIT_TEXT, TEXT(vm_row, node), .width = 4, .rank = 5,
	  .needs = NEED_PLACE | NEED_STATE },
	{ "local_pct", "LOCAL%", "Share of the guest's memory on the nodes of its vCPUs; 100 where the host has one "
	  "node. Unknown on others where the guest's cgroup holds other processes too, or its memory is hugetlb "
	  "(numa has it).", "memory.numa_stat of the guest's cgroup, every 10 s; the sample of its pages where numa "
	  "or memory was looked at", UNIT_PCT, NUM(vm_row, local_pct), .width = 6, .rank = 7,
	  .meaning = "Low: memory is reached over another node, which is slower; `numa` tells where, pin "
	  "vCPUs or move memory.",
	  .needs = NEED_PLACE | NEED_STATE, .share = true, MARK(BELOW, 60) },
	{ "limits", "LIMITS", "Limits set on the guest; those that held it back are marked with !. cpu N%: CPU "
	  "quota, 100 is one CPU, held back since the sample before. mem.high, mem.max: memory, held back within two "
	  "seconds. io.max DEVICE: bytes or operations a second, held back at 90 % of it; pids.max: tasks, held back when there are that many or "
	  "a new one was refused; cpus: its cpuset, where that is not all CPUs, held back where a thread waited for a CPU for 10 % of ten "
	  "seconds (pressure). In brackets, the control group, where it is not the guest's own. A tap's name: rate to the guest "
	  "(tc tbf, htb), held back within two seconds. A disk's id and io: its throttle, as far as QEMU was asked "
	  "for disks; held back at 95 % of it. Empty: none.", "cpu.max, cpu.stat, memory.high, memory.max, "
	  "memory.events of the control groups of its threads and of those above (version 1: cpu.cfs_quota_us, "
	  "memory.limit_in_bytes, memory.failcnt), io.max, io.stat, pids.max, pids.current, pids.events, cpuset.cpus.effective, looked up every 10 s; RTM_GETQDISC, RTM_GETTCLASS every 2 s; "
	  "throttle and throttle_pct in disks", UNIT_TEXT, TEXT(vm_row, limits), .width = 20, .rank = 8,
	  .needs = NEED_LIMITS, .passing = true },
	{ "held_back", "HELD", "The limits that held the guest back, without those that did not: as limits marks them, and the disks whose "
	  "requests were as many as their throttle lets through while others waited. Empty: none.", "as limits; the guest's rings against "
	  "the operations a second in query-block, which is asked once and again after changes", UNIT_TEXT, TEXT(vm_row, held_back),
	  .width = 20, .rank = 9, .needs = NEED_LIMITS | NEED_RINGS, .frugal = true, .passing = true },
	{ "throttled_pct", "THROT%", "Time for which CPUs were kept from the guest because its quota was used up, "
	  "summed over CPUs: 100 is one CPU kept from it all the time. Of its own control group and those below; a "
	  "quota shared with others is only marked in limits.", "throttled_usec in cpu.stat (version 1: "
	  "throttled_time); delta over elapsed time", UNIT_PCT, RATE(vm_row, throttled_pct, throttled_ns, PER_NS),
	  .meaning = "The guest is stopped by its own CPU quota (cpu.max) for that time: raise the quota, "
	  "or take vCPUs away.",
	  .width = 6, .rank = 9, .needs = NEED_LIMITS, .local = true, MARK(ABOVE, 1) },
	{ "psi_cpu_pct", "PSICPU%", "Share of the last ten seconds in which a thread of the guest's control group "
	  "waited for a CPU. Unknown in the root group.", "some avg10 in cpu.pressure of its control group (version "
	  "2), every 2 s", UNIT_PCT, NUM(vm_row, psi_cpu_pct), .width = 7, .rank = 9, .needs = NEED_LIMITS,
	  .meaning = "As wait_pct, counted by the kernel for the control group: its CPUs or its quota are "
	  "too small.",
	  .descending = true },
	{ "psi_io_pct", "PSIIO%", "The same for I/O.", "some avg10 in io.pressure of its control group (version 2), "
	  "every 2 s", UNIT_PCT, NUM(vm_row, psi_io_pct), .width = 6, .rank = 9, .needs = NEED_LIMITS,
	  .meaning = "QEMU's threads wait for storage, or for pages that are read back from it: `disks`.",
	  .descending = true },
	{ "psi_mem_pct", "PSIMEM%", "The same for memory.", "some avg10 in memory.pressure of its control group "
	  "(version 2), every 2 s", UNIT_PCT, NUM(vm_row, psi_mem_pct), .width = 7, .rank = 9, .needs = NEED_LIMITS,
	  .meaning = "The control group is at memory.high or memory.max, or the host swaps: pages are "
	  "taken from QEMU while it wants them.",
	  .descending = true },
	{ "stale_seconds", "AGE", "How old the row's figures are when the guest missed its deadline; 0 for a fresh "
	  "row.", "time since the last reading of a QEMU process that was able to run", UNIT_SECONDS,
	  .meaning = "The process did not answer in time: stopped, traced, or blocked in the kernel; other "
	  "figures of the row are that old.",
	  NUM(vm_row, stale_seconds), .width = 5, .rank = 8, .descending = true },
	{ "note", "NOTE", "What an operator should know about the attachment: who holds the monitor, what could not "
	  "be read and why.", "kvmtop", UNIT_TEXT, TEXT(vm_row, note), .width = 40, .rank = 8, .needs = NEED_STATE },
};

static const struct column column_columns[] = {
	{ "table_name", "TABLE", "Table the column is in.", "kvmtop", UNIT_TEXT, TEXT(column_row, table), .width = 8,
	  .rank = 1 },
	{ "id", "FIELD", "Name of the field in batch, filter and sort.", "kvmtop", UNIT_TEXT, TEXT(column_row, id),
	  .width = 16, .rank = 1 },
	{ "title", "TITLE", "Heading.", "kvmtop", UNIT_TEXT, TEXT(column_row, title), .width = 8, .rank = 1 },
	{ "unit", "UNIT", "Unit of the raw value.", "kvmtop", UNIT_TEXT, TEXT(column_row, unit), .width = 8,
	  .rank = 1 },
	{ "help", "HELP", "What it says.", "kvmtop", UNIT_TEXT, TEXT(column_row, help), .width = 60, .rank = 1 },
	{ "source", "SOURCE", "Where it comes from and how it is computed.", "kvmtop", UNIT_TEXT,
	  TEXT(column_row, source), .width = 60, .rank = 2 },
	{ "meaning", "MEANING", "What a value out of the ordinary tells, and what to do.", "kvmtop", UNIT_TEXT,
	  TEXT(column_row, meaning), .width = 60, .rank = 3 },
};

static const struct column journal_columns[] = {
	{ "id", "ID", "Name of the entry: when it began and four random digits.", "the journal", UNIT_TEXT,
	  TEXT(journal_row, id), .width = 20, .rank = 1, .label = true },
	{ "begun", "BEGUN", "When it began.", "the journal", UNIT_TEXT, TEXT(journal_row, begun), .width = 29,
	  .rank = 3 },
	COLUMN_VM, COLUMN_REF,
	{ "verb", "VERB", "The changing verb.", "the journal", UNIT_TEXT, TEXT(journal_row, verb), .width = 14,
	  .rank = 1 },
	{ "device", "DEVICE", "What it was about.", "the journal", UNIT_TEXT, TEXT(journal_row, device), .width = 14,
	  .rank = 1 },
	{ "state", "STATE", "running, pending (the guest has not released it yet), or the status of the finished change.",
	  "the journal", UNIT_TEXT, TEXT(journal_row, state), .width = 9, .rank = 1 },
	{ "left", "LEFT", "What is left behind, if anything.", "the journal", UNIT_TEXT, TEXT(journal_row, left),
	  .width = 40, .rank = 2 },
	{ "when", "WHEN", "When it began, in short: the time, before it the day unless that is today.", "the journal", UNIT_TEXT,
	  TEXT(journal_row, when), .width = 12, .rank = 9 },
	{ "change", "CHANGE", "The change with its arguments, as it was asked for.", "the journal", UNIT_TEXT,
	  TEXT(journal_row, change), .width = 40, .rank = 9 },
	{ "can", "CAN", "What can be done with it now: undo, or finish what is pending; empty: nothing, and WHY says why.",
	  "the journal, and whether the guest still runs; the guest is not asked", UNIT_TEXT, TEXT(journal_row, can), .width = 6, .rank = 2 },
	{ "why", "WHY", "Why it cannot be undone, what it waits for, or what an undo would leave.",
	  "the journal, and whether the guest still runs; the guest is not asked", UNIT_TEXT, TEXT(journal_row, why), .width = 40, .rank = 3 },
	{ "error", "ERROR", "Why it failed, or why it took so long.", "the journal", UNIT_TEXT, TEXT(journal_row, error), .width = 40,
	  .rank = 9 },
};

static const struct table vms_table = TABLE("vms", "guests", vm_row, vm_columns, "cpu_pct", 0);
static const struct table columns_table = TABLE("columns", "columns of the tables", column_row,
	column_columns, NULL,
  0);
static const struct table journal_table = TABLE("journal", "changes made by kvmtop", journal_row,
	journal_columns,
  "begun", 0);

static const struct table *const tables[TABLE_COUNT] = {
	[TABLE_VMS] = &vms_table, [TABLE_VCPUS] = &vcpus_table, [TABLE_THREADS] = &threads_table,
	[TABLE_QUEUES] = &queues_table, [TABLE_DISKS] = &disks_table, [TABLE_NICS] = &nics_table,
	[TABLE_VHOST] = &vhost_table,
	[TABLE_SLOTS] = &slots_table, [TABLE_DEVICES] = &devices_table, [TABLE_JOBS] = &jobs_table,
	[TABLE_EVENTS] = &events_table, [TABLE_FIND] = &find_table, [TABLE_HOST] = &host_table,
	[TABLE_MEMORY] = &memory_table, [TABLE_NUMA] = &numa_table, [TABLE_NODES] = &nodes_table,
	[TABLE_HUGEPAGES] = &hugepages_table, [TABLE_KSM] = &ksm_table, [TABLE_THP] = &thp_table,
	[TABLE_PCI] = &pci_table, [TABLE_COLUMNS] = &columns_table, [TABLE_JOURNAL] = &journal_table,
	[TABLE_CPUS] = &cpus_table,
	[TABLE_KVM] = &kvm_table,
	[TABLE_KNOBS] = &knobs_table,
};

const struct table *table_get(enum table_id t)
{
	return tables[t];
}

enum table_id table_find(const char *name)
{
	enum table_id t;

	for (t = 0; t < TABLE_COUNT; t++)
		if (!strcmp(tables[t]->name, name))
			break;
	return t;
}

const struct column *table_column(const struct table *t, const char *id, struct str_near *near)
{
	size_t i;

	for (i = 0; i < t->n_columns; i++) {
		if (!strcmp(t->columns[i].id, id))
			return &t->columns[i];
		if (near)
			str_near_try(near, t->columns[i].id);
	}
	for (i = 0; i < t->n_columns; i++)	/* what stands over it: no two are alike */
		if (!strcasecmp(t->columns[i].title, id))
			return &t->columns[i];
	return NULL;
}

struct value column_get(const struct column *c, const void *row)
{
	const char *at = (const char *)row + c->offset;
	struct value v = { .kind = c->kind };

	switch (c->kind) {
	case VALUE_NONE:
		break;
	case VALUE_TEXT:
		v.text = *(const char *const *)at;
		if (!v.text)
			v.kind = VALUE_NONE;
		break;
	case VALUE_UINT:
		v.uint = *(const uint64_t *)at;
		if (v.uint == UNKNOWN_UINT)
			v.kind = VALUE_NONE;
		break;
	case VALUE_NUM:
		v.num = *(const double *)at;
		if (isnan(v.num))
			v.kind = VALUE_NONE;
		break;
	}
	return v;
}

static double number(struct value v)
{
	return v.kind == VALUE_UINT ? (double)v.uint : v.num;
}

bool column_is_marked(const struct column *c, struct value v)
{
	if (c->mark == MARK_NONE || v.kind == VALUE_NONE || v.kind == VALUE_TEXT)
		return false;
	return c->mark == MARK_ABOVE ? number(v) >= c->mark_at : number(v) <= c->mark_at;
}

double column_share(const struct column *c, const void *row)
{
	struct value v = column_get(c, row);
	uint64_t whole = c->whole ? *(const uint64_t *)((const char *)row + c->whole) : UNKNOWN_UINT;

	if (v.kind == VALUE_NONE || v.kind == VALUE_TEXT)
		return -1;
	if (c->share)
		return number(v) / 100;
	return whole == UNKNOWN_UINT || !whole ? -1 : number(v) / (double)whole;
}
