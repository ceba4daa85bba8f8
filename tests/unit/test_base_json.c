// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON from strangers, in pieces; JSON for terminals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/base.h"

static const char stream[] = "{\"QMP\": {\"a\": [1, 2.5, \"x\\u00fc\\n\", null, true]}}\r\n"
	" {\"return\": {}, \"id\": 18446744073709551615} {\"e\":\"\xc3\xbc\"}\n[1]\t\"s\" 7 ";

/* Every document there is in a stream fed in pieces; joined by "|". */
static char *feed(const char *text, size_t len, size_t first, size_t piece, size_t max, int *rc)
{
	struct json_stream *s = json_stream_new(max);
	struct buf all = {0};
	size_t at = 0;

	*rc = 0;
	while (at < len && !*rc) {
		size_t n = at < first ? first - at : piece, done = 0;

		if (n > len - at)
			n = len - at;
		while (done < n && !*rc) {
			auto_json struct json_object *doc = NULL;
			size_t used;

			*rc = json_stream_feed(s, text + at + done, n - done, &used, &doc, NULL);
			assert_true(*rc || used > 0);
			done += used;
			if (doc) {
				auto_free char *one = json_text(doc);

				buf_printf(&all, "%s|", one);
			}
		}
		at += n;
	}
	json_stream_free(s);
	return buf_take(&all);
}

static void streams_may_be_split_anywhere(void **state)
{
	size_t len = sizeof(stream) - 1, i;
	int rc;
	auto_free char *whole = feed(stream, len, len, len, 1000, &rc);

	(void)state;
	assert_int_equal(rc, 0);
	assert_string_equal(whole, "{\"QMP\":{\"a\":[1,2.5,\"x\xc3\xbc\\n\",null,true]}}|"
			    "{\"return\":{},\"id\":18446744073709551615}|{\"e\":\"\xc3\xbc\"}|[1]|\"s\"|7|");
	for (i = 1; i < len; i++) {
		auto_free char *two = feed(stream, len, i, len, 1000, &rc), *pieces = NULL;

		assert_int_equal(rc, 0);
		assert_string_equal(two, whole);
		pieces = feed(stream, len, i, i, 1000, &rc);
		assert_int_equal(rc, 0);
		assert_string_equal(pieces, whole);
	}
}

static void hostile_documents_are_refused(void **state)
{
	static const char nul_first[] = "\0{\"a\":1}", nul_inside[] = "{\"a\":\0 1}", nul_after[] = "{}\0{}",
		nul_string[] = "{\"a\":\"x\0y\"}";
	static const struct {
		const char *text;
		size_t len;
		int rc;
	} rows[] = {
		{ "{", 0, -EPROTO }, { "", 0, -EPROTO }, { " \r\n", 0, -EPROTO }, { "{}x", 0, -EPROTO }, { "{} {}", 0,
		  -EPROTO },
		{ "null", 0, -EPROTO }, { "null ", 0, -EPROTO }, { "nul", 0, -EPROTO }, { "{\"a\"}", 0, -EPROTO },
		{ "{\"a\":1,,}", 0, -EPROTO }, { "hello", 0, -EPROTO }, { "]", 0, -EPROTO }, { "\"abc", 0, -EPROTO },
		{ "SSH-2.0-OpenSSH_9.2\r\n", 0, -EPROTO }, { "\xff\xfe", 0, -EPROTO },
		{ nul_first, sizeof(nul_first) - 1, -EPROTO }, { nul_inside, sizeof(nul_inside) - 1, -EPROTO },
		{ nul_after, sizeof(nul_after) - 1, -EPROTO }, { nul_string, sizeof(nul_string) - 1, -EPROTO },
		{ "{}", 0, 0 }, { " [] \n", 0, 0 }, { "12", 0, 0 }, { "\"s\"", 0, 0 }, { "true", 0, 0 },
		{ "-1.5e3", 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json struct json_object *out = NULL;
		struct err err = {0};
		int rc = json_parse(rows[i].text, rows[i].len ? rows[i].len : strlen(rows[i].text), &out, &err);

		if (rc != rows[i].rc || !rc != !!out || !rc != !err.text[0])
			fail_msg("'%s': %d %s", rows[i].text, rc, err.text);
	}
}

static void depth_and_length_are_bounded(void **state)
{
	auto_buf struct buf deep = {0}, ok = {0}, big = {0};
	auto_json struct json_object *out = NULL;
	auto_free char *none = NULL, *fits = NULL;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_puts(&deep, "[");
	assert_int_equal(json_parse(deep.text, deep.len, &out, NULL), -EPROTO);
	for (i = 0; i < 1000; i++)
		buf_puts(&ok, "[");
	for (i = 0; i < 1000; i++)
		buf_puts(&ok, "]");
	assert_int_equal(json_parse(ok.text, ok.len, &out, NULL), 0);

	buf_puts(&big, "{\"a\":\"");
	for (i = 0; i < 5000; i++)
		buf_puts(&big, "0123456789");
	none = feed(big.text, big.len, 100, 100, 20000, &rc);
	assert_int_equal(rc, -EMSGSIZE);
	/* many short documents are no long one */
	buf_reset(&big);
	for (i = 0; i < 5000; i++)
		buf_puts(&big, "{\"a\":1}\r\n");
	fits = feed(big.text, big.len, 77, 77, 100, &rc);
	assert_int_equal(rc, 0);
	assert_int_equal(strlen(fits), 5000 * strlen("{\"a\":1}|"));
}

/* What json-c would make of a short text is refused before it is made: 2 MiB of "{}," are 600 MiB. */
static void what_it_would_cost_is_bounded(void **state)
{
	static const struct {
		const char *head, *piece;
		size_t n;
		int rc;
	} rows[] = {
		{ "[0", ",0", 99000, 0 }, { "[0", ",0", 100000, -EMSGSIZE }, { "[0", ",{}", 15000, 0 },
		{ "[0", ",{}", 17000, -EMSGSIZE }, { "[0", ",[]", 35000, -EMSGSIZE },
		/* for json-c, not for us, this is a string of one quotation mark */
		{ "['\"'", ",{}", 17000, -EMSGSIZE }, { "[\"x", ",,,,,,,,", 20000, -EMSGSIZE },
		{ "[\"x", "xxxxxxxxxxxxxxxx", 140000, -EMSGSIZE },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json struct json_object *out = NULL;
		auto_buf struct buf b = {0};

		buf_puts(&b, rows[i].head);
		for (k = 0; k < rows[i].n; k++)
			buf_puts(&b, rows[i].piece);
		buf_puts(&b, "]");
		if (json_parse(b.text, b.len, &out, NULL) != rows[i].rc)
			fail_msg("row %zu", i);
	}
}

/* Documents in several streams: one large one at a time, small ones always. */
static void large_documents_share_a_budget(void **state)
{
	static const struct json_limits limits = { 1u << 20, 100000, 4u << 20 };
	struct budget *budget = budget_new(limits.cost);
	struct json_stream *a = json_stream_new(1), *b = json_stream_new(1);
	struct json_object *doc, *kept;
	auto_buf struct buf large = {0};
	size_t used, i;

	(void)state;
	json_stream_bound(a, &limits, budget);
	json_stream_bound(b, &limits, budget);
	buf_puts(&large, "{\"return\":[0");
	for (i = 0; i < 3000; i++)
		buf_puts(&large, ",{}\n");
	assert_int_equal(json_stream_feed(a, large.text, large.len, &used, &doc, NULL), 0);
	assert_true(!doc && used == large.len && json_stream_is_large(a));
	assert_int_equal(json_stream_feed(b, large.text, large.len, &used, &doc, NULL), -EAGAIN);
	assert_true(used > 0 && used < large.len && !json_stream_is_large(b));
	i = used;
	assert_int_equal(json_stream_feed(b, large.text + i, large.len - i, &used, &doc, NULL), -EAGAIN);
	assert_int_equal(json_stream_feed(a, "]}", 2, &used, &doc, NULL), 0);
	assert_non_null(doc);
	assert_false(json_stream_is_large(a));
	/* what is kept of it still takes its room */
	kept = json_take(doc, "return");
	json_object_put(doc);
	assert_false(budget_take(budget, limits.cost));
	json_object_put(kept);
	assert_true(budget_take(budget, limits.cost));
	budget_give(budget, limits.cost);
	assert_int_equal(json_stream_feed(b, large.text + i, large.len - i, &used, &doc, NULL), 0);
	assert_true(json_stream_is_large(b));
	json_stream_free(a);
	budget_free(budget);
	json_stream_free(b);		/* in the middle of it, and the last to need the budget */
}

static void getters_check_types(void **state)
{
	static const char text[] = "{\"s\":\"x\",\"n\":null,\"t\":true,\"a\":[1],\"i\":5,\"neg\":-1,\"max\":18446744073709551615,"
		"\"d\":1.5,\"o\":{},\"num\":\"5\"}";
	auto_json struct json_object *o = NULL;
	uint64_t n = 3;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), &o, NULL), 0);
	assert_string_equal(json_str(o, "s"), "x");
	assert_null(json_str(o, "i"));
	assert_null(json_str(o, "n"));
	assert_null(json_str(o, "none"));
	assert_null(json_str(NULL, "s"));
	assert_null(json_str(json_member(o, "a"), "s"));
	assert_true(json_flag(o, "t", false));
	assert_true(json_flag(o, "i", true));
	assert_false(json_flag(o, "none", false));
	assert_false(json_u64(o, "neg", &n) || json_u64(o, "d", &n) || json_u64(o, "num", &n) || json_u64(o, "n", &n));
	assert_int_equal(n, 3);
	assert_true(json_u64(o, "max", &n) && n == UINT64_MAX);
	assert_true(json_u64(o, "i", &n) && n == 5);
	assert_non_null(json_array(o, "a"));
	assert_null(json_array(o, "o"));
	assert_null(json_member(json_member(o, "s"), "s"));
}

/* One line that a terminal takes for text, and that reads back as what it was, as far as that was text. */
static void text_for_a_terminal(void **state)
{
	static const struct {
		const char *in, *json;
	} rows[] = {
		{ "plain", "plain" }, { "a\"\\/", "a\\\"\\\\/" }, { "\033[2J\n\t", "\\u001b[2J\\n\\t" },
		{ "\x7f", "\\u007f" },
		{ "\xc2\x9b" "31m", "\\u009b31m" }, { "\xc2\xa0", "\xc2\xa0" }, { "k\xc3\xbc", "k\xc3\xbc" },
		{ "\xe2\x80\xae" "abc", "\\u202eabc" }, { "\xe2\x80\xa8", "\\u2028" }, { "\xef\xbb\xbf", "\\ufeff" },
		{ "\x9b" "31m", "\xef\xbf\xbd" "31m" }, { "a\xff" "b\xc3", "a\xef\xbf\xbd" "b\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xe2\x80\x8b", "\\u200b" }, { "\xf3\xa0\x81\xa1", "\\udb40\\udc61" },	/* a tag */
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json struct json_object *o = json_object_new_string(rows[i].in), *back = NULL;
		auto_free char *text = json_text(o), *want = xasprintf("\"%s\"", rows[i].json);
		auto_free char *meant = str_utf8(rows[i].in, strlen(rows[i].in), 1000);

		if (strcmp(text, want))
			fail_msg("row %zu is %s", i, text);
		assert_true(str_is_clean(text));
		assert_int_equal(json_parse(text, strlen(text), &back, NULL), 0);
		assert_string_equal(json_object_get_string(back), meant);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_may_be_split_anywhere),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(depth_and_length_are_bounded),
		cmocka_unit_test(what_it_would_cost_is_bounded),
		cmocka_unit_test(large_documents_share_a_budget),
		cmocka_unit_test(getters_check_types),
		cmocka_unit_test(text_for_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
