/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that another process was told to read its options from. */
#ifndef KT_HOST_CONFIG_H
#define KT_HOST_CONFIG_H

#include "root.h"

struct host_proc;

/* What the process has done since it read them. */
struct host_config_since {
	bool left_root;			/* it has called chroot(2) */
	bool left_dir;			/* or chdir(2) */
};

/*
 * The text of one, NUL-terminated, as the process meant the path and can have read it: a regular file of its user's or root's
 * that no other user may write, no longer than CONFIG_BYTES_MAX, and not changed since the process started. What only root may
 * read is read where the process was root itself when it began to listen on a socket that it has.
 * NULL: *why says why not (yours). Its file system may not answer, and as root this thread gets the process's rights to files,
 * for good: it is for a thread of its own, that can be left behind and does nothing else after it.
 */
char *host_config_read(const struct host *h, const struct host_proc *p, const struct host_config_since *since, const char *path,
		       char **why);

#endif
