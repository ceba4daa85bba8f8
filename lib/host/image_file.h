/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making an image, giving it its name, removing it. Each is done by a child with a deadline, as a file system may not answer.
 * Where kvmtop is root, what is made is the owner's; and in a directory that others than root can change, or that is reached
 * over symbolic links, the child has no more rights than the owner, so that a file is never made where that one could not.
 */
#ifndef KT_HOST_IMAGE_FILE_H
#define KT_HOST_IMAGE_FILE_H

#include "root.h"

struct host_owner {
	uid_t uid;
	gid_t gid;
};

struct host_inode {			/* both 0: not known */
	uint64_t dev, ino;
};

/* Whom what a process makes belongs to: its effective user and group. */
int host_owner_read(const struct host *h, pid_t pid, struct host_owner *out);
/* The program that writes a qcow2 header; NULL: it is not installed. A constant. */
const char *host_qemu_img(void);
/* An empty image of that size in bytes, under a name that no file has: -EEXIST. Of what failed nothing is left. */
int host_image_make(const char *path, bool qcow2, uint64_t bytes, const struct host_owner *owner, unsigned timeout_ms,
		    struct host_inode *made, struct err *err);
/* Another name in the same directory, that nothing has: -EEXIST. */
int host_image_name(const char *from, const char *to, const struct host_owner *owner, unsigned timeout_ms, struct err *err);
/* -ENOENT: it is not there; -ESTALE: what is there is another file than that inode, and stays. */
int host_image_remove(const char *path, const struct host_inode *only, const struct host_owner *owner, unsigned timeout_ms,
		      struct err *err);
/* Whether there is anything of that name, a dangling link too: 1, 0, -ENOTDIR: not even its directory, negative errno. */
int host_image_exists(const char *path, const struct host_owner *owner, unsigned timeout_ms);

#endif
