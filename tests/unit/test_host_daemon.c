// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: the process that a daemon has started, by its pid file and its control group; names of users. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"

static char *dir;
static struct host *host;

static int setup(void **state)
{
	(void)state;
	dir = tree_new();
	host = tree_host(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(dir);
	return 0;
}

/* A process that has a lock on the file, of that kind, until it is killed. */
static pid_t holder_start(const char *name, short type)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		int fd = open(path, O_RDWR | O_CLOEXEC);

		if (fcntl(fd, F_SETLK, &lock) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_pid_file_is_held(void **state)
{
	auto_free char *other = xasprintf("%s/run/b.pid", dir);
	pid_t pid = 0, holder;

	(void)state;
	tree_puts(dir, "1234", "run/a.pid");
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(host_pid_file_holder(host, geteuid(), "run/none.pid", &pid), -ENOENT);
	assert_int_equal(host_pid_file_holder(host, geteuid(), "run/b.pid", &pid), -EPERM);
	assert_int_equal(host_pid_file_holder(host, geteuid(), "run/a.pid", &pid), -ESRCH);	/* whatever it says */
	holder = holder_start("run/a.pid", F_RDLCK);		/* anybody who can read it can do that */
	assert_int_equal(host_pid_file_holder(host, geteuid(), "run/a.pid", &pid), -ESRCH);
	end(holder);
	holder = holder_start("run/a.pid", F_WRLCK);
	assert_int_equal(host_pid_file_holder(host, geteuid() + 1, "run/a.pid", &pid), -EPERM);
	assert_int_equal(pid, 0);
	assert_int_equal(host_pid_file_holder(host, geteuid(), "run/a.pid", &pid), 0);
	assert_int_equal(pid, holder);
	end(holder);
	assert_int_equal(host_pid_file_holder(host, geteuid(), "run/a.pid", &pid), -ESRCH);
}

static void a_group_is_a_machines(void **state)
{
	static const struct {
		const char *path;
		bool is;
	} cases[] = {
		{ "/machine.slice/machine-qemu\\x2d3\\x2dweb.scope", true },
		{ "/machine.slice/machine-qemu\\x2d3\\x2dweb.scope/libvirt/emulator", true },
		{ "/machine.slice/machine-prod.slice/machine-qemu\\x2d3\\x2dweb.scope", true },
		{ "/machine/qemu-3-web.libvirt-qemu/emulator", true },
		{ "/machine.slice/machine-qemu\\x2d31\\x2dweb.scope", false },
		{ "/machine.slice/machine-qemu\\x2d2\\x2d3.scope", false },
		{ "/machine.slice/machine-lxc\\x2d3\\x2dweb.scope", false },
		{ "/machine.slice", false },
		{ "/machine/", false },
		{ "/", false },
		{ "", false },
		/* what a user can make in his own part of the tree */
		{ "/user.slice/user-1000.slice/user@1000.service/machine.slice/machine-qemu\\x2d3\\x2dweb.scope", false },
		{ "/user.slice/machine/qemu-3-web.libvirt-qemu", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (host_cgroup_is_machine(cases[i].path, 3) != cases[i].is)
			fail_msg("%s", cases[i].path);
	tree_puts(dir, "9:name=systemd:/\n4:memory:/machine/qemu-3-a:b.libvirt-qemu\n0::/init.scope\n", "proc/7/cgroup");
	tree_puts(dir, "0::/user.slice/x:/machine/qemu-3-a\n", "proc/8/cgroup");
	assert_true(host_is_in_machine(host, 7, 3));
	assert_false(host_is_in_machine(host, 7, 4));
	assert_false(host_is_in_machine(host, 8, 3));
	assert_false(host_is_in_machine(host, 9, 3));
}

static void user_is(uid_t uid, const char *name)
{
	auto_free char *is = host_user_name(host, uid);

	assert_string_equal(is, name);
}

static void users_have_names(void **state)
{
	uid_t uid = 7;

	(void)state;
	user_is(0, "0");
	assert_false(host_user_find(host, "root", &uid));
	tree_puts(dir, "root:x:0:0::/root:/bin/sh\nbad\n:x:5:5:::\nshort:x\nnone:x::1:::\nbig:x:99999999999:1:::\n\n"
		  "a12345678901234567890123456789012:x:8:8:::\nqemu:x:107:107:::\nlate:x:107:1:::", "etc/passwd");
	user_is(0, "root");
	user_is(107, "qemu");
	user_is(5, "5");
	user_is(8, "8");
	user_is(4294967294u, "4294967294");
	assert_true(host_user_find(host, "qemu", &uid));
	assert_int_equal(uid, 107);
	assert_true(host_user_find(host, "late", &uid));
	assert_false(host_user_find(host, "qem", &uid));
	assert_false(host_user_find(host, "", &uid));
	assert_false(host_user_find(host, "none", &uid));
	assert_false(host_user_find(host, "big", &uid));
	assert_int_equal(uid, 107);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_pid_file_is_held, setup, teardown),
		cmocka_unit_test_setup_teardown(a_group_is_a_machines, setup, teardown),
		cmocka_unit_test_setup_teardown(users_have_names, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
