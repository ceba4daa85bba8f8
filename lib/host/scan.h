/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which QEMU processes there are. A scan reads the directory of /proc; what it has seen before is only looked at again
 * in turn (a process may become QEMU by exec), so that a tick costs one getdents on a host of thousands of processes.
 */
#ifndef KT_HOST_SCAN_H
#define KT_HOST_SCAN_H

#include "root.h"

struct host_found {
	pid_t pid;
	uint64_t start;			/* start time, clock ticks since boot (stat field 22): the other half of its identity */
	uid_t uid, real_uid;		/* uid: effective, of the process */
	bool sure;			/* its executable is called as QEMU is; else it may be QEMU by another name */
};

struct host_proc {
	pid_t pid;
	uint64_t start;
	uid_t uid, real_uid;
	char **argv;			/* words of the command line; CMDLINE_BYTES_MAX and CMDLINE_WORDS_MAX of it at most */
	size_t argc;
	bool truncated;			/* there was more */
};

/* A vhost worker that is a kernel thread (before 6.4): its name is vhost-OWNER, OWNER being a thread of the QEMU process. */
struct host_vhost {
	pid_t tid, owner;
	uint64_t start;
};

struct host_scan;
struct host_scan *host_scan_new(const struct host *h);
void host_scan_free(struct host_scan *s);

/*
 * Look again. The lists are borrowed and hold until the next call; processes are sorted by pid. A process may be QEMU's
 * when the base name of its executable (or of argv[0], where the executable cannot be read) is qemu-system-*, qemu-kvm or
 * kvm, or has qemu or kvm in it, or when the kernel has a virtual machine of its: what its words are like, and what it has
 * open, tells (host_proc_has_link; qmp's to judge). Zombies are not. Their command lines are not read: they are in the memory of the processes, which may
 * put a reader to sleep. Returns 0, or negative if /proc cannot be read at all.
 */
int host_scan_run(struct host_scan *s, const struct host_found **procs, size_t *n_procs,
		  const struct host_vhost **vhosts, size_t *n_vhosts, struct err *err);

/* That process has ended: whoever has its pid now is looked at in the next run, not only when it is its turn. */
void host_scan_doubt(struct host_scan *s, pid_t pid);

/* One process by pid, whatever its name (for a socket given by hand). -ESRCH. Free with host_proc_done. */
int host_proc_read(const struct host *h, pid_t pid, struct host_proc *out);
/* The same in two: the directory of the process, which keeps to be its own, or negative; and reading, which may take for ever. */
int host_proc_open(const struct host *h, pid_t pid);
int host_proc_read_in(int dir, pid_t pid, struct host_proc *out);
void host_proc_done(struct host_proc *p);
/* The pid is still that process, and it has not ended. */
bool host_proc_is(const struct host *h, pid_t pid, uint64_t start);
/* It has a descriptor of that kind, "anon_inode:[signalfd]". 1, 0, or negative errno, as host_proc_has_socket. */
int host_proc_has_link(const struct host *h, pid_t pid, const char *link);

#endif
