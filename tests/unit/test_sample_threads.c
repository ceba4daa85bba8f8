// SPDX-License-Identifier: GPL-3.0-or-later
/* Which vCPUs a guest has: told by QEMU, or by the names of its threads where it was not asked, as of libvirt's guests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lib/sample/private.h"

static void numbers_are(const struct guest *g, const struct host_usage *u, const unsigned *want, size_t n)
{
	auto_free unsigned *list = NULL;

	assert_int_equal(rows_vcpu_numbers(g, u, &list), n);
	if (n)
		assert_memory_equal(list, want, n * sizeof(*want));
}

static void vcpus_have_numbers(void **state)
{
	/* the kernel's ids of six vCPUs in two sockets of three cores would be 0 1 2 4 5 6 */
	struct host_task tasks[] = {
		{ .tid = 10, .comm = "qemu-system-x86" }, { .tid = 11, .comm = "CPU 5/KVM" }, { .tid = 12, .comm = "CPU 0/KVM" },
		{ .tid = 13, .comm = "CPU 10/KVM" }, { .tid = 14, .comm = "IO io0" }, { .tid = 15, .comm = "CPU 7" },
		{ .tid = 16, .comm = "CPU 9/KVM", .kthread = true }, { .tid = 17, .comm = "CPU x/KVM" },
	};
	struct qmp_thread cpus[] = { { .name = (char *)"3", .tid = 11 }, { .name = (char *)"1", .tid = 12 } };
	struct host_usage u = { .tasks = tasks, .n_tasks = ARRAY_SIZE(tasks) };
	struct guest g = { .pid = 10 };

	(void)state;
	numbers_are(&g, &u, (const unsigned[]){ 0, 5, 10 }, 3);
	g.answers.cpus = cpus;
	g.answers.n_cpus = ARRAY_SIZE(cpus);
	numbers_are(&g, &u, (const unsigned[]){ 1, 3 }, 2);
	g.answers.n_cpus = 0;
	u.n_tasks = 1;
	numbers_are(&g, &u, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vcpus_have_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
