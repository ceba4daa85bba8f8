/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every builder of a plan is held to. A check that fails has its own words, which name the thing and what helps; it
 * comes to exit code 1 (3 where a guest or device that is to be changed is not there), adds no step, and QEMU was asked
 * questions only. A plan is as its steps are told, and what the journal has of it is believed when it is read.
 */
#ifndef KT_BUILD_RULES_H
#define KT_BUILD_RULES_H

#include "fake_qmp.h"
#include "lib/plan/plan.h"

typedef int build_fn(struct plan *p, const struct plan_env *env, struct err *err);

struct build_args {
	const char *pairs[8][2];	/* "%D" at the beginning of a value is the directory of the place */
};

/* Where a plan is built. */
struct build_place {
	const struct fake_item *guest, *more;	/* its answers, ended by { 0 }; NULL: there is no guest */
	struct host *host;
	const char *dir, *ref;		/* ref of the guest, may be NULL */
	struct virt *virt;		/* of a guest of libvirt's, and its UUID */
	const char *domain;
};

/* special: answers that go before those of the guest, ended by { 0 }; NULL. The plan is yours. */
struct plan *build_try(const struct build_place *at, build_fn *fn, const struct build_args *args, const struct fake_item *special,
		       int *rc, struct err *err);

struct build_refusal {
	build_fn *build;
	struct build_args args;
	int rc;
	const char *why, *remedy;	/* words of its message; there is no check without a remedy */
	const struct fake_item *special;
};
void build_refuses(const struct build_place *at, const struct build_refusal *rows, size_t n);

struct build_plan {
	build_fn *build;
	struct build_args args;
	const char *device;		/* NULL: not looked at */
	const char *steps;		/* as build_steps_text has them, "%D" anywhere; "": nothing is to do */
	const struct fake_item *special;
	size_t warnings;
};
void build_plans(const struct build_place *at, const struct build_plan *rows, size_t n);

/* A line for each step, "  undo " and "  leaves " below it; yours. */
char *build_steps_text(const struct plan *p);

#endif
