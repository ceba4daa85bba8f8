/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Printing: rows of a snapshot, and the record of a change, as table, JSON or CSV. */
#ifndef KT_CMD_OUT_H
#define KT_CMD_OUT_H

#include <stdio.h>

#include "options.h"

struct out {
	FILE *file;
	enum format format;
	unsigned width;			/* of a terminal; 0: as wide as it gets */
	unsigned headed;		/* CSV has one header as long as the table stays the same; TABLE_COUNT at first */
};

/* columns: which, in order; NULL: the ones shown when nothing is chosen. */
void out_rows(struct out *o, const struct snapshot *snap, enum table_id t, const struct column *const *columns,
	      size_t n_columns, const void *const *rows, size_t n_rows);
/* Columns shown when nothing is chosen; a vec, yours. */
const struct column **out_default_columns(const struct out *o, enum table_id t, size_t *n);

void out_record(struct out *o, const struct plan *p, unsigned timeout_ms, unsigned line);

/* A text for a terminal or a pipe: cleaned. Ends no line. */
void out_text(FILE *f, const char *text);
/* "kvmtop: ..." on standard error. */
void out_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
