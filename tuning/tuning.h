/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuning: builders of plans that change how a running guest, or the host, is served. A builder reads the old value, so
 * that each step has its inverse, and changes nothing. Returns as those of hotplug/hotplug.h.
 */
#ifndef KT_TUNING_H
#define KT_TUNING_H

#include "lib/plan/plan.h"

/* histogram.c: QEMU counts a drive's latencies */
int tuning_histogram(struct plan *p, const struct plan_env *env, struct err *err);

#endif
