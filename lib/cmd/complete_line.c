// SPDX-License-Identifier: GPL-3.0-or-later
/* Completion of a line as it stands: in words that may be quoted, the last one cut off by the cursor. */
#include "completing.h"

#include <stdlib.h>
#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,/:=@%+"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void word_escape(const char *word, char quote, struct buf *out)
{
	const char *special = quote == '"' ? "\"\\$`" : quote ? "" : NULL, *p;

	buf_puts(out, "");
	for (p = word; *p; p++) {
		if (quote == '\'' && *p == '\'')
			buf_puts(out, "'\\'");
		else if (special ? strchr(special, *p) != NULL : (unsigned char)*p < 0x80 && !strchr(PLAIN, *p))
			buf_puts(out, "\\");
		buf_add(out, p, 1);
	}
}

/* One word from line[*at] on, to its end or that of the line. */
static char *take_word(const char *line, size_t len, size_t *at, char *open)
{
	struct buf word = {0};
	char quote = 0;
	size_t i;

	for (i = *at; i < len && (quote || !is_blank(line[i])); i++) {
		if (quote ? line[i] == quote : (line[i] == '\'' || line[i] == '"')) {
			quote = quote ? 0 : line[i];
			continue;
		}
		if (line[i] == '\\' && quote != '\'' && i + 1 == len)
			continue;	/* of what follows */
		if (line[i] == '\\' && (!quote || (quote == '"' && (line[i + 1] == '"' || line[i + 1] == '\\'))))
			i++;
		buf_add(&word, line + i, 1);
	}
	*at = i;
	*open = quote;
	return buf_take(&word);
}

void line_split(const char *line, size_t len, struct line_words *out)
{
	size_t at = 0;

	*out = (struct line_words){0};
	for (;;) {
		while (at < len && is_blank(line[at]))
			at++;
		out->at = at;
		*vec_push(out->words, out->n) = take_word(line, len, &at, &out->quote);
		if (at >= len)
			return;
	}
}

void line_words_done(struct line_words *w)
{
	words_free(w->words, w->n);
	*w = (struct line_words){0};
}

bool candidate_goes_on(const char *text)
{
	size_t len = strlen(text);

	return len && strchr("=/:,", text[len - 1]);
}

void complete_line(struct session *s, const char *line, size_t len, bool options, unsigned deadline_ms, struct line_completion *out)
{
	struct completion *c = &out->candidates;
	struct line_words w;
	auto_free char *same = NULL;
	auto_buf struct buf text = {0};

	line_split(line, len, &w);
	complete_words(s, w.words, w.n, options, deadline_ms, c);
	out->from = w.at;
	out->text = NULL;
	same = xstrndup(c->n ? c->list[0].text : "", completion_same(c));
	/* "~" has been replaced by what it stands for */
	if (*same && (strlen(same) > strlen(w.words[w.n - 1]) || !str_has_prefix(w.words[w.n - 1], same) || c->n == 1)) {
		word_escape(same, 0, &text);
		if (c->n == 1 && !c->cut && !candidate_goes_on(same))
			buf_puts(&text, " ");
		out->text = buf_take(&text);
	}
	line_words_done(&w);
}

void line_completion_done(struct line_completion *l)
{
	completion_done(&l->candidates);
	free(l->text);
	*l = (struct line_completion){0};
}
