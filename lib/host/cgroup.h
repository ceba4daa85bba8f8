/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control groups of processes and threads: where they are, what they allow, and what they held back. Version 2, or
 * version 1 where a controller is mounted so; both may be in use at once (hybrid), each for its own controllers.
 */
#ifndef KT_HOST_CGROUP_H
#define KT_HOST_CGROUP_H

#include <limits.h>

#include "system.h"

/* Mount points, from /proc/self/mountinfo. By one thread at a time. */
struct host_cgroups;
struct host_cgroups *host_cgroups_open(const struct host *h);
/* Reads them again where something was mounted or unmounted since. */
void host_cgroups_refresh(struct host_cgroups *c);
void host_cgroups_free(struct host_cgroups *c);		/* NULL is fine */

enum host_controller {
	HOST_CGROUP_CPU, HOST_CGROUP_CPUSET, HOST_CGROUP_MEMORY, HOST_CGROUP_HUGETLB, HOST_CGROUP_IO, HOST_CGROUP_PIDS,
	HOST_CGROUP_UNIFIED, HOST_CGROUPS
};

/*
 * Where each controller's group of a thread (tid 0: of the process) is: a directory below the host's root, "" where
 * there is none or it cannot be reached from here (another cgroup namespace). Sets all; 0, -ESRCH, -ENOENT..
 */
struct host_cgroup_paths {
	char dir[HOST_CGROUPS][512];
	/* directories above this many bytes are the mount's, not a group's */
	size_t top[HOST_CGROUPS];
	bool v2[HOST_CGROUPS];
};
int host_cgroup_paths_read(const struct host_cgroups *c, pid_t pid, pid_t tid, struct host_cgroup_paths *out);

/* The CPUs a group allows its threads, what the groups above it take away left out: length or negative errno. */
ssize_t host_cgroup_cpus(const struct host_cgroups *c, const struct host_cgroup_paths *p, char *buf, size_t size);

/* The CPUs of both lists (like "0-3,8", sorted as the kernel writes them): false when they do not fit. */
bool host_cpulist_and(const char *a, const char *b, char *out, size_t size);
/* The list of CPUs that are online: length or negative errno. */
ssize_t host_cpus_online(const struct host *h, char *buf, size_t size);

/*
 * The limits a process runs under: of the groups of its threads and of all above them. Groups are looked up again
 * every 10 s, as are their limits; memory events and pressure are read every 2 s, time throttled each time, on
 * descriptors kept open, and only of groups that have a quota.
 */
enum host_limit_kind {
	HOST_LIMIT_CPU, HOST_LIMIT_MEM_HIGH, HOST_LIMIT_MEM_MAX,
	HOST_LIMIT_IO,			/* io.max, of version 2 */
	HOST_LIMIT_PIDS,		/* pids.max */
	HOST_LIMIT_CPUS,		/* its cpuset has fewer CPUs than are online */
};
struct host_limit {
	enum host_limit_kind kind;
	double value;			/* percent, 100 = one CPU; bytes; bytes or operations a second; tasks; CPUs */
	const char *what;		/* of I/O "sda wiops", of a cpuset "0-3", else NULL; borrowed */
	const char *group;		/* last part of its path; NULL: the process's own group */
	bool hit;			/* held back since the reading before; of all but CPU time, in the 2 s before */
};

struct host_limit_usage {
	bool known;			/* it is known in which groups it is */
	const struct host_limit *limits;	/* borrowed, until the next reading */
	size_t n;
	/*
	 * Time that CPUs were kept from the process's own groups (those shared with other processes are above it),
	 * summed over CPUs. Counts from the first reading, so it never goes down. HOST_UNKNOWN without the controller.
	 */
	uint64_t throttled_ns;
	double psi_cpu_pct, psi_io_pct, psi_mem_pct;	/* of its group: some avg10; NAN: unknown */
};

struct host_limits;
struct host_limits *host_limits_new(const struct host_cgroups *c, pid_t pid);
void host_limits_free(struct host_limits *l);		/* NULL is fine */
/* tids: the process's threads as known now. */
void host_limits_read(struct host_limits *l, const pid_t *tids, size_t n, uint64_t now_ns,
		      struct host_limit_usage *out);

#endif
