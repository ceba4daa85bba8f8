/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked beside the screen, by its forms and the line at its foot: a completion, or the output of a look-up. */
#ifndef KT_TUI_ASIDE_H
#define KT_TUI_ASIDE_H

#include "lib/cmd/cmd.h"

struct aside;

/* NULL: the system allows no more threads. */
struct aside *aside_complete(struct session *s, const char *line, size_t len);
/* Of an argument of a form; so_far: the others. */
struct aside *aside_complete_arg(struct session *s, const struct call *so_far, size_t arg, const char *typed);
struct aside *aside_run(struct session *s, const struct call *c, unsigned width);	/* in a session of its own, as in batch */

int aside_fd(const struct aside *x);			/* readable: it is over */
bool aside_is_over(const struct aside *x);
/* Once it is over, until it is dropped: the one it was asked for. */
const struct line_completion *aside_completion(struct aside *x);
const struct completion *aside_values(const struct aside *x);
const char *aside_text(struct aside *x);
/* It is not wanted any more, and is freed when it is over; NULL is fine. */
void aside_drop(struct aside *x, struct aside **given_up);
void aside_reap(struct aside **given_up, bool all);	/* all: those that are under way are interrupted, and waited for */

#endif
