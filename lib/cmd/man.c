// SPDX-License-Identifier: GPL-3.0-or-later
/* The generated sections of the manual pages. */
#include "cmd.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text for roff: a leading dot would be read as a request, and what can be copied is to be what it was. */
static void roff(FILE *f, const char *text)
{
	if (*text == '.')
		fputs("\\&", f);
	for (; *text; text++)
		switch (*text) {
		case '\\': fputs("\\e", f); break;
		case '-': fputs("\\-", f); break;
		case '\'': fputs("\\(aq", f); break;
		case '`': fputs("\\(ga", f); break;
		case '~': fputs("\\(ti", f); break;
		case '^': fputs("\\(ha", f); break;
		default: fputc(*text, f);
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

static void man_verb(FILE *f, const struct verb *v)
{
	auto_buf struct buf synopsis = {0};
	size_t k;

	verb_synopsis(v, &synopsis);
	item(f, synopsis.text, v->doc);
	fputs("Rights: ", f);
	roff(f, v->rights ? v->rights : "none");
	fputs(".\n", f);
	for (k = 0; k < v->n_args; k++) {
		fputs(k ? "" : ".RS\n", f);
		item(f, v->args[k].name, v->args[k].help);
	}
	fputs(k ? ".RE\n" : "", f);
}

static void man_verbs(FILE *f)
{
	const char *group = "";
	size_t n, i;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++) {
		if (all[i]->hidden)
			continue;
		if (strcmp(group, all[i]->group)) {
			group = all[i]->group;
			fputs(".SS ", f);
			roff(f, group);
			fputc('\n', f);
		}
		man_verb(f, all[i]);
	}
}

static void man_column(FILE *f, const struct column *c)
{
	auto_free char *tag = xasprintf("%s (%s, %s)", c->id, c->title, unit_name(c->unit));

	item(f, tag, c->help);
	if (c->meaning) {
		fputs(".br\n.I Meaning:\n", f);
		roff(f, c->meaning);
		fputc('\n', f);
	}
	if (c->mark != MARK_NONE)
		fprintf(f, ".br\n.I Mark:\n! at %g and %s.\n", c->mark_at, c->mark == MARK_BELOW ? "below" : "above");
	fputs(".br\n.I Source:\n", f);
	roff(f, c->source);
	fputs(".\n", f);
}

static const char *key_of_table(enum table_id t)
{
	size_t n, i;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++)
		if (all[i]->table == t && all[i]->key)
			return all[i]->key;
	return NULL;
}

static void man_columns(FILE *f)
{
	enum table_id t;
	size_t i;

	for (t = 0; t < TABLE_COUNT; t++) {
		const struct table *table = table_get(t);
		const char *key = key_of_table(t);

		fputs(".SS ", f);
		roff(f, table->name);
		fputs("\nAbout ", f);
		roff(f, table->summary);
		fputs(key ? "; key " : "", f);
		roff(f, key ? key : "");
		fputs(".\n", f);
		for (i = 0; i < table->n_columns; i++)
			man_column(f, &table->columns[i]);
	}
}

static void man_pages(FILE *f)
{
	size_t n, i;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++)
		if (all[i]->key && all[i]->table != TABLE_COUNT && !all[i]->hidden) {
			auto_free char *tag = xasprintf("%s %s", all[i]->key, all[i]->name);

			item(f, tag, all[i]->doc);
		}
}

static void man_keys(FILE *f, const struct session *s)
{
	size_t i;

	for (i = 0; i < s->n_keys; i++)
		item(f, s->keys[i].key, s->keys[i].help);
}

/* A script: the interpreter; comments, of which the first line is the title; what is to be shown. */
static void man_script(FILE *f, FILE *in)
{
	auto_free char *line = NULL;
	bool titled = false, told = false, shown = false;
	size_t size = 0;

	while (getline(&line, &size, in) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!shown && str_has_prefix(line, "#!"))
			continue;
		if (!shown && str_has_prefix(line, "# ")) {
			fputs(titled ? "" : ".SS ", f);
			told = titled;
			titled = true;
			roff(f, line + 2);
			fputc('\n', f);
			continue;
		}
		if (!shown)
			fprintf(f, "%s.RS 4\n.nf\n", told ? ".PP\n" : "");
		shown = true;
		roff(f, line);
		fputc('\n', f);
	}
	fputs(shown ? ".fi\n.RE\n" : "", f);
}

static int is_script(const struct dirent *entry)
{
	return str_has_suffix(entry->d_name, ".sh");
}

static int man_cookbook(FILE *f, const char *dir, struct err *err)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_script, alphasort), i, rc = 0;

	if (n <= 0)
		return err_set(err, n < 0 ? -errno : -ENOENT, "%s: no scripts", dir);
	for (i = 0; i < n; i++) {
		auto_free char *path = xasprintf("%s/%s", dir, names[i]->d_name);
		FILE *in = rc ? NULL : fopen(path, "re");

		if (in) {
			man_script(f, in);
			fclose(in);
		} else if (!rc) {
			rc = err_sys(err, -errno, "%s", path);
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

/* What a line of a template stands for; NULL: itself. */
static char *directive(const char *line)
{
	static const char head[] = ".\\\" @", tail[] = "@\n";

	if (!str_has_prefix(line, head) || !str_has_suffix(line, tail))
		return NULL;
	return xstrndup(line + sizeof(head) - 1, strlen(line) - (sizeof(head) - 1) - (sizeof(tail) - 1));
}

int docs_man(FILE *in, FILE *out, const struct session *s, struct err *err)
{
	static const char cookbook[] = "COOKBOOK ";
	auto_free char *line = NULL;
	size_t size = 0;
	int rc = 0;

	while (!rc && getline(&line, &size, in) >= 0) {
		auto_free char *what = directive(line);

		if (!what)
			fputs(line, out);
		else if (!strcmp(what, "OPTIONS"))
			man_options(out);
		else if (!strcmp(what, "VERBS"))
			man_verbs(out);
		else if (!strcmp(what, "COLUMNS"))
			man_columns(out);
		else if (!strcmp(what, "PAGES"))
			man_pages(out);
		else if (!strcmp(what, "KEYS"))
			man_keys(out, s);
		else if (str_has_prefix(what, cookbook))
			rc = man_cookbook(out, what + strlen(cookbook), err);
		else
			rc = err_set(err, -EINVAL, "the template says '%s', which stands for nothing", what);
	}
	return rc;
}
