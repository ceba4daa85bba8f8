/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values over time in cells of text: two samples and four dots to a cell in braille, one sample to a cell in ASCII. */
#ifndef KT_TUI_GRAPH_H
#define KT_TUI_GRAPH_H

#include "draw.h"

#define GRAPH_CELLS_MAX 120

/*
 * One of several lines of a graph, line 0 on top, exactly width cells of it; the newest value is at the right. A value
 * that is known leaves a dot at least, a NAN nothing. max: what fills it to the top.
 */
void graph_line(bool braille, const float *values, size_t n, double max, int line, int lines, int width, struct buf *out);
/* How many samples go into width cells. */
size_t graph_samples(bool braille, int width);
/*
 * What a scale has to hold: the greatest value; where that is more than twice the 99th percentile, this, so that one outlier does
 * not flatten the rest.
 */
double graph_top(const float *values, size_t n);
/* A round number that max and its graph fit under; at least least. */
double graph_scale(double max, double least);

void graph_draw(const struct draw *d, int y, int x, int width, int lines, enum paint p, const float *values, size_t n,
		double max);

#endif
