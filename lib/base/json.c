// SPDX-License-Identifier: GPL-3.0-or-later
/* The one place where json-c's parser is used. */
#include "base.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* QEMU nests block nodes one level per backing file; json-c's own limit of 32 is soon reached. */
#define JSON_DEPTH 1024

struct json_stream {
	struct json_tokener *tok;
	size_t max, have;		/* bytes taken of the document under way */
};

struct json_stream *json_stream_new(size_t max_bytes)
{
	struct json_stream *s = xcalloc(1, sizeof(*s));

	s->tok = json_tokener_new_ex(JSON_DEPTH);
	if (!s->tok)
		abort();
	s->max = max_bytes;
	return s;
}

void json_stream_free(struct json_stream *s)
{
	if (!s)
		return;
	json_tokener_free(s->tok);
	free(s);
}

int json_stream_feed(struct json_stream *s, const char *text, size_t len, size_t *used,
		     struct json_object **out, struct err *err)
{
	struct json_object *obj;
	enum json_tokener_error e;

	*out = NULL;
	*used = 0;
	/* blanks between documents do not count, and json-c would wait on them for ever */
	while (!s->have && *used < len && strchr(" \t\r\n", text[*used]) && text[*used])
		(*used)++;
	if (*used == len)
		return 0;
	text += *used;
	len -= *used;
	if (len > INT_MAX)
		len = INT_MAX;

	obj = json_tokener_parse_ex(s->tok, text, (int)len);
	e = json_tokener_get_error(s->tok);
	if (e == json_tokener_continue) {
		s->have += len;
		*used += len;
		if (s->have > s->max)
			return err_set(err, -EMSGSIZE, "more than %zu bytes in one JSON document", s->max);
		return 0;
	}
	if (e != json_tokener_success)
		return err_set(err, -EPROTO, "not JSON: %s", json_tokener_error_desc(e));
	*used += json_tokener_get_parse_end(s->tok);
	s->have = 0;
	json_tokener_reset(s->tok);
	*out = obj;
	if (!obj)
		return err_set(err, -EPROTO, "not JSON: a lone null");
	return 0;
}

int json_parse(const char *text, size_t len, struct json_object **out, struct err *err)
{
	struct json_stream *s = json_stream_new(SIZE_MAX);
	struct json_object *obj = NULL;
	size_t used = 0;
	int rc;

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
