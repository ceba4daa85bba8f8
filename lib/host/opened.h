/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which process has a file or a block device open, and for what. Needs the right to read /proc/PID/fd of others. */
#ifndef KT_HOST_OPENED_H
#define KT_HOST_OPENED_H

#include "files.h"

/*
 * QEMU says by locks on bytes of an image what it does (100 + permission), and what it lets others not do (200 +
 * permission): another QEMU that wants such a thing does not open it.
 */
struct host_opener {
	pid_t pid;			/* 0: none was found */
	char comm[16];			/* cleaned */
	size_t which;			/* of the files that were looked for */
	bool writes;			/* open for writing */
	bool locked;			/* by QEMU's locks */
	bool lets_write;		/* .. which let others write: share-rw=on */
	bool blind;			/* there are processes that could not be looked at, or were not for want of time */
};
/*
 * The process that is most in the way of who wants to have the files: one that writes, before one that locks out writers,
 * before one that reads. Reads the descriptors of all processes but our own, for so long at most; waits for no file system. Of a
 * recorded host: a descriptor is a link to "/dev/NAME" of names, whose flags its fdinfo has.
 */
void host_openers_read(const struct host *h, const struct host_file *files, char *const *names, size_t n, unsigned timeout_ms,
		       struct host_opener *out);

#endif
