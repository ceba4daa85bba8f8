/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an image is and which files it consists of. A qcow2 header names its backing file and its data file; the
 * author of the image wrote those names, perhaps a guest. Private to hotplug.
 */
#ifndef KT_HOTPLUG_IMAGE_H
#define KT_HOTPLUG_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/host/host.h"

/* One image of a chain, as QEMU is to open it. */
struct image {
	char *file;
	char *data;			/* external data file, NULL: none */
	bool qcow2;			/* else raw */
	bool block_device;
	struct host_file id, data_id;
};

/* From the top down; all of it, for a raw image is always the last one. */
struct image_chain {
	struct image *images;
	size_t n;
	bool unchecked;			/* only the top is known: it cannot be read here, and the operator said force=on */
};
void image_chain_done(struct image_chain *c);

/* chain.c: following one. The result is out and warning, or rc and err; image_look touches nothing but the struct. */
struct image_look {
	char *file;			/* as the operator gave it */
	char *root, *cwd;		/* what goes in front of absolute and of relative paths, for us */
	char *format;			/* NULL: none was given */
	bool force;

	struct image_chain chain;
	struct buf text;		/* "a <- b + data", "" where it is only one file */
	int rc;
	struct err err;
};
void image_look(struct image_look *l);
void image_look_free(struct image_look *l);

#endif
