// SPDX-License-Identifier: GPL-3.0-or-later
/* An index of names: the first place counts, parts are told apart, and there may be many. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lib/base/base.h"

static void test_names(void **state)
{
	struct names x = {0};

	(void)state;
	assert_true(names_find(&x, "a", NULL) == NAMES_NONE);
	names_add(&x, "a", NULL, 3);
	names_add(&x, "a", NULL, 4);
	names_add(&x, "a", "b", 5);
	names_add(&x, "ab", NULL, 6);
	names_add(&x, "", NULL, 7);
	names_add(&x, "", "", 8);
	names_add(&x, NULL, "b", 9);
	assert_int_equal(x.n, 5);
	assert_int_equal(names_find(&x, "a", NULL), 3);
	assert_int_equal(names_find(&x, "a", "b"), 5);
	assert_int_equal(names_find(&x, "ab", NULL), 6);
	assert_int_equal(names_find(&x, "", NULL), 7);
	assert_int_equal(names_find(&x, "", ""), 8);
	assert_true(names_find(&x, "ab", "") == NAMES_NONE);
	assert_true(names_find(&x, NULL, NULL) == NAMES_NONE);
	names_clear(&x);
	assert_true(names_find(&x, "a", NULL) == NAMES_NONE);
}

/* 20,000 that differ in their last byte only: seconds, if each were compared with all. */
static void test_many(void **state)
{
	enum { N = 20000 };
	char **names = xcalloc(N, sizeof(*names));
	struct names x = {0};
	size_t i;

	(void)state;
	for (i = 0; i < N; i++) {
		names[i] = xasprintf("/machine/peripheral/virtio-disk-of-a-guest-that-has-many/%zu", i);
		names_add(&x, names[i], "ref", i);
	}
	for (i = 0; i < N; i++) {
		auto_free char *same = xstrdup(names[i]);

		assert_int_equal(names_find(&x, same, "ref"), i);
		assert_true(names_find(&x, same, "other") == NAMES_NONE);
	}
	names_clear(&x);
	for (i = 0; i < N; i++)
		free(names[i]);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
