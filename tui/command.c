// SPDX-License-Identifier: GPL-3.0-or-later
/* A verb typed at the foot of the screen, about the guest that is selected unless another one is named. */
#include "app.h"
#include "aside.h"
#include "line.h"

#include <stdlib.h>
#include <string.h>

#define BY_HAND SIZE_MAX			/* where a guest is filled in that was said, or taken away, by hand */
#define SHOWN_MAX 8			/* candidates above the line */

struct command {
	struct layer layer;
	struct line line;
	struct err err;
	char *guest, *ref, *name;	/* the selected one: as it is typed, as it is meant; NULL: none */
	size_t filled;			/* where it was filled in; 0: it was not */
	struct aside *asked;		/* NULL: nothing is asked */
	bool runs;			/* what is asked is a look-up's output */
	struct completion shown;
	size_t back;			/* which of the lines before: 0, the one that is being typed */
	char *typed;			/* that one, meanwhile */
};

static unsigned command_where(const struct layer *layer)
{
	(void)layer;
	return IN_LINE | IN_COMMAND;
}

static void forget(struct command *k)
{
	completion_done(&k->shown);
	k->err = (struct err){0};
}

/* ---- the guest */

static bool is_guest(const struct app *a, const char *word)
{
	size_t n = a->snap ? snapshot_count(a->snap, TABLE_VMS) : 0, i;

	for (i = 0; i < n; i++)
		if (!strcmp(((const struct row *)snapshot_row(a->snap, TABLE_VMS, i))->vm, word))
			return true;
	return str_has_prefix(word, "pid:") || str_has_prefix(word, "name:") || str_has_prefix(word, "uuid:");
}

static bool begins_verbs(const char *first)
{
	size_t n, i, len = strlen(first);
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++)
		if (!all[i]->hidden && !strncmp(all[i]->name, first, len) && all[i]->name[len] == ' ')
			return true;
	return false;
}

/* The words of the line up to the cursor are a whole verb about a guest, and nothing more; the last one is "". */
static bool wants_guest(const struct line_words *w)
{
	auto_free char *two = w->n == 3 ? xasprintf("%s %s", w->words[0], w->words[1]) : NULL;
	const struct verb *v = two ? verb_find(two) : w->n == 2 ? verb_find(w->words[0]) : NULL;

	return v && !v->hidden && verb_has_guest(v) && !*w->words[w->n - 1] && (two || !begins_verbs(w->words[0]));
}

/* A blank was typed: behind the verb comes the guest, if it is not another one that comes. */
static void after_blank(struct command *k, const struct app *a)
{
	auto_free char *text = NULL;
	struct line_words w;
	size_t at = k->line.at;

	if (!k->guest || k->line.text[at])
		return;
	line_split(k->line.text, at, &w);
	if (!k->filled && wants_guest(&w)) {
		text = xasprintf("%s%s ", k->line.text, k->guest);
		k->filled = at;
		line_set(&k->line, text);
	} else if (k->filled && k->filled != BY_HAND && at > k->filled + strlen(k->guest) + 1 && w.n > 2 && is_guest(a, w.words[w.n - 2]) &&
		   !strncmp(k->line.text + k->filled, k->guest, strlen(k->guest))) {
		text = xasprintf("%.*s%s", (int)k->filled, k->line.text, k->line.text + k->filled + strlen(k->guest) + 1);
		line_set(&k->line, text);
		k->filled = BY_HAND;
	}
	line_words_done(&w);
}

/* ---- running */

static void remember(struct app *a, const char *line)
{
	if (a->n_commands && !strcmp(a->commands[a->n_commands - 1], line))
		return;
	*vec_push(a->commands, a->n_commands) = xstrdup(line);
}

/* The selected guest is meant by its name, even where another has that name by then; a page is of that guest where none is named. */
static void mean_selected(const struct command *k, struct call *call)
{
	char **vm = verb_has_guest(call->verb) ? &call->values[0] : NULL;

	if (!vm || !k->ref || (*vm ? strcmp(*vm, k->name) != 0 : keys_page(call->verb) != PAGE_GUEST))
		return;
	free(*vm);
	*vm = xstrdup(k->ref);
}

static const struct row *row_of(const struct app *a, const char *word)
{
	size_t n = a->snap ? snapshot_count(a->snap, TABLE_VMS) : 0, i;

	for (i = 0; i < n; i++) {
		const struct row *row = snapshot_row(a->snap, TABLE_VMS, i);

		if (!strcmp(row->vm, word) || !strcmp(row->ref, word))
			return row;
	}
	return NULL;
}

/* A look-up whose page there is. False: it has none. */
static bool open_page(struct app *a, const struct call *call)
{
	const struct verb *v = call->verb;
	const struct row *row = keys_page(v) == PAGE_GUEST && call->values[0] ? row_of(a, call->values[0]) : NULL;

	if (keys_page(v) == PAGE_HOST) {
		app_pop(a);
		host_open_pages(a);
		a->top->ops->key(a->top, a, keys_page_key(v));
		return true;
	}
	if (!row)
		return false;
	app_pop(a);
	guest_open(a, row, v);
	return true;
}

static void ask_output(struct command *k, struct app *a, const struct call *call)
{
	if (call->verb->run && verb_has_guest(call->verb)) {
		err_set(&k->err, -1, "%s may take long: it is for --batch and --prompt", call->verb->name);
		return;
	}
	k->asked = aside_run(a->session, call, a->draw.width > 1 ? (unsigned)a->draw.width : 80);
	k->runs = k->asked != NULL;
	if (!k->asked)
		thread_err(&k->err, call->verb->name);
}

static int parse(const struct command *k, struct call *call, struct err *err)
{
	char **words = NULL;
	size_t n = 0;
	int rc = words_parse(k->line.text, &words, &n, err);

	if (!rc)
		rc = call_parse(words, n, call, err);
	words_free(words, n);
	return rc;
}

static void accept(struct command *k, struct app *a)
{
	auto_free char *line = xasprintf("kvmtop --batch %s", k->line.text);
	struct call call;

	forget(k);
	if (!*k->line.text) {
		app_pop(a);
		return;
	}
	if (parse(k, &call, &k->err))
		return;
	remember(a, k->line.text);
	k->back = 0;
	mean_selected(k, &call);
	if (call.verb->build || call.verb->undoes)
		change_open(a, &call, line);
	else if (!open_page(a, &call))
		ask_output(k, a, &call);
	call_done(&call);
}

/* ---- what was asked */

static void show_output(struct command *k, struct app *a)
{
	auto_free char *title = xasprintf(": %s", k->line.text);
	struct aside *asked = take_ptr(k->asked);

	if (*aside_text(asked)) {
		app_pop(a);
		help_text(a, title, aside_text(asked));
	} else if (!a->message) {
		app_say(a, PAINT_PLAIN, "%s: there is nothing to show", k->line.text);
		app_pop(a);
	}
	aside_drop(asked, &a->asides);
}

static void take_candidates(struct command *k, struct app *a)
{
	const struct line_completion *l = aside_completion(k->asked);
	auto_free char *text = NULL;
	size_t i;

	if (l->text) {
		text = xasprintf("%.*s%s%s", (int)l->from, k->line.text, l->text, k->line.text + k->line.at);
		k->line.at = l->from + strlen(l->text);
		i = k->line.at;
		line_set(&k->line, text);
		k->line.at = i;
	} else {
		for (i = 0; i < l->candidates.n; i++)
			*vec_push(k->shown.list, k->shown.n) = (struct candidate){ xstrdup(l->candidates.list[i].text),
										   xstrdup(l->candidates.list[i].help) };
		k->shown.cut = l->candidates.cut;
		if (!l->candidates.n)
			err_set(&k->err, -1, "%s", l->candidates.note ? l->candidates.note : "nothing is known that could stand here");
	}
	aside_drop(take_ptr(k->asked), &a->asides);
	if (l->text && k->line.at && k->line.text[k->line.at - 1] == ' ')
		after_blank(k, a);
}

static int command_fd(const struct layer *layer)
{
	const struct command *k = (const struct command *)layer;

	return k->asked ? aside_fd(k->asked) : -1;
}

static void command_turn(struct layer *layer, struct app *a)
{
	struct command *k = (struct command *)layer;

	if (!k->asked || !aside_is_over(k->asked))
		return;
	if (k->runs)
		show_output(k, a);
	else
		take_candidates(k, a);
}

/* ---- keys */

static void recall(struct command *k, const struct app *a, int by)
{
	if ((by > 0 && k->back >= a->n_commands) || (by < 0 && !k->back))
		return;
	if (!k->back) {
		free(k->typed);
		k->typed = xstrdup(k->line.text);
	}
	k->back = by > 0 ? k->back + 1 : k->back - 1;
	line_set(&k->line, k->back ? a->commands[a->n_commands - k->back] : k->typed);
	forget(k);
}

static void edit(struct command *k, const struct app *a, int key)
{
	bool changed = false;

	if (!line_key(&k->line, key, &changed) || !changed)
		return;
	forget(k);
	k->back = 0;
	if (k->filled && k->filled != BY_HAND && strlen(k->line.text) < k->filled + strlen(k->guest))
		k->filled = BY_HAND;
	if (!*k->line.text)
		k->filled = 0;
	if (key == ' ')
		after_blank(k, a);
}

static void command_key(struct layer *layer, struct app *a, int key)
{
	struct command *k = (struct command *)layer;
	enum action action = key_is_text(key) ? ACT_NONE : keys_action(IN_LINE, key);

	if (action == ACT_QUIT) {
		a->leave = true;
	} else if (action == ACT_BACK) {
		app_pop(a);
	} else if (!k->runs) {
		aside_drop(take_ptr(k->asked), &a->asides);	/* of what was there before this key */
		k->runs = false;
		if (key == K_TAB) {
			forget(k);
			k->asked = aside_complete(a->session, k->line.text, k->line.at);
		} else if (action == ACT_ENTER) {
			accept(k, a);
		} else if (key == K_UP || key == K_DOWN) {
			recall(k, a, key == K_UP ? 1 : -1);
		} else {
			edit(k, a, key);
		}
	}
}

/* ---- drawing */

static void draw_candidates(const struct command *k, struct draw *d, int at, int height)
{
	int rows = height - 1 < SHOWN_MAX ? height - 1 : SHOWN_MAX, word = 0, i;
	int n = (int)k->shown.n < rows ? (int)k->shown.n : rows;

	for (i = 0; i < n; i++)
		if (draw_width(d, k->shown.list[i].text) > word)
			word = draw_width(d, k->shown.list[i].text);
	if (word > d->width / 2)
		word = d->width / 2;
	for (i = 0; i < n; i++) {
		const struct candidate *c = &k->shown.list[i];
		int y = at - n + i;

		draw_fill(d, y, PAINT_FIELD);
		draw_text(d, y, 1, word, PAINT_FIELD, c->text);
		draw_text(d, y, word + 3, d->width - word - 3, PAINT_FIELD, c->help ? c->help : "");
	}
	if (n && ((int)k->shown.n > n || k->shown.cut)) {
		auto_free char *more = xasprintf(" %zu%s more ", k->shown.n - (size_t)n, k->shown.cut ? "+" : "");

		draw_right(d, at - 1, d->width - 12, 12, PAINT_FIELD, more);
	}
}

static void command_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct command *k = (struct command *)layer;
	struct draw *d = &a->draw;
	int at = y + height - 1;

	if (height < 1)
		return;
	draw_fill(d, at, PAINT_PLAIN);
	draw_text(d, at, 0, 2, PAINT_STRONG, ": ");
	line_draw(&k->line, d, at, 2, d->width - 2, PAINT_FIELD_ON, true);
	draw_candidates(k, d, at, height);
	if (height < 2 || k->shown.n)
		return;
	if (k->err.code)
		draw_text(d, at - 1, 0, d->width, PAINT_BAD, k->err.text);
	else if (k->asked)
		draw_text(d, at - 1, 0, d->width, PAINT_STRONG, k->runs ? "looking .. (Esc leaves it)" : "completing ..");
}

static void command_free(struct layer *layer, struct app *a)
{
	struct command *k = (struct command *)layer;

	aside_drop(k->asked, &a->asides);
	line_done(&k->line);
	completion_done(&k->shown);
	free(k->guest);
	free(k->ref);
	free(k->name);
	free(k->typed);
}

static const struct layer_ops command_ops = {
	.where = command_where, .draw = command_draw, .key = command_key, .fd = command_fd, .turn = command_turn,
	.free = command_free,
};

void command_open(struct app *a, const struct row *row)
{
	struct command *k = xcalloc(1, sizeof(*k));
	auto_buf struct buf word = {0};

	k->layer.ops = &command_ops;
	line_set(&k->line, "");
	if (row) {
		k->ref = xstrdup(row->ref);
		k->name = xstrdup(str_is_clean(row->vm) && *row->vm && row->vm[0] != '#' && !strchr(row->vm, '=') ? row->vm : row->ref);
		word_escape(k->name, 0, &word);
		k->guest = buf_take(&word);
	}
	free(take_ptr(a->message));
	app_push(a, &k->layer);
}
