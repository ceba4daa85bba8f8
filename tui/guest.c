// SPDX-License-Identifier: GPL-3.0-or-later
/* A guest's pages: each look-up verb with a digit for its key is one. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 10

struct guest {
	struct layer layer;
	char *ref, *name;
	const struct verb *pages[PAGES_MAX];
	size_t n_pages, page;
	struct grid grid;
	bool there;
};

static size_t find_pages(const struct verb **pages)
{
	size_t count, n = 0, i;
	const struct verb *const *all = verbs(&count);
	char digit;

	for (digit = '1'; digit <= '9' + 1 && n < PAGES_MAX; digit++)
		for (i = 0; i < count && n < PAGES_MAX; i++)
			if (keys_is_page(all[i]) && all[i]->key[0] == (digit > '9' ? '0' : digit))
				pages[n++] = all[i];
	return n;
}

static void show_page(struct guest *g, struct app *a, size_t page)
{
	if (g->grid.fits)
		grid_done(&g->grid);
	g->page = page;
	grid_init(&g->grid, g->pages[page]->table, g->ref);
	grid_update(&g->grid, &a->draw, a->snap);
}

static void draw_tabs(const struct guest *g, const struct app *a, int y)
{
	int x = 0;
	size_t i;

	for (i = 0; i < g->n_pages; i++) {
		int width = (int)strlen(g->pages[i]->name);

		draw_text(&a->draw, y, x, 1, PAINT_KEY, g->pages[i]->key);
		draw_text(&a->draw, y, x + 1, width, i == g->page ? PAINT_HEAD_SORT : PAINT_PLAIN, g->pages[i]->name);
		x += width + 2;
	}
}

static const struct vm_row *vm_of(const struct guest *g, const struct app *a)
{
	return a->snap ? snapshot_find(a->snap, TABLE_VMS, g->ref, "") : NULL;
}

static void guest_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct guest *g = (struct guest *)layer;
	const struct vm_row *vm = vm_of(g, a);
	int top, rows, note;

	rows_layout(height - 1, &top, &rows, &note);
	if (top && vm)
		draw_printf(&a->draw, y, 0, a->draw.width - 9, PAINT_STRONG, "kvmtop  %s  pid %llu  %s", g->name,
			    (unsigned long long)vm->pid, vm->state ? vm->state : "state unknown");
	else if (top)
		draw_printf(&a->draw, y, 0, a->draw.width - 9, PAINT_BAD, "kvmtop  %s  this guest has ended", g->name);
	header_clock(a, y);
	if (top > 1 && vm)
		header_figures(a, y + 1, 1, 0, TABLE_VMS, &vm->head);
	draw_tabs(g, a, y + top);
	grid_draw(&g->grid, &a->draw, y + top + 1, rows);
	if (!g->grid.n_rows && vm)
		draw_printf(&a->draw, y + top + 2, 0, a->draw.width, PAINT_PLAIN, "No %s known. %s",
			    table_get(g->grid.table)->summary, vm->note ? vm->note : "");
	else if (vm && vm->note && note >= 0)
		draw_text(&a->draw, y + note + 1, 0, a->draw.width, PAINT_WARN, vm->note);
}

static unsigned guest_where(const struct layer *layer)
{
	(void)layer;
	return IN_GUEST;
}

static void guest_key(struct layer *layer, struct app *a, int key)
{
	struct guest *g = (struct guest *)layer;
	enum action action = keys_action(IN_GUEST, key);
	char name[8];
	size_t i;

	keys_name(key, name);
	for (i = 0; i < g->n_pages; i++) {
		if (!strcmp(g->pages[i]->key, name)) {
			show_page(g, a, i);
			return;
		}
	}
	if (action == ACT_BACK)
		app_pop(a);
	else if (action == ACT_NEXT)
		show_page(g, a, (g->page + 1) % g->n_pages);
	else if (action == ACT_PREVIOUS)
		show_page(g, a, (g->page + g->n_pages - 1) % g->n_pages);
	else
		app_key(a, action, key, &g->grid, (const struct row *)vm_of(g, a));
}

static void guest_sampled(struct layer *layer, struct app *a)
{
	struct guest *g = (struct guest *)layer;

	grid_update(&g->grid, &a->draw, a->snap);
}

static unsigned guest_needs(const struct layer *layer)
{
	return grid_needs(&((const struct guest *)layer)->grid);
}

static void guest_free(struct layer *layer, struct app *a)
{
	struct guest *g = (struct guest *)layer;

	if (a->feed)
		feed_focus(a->feed, NULL);
	grid_done(&g->grid);
	free(g->ref);
	free(g->name);
}

static const struct layer_ops guest_ops = {
	.covers = true, .where = guest_where, .draw = guest_draw, .key = guest_key, .sampled = guest_sampled,
	.needs = guest_needs, .free = guest_free,
};

void guest_open(struct app *a, const struct row *row)
{
	struct guest *g = xcalloc(1, sizeof(*g));

	g->layer.ops = &guest_ops;
	g->n_pages = find_pages(g->pages);
	if (!g->n_pages) {
		free(g);
		return;
	}
	g->ref = xstrdup(row->ref);
	g->name = xstrdup(row->vm);
	if (a->feed)
		feed_focus(a->feed, g->ref);
	show_page(g, a, 0);
	app_push(a, &g->layer);
}
