/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread that looks after what is not the guests' figures: the sockets given by hand at the start, then the journal. It
 * reads it when it has changed, and finishes what is pending. What it has to say goes to standard error: the screen shows that.
 */
#ifndef KT_TUI_KEEPER_H
#define KT_TUI_KEEPER_H

#include "lib/cmd/cmd.h"

struct keeper;

struct keeper *keeper_new(struct session *s);		/* NULL: the system allows no more threads */
void keeper_free(struct keeper *k);			/* after sampler_leave, which ends its waits; NULL is fine */

/* For the drawing thread: they take a lock that is held for a pointer's copy. */
int keeper_fd(const struct keeper *k);			/* readable: the journal was read again */
/* The journal as it was read last, a reference of yours, NULL before the first; empties the fd. Why it cannot be believed: err. */
struct snapshot *keeper_journal(struct keeper *k, struct err *err);
void keeper_finish(struct keeper *k);			/* try now what is pending, then read the journal again */

size_t keeper_pending(const struct snapshot *journal);	/* how many of its changes are pending; NULL: 0 */

#endif
