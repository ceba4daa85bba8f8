// SPDX-License-Identifier: GPL-3.0-or-later
/* What readings of a ring say, and what kind a queue is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/sample/private.h"

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
			{ 32766, 32766, true, true, false, 0, 98302 } }, 4 },	/* at that rate it may well have gone on */
		{ "begun again, some way", 256, {	/* while it stood still the guest booted */
			{ 40000, 40000, true, true, false, 0, 0 }, { 40000, 40000, true, true, false, 0, 0 },
			{ 700, 702, true, false, true, 0, 0 } }, 3 },
		{ "through zero at its pace", 256, {
			{ 60000, 60000, true, true, false, 0, 0 }, { 64000, 64000, true, true, false, 0, 4000 },
			{ 2464, 2466, true, true, false, 2, 8000 } }, 3 },
		{ "through zero, a few out of stillness", 256, {
			{ 65400, 65400, true, true, false, 0, 0 }, { 65400, 65400, true, true, false, 0, 0 },
			{ 100, 100, true, true, false, 0, 236 } }, 3 },
		{ "back by one", 256, {
			{ 100, 100, true, true, false, 0, 0 }, { 105, 105, true, true, false, 0, 5 },
			{ 104, 104, true, false, true, 0, 5 } }, 3 },
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
			if (r.known && !r.lost)
				ring_sample(&r);
			if (r.depth > sizes[i] || r.depth_max > sizes[i] || r.used_total < total ||
			    r.used_total - total > 65535)
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

#define MS (NS_PER_MS)

static struct ring_state collect(struct ring *r)
{
	struct ring_state s;

	ring_collect(r, r->read_ns + 1, NS_PER_SEC, &s);
	return s;
}

/* One reading each millisecond from `at` on; the depths take turns. */
static uint64_t run(struct ring *r, uint64_t at, unsigned n, unsigned step, const unsigned *depths, size_t n_depths)
{
	unsigned i;

	for (i = 0; i < n; i++, at += MS) {
		uint16_t used = (uint16_t)(r->used + (r->fresh ? 0 : step));

		assert_true(ring_update(r, used, (uint16_t)(used + depths[i % n_depths]), at));
		assert_false(r->lost);
		ring_sample(r);
	}
	return at;
}

static void depths_are_counted(void **state)
{
	/* of 1000: 0 800 times, 1 100 times, 3 80 times, 256 20 times */
	struct ring r = fresh(256);
	struct ring_state s;
	unsigned depths[50], i;
	auto_buf struct buf text = {0};
	uint64_t at;

	(void)state;
	for (i = 0; i < 50; i++)
		depths[i] = i < 40 ? 0 : i < 45 ? 1 : i < 49 ? 3 : 256;
	ring_keep_counts(&r, true);
	at = run(&r, MS, 1000, 1, depths, 50);
	s = collect(&r);
	assert_true(s.known && s.counted && s.has_counts);
	assert_int_equal(s.samples, 1000);
	assert_int_equal(s.p50, 0);
	assert_int_equal(s.p99, 256);
	assert_int_equal(s.depth_max, 256);
	assert_true(fabs(s.depth_mean - (100 + 240 + 256 * 20) / 1000.0) < 1e-9);
	ring_hist_text(s.hist, 256, &text);
	assert_string_equal(text.text, "0:800 1:100 2-3:80 4-7:0 8-15:0 16-31:0 32-63:0 64-127:0 128-255:0 256:20");
	/* the next collection begins anew */
	run(&r, at, 10, 0, (unsigned[]){ 5 }, 1);
	s = collect(&r);
	assert_int_equal(s.samples, 10);
	assert_int_equal(s.p50, 5);
	assert_int_equal(s.p99, 5);
	assert_int_equal(s.hist[ring_bucket(5)], 10);
	s = collect(&r);
	assert_true(s.samples == 0 && !s.has_counts && s.depth == 5 && s.depth_mean == 5);
	ring_keep_counts(&r, false);
	assert_null(r.counts);
}

/* Against sorting all samples: whatever the sizes and depths, nothing is lost. */
static void percentiles_are_those_of_a_sorted_list(void **state)
{
	static const unsigned sizes[] = { 1, 2, 8, 256, 1000, 1024, 32768 };
	unsigned round, i;

	(void)state;
	for (round = 0; round < 210; round++) {
		unsigned size = sizes[round % 7], n = 1 + dice16() % 500, sum = 0, sorted[500];
		struct ring r = fresh(size);
		struct ring_state s;

		ring_keep_counts(&r, true);
		for (i = 0; i < n; i++) {
			unsigned depth = dice16() % (size + 1), k = i;

			assert_true(ring_update(&r, 7, (uint16_t)(7 + depth), (i + 1) * MS));
			ring_sample(&r);
			for (; k && sorted[k - 1] > depth; k--)
				sorted[k] = sorted[k - 1];
			sorted[k] = depth;
		}
		s = collect(&r);
		for (i = 0; i < RING_BUCKETS; i++)
			sum += s.hist[i];
		assert_int_equal(sum, n);
		assert_int_equal(s.samples, n);
		assert_int_equal(s.p50, sorted[(n * 500 + 999) / 1000 - 1]);
		assert_int_equal(s.p99, sorted[(n * 990 + 999) / 1000 - 1]);
		assert_int_equal(s.depth_max, sorted[n - 1]);
		ring_keep_counts(&r, false);
	}
}

static void buckets_are_powers_of_two(void **state)
{
	static const unsigned of[][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 2 }, { 4, 3 }, { 7, 3 }, { 8, 4 }, { 255, 8 },
					  { 256, 9 }, { 32767, 15 }, { 32768, 16 }, { 65535, 16 } };
	static const struct {
		unsigned size;
		const char *text;
	} rows[] = {
		{ 1, "0:0 1:0" }, { 2, "0:0 1:0 2:0" }, { 3, "0:0 1:0 2-3:0" }, { 8, "0:0 1:0 2-3:0 4-7:0 8:0" },
		{ 12, "0:0 1:0 2-3:0 4-7:0 8-12:0" },
	};
	uint32_t none[RING_BUCKETS] = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(of); i++)
		assert_int_equal(ring_bucket(of[i][0]), of[i][1]);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buf struct buf text = {0};

		ring_hist_text(none, rows[i].size, &text);
		assert_string_equal(text.text, rows[i].text);
	}
}

/* 4 in the ring on average and 8 done each millisecond: each was there for half of one. */
static void latency_is_by_little(void **state)
{
	struct ring r = fresh(256);
	struct ring_state s;
	uint64_t at = run(&r, MS, 101, 8, (unsigned[]){ 4 }, 1);

	(void)state;
	s = collect(&r);
	assert_true(fabs(s.wait_us - 500) < 1e-6);
	/* 99 samples are too few */
	at = run(&r, at, 99, 8, (unsigned[]){ 4 }, 1);
	assert_true(isnan(collect(&r).wait_us));
	/* nothing came out: nobody knows */
	at = run(&r, at, 200, 0, (unsigned[]){ 4 }, 1);
	assert_true(isnan(collect(&r).wait_us));
	/* an empty ring that works: at once */
	at = run(&r, at, 200, 3, (unsigned[]){ 0 }, 1);
	assert_true(collect(&r).wait_us == 0);
	/* mean depth 2.5, 5 a ms, over the wrap-around of 16 bits */
	at = run(&r, at, 20001, 5, (unsigned[]){ 0, 5 }, 2);
	assert_true(fabs(collect(&r).wait_us - 500) < 0.1);
	/* a count that may lack some */
	run(&r, at, 200, 5, (unsigned[]){ 5 }, 1);
	r.broken = true;
	s = collect(&r);
	assert_true(isnan(s.wait_us) && !s.counted && s.known);
}

static void work_that_stands_still_is_seen(void **state)
{
	struct ring r = fresh(8);
	uint64_t at = run(&r, MS, 5, 0, (unsigned[]){ 0 }, 1);

	(void)state;
	assert_int_equal(collect(&r).stalled_ns, 0);
	at = run(&r, at, 1, 0, (unsigned[]){ 3 }, 1);
	assert_int_equal(collect(&r).stalled_ns, 0);	/* it may have come in this moment */
	at = run(&r, at, 10, 0, (unsigned[]){ 3, 4 }, 2);	/* more comes in, nothing goes out */
	assert_int_equal(collect(&r).stalled_ns, 10 * MS);
	at = run(&r, at, 1, 1, (unsigned[]){ 3 }, 1);
	assert_int_equal(collect(&r).stalled_ns, 0);
	at = run(&r, at, 3, 0, (unsigned[]){ 3 }, 1);
	assert_int_equal(collect(&r).stalled_ns, 2 * MS);
	run(&r, at, 1, 0, (unsigned[]){ 0 }, 1);
	assert_int_equal(collect(&r).stalled_ns, 0);
}

/* 16 bits, seen too seldom: nobody knows how often the index went around. */
static void what_may_have_wrapped_is_no_rate(void **state)
{
	static const struct {
		const char *what;
		struct {
			unsigned ms, step;
			bool counted;
		} r[6];
		size_t n;
	} rows[] = {
		{ "steady", { { 100, 3000, true }, { 100, 3000, true }, { 100, 3100, true } }, 3 },
		{ "grows", { { 100, 100, true }, { 100, 800, true }, { 100, 6000, true }, { 50, 6000, true } }, 4 },
		{ "the thread was late", { { 100, 10000, true }, { 100, 10000, true }, { 700, 4464, false }, { 100, 10000, true } }, 4 },
		{ "late, and few", { { 100, 1000, true }, { 700, 7000, true } }, 2 },
		{ "bursts from nothing", { { 100, 10, true }, { 100, 20000, false }, { 25, 5000, true } }, 3 },
		{ "seen afterwards", { { 100, 5000, true }, { 400, 5000, true }, { 10, 2000, false } }, 3 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ring r = fresh(1024);
		uint64_t at = NS_PER_SEC;
		uint16_t used = 1000;

		ring_update(&r, used, used, at);
		collect(&r);
		for (k = 0; k < rows[i].n; k++) {
			at += rows[i].r[k].ms * MS;
			used = (uint16_t)(used + rows[i].r[k].step);
			ring_update(&r, used, used, at);
			if (r.lost || collect(&r).counted != rows[i].r[k].counted)
				fail_msg("%s, reading %zu", rows[i].what, k);
		}
	}
}

static void who_wants_to_be_told(void **state)
{
	static const struct {
		bool event_idx;
		uint16_t used, avail, irq, kick;
		double irqs, kicks;
	} rows[] = {
		{ false, 5, 5, 0, 0, 1, 1 }, { false, 5, 5, 1, 0, 0, 1 }, { false, 5, 5, 0, 1, 1, 0 }, { false, 5, 5, 1, 1, 0, 0 },
		{ true, 5, 9, 5, 9, 1, 1 },		/* the next one used, the next one made available */
		{ true, 5, 9, 8, 8, 1, 0 },		/* after the last of those outstanding; the device is on its way */
		{ true, 5, 9, 9, 5, 0, 0 }, { true, 5, 9, 0, 0, 0, 0 }, { true, 5, 5, 5, 5, 1, 1 },
		{ true, 65534, 3, 2, 3, 1, 1 }, { true, 65534, 3, 3, 2, 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ring r = fresh(16);
		struct ring_state s;

		r.addr.event_idx = rows[i].event_idx;
		assert_true(ring_update(&r, rows[i].used, rows[i].avail, 1));
		assert_true(isnan(collect(&r).irq_share));
		ring_note(&r, rows[i].irq, rows[i].kick);
		s = collect(&r);
		if (s.irq_share != rows[i].irqs || s.kick_share != rows[i].kicks)
			fail_msg("row %zu: %f %f", i, s.irq_share, s.kick_share);
	}
}

/*
 * A guest that works, idles, is looked at late, resets and reboots as it likes. The true count is known: whatever the
 * ring says was used between two collections either is that, or it says that it does not know.
 */
static void random_rings_never_lie(void **state)
{
	static const unsigned sizes[] = { 2, 64, 256, 1024 };
	unsigned round, k, told = 0, lies = 0;

	(void)state;
	for (round = 0; round < 400; round++) {
		unsigned size = sizes[round % 4], pace = 1 + dice16() % 3000;
		struct ring r = fresh(size);
		uint64_t at = NS_PER_SEC, truth = 0, before = UNKNOWN_UINT, truth_before = 0;
		uint16_t used = dice16();

		for (k = 0; k < 400; k++) {
			unsigned depth = dice16() % (size + 1);
			struct ring_state s;

			if (dice16() % 50 == 0)
				pace = 1 + dice16() % (dice16() % 5 ? 3000 : 60000);	/* entries each 100 ms */
			if (dice16() % 100 == 0 && before != UNKNOWN_UINT) {
				/* the guest boots: its ring stands still, then begins anew, and works for a while unseen */
				ring_update(&r, used, (uint16_t)(used + r.depth), at += 100 * MS);
				ring_update(&r, used, (uint16_t)(used + r.depth), at += 100 * MS);
				used = dice16() % 2000;
				truth = UNKNOWN_UINT;
			} else {
				unsigned ms = dice16() % 20 ? 100 : 100 + dice16() % 900;
				uint64_t step = (uint64_t)pace * ms / 100;

				at += ms * MS;
				truth += step;
				used = (uint16_t)(used + step);
			}
			if (!ring_update(&r, used, (uint16_t)(used + depth), ++at))
				fail_msg("a good reading was refused");
			if (r.lost) {
				r = fresh(size);
				before = UNKNOWN_UINT;
				truth = 0;
				continue;
			}
			ring_sample(&r);
			s = collect(&r);
			assert_true(s.depth == depth && s.depth_max <= size && s.depth_mean <= size);
			if (s.counted && before != UNKNOWN_UINT) {
				told++;
				lies += truth == UNKNOWN_UINT || s.used_total - before != truth - truth_before;
			}
			assert_true(before == UNKNOWN_UINT || s.used_total - before <= 65535);
			if (truth == UNKNOWN_UINT)
				truth = 0;
			before = s.used_total;
			truth_before = truth;
		}
	}
	/* what 16 bits cannot show: a pace that changes by itself in the very gap that is too long, or a reset to a near index */
	if (lies * 500 > told)
		fail_msg("%u of %u", lies, told);
	assert_true(told > 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readings_are_understood),
		cmocka_unit_test(hostile_indices_do_no_harm),
		cmocka_unit_test(queues_have_their_kind),
		cmocka_unit_test(depths_are_counted),
		cmocka_unit_test(percentiles_are_those_of_a_sorted_list),
		cmocka_unit_test(buckets_are_powers_of_two),
		cmocka_unit_test(latency_is_by_little),
		cmocka_unit_test(work_that_stands_still_is_seen),
		cmocka_unit_test(what_may_have_wrapped_is_no_rate),
		cmocka_unit_test(who_wants_to_be_told),
		cmocka_unit_test(random_rings_never_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
