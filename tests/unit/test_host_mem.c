// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: another process's memory, read in order and as far as it goes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/host/host.h"

/* Private mappings: the child's bytes are not ours, at the same addresses. */
struct child {
	pid_t pid;
	uint16_t *words, *avail, *used;
	void *hole;
};

/* A ring without end: what is used was made available before. */
static void child_main(const struct child *c, int ready)
{
	char done = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (uint16_t i = 0; i < 512; i++)
		c->words[i] = (uint16_t)(40000 + i);
	munmap(c->hole, 4096);
	if (write(ready, &done, 1) != 1)
		_exit(1);
	for (;;) {
		__atomic_add_fetch(c->avail, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(c->used, 1, __ATOMIC_SEQ_CST);
	}
}

static void *page_new(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static int child_start(void **state)
{
	struct child *c = xcalloc(1, sizeof(*c));
	int ready[2];
	char done;

	c->words = page_new();
	c->avail = page_new();
	c->used = page_new();
	c->hole = page_new();
	assert_int_equal(pipe(ready), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (!c->pid)
		child_main(c, ready[1]);
	assert_int_equal(read(ready[0], &done, 1), 1);
	close(ready[0]);
	close(ready[1]);
	*state = c;
	return 0;
}

static int child_end(void **state)
{
	struct child *c = *state;

	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	munmap(c->words, 4096);
	munmap(c->avail, 4096);
	munmap(c->used, 4096);
	munmap(c->hole, 4096);
	free(c);
	return 0;
}

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void test_values(void **state)
{
	const struct child *c = *state;
	uint64_t addresses[513];
	uint16_t out[513];
	size_t i;

	for (i = 0; i < 513; i++)
		addresses[i] = at(c->words + (511 - i) % 512);
	assert_int_equal(host_mem_read16(c->pid, addresses, 512, out), 512);
	for (i = 0; i < 512; i++)
		assert_int_equal(out[i], 40000 + 511 - i);
	assert_int_equal(c->words[0], 0);
	assert_int_equal(host_mem_read16(c->pid, addresses, 513, out), -EINVAL);
	assert_int_equal(host_mem_read16(c->pid, addresses, 0, out), 0);
}

static void test_partial(void **state)
{
	const struct child *c = *state;
	uint64_t addresses[] = { at(c->words), at(c->words + 1), at(c->hole), at(c->words + 2) };
	uint64_t wild[] = { 0, UINT64_MAX, 1ull << 63 };
	uint16_t out[4] = { 1, 1, 1, 1 };
	size_t i;

	assert_int_equal(host_mem_read16(c->pid, addresses, 4, out), 2);
	assert_int_equal(out[0], 40000);
	assert_int_equal(out[1], 40001);
	assert_int_equal(out[3], 1);
	assert_int_equal(host_mem_read16(c->pid, addresses + 2, 2, out), -EFAULT);
	for (i = 0; i < ARRAY_SIZE(wild); i++)
		assert_int_equal(host_mem_read16(c->pid, wild + i, 1, out), -EFAULT);
	/* one byte is there, the other is not */
	addresses[1] = at(c->hole) - 1;
	assert_in_range(host_mem_read16(c->pid, addresses, 3, out), 1, 1);
}

static void test_order(void **state)
{
	const struct child *c = *state;
	const uint64_t addresses[] = { at(c->used), at(c->avail) };
	uint16_t out[2];

	for (int i = 0; i < 100000; i++) {
		assert_int_equal(host_mem_read16(c->pid, addresses, 2, out), 2);
		/*
		 * minus one is what the other order would give; being scheduled away in between
		 * gives anything else
		 */
		assert_int_not_equal((uint16_t)(out[1] - out[0]), UINT16_MAX);
	}
}

static void test_gone(void **state)
{
	uint64_t address = at(&address);
	uint16_t out;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(host_mem_read16(pid, &address, 1, &out), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, child_start, child_end);
}
