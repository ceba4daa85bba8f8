// SPDX-License-Identifier: GPL-3.0-or-later
/* String building, cleaning of foreign text, nearest match. */
#include "base.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void buf_room(struct buf *b, size_t more)
{
	size_t want = b->len + more + 1;

	if (want <= b->cap)
		return;
	b->cap = want < 64 ? 64 : want + want / 2;
	b->text = xrealloc(b->text, b->cap, 1);
}

void buf_add(struct buf *b, const void *text, size_t len)
{
	buf_room(b, len);
	memcpy(b->text + b->len, text, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	buf_room(b, 32);	/* most of what is printed is a number, and formatting it twice is slow */
	va_start(ap, fmt);
	len = vsnprintf(b->text + b->len, b->cap - b->len, fmt, ap);
	va_end(ap);
	if (len < 0) {
		b->text[b->len] = '\0';
		return;
	}
	if ((size_t)len >= b->cap - b->len) {
		buf_room(b, (size_t)len);
		va_start(ap, fmt);
		vsnprintf(b->text + b->len, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)len;
}

void buf_fill(struct buf *b, char c, size_t n)
{
	buf_room(b, n);
	memset(b->text + b->len, c, n);
	b->len += n;
	b->text[b->len] = '\0';
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->text)
		b->text[0] = '\0';
}

void buf_done(struct buf *b)
{
	free(b->text);
	*b = (struct buf){0};
}

char *buf_take(struct buf *b)
{
	char *s = b->text ? b->text : xstrdup("");

	*b = (struct buf){0};
	return s;
}

size_t str_char(const char *text, size_t limit, uint32_t *cp)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	len = s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xc0 && s[0] < 0xe0 ? 2 : 0;
	if (!len || len > limit)
		return 0;
	*cp = s[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return len;
}

char *str_utf8(const char *s, size_t len, size_t max)
{
	auto_buf struct buf out = {0};
	size_t i = 0;

	while (i < len) {
		uint32_t cp;
		size_t n = str_char(s + i, len - i, &cp);

		if (out.len + (n ? n : 3) > max)
			break;
		if (n)
			buf_add(&out, s + i, n);
		else
			buf_puts(&out, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	return buf_take(&out);
}

/* Unicode's Default_Ignorable_Code_Point, but for what str_is_drawable names: a text with them looks like one without. */
static bool is_invisible(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0xad, 0xad }, { 0x34f, 0x34f }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200d },
		{ 0x2060, 0x2065 }, { 0x206a, 0x206f }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f }, { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfff8 }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges) && cp >= ranges[i].first; i++)
		if (cp <= ranges[i].last)
			return true;
	return false;
}

bool str_is_drawable(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return false;
	/* separators and bidirectional controls move what stands around them */
	if (cp == 0x61c || cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069))
		return false;
	return cp != 0xfeff && !(cp >= 0xfff9 && cp <= 0xfffb) && !is_invisible(cp);
}

char *str_clean(char *s)
{
	size_t len = strlen(s), in = 0, out = 0;

	while (in < len) {
		uint32_t cp;
		size_t n = str_char(s + in, len - in, &cp);

		if (n && str_is_drawable(cp)) {
			memmove(s + out, s + in, n);
			out += n;
		} else if (!n || !is_invisible(cp)) {
			s[out++] = '?';
		}
		in += n ? n : 1;
	}
	s[out] = '\0';
	return s;
}

bool str_is_clean(const char *s)
{
	auto_free char *copy = xstrdup(s);

	return !strcmp(str_clean(copy), s);
}

/* Columns of the character that text begins with, negative if it is none that is drawn; *len: its bytes. */
static int char_width(const char *text, size_t limit, mbstate_t *st, size_t *len)
{
	wchar_t wc;

	*len = mbrtowc(&wc, text, limit, st);
	if (*len != (size_t)-1 && *len != (size_t)-2)
		return wcwidth(wc);
	*len = 1;		/* not this locale's: one column a byte */
	*st = (mbstate_t){0};
	return 1;
}

size_t str_fit(const char *s, size_t width, size_t *used)
{
	mbstate_t st = {0};
	size_t at = 0, left = strlen(s);

	*used = 0;
	while (left) {
		size_t n = 1;
		int w = 1;

		if (s[at] < ' ' || s[at] > '~')		/* the rest is nearly all there is, and asking the locale is slow */
			w = char_width(s + at, left, &st, &n);
		if (w < 0)
			w = 1;
		if (*used + (size_t)w > width)
			break;
		*used += (size_t)w;
		at += n;
		left -= n;
	}
	return at;
}

size_t str_width(const char *s)
{
	size_t used;

	str_fit(s, SIZE_MAX / 2, &used);
	return used;
}

/* Edit distance with swaps of neighbours; both words are short, longer ones are far from all. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), i, j;
	size_t d[3][34];

	if (la > 32 || lb > 32)
		return SIZE_MAX;
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++) {
		size_t *cur = d[i % 3], *prev = d[(i + 2) % 3], *pprev = d[(i + 1) % 3];

		cur[0] = i;
		for (j = 1; j <= lb; j++) {
			size_t best = prev[j - 1] + (a[i - 1] != b[j - 1]);

			if (prev[j] + 1 < best)
				best = prev[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && pprev[j - 2] + 1 < best)
				best = pprev[j - 2] + 1;
			cur[j] = best;
		}
	}
	return d[la % 3][lb];
}

void str_near_try(struct str_near *near, const char *candidate)
{
	size_t limit = strlen(near->word) / 3 + 1;
	size_t d = distance(near->word, candidate);

	if (d > limit || (near->best && d >= near->distance))
		return;
	near->best = candidate;
	near->distance = d;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_is_listed(const char *word, const char *const *list)
{
	while (word && *list && strcmp(word, *list))
		list++;
	return word && *list;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return len >= tail && !strcmp(s + len - tail, suffix);
}
