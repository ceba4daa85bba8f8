// SPDX-License-Identifier: GPL-3.0-or-later
/* A filter expression; the first byte is the table's. It is tried on a row of which nothing is known but
 * names; the guest's is the expression itself, for a regular one that takes its time. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/model/model.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = size ? fuzz_text(data + 1, size - 1) : NULL;
	enum table_id t = size ? data[0] % TABLE_COUNT : 0;
	struct snapshot *snap;
	struct filter *filter;
	struct err err = {0};
	struct row *row;

	if (!size || filter_parse(table_get(t), text, &filter, &err))
		return;
	snap = snapshot_new(1, (struct timespec){0});
	row = snapshot_add(snap, t);
	row->vm = text;
	row->ref = "pid:1@2";
	row->key = "";
	filter_match(filter, row);
	filter_needs(filter);
	snapshot_unref(snap);
	filter_free(filter);
}
