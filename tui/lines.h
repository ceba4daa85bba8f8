/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the prompt, as readline has them and as a file keeps them. */
#ifndef KT_TUI_LINES_H
#define KT_TUI_LINES_H

struct session;

void lines_load(const struct session *s);
void lines_add(const struct session *s, const char *line);	/* in the file at once: a prompt may be killed */

#endif
