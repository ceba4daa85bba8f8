/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KT_TUI_GRID_PRIVATE_H
#define KT_TUI_GRID_PRIVATE_H

#include "grid.h"

#define GRID_RANK_MAX 8		/* columns of the rank behind it are shown only when asked for */

/* How wide columns have to be for the rows there are. */
void grid_measure(struct grid *g, const struct draw *d);

#endif
