// SPDX-License-Identifier: GPL-3.0-or-later
/* Filtered, sorted rows. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

static int text_cmp(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !a - !b;
}

struct keys {
	struct view_order by;
	const struct column *then;	/* NULL: the names */
};

/* Unknown sorts behind everything either way. */
static int column_cmp(const struct column *c, bool descending, const struct row *a, const struct row *b)
{
	struct value va = column_get(c, a), vb = column_get(c, b);
	int d = value_cmp(va, vb);

	return descending && va.kind != VALUE_NONE && vb.kind != VALUE_NONE ? -d : d;
}

static int row_cmp(const void *pa, const void *pb, void *arg)
{
	const struct row *a = *(const struct row *const *)pa, *b = *(const struct row *const *)pb;
	const struct keys *order = arg;
	int d = 0;

	if (order->by.sort)
		d = column_cmp(order->by.sort, order->by.descending, a, b);
	if (!d && order->then)
		d = column_cmp(order->then, order->then->descending, a, b);
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
	struct keys keys = { .by = order };

	if (order.sort && order.sort->then)
		keys.then = table_column(table_get(t), order.sort->then, NULL);

	for (i = 0; i < n; i++) {
		const void *row = snapshot_row(s, t, i);

		if (filter_match(f, row))
			list[kept++] = row;
	}
	if (kept > 1)
		qsort_r(list, kept, sizeof(*list), row_cmp, &keys);
	*rows = list;
	return kept;
}
