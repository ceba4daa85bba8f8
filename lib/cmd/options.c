// SPDX-License-Identifier: GPL-3.0-or-later
/* The option table and its parser. */
#include "cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Options without a letter are known to getopt by these. */
enum {
	OPT_PROMPT = 256, OPT_NO_LIBVIRT, OPT_NO_SCAN, OPT_NO_PASSTHROUGH, OPT_FILTER, OPT_DRY_RUN, OPT_TIMEOUT,
	OPT_ON_ERROR, OPT_NO_COLOR, OPT_ASCII, OPT_NO_MOUSE, OPT_ROOT,
	OPT_EXACT,
	OPT_RING_HZ,
};

static const struct option_row table[] = {
	{ 'b', "batch", NULL, "Run one verb, or a script with -f, and leave; no screen.", 'b' },
	{ 0, "prompt", NULL, "The same verbs at a prompt with completion and history.", OPT_PROMPT },
	{ 'c', "connect", "URI", "A libvirt URI on this host; may be repeated.", 'c', .complete = COMPLETE_URIS },
	{ 'q', "qmp", "PATH", "A QMP socket to attach to and to hold; may be repeated.", 'q', .complete = COMPLETE_PATHS },
	{ 0, "no-libvirt", NULL, "Do not ask libvirt.", OPT_NO_LIBVIRT },
	{ 0, "no-scan", NULL, "Do not look for QEMU processes in /proc.", OPT_NO_SCAN },
	{ 0, "no-passthrough", NULL, "Never send monitor commands through libvirt, which taint a guest.", OPT_NO_PASSTHROUGH },
	{ 'd', "delay", "SECONDS", "Between samples: 1.5 on the screen, 1 in batch; 0 in batch never waits and leaves rates unknown.", 'd', .in_line = true },
	{ 'n', "count", "N", "Samples, then leave: 1 in batch, no limit on the screen.", 'n', .in_line = true },
	{ 'o', "output", "FORMAT", "table, json (one object a line), csv or, for look-ups, prometheus (text format 0.0.4).", 'o',
	  .choices = "table|json|csv|prometheus", .in_line = true },		/* in the order of enum format */
	{ 'F', "fields", "A,B", "Columns to show, by the names that `columns` lists, or by their headings.", 'F',
	  .complete = COMPLETE_FIELDS, .in_line = true },
	{ 's', "sort", "[-]FIELD", "Sort by a column; - turns its usual direction round.", 's', .complete = COMPLETE_SORT, .in_line = true },
	{ 0, "filter", "EXPR", "Keep rows for which an expression holds, such as 'cpu_pct>50 && state=running'.", OPT_FILTER,
	  .complete = COMPLETE_FILTER, .in_line = true },
	{ 0, "exact", NULL, "memory VM, numa VM: the kernel counts every page of the guest instead of looking at a sample; seconds, "
	  "in which the guest's faults wait, where it is large.", OPT_EXACT },
	{ 'f', "file", "FILE", "A script of verbs, one a line; - is standard input.", 'f', .complete = COMPLETE_PATHS },
	{ 'r', "read-only", NULL, "Refuse every changing verb; keep no journal.", 'r' },
	{ 0, "ring-hz", "N", "queues of one guest: read the depths of its rings N times a second, 1 to 10000; 1000 on the screen.",
	  OPT_RING_HZ },
	{ 0, "dry-run", NULL, "Print the steps of a changing verb, run none.", OPT_DRY_RUN, .in_line = true },
	{ 0, "timeout", "SECONDS", "How long a changing verb waits for the guest or for QEMU; 30. A look-up: for answers; 2.5.", OPT_TIMEOUT, .in_line = true },
	{ 0, "on-error", "stop|continue", "What a script does after a line that failed; stop.", OPT_ON_ERROR,
	  .choices = "stop|continue" },
	{ 'v', "verbose", NULL, "Tell on standard error what is being done.", 'v', .in_line = true },
	{ 0, "no-color", NULL, "No colours (so does NO_COLOR in the environment).", OPT_NO_COLOR },
	{ 0, "ascii", NULL, "Draw with ASCII only.", OPT_ASCII },
	{ 0, "no-mouse", NULL, "Leave the mouse to the terminal.", OPT_NO_MOUSE },
	{ 0, "root", "DIR", "A recorded host: /proc and /sys are looked for there.", OPT_ROOT, .hidden = true,
	  .complete = COMPLETE_PATHS },
	{ 'h', "help", NULL, "This help, or that of the verb which follows.", 'h' },
	{ 'V', "version", NULL, "Print the version.", 'V' },
};

const struct option_row *options_table(size_t *n)
{
	*n = ARRAY_SIZE(table);
	return table;
}

static int seconds(const char *option, const char *word, double least, bool or_none, double *out, struct err *err)
{
	if (units_seconds_parse(word, out) || *out > 86400 || (*out < least && !(or_none && *out == 0)))
		return err_set(err, -EINVAL, "%s '%s': seconds are expected, %g at the least (or a time such as 500ms or 2min)", option, word, least);
	return 0;
}

/* Which of its choices a word is. */
static int choice(int id, const char *word, unsigned *out, struct err *err)
{
	auto_buf struct buf all = {0};
	const struct option_row *row = table;
	const char *at;
	size_t len;

	while (row->id != id)
		row++;
	*out = 0;
	for (at = row->choices; *at; at += len + (at[len] == '|')) {
		len = strcspn(at, "|");
		if (strlen(word) == len && !strncmp(at, word, len))
			return 0;
		buf_printf(&all, "%s%.*s", all.len ? ", " : "", (int)len, at);
		++*out;
	}
	return err_set(err, -EINVAL, "--%s '%s': one of %s is expected", row->name, word, all.text);
}

static int take_value(struct options *o, int id, const char *word, struct err *err)
{
	unsigned picked = 0;
	double s = 0;
	int rc = 0;

	switch (id) {
	case 'c':
		if (strstr(word, "://") && !strstr(word, ":///"))
			return err_set(err, -EINVAL, "--connect '%s': only URIs of this host, such as qemu:///system", word);
		*vec_push(o->uris, o->n_uris) = word;
		break;
	case 'q':
		*vec_push(o->sockets, o->n_sockets) = word;
		break;
	case 'd':
		return seconds("--delay", word, 0.1, true, &o->delay_s, err);
	case OPT_TIMEOUT:
		rc = seconds("--timeout", word, 0.001, false, &s, err);
		o->timeout_ms = o->answer_ms = (unsigned)(s * 1000);
		return rc;
	case 'n':
		if (units_uint_parse(word, &o->count) || !o->count)
			return err_set(err, -EINVAL, "--count '%s': a number from 1 on is expected", word);
		break;
	case OPT_RING_HZ:
		if (units_uint_parse(word, &o->ring_hz) || !o->ring_hz || o->ring_hz > 10000)
			return err_set(err, -EINVAL, "--ring-hz '%s': a number from 1 to 10000 is expected", word);
		break;
	case 'o':
		rc = choice(id, word, &picked, err);
		o->format = (enum format)picked;
		return rc;
	case OPT_ON_ERROR:
		rc = choice(id, word, &picked, err);
		o->go_on = picked == 1;
		return rc;
	case 'F': o->fields = word; break;
	case 's': o->sort = word; break;
	case 'f': o->script = word; break;
	case OPT_FILTER: o->filter = word; break;
	case OPT_ROOT: o->root = word; break;
	}
	return 0;
}

static void take_flag(struct options *o, int id)
{
	switch (id) {
	case 'b': o->mode = MODE_BATCH; break;
	case OPT_PROMPT: o->mode = MODE_PROMPT; break;
	case OPT_NO_LIBVIRT: o->no_libvirt = true; break;
	case OPT_EXACT: o->exact = true; break;
	case OPT_NO_SCAN: o->no_scan = true; break;
	case OPT_NO_PASSTHROUGH: o->no_passthrough = true; break;
	case 'r': o->read_only = true; break;
	case OPT_DRY_RUN: o->dry_run = true; break;
	case 'v': o->verbose = true; break;
	case OPT_NO_COLOR: o->no_color = true; break;
	case OPT_ASCII: o->ascii = true; break;
	case OPT_NO_MOUSE: o->no_mouse = true; break;
	case 'h': o->help_asked = true; break;
	case 'V': o->mode = MODE_VERSION; break;
	}
}

static bool is_known(int id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].id == id)
			return true;
	return false;
}

static int bad_option(char **argv, int how, struct err *err)
{
	const char *word = argv[optind - 1];
	auto_free char *name = NULL;
	struct str_near near = {0};
	size_t i;

	if (how == ':')
		return err_set(err, -EINVAL, "option '%s' wants a value (see: kvmtop --help)", word);
	/* a letter in the middle of others: getopt is not past that word yet, and the one before it may be anything */
	if (optopt && !is_known(optopt))
		return err_set(err, -EINVAL, "no option '-%c' (see: kvmtop --help)", optopt);
	name = xstrndup(word + 2, strcspn(word + 2, "="));
	near.word = name;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(table[i].name, name))
			return err_set(err, -EINVAL, "option '--%s' takes no value", name);
		str_near_try(&near, table[i].name);
	}
	if (near.best)
		return err_set(err, -EINVAL, "no option '--%s', did you mean '--%s'?", name, near.best);
	return err_set(err, -EINVAL, "no option '--%s' (see: kvmtop --help)", name);
}

static bool is_in_line(int id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].id == id)
			return table[i].in_line;
	return false;
}

/* line: those of a line only. o is changed also where it fails. */
static int parse(int argc, char **argv, bool line, struct options *o, struct err *err)
{
	struct option longs[ARRAY_SIZE(table) + 1] = {0};
	auto_buf struct buf letters = {0};
	size_t i;
	int id, rc = 0;

	buf_puts(&letters, ":");
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		longs[i] = (struct option){ .name = table[i].name, .has_arg = table[i].value ? 1 : 0, .val = table[i].id };
		if (table[i].letter)
			buf_printf(&letters, "%c%s", table[i].letter, table[i].value ? ":" : "");
	}
	optind = 0;
	opterr = 0;
	while (!rc && (id = getopt_long(argc, argv, letters.text, longs, NULL)) != -1) {
		if (id == '?' || id == ':')
			rc = bad_option(argv, id, err);
		else if (line && !is_in_line(id))
			rc = err_set(err, -EINVAL, "an option of the whole run, given when kvmtop is started, is not for a line (%s)",
				     argv[optind - 1]);
		else if (optarg)
			rc = take_value(o, id, optarg, err);
		else
			take_flag(o, id);
	}
	o->words = argv + optind;
	o->n_words = (size_t)(argc - optind);
	return rc;
}

int options_parse(int argc, char **argv, struct options *out, struct err *err)
{
	struct options o = { .delay_s = -1, .timeout_ms = 30000 };
	int rc = parse(argc, argv, false, &o, err);

	if (!rc && o.mode == MODE_SCREEN && (o.n_words || o.script) && !o.help_asked)
		rc = err_set(err, -EINVAL, "'%s' is too much: verbs want --batch (see: kvmtop --help)",
			     o.script ? o.script : o.words[0]);
	if (!rc && o.mode == MODE_SCREEN && o.exact && !o.help_asked)
		rc = err_set(err, -EINVAL, "--exact is for --batch: memory VM or numa VM");
	if (o.help_asked && o.mode != MODE_VERSION)
		o.mode = MODE_HELP;
	if (rc)
		options_done(&o);
	else
		*out = o;
	return rc;
}

int options_parse_line(char **words, size_t n, const struct options *base, struct options *out, struct err *err)
{
	char **argv = xcalloc(n + 2, sizeof(*argv));
	struct options o = *base;
	int rc;

	argv[0] = (char[]){ "kvmtop" };
	memcpy(argv + 1, words, n * sizeof(*words));
	rc = parse((int)n + 1, argv, true, &o, err);
	memcpy(words, argv + 1, n * sizeof(*words));
	o.words = words + (n - o.n_words);
	free(argv);
	if (!rc)
		*out = o;
	return rc;
}

void options_done(struct options *o)
{
	free(o->sockets);
	free(o->uris);
	*o = (struct options){0};
}
