// SPDX-License-Identifier: GPL-3.0-or-later
/* Which columns fit, how wide each is, and drawing them. */
#include "grid.h"
#include "graph.h"
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
#define BAR_WIDTH 11		/* a blank before it */
#define BARS_MAX 2
#define BARS_RANK 4
#define BARS_SCREEN 100		/* columns of a screen that has room for bars */
#define SPARK_SCREEN 120	/* columns of a screen that has room for the past */
#define SPARK_WIDTH 20

static bool is_text(const struct column *c)
{
	return c->kind == VALUE_TEXT;
}

static const char *cell(const struct column *c, const struct row *row, struct buf *text)
{
	struct value v = column_get(c, row);

	buf_reset(text);
	if (row->stale && !is_text(c) && v.kind != VALUE_NONE)
		buf_puts(text, "~");
	value_format(v, c->unit, text);
	return text->text ? text->text : "";
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
	auto_buf struct buf buf = {0};
	uint64_t now = clock_now_ns();
	size_t k, i;

	for (k = 0; k < t->n_columns; k++) {
		const struct column *c = &t->columns[k];
		int want = is_text(c) ? (int)strlen(c->title) : c->width;

		for (i = 0; i < g->n_rows; i++) {
			const char *text = cell(c, g->rows[i], &buf);
			int width = is_text(c) ? draw_width(d, text) : (int)buf.len;

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

/* A mark and a letter behind it would be one word. */
static int gap_before(const struct grid *g, const struct column *c)
{
	const struct column *before = g->n_shown ? g->shown[g->n_shown - 1] : NULL;

	return !before ? 0 : before->mark != MARK_NONE && is_text(c) ? 2 : 1;
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
		total += width_of(g, &t->columns[i], !g->n_shown) + gap_before(g, &t->columns[i]);
		g->shown[g->n_shown++] = &t->columns[i];
	}
	/* the mark behind the last number */
	return total + (g->n_shown && g->shown[g->n_shown - 1]->mark != MARK_NONE);
}

/* Those asked for, or else all that may be shown: the first one stays, others go out to the left. */
static void choose_scrolled(struct grid *g, int width)
{
	const struct table *t = table_get(g->table);
	size_t n = g->asked ? g->n_asked : t->n_columns, i, skip = g->left;
	int total = 0;

	g->n_shown = 0;
	g->more = false;
	for (i = 0; i < n; i++) {
		const struct column *c = g->asked ? g->asked[i] : &t->columns[i];

		if (!g->asked && !is_wanted(g, c, GRID_RANK_MAX))
			continue;
		if (g->n_shown && skip) {
			skip--;
			continue;
		}
		total += width_of(g, c, !g->n_shown) + gap_before(g, c);
		if (g->n_shown == t->n_columns || (g->n_shown && total > width)) {
			g->more = true;
			return;
		}
		g->shown[g->n_shown++] = c;
	}
}

static void choose(struct grid *g, int width)
{
	int rank = GRID_RANK_MAX;

	if (g->asked || g->left) {
		choose_scrolled(g, width);
		return;
	}
	while (try_rank(g, rank) > width && rank > 1)
		rank--;
	g->more = rank < GRID_RANK_MAX;
}

static int total_of(const struct grid *g)
{
	int total = 0;
	size_t i;

	for (i = 0; i < g->n_shown; i++)
		total += g->widths[i] + g->bars[i] + (i != 0);
	return total;
}

/* What each needs at least. */
static void give_widths(struct grid *g)
{
	size_t i;

	for (i = 0; i < g->n_shown; i++) {
		g->widths[i] = width_of(g, g->shown[i], i == 0);
		g->bars[i] = i + 1 < g->n_shown && g->shown[i]->mark != MARK_NONE && is_text(g->shown[i + 1]);
	}
}

/* What is left over goes to the first column, then to texts that were cut. */
static void share_out(struct grid *g, int width)
{
	const struct table *t = table_get(g->table);
	int spare = width - total_of(g);
	size_t i;

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
	int total = total_of(g);

	if (g->n_shown && is_text(g->shown[0]) && g->widths[0] < g->shown[0]->width && total < width) {
		int lack = g->shown[0]->width - g->widths[0];

		g->widths[0] += lack < width - total ? lack : width - total;
	}
}

/* A part of a whole has a bar where there is room for one, as long as they are few. */
static void add_bars(struct grid *g, int width)
{
	int left = BARS_MAX;
	size_t i;

	for (i = 1; i < g->n_shown && left; i++) {
		if ((g->shown[i]->whole || g->shown[i]->share) && g->shown[i]->rank <= BARS_RANK && total_of(g) + BAR_WIDTH <= width) {
			g->bars[i] += BAR_WIDTH;
			left--;
		}
	}
}

/* The past of the column it is sorted by, as far as that has one. */
static const struct column *spark_column(const struct grid *g)
{
	const struct table *t = table_get(g->table);
	size_t i;

	if (g->order.sort && g->order.sort->graph)
		return g->order.sort;
	for (i = 0; i < t->n_columns; i++)
		if (t->columns[i].graph)
			return &t->columns[i];
	return NULL;
}

static int spark_width(const struct grid *g, const struct draw *d)
{
	if (!g->spark || !g->history || d->width < SPARK_SCREEN || !spark_column(g))
		return 0;
	return d->width >= 2 * SPARK_WIDTH + SPARK_SCREEN ? 2 * SPARK_WIDTH : SPARK_WIDTH;
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
		x += g->widths[i] + g->bars[i] + 1;
	}
	if (spark_width(g, d))
		draw_printf(d, y, d->width - spark_width(g, d), spark_width(g, d), PAINT_HEAD, "%s over time", spark_column(g)->title);
	if (g->left && g->n_shown)
		draw_text(d, y, g->widths[0], 1, PAINT_HEAD_SORT, "<");
}

/* A stale row's first cell carries its age at its right end. */
static void draw_first(const struct draw *d, int y, int width, enum paint p, const char *text, const struct row *row,
		       const struct grid *g)
{
	double age = (double)(snapshot_time_ns(g->snap) - row->taken_ns) / (double)NS_PER_SEC;
	auto_free char *mark = NULL;
	int len;

	if (!row->stale && !is_text(g->shown[0]))
		draw_right(d, y, 0, width, p, text);
	else if (!row->stale)
		draw_text(d, y, 0, width, p, text);
	if (!row->stale)
		return;
	mark = age < 600 ? xasprintf(" %.0fs", age) : xasprintf(" %.0fm", age / 60);
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
	enum paint own = marked && p == PAINT_PLAIN ? PAINT_WARN : p;

	draw_right(d, y, x, g->widths[i], own, text);
	if (marked)
		draw_text(d, y, x + g->widths[i], 1, own, "!");
	if (share >= 0)
		draw_bar(d, y, x + g->widths[i] + 1, BAR_WIDTH - 1, p == PAINT_PLAIN ? PAINT_GRAPH : p, share);
}

static void draw_spark(const struct grid *g, const struct draw *d, int y, int x, int width, enum paint p, const struct row *row)
{
	const struct column *c = spark_column(g);
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

static void draw_row(const struct grid *g, const struct draw *d, int y, const struct row *row, bool selected)
{
	enum paint p = selected ? PAINT_SELECTED : row->stale ? PAINT_STALE : g->paint ? g->paint(row) : PAINT_PLAIN;
	auto_buf struct buf buf = {0};
	int x = 0;
	size_t i;

	draw_fill(d, y, selected ? p : PAINT_PLAIN);
	for (i = 0; i < g->n_shown; i++) {
		const char *text = cell(g->shown[i], row, &buf);
		auto_free char *tag = i == 0 && g->tagged && g->tagged(g->app, row) ? xasprintf("*%s", text) : NULL;

		if (i == 0)
			draw_first(d, y, g->widths[i], p, tag ? tag : text, row, g);
		else if (is_text(g->shown[i]))
			draw_text(d, y, x, g->widths[i], p, text);
		else
			draw_number(g, d, y, x, i, p, text, row);
		x += g->widths[i] + g->bars[i] + 1;
	}
	if (spark_width(g, d))
		draw_spark(g, d, y, d->width - spark_width(g, d), spark_width(g, d), p, row);
}

void grid_draw(struct grid *g, const struct draw *d, int y, int height)
{
	size_t rows = height > 1 ? (size_t)height - 1 : 0, i;

	int width = d->width - (spark_width(g, d) ? spark_width(g, d) + 1 : 0);

	choose(g, width);
	give_widths(g);
	if (d->width >= BARS_SCREEN)
		add_bars(g, width);
	share_out(g, width);
	widen_first(g, width);
	g->height = rows;
	g->y = y;
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
