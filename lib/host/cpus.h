/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's CPUs one by one, from /proc/stat and /sys/devices/system/cpu. */
#ifndef KT_HOST_CPUS_H
#define KT_HOST_CPUS_H

#include "system.h"

/* Time since boot, in ticks of 10 ms as /proc/stat counts; HOST_UNKNOWN where an old kernel has no such field. */
struct host_cpu {
	unsigned cpu;
	uint64_t user_ns;		/* niced too; guests' time, which the kernel counts in both, is taken out */
	uint64_t system_ns, iowait_ns, irq_ns, softirq_ns, steal_ns, guest_ns;
	uint64_t busy_ns;		/* all of it but idle and iowait */
	char siblings[64];		/* threads of the same core, itself included, as "0,32"; "": not known */
};

/* Online CPUs in the order of their numbers; the list is yours. */
int host_cpus_read(const struct host *h, struct host_cpu **list, size_t *n);

#endif
