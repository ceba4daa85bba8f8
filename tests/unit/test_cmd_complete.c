// SPDX-License-Identifier: GPL-3.0-or-later
/* What completion offers: by the words before, quoted as it was typed, and nothing that a terminal would act on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/cmd/cmd.h"

#define MS 20000

static char *dir;
static struct options opts = { .mode = MODE_BATCH, .no_scan = true, .no_libvirt = true, .delay_s = -1, .read_only = true };
static struct session session;

static int setup(void **state)
{
	auto_free char *made = tree_new();
	static const char *const names[] = { "a.qcow2", "a b.raw", "a'b.raw", "k\xc3\xbc.raw", "x\033[31m.raw", "x\nnext", ".hidden", "sub/deep.raw" };
	size_t i;

	(void)state;
	dir = realpath(made, NULL);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		tree_puts(dir, "some", "%s", names[i]);
	if (chdir(dir) || setenv("HOME", dir, 1) || setenv("XDG_STATE_HOME", dir, 1))
		return -1;
	return session_open(&session, &opts, NULL);
}

static int teardown(void **state)
{
	(void)state;
	session_done(&session);
	tree_remove(dir);
	return 0;
}

/* "<a><b>", or "!" and the note where there is nothing. */
static void print(const struct completion *c, struct buf *out)
{
	size_t i;

	buf_puts(out, "");
	for (i = 0; i < c->n; i++)
		buf_printf(out, "<%s>", c->list[i].text);
	if (!c->n && c->note)
		buf_printf(out, "!%s", c->note);
}

static void check(const char *line, bool options, const char *want, bool all)
{
	struct line_completion l = {0};
	auto_buf struct buf got = {0};

	complete_line(&session, line, strlen(line), options, MS, &l);
	print(&l.candidates, &got);
	if (all ? strcmp(got.text, want) != 0 : !strstr(got.text, want))
		fail_msg("'%s' gives %s, not %s", line, got.text, want);
	line_completion_done(&l);
}

static void words_are_completed_by_those_before(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "di", "<disks><disk><dimm>" }, { "disk ", "<add><remove><resize>" }, { "disk r", "<remove><resize>" }, { "hist", "<histogram>" },
		{ "zzz", "" }, { "zzz ", "" }, { "gen", "" }, { "gen-man ", "" }, { "self", "" }, { "compl", "" },	/* hidden ones */
		{ "help disk ", "<add><remove><resize>" }, { "help vh", "<vhost>" }, { "help di", "<disks><disk><dimm>" },
		{ "columns vm", "<vms>" }, { "columns vms ", "" },
		{ "disk add g f", "<file=><format=><force=>" }, { "disk add g file=/x ", "<format=><create=><bus=><id=><serial=><readonly=><cache=><aio=>"
		  "<iothread=><passthrough=><target=><persist=><wait=><force=>" },
		{ "disk add g volume=p/v f", "<format=><force=>" }, { "disk add g format=raw f", "<file=><force=>" },
		{ "disk add g format=", "<format=raw><format=qcow2>" }, { "disk add g format=q", "<format=qcow2>" }, { "disk add g format=x", "" },
		{ "disk add g bus=scsi bus=", "" }, { "disk add g nosuch=", "" }, { "disk add g 'for'", "<format=><force=>" },
		{ "dimm add g hugepages=", "<hugepages=2M><hugepages=1G>" }, { "dimm add g size=", "" },
		{ "nic link g n0 ", "<up><down>" }, { "nic link g n0 u", "<up>" }, { "nic link g n0 up ", "<force=>" },
		{ "nic add g source=", "!type= decides: give that first" },
		{ "wait g 'cpu_pct>5 && state", "<cpu_pct>5 && state><cpu_pct>5 && state_detail><cpu_pct>5 && state_seconds>" },
		{ "wait g state=r", "" },
		{ "disk remove g ", "!no guest 'g'" }, { "disk remove ", "!no guest is running here" },
		{ "# vms", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check(rows[i].line, false, rows[i].want, rows[i].want[0] != '!');
}

static void options_and_their_values(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "--outp", "<--output>" }, { "-o", "<-o>" }, { "-o ", "<table><json><csv><prometheus>" }, { "-o j", "<json>" },
		{ "--output=c", "<--output=csv>" }, { "-oj", "<-ojson>" }, { "-bo j", "<json>" }, { "--on-error ", "<stop><continue>" },
		{ "--roo", "" }, { "-n ", "" }, { "-n 5 hist", "<histogram>" }, { "-- --outp", "" },
		{ "disks -F rd_l", "<rd_lat_us>" }, { "disks -F id,rd_l", "<id,rd_lat_us>" }, { "-F exits", "<exits_per_s>" },
		{ "disks -s -rd_io", "<-rd_iops>" }, { "disks -s rd_io", "<rd_iops>" }, { "disks --filter 'id=x && form", "<id=x && format>" },
		{ "disks --filter=form", "<--filter=format>" }, { "disks --filter id=", "" }, { "-c qemu:///se", "<qemu:///session>" },
		{ "-q sub", "<sub/>" }, { "-f sub/", "<sub/deep.raw>" }, { "vms --dry", "<--dry-run>" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check(rows[i].line, true, rows[i].want, true);
	/* without --batch there are no verbs */
	opts.mode = MODE_SCREEN;
	check("hist", true, "", true);
	check("", true, "<--batch><--prompt>", false);
	check("hist", false, "<histogram>", true);
	opts.mode = MODE_HELP;
	check("disk re", true, "<remove><resize>", true);
	check("disk remove ", true, "", true);
	opts.mode = MODE_BATCH;
}

static void paths(void **state)
{
	auto_free char *home = xasprintf("<file=%s/a b.raw>", dir), *sub = xasprintf("disk add g file=%s/su", dir);
	auto_free char *whole = xasprintf("<file=%s/sub/>", dir);

	(void)state;
	check("disk add g file=", false, "<file=a b.raw><file=a'b.raw><file=a.qcow2><file=k\xc3\xbc.raw><file=sub/>", true);
	check("disk add g file=.", false, "<file=.hidden>", true);
	check("disk add g file=sub/", false, "<file=sub/deep.raw>", true);
	check("disk add g file=./sub/", false, "<file=./sub/deep.raw>", true);
	check("disk add g 'file=a b", false, "<file=a b.raw>", true);
	check("disk add g file=a\\ b", false, "<file=a b.raw>", true);
	check("disk add g file=~/a\\ b", false, home, true);
	check("disk add g file=~nobody/", false, "!~nobody/: No such file", false);
	check(sub, false, whole, true);
	check("disk add g file=nosuch/", false, "!nosuch/: No such file or directory", true);
	check("disk add g file=a.qcow2/", false, "!a.qcow2/: Not a directory", true);
	check("nic add g type=vhost-user source=sub/", false, "<source=sub/deep.raw>", true);
}

/* What replaces what, so that words_parse reads the candidate. */
static void replacements_can_be_read(void **state)
{
	static const struct {
		const char *line;
		size_t from;
		const char *text;		/* NULL: there is a choice */
	} rows[] = {
		{ "hist", 0, "histogram " }, { "  hist", 2, "histogram " }, { "disk rem", 5, "remove " }, { "disk add g format=q", 11, "format=qcow2 " },
		{ "disk add g file=sub", 11, "file=sub/" }, { "disk add g file='a b", 11, "file=a\\ b.raw " },
		{ "disk add g \"file=a'", 11, "file=a\\'b.raw " }, { "disk add g file=k", 11, "file=k\xc3\xbc.raw " },
		{ "disk add g fi", 11, "file=" }, { "disk r", 5, "re" }, { "disk re", 5, NULL }, { "di", 0, NULL }, { "zzz", 0, NULL },
		{ "disk add g 'fi'\"l\"", 11, "file=" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct line_completion l = {0};

		complete_line(&session, rows[i].line, strlen(rows[i].line), false, MS, &l);
		if ((l.text ? !rows[i].text || strcmp(l.text, rows[i].text) : rows[i].text != NULL) || l.from != rows[i].from)
			fail_msg("'%s': %zu '%s'", rows[i].line, l.from, l.text ? l.text : "(none)");
		line_completion_done(&l);
	}
}

static void escapes_are_undone_by_the_parser(void **state)
{
	static const char *const words[] = { "plain", "a b", "a\tb", "'", "\"", "\\", "a\\'\"b", "#x", "~", "$HOME", "`x`", "k\xc3\xbc", "a=b,c:d", "*?[]{}", "!x;y&z|" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		auto_buf struct buf line = {0};
		struct line_words w;
		char **list = NULL;
		size_t n = 0;

		word_escape(words[i], 0, &line);
		assert_int_equal(words_parse(line.text, &list, &n, NULL), 0);
		assert_int_equal(n, 1);
		assert_string_equal(list[0], words[i]);
		words_free(list, n);
		line_split(line.text, line.len, &w);
		assert_int_equal(w.n, 1);
		assert_string_equal(w.words[0], words[i]);
		line_words_done(&w);
	}
}

static void lines_are_split_at_the_cursor(void **state)
{
	static const struct {
		const char *line, *words;
		size_t at;
		char quote;
	} rows[] = {
		{ "", "<>", 0, 0 }, { " ", "<>", 1, 0 }, { "a", "<a>", 0, 0 }, { "a ", "<a><>", 2, 0 }, { "a b", "<a><b>", 2, 0 },
		{ "a 'b c", "<a><b c>", 2, '\'' }, { "a \"b \\\" c", "<a><b \" c>", 2, '"' }, { "a b\\ c", "<a><b c>", 2, 0 },
		{ "a b\\", "<a><b>", 2, 0 }, { "a 'b\\", "<a><b\\>", 2, '\'' }, { "a 'b' ", "<a><b><>", 6, 0 }, { "a ''", "<a><>", 2, 0 },
		{ "a '", "<a><>", 2, '\'' }, { "a x'y'\"z", "<a><xyz>", 2, '"' },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buf struct buf all = {0};
		struct line_words w;

		line_split(rows[i].line, strlen(rows[i].line), &w);
		for (k = 0; k < w.n; k++)
			buf_printf(&all, "<%s>", w.words[k]);
		if (strcmp(all.text, rows[i].words) || w.at != rows[i].at || w.quote != rows[i].quote)
			fail_msg("'%s': %s %zu %d", rows[i].line, all.text, w.at, w.quote);
		line_words_done(&w);
	}
}

static void many_are_cut(void **state)
{
	struct completion c;
	char *words[] = { (char[]){ "-q" }, (char[]){ "many/" } };
	size_t i;

	(void)state;
	for (i = 0; i < CANDIDATES_MAX + 10; i++)
		tree_puts(dir, "", "many/f%04zu", i);
	complete_words(&session, words, 2, true, MS, &c);
	assert_int_equal(c.n, CANDIDATES_MAX);
	assert_true(c.cut);
	completion_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_completed_by_those_before), cmocka_unit_test(options_and_their_values),
		cmocka_unit_test(paths), cmocka_unit_test(replacements_can_be_read), cmocka_unit_test(escapes_are_undone_by_the_parser),
		cmocka_unit_test(lines_are_split_at_the_cursor), cmocka_unit_test(many_are_cut),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
