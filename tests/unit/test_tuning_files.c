// SPDX-License-Identifier: GPL-3.0-or-later
/* Knobs that are files of a recorded host: what is refused, what plans say and take back, what a journal may write, every fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_rules.h"
#include "fault_table.h"
#include "host_tree.h"
#include "lib/hostctl/hostctl.h"
#include "tuning/tuning.h"

#define POOL(n) "sys/devices/system/node/node" n "/hugepages/hugepages-2048kB"
#define GIANT "sys/devices/system/node/node0/hugepages/hugepages-1048576kB"

static char *dir;
static struct host *host;

/* KSM merges, without an advisor to sleep by; node 1 has four pages of ten in use; the process of ksmtuned is root's. */
static void put_host(void)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ "proc/uptime", "1.0 1.0\n" }, { "proc/sys/kernel/osrelease", "5.15.0\n" },
		{ "proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\n" },
		{ KSM_DIR "run", "1\n" }, { KSM_DIR "pages_to_scan", "100\n" }, { KSM_DIR "merge_across_nodes", "1\n" },
		{ KSM_DIR "max_page_sharing", "256\n" }, { KSM_DIR "advisor_mode", "[none] scan-time\n" },
		{ KSM_DIR "pages_sharing", "1000\n" }, { KSM_DIR "pages_shared", "10\n" },
		{ THP_DIR "enabled", "always [madvise] never\n" }, { THP_DIR "hpage_pmd_size", "2097152\n" },
		{ THP_DIR "khugepaged/max_ptes_none", "511\n" }, { THP_DIR "hugepages-64kB/enabled", "always [inherit] madvise never\n" },
		{ THP_DIR "hugepages-2048kB/enabled", "always inherit madvise [never]\n" },
		{ KVM_DIR "halt_poll_ns", "200000\n" }, { "proc/sys/kernel/numa_balancing", "2\n" },
		{ "sys/devices/system/node/online", "0-1\n" },
		{ "sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 2097152 kB\nNode 0 MemFree: 409600 kB\n" },
		{ "sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 2097152 kB\nNode 1 MemFree: 409600 kB\n" },
		{ POOL("0") "/nr_hugepages", "12\n" }, { POOL("0") "/surplus_hugepages", "2\n" }, { POOL("0") "/free_hugepages", "10\n" },
		{ POOL("1") "/nr_hugepages", "10\n" }, { POOL("1") "/surplus_hugepages", "0\n" }, { POOL("1") "/free_hugepages", "6\n" },
		{ GIANT "/nr_hugepages", "2\n" }, { GIANT "/free_hugepages", "1\n" }, { GIANT "/demote", "0\n" },
		{ GIANT "/demote_size", "2048kB\n" },
		{ "proc/812/comm", "ksmtuned\n" },
	};
	size_t i;

	dir = tree_new();
	for (i = 0; i < ARRAY_SIZE(files); i++)
		tree_puts(dir, files[i].text, "%s", files[i].path);
	host = tree_host(dir);
}

static int setup(void **state)
{
	(void)state;
	put_host();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(dir);
	return 0;
}

#define HERE ((const struct build_place){ .host = host })

static struct plan *built(const char *verb, build_fn *fn, struct build_args args, int *rc, struct err *err)
{
	struct plan *p = plan_new(verb, NULL, NULL);
	const struct plan_env env = { .host = host, .interrupt_fd = -1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(args.pairs) && args.pairs[i][0]; i++)
		json_put_str(p->args, args.pairs[i][0], args.pairs[i][1]);
	*rc = fn(p, &env, err);
	return p;
}

static void each_check_has_its_words(void **state)
{
	static const struct {
		const char *verb;
		build_fn *build;
		struct build_args args;
		int rc;
		const char *why, *remedy;
	} rows[] = {
		{ "ksm set", tuning_ksm_set, { { { NULL } } }, -EINVAL, "nothing to set is given", "help ksm set" },
		{ "ksm set", tuning_ksm_set, { { { "smart_scan", "1" } } }, -EOPNOTSUPP, "this kernel has no such knob", "knobs" },
		{ "ksm set", tuning_ksm_set, { { { "max_page_sharing", "1" } } }, -EINVAL, "max_page_sharing=1: out of range", "2.. pages" },
		{ "ksm set", tuning_ksm_set, { { { "pages_to_scan", "4294967296" } } }, -EINVAL, "out of range", "0.. pages" },
		{ "ksm set", tuning_ksm_set, { { { "pages_to_scan", "7" }, { "advisor_mode", "scan-time" } } }, -EINVAL, "the advisor sets it",
		  "advisor_mode=none first" },
		{ "thp set", tuning_thp_set, { { { "enabled", "inherit" } } }, -EINVAL, "takes one of always|madvise|never", "always" },
		{ "thp set", tuning_thp_set, { { { "khugepaged_max_ptes_none", "512" } } }, -EINVAL, "out of range", "0..511 pages" },
		{ "thp set", tuning_thp_set, { { { "size", "32K" }, { "enabled", "never" } } }, -EINVAL, "size=32K", "pages of 64K, 2M" },
		{ "thp set", tuning_thp_set, { { { "size", "64K" }, { "defrag", "never" } } }, -EINVAL, "defrag= is not of one size",
		  "enabled=, shmem_enabled=" },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" } } }, -EINVAL, "count= is missing", "count=" },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "4M" }, { "count", "1" } } }, -EINVAL, "size=4M", "pages of 2M, 1G" },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" }, { "count", "1" }, { "node", "2" } } }, -EINVAL, "node=2",
		  "on the nodes 0, 1" },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" }, { "count", "1000" }, { "node", "1" } } }, -ENOMEM,
		  "990 more pages of 2M, and node 1 has memory for 200", "force=on" },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "1G" }, { "demote", "2" } } }, -EINVAL, "demote=2: 1 pages of 1G are free",
		  "are free there" },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" }, { "demote", "2" }, { "node", "0" } } }, -EOPNOTSUPP,
		  "cannot be broken up on this kernel", "demote_size" },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" }, { "demote", "2" } } }, -EINVAL, "demote= is for one node", "node=" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = {0};
		int rc;
		struct plan *p = built(rows[i].verb, rows[i].build, rows[i].args, &rc, &err);

		if (rc != rows[i].rc || !strstr(err.text, rows[i].why) || !strstr(err.text, rows[i].remedy))
			fail_msg("row %zu: %d '%s'", i, rc, err.text);
		assert_int_equal(p->n_steps, 0);
		plan_free(p);
	}
}

#define W(value, path) "write " value " to /" path "\n"
#define WAS(path, old) "  leaves /" path ", which was " old "\n"
#define STEP(value, path, old) W(value, path) "  undo " W(old, path) WAS(path, old)

static void plans_are(void **state)
{
	static const struct {
		const char *verb;
		build_fn *build;
		struct build_args args;
		const char *steps;
		size_t warnings;
	} rows[] = {
		{ "ksm set", tuning_ksm_set, { { { "run", "0" } } }, STEP("0", KSM_DIR "run", "1"), 1 },
		{ "ksm set", tuning_ksm_set, { { { "run", "1" }, { "pages_to_scan", "100" } } }, "", 0 },
		{ "ksm set", tuning_ksm_set, { { { "merge_across_nodes", "0" } } },
		  STEP("2", KSM_DIR "run", "1") STEP("0", KSM_DIR "merge_across_nodes", "1") STEP("1", KSM_DIR "run", "2"), 1 },
		/* both at once, and what it is to do behind that */
		{ "ksm set", tuning_ksm_set, { { { "max_page_sharing", "512" }, { "merge_across_nodes", "0" }, { "run", "0" } } },
		  STEP("2", KSM_DIR "run", "1") STEP("0", KSM_DIR "merge_across_nodes", "1") STEP("512", KSM_DIR "max_page_sharing", "256")
		  STEP("0", KSM_DIR "run", "2"), 2 },
		{ "ksm set", tuning_ksm_set, { { { "advisor_mode", "scan-time" } } },
		  W("scan-time", KSM_DIR "advisor_mode") "  undo " W("none", KSM_DIR "advisor_mode") "  undo " W("100", KSM_DIR "pages_to_scan")
		  WAS(KSM_DIR "advisor_mode", "none"), 1 },
		{ "thp set", tuning_thp_set, { { { "enabled", "always" } } }, STEP("always", THP_DIR "enabled", "madvise"), 0 },
		{ "thp set", tuning_thp_set, { { { "size", "65536" }, { "enabled", "always" } } },
		  STEP("always", THP_DIR "hugepages-64kB/enabled", "inherit"), 0 },
		/* this kernel gives it to new guests only */
		{ "halt-poll set", tuning_halt_poll_set, { { { "NS", "00" } } }, STEP("0", KVM_DIR "halt_poll_ns", "200000"), 1 },
		/* the other bit stays */
		{ "numa balancing", tuning_numa_balancing, { { { "STATE", "on" } } }, STEP("3", "proc/sys/kernel/numa_balancing", "2"), 0 },
		{ "numa balancing", tuning_numa_balancing, { { { "STATE", "off" } } }, "", 0 },
		/* the two that node 0 has beyond its ten are surplus */
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" }, { "count", "21" } } },
		  STEP("11", POOL("0") "/nr_hugepages", "10"), 0 },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" }, { "count", "1" }, { "node", "1" } } },
		  STEP("1", POOL("1") "/nr_hugepages", "10"), 1 },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "2M" }, { "count", "1000" }, { "node", "1" }, { "force", "on" } } },
		  STEP("1000", POOL("1") "/nr_hugepages", "10"), 1 },
		{ "hugepages set", tuning_hugepages_set, { { { "size", "1G" }, { "demote", "1" } } },
		  "write 1 to /" GIANT "/demote: there is no way back\n", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = {0};
		int rc;
		struct plan *p = built(rows[i].verb, rows[i].build, rows[i].args, &rc, &err);
		auto_free char *text = build_steps_text(p);

		if (rc)
			fail_msg("row %zu: %s", i, err.text);
		if (strcmp(text, rows[i].steps))
			fail_msg("row %zu:\n%sinstead of\n%s", i, text, rows[i].steps);
		if (p->n_warnings != rows[i].warnings)
			fail_msg("row %zu: %zu warnings, the last: %s", i, p->n_warnings, p->n_warnings ? p->warnings[p->n_warnings - 1] : "");
		assert_int_equal(p->status, *rows[i].steps ? PLAN_PLANNED : PLAN_UNCHANGED);
		assert_false(plan_needs_guest(p));
		plan_free(p);
	}
}

/* Who also sets it is named; so is what unmerging takes, and where that is not there it is refused. */
static void what_is_to_be_known_is_said(void **state)
{
	struct err err = {0};
	struct plan *p;
	int rc;

	(void)state;
	p = built("ksm set", tuning_ksm_set, (struct build_args){ { { "run", "2" } } }, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_warnings, 2);
	assert_non_null(strstr(p->warnings[0], "ksmtuned (process 812) sets ksm.run too, and may put it back within 60 s"));
	assert_non_null(strstr(p->warnings[1], "unmerging takes 4 MiB of memory, of 1024 MiB available"));
	plan_free(p);
	tree_puts(dir, "262144\n", KSM_DIR "pages_sharing");
	p = built("ksm set", tuning_ksm_set, (struct build_args){ { { "run", "2" } } }, &rc, &err);
	assert_int_equal(rc, -ENOMEM);
	assert_non_null(strstr(err.text, "unmerging takes 1024 MiB, and 1024 MiB are available"));
	plan_free(p);
	p = built("ksm set", tuning_ksm_set, (struct build_args){ { { "merge_across_nodes", "0" } } }, &rc, &err);
	assert_int_equal(rc, -ENOMEM);
	plan_free(p);
	p = built("ksm set", tuning_ksm_set, (struct build_args){ { { "run", "2" }, { "force", "on" } } }, &rc, &err);
	assert_int_equal(rc, 0);
	/* the kernel waits for what ksmd is at, and for each page that is copied */
	assert_true(p->steps[0].at_least_ms > 30000 && p->steps[0].undo[0].at_least_ms == p->steps[0].at_least_ms);
	plan_free(p);
	tree_puts(dir, "1000\n", KSM_DIR "pages_sharing");
}

/* No row is anywhere else, or its journal entry would not be believed. */
static void each_row_is_where_kvmtop_may_write(void **state)
{
	size_t n, i, k;
	const struct knob_group *groups = knob_groups(&n);

	(void)state;
	for (i = 0; i < n; i++)
		for (k = 0; k < groups[i].n; k++)
			if (!hostctl_file_ok(groups[i].list[k].file))
				fail_msg("%s is not below a directory of lib/hostctl/file.c", groups[i].list[k].file);
}

static void what_is_set_is_read(void **state)
{
	static const char *const want[][4] = {
		{ "ksm.run", "1", "1", "0|1|2" }, { "ksm.advisor_mode", "none", "none", "none|scan-time" },
		{ "thp.64K.enabled", "inherit", "madvise", "always|inherit|madvise|never" }, { "thp.2M.enabled", "never", "never", NULL },
		{ "thp.khugepaged_max_ptes_none", "511", "511", "0..511" }, { "halt-poll.ns", "200000", "200000", "0.." },
		{ "numa.balancing", "off", "off", "on|off" }, { "hugepages.node0.2M", "12", "12", NULL }, { "hugepages.node1.2M", "10", "10", NULL },
	};
	struct knob_reading *list;
	size_t n, i, k, seen = 0;

	(void)state;
	knob_readings(host, &list, &n);
	for (i = 0; i < n; i++)
		for (k = 0; k < ARRAY_SIZE(want); k++)
			if (!strcmp(list[i].id, want[k][0])) {
				seen++;
				assert_string_equal(list[i].value, want[k][1]);
				assert_string_equal(list[i].effective, want[k][2]);
				if (want[k][3])
					assert_string_equal(list[i].range, want[k][3]);
			}
	assert_int_equal(seen, ARRAY_SIZE(want));
	knob_readings_free(list, n);
}

static void a_journal_writes_nothing_else(void **state)
{
#define FILE_STEP(what, value) "{\"op\":\"file\",\"what\":\"" what "\",\"args\":{\"value\":" value "}}"
#define POOL_STEP(what, number) "{\"op\":\"huge-pool\",\"what\":\"" what "\",\"number\":" number "}"
	static const struct {
		const char *step;
		int rc;
	} rows[] = {
		{ FILE_STEP(KSM_DIR "run", "\"1\""), 0 }, { FILE_STEP("/" KSM_DIR "run", "\"1\""), -EPERM },
		{ FILE_STEP(KSM_DIR "../../../../proc/sys/kernel/core_pattern", "\"1\""), -EPERM },
		{ FILE_STEP("proc/sys/kernel/core_pattern", "\"x\""), -EPERM }, { FILE_STEP("etc/passwd", "\"x\""), -EPERM },
		{ FILE_STEP("proc/sys/kernel/numa_balancing", "\"1\""), 0 }, { FILE_STEP("proc/sysrq-trigger", "\"b\""), -EPERM },
		{ FILE_STEP(KSM_DIR "run", "\"1\\n2\""), -EPERM }, { FILE_STEP(KSM_DIR "run", "\"\""), -EPERM },
		{ FILE_STEP(KSM_DIR "run", "1"), -EPERM }, { FILE_STEP(KSM_DIR, "\"1\""), -EPERM },
		{ POOL_STEP(POOL("0"), "5"), 0 }, { POOL_STEP("sys/devices/system/node/node0", "5"), -EPERM },
		{ POOL_STEP(POOL("0") "/nr_hugepages", "5"), -EPERM }, { POOL_STEP("sys/devices/system/cpu/cpu1/hugepages-1kB", "0"), -EPERM },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf("{\"v\":1,\"id\":\"1\",\"begun\":\"x\",\"verb\":\"ksm set\",\"status\":\"ok\",\"steps\":[%s]}",
						 rows[i].step);
		auto_json struct json_object *obj = NULL;
		struct plan *p = NULL;
		struct err err = {0};

		assert_int_equal(json_parse(text, strlen(text), &obj, &err), 0);
		if (plan_parse(obj, &p, &err) != rows[i].rc)
			fail_msg("row %zu: '%s'", i, err.text);
		plan_free(p);
	}
}

static struct plan *ran(const char *verb, build_fn *fn, struct build_args args)
{
	struct err err = {0};
	int rc;
	struct plan *p = built(verb, fn, args, &rc, &err);

	assert_int_equal(rc, 0);
	assert_int_equal(plan_run(p, &(struct plan_env){ .host = host, .interrupt_fd = -1, .timeout_ms = 20000 }), 0);
	p->id = xstrdup("1");
	p->begun = xstrdup("x");
	return p;
}

/* What another program has set since is left; what was put back already is not missed. */
static void a_newer_value_is_not_put_back(void **state)
{
	struct plan_env env = { .host = host, .interrupt_fd = -1, .timeout_ms = 20000 };
	struct plan *p = ran("ksm set", tuning_ksm_set, (struct build_args){ { { "pages_to_scan", "200" } } }), *back = plan_new("undo", NULL, NULL);
	struct err err = {0};

	(void)state;
	assert_int_equal(p->status, PLAN_OK);
	p->steps[0].made = xstrdup("200");
	tree_puts(dir, "1250\n", KSM_DIR "pages_to_scan");
	plan_look_again(p, &env);
	assert_int_equal(plan_undo(p, back, &err), -ESTALE);
	assert_non_null(strstr(err.text, "/" KSM_DIR "pages_to_scan is 1250 by now, not 200"));
	plan_free(back);
	tree_puts(dir, "100\n", KSM_DIR "pages_to_scan");
	free(take_ptr(p->steps[0].replaced));
	plan_look_again(p, &env);
	assert_null(p->steps[0].replaced);
	plan_free(p);
}

/* A kernel that gives less cannot be had in a tree of files; one whose file says something else than was written can. */
static void what_is_in_effect_is_shown(void **state)
{
	struct plan *p;
	auto_json struct json_object *record = NULL;

	(void)state;
	tree_link(dir, "/dev/zero", KVM_DIR "halt_poll_ns");
	p = plan_new("halt-poll set", NULL, NULL);
	plan_file(p, KVM_DIR "halt_poll_ns", "7", "200000");
	assert_int_equal(plan_run(p, &(struct plan_env){ .host = host, .interrupt_fd = -1, .timeout_ms = 20000 }), 0);
	assert_int_equal(p->status, PLAN_CLIPPED);
	assert_int_equal(plan_exit_code(p), 0);
	record = plan_record(p, 1000, 0);
	assert_non_null(strstr(json_object_to_json_string(record), "\"status\": \"clipped\""));
	assert_non_null(p->steps[0].effective);
	plan_free(p);
	tree_link(dir, "x", KVM_DIR "halt_poll_ns");
	tree_remove(dir);
	host_free(host);
	put_host();
}

static void forget(void)
{
	auto_free char *up = xasprintf("%s/..", dir);

	if (!chdir(up))
		tree_remove(dir);
}

/* In the process of each run, which stands in its own tree. */
static int host_starts(void)
{
	char *made;

	host_free(host);		/* they are those of the process we come from */
	free(dir);
	put_host();
	made = dir;
	dir = realpath(made, NULL);
	free(made);
	atexit(forget);
	return chdir(dir);
}

static char *values(const struct host *h)
{
	static const char *const files[] = { KSM_DIR "run", KSM_DIR "merge_across_nodes", KSM_DIR "pages_to_scan", THP_DIR "enabled",
					     KVM_DIR "halt_poll_ns", "proc/sys/kernel/numa_balancing", POOL("1") "/nr_hugepages" };
	struct buf b = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char value[HOST_VALUE_MAX];

		host_value_read(h, files[i], value);
		buf_printf(&b, "file /%s=%s\n", files[i], value);
	}
	return buf_take(&b);
}

#define STATE(run, across, scan, thp, poll, numa, pool) \
	"file /" KSM_DIR "run=" run "\nfile /" KSM_DIR "merge_across_nodes=" across "\nfile /" KSM_DIR "pages_to_scan=" scan "\n" \
	"file /" THP_DIR "enabled=" thp "\nfile /" KVM_DIR "halt_poll_ns=" poll "\nfile /proc/sys/kernel/numa_balancing=" numa "\n" \
	"file /" POOL("1") "/nr_hugepages=" pool "\n"
#define CASE(verb, want) .name = verb, .answers = nothing, .root = ".", .setup = host_starts, .host_state = values, .host_want = want

static void each_step_with_each_fault(void **state)
{
	static const struct fake_item nothing[] = { { 0 } };
	const struct fault_case cases[] = {
		{ CASE("ksm set", STATE("0", "0", "50", "madvise", "200000", "2", "10")), .build = tuning_ksm_set,
		  .args = { { "merge_across_nodes", "0" }, { "run", "0" }, { "pages_to_scan", "50" } } },
		{ CASE("thp set", STATE("1", "1", "100", "never", "200000", "2", "10")), .build = tuning_thp_set, .args = { { "enabled", "never" } } },
		{ CASE("halt-poll set", STATE("1", "1", "100", "madvise", "0", "2", "10")), .build = tuning_halt_poll_set, .args = { { "NS", "0" } } },
		{ CASE("numa balancing", STATE("1", "1", "100", "madvise", "200000", "3", "10")), .build = tuning_numa_balancing, .args = { { "STATE", "on" } } },
		{ CASE("hugepages set", STATE("1", "1", "100", "madvise", "200000", "2", "14")), .build = tuning_hugepages_set,
		  .args = { { "size", "2M" }, { "node", "1" }, { "count", "14" } } },
	};

	(void)state;
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_has_its_words),
		cmocka_unit_test(plans_are),
		cmocka_unit_test(what_is_to_be_known_is_said),
		cmocka_unit_test(each_row_is_where_kvmtop_may_write),
		cmocka_unit_test(what_is_set_is_read),
		cmocka_unit_test(a_journal_writes_nothing_else),
		cmocka_unit_test(a_newer_value_is_not_put_back),
		cmocka_unit_test(what_is_in_effect_is_shown),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
