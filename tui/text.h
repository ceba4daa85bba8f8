/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paragraphs, wrapped to whatever width there is, and scrolled through. */
#ifndef KT_TUI_TEXT_H
#define KT_TUI_TEXT_H

#include "draw.h"
#include "keys.h"

struct text {
	struct paragraph {
		enum paint paint;
		int indent, hang;	/* of the first line, of the others */
		char *text;
	} *list;
	size_t n;
	int top, height, lines;		/* lines: of all, height: that were drawn, when it was last drawn */
};

void text_add(struct text *t, enum paint p, int indent, int hang, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void text_clear(struct text *t);		/* where one was stays */
void text_done(struct text *t);
void text_draw(struct text *t, const struct draw *d, int y, int height);
/* Lines it takes at that width. */
int text_lines(const struct text *t, const struct draw *d, int width);
bool text_key(struct text *t, enum action action);	/* false: it does not scroll */

#endif
