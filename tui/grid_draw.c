// SPDX-License-Identifier: GPL-3.0-or-later
/* Which columns fit, how wide each is, and drawing them. */
#include "grid.h"
#include "grid_private.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A column that once needed more room keeps it so long: nothing jumps. */
#define HOLD_NS (30 * NS_PER_SEC)
/* The first column gives way down to that for more columns, a wide text to that. */
#define FIRST_MIN 12
#define TEXT_MIN 16

static bool is_text(const struct column *c)
{
	return c->kind == VALUE_TEXT;
}

static char *cell(const struct column *c, const struct row *row)
{
	struct buf b = {0};
	struct value v = column_get(c, row);

	if (row->stale && !is_text(c) && v.kind != VALUE_NONE)
		buf_puts(&b, "~");
	value_format(v, c->unit, &b);
	return buf_take(&b);
}

static void hold(struct grid_fit *f, int want, uint64_t now)
{
	if (want > f->want)
		f->want = want;
	if (want > f->width || now >= f->until_ns) {
		f->width = want > f->width ? want : f->want;
		f->want = want;
		f->until_ns = now + HOLD_NS;
	}
}

/* Numbers get what the widest needs, texts no more than their column's row says, but for the first. */
void grid_measure(struct grid *g, const struct draw *d)
{
	const struct table *t = table_get(g->table);
	uint64_t now = clock_now_ns();
	size_t k, i;

	for (k = 0; k < t->n_columns; k++) {
		const struct column *c = &t->columns[k];
		int want = is_text(c) ? (int)strlen(c->title) : c->width;

		for (i = 0; i < g->n_rows; i++) {
			auto_free char *text = cell(c, g->rows[i]);
			int width = draw_width(d, text);

			if (width > want)
				want = width;
		}
		hold(&g->fits[k], want, now);
	}
}

static int width_of(const struct grid *g, const struct column *c, bool first)
{
	const struct table *t = table_get(g->table);
	int width = g->fits[c - t->columns].width, title = (int)strlen(c->title);

	if (is_text(c) && !first && width > c->width)
		width = c->width;
	if (is_text(c) && !first && width > TEXT_MIN)
		width = TEXT_MIN;
	if (first && width > FIRST_MIN)
		width = FIRST_MIN;
	if (first && width < FIRST_MIN / 2)
		width = FIRST_MIN / 2;
	return width > title ? width : title;
}

/* A guest's own page has its name in the header. */
static bool is_wanted(const struct grid *g, const struct column *c, int rank)
{
	bool name = is_text(c) && c->offset == offsetof(struct row, vm);

	return c->rank <= rank && !(name && g->ref);
}

static int try_rank(struct grid *g, int rank)
{
	const struct table *t = table_get(g->table);
	int total = 0;
	size_t i;

	g->n_shown = 0;
	for (i = 0; i < t->n_columns; i++) {
		if (!is_wanted(g, &t->columns[i], rank))
			continue;
		total += width_of(g, &t->columns[i], !g->n_shown) + (g->n_shown != 0);
		g->shown[g->n_shown++] = &t->columns[i];
	}
	return total;
}

static void choose(struct grid *g, int width)
{
	int rank = GRID_RANK_MAX, total = 0;
	size_t i;

	if (!g->asked) {
		while (try_rank(g, rank) > width && rank > 1)
			rank--;
		return;
	}
	g->n_shown = 0;
	for (i = 0; i < g->n_asked && g->n_shown < table_get(g->table)->n_columns; i++) {
		total += width_of(g, g->asked[i], !g->n_shown) + (g->n_shown != 0);
		if (total > width && g->n_shown)
			break;
		g->shown[g->n_shown++] = g->asked[i];
	}
}

/* What is left over goes to the first column, then to texts that were cut. */
static void share_out(struct grid *g, int width)
{
	const struct table *t = table_get(g->table);
	int spare = width;
	size_t i;

	for (i = 0; i < g->n_shown; i++) {
		g->widths[i] = width_of(g, g->shown[i], i == 0);
		spare -= g->widths[i] + (i != 0);
	}
	for (i = 0; i < g->n_shown && spare > 0; i++) {
		int lack = g->fits[g->shown[i] - t->columns].width - g->widths[i];

		if (lack > spare)
			lack = spare;
		if (lack > 0 && is_text(g->shown[i])) {
			g->widths[i] += lack;
			spare -= lack;
		}
	}
}

/* Names are sought with the eye: the first column keeps what the widest column table says, if there is room. */
static void widen_first(struct grid *g, int width)
{
	int total = 0;
	size_t i;

	for (i = 0; i < g->n_shown; i++)
		total += g->widths[i] + (i != 0);
	if (g->n_shown && is_text(g->shown[0]) && g->widths[0] < g->shown[0]->width && total < width) {
		int lack = g->shown[0]->width - g->widths[0];

		g->widths[0] += lack < width - total ? lack : width - total;
	}
}

static void draw_heading(const struct grid *g, const struct draw *d, int y)
{
	int x = 0;
	size_t i;

	draw_fill(d, y, PAINT_HEAD);
	for (i = 0; i < g->n_shown; i++) {
		const struct column *c = g->shown[i];
		bool sorted = c == g->order.sort;
		const char *mark = !sorted ? "" : g->order.descending ? "v" : "^";
		enum paint p = sorted ? PAINT_HEAD_SORT : PAINT_HEAD;

		/* the mark of a number stands in the gap behind it */
		if (is_text(c))
			draw_printf(d, y, x, g->widths[i] + sorted, p, "%s%s", c->title, mark);
		else
			draw_right(d, y, x, g->widths[i], p, c->title);
		if (sorted && !is_text(c))
			draw_text(d, y, x + g->widths[i], 1, p, mark);
		x += g->widths[i] + 1;
	}
}

/* A stale row's first cell carries its age at its right end. */
static void draw_first(const struct draw *d, int y, int width, enum paint p, const char *text, const struct row *row,
		       const struct grid *g)
{
	double age = (double)(snapshot_time_ns(g->snap) - row->taken_ns) / (double)NS_PER_SEC;
	auto_free char *mark = NULL;
	int len;

	if (!row->stale) {
		draw_text(d, y, 0, width, p, text);
		return;
	}
	mark = age < 600 ? xasprintf(" %.0fs", age) : xasprintf(" %.0fm", age / 60);
	len = (int)strlen(mark) < width ? (int)strlen(mark) : width;
	draw_text(d, y, 0, width - len, p, text);
	draw_right(d, y, width - len, len, p, mark);
}

static void draw_row(const struct grid *g, const struct draw *d, int y, const struct row *row, bool selected)
{
	enum paint p = selected ? PAINT_SELECTED : row->stale ? PAINT_STALE : g->paint ? g->paint(row) : PAINT_PLAIN;
	int x = 0;
	size_t i;

	draw_fill(d, y, selected ? p : PAINT_PLAIN);
	for (i = 0; i < g->n_shown; i++) {
		auto_free char *text = cell(g->shown[i], row);

		if (i == 0)
			draw_first(d, y, g->widths[i], p, text, row, g);
		else if (is_text(g->shown[i]))
			draw_text(d, y, x, g->widths[i], p, text);
		else
			draw_right(d, y, x, g->widths[i], p, text);
		x += g->widths[i] + 1;
	}
}

void grid_draw(struct grid *g, const struct draw *d, int y, int height)
{
	size_t rows = height > 1 ? (size_t)height - 1 : 0, i;

	choose(g, d->width);
	share_out(g, d->width);
	widen_first(g, d->width);
	g->height = rows;
	if (g->sel < g->top)
		g->top = g->sel;
	if (rows && g->sel >= g->top + rows)
		g->top = g->sel - rows + 1;
	if (g->top + rows > g->n_rows)
		g->top = g->n_rows > rows ? g->n_rows - rows : 0;
	if (height > 0)
		draw_heading(g, d, y);
	for (i = 0; i < rows && g->top + i < g->n_rows; i++)
		draw_row(g, d, y + 1 + (int)i, g->rows[g->top + i], g->top + i == g->sel);
}
