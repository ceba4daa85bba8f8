/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A change while the screen goes on: a thread of its own builds the plan, waits for a word, runs it. What it has to say
 * comes as finished text, so that nothing of the plan is shared.
 */
#ifndef KT_TUI_JOB_H
#define KT_TUI_JOB_H

#include "lib/cmd/cmd.h"

enum job_state { JOB_BUILDING, JOB_READY, JOB_RUNNING, JOB_FINISHED };

struct job_step {
	char *text;
	char **undo;			/* how it is taken back, in order */
	size_t n_undo;
	enum step_status status;
	uint64_t ns;
	bool waits;			/* for the guest, up to the change's timeout */
};

/* What there is to see of a change at one moment. */
struct job_view {
	enum job_state state;
	char *title;			/* verb and guest */
	struct job_step *steps;
	size_t n_steps, at;		/* at: the step that runs, n_steps: none */
	uint64_t began_ns;		/* when that step began */
	char **warnings, **left;
	size_t n_warnings, n_left;
	enum plan_status status;	/* of a finished one; PLANNED: it was not run */
	char *device, *guest, *error, *journal;
	bool pending;
};

struct job {
	struct job *next;		/* for whoever keeps several */
	struct job_priv *priv;
};

struct job *job_new(struct session *s, const struct call *c);	/* NULL: the system allows no more threads */
/* Waits until it is over: ask job_is_over first, or job_stop. */
void job_free(struct job *j);

int job_fd(const struct job *j);			/* readable: there is something new to see */
const struct job_view *job_look(struct job *j);		/* holds until the next look; never waits */
void job_run(struct job *j);				/* READY: go */
/* READY: leave it. RUNNING: stop and take back what was done. BUILDING: leave it as soon as it is built. */
void job_stop(struct job *j);
bool job_is_over(struct job *j);

#endif
