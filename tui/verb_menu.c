// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The changes of a key, as a menu: what can be plugged, taken out, tuned, with the room there is for it and what the row
 * one stands on is. It opens at once; what only QEMU can tell is asked for meanwhile, and fills it in.
 */
#include "app.h"
#include "places.h"
#include "sources.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX 100
#define DEVICES_MAX 256			/* of one kind that can be taken out */

struct item {
	const struct verb *verb;	/* NULL: a line between parts, which is never selected */
	char letter;
	char *name, *about;
	char *room;			/* how much there is, or why it cannot be done now; NULL: not known */
	bool off;			/* it cannot be done now: room says why */
	char *values[VERB_ARGS_MAX];
};

struct verb_menu {
	struct layer layer;
	const char *key;		/* of a verb's row */
	const struct key_menu *kind;	/* NULL: none of its own */
	bool host;			/* opened on a page of the host: its verbs are in it too */
	bool own_focus;			/* no page below looks at this guest */
	char *vm, *ref;			/* the guest, NULL: none */
	enum table_id table;		/* what is stood in, and the row of it, NULL: none */
	struct snapshot *snap;		/* the row is in it */
	const void *row;
	struct item *items;
	size_t n, at, top;
	const struct verb *warned;	/* has been chosen though it cannot be done now */
	int y;				/* of the title, where it was drawn last */
};

/* ---- items */

static void item_done(struct item *item)
{
	size_t i;

	free(item->name);
	free(item->about);
	free(item->room);
	for (i = 0; i < VERB_ARGS_MAX; i++)
		free(item->values[i]);
}

static void items_free(struct item *items, size_t n)
{
	while (n)
		item_done(&items[--n]);
	free(items);
}

static bool has_letter(const struct verb_menu *m, const struct verb *but, char letter)
{
	const struct verb *v;
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->items[i].letter == letter && m->items[i].verb != but)
			return true;
	for (i = 0; (v = keys_verb(m->key, &i)); )
		if (v->letter == letter && v != but)
			return true;
	return false;
}

/* The verb's own, else the first of its name that is no other's and does not move the cursor. */
static char letter_of(const struct verb_menu *m, const struct verb *v)
{
	const char *at = v->name;

	while (!v->letter && *at && (!islower((unsigned char)*at) || strchr("jkgq", *at) || has_letter(m, v, *at)))
		at++;
	return v->letter ? v->letter : *at;
}

static struct item *add_item(struct verb_menu *m, const struct app *a, const struct verb *v, const struct places *places)
{
	char letter = letter_of(m, v);
	struct item *item = vec_push(m->items, m->n);

	*item = (struct item){ .verb = v, .letter = letter, .name = xstrdup(v->name), .about = xstrdup(v->summary) };
	item->room = places_text(places, v->room, &item->off);
	if (a->session->opts->read_only) {
		free(item->room);
		item->room = xstrdup("read-only");
		item->off = true;
	}
	return item;
}

struct listing {
	struct verb_menu *m;
	const struct app *app;
	const struct verb *verb;
	const struct places *places;
	size_t arg;
};

static void add_device(void *data, const char *value, const char *about)
{
	const struct listing *l = data;
	struct item *item = add_item(l->m, l->app, l->verb, l->places);
	const struct row *row = snapshot_find(l->app->snap, TABLE_DEVICES, l->m->ref, value);

	free(item->about);
	item->about = xasprintf("%s  %s", value, about);
	item->values[l->arg] = xstrdup(value);
	/* what a guest was started with is often on a bus of which nothing is unplugged */
	if (!item->off && row && ((const struct device_row *)row)->hotpluggable &&
	    !strcmp(((const struct device_row *)row)->hotpluggable, "off")) {
		item->off = true;
		free(item->room);
		item->room = xstrdup("its bus has no hotplug");
	}
}

static void add_verb(struct verb_menu *m, const struct app *a, const struct verb *v, const struct places *places)
{
	size_t arg = m->kind && m->kind->takes_out ? source_device(v) : 0;
	struct listing l = { m, a, v, places, arg };
	struct item *item;

	if (arg && m->ref && a->snap && source_list(&v->args[arg], a->snap, m->ref, DEVICES_MAX, add_device, &l))
		return;
	item = add_item(m, a, v, places);
	if (m->row)
		source_fill(v, m->table, m->row, item->values);
	if (arg && places->devices_known && !item->off) {
		item->room = xstrdup("none plugged");
		item->off = true;
	}
}

static void add_part(struct verb_menu *m, const struct app *a, const char *part, const struct places *places)
{
	const struct verb *v;
	bool begun = !part;
	size_t i = 0;

	while ((v = keys_verb(m->key, &i))) {
		if ((part ? !v->part || strcmp(v->part, part) : v->part != NULL) || (!m->host && !verb_has_guest(v)))
			continue;
		if (!begun)
			*vec_push(m->items, m->n) = (struct item){ .name = xstrdup(part) };
		begun = true;
		add_verb(m, a, v, places);
	}
}

static bool is_same(const struct item *a, const struct item *b)
{
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX; i++)
		if (a->values[i] && b->values[i] && strcmp(a->values[i], b->values[i]))
			return false;
	return a->verb && a->verb == b->verb;
}

/* Once more, of what is known by now; the cursor stays with its item. */
static void fill(struct verb_menu *m, const struct app *a)
{
	struct item *old = take_ptr(m->items);
	size_t n_old = m->n, at = m->at, i = 0;
	const char *parts[8];
	size_t n_parts = 0, k;
	const struct verb *v;
	struct places places;

	m->n = m->at = 0;
	places_read(&places, a->snap, m->ref);
	add_part(m, a, NULL, &places);
	while ((v = keys_verb(m->key, &i))) {
		for (k = 0; v->part && k < n_parts && strcmp(parts[k], v->part); k++)
			;
		if (!v->part || k < n_parts || n_parts == ARRAY_SIZE(parts))
			continue;
		parts[n_parts++] = v->part;
		add_part(m, a, v->part, &places);
	}
	for (i = 0; i < m->n && at < n_old; i++) {
		if (is_same(&m->items[i], &old[at])) {
			m->at = i;
			break;
		}
	}
	if (m->at < m->n && !m->items[m->at].verb)
		m->at++;
	items_free(old, n_old);
}

/* ---- the layer */

static unsigned menu_where(const struct layer *layer)
{
	(void)layer;
	return IN_MENU;
}

static void draw_item(const struct verb_menu *m, const struct draw *d, int y, int width, int name, size_t i)
{
	const struct item *item = &m->items[i];
	enum paint p = i == m->at ? PAINT_SELECTED : item->off ? PAINT_STALE : PAINT_PLAIN;
	int room = item->room ? draw_width(d, item->room) : 0, x = name + 7;

	if (!item->verb) {
		draw_printf(d, y, 0, width, PAINT_STRONG, "    -- %s --", item->name);
		return;
	}
	draw_printf(d, y, 0, width, p, " %c  %-*s", item->letter, name, item->name);
	if (room > width - x)
		room = width > x ? width - x : 0;
	draw_text(d, y, x, width - x - room - 2, p, item->about);
	if (room)
		draw_text(d, y, width - room - 1, room, p, item->room);
}

static void menu_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct verb_menu *m = (struct verb_menu *)layer;
	const struct draw *d = &a->draw;
	int name = 0, width = d->width < WIDTH_MAX ? d->width : WIDTH_MAX;
	size_t rows, i;

	for (i = 0; i < m->n; i++)
		if (m->items[i].verb && (int)strlen(m->items[i].name) > name)
			name = (int)strlen(m->items[i].name);
	rows = menu_rows(&y, &height, m->at, &m->top);
	m->y = y;
	draw_printf(d, y, 0, width, PAINT_HEAD, " %s %s", m->kind ? m->kind->title : "Which change?", m->vm ? m->vm : "");
	if (width >= 60)
		draw_right(d, y, width - 22, 22, PAINT_HEAD, "letter or Enter, Esc ");
	for (i = 0; i < rows && m->top + i < m->n; i++)
		draw_item(m, d, y + 1 + (int)i, width, name, m->top + i);
	if (i < rows)
		draw_text(d, y + 1 + (int)i, 0, width, PAINT_HEAD, "");
}

static void menu_free(struct layer *layer, struct app *a)
{
	struct verb_menu *m = (struct verb_menu *)layer;

	if (m->own_focus && a->feed)
		feed_focus(a->feed, NULL);
	items_free(m->items, m->n);
	snapshot_unref(m->snap);
	free(m->vm);
	free(m->ref);
}

/* Why not, and once more all the same: what is known may be old, and force=on may be meant. Read-only is final. */
static bool is_held_back(struct verb_menu *m, struct app *a, const struct item *item)
{
	if (!item->off)
		return false;
	if (a->session->opts->read_only) {
		app_say(a, PAINT_WARN, "%s: changes are refused in read-only mode (leave out --read-only)", item->verb->name);
		return true;
	}
	if (m->warned == item->verb)
		return false;
	m->warned = item->verb;
	app_say(a, PAINT_WARN, "%s: %s (once more for the form all the same)", item->verb->name, item->room);
	return true;
}

static void choose(struct verb_menu *m, struct app *a)
{
	struct item *item = m->at < m->n ? &m->items[m->at] : NULL, copy;
	bool at_once = m->kind && m->kind->takes_out, has_row = m->ref != NULL;
	auto_free char *vm = NULL, *ref = NULL;
	struct row row;

	if (!item || !item->verb || is_held_back(m, a, item))
		return;
	copy = *item;
	*item = (struct item){0};
	row = (struct row){ .vm = vm = take_ptr(m->vm), .ref = ref = take_ptr(m->ref) };
	app_pop(a);
	form_open(a, copy.verb, has_row ? &row : NULL, copy.values, at_once);
	item_done(&copy);
}

static void move(struct verb_menu *m, long by)
{
	long at = (long)m->at, step = by < 0 ? -1 : 1;

	for (; by; by -= step) {
		long next = at + step;

		while (next >= 0 && next < (long)m->n && !m->items[next].verb)
			next += step;
		if (next < 0 || next >= (long)m->n)
			break;
		at = next;
	}
	m->at = at < 0 ? 0 : (size_t)at;
}

/* Its item, where there are several the next of them. False: nothing has that letter. */
static bool take_letter(struct verb_menu *m, struct app *a, int key)
{
	size_t n = 0, next = m->n, i;

	for (i = 0; i < m->n; i++) {
		if (!m->items[i].verb || m->items[i].letter != key)
			continue;
		n++;
		if (next == m->n || (next <= m->at && i > m->at))
			next = i;
	}
	if (!n)
		return false;
	m->at = next;
	if (n == 1)
		choose(m, a);
	return true;
}

static void menu_key(struct layer *layer, struct app *a, int key)
{
	struct verb_menu *m = (struct verb_menu *)layer;

	if (key_is_text(key) && take_letter(m, a, key))
		return;
	switch ((int)keys_action(IN_MENU, key)) {
	case ACT_UP: move(m, -1); break;
	case ACT_DOWN: move(m, 1); break;
	case ACT_PGUP: move(m, -10); break;
	case ACT_PGDN: move(m, 10); break;
	case ACT_HOME: move(m, -(long)m->n); break;
	case ACT_END: move(m, (long)m->n); break;
	case ACT_ENTER: choose(m, a); break;
	case ACT_BACK: app_pop(a); break;
	case ACT_QUIT: a->leave = true; break;
	}
}

static void menu_click(struct layer *layer, struct app *a, int y, int x)
{
	struct verb_menu *m = (struct verb_menu *)layer;
	size_t row = m->top + (size_t)(y - m->y - 1);

	(void)x;
	if (y <= m->y || row >= m->n || !m->items[row].verb)
		return;
	m->at = row;
	choose(m, a);
}

static void menu_sampled(struct layer *layer, struct app *a)
{
	fill((struct verb_menu *)layer, a);
}

static unsigned menu_needs(const struct layer *layer)
{
	const struct verb_menu *m = (const struct verb_menu *)layer;
	unsigned needs = 0;
	const struct verb *v;
	size_t i = 0, arg;

	while (m->ref && (v = keys_verb(m->key, &i))) {
		arg = m->kind && m->kind->takes_out ? source_device(v) : 0;
		needs |= places_needs(v->room) | (arg ? source_needs(&v->args[arg]) : 0);
	}
	return needs;
}

static const struct layer_ops menu_ops = {
	.where = menu_where, .draw = menu_draw, .key = menu_key, .click = menu_click, .sampled = menu_sampled,
	.needs = menu_needs, .free = menu_free,
};

/* The one change of this key that is about the very row: on the page of disks the one that takes a disk out. */
static const struct verb *verb_of_row(const char *key, enum table_id t, const void *row, char *values[VERB_ARGS_MAX])
{
	const struct verb *v, *found = NULL;
	size_t i = 0, k;

	while (row && (v = keys_verb(key, &i))) {
		char *mine[VERB_ARGS_MAX] = {0};
		bool fits = source_device(v) && source_fill(v, t, row, mine);

		for (k = 0; k < VERB_ARGS_MAX; k++) {
			if (fits && !found)
				values[k] = take_ptr(mine[k]);
			free(mine[k]);
		}
		if (fits && !found)
			found = v;
	}
	return found;
}

static void menu_push(struct app *a, const char *key, const struct row *row, const struct grid *g)
{
	struct verb_menu *m = xcalloc(1, sizeof(*m));
	unsigned where = a->top->ops->where(a->top);

	m->layer.ops = &menu_ops;
	m->key = key;
	m->kind = keys_menu(key);
	m->host = where & IN_HOST;
	m->vm = row ? xstrdup(row->vm) : NULL;
	m->ref = row ? xstrdup(row->ref) : NULL;
	m->table = g->table;
	m->row = grid_selected(g);
	m->snap = m->row ? snapshot_ref(g->snap) : NULL;
	m->own_focus = m->ref && !(where & IN_GUEST);
	if (m->own_focus && a->feed)
		feed_focus(a->feed, m->ref);
	fill(m, a);
	app_push(a, &m->layer);
}

void verb_menu_open(struct app *a, const char *key, const struct row *row, const struct grid *g)
{
	const struct row *selected = grid_selected(g);
	char *values[VERB_ARGS_MAX] = {0};
	const struct key_menu *kind = keys_menu(key);
	const struct verb *v, *only = NULL;
	size_t i = 0, n = 0;

	if (!row && selected && selected->ref)	/* on a page of the host: the guest that has it */
		row = selected;
	for (; (v = keys_verb(key, &i)); n++)
		only = v;
	v = kind && kind->takes_out && row ? verb_of_row(key, g->table, selected, values) : NULL;
	if (v)
		form_open(a, v, row, values, true);
	else if (n == 1)
		form_open(a, only, row, NULL, false);
	else if (n)
		menu_push(a, only->key, row, g);
	for (i = 0; i < VERB_ARGS_MAX; i++)
		free(values[i]);
}
