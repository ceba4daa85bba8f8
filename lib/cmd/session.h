/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run of kvmtop: its options and what it has opened; running a call; a change in its parts, for whoever confirms. */
#ifndef KT_CMD_SESSION_H
#define KT_CMD_SESSION_H

#include <stdatomic.h>

#include "out.h"
#include "verb.h"

struct key_help {			/* a key of the screen, for help and man page */
	const char *key, *help;
};

struct session {
	const struct options *opts;
	struct host *host;
	struct virt *virt;		/* NULL: none, or not yet */
	struct sampler *sampler;	/* NULL until something looks at guests */
	bool begun;			/* session_guests has looked for what was there at the start */
	struct lates *lates;		/* for what may wait for a file system for ever */
	struct out out;
	atomic_uint changing;		/* changes that run in this process now */
	atomic_bool interrupted;	/* a signal ended a verb: the rest of a script is not run */
	const struct key_help *keys;
	size_t n_keys;
};

int session_open(struct session *s, const struct options *opts, struct err *err);
void session_done(struct session *s);
/* The sampler before it looked for anything: for who must not wait. */
int session_sampler(struct session *s, struct err *err);
/*
 * The sampler with its first discovery done; sockets given by hand are found, or their problems known. interrupt_fd, -1:
 * none: once readable nothing is waited for.
 */
int session_guests(struct session *s, int interrupt_fd, struct err *err);
/*
 * From another thread: the look-up that runs ends, with what it has printed. The sampler, made before that thread began, is
 * of no use any more: session_forget, when the look-up is over.
 */
void session_interrupt(struct session *s);
void session_forget(struct session *s);		/* the sampler and the connections: the next verb makes new ones */
/* pending.c: finish what guests have completed meanwhile, in 5 s at most. Reports on standard error; never in read-only. */
void session_finish_pending(struct session *s, int interrupt_fd);

/* Run one call, print what comes of it: an exit code. */
int session_run(struct session *s, const struct call *c);
/* All that --batch was asked for: the words, or the script. An exit code. */
int session_batch(struct session *s);

/* look.c: a look-up's columns, filter and order out of options or a screen's choice */
struct look {
	enum table_id table;
	const struct column **columns;	/* NULL: the default ones */
	size_t n_columns;
	struct filter *filter;
	struct view_order order;
	unsigned needs;
	bool rates;			/* a rate is shown, sorted or filtered by */
};
int look_parse(enum table_id t, const struct options *o, const struct out *out, struct look *look, struct err *err);
void look_done(struct look *look);
int look_run(struct session *s, const struct call *c, struct err *err);	/* exit code */

/* change.c: a change: built, perhaps confirmed, run. Each part blocks up to its deadlines: not for a drawing thread. */
struct change {
	struct session *session;
	struct plan *plan;		/* never NULL after change_build; status PLANNED: it can run */
	struct plan *entry;		/* of the journal, that it undoes; NULL: it is no undo */
	struct journal *journal;
	struct lock *lock;		/* on the guest, from before it is looked at */
	struct qmp *qmp;
	char *ref;
	bool gone;			/* the guest of entry has ended: only what was done to the host is undone */
};
void change_build(struct session *s, const struct call *c, int interrupt_fd, struct change *change);
void change_run(struct change *change, int interrupt_fd,
		void (*progress)(void *arg, const struct plan *p, size_t step), void *arg);
void change_done(struct change *change);
/*
 * journal.c: the entry to undo: by its id; or the last one that is not taken back, also if it cannot be: of the guest ref, which
 * is called vm; without ref of any guest of that name; both NULL: of any. -ENOENT: no such id; -EINVAL: no such change. Yours.
 */
int journal_pick(const char *id, const char *vm, const char *ref, struct plan **out, struct err *err);
/* The journal as rows; entries that cannot be believed are told in err (the last one), and aloud on standard error. */
void change_journal_rows(const struct session *s, bool aloud, struct snapshot *snap, struct err *err);
/* knobs.c */
void knob_rows(struct snapshot *snap, const struct host *h);

#endif
