// SPDX-License-Identifier: GPL-3.0-or-later
/* Worker threads: order, every job once or dropped once, each dropped by its own function. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/base/base.h"

#define MANY 500

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned ran, dropped, order[MANY + 8];
	bool open, waiting;
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int reset(void **state)
{
	(void)state;
	seen.ran = seen.dropped = 0;
	seen.open = seen.waiting = false;
	return 0;
}

static void note(void *arg)
{
	pthread_mutex_lock(&seen.lock);
	seen.order[seen.ran++] = (unsigned)(uintptr_t)arg;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
}

static void wait_open(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&seen.lock);
	seen.waiting = true;
	pthread_cond_broadcast(&seen.changed);
	while (!seen.open)
		pthread_cond_wait(&seen.changed, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
}

static void drop(void *arg)
{
	(void)arg;
	seen.dropped++;
}

static void drop_owned(void *arg)
{
	free(arg);
	seen.dropped++;
}

static void never(void *arg)
{
	(void)arg;
	abort();
}

static void await_ran(unsigned n)
{
	pthread_mutex_lock(&seen.lock);
	while (seen.ran < n)
		pthread_cond_wait(&seen.changed, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
}

static void await_waiting(void)
{
	pthread_mutex_lock(&seen.lock);
	while (!seen.waiting)
		pthread_cond_wait(&seen.changed, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
}

static void open_gate(void)
{
	pthread_mutex_lock(&seen.lock);
	seen.open = true;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
}

static void jobs_start_in_order(void **state)
{
	struct pool *p = pool_new(1, 1);
	unsigned i;

	(void)state;
	pool_add(p, 0, wait_open, never, NULL);
	for (i = 0; i < MANY; i++)
		pool_add(p, 0, note, never, (void *)(uintptr_t)i);
	open_gate();
	await_ran(MANY);
	pool_free(p);
	for (i = 0; i < MANY; i++)
		assert_int_equal(seen.order[i], i);
}

static void jobs_start_by_their_rank(void **state)
{
	struct pool *p = pool_new(1, 1);
	unsigned i;

	(void)state;
	pool_add(p, 0, wait_open, never, NULL);
	await_waiting();
	for (i = 0; i < MANY; i++)
		pool_add(p, i * 7919 % 5, note, never, (void *)(uintptr_t)i);
	open_gate();
	await_ran(MANY);
	pool_free(p);
	for (i = 1; i < MANY; i++) {
		unsigned a = seen.order[i - 1], b = seen.order[i];

		assert_true(a * 7919 % 5 < b * 7919 % 5 || (a * 7919 % 5 == b * 7919 % 5 && a < b));
	}
}

/* Jobs that wait for others do not keep the rest from running, while there are threads to be had. */
static void a_pool_that_is_stuck_grows(void **state)
{
	struct pool *p = pool_new(1, 3);
	unsigned ran = 0;

	(void)state;
	pool_add(p, 0, wait_open, never, NULL);
	pool_add(p, 0, wait_open, never, NULL);
	pool_add(p, 1, note, never, (void *)(uintptr_t)7);
	while (!ran) {
		pool_mind(p);
		pthread_mutex_lock(&seen.lock);
		ran = seen.ran;
		pthread_mutex_unlock(&seen.lock);
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	}
	assert_int_equal(seen.order[0], 7);
	open_gate();
	pool_free(p);
}

static void each_job_runs_once(void **state)
{
	struct pool *p = pool_new(4, 4);
	bool done[MANY] = {0};
	unsigned i;

	(void)state;
	for (i = 0; i < MANY; i++)
		pool_add(p, 0, note, never, (void *)(uintptr_t)i);
	await_ran(MANY);
	pool_free(p);
	assert_int_equal(seen.ran, MANY);
	for (i = 0; i < MANY; i++) {
		assert_false(done[seen.order[i]]);
		done[seen.order[i]] = true;
	}
}

static void *end_pool(void *pool)
{
	pool_free(pool);
	return NULL;
}

/* Whoever comes first, a job runs once or is dropped once. */
static void waiting_jobs_run_or_are_dropped(void **state)
{
	struct pool *p = pool_new(1, 1);
	pthread_t ender;
	unsigned i;

	(void)state;
	pool_add(p, 0, wait_open, never, NULL);
	await_waiting();
	for (i = 0; i < MANY; i++)
		pool_add(p, 0, note, drop, NULL);
	assert_int_equal(pthread_create(&ender, NULL, end_pool, p), 0);
	open_gate();
	pthread_join(ender, NULL);
	assert_int_equal(seen.ran + seen.dropped, MANY);
}

/* Jobs of several kinds wait in one pool: each is dropped by its own function. */
static void jobs_are_dropped_as_their_kind(void **state)
{
	struct pool *p = pool_new(0, 1);

	(void)state;
	pool_add(p, 0, never, drop, NULL);
	pool_add(p, 0, never, drop_owned, xmalloc(10));
	pool_add(p, 0, never, drop, NULL);
	pool_free(p);
	pool_free(NULL);
	assert_int_equal(seen.dropped, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(jobs_start_in_order, reset),
		cmocka_unit_test_setup(jobs_start_by_their_rank, reset),
		cmocka_unit_test_setup(a_pool_that_is_stuck_grows, reset),
		cmocka_unit_test_setup(each_job_runs_once, reset),
		cmocka_unit_test_setup(waiting_jobs_run_or_are_dropped, reset),
		cmocka_unit_test_setup(jobs_are_dropped_as_their_kind, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
