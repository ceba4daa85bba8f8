// SPDX-License-Identifier: GPL-3.0-or-later
/* Words for a shell. */
#include "batch_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,/:=@%+"
#define PIECE_MIN 8
/* Shorter values are found in any text. */
#define VALUE_MIN 2

char **batch_words(const struct verb *v, const char *const values[VERB_ARGS_MAX], size_t *n)
{
	const char *name = v->name;
	char **words = NULL;
	bool gap = false;
	size_t i;

	*n = 0;
	while (*name) {
		size_t len = strcspn(name, " ");

		*vec_push(words, *n) = xstrndup(name, len);
		name += len + (name[len] == ' ');
	}
	for (i = 0; i < v->n_args; i++) {
		const struct arg *arg = &v->args[i];

		/* behind a positional that is missing, another would be taken for it */
		if (!values[i] || !*values[i] || (arg->positional && gap)) {
			gap |= arg->positional;
			continue;
		}
		*vec_push(words, *n) = arg->positional ? xstrdup(values[i]) : xasprintf("%s=%s", arg->name, values[i]);
	}
	return words;
}

/* For a shell, and the same for a script: in '..' but for what needs none. */
static void quote(struct buf *out, const char *word)
{
	const char *p;

	if (*word && strspn(word, PLAIN) == strlen(word)) {
		buf_puts(out, word);
		return;
	}
	buf_puts(out, "'");
	for (p = word; *p; p++)
		buf_add(out, *p == '\'' ? "'\\''" : p, *p == '\'' ? 4 : 1);
	buf_puts(out, "'");
}

char *batch_line(char *const *words, size_t n)
{
	struct buf line = {0};
	size_t i;

	buf_puts(&line, "kvmtop --batch");
	for (i = 0; i < n; i++) {
		buf_puts(&line, " ");
		quote(&line, words[i]);
	}
	return buf_take(&line);
}

/*
 * Where a piece of at most n bytes ends: behind the last blank between words, else anywhere but behind a backslash.
 * *quoted: whether the piece begins, and the next one, in '..'.
 */
static size_t piece_bytes(const char *s, size_t n, bool *quoted)
{
	bool in = *quoted, at_blank = false;
	size_t i, end = 0, blank = 0;

	for (i = 0; i < n; i++) {
		if (s[i] == '\'' && !(i && !in && s[i - 1] == '\\'))
			in = !in;
		if (s[i] == ' ' && !in)
			blank = i + 1;
	}
	end = n;
	while (end > 1 && (s[end - 1] == '\\' || (s[end] & 0xc0) == 0x80))
		end--;
	if (blank > n / 2) {
		end = blank;
		at_blank = true;
	}
	for (in = *quoted, i = 0; i < end; i++)
		if (s[i] == '\'' && !(i && !in && s[i - 1] == '\\'))
			in = !in;
	*quoted = in && !at_blank;
	return end;
}

void batch_wrap(const char *line, size_t width, void (*each)(void *data, const char *piece), void *data)
{
	bool quoted = false;

	if (width < PIECE_MIN)
		width = PIECE_MIN;
	while (*line) {
		bool was = quoted;
		auto_free char *piece = NULL;
		size_t used, n = str_fit(line, width - was, &used);

		if (!line[n]) {
			piece = xasprintf("%s%s", was ? "'" : "", line);
			each(data, piece);
			return;
		}
		/* for a quote that is opened again, one that is closed, and the backslash */
		n = str_fit(line, width - was - 2, &used);
		n = piece_bytes(line, n ? n : 1, &quoted);
		piece = xasprintf("%s%.*s%s\\", was ? "'" : "", (int)n, line, quoted ? "'" : "");
		each(data, piece);
		line += n;
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The text as a whole word; of an argument's name, with "=" behind it. */
static const char *find_word(const char *in, const char *word, char behind)
{
	const char *at = in;
	size_t len = strlen(word);

	while ((at = strstr(at, word))) {
		bool begins = at == in || !is_word(at[-1]);

		if (begins && (behind ? at[len] == behind : !is_word(at[len])))
			return at;
		at++;
	}
	return NULL;
}

int batch_blamed(const struct verb *v, const char *const values[VERB_ARGS_MAX], const char *error)
{
	/* what is in brackets is what to do: it may name any argument */
	auto_free char *what = xstrndup(error, strstr(error, " (") ? (size_t)(strstr(error, " (") - error) : strlen(error));
	const char *first = NULL;
	int blamed = -1;
	size_t i;

	for (i = 0; i < v->n_args; i++) {
		const char *at = v->args[i].positional ? NULL : find_word(what, v->args[i].name, '=');

		if (at && (!first || at < first)) {
			first = at;
			blamed = (int)i;
		}
	}
	for (i = 0; i < v->n_args && blamed < 0; i++) {
		auto_free char *missing = xasprintf("%s is missing", v->args[i].name);

		if (v->args[i].positional && strstr(what, missing))
			blamed = (int)i;
	}
	/* the guest is named in many texts, and is what was stood on */
	for (i = v->n_args; i-- > 0 && blamed < 0; )
		if (v->args[i].type != ARG_VM && v->args[i].type != ARG_CHOICE && values[i] && strlen(values[i]) >= VALUE_MIN &&
		    find_word(what, values[i], '\0'))
			blamed = (int)i;
	for (i = 0; i < v->n_args && blamed < 0; i++)
		if (find_word(what, v->args[i].name, '\0') && !v->args[i].positional)
			blamed = (int)i;
	/* what to do about it: "force=on to take the risk" */
	for (i = 0; i < v->n_args && blamed < 0; i++)
		if (!v->args[i].positional && find_word(error, v->args[i].name, '='))
			blamed = (int)i;
	if (blamed < 0 && verb_has_guest(v) && str_has_prefix(what, "no guest"))
		blamed = 0;
	return blamed;
}
