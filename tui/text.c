// SPDX-License-Identifier: GPL-3.0-or-later
/* Wrapping. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A window lower than that shows text all the same. */
#define WIDTH_MIN 4

void text_add(struct text *t, enum paint p, int indent, int hang, const char *fmt, ...)
{
	struct paragraph *para = vec_push(t->list, t->n);
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&para->text, fmt, ap) < 0)
		abort();
	va_end(ap);
	para->paint = p;
	para->indent = indent;
	para->hang = hang;
}

void text_clear(struct text *t)
{
	while (t->n)
		free(t->list[--t->n].text);
	free(take_ptr(t->list));
}

void text_done(struct text *t)
{
	text_clear(t);
	*t = (struct text){0};
}

/* Bytes of s for one line: up to the last blank or behind the last comma that fits, if there is one. */
static size_t line_bytes(const char *s, size_t width)
{
	size_t used, fit = str_fit(s, width, &used), i;

	if (!s[fit])
		return fit;
	for (i = fit; i > fit / 2; i--)
		if (s[i] == ' ' || s[i - 1] == ',')
			return i;
	return fit ? fit : 1;
}

/* Lines of one paragraph, those from *y on are drawn where they fall between first and end. */
static void paragraph(const struct paragraph *para, const struct draw *d, int width, int *y, int first, int end)
{
	auto_free char *clean = draw_clean(d, para->text);
	const char *s = clean;
	int indent = para->indent;

	do {
		int room = width - indent < WIDTH_MIN ? WIDTH_MIN : width - indent;
		size_t n = line_bytes(s, (size_t)room);

		if (*y >= first && *y < end) {
			auto_free char *part = xstrndup(s, n);

			draw_text(d, *y, indent, room, para->paint, part);
		}
		(*y)++;
		s += n;
		s += strspn(s, " ");
		indent = para->hang;
	} while (*s);
}

int text_lines(const struct text *t, const struct draw *d, int width)
{
	int y = 0;
	size_t i;

	for (i = 0; i < t->n; i++)
		paragraph(&t->list[i], d, width, &y, 0, 0);
	return y;
}

void text_draw(struct text *t, const struct draw *d, int y, int height)
{
	int line;
	size_t i;

	t->lines = text_lines(t, d, d->width);
	t->height = height;
	if (t->top > t->lines - height)
		t->top = t->lines - height;
	if (t->top < 0)
		t->top = 0;
	line = y - t->top;
	for (i = 0; i < t->n; i++)
		paragraph(&t->list[i], d, d->width, &line, y, y + height);
}

bool text_key(struct text *t, enum action action)
{
	int page = t->height > 1 ? t->height - 1 : 1;

	switch ((int)action) {
	case ACT_UP: t->top--; break;
	case ACT_DOWN: t->top++; break;
	case ACT_PGUP: t->top -= page; break;
	case ACT_PGDN: t->top += page; break;
	case ACT_HOME: t->top = 0; break;
	case ACT_END: t->top = t->lines; break;
	default: return false;
	}
	return true;
}
