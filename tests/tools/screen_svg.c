// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A screen as a picture: what `tmux capture-pane -e -p` prints, from standard input, becomes SVG on standard output.
 * screen_svg [TITLE]
 */
#include "lib/base/base.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CELL_W 8.4
#define CELL_H 17.0
#define MARGIN 12.0
#define BASELINE 13.0		/* of the text, below the top of its cell */
#define COLS_MAX 500
#define ROWS_MAX 500
#define PARAMS_MAX 32

enum { DEFAULT_FG = -1, DEFAULT_BG = -2 };

struct style {
	long fg, bg;			/* 0xRRGGBB, or the default ones */
	bool bold, dim, underline, reverse;
};

struct cell {
	wchar_t c;			/* 0: the right half of a wide one */
	struct style style;
};

struct screen {
	struct cell *cells;		/* ROWS_MAX rows of COLS_MAX */
	size_t rows, cols;		/* that are in use */
};

static const long FG = 0xd4d4d4, BG = 0x16181d;

/* The sixteen colours as most terminals have them, then the cube of 6x6x6, then the greys. */
static long palette(unsigned n)
{
	static const long ansi[16] = {
		0x2e3436, 0xcc4b4b, 0x5aa55a, 0xc4a000, 0x4a80c9, 0x9a6fb0, 0x2aa1b3, 0xd4d4d4,
		0x6c7177, 0xef6b6b, 0x8ae234, 0xfce94f, 0x729fcf, 0xc49bd8, 0x54d8e8, 0xffffff,
	};
	static const long steps[6] = { 0, 95, 135, 175, 215, 255 };

	if (n < 16)
		return ansi[n];
	if (n < 232)
		return steps[(n - 16) / 36] << 16 | steps[(n - 16) / 6 % 6] << 8 | steps[(n - 16) % 6];
	if (n < 256)
		return (8 + 10 * (long)(n - 232)) * 0x010101;
	return FG;
}

/* "38;5;N" and "38;2;R;G;B" behind the 38: how many parameters it takes. */
static size_t extended(const unsigned *p, size_t n, long *colour)
{
	if (n >= 2 && p[0] == 5) {
		*colour = palette(p[1]);
		return 2;
	}
	if (n >= 4 && p[0] == 2) {
		*colour = (long)(p[1] & 255) << 16 | (long)(p[2] & 255) << 8 | (long)(p[3] & 255);
		return 4;
	}
	return n;
}

static void apply(struct style *s, const unsigned *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!p[i])
			*s = (struct style){ .fg = DEFAULT_FG, .bg = DEFAULT_BG };
		else if (p[i] == 1)
			s->bold = true;
		else if (p[i] == 2)
			s->dim = true;
		else if (p[i] == 22)
			s->bold = s->dim = false;
		else if (p[i] == 4 || p[i] == 24)
			s->underline = p[i] == 4;
		else if (p[i] == 7 || p[i] == 27)
			s->reverse = p[i] == 7;
		else if (p[i] == 38)
			i += extended(p + i + 1, n - i - 1, &s->fg);
		else if (p[i] == 48)
			i += extended(p + i + 1, n - i - 1, &s->bg);
		else if (p[i] == 39)
			s->fg = DEFAULT_FG;
		else if (p[i] == 49)
			s->bg = DEFAULT_BG;
		else if ((p[i] >= 30 && p[i] < 38) || (p[i] >= 90 && p[i] < 98))
			s->fg = palette(p[i] % 10 + (p[i] >= 90 ? 8 : 0));
		else if ((p[i] >= 40 && p[i] < 48) || (p[i] >= 100 && p[i] < 108))
			s->bg = palette(p[i] % 10 + (p[i] >= 100 ? 8 : 0));
	}
}

/* Behind an ESC. Of all sequences only those of colours mean something here; the others are read and dropped. */
static void escape(FILE *in, struct style *s)
{
	unsigned params[PARAMS_MAX] = {0};
	size_t n = 0;
	wint_t c = fgetwc(in);

	if (c == L']') {		/* up to BEL or ESC \ */
		while ((c = fgetwc(in)) != WEOF && c != 7 && c != 27)
			;
		if (c == 27)
			fgetwc(in);
		return;
	}
	if (c != L'[')
		return;
	while ((c = fgetwc(in)) != WEOF && c < 0x40) {
		if (c == L';' || c == L':')
			n += n < PARAMS_MAX - 1;
		else if (c >= L'0' && c <= L'9' && params[n] < 100000)
			params[n] = params[n] * 10 + (unsigned)(c - L'0');
	}
	if (c == L'm')
		apply(s, params, n + 1);
}

static void screen_read(FILE *in, struct screen *screen)
{
	struct style style = { .fg = DEFAULT_FG, .bg = DEFAULT_BG };
	size_t row = 0, col = 0;
	wint_t c;

	while ((c = fgetwc(in)) != WEOF && row < ROWS_MAX) {
		int width = wcwidth((wchar_t)c);

		if (c == 27) {
			escape(in, &style);
		} else if (c == L'\n') {
			row++;
			col = 0;
		} else if (width > 0 && col + (size_t)width <= COLS_MAX) {
			screen->cells[row * COLS_MAX + col] = (struct cell){ (wchar_t)c, style };
			if (width == 2)
				screen->cells[row * COLS_MAX + col + 1] = (struct cell){ 0, style };
			col += (size_t)width;
			if (col > screen->cols)
				screen->cols = col;
		}
	}
	screen->rows = row;
}

static long ground(const struct style *s)
{
	long colour = s->reverse ? s->fg : s->bg;

	return colour == DEFAULT_BG ? BG : colour == DEFAULT_FG ? FG : colour;
}

static long ink(const struct style *s)
{
	long colour = s->reverse ? s->bg : s->fg;

	if (colour >= 0)
		return colour;
	return colour == DEFAULT_BG ? BG : s->bold ? 0xffffff : FG;
}

static bool same(const struct style *a, const struct style *b)
{
	return ground(a) == ground(b) && ink(a) == ink(b) && a->bold == b->bold && a->dim == b->dim && a->underline == b->underline;
}

static void put_char(wchar_t c)
{
	switch (c) {
	case L'<': fputs("&lt;", stdout); break;
	case L'>': fputs("&gt;", stdout); break;
	case L'&': fputs("&amp;", stdout); break;
	default: printf("%lc", (wint_t)c);
	}
}

static void put_text(const char *text)
{
	for (; *text; text++)
		put_char((unsigned char)*text);
}

/* Cells of one style, side by side. */
static void put_run(const struct cell *cells, size_t n, double x, double y)
{
	const struct style *s = &cells->style;
	size_t i;

	if (ground(s) != BG)
		printf("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06lx\"/>\n", x, y,
		       (double)n * CELL_W, CELL_H, (unsigned long)ground(s));
	for (i = 0; i < n && (!cells[i].c || cells[i].c == L' '); i++)
		;
	if (i == n && !s->underline)
		return;
	printf("<text x=\"%.1f\" y=\"%.1f\" textLength=\"%.1f\" fill=\"#%06lx\"%s%s%s>", x, y + BASELINE, (double)n * CELL_W,
	       (unsigned long)ink(s), s->bold ? " font-weight=\"bold\"" : "", s->dim ? " opacity=\"0.7\"" : "",
	       s->underline ? " text-decoration=\"underline\"" : "");
	for (i = 0; i < n; i++)
		if (cells[i].c)
			put_char(cells[i].c);
	puts("</text>");
}

static void put_row(const struct cell *cells, size_t cols, double y)
{
	size_t from = 0, to;

	for (; from < cols; from = to) {
		for (to = from + 1; to < cols && same(&cells[from].style, &cells[to].style); to++)
			;
		put_run(cells + from, to - from, MARGIN + (double)from * CELL_W, y);
	}
}

int main(int argc, char **argv)
{
	const struct cell blank = { L' ', { .fg = DEFAULT_FG, .bg = DEFAULT_BG } };
	struct screen screen = { .cells = xcalloc(ROWS_MAX * COLS_MAX, sizeof(*screen.cells)) };
	double width, height;
	size_t i;

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	for (i = 0; i < ROWS_MAX * COLS_MAX; i++)
		screen.cells[i] = blank;
	screen_read(stdin, &screen);
	if (!screen.rows || !screen.cols) {
		fputs("screen_svg: an empty screen\n", stderr);
		free(screen.cells);
		return 1;
	}
	width = 2 * MARGIN + (double)screen.cols * CELL_W;
	height = 2 * MARGIN + (double)screen.rows * CELL_H;
	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
	       "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">\n<title>",
	       width, height, width, height);
	put_text(argc > 1 ? argv[1] : "kvmtop");
	printf("</title>\n<rect width=\"%.0f\" height=\"%.0f\" rx=\"6\" fill=\"#%06lx\"/>\n", width, height, (unsigned long)BG);
	for (i = 0; i < screen.rows; i++)
		put_row(screen.cells + i * COLS_MAX, screen.cols, MARGIN + (double)i * CELL_H);
	puts("</svg>");
	free(screen.cells);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
