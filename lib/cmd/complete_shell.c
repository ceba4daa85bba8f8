// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The hidden verb behind the completion of shells. It gets what the user typed as the shell has it, and answers a line for
 * each candidate, in the form in which that shell inserts it.
 */
#include "completing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The user waits for the answer. */
#define SHELL_MS 1500
/* The words at the end that may not make sense yet, as options. */
#define UNFINISHED_MAX 16

/* The options so far say which guests are looked at, and how. What they borrow is in words. */
static void parse_options(char *const *words, size_t n, struct options *out)
{
	char **argv = xcalloc(n + 2, sizeof(*argv));
	size_t left = n, i;
	struct err err;
	int rc;

	do {
		argv[0] = (char[]){ "kvmtop" };
		for (i = 0; i < left; i++)
			argv[i + 1] = words[i];
		argv[left + 1] = NULL;
		rc = options_parse((int)left + 1, argv, out, &err);
	} while (rc && left-- > 0 && n - left < UNFINISHED_MAX);
	if (rc)
		*out = (struct options){ .delay_s = -1 };
	out->read_only = true;		/* for libvirt, too */
	out->words = NULL;
	free(argv);
}

/* The words without that of the program, the last one unfinished. */
static bool complete_for_shell(char *const *words, size_t n, struct completion *c)
{
	struct options opts;
	struct session s;
	struct err err;

	parse_options(words, n - 1, &opts);
	if (session_open(&s, &opts, &err)) {
		options_done(&opts);
		return false;
	}
	complete_words(&s, words, n, true, SHELL_MS, c);
	session_done(&s);
	options_done(&opts);
	return true;
}

/* ---- bash */

/*
 * Readline replaces what stands behind an open quote, or else behind the last sign of COMP_WORDBREAKS that is not quoted.
 * That place in the line, from the beginning of its last word on.
 */
static size_t replaced_from(const char *line, size_t from, const char *breaks)
{
	size_t at = from, i;
	char quote = 0;

	for (i = from; line[i]; i++) {
		if (line[i] == '\\' && quote != '\'' && line[i + 1]) {
			i++;
		} else if (quote && line[i] == quote) {
			quote = 0;
		} else if (!quote && (line[i] == '\'' || line[i] == '"')) {
			quote = line[i];
			at = i + 1;
		} else if (!quote && strchr(breaks, line[i])) {
			at = i + 1;
		}
	}
	return at;
}

/* The same line up to there, as the shell reads it: how much of a candidate stands before it. */
static size_t read_before(const char *line, size_t from, size_t to)
{
	struct line_words w;
	size_t len;

	line_split(line + from, to - from, &w);
	len = strlen(w.words[w.n - 1]);
	line_words_done(&w);
	return len;
}

static void print_bash(FILE *f, const char *line, const struct line_words *w, const char *breaks, const struct completion *c)
{
	size_t from = replaced_from(line, w->at, breaks), skip = read_before(line, w->at, from), i;
	const char *typed = w->words[w->n - 1];

	for (i = 0; i < c->n; i++) {
		auto_buf struct buf text = {0};

		if (strlen(c->list[i].text) < skip || strncmp(c->list[i].text, typed, skip))
			continue;
		word_escape(c->list[i].text + skip, w->quote, &text);
		fprintf(f, "%s\n", text.text);
	}
}

/* LINE, up to the cursor, and COMP_WORDBREAKS */
static void complete_bash(FILE *f, const char *line, const char *breaks)
{
	struct completion c = {0};
	struct line_words w;

	if (strlen(line) > LINE_MAX_BYTES)
		return;
	line_split(line, strlen(line), &w);
	if (w.n > 1 && complete_for_shell(w.words + 1, w.n - 1, &c))
		print_bash(f, line, &w, breaks, &c);
	completion_done(&c);
	line_words_done(&w);
}

/* ---- zsh, fish */

/* "TEXT\tHELP", and for why there is nothing "\tNOTE": both shells quote and cut by themselves. */
static void print_words(FILE *f, const struct completion *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		fprintf(f, "%s\t", c->list[i].text);
		out_text(f, c->list[i].help ? c->list[i].help : "");
		fputc('\n', f);
	}
	if (c->note && !c->n) {
		fputc('\t', f);
		out_text(f, c->note);
		fputc('\n', f);
	}
}

/* The words behind the program's; fish has the last one as it was typed. */
static void complete_others(FILE *f, char *const *words, size_t n, bool raw)
{
	struct completion c = {0};
	char **copy = xcalloc(n, sizeof(*copy));
	struct line_words last = {0};

	memcpy(copy, words, n * sizeof(*copy));
	if (raw) {
		line_split(words[n - 1], strlen(words[n - 1]), &last);
		copy[n - 1] = last.words[last.n - 1];
	}
	if (complete_for_shell(copy, n, &c))
		print_words(f, &c);
	completion_done(&c);
	line_words_done(&last);
	free(copy);
}

int complete_shell(FILE *f, char *const *args, size_t n)
{
	const char *shell = n ? args[0] : "";

	if (n == 3 && !strcmp(shell, "bash"))
		complete_bash(f, args[1], args[2]);
	else if (n > 1 && (!strcmp(shell, "zsh") || !strcmp(shell, "fish")))
		complete_others(f, args + 1, n - 1, !strcmp(shell, "fish"));
	else
		return EXIT_USAGE;
	return EXIT_DONE;
}
