// SPDX-License-Identifier: GPL-3.0-or-later
/* Look-ups' choices, the printed forms, scripts and their exit codes. This process is the guest; see test_sample_sampler. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_qmp.h"
#include "host_tree.h"
#include "lib/cmd/cmd.h"

static char *dir;

static int setup(void **state)
{
	auto_free char *made = tree_new();

	(void)state;
	dir = realpath(made, NULL);
	return setenv("XDG_STATE_HOME", dir, 1);
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("XDG_STATE_HOME");
	tree_remove(dir);
	return 0;
}

static void choices_are_parsed(void **state)
{
	static const struct {
		const char *fields, *sort, *filter;
		size_t n_columns;
		const char *by;
		bool descending, rates;
		unsigned needs;
		const char *why;		/* NULL: it is fine */
	} rows[] = {
		{ "vm,pid", NULL, NULL, 2, "cpu_pct", true, true, 0 }, { "vm", "vm", NULL, 1, "vm", false, false, 0 },
		{ "vm", "-vm", NULL, 1, "vm", true, false, 0 },
		{ "vm", "mem_bytes", NULL, 1, "mem_bytes", true, false, NEED_STATE },
		{ "vm", "-mem_bytes", NULL, 1, "mem_bytes", false, false, NEED_STATE },
		{ "vm,vm", "pid", NULL, 2, "pid", false, false, 0 },
		{ "iops", "pid", NULL, 1, "pid", false, true, NEED_RINGS | NEED_NAMED },
		{ "vm", "depth", NULL, 1, "depth", true, false, NEED_RINGS | NEED_NAMED },
		{ "vm", "pid", "state=running", 1, "pid", false, false, NEED_STATE },
		{ "vm", "pid", "rd_bytes_per_s>1M", 1, "pid", false, true, NEED_IO },
		{ "vm,cpu", NULL, NULL, .why = "--fields: vms has no field 'cpu'" },
		{ "", NULL, NULL, .why = "no field ''" },
		{ "vm,,pid", NULL, NULL, .why = "no field ''" }, { "vms", NULL, NULL, .why = "did you mean 'vm'" },
		{ "vm, pid", NULL, NULL, .why = "no field ' pid', did you mean 'pid'" },
		{ NULL, "cpu_pst", NULL, .why = "--sort: vms has no field 'cpu_pst', did you mean 'cpu_pct'" },
		{ NULL, "-", NULL, .why = "--sort" }, { NULL, "--pid", NULL, .why = "no field '-pid'" },
		{ NULL, "zzzzzzzzz", NULL, .why = "columns vms" },
		{ NULL, NULL, "pid>", .why = "filter: a value is missing" },
	};
	struct out out = { .format = FORMAT_TABLE, .headed = TABLE_COUNT };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct options o = { .fields = rows[i].fields, .sort = rows[i].sort, .filter = rows[i].filter };
		struct err err = {0};
		struct look look;
		int rc = look_parse(TABLE_VMS, &o, &out, &look, &err);

		if (rows[i].why) {
			if (rc != -EINVAL || !strstr(err.text, rows[i].why))
				fail_msg("row %zu: %s", i, err.text);
			continue;
		}
		if (rc)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(look.n_columns, rows[i].n_columns);
		assert_string_equal(look.order.sort->id, rows[i].by);
		assert_int_equal(look.order.descending, rows[i].descending);
		assert_int_equal(look.rates, rows[i].rates);
		assert_int_equal(look.needs, rows[i].needs);
		look_done(&look);
	}
}

/* One row of a name, printed in a form. */
static char *printed(enum format format, const char *name, const char *fields)
{
	struct snapshot *snap = snapshot_new(1, (struct timespec){ .tv_sec = 1700000000 });
	struct vm_row *row = snapshot_add(snap, TABLE_VMS);
	const void *rows[] = { row };
	char *text = NULL;
	size_t size = 0;
	struct out out = { .file = open_memstream(&text, &size), .format = format, .headed = TABLE_COUNT };
	struct options o = { .fields = fields };
	struct look look;

	row->head.vm = snapshot_str(snap, name);
	row->head.ref = "pid:1@2";
	row->pid = 7;
	row->mem_bytes = 2ull << 30;
	row->cpu_pct = 12.3456;
	row->note = snapshot_str(snap, name);
	assert_int_equal(look_parse(TABLE_VMS, &o, &out, &look, NULL), 0);
	out_rows(&out, snap, TABLE_VMS, look.columns, look.n_columns, rows, 1);
	look_done(&look);
	fclose(out.file);
	snapshot_unref(snap);
	return text;
}

static const char *const hostile[] = {
	"plain", "a,b", "a\"b", "a b=c", "a\nb", "\033[2J\033]0;x\a", "k\xc3\xbc", "bad\xff\x9b", "\xc2\x9b" "31m",
	  "\xe2\x80\xae" "x", "",
	"{\"a\":1}", "'", "\\", "\r", "=cmd|' /C calc'!A0", "+1", "-5", "@SUM(A1)", "\t=1", "\xe2\x80\x8b=1", "=\"a\"", "a-5",
};

static void tables_and_csv_are_clean(void **state)
{
	static const char *const csv[] = {
		"plain", "\"a,b\"", "\"a\"\"b\"", "a b=c", "a?b", "?[2J?]0;x?", "k\xc3\xbc", "bad??", "?31m", "?x", "",
		"\"{\"\"a\"\":1}\"", "'", "\\", "?", "\"'=cmd|' /C calc'!A0\"", "\"'+1\"", "\"'-5\"", "\"'@SUM(A1)\"", "?=1", "\"'=1\"",
		"\"'=\"\"a\"\"\"", "a-5",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(hostile); i++) {
		auto_free char *table = printed(FORMAT_TABLE, hostile[i], "vm,pid,mem_bytes,cpu_pct,rss_bytes,note");
		auto_free char *lines = printed(FORMAT_CSV, hostile[i], "vm,pid,mem_bytes,cpu_pct,rss_bytes,note");
		auto_free char *name = str_clean(xstrdup(hostile[i])), *row = NULL, *want = NULL;
		char *end = strchr(table, '\n');

		assert_true(str_has_prefix(end + 1, name));
		assert_ptr_equal(strchr(end + 1, '\n'), table + strlen(table) - 1);	/* one line, whatever the name */
		assert_non_null(strstr(end + 1, "  2G  "));
		assert_non_null(strstr(end + 1, "  12.3  "));
		for (end = table; (end = strchr(end, '\n')); )
			*end = ' ';
		assert_true(str_is_clean(table));

		assert_true(str_has_prefix(lines, "time,vm,ref,pid,mem_bytes,cpu_pct,rss_bytes,note\n"));
		row = xstrdup(strchr(lines, '\n') + 1);
		want = xasprintf(",%s,pid:1@2,7,2147483648,12.346,,%s\n", csv[i], csv[i]);
		assert_string_equal(strchr(row, ','), want);
	}
}

static void json_is_an_object_a_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(hostile); i++) {
		auto_free char *text = printed(FORMAT_JSON, hostile[i], "vm,pid,mem_bytes,cpu_pct,rss_bytes,note");
		auto_free char *meant = str_utf8(hostile[i], strlen(hostile[i]), 1000);
		auto_json struct json_object *o = NULL;
		uint64_t n = 0;

		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		text[strlen(text) - 1] = '\0';
		assert_true(str_is_clean(text));
		assert_int_equal(json_parse(text, strlen(text), &o, NULL), 0);
		assert_string_equal(json_str(o, "vm"), meant);
		assert_string_equal(json_str(o, "note"), meant);
		assert_string_equal(json_str(o, "table"), "vms");
		assert_string_equal(json_str(o, "ref"), "pid:1@2");
		assert_true(json_u64(o, "v", &n) && n == 1);
		assert_true(json_u64(o, "mem_bytes", &n) && n == 2ull << 30);
		assert_true(json_object_object_get_ex(o, "rss_bytes", NULL) && !json_member(o, "rss_bytes"));
		assert_int_equal(strlen(json_str(o, "time")), strlen("2023-11-15T03:43:20.120+05:30"));
		assert_int_equal(json_object_object_length(o), 10);
	}
}

/* A narrow terminal drops columns, never the first; a pipe drops none. */
static void narrow_terminals_drop_columns(void **state)
{
	size_t n, all, last = 1000;
	unsigned width;

	(void)state;
	free(out_default_columns(&(struct out){ .format = FORMAT_JSON }, TABLE_VMS, &all));
	assert_int_equal(all, table_get(TABLE_VMS)->n_columns);
	free(out_default_columns(&(struct out){ .format = FORMAT_TABLE }, TABLE_VMS, &n));
	assert_true(n < all);
	for (width = 300; width > 0; width -= 10) {
		const struct column **list = out_default_columns(&(struct out){ .format = FORMAT_TABLE,
		  .width = width }, TABLE_VMS, &n);

		assert_true(n && n <= last);
		assert_string_equal(list[0]->id, "vm");
		last = n;
		free(list);
	}
}

struct outcome {
	int code;
	char *out, *err;
};

static void outcome_done(struct outcome *o)
{
	free(o->out);
	free(o->err);
}

/* What --batch does, with standard error caught. */
static struct outcome batch(struct options o, char **words, size_t n)
{
	auto_free char *path = xasprintf("%s/stderr", dir);
	struct outcome r = {0};
	struct session s = { .opts = &o };
	struct buf err = {0};
	char bytes[4096];
	size_t size = 0, got;
	int saved = dup(STDERR_FILENO);
	FILE *f = fopen(path, "w+e");

	o.words = words;
	o.n_words = n;
	fflush(stderr);
	assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
	s.out = (struct out){ .file = open_memstream(&r.out, &size), .format = o.format, .headed = TABLE_COUNT };
	assert_int_equal(host_open("/", &s.host, NULL), 0);
	r.code = session_batch(&s);
	fclose(s.out.file);
	session_done(&s);
	fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(f);
	while ((got = fread(bytes, 1, sizeof(bytes), f)))
		buf_add(&err, bytes, got);
	fclose(f);
	r.err = buf_take(&err);
	return r;
}

static struct options quiet(void)
{
	return (struct options){ .mode = MODE_BATCH, .no_scan = true, .delay_s = 0, .timeout_ms = 20000 };
}

static struct outcome script(struct options o, const char *text, size_t len)
{
	auto_free char *path = xasprintf("%s/script", dir);

	tree_put(dir, "script", text, len);
	o.script = path;
	return batch(o, NULL, 0);
}

static void scripts_are_parsed_whole_first(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "help\nhelp\nvmss\n", "line 3: no verb 'vmss', did you mean 'vms'" },
		{ "help\n'a\n", "line 2: a quote" },
		{ "help\n\n# x\ndisk add web\n", "line 4: disk add: file= is missing" },
		{ "help\nhelp \\\n", "line 2: the line ends" },
		{ "help\nvms a b", "line 2: vms: no argument 'b'" },
	};
	static const char crlf[] = "\r\n # nothing\r\n  help vms # x\r\n";
	auto_free char *big = xcalloc(LINE_MAX_BYTES + 10, 1);
	struct outcome r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		r = script(quiet(), rows[i].text, strlen(rows[i].text));
		if (r.code != EXIT_USAGE || r.out[0] || !strstr(r.err, rows[i].why))
			fail_msg("row %zu: %d '%s' '%s'", i, r.code, r.out, r.err);
		outcome_done(&r);
	}
	r = script(quiet(), "help\nvms\0x\n", 11);
	assert_int_equal(r.code, EXIT_USAGE);
	assert_non_null(strstr(r.err, "line 2: a NUL byte"));
	outcome_done(&r);
	memset(big, 'x', LINE_MAX_BYTES + 9);
	r = script(quiet(), big, LINE_MAX_BYTES + 9);
	assert_int_equal(r.code, EXIT_USAGE);
	assert_non_null(strstr(r.err, "line 1: a line holds"));
	outcome_done(&r);
	memset(big, ' ', LINE_MAX_BYTES);
	memcpy(big + LINE_MAX_BYTES - 8, "help vms\n", 9);
	r = script(quiet(), big, LINE_MAX_BYTES + 1);
	assert_int_equal(r.code, EXIT_DONE);
	outcome_done(&r);
	r = script(quiet(), "", 0);
	assert_int_equal(r.code, EXIT_DONE);
	outcome_done(&r);
	r = script(quiet(), crlf, strlen(crlf));
	assert_int_equal(r.code, EXIT_DONE);
	assert_true(str_has_prefix(r.out, "vms [VM]"));
	outcome_done(&r);
}

static void what_is_no_script_is_told(void **state)
{
	char *words[] = { (char[]){ "vms" } };
	struct options o = quiet();
	struct outcome r;

	(void)state;
	o.script = "/nonexistent/script";
	r = batch(o, NULL, 0);
	assert_int_equal(r.code, EXIT_USAGE);
	assert_non_null(strstr(r.err, "No such file"));
	outcome_done(&r);
	o.script = dir;
	r = batch(o, NULL, 0);
	assert_int_equal(r.code, EXIT_USAGE);
	outcome_done(&r);
	r = batch(o, words, 1);
	assert_int_equal(r.code, EXIT_USAGE);
	assert_non_null(strstr(r.err, "exclude each other"));
	outcome_done(&r);
	r = batch(quiet(), NULL, 0);
	assert_int_equal(r.code, EXIT_USAGE);
	assert_non_null(strstr(r.err, "a verb is missing"));
	outcome_done(&r);
}

#define GONE(id) "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"" id "\",\"path\":\"/machine/peripheral/" id "\"}}\r\n"
#define NO(id) "{\"event\":\"DEVICE_UNPLUG_GUEST_ERROR\",\"data\":{\"device\":\"" id "\",\"path\":\"/machine/peripheral/" id "\"}}\r\n"
#define DISK(id) "{\"device\":\"\",\"qdev\":\"" id "\",\"inserted\":{\"node-name\":\"" id "-n\",\"file\":\"/x\",\"drv\":\"raw\"}}"
#define NODE(n, id) "{\"id\":" n ",\"type\":\"block-driver\",\"name\":\"" id "-n\"}"

/* ok goes, no is refused by the guest, left leaves its node, bad is refused by QEMU. */
static const struct fake_item guest[] = {
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" },
	{ .expect = "query-migrate", .any = true, .reply = "{}" },
	{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral\"}", .any = true, .reply = "[]" },
	{ .expect = "query-block", .any = true,
	  .reply = "[" DISK("ok") "," DISK("no") "," DISK("left") "," DISK("bad") "]" },
	{ .expect = "x-debug-query-block-graph", .any = true,
	  .reply = "{\"nodes\":[" NODE("1", "ok") "," NODE("2", "no") "," NODE("3", "left") "," NODE("4",
	  "bad") "],\"edges\":[]}" },
	{ .expect = "device_del", .args = "{\"id\":\"ok\"}", .any = true, .after = GONE("ok") },
	{ .expect = "device_del", .args = "{\"id\":\"no\"}", .any = true, .after = NO("no") },
	{ .expect = "device_del", .args = "{\"id\":\"left\"}", .any = true, .after = GONE("left") },
	{ .expect = "device_del", .args = "{\"id\":\"bad\"}", .any = true, .error = "GenericError: not today" },
	{ .expect = "blockdev-del", .args = "{\"node-name\":\"ok-n\"}", .any = true },
	{ .expect = "blockdev-del", .args = "{\"node-name\":\"left-n\"}", .any = true,
	  .error = "GenericError: in use" },
	{ 0 }
};

static void a_script_answers_with_its_worst(void **state)
{
	/* what each line's code is alone; 5 stands for read-only */
	static const struct {
		const char *lines;
		bool read_only, go_on;
		int code;
		unsigned records;
	} rows[] = {
		{ "ok", false, false, 0, 1 }, { "no", false, false, 4, 1 }, { "left", false, false, 6, 1 },
		{ "bad", false, false, 1, 1 },
		{ "none", false, false, 3, 1 }, { "help zzz", false, false, 2, 0 }, { "ok", true, false, 5, 1 },
		{ "ok bad no", false, false, 1, 2 }, { "ok none left", false, false, 3, 2 },
		{ "ok bad no", false, true, 4, 3 }, { "no left ok", false, true, 6, 3 },
		{ "left no bad none", false, true, 6, 4 },
		{ "none bad", false, true, 1, 2 }, { "none ok ok", false, true, 3, 3 }, { "ok ok", false, true, 0, 2 },
		{ "no bad", false, true, 4, 2 },
	};
	auto_free char *path = xasprintf("%s/q", dir);
	const char *sockets[] = { path };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *words = xstrdup(rows[i].lines), *last = NULL;
		auto_buf struct buf text = {0};
		struct fake_qmp *f = fake_qmp_new(guest);
		struct options o = quiet();
		struct outcome r;
		unsigned records = 0, line = 0;
		char *save = NULL, *word;

		for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
			if (!strcmp(rows[i].lines, "help zzz"))
				buf_printf(&text, "%s", word == words ? "help zzz\n" : "");
			else
				buf_printf(&text, "# line\ndisk remove pid:%d %s\n", (int)getpid(), word);
		}
		fake_qmp_listen(f, path);
		o.sockets = sockets;
		o.n_sockets = 1;
		o.read_only = rows[i].read_only;
		o.go_on = rows[i].go_on;
		o.format = FORMAT_JSON;
		r = script(o, text.text, text.len);
		if (r.code != rows[i].code)
			fail_msg("'%s': exit %d\n%s%s", rows[i].lines, r.code, r.out, r.err);
		for (word = strtok_r(r.out, "\n", &save); word && *word == '{'; word = strtok_r(NULL, "\n", &save)) {
			auto_json struct json_object *record = NULL;
			uint64_t number;

			assert_int_equal(json_parse(word, strlen(word), &record, NULL), 0);
			assert_true(json_u64(record, "line", &number) && number == (line += 2));
			assert_string_equal(json_str(record, "verb"), "disk remove");
			records++;
		}
		assert_int_equal(records, rows[i].records);
		if (rows[i].read_only)
			assert_int_equal(fake_qmp_count(f, "device_del"), 0);
		outcome_done(&r);
		fake_qmp_end(f);
		unlink(path);
	}
}

static void a_dry_run_prints_what_would_be_sent(void **state)
{
	auto_free char *path = xasprintf("%s/q", dir), *word = xasprintf("pid:%d", (int)getpid());
	const char *sockets[] = { path };
	char *words[] = { (char[]){ "disk" }, (char[]){ "remove" }, word, (char[]){ "ok" } };
	struct fake_qmp *f = fake_qmp_new(guest);
	struct options o = quiet();
	struct outcome dry, real;

	(void)state;
	fake_qmp_listen(f, path);
	o.sockets = sockets;
	o.n_sockets = 1;
	o.dry_run = true;
	dry = batch(o, words, ARRAY_SIZE(words));
	assert_int_equal(dry.code, EXIT_DONE);
	assert_true(str_has_prefix(dry.out, "planned"));
	assert_int_equal(fake_qmp_count(f, "device_del"), 0);
	assert_non_null(strstr(dry.out, "device_del {\"id\":\"ok\"}"));
	assert_non_null(strstr(dry.out, "blockdev-del {\"node-name\":\"ok-n\"}"));
	fake_qmp_end(f);
	unlink(path);
	f = fake_qmp_new(guest);
	fake_qmp_listen(f, path);
	o.dry_run = false;
	real = batch(o, words, ARRAY_SIZE(words));
	assert_int_equal(real.code, EXIT_DONE);
	assert_int_equal(fake_qmp_count(f, "device_del"), 1);
	assert_int_equal(fake_qmp_count(f, "blockdev-del"), 1);
	assert_non_null(strstr(real.out, "device_del {\"id\":\"ok\"}"));
	outcome_done(&dry);
	outcome_done(&real);
	fake_qmp_end(f);
}

/* CSV has a header whenever what follows is of another form. */
static void csv_has_its_headers(void **state)
{
	static const char text[] = "disk remove none x\ndisk remove none y\njournal\ndisk remove none z\ncolumns journal\n";
	static const char *const want[] = { "verb,", "disk remove,", "disk remove,", "time,", "verb,", "disk remove,",
	  "time,", NULL };
	struct options o = quiet();
	struct outcome r;
	char *save = NULL, *line;
	size_t i = 0;

	(void)state;
	o.format = FORMAT_CSV;
	o.go_on = true;
	r = script(o, text, strlen(text));
	assert_int_equal(r.code, EXIT_NOT_FOUND);
	for (line = strtok_r(r.out, "\n", &save); line && want[i]; line = strtok_r(NULL, "\n", &save), i++)
		if (!str_has_prefix(line, want[i]))
			fail_msg("line %zu is %s", i, line);
	assert_null(want[i]);
	outcome_done(&r);
}

/* Nothing a guest is called reaches the terminal as it is. */
static void errors_are_clean(void **state)
{
	char name[] = "\033[2J\xff\xc2\x9bx";
	char *words[] = { (char[]){ "vms" }, name };
	struct outcome r = batch(quiet(), words, 2);

	(void)state;
	assert_int_equal(r.code, EXIT_NOT_FOUND);
	assert_true(str_has_prefix(r.err, "kvmtop: "));
	assert_int_equal(r.err[strlen(r.err) - 1], '\n');
	r.err[strlen(r.err) - 1] = '\0';
	assert_true(str_is_clean(r.err));
	outcome_done(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choices_are_parsed),
		cmocka_unit_test(tables_and_csv_are_clean),
		cmocka_unit_test(json_is_an_object_a_line),
		cmocka_unit_test(narrow_terminals_drop_columns),
		TEST(scripts_are_parsed_whole_first),
		TEST(what_is_no_script_is_told),
		TEST(a_script_answers_with_its_worst),
		TEST(a_dry_run_prints_what_would_be_sent),
		TEST(csv_has_its_headers),
		TEST(errors_are_clean),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
