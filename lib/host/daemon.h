/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which process a daemon has started for what it calls by a name: what the daemon and the kernel say of it. */
#ifndef KT_HOST_DAEMON_H
#define KT_HOST_DAEMON_H

#include "root.h"

/*
 * The process that holds a pid file: it keeps a write lock on it as long as it lives. What is written in the file counts
 * for nothing, it may be older than the process. The file must be owner's. The path is below the root.
 * -ENOENT: no such file; -EACCES: no right to read it; -ESRCH: no process holds it, or none of this PID namespace;
 * -EPERM: it is another user's.
 */
int host_pid_file_holder(const struct host *h, uid_t owner, const char *path, pid_t *pid);

/*
 * Is the process in the control group that libvirt's system daemon made for the machine of this number? Only root can put
 * a process there: it is below /machine or machine.slice.
 */
bool host_is_in_machine(const struct host *h, pid_t pid, int id);
/* One path of /proc/PID/cgroup: is it that? */
bool host_cgroup_is_machine(const char *path, int id);

#endif
