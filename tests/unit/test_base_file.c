// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/base: files are held before they are opened. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/base/base.h"

static char *dir;

static int setup(void **state)
{
	auto_free char *fifo = NULL, *link = NULL, *loop = NULL;

	(void)state;
	dir = tree_new();
	tree_puts(dir, "text", "plain");
	fifo = xasprintf("%s/fifo", dir);
	link = xasprintf("%s/link", dir);
	loop = xasprintf("%s/loop", dir);
	return mkfifo(fifo, 0600) || symlink("plain", link) || symlink("loop", loop);
}

static int teardown(void **state)
{
	(void)state;
	tree_remove(dir);
	return 0;
}

static int hold(const char *name, struct stat *st)
{
	auto_free char *path = *name == '/' ? xstrdup(name) : xasprintf("%s/%s", dir, name);

	return file_hold(path, st);
}

static void what_is_held_is_said(void **state)
{
	static const struct {
		const char *name;
		mode_t kind;		/* 0: not to be held */
		int rc;
	} rows[] = {
		{ "plain", S_IFREG, 0 }, { "link", S_IFREG, 0 }, { "fifo", S_IFIFO, 0 }, { ".", S_IFDIR, 0 },
		{ "/dev/null", S_IFCHR, 0 }, { "none", 0, -ENOENT }, { "plain/x", 0, -ENOTDIR }, { "loop", 0, -ELOOP },
		{ "/proc/self/exe", 0, -ELOOP }, { "/proc/self/fd/0", 0, -ELOOP }, { "/proc/self/root/etc", 0, -ELOOP },
		{ "/proc/1x/root/etc", 0, -ENOENT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct stat st = {0};
		auto_close int fd = hold(rows[i].name, &st);

		if (rows[i].kind ? fd < 0 || (st.st_mode & S_IFMT) != rows[i].kind : fd != rows[i].rc)
			fail_msg("%s: %d, %o", rows[i].name, fd, st.st_mode);
		if (fd >= 0)
			assert_true(fcntl(fd, F_GETFL) & O_PATH);
	}
}

static void only_files_are_read(void **state)
{
	struct stat st;
	auto_close int plain = hold("link", &st), fifo = hold("fifo", &st), null = hold("/dev/null", &st), fd = -1;
	auto_free char *where = file_where(plain), *real = xasprintf("%s/plain", dir);
	char text[8] = "";

	(void)state;
	fd = file_read_held(plain);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_string_equal(text, "text");
	assert_int_equal(file_read_held(fifo), -EINVAL);
	assert_int_equal(file_read_held(null), -EINVAL);
	assert_string_equal(strrchr(where, '/'), strrchr(real, '/'));
}

/* Our own root and directory, by the names that those of another process have. */
static void paths_begin_in_a_process(void **state)
{
	auto_free char *root = xasprintf("/proc/%d/root/../etc/../dev/null", getpid()), *top = xasprintf("/proc/%d/root", getpid());
	auto_free char *cwd = xasprintf("/proc/%d/cwd/Makefile", getpid()), *none = xasprintf("/proc/%d/rooted", getpid());
	struct stat st;
	auto_close int a = file_hold(root, &st);
	auto_close int b = -1, c = -1;

	(void)state;
	assert_true(a >= 0 && S_ISCHR(st.st_mode));
	b = file_hold(top, &st);
	assert_true(b >= 0 && S_ISDIR(st.st_mode));
	c = file_hold(cwd, &st);
	assert_true(c >= 0 && S_ISREG(st.st_mode));
	assert_int_equal(file_hold(none, &st), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_held_is_said),
		cmocka_unit_test(only_files_are_read),
		cmocka_unit_test(paths_begin_in_a_process),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
