// SPDX-License-Identifier: GPL-3.0-or-later
/* The list of guests: the layer under all others. */
#include "app.h"
#include "meters.h"
#include "keeper.h"
#include "strip.h"

/* On a lower screen the guests have it all. */
#define STRIP_HEIGHT 40
/* From here on what happened has a line of its own, else that of the selected guest. */
#define EVENTS_HEIGHT 20
#define WORTH_A_LINE 3			/* less trouble is told of the selected guest only */
#define EVENT_MIN 20			/* columns below which none is begun */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct list {
	struct layer layer;
	struct grid grid;
	bool nodes;			/* the host has several */
};

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
	if (g->filter_text)
		draw_printf(&a->draw, y, 0, a->draw.width, PAINT_WARN, "filter %s  %zu shown", g->filter_text, g->n_rows);
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

			if (c->rank != rank || c->unit == UNIT_TEXT || (c->hides_zero && !column_get(c, row).uint))
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

/* What happened last, the newest on the left, as much as fits. */
static void draw_events(const struct app *a, int y)
{
	size_t n = a->snap ? snapshot_count(a->snap, TABLE_EVENTS) : 0, i;
	int x = 0;

	for (i = n; i-- > 0 && x < a->draw.width - EVENT_MIN; ) {
		const struct event_row *e = snapshot_row(a->snap, TABLE_EVENTS, i);
		time_t when = snapshot_wall(a->snap).tv_sec - (time_t)((int64_t)(snapshot_time_ns(a->snap) - e->head.taken_ns) / (int64_t)NS_PER_SEC);
		auto_free char *text = NULL;
		char at[16];
		struct tm tm;

		localtime_r(&when, &tm);
		strftime(at, sizeof(at), "%H:%M:%S", &tm);
		text = xasprintf("%s %s %s%s%s", at, e->head.vm ? e->head.vm : "", e->event ? e->event : "", e->detail ? " " : "",
				 e->detail ? e->detail : "");
		draw_text(&a->draw, y, x, a->draw.width - x, PAINT_PLAIN, text);
		x += draw_width(&a->draw, text) + 3;
	}
}

static bool is_in_trouble(const void *row)
{
	const struct vm_row *vm = row;

	return vm->trouble != UNKNOWN_UINT && vm->trouble > 0;
}

static const char *list_under(const void *row)
{
	const struct vm_row *vm = row;

	return is_in_trouble(row) && vm->trouble >= WORTH_A_LINE ? vm->trouble_text : NULL;
}

/* Of the selected guest what the rows do not show, or else what happened. */
static void draw_foot(const struct list *l, const struct app *a, int y, bool events)
{
	const struct vm_row *vm = grid_selected(&l->grid);
	auto_free char *rest = grid_rest(&l->grid, &a->draw);
	const char *parts[] = { vm && is_in_trouble(vm) && !list_under(vm) ? vm->trouble_text : NULL, rest, vm ? vm->note : NULL };
	auto_buf struct buf text = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i] && *parts[i])
			buf_printf(&text, "%s%s", text.len ? "; " : "", parts[i]);
	if (text.len)
		draw_printf(&a->draw, y, 0, a->draw.width, PAINT_WARN, "%s: %s", vm->head.vm, text.text);
	else if (!events)
		draw_events(a, y);
}

static void list_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct list *l = (struct list *)layer;
	int top, rows, note, strip, meters = meters_lines(height), filter = l->grid.filter_text && height >= 6;
	bool events = height >= EVENTS_HEIGHT;

	rows_layout(height, &top, &rows, &note);
	rows -= meters - top + filter + events;
	top = meters;
	meters_draw(a, y, meters);
	if (filter)
		header_state(a, y + top, &l->grid);
	top += filter;
	strip = height < STRIP_HEIGHT ? 0 : strip_lines(&l->grid, rows);
	grid_draw(&l->grid, &a->draw, y + top, rows - strip);
	if (strip)
		strip_draw(&l->grid, &a->draw, a->history, y + top + rows - strip, strip);
	if (!l->grid.n_rows)
		draw_empty(l, a, y + top + 1, rows - 1);
	if (events)
		draw_events(a, y + note - 1);
	if (note >= 0)
		draw_foot(l, a, y + note, events);
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
	else if (action == ACT_TROUBLE && !grid_next(&l->grid, is_in_trouble))
		app_say(a, PAINT_GOOD, "no guest that is shown is in trouble");
	else if (action != ACT_TROUBLE)
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
	const struct list *l = (const struct list *)layer;

	/* what is said below the rows, and the meters of nodes */
	return grid_needs(&l->grid) | TROUBLE_NEEDS | (l->nodes ? NEED_NODES : 0);
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

static enum paint list_paint(const void *row, const struct column *c)
{
	const struct vm_row *vm = row;
	bool state = c && !strcmp(c->id, "state"), about = !c || !strcmp(c->id, "trouble") || !strcmp(c->id, "vm");

	if (!is_in_trouble(row) || (!about && !state))
		return PAINT_PLAIN;
	if (state && !meters_state_severity(vm->state))
		return PAINT_PLAIN;
	return vm->trouble >= TROUBLE_BAD ? PAINT_BAD : PAINT_WARN;
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

static void order_by_trouble(struct grid *g)
{
	const struct column *c = table_column(table_get(TABLE_VMS), "trouble", NULL);

	g->order = (struct view_order){ .sort = c, .descending = c->descending };
}

void list_open(struct app *a, struct look *look)
{
	struct list *l = xcalloc(1, sizeof(*l));

	l->layer.ops = &list_ops;
	grid_init(&l->grid, look->table, NULL);
	l->nodes = host_topology(a->session->host)->nodes > 1;
	l->grid.paint = list_paint;
	l->grid.under = list_under;
	l->grid.history = a->history;
	l->grid.spark = true;
	l->grid.tagged = tags_has;
	l->grid.app = a;
	l->grid.order = look->order;
	if (!a->session->opts->sort)
		order_by_trouble(&l->grid);
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
