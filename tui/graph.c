// SPDX-License-Identifier: GPL-3.0-or-later
/* Braille and ASCII graphs. */
#include "graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BRAILLE 0x2800
#define ROUND_MIN 1e-9

double graph_scale(double max, double least)
{
	static const double steps[] = { 1, 1.5, 2, 3, 4, 5, 6, 8, 10 };
	double unit;
	size_t i;

	if (!(max > least))
		return least;
	if (max < ROUND_MIN)
		return ROUND_MIN;
	unit = pow(10, floor(log10(max)));
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i] * unit >= max)
			return steps[i] * unit;
	return 10 * unit;
}

static int value_cmp(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

double graph_top(const float *values, size_t n)
{
	float *known = xcalloc(n ? n : 1, sizeof(*known));
	double max = 0, usual = 0;
	size_t count = 0, i;

	for (i = 0; i < n; i++)
		if (!isnan(values[i]))
			known[count++] = values[i];
	if (count) {
		qsort(known, count, sizeof(*known), value_cmp);
		max = (double)known[count - 1];
		usual = (double)known[(count - 1) * 99 / 100];
	}
	free(known);
	return usual > 0 && max > 2 * usual ? usual : max;
}

size_t graph_samples(bool braille, int width)
{
	return width < 0 ? 0 : (size_t)width * (braille ? 2 : 1);
}

/* Dots that are filled, from the bottom: none for unknown, one for 0. */
static int level(float value, double max, int levels)
{
	double share = (double)value / max;

	if (isnan(value))
		return 0;
	if (!(share > 0))
		return 1;
	return share >= 1 ? levels : 1 + (int)(share * (levels - 1) + 0.5);
}

/* Of these dots those that lie in a cell, which has several above each other. */
static int within(int dots, int below, int height)
{
	dots -= below;
	return dots < 0 ? 0 : dots > height ? height : dots;
}

static void put_utf8(struct buf *out, unsigned cp)
{
	const char bytes[3] = { (char)(0xe0 | cp >> 12), (char)(0x80 | (cp >> 6 & 0x3f)), (char)(0x80 | (cp & 0x3f)) };

	buf_add(out, bytes, sizeof(bytes));
}

void graph_line(bool braille, const float *values, size_t n, double max, int line, int lines, int width, struct buf *out)
{
	static const unsigned char left[] = { 0, 0x40, 0x44, 0x46, 0x47 }, right[] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };
	static const char thirds[] = " .:#", fine[] = " _.-=+*#";
	int height = braille ? 4 : lines > 1 ? 3 : (int)strlen(fine) - 1;
	int below = (lines - 1 - line) * height, per_cell = braille ? 2 : 1, i, k;
	long at = (long)n - (long)width * per_cell;

	for (i = 0; i < width; i++) {
		int dots[2] = { 0, 0 };

		for (k = 0; k < per_cell; k++, at++)
			if (at >= 0)
				dots[k] = within(level(values[at], max, lines * height), below, height);
		if (braille)
			put_utf8(out, BRAILLE | left[dots[0]] | right[dots[1]]);
		else
			buf_add(out, lines > 1 ? &thirds[dots[0]] : &fine[dots[0]], 1);
	}
}

void graph_draw(const struct draw *d, int y, int x, int width, int lines, enum paint p, const float *values, size_t n,
		double max)
{
	int line;

	for (line = 0; line < lines; line++) {
		auto_buf struct buf text = {0};

		graph_line(d->theme->braille, values, n, max, line, lines, width, &text);
		draw_text(d, y + line, x, width, p, text.text ? text.text : "");
	}
}
