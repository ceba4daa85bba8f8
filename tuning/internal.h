/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the builders of tuning. */
#ifndef KT_TUNING_INTERNAL_H
#define KT_TUNING_INTERNAL_H

#include "tuning.h"

/* knobs.c: what a knob may be set to on this host, and the largest number. */
void knob_range(const struct host *h, const struct knob *k, const char *path, char out[HOST_VALUE_MAX]);
uint64_t knob_high(const struct host *h, const struct knob *k);

/* Steps of knobs that are more than one write: field plan of their rows. */
int knob_ksm_run(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err);
int knob_ksm_pages_to_scan(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err);
int knob_ksm_unmerged(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err);
int knob_ksm_advisor(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err);
int knob_halt_poll(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err);

/* writers.c: a warning for each program that runs and will set it again. */
void tuning_warn_writers(struct plan *p, const struct knob_writers *w, const struct knob *k);
bool tuning_forced(const struct plan *p);		/* files.c: force=on */

#endif
