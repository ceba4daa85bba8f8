/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Printing: rows of a snapshot as table, JSON, CSV or for Prometheus; the record of a change. */
#ifndef KT_CMD_OUT_H
#define KT_CMD_OUT_H

#include <stdio.h>

#include "options.h"

struct out {
	FILE *file;
	enum format format;
	unsigned width;			/* of a terminal; 0: as wide as it gets */
	unsigned headed;		/* CSV has one header as long as the table stays the same; TABLE_COUNT: nothing was printed yet */
};

/* columns: which, in order; NULL: the ones shown when nothing is chosen. */
void out_rows(struct out *o, const struct snapshot *snap, enum table_id t, const struct column *const *columns,
	      size_t n_columns, const void *const *rows, size_t n_rows);
/* Columns shown when nothing is chosen; a vec, yours. */
const struct column **out_default_columns(const struct out *o, enum table_id t, size_t *n);

void out_record(struct out *o, const struct plan *p, unsigned timeout_ms, unsigned line);

/*
 * out_prometheus.c: one exposition of the text format 0.0.4. Names are kvmtop_TABLE_FIELD in base units: of a rate its
 * counter (_total, _seconds_total ..), of a mean a summary (_sum, _count), else a gauge; texts are labels of an _info.
 */
void prometheus_rows(FILE *f, enum table_id t, const struct column *const *columns, size_t n_columns,
		     const void *const *rows, size_t n_rows);
/* What a numeric column is called there. */
void prometheus_name(const struct table *t, const struct column *c, struct buf *out);
/* Whether it is worth anything only as a rate over two samples. */
bool prometheus_is_rate(const struct column *c);

/* A text for a terminal or a pipe: cleaned. Ends no line. */
void out_text(FILE *f, const char *text);
/* "kvmtop: ..." on standard error. */
void out_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
