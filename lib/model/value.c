// SPDX-License-Identifier: GPL-3.0-or-later
/* Comparing and writing one cell, whatever column it is of. */
#include "model.h"

#include <stdio.h>
#include <string.h>

const char *unit_name(enum unit u)
{
	static const char *const names[] = {
		[UNIT_TEXT] = "text", [UNIT_COUNT] = "count", [UNIT_NUMBER] = "number", [UNIT_PCT] = "%", [UNIT_BYTES] = "bytes",
		[UNIT_PER_S] = "1/s", [UNIT_BYTES_PER_S] = "bytes/s", [UNIT_US] = "us", [UNIT_SECONDS] = "s",
	};

	return names[u];
}

static double number(struct value v)
{
	return v.kind == VALUE_UINT ? (double)v.uint : v.num;
}

int value_cmp(struct value a, struct value b)
{
	if (a.kind == VALUE_NONE || b.kind == VALUE_NONE)
		return (a.kind == VALUE_NONE) - (b.kind == VALUE_NONE);
	if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
		return strcmp(a.text, b.text);
	if (a.kind == VALUE_UINT && b.kind == VALUE_UINT)	/* doubles end at 53 bits */
		return (a.uint > b.uint) - (a.uint < b.uint);
	if (a.kind == VALUE_TEXT || b.kind == VALUE_TEXT)
		return (a.kind == VALUE_TEXT) - (b.kind == VALUE_TEXT);
	return (number(a) > number(b)) - (number(a) < number(b));
}

void value_format(struct value v, enum unit unit, struct buf *out)
{
	char text[32];

	if (v.kind == VALUE_NONE) {
		buf_puts(out, "-");
		return;
	}
	if (v.kind == VALUE_TEXT) {
		buf_puts(out, v.text);
		return;
	}
	switch (unit) {
	case UNIT_TEXT:
	case UNIT_COUNT:
		value_raw(v, out);
		return;
	case UNIT_PCT:
		buf_printf(out, "%.1f", number(v));
		return;
	case UNIT_BYTES:
		units_scaled(number(v), 1024, text, sizeof(text));
		break;
	case UNIT_NUMBER:
	case UNIT_PER_S:
	case UNIT_BYTES_PER_S:
		units_scaled(number(v), 1000, text, sizeof(text));
		break;
	case UNIT_US:
		units_duration(number(v) / 1e6, text, sizeof(text));
		break;
	case UNIT_SECONDS:
		if (number(v) < 100)
			snprintf(text, sizeof(text), "%.1fs", number(v));
		else
			units_age(number(v), text, sizeof(text));
		break;
	}
	buf_puts(out, text);
}

void value_raw(struct value v, struct buf *out)
{
	switch (v.kind) {
	case VALUE_NONE:
		break;
	case VALUE_TEXT:
		buf_puts(out, v.text);
		break;
	case VALUE_UINT:
		buf_printf(out, "%llu", (unsigned long long)v.uint);
		break;
	case VALUE_NUM:
		/* three decimals are below any error of the readings, and keep numbers comparable by eye */
		if (v.num == floor(v.num) && fabs(v.num) < 1e15)
			buf_printf(out, "%.0f", v.num);
		else
			buf_printf(out, "%.3f", v.num);
		break;
	}
}

struct json_object *value_json(struct value v)
{
	auto_buf struct buf text = {0};

	switch (v.kind) {
	case VALUE_NONE:
		return NULL;
	case VALUE_TEXT:
		return json_object_new_string(v.text);
	case VALUE_UINT:
		return json_object_new_uint64(v.uint);
	case VALUE_NUM:
		value_raw(v, &text);
		return json_object_new_double_s(v.num, text.text);
	}
	return NULL;
}
