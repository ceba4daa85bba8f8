// SPDX-License-Identifier: GPL-3.0-or-later
/* Help, made from the tables. */
#include "app.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct help {
	struct layer layer;
	char *title;
	struct text text;
};

static unsigned help_where(const struct layer *layer)
{
	(void)layer;
	return IN_TEXT;
}

static void help_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct help *h = (struct help *)layer;

	draw_text(&a->draw, y, 0, a->draw.width, PAINT_HEAD, h->title);
	text_draw(&h->text, &a->draw, y + 1, height - 1);
	if (h->text.lines > height - 1)
		draw_right(&a->draw, y, a->draw.width - 5, 5, PAINT_HEAD,
			   h->text.top + height - 1 >= h->text.lines ? "end" : "more");
}

static void help_key(struct layer *layer, struct app *a, int key)
{
	struct help *h = (struct help *)layer;
	enum action action = keys_action(IN_TEXT, key);

	if (key == ' ')
		action = ACT_PGDN;
	if (action == ACT_BACK)
		app_pop(a);
	else if (action == ACT_QUIT)
		a->leave = true;
	else
		text_key(&h->text, action);
}

static void help_free(struct layer *layer, struct app *a)
{
	struct help *h = (struct help *)layer;

	(void)a;
	free(h->title);
	text_done(&h->text);
}

static const struct layer_ops help_ops = {
	.covers = true, .where = help_where, .draw = help_draw, .key = help_key, .free = help_free,
};

static struct help *help_new(char *title)
{
	struct help *h = xcalloc(1, sizeof(*h));

	h->layer.ops = &help_ops;
	h->title = title;
	return h;
}

static void item(struct help *h, int hang, const char *tag, const char *text)
{
	text_add(&h->text, PAINT_PLAIN, 2, 2 + hang, "%-*s %s", hang - 1, tag, text);
}

static void add_keys(struct help *h, const struct table *t)
{
	size_t n, i;
	const struct key_help *keys = tui_keys(&n);
	const struct verb *const *all;

	text_add(&h->text, PAINT_STRONG, 0, 0, "Keys");
	for (i = 0; i < n; i++)
		item(h, 16, keys[i].key, keys[i].help);
	all = verbs(&n);
	for (i = 0; i < n; i++) {
		auto_free char *text = NULL, *key = NULL;

		if (!all[i]->key || all[i]->hidden)
			continue;
		key = all[i]->letter ? xasprintf("%s %c", all[i]->key, all[i]->letter) : xstrdup(all[i]->key);
		text = keys_page(all[i]) == PAGE_GUEST ? xasprintf("Page of a guest: %s", all[i]->summary) :
		       keys_page(all[i]) == PAGE_HOST ? xasprintf("Page of the host: %s", all[i]->summary) :
		       xasprintf("%s (%s)", all[i]->summary, all[i]->name);
		item(h, 16, key, text);
	}
	for (i = 0; i < t->n_columns; i++) {
		auto_free char *text = t->columns[i].key ? xasprintf("Sort by %s.", t->columns[i].title) : NULL;
		char key[2] = { t->columns[i].key, '\0' };

		if (text)
			item(h, 16, key, text);
	}
}

static void add_columns(struct help *h, const struct table *t)
{
	size_t i;

	text_add(&h->text, PAINT_PLAIN, 0, 0, " ");
	text_add(&h->text, PAINT_STRONG, 0, 0, "Columns of %s, with their names for filter, --fields and --sort",
		 t->summary);
	for (i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];
		auto_free char *what = xasprintf("%s: %s", c->id, c->help);

		item(h, 9, c->title, what);
		text_add(&h->text, PAINT_PLAIN, 11, 11, "from %s", c->source);
	}
}

void help_open(struct app *a, enum table_id t)
{
	struct help *h = help_new(xasprintf("kvmtop %s   - unknown   ~ old: the guest stands still   ! look at it",
					    version_text()));

	add_keys(h, table_get(t));
	add_columns(h, table_get(t));
	app_push(a, &h->layer);
}

/* Cut into lines already: of a table, what does not fit is wrapped. */
void help_text(struct app *a, const char *title, const char *lines)
{
	struct help *h = help_new(xstrdup(title));
	auto_free char *copy = xstrdup(lines);
	char *line, *rest = copy;

	while ((line = strsep(&rest, "\n")))
		if (*line || rest)
			text_add(&h->text, PAINT_PLAIN, 0, 4, "%s", *line ? line : " ");
	app_push(a, &h->layer);
}

void help_verb(struct app *a, const struct verb *v)
{
	struct help *h = help_new(xasprintf("%s", v->name));
	auto_buf struct buf synopsis = {0};
	size_t i;

	verb_synopsis(v, &synopsis);
	text_add(&h->text, PAINT_STRONG, 0, 4, "%s", synopsis.text);
	text_add(&h->text, PAINT_PLAIN, 0, 0, " ");
	text_add(&h->text, PAINT_PLAIN, 0, 0, "%s", v->doc);
	text_add(&h->text, PAINT_PLAIN, 0, 0, " ");
	for (i = 0; i < v->n_args; i++)
		item(h, 12, v->args[i].name, v->args[i].help);
	app_push(a, &h->layer);
}
