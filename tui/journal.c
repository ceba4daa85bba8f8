// SPDX-License-Identifier: GPL-3.0-or-later
/* The page of the journal: what was changed, and what can be done with it now. */
#include "app.h"
#include "keeper.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_LINES 3

struct journal_layer {
	struct layer layer;
	struct grid grid;
	struct text why;
	char *asked;			/* the change whose end was asked for, NULL: none */
};

static unsigned journal_where(const struct layer *layer)
{
	(void)layer;
	return IN_JOURNAL;
}

/* What there is to say of the selected one: why nothing can be done, what is left, how it failed. */
static void write_why(struct journal_layer *j, const struct app *a)
{
	const struct journal_row *row = grid_selected(&j->grid);

	text_clear(&j->why);
	if (a->journal_err.code)
		text_add(&j->why, PAINT_BAD, 0, 2, "%s", a->journal_err.text);
	if (!row)
		return;
	text_add(&j->why, row->can ? PAINT_PLAIN : PAINT_WARN, 0, 2, "%s%s%s", row->id, row->can || row->why ? ": " : "",
		 row->why ? row->why : row->can ? "u takes it back" : "");
	if (row->error)
		text_add(&j->why, PAINT_WARN, 0, 2, "%s", row->error);
	if (row->left)
		text_add(&j->why, PAINT_WARN, 0, 2, "left: %s", row->left);
}

static void draw_head(const struct journal_layer *j, const struct app *a, int y, int top)
{
	const char *name = host_facts(a->session->host)->name;
	size_t all = a->journal ? snapshot_count(a->journal, TABLE_JOURNAL) : 0;

	if (!top)
		return;
	draw_printf(&a->draw, y, 0, a->draw.width - 9, PAINT_STRONG, "kvmtop  %s  journal  %zu change%s%s", name, all, all == 1 ? "" : "s",
		    a->session->opts->read_only ? "  read-only" : "");
	header_clock(a, y);
	if (top > 1)
		header_state(a, y + 1, &j->grid);
}

static void draw_empty(const struct journal_layer *j, const struct app *a, int y)
{
	const char *text = !a->journal ? "Reading the journal .." : j->grid.filter ? "No change passes the filter (F4)." :
			   a->journal_err.code ? "" : "Nothing was ever changed by kvmtop: F7 plugs, F8 unplugs.";

	draw_text(&a->draw, y, 0, a->draw.width, PAINT_STRONG, text);
}

static void journal_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct journal_layer *j = (struct journal_layer *)layer;
	int top, rows, note, why;

	rows_layout(height, &top, &rows, &note);
	write_why(j, a);
	why = text_lines(&j->why, &a->draw, a->draw.width);
	if (why > WHY_LINES)
		why = WHY_LINES;
	if (rows < 4 + why)
		why = 0;
	draw_head(j, a, y, top);
	grid_draw(&j->grid, &a->draw, y + top, rows - why);
	if (!j->grid.n_rows)
		draw_empty(j, a, y + top + 1);
	if (why)
		text_draw(&j->why, &a->draw, y + top + rows - why, why);
}

static void undo(struct app *a, const struct journal_row *row)
{
	if (!row->can)
		app_say(a, PAINT_WARN, "%s of %s cannot be undone: %s", row->verb, row->when, row->why ? row->why : row->state);
	else
		undo_open(a, row->id, NULL);
}

static void finish(struct journal_layer *j, struct app *a, const struct journal_row *row)
{
	if (a->session->opts->read_only) {
		app_say(a, PAINT_WARN, "changes are refused in read-only mode (leave out --read-only)");
	} else if (strcmp(row->state, "pending")) {
		app_say(a, PAINT_WARN, "%s of %s is not pending: it is %s", row->verb, row->when, row->state);
	} else {
		free(j->asked);
		j->asked = xstrdup(row->id);
		app_say(a, PAINT_PLAIN, "asking whether %s of %s can be finished ..", row->verb, row->when);
		keeper_finish(a->keeper);
	}
}

static void journal_key(struct layer *layer, struct app *a, int key)
{
	struct journal_layer *j = (struct journal_layer *)layer;
	const struct journal_row *row = grid_selected(&j->grid);
	enum action action = keys_action(IN_JOURNAL, key);

	if (action == ACT_BACK)
		app_pop(a);
	else if (action == ACT_UNDO && row)
		undo(a, row);
	else if (action == ACT_FINISH && row)
		finish(j, a, row);
	else if (action == ACT_ENTER && row)
		detail_open(a, &j->grid, &row->head);
	else if (action != ACT_UNDO && action != ACT_FINISH && action != ACT_JOURNAL)
		app_key(a, action, key, &j->grid, NULL);
}

static void journal_click(struct layer *layer, struct app *a, int y, int x)
{
	(void)a;
	grid_click(&((struct journal_layer *)layer)->grid, y, x);
}

static const struct journal_row *find_row(const struct snapshot *journal, const char *id)
{
	size_t i;

	for (i = 0; id && i < snapshot_count(journal, TABLE_JOURNAL); i++) {
		const struct journal_row *row = snapshot_row(journal, TABLE_JOURNAL, i);

		if (!strcmp(row->id, id))
			return row;
	}
	return NULL;
}

/* It was read again. What was asked for and is still pending is said; what is finished, the keeper has said. */
static void journal_sampled(struct layer *layer, struct app *a)
{
	struct journal_layer *j = (struct journal_layer *)layer;
	const struct journal_row *row;

	if (j->grid.snap == a->journal)
		return;
	grid_update(&j->grid, &a->draw, a->journal);
	if (!j->grid.sel_ref)
		grid_select(&j->grid, 0);
	row = find_row(a->journal, j->asked);
	if (row && !strcmp(row->state, "pending"))
		app_say(a, PAINT_WARN, "%s of %s is still pending: %s", row->verb, row->when, row->why);
	free(take_ptr(j->asked));
}

static void journal_free(struct layer *layer, struct app *a)
{
	struct journal_layer *j = (struct journal_layer *)layer;

	(void)a;
	grid_done(&j->grid);
	text_done(&j->why);
	free(j->asked);
}

static const struct layer_ops journal_ops = {
	.covers = true, .where = journal_where, .draw = journal_draw, .key = journal_key, .click = journal_click,
	.sampled = journal_sampled, .free = journal_free,
};

void journal_page_open(struct app *a)
{
	static const char *const shown[] = { "when", "vm", "change", "state", "can" };
	struct journal_layer *j = xcalloc(1, sizeof(*j));
	const struct column *columns[ARRAY_SIZE(shown)];
	size_t i;

	j->layer.ops = &journal_ops;
	grid_init(&j->grid, TABLE_JOURNAL, NULL);
	j->grid.order.descending = true;
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		columns[i] = table_column(table_get(TABLE_JOURNAL), shown[i], NULL);
	if (a->asked[TABLE_JOURNAL].n)
		grid_ask(&j->grid, a->asked[TABLE_JOURNAL].columns, a->asked[TABLE_JOURNAL].n);
	else
		grid_ask(&j->grid, columns, ARRAY_SIZE(shown));
	app_push(a, &j->layer);
}

/* The changes' own page has one by its id; anywhere else it is the last one of the guest that is looked at. */
void undo_open(struct app *a, const char *id, const struct row *row)
{
	struct call call = { .verb = verb_find("undo") };
	auto_free char *line = id ? xasprintf("kvmtop --batch undo %s", id) : xasprintf("kvmtop --batch undo vm=%s", row->ref);
	size_t i;

	if (a->session->opts->read_only) {
		app_say(a, PAINT_WARN, "undo: changes are refused in read-only mode (leave out --read-only)");
		return;
	}
	for (i = 0; i < call.verb->n_args; i++)
		if (!strcmp(call.verb->args[i].name, id ? "ID" : "vm"))
			call.values[i] = xstrdup(id ? id : row->ref);
	change_open_alone(a, &call, line);
	call_done(&call);
}
