// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows, their order and the selected one. What it looks like: grid_draw.c. */
#include "grid.h"
#include "grid_private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void grid_init(struct grid *g, enum table_id t, const char *ref)
{
	const struct table *table = table_get(t);

	*g = (struct grid){ .table = t, .ref = xstrdup(ref) };
	g->fits = xcalloc(table->n_columns, sizeof(*g->fits));
	g->widths = xcalloc(table->n_columns, sizeof(*g->widths));
	g->bars = xcalloc(table->n_columns, sizeof(*g->bars));
	g->shown = xcalloc(table->n_columns, sizeof(*g->shown));
	if (table->sort) {
		g->order.sort = table_column(table, table->sort, NULL);
		g->order.descending = g->order.sort->descending;
	}
}

void grid_done(struct grid *g)
{
	free(g->rows);
	free(g->lines);
	snapshot_unref(g->snap);
	filter_free(g->filter);
	free(g->filter_text);
	free(g->ref);
	free(g->asked);
	free(g->sel_ref);
	free(g->sel_key);
	free(g->fits);
	free(g->widths);
	free(g->bars);
	free(g->shown);
	*g = (struct grid){0};
}

static bool is_row(const struct row *row, const char *ref, const char *key)
{
	return !strcmp(row->ref ? row->ref : "", ref) && !strcmp(row->key ? row->key : "", key);
}

/* The selection stays with its row; if that has gone, with its place. */
static void follow(struct grid *g)
{
	size_t i;

	if (!g->sel_ref) {
		g->sel = 0;
		return;
	}
	for (i = 0; i < g->n_rows; i++) {
		if (is_row(g->rows[i], g->sel_ref, g->sel_key)) {
			g->sel = i;
			return;
		}
	}
	if (g->sel >= g->n_rows)
		g->sel = g->n_rows ? g->n_rows - 1 : 0;
}

static void rebuild(struct grid *g)
{
	size_t i, kept = 0;

	free(g->rows);
	g->rows = NULL;
	g->n_rows = 0;
	if (!g->snap)
		return;
	g->n_rows = view_build(g->snap, g->table, g->filter, g->order, &g->rows);
	for (i = 0; i < g->n_rows; i++)
		if (row_is_of(g->rows[i], g->ref))
			g->rows[kept++] = g->rows[i];
	g->n_rows = kept;
	follow(g);
}

void grid_update(struct grid *g, const struct draw *d, struct snapshot *snap)
{
	struct snapshot *old = g->snap;
	bool had_rows = old != snap && g->n_rows > 0;

	g->snap = snap ? snapshot_ref(snap) : NULL;
	rebuild(g);
	snapshot_unref(old);
	if (had_rows && !g->sel_ref)		/* in the first rows nothing has a rate yet: what was on top of them was there by chance */
		grid_select(g, g->sel);
	grid_measure(g, d);
}

void grid_resort(struct grid *g)
{
	rebuild(g);
}

void grid_set_filter(struct grid *g, struct filter *f, const char *text)
{
	char *copy = text && *text ? xstrdup(text) : NULL;

	filter_free(g->filter);
	free(g->filter_text);
	g->filter = f;
	g->filter_text = copy;
	rebuild(g);
}

unsigned grid_needs(const struct grid *g)
{
	const struct table *t = table_get(g->table);
	unsigned needs = table_get(g->table)->needs | filter_needs(g->filter) | (g->order.sort ? g->order.sort->needs : 0);
	size_t i;

	for (i = 0; i < (g->n_shown ? g->n_shown : t->n_columns); i++) {
		const struct column *c = g->n_shown ? g->shown[i] : &t->columns[i];

		if (g->n_shown || c->rank <= GRID_RANK_MAX)
			needs |= c->needs;
	}
	return needs;
}

const void *grid_selected(const struct grid *g)
{
	return g->sel < g->n_rows ? g->rows[g->sel] : NULL;
}

void grid_select(struct grid *g, size_t row)
{
	const struct row *r;

	if (!g->n_rows)
		return;
	g->sel = row < g->n_rows ? row : g->n_rows - 1;
	r = g->rows[g->sel];
	free(g->sel_ref);
	free(g->sel_key);
	g->sel_ref = xstrdup(r->ref ? r->ref : "");
	g->sel_key = xstrdup(r->key ? r->key : "");
}

void grid_move(struct grid *g, long by)
{
	long to = (long)g->sel + by;

	grid_select(g, to < 0 ? 0 : (size_t)to);
}

static bool cell_has(const struct column *c, const void *row, const char *text)
{
	auto_buf struct buf cell = {0};

	value_format(column_get(c, row), c->unit, &cell);
	return cell.text && strcasestr(cell.text, text) != NULL;
}

static bool has_text(const struct grid *g, const void *row, const char *text, bool anywhere)
{
	const struct table *t = table_get(g->table);
	size_t i;

	if (!anywhere)
		return cell_has(g->n_shown ? g->shown[0] : &t->columns[0], row, text);
	for (i = 0; i < t->n_columns; i++)
		if (t->columns[i].kind == VALUE_TEXT && cell_has(&t->columns[i], row, text))
			return true;
	return false;
}

static bool find(struct grid *g, const char *text, int step, bool anywhere)
{
	size_t i;

	for (i = 0; i < g->n_rows; i++) {
		size_t away = i + (step != 0);
		size_t at = (step < 0 ? g->sel + 2 * g->n_rows - away : g->sel + away) % g->n_rows;

		if (has_text(g, g->rows[at], text, anywhere)) {
			grid_select(g, at);
			return true;
		}
	}
	return false;
}

bool grid_next(struct grid *g, bool (*is)(const void *row))
{
	size_t i;

	for (i = 1; i <= g->n_rows; i++) {
		size_t at = (g->sel + i) % g->n_rows;

		if (is(g->rows[at])) {
			grid_select(g, at);
			return true;
		}
	}
	return false;
}

bool grid_find(struct grid *g, const char *text, int step)
{
	return find(g, text, step, false) || find(g, text, step, true);
}

void grid_sort_by(struct grid *g, const struct column *c)
{
	if (g->order.sort == c)
		g->order.descending = !g->order.descending;
	else
		g->order = (struct view_order){ .sort = c, .descending = c->descending };
	rebuild(g);
}

void grid_sort_step(struct grid *g, int step)
{
	size_t at = g->n_shown, i;

	for (i = 0; i < g->n_shown; i++)
		if (g->shown[i] == g->order.sort)
			at = i;
	if (!g->n_shown)
		return;
	if (at == g->n_shown)
		at = 0;
	else
		at = (at + g->n_shown + (size_t)(step + (int)g->n_shown)) % g->n_shown;
	g->order.sort = NULL;
	grid_sort_by(g, g->shown[at]);
}

void grid_scroll(struct grid *g, int by)
{
	if (by > 0 && g->more)
		g->left++;
	else if (by < 0 && g->left)
		g->left--;
}

void grid_ask(struct grid *g, const struct column *const *columns, size_t n)
{
	size_t i;

	free(g->asked);
	g->asked = NULL;
	g->n_asked = 0;
	g->left = 0;
	for (i = 0; i < n; i++)
		*vec_push(g->asked, g->n_asked) = columns[i];
}

bool grid_click(struct grid *g, int y, int x)
{
	size_t row, i;
	int at = 0;

	if (y == g->y) {
		for (i = 0; i < g->n_shown; i++) {
			at += g->widths[i] + g->bars[i] + 1;
			if (x < at) {
				grid_sort_by(g, g->shown[i]);
				return false;
			}
		}
	}
	if (y <= g->y || (size_t)(y - g->y - 1) >= g->n_lines)
		return false;
	row = g->lines[y - g->y - 1];
	if (row >= g->n_rows)
		return false;
	if (row == g->sel)
		return true;
	grid_select(g, row);
	return false;
}
