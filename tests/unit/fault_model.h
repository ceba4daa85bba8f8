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
	FAULT_COUNT
};

struct model;

struct model *model_new(const struct fault_case *c);
void model_free(struct model *m);
/* A client, greeted. A second one may come when the first has gone. */
struct qmp *model_connect(struct model *m);
void model_disconnect(struct model *m);		/* waits for the model's end of it */
/* The next command that is no question, or the next question where questions, goes wrong. */
void model_arm(struct model *m, enum fault fault, bool questions);
bool model_is_hit(struct model *m);		/* what was armed has happened */
/* What its ACPI says of what is plugged: that it has it, nothing (FAULT_GUEST_SILENT), or no. */
void model_guest_takes(struct model *m, enum fault how);
/* The connection ends now. */
void model_hang_up(struct model *m);
/* The guest lets go of what it was asked to. */
void model_let_go(struct model *m);
/* All things, sorted, "kind name" or "kind name=value", one a line; yours. */
char *model_ledger(struct model *m);
/* A command came that neither the model nor the answers know; NULL: none. */
const char *model_complaint(struct model *m);

#endif
