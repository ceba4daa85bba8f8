// SPDX-License-Identifier: GPL-3.0-or-later
/* One line to type into, at the foot of the screen: find, filter, delay. */
#include "app.h"
#include "line.h"

#include <stdlib.h>
#include <string.h>


struct ask;
struct ask_kind {
	const char *title;
	void (*changed)(struct ask *k, struct app *a);		/* NULL: nothing happens before Enter */
	bool (*accept)(struct ask *k, struct app *a);		/* false: it cannot be taken, err says why */
	void (*cancel)(struct ask *k, struct app *a);		/* NULL: there is nothing to put back */
	void (*step)(struct ask *k, int by);
};

struct ask {
	struct layer layer;
	const struct ask_kind *kind;
	struct line line;
	struct err err;
	struct grid *grid;
	char *was_ref, *was_key, *was_filter;	/* what Esc puts back */
};

/* ---- find */

static void find(struct ask *k, int step)
{
	k->err = (struct err){0};
	if (*k->line.text && !grid_find(k->grid, k->line.text, step))
		err_set(&k->err, -1, "not found on this page: Enter asks all guests (a MAC or IP address, an image, a tap, a PCI address)");
}

static void find_changed(struct ask *k, struct app *a)
{
	(void)a;
	find(k, 0);
}

static bool find_accept(struct ask *k, struct app *a)
{
	if (!*k->line.text)
		return true;
	if (k->err.code)
		find_elsewhere(a, k->line.text);
	else
		find_said(a, k->line.text);
	return true;
}

static void find_cancel(struct ask *k, struct app *a)
{
	struct grid *g = k->grid;

	(void)a;
	free(g->sel_ref);
	free(g->sel_key);
	g->sel_ref = take_ptr(k->was_ref);
	g->sel_key = take_ptr(k->was_key);
	grid_resort(g);
}

static const struct ask_kind find_kind = {
	.title = "Find: ", .changed = find_changed, .accept = find_accept, .cancel = find_cancel, .step = find,
};

/* ---- filter */

/* What can be understood is shown at once; what cannot yet leaves the rows as they are. */
static void filter_changed(struct ask *k, struct app *a)
{
	struct filter *f = NULL;
	const char *text = k->line.text + strspn(k->line.text, " ");

	(void)a;
	k->err = (struct err){0};
	if (*text && filter_parse(table_get(k->grid->table), text, &f, &k->err))
		return;
	grid_set_filter(k->grid, f, text);
}

static bool filter_accept(struct ask *k, struct app *a)
{
	filter_changed(k, a);
	return !k->err.code;
}

static void filter_cancel(struct ask *k, struct app *a)
{
	line_set(&k->line, k->was_filter);
	filter_changed(k, a);
}

static const struct ask_kind filter_kind = {
	.title = "Filter: ", .changed = filter_changed, .accept = filter_accept, .cancel = filter_cancel,
};

/* ---- delay */

static bool delay_accept(struct ask *k, struct app *a)
{
	double s;

	if (units_seconds_parse(k->line.text, &s) || s < DELAY_MIN_S || s > DELAY_MAX_S) {
		err_set(&k->err, -1, "seconds are expected, %g at the least", DELAY_MIN_S);
		return false;
	}
	app_set_delay(a, (uint64_t)(s * (double)NS_PER_SEC));
	return true;
}

static const struct ask_kind delay_kind = { .title = "Seconds between samples: ", .accept = delay_accept };

/* ---- the layer */

static unsigned ask_where(const struct layer *layer)
{
	(void)layer;
	return IN_LINE;
}

static void ask_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct ask *k = (struct ask *)layer;
	struct draw *d = &a->draw;
	int title = (int)strlen(k->kind->title), at = y + height - 1;

	if (title + 8 > d->width)
		title = 0;
	draw_fill(d, at, PAINT_PLAIN);
	draw_text(d, at, 0, title, PAINT_STRONG, k->kind->title);
	line_draw(&k->line, d, at, title, d->width - title, PAINT_FIELD_ON, true);
	if (k->err.code && height > 1)
		draw_text(d, at - 1, 0, d->width, PAINT_BAD, k->err.text);
}

static void ask_key(struct layer *layer, struct app *a, int key)
{
	struct ask *k = (struct ask *)layer;
	enum action action = key_is_text(key) ? ACT_NONE : keys_action(IN_LINE, key);
	bool changed = false;

	if (action == ACT_BACK) {
		if (k->kind->cancel)
			k->kind->cancel(k, a);
		app_pop(a);
	} else if (action == ACT_QUIT) {
		a->leave = true;
	} else if (action == ACT_ENTER) {
		if (k->kind->accept(k, a))
			app_pop(a);
	} else if (k->kind->step && (action == ACT_NEXT || action == ACT_PREVIOUS)) {
		k->kind->step(k, action == ACT_NEXT ? 1 : -1);
	} else if (line_key(&k->line, key, &changed) && changed) {
		k->err = (struct err){0};
		if (k->kind->changed)
			k->kind->changed(k, a);
	}
}

static void ask_free(struct layer *layer, struct app *a)
{
	struct ask *k = (struct ask *)layer;

	(void)a;
	line_done(&k->line);
	free(k->was_ref);
	free(k->was_key);
	free(k->was_filter);
}

static const struct layer_ops ask_ops = { .where = ask_where, .draw = ask_draw, .key = ask_key, .free = ask_free };

static struct ask *ask_open(struct app *a, const struct ask_kind *kind, struct grid *g, const char *text)
{
	struct ask *k = xcalloc(1, sizeof(*k));

	k->layer.ops = &ask_ops;
	k->kind = kind;
	k->grid = g;
	line_set(&k->line, text);
	free(take_ptr(a->message));
	app_push(a, &k->layer);
	return k;
}

void ask_find(struct app *a, struct grid *g)
{
	struct ask *k = ask_open(a, &find_kind, g, "");

	k->was_ref = xstrdup(g->sel_ref);
	k->was_key = xstrdup(g->sel_key);
}

void ask_filter(struct app *a, struct grid *g)
{
	ask_open(a, &filter_kind, g, g->filter_text)->was_filter = xstrdup(g->filter_text);
}

void ask_delay(struct app *a)
{
	auto_free char *text = xasprintf("%.4g", (double)a->delay_ns / (double)NS_PER_SEC);

	ask_open(a, &delay_kind, NULL, text);
}
