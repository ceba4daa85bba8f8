// SPDX-License-Identifier: GPL-3.0-or-later
/* The arguments of a changing verb, as fields. What they say goes through the parser of batch. */
#include "app.h"
#include "line.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct field {
	const struct arg *arg;
	struct line line;		/* of a choice: the one that is on, "" for none */
	char *ref, *ref_text;		/* ref is meant as long as the text is this; NULL: the text is */
};

struct form {
	struct layer layer;
	const struct verb *verb;
	struct field fields[VERB_ARGS_MAX];
	size_t n, at, top;
	struct err err;
};

static const char *value_of(const struct field *f)
{
	return f->ref && !strcmp(f->line.text, f->ref_text) ? f->ref : f->line.text;
}

/* ---- words */

/* For a shell, and the same for a script: in '..' but for what needs none. */
static void quote(struct buf *out, const char *word)
{
	const char *p;

	if (*word && strspn(word, LETTERS "0123456789_-.,/:=@%+") == strlen(word)) {
		buf_puts(out, word);
		return;
	}
	buf_puts(out, "'");
	for (p = word; *p; p++)
		buf_add(out, *p == '\'' ? "'\\''" : p, *p == '\'' ? 4 : 1);
	buf_puts(out, "'");
}

/* The fields in words, as batch wants them. shown: for people, who know the guest by its name. */
static char **words_of(const struct form *f, bool shown, size_t *n)
{
	char **words = NULL;
	const char *name = f->verb->name;
	bool gap = false;
	size_t i;

	*n = 0;
	while (*name) {
		size_t len = strcspn(name, " ");

		*vec_push(words, *n) = xstrndup(name, len);
		name += len + (name[len] == ' ');
	}
	for (i = 0; i < f->n; i++) {
		const struct field *field = &f->fields[i];
		const char *value = shown ? field->line.text : value_of(field);

		/* behind a positional that is missing, another would be taken for it */
		if (!*value || (field->arg->positional && gap)) {
			gap |= field->arg->positional;
			continue;
		}
		*vec_push(words, *n) = field->arg->positional ? xstrdup(value) :
				       xasprintf("%s=%s", field->arg->name, value);
	}
	return words;
}

static char *batch_line(const struct form *f)
{
	struct buf line = {0};
	size_t n, i;
	char **words = words_of(f, true, &n);

	buf_puts(&line, "kvmtop --batch");
	for (i = 0; i < n; i++) {
		buf_puts(&line, " ");
		quote(&line, words[i]);
	}
	words_free(words, n);
	return buf_take(&line);
}

/* ---- fields */

static bool is_choice(const struct field *f)
{
	return f->arg->type == ARG_CHOICE;
}

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

static void draw_field(const struct form *f, struct draw *d, int y, size_t i, int label)
{
	const struct field *field = &f->fields[i];
	bool on = i == f->at;
	int x = label + 4, width = d->width - x - 1;

	if (x + 8 > d->width) {		/* no room for labels: the values */
		x = 0;
		width = d->width;
	} else {
		draw_text(d, y, 1, label, on ? PAINT_STRONG : PAINT_PLAIN, field->arg->name);
		draw_text(d, y, label + 2, 1, PAINT_WARN, field->arg->required ? "*" : "");
	}
	if (!is_choice(field)) {
		line_draw(&field->line, d, y, x, width, on ? PAINT_FIELD_ON : PAINT_FIELD, on);
		return;
	}
	draw_printf(d, y, x, 16, on ? PAINT_FIELD_ON : PAINT_FIELD, "< %s >",
		    *field->line.text ? field->line.text : "-");
	draw_text(d, y, x + 17, width - 17, PAINT_PLAIN, field->arg->choices);
	if (on) {
		d->cursor_y = y;
		d->cursor_x = x;
	}
}

static void draw_foot(const struct form *f, struct draw *d, int y, int height)
{
	struct text text = {0};
	auto_free char *line = batch_line(f);
	const struct arg *arg = f->fields[f->at].arg;

	if (f->err.code)
		text_add(&text, PAINT_BAD, 1, 1, "%s", f->err.text);
	else
		text_add(&text, PAINT_PLAIN, 1, 1, "%s: %s%s", arg->name, arg->help,
			 arg->required ? "" : " (optional)");
	text_add(&text, PAINT_STRONG, 0, 0, "%s", line);
	text_draw(&text, d, y, height);
	text_done(&text);
}

static void form_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct form *f = (struct form *)layer;
	struct draw *d = &a->draw;
	int label = 0, foot = height >= 12 ? 5 : height >= 7 ? 3 : 0, rows = height - foot - 1;
	size_t i;

	for (i = 0; i < f->n; i++)
		if ((int)strlen(f->fields[i].arg->name) > label)
			label = (int)strlen(f->fields[i].arg->name);
	if (f->at < f->top)
		f->top = f->at;
	if (rows > 0 && f->at >= f->top + (size_t)rows)
		f->top = f->at - (size_t)rows + 1;
	draw_printf(d, y, 0, d->width, PAINT_HEAD, " %s   %s   * is needed", f->verb->name, f->verb->summary);
	for (i = 0; (int)i < rows && f->top + i < f->n; i++)
		draw_field(f, d, y + 1 + (int)i, f->top + i, label);
	if (foot)
		draw_foot(f, d, y + height - foot, foot);
	else if (f->err.code && height > 1)
		draw_text(d, y + height - 1, 0, d->width, PAINT_BAD, f->err.text);
}

static void submit(struct form *f, struct app *a)
{
	size_t n;
	char **words = words_of(f, false, &n);
	auto_free char *line = batch_line(f);
	struct call call;

	f->err = (struct err){0};
	if (!call_parse(words, n, &call, &f->err)) {
		change_open(a, &call, line);
		call_done(&call);
	}
	words_free(words, n);
}

static void field_key(struct form *f, enum action action, int key)
{
	struct field *field = &f->fields[f->at];
	bool changed = false;

	if (is_choice(field)) {
		if (action == ACT_RIGHT || key == ' ')
			cycle(field, 1);
		else if (action == ACT_LEFT)
			cycle(field, -1);
		else if (key_is_text(key))
			choose_letter(field, key);
		else if (key == K_BACKSPACE || key == K_DELETE || action == ACT_CLEAR)
			line_set(&field->line, "");
		else
			return;
		changed = true;
	} else {
		line_key(&field->line, key, &changed);
	}
	if (changed)
		f->err = (struct err){0};
}

static void form_key(struct layer *layer, struct app *a, int key)
{
	struct form *f = (struct form *)layer;
	enum action action = key_is_text(key) ? ACT_NONE : keys_action(IN_FORM, key);

	switch ((int)action) {
	case ACT_BACK: app_pop(a); break;
	case ACT_QUIT: a->leave = true; break;
	case ACT_HELP: help_verb(a, f->verb); break;
	case ACT_ENTER: submit(f, a); break;
	case ACT_NEXT: f->at = (f->at + 1) % f->n; break;
	case ACT_PREVIOUS: f->at = (f->at + f->n - 1) % f->n; break;
	default: field_key(f, action, key);
	}
}

static void form_free(struct layer *layer, struct app *a)
{
	struct form *f = (struct form *)layer;
	size_t i;

	(void)a;
	for (i = 0; i < f->n; i++) {
		line_done(&f->fields[i].line);
		free(f->fields[i].ref);
		free(f->fields[i].ref_text);
	}
}

static const struct layer_ops form_ops = {
	.covers = true, .where = form_where, .draw = form_draw, .key = form_key, .free = form_free,
};

void form_open(struct app *a, const struct verb *v, const struct row *row)
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
	for (i = 0; i < f->n; i++) {
		f->fields[i].arg = &v->args[i];
		line_set(&f->fields[i].line, "");
		if (v->args[i].type == ARG_VM && row && !f->at) {
			prefill(&f->fields[i], a, row);
			f->at = i + 1 < f->n ? i + 1 : i;
		}
	}
	app_push(a, &f->layer);
}
