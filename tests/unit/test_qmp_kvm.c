// SPDX-License-Identifier: GPL-3.0-or-later
/* query-stats and its schemas. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake_qmp.h"

#define CPUS "[{\"cpu-index\":0,\"qom-path\":\"/machine/unattached/device[0]\",\"thread-id\":11}," \
	"{\"cpu-index\":3,\"qom-path\":\"/machine/peripheral/cpu3\",\"thread-id\":12}]"

static void test_stats(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-cpus-fast", .reply = CPUS },
		{ .expect = "query-stats", .args = "{\"target\":\"vm\",\"providers\":[{\"provider\":\"kvm\"}]}",
		  .reply = "[{\"provider\":\"kvm\",\"stats\":[{\"name\":\"pages_4k\",\"value\":12},{\"name\":\"hist\",\"value\":[1,2]},"
		  "{\"name\":\"flag\",\"value\":true},{\"value\":1},{\"name\":7,\"value\":1},{\"name\":\"below\",\"value\":-1},"
		  "{\"name\":\"most\",\"value\":18446744073709551614},null]}]" },
		{ .expect = "query-stats", .args = "{\"target\":\"vcpu\",\"providers\":[{\"provider\":\"kvm\"}]}",
		  .reply = "[{\"provider\":\"kvm\",\"qom-path\":\"/machine/peripheral/cpu3\",\"stats\":[{\"name\":\"exits\",\"value\":5}]},"
		  "{\"provider\":\"kvm\",\"qom-path\":\"/machine/unattached/device[0]\",\"stats\":[{\"name\":\"exits\",\"value\":6}]},"
		  "{\"provider\":\"kvm\",\"qom-path\":\"/gone\",\"stats\":[{\"name\":\"exits\",\"value\":7}]},{\"stats\":[]},9]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_kvm_set *list;
	struct err err = {0};
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_kvm_stats(q, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].vcpu, -1);
	assert_int_equal(list[0].n, 2);
	assert_string_equal(list[0].stats[0].name, "pages_4k");
	assert_true(list[0].stats[1].value == UINT64_MAX - 1);
	assert_int_equal(list[1].vcpu, 3);
	assert_int_equal(list[1].stats[0].value, 5);
	assert_int_equal(list[2].vcpu, 0);
	qmp_kvm_stats_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_names(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-stats-schemas", .args = "{\"provider\":\"kvm\"}",
		  .reply = "[{\"target\":\"vm\",\"stats\":[{\"name\":\"pages_4k\",\"type\":\"instant\"}]},"
		  "{\"target\":\"vcpu\",\"stats\":[{\"name\":\"exits\",\"type\":\"cumulative\"},{\"name\":\"x\"},{\"type\":\"peak\"},3]},{}]" },
		{ .expect = "query-stats-schemas", .reply = "{}" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_kvm_name *list;
	struct err err = {0};
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_kvm_names(q, &list, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "pages_4k");
	assert_false(list[0].count);
	assert_true(list[1].count);
	qmp_kvm_names_free(list, n);
	assert_int_equal(qmp_query_kvm_names(q, &list, &n, &err), -EBADMSG);
	qmp_close(q);
	fake_qmp_end(f);
}

/* Before QEMU 7.1 there is no such command, and under TCG no answer: neither is a fault of the guest's. */
static void test_without(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-stats-schemas", .error = "CommandNotFound: The command query-stats-schemas has not been found" },
		{ .expect = "query-cpus-fast", .reply = CPUS },
		{ .expect = "query-stats", .error = "CommandNotFound: The command query-stats has not been found" },
		{ .expect = "query-cpus-fast", .reply = CPUS },
		{ .expect = "query-stats", .reply = "[]" },
		{ .expect = "query-stats", .reply = "[]" },
		{ .expect = "query-cpus-fast", .reply = CPUS },
		{ .expect = "query-stats", .reply = "[]" },
		{ .expect = "query-stats", .reply = "7" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_kvm_name *names;
	struct qmp_kvm_set *list;
	struct err err = {0};
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_kvm_names(q, &names, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(qmp_query_kvm_stats(q, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(qmp_query_kvm_stats(q, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(qmp_query_kvm_stats(q, &list, &n, &err), -EBADMSG);
	qmp_close(q);
	fake_qmp_end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_without),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
