// SPDX-License-Identifier: GPL-3.0-or-later
/* Graphs of the selected row: the column it is sorted by first, beside it others as far as the screen is wide. */
#include "strip.h"
#include "graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_MIN 64		/* columns of the screen for one graph with its scale */
#define PANEL_GAP 2
#define SCALE_WIDTH 7
#define AXIS_LINES 4		/* from that height on one line of a graph is its time axis */

static bool has_graphs(const struct table *t)
{
	size_t i;

	for (i = 0; i < t->n_columns; i++)
		if (t->columns[i].graph)
			return true;
	return false;
}

int strip_lines(const struct grid *g, int height)
{
	if (!has_graphs(table_get(g->table)) || height < 14)
		return 0;
	return height < 30 ? 4 : height < 40 ? 6 : 8;
}

/* Those of a panel each, the most wanted first; how many there are. */
static size_t choose(const struct grid *g, const struct column **list, size_t max)
{
	const struct table *t = table_get(g->table);
	const struct column *first = g->order.sort && g->order.sort->graph ? g->order.sort : NULL;
	size_t n = 0, i;
	int rank;

	if (first && n < max)
		list[n++] = first;
	for (rank = 1; rank <= 9; rank++)
		for (i = 0; i < t->n_columns && n < max; i++)
			if (t->columns[i].graph && t->columns[i].rank == rank && &t->columns[i] != first)
				list[n++] = &t->columns[i];
	return n;
}

/* What tells the row from the others on the page. */
static char *name_of(const struct grid *g, const struct row *row)
{
	const struct table *t = table_get(g->table);
	struct buf name = {0};
	size_t i;

	for (i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];

		if (!c->label || (g->ref && !strcmp(c->id, "vm")))
			continue;
		buf_puts(&name, name.len ? "/" : "");
		value_format(column_get(c, row), c->unit, &name);
	}
	return buf_take(&name);
}

static char *number(const struct column *c, double v)
{
	struct buf text = {0};

	value_format(isnan(v) ? (struct value){0} : (struct value){ .kind = VALUE_NUM, .num = c->unit == UNIT_COUNT ? round(v) : v },
		     c->unit, &text);
	return buf_take(&text);
}

struct figures {
	double last, min, max, sum;
	size_t n;
};

static struct figures figures_of(const float *values, size_t n)
{
	struct figures f = { .last = NAN, .min = INFINITY, .max = -INFINITY };
	size_t i;

	for (i = 0; i < n; i++) {
		double v = (double)values[i];

		f.last = v;
		if (isnan(v))
			continue;
		f.min = v < f.min ? v : f.min;
		f.max = v > f.max ? v : f.max;
		f.sum += v;
		f.n++;
	}
	if (!f.n)
		f.min = f.max = f.sum = NAN;
	return f;
}

static bool is_marked(const struct column *c, double v)
{
	return !isnan(v) && column_is_marked(c, (struct value){ .kind = VALUE_NUM, .num = v });
}

/* A value that the scale does not hold is cut off, and marked. */
static void draw_cuts(const struct draw *d, int y, int x, int cells, const float *values, size_t n, double scale)
{
	int per_cell = d->theme->braille ? 2 : 1, i;
	size_t k;

	for (i = 0; i < cells; i++)
		for (k = 0; k < (size_t)per_cell; k++) {
			size_t back = (size_t)(cells - i) * (size_t)per_cell - k;

			if (back <= n && (double)values[n - back] > scale)
				draw_text(d, y, x + i, 1, PAINT_WARN, "^");
		}
}

static char *ago(double seconds)
{
	if (seconds < 100)
		return xasprintf("-%.0f s", seconds);
	return fmod(round(seconds), 60) < 1 ? xasprintf("-%.0f min", seconds / 60) :
	       xasprintf("-%.0f:%02.0f min", floor(seconds / 60), fmod(floor(seconds), 60));
}

/* -3 min        -1:30 min        now */
static void draw_axis(const struct draw *d, int y, int x, int cells, double seconds)
{
	auto_free char *first = ago(seconds), *middle = ago(seconds / 2);
	int width = (int)strlen(middle);

	if (!(seconds > 0) || cells < 3 * width + 6)
		return;
	draw_text(d, y, x, (int)strlen(first), PAINT_PLAIN, first);
	draw_text(d, y, x + (cells - width) / 2, width, PAINT_PLAIN, middle);
	draw_right(d, y, x + cells - 3, 3, PAINT_PLAIN, "now");
}

static void draw_panel(const struct draw *d, int y, int x, int width, int lines, const char *name, const struct column *c,
		       const float *values, const struct history *h)
{
	int cells = width - SCALE_WIDTH - 1, axis = lines >= AXIS_LINES;
	size_t n = graph_samples(d->theme->braille, cells);
	struct figures f;
	double scale;

	if (n > HISTORY_LEN) {
		n = HISTORY_LEN;
		cells = (int)n / (d->theme->braille ? 2 : 1);
	}
	f = figures_of(values + HISTORY_LEN - n, n);
	scale = graph_scale(graph_top(values + HISTORY_LEN - n, n), c->unit == UNIT_PCT ? 10 : 1);
	{
		auto_free char *last = number(c, f.last), *min = number(c, f.min), *mean = number(c, f.n ? f.sum / (double)f.n : NAN),
			       *max = number(c, f.max), *top = number(c, scale);

		draw_printf(d, y, x, width, PAINT_STRONG, "%s%s%s %s%s  min %s  mean %s  max %s", name, *name ? "  " : "", c->title, last,
			    is_marked(c, f.last) ? "!" : " ", min, mean, max);
		draw_right(d, y + 1, x, SCALE_WIDTH, PAINT_PLAIN, top);
		draw_right(d, y + lines - 1 - axis, x, SCALE_WIDTH, PAINT_PLAIN, "0");
	}
	graph_draw(d, y + 1, x + SCALE_WIDTH + 1, cells, lines - 1 - axis, PAINT_GRAPH, values + HISTORY_LEN - n, n, scale);
	draw_cuts(d, y + 1, x + SCALE_WIDTH + 1, cells, values + HISTORY_LEN - n, n, scale);
	if (axis)
		draw_axis(d, y + lines - 1, x + SCALE_WIDTH + 1, cells, (double)history_span_ns(h, n) / (double)NS_PER_SEC);
}

void strip_draw(const struct grid *g, const struct draw *d, const struct history *h, int y, int lines)
{
	const struct row *row = grid_selected(g);
	const struct column *list[4];
	int panels = d->width / PANEL_MIN, width, i;
	auto_free char *name = NULL;
	size_t n;

	if (!row || lines < 2)
		return;
	if (panels > (int)ARRAY_SIZE(list))
		panels = ARRAY_SIZE(list);
	n = choose(g, list, panels > 0 ? (size_t)panels : 1);
	if ((int)n < panels)
		panels = (int)n;
	if (panels < 1)
		panels = 1;
	width = (d->width + PANEL_GAP) / panels - PANEL_GAP;
	name = name_of(g, row);
	for (i = 0; i < panels && (size_t)i < n; i++) {
		float values[HISTORY_LEN];

		if (history_values(h, g->table, row, list[i], values, HISTORY_LEN))
			draw_panel(d, y, i * (width + PANEL_GAP), width, lines, i ? "" : name, list[i], values, h);
	}
}
