// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The pages of a guest, and of the host: each look-up verb that has a key for it is one. A digit or letter is the key of
 * a guest's page; H and a digit that of the host's.
 */
#include "app.h"
#include "card.h"
#include "strip.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 32

struct pages {
	struct layer layer;
	enum page kind;
	char *ref, *name;		/* the guest; NULL: the host */
	const struct verb *list[PAGES_MAX];
	int tab_at[PAGES_MAX];		/* where its tab was drawn last, -1: it was not */
	int tabs_y;
	size_t n, page;
	struct grid grid;
};

/* Digits as they lie on the keyboard, then letters as the verbs stand. */
static int order_of(const struct verb *v)
{
	char key = keys_page_key(v);

	return isdigit((unsigned char)key) ? (key == '0' ? 10 : key - '0') : 11;
}

static size_t find_pages(enum page kind, const struct verb **pages)
{
	size_t count, n = 0, i;
	const struct verb *const *all = verbs(&count);
	int order;

	for (order = 1; order <= 11; order++)
		for (i = 0; i < count && n < PAGES_MAX; i++)
			if (keys_page(all[i]) == kind && order_of(all[i]) == order)
				pages[n++] = all[i];
	return n;
}

static void show_page(struct pages *p, struct app *a, size_t page)
{
	enum table_id t = p->list[page]->table;

	if (p->grid.fits) {
		settings_note_order(a, &p->grid);
		grid_done(&p->grid);
	}
	p->page = page;
	grid_init(&p->grid, t, p->ref);
	settings_apply(a, &p->grid);
	p->grid.history = a->history;
	grid_update(&p->grid, &a->draw, a->snap);
}

static int tab_width(const struct verb *v)
{
	return 1 + !isdigit((unsigned char)keys_page_key(v)) + (int)strlen(v->name);
}

/* As many tabs as fit, the page's own among them; a mark where there are more. */
static void draw_tabs(struct pages *p, const struct app *a, int y)
{
	size_t from = 0, i;
	int width, x;

	for (;; from++) {
		for (i = from, width = from ? 2 : 0; i <= p->page; i++)
			width += tab_width(p->list[i]) + 1;
		if (width <= a->draw.width - 2 || from == p->page)
			break;
	}
	for (i = 0; i < p->n; i++)
		p->tab_at[i] = -1;
	p->tabs_y = y;
	x = 0;
	if (from) {
		draw_text(&a->draw, y, 0, 1, PAINT_HEAD_SORT, "<");
		x = 2;
	}
	for (i = from; i < p->n; i++) {
		const struct verb *v = p->list[i];
		const char key[3] = { keys_page_key(v), isdigit((unsigned char)keys_page_key(v)) ? '\0' : ':', '\0' };

		if (x + tab_width(v) > a->draw.width - (i + 1 < p->n ? 2 : 0)) {
			draw_text(&a->draw, y, a->draw.width - 1, 1, PAINT_HEAD_SORT, ">");
			break;
		}
		p->tab_at[i] = x;
		draw_text(&a->draw, y, x, (int)strlen(key), PAINT_KEY, key);
		draw_text(&a->draw, y, x + (int)strlen(key), (int)strlen(v->name), i == p->page ? PAINT_HEAD_SORT : PAINT_PLAIN,
			  v->name);
		x += tab_width(v) + 1;
	}
}

static const struct vm_row *vm_of(const struct pages *p, const struct app *a)
{
	return a->snap && p->ref ? snapshot_find(a->snap, TABLE_VMS, p->ref, "") : NULL;
}

static void draw_header(const struct pages *p, const struct app *a, int y, int top)
{
	const struct host_topology *host = host_topology(a->session->host);
	const char *name = host_facts(a->session->host)->name;
	const struct vm_row *vm = vm_of(p, a);
	int width = a->draw.width - 9;

	if (!p->ref && top)
		draw_printf(&a->draw, y, 0, width, PAINT_STRONG, "kvmtop  %s  host  %u %s %u %s", name, host->nodes,
			    host->nodes == 1 ? "node" : "nodes", host->cpus, host->cpus == 1 ? "CPU" : "CPUs");
	else if (top && vm)
		draw_printf(&a->draw, y, 0, width, PAINT_STRONG, "kvmtop  %s  pid %llu  %s", p->name,
			    (unsigned long long)vm->pid, vm->state ? vm->state : "state unknown");
	else if (top)
		draw_printf(&a->draw, y, 0, width, PAINT_BAD, "kvmtop  %s  this guest has ended", p->name);
	header_clock(a, y);
	if (top > 1 && p->grid.filter_text)
		header_state(a, y + 1, &p->grid);
	else if (top > 1 && vm)
		header_figures(a, y + 1, 1, 0, TABLE_VMS, &vm->head);
	else if (top > 1 && !p->ref && a->snap && snapshot_count(a->snap, TABLE_HOST))
		header_figures(a, y + 1, 1, 0, TABLE_HOST, snapshot_row(a->snap, TABLE_HOST, 0));
}

/* There are none, or it is not known whether there are, and why. */
static void draw_none(const struct pages *p, const struct app *a, int y, const struct vm_row *vm)
{
	const char *what = table_get(p->grid.table)->summary, *why = NULL;

	if (vm && vm->note)
		why = vm->note;
	else if (vm && vm->head.stale)
		why = "the QEMU process stands still";
	else if (vm && (vm->unanswered || !vm->state))
		why = "QEMU has not answered yet";
	if (a->frozen)
		draw_printf(&a->draw, y, 0, a->draw.width, PAINT_PLAIN, "The frozen sample has no %s: nothing asked for them then (z goes on).", what);
	else if (p->grid.filter_text)
		draw_printf(&a->draw, y, 0, a->draw.width, PAINT_PLAIN, "No %s known that pass the filter (F4).", what);
	else if (why)
		draw_printf(&a->draw, y, 0, a->draw.width, PAINT_PLAIN, "No %s known. %s", what, why);
	else
		draw_printf(&a->draw, y, 0, a->draw.width, PAINT_PLAIN, "No %s: there are none.", what);
}

/* What the selected row has no room for, and what there is to say of the guest. */
static void draw_note(const struct pages *p, const struct app *a, int y, const struct vm_row *vm)
{
	auto_free char *rest = card_is_one(&p->grid) ? NULL : grid_rest(&p->grid, &a->draw);
	const char *note = vm && vm->note ? vm->note : "";

	if (rest || *note)
		draw_printf(&a->draw, y, 0, a->draw.width, rest ? PAINT_PLAIN : PAINT_WARN, "%s%s%s", rest ? rest : "", rest && *note ? "; " : "", note);
}

static void pages_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct pages *p = (struct pages *)layer;
	const struct vm_row *vm = vm_of(p, a);
	int top, rows, note, strip;

	rows_layout(height - 1, &top, &rows, &note);
	strip = strip_lines(&p->grid, rows);
	draw_header(p, a, y, top);
	draw_tabs(p, a, y + top);
	if (card_is_one(&p->grid))
		card_draw(&p->grid, &a->draw, y + top + 1, rows - strip);
	else
		grid_draw(&p->grid, &a->draw, y + top + 1, rows - strip);
	if (strip)
		strip_draw(&p->grid, &a->draw, a->history, y + top + 1 + rows - strip, strip);
	if (!p->grid.n_rows && (vm || !p->ref) && a->snap)
		draw_none(p, a, y + top + 2, vm);
	else if (note >= 0)
		draw_note(p, a, y + note + 1, vm);
}

static unsigned pages_where(const struct layer *layer)
{
	return ((const struct pages *)layer)->ref ? IN_GUEST : IN_HOST;
}

/* The page that a key is for, n: none. */
static size_t page_of_key(const struct pages *p, int key)
{
	size_t i;

	for (i = 0; i < p->n && keys_page_key(p->list[i]) != key; i++)
		;
	return i;
}

static void take_guest(struct pages *p, struct app *a, const struct row *row)
{
	free(p->ref);
	free(p->name);
	p->ref = xstrdup(row->ref);
	p->name = xstrdup(row->vm);
	free(a->history_ref);
	a->history_ref = xstrdup(row->ref);
	if (a->feed)
		feed_focus(a->feed, p->ref);
}

/* The same page of the guest before or behind; the list's selection goes along. */
static void show_neighbour(struct pages *p, struct app *a, int step)
{
	const struct row *row = list_neighbour(a, p->ref, step);

	if (!row) {
		app_say(a, PAINT_WARN, "%s is the %s of the list", p->name, step > 0 ? "last" : "first");
		return;
	}
	take_guest(p, a, row);
	list_select(a, p->ref);
	show_page(p, a, p->page);
	app_refresh(a);
}

static void open_row(struct pages *p, struct app *a)
{
	if (!p->grid.sel_ref)
		grid_select(&p->grid, p->grid.sel);
	detail_open(a, &p->grid, grid_selected(&p->grid));
}

static void pages_key(struct layer *layer, struct app *a, int key)
{
	struct pages *p = (struct pages *)layer;
	enum action action = keys_action(pages_where(layer), key);
	size_t page = page_of_key(p, key);

	if (page < p->n)
		show_page(p, a, page);
	else if (card_is_one(&p->grid) && card_key(&p->grid, action))
		return;
	else if (action == ACT_BACK)
		app_pop(a);
	else if (action == ACT_GUEST_NEXT || action == ACT_GUEST_PREVIOUS)
		show_neighbour(p, a, action == ACT_GUEST_NEXT ? 1 : -1);
	else if (action == ACT_ENTER && grid_selected(&p->grid) && !card_is_one(&p->grid))
		open_row(p, a);
	else if (action == ACT_NEXT)
		show_page(p, a, (p->page + 1) % p->n);
	else if (action == ACT_PREVIOUS)
		show_page(p, a, (p->page + p->n - 1) % p->n);
	else
		app_key(a, action, key, &p->grid, (const struct row *)vm_of(p, a));
}

static void pages_click(struct layer *layer, struct app *a, int y, int x)
{
	struct pages *p = (struct pages *)layer;
	size_t i;

	for (i = 0; i < p->n && y == p->tabs_y; i++) {
		if (p->tab_at[i] >= 0 && x >= p->tab_at[i] && x < p->tab_at[i] + tab_width(p->list[i])) {
			show_page(p, a, i);
			return;
		}
	}
	if (card_is_one(&p->grid))
		card_click(&p->grid, y);
	else if (grid_click(&p->grid, y, x))
		open_row(p, a);
}

static void pages_sampled(struct layer *layer, struct app *a)
{
	grid_update(&((struct pages *)layer)->grid, &a->draw, a->snap);
}

static unsigned pages_needs(const struct layer *layer)
{
	return grid_needs(&((const struct pages *)layer)->grid);
}

static void pages_free(struct layer *layer, struct app *a)
{
	struct pages *p = (struct pages *)layer;

	if (a->feed && p->ref)
		feed_focus(a->feed, NULL);
	settings_note_order(a, &p->grid);
	grid_done(&p->grid);
	free(p->ref);
	free(p->name);
}

static const struct layer_ops pages_ops = {
	.covers = true, .where = pages_where, .draw = pages_draw, .key = pages_key, .click = pages_click,
	.sampled = pages_sampled, .needs = pages_needs, .free = pages_free,
};

static void pages_open(struct app *a, enum page kind, const struct row *row, const struct verb *first)
{
	struct pages *p = xcalloc(1, sizeof(*p));
	size_t page = 0;

	p->layer.ops = &pages_ops;
	p->kind = kind;
	p->n = find_pages(kind, p->list);
	if (!p->n) {
		free(p);
		return;
	}
	while (first && page + 1 < p->n && p->list[page] != first)
		page++;
	if (row)
		take_guest(p, a, row);
	show_page(p, a, page);
	app_push(a, &p->layer);
}

void guest_open(struct app *a, const struct row *row, const struct verb *page)
{
	pages_open(a, PAGE_GUEST, row, page);
}

void host_open_pages(struct app *a)
{
	pages_open(a, PAGE_HOST, NULL, NULL);
}
