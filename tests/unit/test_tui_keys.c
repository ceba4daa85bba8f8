// SPDX-License-Identifier: GPL-3.0-or-later
/* What a terminal sends becomes keys, and keys become actions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tui/keys.h"
#include "tui/tui.h"

/* The keys that a whole sequence makes, with the Esc that still waits at its end. */
static size_t keys_of(const char *bytes, int *keys)
{
	struct input in = {0};
	size_t n = 0;

	for (; *bytes; bytes++)
		n += input_feed(&in, (unsigned char)*bytes, keys + n);
	return n + input_flush(&in, keys + n);
}

static void sequences_become_keys(void **state)
{
	static const struct {
		const char *bytes;
		int keys[4];
	} rows[] = {
		{ "a", { 'a' } }, { "\r", { K_ENTER } }, { "\n", { K_ENTER } }, { "\x7f", { K_BACKSPACE } },
		{ "\b", { K_BACKSPACE } }, { "\t", { K_TAB } }, { "\f", { K_CTRL('L') } },
		{ "\033", { K_ESC } }, { "\033\033", { K_ESC, K_ESC } }, { "\033q", { K_ESC, 'q' } },
		{ "\033\r", { K_ESC, K_ENTER } },
		{ "\0331", { K_F(1) } }, { "\0339", { K_F(9) } }, { "\0330", { K_F(10) } },
		{ "\033[A", { K_UP } }, { "\033OB", { K_DOWN } }, { "\033[1;5C", { K_RIGHT } },
		{ "\033[H", { K_HOME } }, { "\033[1~", { K_HOME } }, { "\033[4~", { K_END } },
		{ "\033[5~", { K_PGUP } }, { "\033[6~", { K_PGDN } },
		{ "\033[3~", { K_DELETE } }, { "\033[Z", { K_BACKTAB } },
		{ "\033OP", { K_F(1) } }, { "\033OS", { K_F(4) } }, { "\033[11~", { K_F(1) } },
		{ "\033[15~", { K_F(5) } },
		{ "\033[17~", { K_F(6) } }, { "\033[21~", { K_F(10) } }, { "\033[24~", { K_F(12) } },
		{ "\033[[A", { K_F(1) } }, { "\033[[E", { K_F(5) } }, { "\033Ox", { K_F(10) } },
		{ "\033[15;2~", { K_F(5) } },
		/* nobody knows these: they are no letters all the same */
		{ "\033[200~", {0} }, { "\033[?1;2cx", { 'x' } }, { "\033[99999999999999999999~j", { 'j' } },
		{ "\033[[Zk", { 'k' } }, { "\033O!q", { 'q' } }, { "\033[", { K_ESC } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		int keys[16] = {0};

		keys_of(rows[i].bytes, keys);
		if (memcmp(keys, rows[i].keys, sizeof(rows[i].keys)))
			fail_msg("row %zu is %x %x %x", i, (unsigned)keys[0], (unsigned)keys[1], (unsigned)keys[2]);
	}
}

static void known_keys_end_a_sequence(void **state)
{
	struct input in = {0};
	int keys[INPUT_KEYS_MAX];

	(void)state;
	assert_int_equal(input_feed(&in, K_ESC, keys), 0);
	assert_true(input_is_waiting(&in));
	assert_int_equal(input_feed(&in, K_UP, keys), 2);
	assert_int_equal(keys[0], K_ESC);
	assert_int_equal(keys[1], K_UP);
	assert_false(input_is_waiting(&in));
	assert_int_equal(input_flush(&in, keys), 0);
}

/* Any bytes at all: never more keys than there is room for, and letters get through again afterwards. */
static void noise_is_survived(void **state)
{
	struct input in = {0};
	uint32_t seed = 1;
	int keys[INPUT_KEYS_MAX], i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		seed = seed * 1664525 + 1013904223;
		assert_true(input_feed(&in, (int)(seed >> 24), keys) <= INPUT_KEYS_MAX);
	}
	input_flush(&in, keys);
	assert_int_equal(input_feed(&in, 'x', keys), 1);
	assert_int_equal(keys[0], 'x');
}

static void no_key_means_two_things(void **state)
{
	size_t n, i, k, c;
	const struct key_row *rows = keys_table(&n);

	(void)state;
	for (i = 0; i < n; i++)
		for (k = 0; k < i; k++)
			for (c = 0; c < KEY_CODES_MAX && rows[i].where & rows[k].where; c++)
				if (rows[i].codes[c] && keys_action(rows[i].where & rows[k].where, rows[i].codes[c]) !=
				    rows[i].action)
					fail_msg("%s and %s", rows[i].key, rows[k].key);
}

/* No verb, page or sort key is hidden behind a key of the screen itself. */
static void keys_of_tables_get_through(void **state)
{
	size_t n, i, k;
	const struct verb *const *all = verbs(&n);
	enum table_id t;

	(void)state;
	for (i = 0; i < n; i++) {
		int key = all[i]->key ? all[i]->key[0] : 0;

		if (keys_page(all[i]) != PAGE_NONE)
			key = keys_page_key(all[i]);
		else if (all[i]->key && strlen(all[i]->key) > 1)
			key = K_F(all[i]->key[1] - '0');
		assert_int_equal(keys_action(keys_page(all[i]) == PAGE_HOST ? IN_HOST : IN_LIST | IN_GUEST, key), ACT_NONE);
	}
	for (t = 0; t < TABLE_COUNT; t++)
		for (k = 0; k < table_get(t)->n_columns; k++)
			assert_int_equal(keys_action(IN_LIST | IN_GUEST, table_get(t)->columns[k].key), ACT_NONE);
}

static void every_place_can_be_left(void **state)
{
	static const unsigned places[] = {
		IN_LIST, IN_GUEST, IN_TEXT, IN_MENU, IN_LINE, IN_FORM, IN_READY, IN_RUN, IN_HOST, IN_DONE,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(places); i++)
		assert_int_equal(keys_action(places[i], K_F(10)), ACT_QUIT);
	for (i = 1; i + 1 < ARRAY_SIZE(places); i++)
		assert_int_equal(keys_action(places[i], K_ESC), ACT_BACK);
}

static void verbs_are_found_by_key(void **state)
{
	size_t i = 0;
	const struct verb *v = keys_verb("F7", &i);
	size_t n = 1;
	char name[8];

	(void)state;
	assert_non_null(v);
	assert_non_null(v->build);
	while (keys_verb("F7", &i))
		n++;
	assert_in_range(n, 5, 100);
	i = 0;
	assert_null(keys_verb("", &i));
	keys_name(K_F(12), name);
	assert_string_equal(name, "F12");
	keys_name('2', name);
	assert_string_equal(name, "2");
	keys_name(K_UP, name);
	assert_string_equal(name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_become_keys),
		cmocka_unit_test(known_keys_end_a_sequence),
		cmocka_unit_test(noise_is_survived),
		cmocka_unit_test(no_key_means_two_things),
		cmocka_unit_test(keys_of_tables_get_through),
		cmocka_unit_test(every_place_can_be_left),
		cmocka_unit_test(verbs_are_found_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
