// SPDX-License-Identifier: GPL-3.0-or-later
/* Unix sockets on which QEMU listens, or somebody else, or nobody. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_qmp.h"

#define LONG 20000	/* ms: never reached */
#define SHORT 500	/* ms: reached on purpose */

static char dir[] = "/tmp/kt-qmp-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void test_unix(void **state)
{
	static const struct fake_item script[] = { { .expect = "stop" }, { 0 } };
	auto_free char *path = xasprintf("%s/s", dir);
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp_peer peer = {0};
	struct qmp *q = NULL;
	struct err err = {0};

	(void)state;
	fake_qmp_listen(f, path);
	assert_int_equal(qmp_open_unix(path, &q, &peer, &err), 0);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(qmp_greet(q, LONG, &err), 0);
	assert_string_equal(qmp_version(q), "7.2.22");
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), 0);
	qmp_close(q);
	fake_qmp_end(f);
	unlink(path);
}

static void test_unix_long_path(void **state)
{
	static const struct fake_item script[] = { { .expect = "stop" }, { 0 } };
	char name[201];
	auto_free char *deep = NULL, *path = NULL, *alias = NULL;
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = NULL;
	struct err err = {0};
	int fd;

	(void)state;
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	deep = xasprintf("%s/%s", dir, name);
	path = xasprintf("%s/s", deep);
	assert_int_equal(mkdir(deep, 0700), 0);
	fd = open(deep, O_PATH | O_CLOEXEC);
	alias = xasprintf("/proc/self/fd/%d/s", fd);
	fake_qmp_listen(f, alias);
	assert_int_equal(qmp_open_unix(path, &q, NULL, &err), 0);
	assert_int_equal(qmp_greet(q, LONG, &err), 0);
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), 0);
	qmp_close(q);
	fake_qmp_end(f);
	unlink(path);
	assert_int_equal(qmp_open_unix(path, &q, NULL, &err), -ENOENT);
	rmdir(deep);
	close(fd);
}

static void check_open(const char *path, int code, const char *text)
{
	struct qmp *q = NULL;
	struct err err = {0};

	assert_int_equal(qmp_open_unix(path, &q, NULL, &err), code);
	assert_null(q);
	assert_non_null(strstr(err.text, text));
}

static void test_unix_errors(void **state)
{
	auto_free char *path = xasprintf("%s/s", dir);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct qmp *waiting[3] = {0};
	struct err err;
	int fd, rc = 0;
	size_t i;

	(void)state;
	check_open("", -ENOENT, "No such file");
	check_open(path, -ENOENT, "No such file");
	check_open("/etc/passwd", -ECONNREFUSED, "no process listens");
	check_open("/etc/passwd/x", -ENOTDIR, "Not a directory");

	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	check_open(path, -ECONNREFUSED, "no process listens");
	/* QEMU's backlog is 1: two may wait, the third is told */
	assert_int_equal(listen(fd, 1), 0);
	for (i = 0; i < ARRAY_SIZE(waiting) && !rc; i++)
		rc = qmp_open_unix(path, &waiting[i], NULL, &err);
	assert_int_equal(rc, -EBUSY);
	assert_int_equal(i, 3);
	assert_int_equal(qmp_greet(waiting[0], SHORT, &err), -ETIMEDOUT);
	/* QEMU dies before it has accepted */
	close(fd);
	assert_int_equal(qmp_greet(waiting[0], LONG, &err), -ECONNRESET);
	qmp_close(waiting[0]);
	qmp_close(waiting[1]);
	qmp_close(NULL);
	unlink(path);

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	check_open(path, -EPROTOTYPE, "not a stream socket");
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_unix_long_path),
		cmocka_unit_test(test_unix_errors),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
