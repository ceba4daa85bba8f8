/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last samples of the columns that are drawn as graphs, by row identity. A sample in which a row was not, was
 * stale, or did not know a value leaves a gap: nothing is drawn on, nothing is made up.
 */
#ifndef KT_MODEL_HISTORY_H
#define KT_MODEL_HISTORY_H

#include "column.h"

#define HISTORY_LEN 120

struct history;

struct history *history_new(void);
void history_free(struct history *h);		/* NULL is fine */

/*
 * Take a snapshot in. Of tables other than vms only rows of the guest ref (NULL: none) and of the host are kept, so that
 * a page that is open costs the same however many guests there are. What belongs to a guest that is not in vms any more,
 * or was in no sample for HISTORY_LEN of them, is forgotten.
 */
void history_add(struct history *h, const struct snapshot *snap, const char *ref);

/*
 * The last n values, at most HISTORY_LEN, the newest at out[n - 1]; NAN where there is none. False: the column has no
 * history (column.h: graph), or the row is not known.
 */
bool history_values(const struct history *h, enum table_id t, const struct row *row, const struct column *c, float *out,
		 size_t n);

/* From the first of the last n samples to the last; 0: not known yet. */
uint64_t history_span_ns(const struct history *h, size_t n);

/* For tests: rows that are kept. */
size_t history_rows(const struct history *h);

#endif
