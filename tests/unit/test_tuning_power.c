// SPDX-License-Identifier: GPL-3.0-or-later
/* pause, resume, reset, powerdown: what each state of a guest allows, what a journal may do, every fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build_rules.h"
#include "fault_table.h"
#include "tuning/tuning.h"

#define STATUS(word, runs) { .expect = "query-status", .any = true, .reply = "{\"running\":" runs ",\"status\":\"" word "\"}" }

static const struct fake_item running[] = { STATUS("running", "true"), { 0 } }, paused[] = { STATUS("paused", "false"), { 0 } },
	panicked[] = { STATUS("guest-panicked", "false"), { 0 } }, arriving[] = { STATUS("inmigrate", "false"), { 0 } },
	asleep[] = { STATUS("suspended", "false"), { 0 } };

static void each_state_allows(void **state)
{
	static const struct build_refusal rows[] = {
		{ tuning_resume, { { { NULL } } }, -EINVAL, "it is in the state guest-panicked", "reset it", panicked },
		{ tuning_resume, { { { NULL } } }, -EBUSY, "not to run here now: it is in the state inmigrate", "jobs", arriving },
		{ tuning_resume, { { { NULL } } }, -EINVAL, "has suspended itself", "system_wakeup", asleep },
		{ tuning_reset, { { { NULL } } }, -EBUSY, "it is in the state inmigrate", "jobs", arriving },
		{ tuning_powerdown, { { { NULL } } }, -EINVAL, "it is in the state paused", "resume it", paused },
	};
	static const struct build_plan plans[] = {
		{ tuning_pause, { { { NULL } } }, NULL, "stop\n  undo cont\n  leaves the guest paused\n", running, 0 },
		{ tuning_pause, { { { NULL } } }, NULL, "", paused, 0 },
		{ tuning_pause, { { { NULL } } }, NULL, "", panicked, 1 },
		{ tuning_resume, { { { NULL } } }, NULL, "cont\n  undo stop\n  leaves the guest resumed\n", paused, 0 },
		{ tuning_resume, { { { NULL } } }, NULL, "", running, 0 },
		{ tuning_reset, { { { NULL } } }, NULL, "system_reset\n", panicked, 1 },
		{ tuning_powerdown, { { { NULL } } }, NULL, "system_powerdown\nwait until the guest has shut down, at most 1 s\n", running, 1 },
	};
	static const struct fake_item guest[] = { { 0 } };
	const struct build_place at = { .guest = guest, .ref = "pid:1@2" };

	(void)state;
	build_refuses(&at, rows, ARRAY_SIZE(rows));
	build_plans(&at, plans, ARRAY_SIZE(plans));
}

static void each_step_with_each_fault(void **state)
{
	static const struct fault_effect effects[] = {
		{ "stop", "state", "=guest", .value = "=paused" }, { "cont", "state", "=guest", .value = "=running" }, { 0 }
	};
	const struct fault_case cases[] = {
		{ .name = "pause", .build = tuning_pause, .answers = running, .effects = effects, .there = { "state guest=running" },
		  .want = { "state guest=paused" } },
		{ .name = "resume", .build = tuning_resume, .answers = paused, .effects = effects, .there = { "state guest=paused" },
		  .want = { "state guest=running" } },
	};

	(void)state;
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_allows),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
