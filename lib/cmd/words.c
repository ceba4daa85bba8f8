// SPDX-License-Identifier: GPL-3.0-or-later
/* A line of a script or of the prompt into words. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word from *at on; quotes may stand anywhere in it. */
static int take_word(const char **at, struct buf *word, struct err *err)
{
	const char *p = *at;
	char quote = 0;

	buf_puts(word, "");
	for (; *p && (quote || !is_blank(*p)); p++) {
		if (quote ? *p == quote : (*p == '\'' || *p == '"')) {
			quote = quote ? 0 : *p;
			continue;
		}
		if (*p == '\\' && (!quote || (quote == '"' && (p[1] == '"' || p[1] == '\\')))) {
			if (!p[1] || p[1] == '\n' || p[1] == '\r')
				return err_set(err, -EINVAL, "the line ends in a backslash");
			p++;
		}
		buf_add(word, p, 1);
	}
	if (quote)
		return err_set(err, -EINVAL, "a quote (%c) is not closed", quote);
	*at = p;
	return 0;
}

int words_parse(const char *line, char ***words, size_t *n, struct err *err)
{
	char **list = NULL;
	size_t count = 0;
	int rc = 0;

	if (strlen(line) > LINE_MAX_BYTES)
		return err_set(err, -EINVAL, "a line holds at most %d bytes", LINE_MAX_BYTES);
	while (!rc) {
		auto_buf struct buf word = {0};

		while (is_blank(*line))
			line++;
		if (!*line || *line == '#')
			break;
		rc = take_word(&line, &word, err);
		if (!rc)
			*vec_push(list, count) = buf_take(&word);
	}
	if (rc) {
		words_free(list, count);
		return rc;
	}
	*words = list;
	*n = count;
	return 0;
}

void words_free(char **words, size_t n)
{
	while (n)
		free(words[--n]);
	free(words);
}

bool line_is_open(const char *line, bool *joined)
{
	char quote = 0;
	long braces = 0;
	const char *p;

	*joined = false;
	for (p = line; *p; p++) {
		if (*p == '\\' && quote != '\'') {
			*joined = !p[1];
			if (!p[1])
				return true;
			p++;
		} else if (quote ? *p == quote : (*p == '\'' || *p == '"')) {
			quote = quote ? 0 : *p;
		} else if (!quote && *p == '#' && (p == line || is_blank(p[-1]))) {
			break;
		} else if (!quote) {
			braces += (*p == '{') - (*p == '}');
		}
	}
	return quote || braces > 0;
}
