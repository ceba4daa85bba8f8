// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * lib/host: who listens on a unix socket, who is in, who waits; and where another process's paths
 * are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	assert_true(strlen(path) < sizeof(sun.sun_path));
	strcpy(sun.sun_path, path);
	return sun;
}

static int listen_at(const char *path)
{
	struct sockaddr_un sun = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static int connect_to(const char *path)
{
	struct sockaddr_un sun = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static void expect(const struct host *h, const char *path, bool listening, unsigned clients, unsigned waiting)
{
	struct host_sock s;

	assert_int_equal(host_sock_look(h, path, &s), 0);
	assert_int_equal(s.listening, listening);
	assert_int_equal(s.clients, clients);
	assert_int_equal(s.waiting, waiting);
}

static void test_clients(void **state)
{
	struct host *h = tree_host("/");
	char *dir = tree_new();
	auto_free char *path = xasprintf("%s/qmp.sock", dir);
	auto_free char *whole = NULL;
	int server, in[2], out[2];

	(void)state;
	server = listen_at(path);
	expect(h, path, true, 0, 0);
	out[0] = connect_to(path);
	expect(h, path, true, 0, 1);
	in[0] = accept(server, NULL, NULL);
	expect(h, path, true, 1, 0);
	out[1] = connect_to(path);
	expect(h, path, true, 1, 1);
	in[1] = accept(server, NULL, NULL);
	expect(h, path, true, 2, 0);

	/* the name was relative; the file is the same under any */
	whole = realpath(path, NULL);
	expect(h, whole, true, 2, 0);

	close(out[0]);
	close(in[0]);
	expect(h, path, true, 1, 0);
	close(server);
	expect(h, path, false, 1, 0);
	close(out[1]);
	close(in[1]);
	expect(h, path, false, 0, 0);
	tree_remove(dir);
	host_free(h);
}

/* Who has which end, by the inode; once it is accepted. */
static void test_ends(void **state)
{
	struct host *h = tree_host("/");
	char *dir = tree_new();
	auto_free char *path = xasprintf("%s/qmp.sock", dir);
	int server = listen_at(path), out = connect_to(path), in;
	struct host_sock s;
	uint64_t peer = 0;
	struct stat st;
	pid_t child;

	(void)state;
	assert_int_equal(host_sock_look(h, path, &s), 0);
	assert_int_equal(fstat(server, &st), 0);
	assert_int_equal(s.listener, st.st_ino);
	assert_int_equal(host_sock_peer(out, &peer), -ENOENT);
	assert_int_equal(peer, 0);
	in = accept(server, NULL, NULL);
	assert_int_equal(fstat(in, &st), 0);
	assert_int_equal(host_sock_peer(out, &peer), 0);
	assert_int_equal(peer, st.st_ino);
	assert_int_equal(host_proc_has_socket(h, getpid(), peer), 1);
	assert_int_equal(host_proc_has_socket(h, getpid(), peer + 1000000), 0);
	child = fork();
	if (!child) {
		close(in);
		close(server);
		for (;;)
			pause();
	}
	/* it closes them in its own time */
	for (int i = 0; i < 10000 && host_proc_has_socket(h, child, s.listener); i++)
		usleep(1000);
	assert_int_equal(host_proc_has_socket(h, child, peer), 0);
	assert_int_equal(host_proc_has_socket(h, child, s.listener), 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(host_proc_has_socket(h, child, peer), -ESRCH);
	close(in);
	close(out);
	close(server);
	tree_remove(dir);
	host_free(h);
}

static const struct host_listener *at(const struct host_listener *list, size_t n, const char *path, bool abstract)
{
	for (size_t i = 0; i < n; i++)
		if (host_listener_is_at(&list[i], path, abstract))
			return &list[i];
	return NULL;
}

/* By what this process has open: relative, renamed, unlinked, abstract. */
static void test_listeners(void **state)
{
	struct lates *lates = lates_new(4);
	struct host *h = tree_host("/");
	char *dir = tree_new();
	auto_free char *path = xasprintf("%s/qmp.sock", dir), *moved = xasprintf("%s/moved.sock", dir);
	auto_free char *name = xasprintf("kt-test-%d", (int)getpid());
	struct sockaddr_un abstract = { .sun_family = AF_UNIX };
	auto_free struct host_listener *list = NULL;
	const struct host_listener *file, *other;
	int server = listen_at(path), second, out, in;
	struct host_sock s;
	struct stat st;
	size_t n = 0;

	(void)state;
	second = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(abstract.sun_path + 1, name);
	assert_int_equal(bind(second, (struct sockaddr *)&abstract, sizeof(abstract)), 0);	/* NULs up to its end */
	assert_int_equal(listen(second, 5), 0);
	assert_int_equal(host_listeners_read(h, getpid(), &list, &n), 0);
	file = at(list, n, path, false);
	other = at(list, n, name, true);
	assert_non_null(file);
	assert_non_null(other);
	assert_null(at(list, n, name, false));
	assert_null(at(list, n, "qmp.sock", false));
	assert_int_equal(fstat(server, &st), 0);
	assert_int_equal(file->inode, st.st_ino);
	assert_ptr_equal(host_listener_of_fd(h, list, n, second), other);
	assert_null(host_listener_of_fd(h, list, n, 0));

	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(host_listener_look(h, file, &s), 0);
	assert_int_equal(s.clients + s.waiting, 0);
	out = host_listener_connect(h, lates, file);
	if (geteuid()) {		/* by its old name only */
		assert_int_equal(out, -ENOENT);
		out = connect_to(moved);
	}
	assert_true(out >= 0);
	in = accept(server, NULL, NULL);
	assert_int_equal(host_listener_look(h, file, &s), 0);
	assert_int_equal(s.clients, 1);
	assert_int_equal(s.listener, st.st_ino);
	close(in);
	close(out);

	out = host_listener_connect(h, lates, other);
	assert_true(out >= 0);
	assert_int_equal(host_listener_look(h, other, &s), 0);
	assert_int_equal(s.waiting, 1);
	in = accept(second, NULL, NULL);
	assert_int_equal(host_listener_look(h, other, &s), 0);
	assert_int_equal(s.clients, 1);
	assert_int_equal(host_listener_look(h, file, &s), 0);
	assert_int_equal(s.clients, 0);
	close(in);
	close(out);
	close(second);
	assert_int_equal(host_listener_look(h, other, &s), -ENOENT);
	close(server);
	tree_remove(dir);
	host_free(h);
	lates_free(lates);
}

static void test_same_name(void **state)
{
	struct host *h = tree_host("/");
	char *dir = tree_new();
	auto_free char *path = xasprintf("%s/qmp.sock", dir);
	auto_free char *old = xasprintf("%s/old.sock", dir);
	int first, second, out;

	(void)state;
	/* the first one's name is taken by the second; its client is not the second's */
	first = listen_at(path);
	out = connect_to(path);
	assert_int_equal(rename(path, old), 0);
	second = listen_at(path);
	expect(h, path, true, 0, 0);
	expect(h, old, true, 0, 1);
	close(first);
	close(second);
	close(out);
	tree_remove(dir);
	host_free(h);
}

static void test_no_socket(void **state)
{
	struct host *h = tree_host("/"), *box = tree_host("tests/fixtures/host/box1");
	char *dir = tree_new();
	auto_free char *none = xasprintf("%s/none", dir), *file = xasprintf("%s/file", dir);
	struct host_sock s;

	(void)state;
	tree_puts(dir, "x", "file");
	assert_int_equal(host_sock_look(h, none, &s), -ENOENT);
	assert_int_equal(host_sock_look(h, file, &s), -ENOTSOCK);
	assert_int_equal(host_sock_look(h, dir, &s), -ENOTSOCK);
	assert_int_equal(host_sock_look(box, file, &s), -EOPNOTSUPP);
	tree_remove(dir);
	host_free(box);
	host_free(h);
}

/* More sockets than one datagram holds. */
static void test_crowd(void **state)
{
	struct host *h = tree_host("/");
	char *dir = tree_new();
	auto_free char *path = xasprintf("%s/qmp.sock", dir);
	int pairs[400][2], server = listen_at(path), out = connect_to(path);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
	expect(h, path, true, 0, 1);
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	close(server);
	close(out);
	tree_remove(dir);
	host_free(h);
}

static void expect_path(const struct host *h, pid_t pid, const char *path, const char *want)
{
	auto_free char *got = host_proc_path(h, pid, path);

	assert_string_equal(got, want);
}

static void test_paths(void **state)
{
	struct host *h = tree_host("/"), *box = tree_host("tests/fixtures/host/box1");
	auto_free char *cwd = xasprintf("/proc/%d/cwd/a/b.sock", getpid());
	auto_free char *root = NULL;
	int ready[2];
	char c;
	pid_t pid;

	(void)state;
	expect_path(h, getpid(), "/run/a.sock", "/run/a.sock");
	expect_path(h, getpid(), "a/b.sock", cwd);
	expect_path(box, 1001, "a/b.sock", "a/b.sock");

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		c = chroot("tests") ? 'n' : 'y';
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	root = xasprintf("/proc/%d/root/run/a.sock", pid);
	assert_int_equal(read(ready[0], &c, 1), 1);
	/* only root may do it: for others there is no such process to meet here */
	expect_path(h, pid, "/run/a.sock", c == 'y' ? root : "/run/a.sock");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	expect_path(h, pid, "/run/a.sock", "/run/a.sock");
	expect_path(h, pid, "a.sock", "a.sock");
	close(ready[0]);
	close(ready[1]);
	host_free(box);
	host_free(h);
}

/* A process in a network namespace of its own, listening there where path is given; 0: only root may make one. */
static pid_t elsewhere(const char *path)
{
	int ready[2];
	pid_t pid;
	char c = 'n';

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET))
			_exit(1);
		if (path)
			listen_at(path);
		assert_int_equal(write(ready[1], "y", 1), 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	return c == 'y' ? pid : 0;
}

/* Of other namespaces than ours only that of the process is looked into, where one is named. */
static void looks_in_one_namespace(void **state)
{
	struct host *h = tree_host("/");
	char *dir = tree_new();
	auto_free char *path = xasprintf("%s/a.sock", dir);
	pid_t there = elsewhere(path), other = there ? elsewhere(NULL) : 0;
	struct host_sock s;

	(void)state;
	if (there && other) {
		expect(h, path, true, 0, 0);
		assert_int_equal(host_sock_look_in(h, path, there, &s), 0);
		assert_true(s.listening);
		assert_int_equal(host_sock_look_in(h, path, other, &s), 0);
		assert_false(s.listening);
		assert_int_equal(host_sock_look_in(h, path, getpid(), &s), 0);
		assert_false(s.listening);
	}
	if (other) {
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
	if (there) {
		kill(there, SIGKILL);
		waitpid(there, NULL, 0);
		assert_int_equal(host_sock_look_in(h, path, there, &s), 0);
		assert_false(s.listening);
	}
	tree_remove(dir);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_in_one_namespace),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
