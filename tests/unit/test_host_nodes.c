// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: nodes, hugepage pools, KSM, THP, KVM's settings, a process's footprint and its cgroup. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host_tree.h"
#include "lib/host/host.h"

#define NODE "sys/devices/system/node/"

/* Node 0 has CPUs and memory, node 2 has memory only, node 5 has CPUs only; what is said of node 2 is no good. */
static char *three_nodes(void)
{
	char *root = tree_new();

	tree_puts(root, "0,2,5\n", NODE "online");
	tree_puts(root, "0-1\n", NODE "node0/cpulist");
	tree_puts(root, "\n", NODE "node2/cpulist");
	tree_puts(root, "2-3\n", NODE "node5/cpulist");
	tree_puts(root, "Node 0 MemTotal:  1000 kB\nNode 0 MemFree:  400 kB\nNode 0 FilePages: 100 kB\nNode 0 AnonPages: 200 kB\n"
		  "Node 0 Active(file): 30 kB\nNode 0 Inactive(file): 40 kB\nNode 0 Inactive(anon): 9 kB\nNode 0 SReclaimable: 5 kB\n",
		  NODE "node0/meminfo");
	tree_puts(root, "numa_hit 10\nnuma_miss 20\nnuma_foreign 30\ninterleave_hit 1\nlocal_node 40\nother_node 50\n",
		  NODE "node0/numastat");
	tree_puts(root, "10 21 31\n", NODE "node0/distance");
	tree_puts(root, "Node 0 MemTotal: 5 kB\nNode 2 MemTotal: 99999999999999999999 kB\nNode 2 MemFree: -4 kB\nNode 2 FilePages: x\n"
		  "Node 2 AnonPages: 18446744073709551615 kB", NODE "node2/meminfo");
	tree_puts(root, "numa_hit 18446744073709551615\nnuma_missing 3\n", NODE "node2/numastat");
	tree_puts(root, "10\x1b[2J 20\n", NODE "node2/distance");
	tree_puts(root, "Node 5 MemTotal: 0 kB\nNode 5 MemFree: 0 kB\n", NODE "node5/meminfo");
	tree_puts(root, "cpu 9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 9 9 4 5 6 0 0\ncpu1 10 0 0 9 9 0 0 0 0 0\ncpu2 7 0 0 1 1 0 0 0 0 0\n"
		  "cpu3 short\ncpu99 1 1 1 1 1 1 1 1 0 0\nintr 5\ncpu0 100 0 0 0 0 0 0 0 0 0\n", "proc/stat");
	return root;
}

static void test_nodes(void **state)
{
	char *root = three_nodes();
	struct host *h = tree_host(root);
	uint64_t tick = NS_PER_SEC / host_facts(h)->ticks_per_s;
	struct host_node *list;
	size_t n;

	(void)state;
	host_nodes_read(h, &list, &n);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].total_bytes, 1000 * 1024);
	assert_int_equal(list[0].free_bytes, 400 * 1024);
	assert_int_equal(list[0].file_bytes, 100 * 1024);
	assert_int_equal(list[0].anon_bytes, 200 * 1024);
	assert_int_equal(list[0].hit, 10);
	assert_int_equal(list[0].miss, 20);
	assert_int_equal(list[0].foreign, 30);
	assert_int_equal(list[0].other, 50);
	assert_string_equal(list[0].cpus, "0-1");
	assert_string_equal(list[0].distance, "10 21 31");
	assert_int_equal(list[0].n_cpus, 2);
	assert_int_equal(list[0].busy_ns, 31 * tick);	/* a line behind the CPUs' own is none of theirs */
	assert_int_equal(list[1].id, 2);
	assert_true(list[1].total_bytes == HOST_UNKNOWN && list[1].free_bytes == HOST_UNKNOWN);
	assert_true(list[1].file_bytes == HOST_UNKNOWN && list[1].anon_bytes == HOST_UNKNOWN);
	assert_true(list[1].miss == HOST_UNKNOWN && list[1].busy_ns == HOST_UNKNOWN);
	assert_true(str_is_clean(list[1].distance));
	assert_int_equal(list[1].n_cpus, 0);
	assert_int_equal(list[2].id, 5);
	assert_int_equal(list[2].total_bytes, 0);
	assert_int_equal(list[2].busy_ns, 7 * tick);
	free(list);
	host_free(h);
	tree_remove(root);

	root = tree_new();		/* a kernel without NUMA */
	tree_puts(root, "MemTotal: 800 kB\nMemFree: 300 kB\nCached: 100 kB\nSwapCached: 7 kB\nAnonPages: 50 kB\n", "proc/meminfo");
	h = tree_host(root);
	host_nodes_read(h, &list, &n);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].total_bytes, 800 * 1024);
	assert_int_equal(list[0].file_bytes, 100 * 1024);
	assert_true(list[0].hit == HOST_UNKNOWN);
	free(list);
	host_free(h);
	tree_remove(root);

	root = tree_new();
	h = tree_host(root);
	host_nodes_read(h, &list, &n);
	assert_int_equal(n, 0);
	host_free(h);
	tree_remove(root);
}

static void put_pool(const char *root, const char *at, const char *size, const char *const values[4])
{
	static const char *const names[] = { "nr_hugepages", "free_hugepages", "surplus_hugepages", "resv_hugepages" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (values[i])
			tree_puts(root, values[i], "%s/hugepages-%s/%s", at, size, names[i]);
}

static void test_pools(void **state)
{
	static const char *const all[] = { "10\n", "6\n", "1\n", "2\n" }, *const part[] = { "4\n", "1\n", "0\n", NULL };
	static const char *const bad[] = { "many\n", "1\n", "1\n", "1\n" }, *const torn[] = { "5\n", "9\n", "0\n", "0\n" };
	char *root = three_nodes();
	struct host *h = tree_host(root);
	struct host_huge_pool *list;
	uint64_t pages = 0;
	size_t n;

	(void)state;
	put_pool(root, "sys/kernel/mm/hugepages", "1048576kB", all);
	put_pool(root, "sys/kernel/mm/hugepages", "2048kB", all);
	put_pool(root, "sys/kernel/mm/hugepages", "0kB", all);
	put_pool(root, "sys/kernel/mm/hugepages", "99999999999999999999kB", all);
	put_pool(root, "sys/kernel/mm/hugepages", "64kB", bad);
	put_pool(root, "sys/kernel/mm/hugepages", "64", all);
	put_pool(root, NODE "node0/hugepages", "2048kB", part);
	put_pool(root, NODE "node5/hugepages", "2048kB", part);
	host_huge_read(h, true, &list, &n);
	assert_int_equal(n, 4);
	assert_int_equal(list[0].node, -1);
	assert_int_equal(list[0].page_bytes, 2 << 20);
	assert_int_equal(list[0].total, 10);
	assert_int_equal(list[0].free, 6);
	assert_int_equal(list[0].surplus, 1);
	assert_int_equal(list[0].reserved, 2);
	assert_int_equal(list[1].page_bytes, 1 << 30);
	assert_int_equal(list[2].node, 0);
	assert_int_equal(list[2].total, 4);
	assert_true(list[2].reserved == HOST_UNKNOWN);	/* not of a node */
	assert_int_equal(list[3].node, 5);
	free(list);
	host_huge_read(h, false, &list, &n);
	assert_int_equal(n, 2);
	free(list);
	/* resized while it is read, again and again: not more free than there is */
	put_pool(root, "sys/kernel/mm/hugepages", "1048576kB", torn);
	host_huge_read(h, false, &list, &n);
	assert_int_equal(list[1].total, 5);
	assert_true(list[1].free == HOST_UNKNOWN);
	free(list);
	/* what another guest can have: less than is free, and no more than the node has */
	assert_int_equal(host_huge_free(h, 2 << 20, -1, &pages), 0);
	assert_int_equal(pages, 4);
	assert_int_equal(host_huge_free(h, 2 << 20, 0, &pages), 0);
	assert_int_equal(pages, 1);
	assert_int_equal(host_huge_free(h, 2 << 20, 2, &pages), -ENOENT);
	assert_int_equal(host_huge_free(h, 4096, -1, &pages), -ENOENT);
	assert_int_equal(pages, 1);
	host_free(h);
	tree_remove(root);
}

static void test_room(void **state)
{
	char *root = three_nodes();
	struct host *h = tree_host(root);
	uint64_t bytes = 7;

	(void)state;
	assert_int_equal(host_node_room(h, 2, &bytes), -EBADMSG);
	assert_int_equal(host_node_room(h, 1, &bytes), -ENOENT);
	assert_int_equal(bytes, 7);
	assert_int_equal(host_node_room(h, 0, &bytes), 0);
	assert_int_equal(bytes, (400 + 30 + 40 + 5) * 1024);
	assert_int_equal(host_node_room(h, 5, &bytes), 0);
	assert_int_equal(bytes, 0);
	host_free(h);
	tree_remove(root);
}

#define KSM "sys/kernel/mm/ksm/"

static void test_ksm(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	uint64_t page = host_facts(h)->page_bytes;
	struct host_ksm k;

	(void)state;
	host_ksm_read(h, &k);
	assert_true(k.run == HOST_UNKNOWN && k.saved_bytes == HOST_UNKNOWN && !k.advisor[0]);
	/* 6.1: the copy that stays is not among those that share it; 64 bytes of book-keeping for each page watched */
	tree_puts(root, "1\n", KSM "run");
	tree_puts(root, "10\n", KSM "pages_shared");
	tree_puts(root, "1000\n", KSM "pages_sharing");
	tree_puts(root, "200\n", KSM "pages_unshared");
	assert_true(host_ksm_saved(h) == HOST_UNKNOWN);	/* one of the figures is missing */
	tree_puts(root, "30\n", KSM "pages_volatile");
	host_ksm_read(h, &k);
	assert_int_equal(k.saved_bytes, 1000 * page - (1000 + 10 + 200 + 30) * 64);
	assert_int_equal(k.unshared, 200);
	tree_puts(root, "100000\n", KSM "pages_unshared");	/* costs more than it saves */
	assert_int_equal(host_ksm_saved(h), 0);
	tree_puts(root, "12345678\n", KSM "general_profit");
	tree_puts(root, "none [scan-time]\n", KSM "advisor_mode");
	host_ksm_read(h, &k);
	assert_int_equal(k.saved_bytes, 12345678);
	assert_string_equal(k.advisor, "scan-time");
	tree_puts(root, "-4096\n", KSM "general_profit");
	assert_int_equal(host_ksm_saved(h), 0);
	tree_puts(root, "99999999999999999999999\n", KSM "general_profit");
	tree_puts(root, "18446744073709551615\n", KSM "pages_sharing");
	assert_true(host_ksm_saved(h) == HOST_UNKNOWN);
	host_free(h);
	tree_remove(root);
}

#define THP "sys/kernel/mm/transparent_hugepage/"

static void test_thp(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_thp t;

	(void)state;
	host_thp_read(h, &t);
	assert_true(!t.enabled[0] && t.faults == HOST_UNKNOWN && t.anon_bytes == HOST_UNKNOWN);
	tree_puts(root, "always [madvise] never\n", THP "enabled");
	tree_puts(root, "always defer defer+madvise [madvise] never\n", THP "defrag");
	tree_puts(root, "always within_size advise [never] deny force\n", THP "shmem_enabled");
	tree_puts(root, "2097152\n", THP "hpage_pmd_size");
	tree_puts(root, "10000\n", THP "khugepaged/scan_sleep_millisecs");
	tree_puts(root, "511\n", THP "khugepaged/max_ptes_none");
	tree_puts(root, "always [inherit] madvise never\n", THP "hugepages-2048kB/enabled");
	tree_puts(root, "[always] inherit madvise never\n", THP "hugepages-64kB/enabled");
	tree_puts(root, "always inherit madvise [never]\n", THP "hugepages-32kB/enabled");
	tree_puts(root, "[\x1b]0;x\x07]\n", THP "hugepages-16kB/enabled");
	tree_puts(root, "AnonHugePages: 20 kB\nShmemPmdMapped: 4 kB\n", "proc/meminfo");
	tree_puts(root, "thp_fault_alloc 5\nthp_fault_fallback 6\nthp_fault_fallback_charge 7\nthp_collapse_alloc 8\n"
		  "thp_collapse_alloc_failed 9\nthp_split_page 10\n", "proc/vmstat");
	host_thp_read(h, &t);
	assert_string_equal(t.enabled, "madvise");
	assert_string_equal(t.defrag, "madvise");
	assert_string_equal(t.shmem, "never");
	assert_non_null(strstr(t.sizes, "64K always"));
	assert_null(strstr(t.sizes, "32K"));
	assert_null(strstr(t.sizes, "2M"));
	assert_true(str_is_clean(t.sizes));
	assert_int_equal(t.sleep_ms, 10000);
	assert_int_equal(t.max_ptes_none, 511);
	assert_int_equal(t.anon_bytes, 20 * 1024);
	assert_true(t.file_bytes == HOST_UNKNOWN);
	assert_int_equal(t.faults, 5);
	assert_int_equal(t.fallbacks, 6);
	assert_int_equal(t.collapses, 8);
	assert_int_equal(t.collapse_failures, 9);
	host_free(h);
	tree_remove(root);
}

static void test_kthreads(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);

	(void)state;
	assert_int_equal(host_kthread_find(h, "ksmd"), 0);
	tree_puts(root, "ksmd\n", "proc/30/comm");		/* a process that calls itself so */
	tree_puts(root, "30 (ksmd) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", "proc/30/stat");
	tree_puts(root, "ksmd\n", "proc/37/comm");
	tree_puts(root, "37 (ksmd) S 2 0 0 0 -1 2097216 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", "proc/37/stat");
	tree_puts(root, "123456 7 8\n", "proc/37/schedstat");
	assert_int_equal(host_kthread_find(h, "ksmd"), 37);
	assert_int_equal(host_kthread_run_ns(h, 37, "ksmd"), 123456);
	assert_true(host_kthread_run_ns(h, 30, "ksmd") == HOST_UNKNOWN);
	assert_true(host_kthread_run_ns(h, 37, "khugepaged") == HOST_UNKNOWN);
	host_free(h);
	tree_remove(root);
}

static void test_hyper(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_hyper y;

	(void)state;
	host_hyper_read(h, &y);
	assert_true(y.halt_poll_ns == HOST_UNKNOWN && !y.nested[0] && !y.settings[0] && !y.level[0]);
	tree_puts(root, "200000\n", "sys/module/kvm/parameters/halt_poll_ns");
	tree_puts(root, "off\n", "sys/module/kvm/parameters/nx_huge_pages");
	tree_puts(root, "Y\n", "sys/module/kvm_intel/parameters/nested");
	tree_puts(root, "Y\n", "sys/module/kvm_intel/parameters/ept");
	tree_puts(root, "N\n", "sys/module/kvm_amd/parameters/npt");	/* not loaded: nothing of nested */
	tree_puts(root, "processor\t: 0\nflags\t\t: fpu hypervisors vmx\nbugs\t\t: hypervisor\n\n", "proc/cpuinfo");
	host_hyper_read(h, &y);
	assert_int_equal(y.halt_poll_ns, 200000);
	assert_string_equal(y.module, "kvm_intel");
	assert_string_equal(y.nested, "on");
	assert_string_equal(y.settings, "nx_huge_pages=off ept=Y");
	assert_string_equal(y.level, "metal");
	tree_puts(root, "processor\t: 0\nflags\t\t: fpu hypervisor\n\n", "proc/cpuinfo");
	tree_puts(root, "QE\x1bMU\n", "sys/class/dmi/id/sys_vendor");
	tree_puts(root, "q35\n", "sys/class/dmi/id/product_name");
	host_hyper_read(h, &y);
	assert_string_equal(y.level, "guest (QE?MU, q35)");
	host_free(h);
	tree_remove(root);
}

static void test_footprint(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_footprint f;

	(void)state;
	tree_puts(root, "Name:\tRssAnon: 9 kB\nVmLck:\t 8 kB\nRssAnon:\t 100 kB\nRssFile:\t 20 kB\nRssShmem:\t 3 kB\nVmSwap:\t 4 kB\n"
		  "HugetlbPages:\t 2048 kB\n", "proc/7/status");
	tree_puts(root, "5\n", "proc/7/ksm_merging_pages");
	tree_puts(root, "ksm_rmap_items 12\n", "proc/7/ksm_stat");
	host_footprint_read(h, 7, &f);
	assert_int_equal(f.anon_bytes, 100 * 1024);
	assert_int_equal(f.shmem_bytes, 3 * 1024);
	assert_int_equal(f.hugetlb_bytes, 2 << 20);
	assert_int_equal(f.locked_bytes, 8 * 1024);
	assert_true(f.pinned_bytes == HOST_UNKNOWN);
	assert_int_equal(f.ksm_bytes, 5 * host_facts(h)->page_bytes);
	assert_int_equal(f.ksm_watched, 12);
	assert_true(f.ksm_mergeable);
	tree_puts(root, "ksm_rmap_items 0\nksm_zero_pages 0\nksm_merge_any: no\nksm_mergeable: yes\n", "proc/8/ksm_stat");
	host_footprint_read(h, 8, &f);
	assert_true(f.ksm_mergeable && f.ksm_bytes == HOST_UNKNOWN && f.anon_bytes == HOST_UNKNOWN);
	tree_puts(root, "ksm_rmap_items 0\nksm_mergeable: no\n", "proc/9/ksm_stat");
	host_footprint_read(h, 9, &f);
	assert_false(f.ksm_mergeable);
	host_footprint_read(h, 10, &f);
	assert_true(f.ksm_watched == HOST_UNKNOWN && !f.ksm_mergeable);
	host_free(h);
	tree_remove(root);
}

#define SCOPE "sys/fs/cgroup/machine.slice/vm.scope"

static void test_cgroup(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	uint64_t bytes[4];
	size_t n;

	(void)state;
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), -ENOENT);
	tree_puts(root, "1:cpu:/x\n0::/machine.slice/vm.scope/libvirt/emulator\n", "proc/7/cgroup");
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), -ENOENT);
	tree_puts(root, "anon N0=4096 N1=8192\nfile N0=1000000 N1=5\nshmem N0=1 N1=2\nanon_thp N0=99 N1=99\n", SCOPE "/memory.numa_stat");
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), -ENOENT);	/* whose it is cannot be told */
	tree_puts(root, "7\n90\n", SCOPE "/cgroup.procs");
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), -ENOENT);
	/* its vhost worker is no other process */
	tree_puts(root, "90 (vhost-7) S 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", "proc/90/stat");
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(bytes[0], 4097);
	assert_int_equal(bytes[1], 8194);
	tree_puts(root, "anon N0=4096 N99=1 N1=5\n", SCOPE "/memory.numa_stat");
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), 0);
	assert_int_equal(n, 1);
	tree_puts(root, "0::/../machine.slice/vm.scope\n", "proc/7/cgroup");
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), -ENOENT);
	tree_puts(root, "0::/\n", "proc/7/cgroup");
	assert_int_equal(host_cgroup_nodes_read(h, 7, bytes, 4, &n), -ENOENT);
	host_free(h);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_ksm),
		cmocka_unit_test(test_thp),
		cmocka_unit_test(test_kthreads),
		cmocka_unit_test(test_hyper),
		cmocka_unit_test(test_footprint),
		cmocka_unit_test(test_cgroup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
