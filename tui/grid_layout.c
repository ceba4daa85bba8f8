// SPDX-License-Identifier: GPL-3.0-or-later
/* Which columns fit, and how wide each is. */
#include "grid.h"
#include "grid_private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A column that once needed more room keeps it so long: nothing jumps. */
#define HOLD_NS (30 * NS_PER_SEC)
/* The first column gives way down to that for more columns, a wide text to that. */
#define FIRST_MIN 12
#define TEXT_MIN 16
#define BARS_MAX 2
#define BARS_RANK 4
#define BARS_SCREEN 100		/* columns of a screen that has room for bars */
#define SPARK_SCREEN 120	/* columns of a screen that has room for the past */
#define SPARK_WIDTH 20

bool grid_is_text(const struct column *c)
{
	return c->kind == VALUE_TEXT;
}

const char *grid_cell(const struct column *c, const struct row *row, struct buf *text)
{
	struct value v = column_get(c, row);

	double doubt = c->doubt ? *(const double *)((const char *)row + c->doubt) : UNKNOWN_NUM;
	char age[16];

	buf_reset(text);
	if (c->hides_zero && v.kind == VALUE_UINT && !v.uint)
		return "";
	if (row->stale && !grid_is_text(c) && v.kind != VALUE_NONE && !c->hides_zero)
		buf_puts(text, "~");
	value_format(v, c->unit, text);
	if (!isnan(doubt) && v.kind != VALUE_NONE) {
		units_age(doubt, age, sizeof(age));
		buf_printf(text, "? %s", age);
	}
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
		int want = grid_is_text(c) ? (int)strlen(c->title) : c->width;

		for (i = 0; i < g->n_rows; i++) {
			const char *text = grid_cell(c, g->rows[i], &buf);
			int width = grid_is_text(c) ? draw_width(d, text) : (int)buf.len;

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

	if (grid_is_text(c) && !first && width > c->width && !c->uncut)
		width = c->width;
	if (grid_is_text(c) && !first && width > TEXT_MIN)
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
	bool name = grid_is_text(c) && c->offset == offsetof(struct row, vm);

	return c->rank <= rank && !(name && g->ref);
}

/* A mark and a letter behind it would be one word. */
static int gap_before(const struct grid *g, const struct column *c)
{
	const struct column *before = g->n_shown ? g->shown[g->n_shown - 1] : NULL;

	return !before ? 0 : before->mark != MARK_NONE && grid_is_text(c) ? 2 : 1;
}

/* Columns that are taken, in the table's order; how wide that is. */
static int lay_out(struct grid *g, const bool *taken)
{
	const struct table *t = table_get(g->table);
	int total = 0;
	size_t i;

	g->n_shown = 0;
	for (i = 0; i < t->n_columns; i++) {
		if (!taken[i])
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

/* One column after the other by rank, until the line is full; the first of all is there in any case. */
static void choose_by_rank(struct grid *g, int width)
{
	const struct table *t = table_get(g->table);
	auto_free bool *taken = xcalloc(t->n_columns, sizeof(*taken));
	bool any = false;
	size_t i;
	int rank;

	g->more = false;
	for (rank = 1; rank <= GRID_RANK_MAX; rank++) {
		for (i = 0; i < t->n_columns; i++) {
			if (t->columns[i].rank != rank || !is_wanted(g, &t->columns[i], rank))
				continue;
			taken[i] = true;
			g->more |= any && lay_out(g, taken) > width;
			taken[i] = !g->more;	/* the line is full with the first one that has no room: others do not come and go */
			any = true;
		}
	}
	lay_out(g, taken);
}

static void choose(struct grid *g, int width)
{
	if (g->asked || g->left)
		choose_scrolled(g, width);
	else
		choose_by_rank(g, width);
	if (g->more && !g->asked && !g->left)
		choose_by_rank(g, width - 1);
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
		g->bars[i] = i + 1 < g->n_shown && g->shown[i]->mark != MARK_NONE && grid_is_text(g->shown[i + 1]);
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
		if (lack > 0 && grid_is_text(g->shown[i])) {
			g->widths[i] += lack;
			spare -= lack;
		}
	}
}

/* Names are sought with the eye: the first column keeps what the widest column table says, if there is room. */
static void widen_first(struct grid *g, int width)
{
	int total = total_of(g);

	if (g->n_shown && grid_is_text(g->shown[0]) && g->widths[0] < g->shown[0]->width && total < width) {
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
const struct column *grid_spark_column(const struct grid *g)
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

static int spark_wish(const struct grid *g, const struct draw *d)
{
	if (!g->spark || !g->history || d->width < SPARK_SCREEN || !grid_spark_column(g))
		return 0;
	return d->width >= 2 * SPARK_WIDTH + SPARK_SCREEN ? 2 * SPARK_WIDTH : SPARK_WIDTH;
}

/* What is to be read as a whole is cut. */
static bool is_cut(const struct grid *g)
{
	const struct table *t = table_get(g->table);
	size_t i;

	for (i = 0; i < g->n_shown; i++)
		if (g->shown[i]->uncut && g->widths[i] < g->fits[g->shown[i] - t->columns].width)
			return true;
	return false;
}

static void lay_all_out(struct grid *g, const struct draw *d)
{
	int width = d->width - (g->spark_width ? g->spark_width + 1 : 0);

	choose(g, width);
	width -= g->more;	/* the last column of the heading says so */
	give_widths(g);
	if (d->width >= BARS_SCREEN)
		add_bars(g, width);
	share_out(g, width);
	widen_first(g, width);
}

void grid_lay_out(struct grid *g, const struct draw *d)
{
	g->spark_width = spark_wish(g, d);
	lay_all_out(g, d);
	if (!g->spark_width || !is_cut(g))
		return;
	g->spark_width = 0;
	lay_all_out(g, d);
}
