/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table on the screen: which columns fit, which rows in which order, which one is selected. */
#ifndef KT_TUI_GRID_H
#define KT_TUI_GRID_H

#include "lib/model/model.h"
#include "draw.h"

struct app;

struct grid_fit {			/* how wide a column has to be, over a while */
	int width, want;
	uint64_t until_ns;		/* then it may shrink to what was wanted meanwhile */
};

struct grid {
	enum table_id table;
	char *ref;			/* rows of this guest only; NULL: of all */
	const struct column **asked;	/* columns that were asked for; NULL: by rank, as many as fit */
	size_t n_asked;
	struct view_order order;
	struct filter *filter;
	char *filter_text;		/* NULL: none */
	enum paint (*paint)(const void *row, const struct column *c);	/* of a cell; c NULL: of what stands under the row */
	const char *(*under)(const void *row);	/* what is said below a row, NULL or "": nothing; where there is room */
	bool (*tagged)(const struct app *a, const struct row *row);	/* NULL: none is */
	const struct app *app;		/* for that */
	const struct history *history;	/* borrowed; NULL: no line of the past beside the rows */
	bool spark;			/* one is drawn where the screen is wide */
	size_t left;			/* columns scrolled out to the left, behind the first one */

	struct snapshot *snap;		/* a reference of its own: the rows are in it */
	const void **rows;
	size_t n_rows, top, height;	/* height: lines for rows when it was drawn last */
	size_t *lines;			/* vec: the row that stands in each of them; the second time it is what is said below it */
	size_t n_lines;
	char *sel_ref, *sel_key;	/* the selected row's identity; NULL: the first one, whichever that is */
	size_t sel;

	struct grid_fit *fits;		/* one per column of the table */
	const struct column **shown;
	int *widths, *bars;		/* bars: what a bar behind the number takes, or a mark before a text */
	size_t n_shown;
	int spark_width;
	bool more;			/* there are others than those */
	int y;				/* of the heading, where it was drawn last */
};

void grid_init(struct grid *g, enum table_id t, const char *ref);
void grid_done(struct grid *g);

/* Other rows, or another order or filter for them; snap may be NULL. */
void grid_update(struct grid *g, const struct draw *d, struct snapshot *snap);
void grid_resort(struct grid *g);
/* The filter is taken over; text is copied. */
void grid_set_filter(struct grid *g, struct filter *f, const char *text);
/* What has to be sampled for what this shows. */
unsigned grid_needs(const struct grid *g);

const void *grid_selected(const struct grid *g);	/* NULL: there is no row */
void grid_select(struct grid *g, size_t row);		/* the last one if there are fewer */
void grid_move(struct grid *g, long by);
/* Select the next row (step 1), an earlier one (-1) or this one or a later one (0) with text in its first column, else in any text. */
bool grid_find(struct grid *g, const char *text, int step);

/* Sort by a column, if it is that already the other way round; by its neighbour among those shown. */
void grid_sort_by(struct grid *g, const struct column *c);
void grid_sort_step(struct grid *g, int step);

/* Columns to the right or left of those that are seen. */
void grid_scroll(struct grid *g, int by);
/* Show these columns; NULL: as many as fit. The list is copied. */
void grid_ask(struct grid *g, const struct column *const *columns, size_t n);
/* Select the next row, round and round, of which is() holds; false: it holds of no row. */
bool grid_next(struct grid *g, bool (*is)(const void *row));
/* What of the selected row is cut on the screen, or stands in no column of it; yours, NULL: nothing. */
char *grid_rest(const struct grid *g, const struct draw *d);
/* A click on the heading sorts, on a row selects it. True: it was the selected row already. */
bool grid_click(struct grid *g, int y, int x);

/* The heading at y, rows below it. */
void grid_draw(struct grid *g, const struct draw *d, int y, int height);

#endif
