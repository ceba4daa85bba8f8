// SPDX-License-Identifier: GPL-3.0-or-later
/* Values, rates over snapshots, and the order of rows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/model/model.h"

static struct value text(const char *s)
{
	return (struct value){ .kind = VALUE_TEXT, .text = s };
}

static struct value whole(uint64_t n)
{
	return (struct value){ .kind = VALUE_UINT, .uint = n };
}

static struct value num(double n)
{
	return (struct value){ .kind = VALUE_NUM, .num = n };
}

static void values_are_written(void **state)
{
	static const struct {
		struct value v;
		enum unit unit;
		const char *formatted, *raw, *json;
	} rows[] = {
		{ { VALUE_NONE }, UNIT_PCT, "-", "", "null" }, { { VALUE_NONE }, UNIT_TEXT, "-", "", "null" },
		{ { VALUE_TEXT, { .text = "a\"b" } }, UNIT_TEXT, "a\"b", "a\"b", "\"a\\\"b\"" },
		{ { VALUE_UINT, { .uint = 0 } }, UNIT_COUNT, "0", "0", "0" },
		{ { VALUE_UINT, { .uint = UINT64_MAX - 1 } }, UNIT_COUNT, "18446744073709551614",
		  "18446744073709551614",
		  "18446744073709551614" },
		{ { VALUE_UINT, { .uint = 2147483648 } }, UNIT_BYTES, "2G", "2147483648", "2147483648" },
		{ { VALUE_UINT, { .uint = 4096 } }, UNIT_BYTES_PER_S, "4.1k", "4096", "4096" },
		{ { VALUE_NUM, { .num = 0 } }, UNIT_PCT, "0.0", "0", "0" },
		{ { VALUE_NUM, { .num = 12.34567 } }, UNIT_PCT, "12.3", "12.346", "12.346" },
		{ { VALUE_NUM, { .num = 1500 } }, UNIT_PER_S, "1.5k", "1500", "1500" },
		{ { VALUE_NUM, { .num = 0.0004 } }, UNIT_PER_S, "0.0", "0.000", "0.000" },
		{ { VALUE_NUM, { .num = 99.94 } }, UNIT_SECONDS, "99.9s", "99.940", "99.940" },
		{ { VALUE_NUM, { .num = 3600 } }, UNIT_SECONDS, "60m", "3600", "3600" },
		{ { VALUE_NUM, { .num = 0 } }, UNIT_US, "0us", "0", "0" },
		{ { VALUE_NUM, { .num = 1.25 } }, UNIT_US, "1.2us", "1.250", "1.250" },
		{ { VALUE_NUM, { .num = 116 } }, UNIT_US, "116us", "116", "116" },
		{ { VALUE_NUM, { .num = 2345 } }, UNIT_US, "2.3ms", "2345", "2345" },
		{ { VALUE_NUM, { .num = 993000 } }, UNIT_US, "0.99s", "993000", "993000" },
		{ { VALUE_NUM, { .num = 12e6 } }, UNIT_US, "12s", "12000000", "12000000" },
		{ { VALUE_NUM, { .num = 1e18 } }, UNIT_US, "11574074d", "1000000000000000000.000", "1000000000000000000.000" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buf struct buf formatted = {0}, raw = {0};
		auto_json struct json_object *json = value_json(rows[i].v);
		auto_free char *written = json_text(json);

		buf_puts(&raw, "");
		value_format(rows[i].v, rows[i].unit, &formatted);
		value_raw(rows[i].v, &raw);
		assert_string_equal(formatted.text, rows[i].formatted);
		assert_string_equal(raw.text, rows[i].raw);
		assert_string_equal(written, rows[i].json);
	}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* In this order, and so in every pair. */
static void values_are_compared(void **state)
{
	const struct value order[] = {
		num(-1.5), whole(0), num(0.5), whole(9007199254740992ull), whole(9007199254740993ull), whole(UINT64_MAX - 1),
		text(""), text("a"), text("b"), text("\xc3\xbc"), { VALUE_NONE },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(order); i++)
		for (k = 0; k < ARRAY_SIZE(order); k++)
			assert_int_equal(sign(value_cmp(order[i], order[k])), (i > k) - (i < k));
	assert_int_equal(value_cmp(num(5), whole(5)), 0);
}

static void a_fresh_row_is_unknown(void **state)
{
	struct snapshot *s = snapshot_new(1, (struct timespec){0});
	enum table_id t;
	size_t i;

	(void)state;
	for (t = 0; t < TABLE_COUNT; t++) {
		const void *row = snapshot_add(s, t);
		const struct table *table = table_get(t);

		assert_int_equal(table_find(table->name), t);
		for (i = 0; i < table->n_columns; i++) {
			const struct column *c = &table->columns[i];

			if (column_get(c, row).kind != VALUE_NONE)
				fail_msg("%s.%s", table->name, c->id);
			assert_true(c->offset + 8 <= table->row_size);
			if (column_is_rate(c)) {
				assert_true(c->counter + 8 <= table->row_size && c->counter != c->offset);
				assert_true(*(const uint64_t *)((const char *)row + c->counter) == UNKNOWN_UINT);
			}
			assert_ptr_equal(table_column(table, c->id, NULL), c);
		}
	}
	assert_int_equal(table_find("none"), TABLE_COUNT);
	assert_null(table_column(table_get(TABLE_VMS), "none", NULL));
	snapshot_unref(s);
	snapshot_unref(NULL);
}

struct point {			/* a guest's row at a moment */
	const char *ref;
	uint64_t taken_s, counter;
	bool stale;
};

static struct snapshot *points(const struct point *p, size_t n)
{
	struct snapshot *s = snapshot_new(0, (struct timespec){0});
	size_t i;

	for (i = 0; i < n && p[i].ref; i++) {
		struct vm_row *row = snapshot_add(s, TABLE_VMS);

		row->head.ref = snapshot_str(s, p[i].ref);
		row->head.taken_ns = p[i].taken_s * NS_PER_SEC;
		row->head.stale = p[i].stale;
		row->io_total = p[i].counter;
		if (p[i].stale)
			row->iops = 42;
	}
	return s;
}

static void rates_are_deltas_over_time(void **state)
{
	static const struct {
		struct point before[3], now[3];
		double iops[3];		/* -1: unknown */
	} rows[] = {
		{ { { "a", 10, 100 } }, { { "a", 12, 150 } }, { 25 } },
		{ { { "a", 10, 100 } }, { { "a", 12, 100 } }, { 0 } },
		{ { { "a", 10, 100 } }, { { "a", 12, 99 } }, { -1 } },				/* down */
		{ { { "a", 10, 100 } }, { { "a", 10, 150 } }, { -1 } },				/* no time */
		{ { { "a", 12, 100 } }, { { "a", 10, 150 } }, { -1 } },				/* backwards */
		{ { { "a", 10, UNKNOWN_UINT } }, { { "a", 12, 150 } }, { -1 } },
		{ { { "a", 10, 100 } }, { { "a", 12, UNKNOWN_UINT } }, { -1 } },
		{ { { 0 } }, { { "a", 12, 150 } }, { -1 } },					/* new */
		{ { { "b", 10, 100 } }, { { "a", 12, 150 } }, { -1 } },				/* another */
		{ { { "a", 10, 100 } }, { { 0 } }, { 0 } },					/* gone */
		{ { { "a", 10, 100 }, { "b", 10, 500 } }, { { "b", 11, 510 }, { "a", 11, 103 } }, { 10, 3 } },	/* moved */
		{ { { "a", 10, 100 }, { "b", 10, 500 }, { "c", 10, 7 } }, { { "a", 11, 101 },
		{ "c", 11, 9 } }, { 1, 2 } },
		{ { { "a", 10, 1 }, { "c", 10, 7 } }, { { "a", 11, 2 }, { "b", 11, 5 },
		{ "c", 11, 10 } }, { 1, -1, 3 } },
		{ { { "a", 10, 100 } }, { { "a", 10, 100, true } }, { 42 } },			/* stale keeps its own */
		{ { { "a", 10, 100, true } }, { { "a", 20, 200 } }, { 10 } },			/* and counts afterwards */
		{ { { "a", 0, 0 } }, { { "a", 1, UINT64_MAX - 1 } }, { 18446744073709551614.0 } },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct snapshot *before = points(rows[i].before, 3), *now = points(rows[i].now, 3);

		snapshot_rates(now, before);
		for (k = 0; k < snapshot_count(now, TABLE_VMS); k++) {
			const struct vm_row *row = snapshot_row(now, TABLE_VMS, k);
			double iops = isnan(row->iops) ? -1 : row->iops;

			if (fabs(iops - rows[i].iops[k]) > 1e-9 * fabs(iops))
				fail_msg("row %zu.%zu: %g", i, k, iops);
		}
		snapshot_rates(now, NULL);
		snapshot_unref(before);
		snapshot_unref(now);
	}
}

/* What is asked for more seldom than there are samples keeps its rate until there is another reading. */
static void a_reading_twice_has_its_rate(void **state)
{
	const struct point at[] = { { "a", 10, 100 }, { "a", 12, 150 }, { "a", 12, 150 }, { "a", 12, 151 }, { "a", 13, 161 } };
	const double iops[] = { -1, 25, 25, -1, 10 };
	struct snapshot *last = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct snapshot *now = points(&at[i], 1);
		const struct vm_row *row = snapshot_row(now, TABLE_VMS, 0);

		snapshot_rates(now, last);
		assert_true(iops[i] < 0 ? isnan(row->iops) : row->iops == iops[i]);
		snapshot_unref(last);
		last = now;
	}
	snapshot_unref(last);
}

static unsigned seed;

static unsigned dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/*
 * Counters that grow at most by MOST a second, fall to 0 with a reboot, and go and come with devices and whole guests:
 * no rate is ever negative or above MOST, and what moves on undisturbed is known.
 */
static void recorded_counters_give_no_absurd_rates(void **state)
{
#define GUESTS 20
#define MOST 1000
	struct {
		bool there, counted, steady;
		uint64_t counter, start;
	} guests[GUESTS] = {0};
	struct snapshot *before = NULL;
	unsigned known = 0, tick, i;
	uint64_t now_ms = 1000;

	(void)state;
	seed = 4711;
	for (tick = 0; tick < 2000; tick++) {
		struct snapshot *s = snapshot_new(now_ms * NS_PER_MS, (struct timespec){0});
		unsigned step_ms = 1 + dice(3000), from = dice(GUESTS);

		now_ms += step_ms;
		for (i = 0; i < GUESTS; i++) {
			struct vm_row *row;
			unsigned g = tick % 7 ? i : (i + from) % GUESTS, event = dice(40);	/* rows change places now and then */
			char ref[40];

			guests[g].steady = guests[g].there && guests[g].counted && event > 3;
			if (event == 0)
				guests[g].there = !guests[g].there, guests[g].start++;
			if (event == 1)
				guests[g].counter = dice(50);		/* it has booted anew */
			guests[g].counted = event != 2;
			guests[g].counter += (uint64_t)dice(MOST + 1) * step_ms / 1000;
			if (!guests[g].there)
				continue;
			snprintf(ref, sizeof(ref), "pid:%u@%llu", g, (unsigned long long)guests[g].start);
			row = snapshot_add(s, TABLE_VMS);
			row->head.taken_ns = now_ms * NS_PER_MS;
			row->head.ref = snapshot_str(s, ref);
			row->io_total = guests[g].counted ? guests[g].counter : UNKNOWN_UINT;
			row->pid = g;
		}
		snapshot_rates(s, before);
		for (i = 0; i < snapshot_count(s, TABLE_VMS); i++) {
			const struct vm_row *row = snapshot_row(s, TABLE_VMS, i);

			if (!isnan(row->iops) && (row->iops < 0 || row->iops > MOST + 50 * 1000.0 / step_ms))
				fail_msg("tick %u: %g", tick, row->iops);
			if (guests[row->pid].steady && isnan(row->iops))
				fail_msg("tick %u: unknown, and nothing has happened", tick);
			known += !isnan(row->iops);
		}
		snapshot_unref(before);
		before = s;
	}
	snapshot_unref(before);
	assert_true(known > 10000);
}

static void a_snapshot_holds_its_own_strings(void **state)
{
	struct snapshot *a = snapshot_new(5, (struct timespec){ .tv_sec = 7 }), *b = snapshot_new(6, (struct timespec){0});
	auto_free char *name = xstrdup("name"), *big = xcalloc(10001, 1);
	struct queue_row *row = snapshot_add(a, TABLE_QUEUES);
	const struct queue_row *copy;

	(void)state;
	memset(big, 'x', 10000);
	row->head.vm = snapshot_str(a, name);
	row->head.ref = snapshot_printf(a, "pid:%d", 5);
	row->head.key = snapshot_str(a, "vda/0");
	row->device = snapshot_str(a, big);
	row->used_total = 9;
	name[0] = big[0] = '!';
	copy = snapshot_add_copy(b, TABLE_QUEUES, row);
	assert_int_equal(snapshot_time_ns(a), 5);
	assert_int_equal(snapshot_wall(a).tv_sec, 7);
	assert_ptr_equal(snapshot_ref(a), a);
	snapshot_unref(a);
	snapshot_unref(a);
	assert_string_equal(copy->head.vm, "name");
	assert_int_equal(strlen(copy->device), 10000);
	assert_int_equal(copy->device[0], 'x');
	assert_int_equal(copy->used_total, 9);
	assert_null(copy->kind);
	assert_ptr_equal(snapshot_find(b, TABLE_QUEUES, "pid:5", "vda/0"), copy);
	assert_null(snapshot_find(b, TABLE_QUEUES, "pid:5", "vda/1"));
	assert_null(snapshot_find(b, TABLE_QUEUES, "pid:6", "vda/0"));
	assert_null(snapshot_find(b, TABLE_VMS, "pid:5", ""));
	snapshot_unref(b);
}

#define MANY 1000

/* A thousand guests of which each field is unknown now and then. */
static struct snapshot *many_guests(void)
{
	static const char *const states[] = { "running", "paused", "io-error", NULL };
	struct snapshot *s = snapshot_new(1, (struct timespec){0});
	const struct table *t = table_get(TABLE_VMS);
	unsigned i, k;

	seed = 99;
	for (i = 0; i < MANY; i++) {
		struct vm_row *row = snapshot_add(s, TABLE_VMS);

		row->head.vm = snapshot_printf(s, "vm%u", dice(MANY / 2));
		row->head.ref = snapshot_printf(s, "pid:%u@1", i);
		for (k = 0; k < t->n_columns; k++) {
			void *at = (char *)row + t->columns[k].offset;

			if (t->columns[k].offset < sizeof(struct row) || !dice(5))
				continue;
			if (t->columns[k].kind == VALUE_TEXT)
				*(const char **)at = states[dice(4)];
			else if (t->columns[k].kind == VALUE_UINT)
				*(uint64_t *)at = dice(20);
			else
				*(double *)at = dice(200) / 10.0;
		}
	}
	return s;
}

static void check_order(const void **rows, size_t n, struct view_order order)
{
	size_t i;

	for (i = 1; i < n; i++) {
		const struct row *x = rows[i - 1], *y = rows[i];
		struct value a = column_get(order.sort, x), b = column_get(order.sort, y);
		int d = value_cmp(a, b);

		if (a.kind == VALUE_NONE)		/* last, whichever way */
			assert_int_equal(b.kind, VALUE_NONE);
		else if (b.kind != VALUE_NONE)
			assert_true(order.descending ? d >= 0 : d <= 0);
		if (!d && order.sort->then) {
			const struct column *then = table_column(table_get(TABLE_VMS), order.sort->then, NULL);

			a = column_get(then, x);
			b = column_get(then, y);
			d = value_cmp(a, b);
			assert_true(!d || (a.kind != VALUE_NONE && (b.kind == VALUE_NONE || (d < 0) != then->descending)));
		}
		if (d)
			continue;
		d = strcmp(x->vm, y->vm);
		assert_true(d < 0 || (!d && strcmp(x->ref, y->ref) < 0));
	}
}

static void many_guests_under_every_sort(void **state)
{
	struct snapshot *s = many_guests();
	const struct table *t = table_get(TABLE_VMS);
	const void **rows, **turned;
	size_t k, n, i, unknown;

	(void)state;
	for (k = 0; k < t->n_columns; k++) {
		struct view_order order = { .sort = &t->columns[k] };

		n = view_build(s, TABLE_VMS, NULL, order, &rows);
		assert_int_equal(n, MANY);
		check_order(rows, n, order);
		order.descending = true;
		assert_int_equal(view_build(s, TABLE_VMS, NULL, order, &turned), MANY);
		check_order(turned, n, order);
		for (i = 0, unknown = 0; i < n; i++)
			unknown += column_get(order.sort, rows[i]).kind == VALUE_NONE;
		for (i = n - unknown; i < n; i++)		/* those in the same order, too */
			assert_ptr_equal(rows[i], turned[i]);
		free(rows);
		free(turned);
	}
	snapshot_unref(s);
}

static struct filter *parse(const char *id, const char *rest)
{
	auto_free char *expr = xasprintf("%s%s", id, rest);
	struct filter *f = NULL;
	struct err err = {0};

	if (filter_parse(table_get(TABLE_VMS), expr, &f, &err))
		fail_msg("%s: %s", expr, err.text);
	return f;
}

static size_t count(const struct snapshot *s, const char *id, const char *rest)
{
	struct filter *f = parse(id, rest);
	const void **rows;
	size_t n = view_build(s, TABLE_VMS, f, (struct view_order){0}, &rows);

	free(rows);
	filter_free(f);
	return n;
}

/* For each field: below, equal and above make all, and so do unknown and known; each operator against its opposite. */
static void many_guests_under_every_filter(void **state)
{
	struct snapshot *s = many_guests();
	const struct table *t = table_get(TABLE_VMS);
	size_t k;

	(void)state;
	for (k = 0; k < t->n_columns; k++) {
		const char *id = t->columns[k].id;
		const char *const *v = t->columns[k].kind == VALUE_TEXT ?
			(const char *const[]){ "<paused", "=paused", ">paused", "<=paused", ">=paused", "!=paused" } :
			(const char *const[]){ "<7", "=7", ">7", "<=7", ">=7", "!=7" };
		size_t below = count(s, id, v[0]), equal = count(s, id, v[1]), above = count(s, id, v[2]);
		size_t unknown = count(s, id, "=null"), known = count(s, id, "!=null");
		auto_free char *not_equal = xasprintf("!%s", id);

		assert_int_equal(below + equal + above, known);
		assert_int_equal(known + unknown, MANY);
		assert_int_equal(count(s, id, v[3]), below + equal);
		assert_int_equal(count(s, id, v[4]), equal + above);
		assert_int_equal(count(s, id, v[5]), below + above);
		assert_int_equal(count(s, not_equal, v[1]), below + above);
		assert_int_equal(count(s, id, "~'.*'"), known);
		assert_int_equal(count(s, id, "!~'.*'"), 0);
		if (t->columns[k].offset >= sizeof(struct row))
			assert_true(unknown > 0 && known > unknown);
	}
	assert_int_equal(count(s, "pid", "<7 && state=running || state=null"),
			 count(s, "pid", "<7 && state=running") + count(s, "state", "=null"));
	snapshot_unref(s);
}

static void rows_without_a_sort_keep_to_names(void **state)
{
	struct snapshot *s = snapshot_new(1, (struct timespec){0});
	static const char *const names[] = { "b", "a", "b", "a", NULL };
	static const unsigned order[] = { 1, 3, 0, 2, 4 };
	const void **rows;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct queue_row *row = snapshot_add(s, TABLE_QUEUES);

		row->head.vm = names[i];
		row->head.ref = names[i];
		row->queue = i;
	}
	n = view_build(s, TABLE_QUEUES, NULL, (struct view_order){0}, &rows);
	assert_int_equal(n, ARRAY_SIZE(order));
	for (i = 0; i < n; i++)
		assert_int_equal(((const struct queue_row *)rows[i])->queue, order[i]);
	free(rows);
	n = view_build(s, TABLE_VMS, NULL, (struct view_order){0}, &rows);
	assert_int_equal(n, 0);
	free(rows);
	snapshot_unref(s);
}

/* 50,000 rows of one guest that stand the other way round a sample later. */
static void test_many_rows(void **state)
{
	enum { N = 50000 };
	struct snapshot *a = snapshot_new(NS_PER_SEC, (struct timespec){0}), *b = snapshot_new(2 * NS_PER_SEC, (struct timespec){0});
	uint64_t begun = clock_now_ns();
	const struct queue_row *row;
	struct queue_row *add;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * N; i++) {
		struct snapshot *s = i < N ? a : b;

		add = snapshot_add(s, TABLE_QUEUES);
		add->head.vm = "vm";
		add->head.ref = i % N < N / 2 ? "pid:5@1" : "pid:6@1";
		add->head.key = snapshot_printf(s, "device-with-a-long-name/%zu", i < N ? i : 2 * N - 1 - i);
		if (i >= N)
			add->head.ref = i % N < N / 2 ? "pid:6@1" : "pid:5@1";
		add->used_total = i < N ? 0 : 7;
	}
	snapshot_rates(b, a);
	for (i = 0; i < N; i++) {
		row = snapshot_row(b, TABLE_QUEUES, i);
		assert_true(row->req_per_s == 7);
	}
	assert_int_equal(snapshot_first(a, TABLE_QUEUES, "pid:6@1"), N / 2);
	assert_int_equal(snapshot_first(b, TABLE_QUEUES, "pid:6@1"), 0);
	assert_int_equal(snapshot_first(b, TABLE_QUEUES, "pid:7@1"), N);
	row = snapshot_find(a, TABLE_QUEUES, "pid:5@1", "device-with-a-long-name/9");
	assert_ptr_equal(row, snapshot_row(a, TABLE_QUEUES, 9));
	/* rows that were added since are found too */
	add = snapshot_add(a, TABLE_QUEUES);
	add->head.ref = "pid:8@1";
	assert_ptr_equal(snapshot_find(a, TABLE_QUEUES, "pid:8@1", ""), add);
	assert_int_equal(snapshot_first(a, TABLE_QUEUES, "pid:8@1"), N);
	snapshot_unref(a);
	snapshot_unref(b);
	assert_true(clock_now_ns() - begun < 20 * NS_PER_SEC);		/* 0.4 s with sanitizers, 20 s and more one by one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_written),
		cmocka_unit_test(values_are_compared),
		cmocka_unit_test(a_fresh_row_is_unknown),
		cmocka_unit_test(rates_are_deltas_over_time),
		cmocka_unit_test(a_reading_twice_has_its_rate),
		cmocka_unit_test(recorded_counters_give_no_absurd_rates),
		cmocka_unit_test(a_snapshot_holds_its_own_strings),
		cmocka_unit_test(many_guests_under_every_sort),
		cmocka_unit_test(many_guests_under_every_filter),
		cmocka_unit_test(rows_without_a_sort_keep_to_names),
		cmocka_unit_test(test_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
