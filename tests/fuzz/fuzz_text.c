// SPDX-License-Identifier: GPL-3.0-or-later
/* Foreign text on its way to a terminal: what comes out is clean, valid, no longer than allowed, and as wide as it says. */
#include "fuzz.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tui/text.h"

/* A document of fewer objects is not too costly (lib/base/json.c). */
#define BRACKETS_MIN 18000

static void wrap(const char *text, int width)
{
	static const struct theme plain = {0}, ascii = { .ascii = true };
	const struct draw on_plain = { .theme = &plain, .height = 24, .width = width };
	const struct draw on_ascii = { .theme = &ascii, .height = 24, .width = width };
	auto_free char *clean = draw_clean(&on_plain, text), *only = draw_clean(&on_ascii, text);
	struct text t = {0};
	size_t i;

	fuzz_must(str_is_clean(clean) && draw_width(&on_plain, text) == (int)str_width(clean));
	for (i = 0; only[i]; i++)
		fuzz_must(only[i] >= ' ' && only[i] <= '~');
	text_add(&t, PAINT_PLAIN, 0, 2, "%s", text);
	fuzz_must(text_lines(&t, &on_plain, width) >= 1);
	text_done(&t);
}

static void check(const char *text, size_t limit)
{
	auto_free char *clean = xstrdup(text), *valid = str_utf8(text, strlen(text), limit);
	auto_free char *json = NULL;
	auto_json struct json_object *string = json_object_new_string(text), *again = NULL;
	struct err err = {0};
	size_t used, at;
	int rc;

	fuzz_must(strlen(valid) <= limit);
	str_clean(clean);
	fuzz_must(strlen(clean) <= strlen(text) && str_is_clean(clean));
	at = str_fit(clean, limit % 80, &used);
	fuzz_must(at <= strlen(clean) && used <= limit % 80);
	json = json_text(string);
	rc = json_parse(json, strlen(json), &again, &err);
	/* brackets in a string are counted as if they were values */
	fuzz_must(rc == -EMSGSIZE ? strlen(text) > BRACKETS_MIN : !rc && json_object_is_type(again, json_type_string));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static bool is_set;
	auto_free char *text = fuzz_text(data, size);

	if (!is_set && !setlocale(LC_ALL, "C.UTF-8"))
		abort();
	is_set = true;
	check(text, size ? data[0] : 0);
	wrap(text, size ? data[0] % 120 : 80);
}
