// SPDX-License-Identifier: GPL-3.0-or-later
/* A list to choose from, over what is shown. */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX 78

struct item {
	const char *name, *help;
	const void *thing;
};

struct menu {
	struct layer layer;
	const char *title;
	struct item *items;
	bool *on;			/* of each item; NULL: one is chosen, not several */
	size_t n, at, top;
	int y;				/* of the title, where it was drawn last */
	void (*chosen)(struct menu *m, struct app *a);	/* the menu is gone from the screen already */
	struct grid *grid;
	char *words;			/* of choices: the names are in it */
	void (*word)(struct layer *below, struct app *a, const char *word);
};

static unsigned menu_where(const struct layer *layer)
{
	(void)layer;
	return IN_MENU;
}

size_t menu_rows(int *y, int *height, size_t at, size_t *top)
{
	size_t rows;

	if (*height >= 8) {		/* the header stays */
		*y += 2;
		*height -= 2;
	}
	rows = *height > 1 ? (size_t)*height - 1 : 0;
	if (at < *top)
		*top = at;
	if (rows && at >= *top + rows)
		*top = at - rows + 1;
	return rows;
}

static void menu_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct menu *m = (struct menu *)layer;
	const struct draw *d = &a->draw;
	int name = 0, width = d->width < WIDTH_MAX ? d->width : WIDTH_MAX;
	size_t rows, i;

	for (i = 0; i < m->n; i++)
		if ((int)strlen(m->items[i].name) > name)
			name = (int)strlen(m->items[i].name);
	rows = menu_rows(&y, &height, m->at, &m->top);
	m->y = y;
	draw_text(d, y, 0, width, PAINT_HEAD, m->title);
	for (i = 0; i < rows && m->top + i < m->n; i++) {
		const struct item *item = &m->items[m->top + i];
		enum paint p = m->top + i == m->at ? PAINT_SELECTED : PAINT_PLAIN;

		draw_printf(d, y + 1 + (int)i, 0, width, p, " %s%-*s  %s", !m->on ? "" : m->on[m->top + i] ? "[x] " : "[ ] ", name,
			    item->name, item->help);
	}
	if (i < rows)
		draw_text(d, y + 1 + (int)i, 0, width, PAINT_HEAD, "");
}

static void menu_free(struct layer *layer, struct app *a)
{
	struct menu *m = (struct menu *)layer;

	(void)a;
	free(m->items);
	free(m->on);
	free(m->words);
}

static void choose(struct menu *m, struct app *a)
{
	struct menu copy = *m;

	m->items = NULL;
	m->on = NULL;
	m->words = NULL;
	app_pop(a);
	copy.chosen(&copy, a);
	menu_free(&copy.layer, a);
}

static void menu_key(struct layer *layer, struct app *a, int key)
{
	struct menu *m = (struct menu *)layer;
	size_t page = 10;

	switch ((int)keys_action(IN_MENU, key)) {
	case ACT_UP: m->at -= m->at > 0; break;
	case ACT_DOWN: m->at += m->at + 1 < m->n; break;
	case ACT_PGUP: m->at -= m->at < page ? m->at : page; break;
	case ACT_PGDN: m->at = m->at + page < m->n ? m->at + page : m->n - 1; break;
	case ACT_HOME: m->at = 0; break;
	case ACT_END: m->at = m->n - 1; break;
	case ACT_ENTER: choose(m, a); break;
	case ACT_TOGGLE:
		if (m->on)
			m->on[m->at] = !m->on[m->at];
		m->at += m->on && m->at + 1 < m->n;
		break;
	case ACT_BACK: app_pop(a); break;
	case ACT_QUIT: a->leave = true; break;
	}
}

static void menu_click(struct layer *layer, struct app *a, int y, int x)
{
	struct menu *m = (struct menu *)layer;
	size_t row = m->top + (size_t)(y - m->y - 1);

	(void)x;
	if (y <= m->y || row >= m->n)
		return;
	m->at = row;
	menu_key(layer, a, m->on ? ' ' : K_ENTER);
}

static const struct layer_ops menu_ops = {
	.where = menu_where, .draw = menu_draw, .key = menu_key, .click = menu_click, .free = menu_free,
};

static struct menu *menu_new(const char *title, void (*chosen)(struct menu *, struct app *))
{
	struct menu *m = xcalloc(1, sizeof(*m));

	m->layer.ops = &menu_ops;
	m->title = title;
	m->chosen = chosen;
	return m;
}

static void add(struct menu *m, const char *name, const char *help, const void *thing)
{
	*vec_push(m->items, m->n) = (struct item){ name, help, thing };
}

static void word_chosen(struct menu *m, struct app *a)
{
	m->word(a->top, a, m->items[m->at].name);
}

void menu_choice(struct app *a, const char *title, const char *choices, const char *now,
		 void (*chosen)(struct layer *below, struct app *a, const char *word))
{
	struct menu *m = menu_new(title, word_chosen);
	char *rest, *word;

	m->word = chosen;
	rest = m->words = xstrdup(choices);
	while ((word = strsep(&rest, "|"))) {
		if (!strcmp(word, now))
			m->at = m->n;
		add(m, word, "", NULL);
	}
	app_push(a, &m->layer);
}

static void sort_chosen(struct menu *m, struct app *a)
{
	(void)a;
	grid_sort_by(m->grid, m->items[m->at].thing);
}

void menu_sort(struct app *a, struct grid *g)
{
	const struct table *t = table_get(g->table);
	struct menu *m = menu_new("Sort by (again: the other way round)", sort_chosen);
	size_t i;

	m->grid = g;
	for (i = 0; i < t->n_columns; i++) {
		if (&t->columns[i] == g->order.sort)
			m->at = m->n;
		add(m, t->columns[i].title, t->columns[i].help, &t->columns[i]);
	}
	app_push(a, &m->layer);
}

/* None is all that fit, as at first. */
static void fields_chosen(struct menu *m, struct app *a)
{
	const struct column **list = NULL;
	enum table_id t = m->grid->table;
	size_t n = 0, i;

	for (i = 0; i < m->n; i++)
		if (m->on[i])
			*vec_push(list, n) = m->items[i].thing;
	free(a->asked[t].columns);
	a->asked[t].columns = list;
	a->asked[t].n = n;
	grid_ask(m->grid, list, n);
}

static bool is_shown(const struct grid *g, const struct column *c)
{
	size_t n = g->asked ? g->n_asked : g->n_shown, i;

	for (i = 0; i < n; i++)
		if ((g->asked ? g->asked[i] : g->shown[i]) == c)
			return true;
	return false;
}

void menu_fields(struct app *a, struct grid *g)
{
	const struct table *t = table_get(g->table);
	struct menu *m = menu_new("Columns: Space on or off, Enter shows them; none: as many as fit", fields_chosen);
	size_t i;

	m->grid = g;
	m->on = xcalloc(t->n_columns, sizeof(*m->on));
	for (i = 0; i < t->n_columns; i++) {
		m->on[i] = is_shown(g, &t->columns[i]);
		add(m, t->columns[i].title, t->columns[i].help, &t->columns[i]);
	}
	app_push(a, &m->layer);
}

