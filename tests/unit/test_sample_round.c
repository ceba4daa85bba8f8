// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions of each sample: who is asked, and what stays when there is no answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "fake_qmp.h"
#include "host_tree.h"
#include "lib/sample/private.h"

#define DISKS (NEED_DISKS | NEED_BLOCK)
#define LONG_MS 20000

#define BASE \
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" }, \
	{ .expect = "query-migrate", .any = true, .reply = "{}" }, \
	{ .expect = "query-name", .any = true, .reply = "{\"name\":\"web\"}" }, \
	{ .expect = "query-uuid", .any = true, .reply = "{\"UUID\":\"0badf00d-0000-0000-0000-000000000001\"}" }, \
	{ .expect = "query-cpus-fast", .any = true, .reply = "[]" }, \
	{ .expect = "query-iothreads", .any = true, .reply = "[]" }, \
	{ .expect = "query-memory-size-summary", .any = true, .reply = "{\"base-memory\":134217728,\"plugged-memory\":0}" }, \
	{ .expect = "x-query-virtio", .any = true, .reply = "[]" }
#define DEVICES \
	{ .expect = "qom-list", .any = true, .reply = "[]" }, \
	{ .expect = "qom-get", .any = true, .error = "GenericError: no" }, \
	{ .expect = "human-monitor-command", .any = true, .reply = "\"\"" }, \
	{ .expect = "query-block", .any = true, .reply = "[{\"device\":\"\",\"qdev\":\"sd0\",\"inserted\":{\"file\":\"/a\"," \
	  "\"node-name\":\"n\",\"drv\":\"raw\",\"ro\":false,\"image\":{\"virtual-size\":512}}}]" }, \
	{ .expect = "query-memory-devices", .any = true, .reply = "[]" }, \
	{ .expect = "query-hotpluggable-cpus", .any = true, .reply = "[]" }, \
	{ .expect = "query-kvm", .any = true, .reply = "{\"enabled\":true,\"present\":true}" }
#define STATS(ops, ns) "[{\"qdev\":\"sd0\",\"stats\":{\"rd_operations\":" #ops ",\"rd_total_time_ns\":" #ns \
	",\"rd_bytes\":512,\"wr_operations\":0,\"wr_bytes\":0,\"wr_total_time_ns\":0}}]"

struct fixture {
	char *dir, *path;
	struct host *host;
	struct fake_qmp *fake;
	struct sampler *s;
};

static struct fixture begin(const struct fake_item *script)
{
	struct fixture f = { .dir = tree_new(), .host = tree_host("/"), .fake = fake_qmp_new(script) };
	const char *sockets[1];
	struct sample_config config = { .host = f.host, .n_sockets = 1 };

	f.path = xasprintf("%s/q", f.dir);
	fake_qmp_listen(f.fake, f.path);
	sockets[0] = f.path;
	config.sockets = sockets;
	f.s = sampler_new(&config);
	sampler_discover(f.s, NULL);
	sampler_settle(f.s, NEED_STATE, LONG_MS);
	sampler_discover(f.s, NULL);
	sampler_settle(f.s, NEED_STATE, LONG_MS);
	return f;
}

static void end(struct fixture *f)
{
	sampler_free(f->s);
	fake_qmp_end(f->fake);
	host_free(f->host);
	free(f->path);
	tree_remove(f->dir);
}

static const struct disk_row *disk(const struct snapshot *snap)
{
	assert_int_equal(snapshot_count(snap, TABLE_DISKS), 1);
	return snapshot_row(snap, TABLE_DISKS, 0);
}

static void figures_come_from_two_answers(void **state)
{
	static const struct fake_item script[] = {
		BASE, DEVICES,
		{ .expect = "query-blockstats", .reply = STATS(10, 1000000) },
		{ .expect = "query-blockstats", .reply = STATS(30, 5000000) },
		{ .expect = "query-blockstats", .reply = STATS(30, 5000000) },
		{ 0 }
	};
	struct fixture f = begin(script);
	struct snapshot *first, *second, *third;

	(void)state;
	sampler_refresh(f.s, DISKS, LONG_MS);
	first = sampler_take(f.s, DISKS);
	assert_string_equal(disk(first)->id, "sd0");
	assert_string_equal(disk(first)->format, "raw");
	assert_int_equal(disk(first)->size_bytes, 512);
	assert_true(isnan(disk(first)->rd_iops) && isnan(disk(first)->rd_lat_us));
	sampler_refresh(f.s, DISKS, LONG_MS);
	second = sampler_take(f.s, DISKS);
	assert_true(disk(second)->rd_iops > 0);
	assert_true(disk(second)->rd_lat_us == 200);	/* 4 ms by 20 requests */
	assert_true(isnan(disk(second)->wr_lat_us));
	assert_true(disk(second)->wr_iops == 0);
	sampler_refresh(f.s, DISKS, LONG_MS);
	third = sampler_take(f.s, DISKS);
	assert_true(disk(third)->rd_iops == 0 && isnan(disk(third)->rd_lat_us));
	snapshot_unref(first);
	snapshot_unref(second);
	snapshot_unref(third);
	end(&f);
}

/* A key on the screen samples before the time: no rate is made of that moment, and none of it is lost. */
static void too_soon_the_rates_are_those_before(void **state)
{
	static const struct fake_item script[] = {
		BASE, DEVICES,
		{ .expect = "query-blockstats", .reply = STATS(10, 1000000) },
		{ .expect = "query-blockstats", .reply = STATS(30, 5000000) },
		{ .expect = "query-blockstats", .reply = STATS(50, 9000000) },
		{ .expect = "query-blockstats", .reply = STATS(90, 9000000) },
		{ 0 }
	};
	static const uint64_t pace_s[] = { 0, 3600, 0, 3600 };
	struct fixture f = begin(script);
	struct snapshot *snaps[ARRAY_SIZE(pace_s)];
	double seconds;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pace_s); i++) {
		sampler_refresh(f.s, DISKS, LONG_MS);
		sampler_pace(f.s, pace_s[i] * NS_PER_SEC);
		snaps[i] = sampler_take(f.s, DISKS);
	}
	assert_true(isnan(disk(snaps[0])->rd_iops) && isnan(disk(snaps[1])->rd_iops));
	seconds = (double)(disk(snaps[2])->head.taken_ns - disk(snaps[0])->head.taken_ns) / (double)NS_PER_SEC;
	assert_true(fabs(disk(snaps[2])->rd_iops * seconds - 40) < 0.001);
	assert_true(disk(snaps[2])->rd_lat_us == 200);
	assert_true(disk(snaps[3])->rd_iops == disk(snaps[2])->rd_iops);
	assert_int_equal(disk(snaps[3])->rd_ops, 90);
	for (i = 0; i < ARRAY_SIZE(pace_s); i++)
		snapshot_unref(snaps[i]);
	end(&f);
}

static void an_answer_that_is_late_leaves_the_last(void **state)
{
	static const struct fake_item script[] = {
		BASE, DEVICES,
		{ .expect = "query-blockstats", .reply = STATS(10, 1000000) },
		{ .expect = "query-blockstats", .reply = STATS(30, 5000000) },
		{ .expect = "query-blockstats", .reply = STATS(50, 9000000), .wait = true },
		{ 0 }
	};
	struct fixture f = begin(script);
	struct snapshot *snap;
	uint64_t began;
	double iops;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		sampler_refresh(f.s, DISKS, LONG_MS);
		snap = sampler_take(f.s, DISKS);
		iops = disk(snap)->rd_iops;
		snapshot_unref(snap);
	}
	for (i = 0; i < 2; i++) {
		began = clock_now_ns();
		sampler_refresh(f.s, DISKS, 50);
		snap = sampler_take(f.s, DISKS);
		assert_true(clock_now_ns() - began < QMP_ASK_MS * NS_PER_MS);
		assert_true(disk(snap)->head.stale);
		assert_true(disk(snap)->rd_iops == iops);	/* not 0, not more */
		snapshot_unref(snap);
	}
	fake_qmp_go(f.fake);
	sampler_settle(f.s, NEED_STATE, LONG_MS);
	snap = sampler_take(f.s, DISKS);
	assert_false(disk(snap)->head.stale);
	assert_true(disk(snap)->rd_lat_us == 200);
	snapshot_unref(snap);
	end(&f);
}

/* However long answers take, rings are not left alone meanwhile. */
static void rings_are_read_while_answers_are_waited_for(void **state)
{
	static const struct fake_item script[] = { BASE, { 0 } };
	struct fixture f = begin(script);
	_Atomic uint16_t idx[2] = {0};
	struct ring_addr addr = { (uint64_t)(uintptr_t)&idx[0], (uint64_t)(uintptr_t)&idx[1], 256, false };
	uint64_t end_ns = clock_now_ns() + RINGS_REST_NS + NS_PER_SEC / 2;
	struct ring_state out;
	struct ring_set *set;

	(void)state;
	snapshot_unref(sampler_take(f.s, NEED_RINGS));	/* they are wanted from now on */
	f.s->rings = rings_start();
	set = rings_add(f.s->rings, getpid(), &addr, 1, NULL);
	while (!rings_are_read(f.s->rings, set) || clock_now_ns() < end_ns) {
		round_mind(f.s);
		usleep(5000);
	}
	rings_collect(f.s->rings, set, &out);
	assert_true(out.known && out.counted);
	rings_remove(f.s->rings, set);
	end(&f);
}

static void who_is_not_meant_is_not_asked(void **state)
{
	static const struct fake_item script[] = { BASE, { 0 } };
	struct fixture f = begin(script);
	size_t asked = fake_qmp_count(f.fake, NULL);

	(void)state;
	sampler_focus(f.s, "");
	sampler_refresh(f.s, DISKS | NEED_JOBS | NEED_STATE, LONG_MS);
	sampler_focus(f.s, "pid:1@1");
	sampler_refresh(f.s, DISKS | NEED_JOBS | NEED_STATE, LONG_MS);
	snapshot_unref(sampler_take(f.s, DISKS | NEED_JOBS | NEED_STATE));
	sampler_focus(f.s, NULL);
	sampler_refresh(f.s, NEED_STATE | NEED_IO | NEED_RINGS | NEED_NET | NEED_TASKS, LONG_MS);
	assert_int_equal(fake_qmp_count(f.fake, NULL), asked);
	end(&f);
}

/* What came in while an asking had the connection is not lost. */
static void events_are_kept_in_order(void **state)
{
	static const struct fake_item script[] = {
		BASE,
		{ .expect = "query-jobs", .reply = "[]", .before = "{\"event\":\"STOP\"}",
		  .after = "{\"event\":\"RESUME\",\"data\":{\"x\":\"\\u001b[2J\"}}" },
		{ 0 }
	};
	struct fixture f = begin(script);
	const struct event_row *row;
	struct snapshot *snap;

	(void)state;
	sampler_refresh(f.s, NEED_JOBS | NEED_EVENTS, LONG_MS);
	sampler_sleep(f.s, clock_now_ns() + NS_PER_SEC / 10);
	snap = sampler_take(f.s, NEED_EVENTS);
	assert_int_equal(snapshot_count(snap, TABLE_EVENTS), 2);
	row = snapshot_row(snap, TABLE_EVENTS, 0);
	assert_string_equal(row->event, "STOP");
	assert_string_equal(row->head.vm, "web");
	assert_int_equal(row->seq, 1);
	row = snapshot_row(snap, TABLE_EVENTS, 1);
	assert_string_equal(row->event, "RESUME");
	assert_null(strchr(row->detail, 0x1b));
	snapshot_unref(snap);
	end(&f);
}

static void the_ring_of_events_is_bounded(void **state)
{
	struct host *h = tree_host("/");
	struct sample_config config = { .host = h };
	struct sampler *s = sampler_new(&config);
	struct guest g = { .ref = (char *)"pid:1@1", .pid = 1 };
	const struct event_row *row;
	struct snapshot *snap;
	unsigned i;

	(void)state;
	for (i = 0; i < 3 * EVENTS_MAX + 5; i++)
		events_add(s, &g, "x", NULL);
	snap = sampler_take(s, NEED_EVENTS);
	assert_int_equal(snapshot_count(snap, TABLE_EVENTS), EVENTS_MAX);
	row = snapshot_row(snap, TABLE_EVENTS, 0);
	assert_int_equal(row->seq, 2 * EVENTS_MAX + 6);
	assert_string_equal(row->head.vm, "pid:1");
	snapshot_unref(snap);
	sampler_free(s);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_soon_the_rates_are_those_before), cmocka_unit_test(figures_come_from_two_answers),
		cmocka_unit_test(an_answer_that_is_late_leaves_the_last),
		cmocka_unit_test(rings_are_read_while_answers_are_waited_for),
		cmocka_unit_test(who_is_not_meant_is_not_asked),
		cmocka_unit_test(events_are_kept_in_order),
		cmocka_unit_test(the_ring_of_events_is_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
