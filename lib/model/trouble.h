/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which guests need a look, and why: one row per rule. A rule looks at a guest's row and at what else the snapshot has, and
 * asks for nothing. Pure.
 */
#ifndef KT_MODEL_TROUBLE_H
#define KT_MODEL_TROUBLE_H

#include "rows.h"

#define TROUBLE_MAX 9
/* From here on a guest does not work. */
#define TROUBLE_BAD 7

struct trouble_view {
	const struct snapshot *snap;
	const struct vm_row *vm;
	const struct host_row *host;	/* NULL: not sampled */
};

struct trouble_rule {
	unsigned severity;		/* 1 to TROUBLE_MAX */
	const char *text;		/* what is wrong; the evidence stands behind it */
	/* Whether it holds; the evidence is added to why, which may stay empty. */
	bool (*test)(const struct trouble_rule *rule, const struct trouble_view *v, struct buf *why);
	const char *state;		/* of rules that are about one state */
	bool always;			/* of a row that is old, too: it is about that */
};
const struct trouble_rule *trouble_rules(size_t *n);

/* Sets trouble and trouble_text of all guests; after the rates. */
void trouble_fill(struct snapshot *snap);

#endif
