/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HMP's "info qtree": all devices by the buses they sit on, in one question, where the object tree wants five for each
 * device. It leaves out devices without a bus (DIMMs, vCPUs) and properties that link to other objects (iothread, memdev),
 * and names no QOM paths: which device of several without an id is which stays unknown.
 */
#ifndef KT_QMP_TREE_H
#define KT_QMP_TREE_H

#include "looks.h"

#define QMP_TREE_NONE SIZE_MAX

struct qmp_tree_bus {
	char *name, *type;
	size_t owner;			/* index of the device whose bus it is; QMP_TREE_NONE */
	unsigned devices;		/* that sit on it */
	uint32_t slots;			/* of a PCI bus: in which of them a device sits */
};

struct qmp_tree_device {
	char *id, *type;		/* id: NULL = none */
	size_t bus;			/* index; QMP_TREE_NONE */
	char *address;			/* as in struct qmp_device */
	char *link, *backing;		/* likewise; what backs the virtio device in a PCI one backs that one */
	char *drive;			/* name of the drive or block node it was given, NULL = none */
	bool hotplug, shpc;		/* properties of ports and bridges; false where a device lacks them */
};

struct qmp_tree {
	struct qmp_tree_device *devices;
	size_t n_devices;
	struct qmp_tree_bus *buses;
	size_t n_buses;
	struct names ids;		/* of devices that have one */
	struct names drives;		/* by name of the drive: the device that has it, the inner one of two */
};

/* -ENOSYS: what came is no such tree. More than GUEST_DEVICES_MAX of a kind are left out. */
int qmp_query_tree(struct qmp *q, struct qmp_tree **out, struct err *err);
void qmp_tree_free(struct qmp_tree *t);	/* NULL is fine */
struct qmp_tree *qmp_tree_parse(const char *text);	/* NULL: it is no such tree */

/* The bus it is plugged into, and the device whose bus that is; NULL: none. */
const struct qmp_tree_bus *qmp_tree_bus(const struct qmp_tree *t, const struct qmp_tree_device *d);
const struct qmp_tree_device *qmp_tree_parent(const struct qmp_tree *t, const struct qmp_tree_device *d);
/* Is it the device inside a transport, such as the virtio-blk-device of a virtio-blk-pci? */
bool qmp_tree_is_inner(const struct qmp_tree *t, const struct qmp_tree_device *d);

/* qmp_query_devices, with three questions, and one for each kind of device of which the tree does not say enough. */
int qmp_tree_devices(struct qmp *q, const struct qmp_tree *t, struct qmp_device **list, size_t *n, struct err *err);
/* All of qmp_query_ports, with two questions for each bus that is no PCI Express port. */
int qmp_tree_ports(struct qmp *q, const struct qmp_tree *t, struct qmp_port **list, size_t *n, struct err *err);
/* Fills in the bus of each disk; a question for each empty one without an id. */
int qmp_tree_place_disks(struct qmp *q, const struct qmp_tree *t, struct qmp_disk *list, size_t n, struct err *err);
/* Fills in the IOThread of each disk, where QEMU has any: a question for each virtio device that could have one. */
int qmp_query_disk_threads(struct qmp *q, const struct qmp_tree *t, struct qmp_disk *list, size_t n, struct err *err);

/* Answers that several typed calls are made of, asked for once: {0} at first, then qmp_view_done. */
struct qmp_view {
	char *network;			/* "info network"; NULL: not asked yet */
	struct qmp_tree *tree;		/* likewise */
	bool no_iothreads;		/* who has which is known from elsewhere */
};
int qmp_view_network(struct qmp *q, struct qmp_view *v, struct err *err);
int qmp_view_tree(struct qmp *q, struct qmp_view *v, struct err *err);
int qmp_view_nics(struct qmp *q, struct qmp_view *v, struct qmp_nic **list, size_t *n, struct err *err);
void qmp_view_done(struct qmp_view *v);

#endif
