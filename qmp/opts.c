// SPDX-License-Identifier: GPL-3.0-or-later
/* QEMU's option strings: "word,key=value,flag,key=a,,b", or the same thing as JSON. */
#include "cmdline.h"
#include "opts.h"

#include <stdlib.h>
#include <string.h>

/* Up to the comma that ends it; ",," stands for one. Returns what follows the comma, or the end. */
static const char *value_end(const char *s, struct buf *out)
{
	for (;;) {
		size_t n = strcspn(s, ",");

		if (out)
			buf_add(out, s, n);
		s += n;
		if (s[0] != ',' || s[1] != ',')
			break;
		if (out)
			buf_puts(out, ",");
		s += 2;
	}
	return *s ? s + 1 : s;
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && !strncmp(s, word, len);
}

/* As QEMU's opts_parse: the last one counts, a later bare word is a flag, "noKEY" switches off. */
static char *get_plain(const char *opts, const char *implied, const char *key)
{
	auto_buf struct buf value = {0};
	const char *at = opts;
	bool found = false;

	while (*at) {
		size_t len = strcspn(at, "=,");
		bool first = at == opts, bare = at[len] != '=';
		bool named = !bare && is_word(at, len, key);

		named |= bare && first && implied && !strcmp(implied, key);
		if (named) {
			found = true;
			buf_reset(&value);
			at = value_end(bare ? at : at + len + 1, &value);
			continue;
		}
		if (bare && !(first && implied)) {
			bool off = len > 2 && str_has_prefix(at, "no") &&
				   is_word(at + 2, len - 2, key);

			if (off || is_word(at, len, key)) {
				found = true;
				buf_reset(&value);
				buf_puts(&value, off ? "off" : "on");
			}
		}
		at = value_end(bare ? at : at + len + 1, NULL);
	}
	return found ? buf_take(&value) : NULL;
}

static char *scalar_text(struct json_object *v)
{
	if (json_object_is_type(v, json_type_boolean))
		return xstrdup(json_object_get_boolean(v) ? "on" : "off");
	if (json_object_is_type(v, json_type_string) || json_object_is_type(v, json_type_int))
		return xstrdup(json_object_get_string(v));
	return NULL;
}

/* "addr.path" is the member path of the member addr. */
static char *get_json(struct json_object *root, const char *key)
{
	struct json_object *at;

	for (at = root; at; ) {
		size_t len = strcspn(key, ".");
		auto_free char *part = xstrndup(key, len);

		at = json_member(at, part);
		if (!key[len])
			return scalar_text(at);
		key += len + 1;
	}
	return NULL;
}

bool qmp_opts_is_json(const char *text)
{
	return *text == '{';
}

void qmp_opts_read(struct qmp_opts *o, const char *text, const char *implied)
{
	*o = (struct qmp_opts){ .text = text, .implied = implied };
	if (qmp_opts_is_json(text) && json_parse(text, strlen(text), &o->json, NULL))
		o->json = NULL;
}

void qmp_opts_done(struct qmp_opts *o)
{
	json_object_put(take_ptr(o->json));
}

char *qmp_opts_get(const struct qmp_opts *o, const char *key)
{
	return qmp_opts_is_json(o->text) ? get_json(o->json, key) : get_plain(o->text, o->implied, key);
}

char *qmp_opt_get(const char *opts, const char *implied, const char *key)
{
	auto_opts struct qmp_opts o = {0};

	qmp_opts_read(&o, opts, implied);
	return qmp_opts_get(&o, key);
}

bool qmp_opt_is_on(const char *value, bool otherwise)
{
	if (!value)
		return otherwise;
	return !strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "true") || !strcmp(value, "y");
}
