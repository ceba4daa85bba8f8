/* SPDX-License-Identifier: GPL-3.0-or-later */
/* KVM's counters as QEMU tells them (query-stats, since 7.1). */
#ifndef KT_QMP_KVM_STATS_H
#define KT_QMP_KVM_STATS_H

#include "client.h"

struct qmp_kvm_stat {
	char *name;
	uint64_t value;
};
struct qmp_kvm_set {
	int vcpu;			/* its number; -1: of the virtual machine */
	struct qmp_kvm_stat *stats;
	size_t n;
};
/*
 * Of the virtual machine and of each vCPU; none under TCG, and before 7.1. QEMU before 8.1 stops each vCPU for a moment,
 * and its main loop until they have stopped: ask seldom, and only for a guest that somebody looks at.
 */
int qmp_query_kvm_stats(struct qmp *q, struct qmp_kvm_set **list, size_t *n, struct err *err);
void qmp_kvm_stats_free(struct qmp_kvm_set *list, size_t n);

/* Which of them only grow; the same for all guests, as the host's kernel says it. */
struct qmp_kvm_name {
	char *name;
	bool count;
};
int qmp_query_kvm_names(struct qmp *q, struct qmp_kvm_name **list, size_t *n, struct err *err);
void qmp_kvm_names_free(struct qmp_kvm_name *list, size_t n);

#endif
