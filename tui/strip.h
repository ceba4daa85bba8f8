/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Graphs of the selected row, below the rows. */
#ifndef KT_TUI_STRIP_H
#define KT_TUI_STRIP_H

#include "grid.h"

/* How many lines it wants of so many, 0: there is no room, or nothing to draw of this table. */
int strip_lines(const struct grid *g, int height);
void strip_draw(const struct grid *g, const struct draw *d, const struct history *h, int y, int lines);

#endif
