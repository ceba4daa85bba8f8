// SPDX-License-Identifier: GPL-3.0-or-later
/* What control groups of both versions leave of memory and of huge pages, on a tree that the test sets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "host_tree.h"
#include "lib/host/host.h"

#define V2 "sys/fs/cgroup/"
#define SCOPE "machine.slice/vm.scope"
#define MIB(n) ((uint64_t)(n) << 20)

static void the_least_of_all_groups_counts(void **state)
{
	static const struct {
		const char *file, *text;	/* one thing after another */
		uint64_t bytes;
		const char *limit, *group;
	} rows[] = {
		{ V2 SCOPE "/memory.current", "104857600\n", HOST_UNKNOWN },
		{ V2 SCOPE "/memory.max", "max\n", HOST_UNKNOWN },
		{ V2 SCOPE "/memory.max", "419430400\n", MIB(300), "memory.max", SCOPE },
		{ V2 SCOPE "/memory.stat", "anon 9\nfile 31457280\nshmem 20971520\nactive_file 4194304\ninactive_file 6291456\n", MIB(310),
		  "memory.max", SCOPE },
		{ V2 SCOPE "/memory.high", "209715200\n", MIB(110), "memory.high", SCOPE },
		{ V2 "machine.slice/memory.max", "1073741824\n", MIB(110), "memory.high", SCOPE },	/* no usage: not known */
		{ V2 "machine.slice/memory.current", "1048576000\n", MIB(24), "memory.max", "machine.slice" },
		{ V2 "machine.slice/memory.current", "1073745920\n", 0, "memory.max", "machine.slice" },
		{ V2 "machine.slice/memory.max", "18446744073709551615\n", MIB(110), "memory.high", SCOPE },
		{ V2 SCOPE "/memory.high", "what\n", MIB(310), "memory.max", SCOPE },
	};
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_group_room room;
	size_t i;

	(void)state;
	tree_puts(root, "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "proc/self/mountinfo");
	host_group_room_read(h, 9, 0, &room);
	assert_true(room.bytes == HOST_UNKNOWN);	/* no such process */
	/* libvirt's: the group of the main thread has no files of memory */
	tree_puts(root, "0::/" SCOPE "/libvirt/emulator\n", "proc/9/cgroup");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_puts(root, rows[i].text, "%s", rows[i].file);
		host_group_room_read(h, 9, 0, &room);
		if (room.bytes != rows[i].bytes)
			fail_msg("row %zu: %llu", i, (unsigned long long)room.bytes);
		if (!rows[i].limit)
			continue;
		assert_string_equal(room.limit, rows[i].limit);
		assert_string_equal(room.group, rows[i].group);
	}
	host_free(h);
	tree_remove(root);
}

static void huge_pages_have_limits_by_their_size(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_group_room room;

	(void)state;
	tree_puts(root, "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "proc/self/mountinfo");
	tree_puts(root, "0::/" SCOPE "\n", "proc/9/cgroup");
	tree_puts(root, "1048576\n", V2 SCOPE "/memory.max");
	tree_puts(root, "1048576\n", V2 SCOPE "/memory.current");
	tree_puts(root, "67108864\n", V2 SCOPE "/hugetlb.2MB.max");
	tree_puts(root, "2097152\n", V2 SCOPE "/hugetlb.2MB.current");
	host_group_room_read(h, 9, 1 << 30, &room);
	assert_true(room.bytes == HOST_UNKNOWN);
	host_group_room_read(h, 9, 2 << 20, &room);
	assert_int_equal(room.bytes, MIB(62));
	assert_string_equal(room.limit, "hugetlb.max");
	tree_puts(root, "67108864\n", V2 "machine.slice/hugetlb.2MB.rsvd.max");
	tree_puts(root, "41943040\n", V2 "machine.slice/hugetlb.2MB.rsvd.current");
	host_group_room_read(h, 9, 2 << 20, &room);
	assert_int_equal(room.bytes, MIB(24));
	assert_string_equal(room.group, "machine.slice");
	tree_puts(root, "0\n", V2 SCOPE "/hugetlb.1GB.max");
	tree_puts(root, "0\n", V2 SCOPE "/hugetlb.1GB.current");
	host_group_room_read(h, 9, 1 << 30, &room);
	assert_int_equal(room.bytes, 0);
	host_free(h);
	tree_remove(root);
}

static void version_1_too(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_group_room room;

	(void)state;
	tree_puts(root, "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		  "36 31 0:33 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb\n", "proc/self/mountinfo");
	tree_puts(root, "4:hugetlb:/vm\n7:memory:/a/vm\n", "proc/9/cgroup");
	tree_puts(root, "9223372036854771712\n", V2 "memory/a/vm/memory.limit_in_bytes");
	tree_puts(root, "104857600\n", V2 "memory/a/vm/memory.usage_in_bytes");
	tree_puts(root, "209715200\n", V2 "memory/a/memory.limit_in_bytes");
	tree_puts(root, "104857600\n", V2 "memory/a/memory.usage_in_bytes");
	tree_puts(root, "active_file 1\ntotal_active_file 1048576\ntotal_inactive_file 1048576\n", V2 "memory/a/memory.stat");
	tree_puts(root, "4194304\n", V2 "hugetlb/vm/hugetlb.2MB.limit_in_bytes");
	tree_puts(root, "0\n", V2 "hugetlb/vm/hugetlb.2MB.usage_in_bytes");
	host_group_room_read(h, 9, 0, &room);
	assert_int_equal(room.bytes, MIB(102));
	assert_string_equal(room.limit, "memory.limit_in_bytes");
	assert_string_equal(room.group, "a");
	host_group_room_read(h, 9, 2 << 20, &room);
	assert_int_equal(room.bytes, MIB(4));
	host_free(h);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_of_all_groups_counts),
		cmocka_unit_test(huge_pages_have_limits_by_their_size),
		cmocka_unit_test(version_1_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
