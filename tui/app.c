// SPDX-License-Identifier: GPL-3.0-or-later
/* What layers have in common. */
#include "app.h"
#include "clip.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_NS (8 * NS_PER_SEC)
#define REFRESH_MIN_NS (100 * NS_PER_MS)

void app_push(struct app *a, struct layer *l)
{
	l->below = a->top;
	a->top = l;
	if (l->ops->sampled)
		l->ops->sampled(l, a);
}

void app_pop(struct app *a)
{
	struct layer *l = a->top;

	a->top = l->below;
	if (l->ops->free)
		l->ops->free(l, a);
	free(l);
}

void app_say(struct app *a, enum paint p, const char *fmt, ...)
{
	va_list ap;

	free(a->message);
	va_start(ap, fmt);
	if (vasprintf(&a->message, fmt, ap) < 0)
		abort();
	va_end(ap);
	a->message_paint = p;
	a->message_until_ns = clock_now_ns() + MESSAGE_NS;
}

void app_copy(struct app *a, const char *line)
{
	struct err err;

	if (clip_copy(line, &err))
		app_say(a, PAINT_WARN, "%s", err.text);
	else
		app_say(a, PAINT_GOOD, "copied, if the terminal allows it (OSC 52)");
}

/* Rates over less than that are noise: a key that repeats must not make them. */
void app_refresh(struct app *a)
{
	if (a->feed && (!a->snap || clock_now_ns() - snapshot_time_ns(a->snap) >= REFRESH_MIN_NS))
		feed_set(a->feed, a->delay_ns, a->needs, true);
}

void app_set_delay(struct app *a, uint64_t delay_ns)
{
	a->delay_ns = delay_ns;
	if (a->feed)
		feed_set(a->feed, delay_ns, a->needs, false);
}

static void freeze(struct app *a)
{
	a->frozen = !a->frozen;
	if (!a->frozen)
		app_refresh(a);
}

/* A key that the table does not know may be a verb's. */
static void verb_key(struct app *a, int key, const struct row *row, const struct grid *g)
{
	const struct verb *v;
	char name[8];
	size_t i = 0;

	keys_name(key, name);
	v = keys_verb(name, &i);
	if (v && v->undoes && row)
		undo_open(a, NULL, row);
	else if (v && keys_page(v) == PAGE_GUEST && row)
		guest_open(a, row, v);
	else if (v && keys_page(v) == PAGE_NONE)
		verb_menu_open(a, name, row, g);
}

/* Those that move or order rows. False: it is none of them. */
static bool grid_key(struct grid *g, enum action action)
{
	long page = g->height > 1 ? (long)g->height - 1 : 1;

	switch ((int)action) {
	case ACT_UP: grid_move(g, -1); return true;
	case ACT_DOWN: grid_move(g, 1); return true;
	case ACT_PGUP: grid_move(g, -page); return true;
	case ACT_PGDN: grid_move(g, page); return true;
	case ACT_HOME: grid_select(g, 0); return true;
	case ACT_END: grid_select(g, SIZE_MAX); return true;
	case ACT_LEFT: grid_scroll(g, -1); return true;
	case ACT_RIGHT: grid_scroll(g, 1); return true;
	case ACT_SORT_LEFT: grid_sort_step(g, -1); return true;
	case ACT_SORT_RIGHT: grid_sort_step(g, 1); return true;
	case ACT_INVERT:
		g->order.descending = !g->order.descending;
		grid_resort(g);
		return true;
	}
	return false;
}

static void show(struct app *a, struct snapshot *snap)
{
	struct layer *l;

	snapshot_unref(a->snap);
	a->snap = snapshot_ref(snap);
	for (l = a->top; l; l = l->below)
		if (l->ops->sampled)
			l->ops->sampled(l, a);
}

/* A frozen screen goes back to an earlier sample, or on to a later one. */
static void walk(struct app *a, int step)
{
	struct snapshot *snap = a->snap ? past_step(&a->past, a->snap, step) : NULL;

	if (snap)
		show(a, snap);
	else
		app_say(a, PAINT_PLAIN, step < 0 ? "this is the oldest sample that is kept" : "this is the sample at which the screen was frozen (z goes on)");
}

/* A column's own key sorts by it. */
static bool sort_key(struct grid *g, int key)
{
	const struct table *t = table_get(g->table);
	size_t i;

	for (i = 0; i < t->n_columns; i++) {
		if (t->columns[i].key && t->columns[i].key == key) {
			grid_sort_by(g, &t->columns[i]);
			return true;
		}
	}
	return false;
}

void app_key(struct app *a, enum action action, int key, struct grid *g, const struct row *row)
{
	if (!g->sel_ref)		/* from the first key on the selection is that row */
		grid_select(g, g->sel);
	if (a->frozen && (action == ACT_LEFT || action == ACT_RIGHT)) {
		walk(a, action == ACT_LEFT ? -1 : 1);
		return;
	}
	if (grid_key(g, action) || (action == ACT_NONE && sort_key(g, key)))
		return;
	switch ((int)action) {
	case ACT_QUIT: a->leave = true; break;
	case ACT_HELP: help_open(a, g->table); break;
	case ACT_KEEP:
		settings_note_order(a, list_grid(a));
		settings_note_order(a, g);
		settings_keep(a);
		break;
	case ACT_FIND_NEXT: find_next(a, g); break;
	case ACT_FIND: ask_find(a, g); break;
	case ACT_FILTER: ask_filter(a, g); break;
	case ACT_DELAY: ask_delay(a); break;
	case ACT_COMMAND: command_open(a, row); break;
	case ACT_SORT: menu_sort(a, g); break;
	case ACT_FIELDS: menu_fields(a, g); break;
	case ACT_JOURNAL: journal_page_open(a); break;
	case ACT_HOST: host_open_pages(a); break;
	case ACT_REFRESH: app_refresh(a); break;
	case ACT_FREEZE: freeze(a); break;
	case ACT_NONE: verb_key(a, key, row, g); break;
	}
}
