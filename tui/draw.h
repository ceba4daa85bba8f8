/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting text on the screen. The only way a string gets there: it is cleaned and cut here, whoever it is from. */
#ifndef KT_TUI_DRAW_H
#define KT_TUI_DRAW_H

#include "lib/base/base.h"

/* What a text is, not how it looks: each has a form with colours and one without. */
enum paint {
	PAINT_PLAIN, PAINT_STRONG, PAINT_HEAD, PAINT_HEAD_SORT, PAINT_SELECTED, PAINT_STALE,
	PAINT_WARN, PAINT_BAD, PAINT_GOOD, PAINT_KEY, PAINT_KEY_LABEL, PAINT_FIELD, PAINT_FIELD_ON, PAINT_GRAPH,
	PAINT_SELECTED_WARN, PAINT_SELECTED_BAD, PAINT_COUNT
};

struct theme {
	bool colour, ascii;		/* ascii: by --ascii, or the locale has nothing else */
	bool braille;			/* the terminal can be expected to have that in its font */
};

/* Colours as far as they are wanted and there are any. After curses has begun. */
void theme_init(struct theme *t, bool colour, bool ascii);

struct draw {
	const struct theme *theme;
	int height, width;
	int cursor_y, cursor_x;		/* where the cursor is seen after drawing; < 0: nowhere */
};

/* A copy that takes exactly the columns it seems to: clean, no marks that stand alone or in heaps. Yours. */
char *draw_clean(const struct draw *d, const char *text);
/* Columns a text will take. */
int draw_width(const struct draw *d, const char *text);

/* Text at y, x in width columns, cut with a mark if it is longer, else blank behind it. Off the screen: nothing. */
void draw_text(const struct draw *d, int y, int x, int width, enum paint p, const char *text);
void draw_right(const struct draw *d, int y, int x, int width, enum paint p, const char *text);
void draw_printf(const struct draw *d, int y, int x, int width, enum paint p, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* A line of it: blank to the right edge. */
void draw_fill(const struct draw *d, int y, enum paint p);
/* A bar of width columns, filled to a share of it. */
void draw_bar(const struct draw *d, int y, int x, int width, enum paint p, double share);

#endif
