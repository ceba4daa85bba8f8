/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A libvirt that does not answer: calls are given up, their threads counted, nothing piles up, all is well after. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "lib/virt/private.h"

#define TEST_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

/* Held by a call that hangs until it is let go. */
static sem_t gate;
static atomic_uint inside;

static void hang(struct call *call)
{
	atomic_fetch_add(&inside, 1);
	sem_wait(&gate);
	atomic_fetch_sub(&inside, 1);
	call->rc = 0;
}

static void quick(struct call *call)
{
	call->rc = err_set(&call->err, -EXDEV, "an answer");
}

static struct virt *start(void)
{
	static const char *const uri = "test:///default";
	struct virt_config config = { .uris = &uri, .n_uris = 1 };
	struct virt *v = NULL;

	assert_int_equal(virt_new(&config, &v, NULL), 0);
	while (!virt_is_settled(v))
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	return v;
}

static struct call *begin(struct virt *v, void (*run)(struct call *), unsigned timeout_ms)
{
	struct call *call;

	pthread_mutex_lock(&v->lock);
	call = call_new(&v->conns[0], run, NULL);
	call->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	call_start(call, timeout_ms);
	pthread_mutex_unlock(&v->lock);
	return call;
}

static int end(struct virt *v, struct call *call, struct err *err)
{
	int rc = call_wait(call, err);

	pthread_mutex_lock(&v->lock);
	call_unref(call);
	pthread_mutex_unlock(&v->lock);
	return rc;
}

static unsigned stuck_is(struct virt *v, unsigned n)
{
	uint64_t until = clock_now_ns() + 5 * NS_PER_SEC;

	while (virt_counts(v).stuck != n && clock_now_ns() < until)
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	return virt_counts(v).stuck;
}

static void test_answer(void **state)
{
	struct virt *v = start();
	struct err err = {0};

	(void)state;
	assert_int_equal(end(v, begin(v, quick, 5000), &err), -EXDEV);
	assert_string_equal(err.text, "an answer");
	virt_free(v);
}

/* Many times more calls than there are places: each is over by its deadline. */
static void test_nothing_piles_up(void **state)
{
	struct call *calls[40];
	struct virt *v = start();
	struct err err;
	unsigned i, timeouts = 0, unsent = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		calls[i] = begin(v, hang, 50);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		int rc = end(v, calls[i], &err);

		timeouts += rc == -ETIMEDOUT;
		unsent += rc == -EAGAIN;
	}
	assert_int_equal(timeouts + unsent, ARRAY_SIZE(calls));
	assert_in_range(timeouts, 1, WORKERS_MAX + STUCK_MAX);
	stuck_is(v, timeouts);
	assert_in_range(virt_counts(v).threads, 3, 2 + WORKERS_MAX + STUCK_MAX);
	/* what is asked for through the front door is refused at once, or has missed its deadline */
	assert_true(virt_attach(v, TEST_UUID, "<disk/>", VIRT_LIVE, 50, &err) < 0);

	while (atomic_load(&inside)) {
		sem_post(&gate);
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	}
	assert_int_equal(stuck_is(v, 0), 0);
	while (sem_trywait(&gate) == 0)
		;
	assert_int_equal(end(v, begin(v, quick, 5000), &err), -EXDEV);
	assert_in_range(virt_counts(v).threads, 3, 2 + WORKERS_MAX);
	virt_free(v);
}

/* An end does not wait for who is stuck; who comes back later finds things still there. */
static void test_end(void **state)
{
	struct virt *v = start();
	struct call *call = begin(v, hang, 20);
	struct err err;

	(void)state;
	assert_int_equal(end(v, call, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "did not answer in time"));
	virt_free(v);		/* or the test hangs */
	sem_post(&gate);
	while (atomic_load(&inside))
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	clock_sleep_until(clock_now_ns() + NS_PER_SEC / 10);	/* its thread ends, and frees the rest */
}

static void test_events_are_bounded(void **state)
{
	struct virt *v = start();
	struct virt_event *list;
	uint64_t seq = 0;
	size_t n;
	int i;

	(void)state;
	pthread_mutex_lock(&v->lock);
	for (i = 0; i < 5000; i++)
		event_push(v, VIRT_DEVICE_REMOVED, TEST_UUID, "test", "d\x1b[0m", "number %d", i);
	pthread_mutex_unlock(&v->lock);
	n = virt_events(v, NULL, &seq, &list);
	assert_int_equal(n, EVENTS_KEPT);
	assert_string_equal(list[n - 1].text, "number 4999");
	assert_string_equal(list[0].text, "number 3976");
	assert_int_equal(list[n - 1].seq, seq);
	assert_int_equal(list[0].seq, seq - EVENTS_KEPT + 1);
	assert_string_equal(virt_event_name(list[0].kind), "device-removed");
	virt_events_free(list, n);
	virt_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_nothing_piles_up),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_events_are_bounded),
	};

	sem_init(&gate, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
