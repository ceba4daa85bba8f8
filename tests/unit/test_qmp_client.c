// SPDX-License-Identifier: GPL-3.0-or-later
/* The QMP client against peers that behave, and peers that do not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake_qmp.h"

#define LONG 20000	/* ms: never reached */
#define SHORT 500	/* ms: reached on purpose */

#define GREETING "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":13,\"minor\":0,\"major\":10}}," \
	"\"capabilities\":[]}}\r\n"
#define EVENT "{\"timestamp\":{\"seconds\":1,\"microseconds\":2},\"event\":\"RESET\",\"data\":{}}\r\n"

/* What the peer does at the greeting, and what becomes of it. */
struct greet_case {
	const char *title;
	struct fake_item script[4];
	unsigned timeout_ms;
	int code;
	const char *text;
	bool open;		/* still of use */
};

static const struct greet_case greet_cases[] = {
	{ "greeting in single bytes",
	  { { .raw = GREETING, .piece = 1 }, { .expect = "qmp_capabilities", .piece = 1 } },
	  LONG,
	  0,
	  "",
	  true },
	{ "events before the greeting",
	  { { .raw = EVENT EVENT GREETING }, { .expect = "qmp_capabilities" } },
	  LONG,
	  0,
	  "",
	  true },
	{ "what looks like an event",
	  { { .raw = "{\"event\":\"RESET\"}" GREETING } },
	  LONG,
	  -EPROTO,
	  "no greeting",
	  false },
	{ "silence",
	  { { .raw = "" } },
	  SHORT,
	  -ETIMEDOUT,
	  "another client may be connected",
	  true },
	{ "half a line",
	  { { .raw = "{\"QMP\":{\"vers" } },
	  SHORT,
	  -ETIMEDOUT,
	  "only part of",
	  true },
	{ "half a line and the end",
	  { { .raw = "{\"QMP\":{\"vers", .how = FAKE_CLOSE } },
	  LONG,
	  -ECONNRESET,
	  "in the middle of a message",
	  false },
	{ "closed at once",
	  { { .how = FAKE_CLOSE } },
	  LONG,
	  -ECONNRESET,
	  "closed the connection",
	  false },
	{ "another protocol",
	  { { .raw = "SSH-2.0-OpenSSH_9.2\r\n" } },
	  LONG,
	  -EPROTO,
	  "does not speak QMP",
	  false },
	{ "binary", { { .raw = "\x01\x02\xff\xfe" } }, LONG, -EPROTO, "does not speak QMP", false },
	{ "an object that is no greeting",
	  { { .raw = "{\"hello\":1}\n" } },
	  LONG,
	  -EPROTO,
	  "no greeting",
	  false },
	{ "QMP is no object", { { .raw = "{\"QMP\":1}\n" } }, LONG, -EPROTO, "no greeting", false },
	{ "a string", { { .raw = "\"QMP\"\n" } }, LONG, -EPROTO, "no greeting", false },
	{ "a number", { { .raw = "17 " } }, LONG, -EPROTO, "no greeting", false },
	{ "null", { { .raw = "null " } }, LONG, -EPROTO, "null", false },
	{ "an array", { { .raw = "[]" } }, LONG, -EPROTO, "no greeting", false },
	{ "a greeting without version",
	  { { .raw = "{\"QMP\":{}}" }, { .expect = "qmp_capabilities" } },
	  LONG,
	  0,
	  "",
	  true },
	{ "no capabilities",
	  { { .raw = GREETING }, { .expect = "qmp_capabilities", .error = "CommandNotFound: no" } },
	  LONG,
	  -ENOSYS,
	  "no",
	  true },
	{ "death at capabilities",
	  { { .raw = GREETING }, { .expect = "qmp_capabilities", .how = FAKE_CLOSE } },
	  LONG,
	  -ECONNRESET,
	  "closed",
	  false },
};

static void test_greetings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(greet_cases); i++) {
		const struct greet_case *c = &greet_cases[i];
		struct fake_qmp *f = fake_qmp_new_with(c->script, FAKE_NO_GREETING);
		struct qmp *q = fake_qmp_raw_client(f);
		struct err err = {0};
		int rc = qmp_greet(q, c->timeout_ms, &err);

		print_message("%s: %s\n", c->title, err.text);
		assert_int_equal(rc, c->code);
		assert_int_equal(err.code, c->code);
		assert_non_null(strstr(err.text, c->text));
		assert_int_equal(qmp_is_open(q), c->open);
		if (!c->open) {		/* and it stays so */
			assert_int_equal(qmp_greet(q, LONG, NULL), c->code);
			assert_int_equal(
				qmp_call(q, "stop", json_object_new_object(), LONG, NULL, &err),
				c->code);
			assert_int_equal(qmp_pump(q, 0, NULL), c->code);
		}
		qmp_close(q);
		fake_qmp_end(f);
	}
}

static void test_greeting_later(void **state)
{
	static const struct fake_item script[] = { { .raw = GREETING, .wait = true },
						   { .expect = "qmp_capabilities",
						     .how = FAKE_SILENT },
						   { .expect = "qmp_capabilities",
						     .error = "CommandNotFound: already complete",
						     .any = true },
						   { .expect = "stop" },
						   { 0 } };
	struct fake_qmp *f = fake_qmp_new_with(script, FAKE_NO_GREETING);
	struct qmp *q = fake_qmp_raw_client(f);
	struct err err;
	int rc;

	(void)state;
	assert_int_equal(qmp_greet(q, SHORT, &err), -ETIMEDOUT);
	fake_qmp_go(f);
	while ((rc = qmp_greet(q, SHORT, &err)))
		assert_int_equal(rc, -ETIMEDOUT);
	assert_true(fake_qmp_count(f, "qmp_capabilities") > 1);
	assert_string_equal(qmp_version(q), "10.0.13");
	assert_int_equal(qmp_greet(q, LONG, &err), 0);
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), 0);
	qmp_close(q);
	fake_qmp_end(f);
}

/* One command and what becomes of it. */
struct call_case {
	const char *title;
	struct fake_item item;
	int code;
	const char *text;	/* of the error, or the result as JSON */
	bool open;
};

static const struct call_case call_cases[] = {
	{ "result", { .reply = "{\"a\":[1,\"x\"]}" }, 0, "{\"a\":[1,\"x\"]}", true },
	{ "result in pieces",
	  { .reply = "{\"a\":\"\\u00e9\"}", .piece = 1 },
	  0,
	  "{\"a\":\"é\"}",
	  true },
	{ "above INT64_MAX", { .reply = "18446744073709551615" }, 0, "18446744073709551615", true },
	{ "not found",
	  { .error = "DeviceNotFound: Device 'd' not found" },
	  -ENODEV,
	  "Device 'd' not found",
	  true },
	{ "no command", { .error = "CommandNotFound: none" }, -ENOSYS, "none", true },
	{ "not active", { .error = "DeviceNotActive: off" }, -ENXIO, "off", true },
	{ "generic", { .error = "GenericError: 100%s" }, -EREMOTEIO, "100%s", true },
	{ "a new class", { .error = "Shiny: x" }, -EREMOTEIO, "x", true },
	{ "an error without text",
	  { .how = FAKE_RAW, .raw = "{\"error\":{},\"id\":$ID}" },
	  -EREMOTEIO,
	  "without saying",
	  true },
	{ "an error that is no object",
	  { .how = FAKE_RAW, .raw = "{\"error\":7,\"id\":$ID}" },
	  -EREMOTEIO,
	  "without saying",
	  true },
	{ "an error without id",
	  { .how = FAKE_RAW,
	    .raw = "{\"error\":{\"class\":\"GenericError\","
		   "\"desc\":\"JSON parse error\"}}" },
	  -EREMOTEIO,
	  "JSON parse error",
	  true },
	{ "other ids first",
	  { .how = FAKE_RAW,
	    .raw = "{\"return\":1,\"id\":99}{\"return\":2,\"id\":\"2\"}"
		   "{\"id\":$ID,\"return\":3}" },
	  0,
	  "3",
	  true },
	{ "null", { .how = FAKE_RAW, .raw = "{\"return\":null,\"id\":$ID}" }, 0, "null", true },
	{ "no reply and no event",
	  { .how = FAKE_RAW, .raw = "{\"id\":$ID}" },
	  -EPROTO,
	  "no reply and no event",
	  false },
	{ "an array", { .how = FAKE_RAW, .raw = "[1]" }, -EPROTO, "no reply", false },
	{ "garbage", { .how = FAKE_RAW, .raw = "}{" }, -EPROTO, "not JSON", false },
	{ "half a reply",
	  { .how = FAKE_CLOSE, .raw = "{\"return\":{\"a\"" },
	  -ECONNRESET,
	  "in the middle",
	  false },
	{ "death", { .how = FAKE_CLOSE }, -ECONNRESET, "QEMU closed the connection", false },
};

static void test_calls(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(call_cases); i++) {
		const struct call_case *c = &call_cases[i];
		struct fake_item script[2] = { c->item };
		auto_json struct json_object *ret = NULL;
		struct err err = {0};
		struct fake_qmp *f;
		struct qmp *q;

		script[0].expect = "stop";
		f = fake_qmp_new(script);
		q = fake_qmp_client(f);
		print_message("%s\n", c->title);
		assert_int_equal(qmp_call(q, "stop", NULL, LONG, &ret, &err), c->code);
		if (c->code)
			assert_non_null(strstr(err.text, c->text));
		else
			assert_string_equal(json_object_to_json_string_ext(ret, 0), c->text);
		assert_int_equal(qmp_is_open(q), c->open);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

static void test_reply_then_death(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "quit", .how = FAKE_CLOSE, .raw = "{\"return\":{},\"id\":$ID}" }, { 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct err err;

	(void)state;
	assert_int_equal(qmp_call(q, "quit", NULL, LONG, NULL, &err), 0);
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), -ECONNRESET);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_late_replies(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "one", .reply = "1", .how = FAKE_LATE },
		{ .expect = "two", .reply = "2" },
		/* an error without id is the oldest command's */
		{ .expect = "three", .how = FAKE_SILENT },
		{ .expect = "four", .how = FAKE_RAW,
		  .raw = "{\"error\":{\"desc\":\"three's\"}}{\"return\":4,\"id\":$ID}" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct json_object *ret = NULL;
	struct err err;

	(void)state;
	assert_int_equal(qmp_call(q, "one", NULL, SHORT, &ret, &err), -ETIMEDOUT);
	assert_null(ret);
	assert_int_equal(qmp_call(q, "two", NULL, LONG, &ret, &err), 0);
	assert_int_equal(json_object_get_int(ret), 2);
	json_object_put(take_ptr(ret));
	assert_int_equal(qmp_call(q, "three", NULL, SHORT, &ret, &err), -ETIMEDOUT);
	assert_int_equal(qmp_call(q, "four", NULL, LONG, &ret, &err), 0);
	assert_int_equal(json_object_get_int(ret), 4);
	json_object_put(ret);
	qmp_close(q);
	fake_qmp_end(f);
}

static void collect(void *arg, const char *event, struct json_object *data)
{
	struct buf *log = arg;

	buf_printf(log, "%s:%s ", event, data ? json_object_to_json_string_ext(data, 0) : "-");
}

static void test_events(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "stop", .before = "{\"event\":\"STOP\",\"timestamp\":{}}",
		  .after = "{\"event\":\"A\",\"data\":{\"x\":1}}", .piece = 3 },
		{ .raw = "{\"event\":\"B\",\"data\":7}", .wait = true },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	auto_buf struct buf log = {0};
	struct err err;

	(void)state;
	qmp_on_event(q, collect, &log);
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), 0);
	assert_true(str_has_prefix(log.text, "STOP:- "));
	assert_int_equal(qmp_pump(q, 0, &err), 0);
	fake_qmp_go(f);
	while (!strstr(log.text, "B:"))
		assert_int_equal(qmp_pump(q, LONG, &err), 0);
	assert_string_equal(log.text, "STOP:- A:{\"x\":1} B:7 ");
	qmp_close(q);
	fake_qmp_end(f);
}

/* A peer that only ever sends events must not hold anybody beyond the deadline. */
static void test_event_flood(void **state)
{
	struct fake_item script[] = {
		{ .expect = "stop", .how = FAKE_SILENT }, { .raw = NULL }, { 0 }
	};
	auto_buf struct buf flood = {0};
	struct fake_qmp *f;
	struct qmp *q;
	struct err err;
	int i;

	(void)state;
	for (i = 0; i < 300000; i++)
		buf_puts(&flood, "{\"event\":\"E\"}\r\n");
	script[1].raw = flood.text;
	f = fake_qmp_new(script);
	q = fake_qmp_client(f);
	assert_int_equal(qmp_call(q, "stop", NULL, 1, NULL, &err), -ETIMEDOUT);
	assert_true(qmp_is_open(q));
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_too_much(void **state)
{
	struct fake_item script[] = { { .expect = "stop", .how = FAKE_RAW }, { 0 } };
	size_t size = QMP_REPLY_MAX + (1u << 20);
	auto_free char *text = xmalloc(size + 1);
	struct fake_qmp *f;
	struct qmp *q;
	struct err err;

	(void)state;
	memset(text, 'x', size);
	text[size] = '\0';
	memcpy(text, "{\"return\":\"", 11);
	script[0].raw = text;
	f = fake_qmp_new(script);
	q = fake_qmp_client(f);
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), -EMSGSIZE);
	assert_false(qmp_is_open(q));
	qmp_close(q);
	fake_qmp_end(f);
}

/* A large answer: so many objects, and the end of it or not. Yours. */
static char *many_objects(unsigned n, const char *end)
{
	struct buf b = {0};

	buf_puts(&b, "{\"return\":[0");
	while (n--)
		buf_puts(&b, ",{}");
	buf_puts(&b, end);
	return buf_take(&b);
}

static void test_too_many_values(void **state)
{
	struct fake_item script[] = { { .expect = "stop", .how = FAKE_RAW }, { 0 } };
	auto_free char *text = many_objects(100000, "],\"id\":$ID}\r\n");
	struct fake_qmp *f;
	struct err err;
	struct qmp *q;

	(void)state;
	script[0].raw = text;
	f = fake_qmp_new(script);
	q = fake_qmp_client(f);
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), -EMSGSIZE);
	assert_non_null(strstr(err.text, "values"));
	assert_false(qmp_is_open(q));
	qmp_close(q);
	fake_qmp_end(f);
}

/* An event is short, whether an answer, which may be long, is awaited or not. */
static void test_long_events(void **state)
{
	struct fake_item asked[] = { { .expect = "stop", .how = FAKE_RAW }, { 0 } }, unasked[] = { { .raw = "" }, { 0 } };
	struct fake_item *const scripts[] = { asked, unasked };
	auto_buf struct buf event = {0};
	size_t i;

	(void)state;
	buf_puts(&event, "{\"event\":\"E\",\"data\":{\"text\":\"");
	while (event.len <= QMP_EVENT_MAX)
		buf_puts(&event, "0123456789abcdef");
	buf_puts(&event, "\"}}\r\n");
	for (i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct fake_qmp *f;
		struct err err;
		struct qmp *q;

		scripts[i][0].raw = event.text;
		f = fake_qmp_new(scripts[i]);
		q = fake_qmp_client(f);
		if (i)
			while (!qmp_pump(q, LONG, &err))
				;
		else
			assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), -EMSGSIZE);
		assert_int_equal(err.code, -EMSGSIZE);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

/* One deadline of many questions, none of which is late by itself. */
static void test_deadline_of_all(void **state)
{
	static const struct fake_item script[] = { { .expect = "a", .any = true }, { 0 } };
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct err err = {0};
	int rc;

	(void)state;
	qmp_set_deadline(q, clock_now_ns() + SHORT * NS_PER_MS);
	while (!(rc = qmp_call(q, "a", NULL, LONG, NULL, &err)))
		;
	assert_int_equal(rc, -ETIMEDOUT);
	assert_non_null(strstr(err.text, "all questions"));
	assert_true(qmp_is_open(q));
	qmp_set_deadline(q, 0);
	assert_int_equal(qmp_call(q, "a", NULL, LONG, NULL, &err), 0);
	qmp_close(q);
	fake_qmp_end(f);
}

/* Who does not come to the end of a large answer keeps others waiting for a moment only. */
static void test_large_answers_take_turns(void **state)
{
	auto_free char *part = many_objects(1000, ""), *whole = many_objects(1000, "],\"id\":$ID}\r\n");
	const struct fake_item hungry[] = { { .expect = "a", .how = FAKE_RAW, .raw = part }, { 0 } };
	const struct fake_item honest[] = { { .expect = "a", .how = FAKE_RAW, .raw = whole },
					    { .expect = "b", .how = FAKE_RAW, .raw = whole }, { 0 } };
	struct budget *budget = budget_new(JSON_COST_MAX);
	struct fake_qmp *f = fake_qmp_new(hungry), *g = fake_qmp_new(honest);
	struct qmp *q = fake_qmp_client(f), *r = fake_qmp_client(g);
	struct json_object *ret = NULL;
	struct err err;

	(void)state;
	qmp_set_budget(q, budget);
	qmp_set_budget(r, budget);
	assert_int_equal(qmp_call(q, "a", NULL, SHORT, NULL, &err), -ETIMEDOUT);
	assert_int_equal(qmp_call(r, "a", NULL, SHORT, NULL, &err), -ETIMEDOUT);
	assert_true(qmp_is_open(r));
	while (qmp_is_open(q))
		qmp_pump(q, SHORT, &err);
	assert_non_null(strstr(err.text, "in the middle of a long answer"));
	qmp_close(q);
	assert_int_equal(qmp_call(r, "b", NULL, LONG, &ret, &err), 0);
	assert_int_equal(json_object_array_length(ret), 1001);
	json_object_put(ret);
	qmp_close(r);
	budget_free(budget);
	fake_qmp_end(f);
	fake_qmp_end(g);
}

static void test_deep_nesting(void **state)
{
	auto_buf struct buf text = {0}, deeper = {0};
	struct fake_item script[] = { { .expect = "a" },
				      { .expect = "b", .how = FAKE_RAW },
				      { 0 } };
	struct fake_qmp *f;
	struct qmp *q;
	struct err err;
	int i;

	(void)state;
	for (i = 0; i < 500; i++)
		buf_puts(&text, "{\"b\":");
	buf_puts(&text, "1");
	for (i = 0; i < 500; i++)
		buf_puts(&text, "}");
	script[0].reply = text.text;
	for (i = 0; i < 100000; i++)
		buf_puts(&deeper, "[");
	script[1].raw = deeper.text;
	f = fake_qmp_new(script);
	q = fake_qmp_client(f);
	assert_int_equal(qmp_call(q, "a", NULL, LONG, NULL, &err), 0);
	assert_int_equal(qmp_call(q, "b", NULL, LONG, NULL, &err), -EPROTO);
	qmp_close(q);
	fake_qmp_end(f);
}

/* QEMU reads slowly: a command larger than the socket's buffers has to wait, but not for ever. */
static void test_slow_reader(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "a", .wait = true }, { .expect = "b", .reply = "2" }, { 0 }
	};
	auto_free char *big = xmalloc(4u << 20);
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct json_object *ret = NULL;
	struct err err;

	(void)state;
	memset(big, 'y', 4u << 20);
	big[(4u << 20) - 1] = '\0';
	assert_int_equal(qmp_call(q, "a", json_put_str(json_object_new_object(), "x", big), SHORT,
				  NULL, &err),
			 -ETIMEDOUT);
	assert_non_null(strstr(err.text, "not sent whole"));
	/* what was begun is finished first: nothing of b went out */
	assert_int_equal(qmp_call(q, "b", NULL, SHORT, NULL, &err), -ETIMEDOUT);
	assert_string_equal(err.text, "QEMU does not read its monitor: b was not sent");
	fake_qmp_go(f);
	assert_int_equal(qmp_call(q, "b", NULL, LONG, &ret, &err), 0);
	assert_int_equal(json_object_get_int(ret), 2);
	json_object_put(ret);
	assert_int_equal(fake_qmp_count(f, "a"), 1);
	assert_int_equal(fake_qmp_count(f, "b"), 1);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_interrupt(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "a", .how = FAKE_LATE }, { .expect = "b" }, { 0 }
	};
	int stop = eventfd(0, EFD_CLOEXEC);
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	uint64_t n = 1;
	struct err err;

	(void)state;
	qmp_set_interrupt(q, stop);
	assert_int_equal(write(stop, &n, sizeof(n)), sizeof(n));
	assert_int_equal(qmp_call(q, "a", NULL, LONG, NULL, &err), -ECANCELED);
	assert_int_equal(qmp_pump(q, LONG, &err), -ECANCELED);
	assert_int_equal(read(stop, &n, sizeof(n)), sizeof(n));
	assert_int_equal(qmp_call(q, "b", NULL, LONG, NULL, &err), 0);
	qmp_close(q);
	close(stop);
	fake_qmp_end(f);
}

static void test_descriptors(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "getfd", .args = "{\"fdname\":\"kt\"}" }, { .expect = "stop" }, { 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct err err;

	(void)state;
	assert_int_equal(qmp_call_fd(q, "getfd",
				     json_put_str(json_object_new_object(), "fdname", "kt"), 99999,
				     LONG, NULL, &err),
			 -EBADF);
	assert_true(qmp_is_open(q));
	assert_int_equal(fake_qmp_count(f, NULL), 0);
	assert_int_equal(qmp_call_fd(q, "getfd",
				     json_put_str(json_object_new_object(), "fdname", "kt"), 0,
				     LONG, NULL, &err),
			 0);
	assert_int_equal(qmp_call(q, "stop", NULL, LONG, NULL, &err), 0);
	assert_int_equal(fake_qmp_fds(f), 1);
	assert_string_equal(fake_qmp_saw(f, 0), "getfd {\"fdname\":\"kt\"}");
	assert_null(fake_qmp_saw(f, 2));
	qmp_close(q);
	fake_qmp_end(f);
}

/* The fake itself: what is against the script is told. */
static void test_fake_verdicts(void **state)
{
	static const struct fake_item script[] = { { .expect = "a", .args = "{\"x\":{\"y\":1}}" },
						   { .expect = "z", .any = true },
						   { .expect = "b" },
						   { 0 } };
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	static const char given[] = "{\"x\":{\"y\":1,\"z\":2}}";
	struct json_object *args;
	struct err err;
	char *text;

	(void)state;
	assert_int_equal(json_parse(given, strlen(given), &args, &err), 0);
	assert_int_equal(qmp_call(q, "a", args, LONG, NULL, &err), 0);
	assert_int_equal(qmp_call(q, "z", NULL, LONG, NULL, &err), 0);
	assert_int_equal(qmp_call(q, "z", NULL, LONG, NULL, &err), 0);
	qmp_close(q);
	text = fake_qmp_verdict(f);
	assert_string_equal(text, "not reached: step 2, b");
	free(text);

	f = fake_qmp_new(script);
	q = fake_qmp_client(f);
	assert_int_equal(qmp_call(q, "a", NULL, LONG, NULL, &err), -EREMOTEIO);
	qmp_close(q);
	text = fake_qmp_verdict(f);
	assert_string_equal(text, "not expected: a {}");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greetings),
		cmocka_unit_test(test_greeting_later),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_reply_then_death),
		cmocka_unit_test(test_late_replies),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_event_flood),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_too_many_values),
		cmocka_unit_test(test_long_events),
		cmocka_unit_test(test_deadline_of_all),
		cmocka_unit_test(test_large_answers_take_turns),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_fake_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
