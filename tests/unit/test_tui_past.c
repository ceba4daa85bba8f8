// SPDX-License-Identifier: GPL-3.0-or-later
/* The samples that a frozen screen walks back through: so old, and so large together, at the most. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tui/past.h"

/* A sample of that second, with that size of text in it. */
static void add(struct past *p, unsigned second, size_t bytes)
{
	struct snapshot *snap = snapshot_new(second * NS_PER_SEC, (struct timespec){0});

	if (bytes) {
		char *text = xcalloc(bytes, 1);
		size_t i;

		for (i = 0; i + 1 < bytes; i++)
			text[i] = 'x';
		snapshot_str(snap, text);
		free(text);
	}
	past_add(p, snap);
	snapshot_unref(snap);
}

static unsigned second_of(const struct past *p, size_t i)
{
	return (unsigned)(snapshot_time_ns(p->list[i].snap) / NS_PER_SEC);
}

static void five_minutes_are_kept(void **state)
{
	struct past p = {0};
	unsigned s;

	(void)state;
	for (s = 0; s < 1000; s += 3)
		add(&p, s, 0);
	assert_int_equal(second_of(&p, p.n - 1), 999);
	assert_int_equal(second_of(&p, 0), 699);
	assert_int_equal(p.n, 101);
	past_done(&p);
}

static void memory_is_bounded_and_the_past_thins_out(void **state)
{
	struct past p = {0};
	unsigned s;
	size_t i;

	(void)state;
	for (s = 0; s < 600; s++) {
		add(&p, s, 100000);
		assert_true(p.bytes <= PAST_BYTES_MAX);
	}
	for (i = 1; i < p.n; i++)
		assert_true(second_of(&p, i - 1) < second_of(&p, i));
	assert_true(second_of(&p, 0) < 320);		/* far back, though not each of them */
	assert_int_equal(second_of(&p, p.n - 2), 598);
	add(&p, 600, PAST_BYTES_MAX + 1);		/* one that is too large for all: it is what is shown */
	assert_int_equal(p.n, 1);
	add(&p, 601, 0);
	assert_int_equal(second_of(&p, p.n - 1), 601);
	assert_true(p.bytes <= PAST_BYTES_MAX);
	past_done(&p);
}

static void steps_end_at_the_ends(void **state)
{
	struct past p = {0};
	struct snapshot *at;
	unsigned s;

	(void)state;
	assert_null(past_step(&p, NULL, -1));
	for (s = 0; s < 3; s++)
		add(&p, s, 0);
	at = past_step(&p, p.list[2].snap, -1);
	assert_ptr_equal(at, p.list[1].snap);
	at = past_step(&p, at, -1);
	assert_ptr_equal(at, p.list[0].snap);
	assert_null(past_step(&p, at, -1));
	assert_ptr_equal(past_step(&p, at, 1), p.list[1].snap);
	assert_null(past_step(&p, p.list[2].snap, 1));
	past_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_minutes_are_kept),
		cmocka_unit_test(memory_is_bounded_and_the_past_thins_out),
		cmocka_unit_test(steps_end_at_the_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
