/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rows of a snapshot, in which order. Borrows the snapshot's rows. */
#ifndef KT_MODEL_VIEW_H
#define KT_MODEL_VIEW_H

#include "filter.h"

struct view_order {
	const struct column *sort;	/* NULL: by name only */
	bool descending;
};

/* The rows of a table that pass, sorted: unknown last either way, equal ones by name, by ref, then as added. *rows is yours. */
size_t view_build(const struct snapshot *s, enum table_id t, const struct filter *f, struct view_order order,
		  const void ***rows);

#endif
