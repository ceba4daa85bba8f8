/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file or block device is stored in, and how much room there is. */
#ifndef KT_HOST_STORE_H
#define KT_HOST_STORE_H

#include "root.h"

struct host_store {
	char kind[16];			/* the file system's, "block", "lvm", "lvm-thin", "dm" */
	bool device;			/* a block device: total_bytes is its size, of host_store_device, 0: unknown */
	bool has_free;			/* of a file, and of a pool once it was asked */
	uint64_t dev;			/* of a block device: its st_rdev */
	uint64_t pool;			/* of a thin volume: the pool's device number, 0: none or not known */
	uint64_t total_bytes, free_bytes;	/* free for who is not root (f_bavail) */
	uint64_t file_bytes, file_allocated_bytes;	/* of a file: its length, and its blocks */
};

/* The path is ours, links are followed. With a file server that is gone it never comes back. */
int host_store_read(const char *path, struct host_store *out);
/* The rest of a block device: total_bytes, kind and pool, out of sysfs. */
void host_store_device(const struct host *h, struct host_store *s);
/*
 * Fill of a thin pool, by the device mapper's status, which is told not to write anything out for it. May wait for the
 * pool's I/O. Needs root. -EBADMSG: it is no thin pool, or one that failed.
 */
int host_thin_read(uint64_t pool, uint64_t *total_bytes, uint64_t *free_bytes);
/* "1 20/1024 300/1000 - rw ..": data blocks; false: it is not like that */
bool host_thin_parse(const char *status, uint64_t *used, uint64_t *total);

#endif
