// SPDX-License-Identifier: GPL-3.0-or-later
/* Values become dots. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "lib/model/model.h"
#include "tui/graph.h"

static void line_is(bool braille, const float *values, size_t n, double max, int line, int lines, int width, const char *want)
{
	auto_buf struct buf out = {0};

	graph_line(braille, values, n, max, line, lines, width, &out);
	if (strcmp(out.text, want))
		fail_msg("line %d is \"%s\", not \"%s\"", line, out.text, want);
}

static void braille_has_two_samples_and_four_dots(void **state)
{
	const float ramp[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, gap[] = { NAN, 3, NAN, NAN, 3, 0 };

	(void)state;
	/* one line, a value of 3 fills it: known is one dot at the least, unknown is none */
	line_is(true, gap, 6, 3, 0, 1, 3, "⢸⠀⣇");
	/* two lines, eight dots */
	line_is(true, ramp, 8, 7, 0, 2, 4, "⠀⠀⣠⣾");
	line_is(true, ramp, 8, 7, 1, 2, 4, "⣠⣾⣿⣿");
	/* fewer samples than there is room for stand at the right, more lose the oldest */
	line_is(true, ramp, 2, 7, 1, 2, 3, "⠀⠀⣠");
	line_is(true, ramp, 8, 7, 1, 2, 2, "⣿⣿");
	/* an odd one has half a cell */
	line_is(true, ramp + 7, 1, 7, 0, 1, 1, "⢸");
}

static void ascii_has_one_sample(void **state)
{
	const float ramp[] = { NAN, 0, 1, 2, 3, 4, 5 }, seven[] = { NAN, 0, 1, 2, 3, 4, 5, 6 };

	(void)state;
	line_is(false, ramp, 7, 5, 0, 2, 8, "     .:#");
	line_is(false, ramp, 7, 5, 1, 2, 8, "  .:####");
	line_is(false, seven, 8, 6, 0, 1, 8, " _.-=+*#");
}

static void values_are_bounded(void **state)
{
	const float odd[] = { -5, INFINITY, -INFINITY, 1e30f };

	(void)state;
	line_is(false, odd, 4, 1, 0, 1, 4, "_#_#");
	line_is(false, odd, 0, 1, 0, 1, 2, "  ");
	line_is(false, odd + 3, 1, 1, 1, 2, 1, "#");
	assert_int_equal(graph_samples(true, 60), 120);
	assert_int_equal(graph_samples(false, 60), 60);
	assert_int_equal(graph_samples(true, -1), 0);
}

static void scales_are_round(void **state)
{
	static const double rows[][3] = {
		{ 0, 100, 100 }, { 99, 100, 100 }, { 101, 100, 150 }, { 388, 100, 400 }, { 8200, 1, 10000 }, { 7999, 1, 8000 },
		{ 0.4, 0, 0.4 }, { 0, 0, 0 }, { 1000, 1, 1000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (fabs(graph_scale(rows[i][0], rows[i][1]) - rows[i][2]) > 1e-6)
			fail_msg("%g becomes %g", rows[i][0], graph_scale(rows[i][0], rows[i][1]));
	assert_true(graph_scale(NAN, 1) == 1);
}

static void one_outlier_does_not_flatten_the_rest(void **state)
{
	float values[HISTORY_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = i % 2 ? 8 : 10;
	assert_true(fabs(graph_top(values, ARRAY_SIZE(values)) - 10) < 1e-6);
	values[60] = 100000;
	assert_true(fabs(graph_top(values, ARRAY_SIZE(values)) - 10) < 1e-6);
	for (i = 50; i < 60; i++)		/* a load that lasts is no outlier */
		values[i] = 5000;
	assert_true(graph_top(values, ARRAY_SIZE(values)) >= 5000);
	for (i = 0; i < ARRAY_SIZE(values); i++)	/* all there is is one value */
		values[i] = i == 7 ? 5 : NAN;
	assert_true(fabs(graph_top(values, ARRAY_SIZE(values)) - 5) < 1e-6);
	assert_true(fabs(graph_top(values, 0)) < 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(braille_has_two_samples_and_four_dots),
		cmocka_unit_test(ascii_has_one_sample),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(scales_are_round),
		cmocka_unit_test(one_outlier_does_not_flatten_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
