// SPDX-License-Identifier: GPL-3.0-or-later
/* The one place where json-c's parser is used. */
#include "base.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

/* QEMU nests block nodes one level per backing file; json-c's own limit of 32 is soon reached. */
#define JSON_DEPTH 1024

/*
 * What json-c 0.16 allocates, rounded up: an object begins with a table of 16 entries, an array with room for 32; a member
 * is a value, a key, and up to three entries of a table that has just grown. A string is in the tokener and in its value.
 */
#define COST_OBJECT 900
#define COST_ARRAY 400
#define COST_VALUE 160
#define COST_BYTE 3

/* What is behind the end of a document is counted again as the next one's: short, where lines are not. */
#define PIECE 1024

struct json_stream {
	struct json_tokener *tok;
	struct json_limits limits;
	struct budget *budget;		/* borrowed; NULL: none */
	size_t have, values, cost;	/* of the document under way */
	size_t paid;			/* out of the budget, for the document under way */
	bool large;			/* there was one that had to pay */
	size_t last;			/* bytes of the one before */
};

/* What a document takes of a budget, until it is freed. */
struct charge {
	struct budget *budget;
	size_t bytes;
};

static struct json_tokener *tokener_new(void)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH);

	if (!tok)
		abort();
	return tok;
}

struct json_stream *json_stream_new(size_t max_bytes)
{
	struct json_stream *s = xcalloc(1, sizeof(*s));

	s->tok = tokener_new();
	s->limits = (struct json_limits){ .bytes = max_bytes, .values = SIZE_MAX, .cost = SIZE_MAX };
	return s;
}

void json_stream_bound(struct json_stream *s, const struct json_limits *limits, struct budget *budget)
{
	s->limits = *limits;
	if (!s->paid)
		s->budget = budget;
}

static void refund(struct json_stream *s)
{
	if (s->paid)
		budget_give(s->budget, s->paid);
	s->paid = 0;
}

void json_stream_free(struct json_stream *s)
{
	if (!s)
		return;
	json_tokener_free(s->tok);
	refund(s);
#ifdef __GLIBC__
	if (s->large)		/* small blocks are not given back by themselves */
		malloc_trim(0);
#endif
	free(s);
}

bool json_stream_is_large(const struct json_stream *s)
{
	return s->paid;
}

size_t json_stream_last(const struct json_stream *s)
{
	return s->last;
}

static void charge_end(struct json_object *obj, void *arg)
{
	struct charge *c = arg;

	(void)obj;
	if (c->bytes)
		budget_give(c->budget, c->bytes);
	free(c);
}

/* Doubles have a use of their own for what is kept beside a value; they are small. */
static bool can_carry(struct json_object *obj)
{
	return json_object_is_type(obj, json_type_object) || json_object_is_type(obj, json_type_array) ||
	       json_object_is_type(obj, json_type_string);
}

static void carry(struct json_object *obj, struct budget *budget, size_t bytes)
{
	struct charge *c = xcalloc(1, sizeof(*c));

	*c = (struct charge){ .budget = budget, .bytes = bytes };
	json_object_set_userdata(obj, c, charge_end);
}

struct json_object *json_take(struct json_object *doc, const char *key)
{
	struct json_object *member = json_object_get(json_member(doc, key));
	struct charge *c = can_carry(doc) ? json_object_get_userdata(doc) : NULL;

	if (c && can_carry(member)) {
		carry(member, c->budget, c->bytes);
		c->bytes = 0;
	}
	return member;
}

/*
 * Counts what may be values, those in strings too: a count that knew of strings would have to agree with json-c on what
 * one is, to the last byte.
 */
static int count_in(struct json_stream *s, const char *text, size_t len, struct err *err)
{
	const struct json_limits *l = &s->limits;
	size_t values = s->values, cost = s->cost + len * COST_BYTE, i;

	for (i = 0; i < len; i++) {
		switch (text[i]) {
		case '{': values++; cost += COST_OBJECT; break;
		case '[': values++; cost += COST_ARRAY; break;
		case ',': values++; cost += COST_VALUE; break;
		}
	}
	if (len > l->bytes || s->have > l->bytes - len)
		return err_set(err, -EMSGSIZE, "more than %zu bytes in one JSON document", l->bytes);
	if (values > l->values || cost > l->cost)
		return err_set(err, -EMSGSIZE, "more than %zu values in one JSON document, or too many objects", l->values);
	/* all that it may come to, at once: two that both wait for the rest would wait for ever */
	if (s->budget && cost > JSON_FREE_COST && !s->paid) {
		if (!budget_take(s->budget, l->cost))
			return -EAGAIN;
		s->paid = l->cost;
		s->large = true;
	}
	s->values = values;
	s->cost = cost;
	return 0;
}

/* The document is whole: what it takes goes with it, and a tokener that has grown does not stay. */
static void settle(struct json_stream *s, struct json_object *obj)
{
	if (s->paid && can_carry(obj)) {
		carry(obj, s->budget, s->cost);
		s->paid -= s->cost;
	}
	refund(s);
	if (s->cost > JSON_FREE_COST) {
		json_tokener_free(s->tok);
		s->tok = tokener_new();
	} else {
		json_tokener_reset(s->tok);
	}
	s->last = s->have;
	s->have = s->values = s->cost = 0;
}

/* One piece, which holds the end of one document at most where a line is one. */
static int feed(struct json_stream *s, const char *text, size_t len, size_t *used, struct json_object **out, struct err *err)
{
	struct json_object *obj;
	enum json_tokener_error e;
	int rc = count_in(s, text, len, err);

	if (rc)
		return rc;
	obj = json_tokener_parse_ex(s->tok, text, (int)len);
	e = json_tokener_get_error(s->tok);
	if (e == json_tokener_continue) {
		s->have += len;
		*used += len;
		return 0;
	}
	if (e != json_tokener_success)
		return err_set(err, -EPROTO, "not JSON: %s", json_tokener_error_desc(e));
	s->have += json_tokener_get_parse_end(s->tok);
	*used += json_tokener_get_parse_end(s->tok);
	settle(s, obj);
	*out = obj;
	if (!obj)
		return err_set(err, -EPROTO, "not JSON: a lone null");
	return 0;
}

int json_stream_feed(struct json_stream *s, const char *text, size_t len, size_t *used,
		     struct json_object **out, struct err *err)
{
	int rc = 0;

	*out = NULL;
	*used = 0;
	/* blanks between documents do not count, and json-c would wait on them for ever */
	while (!s->have && *used < len && strchr(" \t\r\n", text[*used]) && text[*used])
		(*used)++;
	while (!rc && !*out && *used < len) {
		size_t left = len - *used < PIECE ? len - *used : PIECE;
		const char *end = memchr(text + *used, '\n', left);

		if (end)
			left = (size_t)(end + 1 - (text + *used));
		rc = feed(s, text + *used, left, used, out, err);
	}
	return rc;
}

int json_parse(const char *text, size_t len, struct json_object **out, struct err *err)
{
	static const struct json_limits limits = { JSON_BYTES_MAX, JSON_VALUES_MAX, JSON_COST_MAX };
	struct json_stream *s = json_stream_new(JSON_BYTES_MAX);
	struct json_object *obj = NULL;
	size_t used = 0;
	int rc;

	json_stream_bound(s, &limits, NULL);
	rc = json_stream_feed(s, text, len, &used, &obj, err);
	if (!rc && !obj)	/* a number at the end of the text: only a blank tells that it is over */
		rc = json_stream_feed(s, "\n", 1, &(size_t){0}, &obj, err);
	json_stream_free(s);
	if (rc)
		return rc;
	while (used < len && strchr(" \t\r\n", text[used]) && text[used])
		used++;
	if (!obj || used < len) {
		json_object_put(obj);
		return err_set(err, -EPROTO, "not JSON: %s", obj ? "something follows it" : "it ends too early");
	}
	*out = obj;
	return 0;
}

struct json_object *json_member(struct json_object *obj, const char *key)
{
	struct json_object *v = NULL;

	if (json_object_is_type(obj, json_type_object))
		json_object_object_get_ex(obj, key, &v);
	return v;
}

const char *json_str(struct json_object *obj, const char *key)
{
	struct json_object *v = json_member(obj, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

bool json_flag(struct json_object *obj, const char *key, bool otherwise)
{
	struct json_object *v = json_member(obj, key);

	return json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) : otherwise;
}

bool json_u64(struct json_object *obj, const char *key, uint64_t *out)
{
	struct json_object *v = json_member(obj, key);

	if (!json_object_is_type(v, json_type_int))
		return false;
	/* negative ones saturate at 0 in json-c; ask the signed getter to tell them apart */
	if (json_object_get_int64(v) < 0)
		return false;
	*out = json_object_get_uint64(v);
	return true;
}

struct json_object *json_array(struct json_object *obj, const char *key)
{
	struct json_object *v = json_member(obj, key);

	return json_object_is_type(v, json_type_array) ? v : NULL;
}

struct json_object *json_put(struct json_object *obj, const char *key, struct json_object *value)
{
	json_object_object_add(obj, key, value);
	return obj;
}

struct json_object *json_put_str(struct json_object *obj, const char *key, const char *value)
{
	return json_put(obj, key, value ? json_object_new_string(value) : NULL);
}

char *json_text(struct json_object *obj)
{
	const char *s = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t left = strlen(s);
	auto_buf struct buf out = {0};

	while (left) {
		uint32_t cp;
		size_t n = str_char(s, left, &cp);

		if (!n)			/* json-c passes on what it was given; JSON is UTF-8 */
			buf_puts(&out, "\xef\xbf\xbd");
		else if (!str_is_drawable(cp) && cp > 0xffff)
			buf_printf(&out, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (cp >> 10)), (unsigned)(0xdc00 | (cp & 0x3ff)));
		else if (!str_is_drawable(cp))
			buf_printf(&out, "\\u%04x", (unsigned)cp);
		else
			buf_add(&out, s, n);
		s += n ? n : 1;
		left -= n ? n : 1;
	}
	return buf_take(&out);
}

void json_put_ptr(struct json_object **obj)
{
	json_object_put(*obj);
}
