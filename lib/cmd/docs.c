// SPDX-License-Identifier: GPL-3.0-or-later
/* Help on the terminal, and the check of the tables. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void docs_column_rows(struct snapshot *snap, const char *name)
{
	enum table_id t;
	size_t i;

	for (t = 0; t < TABLE_COUNT; t++) {
		const struct table *table = table_get(t);

		for (i = 0; i < table->n_columns && (!name || !strcmp(name, table->name)); i++) {
			const struct column *c = &table->columns[i];
			struct column_row *row = snapshot_add(snap, TABLE_COLUMNS);

			row->table = table->name;
			row->id = c->id;
			row->title = c->title;
			row->unit = unit_name(c->unit);
			row->help = c->help;
			row->source = c->source;
			row->meaning = c->meaning;
		}
	}
}

void docs_usage(FILE *f)
{
	const struct option_row *rows;
	size_t n, i;

	fputs("usage: kvmtop [OPTIONS]                             the screen\n"
	      "       kvmtop --batch [OPTIONS] VERB [ARG...]       one verb\n"
	      "       kvmtop --batch [OPTIONS] -f FILE             a script; '-' is standard input\n\n", f);
	rows = options_table(&n);
	for (i = 0; i < n; i++) {
		auto_free char *name = xasprintf("--%s%s%s", rows[i].name, rows[i].value ? " " : "",
						 rows[i].value ? rows[i].value : "");

		if (rows[i].hidden)
			continue;
		if (rows[i].letter)
			fprintf(f, "  -%c, %-24s  %s\n", rows[i].letter, name, rows[i].help);
		else
			fprintf(f, "      %-24s  %s\n", name, rows[i].help);
	}
	fputs("\nVerbs: kvmtop --batch help    Columns: kvmtop --batch columns    Keys: F1 on the screen\n", f);
}

void docs_verbs(FILE *f)
{
	const char *group = "";
	size_t n, i;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++) {
		auto_buf struct buf synopsis = {0};

		if (all[i]->hidden)
			continue;
		if (strcmp(group, all[i]->group))
			fprintf(f, "%s%s:\n", *group ? "\n" : "", all[i]->group);
		group = all[i]->group;
		verb_synopsis(all[i], &synopsis);
		if (synopsis.len <= 30)
			fprintf(f, "  %-30s  %s\n", synopsis.text, all[i]->summary);
		else
			fprintf(f, "  %s\n  %-30s  %s\n", synopsis.text, "", all[i]->summary);
	}
}

void docs_verb(FILE *f, const struct verb *v)
{
	auto_buf struct buf synopsis = {0};
	size_t i;

	verb_synopsis(v, &synopsis);
	fprintf(f, "%s\n\n%s\nRights: %s.\n", synopsis.text, v->doc, v->rights ? v->rights : "none");
	if (v->n_args)
		fputc('\n', f);
	for (i = 0; i < v->n_args; i++)
		fprintf(f, "  %-10s %s%s\n", v->args[i].name, v->args[i].help, v->args[i].required ? "" : " (optional)");
	if (v->table == TABLE_COUNT)
		return;
	fprintf(f, "\nColumns (kvmtop --batch columns %s tells more):\n", table_get(v->table)->name);
	for (i = 0; i < table_get(v->table)->n_columns; i++) {
		const struct column *c = &table_get(v->table)->columns[i];

		fprintf(f, "  %-16s %s\n", c->id, c->help);
	}
}

static int check_sources(FILE *f, const struct verb *v, const struct arg *arg)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < ARRAY_SIZE(arg->from) && arg->from[i].column; i++) {
		const struct arg_source *s = &arg->from[i];
		const struct table *t = table_get(s->table);
		struct filter *only = NULL;
		struct err err = {0};

		if (!table_column(t, s->column, NULL) || (s->about && !table_column(t, s->about, NULL)))
			bad |= fprintf(f, "%s: %s is of a column that %s has not\n", v->name, arg->name, t->name);
		if (s->only && filter_parse(t, s->only, &only, &err))
			bad |= fprintf(f, "%s: %s: %s\n", v->name, arg->name, err.text);
		filter_free(only);
	}
	return bad;
}

static int check_verb(FILE *f, const struct verb *v)
{
	int kinds = (v->table != TABLE_COUNT) + (v->build != NULL) + (v->run != NULL) + v->undoes, bad = 0;
	bool keys = false;
	size_t i;

	if (kinds != 1)
		bad |= fprintf(f, "%s: %d of look, build and run\n", v->name, kinds);
	if (!v->summary || !v->doc || !v->group)
		bad |= fprintf(f, "%s: no help\n", v->name);
	if (v->n_args > VERB_ARGS_MAX)
		bad |= fprintf(f, "%s: too many arguments\n", v->name);
	if ((v->build || v->undoes) && !v->key && !v->hidden)
		bad |= fprintf(f, "%s: no key on the screen\n", v->name);
	for (i = 0; i < v->n_args; i++) {
		bad |= check_sources(f, v, &v->args[i]);
		keys |= !v->args[i].positional;
		if (!v->args[i].help)
			bad |= fprintf(f, "%s: %s has no help\n", v->name, v->args[i].name);
		if (keys && v->args[i].positional)
			bad |= fprintf(f, "%s: %s stands behind a key\n", v->name, v->args[i].name);
		if (i && v->args[i].type == ARG_VM && v->args[i].positional)
			bad |= fprintf(f, "%s: a guest is its first argument\n", v->name);
		if (v->args[i].type == ARG_DEVICE && !verb_has_guest(v))
			bad |= fprintf(f, "%s: %s is a device of no guest\n", v->name, v->args[i].name);
		if (v->args[i].type == ARG_DEVICE && v->args[i].complete == COMPLETE_BY_TYPE)
			bad |= fprintf(f, "%s: %s does not say which devices, for completion\n", v->name, v->args[i].name);
		if ((v->args[i].type == ARG_CHOICE) != (v->args[i].choices != NULL))
			bad |= fprintf(f, "%s: %s has choices or should have\n", v->name, v->args[i].name);
	}
	return bad != 0;
}

static bool is_said(const char *text)
{
	return text && *text;
}

/* A script tells the unit by the end of the name. */
static bool ends_in_unit(const struct column *c)
{
	static const char *const ends[] = {
		[UNIT_PCT] = "_pct", [UNIT_BYTES] = "_bytes", [UNIT_PER_S] = "_per_s", [UNIT_BYTES_PER_S] = "_bytes_per_s",
		[UNIT_US] = "_us", [UNIT_SECONDS] = "_seconds",
	};
	const char *end = (size_t)c->unit < ARRAY_SIZE(ends) ? ends[c->unit] : NULL;

	if (c->unit == UNIT_PER_S && str_has_suffix(c->id, "iops"))
		return true;
	/* all of the name, where there is nothing else to say */
	return !end || str_has_suffix(c->id, end) || !strcmp(c->id, end + 1);
}

static int check_column(FILE *f, const struct table *t, const struct column *c)
{
	int bad = 0;

	if (!is_said(c->help) || !is_said(c->source) || !is_said(c->title) || c->width <= 0 || c->rank < 1)
		bad |= fprintf(f, "%s.%s: a field of its row is missing\n", t->name, c->id);
	if (column_is_rate(c) && c->kind != VALUE_NUM)
		bad |= fprintf(f, "%s.%s: a rate is a number\n", t->name, c->id);
	if (column_is_rate(c) && is_said(c->source) && !strstr(c->source, c->per ? " by " : "delta over"))
		bad |= fprintf(f, "%s.%s: its source does not say how it is computed\n", t->name, c->id);
	if (!ends_in_unit(c))
		bad |= fprintf(f, "%s.%s: its name does not end in its unit\n", t->name, c->id);
	return bad;
}

static int check_table(FILE *f, const struct table *t)
{
	size_t i, k;
	int bad = 0;

	for (i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];

		bad |= check_column(f, t, c);
		for (k = 0; k < i; k++)
			if (!strcmp(t->columns[k].id, c->id) || !strcmp(t->columns[k].title, c->title))
				bad |= fprintf(f, "%s.%s: its name or heading is there twice\n", t->name, c->id);
	}
	if (t->sort && !table_column(t, t->sort, NULL))
		bad |= fprintf(f, "%s: sorted by %s, which is none\n", t->name, t->sort);
	return bad != 0;
}

/* Changes share the key of a menu, and have letters in it. */
static bool is_key_twice(const struct verb *a, const struct verb *b)
{
	bool looks = a->table != TABLE_COUNT || b->table != TABLE_COUNT;

	return a->key && b->key && !strcmp(a->key, b->key) && (looks || (a->letter && a->letter == b->letter));
}

int docs_self_test(FILE *f)
{
	size_t n, i, k;
	const struct verb *const *all = verbs(&n);
	enum table_id t;
	int bad = 0;

	for (i = 0; i < n; i++) {
		bad |= check_verb(f, all[i]);
		for (k = 0; k < i; k++)
			if (!strcmp(all[i]->name, all[k]->name) || is_key_twice(all[i], all[k]))
				bad |= fprintf(f, "%s: name or key twice\n", all[i]->name);
	}
	for (t = 0; t < TABLE_COUNT; t++)
		bad |= check_table(f, table_get(t));
	return bad != 0;
}
