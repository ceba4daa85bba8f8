// SPDX-License-Identifier: GPL-3.0-or-later
/* What the last of some words may be: an option, the value of one, a verb, an argument of it. */
#include "completing.h"

#include <stdlib.h>
#include <string.h>

/* ---- options */

static const struct option_row *option_of_letter(char letter)
{
	const struct option_row *rows;
	size_t n, i;

	rows = options_table(&n);
	for (i = 0; i < n; i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

static const struct option_row *option_of_name(const char *name, size_t len)
{
	const struct option_row *rows;
	size_t n, i;

	rows = options_table(&n);
	for (i = 0; i < n; i++)
		if (strlen(rows[i].name) == len && !strncmp(rows[i].name, name, len))
			return &rows[i];
	return NULL;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/*
 * The option of a word that has a value, NULL: none has one. *value: where that begins in the word; NULL: it is the next
 * word. Of letters that stand together the last one may have one.
 */
static const struct option_row *option_with_value(const char *word, const char **value)
{
	const struct option_row *row;
	const char *at;

	*value = NULL;
	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		row = option_of_name(word + 2, len);
		*value = word[2 + len] ? word + 2 + len + 1 : NULL;
		return row && row->value ? row : NULL;
	}
	for (at = word + 1; *at; at++) {
		row = option_of_letter(*at);
		if (row && row->value) {
			*value = at[1] ? at + 1 : NULL;
			return row;
		}
	}
	return NULL;
}

/* The words before the last one: those that are no options; which option waits for its value. */
struct before {
	char **words;			/* borrowed ones, in a vec */
	size_t n;
	bool options;			/* there may be more of them */
	const struct option_row *awaits;
};

static struct before look_before(char *const *words, size_t n, bool options)
{
	struct before b = { .options = options };
	const char *value;
	size_t i;

	for (i = 0; i < n; i++) {
		if (b.awaits) {
			b.awaits = NULL;
		} else if (b.options && !strcmp(words[i], "--")) {
			b.options = false;
		} else if (b.options && is_option(words[i])) {
			b.awaits = option_with_value(words[i], &value);
			if (value)
				b.awaits = NULL;
		} else {
			*vec_push(b.words, b.n) = words[i];
		}
	}
	return b;
}

static void option_value(struct completing *c, const struct option_row *row)
{
	if (row->choices)
		complete_choices(c, row->choices);
	else if (row->complete != COMPLETE_BY_TYPE)
		complete_kind(c, row->complete);
}

/* "--out", "-o", "--output=js", "-ojs" */
static void complete_option(struct completing *c)
{
	const struct option_row *rows, *with;
	const char *value, *word = c->typed;
	auto_free char *prefix = NULL;
	size_t n, i;

	with = is_option(word) ? option_with_value(word, &value) : NULL;
	if (with && value) {
		prefix = xstrndup(word, (size_t)(value - word));
		c->prefix = prefix;
		c->typed = value;
		option_value(c, with);
		return;
	}
	rows = options_table(&n);
	for (i = 0; i < n; i++) {
		auto_free char *name = xasprintf("--%s", rows[i].name), *letter = xasprintf("-%c", rows[i].letter);

		if (rows[i].hidden || (c->session->opts->mode == MODE_PROMPT && !rows[i].in_line))
			continue;
		complete_add(c, name, rows[i].help);
		if (rows[i].letter && !strcmp(word, letter))
			complete_add(c, letter, rows[i].help);
	}
}

/* ---- verbs */

/* "add, remove, resize": what comes behind a first word. */
static void second_words(const char *first, size_t len, struct buf *out)
{
	size_t n, i;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++)
		if (!all[i]->hidden && !strncmp(all[i]->name, first, len) && all[i]->name[len] == ' ')
			buf_printf(out, "%s%s", out->len ? ", " : "", all[i]->name + len + 1);
}

/* first NULL: first words, each once; else what comes behind that one. */
static void add_verbs(struct completing *c, const char *first)
{
	size_t n, i, len = first ? strlen(first) : 0;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++) {
		const char *name = all[i]->name;

		if (all[i]->hidden)
			continue;
		if (first && !strncmp(name, first, len) && name[len] == ' ') {
			complete_add(c, name + len + 1, all[i]->summary);
		} else if (!first && strchr(name, ' ')) {
			auto_free char *word = xstrndup(name, strcspn(name, " "));
			auto_buf struct buf rest = {0};

			second_words(word, strlen(word), &rest);
			complete_add(c, word, rest.text);
		} else if (!first) {
			complete_add(c, name, all[i]->summary);
		}
	}
}

/* ---- arguments */

/* What the words before say, as far as they say anything: values are copies. *next: the positional that is to come. */
static void take_values(struct call *call, char *const *words, size_t n, size_t *next)
{
	const struct verb *v = call->verb;
	size_t i;

	for (i = 0; i < n; i++) {
		const char *value = words[i];
		int at = call_key(v, words[i], &value);

		if (at < 0 && *next < v->n_args && v->args[*next].positional)
			at = (int)(*next)++;
		if (at >= 0 && !call->values[at])
			call->values[at] = xstrdup(value);
	}
}

static void add_keys(struct completing *c)
{
	const struct call *call = c->so_far;
	const struct verb *v = call->verb;
	size_t i;

	for (i = 0; i < v->n_args; i++) {
		const struct arg *a = &v->args[i];
		auto_free char *key = xasprintf("%s=", a->name);
		size_t k;
		bool excluded = a->positional || call->values[i] || (a->instead && call_value(call, a->instead));

		for (k = 0; k < v->n_args; k++)
			excluded |= call->values[k] && v->args[k].instead && !strcmp(v->args[k].instead, a->name);
		if (!excluded)
			complete_add(c, key, a->help);
	}
}

static void complete_args(struct completing *c, const struct verb *v, char *const *words, size_t n)
{
	struct call call = { .verb = v };
	const char *value = c->typed;
	auto_free char *prefix = NULL;
	int key = call_key(v, c->typed, &value);
	size_t next = 0;

	take_values(&call, words, n, &next);
	c->so_far = &call;
	if (key >= 0) {
		prefix = xstrndup(c->typed, (size_t)(value - c->typed));
		c->prefix = prefix;
		c->typed = value;
		if (!call.values[key])
			complete_value(c, (size_t)key);
	} else if (v->n_args && v->args[0].type == ARG_VERB) {
		add_verbs(c, n ? words[0] : NULL);
	} else {
		bool positional = next < v->n_args && v->args[next].positional;

		if (positional)
			complete_value(c, next);
		/* behind one that is missing, a key would be fine and the next word would not */
		if (!positional || !v->args[next].required)
			add_keys(c);
	}
	call_done(&call);
}

static const struct verb *verb_of(const struct before *b, size_t *used)
{
	auto_free char *two = b->n > 1 ? xasprintf("%s %s", b->words[0], b->words[1]) : NULL;
	const struct verb *v = two ? verb_find(two) : NULL;

	*used = v ? 2 : 1;
	if (!v && b->n)
		v = verb_find(b->words[0]);
	return v && !v->hidden ? v : NULL;
}

static void complete_word(struct completing *c, const struct before *b, enum mode mode)
{
	const struct call none = {0};
	size_t used;
	const struct verb *v = verb_of(b, &used);

	c->so_far = &none;
	c->table = complete_table(v);
	if (b->awaits) {
		option_value(c, b->awaits);
	} else if (b->options && (c->typed[0] == '-' || (mode == MODE_SCREEN && !b->n))) {
		complete_option(c);
	} else if (!b->n) {
		add_verbs(c, NULL);
	} else {
		if (b->n == 1)
			add_verbs(c, b->words[0]);
		if (v && mode != MODE_HELP)
			complete_args(c, v, b->words + used, b->n - used);
	}
}

void complete_words(struct session *s, char *const *words, size_t n, bool options, unsigned deadline_ms,
		    struct completion *out)
{
	struct before b = look_before(words, n - 1, options);
	struct completing c = {
		.session = s, .prefix = "", .typed = words[n - 1], .out = out,
		.deadline_ns = clock_now_ns() + deadline_ms * NS_PER_MS,
	};

	*out = (struct completion){0};
	complete_word(&c, &b, options ? s->opts->mode : MODE_PROMPT);
	free(b.words);
}
