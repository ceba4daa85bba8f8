/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Room that many share: documents of strangers are counted against it before they are parsed. It lives until the last
 * charge is given back, so what was counted may outlive its owner. May be used from any thread.
 */
#ifndef KT_BASE_BUDGET_H
#define KT_BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct budget;

struct budget *budget_new(size_t bytes);
void budget_free(struct budget *b);			/* the owner's end; NULL is fine */
bool budget_take(struct budget *b, size_t bytes);	/* false: there is not so much left now */
void budget_give(struct budget *b, size_t bytes);	/* back, in one piece or several */

#endif
