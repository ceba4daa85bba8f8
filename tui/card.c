// SPDX-License-Identifier: GPL-3.0-or-later
/* One row, written downwards. */
#include "card.h"
#include "graph.h"
#include "text.h"

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

/* Where things stand in a line: the value behind its title, its past or share, what it means. */
struct places {
	int title, x, past, help;
};

static struct places places_of(const struct column *const *list, size_t n)
{
	struct places p = { .title = 6 };
	size_t i;

	for (i = 0; i < n; i++)
		if ((int)strlen(list[i]->title) > p.title)
			p.title = (int)strlen(list[i]->title);
	p.x = p.title + 1;
	p.past = p.x + VALUE_WIDTH + 2;
	p.help = p.past + PAST_WIDTH + 2;
	return p;
}

/* A text between two columns of the screen, in as many lines as it takes; how many that is. height 0: it is not drawn. */
static int wrapped(const struct draw *d, int y, int height, int x, int right, enum paint p, const char *what)
{
	struct draw narrow = *d;
	struct text t = {0};
	int lines;

	narrow.width = right < d->width ? right : d->width;
	text_add(&t, p, x, x, "%s", what);
	lines = text_lines(&t, &narrow, narrow.width);
	if (height)
		text_draw(&t, &narrow, y, lines < height ? lines : height);
	text_done(&t);
	return lines;
}

/* Texts are wrapped; what the selected line means, too. */
static int lines_of(const struct draw *d, const struct places *at, const struct column *c, const struct row *row, bool chosen)
{
	struct value v = column_get(c, row);
	int lines = v.kind == VALUE_TEXT && *v.text ? wrapped(d, 0, 0, at->x, at->help - 1, PAINT_PLAIN, v.text) : 1, help;

	help = chosen && d->width > at->help ? wrapped(d, 0, 0, at->help, d->width, PAINT_PLAIN, c->help) : 1;
	return help > lines ? help : lines;
}

static void draw_value(const struct grid *g, const struct draw *d, int y, int height, const struct places *at, enum paint p,
		       const struct column *c, const struct row *row)
{
	bool marked = column_is_marked(c, column_get(c, row));
	double share = column_share(c, row);
	auto_buf struct buf value = {0};

	value_format(column_get(c, row), c->unit, &value);
	if (c->kind == VALUE_TEXT)
		wrapped(d, y, height, at->x, at->help - 1, p, value.text ? value.text : "");
	else
		draw_right(d, y, at->x, VALUE_WIDTH, p, value.text);
	draw_text(d, y, at->x + VALUE_WIDTH, marked, p, "!");
	if (c->graph)
		draw_past(g, d, y, at->past, p == PAINT_PLAIN ? PAINT_GRAPH : p, c, row);
	else if (share >= 0)
		draw_bar(d, y, at->past, PAST_WIDTH, p == PAINT_PLAIN ? PAINT_GRAPH : p, share);
}

static void draw_line(const struct grid *g, const struct draw *d, int y, int height, const struct places *at, const struct column *c,
		      const struct row *row, bool chosen)
{
	bool marked = column_is_marked(c, column_get(c, row));
	enum paint p = chosen ? marked ? PAINT_SELECTED_WARN : PAINT_SELECTED : row->stale ? PAINT_STALE : marked ? PAINT_WARN : PAINT_PLAIN;
	int i;

	for (i = 0; i < height; i++)
		draw_fill(d, y + i, chosen ? PAINT_SELECTED : PAINT_PLAIN);
	draw_text(d, y, 0, at->title, p, c->title);
	draw_value(g, d, y, height, at, p, c, row);
	if (d->width > at->help && chosen)
		wrapped(d, y, height, at->help, d->width, PAINT_SELECTED, c->help);
	else if (d->width > at->help)
		draw_text(d, y, at->help, d->width - at->help, p, c->help);
}

/* The first line that is shown, so that the selected one is seen in whole, and no line is empty that need not be. */
static void scroll(struct grid *g, const int *heights, size_t n, size_t at)
{
	size_t i, used = 0;

	if (at < g->top || g->top >= n)
		g->top = at;
	for (i = g->top; i <= at && i < n; i++)
		used += (size_t)heights[i];
	while (used > g->height && g->top < at)
		used -= (size_t)heights[g->top++];
	for (; i < n; i++)
		used += (size_t)heights[i];
	while (g->top && used + (size_t)heights[g->top - 1] <= g->height)
		used += (size_t)heights[--g->top];
}

void card_draw(struct grid *g, const struct draw *d, int y, int height)
{
	const struct table *t = table_get(g->table);
	const struct column **list = xcalloc(t->n_columns, sizeof(*list));
	auto_free int *heights = xcalloc(t->n_columns, sizeof(*heights));
	size_t n = lines(g, list), at = selected(g, list, n), i;
	const struct row *row = g->n_rows ? g->rows[0] : NULL;
	struct places places = places_of(list, n);

	g->y = y;
	g->height = height > 1 ? (size_t)height - 1 : 0;
	g->n_lines = 0;
	for (i = 0; i < n && row; i++)
		heights[i] = lines_of(d, &places, list[i], row, i == at);
	scroll(g, heights, n, at);
	draw_fill(d, y, PAINT_HEAD);
	draw_text(d, y, 0, places.title, PAINT_HEAD, "WHAT");
	draw_right(d, y, places.x, VALUE_WIDTH, PAINT_HEAD, "NOW");
	draw_text(d, y, places.past, PAST_WIDTH, PAINT_HEAD, "OVER TIME, SHARE");
	for (i = g->top; row && i < n && g->n_lines < g->height; i++) {
		int left = (int)(g->height - g->n_lines), tall = heights[i] < left ? heights[i] : left;

		draw_line(g, d, y + 1 + (int)g->n_lines, tall, &places, list[i], row, i == at);
		while (tall--)
			*vec_push(g->lines, g->n_lines) = i;
	}
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
	if (y > g->y && (size_t)(y - g->y - 1) < g->n_lines)
		go(g, (long)g->lines[y - g->y - 1]);
}
