// SPDX-License-Identifier: GPL-3.0-or-later
/* One row, written downwards. */
#include "card.h"
#include "graph.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_WIDTH 10
#define PAST_WIDTH 20
#define RANK_MAX 8

static bool is_guest(const struct column *c)
{
	return !strcmp(c->id, "vm");
}

bool card_is_one(const struct grid *g)
{
	const struct table *t = table_get(g->table);
	size_t i;

	for (i = 0; i < t->n_columns; i++)
		if (t->columns[i].label && !(g->ref && is_guest(&t->columns[i])))
			return false;
	return true;
}

static size_t lines(const struct grid *g, const struct column **list)
{
	const struct table *t = table_get(g->table);
	size_t n = 0, i;

	for (i = 0; i < (g->asked ? g->n_asked : t->n_columns); i++) {
		const struct column *c = g->asked ? g->asked[i] : &t->columns[i];

		if (n < t->n_columns && (g->asked || c->rank <= RANK_MAX) && !(g->ref && is_guest(c)))
			list[n++] = c;
	}
	return n;
}

static size_t selected(const struct grid *g, const struct column *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] == g->order.sort)
			return i;
	return 0;
}

static void draw_past(const struct grid *g, const struct draw *d, int y, int x, enum paint p, const struct column *c,
		      const struct row *row)
{
	size_t n = graph_samples(d->theme->braille, PAST_WIDTH), i;
	float values[HISTORY_LEN], max = 0;

	if (!g->history || !history_values(g->history, g->table, row, c, values, n))
		return;
	for (i = 0; i < n; i++)
		if (values[i] > max)
			max = values[i];
	graph_draw(d, y, x, PAST_WIDTH, 1, p, values, n, graph_scale((double)max, c->share ? 100 : 1));
}

static void draw_line(const struct grid *g, const struct draw *d, int y, int title, const struct column *c, const struct row *row,
		      bool chosen)
{
	bool marked = column_is_marked(c, column_get(c, row)), text = c->kind == VALUE_TEXT;
	enum paint p = chosen ? PAINT_SELECTED : row->stale ? PAINT_STALE : marked ? PAINT_WARN : PAINT_PLAIN;
	int x = title + 1, past = x + VALUE_WIDTH + 2, help = past + PAST_WIDTH + 2;
	double share = column_share(c, row);
	auto_buf struct buf value = {0};

	draw_fill(d, y, chosen ? p : PAINT_PLAIN);
	draw_text(d, y, 0, title, p, c->title);
	value_format(column_get(c, row), c->unit, &value);
	if (text)
		draw_text(d, y, x, VALUE_WIDTH + PAST_WIDTH + 2, p, value.text);
	else
		draw_right(d, y, x, VALUE_WIDTH, p, value.text);
	draw_text(d, y, x + VALUE_WIDTH, marked, p, "!");
	if (c->graph)
		draw_past(g, d, y, past, p == PAINT_PLAIN ? PAINT_GRAPH : p, c, row);
	else if (share >= 0)
		draw_bar(d, y, past, PAST_WIDTH, p == PAINT_PLAIN ? PAINT_GRAPH : p, share);
	if (d->width > help)
		draw_text(d, y, help, d->width - help, p, c->help);
}

void card_draw(struct grid *g, const struct draw *d, int y, int height)
{
	const struct table *t = table_get(g->table);
	const struct column **list = xcalloc(t->n_columns, sizeof(*list));
	size_t n = lines(g, list), at = selected(g, list, n), i;
	const struct row *row = g->n_rows ? g->rows[0] : NULL;
	int title = 6;

	g->y = y;
	g->height = height > 1 ? (size_t)height - 1 : 0;
	for (i = 0; i < n; i++)
		if ((int)strlen(list[i]->title) > title)
			title = (int)strlen(list[i]->title);
	if (at < g->top)
		g->top = at;
	if (g->height && at >= g->top + g->height)
		g->top = at - g->height + 1;
	if (g->top + g->height > n)
		g->top = n > g->height ? n - g->height : 0;
	draw_fill(d, y, PAINT_HEAD);
	draw_text(d, y, 0, title, PAINT_HEAD, "WHAT");
	draw_right(d, y, title + 1, VALUE_WIDTH, PAINT_HEAD, "NOW");
	draw_text(d, y, title + VALUE_WIDTH + 3, PAST_WIDTH, PAINT_HEAD, "OVER TIME, SHARE");
	for (i = 0; row && i < g->height && g->top + i < n; i++)
		draw_line(g, d, y + 1 + (int)i, title, list[g->top + i], row, g->top + i == at);
	/* what has to be sampled is what is shown */
	memcpy(g->shown, list, n * sizeof(*list));
	g->n_shown = n;
	free(list);
}

static void go(struct grid *g, long to)
{
	if (g->n_shown)
		g->order.sort = g->shown[to < 0 ? 0 : to >= (long)g->n_shown ? (long)g->n_shown - 1 : to];
}

bool card_key(struct grid *g, enum action action)
{
	long at = (long)selected(g, g->shown, g->n_shown), page = g->height > 1 ? (long)g->height - 1 : 1;

	switch ((int)action) {
	case ACT_UP: go(g, at - 1); return true;
	case ACT_DOWN: go(g, at + 1); return true;
	case ACT_PGUP: go(g, at - page); return true;
	case ACT_PGDN: go(g, at + page); return true;
	case ACT_HOME: go(g, 0); return true;
	case ACT_END: go(g, (long)g->n_shown - 1); return true;
	case ACT_LEFT: case ACT_RIGHT: case ACT_SORT_LEFT: case ACT_SORT_RIGHT: case ACT_INVERT: case ACT_SORT:
		return true;	/* there is nothing to sort or to scroll */
	}
	return false;
}

void card_click(struct grid *g, int y)
{
	if (y > g->y && y <= g->y + (int)g->height)
		go(g, (long)g->top + y - g->y - 1);
}
