// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules of trouble: each holds where it is meant to and says why, and none does of a guest that is well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/model/model.h"

/* A guest that is well, and this much of it is another way. */
struct what {
	const char *state, *detail, *held, *stalled;
	double state_s, stalled_s, wait, local, stale_s, doubt_s, cpu, steal, latency_us;
	bool stale;
};

struct is {
	struct what what;
	unsigned trouble;
	const char *text;
};

static const struct is cases[] = {
	{ { .state = "running" }, 0, "" },
	{ { .state = NULL }, 0, "" },
	{ { .state = "prelaunch", .detail = "not started yet (-S)" }, 0, "" },
	{ { .state = "migrating" }, 0, "" },
	{ { .state = "suspended" }, 0, "" },
	{ { .state = "io-error", .detail = "vda: I/O error (EIO)", .state_s = 720 }, 9, "io-error: vda: I/O error (EIO), for 12m" },
	{ { .state = "guest-panicked" }, 9, "the guest panicked" },
	{ { .state = "internal-error" }, 9, "internal error" },
	{ { .state = "stopped", .detail = "the QEMU process was sent SIGSTOP", .stale = true, .stale_s = 29 }, 8,
	  "stopped: QEMU was sent SIGSTOP; kill -CONT 4711 makes it go on" },
	{ { .state = "stopped", .detail = "a debugger holds the QEMU process", .stale = true }, 8,
	  "stopped: a debugger holds the QEMU process" },
	{ { .state = "blocked", .stale = true }, 8, "hangs in the kernel" },
	{ { .state = "watchdog" }, 8, "watchdog" },
	{ { .state = "running", .stalled_s = 2.1, .stalled = "nic0/1" }, 7, "queue stalled: nic0/1 for 2.1 s, 3 requests wait" },
	{ { .state = "running", .stalled_s = 1.9, .stalled = "nic0/1" }, 0, "" },
	{ { .state = "running", .held = "disk0 iops 1" }, 6, "at its limit: disk0 iops 1" },
	{ { .state = "running", .held = "" }, 0, "" },
	{ { .state = "running", .wait = 50 }, 5, "waits for a CPU: 50 % of the time" },
	{ { .state = "running", .latency_us = 150e3 }, 5, "slow: disk0 reads take 0.15s" },
	{ { .state = "running", .stale_s = 6 }, 4, "no answer: its figures are 6s old" },
	{ { .state = "paused", .detail = "by a monitor command" }, 3, "paused: by a monitor command" },
	{ { .state = "debug" }, 3, "debugged" },
	{ { .state = "running", .local = 41 }, 3, "far memory: 41 % is on the nodes of its vCPUs" },
	{ { .state = "running", .wait = 10 }, 2, "waits for a CPU: 10 % of the time" },
	{ { .state = "running", .wait = 9.9 }, 0, "" },
	{ { .state = "running", .doubt_s = 240 }, 2, "state not sure: told 4m ago, its vCPUs have stood still since" },
	{ { .state = "shutdown" }, 2, "powered off" },
	{ { .state = "postmigrate" }, 2, "migrated away" },
	{ { .state = "running", .steal = 25, .cpu = 50 }, 1, "the host waits for CPUs itself: 25 % of its CPU time is kept from it (steal)" },
	{ { .state = "running", .steal = 25, .cpu = 5 }, 0, "" },
	/* what is old tells nothing but how it stands */
	{ { .state = "stopped", .stale = true, .wait = 90, .held = "cpu 50%", .stalled_s = 9, .local = 1 }, 8, "stopped" },
	/* several, the worst first, three at most */
	{ { .state = "running", .wait = 60, .held = "cpu 50%", .stalled_s = 3, .local = 10 }, 7,
	  "queue stalled: a queue for 3.0 s, 3 requests wait; at its limit: cpu 50%; waits for a CPU: 60 % of the time" },
};

static double known(double v)
{
	return v != 0 ? v : UNKNOWN_NUM;
}

static struct snapshot *make(const struct what *w)
{
	struct snapshot *snap = snapshot_new(NS_PER_SEC, (struct timespec){0});
	struct host_row *host = snapshot_add(snap, TABLE_HOST);
	struct vm_row *vm = snapshot_add(snap, TABLE_VMS);

	host->cpus = 4;
	host->steal_pct = 4 * w->steal;
	vm->head.vm = "a";
	vm->head.ref = "pid:4711@1";
	vm->head.stale = w->stale;
	vm->pid = 4711;
	vm->depth = 3;
	vm->state = w->state;
	vm->state_detail = w->detail;
	vm->held_back = w->held;
	vm->stalled_queue = w->stalled;
	vm->state_seconds = known(w->state_s);
	vm->stalled_seconds = w->stalled_s;
	vm->wait_pct = w->wait;
	vm->local_pct = w->local != 0 ? w->local : 100;
	vm->stale_seconds = w->stale_s;
	vm->doubt_seconds = known(w->doubt_s);
	vm->cpu_pct = w->cpu;
	if (w->latency_us > 0) {
		struct disk_row *disk = snapshot_add(snap, TABLE_DISKS);

		disk->head.vm = vm->head.vm;
		disk->head.ref = vm->head.ref;
		disk->id = "disk0";
		disk->rd_lat_us = w->latency_us;
	}
	return snap;
}

static void each_rule_says_why(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct snapshot *snap = make(&cases[i].what);
		const struct vm_row *vm;

		trouble_fill(snap);
		vm = snapshot_row(snap, TABLE_VMS, 0);
		if (vm->trouble != cases[i].trouble || strcmp(vm->trouble_text, cases[i].text))
			fail_msg("case %zu: got %llu \"%s\", want %u \"%s\"", i, (unsigned long long)vm->trouble, vm->trouble_text,
				 cases[i].trouble, cases[i].text);
		snapshot_unref(snap);
	}
}

/* No rule is there that no case above reaches, and they stand in the order in which they are told. */
static void no_rule_is_untried(void **state)
{
	size_t n, i, k;
	const struct trouble_rule *rules = trouble_rules(&n);

	(void)state;
	for (i = 0; i < n; i++) {
		bool tried = false;

		assert_in_range(rules[i].severity, 1, TROUBLE_MAX);
		if (i)
			assert_true(rules[i].severity <= rules[i - 1].severity);
		for (k = 0; k < ARRAY_SIZE(cases); k++)
			tried |= cases[k].trouble == rules[i].severity && str_has_prefix(cases[k].text, rules[i].text);
		if (!tried)
			fail_msg("rule \"%s\" is not tried", rules[i].text);
	}
}

static void nothing_known_is_no_trouble(void **state)
{
	struct snapshot *snap = snapshot_new(NS_PER_SEC, (struct timespec){0});
	const struct vm_row *vm = snapshot_add(snap, TABLE_VMS);

	(void)state;
	trouble_fill(snap);
	assert_int_equal(vm->trouble, 0);
	assert_string_equal(vm->trouble_text, "");
	snapshot_unref(snap);
}

static void trouble_comes_first_then_cpu(void **state)
{
	static const struct {
		const char *name;
		unsigned trouble;
		double cpu;
	} guests[] = { { "idle", 0, 1 }, { "busy", 0, 90 }, { "bad", 8, 0 }, { "slow", 3, 5 }, { "worse", 8, 2 } };
	const struct column *c = table_column(table_get(TABLE_VMS), "trouble", NULL);
	struct snapshot *snap = snapshot_new(NS_PER_SEC, (struct timespec){0});
	auto_buf struct buf order = {0};
	const void **rows;
	size_t n, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		struct vm_row *vm = snapshot_add(snap, TABLE_VMS);

		vm->head.vm = guests[i].name;
		vm->trouble = guests[i].trouble;
		vm->cpu_pct = guests[i].cpu;
	}
	n = view_build(snap, TABLE_VMS, NULL, (struct view_order){ .sort = c, .descending = c->descending }, &rows);
	for (i = 0; i < n; i++)
		buf_printf(&order, "%s ", ((const struct row *)rows[i])->vm);
	assert_string_equal(order.text, "worse bad slow busy idle ");
	free(rows);
	snapshot_unref(snap);
}

static void ages(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} list[] = { { 0, "0s" }, { 29.4, "29s" }, { 119, "119s" }, { 240, "4m" }, { 7200, "2h" }, { 200000, "2d" } };
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(list); i++) {
		units_age(list[i].seconds, text, sizeof(text));
		assert_string_equal(text, list[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_says_why), cmocka_unit_test(no_rule_is_untried),
		cmocka_unit_test(nothing_known_is_no_trouble), cmocka_unit_test(trouble_comes_first_then_cpu), cmocka_unit_test(ages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
