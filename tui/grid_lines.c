// SPDX-License-Identifier: GPL-3.0-or-later
/* Which row stands in which line, where some have a line more below them; and what of the selected one does not fit into its line. */
#include "grid.h"
#include "grid_private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The number of rows that have what is said below them in any case, as far as the screen is high enough for it. */
#define UNDER_MIN 3
#define UNDER_HEIGHT 6

static bool has_under(const struct grid *g, size_t row)
{
	const char *text = g->under ? g->under(g->rows[row]) : NULL;

	return text && *text;
}

/* Rows that may have a line below them: all of them if they and their rows fit together, else a few. */
static size_t count_under(const struct grid *g, size_t height)
{
	size_t n = 0, i;

	for (i = 0; g->under && i < g->n_rows && n < height; i++)
		n += has_under(g, i);
	if (height < UNDER_HEIGHT)
		return 0;
	return 2 * n <= height || n < UNDER_MIN ? n : height > n + UNDER_MIN ? height - n : UNDER_MIN;
}

/* From the row on, until the lines are full; the row behind the last one that has its place in whole. */
static size_t fill(struct grid *g, size_t from, size_t height, size_t under)
{
	size_t i;

	g->n_lines = 0;
	for (i = from; i < g->n_rows && g->n_lines < height; i++) {
		bool more = under && has_under(g, i);

		*vec_push(g->lines, g->n_lines) = i;
		under -= more;
		if (more && g->n_lines == height)
			return i;	/* what is said below it is cut off: it goes further up if it is selected */
		if (more)
			*vec_push(g->lines, g->n_lines) = i;
	}
	return i;
}

void grid_fill_lines(struct grid *g, size_t height)
{
	size_t under = count_under(g, height);

	g->height = height;
	if (g->sel < g->top || g->top >= g->n_rows)
		g->top = g->sel < g->n_rows ? g->sel : 0;
	if (height && g->sel >= g->top + height)
		g->top = g->sel - height + 1;
	while (height > 1 && fill(g, g->top, height, under) <= g->sel && g->top < g->sel)
		g->top++;
	/* no lines are left empty while there are rows above */
	while (g->top && fill(g, g->top - 1, height, under) >= g->n_rows && g->n_lines <= height)
		g->top--;
	fill(g, g->top, height, under);
}

/* The line the selected row has below it is on the screen. */
static bool is_told(const struct grid *g)
{
	size_t i;

	for (i = 1; i < g->n_lines; i++)
		if (g->lines[i] == g->sel && g->lines[i - 1] == g->sel)
			return true;
	return false;
}

char *grid_rest(const struct grid *g, const struct draw *d)
{
	const struct row *row = grid_selected(g);
	struct buf all = {0};
	size_t i;

	if (!row)
		return NULL;
	if (has_under(g, g->sel) && !is_told(g))
		buf_puts(&all, g->under(row));
	for (i = 0; i < g->n_shown; i++) {
		auto_buf struct buf text = {0};

		if (!grid_is_text(g->shown[i]) || g->shown[i]->offset == offsetof(struct row, vm))
			continue;
		grid_cell(g->shown[i], row, &text);
		if (text.len && draw_width(d, text.text) > g->widths[i])
			buf_printf(&all, "%s%s %s", all.len ? "; " : "", g->shown[i]->title, text.text);
	}
	if (!all.len)
		buf_done(&all);
	return all.len ? buf_take(&all) : NULL;
}
