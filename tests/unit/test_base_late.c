// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/base: calls that are left behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "lib/base/base.h"

#define LONG_MS 20000

/* Waits until its pipe is closed; freed is told through another one. */
struct job {
	int wait, freed;
	int result;
};

static void run(void *arg)
{
	struct job *j = arg;
	char c;

	if (j->wait >= 0 && read(j->wait, &c, 1) >= 0)
		close(j->wait);
	j->result = 7;
}

static void drop(void *arg)
{
	struct job *j = arg;

	if (j->freed >= 0)
		close(j->freed);
	free(j);
}

static struct job *job(int wait, int freed)
{
	struct job *j = xcalloc(1, sizeof(*j));

	*j = (struct job){ .wait = wait, .freed = freed };
	return j;
}

static void what_comes_back_is_ours(void **state)
{
	struct lates *l = lates_new(1);
	struct late *late = late_start(l, run, drop, job(-1, -1));
	struct job *j;

	(void)state;
	assert_true(late_wait(late, LONG_MS));
	assert_true(late_is_over(late));
	j = late_end(late);
	assert_int_equal(j->result, 7);
	free(j);
	lates_free(l);
}

/* One that hangs is waited for no longer than asked, takes its place, and frees what it has when it does come back. */
static void what_hangs_is_left(void **state)
{
	struct lates *l = lates_new(2);
	struct late *late, *other;
	int wait[2], freed[2];
	char c;

	(void)state;
	assert_int_equal(pipe(wait), 0);
	assert_int_equal(pipe(freed), 0);
	late = late_start(l, run, drop, job(wait[0], freed[1]));
	assert_false(late_wait(late, 20));
	assert_false(late_is_over(late));
	other = late_start(l, run, drop, job(-1, -1));
	assert_true(late_wait(other, LONG_MS));
	free(late_end(other));
	assert_null(late_end(late));
	other = late_start(l, run, drop, job(-1, -1));
	assert_true(late_wait(other, LONG_MS));
	free(late_end(other));
	lates_free(l);		/* and outlives its owner */
	close(wait[1]);
	assert_int_equal(read(freed[0], &c, 1), 0);
	close(freed[0]);
}

static void there_are_no_more_than_so_many(void **state)
{
	struct lates *l = lates_new(1);
	struct job *refused = job(-1, -1);
	struct late *late;
	int wait[2];

	(void)state;
	assert_int_equal(pipe(wait), 0);
	late = late_start(l, run, drop, job(wait[0], -1));
	assert_non_null(late);
	assert_null(late_start(l, run, drop, refused));
	close(wait[1]);
	assert_true(late_wait(late, LONG_MS));
	free(late_end(late));
	late = late_start(l, run, drop, refused);
	assert_true(late_wait(late, LONG_MS));
	free(late_end(late));
	lates_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_back_is_ours),
		cmocka_unit_test(what_hangs_is_left),
		cmocka_unit_test(there_are_no_more_than_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
