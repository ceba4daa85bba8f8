// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose a vhost thread is: by the order of starts, and by who ran while which rings moved. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/sample/private.h"

#define N_MAX 3

struct world {
	struct vhost_map *map;
	struct host_task tasks[N_MAX + 1];	/* and one that is no vhost thread */
	struct host_usage u;
	uint64_t used[N_MAX];
	unsigned pairs;
	bool ordered;
	uint64_t now, rings_ns;		/* rings were read so long before now; the threads, a tenth of a second before */
};

/* Threads listed by tid; the starts say in which order they came. */
static struct world world_new(unsigned threads, const uint64_t *starts, unsigned pairs)
{
	struct world w = { .pairs = pairs, .ordered = true, .now = NS_PER_SEC, .rings_ns = NS_PER_SEC / 5 };
	unsigned i;

	for (i = 0; i < threads; i++) {
		w.tasks[i] = (struct host_task){ .tid = 100 + (pid_t)i, .start = starts[i], .fresh = true, .kthread = i % 2 == 0 };
		strcpy(w.tasks[i].comm, "vhost-77");
	}
	w.tasks[threads] = (struct host_task){ .tid = 200, .start = 1, .fresh = true, .comm = "qemu" };
	w.u.n_tasks = threads + 1;
	return w;
}

/* A second goes by: threads of the mask ran, rings of the pairs of the mask moved. */
static const struct vhost_thread *look(struct world *w, unsigned ran, unsigned moved, size_t *n)
{
	struct vhost_pair *pairs = NULL;
	size_t n_pairs = 0;
	uint64_t read_ns;
	unsigned i;

	w->now += NS_PER_SEC;
	read_ns = w->now - w->rings_ns;
	for (i = 0; i + 1 < w->u.n_tasks; i++)
		w->tasks[i].run_ns += ran >> i & 1 ? NS_PER_MS : 0;
	for (i = 0; i < w->pairs; i++) {
		w->used[i] += moved >> i & 1 ? 100 : 0;
		*vec_push(pairs, n_pairs) = (struct vhost_pair){
			xasprintf("nic%u", i / 2), i % 2, w->used[i], read_ns, read_ns,
		};
	}
	w->u.tasks = w->tasks;
	w->u.read_ns = w->now - NS_PER_SEC / 10;
	vhost_look(&w->map, &w->u, pairs, n_pairs, w->ordered, w->now);
	return vhost_threads(w->map, n);
}

/* "100:nic0/0 order ": of each thread in turn */
static void check(const struct vhost_thread *t, size_t n, const char *wanted)
{
	auto_buf struct buf text = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		buf_printf(&text, "%d:", (int)t[i].tid);
		if (t[i].pair)
			buf_printf(&text, "%s/%u", t[i].pair->device, t[i].pair->pair);
		buf_printf(&text, " %s ", t[i].how);
	}
	assert_string_equal(text.text ? text.text : "", wanted);
}

static void threads_come_in_the_order_of_pairs(void **state)
{
	static const uint64_t in_turn[] = { 5, 5, 9 }, reused[] = { 90, 70, 80 };	/* tids went around */
	struct world w = world_new(3, in_turn, 3);
	const struct vhost_thread *t;
	size_t n;

	(void)state;
	t = look(&w, 0, 0, &n);
	check(t, n, "100:nic0/0 order 101:nic0/1 order 102:nic1/0 order ");
	vhost_free(w.map);
	w = world_new(3, reused, 3);
	t = look(&w, 0, 0, &n);
	check(t, n, "101:nic0/0 order 102:nic0/1 order 100:nic1/0 order ");
	vhost_free(w.map);
	w = world_new(1, in_turn, 1);
	t = look(&w, 0, 0, &n);
	check(t, n, "100:nic0/0 only ");
	vhost_free(w.map);
	/* as many as there should be not, or nobody knows the order */
	w = world_new(2, in_turn, 3);
	t = look(&w, 0, 0, &n);
	check(t, n, "100: unsure 101: unsure ");
	vhost_free(w.map);
	w = world_new(2, in_turn, 2);
	w.ordered = false;
	t = look(&w, 0, 0, &n);
	check(t, n, "100: unsure 101: unsure ");
	vhost_free(w.map);
	w = world_new(0, in_turn, 0);
	t = look(&w, 0, 0, &n);
	check(t, n, "");
	vhost_free(w.map);
	vhost_free(NULL);
}

static void what_moves_makes_sure(void **state)
{
	static const uint64_t starts[] = { 1, 2, 3 };
	struct world w = world_new(3, starts, 3);
	const struct vhost_thread *t = NULL;
	size_t n, i;

	(void)state;
	for (i = 0; i < 5; i++)		/* the second is loaded alone */
		t = look(&w, 2, 2, &n);
	check(t, n, "100:nic0/0 order 101:nic0/1 rings 102:nic1/0 order ");
	for (i = 0; i < 5; i++)		/* all are: nothing is learnt, nothing forgotten */
		t = look(&w, 7, 7, &n);
	check(t, n, "100:nic0/0 order 101:nic0/1 rings 102:nic1/0 order ");
	for (i = 0; i < 5; i++)
		t = look(&w, 4, 4, &n);
	check(t, n, "100:nic0/0 order 101:nic0/1 rings 102:nic1/0 rings ");
	/* another thread appears: nothing is known any more but the order, which does not fit */
	w.tasks[3] = w.tasks[2];
	w.tasks[3].tid = 103;
	w.tasks[3].start = 4;
	w.u.n_tasks = 4;
	t = look(&w, 0, 0, &n);
	check(t, n, "100: unsure 101: unsure 102: unsure 103: unsure ");
	vhost_free(w.map);
}

static void the_order_may_be_wrong(void **state)
{
	static const uint64_t starts[] = { 1, 2, 3 };
	struct world w = world_new(2, starts, 2);
	const struct vhost_thread *t = NULL;
	size_t n, i;

	(void)state;
	for (i = 0; i < 6; i++)		/* the first pair's rings move while the first thread sleeps */
		t = look(&w, 2, 1, &n);
	check(t, n, "100: unsure 101:nic0/0 rings ");
	for (i = 0; i < 6; i++)
		t = look(&w, 1, 2, &n);
	check(t, n, "100:nic0/1 rings 101:nic0/0 rings ");
	vhost_free(w.map);
	/* both pairs seem to be the second thread's: it is nobody's */
	w = world_new(2, starts, 2);
	for (i = 0; i < 6; i++)
		t = look(&w, 2, 3, &n);
	check(t, n, "100: unsure 101: unsure ");
	vhost_free(w.map);
	/* rings that cannot be read say nothing */
	w = world_new(2, starts, 2);
	w.used[0] = UNKNOWN_UINT;
	for (i = 0; i < 6; i++)
		t = look(&w, 0, 0, &n);
	check(t, n, "100:nic0/0 order 101:nic0/1 order ");
	vhost_free(w.map);
	/* once is nothing: a ring was read a moment before its thread's time was */
	w = world_new(2, starts, 2);
	for (i = 0; i < 4; i++)
		look(&w, 0, 0, &n);
	t = look(&w, 2, 1, &n);
	check(t, n, "100:nic0/0 order 101:nic0/1 order ");
	vhost_free(w.map);
}

/* On a busy host there may be long between the two readings: what went on then is not to be seen in both. */
static void rings_are_read_after_threads(void **state)
{
	static const uint64_t starts[] = { 1, 2 };
	struct world w = world_new(2, starts, 2);
	const struct vhost_thread *t = NULL;
	size_t n, i;

	(void)state;
	w.rings_ns = 0;
	for (i = 0; i < 6; i++)
		t = look(&w, 2, 1, &n);
	check(t, n, "100:nic0/0 order 101:nic0/1 order ");
	w.rings_ns = NS_PER_SEC / 5;
	for (i = 0; i < 6; i++)
		t = look(&w, 2, 1, &n);
	check(t, n, "100: unsure 101:nic0/0 rings ");
	vhost_free(w.map);
}

static void rings_were_read_long_before_threads(void **state)
{
	static const uint64_t starts[] = { 1, 2 };
	struct world w = world_new(2, starts, 2);
	const struct vhost_thread *t = NULL;
	size_t n, i;

	(void)state;
	w.rings_ns = NS_PER_SEC * 3 / 2;
	for (i = 0; i < 12; i++)	/* what the first has done is seen of its rings when it has slept for two seconds */
		t = look(&w, i % 3 == 0, i % 3 == 2, &n);
	check(t, n, "100:nic0/0 rings 101:nic0/1 order ");
	vhost_free(w.map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_come_in_the_order_of_pairs),
		cmocka_unit_test(what_moves_makes_sure),
		cmocka_unit_test(the_order_may_be_wrong),
		cmocka_unit_test(rings_are_read_after_threads),
		cmocka_unit_test(rings_were_read_long_before_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
