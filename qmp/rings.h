/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between calls_virtio.c and calls_rings.c. */
#ifndef KT_QMP_RINGS_H
#define KT_QMP_RINGS_H

#include "internal.h"

#define QMP_QUEUES_MAX 1024

struct qmp_virtio_class {
	const char *type;
	bool iothread;		/* has that property */
	bool queue_status;	/* x-query-virtio-queue-status is safe while vhost does not run */
	bool netdev;		/* its back end is a netdev: vhost or vhost-user may take over */
};

/* "info network", asked for when the first NIC wants it; `{0}` at first, text is yours to free. */
struct qmp_nics {
	char *text;
};

/* Fills in vhost .. big_endian. */
int qmp_virtio_status(struct qmp *q, struct qmp_virtio *v, unsigned *queues, struct err *err);
/* Fills in rings and why; needs what qmp_virtio_status fills in. */
int qmp_rings_read(struct qmp *q, const struct qmp_virtio_class *class, struct qmp_nics *nics,
		   struct qmp_virtio *v, unsigned queues, struct err *err);

#endif
