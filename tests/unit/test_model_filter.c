// SPDX-License-Identifier: GPL-3.0-or-later
/* Filter expressions: the grammar, unknown values, what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/model/model.h"

/* One guest: known are vm, state, pid, mem_bytes, cpu_pct; all else is unknown. */
static struct snapshot *one_guest(const struct vm_row **out)
{
	struct snapshot *s = snapshot_new(1, (struct timespec){0});
	struct vm_row *row = snapshot_add(s, TABLE_VMS);

	row->head.vm = "web 1";
	row->state = "running";
	row->source = "null";
	row->pid = 4711;
	row->mem_bytes = 2ull << 30;
	row->cpu_pct = 50.5;
	row->depth = 0;
	*out = row;
	return s;
}

static void check(const char *text, const void *row, bool want)
{
	struct filter *f = NULL;
	struct err err = {0};

	if (filter_parse(table_get(TABLE_VMS), text, &f, &err))
		fail_msg("'%s': %s", text, err.text);
	if (filter_match(f, row) != want)
		fail_msg("'%s' is %s", text, want ? "false" : "true");
	filter_free(f);
}

static void expressions_hold_or_not(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} rows[] = {
		{ "pid=4711", true }, { "pid!=4711", false }, { "pid<4711", false }, { "pid<=4711", true },
		{ "pid>4710", true },
		{ "pid>=4712", false }, { " pid = 4711 ", true }, { "pid\t=\t4711", true }, { "cpu_pct>50", true },
		{ "cpu_pct>5.05e1", false }, { "cpu_pct>=50.5", true }, { "cpu_pct>-1", true },
		{ "mem_bytes=2G", true }, { "mem_bytes>1G", true }, { "mem_bytes<=2048M", true },
		{ "mem_bytes=2GiB", true }, { "mem_bytes<2.5g", true }, { "mem_bytes>2GB", true }, { "cpu_pct>50%", true },
		{ "cpu_pct<50%", false }, { "wait_pct>1%", false },
		{ "depth=0", true }, { "depth!=0", false },
		{ "state=running", true }, { "state!=running", false }, { "state=run", false }, { "state~run", true },
		{ "state~^run$", false }, { "state!~^run$", true }, { "state~'^(run|sh)'", true },
		{ "state~'^([a-z]+){1,9}$'", true }, { "state~'r?u+n{1,2}[a-z]*'", true }, { "state<z", true },
		{ "vm='web 1'", true }, { "vm=\"web 1\"", true }, { "vm=\"web \\\"1\"", false }, { "vm=''", false },
		{ "vm!=''", true },
		{ "pid~^47", true }, { "pid!~7", false },
		/* && binds tighter than ||, ! tightest */
		{ "pid=1 || pid=4711 && state=x", false }, { "pid=4711 || pid=1 && state=x", true },
		{ "(pid=4711 || pid=1) && state=x", false }, { "state=x && pid=1 || pid=4711", true },
		{ "!pid=1 && state=running", true }, { "!(pid=1 || state=running)", false }, { "!!pid=4711", true },
		{ "! ( ! pid=4711 )", true }, { "pid=1||pid=2||pid=4711", true },
		{ "pid=4711&&pid=4711&&pid=1", false },
		{ "((((pid=4711))))", true }, { "state=running&&pid=4711", true },
		/* unknown */
		{ "rss_bytes=null", true }, { "rss_bytes!=null", false }, { "pid=null", false }, { "pid!=null", true },
		{ "uuid=null", true }, { "iops = null", true }, { "!(iops=null)", false },
		{ "rss_bytes>0", false }, { "rss_bytes<=0", false }, { "rss_bytes=0", false },
		{ "rss_bytes!=0", false },
		{ "uuid~x", false }, { "uuid!~x", false }, { "uuid=''", false }, { "uuid!=x", false },
		/* and stays so under a "not", as what is not known is not known not to be */
		{ "!rss_bytes>0", false }, { "!(rss_bytes>0)", false }, { "!!(rss_bytes>0)", false },
		{ "!uuid=x", false },
		{ "!(rss_bytes>0 && pid=4711)", false }, { "!(rss_bytes>0 && pid=1)", true },
		{ "!(rss_bytes>0 || pid=1)", false },
		{ "!(rss_bytes>0 || pid=4711)", false }, { "rss_bytes>0 || pid=4711", true },
		{ "rss_bytes>0 && pid=4711", false },
		{ "!(rss_bytes>0) || pid=4711", true },
		/* a quoted null is the word */
		{ "source='null'", true }, { "source=null", false }, { "source!=\"null\"", false },
		{ "uuid='null'", false },
	};
	const struct vm_row *row;
	struct snapshot *s = one_guest(&row);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check(rows[i].text, row, rows[i].holds);
	assert_true(filter_match(NULL, row));
	filter_free(NULL);
	snapshot_unref(s);
}

static void addresses_are_compared_in_any_spelling(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} rows[] = {
		{ "mac=5254.000A.BC07", true }, { "mac=52-54-0-a-bc-7", true }, { "mac!=525400-0abc07", false }, { "mac=52:54:00:0a:bc:08", false },
		{ "ip=192.0.2.7/24", true }, { "ip=[2001:DB8:0::7]", true }, { "ip=192.0.2.70", false }, { "ip!=192.0.2.7", false },
		{ "ip!=192.0.2.8", true }, { "ip=192.0.2.7,2001:db8::7", true }, { "ip~^192", true },
	};
	struct snapshot *s = snapshot_new(1, (struct timespec){0});
	struct nic_row *row = snapshot_add(s, TABLE_NICS);
	size_t i;

	(void)state;
	row->mac = "52:54:00:0a:bc:07";
	row->ip = "192.0.2.7,2001:db8::7";
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct filter *f = NULL;
		struct err err = {0};

		if (filter_parse(table_get(TABLE_NICS), rows[i].text, &f, &err))
			fail_msg("'%s': %s", rows[i].text, err.text);
		if (filter_match(f, row) != rows[i].holds)
			fail_msg("'%s' is %s", rows[i].text, rows[i].holds ? "false" : "true");
		filter_free(f);
	}
	snapshot_unref(s);
}

static void errors_say_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "field is missing" }, { "  ", "field is missing" }, { "=1", "field is missing" },
		{ "(", "field is missing" },
		{ "pid", "is expected" }, { "pid 1", "is expected" }, { "pid==1", "is a number" },
		{ "pid=", "value is missing" },
		{ "pid= && pid=1", "value is missing" }, { "pid=x", "is a number, 'x' is not" },
		{ "pid='x'", "is a number" },
		{ "pid=1.5.2", "is a number" }, { "pid=1X", "is a number" }, { "pid>null", "is a number" },
		{ "pid=nan", "is a number" },
		{ "cpu=1", "no field 'cpu'" }, { "cpu_pst=1", "did you mean 'cpu_pct'" },
		{ "zzzzzzzz=1", "see: columns vms" },
		{ "(pid=1", "')' is missing" }, { "pid=1)", "is too much" }, { "pid=1 pid=2", "is too much" },
		{ "pid=1 &&", "field is missing" }, { "|| pid=1", "field is missing" },
		{ "pid=1 & pid=2", "is too much" },
		{ "!", "field is missing" }, { "vm='x", "is not closed" }, { "vm=\"x\\\"", "is not closed" },
		{ "vm~[", "not a regular expression" }, { "vm~'('", "not a regular expression" },
		{ "vm!~'*{9'", "not a regular expression" },
		{ "vm~'((((a{99}){99}){99}){99})'", "too large" }, { "vm~a++++++++++++++++++", "not a regular expression" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct filter *f = NULL;
		struct err err = {0};

		if (filter_parse(table_get(TABLE_VMS), rows[i].text, &f, &err) != -EINVAL ||
		  !strstr(err.text, rows[i].why) || f)
			fail_msg("'%s': '%s' is not '%s'", rows[i].text, err.text, rows[i].why);
	}
}

static char *repeated(const char *text, size_t n, const char *tail)
{
	struct buf b = {0};

	while (n--)
		buf_puts(&b, text);
	buf_puts(&b, tail);
	return buf_take(&b);
}

static void hostile_nesting_is_bounded(void **state)
{
	static const struct {
		const char *piece, *tail;
		size_t n;
		bool fine;
	} rows[] = {
		{ "!", "pid=1", 100, true }, { "!", "pid=1", 100000, false }, { "(", "pid=1", 100000, false },
		{ "!(", "pid=1", 50000, false }, { "pid=1||", "pid=2", 5000, true }, { "pid=1&&", "pid=2", 5000, true },
		{ "(", "", 100000, false }, { "!", "", 100000, false }, { ")", "", 10000, false },
	};
	const struct vm_row *row;
	struct snapshot *s = one_guest(&row);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = repeated(rows[i].piece, rows[i].n, rows[i].tail);
		struct filter *f = NULL;
		struct err err = {0};

		assert_int_equal(filter_parse(table_get(TABLE_VMS), text, &f, &err), rows[i].fine ? 0 : -EINVAL);
		if (rows[i].fine)
			filter_match(f, row);
		filter_free(f);
	}
	snapshot_unref(s);
}

/* Matching by trial takes 2^n steps here: it ends after some, and does not hold either way. */
static void slow_regular_expressions_end(void **state)
{
	static const char *const slow[] = { "'^(a+)+$'", "'^(a|aa|aaa)*$'", "'^(a*)*$'", "'^(([a-z])+.)+[A-Z]([a-z])+$'" };
	auto_free char *name = repeated("a", 200, "!");
	const struct vm_row *row;
	struct snapshot *s = one_guest(&row);
	size_t i, k;

	(void)state;
	((struct vm_row *)row)->head.vm = name;
	for (i = 0; i < ARRAY_SIZE(slow); i++)
		for (k = 0; k < 2; k++) {
			auto_free char *text = xasprintf("vm%s~%s", k ? "!" : "", slow[i]);
			struct filter *f = NULL;
			struct err err = {0};

			assert_int_equal(filter_parse(table_get(TABLE_VMS), text, &f, &err), 0);
			assert_false(filter_match(f, row));
			filter_free(f);
		}
	snapshot_unref(s);
}

/* Pieces of expressions thrown together: parsed or refused, never more. */
static void random_expressions_do_no_harm(void **state)
{
	static const char *const pieces[] = {
		"pid", "=", "1", "&&", "||", "!", "(", ")", "vm", "~", "'a b'", "\"", "'", " ", "null", "<=", "state",
		  "[", "\\", "iops", ">", "4G",
	};
	const struct vm_row *row;
	struct snapshot *s = one_guest(&row);
	unsigned seed = 12345, i, k;

	(void)state;
	for (i = 0; i < 20000; i++) {
		auto_buf struct buf text = {0};
		struct filter *f = NULL;
		struct err err = {0};

		for (k = 0; k < 3 + i % 12; k++) {
			seed = seed * 1103515245 + 12345;
			buf_puts(&text, pieces[(seed >> 16) % ARRAY_SIZE(pieces)]);
		}
		if (filter_parse(table_get(TABLE_VMS), text.text, &f, &err))
			assert_true(err.text[0] && !f);
		else
			filter_match(f, row);
		filter_free(f);
	}
	snapshot_unref(s);
}

static void needs_are_those_of_its_fields(void **state)
{
	struct filter *f = NULL;

	(void)state;
	assert_int_equal(filter_parse(table_get(TABLE_VMS), "pid=1", &f, NULL), 0);
	assert_int_equal(filter_needs(f), 0);
	assert_false(filter_has_rate(f));
	filter_free(f);
	assert_int_equal(filter_parse(table_get(TABLE_VMS), "!(pid=1 || iops>5) && state=x", &f, NULL), 0);
	assert_int_equal(filter_needs(f), NEED_RINGS | NEED_STATE);
	assert_true(filter_has_rate(f));
	filter_free(f);
	assert_int_equal(filter_needs(NULL), 0);
	assert_false(filter_has_rate(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_hold_or_not),
		cmocka_unit_test(addresses_are_compared_in_any_spelling),
		cmocka_unit_test(errors_say_what_is_wrong),
		cmocka_unit_test(hostile_nesting_is_bounded),
		cmocka_unit_test(slow_regular_expressions_end),
		cmocka_unit_test(random_expressions_do_no_harm),
		cmocka_unit_test(needs_are_those_of_its_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
