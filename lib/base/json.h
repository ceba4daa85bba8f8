/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON from outside, through json-c's parser and nowhere else; writing is json-c's own. What is parsed may come from a
 * guest, a file or a stranger: depth and length are bounded, every getter checks the type.
 */
#ifndef KT_BASE_JSON_H
#define KT_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "budget.h"
#include "err.h"

/*
 * Bounds of a document from outside. json-c takes up to 300 bytes of memory for one byte of text ("{},{},.."), so what it
 * would allocate is counted as cost, and refused, before it sees the text.
 */
struct json_limits {
	size_t bytes, values, cost;	/* cost: bytes of memory, about */
};
#define JSON_BYTES_MAX (2u << 20)
#define JSON_VALUES_MAX 100000
#define JSON_COST_MAX (16u << 20)
#define JSON_FREE_COST (256u << 10)	/* so much of each document is not counted against a budget */

/*
 * One whole document (1024 levels at most, within the bounds above); anything but blanks behind it is an error. Yours:
 * json_object_put.
 */
int json_parse(const char *text, size_t len, struct json_object **out, struct err *err);

/* A stream of documents that arrive in pieces. */
struct json_stream;
struct json_stream *json_stream_new(size_t max_bytes);	/* a document longer than that is an error */
void json_stream_free(struct json_stream *s);
/*
 * From the next byte on. budget (borrowed, may be NULL) is shared with others: a document of more than JSON_FREE_COST takes
 * limits->cost of it while it comes in, and what it really costs until it is freed.
 */
void json_stream_bound(struct json_stream *s, const struct json_limits *limits, struct budget *budget);
bool json_stream_is_large(const struct json_stream *s);	/* the document under way keeps room of the budget from others */
size_t json_stream_last(const struct json_stream *s);	/* bytes of the last document that was complete */
/*
 * Take bytes until a document is complete: *used says how many were taken, *out is the document (yours) or NULL when
 * more bytes are wanted. -EAGAIN: the budget is used up by others now, feed the rest (from *used on) later. -EMSGSIZE: out of
 * bounds. After any other error than -EAGAIN the stream is of no more use.
 */
int json_stream_feed(struct json_stream *s, const char *text, size_t len, size_t *used,
		     struct json_object **out, struct err *err);

/* Getters: the member named key of an object, if it is there and of that type. obj may be NULL or of any type. */
struct json_object *json_member(struct json_object *obj, const char *key);		/* borrowed, NULL if absent */
const char *json_str(struct json_object *obj, const char *key);			/* borrowed, NULL if none */
/* The same as yours, to be kept when doc is put: what doc takes of a budget goes with it. */
struct json_object *json_take(struct json_object *doc, const char *key);
bool json_flag(struct json_object *obj, const char *key, bool otherwise);
bool json_u64(struct json_object *obj, const char *key, uint64_t *out);		/* all 64 bits; not negative */
struct json_object *json_array(struct json_object *obj, const char *key);		/* borrowed, NULL if none */

/* Building, for short literals: json_put(obj, "key", value) takes the value over and returns obj. */
struct json_object *json_put(struct json_object *obj, const char *key, struct json_object *value);
struct json_object *json_put_str(struct json_object *obj, const char *key, const char *value);

/*
 * One line, no blanks, for a terminal too: what str_clean would replace is escaped, also beyond ASCII's controls, and
 * bytes that are no UTF-8 become U+FFFD. Yours.
 */
char *json_text(struct json_object *obj);

void json_put_ptr(struct json_object **obj);
#define auto_json __attribute__((cleanup(json_put_ptr)))

#endif
