/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a block node is the image of; for files of qmp/ only. */
#ifndef KT_QMP_IMAGE_H
#define KT_QMP_IMAGE_H

#include "internal.h"

#define QMP_GROUPS_MAX 8

struct qmp_image {
	char *file;			/* path, or an URL-like text of what is no file here */
	char *format;			/* below all filters: "qcow2", "luks", "raw"; NULL: not known */
	char *groups[QMP_GROUPS_MAX];	/* throttle groups of the filters above it */
	size_t n_groups;
	bool throttled;			/* by a filter whose group is not known */
};
/* Of a name like "json:{..}"; false: another kind of name, or QEMU has cut it off. */
bool qmp_image_read(const char *name, struct qmp_image *out);
/* The file of a node that is a protocol's, by its name and driver; into out. */
void qmp_image_of_node(const char *name, const char *driver, struct qmp_image *out);
void qmp_image_done(struct qmp_image *image);
/*
 * By the graph of block nodes, two questions: of the nodes named tops, NULL ones left out. The images in out are {0} at first;
 * what is not found stays so. -ENOSYS and other refusals: QEMU does not tell.
 */
int qmp_query_images(struct qmp *q, const char *const *tops, size_t n, struct qmp_image *out, struct err *err);
bool qmp_is_filter(const char *driver);		/* what is in its image is what the guest sees; NULL: no */
bool qmp_is_protocol(const char *driver);	/* it has no format */

#endif
