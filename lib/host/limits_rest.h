/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits of I/O, of tasks and of CPUs that control groups set: the part of limits.c that is neither time nor memory. */
#ifndef KT_HOST_LIMITS_REST_H
#define KT_HOST_LIMITS_REST_H

#include "cgroup.h"

struct rest_limits;
struct rest_limits *rest_limits_new(const struct host_cgroups *c);
void rest_limits_free(struct rest_limits *r);		/* NULL is fine */
/* Which groups have one, from those of the process up; own: its own group, of each controller. */
void rest_limits_list(struct rest_limits *r, const struct host_cgroup_paths *paths, char own[HOST_CGROUPS][512]);
/* Whether they hold it back: what is counted, since the reading before. psi_cpu_pct: of its own group, NAN: not known. */
void rest_limits_look(struct rest_limits *r, uint64_t now_ns, double psi_cpu_pct);
size_t rest_limits_count(const struct rest_limits *r);
size_t rest_limits_take(const struct rest_limits *r, struct host_limit *list, size_t n);	/* that many, behind the first n; how many it is then */

#endif
