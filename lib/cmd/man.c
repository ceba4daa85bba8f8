// SPDX-License-Identifier: GPL-3.0-or-later
/* The generated sections of the man page. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text for roff: backslashes and leading dots or quotes would be read as requests, hyphens as typography. */
static void roff(FILE *f, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", f);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", f);
		else if (*text == '-')
			fputs("\\-", f);
		else
			fputc(*text, f);
	}
}

static void item(FILE *f, const char *tag, const char *text)
{
	fputs(".TP\n.B ", f);
	roff(f, tag);
	fputc('\n', f);
	roff(f, text);
	fputc('\n', f);
}

static void man_options(FILE *f)
{
	const struct option_row *rows;
	size_t n, i;

	rows = options_table(&n);
	for (i = 0; i < n; i++) {
		const char *value = rows[i].value ? rows[i].value : "";
		auto_free char *tag = rows[i].letter ?
			xasprintf("-%c, --%s %s", rows[i].letter, rows[i].name, value) :
			xasprintf("--%s %s", rows[i].name, value);

		if (rows[i].hidden)
			continue;
		if (!*value)
			tag[strlen(tag) - 1] = '\0';
		item(f, tag, rows[i].help);
	}
}

static void man_verbs(FILE *f)
{
	size_t n, i, k;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++) {
		auto_buf struct buf synopsis = {0};

		if (all[i]->hidden)
			continue;
		verb_synopsis(all[i], &synopsis);
		item(f, synopsis.text, all[i]->doc);
		fputs("Rights: ", f);
		roff(f, all[i]->rights ? all[i]->rights : "none");
		fputs(".\n", f);
		for (k = 0; k < all[i]->n_args; k++) {
			fputs(k ? "" : ".RS\n", f);
			item(f, all[i]->args[k].name, all[i]->args[k].help);
		}
		fputs(k ? ".RE\n" : "", f);
	}
}

static void man_columns(FILE *f)
{
	enum table_id t;
	size_t i;

	for (t = 0; t < TABLE_COUNT; t++) {
		const struct table *table = table_get(t);

		fputs(".SS ", f);
		roff(f, table->name);
		fputc('\n', f);
		for (i = 0; i < table->n_columns; i++) {
			const struct column *c = &table->columns[i];
			auto_free char *tag = xasprintf("%s (%s)", c->id, unit_name(c->unit));

			item(f, tag, c->help);
			fputs("Source: ", f);
			roff(f, c->source);
			fputs(".\n", f);
		}
	}
}

static void man_keys(FILE *f, const struct session *s)
{
	size_t i;

	for (i = 0; i < s->n_keys; i++)
		item(f, s->keys[i].key, s->keys[i].help);
}

void docs_man(FILE *in, FILE *out, const struct session *s)
{
	auto_free char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) >= 0) {
		if (!strcmp(line, ".\\\" @OPTIONS@\n"))
			man_options(out);
		else if (!strcmp(line, ".\\\" @VERBS@\n"))
			man_verbs(out);
		else if (!strcmp(line, ".\\\" @COLUMNS@\n"))
			man_columns(out);
		else if (!strcmp(line, ".\\\" @KEYS@\n"))
			man_keys(out, s);
		else
			fputs(line, out);
	}
}
