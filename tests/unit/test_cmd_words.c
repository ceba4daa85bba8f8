// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines into words, words into calls. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cmd/cmd.h"

static void lines_are_split(void **state)
{
	static const struct {
		const char *line, *words;	/* each in <>; NULL: an error that has */
		const char *why;
	} rows[] = {
		{ "", "" }, { "   \t\r\n", "" }, { "# a comment", "" }, { "  # 'unclosed", "" },
		{ "vms", "<vms>" }, { "  vms\tweb \n", "<vms><web>" }, { "vms\r\n", "<vms>" },
		{ "a#b", "<a#b>" }, { "a #b", "<a>" }, { "a '#b' \\#c", "<a><#b><#c>" }, { "''#a", "<#a>" },
		{ "'a b'", "<a b>" }, { "'a\"b\\n'", "<a\"b\\n>" }, { "\"a'b\"", "<a'b>" }, { "''", "<>" },
		{ "\"\" ''", "<><>" },
		{ "a'b c'd\"e f\"g", "<ab cde fg>" }, { "\"a\\\"b\\\\c\\d\"", "<a\"b\\c\\d>" }, { "a\\ b", "<a b>" },
		{ "\\'a\\\"", "<'a\">" }, { "\\\\", "<\\>" }, { "'a\\'", "<a\\>" }, { "a\\bc", "<abc>" },
		{ "file=\"/a b\" x='1'", "<file=/a b><x=1>" },
		/* nothing is expanded */
		{ "$HOME ~ * `a` $(b) %s ; | & < > ! {a,b}", "<$HOME><~><*><`a`><$(b)><%s><;><|><&><<><>><!><{a,b}>" },
		{ "\xff\x9b k\xc3\xbc", "<\xff\x9b><k\xc3\xbc>" }, { "a\vb\fc", "<a\vb\fc>" },
		{ "'a", NULL, "a quote (')" }, { "a \"b c", NULL, "a quote (\")" }, { "\"a\\\"", NULL, "a quote (\")" },
		{ "a\\", NULL, "backslash" }, { "a \\", NULL, "backslash" }, { "a\\\n", NULL, "backslash" },
		{ "a\\\r\n", NULL, "backslash" },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buf struct buf all = {0};
		struct err err = {0};
		char **words = NULL;
		size_t n = 0;
		int rc = words_parse(rows[i].line, &words, &n, &err);

		if (!rows[i].words) {
			if (rc != -EINVAL || !strstr(err.text, rows[i].why) || words)
				fail_msg("'%s': %d %s", rows[i].line, rc, err.text);
			continue;
		}
		buf_puts(&all, "");
		for (k = 0; k < n; k++)
			buf_printf(&all, "<%s>", words[k]);
		if (rc || strcmp(all.text, rows[i].words))
			fail_msg("'%s' is %s %s", rows[i].line, all.text, err.text);
		words_free(words, n);
	}
}

static void a_line_holds_so_much(void **state)
{
	auto_free char *line = xcalloc(LINE_MAX_BYTES + 2, 1);
	struct err err = {0};
	char **words;
	size_t n;

	(void)state;
	memset(line, 'x', LINE_MAX_BYTES);
	assert_int_equal(words_parse(line, &words, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(strlen(words[0]), LINE_MAX_BYTES);
	words_free(words, n);
	line[LINE_MAX_BYTES] = 'x';
	assert_int_equal(words_parse(line, &words, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "65536"));
	words_free(NULL, 0);
}

/* Whatever stands in a line: words or an error. */
static void random_lines_do_no_harm(void **state)
{
	static const char bytes[] = "ab '\"\\#\t=\xff\n";
	unsigned seed = 7, i, k;

	(void)state;
	for (i = 0; i < 50000; i++) {
		char line[24], **words = NULL;
		struct err err = {0};
		struct call call;
		size_t n = 0;

		for (k = 0; k < sizeof(line) - 1; k++) {
			seed = seed * 1103515245 + 12345;
			line[k] = bytes[(seed >> 16) % sizeof(bytes)];		/* its NUL, too */
		}
		line[k] = '\0';
		if (!words_parse(line, &words, &n, &err) && n)
			assert_int_equal(call_parse(words, n, &call, &err), -EINVAL);
		words_free(words, n);
	}
}

/* The values of a call in the order of the verb's arguments, "-" where none is given. */
static char *values_of(const struct call *c)
{
	struct buf b = {0};
	size_t i;

	buf_printf(&b, "%s:", c->verb->name);
	for (i = 0; i < c->verb->n_args; i++)
		if (c->values[i])
			buf_printf(&b, " %s=%s", c->verb->args[i].name, c->values[i]);
	return buf_take(&b);
}

static void calls_are_parsed(void **state)
{
	static const struct {
		const char *line, *call;	/* call NULL: an error that has */
		const char *why, *why2;
	} rows[] = {
		{ "vms", "vms:" }, { "vms web", "vms: VM=web" }, { "vms 'web 1'", "vms: VM=web 1" },
		{ "vms a=b", "vms: VM=a=b" }, { "vms pid:1@2", "vms: VM=pid:1@2" }, { "journal", "journal:" },
		{ "columns", "columns:" }, { "columns queues", "columns: TABLE=queues" },
		{ "help disk add", "help: VERB=disk add" }, { "help vms", "help: VERB=vms" },
		{ "help 'disk add'", "help: VERB=disk add" },
		{ "disk add web file=/a format=raw", "disk add: VM=web file=/a format=raw" },
		{ "disk add 'we b=c' format=qcow2 file=/a=b", "disk add: VM=we b=c file=/a=b format=qcow2" },
		{ "disk add name:file=x file=/a format=raw", "disk add: VM=name:file=x file=/a format=raw" },
		{ "disk add web file='/a b' format=raw id=x serial=a=b",
		  "disk add: VM=web file=/a b format=raw id=x serial=a=b" },
		{ "disk remove web kt-disk0", "disk remove: VM=web ID=kt-disk0" },
		{ "disk resize web d0 size=10G", "disk resize: VM=web ID=d0 size=10G" },
		{ "disk add web file=/a", "disk add: VM=web file=/a" },		/* format: its builder tells what to write */

		{ "vmss", NULL, "no verb 'vmss'", "did you mean 'vms'?" },
		{ "zzzzzzz", NULL, "no verb 'zzzzzzz'", "batch help" },
		{ "disk", NULL, "no verb 'disk'", "disk add, disk remove" },
		{ "disk ad web", NULL, "no verb 'disk ad'", "did you mean 'disk add'?" },
		{ "disk frobnicate web", NULL, "disk frobnicate", "disk add, disk remove" },
		{ "add disk", NULL, "no verb", "" },
		{ "gen-mann", NULL, "no verb 'gen-mann'", "batch help" },		/* hidden ones are not suggested */
		{ "''", NULL, "no verb ''", "" },
		{ "vms a b", NULL, "no argument 'b'", "help vms" },
		{ "journal x", NULL, "no argument 'x'", "help journal" },
		{ "vms ''", NULL, "VM is empty", "" },
		{ "disk add", NULL, "VM is missing", "The guest" },
		{ "disk add web format=raw", NULL, "file= is missing", "help disk add" },
		{ "disk remove web", NULL, "ID is missing", "" },
		{ "disk add web file=/a format=raw fil=/b", NULL, "no argument 'fil=/b'", "did you mean 'file='?" },
		{ "disk add web file=/a format=raw frobnicate=1", NULL, "no argument 'frobnicate=1'", "help disk add" },
		{ "disk add web file=/a file=/b format=raw", NULL, "file is given twice", "" },
		{ "disk add web file=/a format=raw format=raw", NULL, "format is given twice", "" },
		{ "disk add web file= format=raw", NULL, "file is empty", "" },
		{ "disk add web file=/a format=vmdk", NULL, "format=vmdk", "raw|qcow2" },
		{ "disk add web file=/a format=ra", NULL, "format=ra", "raw|qcow2" },
		{ "disk add web file=/a 'format=raw|qcow2'", NULL, "one of raw|qcow2", "" },
		{ "disk add web file=/a format=raw readonly=yes", NULL, "readonly=yes", "on|off" },
		{ "disk add web file=/a format=raw readonly=ON", NULL, "readonly=ON", "on|off" },
		{ "disk resize web d0 size=10X", NULL, "size=10X", "such as 512M" },
		{ "columns queue", NULL, "no table 'queue'", "did you mean 'queues'?" },
		{ "columns zzzzzzz", NULL, "no table 'zzzzzzz'", "batch help" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *got = NULL;
		struct err err = {0};
		struct call call;
		char **words;
		size_t n;
		int rc;

		assert_int_equal(words_parse(rows[i].line, &words, &n, &err), 0);
		rc = call_parse(words, n, &call, &err);
		words_free(words, n);
		if (!rows[i].call) {
			if (rc != -EINVAL || !strstr(err.text, rows[i].why) || !strstr(err.text, rows[i].why2))
				fail_msg("'%s': %d '%s'", rows[i].line, rc, err.text);
			continue;
		}
		if (rc)
			fail_msg("'%s': %s", rows[i].line, err.text);
		got = values_of(&call);
		assert_string_equal(got, rows[i].call);
		call_done(&call);
	}
	{
		struct err err = {0};
		struct call call;

		assert_int_equal(call_parse(NULL, 0, &call, &err), -EINVAL);
		assert_non_null(strstr(err.text, "a verb is missing"));
	}
}

static void paths_are_made_absolute(void **state)
{
	static const struct {
		const char *given, *suffix;
	} rows[] = { { "a.img", "/a.img" }, { "./a.img", "/a.img" }, { "../a b", "/../a b" } };
	auto_free char *cwd = getcwd(NULL, 0);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *word = xasprintf("file=%s", rows[i].given), *want = xasprintf("%s%s", cwd, rows[i].suffix);
		char *words[] = { (char[]){ "disk" }, (char[]){ "add" }, (char[]){ "web" }, word };
		struct err err = {0};
		struct call call;

		assert_int_equal(call_parse(words, ARRAY_SIZE(words), &call, &err), 0);
		assert_string_equal(call_value(&call, "file"), want);
		assert_null(call_value(&call, "format"));
		assert_null(call_value(&call, "none"));
		call_done(&call);
	}
}

/* Every verb: found by its name, with a synopsis that shows all its arguments, and no room for doubt. */
static void verbs_are_whole(void **state)
{
	size_t n, i, k;
	const struct verb *const *all = verbs(&n);

	(void)state;
	for (i = 0; i < n; i++) {
		auto_buf struct buf synopsis = {0};

		assert_ptr_equal(verb_find(all[i]->name), all[i]);
		verb_synopsis(all[i], &synopsis);
		assert_true(str_has_prefix(synopsis.text, all[i]->name));
		for (k = 0; k < all[i]->n_args; k++)
			if (!strstr(synopsis.text, all[i]->args[k].name))
				fail_msg("%s: %s", synopsis.text, all[i]->args[k].name);
	}
	assert_null(verb_find("none"));
	assert_null(verb_find(""));
}

static void the_tables_agree_with_themselves(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int bad = docs_self_test(f);

	(void)state;
	fclose(f);
	if (bad)
		fail_msg("%s", text);
	assert_int_equal(size, 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_split),
		cmocka_unit_test(a_line_holds_so_much),
		cmocka_unit_test(random_lines_do_no_harm),
		cmocka_unit_test(calls_are_parsed),
		cmocka_unit_test(paths_are_made_absolute),
		cmocka_unit_test(verbs_are_whole),
		cmocka_unit_test(the_tables_agree_with_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
