// SPDX-License-Identifier: GPL-3.0-or-later
/* Filtered, sorted rows. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

static int text_cmp(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !a - !b;
}

static int row_cmp(const void *pa, const void *pb, void *arg)
{
	const struct row *a = *(const struct row *const *)pa, *b = *(const struct row *const *)pb;
	const struct view_order *order = arg;
	int d = 0;

	if (order->sort) {
		struct value va = column_get(order->sort, a), vb = column_get(order->sort, b);

		d = value_cmp(va, vb);
		if (order->descending && va.kind != VALUE_NONE && vb.kind != VALUE_NONE)
			d = -d;
	}
	if (!d)
		d = text_cmp(a->vm, b->vm);
	if (!d)
		d = text_cmp(a->ref, b->ref);
	if (!d)		/* rows of one table lie in one array: keep the order they were added in */
		d = (a > b) - (a < b);
	return d;
}

size_t view_build(const struct snapshot *s, enum table_id t, const struct filter *f, struct view_order order,
		  const void ***rows)
{
	size_t n = snapshot_count(s, t), kept = 0, i;
	const void **list = xcalloc(n, sizeof(*list));

	for (i = 0; i < n; i++) {
		const void *row = snapshot_row(s, t, i);

		if (filter_match(f, row))
			list[kept++] = row;
	}
	if (kept > 1)
		qsort_r(list, kept, sizeof(*list), row_cmp, &order);
	*rows = list;
	return kept;
}
