// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of memory, numa, nodes, hugepages, ksm and thp, on a recorded host of two nodes with one guest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/sample/private.h"

#define NODE "sys/devices/system/node/"
#define PRESENT (1ull << 63)
#define MB (1ull << 20)
#define BASE 0x40000000ull		/* where the guest's 8 MiB are: 2048 pages, frames from 4096 on */
#define WAIT_MS 20000

static void put_entries(const char *root, const char *name, uint64_t first, const uint64_t *values, size_t n)
{
	auto_free char *path = xasprintf("%s/%s", root, name);
	FILE *f;

	if (access(path, F_OK))
		tree_puts(root, "", "%s", name);
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)(first * 8), SEEK_SET), 0);
	assert_int_equal(fwrite(values, 8, n, f), n);
	fclose(f);
}

static void put_link(const char *root, const char *name, const char *target)
{
	auto_free char *path = xasprintf("%s/%s", root, name);

	tree_puts(root, "", "%s", name);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(target, path), 0);
}

static void put_thread(const char *root, int tid, const char *comm, int cpu)
{
	auto_free char *stat = xasprintf("%d (%s) S 1 1 1 0 -1 4194560 0 0 0 0 5 5 0 0 20 0 4 0 5001 104857600 6400 0 0 0 0 0 0 0 0 "
					 "0 0 0 0 0 0 %d 0 0 0 0 0 0 0 0 0 0 0 0 0\n", tid, comm, cpu);

	tree_puts(root, stat, "proc/1001/task/%d/stat", tid);
	tree_puts(root, "1000 10 1\n", "proc/1001/task/%d/schedstat", tid);
	tree_puts(root, comm, "proc/1001/task/%d/comm", tid);
	if (tid == 1001)
		tree_puts(root, stat, "proc/1001/stat");
}

static void put_guest(const char *root)
{
	static const char cmdline[] = "/usr/bin/qemu-system-x86_64\0-name\0web\0-m\0" "8\0-smp\0" "2";
	uint64_t pages[2048], flags[2048];
	size_t i;

	tree_put(root, "proc/1001/cmdline", cmdline, sizeof(cmdline));
	tree_puts(root, "qemu-system-x86\n", "proc/1001/comm");
	tree_puts(root, "100 2148 50 1 0 2048 0\n", "proc/1001/statm");
	tree_puts(root, "Name:\tqemu\nUid:\t0\t0\t0\t0\nRssAnon:\t 8192 kB\nRssFile:\t 400 kB\nRssShmem:\t 0 kB\nVmSwap:\t 12 kB\nVmLck:\t 4 kB\n",
		  "proc/1001/status");
	tree_puts(root, "16\n", "proc/1001/ksm_merging_pages");
	tree_puts(root, "ksm_rmap_items 99\n", "proc/1001/ksm_stat");
	put_thread(root, 1001, "qemu-system-x86", 0);
	put_thread(root, 1002, "CPU 0/KVM", 1);
	put_thread(root, 1003, "CPU 1/KVM", 0);
	put_thread(root, 1004, "IO io0", 3);
	put_thread(root, 1005, "vhost-1001", 2);
	/* one of which is bound to the other node, wherever it was last */
	tree_puts(root, "Cpus_allowed:\tc\nCpus_allowed_list:\t2-3\n", "proc/1001/task/1003/status");
	tree_puts(root, "Cpus_allowed:\tf\nCpus_allowed_list:\t0-3\n", "proc/1001/task/1002/status");
	put_link(root, "proc/1001/fd/9", "/dev/vfio/12");
	tree_puts(root, "40000000-40800000 rw-p 00000000 00:00 0 \n50000000-50400000 rw-p 00000000 00:00 0 \n", "proc/1001/maps");
	tree_puts(root, "40000000 default anon=1536 N0=512 N1=1024 kernelpagesize_kB=4\n50000000 default N0=9 kernelpagesize_kB=4\n",
		  "proc/1001/numa_maps");
	tree_puts(root, "40000000-40800000 rw-p 00000000 00:00 0 \nAnonHugePages: 2048 kB\nSwap: 8 kB\n", "proc/1001/smaps");
	/* a quarter is not there; a quarter on node 0, huge; half on node 1, of which an eighth is merged */
	for (i = 0; i < 2048; i++) {
		pages[i] = i < 512 ? 0 : PRESENT | (4096 + i);
		flags[i] = i < 1024 ? 1 << 22 : i < 1152 ? 1 << 21 : 0;
	}
	put_entries(root, "proc/1001/pagemap", BASE / 4096, pages, 2048);
	put_entries(root, "proc/kpageflags", 4096, flags, 2048);
}

static char *recorded(void)
{
	uint64_t own = PRESENT | 4096, none = 0;
	char *root = tree_new();

	tree_puts(root, "0-1\n", NODE "online");
	tree_puts(root, "0-1\n", NODE "node0/cpulist");
	tree_puts(root, "2-3\n", NODE "node1/cpulist");
	tree_puts(root, "10 21\n", NODE "node0/distance");
	tree_puts(root, "21 10\n", NODE "node1/distance");
	tree_puts(root, "Node 0 MemTotal: 16384 kB\nNode 0 MemFree: 1024 kB\n", NODE "node0/meminfo");
	tree_puts(root, "Node 1 MemTotal: 16384 kB\nNode 1 MemFree: 2048 kB\n", NODE "node1/meminfo");
	tree_puts(root, "numa_hit 5\n", NODE "node0/numastat");
	tree_puts(root, "cpu 9 9 9 9 9 9 9 9 0 0\ncpu0 1 0 0 1 0 0 0 0 0 0\ncpu2 1 0 0 1 0 0 0 0 0 0\n", "proc/stat");
	tree_puts(root, "MemTotal: 32768 kB\nMemFree: 3072 kB\nMemAvailable: 9000 kB\nAnonHugePages: 2048 kB\n", "proc/meminfo");
	tree_puts(root, "0-3\n", "sys/devices/system/cpu/online");
	/* blocks of 4 MiB: frames 4096 .. 5119 are node 0's, 5120 .. 6143 node 1's */
	tree_puts(root, "400000\n", "sys/devices/system/memory/block_size_bytes");
	tree_puts(root, "", NODE "node0/memory4/x");
	tree_puts(root, "", NODE "node1/memory5/x");
	put_entries(root, "proc/kpageflags", 4095, &none, 1);
	put_guest(root);
	put_entries(root, "proc/self/pagemap", 0, &own, 1);
	put_entries(root, "proc/kpageflags", 4096, &none, 1);
	tree_puts(root, "0x020000\n", "sys/bus/pci/devices/0000:41:00.0/class");
	tree_puts(root, "0\n", "sys/bus/pci/devices/0000:41:00.0/numa_node");
	put_link(root, "sys/bus/pci/devices/0000:41:00.0/driver", "../../../../bus/pci/drivers/vfio-pci");
	put_link(root, "sys/bus/pci/devices/0000:41:00.0/iommu_group", "../../../../kernel/iommu_groups/12");
	return root;
}

static struct snapshot *sample(const char *root, bool exact, unsigned needs, struct sampler **s, struct host **h)
{
	struct sample_config config = { .scan = true, .exact = exact };
	struct snapshot *snap;

	config.host = *h = tree_host(root);
	*s = sampler_new(&config);
	assert_int_equal(sampler_discover(*s, NULL), 0);
	sampler_settle(*s, needs, WAIT_MS);
	sampler_refresh(*s, needs, WAIT_MS);
	snap = sampler_take(*s, needs);
	assert_int_equal(snapshot_count(snap, TABLE_VMS), 1);
	return snap;
}

static void end(struct snapshot *snap, struct sampler *s, struct host *h)
{
	snapshot_unref(snap);
	sampler_free(s);
	host_free(h);
}

static bool near(double got, double want, double by)
{
	return got >= want - by && got <= want + by;
}

#define FIRST(snap, t) snapshot_row(snap, t, 0)

static void test_memory(void **state)
{
	unsigned needs = table_get(TABLE_MEMORY)->needs | NEED_PAGES;
	char *root = recorded();
	const struct memory_row *row;
	struct snapshot *snap;
	struct sampler *s;
	struct host *h;

	(void)state;
	snap = sample(root, false, needs, &s, &h);
	row = FIRST(snap, TABLE_MEMORY);
	assert_int_equal(row->assigned_bytes, 8 * MB);
	assert_int_equal(row->anon_bytes, 8 * MB);
	assert_int_equal(row->swap_bytes, 12 * 1024);
	assert_int_equal(row->locked_bytes, 4 * 1024);
	assert_true(row->hugetlb_bytes == UNKNOWN_UINT && row->balloon_bytes == UNKNOWN_UINT && row->plugged_bytes == UNKNOWN_UINT);
	assert_int_equal(row->ksm_bytes, 16 * 4096);
	assert_string_equal(row->how, "sampled");
	assert_int_equal(row->samples, 1024);
	/* every second page was looked at: each stretch of two is alike */
	assert_int_equal(row->present_bytes, 6 * MB);
	assert_int_equal(row->thp_bytes, 2 * MB);
	assert_true(near(row->thp_pct, 100.0 / 3, 0.01));
	assert_true(near(row->ksm_pct, 100.0 / 12, 0.01));
	assert_true(row->error_pct > 2 && row->error_pct < 4);
	assert_non_null(strstr(row->note, "monitor"));
	end(snap, s, h);

	snap = sample(root, true, needs, &s, &h);
	row = FIRST(snap, TABLE_MEMORY);
	assert_string_equal(row->how, "exact");
	assert_int_equal(row->present_bytes, 1536 * 4096);
	assert_int_equal(row->thp_bytes, 2 * MB);
	assert_int_equal(row->swapped_bytes, 8 * 1024);
	assert_true(row->error_pct == 0 && row->samples == UNKNOWN_UINT && isnan(row->ksm_pct));
	end(snap, s, h);

	/* not asked for: not looked at */
	snap = sample(root, false, NEED_MEMORY, &s, &h);
	row = FIRST(snap, TABLE_MEMORY);
	assert_true(row->present_bytes == UNKNOWN_UINT && !row->how && row->anon_bytes == 8 * MB);
	assert_null(s->walker);
	end(snap, s, h);

	tree_puts(root, "40000000-40800000 rw-p 0 00:00 0 \n50000000-50800000 rw-p 0 00:00 0 \n", "proc/1001/maps");
	snap = sample(root, false, needs, &s, &h);
	row = FIRST(snap, TABLE_MEMORY);
	assert_true(row->present_bytes == UNKNOWN_UINT && isnan(row->thp_pct) && isnan(row->error_pct));
	assert_non_null(strstr(row->note, "not certain: 2 mappings"));
	end(snap, s, h);
	tree_remove(root);
}

static void test_numa(void **state)
{
	unsigned needs = table_get(TABLE_NUMA)->needs;
	char *root = recorded();
	const struct numa_row *row;
	struct snapshot *snap;
	struct sampler *s;
	struct host *h;
	const struct vm_row *vm;

	(void)state;
	snap = sample(root, false, needs | NEED_PLACE, &s, &h);
	assert_int_equal(snapshot_count(snap, TABLE_NUMA), 2);
	row = snapshot_row(snap, TABLE_NUMA, 0);
	assert_int_equal(row->node, 0);
	assert_int_equal(row->bytes, 2 * MB);
	assert_true(near(row->share_pct, 100.0 / 3, 0.01));
	assert_true(row->error_pct > 2 && row->error_pct < 4);
	assert_int_equal(row->vcpus, 1);
	assert_int_equal(row->iothreads, 0);
	assert_string_equal(row->vfio, "0000:41:00.0");
	assert_null(row->home);
	assert_null(row->mismatch);
	row = snapshot_row(snap, TABLE_NUMA, 1);
	assert_int_equal(row->bytes, 4 * MB);
	assert_int_equal(row->vcpus, 1);	/* bound there, though it ran on node 0 */
	assert_int_equal(row->iothreads, 1);
	assert_int_equal(row->vhost, 1);
	assert_string_equal(row->home, "home");	/* as many vCPUs, more memory */
	assert_true(near(row->local_pct, 100, 0.01));
	/* where they ran: both on node 0; the pages were looked at */
	vm = FIRST(snap, TABLE_VMS);
	assert_string_equal(vm->node, "0");
	assert_true(near(vm->local_pct, 100.0 / 3, 0.01));
	end(snap, s, h);

	/* both on node 0 */
	tree_puts(root, "Cpus_allowed_list:\t0-1\n", "proc/1001/task/1003/status");
	snap = sample(root, true, needs, &s, &h);
	row = snapshot_row(snap, TABLE_NUMA, 0);
	assert_string_equal(row->home, "home");
	assert_int_equal(row->bytes, 2 * MB);
	assert_true(near(row->local_pct, 100.0 / 3, 0.01));
	assert_null(row->mismatch);
	row = snapshot_row(snap, TABLE_NUMA, 1);
	assert_string_equal(row->mismatch, "memory");
	assert_string_equal(row->how, "exact");
	end(snap, s, h);

	/* and no memory but there: vhost worker and IOThread are on their own, and no vCPU is near its memory */
	tree_puts(root, "40000000 default anon=10 N0=10 N1=0 kernelpagesize_kB=4\n", "proc/1001/numa_maps");
	snap = sample(root, true, needs, &s, &h);
	row = snapshot_row(snap, TABLE_NUMA, 1);
	assert_string_equal(row->mismatch, "vhost, iothreads");
	end(snap, s, h);
	tree_puts(root, "40000000 default anon=10 N0=0 N1=10 kernelpagesize_kB=4\n", "proc/1001/numa_maps");
	snap = sample(root, true, needs, &s, &h);
	row = snapshot_row(snap, TABLE_NUMA, 0);
	assert_string_equal(row->mismatch, "vcpus");
	end(snap, s, h);
	tree_remove(root);
}

/* The overview: from the cgroup, and unknown where that holds others. */
static void test_local(void **state)
{
	char *root = recorded();
	const struct vm_row *vm;
	struct snapshot *snap;
	struct sampler *s;
	struct host *h;

	(void)state;
	snap = sample(root, false, NEED_PLACE, &s, &h);
	vm = FIRST(snap, TABLE_VMS);
	assert_true(isnan(vm->local_pct));
	end(snap, s, h);
	tree_puts(root, "0::/vm/x\n", "proc/1001/cgroup");
	tree_puts(root, "1001\n", "sys/fs/cgroup/vm/cgroup.procs");
	tree_puts(root, "anon N0=3000 N1=1000\nshmem N0=0 N1=0\n", "sys/fs/cgroup/vm/memory.numa_stat");
	snap = sample(root, false, NEED_PLACE, &s, &h);
	vm = FIRST(snap, TABLE_VMS);
	assert_true(near(vm->local_pct, 75, 0.01));
	assert_null(s->walker);
	end(snap, s, h);
	tree_puts(root, "1001\n1002\n", "sys/fs/cgroup/vm/cgroup.procs");
	snap = sample(root, false, NEED_PLACE, &s, &h);
	vm = FIRST(snap, TABLE_VMS);
	assert_true(isnan(vm->local_pct));
	end(snap, s, h);
	/* its memory is hugetlb, which is not in that */
	tree_puts(root, "1001\n", "sys/fs/cgroup/vm/cgroup.procs");
	tree_puts(root, "Name:\tqemu\nUid:\t0\t0\t0\t0\nRssAnon:\t 8192 kB\nHugetlbPages:\t 8192 kB\n", "proc/1001/status");
	snap = sample(root, false, NEED_PLACE, &s, &h);
	vm = FIRST(snap, TABLE_VMS);
	assert_true(isnan(vm->local_pct));
	end(snap, s, h);
	tree_remove(root);
}

static const char *advice(const char *root)
{
	static char text[256];
	struct snapshot *snap;
	struct sampler *s;
	struct host *h;
	const struct ksm_row *row;

	snap = sample(root, false, NEED_MERGE, &s, &h);
	row = FIRST(snap, TABLE_KSM);
	snprintf(text, sizeof(text), "%s", row->advice ? row->advice : "");
	end(snap, s, h);
	return text;
}

static void test_ksm(void **state)
{
	char *root = recorded();

	(void)state;
	tree_puts(root, "0\n", "sys/kernel/mm/ksm/run");
	assert_non_null(strstr(advice(root), "off"));
	tree_puts(root, "2\n", "sys/kernel/mm/ksm/run");
	assert_non_null(strstr(advice(root), "undone"));
	tree_puts(root, "1\n", "sys/kernel/mm/ksm/run");
	tree_puts(root, "0\n", "sys/kernel/mm/ksm/pages_to_scan");
	assert_non_null(strstr(advice(root), "no pages"));
	tree_puts(root, "10\n", "sys/kernel/mm/ksm/pages_to_scan");
	tree_puts(root, "1000\n", "sys/kernel/mm/ksm/sleep_millisecs");
	tree_puts(root, "ksm_rmap_items 0\nksm_mergeable: no\n", "proc/1001/ksm_stat");
	assert_non_null(strstr(advice(root), "no guest has memory"));
	tree_puts(root, "ksm_rmap_items 0\nksm_mergeable: yes\n", "proc/1001/ksm_stat");
	tree_puts(root, "0\n", "sys/kernel/mm/ksm/full_scans");
	tree_puts(root, "0\n", "sys/kernel/mm/ksm/pages_shared");
	tree_puts(root, "0\n", "sys/kernel/mm/ksm/pages_sharing");
	tree_puts(root, "1200\n", "sys/kernel/mm/ksm/pages_unshared");
	tree_puts(root, "0\n", "sys/kernel/mm/ksm/pages_volatile");
	assert_string_equal(advice(root), "the first scan is not over: one takes about 2 minutes (pages_to_scan, sleep_millisecs)");
	tree_puts(root, "1\n", "sys/kernel/mm/ksm/full_scans");
	assert_string_equal(advice(root), "no two pages are equal");
	tree_puts(root, "5000\n", "sys/kernel/mm/ksm/pages_volatile");
	assert_string_equal(advice(root), "the pages change too fast");
	tree_puts(root, "72000\n", "sys/kernel/mm/ksm/pages_unshared");
	assert_non_null(strstr(advice(root), "one scan takes about 2.1 hours"));
	tree_puts(root, "5\n", "sys/kernel/mm/ksm/pages_unshared");
	tree_puts(root, "9\n", "sys/kernel/mm/ksm/pages_sharing");
	tree_puts(root, "0\n", "sys/kernel/mm/ksm/merge_across_nodes");
	assert_non_null(strstr(advice(root), "merge_across_nodes"));
	tree_puts(root, "1\n", "sys/kernel/mm/ksm/merge_across_nodes");
	assert_string_equal(advice(root), "");
	tree_remove(root);
}

static void test_host(void **state)
{
	char *root = recorded();
	const struct node_row *node;
	const struct huge_row *pool;
	const struct thp_row *thp;
	const struct host_row *row;
	struct snapshot *snap;
	struct sampler *s;
	struct host *h;

	(void)state;
	tree_puts(root, "8\n", "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	tree_puts(root, "5\n", "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
	tree_puts(root, "2\n", "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages");
	tree_puts(root, "8\n", NODE "node1/hugepages/hugepages-2048kB/nr_hugepages");
	tree_puts(root, "5\n", NODE "node1/hugepages/hugepages-2048kB/free_hugepages");
	tree_puts(root, "[always] madvise never\n", "sys/kernel/mm/transparent_hugepage/enabled");
	snap = sample(root, false, NEED_NODES | NEED_PLACE | NEED_HOST | NEED_MERGE, &s, &h);
	assert_int_equal(snapshot_count(snap, TABLE_NODES), 2);
	node = snapshot_row(snap, TABLE_NODES, 0);
	assert_int_equal(node->mem_free_bytes, MB);
	assert_int_equal(node->guests, 1);
	assert_int_equal(node->vcpus, 2);
	assert_true(node->hugepages_total_bytes == UNKNOWN_UINT);
	node = snapshot_row(snap, TABLE_NODES, 1);
	assert_int_equal(node->guests, 0);
	assert_int_equal(node->hugepages_total_bytes, 16 * MB);
	assert_string_equal(node->distance, "21 10");
	assert_int_equal(snapshot_count(snap, TABLE_HUGEPAGES), 2);
	pool = snapshot_row(snap, TABLE_HUGEPAGES, 0);
	assert_true(pool->node == UNKNOWN_UINT && pool->usable == 3 && pool->reserved == 2 && pool->used_bytes == 6 * MB);
	pool = snapshot_row(snap, TABLE_HUGEPAGES, 1);
	assert_true(pool->node == 1 && pool->reserved == UNKNOWN_UINT && pool->usable == UNKNOWN_UINT);
	thp = FIRST(snap, TABLE_THP);
	assert_string_equal(thp->enabled, "always");
	assert_true(thp->fault_total == UNKNOWN_UINT);
	assert_int_equal(snapshot_count(snap, TABLE_KSM), 0);	/* this kernel has none */
	row = FIRST(snap, TABLE_HOST);
	assert_int_equal(row->guests_mem_bytes, 8 * MB);
	assert_int_equal(row->guests_vcpus, 2);
	assert_true(near(row->mem_overcommit_pct, 25, 0.01) && near(row->cpu_overcommit_pct, 50, 0.01));
	assert_int_equal(row->thp_bytes, 2 * MB);
	end(snap, s, h);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_numa),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_ksm),
		cmocka_unit_test(test_host),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
