// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/sample: which pages are looked at, what follows from them, and how sure that is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/sample/pages.h"

#define MB (1ull << 20)

static struct host_map map(uint64_t start, uint64_t bytes, bool shared, char *name)
{
	return (struct host_map){
		.start = start, .end = start + bytes, .writable = true, .shared = shared, .anonymous = !name, .name = name,
	};
}

static int match(const struct host_map *maps, size_t n_maps, const struct page_part *parts, size_t n_parts, struct page_block *first,
		 size_t *n, char **why)
{
	struct page_block *list;
	int rc = pages_match(maps, n_maps, parts, n_parts, &list, n, why);

	if (*n)
		*first = list[0];
	free(list);
	return rc;
}

#define MATCH(maps, parts) match(maps, ARRAY_SIZE(maps), parts, ARRAY_SIZE(parts), &block, &n, &why)

static void test_match(void **state)
{
	char memfd[] = "/memfd:memory-backend-memfd (deleted)", huge[] = "/dev/hugepages/libvirt/qemu/1-a/ram-node0";
	char zero[] = "/dev/zero (deleted)", other[] = "/dev/hugepages2/x";
	struct host_map maps[] = {
		map(0x40000000, 256 * MB, false, NULL), map(0x60000000, 128 * MB, true, memfd), map(0x70000000, 128 * MB, true, huge),
		map(0x80001000, 64 * MB, false, NULL), map(0x90000000, 32 * MB, false, NULL), map(0xa0000000, 32 * MB, false, NULL),
		map(0xb0000000, 32 * MB, true, zero), map(0xc0000000, 128 * MB, true, other), map(0xd0000000, 512 * MB, false, NULL),
	};
	struct page_part ram[] = { { .id = (char *)"pc.ram", .bytes = 256 * MB } };
	struct page_part twins[] = { { .id = (char *)"a", .bytes = 32 * MB }, { .id = (char *)"b", .bytes = 32 * MB } };
	struct page_part placed[] = { { .id = (char *)"a", .address = 0x90000000, .bytes = 32 * MB } };
	struct page_block block;
	char *why;
	size_t n;

	(void)state;
	maps[8].executable = true;	/* what TCG compiles into: as large as it likes */
	assert_int_equal(MATCH(maps, ram), 0);
	assert_true(n == 1 && block.start == 0x40000000 && block.end == 0x50000000);
	ram[0].bytes = 512 * MB;
	assert_int_equal(MATCH(maps, ram), -ENOENT);
	assert_non_null(strstr(why, "not certain: 0 mappings"));
	free(why);
	ram[0].bytes = 64 * MB;		/* QEMU would have aligned it */
	assert_int_equal(MATCH(maps, ram), -ENOENT);
	free(why);
	ram[0].bytes = 32 * MB;		/* two could be it */
	assert_int_equal(MATCH(maps, ram), -ENOENT);
	assert_non_null(strstr(why, "2 mappings"));
	free(why);
	assert_int_equal(MATCH(maps, twins), 0);	/* two are wanted */
	assert_int_equal(n, 2);
	ram[0].shared = true;
	assert_int_equal(MATCH(maps, ram), 0);
	assert_true(block.start == 0xb0000000);
	ram[0].bytes = 128 * MB;
	ram[0].kind = QMP_BACKEND_MEMFD;
	assert_int_equal(MATCH(maps, ram), 0);
	assert_true(block.start == 0x60000000);
	ram[0].kind = QMP_BACKEND_FILE;
	ram[0].path = (char *)"/dev/hugepages/libvirt/qemu/1-a";
	assert_int_equal(MATCH(maps, ram), 0);
	assert_true(block.start == 0x70000000);
	ram[0].path = (char *)"/dev/hugepages";
	assert_int_equal(MATCH(maps, ram), 0);		/* and not /dev/hugepages2 */
	ram[0].path = (char *)"hugepages";
	assert_int_equal(MATCH(maps, ram), -ENOENT);
	free(why);

	assert_int_equal(MATCH(maps, placed), 0);
	assert_true(block.start == 0x90000000);
	placed[0].bytes = 33 * MB;	/* not all of it is mapped */
	assert_int_equal(MATCH(maps, placed), -ENOENT);
	assert_non_null(strstr(why, "not where QEMU says"));
	free(why);
	placed[0].address = UINT64_MAX - 5;
	assert_int_equal(MATCH(maps, placed), -ENOENT);
	free(why);
	assert_int_equal(match(maps, ARRAY_SIZE(maps), NULL, 0, &block, &n, &why), -ENOENT);
	free(why);
}

static void test_pick(void **state)
{
	static const struct page_block blocks[] = { { 0x100000, 0x104000, 0 }, { 0x900000, 0x901000, 0 }, { 0x200000, 0x300000, 0 } };
	uint64_t seed = 42, got[512], pages = 4 + 1 + 256;
	size_t n = pages_pick(blocks, 3, 4096, ARRAY_SIZE(got), &seed, got), i, k, in[3];

	(void)state;
	assert_int_equal(n, pages);		/* all there are, each once */
	for (i = 0; i < n; i++)
		for (k = 0; k < i; k++)
			assert_true(got[i] != got[k]);
	for (i = 0; i < 1000; i++) {
		n = pages_pick(blocks, 3, 4096, 87, &seed, got);
		assert_int_equal(n, 87);
		memset(in, 0, sizeof(in));
		for (k = 0; k < n; k++) {
			size_t b = 0;

			while (b < 3 && !(got[k] >= blocks[b].start && got[k] < blocks[b].end))
				b++;
			assert_true(b < 3 && got[k] % 4096 == 0);
			in[b]++;
		}
		/* each stretch of three pages gives one */
		assert_true(in[0] >= 1 && in[0] <= 2 && in[1] <= 1 && in[2] >= 85 && in[2] <= 86);
	}
	assert_int_equal(pages_pick(blocks, 3, 4096, 0, &seed, got), 0);
	assert_int_equal(pages_pick(NULL, 0, 4096, 9, &seed, got), 0);
}

/* A guest of which a share is on node 1, in runs of `run` pages or in one piece. */
static bool on_node_1(uint64_t page, uint64_t pages, uint64_t run, double share)
{
	return run ? (double)((page / run * 2654435761u) % 10000) < share * 10000 : (double)page < share * (double)pages;
}

/* The stated error is the 95 % interval: of a thousand looks at what is known, no more than one in twenty is farther off. */
static void test_error_holds(void **state)
{
	static const double shares[] = { 0, 0.001, 0.02, 0.3, 0.5, 0.97, 1 };
	static const uint64_t runs[] = { 0, 1, 512 };
	enum { LOOKS = 1000, SAMPLES = 1024 };
	uint64_t pages = 1 << 20, addresses[SAMPLES], seed = 7;
	struct page_block block = { 0, pages * 4096, 0 };
	size_t s, r, look, i;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shares); s++) {
		for (r = 0; r < ARRAY_SIZE(runs); r++) {
			uint64_t true_count = 0, page;
			unsigned off = 0;

			for (page = 0; page < pages; page++)
				true_count += on_node_1(page, pages, runs[r], shares[s]);
			for (look = 0; look < LOOKS; look++) {
				double truth = (double)true_count / (double)pages, got, error;
				unsigned seen = 0;

				assert_int_equal(pages_pick(&block, 1, 4096, SAMPLES, &seed, addresses), SAMPLES);
				for (i = 0; i < SAMPLES; i++)
					seen += on_node_1(addresses[i] / 4096, pages, runs[r], shares[s]);
				got = (double)seen / SAMPLES;
				error = pages_error_pct(got, SAMPLES) / 100;
				assert_true(error < 0.032);		/* what 1024 pages are good for */
				off += got > truth + error || got < truth - error;
			}
			if (off > LOOKS / 20 + 22)	/* three standard deviations of a twentieth of 1000 */
				fail_msg("share %g in runs of %d: %u of %d looks were farther off", shares[s], (int)runs[r], off, LOOKS);
		}
	}
	assert_true(isnan(pages_error_pct(0.5, 0)));
	assert_true(isnan(pages_error_pct(UNKNOWN_NUM, 10)));
	assert_true(pages_error_pct(0, 4096) > 0.05 && pages_error_pct(0, 4096) < 0.1);	/* none seen is not none there */
	assert_true(pages_error_pct(0.5, 4096) > 1.52 && pages_error_pct(0.5, 4096) < 1.54);
}

static void test_count(void **state)
{
	struct page_block blocks[] = { { 0, 4 * MB, 2 * MB }, { 16 * MB, 32 * MB, 4096 } };
	uint64_t addresses[10] = { 0, 4096, 2 * MB, 16 * MB, 17 * MB, 18 * MB, 19 * MB, 20 * MB, 21 * MB, 31 * MB };
	struct host_page pages[10] = {
		{ .present = true, .hugetlb = true, .node = 0 }, { .present = true, .hugetlb = true, .node = 1 },
		{ .node = -1 }, { .present = true, .thp = true, .node = 1 }, { .present = true, .node = 1 },
		{ .present = true, .ksm = true, .node = 0 }, { .swapped = true, .node = -1 }, { .present = true, .node = -1 },
		{ .node = -1 }, { .present = true, .thp = true, .node = 1 },
	};
	struct page_view v = { .total_bytes = 20 * MB };
	size_t i;
	uint64_t huge = 0;

	(void)state;
	page_view_count(&v, pages, addresses, 10, blocks, 2, true);
	assert_int_equal(v.samples, 10);
	assert_int_equal(v.present, 7);
	assert_int_equal(v.present_bytes, 14 * MB);
	assert_int_equal(v.thp_bytes, 4 * MB);
	assert_int_equal(v.ksm_bytes, 2 * MB);
	assert_int_equal(v.swapped_bytes, 2 * MB);
	assert_int_equal(v.hugetlb_bytes, 4 * MB);
	assert_int_equal(page_view_node(&v, 0), 4 * MB);
	assert_int_equal(page_view_node(&v, 1), 8 * MB);
	assert_int_equal(page_view_node(&v, -1), 2 * MB);
	assert_int_equal(page_view_node(&v, 5), 0);
	for (i = 0; i < v.n_cells; i++)
		huge += v.cells[i].page_bytes == 2 * MB ? v.cells[i].bytes : 0;
	assert_int_equal(huge, 4 * MB);
	assert_true(page_view_error(&v, 0.5, true) > page_view_error(&v, 0.5, false) - 20);
	v.all = true;
	assert_true(page_view_error(&v, 0.5, true) == 0);
	page_view_done(&v);

	v = (struct page_view){ .total_bytes = 20 * MB };
	page_view_count(&v, pages, addresses, 10, blocks, 2, false);	/* the bit is not believed */
	assert_true(v.ksm_bytes == HOST_UNKNOWN);
	page_view_done(&v);
	v = (struct page_view){ .total_bytes = 20 * MB };
	page_view_count(&v, NULL, NULL, 0, NULL, 0, true);
	assert_int_equal(v.present_bytes, 0);
	page_view_done(&v);
}

#ifdef __SANITIZE_THREAD__
#define THREADS 2			/* the sanitizer has one, too */
#else
#define THREADS 1
#endif
static unsigned threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *d;
	unsigned n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)))
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

static struct walk *walk_new(const char *ref, size_t samples)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->ref = xstrdup(ref);
	w->pid = getpid();
	w->samples = samples;
	w->parts = xcalloc(1, sizeof(*w->parts));
	w->n_parts = 1;
	w->parts[0] = (struct page_part){ .id = xstrdup("ram") };
	return w;
}

/* A guest that holds the thread up does not hold up the others, and its own answer comes to nobody. */
static void test_hang(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct walker *walker = walker_new(h);
	struct walk *big = walk_new("pid:1@1", 1 << 21), *second = walk_new("pid:3@3", 1 << 21), *small = walk_new("pid:2@2", 16), *got = NULL;
	uint64_t entry = 1ull << 63 | 1, deadline = clock_now_ns() + 60 * NS_PER_SEC;

	(void)state;
	big->parts[0].bytes = second->parts[0].bytes = 1ull << 33;	/* two million reads */
	big->uid = second->uid = 7;
	small->parts[0].bytes = 1 << 20;
	tree_puts(root, "10000000-10100000 rw-p 0 00:00 0 \n40000000-240000000 rw-p 0 00:00 0 \n", "proc/%d/maps", (int)getpid());
	tree_put(root, "proc/self/pagemap", (char *)&entry, 8);
	tree_puts(root, "flags of two frames", "proc/kpageflags");
	tree_puts(root, "", "proc/%d/pagemap", (int)getpid());
	{
		auto_free char *path = xasprintf("%s/proc/%d/pagemap", root, (int)getpid());

		assert_int_equal(truncate(path, 0x240000000 / 4096 * 8), 0);
	}
	walker_add(walker, big);
	walker_add(walker, small);
	while (!got && clock_now_ns() < deadline)
		got = walker_give_up(walker, 0, 0);
	assert_non_null(got);
	assert_true(got->hung);
	assert_string_equal(got->ref, "pid:1@1");
	assert_non_null(strstr(got->why, "locked"));
	walk_free(got);
	got = NULL;
	while (!got && clock_now_ns() < deadline)
		got = walker_take(walker);
	assert_non_null(got);
	assert_string_equal(got->ref, "pid:2@2");
	assert_null(got->why);
	assert_int_equal(got->view.samples, 16);
	walk_free(got);

	/* that guest is left alone, and after a second one of its user all of them are; others' are not */
	assert_non_null(walker_bars(walker, "pid:1@1", 8));
	assert_null(walker_bars(walker, "pid:4@4", 7));
	walker_add(walker, second);
	got = NULL;
	while (!got && clock_now_ns() < deadline)
		got = walker_give_up(walker, 0, 0);
	assert_non_null(got);
	assert_string_equal(got->ref, "pid:3@3");
	walk_free(got);
	assert_non_null(walker_bars(walker, "pid:4@4", 7));
	assert_null(walker_bars(walker, "pid:4@4", 8));
	while (threads() > THREADS + 1 && clock_now_ns() < deadline)	/* the one that was left behind comes to its end */
		clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
	assert_int_equal(threads(), THREADS + 1);
	assert_null(walker_take(walker));
	assert_null(walker_bars(walker, "pid:1@1", 7));
	walker_free(walker);
	host_free(h);
	while (threads() > THREADS && clock_now_ns() < deadline)	/* the one that was left behind comes to its end */
		clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
	assert_int_equal(threads(), THREADS);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_error_holds),
		cmocka_unit_test(test_count),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
