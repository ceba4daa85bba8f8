// SPDX-License-Identifier: GPL-3.0-or-later
/* Text on its way to the screen: made harmless, typed, wrapped. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tui/input.h"
#include "tui/line.h"
#include "tui/text.h"

static const struct theme plain = {0}, ascii = { .ascii = true };
static const struct draw on_plain = { .theme = &plain, .height = 24, .width = 80 };
static const struct draw on_ascii = { .theme = &ascii, .height = 24, .width = 80 };

static void foreign_text_takes_the_columns_it_seems_to(void **state)
{
	static const struct {
		const char *text, *clean, *in_ascii;
		int width;
	} rows[] = {
		{ "web-12", "web-12", "web-12", 6 }, { "", "", "", 0 },
		{ "a\033[31mb", "a?[31mb", "a?[31mb", 7 }, { "a\nb\tc", "a?b?c", "a?b?c", 5 },
		{ "\377\376", "??", "??", 2 }, { "b\303\274", "b\303\274", "b?", 2 },
		{ "\346\227\245", "\346\227\245", "?", 2 },				/* a wide letter */
		{ "e\314\201x", "e\314\201x", "e?x", 2 },				/* a mark on its letter */
		{ "\314\201x", "x", "?x", 1 },						/* a mark on nothing */
		{ "o\314\201\314\201\314\201\314\201", "o\314\201\314\201", "o????", 1 },	/* a heap */
		{ "a\342\200\213b\342\200\215c", "abc", "abc", 3 },			/* no width, a joiner */
		{ "a\342\200\256b", "a?b", "a?b", 3 },					/* right to left override */
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *clean = draw_clean(&on_plain, rows[i].text);
		auto_free char *in_ascii = draw_clean(&on_ascii, rows[i].text);

		assert_string_equal(clean, rows[i].clean);
		assert_string_equal(in_ascii, rows[i].in_ascii);
		assert_int_equal(draw_width(&on_plain, rows[i].text), rows[i].width);
	}
}

static void type(struct line *l, const char *keys)
{
	bool changed;

	for (; *keys; keys++)
		line_key(l, (unsigned char)*keys, &changed);
}

static void press(struct line *l, int key, const char *text, bool changes)
{
	bool changed = !changes;

	assert_true(line_key(l, key, &changed));
	assert_string_equal(l->text, text);
	assert_int_equal(changed, changes);
}

static void a_line_is_edited(void **state)
{
	struct line l = {0};
	bool changed;

	(void)state;
	line_set(&l, NULL);
	press(&l, K_BACKSPACE, "", false);
	press(&l, K_LEFT, "", false);
	press(&l, K_CTRL('W'), "", false);
	type(&l, "abd");
	press(&l, K_LEFT, "abd", false);
	press(&l, 'c', "abcd", true);
	press(&l, K_HOME, "abcd", false);
	press(&l, K_DELETE, "bcd", true);
	press(&l, K_END, "bcd", false);
	press(&l, K_DELETE, "bcd", false);
	press(&l, K_RIGHT, "bcd", false);
	press(&l, K_BACKSPACE, "bc", true);
	line_set(&l, "/img/a b");
	press(&l, K_CTRL('W'), "/img/a ", true);
	press(&l, K_CTRL('W'), "/img/", true);
	press(&l, K_CTRL('W'), "/", true);
	press(&l, K_CTRL('W'), "", true);
	type(&l, "xy");
	press(&l, K_HOME, "xy", false);
	press(&l, K_CTRL('K'), "", true);
	type(&l, "z");
	press(&l, K_CTRL('U'), "", true);
	assert_false(line_key(&l, K_F(1), &changed));
	assert_false(line_key(&l, K_ESC, &changed));
	assert_false(line_key(&l, 0x9b, &changed));
	line_done(&l);
}

static void characters_are_edited_whole(void **state)
{
	struct line l = {0};

	(void)state;
	line_set(&l, "a\303\274\346\227\245");
	press(&l, K_BACKSPACE, "a\303\274", true);
	press(&l, K_LEFT, "a\303\274", false);
	press(&l, 0x65e5, "a\346\227\245\303\274", true);
	press(&l, K_DELETE, "a\346\227\245", true);
	line_set(&l, "\377\303");	/* invalid: a byte at a time */
	press(&l, K_BACKSPACE, "\377", true);
	press(&l, K_BACKSPACE, "", true);
	line_done(&l);
}

static void a_line_has_an_end(void **state)
{
	struct line l = {0};
	bool changed = true;
	int i;

	(void)state;
	line_set(&l, "");
	for (i = 0; i < 10000; i++)
		line_key(&l, 'x', &changed);
	assert_false(changed);
	assert_int_equal(strlen(l.text), 4096);
	line_done(&l);
}

static void paragraphs_are_wrapped(void **state)
{
	static const struct {
		const char *text;
		int width, lines;
	} rows[] = {
		{ "one two three", 80, 1 }, { "one two three", 8, 2 }, { "one two three", 5, 3 }, { "", 10, 1 },
		{ "abcdefghij", 5, 2 }, { "{\"a\":1,\"b\":2}", 8, 2 }, { "a b", 0, 1 }, { "abcdefgh", -3, 2 },
		{ "\346\227\245\346\227\245\346\227\245", 4, 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text t = {0};

		text_add(&t, PAINT_PLAIN, 0, 0, "%s", rows[i].text);
		assert_int_equal(text_lines(&t, &on_plain, rows[i].width), rows[i].lines);
		text_done(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_text_takes_the_columns_it_seems_to),
		cmocka_unit_test(a_line_is_edited),
		cmocka_unit_test(characters_are_edited_whole),
		cmocka_unit_test(a_line_has_an_end),
		cmocka_unit_test(paragraphs_are_wrapped),
	};

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
