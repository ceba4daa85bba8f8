/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Knobs: what can be set while the host runs. One row of knob_rows.h is all there is to say about one: verbs, help, completion,
 * man page, forms and the look-up `knobs` are made from it.
 */
#ifndef KT_TUNING_KNOBS_H
#define KT_TUNING_KNOBS_H

#include "lib/plan/plan.h"
#include "knob_rows.h"

enum knob_kind {
	KNOB_UINT,			/* low to high */
	KNOB_PTES,			/* 0 to the small pages of a huge page, less one */
	KNOB_CHOICE,			/* one of choices; of those, what this kernel lists */
	KNOB_SWITCH,			/* on|off, which is the lowest bit of the number there */
};

struct knob;

/* A knob that is to be set. */
struct knob_wish {
	const struct knob *knob;
	char *path;			/* below the root */
	char old[HOST_VALUE_MAX], value[HOST_VALUE_MAX];	/* as the file has them */
};

struct knob {
	const char *id;			/* "ksm.run"; '*' is the node or page size of a pattern */
	const char *key;		/* the verb's argument */
	enum knob_kind kind;
	const char *file;		/* below the root; a pattern as host_values_find has it */
	const char *choices;
	uint64_t low, high;
	const char *unit;		/* of a number; "": none */
	const char *normal;		/* the kernel's default, NULL: it depends on the machine */
	const char *help;		/* what it does, and why one would */
	/* below: by name, where it differs */
	unsigned order;			/* of several at once, the lower one is set first */
	const char *follows;		/* id of the knob that is in effect where this one says "inherit" */
	const char *writers;		/* programs that set it too, by the names of their processes: "ksmtuned tuned" */
	/* Builds its steps where that is more than one write; false: not built, err says why. */
	int (*plan)(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err);
};

/* The knobs that a verb sets, and all of them: groups in the order of their verbs. */
struct knob_group {
	const char *verb;
	const struct knob *list;
	size_t n;
	const char *chosen_by;		/* argument that says which of a pattern's files is meant, "size"; NULL: the pattern is one file */
};
const struct knob_group *knob_groups(size_t *n);

/* What a knob is set to on this host: one for each of its files that this kernel has. A vec, yours; knob_readings_free. */
struct knob_reading {
	const struct knob *knob;
	char *id, *path;
	char value[HOST_VALUE_MAX], effective[HOST_VALUE_MAX];	/* as its verb has them; effective "": unknown */
	char range[HOST_VALUE_MAX];
	int node;			/* -1: not of a node */
};
void knob_readings(const struct host *h, struct knob_reading **list, size_t *n);
void knob_readings_free(struct knob_reading *list, size_t n);

/* Programs that set knobs by themselves, as they run now: found once, as it takes a look through /proc. */
#define KNOB_WRITERS 5
struct knob_writers {
	pid_t pids[KNOB_WRITERS];
};
void knob_writers_find(const struct host *h, struct knob_writers *out);
/* Those of `names` (field writers of a knob, may be NULL) that run: "ksmtuned (process 812)"; yours, NULL: none. */
char *knob_writers_text(const struct knob_writers *w, const char *names);

#endif
