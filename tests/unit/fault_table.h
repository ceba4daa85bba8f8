/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every step of a plan with every fault that can happen there, for any builder. The peer is a small model of QEMU: it
 * keeps a ledger of what was added to it and removed from it, of descriptors too, and misbehaves at one step. The rules
 * are the same for all plans, so a test names a builder, what QEMU answers to its questions, and what success comes to:
 *
 *	static const struct fault_case nic_add = {
 *		.name = "nic add", .build = hotplug_nic_add, .args = { { "type", "user" }, { "id", "n" } },
 *		.answers = guest, .want = { "netdev n-net", "device n" },
 *	};
 *	fault_table_run(&nic_add, 1);		prints a row for each step and fault, fails where a rule is broken
 *
 * The rules, after each run: the ledger is as success would have it, as it was before, or `left` names each thing that
 * differs, and nothing that does not (unless the connection broke: then nobody can know). A plan that failed has left
 * nothing. A pending one is finished by plan_finish once the guest has released it: a removal is whole then, an addition
 * undone. Exit code, status and error agree. Of one whose kvmtop was killed (fault_kill.c), what is left is named, and
 * undo takes it back, or, of a removal, finishes it once the guest has released it, and asks it for nothing.
 *
 * Each run is a process of its own, many at once, as some faults last for seconds: give all cases in one call.
 */
#ifndef KT_FAULT_TABLE_H
#define KT_FAULT_TABLE_H

#include "fake_qmp.h"
#include "lib/plan/plan.h"

#define FAULT_LIST 16

/* A command that changes QEMU, beyond those the model knows (fault_table.c: effects). */
struct fault_effect {
	const char *command;
	const char *kind;		/* of thing: "cpu" */
	const char *key;		/* the argument that names it; "a/b": member b of argument a; "=NAME": always that */
	const char *value;		/* the argument that holds its new value ("=VALUE": always that): it is changed, not added; NULL */
	bool removes;
};

struct fault_case {
	const char *name;
	int (*build)(struct plan *p, const struct plan_env *env, struct err *err);
	const char *args[FAULT_LIST][2];
	/*
	 * Answers to questions; .expect, .args, .reply, .error and .file of struct fake_item count, the first that fits is
	 * given. The model answers by itself, unless these do: query-migrate, query-status, query-chardev, query-block nodes,
	 * a virtio driver that is up. To the list of /machine/peripheral it adds the devices of its ledger.
	 */
	const struct fake_item *answers;
	const struct fault_effect *effects;	/* more of them, ended by { 0 }; NULL */
	const char *there[FAULT_LIST];		/* "KIND NAME" or "KIND NAME=VALUE": before */
	const char *want[FAULT_LIST];		/* after success, all there is */
	bool acpi;				/* vCPUs and DIMMs: the guest's ACPI says what it makes of them */
	const char *root;			/* of the host: a recorded tree, "/"; NULL: an empty tree */
	int (*setup)(void);			/* in the process of each run, first; not 0: cannot be run here */
	/* What of the host must be as before, lines of words; yours. NULL: nothing is looked at. "KIND NAME=VALUE": may be left. */
	char *(*host_state)(const struct host *h);
	const char *host_want;			/* what success makes of that; NULL: it stays as it is, or is not looked at */
	bool alone;				/* its runs are in each other's way */
	const char *type;			/* QOM type of devices in the ledger; NULL: child<virtio-net-pci> */
};

/* Number of runs. One of the cases without a setup that comes to none is a failure. */
unsigned fault_table_run(const struct fault_case *cases, size_t n_cases);

#endif
