/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question whose answer may take a while: a thread of its own asks, the screen goes on, and hears of it when it is over. */
#ifndef KT_TUI_ERRAND_H
#define KT_TUI_ERRAND_H

#include "app.h"

struct errand;

struct errand_kind {
	void (*work)(struct errand *e);			/* in the thread: from what into snap, text, err */
	void (*done)(struct errand *e, struct app *a);	/* in the drawing thread; not called when the screen ends before */
};

struct errand {
	const struct errand_kind *kind;
	struct session *session;
	char *what;
	uint64_t serial;		/* errands of one app are counted: an answer can be told from that of a later question */
	/* the answer; what is left in there is freed with the errand */
	struct snapshot *snap;
	char *text;
	struct err err;

	struct errand *next;
	struct errand_priv *priv;
};

/* Its serial; 0: no thread is to be had, which is said. */
uint64_t errand_start(struct app *a, const struct errand_kind *kind, const char *what);
int errand_fd(struct app *a);		/* readable: one is over; -1: there was never one */
void errand_reap(struct app *a);	/* tell of those that are over */
void errand_end(struct app *a);		/* after sampler_leave: wait for them all */

#endif
