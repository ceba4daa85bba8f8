// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: control groups of both versions, what they hold back, and the CPUs one by one. On trees the test sets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_tree.h"
#include "lib/host/host.h"

#define SCOPE "machine.slice/machine-qemu\\x2d1\\x2dweb.scope"
#define V2 "sys/fs/cgroup/"
#define S(n) ((uint64_t)(n) * NS_PER_SEC)

static void put_mounts(const char *root, const char *text)
{
	tree_puts(root, text, "proc/self/mountinfo");
}

static const char v2_mount[] = "22 1 0:5 / /proc rw - proc proc rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

static void test_paths(void **state)
{
	char *root = tree_new();
	struct host_cgroup_paths p;
	struct host_cgroups *c;
	struct host *h = tree_host(root);

	(void)state;
	/* hybrid, two controllers in one mount, a blank in a name, and a container's own root */
	put_mounts(root, "32 31 0:29 / /sys/fs/cgroup/cpu\\040acct rw shared:1 - cgroup cgroup rw,cpu,cpuacct\n"
		   "35 31 0:32 /docker/1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		   "37 31 0:34 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd,memory2\n"
		   "38 31 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		   "99 broken\n"
		   "99 1 0:1 / / - cgroup2\n"
		   "99 1 0:1 / /../../etc rw - cgroup cgroup rw,cpuset\n"
		   "no end");
	tree_puts(root, "7:memory:/docker/1/vm:x\n4:cpuacct,cpu:/a/b\n3:cpuset:/c\n1:name=systemd:/s\n0::/u/v\n", "proc/9/cgroup");
	c = host_cgroups_open(h);
	assert_int_equal(host_cgroup_paths_read(c, 9, 0, &p), 0);
	assert_string_equal(p.dir[HOST_CGROUP_CPU], "sys/fs/cgroup/cpu acct/a/b");
	assert_string_equal(p.dir[HOST_CGROUP_MEMORY], "sys/fs/cgroup/memory/vm:x");
	assert_string_equal(p.dir[HOST_CGROUP_UNIFIED], "sys/fs/cgroup/unified/u/v");
	/* not mounted as version 1, so it is the unified one's */
	assert_string_equal(p.dir[HOST_CGROUP_CPUSET], "sys/fs/cgroup/unified/u/v");
	assert_false(p.v2[HOST_CGROUP_CPU]);
	assert_true(p.v2[HOST_CGROUP_CPUSET]);
	assert_int_equal(p.top[HOST_CGROUP_MEMORY], strlen("sys/fs/cgroup/memory"));

	/* of another namespace, or another container: not to be reached; roots */
	tree_puts(root, "7:memory:/docker/12\n4:cpu:/../../etc\n0::/\n", "proc/9/task/10/cgroup");
	assert_int_equal(host_cgroup_paths_read(c, 9, 10, &p), 0);
	assert_string_equal(p.dir[HOST_CGROUP_MEMORY], "");
	assert_string_equal(p.dir[HOST_CGROUP_CPU], "");
	assert_string_equal(p.dir[HOST_CGROUP_UNIFIED], "sys/fs/cgroup/unified");
	tree_puts(root, "7:memory\n::\n4:cpu\n\n0::relative\n:memory:/docker/1\n", "proc/9/task/11/cgroup");
	assert_int_equal(host_cgroup_paths_read(c, 9, 11, &p), 0);
	assert_string_equal(p.dir[HOST_CGROUP_UNIFIED], "");
	assert_int_equal(host_cgroup_paths_read(c, 8, 0, &p), -ENOENT);
	host_cgroups_free(c);

	tree_puts(root, "", "proc/self/mountinfo");
	c = host_cgroups_open(h);
	assert_int_equal(host_cgroup_paths_read(c, 9, 0, &p), 0);
	assert_string_equal(p.dir[HOST_CGROUP_CPU], "");
	/* mounted later, and not any more */
	tree_puts(root, "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "proc/self/mountinfo");
	host_cgroups_refresh(c);
	assert_int_equal(host_cgroup_paths_read(c, 9, 0, &p), 0);
	assert_string_equal(p.dir[HOST_CGROUP_CPU], "sys/fs/cgroup/u/v");
	tree_puts(root, "", "proc/self/mountinfo");
	host_cgroups_refresh(c);
	assert_int_equal(host_cgroup_paths_read(c, 9, 0, &p), 0);
	assert_string_equal(p.dir[HOST_CGROUP_CPU], "");
	host_cgroups_free(c);
	host_free(h);
	tree_remove(root);
}

static void test_long_names(void **state)
{
	char *root = tree_new(), *name = xmalloc(5000);
	struct host_cgroup_paths p;
	struct host_cgroups *c;
	struct host *h = tree_host(root);

	(void)state;
	put_mounts(root, v2_mount);
	memset(name, 'x', 4999);
	memcpy(name, "0::/", 4);
	name[4999] = '\0';
	tree_puts(root, name, "proc/9/cgroup");
	c = host_cgroups_open(h);
	assert_int_equal(host_cgroup_paths_read(c, 9, 0, &p), 0);
	assert_string_equal(p.dir[HOST_CGROUP_CPU], "");
	host_cgroups_free(c);
	host_free(h);
	free(name);
	tree_remove(root);
}

static void test_cpuset(void **state)
{
	char *root = tree_new(), text[64];
	struct host_cgroup_paths p;
	struct host_cgroups *c;
	struct host *h = tree_host(root);

	(void)state;
	put_mounts(root, v2_mount);
	tree_puts(root, "0::/a/b/c\n", "proc/9/cgroup");
	tree_puts(root, "0-3,8\n", V2 "a/cpuset.cpus.effective");
	tree_puts(root, "0-63\n", V2 "cpuset.cpus.effective");
	c = host_cgroups_open(h);
	assert_int_equal(host_cgroup_paths_read(c, 9, 0, &p), 0);
	assert_int_equal(host_cgroup_cpus(c, &p, text, sizeof(text)), 5);	/* that of the nearest above */
	assert_string_equal(text, "0-3,8");
	assert_int_equal(host_cgroup_cpus(c, &p, text, 6), -E2BIG);
	tree_puts(root, "\n", V2 "a/b/cpuset.cpus.effective");
	assert_int_equal(host_cgroup_cpus(c, &p, text, sizeof(text)), -ENOENT);
	host_cgroups_free(c);
	host_free(h);
	tree_remove(root);

	assert_true(host_cpulist_and("0-3,8,10-20", "2-9,15", text, sizeof(text)));
	assert_string_equal(text, "2-3,8,15");
	assert_true(host_cpulist_and("0-1", "2", text, sizeof(text)));
	assert_string_equal(text, "");
	assert_true(host_cpulist_and("0-4294967295", "1", text, sizeof(text)));
	assert_string_equal(text, "");		/* no list of the kernel's */
	assert_false(host_cpulist_and("0,2,4,6,8", "0-9", text, 9));
	assert_true(host_cpulist_and("0,2,4,6,8", "0-9", text, 10));
}

static const struct host_limit *limit(const struct host_limit_usage *u, enum host_limit_kind kind, const char *group)
{
	for (size_t i = 0; i < u->n; i++) {
		const struct host_limit *l = &u->limits[i];

		if (l->kind == kind && (group ? l->group && !strcmp(l->group, group) : !l->group))
			return l;
	}
	return NULL;
}

/* As libvirt with systemd makes them. */
static void put_scope(const char *root)
{
	put_mounts(root, v2_mount);
	tree_puts(root, "0::/" SCOPE "/libvirt/emulator\n", "proc/50/cgroup");
	tree_puts(root, "0::/" SCOPE "/libvirt/emulator\n", "proc/50/task/50/cgroup");
	tree_puts(root, "0::/" SCOPE "/libvirt/vcpu0\n", "proc/50/task/51/cgroup");
	tree_puts(root, "0::/" SCOPE "/libvirt/vcpu1\n", "proc/50/task/52/cgroup");
	tree_puts(root, "800000 100000\n", V2 "machine.slice/cpu.max");
	tree_puts(root, "nr_throttled 9\nthrottled_usec 1000\n", V2 "machine.slice/cpu.stat");
	tree_puts(root, "max 100000\n", V2 SCOPE "/cpu.max");
	tree_puts(root, "max\n", V2 SCOPE "/memory.high");
	tree_puts(root, "4294967296\n", V2 SCOPE "/memory.max");
	tree_puts(root, "low 0\nhigh 0\nmax 3\noom 0\n", V2 SCOPE "/memory.events");
	tree_puts(root, "max 100000\n", V2 SCOPE "/libvirt/emulator/cpu.max");
	tree_puts(root, "50000 100000\n", V2 SCOPE "/libvirt/vcpu0/cpu.max");
	tree_puts(root, "usage_usec 5\nnr_throttled 1\nthrottled_usec 7000\n", V2 SCOPE "/libvirt/vcpu0/cpu.stat");
	tree_puts(root, "max 100000\n", V2 SCOPE "/libvirt/vcpu1/cpu.max");
	tree_puts(root, "some avg10=12.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=99.00\n", V2 SCOPE "/cpu.pressure");
	tree_puts(root, "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n", V2 SCOPE "/io.pressure");
}

static void test_limits(void **state)
{
	static const pid_t tids[] = { 50, 51, 52 };
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_limit_usage u;
	struct host_limits *l;
	struct host_cgroups *c;
	uint64_t base;

	(void)state;
	put_scope(root);
	c = host_cgroups_open(h);
	l = host_limits_new(c, 50);
	host_limits_read(l, tids, 3, S(1), &u);
	assert_true(u.known);
	assert_int_equal(u.n, 3);
	assert_int_equal((int)limit(&u, HOST_LIMIT_CPU, "vcpu0")->value, 50);
	assert_int_equal((int)limit(&u, HOST_LIMIT_CPU, "machine.slice")->value, 800);
	assert_true(limit(&u, HOST_LIMIT_MEM_MAX, NULL)->value == 4294967296.0);
	for (size_t i = 0; i < u.n; i++)
		assert_false(u.limits[i].hit);		/* of what was before nobody knows when */
	assert_true(u.psi_cpu_pct > 12.4 && u.psi_cpu_pct < 12.6 && u.psi_io_pct == 0 && isnan(u.psi_mem_pct));
	base = u.throttled_ns;

	tree_puts(root, "usage_usec 5\nnr_throttled 2\nthrottled_usec 9000\n", V2 SCOPE "/libvirt/vcpu0/cpu.stat");
	tree_puts(root, "nr_throttled 10\nthrottled_usec 5000\n", V2 "machine.slice/cpu.stat");
	tree_puts(root, "low 0\nhigh 0\nmax 4\noom 0\n", V2 SCOPE "/memory.events");
	host_limits_read(l, tids, 3, S(2), &u);
	assert_true(limit(&u, HOST_LIMIT_CPU, "vcpu0")->hit);
	assert_true(limit(&u, HOST_LIMIT_CPU, "machine.slice")->hit);
	assert_false(limit(&u, HOST_LIMIT_MEM_MAX, NULL)->hit);		/* not looked at yet */
	assert_int_equal(u.throttled_ns - base, 2000000);		/* not what the slice keeps from all in it */
	host_limits_read(l, tids, 3, S(3), &u);
	assert_false(limit(&u, HOST_LIMIT_CPU, "vcpu0")->hit);
	assert_true(limit(&u, HOST_LIMIT_MEM_MAX, NULL)->hit);

	/* a counter that went back (the group is a new one), a quota that came, and one that went */
	tree_puts(root, "nr_throttled 0\nthrottled_usec 10\n", V2 SCOPE "/libvirt/vcpu0/cpu.stat");
	tree_puts(root, "20000 100000\n", V2 SCOPE "/libvirt/vcpu1/cpu.max");
	tree_puts(root, "throttled_usec 77\n", V2 SCOPE "/libvirt/vcpu1/cpu.stat");
	tree_puts(root, "max 100000\n", V2 "machine.slice/cpu.max");
	host_limits_read(l, tids, 3, S(4), &u);
	assert_int_equal(u.throttled_ns - base, 2000000);
	assert_null(limit(&u, HOST_LIMIT_CPU, "vcpu1"));
	host_limits_read(l, tids, 3, S(12), &u);
	assert_non_null(limit(&u, HOST_LIMIT_CPU, "vcpu1"));
	assert_null(limit(&u, HOST_LIMIT_CPU, "machine.slice"));
	assert_int_equal(u.throttled_ns - base, 2000000);
	host_limits_free(l);
	host_cgroups_free(c);
	host_free(h);
	tree_remove(root);
}

static void test_rest(void **state)
{
	static const pid_t tids[] = { 50 };
	char *root = tree_new();
	struct host *h = tree_host(root);
	const struct host_limit *io;
	struct host_limit_usage u;
	struct host_limits *l;
	struct host_cgroups *c;

	(void)state;
	put_mounts(root, v2_mount);
	tree_puts(root, "0::/a/vm/libvirt/emulator\n", "proc/50/cgroup");
	tree_puts(root, "0-7\n", "sys/devices/system/cpu/online");
	tree_puts(root, "8:0 rbps=max wbps=1048576 riops=max wiops=50\n7:1 rbps=max wbps=max riops=max wiops=max\nbroken\n", V2 "a/vm/io.max");
	tree_puts(root, "8:01 wios=9999\n8:0 rbytes=0 wbytes=0 rios=0 wios=100 dios=0\n", V2 "a/vm/io.stat");
	tree_link(root, "../../devices/x/block/sda", "sys/dev/block/8:0");
	tree_puts(root, "64\n", V2 "a/pids.max");
	tree_puts(root, "20\n", V2 "a/pids.current");
	tree_puts(root, "max 5\n", V2 "a/pids.events");
	tree_puts(root, "max\n", V2 "a/vm/pids.max");
	tree_puts(root, "3\n", V2 "a/vm/cpuset.cpus.effective");
	tree_puts(root, "some avg10=1.00 avg60=0.00 avg300=0.00 total=0\n", V2 "a/vm/cpu.pressure");
	c = host_cgroups_open(h);
	l = host_limits_new(c, 50);
	host_limits_read(l, tids, 1, S(1), &u);
	assert_int_equal(u.n, 4);
	for (size_t i = 0; i < u.n; i++)
		assert_false(u.limits[i].hit);
	assert_string_equal(limit(&u, HOST_LIMIT_CPUS, NULL)->what, "3");
	assert_int_equal((int)limit(&u, HOST_LIMIT_PIDS, "a")->value, 64);
	io = limit(&u, HOST_LIMIT_IO, NULL);
	assert_string_equal(io[0].what, "sda wbps");
	assert_string_equal(io[1].what, "sda wiops");
	assert_true(io[0].value == 1048576 && io[1].value == 50);

	/* 96 operations in 2 s; one task was refused; a CPU is waited for */
	tree_puts(root, "8:0 rbytes=0 wbytes=4096 rios=0 wios=196\n", V2 "a/vm/io.stat");
	tree_puts(root, "max 6\n", V2 "a/pids.events");
	tree_puts(root, "some avg10=35.00 avg60=0.00 avg300=0.00 total=0\n", V2 "a/vm/cpu.pressure");
	host_limits_read(l, tids, 1, S(3), &u);
	io = limit(&u, HOST_LIMIT_IO, NULL);
	assert_true(!io[0].hit && io[1].hit && limit(&u, HOST_LIMIT_PIDS, "a")->hit && limit(&u, HOST_LIMIT_CPUS, NULL)->hit);

	/* less; none more refused, but no room for one */
	tree_puts(root, "8:0 rbytes=0 wbytes=4096 rios=0 wios=276\n", V2 "a/vm/io.stat");
	tree_puts(root, "64\n", V2 "a/pids.current");
	host_limits_read(l, tids, 1, S(5), &u);
	assert_true(!limit(&u, HOST_LIMIT_IO, NULL)[1].hit && limit(&u, HOST_LIMIT_PIDS, "a")->hit);
	tree_puts(root, "63\n", V2 "a/pids.current");
	tree_puts(root, "8:0 rbps=max wbps=max riops=max wiops=max\n", V2 "a/vm/io.max");
	tree_puts(root, "0-7\n", V2 "a/vm/cpuset.cpus.effective");
	host_limits_read(l, tids, 1, S(20), &u);
	assert_int_equal(u.n, 1);
	assert_false(limit(&u, HOST_LIMIT_PIDS, "a")->hit);
	host_limits_free(l);
	host_cgroups_free(c);
	host_free(h);
	tree_remove(root);
}

static void test_limits_v1(void **state)
{
	static const pid_t tids[] = { 50 };
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_limit_usage u;
	struct host_limits *l;
	struct host_cgroups *c;

	(void)state;
	put_mounts(root, "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
		   "38 31 0:35 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	tree_puts(root, "4:memory:/m\n1:cpu:/vm\n0::/\n", "proc/50/cgroup");
	tree_puts(root, "-1\n", "cg/cpu/cpu.cfs_quota_us");
	tree_puts(root, "150000\n", "cg/cpu/vm/cpu.cfs_quota_us");
	tree_puts(root, "100000\n", "cg/cpu/vm/cpu.cfs_period_us");
	tree_puts(root, "nr_periods 0\nnr_throttled 0\nthrottled_time 1000\n", "cg/cpu/vm/cpu.stat");
	tree_puts(root, "9223372036854771712\n", "cg/memory/memory.limit_in_bytes");
	tree_puts(root, "1048576\n", "cg/memory/m/memory.limit_in_bytes");
	tree_puts(root, "5\n", "cg/memory/m/memory.failcnt");
	tree_puts(root, "some avg10=50.00\n", "cg/unified/cpu.pressure");
	c = host_cgroups_open(h);
	l = host_limits_new(c, 50);
	host_limits_read(l, tids, 1, S(1), &u);
	assert_int_equal(u.n, 2);
	assert_int_equal((int)limit(&u, HOST_LIMIT_CPU, NULL)->value, 150);
	assert_int_equal((int)limit(&u, HOST_LIMIT_MEM_MAX, NULL)->value, 1048576);
	assert_int_equal(u.throttled_ns, 0);
	assert_true(isnan(u.psi_cpu_pct));		/* everybody's */
	tree_puts(root, "nr_periods 0\nnr_throttled 0\nthrottled_time 4000\n", "cg/cpu/vm/cpu.stat");
	tree_puts(root, "6\n", "cg/memory/m/memory.failcnt");
	host_limits_read(l, tids, 1, S(3), &u);
	assert_int_equal(u.throttled_ns, 3000);
	assert_true(limit(&u, HOST_LIMIT_CPU, NULL)->hit && limit(&u, HOST_LIMIT_MEM_MAX, NULL)->hit);
	host_limits_free(l);

	/* nonsense, and nothing at all */
	tree_puts(root, "-7 \n", "cg/cpu/vm/cpu.cfs_quota_us");
	tree_puts(root, "99999999999999999999999\n", "cg/memory/m/memory.limit_in_bytes");
	l = host_limits_new(c, 50);
	host_limits_read(l, tids, 1, S(1), &u);
	assert_true(u.known);
	assert_int_equal(u.n, 0);
	assert_int_equal(u.throttled_ns, 0);
	host_limits_free(l);
	l = host_limits_new(c, 51);
	host_limits_read(l, tids, 1, S(1), &u);
	assert_false(u.known);
	assert_true(u.throttled_ns == HOST_UNKNOWN && u.n == 0);
	host_limits_free(l);
	host_cgroups_free(c);
	host_free(h);
	tree_remove(root);
}

static void test_cpus(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	uint64_t tick = NS_PER_SEC / host_facts(h)->ticks_per_s;
	struct host_cpu *list;
	size_t n;

	(void)state;
	assert_int_equal(host_cpus_read(h, &list, &n), -ENOENT);
	tree_puts(root, "0,4\n", "sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
	tree_puts(root, "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 100 20 30 4000 50 6 7 8 60 5\ncpu2 1 0 2 3\ncpu1 9 9 9 9\ncpu3 1 2 3\ncpux\n"
		  "cpu5 18446744073709551615 1 1 1\ncpu7 1 2 3 4 5 6 7 8 900 0 11 12\nintr 1 2\ncpu8 1 1 1 1\n", "proc/stat");
	assert_int_equal(host_cpus_read(h, &list, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].cpu, 0);
	assert_int_equal(list[0].user_ns, 55 * tick);
	assert_int_equal(list[0].guest_ns, 65 * tick);
	assert_int_equal(list[0].busy_ns, (100 + 20 + 30 + 6 + 7 + 8) * tick);
	assert_int_equal(list[0].softirq_ns, 7 * tick);
	assert_string_equal(list[0].siblings, "0,4");
	assert_int_equal(list[1].cpu, 2);		/* 1 is out of order, 3 cut, 5 too large to be true */
	assert_int_equal(list[1].system_ns, 2 * tick);
	assert_true(list[1].steal_ns == HOST_UNKNOWN && list[1].guest_ns == HOST_UNKNOWN);
	assert_string_equal(list[1].siblings, "");
	assert_int_equal(list[2].cpu, 7);
	assert_int_equal(list[2].user_ns, 0);
	free(list);

	tree_puts(root, "cpu0 1 2 3 4 5 6 7 8 9", "proc/stat");	/* no end */
	assert_int_equal(host_cpus_read(h, &list, &n), 0);
	assert_int_equal(n, 0);
	free(list);
	host_free(h);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_cpuset),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_v1),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_cpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
