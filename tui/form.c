// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The arguments of a changing verb, as fields: what is needed on top, the rest folded. What they say goes through the
 * parser of batch; what is wrong stands beside its field.
 */
#include "aside.h"
#include "batch_line.h"
#include "form_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

size_t form_shown(const struct form *f)
{
	return f->open || f->n_front == f->n ? f->n : f->n_front + 1;
}

/* The field with the cursor; NULL: it is on the line for the rest. */
struct field *form_field(struct form *f)
{
	return f->open || f->at < f->n_front ? &f->fields[f->order[f->at]] : NULL;
}

static bool is_front(const struct arg *arg)
{
	return arg->required || arg->positional || arg->front;
}

static void order_fields(struct form *f)
{
	size_t n = 0, i;

	for (i = 0; i < f->n; i++)
		if (is_front(f->fields[i].arg))
			f->order[n++] = i;
	f->n_front = n;
	for (i = 0; i < f->n; i++)
		if (!is_front(f->fields[i].arg))
			f->order[n++] = i;
}

static void go_to(struct form *f, size_t field)
{
	size_t i;

	for (i = 0; i < f->n && f->order[i] != field; i++)
		;
	if (i >= f->n_front)
		f->open = true;
	f->at = i < f->n ? i : 0;
}

/* ---- values */

const char *field_value(const struct field *f)
{
	return f->ref && !strcmp(f->line.text, f->ref_text) ? f->ref : f->line.text;
}

/* shown: for people, who know the guest by its name */
static char **words_of(const struct form *f, bool shown, size_t *n)
{
	const char *values[VERB_ARGS_MAX] = {0};
	size_t i;

	for (i = 0; i < f->n; i++)
		values[i] = shown ? f->fields[i].line.text : field_value(&f->fields[i]);
	return batch_words(f->verb, values, n);
}

char *form_line(const struct form *f)
{
	size_t n;
	char **words = words_of(f, true, &n), *line = batch_line(words, n);

	words_free(words, n);
	return line;
}

/* The field an error is about gets the cursor. */
static void blame(struct form *f)
{
	const char *values[VERB_ARGS_MAX] = {0};
	size_t i;

	for (i = 0; i < f->n; i++)
		values[i] = f->fields[i].line.text;
	f->blamed = batch_blamed(f->verb, values, f->err.text);
	if (f->blamed >= 0)
		go_to(f, (size_t)f->blamed);
}

void form_changed(struct form *f)
{
	f->err = (struct err){0};
	f->blamed = -1;
}

/* ---- fields */
/* The next of "a|b|c", or the one before; beyond the ends is none, unless it must be one. */
static void cycle(struct field *f, int step)
{
	char *list[32];
	auto_free char *copy = xstrdup(f->arg->choices);
	char *rest = copy, *word;
	size_t n = 0, i, at;

	list[n++] = (char[]){ "" };
	while (n < ARRAY_SIZE(list) && (word = strsep(&rest, "|")))
		list[n++] = word;
	at = 0;
	for (i = 1; i < n; i++)
		if (!strcmp(list[i], f->line.text))
			at = i;
	at = (at + n + (size_t)step) % n;
	if (!at && f->arg->required)
		at = step > 0 ? 1 : n - 1;
	line_set(&f->line, list[at]);
}

/* The choice that begins with a letter that was typed. */
static void choose_letter(struct field *f, int key)
{
	const char *at = f->arg->choices;

	for (; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
		if (tolower((unsigned char)*at) == key) {
			auto_free char *word = xstrndup(at, strcspn(at, "|"));

			line_set(&f->line, word);
			return;
		}
	}
}

/*
 * The guest of the row: its ref is what is meant, so that another one of that name is never taken for it. It is shown
 * by name where the name is enough to find it and harmless to paste.
 */
static void prefill(struct field *f, const struct app *a, const struct row *row)
{
	size_t n = a->snap ? snapshot_count(a->snap, TABLE_VMS) : 0, same = 0, i;
	bool plain = row->vm && isalnum((unsigned char)row->vm[0]) &&
		     strspn(row->vm, LETTERS "0123456789_-.") == strlen(row->vm);

	for (i = 0; i < n && plain; i++)
		same += !strcmp(((const struct row *)snapshot_row(a->snap, TABLE_VMS, i))->vm, row->vm);
	line_set(&f->line, plain && same <= 1 ? row->vm : row->ref);
	f->ref = xstrdup(row->ref);
	f->ref_text = xstrdup(f->line.text);
}

/* ---- the layer */

static unsigned form_where(const struct layer *layer)
{
	(void)layer;
	return IN_FORM;
}

static void submit(struct form *f, struct app *a)
{
	size_t n;
	char **words = words_of(f, false, &n);
	auto_free char *line = form_line(f);
	struct call call;

	form_changed(f);
	if (call_parse(words, n, &call, &f->err)) {
		blame(f);
	} else {
		change_open(a, &call, line);
		call_done(&call);
	}
	words_free(words, n);
}

static void take_word(struct layer *layer, struct app *a, const char *word)
{
	struct form *f = (struct form *)layer;
	struct field *field = form_field(f);

	(void)a;
	line_set(&field->line, word);
	form_changed(f);
	f->at = (f->at + 1) % form_shown(f);
}

static void choice_key(struct form *f, struct app *a, struct field *field, enum action action, int key)
{
	if (key == ' ') {
		menu_choice(a, field->arg->name, field->arg->choices, field->line.text, take_word);
		return;
	}
	if (action == ACT_RIGHT)
		cycle(field, 1);
	else if (action == ACT_LEFT)
		cycle(field, -1);
	else if (key_is_text(key))
		choose_letter(field, key);
	else if (key == K_BACKSPACE || key == K_DELETE || action == ACT_CLEAR)
		line_set(&field->line, "");
	else
		return;
	form_changed(f);
}

static void field_key(struct form *f, struct app *a, enum action action, int key)
{
	struct field *field = form_field(f);
	bool is_changed = false;

	if (!field) {
		f->open = key == ' ' || action == ACT_RIGHT;
	} else if (field_is_choice(field)) {
		choice_key(f, a, field, action, key);
	} else {
		line_key(&field->line, key, &is_changed);
		if (is_changed)
			form_changed(f);
	}
}

/* "/img/new.raw+": it is to be made, and the argument that says so is the next to be asked for. */
static bool take_plus(struct form *f)
{
	struct field *field = form_field(f);
	size_t len = field ? strlen(field->line.text) : 0, i;
	auto_free char *path = NULL;

	if (len < 2 || !field->arg->made_by || field->line.text[len - 1] != '+')
		return false;
	for (i = 0; i < f->n && strcmp(f->fields[i].arg->name, field->arg->made_by); i++)
		;
	if (i == f->n)
		return false;
	path = xstrndup(field->line.text, len - 1);
	line_set(&field->line, path);
	form_changed(f);
	go_to(f, i);
	return true;
}

static void step(struct form *f, size_t by)
{
	if (!take_plus(f))
		f->at = (f->at + by) % form_shown(f);
}

static void enter(struct form *f, struct app *a)
{
	struct field *field = form_field(f);

	if (take_plus(f))
		return;
	if (!field)
		f->open = true;
	else if (field_is_choice(field) && field->arg->required && !*field->line.text)
		choice_key(f, a, field, ACT_NONE, ' ');
	else
		submit(f, a);
}

static void copy(const struct form *f, struct app *a)
{
	auto_free char *line = form_line(f);

	app_copy(a, line);
}

static void form_key(struct layer *layer, struct app *a, int key)
{
	struct form *f = (struct form *)layer;
	enum action action = key_is_text(key) ? ACT_NONE : keys_action(IN_FORM, key);

	if (f->offers && form_offers_key(f, a, action, key))
		return;
	switch ((int)action) {
	case ACT_BACK: app_pop(a); break;
	case ACT_QUIT: a->leave = true; break;
	case ACT_HELP: help_verb(a, f->verb); break;
	case ACT_COPY: copy(f, a); break;
	case ACT_ENTER: enter(f, a); break;
	case ACT_NEXT: step(f, 1); break;
	case ACT_PREVIOUS: step(f, form_shown(f) - 1); break;
	case ACT_COMPLETE:
		if (!take_plus(f))
			form_tab(f, a);
		break;
	default: field_key(f, a, action, key);
	}
}

static void form_turn(struct layer *layer, struct app *a)
{
	struct form *f = (struct form *)layer;

	if (f->offers && !f->taken && form_values(f)) {
		form_type_ahead(f, a);
		return;
	}
	if (!f->at_once)
		return;
	f->at_once = false;
	submit(f, a);
}

static int form_fd(const struct layer *layer)
{
	const struct form *f = (const struct form *)layer;

	return f->offers && !f->taken ? aside_fd(f->offers) : -1;
}

static void form_free(struct layer *layer, struct app *a)
{
	struct form *f = (struct form *)layer;
	size_t i;

	form_forget_offers(f, a);
	for (i = 0; i < f->n; i++) {
		line_done(&f->fields[i].line);
		free(f->fields[i].ref);
		free(f->fields[i].ref_text);
	}
}

static const struct layer_ops form_ops = {
	.covers = true, .where = form_where, .draw = form_draw, .key = form_key, .turn = form_turn, .fd = form_fd,
	.free = form_free,
};

bool form_take_error(struct layer *l, const struct err *err)
{
	struct form *f = (struct form *)l;

	if (!l || l->ops != &form_ops)
		return false;
	f->err = *err;
	blame(f);
	return true;
}

/* The first field that is needed and empty. False: all are filled in. */
static bool go_to_missing(struct form *f)
{
	size_t i;

	for (i = 0; i < f->n_front; i++) {
		const struct field *field = &f->fields[f->order[i]];

		if (field->arg->required && !*field->line.text) {
			f->at = i;
			return true;
		}
	}
	return false;
}

void form_open(struct app *a, const struct verb *v, const struct row *row, char *const values[VERB_ARGS_MAX], bool at_once)
{
	struct form *f;
	size_t i;

	if (a->session->opts->read_only) {
		app_say(a, PAINT_WARN, "%s: changes are refused in read-only mode (leave out --read-only)", v->name);
		return;
	}
	if ((!v->build && !v->undoes) || !v->n_args)
		return;
	f = xcalloc(1, sizeof(*f));
	f->layer.ops = &form_ops;
	f->verb = v;
	f->n = v->n_args;
	f->blamed = -1;
	for (i = 0; i < f->n; i++) {
		f->fields[i].arg = &v->args[i];
		line_set(&f->fields[i].line, values ? values[i] : "");
		if (v->args[i].type == ARG_VM && row)
			prefill(&f->fields[i], a, row);
	}
	order_fields(f);
	f->at = f->n_front > 1 && row ? 1 : 0;
	f->at_once = !go_to_missing(f) && at_once;
	app_push(a, &f->layer);
}
