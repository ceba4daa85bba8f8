// SPDX-License-Identifier: GPL-3.0-or-later
/* The thread that reads rings: here those in the test's own memory, some of which put it to sleep. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/sample/private.h"

#define RINGS 700		/* more than one system call reads */
#define SIZE 256

struct memory {			/* as a ring's two parts begin */
	_Atomic uint16_t used, avail;
};

/* Who waits must not hold the lock all the time: a mutex is not fair. */
static bool a_moment(void)
{
	usleep(500);
	return true;
}

/* So that a thread that reads in between sees work outstanding, and not more used than there was. */
static void put(struct memory *m, uint16_t n)
{
	m->avail = n;
	m->used = n;
}

static struct ring_set *add_rings(struct ring_reader *r, struct memory *m, size_t n)
{
	struct ring_addr *addr = xcalloc(n, sizeof(*addr));
	struct ring_set *set;
	size_t i;

	for (i = 0; i < n; i++)
		addr[i] = (struct ring_addr){ (uint64_t)(uintptr_t)&m[i].used, (uint64_t)(uintptr_t)&m[i].avail, SIZE, false };
	set = rings_add(r, getpid(), addr, n, NULL);
	free(addr);
	return set;
}

static void await_read(struct ring_reader *r, const struct ring_set *set)
{
	while (!rings_are_read(r, set))
		a_moment();
}

/* Until the thread has seen what stands in memory now. */
static void await_total(struct ring_reader *r, struct ring_set *set, struct ring_state *out, size_t i, uint64_t total)
{
	do
		rings_collect(r, set, out);
	while ((!out[i].known || out[i].used_total < total) && a_moment());
}

struct guest_thread {
	struct memory *m;
	size_t n;
	atomic_bool stop;
	uint64_t done;
};

/* A guest and its device: what is used was made available before. */
static void *be_a_guest(void *arg)
{
	struct guest_thread *g = arg;
	size_t i;

	while (!atomic_load(&g->stop)) {
		for (i = 0; i < g->n; i++) {
			uint16_t n = (uint16_t)(1 + g->done % 40);

			atomic_fetch_add(&g->m[i].avail, n);
			atomic_fetch_add(&g->m[i].used, n);
		}
		g->done++;
	}
	return NULL;
}

static void a_ring_thread_reads_its_own_memory(void **state)
{
	struct memory *m = xcalloc(RINGS, sizeof(*m));
	struct ring_state *out = xcalloc(RINGS, sizeof(*out));
	struct ring_reader *r = rings_start();
	struct ring_set *set;
	size_t i;

	(void)state;
	for (i = 0; i < RINGS; i++) {
		m[i].used = (uint16_t)(65000 + i);
		m[i].avail = (uint16_t)(m[i].used + i % 5);
	}
	set = add_rings(r, m, RINGS);
	await_read(r, set);
	rings_collect(r, set, out);
	for (i = 0; i < RINGS; i++) {
		if (!out[i].known || out[i].lost || out[i].depth != i % 5 || out[i].depth_max != i % 5 ||
		  out[i].used_total)
			fail_msg("ring %zu: known %d depth %u", i, out[i].known, out[i].depth);
		if (!(i % 5))		/* nothing is queued: it does not stand still */
			assert_int_equal(out[i].stalled_ns, 0);
	}
	/* over the wrap-around */
	for (i = 0; i < RINGS; i++) {
		m[i].avail = (uint16_t)(m[i].avail + 1000);
		m[i].used = (uint16_t)(m[i].avail - 7);
	}
	await_total(r, set, out, RINGS - 1, 1);
	rings_collect(r, set, out);
	assert_int_equal(out[RINGS - 1].depth, 7);
	assert_int_equal(out[RINGS - 1].used_total, 1000 + (RINGS - 1) % 5 - 7);
	rings_remove(r, set);
	rings_remove(r, NULL);
	rings_stop(r);
	rings_stop(NULL);
	free(m);
	free(out);
}

static void running_rings_stay_within_bounds(void **state)
{
	struct memory m[8] = {{0}};
	struct guest_thread g = { .m = m, .n = ARRAY_SIZE(m) };
	struct ring_state out[8];
	uint64_t totals[8] = {0};
	struct ring_reader *r = rings_start();
	struct ring_set *set = add_rings(r, m, ARRAY_SIZE(m));
	pthread_t thread;
	unsigned round;
	size_t i;

	(void)state;
	await_read(r, set);
	assert_int_equal(pthread_create(&thread, NULL, be_a_guest, &g), 0);
	for (round = 0; round < 2000; round++) {
		struct ring_set *passing = add_rings(r, m, 1 + round % 8);	/* comes and goes while others are read */

		rings_collect(r, set, out);
		for (i = 0; i < ARRAY_SIZE(m); i++) {
			assert_true(out[i].depth <= SIZE && out[i].depth_max <= SIZE && out[i].depth_mean <= SIZE);
			assert_true(out[i].used_total >= totals[i]);
			totals[i] = out[i].used_total;
		}
		if (round % 3 == 0)
			await_read(r, passing);
		rings_remove(r, passing);
	}
	atomic_store(&g.stop, true);
	pthread_join(thread, NULL);
	rings_stop(r);
}

/* A reset is noticed once, and stays until the rings are looked up again. */
static void a_reset_ring_is_lost(void **state)
{
	struct memory m[2] = {{0}};
	struct ring_state out[2];
	struct ring_reader *r = rings_start();
	struct ring_set *set;

	(void)state;
	m[0].used = m[0].avail = 40000;
	m[1].used = m[1].avail = 7;
	set = add_rings(r, m, 2);
	await_read(r, set);
	m[0].used = m[0].avail = 0;
	do
		rings_collect(r, set, out);
	while (!out[0].lost && a_moment());
	assert_false(out[0].known);
	assert_true(out[1].known && !out[1].lost);
	m[0].used = m[0].avail = 40001;
	m[1].used = m[1].avail = 9;
	await_total(r, set, out, 1, 2);
	assert_true(out[0].lost && !out[0].known);
	rings_stop(r);
}

/* Looked up again, a ring that is where it was goes on counting; a new one begins. */
static void rings_looked_up_again_go_on(void **state)
{
	struct memory m[3] = {{0}};
	struct ring_addr addr[3];
	struct ring_state out[3];
	struct ring_reader *r = rings_start();
	struct ring_set *old, *set;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		addr[i] = (struct ring_addr){ (uint64_t)(uintptr_t)&m[i].used, (uint64_t)(uintptr_t)&m[i].avail, SIZE, false };
	old = rings_add(r, getpid(), addr, 2, NULL);
	await_read(r, old);
	put(&m[0], 100);
	put(&m[1], 200);
	await_total(r, old, out, 1, 200);
	set = rings_add(r, getpid(), addr + 1, 2, old);
	rings_remove(r, old);
	rings_collect(r, set, out);
	assert_true(out[0].known && out[0].used_total == 200);
	await_read(r, set);
	put(&m[1], 210);
	await_total(r, set, out, 0, 210);
	rings_collect(r, set, out);
	assert_int_equal(out[0].used_total, 210);
	assert_int_equal(out[1].used_total, 0);
	rings_stop(r);
}

/* Memory that is not there: unknown, not lost, and the thread goes on with others. */
static void unreadable_rings_are_unknown(void **state)
{
	struct memory m[1] = {{0}};
	struct ring_addr nowhere = { 8, 16, SIZE, false };
	struct ring_state out[1];
	struct ring_reader *r = rings_start();
	struct ring_set *bad = rings_add(r, getpid(), &nowhere, 1, NULL), *good = add_rings(r, m, 1), *none;

	(void)state;
	none = rings_add(r, getpid(), NULL, 0, NULL);
	await_read(r, bad);
	await_read(r, good);
	await_read(r, none);
	rings_collect(r, bad, out);
	assert_false(out[0].known || out[0].lost);
	rings_collect(r, good, out);
	assert_true(out[0].known);
	rings_stop(r);
}

/* Sampled at a rate of its own, no more often than that, and each sample is in the histogram. */
static void a_ring_is_sampled_at_a_rate(void **state)
{
	static const struct ring_detail fast = { .counts = true, .hz = 1000 }, none = {0};
	struct memory m[2] = {{0}};
	struct ring_state out[2];
	struct ring_reader *r = rings_start();
	struct ring_set *set = add_rings(r, m, 2), *other = add_rings(r, m, 1);
	uint64_t began, total = 0, ended = 0, sum;
	unsigned i;

	(void)state;
	m[0].avail = 3;
	await_read(r, set);
	await_read(r, other);
	rings_detail(r, set, &fast);
	began = clock_now_ns();
	while (total < 500) {
		a_moment();
		rings_collect(r, set, out);
		ended = clock_now_ns();
		total += out[0].samples;
		assert_int_equal(out[0].samples, out[1].samples);
		for (i = 0, sum = 0; i < RING_BUCKETS; i++)
			sum += out[0].hist[i];
		assert_int_equal(sum, out[0].samples);
		assert_true(!out[0].samples || (out[0].has_counts && out[0].p50 == 3 && out[1].p99 == 0));
	}
	assert_true(total <= (ended - began) / NS_PER_MS + 2);
	rings_collect(r, other, out);
	assert_true(out[0].known && !out[0].has_counts);
	rings_detail(r, set, &none);
	rings_collect(r, set, out);
	assert_false(out[0].has_counts);
	/* the rings looked up again go on being sampled, though the old ones go away */
	rings_detail(r, set, &fast);
	other = rings_add(r, getpid(), &(struct ring_addr){ (uint64_t)(uintptr_t)&m[0].used,
			  (uint64_t)(uintptr_t)&m[0].avail, SIZE, false }, 1, set);
	rings_remove(r, set);
	for (total = 0; total < 100 && a_moment(); total += out[0].samples)
		rings_collect(r, other, out);
	assert_int_equal(out[0].depth, 3);
	rings_stop(r);
}

/* Flags or event fields, at the places the specification has them. */
static void notification_fields_are_found(void **state)
{
	static const struct ring_detail notify = { .notify = true };
	struct {
		uint16_t avail_flags, avail_idx, avail_ring[4], used_event, pad;
		uint16_t used_flags, used_idx, used_ring[16], avail_event;
	} m = { .avail_idx = 2, .used_event = 1, .avail_event = 2, .avail_flags = 1 };
	struct ring_addr addr[2] = {
		{ (uint64_t)(uintptr_t)&m.used_idx, (uint64_t)(uintptr_t)&m.avail_idx, 4, true },
		{ (uint64_t)(uintptr_t)&m.used_idx, (uint64_t)(uintptr_t)&m.avail_idx, 4, false },
	};
	struct ring_state out[2];
	struct ring_reader *r = rings_start();
	struct ring_set *set = rings_add(r, getpid(), addr, 2, NULL);

	(void)state;
	await_read(r, set);
	rings_collect(r, set, out);
	assert_true(isnan(out[0].irq_share) && isnan(out[0].kick_share));
	rings_detail(r, set, &notify);
	do
		rings_collect(r, set, out);
	while (isnan(out[0].irq_share) && a_moment());
	assert_true(out[0].irq_share == 1 && out[0].kick_share == 1);
	assert_true(out[1].irq_share == 0 && out[1].kick_share == 1);
	rings_stop(r);
}

static unsigned count_tasks(void)
{
	auto_free char *text = NULL;
	FILE *f = fopen("/proc/self/status", "re");
	size_t size = 0;
	unsigned n = 0;

	while (f && !n && getline(&text, &size, f) > 0)
		sscanf(text, "Threads: %u", &n);
	if (f)
		fclose(f);
	return n;
}

/* A page that does not come until page_comes: what a guest's memory is under post-copy migration. */
struct page {
	bool there;		/* of both: this kernel lets us */
	int fd;
	struct memory *m;
};

static bool page_new(struct page *p)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	p->fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (p->fd < 0 || ioctl(p->fd, UFFDIO_API, &api))
		return false;
	p->m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p->m, MAP_FAILED);
	reg.range.start = (uintptr_t)p->m;
	reg.range.len = 4096;
	return !ioctl(p->fd, UFFDIO_REGISTER, &reg);
}

static void page_comes(struct page *p)
{
	struct uffdio_zeropage zero = { .range = { .start = (uintptr_t)p->m, .len = 4096 } };

	assert_int_equal(ioctl(p->fd, UFFDIO_ZEROPAGE, &zero), 0);
}

/* Without its userfaultfd the memory is like any other: whoever sleeps in it wakes up, however the test ended. */
static int pages_new(void **state)
{
	struct page *p = xcalloc(2, sizeof(*p));

	*state = p;
	p[0].there = page_new(&p[0]) && page_new(&p[1]);
	return 0;
}

static int pages_done(void **state)
{
	struct page *p = *state;
	size_t i;

	for (i = 0; i < 2; i++)
		if (p[i].fd > 0)
			close(p[i].fd);
	free(p);
	return 0;
}

static void await_stuck(struct ring_reader *r, struct ring_set *set, bool stuck)
{
	while (rings_are_stuck(r, set) != stuck) {
		rings_watch(r);
		a_moment();
	}
}

static void await_tasks(unsigned n)
{
	while (count_tasks() != n)
		a_moment();
}

/* Two guests put a thread to sleep each; the others' rings go on, and theirs do when their pages come. */
static void a_thread_put_to_sleep_is_replaced(void **state)
{
	struct page *p = *state;
	struct memory m[1] = {{0}};
	struct ring_state out[1];
	struct ring_reader *r;
	struct ring_set *good, *bad[2], *again;
	unsigned before = count_tasks(), i;

	if (!p->there)
		skip();
	r = rings_start();
	good = add_rings(r, m, 1);
	await_total(r, good, out, 0, 0);
	for (i = 0; i < 2; i++) {
		bad[i] = rings_add(r, (pid_t)getpid(), &(struct ring_addr){ (uint64_t)(uintptr_t)&p[i].m->used,
				   (uint64_t)(uintptr_t)&p[i].m->avail, SIZE, false }, 1, NULL);
		await_stuck(r, bad[i], true);
		assert_true(rings_are_read(r, bad[i]));		/* nobody waits for it any more */
		rings_collect(r, bad[i], out);
		assert_false(out[0].known || out[0].lost);
		put(&m[0], (uint16_t)(m[0].used + 100));
		await_total(r, good, out, 0, 100 * (i + 1));
		assert_true(out[0].known);
	}
	assert_int_equal(count_tasks(), before + 3);
	/* looked up again while it sleeps: no other thread is put to sleep for it */
	again = rings_add(r, getpid(), &(struct ring_addr){ (uint64_t)(uintptr_t)&p[1].m->used,
			  (uint64_t)(uintptr_t)&p[1].m->avail, SIZE, false }, 1, bad[1]);
	rings_remove(r, bad[1]);
	put(&m[0], (uint16_t)(m[0].used + 100));
	await_total(r, good, out, 0, 300);
	assert_true(rings_are_stuck(r, again) && count_tasks() == before + 3);
	page_comes(&p[0]);
	page_comes(&p[1]);
	await_stuck(r, bad[0], false);
	await_stuck(r, again, false);
	await_tasks(before + 1);
	await_total(r, bad[0], out, 0, 0);	/* what is used from here on is counted */
	await_total(r, again, out, 0, 0);
	put(p[0].m, 7);
	put(p[1].m, 8);
	await_total(r, bad[0], out, 0, 7);
	await_total(r, again, out, 0, 8);
	assert_true(out[0].known);
	rings_stop(r);
	assert_int_equal(count_tasks(), before);
}

/* One that has no CPU, or is at work, does not wait for a page. */
static void a_thread_at_work_is_not_put_to_sleep(void **state)
{
	(void)state;
	assert_false(host_mem_waits(gettid()));
	assert_true(host_mem_waits(INT32_MAX));		/* nobody knows */
}

/* To stop does not wait for a guest; the thread that wakes up afterwards finds all it touches. */
static void stopping_waits_for_no_guest(void **state)
{
	struct page *p = *state;
	struct ring_reader *r;
	struct ring_set *bad[2];
	unsigned before = count_tasks(), i;

	if (!p->there)
		skip();
	r = rings_start();
	for (i = 0; i < 2; i++)
		bad[i] = rings_add(r, getpid(), &(struct ring_addr){ (uint64_t)(uintptr_t)&p[i].m->used,
				   (uint64_t)(uintptr_t)&p[i].m->avail, SIZE, false }, 1, NULL);
	await_stuck(r, bad[0], true);	/* the newest is read first, but whichever it is: the other one follows */
	await_stuck(r, bad[1], true);
	rings_remove(r, bad[0]);
	rings_stop(r);
	assert_int_equal(count_tasks(), before + 2);
	page_comes(&p[0]);
	page_comes(&p[1]);
	await_tasks(before);
}

/* Nobody looks: it rests, and says afterwards that it does not know how far the rings went meanwhile. */
static void a_thread_nobody_looks_at_rests(void **state)
{
	struct memory m[1] = {{0}};
	struct ring_state out[1];
	struct ring_reader *r = rings_start();
	struct ring_set *set = add_rings(r, m, 1);

	(void)state;
	await_read(r, set);
	rings_collect(r, set, out);
	assert_true(out[0].known && out[0].counted);
	clock_sleep_until(clock_now_ns() + RINGS_REST_NS + NS_PER_SEC / 2);
	put(&m[0], 50);
	rings_watch(r);
	await_read(r, set);
	do
		rings_collect(r, set, out);
	while (!out[0].known && a_moment());
	assert_false(out[0].counted);
	put(&m[0], 60);
	await_total(r, set, out, 0, 10);
	assert_true(out[0].counted && out[0].used_total == 10);
	rings_stop(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_thread_reads_its_own_memory),
		cmocka_unit_test(running_rings_stay_within_bounds),
		cmocka_unit_test(a_reset_ring_is_lost),
		cmocka_unit_test(rings_looked_up_again_go_on),
		cmocka_unit_test(unreadable_rings_are_unknown),
		cmocka_unit_test(a_ring_is_sampled_at_a_rate),
		cmocka_unit_test(notification_fields_are_found),
		cmocka_unit_test_setup_teardown(a_thread_put_to_sleep_is_replaced, pages_new, pages_done),
		cmocka_unit_test_setup_teardown(stopping_waits_for_no_guest, pages_new, pages_done),
		cmocka_unit_test(a_thread_at_work_is_not_put_to_sleep),
		cmocka_unit_test(a_thread_nobody_looks_at_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
