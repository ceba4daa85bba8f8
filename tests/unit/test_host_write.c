// SPDX-License-Identifier: GPL-3.0-or-later
/* Writes that may never come back: a FIFO that nobody reads stands in for the kernel. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"

#define LONG_MS 20000
#define SHORT_MS 100

/* libc's, but for a kernel older than 5.9. */
static bool old_kernel;
int close_range(unsigned first, unsigned last, int flags)
{
	if (!old_kernel)
		return (int)syscall(SYS_close_range, first, last, flags);
	errno = ENOSYS;
	return -1;
}

static char *dir;
static struct host *host;

static int setup(void **state)
{
	auto_free char *fifo = NULL;

	(void)state;
	dir = tree_new();
	tree_puts(dir, "what was there before", "sys/a/file");
	fifo = xasprintf("%s/sys/a/fifo", dir);
	host = tree_host(dir);
	return mkfifo(fifo, 0600);
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(dir);
	return 0;
}

static void a_file_is_written(void **state)
{
	struct err err = {0};
	char text[64];

	(void)state;
	assert_int_equal(host_write_late(host, "4\n", LONG_MS, &err, "sys/%s/file", "a"), 0);
	assert_int_equal(host_read(host, text, sizeof(text), "sys/a/file"), 2);
	assert_string_equal(text, "4\n");
	assert_string_equal(err.text, "");
}

static void what_is_not_there_is_not_made(void **state)
{
	struct err err = {0};
	char text[64];

	(void)state;
	assert_int_equal(host_write_late(host, "4\n", LONG_MS, &err, "sys/a/none"), -ENOENT);
	assert_non_null(strstr(err.text, "/sys/a/none: No such file"));
	assert_int_equal(host_read(host, text, sizeof(text), "sys/a/none"), -ENOENT);
	assert_int_equal(host_write_late(host, "4\n", LONG_MS, &err, "/etc/passwd"), -EINVAL);
	assert_int_equal(host_write_late(host, "4\n", LONG_MS, &err, "sys/a"), -EISDIR);
}

/* It hangs, holds nothing of ours, and goes when its time is over. */
static void who_hangs_is_left_behind(void **state)
{
	struct err err = {0};
	struct pollfd ours = { .events = POLLIN };
	uint64_t deadline = clock_now_ns() + LONG_MS * NS_PER_MS;
	siginfo_t info;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(host_write_late(host, "4\n", SHORT_MS, &err, "sys/a/fifo"), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "/sys/a/fifo: the kernel has not answered within 0.1 s"));
	close(ends[1]);
	ours.fd = ends[0];
	assert_int_equal(poll(&ours, 1, LONG_MS), 1);
	assert_int_equal(ours.revents, POLLHUP);
	close(ends[0]);
	while (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && clock_now_ns() < deadline)
		poll(NULL, 0, 10);
	assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);
	assert_int_equal(errno, ECHILD);
}

/* Once there is a child that writes, ours of the pipe is closed: it ends if the child does not hold it. Then the FIFO is read. */
static void *watch_pipe(void *arg)
{
	auto_free char *path = xasprintf("%s/sys/a/fifo", dir);
	struct pollfd ours = { .fd = ((int *)arg)[0], .events = POLLIN };
	bool ended;
	siginfo_t info;
	char text[8];
	int fd;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		poll(NULL, 0, 1);
	close(((int *)arg)[1]);
	ended = poll(&ours, 1, LONG_MS / 4) == 1;
	fd = open(path, O_RDONLY);
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	return ended ? arg : NULL;
}

static void a_writer_holds_nothing_of_ours(void **state)
{
	struct err err = {0};
	int ends[2], extra[200], i, k;
	pthread_t thread;
	void *ended;

	(void)state;
	for (i = 0; i < 200; i++)
		extra[i] = open("/dev/null", O_RDONLY);
	for (k = 0; k < 2; k++) {
		old_kernel = k;
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(pthread_create(&thread, NULL, watch_pipe, ends), 0);
		assert_int_equal(host_write_late(host, "4\n", LONG_MS, &err, "sys/a/fifo"), 0);
		pthread_join(thread, &ended);
		assert_non_null(ended);
		close(ends[0]);
	}
	old_kernel = false;
	for (i = 0; i < 200; i++)
		close(extra[i]);
}

/* One that comes back late, but in time. */
static void a_slow_kernel_is_waited_for(void **state)
{
	auto_free char *path = xasprintf("%s/sys/a/fifo", dir);
	struct err err = {0};
	char text[8] = "";
	pid_t reader = fork();
	int fd, status;

	(void)state;
	if (!reader) {
		fd = open(path, O_RDONLY);
		_exit(read(fd, text, sizeof(text)) == 2 && !memcmp(text, "4\n", 2) ? 0 : 1);
	}
	assert_int_equal(host_write_late(host, "4\n", LONG_MS, &err, "sys/a/fifo"), 0);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_written),
		cmocka_unit_test(what_is_not_there_is_not_made),
		cmocka_unit_test(who_hangs_is_left_behind),
		cmocka_unit_test(a_writer_holds_nothing_of_ours),
		cmocka_unit_test(a_slow_kernel_is_waited_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
