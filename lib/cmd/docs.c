// SPDX-License-Identifier: GPL-3.0-or-later
/* Help on the terminal, completion, and the check of the tables. */
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

static void complete_word(FILE *f, const char *prefix, const char *candidate)
{
	if (str_has_prefix(candidate, prefix))
		fprintf(f, "%s\n", candidate);
}

static void complete_choices(FILE *f, const char *prefix, const char *key, const char *choices)
{
	while (choices && *choices) {
		size_t len = strcspn(choices, "|");
		auto_free char *word = xasprintf("%s=%.*s", key, (int)len, choices);

		complete_word(f, prefix, word);
		choices += len + (choices[len] == '|');
	}
}

static void complete_args(FILE *f, const struct verb *v, const char *prefix)
{
	enum table_id t;
	size_t i, k, n;

	for (i = 0; i < v->n_args; i++) {
		const struct arg *a = &v->args[i];
		auto_free char *key = xasprintf("%s=", a->name);

		if (a->type == ARG_TABLE)
			for (t = 0; t < TABLE_COUNT; t++)
				complete_word(f, prefix, table_get(t)->name);
		if (a->type == ARG_VERB)
			for (k = 0, verbs(&n); k < n; k++)
				complete_word(f, prefix, verbs(&n)[k]->name);
		if (!a->positional && a->choices)
			complete_choices(f, prefix, a->name, a->choices);
		else if (!a->positional)
			complete_word(f, prefix, key);
	}
}

/* The verb that these words begin with, among options and their values. */
static const struct verb *verb_among(char *const *words, size_t n)
{
	const struct verb *found = NULL;
	size_t i;

	for (i = 0; i < n && !found; i++) {
		auto_free char *two = i + 1 < n ? xasprintf("%s %s", words[i], words[i + 1]) : NULL;

		found = two ? verb_find(two) : NULL;
		if (!found)
			found = verb_find(words[i]);
	}
	return found;
}

/* First words, each once; or the second ones of what the word before begins. */
static void complete_verbs(FILE *f, char *const *words, size_t n, const char *prefix)
{
	const char *before = n ? words[n - 1] : "";
	size_t count, i, len, last = 0;
	const struct verb *const *all = verbs(&count);
	bool second = false;

	for (i = 0; i < count; i++) {
		len = strcspn(all[i]->name, " ");
		if (all[i]->hidden || !all[i]->name[len] || strlen(before) != len || strncmp(all[i]->name, before, len))
			continue;
		complete_word(f, prefix, all[i]->name + len + 1);
		second = true;
	}
	for (i = 0; i < count && !second; i++) {
		auto_free char *first = NULL;

		len = strcspn(all[i]->name, " ");
		first = xstrndup(all[i]->name, len);
		/* verbs of one noun stand together */
		if (!all[i]->hidden && (!i || strncmp(all[last]->name, all[i]->name, len + 1)))
			complete_word(f, prefix, first);
		last = i;
	}
}

void docs_complete(FILE *f, char *const *words, size_t n)
{
	const char *prefix = n ? words[n - 1] : "";
	const struct verb *v = n ? verb_among(words, n - 1) : NULL;
	const struct option_row *rows;
	size_t count, i;

	rows = options_table(&count);
	for (i = 0; i < count && prefix[0] == '-'; i++) {
		auto_free char *name = xasprintf("--%s", rows[i].name);

		if (!rows[i].hidden)
			complete_word(f, prefix, name);
	}
	if (prefix[0] == '-')
		return;
	if (v)
		complete_args(f, v, prefix);
	else
		complete_verbs(f, words, n ? n - 1 : 0, prefix);
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
	for (i = 0; i < v->n_args; i++) {
		keys |= !v->args[i].positional;
		if (!v->args[i].help)
			bad |= fprintf(f, "%s: %s has no help\n", v->name, v->args[i].name);
		if (keys && v->args[i].positional)
			bad |= fprintf(f, "%s: %s stands behind a key\n", v->name, v->args[i].name);
		if (i && v->args[i].type == ARG_VM)
			bad |= fprintf(f, "%s: a guest is its first argument\n", v->name);
		if (v->args[i].type == ARG_DEVICE && !verb_has_guest(v))
			bad |= fprintf(f, "%s: %s is a device of no guest\n", v->name, v->args[i].name);
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

int docs_self_test(FILE *f)
{
	size_t n, i, k;
	const struct verb *const *all = verbs(&n);
	enum table_id t;
	int bad = 0;

	for (i = 0; i < n; i++) {
		bad |= check_verb(f, all[i]);
		for (k = 0; k < i; k++)
			if (!strcmp(all[i]->name, all[k]->name) ||
			    (all[i]->key && all[k]->key && !strcmp(all[i]->key, all[k]->key)))
				bad |= fprintf(f, "%s: name or key twice\n", all[i]->name);
	}
	for (t = 0; t < TABLE_COUNT; t++)
		bad |= check_table(f, table_get(t));
	return bad != 0;
}
