// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rates of counters that do as they like: reset, disappear, become unknown, of rows that come and go, go stale, and whose
 * guests begin anew. Whatever is told is what really happened, or unknown; in every rate column of every table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/model/model.h"

#define ROWS 6
#define ROUNDS 300

static uint64_t seed = 1;

static unsigned dice(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 40) % n;
}

/* One row over time, and what is known of its counter since the sample before. */
struct line {
	bool there, stale, unknown;
	bool was_there, was_unknown;
	uint64_t value, shown;		/* shown: in the row before */
	uint64_t taken_ns, shown_ns;	/* when they were read, which may be long before the sample */
	double shown_rate;
};

static void step(struct line *l, uint64_t now)
{
	/* a stale row shows once more what the one before it did */
	l->stale = l->there && dice(10) == 0;
	if (l->stale)
		return;
	l->was_there = l->there;
	l->was_unknown = l->unknown;
	l->shown = l->value;
	l->shown_ns = l->taken_ns;
	l->there = dice(15) != 0;
	l->unknown = dice(15) == 0;
	/* what QEMU answered some time ago; or not anew since */
	if (dice(4) || !l->was_there)
		l->taken_ns = now - dice(2) * (uint64_t)dice(100) * NS_PER_MS;
	else
		return;
	if (dice(12) == 0)			/* device removed and added, guest rebooted, driver reloaded */
		l->value = dice(2) ? 0 : dice(100);
	else if (dice(40) == 0)			/* at the end of 64 bits */
		l->value = UINT64_MAX - 10;
	else
		l->value += dice(3) ? dice(5000) : 0;
}

static const char *ref_of(struct snapshot *snap, unsigned i)
{
	return snapshot_printf(snap, "pid:%u@1", i / 2 + 1);
}

static void add_row(struct snapshot *snap, const struct snapshot *prev, enum table_id t, const struct column *c, unsigned i,
		    const struct line *l)
{
	const char *ref = ref_of(snap, i), *key = snapshot_printf(snap, "%u", i % 2);
	char *row;

	if (l->stale) {
		row = snapshot_add_copy(snap, t, snapshot_find(prev, t, ref, key));
		((struct row *)row)->stale = true;
		return;
	}
	row = snapshot_add(snap, t);
	((struct row *)row)->ref = ref;
	((struct row *)row)->key = key;
	((struct row *)row)->taken_ns = l->taken_ns;
	*(uint64_t *)(void *)(row + c->counter) = l->unknown ? UNKNOWN_UINT : l->value;
}

static double rate_in(struct snapshot *snap, enum table_id t, const struct column *c, unsigned i)
{
	const char *row = snapshot_find(snap, t, ref_of(snap, i), snapshot_printf(snap, "%u", i % 2));

	assert_non_null(row);
	return *(const double *)(const void *)(row + c->offset);
}

static bool same(double a, double b)
{
	return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-6 * fabs(b) + 1e-9;
}

/* What must come out: the truth where there is one, unknown where not. */
static double truth(const struct line *l, const struct column *c)
{
	uint64_t elapsed = l->taken_ns - l->shown_ns;

	if (l->stale)
		return l->shown_rate;
	if (!l->was_there || l->unknown || l->was_unknown || l->value == UNKNOWN_UINT || l->shown == UNKNOWN_UINT ||
	    l->taken_ns < l->shown_ns || l->value < l->shown)
		return UNKNOWN_NUM;
	if (!elapsed || (c->ticked && elapsed < 90 * NS_PER_MS))
		return !elapsed && l->value > l->shown && !c->ticked ? UNKNOWN_NUM : l->shown_rate;
	return (double)(l->value - l->shown) * c->scale / ((double)elapsed / (double)NS_PER_SEC);
}

static unsigned told, hidden;		/* rates that were numbers, and unknown */

static void check(struct line *l, double got, const struct column *c)
{
	double want = truth(l, c);

	if (!same(got, want) || got < 0)
		fail_msg("%s is %f, and should be %f", c->id, got, want);
	*(isnan(got) ? &hidden : &told) += 1;
	l->shown_rate = got;
}

static void play(enum table_id t, const struct column *c)
{
	struct line lines[ROWS] = {0};
	struct snapshot *prev = NULL;
	uint64_t now = NS_PER_SEC;
	unsigned round, i;

	for (round = 0; round < ROUNDS; round++) {
		struct snapshot *snap = snapshot_new(now, (struct timespec){0});
		unsigned first = dice(ROWS);		/* rows stand in any order */

		for (i = 0; i < ROWS; i++)
			step(&lines[i], now);
		for (i = 0; i < ROWS; i++)
			if (lines[(first + i) % ROWS].there)
				add_row(snap, prev, t, c, (first + i) % ROWS, &lines[(first + i) % ROWS]);
		snapshot_rates(snap, prev);
		for (i = 0; i < ROWS; i++)
			if (lines[i].there)
				check(&lines[i], rate_in(snap, t, c, i), c);
		snapshot_unref(prev);
		prev = snap;
		now += 1 + (uint64_t)dice(1500) * NS_PER_MS;
	}
	snapshot_unref(prev);
}

static void rates_never_lie(void **state)
{
	unsigned columns = 0;
	enum table_id t;
	size_t i;

	(void)state;
	for (t = 0; t < TABLE_COUNT; t++) {
		const struct table *table = table_get(t);

		for (i = 0; i < table->n_columns; i++) {
			if (!column_is_rate(&table->columns[i]) || table->columns[i].per)
				continue;
			play(t, &table->columns[i]);
			columns++;
		}
	}
	assert_true(columns > 20);
	assert_true(told > hidden / 2 && hidden > told / 10);
}

/* A mean, one counter by another: unknown, or what the two have gone. */
static void mean_of(enum table_id t, const struct column *c)
{
	struct line of = {0}, by = {0};
	struct snapshot *prev = NULL;
	unsigned round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t now = (round + 1) * NS_PER_SEC;
		struct snapshot *snap = snapshot_new(now, (struct timespec){0});
		double got, want = UNKNOWN_NUM;
		char *row;

		of.there = by.there = false;	/* so that it is read anew */
		step(&of, now);
		step(&by, now);
		of.there = by.there = true;
		of.was_there = by.was_there = round > 0;
		of.taken_ns = by.taken_ns = now;
		add_row(snap, NULL, t, c, 0, &of);
		row = (char *)(uintptr_t)snapshot_row(snap, t, 0);
		*(uint64_t *)(void *)(row + c->per) = by.unknown ? UNKNOWN_UINT : by.value;
		snapshot_rates(snap, prev);
		got = rate_in(snap, t, c, 0);
		if (!isnan(truth(&of, c)) && !isnan(truth(&by, c)) && by.value > by.shown)
			want = (double)(of.value - of.shown) * c->scale / (double)(by.value - by.shown);
		if (!same(got, want))
			fail_msg("%s is %f, and should be %f", c->id, got, want);
		snapshot_unref(prev);
		prev = snap;
	}
	snapshot_unref(prev);
}

static void means_never_lie(void **state)
{
	enum table_id t;
	size_t i;

	(void)state;
	for (t = 0; t < TABLE_COUNT; t++)
		for (i = 0; i < table_get(t)->n_columns; i++)
			if (table_get(t)->columns[i].counter && table_get(t)->columns[i].per)
				mean_of(t, &table_get(t)->columns[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_never_lie),
		cmocka_unit_test(means_never_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
