// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows as arguments. */
#include "sources.h"

#include <stdlib.h>
#include <string.h>

/* A text column's value, or a number as batch has it; yours, NULL: unknown. */
static char *cell(enum table_id t, const char *column, const void *row)
{
	const struct column *c = column ? table_column(table_get(t), column, NULL) : NULL;
	auto_buf struct buf text = {0};

	if (c)
		value_raw(column_get(c, row), &text);
	return text.len ? buf_take(&text) : NULL;
}

static struct filter *only_of(const struct arg_source *s)
{
	struct filter *f = NULL;

	if (s->only && filter_parse(table_get(s->table), s->only, &f, NULL))
		return NULL;
	return f;
}

char *source_value(const struct arg *arg, enum table_id t, const void *row)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(arg->from) && arg->from[i].column; i++) {
		const struct arg_source *s = &arg->from[i];
		struct filter *only;
		bool is_one;

		if (s->table != t)
			continue;
		only = only_of(s);
		is_one = filter_match(only, row);
		filter_free(only);
		if (is_one)
			return cell(t, s->column, row);
	}
	return NULL;
}

bool source_fill(const struct verb *v, enum table_id t, const void *row, char *values[VERB_ARGS_MAX])
{
	bool told = false;
	size_t i;

	for (i = 0; i < v->n_args; i++) {
		auto_free char *value = v->args[i].type == ARG_VM ? NULL : source_value(&v->args[i], t, row);

		told |= value != NULL;
		if (!values[i])
			values[i] = take_ptr(value);
	}
	return told;
}

size_t source_device(const struct verb *v)
{
	size_t i;

	for (i = 1; i < v->n_args; i++)
		if (v->args[i].type == ARG_DEVICE && v->args[i].from[0].column)
			return i;
	return 0;
}

unsigned source_needs(const struct arg *arg)
{
	unsigned needs = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(arg->from) && arg->from[i].column; i++)
		needs |= table_get(arg->from[i].table)->needs;
	return needs;
}

static size_t list_one(const struct arg_source *s, const struct snapshot *snap, const char *ref, size_t max,
		       void (*each)(void *data, const char *value, const char *about), void *data)
{
	struct filter *only = only_of(s);
	size_t n = 0, i, count = snapshot_count(snap, s->table);

	for (i = snapshot_first(snap, s->table, ref); i < count && n < max; i++) {
		const void *row = snapshot_row(snap, s->table, i);
		auto_free char *value = NULL, *about = NULL;

		if (!row_is_of(row, ref))
			break;
		value = filter_match(only, row) ? cell(s->table, s->column, row) : NULL;
		about = cell(s->table, s->about, row);
		if (!value)
			continue;
		each(data, value, about ? about : "");
		n++;
	}
	filter_free(only);
	return n;
}

size_t source_list(const struct arg *arg, const struct snapshot *snap, const char *ref, size_t max,
		   void (*each)(void *data, const char *value, const char *about), void *data)
{
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(arg->from) && arg->from[i].column && !n; i++)
		n = list_one(&arg->from[i], snap, ref, max, each, data);
	return n;
}
