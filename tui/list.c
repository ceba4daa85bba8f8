// SPDX-License-Identifier: GPL-3.0-or-later
/* The list of guests: the layer under all others. */
#include "app.h"
#include "keeper.h"
#include "strip.h"

/* On a lower screen the guests have it all. */
#define STRIP_HEIGHT 40

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list {
	struct layer layer;
	struct grid grid;
};

struct tally {
	const char *state;
	size_t n;
};

static int tally_cmp(const void *a, const void *b)
{
	const struct tally *ta = a, *tb = b;

	return ta->n != tb->n ? (ta->n < tb->n) - (ta->n > tb->n) : strcmp(ta->state, tb->state);
}

/* "198: 194 running 3 paused 1 io-error" */
static char *guests_text(const struct snapshot *snap)
{
	size_t n = snapshot_count(snap, TABLE_VMS), n_states = 0, i, k;
	struct tally *states = NULL;
	struct buf text = {0};

	for (i = 0; i < n; i++) {
		const struct vm_row *vm = snapshot_row(snap, TABLE_VMS, i);
		const char *state = vm->state ? vm->state : "unknown";

		for (k = 0; k < n_states && strcmp(states[k].state, state); k++)
			;
		if (k == n_states)
			vec_push(states, n_states)->state = state;
		states[k].n++;
	}
	if (n_states)
		qsort(states, n_states, sizeof(*states), tally_cmp);
	buf_printf(&text, "guests %zu%s", n, n ? ":" : "");
	for (i = 0; i < n_states; i++)
		buf_printf(&text, " %zu %s", states[i].n, states[i].state);
	free(states);
	return buf_take(&text);
}

/* Before the clock: changes that are not over (J shows which); that the screen is frozen, and at a sample of when. */
static void draw_badges(const struct app *a, int y)
{
	const struct snapshot *last = a->past.n ? a->past.list[a->past.n - 1].snap : NULL;
	uint64_t back_ns = a->frozen && last ? snapshot_time_ns(last) - snapshot_time_ns(a->snap) : 0;
	size_t n = keeper_pending(a->journal);
	auto_buf struct buf text = {0};
	int width;

	if (n)
		buf_printf(&text, " %zu pending ", n);
	if (a->frozen)
		buf_puts(&text, " FROZEN ");
	if (back_ns)
		buf_printf(&text, "%.0f s ago ", (double)back_ns / (double)NS_PER_SEC);
	width = (int)text.len;
	if (width && a->draw.width > width + 20)
		draw_text(&a->draw, y, a->draw.width - 9 - width, width, PAINT_HEAD_SORT, text.text);
}

void header_clock(const struct app *a, int y)
{
	struct timespec wall;
	char text[16];
	struct tm tm;

	if (!a->snap)
		return;
	wall = snapshot_wall(a->snap);
	localtime_r(&wall.tv_sec, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	draw_right(&a->draw, y, a->draw.width - 8, 8, PAINT_STRONG, text);
	draw_badges(a, y);
}

void header_state(const struct app *a, int y, const struct grid *g)
{
	auto_buf struct buf left = {0};
	auto_free char *right = xasprintf("delay %.4g s", (double)a->delay_ns / (double)NS_PER_SEC);
	int width = (int)strlen(right);

	if (g->filter_text)
		buf_printf(&left, "filter %s  %zu shown", g->filter_text, g->n_rows);
	if (left.len)
		draw_text(&a->draw, y, 0, a->draw.width - width - 1, PAINT_WARN, left.text);
	draw_right(&a->draw, y, a->draw.width - width, width, PAINT_PLAIN, right);
}

void header_figures(const struct app *a, int y, int lines, int keep, enum table_id table, const struct row *row)
{
	const struct table *t = table_get(table);
	int rank, x = 0;
	size_t i;

	for (rank = 1; rank <= 6; rank++) {
		for (i = 1; i < t->n_columns; i++) {
			const struct column *c = &t->columns[i];
			auto_buf struct buf text = {0};
			int title = (int)strlen(c->title), width;

			if (c->rank != rank || c->unit == UNIT_TEXT)
				continue;
			value_format(column_get(c, row), c->unit, &text);
			width = draw_width(&a->draw, text.text);
			if (x + title + width + 1 + keep > a->draw.width) {
				if (!--lines)
					return;
				y++;
				x = keep = 0;
			}
			draw_text(&a->draw, y, x, title, PAINT_PLAIN, c->title);
			draw_text(&a->draw, y, x + title + 1, width, row->stale ? PAINT_STALE : PAINT_STRONG, text.text);
			x += title + width + 3;
		}
	}
}

/* The host's line is the first to give way on a small screen. */
static bool has_host_line(int height)
{
	return height >= 12;
}

static void draw_header(const struct list *l, const struct app *a, int height)
{
	const struct host_topology *host = host_topology(a->session->host);
	const char *name = host_facts(a->session->host)->name;
	auto_free char *guests = a->snap ? guests_text(a->snap) : xstrdup("");
	const char *nodes = host->nodes == 1 ? "node" : "nodes", *cpus = host->cpus == 1 ? "CPU" : "CPUs";

	if (height >= 3) {
		draw_printf(&a->draw, 0, 0, a->draw.width - 9, PAINT_STRONG, "kvmtop  %s  %u %s %u %s  %s%s", name,
			    host->nodes, nodes, host->cpus, cpus, guests,
			    a->session->opts->read_only ? "  read-only" : "");
		header_clock(a, 0);
	}
	if (height >= 6)
		header_state(a, 1, &l->grid);
	if (has_host_line(height) && a->snap && snapshot_count(a->snap, TABLE_HOST))
		header_figures(a, l->grid.filter_text ? 2 : 1, l->grid.filter_text ? 1 : 2, 14, TABLE_HOST,
			       snapshot_row(a->snap, TABLE_HOST, 0));
}

static void draw_empty(const struct list *l, const struct app *a, int y, int height)
{
	static const char *const text[] = {
		"No guests.",
		"",
		"kvmtop finds processes called qemu-system-*, qemu-kvm or kvm in /proc,",
		"and guests whose QMP socket is given with --qmp PATH.",
		"It goes on looking: one that starts appears by itself.",
	};
	const char *first = NULL;
	size_t i;

	if (!a->snap)
		first = "Looking for guests ..";
	else if (l->grid.filter)
		first = "No guest passes the filter (F4).";
	else if (a->session->opts->no_scan)
		first = "No guests: /proc is not searched (--no-scan), and no socket answered.";
	if (first) {
		draw_text(&a->draw, y, 0, a->draw.width, PAINT_STRONG, first);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(text) && (int)i < height; i++)
		draw_text(&a->draw, y + (int)i, 0, a->draw.width, i ? PAINT_PLAIN : PAINT_STRONG, text[i]);
}

/* On a small screen the rows stay longest. */
void rows_layout(int height, int *top, int *rows, int *note)
{
	*top = height >= 6 ? 2 : height >= 3 ? 1 : 0;
	*note = height >= 5 ? height - 1 : -1;
	*rows = height - *top - (*note >= 0);
}

static void list_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct list *l = (struct list *)layer;
	const struct vm_row *vm;
	int top, rows, note, strip;

	rows_layout(height, &top, &rows, &note);
	if (has_host_line(height)) {
		top++;
		rows--;
	}
	draw_header(l, a, height);
	strip = height < STRIP_HEIGHT ? 0 : strip_lines(&l->grid, rows);
	grid_draw(&l->grid, &a->draw, y + top, rows - strip);
	if (strip)
		strip_draw(&l->grid, &a->draw, a->history, y + top + rows - strip, strip);
	if (!l->grid.n_rows)
		draw_empty(l, a, y + top + 1, rows - 1);
	vm = grid_selected(&l->grid);
	if (vm && vm->note && note >= 0)
		draw_printf(&a->draw, y + note, 0, a->draw.width, PAINT_WARN, "%s: %s", vm->head.vm, vm->note);
}

static void list_key(struct layer *layer, struct app *a, int key)
{
	struct list *l = (struct list *)layer;
	enum action action = keys_action(IN_LIST, key);
	const struct row *row = grid_selected(&l->grid);

	if (action == ACT_TAG && row) {
		tags_toggle(a, row);
		grid_move(&l->grid, 1);
	} else if (action == ACT_UNTAG) {
		tags_clear(a);
	} else if (action == ACT_ENTER && row)
		guest_open(a, row, NULL);
	else
		app_key(a, action, key, &l->grid, row);
}

static void list_sampled(struct layer *layer, struct app *a)
{
	grid_update(&((struct list *)layer)->grid, &a->draw, a->snap);
}

static struct list *list_of(const struct app *a)
{
	struct layer *l = a->top;

	while (l->below)
		l = l->below;
	return (struct list *)l;
}

struct grid *list_grid(const struct app *a)
{
	return &list_of(a)->grid;
}

const struct row *list_neighbour(const struct app *a, const char *ref, int step)
{
	const struct grid *g = &list_of(a)->grid;
	size_t i;

	for (i = 0; i < g->n_rows; i++)
		if (!strcmp(((const struct row *)g->rows[i])->ref, ref))
			break;
	if (i == g->n_rows)		/* it has ended, or the filter hides it */
		return g->sel < g->n_rows ? g->rows[g->sel] : NULL;
	if ((step < 0 && !i) || (step > 0 && i + 1 == g->n_rows))
		return NULL;
	return g->rows[step < 0 ? i - 1 : i + 1];
}

bool list_select(struct app *a, const char *ref)
{
	struct grid *g = &list_of(a)->grid;
	size_t i;

	for (i = 0; ref && i < g->n_rows; i++) {
		if (!strcmp(((const struct row *)g->rows[i])->ref, ref)) {
			grid_select(g, i);
			return true;
		}
	}
	return false;
}

static unsigned list_needs(const struct layer *layer)
{
	return grid_needs(&((const struct list *)layer)->grid);
}

static void list_free(struct layer *layer, struct app *a)
{
	(void)a;
	grid_done(&((struct list *)layer)->grid);
}

static unsigned list_where(const struct layer *layer)
{
	(void)layer;
	return IN_LIST;
}

static enum paint list_paint(const void *row)
{
	const struct vm_row *vm = row;

	return vm->state && strcmp(vm->state, "running") ? PAINT_WARN : PAINT_PLAIN;
}

static void list_click(struct layer *layer, struct app *a, int y, int x)
{
	struct list *l = (struct list *)layer;

	if (grid_click(&l->grid, y, x))
		guest_open(a, grid_selected(&l->grid), NULL);
}

static const struct layer_ops list_ops = {
	.covers = true, .where = list_where, .draw = list_draw, .key = list_key, .sampled = list_sampled,
	.needs = list_needs, .free = list_free, .click = list_click,
};

void list_open(struct app *a, struct look *look)
{
	struct list *l = xcalloc(1, sizeof(*l));

	l->layer.ops = &list_ops;
	grid_init(&l->grid, look->table, NULL);
	l->grid.paint = list_paint;
	l->grid.history = a->history;
	l->grid.spark = true;
	l->grid.tagged = tags_has;
	l->grid.app = a;
	l->grid.order = look->order;
	grid_set_filter(&l->grid, take_ptr(look->filter), a->session->opts->filter);
	if (a->session->opts->fields) {
		l->grid.asked = take_ptr(look->columns);
		l->grid.n_asked = look->n_columns;
	} else if (a->asked[look->table].n)
		grid_ask(&l->grid, a->asked[look->table].columns, a->asked[look->table].n);
	if (!a->session->opts->sort && a->asked[look->table].order.sort)
		l->grid.order = a->asked[look->table].order;
	app_push(a, &l->layer);
}
