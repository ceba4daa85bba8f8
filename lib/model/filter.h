/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filter expressions over one table's columns:
 *   or := and {"||" and}    and := not {"&&" not}    not := "!" not | "(" or ")" | FIELD OP VALUE
 *   OP: = != < <= > >= ~ !~   (~ a regular expression of PCRE2)
 * A comparison with an unknown value does not hold, nor does its opposite by "!"; FIELD=null asks for it, and a quoted
 * 'null' is the word. Sizes may carry K M G T, times ms min h,
 * shares %; an address is compared in whatever spelling it is given.
 */
#ifndef KT_MODEL_FILTER_H
#define KT_MODEL_FILTER_H

#include "column.h"

struct filter;

int filter_parse(const struct table *t, const char *text, struct filter **out, struct err *err);
void filter_free(struct filter *f);			/* NULL is fine */
bool filter_match(const struct filter *f, const void *row);	/* NULL matches everything */
unsigned filter_needs(const struct filter *f);
bool filter_has_rate(const struct filter *f);

#endif
