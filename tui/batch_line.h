/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A change as the line that does the same in batch: one that can be pasted into a shell. Pure. */
#ifndef KT_TUI_BATCH_LINE_H
#define KT_TUI_BATCH_LINE_H

#include "lib/cmd/cmd.h"

/* The words of a verb and its arguments as batch takes them; "" or NULL: not given. The words are yours. */
char **batch_words(const struct verb *v, const char *const values[VERB_ARGS_MAX], size_t *n);
/* "kvmtop --batch disk add vm1 file='/a b'"; yours */
char *batch_line(char *const *words, size_t n);
/*
 * The line in pieces of at most width columns, which a shell takes as the one line: each but the last ends in a backslash.
 * Between words where there is room for that.
 */
void batch_wrap(const char *line, size_t width, void (*each)(void *data, const char *piece), void *data);
/* Which argument an error is about, by what it says of it: "serial=x is longer ..". -1: that cannot be told. */
int batch_blamed(const struct verb *v, const char *const values[VERB_ARGS_MAX], const char *error);

#endif
