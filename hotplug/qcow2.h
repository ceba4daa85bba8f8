/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a qcow2 image: which other files it names. Private to hotplug. */
#ifndef KT_HOTPLUG_QCOW2_H
#define KT_HOTPLUG_QCOW2_H

#include <stdbool.h>
#include <stddef.h>

#define QCOW2_HEAD_BYTES 65536		/* where all names are expected; QEMU writes them into the first 4 KiB */

/* All of it was written by a stranger. */
struct qcow2 {
	char *backing, *format;		/* of the backing file; NULL: none, not said */
	char *data;			/* the external data file; NULL: none */
};

bool qcow2_is(const void *head, size_t len);		/* it begins as one, and is long enough to be one */
/* The beginning of an image. Returns NULL, or why it is not to be used (then out is empty); pure. */
const char *qcow2_parse(const void *head, size_t len, struct qcow2 *out);
void qcow2_done(struct qcow2 *q);

#endif
