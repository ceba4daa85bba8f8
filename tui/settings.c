// SPDX-License-Identifier: GPL-3.0-or-later
/* What W keeps, and what is taken up again at the start: delay, and columns and order of each table. */
#include "app.h"
#include "card.h"
#include "errand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 64

/* ---- taking up */

/* What a table has; other names are of another version, and do no harm. */
static void take_columns(struct app *a, enum table_id t, const char *list)
{
	while (*list && a->asked[t].n < COLUMNS_MAX) {
		size_t len = strcspn(list, ", ");
		auto_free char *word = xstrndup(list, len);
		const struct column *c = *word ? table_column(table_get(t), word, NULL) : NULL;

		if (c)
			*vec_push(a->asked[t].columns, a->asked[t].n) = c;
		list += len;
		list += strspn(list, ", ");
	}
}

static void take_order(struct app *a, enum table_id t, const char *word)
{
	bool turned = *word == '-';
	auto_free char *id = xstrndup(word + turned, strcspn(word + turned, " \t"));
	const struct column *c = table_column(table_get(t), id, NULL);

	if (c)
		a->asked[t].order = (struct view_order){ .sort = c, .descending = c->descending != turned };
}

static void take(struct app *a, const struct config *c)
{
	const struct options *o = a->session->opts;
	const char *value = config_get(c, "delay");
	enum table_id t;
	double s;

	if (value && o->delay_s <= 0 && !units_seconds_parse(value, &s) && s >= DELAY_MIN_S && s <= DELAY_MAX_S)
		a->delay_ns = (uint64_t)(s * (double)NS_PER_SEC);
	for (t = 0; t < TABLE_COUNT; t++) {
		auto_free char *columns = xasprintf("columns.%s", table_get(t)->name), *sort = xasprintf("sort.%s", table_get(t)->name);

		value = config_get(c, columns);
		if (value && !(t == TABLE_VMS && o->fields))
			take_columns(a, t, value);
		value = config_get(c, sort);
		if (value && !(t == TABLE_VMS && o->sort))
			take_order(a, t, value);
	}
}

void settings_load(struct app *a)
{
	struct config c;
	struct err err = {0};
	int rc = config_read(&c, &err);

	if (!rc)
		take(a, &c);
	else if (rc != -ENOENT && rc != -ENOTDIR)
		app_say(a, PAINT_WARN, "settings are not taken up: %s", err.text);
	config_done(&c);
}

void settings_apply(const struct app *a, struct grid *g)
{
	if (a->asked[g->table].n)
		grid_ask(g, a->asked[g->table].columns, a->asked[g->table].n);
	if (a->asked[g->table].order.sort)
		g->order = a->asked[g->table].order;
}

void settings_note_order(struct app *a, const struct grid *g)
{
	if (g->order.sort && !card_is_one(g))
		a->asked[g->table].order = g->order;
}

/* ---- keeping: lines "key=value", which a thread writes into the file */

static void columns_text(const struct app *a, enum table_id t, struct buf *out)
{
	size_t i;

	buf_printf(out, "columns.%s=", table_get(t)->name);
	for (i = 0; i < a->asked[t].n; i++)
		buf_printf(out, "%s%s", i ? "," : "", a->asked[t].columns[i]->id);
	buf_puts(out, "\n");
}

static void keep_work(struct errand *e)
{
	char *rest = e->what, *line;
	struct config c;
	int rc = config_read(&c, &e->err);

	if (rc && rc != -ENOENT && rc != -ENOTDIR)
		return;			/* a file that cannot be believed is not written either */
	e->err = (struct err){0};
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		config_set(&c, line, *value ? value : NULL);
	}
	config_write(&c, &e->err);
	config_done(&c);
}

static void keep_done(struct errand *e, struct app *a)
{
	if (e->err.code)
		app_say(a, PAINT_BAD, "settings are not kept: %s", e->err.text);
	else
		app_say(a, PAINT_GOOD, "delay, columns and order are kept for the next start");
}

static const struct errand_kind keep_kind = { .work = keep_work, .done = keep_done };

void settings_keep(struct app *a)
{
	auto_buf struct buf text = {0};
	enum table_id t;

	if (a->session->opts->read_only) {
		app_say(a, PAINT_WARN, "settings are not kept in read-only mode (leave out --read-only)");
		return;
	}
	buf_printf(&text, "delay=%.4g\n", (double)a->delay_ns / (double)NS_PER_SEC);
	for (t = 0; t < TABLE_COUNT; t++) {
		struct view_order order = a->asked[t].order;

		columns_text(a, t, &text);
		if (order.sort)
			buf_printf(&text, "sort.%s=%s%s\n", table_get(t)->name, order.descending != order.sort->descending ? "-" : "",
				   order.sort->id);
	}
	errand_start(a, &keep_kind, text.text);
}
