/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files a process has open. Needs the right to read /proc/PID/fd. */
#ifndef KT_HOST_FILES_H
#define KT_HOST_FILES_H

#include "root.h"

/* A file by what it is, whatever it is called: a device node by the device, anything else by file system and inode. */
struct host_file {
	bool device;
	uint64_t dev, ino;		/* ino is 0 of a device */
};
/* Follows symbolic links; the path is ours. -ENOENT, .. */
int host_file_of(const char *path, struct host_file *out);
bool host_file_is(const struct host_file *a, const struct host_file *b);
/* 1: a descriptor of the process leads to that file, 0: none does, or negative errno. Only of the real host. */
int host_proc_has_file(const struct host *h, pid_t pid, const struct host_file *file);

/* How many descriptors of the process lead to that path, as the links of /proc/PID/fd have it; or negative errno. */
int host_proc_count_links(const struct host *h, pid_t pid, const char *path);

/* What a process has open of VFIO: "7" for the group /dev/vfio/7, "devices/vfio0" for a device. Strings and list are yours. */
int host_vfio_read(const struct host *h, pid_t pid, char ***list, size_t *n);

#endif
