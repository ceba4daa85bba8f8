/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files a process has open. Needs the right to read /proc/PID/fd. */
#ifndef KT_HOST_FILES_H
#define KT_HOST_FILES_H

#include <sys/stat.h>

#include "root.h"

/* A file by what it is, whatever it is called: a device node by the device, anything else by file system and inode. */
struct host_file {
	bool device;
	uint64_t dev, ino;		/* ino is 0 of a device */
};
/* Follows symbolic links; the path is ours. -ENOENT, .. */
int host_file_of(const char *path, struct host_file *out);
struct host_file host_file_from(const struct stat *st);
bool host_file_is(const struct host_file *a, const struct host_file *b);
/*
 * The descriptors of a process, to be looked through for a file: that asks the file systems they are on, one of which may
 * never answer, so it is for a thread that can be left behind. -ENOENT: the recorded host has none.
 */
struct host_fds;
int host_fds_open(const struct host *h, pid_t pid, struct host_fds **out);
bool host_fds_has(const struct host_fds *f, const struct host_file *file);
void host_fds_close(struct host_fds *f);	/* NULL is fine */

/* How many descriptors of the process lead to that path, as the links of /proc/PID/fd have it; or negative errno. */
int host_proc_count_links(const struct host *h, pid_t pid, const char *path);

/*
 * Has the process this socket open? 1, 0, or negative errno: -EACCES, no right to look; -ESRCH; -E2BIG, it has more
 * descriptors than are looked through.
 */
int host_proc_has_socket(const struct host *h, pid_t pid, uint64_t inode);

/* What a process has open of VFIO: "7" for the group /dev/vfio/7, "devices/vfio0" for a device. Strings and list are yours. */
int host_vfio_read(const struct host *h, pid_t pid, char ***list, size_t *n);

#endif
