// SPDX-License-Identifier: GPL-3.0-or-later
/* Words into a verb with its arguments. */
#include "cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void call_done(struct call *c)
{
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX; i++)
		free(c->values[i]);
	*c = (struct call){0};
}

void call_copy(struct call *to, const struct call *from)
{
	size_t i;

	*to = (struct call){ .verb = from->verb, .line = from->line, .seed = from->seed };
	for (i = 0; i < VERB_ARGS_MAX; i++)
		to->values[i] = xstrdup(from->values[i]);
}

const char *call_value(const struct call *c, const char *arg)
{
	size_t i;

	for (i = 0; i < c->verb->n_args; i++)
		if (!strcmp(c->verb->args[i].name, arg))
			return c->values[i];
	return NULL;
}

static const struct verb *find(char *const *words, size_t n, size_t *used)
{
	auto_free char *two = n > 1 ? xasprintf("%s %s", words[0], words[1]) : NULL;
	const struct verb *v = two ? verb_find(two) : NULL;

	*used = v ? 2 : 1;
	return v ? v : verb_find(words[0]);
}

static int no_verb(char *const *words, size_t n, struct err *err)
{
	auto_free char *two = n > 1 ? xasprintf("%s %s", words[0], words[1]) : NULL;
	auto_buf struct buf group = {0};
	struct str_near near = { .word = words[0] }, near_two = { .word = two ? two : "" };
	size_t count, i;
	const struct verb *const *all = verbs(&count);

	for (i = 0; i < count; i++) {
		size_t len = strlen(words[0]);

		if (all[i]->hidden)
			continue;
		if (!strncmp(all[i]->name, words[0], len) && all[i]->name[len] == ' ')
			buf_printf(&group, "%s%s", group.len ? ", " : "", all[i]->name);
		str_near_try(&near, all[i]->name);
		str_near_try(&near_two, all[i]->name);
	}
	if (near_two.best)
		return err_set(err, -EINVAL, "no verb '%s', did you mean '%s'?", two, near_two.best);
	if (group.len)
		return err_set(err, -EINVAL, "no verb '%s': there are %s", two ? two : words[0], group.text);
	if (near.best)
		return err_set(err, -EINVAL, "no verb '%s', did you mean '%s'?", words[0], near.best);
	return err_set(err, -EINVAL, "no verb '%s' (see: kvmtop --batch help)", words[0]);
}

static bool same_size(const char *a, const char *b)
{
	uint64_t x, y;

	return !units_size_parse(a, &x) && !units_size_parse(b, &y) && x == y;
}

/* The choice that a word is, which of sizes may be written in another way; yours, NULL: none. */
static char *choice_of(const char *choices, const char *word)
{
	const char *at = choices;

	while (at) {
		auto_free char *one = xstrndup(at, strcspn(at, "|"));

		if (!strcmp(one, word) || same_size(one, word))
			return take_ptr(one);
		at = strchr(at, '|');
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

/* A path is meant from where the user stands; the QEMU process stands elsewhere. */
static char *absolute(const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return xstrdup(path);
	return xasprintf("%s/%s", cwd, str_has_prefix(path, "./") ? path + 2 : path);
}

static int take_value(const struct arg *a, const char *word, char **value, struct err *err)
{
	struct str_near near = { .word = word };
	auto_free char *choice = a->type == ARG_CHOICE ? choice_of(a->choices, word) : NULL;
	uint64_t n;
	enum table_id t;

	if (*value)
		return err_set(err, -EINVAL, "%s is given twice", a->name);
	if (!*word)
		return err_set(err, -EINVAL, "%s is empty", a->name);
	if (a->type == ARG_CHOICE && !choice)
		return err_set(err, -EINVAL, "%s=%s: one of %s is expected", a->name, word, a->choices);
	if (a->type == ARG_SIZE && units_size_parse(word, &n))
		return err_set(err, -EINVAL, "%s=%s: a size is expected, such as 512M, 4G or 1.5GiB", a->name, word);
	if (a->type == ARG_UINT && units_uint_parse(word, &n))
		return err_set(err, -EINVAL, "%s=%s: a whole number is expected", a->name, word);
	if (a->type == ARG_TABLE && table_find(word) == TABLE_COUNT) {
		for (t = 0; t < TABLE_COUNT; t++)
			str_near_try(&near, table_get(t)->name);
		return err_set(err, -EINVAL, "no table '%s'%s%s%s", word, near.best ? ", did you mean '" : " (see: kvmtop --batch help)",
			       near.best ? near.best : "", near.best ? "'?" : "");
	}
	*value = choice ? take_ptr(choice) : a->type == ARG_FILE ? absolute(word) : xstrdup(word);
	return 0;
}

int call_key(const struct verb *v, const char *word, const char **value)
{
	size_t len = strcspn(word, "="), i;

	if (!word[len])
		return -1;
	for (i = 0; i < v->n_args; i++) {
		if (!v->args[i].positional && strlen(v->args[i].name) == len && !strncmp(v->args[i].name, word, len)) {
			*value = word + len + 1;
			return (int)i;
		}
	}
	return -1;
}

static int no_key(const struct verb *v, const char *word, struct err *err)
{
	auto_free char *key = xstrndup(word, strcspn(word, "="));
	struct str_near near = { .word = key };
	size_t i;

	for (i = 0; i < v->n_args; i++)
		if (!v->args[i].positional)
			str_near_try(&near, v->args[i].name);
	if (near.best)
		return err_set(err, -EINVAL, "%s: no argument '%s', did you mean '%s='?", v->name, word, near.best);
	return err_set(err, -EINVAL, "%s: no argument '%s' (see: kvmtop --batch help %s)", v->name, word, v->name);
}

static bool is_missing(const struct call *c, const struct arg *a, const char *value)
{
	return a->required && !a->left_to_build && !value && !(a->instead && call_value(c, a->instead));
}

static int take_args(struct call *c, char *const *words, size_t n, struct err *err)
{
	const struct verb *v = c->verb;
	size_t next = 0, i;
	int rc = 0;

	for (i = 0; i < n && !rc; i++) {
		const char *value = words[i];
		int at = call_key(v, words[i], &value);

		if (at < 0 && next < v->n_args && v->args[next].positional)
			at = (int)next++;
		rc = at < 0 ? no_key(v, words[i], err) : take_value(&v->args[at], value, &c->values[at], err);
	}
	for (i = 0; i < v->n_args && !rc; i++)
		if (is_missing(c, &v->args[i], c->values[i]))
			rc = err_set(err, -EINVAL, "%s: %s%s is missing: %s (see: kvmtop --batch help %s)", v->name,
				     v->args[i].name, v->args[i].positional ? "" : "=", v->args[i].help, v->name);
	return rc;
}

/* `help disk add`: a verb's name may be two words, and is one argument */
static bool joins_words(const struct verb *v)
{
	return v->n_args == 1 && v->args[0].type == ARG_VERB;
}

int call_parse(char *const *words, size_t n, struct call *out, struct err *err)
{
	auto_free char *joined = NULL;
	struct call c = {0};
	size_t used;
	int rc;

	if (!n)
		return err_set(err, -EINVAL, "a verb is missing (see: kvmtop --batch help)");
	c.verb = find(words, n, &used);
	if (!c.verb)
		return no_verb(words, n, err);
	words += used;
	n -= used;
	if (joins_words(c.verb) && n == 2) {
		joined = xasprintf("%s %s", words[0], words[1]);
		words = &joined;
		n = 1;
	}
	rc = take_args(&c, words, n, err);
	if (rc) {
		call_done(&c);
		return rc;
	}
	*out = c;
	return 0;
}
