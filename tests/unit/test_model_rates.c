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

/* One row over time: what its counter shows, and what it went since the previous sample. */
struct line {
	bool there, stale, unknown;
	bool was_there, was_unknown;
	uint64_t value, shown, went;	/* shown: at the previous sample */
	bool reset;			/* it went back since then */
	uint64_t age_ns;		/* its row was taken that long before the snapshot */
};

static void step(struct line *l)
{
	l->was_there = l->there;
	l->was_unknown = l->unknown;
	l->shown = l->value;
	l->reset = false;
	l->there = dice(15) != 0;
	l->unknown = dice(15) == 0;
	l->stale = dice(15) == 0;
	l->went = dice(3) ? dice(5000) : 0;
	if (dice(12) == 0) {			/* device removed and added, guest rebooted, driver reloaded */
		l->reset = true;
		l->value = dice(2) ? 0 : dice(100);
	} else if (dice(40) == 0) {		/* at the end of 64 bits */
		l->value = UINT64_MAX - 10;
	} else {
		l->value += l->went;
	}
}

static void *add_row(struct snapshot *snap, enum table_id t, const struct column *c, unsigned i, const struct line *l)
{
	char *row = snapshot_add(snap, t);
	struct row *head = (struct row *)row;

	head->ref = snapshot_printf(snap, "pid:%u@1", i / 2 + 1);
	head->key = snapshot_printf(snap, "%u", i % 2);
	head->stale = l->stale;
	*(uint64_t *)(void *)(row + c->counter) = l->unknown ? UNKNOWN_UINT : l->value;
	return row;
}

static double rate_in(const struct snapshot *snap, enum table_id t, const struct column *c, unsigned i)
{
	char ref[32], key[8];
	const char *row;

	snprintf(ref, sizeof(ref), "pid:%u@1", i / 2 + 1);
	snprintf(key, sizeof(key), "%u", i % 2);
	row = snapshot_find(snap, t, ref, key);
	return row ? *(const double *)(const void *)(row + c->offset) : UNKNOWN_NUM;
}

/* What must come out: the truth where there is one, unknown where not. */
static void check(const struct line *l, double got, const struct column *c, uint64_t elapsed, bool have_prev)
{
	bool comparable = have_prev && l->there && l->was_there && !l->unknown && !l->was_unknown && !l->stale &&
			  l->value != UNKNOWN_UINT && l->shown != UNKNOWN_UINT;
	double true_rate = (double)(l->value - l->shown) * c->scale / ((double)elapsed / (double)NS_PER_SEC);

	if (!isnan(got) && got < 0)
		fail_msg("%s is %f", c->id, got);
	if (l->stale || !l->there)
		return;
	if (!comparable || l->value < l->shown) {
		if (!isnan(got))
			fail_msg("%s is %f, and should be unknown", c->id, got);
	} else if (isnan(got) || fabs(got - true_rate) > 1e-6 * true_rate + 1e-9) {
		fail_msg("%s is %f, and should be %f", c->id, got, true_rate);
	}
}

static void play(enum table_id t, const struct column *c)
{
	struct line lines[ROWS] = {0};
	struct snapshot *prev = NULL;
	uint64_t now = NS_PER_SEC, before = 0;
	unsigned round, i;

	for (round = 0; round < ROUNDS; round++) {
		struct snapshot *snap = snapshot_new(now, (struct timespec){0});
		unsigned first = dice(ROWS);		/* rows stand in any order */

		for (i = 0; i < ROWS; i++)
			step(&lines[i]);
		for (i = 0; i < ROWS; i++)
			if (lines[(first + i) % ROWS].there)
				add_row(snap, t, c, (first + i) % ROWS, &lines[(first + i) % ROWS]);
		snapshot_rates(snap, prev);
		for (i = 0; i < ROWS; i++)
			check(&lines[i], rate_in(snap, t, c, i), c, now - before, prev);
		snapshot_unref(prev);
		prev = snap;
		before = now;
		now += 1 + (uint64_t)dice(3000) * NS_PER_MS;
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
}

/* A mean, one counter by another: unknown or within what there was, whatever either does. */
static void means_never_lie(void **state)
{
	enum table_id t;
	size_t i;
	unsigned round;

	(void)state;
	for (t = 0; t < TABLE_COUNT; t++) {
		const struct table *table = table_get(t);

		for (i = 0; i < table->n_columns; i++) {
			const struct column *c = &table->columns[i];
			struct line of = {0}, by = {0};
			struct snapshot *prev = NULL;

			for (round = 0; c->counter && c->per && round < ROUNDS; round++) {
				struct snapshot *snap = snapshot_new((round + 1) * NS_PER_SEC, (struct timespec){0});
				char *row;
				double got;

				step(&of);
				step(&by);
				of.there = of.was_there = by.there = by.was_there = true;
				of.stale = by.stale = false;
				row = add_row(snap, t, c, 0, &of);
				*(uint64_t *)(void *)(row + c->per) = by.unknown ? UNKNOWN_UINT : by.value;
				snapshot_rates(snap, prev);
				got = rate_in(snap, t, c, 0);
				if (!isnan(got) && (got < 0 || of.unknown || by.unknown || of.value < of.shown || by.value <= by.shown ||
				    fabs(got - (double)(of.value - of.shown) * c->scale / (double)(by.value - by.shown)) > 1e-6 * got + 1e-9))
					fail_msg("%s is %f", c->id, got);
				snapshot_unref(prev);
				prev = snap;
			}
			snapshot_unref(prev);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_never_lie),
		cmocka_unit_test(means_never_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
