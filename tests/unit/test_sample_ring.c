// SPDX-License-Identifier: GPL-3.0-or-later
/* Ring indices, what kind a queue is, and the thread that reads rings: here those in the test's own memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/sample/guest.h"

static struct ring fresh(unsigned size)
{
	return (struct ring){ .addr.size = size, .fresh = true };
}

struct reading {
	uint16_t used, avail;
	bool sense;		/* what ring_update returns */
	bool known, lost;
	unsigned depth;
	uint64_t total;
};

static void readings_are_understood(void **state)
{
	static const struct {
		const char *what;
		unsigned size;
		struct reading r[8];
		size_t n;
	} rows[] = {
		{ "plain", 256, {
			{ 0, 0, true, true, false, 0, 0 }, { 0, 3, true, true, false, 3, 0 },
			{ 2, 3, true, true, false, 1, 2 },
			{ 3, 3, true, true, false, 0, 3 } }, 4 },
		{ "wraps around", 128, {
			{ 65530, 65535, true, true, false, 5, 0 }, { 65535, 4, true, true, false, 5, 5 },
			{ 4, 4, true, true, false, 0, 10 } }, 3 },
		{ "full, and one more", 4, {
			{ 10, 14, true, true, false, 4, 0 }, { 10, 15, false, true, false, 4, 0 },
			{ 11, 15, true, true, false, 4, 1 } }, 3 },
		{ "avail before used", 256, {
			{ 10, 10, true, true, false, 0, 0 }, { 12, 11, false, true, false, 0, 0 },
			{ 12, 12, true, true, false, 0, 2 } }, 3 },
		{ "deeper than its size three times", 8, {
			{ 0, 1, true, true, false, 1, 0 }, { 0, 9, false, true, false, 1, 0 },
			{ 0, 10, false, true, false, 1, 0 },
			{ 0, 11, false, false, true, 1, 0 } }, 4 },
		{ "torn twice only", 8, {
			{ 0, 1, true, true, false, 1, 0 }, { 0, 9, false, true, false, 1, 0 },
			{ 0, 9, false, true, false, 1, 0 },
			{ 1, 1, true, true, false, 0, 1 }, { 0, 9, false, true, false, 0, 1 },
			{ 0, 9, false, true, false, 0, 1 },
			{ 1, 2, true, true, false, 1, 1 } }, 7 },
		{ "never a ring", 8, {
			{ 0, 9, false, false, false, 0, 0 }, { 0, 9, false, false, false, 0, 0 },
			{ 0, 9, false, false, true, 0, 0 } }, 3 },
		{ "reset to 0 after few", 256, {
			{ 100, 100, true, true, false, 0, 0 }, { 0, 0, true, false, true, 0, 0 } }, 2 },
		{ "reset to 0 after many", 256, {
			{ 40000, 40000, true, true, false, 0, 0 }, { 0, 0, true, false, true, 0, 0 } }, 2 },
		{ "wraps to 0, no reset", 256, {
			{ 65500, 65500, true, true, false, 0, 0 }, { 0, 0, true, true, false, 0, 36 } }, 2 },
		{ "as far as it may go", 256, {
			{ 0, 0, true, true, false, 0, 0 }, { 32767, 32767, true, true, false, 0, 32767 },
			{ 65534, 65535, true, true, false, 1, 65534 },
			{ 32766, 32766, true, false, true, 1, 65534 } }, 4 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ring r = fresh(rows[i].size);

		for (k = 0; k < rows[i].n; k++) {
			const struct reading *x = &rows[i].r[k];
			bool sense = ring_update(&r, x->used, x->avail, k + 1);

			if (sense != x->sense || r.known != x->known || r.lost != x->lost || r.depth != x->depth ||
			    r.used_total != x->total)
				fail_msg("%s, reading %zu: %d %d %d depth %u total %llu", rows[i].what, k, sense, r.known,
					 r.lost, r.depth, (unsigned long long)r.used_total);
		}
	}
}

static unsigned seed = 1;

static uint16_t dice16(void)
{
	seed = seed * 1103515245 + 12345;
	return (uint16_t)(seed >> 15);
}

/* Whatever is in memory: the depth is within the size, and the total never goes down nor jumps. */
static void hostile_indices_do_no_harm(void **state)
{
	static const unsigned sizes[] = { 1, 2, 8, 256, 1024, 32768 };
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct ring r = fresh(sizes[i]);
		uint16_t used = 0;
		uint64_t total = 0;

		for (k = 1; k < 300000; k++) {
			uint16_t avail;

			used = dice16() % 3 ? (uint16_t)(used + dice16() % 50) : dice16();
			avail = dice16() % 3 ? (uint16_t)(used + dice16() % (sizes[i] + 1)) : dice16();
			ring_update(&r, used, avail, k);
			if (r.depth > sizes[i] || r.depth_max > sizes[i] || r.used_total < total ||
			  r.used_total - total > 32767)
				fail_msg("size %u, reading %zu", sizes[i], k);
			total = r.used_total;
			if (r.lost)
				r = fresh(sizes[i]), total = 0;
		}
	}
}

static void queues_have_their_kind(void **state)
{
	/* virtio 1.2, section 5: r is a ring of requests, s one of supplied buffers, d one of requests to a disk */
	static const struct {
		const char *type, *kinds;
	} rows[] = {
		{ "virtio-net-device", "srsr" }, { "virtio-net-device", "srr" }, { "virtio-net-device", "srsrr" },
		{ "virtio-net-device", "srsrsrsrr" }, { "virtio-net-device", "sr" },
		{ "virtio-blk-device", "d" }, { "virtio-blk-device", "dddd" }, { "vhost-user-blk", "dd" },
		{ "virtio-scsi-device", "rsd" }, { "virtio-scsi-device", "rsddd" }, { "vhost-scsi", "rsd" },
		{ "vhost-user-scsi", "rsd" },
		{ "virtio-serial-device", "sr" }, { "virtio-serial-device", "srsrsr" },
		{ "virtio-balloon-device", "rr" }, { "virtio-balloon-device", "rrs" },
		{ "virtio-balloon-device", "rrsss" },
		{ "virtio-rng-device", "s" }, { "vhost-user-rng", "s" },
		{ "virtio-input-host-device", "sr" }, { "virtio-keyboard-device", "sr" },
		{ "virtio-mouse-device", "sr" },
		{ "virtio-tablet-device", "sr" }, { "virtio-multitouch-device", "sr" }, { "vhost-user-input", "sr" },
		{ "vhost-vsock-device", "srs" }, { "vhost-user-vsock-device", "srs" },
		{ "virtio-gpu-device", "rr" }, { "virtio-crypto-device", "rr" }, { "virtio-9p-device", "r" },
		{ "vhost-user-fs-device", "rrr" }, { "virtio-mem", "r" }, { "virtio-pmem", "r" },
		{ "virtio-iommu-device", "rs" }, { "virtio-sound-device", "rsrs" }, { "vhost-user-snd", "rsrs" },
		{ "vhost-user-gpio-device", "rs" }, { "vhost-user-i2c-device", "r" }, { "vhost-user-scmi", "rs" },
		{ "something-new", "rrr" },
	};
	size_t i, q;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = strlen(rows[i].kinds);

		for (q = 0; q < n; q++) {
			char kind = rows[i].kinds[q];

			if (queue_is_request(rows[i].type, (unsigned)q, (unsigned)n) != (kind != 's') ||
			    queue_is_disk(rows[i].type, (unsigned)q) != (kind == 'd'))
				fail_msg("%s, queue %zu of %zu", rows[i].type, q, n);
		}
	}
}

#define RINGS 700		/* more than one system call reads */
#define SIZE 256

struct memory {			/* as a ring's two parts begin */
	_Atomic uint16_t used, avail;
};

static struct ring_set *add_rings(struct ring_reader *r, struct memory *m, size_t n)
{
	struct ring_addr *addr = xcalloc(n, sizeof(*addr));
	struct ring_set *set;
	size_t i;

	for (i = 0; i < n; i++)
		addr[i] = (struct ring_addr){ (uint64_t)(uintptr_t)&m[i].used, (uint64_t)(uintptr_t)&m[i].avail, SIZE };
	set = rings_add(r, getpid(), addr, n, NULL);
	free(addr);
	return set;
}

static void await_read(struct ring_reader *r, const struct ring_set *set)
{
	while (!rings_are_read(r, set))
		sched_yield();
}

/* Until the thread has seen what stands in memory now. */
static void await_total(struct ring_reader *r, struct ring_set *set, struct ring_state *out, size_t i, uint64_t total)
{
	do
		rings_collect(r, set, out);
	while (out[i].known && out[i].used_total < total && !sched_yield());
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
	while (!out[0].lost && !sched_yield());
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
		addr[i] = (struct ring_addr){ (uint64_t)(uintptr_t)&m[i].used, (uint64_t)(uintptr_t)&m[i].avail, SIZE };
	old = rings_add(r, getpid(), addr, 2, NULL);
	await_read(r, old);
	m[0].avail = m[0].used = 100;
	m[1].avail = m[1].used = 200;
	await_total(r, old, out, 1, 200);
	set = rings_add(r, getpid(), addr + 1, 2, old);
	rings_remove(r, old);
	rings_collect(r, set, out);
	assert_true(out[0].known && out[0].used_total == 200);
	await_read(r, set);
	m[1].avail = m[1].used = 210;
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
	struct ring_addr nowhere = { 8, 16, SIZE };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readings_are_understood),
		cmocka_unit_test(hostile_indices_do_no_harm),
		cmocka_unit_test(queues_have_their_kind),
		cmocka_unit_test(a_ring_thread_reads_its_own_memory),
		cmocka_unit_test(running_rings_stay_within_bounds),
		cmocka_unit_test(a_reset_ring_is_lost),
		cmocka_unit_test(rings_looked_up_again_go_on),
		cmocka_unit_test(unreadable_rings_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
