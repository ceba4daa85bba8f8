// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: the root, static facts, and the formats of /proc. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"
#include "lib/host/private.h"

#define BOX "tests/fixtures/host/box1"

static void test_facts(void **state)
{
	const struct host_facts *f;
	struct err err = {0};
	struct host *h;

	(void)state;
	assert_int_equal(host_open(BOX, &h, &err), 0);
	f = host_facts(h);
	assert_false(host_is_live(h));
	assert_string_equal(f->name, "box1");
	assert_int_equal(host_topology(h)->cpus, 4);
	assert_int_equal(host_topology(h)->nodes, 2);
	assert_int_equal(host_topology(h)->only_node, -1);
	assert_int_equal(f->page_bytes, sysconf(_SC_PAGESIZE));
	assert_int_equal(host_cpu_node(h, 2), 0);
	assert_int_equal(host_cpu_node(h, 3), 1);
	assert_int_equal(host_cpu_node(h, 4), -1);
	host_free(h);
}

/* CPU 1 of 0-3 and node 1 of 0-1 are gone, then back: no number of another one changes. */
static void test_refresh(void **state)
{
	const struct host_topology *first;
	char *root = tree_new();
	struct host *h;

	(void)state;
	tree_puts(root, "0-3\n", "sys/devices/system/cpu/online");
	tree_puts(root, "0-1\n", "sys/devices/system/node/online");
	tree_puts(root, "0-1\n", "sys/devices/system/node/node0/cpulist");
	tree_puts(root, "2-3\n", "sys/devices/system/node/node1/cpulist");
	h = tree_host(root);
	first = host_topology(h);
	host_refresh(h);
	assert_ptr_equal(host_topology(h), first);
	tree_puts(root, "0,2-3\n", "sys/devices/system/cpu/online");
	tree_puts(root, "0\n", "sys/devices/system/node/node0/cpulist");
	host_refresh(h);
	assert_int_equal(host_topology(h)->cpus, 3);
	assert_int_equal(host_cpu_node(h, 1), -1);
	assert_int_equal(host_cpu_node(h, 3), 1);
	assert_int_equal(first->cpus, 4);	/* who holds the old one still reads it */
	tree_puts(root, "2-3\n", "sys/devices/system/cpu/online");
	tree_puts(root, "1\n", "sys/devices/system/node/online");
	host_refresh(h);
	assert_int_equal(host_topology(h)->nodes, 1);
	assert_int_equal(host_topology(h)->only_node, 1);
	tree_puts(root, "0-3\n", "sys/devices/system/cpu/online");
	tree_puts(root, "0-1\n", "sys/devices/system/node/online");
	tree_puts(root, "0-1\n", "sys/devices/system/node/node0/cpulist");
	host_refresh(h);
	assert_ptr_equal(host_topology(h), first);
	host_free(h);
	tree_remove(root);
}

static void test_live(void **state)
{
	struct err err = {0};
	struct host *h;

	(void)state;
	assert_int_equal(host_open("/", &h, &err), 0);
	assert_true(host_is_live(h));
	assert_int_equal(host_topology(h)->cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(host_topology(h)->nodes >= 1);
	assert_int_equal(host_cpu_node(h, 65536), -1);
	host_free(h);
	assert_int_equal(host_open("/nonexistent/root", &h, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/root"));
}

static void test_files(void **state)
{
	struct err err = {0};
	char buf[8], link[64];
	struct host *h;
	int fd;

	(void)state;
	assert_int_equal(host_open(BOX, &h, &err), 0);
	assert_int_equal(host_read(h, buf, sizeof(buf), "proc/%d/comm", 1002), 7);
	assert_string_equal(buf, "web-fro");
	assert_int_equal(host_read(h, buf, sizeof(buf), "proc/%d/comm", 9), -ENOENT);
	assert_int_equal(host_openat(h, "/etc/passwd"), -EINVAL);
	assert_int_equal(host_openat(h, "%05000d", 1), -ENAMETOOLONG);
	fd = host_openat(h, "proc/1001/comm");
	assert_true(fd >= 0);
	assert_int_equal(host_pread(fd, buf, sizeof(buf)), 6);
	assert_int_equal(host_pread(fd, buf, sizeof(buf)), 6);
	assert_string_equal(buf, "(a) b\n");
	close(fd);
	assert_int_equal(host_readlink(h, link, sizeof(link), "proc/1001/fd/0"), 9);
	assert_string_equal(link, "/dev/null");
	assert_int_equal(host_readlink(h, link, sizeof(link), "proc/1001/comm"), -EINVAL);
	host_free(h);
}

#define TAIL " 1 9 9 0 -1 4194560 1 0 0 0 50 20 0 0 20 0 7 0 4242 1 6400 0 0 0 0 0 0 0 0 0 0 0 0 0 0 3 0"

static void test_stat(void **state)
{
	static const struct {
		const char *line, *comm;
		char state;
		int cpu;
	} good[] = {
		{ "9 (qemu) S" TAIL "\n", "qemu", 'S', 3 },
		{ "9 (qemu) S" TAIL " 0 0\n", "qemu", 'S', 3 },
		{ "9 ((a) b) R" TAIL, "(a) b", 'R', 3 },
		{ "9 () D" TAIL, "", 'D', 3 },
		{ "9 () Z 1 1) T" TAIL, ") Z 1 1", 'T', 3 },
		{ "9 (kworker/u4:2-events_unbound) I" TAIL, "kworker/u4:2-ev", 'I', 3 },
		{ "9 (a\nb) S" TAIL, "a\nb", 'S', 3 },
		{ "9 (a) S 1 9 9 0 -1 4194560 1 0 0 0 50 20 0 0 20 0 7 0 4242", "a", 'S', -1 },
	};
	static const char *const bad[] = {
		"", "\n", "9", "9 (", "9 )", ")(", "9 (a)", "9 (a) ", "9 (a) S", "9 (a)S 1", "9 (a) SS 1", "9 (a) 1 1",
		"9 (a) S 1 9 9 0 -1 4194560", "9 (a) S 1 9 9 0 -1 ", "9 (a) S 1 9 9 0 -1 x 1 0 0 0 50 20 0 0 20 0 7 0 4242",
		"9 (a) S 1 9 9 0 -1 4194560 1 0 0 0 50 20 0 0 20 0 7", "9 (a) S 1 9 9 0 -1 4194560 1 0 0 0 50 20 0 0 20 0 7 0 ",
		"9 (a) S 1 9 9 0 -1 4194560 1 0 0 0 50 20 0 0 20 0 -7 0 4242",
		"9 (a) S 1 9 9 0 -1 4194560 1 0 0 0 50 20 0 0 20 0 7 0 99999999999999999999999",
	};
	struct host_stat st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(host_stat_parse(good[i].line, &st), 0);
		assert_string_equal(st.comm, good[i].comm);
		assert_int_equal(st.state, good[i].state);
		assert_int_equal(st.threads, 7);
		assert_int_equal(st.start, 4242);
		assert_int_equal(st.user + st.system, 70);
		assert_int_equal(st.cpu, good[i].cpu);
		assert_false(st.kthread);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* on the heap, so that a sanitizer sees a step too far */
		auto_free char *line = xstrdup(bad[i]);

		assert_int_equal(host_stat_parse(line, &st), -EBADMSG);
	}
}

static void test_own_stat(void **state)
{
	char buf[HOST_STAT_SIZE];
	struct err err = {0};
	struct host_stat st;
	struct host *h;

	(void)state;
	assert_int_equal(host_open("/", &h, &err), 0);
	assert_true(host_read(h, buf, sizeof(buf), "proc/self/stat") > 0);
	assert_int_equal(host_stat_parse(buf, &st), 0);
	assert_int_equal(st.state, 'R');
	assert_int_equal(st.threads, 1);
	assert_in_range(st.cpu, 0, sysconf(_SC_NPROCESSORS_CONF) - 1);
	host_free(h);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		unsigned sum;		/* of all firsts and lasts */
		int end;
	} rows[] = {
		{ "", 0, 0 }, { "\n", 0, 0 }, { "0\n", 0, 0 }, { "3", 6, 0 }, { "0-3,8,10-11\n", 3 + 16 + 21, 0 },
		{ "1-", 0, -EINVAL }, { "5-2", 0, -EINVAL }, { "1,x", 2, -EINVAL }, { "-1", 0, -EINVAL }, { "1;2", 0, -EINVAL },
		{ "0-99999999999", 0, -EINVAL }, { "1,,2", 2, -EINVAL },
	};
	unsigned first, last, sum;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *p = rows[i].text;

		for (sum = 0; (r = host_range_next(&p, &first, &last)) > 0;)
			sum += first + last;
		assert_int_equal(r, rows[i].end);
		assert_int_equal(sum, rows[i].sum);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *path;
		enum host_name name;
	} exe[] = {
		{ "/usr/bin/qemu-system-x86_64", HOST_NAME_QEMU }, { "qemu-system-arm", HOST_NAME_QEMU },
		{ "/usr/libexec/qemu-kvm", HOST_NAME_QEMU }, { "/usr/bin/kvm", HOST_NAME_QEMU }, { "kvm (deleted)", HOST_NAME_QEMU },
		{ "/usr/bin/qemu-system-x86_64 (deleted)", HOST_NAME_QEMU },
		{ "/nix/store/x-qemu-10.0/bin/.qemu-system-x86_64-wrapped", HOST_NAME_LIKE }, { "qemu-kiwi", HOST_NAME_LIKE },
		{ "qemu-virtiofs-system-x86_64 (deleted)", HOST_NAME_LIKE }, { "qemu-kvm2", HOST_NAME_LIKE },
		{ "qemu-system-", HOST_NAME_LIKE }, { "/usr/bin/kvm-ok", HOST_NAME_LIKE },
		{ "/opt/kvm/sh", HOST_NAME_OTHER }, { "qemu-img", HOST_NAME_OTHER }, { "qemu-nbd (deleted)", HOST_NAME_OTHER },
		{ "qemu-storage-daemon", HOST_NAME_OTHER }, { "qemu-ga", HOST_NAME_OTHER }, { "qemu-aarch64-static", HOST_NAME_OTHER },
		{ "qemu-x86_64", HOST_NAME_OTHER }, { "virtqemud", HOST_NAME_OTHER }, { "virtiofsd", HOST_NAME_OTHER },
		{ "kvm_stat", HOST_NAME_OTHER }, { "swtpm", HOST_NAME_OTHER },
		{ " (deleted)", HOST_NAME_OTHER }, { "", HOST_NAME_OTHER }, { "/", HOST_NAME_OTHER }, { "/usr/bin/kvm/", HOST_NAME_OTHER },
	};
	static const struct {
		const char *comm;
		pid_t owner;
	} vhost[] = {
		{ "vhost-1001", 1001 }, { "vhost-", 0 }, { "vhost-x", 0 }, { "vhost- 1", 0 }, { "vhost-12x", 0 },
		{ "vhost-99999999", 99999999 }, { "vhost-9999999999", 0 }, { "xvhost-1", 0 }, { "vhost", 0 },
	};
	pid_t owner;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(exe); i++)
		assert_int_equal(host_exe_name(exe[i].path), exe[i].name);
	for (i = 0; i < ARRAY_SIZE(vhost); i++) {
		owner = 0;
		assert_int_equal(host_comm_is_vhost(vhost[i].comm, &owner), vhost[i].owner != 0);
		assert_int_equal(owner, vhost[i].owner);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_own_stat),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
