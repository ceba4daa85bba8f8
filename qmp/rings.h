/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between calls_virtio.c and calls_rings.c. */
#ifndef KT_QMP_RINGS_H
#define KT_QMP_RINGS_H

#include "internal.h"
#include "tree.h"

#define QMP_QUEUES_MAX 1024

struct qmp_virtio_class {
	const char *type;
	bool iothread;		/* has that property */
	bool queue_status;	/* x-query-virtio-queue-status is safe while vhost does not run */
	bool netdev;		/* its back end is a netdev: vhost or vhost-user may take over */
};

/* Guest-physical addresses that are to be found in QEMU's memory, all at once. */
struct qmp_spots {
	struct qmp_spot {
		uint64_t gpa;
		uint64_t *hva;		/* where the address goes, 0: it is no RAM */
	} *list;
	size_t n;
};
/* Few questions for many addresses: what lies between two of one piece of memory does so in QEMU's, too. */
int qmp_spots_find(struct qmp *q, struct qmp_spots *spots, struct err *err);

/* Fills in vhost .. big_endian. */
int qmp_virtio_status(struct qmp *q, struct qmp_virtio *v, unsigned *queues, struct err *err);
/* Fills in rings; needs what qmp_virtio_status fills in. Addresses that are still guest-physical are put into spots. */
int qmp_rings_read(struct qmp *q, const struct qmp_virtio_class *class, struct qmp_view *view,
		   struct qmp_virtio *v, unsigned queues, struct qmp_spots *spots, struct err *err);
/* When the spots are found: why the rings have no addresses. */
void qmp_rings_why(struct qmp_virtio *v);

#endif
