// SPDX-License-Identifier: GPL-3.0-or-later
/* Editing one line, in the locale's characters. */
#include "line.h"
#include "input.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define LINE_BYTES_MAX 4096

void line_set(struct line *l, const char *text)
{
	char *copy = xstrdup(text ? text : "");

	free(l->text);
	l->text = copy;
	l->at = strlen(copy);
}

void line_done(struct line *l)
{
	free(l->text);
	*l = (struct line){0};
}

/* Bytes of the character at text; 1 for what is none. */
static size_t char_len(const char *text)
{
	mbstate_t st = {0};
	size_t n = mbrlen(text, strlen(text), &st);

	return n == (size_t)-1 || n == (size_t)-2 || !n ? 1 : n;
}

static size_t char_before(const char *text, size_t at)
{
	size_t i = 0, len = 0;

	while (i < at) {
		len = char_len(text + i);
		i += len;
	}
	return len < at ? len : at;
}

static void cut(struct line *l, size_t from, size_t to)
{
	memmove(l->text + from, l->text + to, strlen(l->text + to) + 1);
	l->at = from;
}

static bool insert(struct line *l, int key)
{
	char bytes[MB_LEN_MAX];
	mbstate_t st = {0};
	size_t len = strlen(l->text), n = wcrtomb(bytes, (wchar_t)key, &st);

	if (n == (size_t)-1 || len + n > LINE_BYTES_MAX)
		return false;
	l->text = xrealloc(l->text, len + n + 1, 1);
	memmove(l->text + l->at + n, l->text + l->at, len - l->at + 1);
	memcpy(l->text + l->at, bytes, n);
	l->at += n;
	return true;
}

/* The word, or part of a path, before the cursor, and what stands between. */
static size_t word_start(const struct line *l)
{
	size_t at = l->at;

	while (at && (l->text[at - 1] == ' ' || l->text[at - 1] == '/'))
		at--;
	while (at && l->text[at - 1] != ' ' && l->text[at - 1] != '/')
		at--;
	return at;
}

bool line_key(struct line *l, int key, bool *changed)
{
	bool is_end = !l->text[l->at];

	*changed = false;
	if (key_is_text(key)) {
		*changed = insert(l, key);
		return true;
	}
	switch (key) {
	case K_LEFT: case K_CTRL('B'):
		l->at -= char_before(l->text, l->at);
		return true;
	case K_RIGHT: case K_CTRL('F'):
		l->at += is_end ? 0 : char_len(l->text + l->at);
		return true;
	case K_HOME: case K_CTRL('A'):
		l->at = 0;
		return true;
	case K_END: case K_CTRL('E'):
		l->at = strlen(l->text);
		return true;
	case K_BACKSPACE:
		*changed = l->at > 0;
		cut(l, l->at - char_before(l->text, l->at), l->at);
		return true;
	case K_DELETE: case K_CTRL('D'):
		*changed = !is_end;
		cut(l, l->at, l->at + (is_end ? 0 : char_len(l->text + l->at)));
		return true;
	case K_CTRL('U'):
		*changed = *l->text;
		cut(l, 0, strlen(l->text));
		return true;
	case K_CTRL('K'):
		*changed = !is_end;
		l->text[l->at] = '\0';
		return true;
	case K_CTRL('W'):
		*changed = l->at > 0;
		if (l->at)
			cut(l, word_start(l), l->at);
		return true;
	}
	return false;
}

void line_draw(const struct line *l, struct draw *d, int y, int x, int width, enum paint p, bool focus)
{
	auto_free char *before = xstrndup(l->text, l->at);
	size_t skip = 0;

	/* the cursor needs a place of its own, also behind the end */
	while (before[skip] && draw_width(d, before + skip) >= width)
		skip += char_len(before + skip);
	draw_text(d, y, x, width, p, l->text + skip);
	if (focus) {
		d->cursor_y = y;
		d->cursor_x = x + draw_width(d, before + skip);
		if (d->cursor_x >= d->width)
			d->cursor_x = d->width - 1;
		if (d->cursor_y >= d->height)
			d->cursor_y = d->height - 1;
	}
}
