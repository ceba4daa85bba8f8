// SPDX-License-Identifier: GPL-3.0-or-later
/* kvm: the counters of KVM, one a row, as kvm_stat shows them; named as the kernel names them. */
#include "tables.h"

#define ORIGIN "/sys/kernel/debug/kvm/PID-FD, statistics descriptors of QEMU, or query-stats: see origin"

static const struct column kvm_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "vcpu", "VCPU", "Number of the vCPU; all: the guest as a whole, for which counters of vCPUs are added up.",
	  ORIGIN, UNIT_TEXT, TEXT(kvm_row, vcpu), .width = 4, .rank = 1, .label = true },
	{ "counter", "COUNTER", "Name of the counter in this host's kernel. None under TCG, which does without KVM.",
	  ORIGIN, UNIT_TEXT, TEXT(kvm_row, counter), .width = 26, .rank = 1, .label = true },
	{ "kind", "KIND", "What it is about: exit (the guest was left for the hypervisor), irq (interrupts injected "
	  "and asked for), halt (idle vCPUs and polling for them), page (sizes of mappings now), mmu (page faults "
	  "and tables), tlb (flushes), other.", "its name", UNIT_TEXT, TEXT(kvm_row, kind), .width = 5, .rank = 3 },
	{ "per_s", "PER-SEC", "How much it grew per second; unknown for what is no count but a state, such as "
	  "pages_4k.", ORIGIN "; delta over elapsed time", UNIT_PER_S, RATE(kvm_row, per_s, count, 1), .width = 8,
	  .rank = 1, .graph = true },
	{ "share_pct", "SHARE%", "Of counters of time (names in _ns): share of the time. 100 is one vCPU all the "
	  "time.", ORIGIN "; delta over elapsed time", UNIT_PCT, RATE(kvm_row, share_pct, ns, PER_NS), .width = 6,
	  .rank = 2 },
	{ "total", "TOTAL", "Its value now.", ORIGIN, UNIT_COUNT, UINT(kvm_row, total), .width = 16, .rank = 2,
	  .descending = true },
	{ "origin", "ORIGIN", "Where it was read: debugfs, stats-fd (a descriptor that QEMU 8.1 and later keeps for "
	  "each vCPU; needs the right to ptrace it) or query-stats (QEMU was asked, at most every two seconds, and "
	  "only when a guest is named: before 8.1 that interrupts each vCPU).", "kvmtop", UNIT_TEXT,
	  TEXT(kvm_row, origin), .width = 11, .rank = 5 },
};
const struct table kvm_table = TABLE("kvm", "KVM counters", kvm_row, kvm_columns, "per_s",
	NEED_KVM_STATS | NEED_STATE);
