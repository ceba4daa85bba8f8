// SPDX-License-Identifier: GPL-3.0-or-later
/* Drawing a table: its heading, its rows, and what is said below some of them. */
#include "grid.h"
#include "graph.h"
#include "grid_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		if (grid_is_text(c))
			draw_printf(d, y, x, g->widths[i] + sorted, p, "%s%s", c->title, mark);
		else
			draw_right(d, y, x, g->widths[i], p, c->title);
		if (sorted && !grid_is_text(c))
			draw_text(d, y, x + g->widths[i], 1, p, mark);
		x += g->widths[i] + g->bars[i] + 1;
	}
	if (g->spark_width)
		draw_printf(d, y, d->width - g->spark_width, g->spark_width, PAINT_HEAD, "%s over time", grid_spark_column(g)->title);
	if (g->left && g->n_shown)
		draw_text(d, y, g->widths[0], 1, PAINT_HEAD_SORT, "<");
	if (g->more)
		draw_text(d, y, d->width - 1, 1, PAINT_HEAD, ">");
}

/* A stale row's first cell carries its age at its right end. */
static void draw_first(const struct draw *d, int y, int width, enum paint p, const char *text, const struct row *row,
		       const struct grid *g)
{
	double age = (double)(snapshot_time_ns(g->snap) - row->taken_ns) / (double)NS_PER_SEC;
	auto_free char *mark = NULL;
	char number[16];
	int len;

	if (!row->stale && !grid_is_text(g->shown[0]))
		draw_right(d, y, 0, width, p, text);
	else if (!row->stale)
		draw_text(d, y, 0, width, p, text);
	if (!row->stale)
		return;
	units_age(age, number, sizeof(number));
	mark = xasprintf(" %s", number);
	len = (int)strlen(mark) < width ? (int)strlen(mark) : width;
	draw_text(d, y, 0, width - len, p, text);
	draw_right(d, y, width - len, len, p, mark);
}

/* A number, its mark in the gap behind it, and its bar. */
static void draw_number(const struct grid *g, const struct draw *d, int y, int x, size_t i, enum paint p, const char *text,
			const struct row *row)
{
	const struct column *c = g->shown[i];
	bool marked = column_is_marked(c, column_get(c, row));
	double share = g->bars[i] >= BAR_WIDTH ? column_share(c, row) : -1;

	draw_right(d, y, x, g->widths[i], p, text);
	if (marked)
		draw_text(d, y, x + g->widths[i], 1, p, "!");
	if (share >= 0)
		draw_bar(d, y, x + g->widths[i] + 1, BAR_WIDTH - 1, p == PAINT_PLAIN ? PAINT_GRAPH : p, share);
}

static void draw_spark(const struct grid *g, const struct draw *d, int y, int x, int width, enum paint p, const struct row *row)
{
	const struct column *c = grid_spark_column(g);
	size_t n = graph_samples(d->theme->braille, width), i;
	float values[HISTORY_LEN];
	float max = c->unit == UNIT_PCT ? 100 : 1;

	if (n > HISTORY_LEN)
		n = HISTORY_LEN;
	if (!history_values(g->history, g->table, row, c, values, n))
		return;
	for (i = 0; i < n; i++)
		if (values[i] > max)
			max = values[i];
	graph_draw(d, y, x, width, 1, p == PAINT_PLAIN ? PAINT_GRAPH : p, values, n, (double)max);
}

/* What it is painted as by itself; the selected row keeps that as far as it is a warning. */
static enum paint paint_of(const struct grid *g, const struct row *row, const struct column *c, bool selected)
{
	enum paint own = g->paint ? g->paint(row, c) : PAINT_PLAIN;

	if (own == PAINT_PLAIN && column_is_marked(c, column_get(c, row)))
		own = PAINT_WARN;
	if (selected)
		return own == PAINT_BAD ? PAINT_SELECTED_BAD : own == PAINT_WARN ? PAINT_SELECTED_WARN : PAINT_SELECTED;
	return own == PAINT_PLAIN && row->stale ? PAINT_STALE : own;
}

static void draw_row(const struct grid *g, const struct draw *d, int y, const struct row *row, bool selected)
{
	enum paint p = selected ? PAINT_SELECTED : row->stale ? PAINT_STALE : PAINT_PLAIN;
	auto_buf struct buf buf = {0};
	int x = 0;
	size_t i;

	draw_fill(d, y, selected ? p : PAINT_PLAIN);
	for (i = 0; i < g->n_shown; i++) {
		const char *text = grid_cell(g->shown[i], row, &buf);
		enum paint own = i || !selected ? paint_of(g, row, g->shown[i], selected) : p;
		auto_free char *tag = i == 0 && g->tagged && g->tagged(g->app, row) ? xasprintf("*%s", text) : NULL;

		if (i == 0)
			draw_first(d, y, g->widths[i], own, tag ? tag : text, row, g);
		else if (grid_is_text(g->shown[i]))
			draw_text(d, y, x, g->widths[i], own, text);
		else
			draw_number(g, d, y, x, i, own, text, row);
		x += g->widths[i] + g->bars[i] + 1;
	}
	if (g->spark_width)
		draw_spark(g, d, y, d->width - g->spark_width, g->spark_width, p, row);
}

static void draw_under(const struct grid *g, const struct draw *d, int y, const struct row *row)
{
	enum paint p = g->paint ? g->paint(row, NULL) : PAINT_PLAIN;

	draw_printf(d, y, UNDER_INDENT, d->width - UNDER_INDENT, p, "`- %s", g->under(row));
}

void grid_draw(struct grid *g, const struct draw *d, int y, int height)
{
	size_t i;

	grid_lay_out(g, d);
	grid_fill_lines(g, height > 1 ? (size_t)height - 1 : 0);
	g->y = y;
	if (height > 0)
		draw_heading(g, d, y);
	for (i = 0; i < g->n_lines; i++) {
		const struct row *row = g->rows[g->lines[i]];

		if (i && g->lines[i] == g->lines[i - 1])
			draw_under(g, d, y + 1 + (int)i, row);
		else
			draw_row(g, d, y + 1 + (int)i, row, g->lines[i] == g->sel);
	}
}
