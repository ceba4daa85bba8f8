// SPDX-License-Identifier: GPL-3.0-or-later
/* One row as far as it goes: every column with its text whole, what it means, its past; what a thread waits for. */
#include "app.h"
#include "errand.h"
#include "strip.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIST_BAR 32
#define HIST_LINES 24
#define NUMBER_WIDTH 10
#define STACK_MAX 4096

struct detail {
	struct layer layer;
	struct grid grid;		/* of this row's table: its selection is the row */
	struct text text;
	char *name;			/* of the guest, NULL: the host */
	char *waits;			/* what the thread waits for, NULL: not known yet */
	uint64_t asked;			/* the errand that asks for it, 0: none */
};

static unsigned detail_where(const struct layer *layer)
{
	(void)layer;
	return IN_TEXT;
}

/* The row itself, not one that took its place; NULL: it is gone. */
static const struct row *row_of(const struct detail *d)
{
	const struct row *row = grid_selected(&d->grid);

	if (!row || strcmp(row->ref ? row->ref : "", d->grid.sel_ref) || strcmp(row->key ? row->key : "", d->grid.sel_key))
		return NULL;
	return row;
}

static const struct column *column_of(const struct detail *d, const char *id)
{
	return table_column(table_get(d->grid.table), id, NULL);
}

/* ---- what a thread waits for */

static void waits_work(struct errand *e)
{
	struct buf out = {0};
	char stack[STACK_MAX], wchan[128];
	int tid = atoi(e->what);
	ssize_t len;

	if (!host_wchan_read(e->session->host, tid, wchan, sizeof(wchan)))
		buf_printf(&out, "in %s", wchan);
	len = host_task_stack(e->session->host, tid, stack, sizeof(stack));
	if (len > 0)
		buf_printf(&out, "%s%s", out.len ? ": " : "", stack);
	else if (len < 0)
		buf_printf(&out, "%s(its stack: %s)", out.len ? " " : "", strerror((int)-len));
	e->text = buf_take(&out);
}

/* The layer may be another one by now, or gone. */
static void waits_done(struct errand *e, struct app *a);
static const struct errand_kind waits_kind = { .work = waits_work, .done = waits_done };

static void ask_waits(struct detail *d, struct app *a)
{
	const struct row *row = row_of(d);
	const struct column *tid = column_of(d, "tid");
	struct value v = tid && row ? column_get(tid, row) : (struct value){0};
	auto_free char *what = v.kind == VALUE_UINT ? xasprintf("%llu", (unsigned long long)v.uint) : NULL;

	if (what && !d->asked)
		d->asked = errand_start(a, &waits_kind, what);
}

/* ---- the text */

/* "0:812 1:90 2-3:80": at least two of them, and nothing else. */
static bool is_histogram(const char *s)
{
	size_t n = 0;

	while (*s) {
		size_t label = strspn(s, "0123456789-.kMGT<>=+um"), count;

		if (!label || s[label] != ':')
			return false;
		s += label + 1;
		count = strspn(s, "0123456789");
		if (!count || (s[count] && s[count] != ' '))
			return false;
		s += count + (s[count] == ' ');
		n++;
	}
	return n >= 1;
}

static unsigned long long most(const char *s)
{
	unsigned long long max = 1, v;

	for (; (s = strchr(s, ':')); s++) {
		v = strtoull(s + 1, NULL, 10);
		max = v > max ? v : max;
	}
	return max;
}

static void add_histogram(struct text *t, const char *s)
{
	unsigned long long max = most(s);
	size_t lines = 0;

	for (; *s && lines < HIST_LINES; lines++) {
		size_t label = strcspn(s, ":");
		unsigned long long v = strtoull(s + label + 1, NULL, 10);
		int full = (int)((double)v / (double)max * HIST_BAR + 0.5);
		char bar[HIST_BAR + 1];

		memset(bar, ' ', HIST_BAR);
		memset(bar, '#', (size_t)(full ? full : v > 0));
		bar[HIST_BAR] = '\0';
		text_add(t, PAINT_GRAPH, 2, 2, "%14.*s |%s %llu", (int)label, s, bar, v);
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
}

static void add_column(struct text *t, const struct column *c, const struct row *row, int title)
{
	auto_buf struct buf value = {0};
	struct value v = column_get(c, row);
	bool marked = column_is_marked(c, v), is_text = c->kind == VALUE_TEXT;
	enum paint p = row->stale ? PAINT_STALE : marked ? PAINT_WARN : PAINT_STRONG;
	int help = title + NUMBER_WIDTH + 3;

	value_format(v, c->unit, &value);
	if (is_text && v.kind != VALUE_NONE && is_histogram(value.text)) {
		text_add(t, PAINT_PLAIN, 0, help, "%-*s %*s  %s", title, c->title, NUMBER_WIDTH, "", c->help);
		add_histogram(t, value.text);
	} else if (is_text && v.kind != VALUE_NONE) {
		text_add(t, p, 0, title + 1, "%-*s %s", title, c->title, value.text);
		text_add(t, PAINT_PLAIN, help, help, "%s", c->help);
	} else {
		text_add(t, marked ? PAINT_WARN : PAINT_PLAIN, 0, help, "%-*s %*s%c  %s", title, c->title, NUMBER_WIDTH, value.text,
			 marked ? '!' : ' ', c->help);
	}
}

/* "nic0 > tap3 > br0": from the guest to the wire, as far as it is known. */
static void add_path(struct text *t, const struct detail *d, const struct row *row)
{
	static const char *const way[] = { "id", "backend", "ifname", "bridge", "vlan" };
	auto_buf struct buf path = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(way); i++) {
		const struct column *c = column_of(d, way[i]);
		struct value v = c ? column_get(c, row) : (struct value){0};

		if (v.kind == VALUE_NONE)
			continue;
		buf_puts(&path, path.len ? i == 4 ? ", VLAN " : " > " : "");
		value_format(v, c->unit, &path);
	}
	text_add(t, PAINT_STRONG, 0, 2, "%s", path.text);
}

/* What a picture says comes first. */
static bool is_drawn(const struct column *c, const struct row *row)
{
	struct value v = column_get(c, row);

	return v.kind == VALUE_TEXT && is_histogram(v.text);
}

/* The guest is in the heading. */
static bool is_guests(const struct detail *d, const struct column *c)
{
	return d->name && (!strcmp(c->id, "vm") || !strcmp(c->id, "ref"));
}

static void write_text(struct detail *d)
{
	const struct table *t = table_get(d->grid.table);
	const struct row *row = row_of(d);
	int title = 0;
	size_t i;

	text_clear(&d->text);
	if (!row) {
		text_add(&d->text, PAINT_BAD, 0, 0, "It is not there any more (Esc goes back).");
		return;
	}
	if (d->grid.table == TABLE_NICS)
		add_path(&d->text, d, row);
	if (column_of(d, "tid"))
		text_add(&d->text, PAINT_STRONG, 0, 2, "waits %s", d->waits ? *d->waits ? d->waits : "for nothing: it runs" : "..");
	for (i = 0; i < t->n_columns; i++)
		if ((int)strlen(t->columns[i].title) > title)
			title = (int)strlen(t->columns[i].title);
	for (i = 0; i < t->n_columns; i++)
		if (is_drawn(&t->columns[i], row))
			add_column(&d->text, &t->columns[i], row, title);
	for (i = 0; i < t->n_columns; i++)
		if (!is_drawn(&t->columns[i], row) && !is_guests(d, &t->columns[i]))
			add_column(&d->text, &t->columns[i], row, title);
}

/* What tells this row from the others of its page: "disk0/0". */
static void row_name(const struct detail *d, const struct row *row, struct buf *out)
{
	const struct table *t = table_get(d->grid.table);
	size_t i;

	for (i = 0; row && i < t->n_columns; i++) {
		if (!t->columns[i].label || is_guests(d, &t->columns[i]))
			continue;
		buf_puts(out, out->len ? "/" : "");
		value_format(column_get(&t->columns[i], row), t->columns[i].unit, out);
	}
}

static void detail_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct detail *d = (struct detail *)layer;
	const struct row *row = row_of(d);
	auto_buf struct buf name = {0};
	int strip = row ? strip_lines(&d->grid, height - 1) : 0;

	row_name(d, row, &name);
	draw_printf(&a->draw, y, 0, a->draw.width - 9, PAINT_STRONG, "%s%s%s / %s", d->name ? d->name : "host", " / ",
		    table_get(d->grid.table)->name, name.len ? name.text : "");
	header_clock(a, y);
	write_text(d);
	text_draw(&d->text, &a->draw, y + 1, height - 1 - strip);
	if (d->text.lines > height - 1 - strip && d->text.top + d->text.height < d->text.lines)
		draw_right(&a->draw, y + height - 1 - strip, a->draw.width - 5, 5, PAINT_HEAD, "more");
	if (strip)
		strip_draw(&d->grid, &a->draw, a->history, y + height - strip, strip);
}

static void detail_key(struct layer *layer, struct app *a, int key)
{
	struct detail *d = (struct detail *)layer;
	enum action action = key == ' ' ? ACT_PGDN : keys_action(IN_TEXT, key);

	if (action == ACT_BACK || key == K_ENTER)
		app_pop(a);
	else if (action == ACT_QUIT)
		a->leave = true;
	else
		text_key(&d->text, action);
}

static void detail_sampled(struct layer *layer, struct app *a)
{
	struct detail *d = (struct detail *)layer;

	grid_update(&d->grid, &a->draw, d->grid.table == TABLE_JOURNAL ? a->journal : a->snap);
	ask_waits(d, a);
}

static unsigned detail_needs(const struct layer *layer)
{
	const struct table *t = table_get(((const struct detail *)layer)->grid.table);
	unsigned needs = t->needs;
	size_t i;

	for (i = 0; i < t->n_columns; i++)
		needs |= t->columns[i].rank <= 8 ? t->columns[i].needs : 0;
	return needs;
}

static void detail_free(struct layer *layer, struct app *a)
{
	struct detail *d = (struct detail *)layer;

	(void)a;
	grid_done(&d->grid);
	text_done(&d->text);
	free(d->name);
	free(d->waits);
}

static const struct layer_ops detail_ops = {
	.covers = true, .where = detail_where, .draw = detail_draw, .key = detail_key, .sampled = detail_sampled,
	.needs = detail_needs, .free = detail_free,
};

static void waits_done(struct errand *e, struct app *a)
{
	struct layer *l;

	for (l = a->top; l; l = l->below) {
		struct detail *d = (struct detail *)l;

		if (l->ops != &detail_ops || d->asked != e->serial)
			continue;
		d->asked = 0;
		free(d->waits);
		d->waits = take_ptr(e->text);
	}
}

void detail_open(struct app *a, const struct grid *g, const struct row *row)
{
	struct detail *d = xcalloc(1, sizeof(*d));

	d->layer.ops = &detail_ops;
	d->name = xstrdup(row->vm);
	grid_init(&d->grid, g->table, row->ref);
	d->grid.order = g->order;
	d->grid.history = a->history;
	d->grid.sel_ref = xstrdup(row->ref ? row->ref : "");
	d->grid.sel_key = xstrdup(row->key ? row->key : "");
	app_push(a, &d->layer);
}
