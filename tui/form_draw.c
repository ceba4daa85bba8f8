// SPDX-License-Identifier: GPL-3.0-or-later
/* A form on the screen. */
#include "batch_line.h"
#include "form_private.h"
#include "text.h"

#include <string.h>

static void draw_choice(const struct field *field, struct draw *d, int y, int x, int width, bool on)
{
	const char *text = *field->line.text ? field->line.text : field->arg->usual ? field->arg->usual : "-";
	enum paint p = on ? PAINT_FIELD_ON : *field->line.text ? PAINT_FIELD : PAINT_STALE;

	draw_printf(d, y, x, 16, p, "< %s >", text);
	draw_text(d, y, x + 17, width - 17, PAINT_PLAIN, on ? field->arg->choices : "");
	if (on) {
		d->cursor_y = y;
		d->cursor_x = x;
	}
}

static void draw_field(struct form *f, struct draw *d, int y, size_t i, int label)
{
	const struct field *field = &f->fields[f->order[i]];
	bool on = i == f->at;
	int x = label + 4, width = d->width - x - 1;

	if (x + 8 > d->width) {		/* no room for labels: the values */
		x = 0;
		width = d->width;
	} else {
		draw_text(d, y, 1, label, on ? PAINT_STRONG : PAINT_PLAIN, field->arg->name);
		draw_text(d, y, label + 2, 1, PAINT_WARN, field->arg->required ? "*" : "");
	}
	if (field_is_choice(field))
		draw_choice(field, d, y, x, width, on);
	else if (!on && !*field->line.text && field->arg->usual)
		draw_text(d, y, x, width, PAINT_STALE, field->arg->usual);
	else
		line_draw(&field->line, d, y, x, width, on ? PAINT_FIELD_ON : PAINT_FIELD, on);
}

/* more ..  id kt-disk0 or the next  cache writeback */
static void draw_folded(const struct form *f, struct draw *d, int y, int label)
{
	auto_buf struct buf text = {0};
	bool on = f->at == f->n_front;
	size_t i;

	for (i = f->n_front; i < f->n; i++) {
		const struct arg *arg = f->fields[f->order[i]].arg;

		buf_printf(&text, "%s%s%s%s", i > f->n_front ? "  " : "", arg->name, arg->usual ? " " : "", arg->usual ? arg->usual : "");
	}
	draw_text(d, y, 1, label > 7 ? label : 7, on ? PAINT_STRONG : PAINT_PLAIN, "more ..");
	draw_text(d, y, label + 4 > 9 ? label + 4 : 9, d->width - label - 5, on ? PAINT_FIELD_ON : PAINT_STALE, text.text);
	if (on) {
		d->cursor_y = y;
		d->cursor_x = 1;
	}
}

static void add_piece(void *text, const char *piece)
{
	text_add(text, PAINT_STRONG, 0, 0, "%s", piece);
}

/* An error without the verb, which is on the screen. */
static const char *what_of(const struct form *f)
{
	size_t len = strlen(f->verb->name);

	return str_has_prefix(f->err.text, f->verb->name) && f->err.text[len] == ':' ? f->err.text + len + 2 : f->err.text;
}

static int label_width(const struct form *f)
{
	int label = 0;
	size_t i;

	for (i = 0; i < f->n; i++)
		if ((int)strlen(f->fields[i].arg->name) > label)
			label = (int)strlen(f->fields[i].arg->name);
	return label;
}

static void draw_foot(struct form *f, struct draw *d, int y, int height)
{
	struct text text = {0};
	auto_free char *line = form_line(f);
	const struct field *field = form_field(f);

	if (f->err.code && (f->blamed < 0 || draw_width(d, what_of(f)) + label_width(f) + 6 > d->width))
		text_add(&text, PAINT_BAD, 1, 1, "%s", f->err.text);
	else if (field)
		text_add(&text, PAINT_PLAIN, 1, 1, "%s: %s%s%s", field->arg->name, field->arg->help,
			 field->arg->required ? "" : " (optional)", field->arg->made_by ? " A + behind it makes it." : "");
	else
		text_add(&text, PAINT_PLAIN, 1, 1, "more: Space shows these arguments too.");
	batch_wrap(line, (size_t)d->width, add_piece, &text);
	text_draw(&text, d, y, height);
	text_done(&text);
}

/* What may stand in the field, below it: as many as there is room for, around the one that is picked. */
static int draw_offers(struct form *f, const struct draw *d, int y, int end, int x)
{
	const struct completion *list = f->offers && f->taken ? form_values(f) : NULL;
	size_t room = end > y ? (size_t)(end - y) : 0, from = 0, i;
	int width = 0, first = y;

	if (f->offers && !f->taken && room)
		draw_text(d, y, x, d->width - x, PAINT_STALE, "..");
	if (!list || !room)
		return f->offers && !f->taken && room;
	for (i = 0; i < list->n; i++)
		if (draw_width(d, list->list[i].text) > width)
			width = draw_width(d, list->list[i].text);
	if (f->pick < list->n && f->pick >= room)
		from = f->pick - room + 1;
	for (i = from; i < list->n && i < from + room; i++) {
		enum paint p = i == f->pick ? PAINT_SELECTED : PAINT_PLAIN;

		draw_text(d, y, x, width, p, list->list[i].text);
		if (list->list[i].help && x + width + 2 < d->width)
			draw_text(d, y, x + width + 2, d->width - x - width - 2, p, list->list[i].help);
		y++;
	}
	if (list->cut && y < end)
		draw_text(d, y++, x, d->width - x, PAINT_STALE, "and more");
	return y - first;
}

void form_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct form *f = (struct form *)layer;
	struct draw *d = &a->draw;
	int label = label_width(f), foot = height >= 12 ? 5 : height >= 7 ? 3 : 0, end = y + height - foot, line = y + 1;
	size_t i, rows = height - foot > 2 ? (size_t)(height - foot - 2) : 1;

	if (f->at < f->top)
		f->top = f->at;
	if (f->at >= f->top + rows)		/* one more line is the error's */
		f->top = f->at - rows + 1;
	draw_printf(d, y, 0, d->width, PAINT_HEAD, " %s   %s   * is needed", f->verb->name, f->verb->summary);
	for (i = f->top; line < end && i < form_shown(f); i++) {
		if (!f->open && i == f->n_front)
			draw_folded(f, d, line++, label);
		else
			draw_field(f, d, line++, i, label);
		if (f->err.code && i == f->at && f->blamed == (int)f->order[i] && line < end && foot)
			draw_printf(d, line++, label + 4, d->width - label - 4, PAINT_BAD, "! %s", what_of(f));
		if (i == f->at)
			line += draw_offers(f, d, line, end, label + 4);
	}
	if (foot)
		draw_foot(f, d, end, foot);
	else if (f->err.code && height > 1)
		draw_text(d, y + height - 1, 0, d->width, PAINT_BAD, f->err.text);
}
