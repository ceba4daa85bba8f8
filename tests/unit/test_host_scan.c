// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * lib/host: which processes are QEMU's, which kernel threads vhost's; on a recorded host and on
 * this one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"
#include "lib/host/private.h"

#define BOX "tests/fixtures/host/box1"

struct found {
	const struct host_found *procs;
	const struct host_vhost *vhosts;
	size_t n, nv;
};

static void scan_at(struct host_scan *s, uint64_t now, struct found *f)
{
	struct err err = {0};

	assert_int_equal(host_scan_run_at(s, now, &f->procs, &f->n, &f->vhosts, &f->nv, &err), 0);
}

static void scan(struct host_scan *s, struct found *f)
{
	scan_at(s, clock_now_ns(), f);
}

static const struct host_found *of_pid(const struct found *f, pid_t pid)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->procs[i].pid == pid)
			return &f->procs[i];
	}
	return NULL;
}

static void test_box(void **state)
{
	static const pid_t pids[] = { 1001, 1002, 1010, 1020 };
	struct host *h = tree_host(BOX);
	struct host_scan *s = host_scan_new(h);
	struct found f;
	size_t i;

	(void)state;
	for (int run = 0; run < 3; run++) {
		scan(s, &f);
		assert_int_equal(f.n, ARRAY_SIZE(pids));
		for (i = 0; i < f.n; i++) {
			assert_int_equal(f.procs[i].pid, pids[i]);
			assert_int_equal(f.procs[i].start, 4000 + pids[i]);
		}
		assert_true(f.procs[0].sure);
		assert_int_equal(f.procs[0].uid, 64055);
		assert_int_equal(f.nv, 1);
		assert_int_equal(f.vhosts[0].tid, 1040);
		assert_int_equal(f.vhosts[0].owner, 1001);
		assert_int_equal(f.vhosts[0].start, 5040);
	}
	host_scan_free(s);
	host_free(h);
}

static void test_proc_read(void **state)
{
	struct host *h = tree_host(BOX);
	struct host_proc p;

	(void)state;
	assert_int_equal(host_proc_read(h, 1001, &p), 0);
	assert_int_equal(p.start, 5001);
	assert_int_equal(p.uid, 64055);
	assert_int_equal(p.argc, 7);
	assert_string_equal(p.argv[2], "guest=a,process=(a) b");
	assert_string_equal(p.argv[4], "");
	assert_string_equal(p.argv[6], "unix:/run/a.sock,server=on,wait=off");
	assert_null(p.argv[7]);
	assert_false(p.truncated);
	host_proc_done(&p);
	assert_int_equal(host_proc_read(h, 1050, &p), 0);
	assert_string_equal(p.argv[0], "/usr/local/bin/kvm-exporter");
	host_proc_done(&p);
	assert_int_equal(host_proc_read(h, 1030, &p), -ESRCH);
	assert_int_equal(host_proc_read(h, 4000, &p), -ESRCH);
	host_free(h);
}

static void test_no_proc(void **state)
{
	struct host *h = tree_host(BOX "/sys");
	struct host_scan *s = host_scan_new(h);
	struct err err = {0};
	struct found f;

	(void)state;
	assert_int_equal(host_scan_run(s, &f.procs, &f.n, &f.vhosts, &f.nv, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/proc"));
	host_scan_free(s);
	host_free(h);
}

/* KVM has a virtual machine of a process, whatever its program is called. */
static void test_machines(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_scan *s = host_scan_new(h);
	struct found f;

	(void)state;
	tree_puts(root, "7 (vmm) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0\n", "proc/7/stat");
	tree_puts(root, "Name:\tvmm\nUid:\t1\t2\t3\t4\n", "proc/7/status");
	tree_link(root, "/opt/vmm", "proc/7/exe");
	scan(s, &f);
	assert_int_equal(f.n, 0);
	tree_puts(root, "0\n", "sys/kernel/debug/kvm/7-11/exits");
	tree_puts(root, "0\n", "sys/kernel/debug/kvm/exits");
	scan(s, &f);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.procs[0].pid, 7);
	assert_false(f.procs[0].sure);
	host_scan_free(s);
	host_free(h);
	tree_remove(root);
}

/* A tree of our own, to be changed under the scan. */

static void put_proc(const char *root, const char *cmdline, size_t len, unsigned start)
{
	auto_free char *stat = xasprintf("7 (x) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n", start);

	tree_put(root, "proc/7/stat", stat, strlen(stat));
	tree_put(root, "proc/7/status", "Name:\tx\nUid:\t1\t2\t3\t4\n", 22);
	tree_put(root, "proc/7/cmdline", cmdline, len);
}

/* How many it takes until so many are found. */
static unsigned runs_until(struct host_scan *s, uint64_t now, size_t n)
{
	struct found f = { .n = n + 1 };
	unsigned runs = 0;

	while (f.n != n && runs < 1000) {
		scan_at(s, now, &f);
		runs++;
	}
	return runs;
}

static void test_turns(void **state)
{
	char *root = tree_new();
	uint64_t now = clock_now_ns(), late = now + 60 * NS_PER_SEC;
	struct host_scan *s;
	struct host *h;
	struct found f;

	(void)state;
	put_proc(root, "sh\0", 3, 10);
	h = tree_host(root);
	s = host_scan_new(h);
	scan_at(s, now, &f);
	assert_int_equal(f.n, 0);

	/* young: exec is seen at once */
	put_proc(root, "kvm\0", 4, 10);
	scan_at(s, now + NS_PER_SEC, &f);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.procs[0].uid, 2);

	/* old: the pid's new owner is seen at once when the old one is known to have ended, else in its turn */
	put_proc(root, "kvm\0-S\0", 7, 11);
	scan_at(s, late, &f);
	assert_int_equal(f.procs[0].start, 10);
	host_scan_doubt(s, 8);
	host_scan_doubt(s, 7);
	scan_at(s, late, &f);
	assert_int_equal(f.procs[0].start, 11);
	put_proc(root, "sh\0", 3, 12);
	assert_true(runs_until(s, late, 0) <= 160);

	/* what is no QEMU may become one: ten runs */
	put_proc(root, "kvm\0", 4, 12);
	assert_true(runs_until(s, late, 1) <= 10);
	host_scan_free(s);
	host_free(h);
	tree_remove(root);
}

static void test_long_command_line(void **state)
{
	char *root = tree_new();
	size_t size = 3u << 20, i;
	auto_free char *line = xmalloc(size);
	struct host_proc p;
	struct host *h;

	(void)state;
	h = tree_host(root);

	memset(line, 'x', size);
	for (i = 999; i < size; i += 1000)
		line[i] = '\0';
	put_proc(root, line, size, 1);
	assert_int_equal(host_proc_read(h, 7, &p), 0);
	assert_true(p.truncated);
	assert_int_equal(p.argc, CMDLINE_BYTES_MAX / 1000);
	assert_int_equal(strlen(p.argv[p.argc - 1]), 999);
	host_proc_done(&p);

	memset(line, 0, size);
	put_proc(root, line, 20000, 1);
	assert_int_equal(host_proc_read(h, 7, &p), 0);
	assert_true(p.truncated);
	assert_int_equal(p.argc, 16384);
	host_proc_done(&p);

	/* a title without an end, and no word at all */
	put_proc(root, "a\0bc", 4, 1);
	assert_int_equal(host_proc_read(h, 7, &p), 0);
	assert_int_equal(p.argc, 2);
	assert_string_equal(p.argv[1], "bc");
	assert_false(p.truncated);
	host_proc_done(&p);
	put_proc(root, "", 0, 1);
	assert_int_equal(host_proc_read(h, 7, &p), 0);
	assert_int_equal(p.argc, 0);
	host_proc_done(&p);
	host_free(h);
	tree_remove(root);
}

static void copy(const char *from, const char *to)
{
	auto_close int in = open(from, O_RDONLY | O_CLOEXEC);
	auto_close int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	struct stat st;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(fstat(in, &st), 0);
	assert_int_equal(sendfile(out, in, NULL, (size_t)st.st_size), st.st_size);
}

/* Returns when exec has happened: it closes the pipe. */
static pid_t spawn(const char *path)
{
	int gate[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, "1000", (char *)NULL);
		_exit(127);
	}
	close(gate[1]);
	assert_int_equal(read(gate[0], &c, 1), 0);
	close(gate[0]);
	return pid;
}

static void test_live_process(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host("/");
	struct host_scan *s = host_scan_new(h);
	auto_free char *path = NULL;
	siginfo_t info;
	struct found f;
	pid_t pid;

	(void)state;
	path = xasprintf("%s/qemu-kvm", root);
	copy("/bin/sleep", path);
	scan(s, &f);
	pid = spawn(path);
	scan(s, &f);
	assert_non_null(of_pid(&f, pid));
	assert_int_equal(of_pid(&f, pid)->uid, geteuid());
	assert_true(of_pid(&f, pid)->start > 0);

	/* its package is upgraded */
	assert_int_equal(unlink(path), 0);
	scan(s, &f);
	assert_non_null(of_pid(&f, pid));

	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	scan(s, &f);
	assert_null(of_pid(&f, pid));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	scan(s, &f);
	assert_null(of_pid(&f, pid));
	host_scan_free(s);
	host_free(h);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_box),
		cmocka_unit_test(test_proc_read),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_no_proc),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_long_command_line),
		cmocka_unit_test(test_live_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
