/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls that may never come back, such as stat on a file server that is gone: each has a thread of its own, which is
 * left behind when its deadline has passed. No more than a fixed number are under way.
 */
#ifndef KT_BASE_LATE_H
#define KT_BASE_LATE_H

#include <stdbool.h>
#include <stdint.h>

struct lates;

struct lates *lates_new(unsigned max);
/* Waits for nobody: a thread under way keeps what it needs until it comes back. NULL is fine. */
void lates_free(struct lates *l);

struct late;

/*
 * Call run(arg) in a thread. It may touch arg only, which belongs to it until it is over; drop frees what nobody waits
 * for any more. NULL: too many are under way or the system allows no more threads, and arg is still yours.
 */
struct late *late_start(struct lates *l, void (*run)(void *arg), void (*drop)(void *arg), void *arg);
bool late_is_over(struct late *late);
bool late_wait(struct late *late, unsigned timeout_ms);	/* true: it is over */
/* The end of late in any case: arg, yours again, or NULL where it is not over and is left behind. */
void *late_end(struct late *late);

#endif
