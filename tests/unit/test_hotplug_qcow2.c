// SPDX-License-Identifier: GPL-3.0-or-later
/* Headers of qcow2 images: the names in them, and what is wrong with them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "hotplug/qcow2.h"
#include "lib/base/base.h"

#define FORMAT 0xe2792acau
#define DATA_FILE 0x44415441u
#define SIZE 4096

struct head {
	unsigned char bytes[SIZE];
	size_t at;			/* where the next extension goes */
};

static void put32(struct head *h, size_t at, uint32_t n)
{
	n = htobe32(n);
	memcpy(h->bytes + at, &n, sizeof(n));
}

static void put_extension(struct head *h, uint32_t type, const char *text, uint32_t len)
{
	put32(h, h->at, type);
	put32(h, h->at + 4, len);
	memcpy(h->bytes + h->at + 8, text, strlen(text));
	h->at += 8 + ((strlen(text) + 7) & ~7ull);
}

static void put_backing(struct head *h, uint32_t at, const char *name, uint32_t len)
{
	put32(h, 12, at);
	put32(h, 16, len);
	if (at < SIZE - 1024)
		memcpy(h->bytes + at, name, strlen(name));
}

static struct head new_head(uint32_t version)
{
	struct head h = { .at = version == 2 ? 72 : 112 };

	put32(&h, 0, 0x514649fb);
	put32(&h, 4, version);
	put32(&h, 20, 16);
	if (version > 2)
		put32(&h, 100, 112);
	return h;
}

static void expect(const struct head *h, const char *backing, const char *format, const char *data)
{
	struct qcow2 q;
	const char *why = qcow2_parse(h->bytes, SIZE, &q);

	if (why)
		fail_msg("%s", why);
	assert_true(backing ? q.backing && !strcmp(q.backing, backing) : !q.backing);
	assert_true(format ? q.format && !strcmp(q.format, format) : !q.format);
	assert_true(data ? q.data && !strcmp(q.data, data) : !q.data);
	qcow2_done(&q);
}

static void refuse(const struct head *h, size_t len, const char *words)
{
	struct qcow2 q;
	const char *why = qcow2_parse(h->bytes, len, &q);

	if (!why || !strstr(why, words))
		fail_msg("'%s', not '%s'", why ? why : "(fine)", words);
	assert_null(q.backing);
	assert_null(q.format);
	assert_null(q.data);
}

static void names_are_read(void **state)
{
	struct head two = new_head(2), three = new_head(3);

	(void)state;
	expect(&two, NULL, NULL, NULL);
	expect(&three, NULL, NULL, NULL);
	put_extension(&two, FORMAT, "raw", 3);
	put_backing(&two, 200, "base", 4);
	expect(&two, "base", "raw", NULL);
	put_extension(&three, 0x6803f857, "feature names", 13);		/* one that says nothing of files */
	put_extension(&three, DATA_FILE, "data", 4);
	put_extension(&three, FORMAT, "qcow2", 5);
	put_backing(&three, 300, "base", 4);
	expect(&three, "base", "qcow2", NULL);
	put32(&three, 76, 4);		/* the feature bit of a data file */
	expect(&three, "base", "qcow2", "data");
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		const char *words;
	} rows[] = {
		{ 0, 0x4b444d56, "not qcow2" }, { 4, 1, "another version" }, { 4, 4, "another version" }, { 20, 8, "makes no sense" },
		{ 20, 22, "makes no sense" }, { 20, 9, "cannot be read" }, { 100, 100, "sensible length" },
		{ 100, 0xffffffff, "sensible length" }, { 8, 1, "cannot be read" }, { 12, 50, "cannot be read" },
		{ 12, SIZE - 1, "cannot be read" }, { 12, 0xffffffff, "cannot be read" }, { 16, 0, "cannot be read" },
		{ 16, 1024, "cannot be read" }, { 16, 0xffffffff, "cannot be read" }, { 116, 1000, "does not fit" },
		{ 116, 0xffffffff, "does not fit" }, { 116, 0, "no sensible length" }, { 116, 16, "no sensible length" },
		{ 76, 4, "does not name its data file" },
	};
	struct head fine = new_head(3), twice;
	size_t i;

	(void)state;
	put_extension(&fine, FORMAT, "raw", 3);
	twice = fine;
	put_backing(&fine, 600, "base", 4);
	expect(&fine, "base", "raw", NULL);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct head h = fine;

		put32(&h, rows[i].at, rows[i].value);
		refuse(&h, SIZE, rows[i].words);
	}
	put_extension(&twice, FORMAT, "qcow2", 5);
	refuse(&twice, SIZE, "twice");
	refuse(&fine, 71, "not qcow2");
	refuse(&fine, 103, "cut off");
	refuse(&fine, 111, "sensible length");
	refuse(&fine, 603, "cannot be read");
}

/* Cut at any length, and with any byte changed: it ends, and reads nothing beyond (the sanitizers see that). */
static void any_bytes_will_do(void **state)
{
	struct head h = new_head(3);
	struct qcow2 q;
	size_t i;

	(void)state;
	put32(&h, 76, 4);
	put_extension(&h, FORMAT, "raw", 3);
	put_extension(&h, DATA_FILE, "data", 4);
	put_backing(&h, 160, "base", 4);
	for (i = 0; i <= 200; i++) {
		auto_free unsigned char *copy = xmalloc(i + 1);

		memcpy(copy, h.bytes, i);
		qcow2_parse(copy, i, &q);
		qcow2_done(&q);
	}
	for (i = 0; i < 256 * 200; i++) {
		auto_free unsigned char *copy = xmalloc(200);

		memcpy(copy, h.bytes, 200);
		copy[i / 256] = (unsigned char)i;
		qcow2_parse(copy, 200, &q);
		qcow2_done(&q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(any_bytes_will_do),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
