// SPDX-License-Identifier: GPL-3.0-or-later
/* What graphs are drawn from: identity, gaps, forgetting, bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "lib/model/model.h"

static const struct column *vm_column(const char *id)
{
	return table_column(table_get(TABLE_VMS), id, NULL);
}

static struct snapshot *at(unsigned s)
{
	return snapshot_new(s * NS_PER_SEC, (struct timespec){0});
}

static struct vm_row *add_vm(struct snapshot *snap, const char *ref, double cpu)
{
	struct vm_row *vm = snapshot_add(snap, TABLE_VMS);

	vm->head.vm = vm->head.ref = ref;
	vm->cpu_pct = cpu;
	return vm;
}

static void take(struct history *h, struct snapshot *snap, const char *ref)
{
	history_add(h, snap, ref);
	snapshot_unref(snap);
}

static void values_are(const struct history *h, const char *ref, size_t n, const float *want)
{
	const struct row row = { .ref = ref, .key = "" };
	float got[HISTORY_LEN];
	size_t i;

	assert_true(history_values(h, TABLE_VMS, &row, vm_column("cpu_pct"), got, n));
	for (i = 0; i < n; i++)
		if (isnan(got[i]) != isnan(want[i]) || (!isnan(got[i]) && got[i] != want[i]))
			fail_msg("value %zu is %g, not %g", i, (double)got[i], (double)want[i]);
}

static void gaps_are_gaps(void **state)
{
	struct history *h = history_new();
	struct snapshot *snap;
	struct vm_row *vm;

	(void)state;
	snap = at(1);
	add_vm(snap, "a", 1);
	add_vm(snap, "b", 10);
	take(h, snap, NULL);
	snap = at(2);
	add_vm(snap, "b", 20);		/* rows change their places */
	vm = add_vm(snap, "a", 2);
	vm->head.stale = true;		/* an old value is no new one */
	take(h, snap, NULL);
	snap = at(3);
	add_vm(snap, "a", UNKNOWN_NUM);
	add_vm(snap, "b", 0);
	take(h, snap, NULL);
	snap = at(4);
	add_vm(snap, "a", 4)->wait_pct = 7;
	add_vm(snap, "b", 40);
	take(h, snap, NULL);
	values_are(h, "a", 5, (float[]){ NAN, 1, NAN, NAN, 4 });
	values_are(h, "b", 5, (float[]){ NAN, 10, 20, 0, 40 });
	values_are(h, "b", 2, (float[]){ 0, 40 });
	{
		const struct row a = { .ref = "a", .key = "" }, c = { .ref = "c", .key = "" };
		float one;

		assert_true(history_values(h, TABLE_VMS, &a, vm_column("wait_pct"), &one, 1));
		assert_true(one == 7);
		assert_false(history_values(h, TABLE_VMS, &a, vm_column("pid"), &one, 1));
		assert_false(history_values(h, TABLE_VMS, &c, vm_column("cpu_pct"), &one, 1));
	}
	history_free(h);
}

static void the_ring_goes_round(void **state)
{
	struct history *h = history_new();
	float want[HISTORY_LEN];
	unsigned i;

	(void)state;
	for (i = 1; i <= 3 * HISTORY_LEN + 7; i++) {
		struct snapshot *snap = at(i);

		add_vm(snap, "a", i);
		take(h, snap, NULL);
	}
	for (i = 0; i < HISTORY_LEN; i++)
		want[i] = (float)(2 * HISTORY_LEN + 8 + i);
	values_are(h, "a", HISTORY_LEN, want);
	history_free(h);
}

static struct snapshot *with_queue(unsigned s, const char *ref, const char *key, uint64_t depth)
{
	struct snapshot *snap = at(s);
	struct queue_row *q;

	add_vm(snap, "a", 1);
	add_vm(snap, "b", 1);
	q = snapshot_add(snap, TABLE_QUEUES);
	q->head.ref = ref;
	q->head.key = key;
	q->depth = depth;
	return snap;
}

static void pages_of_one_guest_are_kept(void **state)
{
	const struct column *depth = table_column(table_get(TABLE_QUEUES), "depth", NULL);
	const struct row a = { .ref = "a", .key = "d/0" }, b = { .ref = "b", .key = "d/0" };
	struct history *h = history_new();
	float got[3];
	unsigned i;

	(void)state;
	take(h, with_queue(1, "a", "d/0", 5), "a");
	take(h, with_queue(2, "b", "d/0", 6), "a");
	assert_int_equal(history_rows(h), 3);
	assert_false(history_values(h, TABLE_QUEUES, &b, depth, got, 3));
	/* a page that was left for a while has a gap in it */
	take(h, with_queue(3, "a", "d/0", 7), "a");
	assert_true(history_values(h, TABLE_QUEUES, &a, depth, got, 3));
	assert_true(got[0] == 5 && isnan(got[1]) && got[2] == 7);
	take(h, with_queue(4, "b", "d/0", 6), "a");
	assert_true(history_values(h, TABLE_QUEUES, &a, depth, got, 3));
	assert_true(isnan(got[0]) && got[1] == 7 && isnan(got[2]));
	for (i = 0; i <= HISTORY_LEN; i++)
		take(h, with_queue(5 + i, "b", "d/0", 6), "a");
	assert_int_equal(history_rows(h), 2);
	history_free(h);
}

static void the_dead_are_forgotten(void **state)
{
	struct history *h = history_new();
	struct snapshot *snap;

	(void)state;
	take(h, with_queue(1, "a", "d/0", 5), "a");
	assert_int_equal(history_rows(h), 3);
	snap = at(2);
	add_vm(snap, "b", 1);
	take(h, snap, "a");
	assert_int_equal(history_rows(h), 1);
	history_free(h);
}

/* Keys without end, of a table that somebody outside fills. */
static void memory_is_bounded(void **state)
{
	struct history *h = history_new();
	unsigned s, i;

	(void)state;
	for (s = 1; s <= 4; s++) {
		struct snapshot *snap = at(s);

		add_vm(snap, "a", 1);
		for (i = 0; i < 5000; i++) {
			struct queue_row *q = snapshot_add(snap, TABLE_QUEUES);

			q->head.ref = "a";
			q->head.key = snapshot_printf(snap, "%u/%u", s, i);
		}
		take(h, snap, "a");
	}
	assert_true(history_rows(h) <= 8192);
	for (s = 5; s < 5 + HISTORY_LEN; s++) {
		struct snapshot *snap = at(s);

		add_vm(snap, "a", 1);
		take(h, snap, "a");
	}
	assert_int_equal(history_rows(h), 1);
	history_free(h);
}

static void marks_and_shares(void **state)
{
	struct snapshot *snap = at(1);
	struct queue_row *q = snapshot_add(snap, TABLE_QUEUES);
	const struct column *depth = table_column(table_get(TABLE_QUEUES), "depth", NULL), *wait = vm_column("wait_pct"),
			    *local = vm_column("local_pct"), *stall = table_column(table_get(TABLE_QUEUES), "stalled_seconds", NULL);

	(void)state;
	assert_true(column_share(depth, q) < 0);
	q->depth = 64;
	assert_true(column_share(depth, q) < 0);
	q->size = 0;
	assert_true(column_share(depth, q) < 0);
	q->size = 256;
	assert_true(column_share(depth, q) == 0.25);
	assert_false(column_is_marked(stall, column_get(stall, q)));
	q->stalled_seconds = 0.5;
	assert_false(column_is_marked(stall, column_get(stall, q)));
	q->stalled_seconds = 1;
	assert_true(column_is_marked(stall, column_get(stall, q)));
	assert_true(column_is_marked(wait, (struct value){ .kind = VALUE_NUM, .num = 10 }));
	assert_false(column_is_marked(wait, (struct value){ .kind = VALUE_NUM, .num = 9.9 }));
	assert_true(column_is_marked(local, (struct value){ .kind = VALUE_NUM, .num = 41 }));
	assert_false(column_is_marked(local, (struct value){ .kind = VALUE_NUM, .num = 97 }));
	assert_false(column_is_marked(vm_column("pid"), (struct value){ .kind = VALUE_UINT, .uint = 0 }));
	snapshot_unref(snap);
}

static void the_time_axis_is_that_of_the_samples(void **state)
{
	struct history *h = history_new();
	unsigned i;

	(void)state;
	assert_int_equal(history_span_ns(h, HISTORY_LEN), 0);
	take(h, at(10), NULL);
	assert_int_equal(history_span_ns(h, HISTORY_LEN), 0);
	take(h, at(12), NULL);
	assert_int_equal(history_span_ns(h, 2), 2 * NS_PER_SEC);
	assert_int_equal(history_span_ns(h, 61), 120 * NS_PER_SEC);	/* at the pace there was */
	for (i = 0; i < 3 * HISTORY_LEN; i++)
		take(h, at(13 + i), NULL);
	assert_int_equal(history_span_ns(h, HISTORY_LEN), (HISTORY_LEN - 1) * NS_PER_SEC);
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_gaps),
		cmocka_unit_test(the_ring_goes_round),
		cmocka_unit_test(pages_of_one_guest_are_kept),
		cmocka_unit_test(the_dead_are_forgotten),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(marks_and_shares),
		cmocka_unit_test(the_time_axis_is_that_of_the_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
