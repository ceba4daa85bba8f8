/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that a stranger names: held first, without opening what they are, and opened only once they are known to be
 * harmless. A device that is opened may reset the host, a FIFO wait for ever. The file system a name leads to may not
 * answer, so a stranger's name is for a thread that can be left behind (late.h).
 */
#ifndef KT_BASE_FILE_H
#define KT_BASE_FILE_H

#include <sys/stat.h>

/*
 * Hold the file (O_PATH) and say what it is. Links are followed, those of /proc (of descriptors, of other roots) are not.
 * Below "/proc/PID/root/" that directory is the root, for ".." and for absolute links, too; "/proc/PID/cwd/" is where it
 * begins. A descriptor, yours, or negative errno.
 */
int file_hold(const char *path, struct stat *st);
/* Open for reading what is held, a regular file or a block device: a descriptor, yours; -EINVAL: it is something else. */
int file_read_held(int held);
/* Where the kernel says that a descriptor's file is. Yours; NULL: it does not say. */
char *file_where(int fd);

#endif
