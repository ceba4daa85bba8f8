// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: single pages of a process, its mappings, and the kernel's exact figures. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"

#define NODE "sys/devices/system/node/"
#define PRESENT (1ull << 63)
#define SWAP (1ull << 62)
#define KPF(bit) (1ull << (bit))

/* One 64-bit entry of a file of them; the file may have holes. */
static void put_entry(const char *root, const char *name, uint64_t index, uint64_t value)
{
	auto_free char *path = xasprintf("%s/%s", root, name);
	FILE *f = fopen(path, "r+");

	if (!f) {
		tree_puts(root, "", "%s", name);
		f = fopen(path, "r+");
	}
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)(index * 8), SEEK_SET), 0);
	assert_int_equal(fwrite(&value, 8, 1, f), 1);
	fclose(f);
}

static void put_block(const char *root, unsigned node, unsigned block)
{
	tree_puts(root, "", NODE "node%u/memory%u/x", node, block);
}

/* Two nodes, blocks of 16 pages: 0 and 1 are node 0's, 3 node 1's, 2 of both. Our own page is frame 1. */
static char *two_nodes(void)
{
	char *root = tree_new();

	tree_puts(root, "0-1\n", NODE "online");
	tree_puts(root, "10000\n", "sys/devices/system/memory/block_size_bytes");
	put_block(root, 0, 0);
	put_block(root, 0, 1);
	put_block(root, 0, 2);
	put_block(root, 1, 2);
	put_block(root, 1, 3);
	tree_puts(root, "", NODE "node1/memory_side/x");
	put_entry(root, "proc/self/pagemap", 0, PRESENT | 1);
	put_entry(root, "proc/kpageflags", 1, KPF(12));
	return root;
}

static void look(struct host_pages *p, uint64_t page, struct host_page *out)
{
	uint64_t address = page * 4096;

	assert_int_equal(host_pages_read(p, 7, &address, 1, out), 0);
}

static void test_kinds(void **state)
{
	char *root = two_nodes();
	struct host *h = tree_host(root);
	struct host_pages *p;
	struct host_page one;
	uint64_t beyond = 4096 * 100, two[2] = { 0, 4096 };
	struct host_page both[2];

	(void)state;
	assert_int_equal(host_pages_open(h, &p), 0);
	assert_true(host_pages_ksm(p));
	assert_int_equal(host_pages_read(p, 7, &beyond, 1, &one), -ESRCH);
	put_entry(root, "proc/7/pagemap", 0, PRESENT | 17);
	put_entry(root, "proc/7/pagemap", 1, PRESENT | 50);
	put_entry(root, "proc/7/pagemap", 2, PRESENT | 33);	/* a block of two nodes */
	put_entry(root, "proc/7/pagemap", 3, PRESENT | 200);	/* in no block */
	put_entry(root, "proc/7/pagemap", 4, SWAP | 5);
	put_entry(root, "proc/7/pagemap", 6, PRESENT);		/* the frame is hidden */
	put_entry(root, "proc/7/pagemap", 7, PRESENT | 63);
	put_entry(root, "proc/kpageflags", 17, KPF(22));
	put_entry(root, "proc/kpageflags", 50, KPF(21));
	put_entry(root, "proc/kpageflags", 63, KPF(17) | KPF(22));
	look(p, 0, &one);
	assert_true(one.present && one.thp && !one.ksm && !one.hugetlb && one.node == 0);
	look(p, 1, &one);
	assert_true(one.present && one.ksm && !one.thp && one.node == 1);
	look(p, 2, &one);
	assert_true(one.present && one.node == -1);
	look(p, 3, &one);
	assert_true(one.present && one.node == -1);
	look(p, 4, &one);
	assert_true(!one.present && one.swapped && one.node == -1);
	look(p, 5, &one);
	assert_true(!one.present && !one.swapped);
	look(p, 6, &one);
	assert_true(one.present && one.node == -1 && !one.thp);
	look(p, 7, &one);
	assert_true(one.hugetlb && !one.thp && one.node == 1);	/* not counted twice */
	assert_int_equal(host_pages_read(p, 7, two, 2, both), 0);
	assert_true(both[0].node == 0 && both[1].node == 1);
	assert_int_equal(host_pages_read(p, 8, two, 2, both), -ESRCH);
	host_pages_close(p);

	/* a kernel that sets the bit for a page which nobody can have merged is not believed */
	put_entry(root, "proc/kpageflags", 1, KPF(12) | KPF(21));
	assert_int_equal(host_pages_open(h, &p), 0);
	assert_false(host_pages_ksm(p));
	look(p, 1, &one);
	assert_false(one.ksm);
	host_pages_close(p);
	put_entry(root, "proc/self/pagemap", 0, PRESENT);	/* frame numbers are hidden from us */
	assert_int_equal(host_pages_open(h, &p), -EPERM);
	host_free(h);
	tree_remove(root);
}

/* Without memory blocks the zones have to do; where they overlap nothing is known. */
static void test_zones(void **state)
{
	char *root = tree_new();
	struct host_pages *p;
	struct host_page one;
	struct host *h;
	size_t i;
	static const struct {
		uint64_t frame;
		int node;
	} cases[] = { { 1, 0 }, { 99, 0 }, { 100, -1 }, { 109, -1 }, { 110, 0 }, { 139, 0 }, { 140, -1 }, { 159, -1 }, { 160, 1 }, { 199, 1 }, { 200, -1 }, { 300, 1 }, { 399, 1 }, { 400, -1 } };

	(void)state;
	tree_puts(root, "0-1\n", NODE "online");
	tree_puts(root, "Node 0, zone      DMA\n  pages free     1\n        spanned  100\n        present  9\n  start_pfn:           0\n"
		  "Node 0, zone    DMA32\n        spanned  50\n  start_pfn:  110\nNode 0, zone Movable\n        spanned  0\n  start_pfn: 0\n"
		  "Node 1, zone   Normal\n        spanned  60\n  start_pfn:  140\nNode 1, zone   Normal\n        spanned  100\n  start_pfn:  300\n"
		  "Node 99999, zone x\n        spanned  9\n  start_pfn:  500\nNode 1, zone x\n  start_pfn:  600\n        spanned  -1\n", "proc/zoneinfo");
	put_entry(root, "proc/self/pagemap", 0, PRESENT | 1);
	put_entry(root, "proc/kpageflags", 1, 0);
	h = tree_host(root);
	assert_int_equal(host_pages_open(h, &p), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put_entry(root, "proc/7/pagemap", i, PRESENT | cases[i].frame);
		look(p, i, &one);
		if (one.node != cases[i].node)
			fail_msg("frame %d: node %d, not %d", (int)cases[i].frame, one.node, cases[i].node);
	}
	host_pages_close(p);
	host_free(h);
	tree_remove(root);
}

static void test_maps(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_map *list;
	size_t n;

	(void)state;
	assert_int_equal(host_maps_read(h, 7, &list, &n), -ENOENT);
	tree_puts(root, "10000000-10200000 rw-p 00000000 00:00 0 \n"
		  "10200000-10400000 rw-s 00000000 00:01 1029      /memfd:memory-backend-memfd (deleted)\n"
		  "10400000-10500000 r-xp 00000000 08:01 123       /usr/bin/qemu system\n"
		  "7ffc0000-7ffd0000 rw-p 00000000 00:00 0         [stack]\n"
		  "20000000-1fffffff rw-p 00000000 00:00 0 \nnonsense\nffffffffffffffffff-0 rw-p 0 0:0 0\n"
		  "30000000-30001000 rw-p 00000000 00:00 0\n", "proc/7/maps");
	assert_int_equal(host_maps_read(h, 7, &list, &n), 0);
	assert_int_equal(n, 5);
	assert_true(list[0].anonymous && list[0].writable && !list[0].executable && !list[0].shared && !list[0].name);
	assert_int_equal(list[0].end - list[0].start, 2 << 20);
	assert_true(list[1].shared && !list[1].anonymous);
	assert_string_equal(list[1].name, "/memfd:memory-backend-memfd (deleted)");
	assert_true(list[2].executable && !list[2].writable);
	assert_string_equal(list[2].name, "/usr/bin/qemu system");
	assert_false(list[3].anonymous);
	assert_true(list[4].anonymous);
	assert_int_equal(host_map_page_bytes(h, 7, &list[0]), host_facts(h)->page_bytes);
	assert_int_equal(host_map_page_bytes(h, 7, &list[1]), 0);	/* of a recorded host only the kernel knew */
	host_maps_free(list, n);
	host_free(h);
	tree_remove(root);
}

/* A line longer than is read of it ends in the middle of " N1=5": nothing is read behind its end. */
static void test_exact_cut(void **state)
{
	static const struct host_range all = { 0, UINT64_MAX };
	char *root = tree_new();
	struct host *h = tree_host(root);
	auto_buf struct buf line = {0};
	struct host_exact e;

	(void)state;
	buf_puts(&line, "10000000 default N0=1 file=");
	buf_fill(&line, 'x', 8191 - line.len - 3);
	buf_puts(&line, " N1=5 kernelpagesize_kB=4\n");
	tree_puts(root, line.text, "proc/7/numa_maps");
	tree_puts(root, "", "proc/7/smaps");
	assert_int_equal(host_exact_read(h, 7, &all, 1, &e), 0);
	assert_int_equal(e.present_bytes, 4096);
	free(e.node_bytes);
	host_free(h);
	tree_remove(root);
}

static void test_exact(void **state)
{
	static const struct host_range ours[] = { { 0x10000000, 0x20000000 }, { 0x40000000, 0x50000000 } };
	static const struct host_range nothing = { 0x90000000, 0x90001000 };
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_exact e;

	(void)state;
	assert_int_equal(host_exact_read(h, 7, ours, 2, &e), -ENOENT);
	tree_puts(root, "10000000 default anon=12 dirty=12 active=3 N0=10 N1=2 kernelpagesize_kB=4\n"
		  "30000000 default anon=9 N0=9 kernelpagesize_kB=4\n"
		  "40000000 bind:1 file=/dev/hugepages/N7=9\\040N0=5 huge anon=3 dirty=3 N1=3 kernelpagesize_kB=2048\n"
		  "41000000 default N99999999=5 N3=18446744073709551615 N=7 Nx=3 N2=1 kernelpagesize_kB=4\n", "proc/7/numa_maps");
	assert_int_equal(host_exact_read(h, 7, ours, 2, &e), -ENOENT);	/* no smaps */
	tree_puts(root, "10000000-11000000 rw-p 00000000 00:00 0 \nSize: 16384 kB\nRss: 48 kB\nAnonHugePages: 2048 kB\nSwap: 16 kB\n"
		  "KSM: 8 kB\nVmFlags: rd wr mr mw me ac mg\n30000000-31000000 rw-p 00000000 00:00 0 \nAnonHugePages: 999 kB\nSwap: 999 kB\n"
		  "40000000-41000000 rw-s 00000000 00:0f 1 /dev/hugepages/x\nShmemPmdMapped: 1 kB\nSwapPss: 77 kB\n", "proc/7/smaps");
	assert_int_equal(host_exact_read(h, 7, ours, 2, &e), 0);
	assert_int_equal(e.n_nodes, 3);
	assert_int_equal(e.node_bytes[0], 10 * 4096);
	assert_int_equal(e.node_bytes[1], 2 * 4096 + 3 * (2 << 20));
	assert_int_equal(e.node_bytes[2], 4096);
	assert_int_equal(e.present_bytes, 13 * 4096 + 3 * (2 << 20));
	assert_int_equal(e.hugetlb_bytes, 3 * (2 << 20));
	assert_int_equal(e.thp_bytes, (2048 + 1) * 1024);
	assert_int_equal(e.swap_bytes, 16 * 1024);
	assert_int_equal(e.ksm_bytes, 8 * 1024);
	free(e.node_bytes);
	assert_int_equal(host_exact_read(h, 7, &nothing, 1, &e), -ENOENT);
	host_free(h);
	tree_remove(root);
}

/* The real kernel: pages of ours that are there, and pages that are not. */
static void test_own(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 64, i, there = 0;
	uint64_t addresses[64];
	struct host_page found[64];
	struct host *h = tree_host("/");
	struct host_pages *p;
	char *memory = mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc = host_pages_open(h, &p);

	(void)state;
	assert_true(memory != MAP_FAILED);
	if (rc) {
		host_free(h);
		munmap(memory, n * page);
		skip();		/* frame numbers are root's */
	}
	madvise(memory, n * page, MADV_NOHUGEPAGE);
	for (i = 0; i < n; i++) {
		addresses[i] = (uintptr_t)memory + i * page;
		if (i % 2)
			memory[i * page] = 1;
	}
	assert_int_equal(host_pages_read(p, getpid(), addresses, n, found), 0);
	for (i = 0; i < n; i++) {
		there += found[i].present;
		assert_int_equal(found[i].present, i % 2);
		assert_true(!found[i].thp && !found[i].hugetlb && !found[i].ksm);
		assert_true(!found[i].present || found[i].node >= 0);
	}
	assert_int_equal(there, n / 2);
	host_pages_close(p);
	munmap(memory, n * page);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_exact_cut),
		cmocka_unit_test(test_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
