/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The journal: one file per change, written before and after each step, so that what a crash leaves behind is known.
 * $XDG_STATE_HOME/kvmtop/journal; without that, /var/lib/kvmtop/journal for root, ~/.local/state/kvmtop/journal for
 * others. It, the directory above and its files must belong to us, with no right for others to write, or nothing in them
 * is believed.
 */
#ifndef KT_PLAN_JOURNAL_H
#define KT_PLAN_JOURNAL_H

#include "lib/base/base.h"

struct plan;
struct journal;

/* create: make the directories; else a missing one is -ENOENT. -EPERM: it cannot be trusted, err says why. */
int journal_open(bool create, struct journal **out, struct err *err);
void journal_close(struct journal *j);				/* NULL is fine */

/*
 * Room on the disk for all that may come to be written of the plan, until the journal is closed or room is reserved for
 * another one: from then on a full disk fails no journal_write of it. Gives the plan an id, that no other entry has, and a
 * time, unless it has them; not if it fails.
 */
int journal_reserve(struct journal *j, struct plan *p, struct err *err);
/* Give the plan an id and a time, unless it has them, and write it: whole or not at all, on the disk on return. */
int journal_write(struct journal *j, struct plan *p, struct err *err);
/* All entries, oldest first; a vec of plans, yours. An entry that cannot be believed is left out and told to bad(). */
int journal_read(struct journal *j, struct plan ***plans, size_t *n, void (*bad)(void *arg, const struct err *err),
		 void *arg, struct err *err);
/* One of them by its id, as it is now. Yours. */
int journal_read_entry(struct journal *j, const char *id, struct plan **out, struct err *err);
/* Another number after each change of the journal; 0: no journal. */
uint64_t journal_stamp(void);
/*
 * Forget entries, as journal_read gave them, that are over and leave nothing: those that have more than keep newer ones, or
 * were not written for so many days.
 */
#define JOURNAL_KEEP 1000
#define JOURNAL_DAYS 90
void journal_prune(struct journal *j, struct plan *const *plans, size_t n, size_t keep, unsigned days);

#endif
