/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model of QEMU behind fault_table.c. */
#ifndef KT_FAULT_MODEL_H
#define KT_FAULT_MODEL_H

#include "fault_table.h"

enum fault {
	FAULT_NONE,
	FAULT_ERROR,			/* QEMU says no */
	FAULT_SILENT,			/* it does it and does not answer */
	FAULT_LOST,			/* it neither does it nor answers */
	FAULT_WEDGED,			/* it answers nothing from now on */
	FAULT_CLOSED, FAULT_GARBAGE,	/* it does it, and that is the end of the connection */
	FAULT_DIED,			/* that, and of the process */
	FAULT_INTERRUPTED,		/* somebody presses Ctrl-C while it does not answer */
	FAULT_EVENT_FIRST,		/* DEVICE_DELETED comes before the reply to device_del */
	FAULT_GUEST_SILENT, FAULT_GUEST_REFUSES,
	FAULT_STUCK,			/* a question is refused, and in the roll-back the guest does not let go */
	FAULT_HOST,			/* the host lets nothing be changed */
	FAULT_KILLED_BEFORE, FAULT_KILLED_AFTER,	/* kvmtop itself: the step is written down, and then not done, or done */
	FAULT_COUNT
};

struct model;

struct model *model_new(const struct fault_case *c);
void model_free(struct model *m);
/* A client, greeted. A second one may come when the first has gone. */
struct qmp *model_connect(struct model *m);
/* The same in two: the client's end, to be greeted when the model has been told to serve. */
int model_offer(struct model *m);
void model_serve(struct model *m);
void model_disconnect(struct model *m);		/* waits for the model's end of it */
/* The next command that is no question, or the next question where questions, goes wrong. */
void model_arm(struct model *m, enum fault fault, bool questions);
bool model_is_hit(struct model *m);		/* what was armed has happened */
/* What its ACPI says of what is plugged: that it has it, nothing (FAULT_GUEST_SILENT), or no. */
void model_guest_takes(struct model *m, enum fault how);
/* The connection ends now. */
void model_hang_up(struct model *m);
/* All it has goes with it. */
void model_die(struct model *m);
/* The guest lets go of what it was asked to. */
void model_let_go(struct model *m);
/* All things, sorted, "kind name" or "kind name=value", one a line; yours. */
char *model_ledger(struct model *m);
/* A command came that neither the model nor the answers know; NULL: none. */
const char *model_complaint(struct model *m);

/* fault_table.c: of a case; yours, and the plan NULL with err where it cannot be built */
struct plan *fault_case_build(const struct fault_case *c, const struct plan_env *env, const char *ref, struct err *err);
char *fault_case_want(const struct fault_case *c);
char *fault_case_host(const struct fault_case *c, const struct host *h);
bool fault_is_named(const struct plan *p, const char *line);	/* left has a text with the name of this line of a ledger */

/* fault_kill.c: kvmtop dies at that step, the next one undoes it. Adds to a row what became of it, to bad what is wrong. */
struct fault_kill {
	const struct fault_case *c;
	const struct host *host;
	size_t step;
	bool after;			/* the step was done */
};
void fault_kill_run(const struct fault_kill *k, struct model *m, struct buf *out, struct buf *bad);

#endif
