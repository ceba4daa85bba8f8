// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A host that changes while one looks: CPUs go off- and online and leave holes, a node comes and goes with its CPUs, its memory and
 * its hugepages, memory and swap grow and shrink, modules are loaded, file systems mounted. After each change the next sample shows
 * the host as it is, and no rate is more than there can be. KT_TICKS: more of them, for a long look (600 take a minute).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/sample/private.h"

#define TICKS 80
#define LEAST_NS (90 * NS_PER_MS)	/* of shorter ones no rate is made of /proc/stat */
#define TICK_NS (100 * NS_PER_MS)
#define CPUS 8				/* of which the upper half is node 2's: there is no node 1 */
#define NEEDS (NEED_HOST | NEED_CPUS | NEED_NODES | NEED_MERGE | NEED_TASKS | NEED_PLACE | NEED_LIMITS | NEED_KVM)
#define HUGE_BYTES (2ull << 20)
#define EXITS_PER_S 100000
#define SLACK_PCT 150			/* steps of 10 ms in a tick; absurd are the hours before it */

static struct {
	bool cpu[CPUS], was[CPUS];	/* online */
	uint64_t busy[CPUS];		/* ticks since boot: it stays while a CPU is offline */
	uint64_t mem_mib, swap_mib, ran_ns, exits;
	uint64_t huge[2], huge_used[2];	/* pages of node 0 and of node 2 */
	bool node, ksm, kvm, cgroup;
	bool giant;			/* there is a pool of 1G */
	bool debugfs, had_debugfs;
	unsigned on;			/* where the guest's vCPU ran last */
} host;
static char *root;
static uint64_t seed = 7;
static bool rated;			/* the last tick was long enough for rates */
static double pace;			/* time that was put into the files for each of that between the samples: 1, if nothing is late */

static unsigned dice(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 40) % n;
}

/* ---- the host as the kernel shows it */

/* "0,2-3" as far as a list of CPUs goes without ranges; yours */
static char *list_of(unsigned first, unsigned end)
{
	auto_buf struct buf b = {0};
	unsigned i;

	for (i = first; i < end; i++)
		if (host.cpu[i])
			buf_printf(&b, "%s%u", b.len ? "," : "", i);
	buf_puts(&b, "\n");
	return buf_take(&b);
}

static void put_node(unsigned id, unsigned first, uint64_t mib)
{
	auto_free char *cpus = list_of(first, first + CPUS / 2);
	auto_free char *meminfo = xasprintf("Node %u MemTotal: %llu kB\nNode %u MemFree: 1024 kB\n", id, (unsigned long long)mib << 10, id);

	tree_puts(root, cpus, "sys/devices/system/node/node%u/cpulist", id);
	tree_puts(root, meminfo, "sys/devices/system/node/node%u/meminfo", id);
	tree_puts(root, "numa_hit 5\n", "sys/devices/system/node/node%u/numastat", id);
	tree_puts(root, "10 20\n", "sys/devices/system/node/node%u/distance", id);
}

/* of the host: an empty path */
static void put_pool(const char *at, const char *size, uint64_t total, uint64_t used)
{
	auto_free char *n = xasprintf("%llu\n", (unsigned long long)total), *unused = xasprintf("%llu\n", (unsigned long long)(total - used));

	tree_puts(root, n, "%s/hugepages-%s/nr_hugepages", at, size);
	tree_puts(root, unused, "%s/hugepages-%s/free_hugepages", at, size);
	tree_puts(root, "0\n", "%s/hugepages-%s/surplus_hugepages", at, size);
	tree_puts(root, "0\n", "%s/hugepages-%s/resv_hugepages", at, size);
}

static void put_stat(void)
{
	auto_buf struct buf b = {0};
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < CPUS; i++)
		sum += host.busy[i];
	buf_printf(&b, "cpu %llu 0 0 5 0 0 0 0 0 0\n", (unsigned long long)sum);
	for (i = 0; i < CPUS; i++)
		if (host.cpu[i])
			buf_printf(&b, "cpu%u %llu 0 0 5 0 0 0 0 0 0\n", i, (unsigned long long)host.busy[i]);
	buf_puts(&b, "intr 5\n");
	tree_puts(root, b.text, "proc/stat");
}

static void put_guest(void)
{
	static const char cmdline[] = "/usr/bin/qemu-system-x86_64\0-name\0web\0-m\0" "8\0-smp\0" "1";
	const char *const names[] = { "qemu-system-x86", "CPU 0/KVM" };
	int i;

	tree_put(root, "proc/1001/cmdline", cmdline, sizeof(cmdline));
	tree_puts(root, "qemu-system-x86\n", "proc/1001/comm");
	tree_puts(root, "100 2148 50 1 0 2048 0\n", "proc/1001/statm");
	tree_puts(root, "Name:\tqemu\nUid:\t0\t0\t0\t0\n", "proc/1001/status");
	tree_puts(root, "0::/vm\n", "proc/1001/cgroup");
	for (i = 0; i < 2; i++) {
		auto_free char *stat = xasprintf("%d (%s) S 1 1 1 0 -1 0 0 0 0 0 5 5 0 0 20 0 2 0 5001 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 %u "
						 "0 0 0 0 0 0 0 0 0 0 0 0 0\n", 1001 + i, names[i], host.on);
		auto_free char *run = xasprintf("%llu 10 1\n", (unsigned long long)(i ? host.ran_ns : 1000));

		tree_puts(root, stat, "proc/1001/task/%d/stat", 1001 + i);
		tree_puts(root, run, "proc/1001/task/%d/schedstat", 1001 + i);
		tree_puts(root, names[i], "proc/1001/task/%d/comm", 1001 + i);
		if (!i)
			tree_puts(root, stat, "proc/1001/stat");
	}
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void leave(const char *name)
{
	auto_free char *path = xasprintf("%s/%s", root, name);

	nftw(path, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_pools(void)
{
	put_pool("sys/devices/system/node/node0/hugepages", "2048kB", host.huge[0], host.huge_used[0]);
	put_pool("sys/devices/system/node/node2/hugepages", "2048kB", host.huge[1], host.huge_used[1]);
	put_pool("sys/kernel/mm/hugepages", "2048kB", host.huge[0] + (host.node ? host.huge[1] : 0),
		 host.huge_used[0] + (host.node ? host.huge_used[1] : 0));
	if (host.giant)
		put_pool("sys/kernel/mm/hugepages", "1048576kB", 3, 1);
	else
		leave("sys/kernel/mm/hugepages/hugepages-1048576kB");
}

static void put_exits(void)
{
	auto_free char *n = xasprintf("%llu\n", (unsigned long long)host.exits);

	if (host.debugfs)
		tree_puts(root, n, "sys/kernel/debug/kvm/1001-12/exits");
	else
		leave("sys/kernel/debug/kvm");
}

static void put_host(void)
{
	auto_free char *online = list_of(0, CPUS);
	auto_free char *meminfo = xasprintf("MemTotal: %llu kB\nMemFree: 3072 kB\nMemAvailable: 9000 kB\nSwapTotal: %llu kB\n"
					    "SwapFree: %llu kB\n", (unsigned long long)host.mem_mib << 10,
					    (unsigned long long)host.swap_mib << 10, (unsigned long long)host.swap_mib << 9);

	tree_puts(root, online, "sys/devices/system/cpu/online");
	tree_puts(root, host.node ? "0,2\n" : "0\n", "sys/devices/system/node/online");
	put_node(0, 0, 1024);
	put_node(2, CPUS / 2, host.mem_mib - 1024);
	tree_puts(root, meminfo, "proc/meminfo");
	put_pools();
	put_exits();
	put_stat();
	put_guest();
	if (host.ksm)
		tree_puts(root, "1\n", "sys/kernel/mm/ksm/run");
	else
		leave("sys/kernel/mm/ksm");
	if (host.kvm)
		tree_puts(root, "200000\n", "sys/module/kvm/parameters/halt_poll_ns");
	else
		leave("sys/module");
	tree_puts(root, host.cgroup ? "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n" : "25 1 0:1 / / rw - ext4 /dev/x rw\n",
		  "proc/self/mountinfo");
	tree_puts(root, "max\n", "sys/fs/cgroup/vm/memory.high");
	tree_puts(root, "50000 100000\n", "sys/fs/cgroup/vm/cpu.max");
}

/* ---- what happens */

static void flip(bool *b, unsigned one_in)
{
	*b ^= !dice(one_in);
}

/* Each CPU that has been online is busy for a share of the time that went by. Written last: what is slow, was before. */
static void go_on(uint64_t ns)
{
	unsigned i;

	for (i = 0; i < CPUS; i++)
		if (host.cpu[i] && host.was[i])
			host.busy[i] += ns * (i + 1) / (CPUS + 1) / (10 * NS_PER_MS);
	host.ran_ns += ns / 2;
	host.exits += ns / (NS_PER_SEC / EXITS_PER_S);
	put_exits();
	put_stat();
	put_guest();
}

static void change(void)
{
	unsigned i;

	memcpy(host.was, host.cpu, sizeof(host.was));
	if (!dice(3))
		flip(&host.node, 2);
	for (i = 1; i < CPUS; i++)
		flip(&host.cpu[i], 8);
	for (i = CPUS / 2; i < CPUS && !host.node; i++)
		host.cpu[i] = false;
	host.mem_mib = (host.node ? 2048 : 1024) + 128 * dice(3);
	host.swap_mib = 512 * dice(3);
	for (i = 0; i < 2; i++) {
		host.huge[i] = dice(2) ? host.huge[i] : dice(200);
		host.huge_used[i] = dice((unsigned)host.huge[i] + 1);
	}
	flip(&host.giant, 6);
	host.had_debugfs = host.debugfs;
	flip(&host.debugfs, 6);
	flip(&host.ksm, 6);
	flip(&host.kvm, 6);
	flip(&host.cgroup, 6);
	do
		host.on = dice(CPUS);
	while (!host.cpu[host.on]);
}

/* ---- what is told of it */

static unsigned count(unsigned first, unsigned end)
{
	unsigned i, n = 0;

	for (i = first; i < end; i++)
		n += host.cpu[i];
	return n;
}

static void check_pct(const char *what, double pct, double most)
{
	most = most * pace + SLACK_PCT;
	if (pct < 0 || pct > most)		/* of what is not known neither holds */
		fail_msg("%s: %g %% of %g", what, pct, most);
}

static void check_cpus(const struct snapshot *snap)
{
	unsigned i;
	size_t n = 0;

	for (i = 0; i < CPUS; i++) {
		auto_free char *key = xasprintf("%u", i);
		const struct cpu_row *row = snapshot_find(snap, TABLE_CPUS, NULL, key);

		assert_int_equal(row != NULL, host.cpu[i]);
		if (!row)
			continue;
		n++;
		assert_int_equal(row->node, i < CPUS / 2 ? 0 : 2);
		check_pct("a CPU", row->busy_pct, 100);
		/* one that was offline for a tick has none, every other one has */
		if (host.was[i] && rated)
			assert_false(isnan(row->busy_pct));
	}
	assert_int_equal(snapshot_count(snap, TABLE_CPUS), n);
}

static void check_nodes(const struct snapshot *snap)
{
	unsigned id;

	assert_int_equal(snapshot_count(snap, TABLE_NODES), host.node ? 2 : 1);
	for (id = 0; id <= (host.node ? 2 : 0); id += 2) {
		auto_free char *key = xasprintf("%u", id);
		const struct node_row *row = snapshot_find(snap, TABLE_NODES, NULL, key);
		unsigned first = id ? CPUS / 2 : 0, n = count(first, first + CPUS / 2);

		assert_non_null(row);
		assert_int_equal(row->n_cpus, n);
		assert_int_equal(row->mem_total_bytes, (id ? host.mem_mib - 1024 : 1024) << 20);
		assert_int_equal(row->hugepages_total_bytes, host.huge[id / 2] * HUGE_BYTES);
		assert_int_equal(row->hugepages_free_bytes, (host.huge[id / 2] - host.huge_used[id / 2]) * HUGE_BYTES);
		check_pct("a node", row->cpu_pct, 100 * n);
	}
}

/* PAGES of one size, of which some are used, as POOL tells */
static void check_pool(const struct snapshot *snap, const char *pool, uint64_t total, uint64_t used)
{
	const struct huge_row *row = snapshot_find(snap, TABLE_HUGEPAGES, NULL, pool);

	assert_non_null(row);
	assert_int_equal(row->total, total);
	assert_int_equal(row->free, total - used);
}

static void check_pools(const struct snapshot *snap)
{
	uint64_t total = host.huge[0] + (host.node ? host.huge[1] : 0), used = host.huge_used[0] + (host.node ? host.huge_used[1] : 0);
	uint64_t giant = host.giant ? 1ull << 30 : 0;
	const struct host_row *row = snapshot_row(snap, TABLE_HOST, 0);

	assert_int_equal(snapshot_count(snap, TABLE_HUGEPAGES), (host.giant ? 2 : 1) + (host.node ? 2 : 0));
	check_pool(snap, "2M", total, used);
	if (host.node) {
		check_pool(snap, "2M node 0", host.huge[0], host.huge_used[0]);
		check_pool(snap, "2M node 2", host.huge[1], host.huge_used[1]);
	}
	if (host.giant)
		check_pool(snap, "1G", 3, 1);
	assert_int_equal(row->hugepages_total_bytes, total * HUGE_BYTES + 3 * giant);
	assert_int_equal(row->hugepages_free_bytes, (total - used) * HUGE_BYTES + 2 * giant);
}

static void check_host(const struct snapshot *snap)
{
	const struct host_row *row = snapshot_row(snap, TABLE_HOST, 0);
	const struct ksm_row *ksm = snapshot_count(snap, TABLE_KSM) ? snapshot_row(snap, TABLE_KSM, 0) : NULL;

	assert_int_equal(row->cpus, count(0, CPUS));
	assert_int_equal(row->nodes, host.node ? 2 : 1);
	assert_int_equal(row->mem_total_bytes, host.mem_mib << 20);
	assert_int_equal(row->swap_total_bytes, host.swap_mib << 20);
	assert_int_equal(row->swap_used_bytes, host.swap_mib << 19);
	assert_int_equal(!isnan(row->halt_poll_us), host.kvm);
	check_pct("the host", row->cpu_pct, 100 * CPUS);
	if (rated)
		assert_false(isnan(row->cpu_pct));
	assert_int_equal(ksm && ksm->state && !strcmp(ksm->state, "on"), host.ksm);
}

static void check_guest(const struct snapshot *snap)
{
	const struct vm_row *row = snapshot_row(snap, TABLE_VMS, 0);

	assert_non_null(row);
	assert_string_equal(row->node, host.on < CPUS / 2 ? "0" : "2");
	check_pct("a guest", row->cpu_pct, 100);
	/* of a source that was not there at both there is no rate */
	assert_int_equal(row->exits_total != UNKNOWN_UINT, host.debugfs);
	if (!host.debugfs || !host.had_debugfs)
		assert_true(isnan(row->exits_per_s));
	else if (rated)
		assert_in_range((uint64_t)row->exits_per_s, 1, (uint64_t)(2 * EXITS_PER_S * pace));
	if (rated)
		assert_false(isnan(row->cpu_pct));
}

static void nothing_stays_behind(void **state)
{
	const char *ticks = getenv("KT_TICKS");
	unsigned n = ticks ? (unsigned)strtoul(ticks, NULL, 10) : TICKS, i;
	struct sample_config config = { .scan = true };
	uint64_t told_ns = 0, from_ns = 0;
	struct sampler *s;
	struct host *h;

	(void)state;
	root = tree_new();
	host.mem_mib = 2048;
	host.node = true;
	for (i = 0; i < CPUS; i++) {
		host.cpu[i] = true;
		host.busy[i] = 360000 * (i + 1);	/* hours since boot */
	}
	put_host();
	config.host = h = tree_host(root);
	s = sampler_new(&config);
	for (i = 0; i < n; i++) {
		struct snapshot *snap;
		uint64_t now;

		change();
		put_host();
		assert_int_equal(sampler_discover(s, NULL), 0);
		now = clock_now_ns();
		go_on(from_ns ? now - from_ns : 0);
		snap = sampler_take(s, NEEDS);
		pace = told_ns ? (double)(now - from_ns) / (double)(snapshot_time_ns(snap) - told_ns) : 1;
		pace = pace > 1 ? pace : 1;
		rated = told_ns && snapshot_time_ns(snap) - told_ns >= LEAST_NS;
		told_ns = snapshot_time_ns(snap);
		check_cpus(snap);
		check_nodes(snap);
		check_host(snap);
		check_pools(snap);
		check_guest(snap);
		from_ns = now;
		snapshot_unref(snap);
		clock_sleep_until(now + TICK_NS);
	}
	sampler_free(s);
	host_free(h);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_stays_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
