/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of which there is one row only, column by column down the screen: with its past or its share, and what it says. */
#ifndef KT_TUI_CARD_H
#define KT_TUI_CARD_H

#include "grid.h"
#include "keys.h"

/* Nothing tells its rows apart, or of a guest's page nothing but the guest. */
bool card_is_one(const struct grid *g);
/* The line of the column it is sorted by is the selected one. */
void card_draw(struct grid *g, const struct draw *d, int y, int height);
bool card_key(struct grid *g, enum action action);	/* false: it does not move */
void card_click(struct grid *g, int y);

#endif
