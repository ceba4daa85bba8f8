/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuning: builders of plans that change how a running guest, or the host, is served. A builder reads the old value, so
 * that each step has its inverse, and changes nothing. Returns as those of hotplug/hotplug.h.
 */
#ifndef KT_TUNING_H
#define KT_TUNING_H

#include "lib/plan/plan.h"
#include "knobs.h"

/* histogram.c: QEMU counts a drive's latencies */
int tuning_histogram(struct plan *p, const struct plan_env *env, struct err *err);

/* power.c: whether the guest runs */
int tuning_pause(struct plan *p, const struct plan_env *env, struct err *err);
int tuning_resume(struct plan *p, const struct plan_env *env, struct err *err);
int tuning_reset(struct plan *p, const struct plan_env *env, struct err *err);
int tuning_powerdown(struct plan *p, const struct plan_env *env, struct err *err);
/* files.c: knobs that are files of the host */
int tuning_ksm_set(struct plan *p, const struct plan_env *env, struct err *err);
int tuning_thp_set(struct plan *p, const struct plan_env *env, struct err *err);
int tuning_halt_poll_set(struct plan *p, const struct plan_env *env, struct err *err);
int tuning_numa_balancing(struct plan *p, const struct plan_env *env, struct err *err);
/* hugepages.c: pools of hugetlb pages, and breaking large ones up */
int tuning_hugepages_set(struct plan *p, const struct plan_env *env, struct err *err);

#endif
