/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui: the screen. The only directory that knows curses and readline. */
#ifndef KT_TUI_H
#define KT_TUI_H

#include "lib/cmd/cmd.h"

/* The screen, until it is left. An exit code. */
int tui_run(struct session *s);
/* The verbs at a readline prompt. An exit code. */
int tui_prompt(struct session *s);
/* The screen's keys, for help and man page. */
const struct key_help *tui_keys(size_t *n);

#endif
