/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of the list: the host in a few figures, each at its place whatever it says, and how many guests are in which state. */
#ifndef KT_TUI_METERS_H
#define KT_TUI_METERS_H

#include "app.h"

/* How many lines it takes of a screen of that height. */
int meters_lines(int height);
void meters_draw(const struct app *a, int y, int lines);

/* How bad it is for a guest to be in this state, by the rules of trouble; 0: it is as it should be. */
unsigned meters_state_severity(const char *state);

#endif
