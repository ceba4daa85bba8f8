/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of text that is being typed. */
#ifndef KT_TUI_LINE_H
#define KT_TUI_LINE_H

#include "draw.h"

struct line {
	char *text;			/* never NULL after line_set */
	size_t at;			/* the cursor, in bytes */
};

void line_set(struct line *l, const char *text);	/* the cursor goes behind it */
void line_done(struct line *l);
/* False: it is no key of a line. *changed is set when the text is another one now. */
bool line_key(struct line *l, int key, bool *changed);
/* The part around the cursor; focus: the cursor is shown. */
void line_draw(const struct line *l, struct draw *d, int y, int x, int width, enum paint p, bool focus);

#endif
