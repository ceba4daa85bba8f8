// SPDX-License-Identifier: GPL-3.0-or-later
/* Text into cells. */
#include "draw.h"

#include <curses.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* More marks than that on one letter are no writing. */
#define MARKS_MAX 2

static const struct {
	short fg, bg;
	attr_t with_colour, without;
} looks[PAINT_COUNT] = {
	[PAINT_PLAIN] = { -1, -1, A_NORMAL, A_NORMAL },
	[PAINT_HEAD] = { COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_REVERSE },
	[PAINT_HEAD_SORT] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE | A_BOLD },
	[PAINT_SELECTED] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[PAINT_STALE] = { -1, -1, A_DIM, A_DIM },
	[PAINT_WARN] = { COLOR_YELLOW, -1, A_NORMAL, A_BOLD },
	[PAINT_BAD] = { COLOR_RED, -1, A_BOLD, A_BOLD },
	[PAINT_GOOD] = { COLOR_GREEN, -1, A_BOLD, A_BOLD },
	[PAINT_STRONG] = { -1, -1, A_BOLD, A_BOLD },
	[PAINT_KEY] = { -1, -1, A_NORMAL, A_NORMAL },
	[PAINT_KEY_LABEL] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[PAINT_FIELD] = { -1, -1, A_UNDERLINE, A_UNDERLINE },
	[PAINT_FIELD_ON] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[PAINT_SELECTED_WARN] = { COLOR_YELLOW, COLOR_BLUE, A_BOLD, A_REVERSE | A_BOLD },
	[PAINT_SELECTED_BAD] = { COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD | A_UNDERLINE },
	[PAINT_GRAPH] = { COLOR_GREEN, -1, A_NORMAL, A_NORMAL },
};

/* A console's font has a few hundred letters, and a terminal of glass fewer. */
static bool has_braille(void)
{
	static const char *const without[] = { "linux", "vt", "ansi", "dumb", "cons", "con", "sun", "wy" };
	const char *term = getenv("TERM");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(without); i++)
		if (!term || str_has_prefix(term, without[i]))
			return false;
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

void theme_init(struct theme *t, bool colour, bool ascii)
{
	short i;

	t->colour = colour && has_colors() && start_color() == OK && COLORS >= 8;
	t->ascii = ascii || MB_CUR_MAX == 1;
	t->braille = !t->ascii && has_braille();
	if (!t->colour)
		return;
	for (i = 1; i < PAINT_COUNT; i++) {
		bool own = use_default_colors() == OK;

		init_pair(i, looks[i].fg < 0 && !own ? COLOR_WHITE : looks[i].fg,
			  looks[i].bg < 0 && !own ? COLOR_BLACK : looks[i].bg);
	}
}

static attr_t look_of(const struct draw *d, enum paint p, short *pair)
{
	*pair = d->theme->colour ? (short)p : 0;
	return d->theme->colour ? looks[p].with_colour : looks[p].without;
}

static void paint(const struct draw *d, enum paint p)
{
	short pair;
	attr_t look = look_of(d, p, &pair);

	attr_set(look, pair, NULL);
}

/*
 * Terminals and wcwidth() agree on letters, wide letters and a mark behind a letter. On a mark without a letter they do
 * not: it is left out, as str_clean does with what joins or selects variants.
 */
static void add_char(struct buf *out, const char *at, size_t n, wchar_t wc, int *marks)
{
	int width = wcwidth(wc);

	if (width == 0 && (*marks < 0 || *marks >= MARKS_MAX || !iswprint((wint_t)wc)))
		return;
	*marks = width ? 0 : *marks + 1;
	if (width < 0 || !iswprint((wint_t)wc))
		buf_puts(out, "?");
	else
		buf_add(out, at, n);
}

/* Most of what is drawn: every letter is a cell, and nothing is left out. */
static bool is_printable_ascii(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

char *draw_clean(const struct draw *d, const char *text)
{
	auto_free char *copy = is_printable_ascii(text) ? NULL : str_clean(xstrdup(text));
	auto_buf struct buf out = {0};
	mbstate_t st = {0};
	size_t left = copy ? strlen(copy) : 0, at = 0;
	int marks = -1;

	if (!copy)
		return xstrdup(text);
	while (left) {
		wchar_t wc;
		size_t n = mbrtowc(&wc, copy + at, left, &st);

		if (d->theme->ascii || n == (size_t)-1 || n == (size_t)-2) {
			/* one '?' for a character, whatever the locale makes of its bytes */
			n = 1;
			st = (mbstate_t){0};
			if (!(copy[at] & 0x80))
				buf_add(&out, copy + at, 1);
			else if ((copy[at] & 0xc0) == 0xc0)
				buf_puts(&out, "?");
		} else {
			add_char(&out, copy + at, n, wc, &marks);
		}
		at += n;
		left -= n;
	}
	return buf_take(&out);
}

int draw_width(const struct draw *d, const char *text)
{
	auto_free char *clean = NULL;

	if (is_printable_ascii(text))
		return (int)strlen(text);
	clean = draw_clean(d, text);
	return (int)str_width(clean);
}

/*
 * Of a string curses asks for each letter whether it is a mark, a tab, or wide. A screen has ten thousand of them, and nearly
 * all are one letter in one cell: false if some are not.
 */
static bool put_cells(const struct draw *d, int y, int x, const char *text, size_t n, enum paint p)
{
	cchar_t cells[64];
	short pair;
	attr_t look = look_of(d, p, &pair);
	int count = 0;
	size_t at = 0;

	while (at < n) {
		wchar_t letter[2] = { L'\0', L'\0' };
		uint32_t cp = 0;
		size_t bytes = str_char(text + at, n - at, &cp);

		letter[0] = (wchar_t)cp;
		if (!bytes || wcwidth(letter[0]) != 1)
			return false;
		at += bytes;
		setcchar(&cells[count++], letter, look, pair, NULL);
		if (count == ARRAY_SIZE(cells) || at >= n) {
			mvadd_wchnstr(y, x, cells, count);
			x += count;
			count = 0;
		}
	}
	return true;
}

/* n bytes at y, x. */
static void put_letters(const struct draw *d, int y, int x, const char *text, size_t n, enum paint p)
{
	if (put_cells(d, y, x, text, n, p))
		return;
	paint(d, p);
	mvaddnstr(y, x, text, (int)n);
	attr_set(A_NORMAL, 0, NULL);
}

static void put_blanks(const struct draw *d, int y, int x, int n, enum paint p)
{
	if (n <= 0)
		return;
	paint(d, p);
	mvhline(y, x, ' ', n);
	attr_set(A_NORMAL, 0, NULL);
}

static int visible(const struct draw *d, int y, int x, int width)
{
	if (y < 0 || y >= d->height || x < 0 || x >= d->width)
		return 0;
	return width > d->width - x ? d->width - x : width;
}

static void put(const struct draw *d, int y, int x, int width, enum paint p, const char *text, bool right)
{
	auto_free char *clean = draw_clean(d, text);
	const char *mark = "";
	size_t used, bytes;
	int rest, indent;

	width = visible(d, y, x, width);
	if (width <= 0)
		return;
	bytes = str_fit(clean, (size_t)width, &used);
	if (clean[bytes]) {
		mark = d->theme->ascii ? "+" : "\xe2\x80\xa6";
		bytes = str_fit(clean, (size_t)width - 1, &used);
	}
	rest = width - (int)used - (*mark ? 1 : 0);
	indent = right && !*mark ? rest : 0;
	put_blanks(d, y, x, indent, p);
	put_letters(d, y, x + indent, clean, bytes, p);
	put_letters(d, y, x + indent + (int)used, mark, strlen(mark), p);
	put_blanks(d, y, x + width - (rest - indent), rest - indent, p);
}

void draw_text(const struct draw *d, int y, int x, int width, enum paint p, const char *text)
{
	put(d, y, x, width, p, text, false);
}

void draw_right(const struct draw *d, int y, int x, int width, enum paint p, const char *text)
{
	put(d, y, x, width, p, text, true);
}

void draw_printf(const struct draw *d, int y, int x, int width, enum paint p, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	put(d, y, x, width, p, text, false);
}

void draw_fill(const struct draw *d, int y, enum paint p)
{
	put(d, y, 0, d->width, p, "", false);
}

void draw_bar(const struct draw *d, int y, int x, int width, enum paint p, double share)
{
	int i, full;

	width = visible(d, y, x, width);
	if (width < 3)
		return;
	full = share >= 1 ? width - 2 : share > 0 ? (int)(share * (width - 2) + 0.5) : 0;
	paint(d, PAINT_PLAIN);
	mvaddch(y, x, '[');
	paint(d, p);
	for (i = 0; i < width - 2; i++)
		addch(i < full ? '#' : '.');
	paint(d, PAINT_PLAIN);
	addch(']');
}
