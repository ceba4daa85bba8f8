/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Block devices as /sys has them, and what the kernel itself does with one. Private to lib/host. */
#ifndef KT_HOST_BLOCK_H
#define KT_HOST_BLOCK_H

#include "files.h"

struct block {
	char *name;			/* "sda1" */
	char *path;			/* below the root: "sys/block/sda/sda1" */
	bool part;
	bool above;			/* the disk that it is a partition of */
	bool related;			/* another one, of the same data: a loop device and what it is made of */
	uint64_t dev;
};
bool block_number(const struct host *h, const char *path, uint64_t *dev);	/* of a path as that */

/* The ones that share sectors. */
struct blocks {
	struct block *list;
	size_t n;
};
void blocks_done(struct blocks *b);
#define auto_blocks __attribute__((cleanup(blocks_done)))

/* A device by its number, its partitions, or the disk it is a partition of. None is added where /sys does not have it. */
void blocks_add(const struct host *h, uint64_t dev, struct blocks *b);
void blocks_add_disk(const struct host *h, const char *name, struct blocks *b);		/* and its partitions */
/* Those of the same data as these or as the file; lower: the regular file that one of them is made of, else left as it is. */
void blocks_add_related(const struct host *h, const struct host_file *file, struct blocks *b, struct host_file *lower);

char *block_says(const struct block *b, const char *what);	/* "disk sda WHAT", "partition sda1 WHAT"; yours */
/*
 * What is known of by a name or number: mounts of all namespaces, swap, what is stacked upon it, targets of iSCSI and NVMe.
 * In words, "disk sda1 is mounted on /mnt"; yours. NULL: nothing.
 */
char *blocks_kernel_use(const struct host *h, const struct blocks *b);

/*
 * block_look.c: what only the device itself tells, so it is opened, for reading. May wait for it. A recorded host has no
 * devices: 0, -1 and what its files have.
 */
/* The loop devices that are made of the file or block device, with their partitions. */
void blocks_add_loops(const struct host *h, const struct host_file *file, struct blocks *b);
/* What a loop device is made of; false: it is no loop device, or that is not known. */
bool block_loop_file(const struct host *h, const struct block *b, struct host_file *file);
/* 1: the kernel or a program has it for itself; 0: it has not; negative: that is not known. */
int block_is_claimed(const struct host *h, const struct block *b);
/* "is a physical volume of LVM": what a superblock on it says that another device is made of it; NULL: nothing. Yours. */
char *block_signature(const struct host *h, const struct block *b);

#endif
