// SPDX-License-Identifier: GPL-3.0-or-later
/* The command line: each option, in any place, and what is wrong with it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cmd/cmd.h"

#define MAX 12

/* argv out of a line; blanks only separate here. The copy must outlive the options. */
static int parse(const char *line, char **copy, char *argv[MAX], struct options *o, struct err *err)
{
	int argc = 0;
	char *save = NULL, *word;

	*copy = xasprintf("kvmtop %s", line);
	for (word = strtok_r(*copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(argc < MAX - 1);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return options_parse(argc, argv, o, err);
}

/* Everything that differs from the default. */
static char *told(const struct options *o)
{
	static const char *const modes[] = { "screen", "batch", "prompt", "help", "version" };
	static const char *const formats[] = { "table", "json", "csv" };
	struct buf b = {0};
	size_t i;

	buf_puts(&b, modes[o->mode]);
	for (i = 0; i < o->n_uris; i++)
		buf_printf(&b, " uri=%s", o->uris[i]);
	for (i = 0; i < o->n_sockets; i++)
		buf_printf(&b, " socket=%s", o->sockets[i]);
	buf_printf(&b, "%s%s%s%s%s%s%s%s%s%s", o->no_libvirt ? " no-libvirt" : "", o->no_scan ? " no-scan" : "",
		   o->no_passthrough ? " no-passthrough" : "", o->read_only ? " read-only" : "", o->dry_run ? " dry-run" : "",
		   o->go_on ? " go-on" : "", o->verbose ? " verbose" : "", o->no_color ? " no-color" : "",
		   o->ascii ? " ascii" : "", o->no_mouse ? " no-mouse" : "");
	if (o->delay_s >= 0)
		buf_printf(&b, " delay=%g", o->delay_s);
	if (o->count)
		buf_printf(&b, " count=%llu", (unsigned long long)o->count);
	if (o->format)
		buf_printf(&b, " format=%s", formats[o->format]);
	if (o->timeout_ms != 30000)
		buf_printf(&b, " timeout=%u", o->timeout_ms);
	if (o->answer_ms)
		buf_printf(&b, " answer=%u", o->answer_ms);
	buf_printf(&b, "%s%s", o->fields ? " fields=" : "", o->fields ? o->fields : "");
	buf_printf(&b, "%s%s", o->sort ? " sort=" : "", o->sort ? o->sort : "");
	buf_printf(&b, "%s%s", o->filter ? " filter=" : "", o->filter ? o->filter : "");
	if (o->ring_hz)
		buf_printf(&b, " ring-hz=%llu", (unsigned long long)o->ring_hz);
	buf_printf(&b, "%s%s", o->script ? " script=" : "", o->script ? o->script : "");
	for (i = 0; i < o->n_words; i++)
		buf_printf(&b, " <%s>", o->words[i]);
	return buf_take(&b);
}

static void options_are_parsed(void **state)
{
	static const struct {
		const char *line, *told;
	} rows[] = {
		{ "", "screen" }, { "-b", "batch" }, { "--batch vms", "batch <vms>" }, { "--prompt", "prompt" },
		{ "-V", "version" }, { "--version --help", "version" }, { "-h", "help" },
		{ "--help disk add", "help <disk> <add>" },
		{ "-c qemu:///system -c qemu:///session", "screen uri=qemu:///system uri=qemu:///session" },
		{ "--connect=qemu:///system", "screen uri=qemu:///system" }, { "-c test:default", "screen uri=test:default" },
		{ "-q /a -q b --qmp c", "screen socket=/a socket=b socket=c" },
		{ "--no-libvirt --no-scan --no-passthrough", "screen no-libvirt no-scan no-passthrough" },
		{ "-r --dry-run -v --no-color --ascii --no-mouse",
		  "screen read-only dry-run verbose no-color ascii no-mouse" },
		{ "--read-only", "screen read-only" }, { "--verbose", "screen verbose" },
		{ "-d 0.1", "screen delay=0.1" }, { "--delay 2", "screen delay=2" },
		{ "-b -d 0 vms", "batch delay=0 <vms>" },
		{ "-d.5", "screen delay=0.5" }, { "-d 86400", "screen delay=86400" },
		{ "-n 1", "screen count=1" }, { "--count 18446744073709551615", "screen count=18446744073709551615" },
		{ "--ring-hz 1", "screen ring-hz=1" }, { "--ring-hz=10000", "screen ring-hz=10000" },
		{ "-o table", "screen" }, { "-o json", "screen format=json" }, { "--output csv", "screen format=csv" },
		{ "-F a,b", "screen fields=a,b" }, { "--fields x", "screen fields=x" },
		{ "-s -iops", "screen sort=-iops" },
		{ "-s cpu_pct", "screen sort=cpu_pct" }, { "--sort=-x", "screen sort=-x" },
		{ "--filter a>1", "screen filter=a>1" },
		{ "-b -f x", "batch script=x" }, { "--batch --file -", "batch script=-" },
		{ "--timeout 5", "screen timeout=5000 answer=5000" }, { "--timeout 0.05", "screen timeout=50 answer=50" },
		{ "--on-error stop", "screen" }, { "--on-error=continue", "screen go-on" },
		/* anywhere, and after "--" nowhere */
		{ "-b vms web -o json", "batch format=json <vms> <web>" }, { "vms -b", "batch <vms>" },
		{ "-b disk add web file=/a -r format=raw --dry-run",
		  "batch read-only dry-run <disk> <add> <web> <file=/a> <format=raw>" },
		{ "-b -- vms -o", "batch <vms> <-o>" }, { "-b vms -- -o json", "batch <vms> <-o> <json>" },
		{ "-b -", "batch <->" },
		{ "-brv vms", "batch read-only verbose <vms>" }, { "-bojson", "batch format=json" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *copy = NULL, *got = NULL;
		char *argv[MAX];
		struct err err = {0};
		struct options o;

		if (parse(rows[i].line, &copy, argv, &o, &err))
			fail_msg("'%s': %s", rows[i].line, err.text);
		got = told(&o);
		if (strcmp(got, rows[i].told))
			fail_msg("'%s' is '%s'", rows[i].line, got);
		options_done(&o);
	}
}

static void errors_say_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
		{ "vms", "verbs want --batch" }, { "-f x", "verbs want --batch" },
		{ "-x", "no option '-x'" }, { "-b -x", "no option '-x'" }, { "--batch -xv", "no option '-x'" },
		{ "--batch -vxb", "no option '-x'" },
		{ "-b --outptu json", "did you mean '--output'" }, { "--zzzzzzzz", "no option '--zzzzzzzz'" },
		{ "--zzzzzzzz=1", "no option '--zzzzzzzz'" }, { "--batch=1", "'--batch' takes no value" },
		{ "-b --dry-run=x", "'--dry-run' takes no value" },
		{ "-o", "'-o' wants a value" }, { "--output", "'--output' wants a value" },
		{ "-b -d", "'-d' wants a value" },
		{ "-o xml", "--output 'xml': one of table, json, csv" }, { "-o JSON", "one of" },
		{ "-o=json", "one of" },
		{ "-d x", "--delay 'x'" }, { "-d -1", "--delay" }, { "-d 0.05", "0.1 at the least" },
		{ "-d 1e9", "--delay" },
		{ "-d nan", "--delay" }, { "-d 1x", "--delay" }, { "-n 0", "--count '0'" }, { "-n -1", "--count" },
		{ "-n 1.5", "--count" },
		{ "-n x", "--count" }, { "-n 18446744073709551616", "--count" },
		{ "--ring-hz 0", "from 1 to 10000" }, { "--ring-hz 10001", "--ring-hz '10001'" }, { "--ring-hz 1k", "--ring-hz" },
		{ "--timeout x", "--timeout 'x'" }, { "--timeout -5", "--timeout" }, { "--timeout 0", "--timeout '0'" },
		{ "--timeout 100000", "--timeout" }, { "--on-error never", "one of stop, continue" },
		{ "-c qemu+ssh://host/system", "only URIs of this host" }, { "-c qemu://h/system", "only URIs of this host" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *copy = NULL;
		char *argv[MAX];
		struct err err = {0};
		struct options o;

		if (parse(rows[i].line, &copy, argv, &o, &err) != -EINVAL || !strstr(err.text, rows[i].why))
			fail_msg("'%s': '%s' is not '%s'", rows[i].line, err.text, rows[i].why);
	}
}

/* Each row of the table is known to the parser, by its name and by its letter, and takes a value if it says so. */
static void each_row_is_parsed(void **state)
{
	static const struct {
		const char *name, *value;
	} values[] = { { "delay", "1" }, { "count", "1" }, { "output", "csv" }, { "timeout", "1" },
	{ "on-error", "stop" },
	{ "ring-hz", "1000" },
	};
	const struct option_row *rows;
	size_t n, i, k;

	(void)state;
	rows = options_table(&n);
	for (i = 0; i < n; i++) {
		const char *value = rows[i].value ? "x" : "";
		char letter[2] = { rows[i].letter, '\0' };
		auto_free char *name = xasprintf("--%s", rows[i].name), *in = NULL, *by_letter = NULL;
		char *copies[2] = {0}, *argv[MAX], *got[2] = {0};
		struct options o;
		struct err err = {0};

		for (k = 0; k < ARRAY_SIZE(values); k++)
			if (!strcmp(values[k].name, rows[i].name))
				value = values[k].value;
		in = xasprintf("%s %s -b", name, value);
		by_letter = xasprintf("-%s %s -b", letter, value);
		for (k = 0; k < (rows[i].letter ? 2 : 1); k++) {
			if (parse(k ? by_letter : in, &copies[k], argv, &o, &err))
				fail_msg("%s: %s", k ? by_letter : in, err.text);
			got[k] = told(&o);
			options_done(&o);
		}
		if (got[1])
			assert_string_equal(got[0], got[1]);
		for (k = 0; k < 2; k++) {
			free(copies[k]);
			free(got[k]);
		}
		assert_non_null(rows[i].help);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_parsed),
		cmocka_unit_test(errors_say_what_is_wrong),
		cmocka_unit_test(each_row_is_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
