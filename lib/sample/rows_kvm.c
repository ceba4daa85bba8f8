// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows of KVM's counters. Three sources, the quiet ones first: debugfs for the guest as a whole, the descriptors QEMU
 * keeps for each vCPU; and QEMU itself, for a guest that was named, for what these two do not tell.
 */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before QEMU 8.1 an answer costs each vCPU an exit. The second one comes sooner, so that there is a first rate. */
#define ASK_NS (2 * NS_PER_SEC)
#define ASK_SECOND_NS (NS_PER_SEC * 9 / 10)
#define ASK_ANEW_NS (20 * NS_PER_SEC)

static const char *kind_of(const char *counter)
{
	static const struct {
		const char *part, *kind;	/* in this order: the first that is in the name decides */
	} kinds[] = {
		{ "halt_exits", "exit" }, { "halt_", "halt" }, { "blocking", "halt" }, { "tlb", "tlb" }, { "invlpg", "tlb" },
		{ "pages_", "page" }, { "lpages", "page" }, { "lpage", "mmu" }, { "pf_", "mmu" }, { "mmu_", "mmu" },
		{ "exits", "exit" }, { "injections", "irq" }, { "irq", "irq" }, { "nmi", "irq" }, { "preemption", "irq" },
		{ "hypercalls", "exit" }, { "insn_emulation", "exit" }, { "nested_run", "exit" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strstr(counter, kinds[i].part))
			return kinds[i].kind;
	return "other";
}

struct figure {
	const char *vcpu, *origin;	/* for the snapshot's life */
	uint64_t taken_ns;
};

static void add(struct snapshot *snap, const struct guest *g, const struct figure *f, const char *name, bool count,
		uint64_t value)
{
	struct kvm_row *row = snapshot_add(snap, TABLE_KVM);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_printf(snap, "%s/%s", f->vcpu, name);
	row->head.taken_ns = f->taken_ns;
	row->vcpu = f->vcpu;
	row->counter = snapshot_str(snap, name);
	row->kind = kind_of(name);
	row->origin = f->origin;
	row->total = value;
	if (count)
		row->count = value;
	if (count && str_has_suffix(name, "_ns"))
		row->ns = value;
}

/* Counters of vCPUs, added up by name. The kernel has about 70 names. */
#define SUMS_MAX 512
struct sums {
	struct host_kvm_stat *list;
	size_t n;
};

static void sum_add(struct sums *s, size_t hint, const char *name, bool count, uint64_t value)
{
	struct host_kvm_stat one = { .count = count, .value = value };
	size_t i = hint;

	if (strlen(name) >= sizeof(one.name))
		return;
	/* vCPUs list the same names in the same order, mostly */
	if (i >= s->n || strcmp(s->list[i].name, name))
		for (i = 0; i < s->n && strcmp(s->list[i].name, name); i++)
			;
	if (i < s->n) {
		s->list[i].value += value;
		return;
	}
	if (s->n == SUMS_MAX)
		return;
	strcpy(one.name, name);
	*vec_push(s->list, s->n) = one;
}

static void add_list(struct snapshot *snap, const struct guest *g, const struct figure *f, const struct host_kvm_stat *list,
		     size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		add(snap, g, f, list[i].name, list[i].count, list[i].value);
}

static bool counts(const struct sampler *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_kvm_names; i++)
		if (!strcmp(s->kvm_names[i].name, name))
			return s->kvm_names[i].count;
	return false;
}

/*
 * QEMU's number of the vCPU at a place in the order of the kernel's ids: both grow together, but the kernel's may
 * leave some out (APIC ids of a core with three threads). Where QEMU's numbers are not known, the kernel's id.
 */
static unsigned *numbers_of(const struct guest *g, const struct host_usage *u, const struct host_kvm_vcpu *vcpus, size_t n)
{
	unsigned *numbers;
	size_t i;

	if (rows_vcpu_numbers(g, u, &numbers) == n)
		return numbers;
	free(numbers);
	numbers = xcalloc(n, sizeof(*numbers));
	for (i = 0; i < n; i++)
		numbers[i] = vcpus[i].id;
	return numbers;
}

/* Of each vCPU from its descriptor; what they add up to goes to sums. False: there are none. */
static bool fill_vcpus(struct snapshot *snap, struct guest *g, const struct host_usage *u, struct sums *sums)
{
	struct figure f = { .origin = "stats-fd", .taken_ns = snapshot_time_ns(snap) };
	auto_free unsigned *numbers = NULL;
	const struct host_kvm_vcpu *vcpus;
	size_t n, i, k;

	if (host_kvm_vcpus_read(g->kvm, g->answers.n_cpus, &vcpus, &n))
		return false;
	numbers = numbers_of(g, u, vcpus, n);
	for (i = 0; i < n; i++) {
		f.vcpu = snapshot_printf(snap, "%u", numbers[i]);
		add_list(snap, g, &f, vcpus[i].stats, vcpus[i].n);
		for (k = 0; k < vcpus[i].n; k++)
			sum_add(sums, k, vcpus[i].stats[k].name, vcpus[i].stats[k].count, vcpus[i].stats[k].value);
	}
	return true;
}

/* What QEMU answered: of the vCPUs, and of the machine with the sums, as far as these are not known already. */
static void fill_answers(const struct sampler *s, struct snapshot *snap, struct guest *g, bool has_vcpus, bool has_vm)
{
	struct figure f = { .origin = "query-stats", .taken_ns = g->kvm_answers.taken_ns };
	struct sums sums = {0};
	size_t i, k;

	for (i = 0; i < g->kvm_answers.n; i++) {
		const struct qmp_kvm_set *set = &g->kvm_answers.sets[i];

		if (set->vcpu >= 0)
			f.vcpu = snapshot_printf(snap, "%d", set->vcpu);
		for (k = 0; k < set->n; k++) {
			auto_free char *name = str_utf8(set->stats[k].name, strlen(set->stats[k].name), 64);
			bool count = counts(s, name);

			if (set->vcpu >= 0 && !has_vcpus)
				add(snap, g, &f, name, count, set->stats[k].value);
			if (!has_vm)
				sum_add(&sums, k, name, count, set->stats[k].value);
		}
	}
	f.vcpu = "all";
	add_list(snap, g, &f, sums.list, sums.n);
	free(sums.list);
}

static void open_kvm(const struct sampler *s, struct guest *g)
{
	if (!g->kvm)
		g->kvm = host_kvm_new(s->config.host, g->pid, g->start);
}

void rows_kvm(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u)
{
	struct figure f = { .vcpu = "all", .origin = "debugfs", .taken_ns = snapshot_time_ns(snap) };
	const struct host_kvm_stat *stats;
	struct sums sums = {0};
	bool has_vcpus, has_vm;
	size_t n;

	if (!round_is_for(s, g))	/* a page of another guest is open */
		return;
	open_kvm(s, g);
	has_vm = !host_kvm_vm_read(g->kvm, &stats, &n);
	if (has_vm)
		add_list(snap, g, &f, stats, n);
	has_vcpus = fill_vcpus(snap, g, u, &sums);
	if (!has_vm && !g->kvm_answers.n) {
		f.origin = "stats-fd";
		add_list(snap, g, &f, sums.list, sums.n);
		has_vm = sums.n;
	}
	free(sums.list);
	fill_answers(s, snap, g, has_vcpus, has_vm);
}

bool rows_kvm_must_ask(const struct sampler *s, struct guest *g)
{
	uint64_t since = clock_now_ns() - g->kvm_asked_ns;
	const struct host_kvm_vcpu *vcpus;
	const struct host_kvm_stat *stats;
	size_t n;

	if (!s->focus || strcmp(s->focus, g->ref))
		return false;
	if (since > ASK_ANEW_NS)
		g->kvm_asked = 0;
	if (g->kvm_asked && since < (g->kvm_asked == 1 ? ASK_SECOND_NS : ASK_NS))
		return false;
	open_kvm(s, g);
	if (!host_kvm_has_vm(s->config.host, g->pid) ||
	    (!host_kvm_vcpus_read(g->kvm, g->answers.n_cpus, &vcpus, &n) && !host_kvm_vm_read(g->kvm, &stats, &n)))
		return false;
	g->kvm_asked_ns = clock_now_ns();
	g->kvm_asked++;
	return true;
}

static uint64_t polled(const struct host_kvm_stat *stats, size_t n)
{
	uint64_t sum = 0;
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		if (strcmp(stats[i].name, "halt_poll_success_ns") && strcmp(stats[i].name, "halt_poll_fail_ns"))
			continue;
		sum += stats[i].value;
		found++;
	}
	return found == 2 ? sum : UNKNOWN_UINT;
}

void rows_kvm_poll(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u)
{
	size_t rows = snapshot_count(snap, TABLE_VCPUS), first = rows, n, i, k;
	auto_free unsigned *numbers = NULL;
	const struct host_kvm_vcpu *vcpus;
	const struct host_kvm_stat *stats;

	while (first && !strcmp(((const struct row *)snapshot_row(snap, TABLE_VCPUS, first - 1))->ref, g->ref))
		first--;
	if (first == rows)
		return;
	open_kvm(s, g);
	if (host_kvm_vcpus_read(g->kvm, rows - first, &vcpus, &n)) {
		/* the sum is the vCPU's, where it is the only one */
		if (rows - first == 1 && !host_kvm_vm_read(g->kvm, &stats, &n))
			((struct vcpu_row *)(uintptr_t)snapshot_row(snap, TABLE_VCPUS, first))->poll_ns = polled(stats, n);
		return;
	}
	numbers = numbers_of(g, u, vcpus, n);
	for (i = first; i < rows; i++) {
		struct vcpu_row *row = (struct vcpu_row *)(uintptr_t)snapshot_row(snap, TABLE_VCPUS, i);

		for (k = 0; k < n; k++)
			if (numbers[k] == row->vcpu)
				row->poll_ns = polled(vcpus[k].stats, vcpus[k].n);
	}
}
