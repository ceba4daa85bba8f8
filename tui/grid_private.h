/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KT_TUI_GRID_PRIVATE_H
#define KT_TUI_GRID_PRIVATE_H

#include "grid.h"

#define GRID_RANK_MAX 8		/* columns of the rank behind it are shown only when asked for */
#define BAR_WIDTH 11		/* a blank before it */
#define UNDER_INDENT 2

bool grid_is_text(const struct column *c);
/* A cell as it is drawn, in text. */
const char *grid_cell(const struct column *c, const struct row *row, struct buf *text);
/* How wide columns have to be for the rows there are. */
void grid_measure(struct grid *g, const struct draw *d);
/* Which columns are shown, how wide, and what is left for the past. */
void grid_lay_out(struct grid *g, const struct draw *d);
/* The column whose past is drawn beside the rows; NULL: none has one. */
const struct column *grid_spark_column(const struct grid *g);
/* Which row stands in which of that number of lines, the selected one among them. */
void grid_fill_lines(struct grid *g, size_t height);

#endif
