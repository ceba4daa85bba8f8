/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths as another process means them. */
#ifndef KT_HOST_PATH_H
#define KT_HOST_PATH_H

#include "root.h"

/*
 * Where a process's idea of a path is for us: through /proc/PID/root, and /proc/PID/cwd if it is relative. Yours.
 * Where those links cannot be read (another user's process), the path itself.
 */
char *host_proc_path(const struct host *h, pid_t pid, const char *path);
/* The process has another root directory than its mount namespace, that is, it has called chroot(2). */
bool host_proc_has_moved(const struct host *h, pid_t pid);
/* What the kernel calls its descriptors are paths of ours: it is in our mount namespace. */
bool host_proc_sees_ours(const struct host *h, pid_t pid);
/*
 * The paths of the files it has open, by the links of /proc/PID/fd, PROC_FDS_MAX of them at most; those that were removed
 * are not among them. The strings and the list are yours. Negative errno: -EACCES, -ESRCH.
 */
int host_proc_files(const struct host *h, pid_t pid, char ***list, size_t *n);

#endif
