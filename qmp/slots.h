/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed QMP calls on places for vCPUs and memory, and what is in them; the rules are those of calls.h. */
#ifndef KT_QMP_SLOTS_H
#define KT_QMP_SLOTS_H

#include "client.h"

/* query-hotpluggable-cpus: a place for one vCPU, or (POWER) for the several threads of a core. */
struct qmp_vcpu_slot {
	char *type;			/* driver for device_add */
	struct json_object *props;	/* for device_add, as QEMU gave them */
	char *path;			/* QOM path of what is in it, NULL: it is free */
	char *id;			/* as device_del knows it: the qdev id, or the path of an anonymous device; NULL: it was
					 * there when QEMU started and stays */
	unsigned vcpus;
	unsigned index;			/* of its first vCPU, in order of topology */
	int node;			/* NUMA node of the guest, -1: none */
};
/* In order of topology: socket, die, cluster, core, thread. -ENOSYS and -EREMOTEIO: this machine has none. */
int qmp_query_vcpu_slots(struct qmp *q, struct qmp_vcpu_slot **list, size_t *n, struct err *err);
void qmp_vcpu_slots_free(struct qmp_vcpu_slot *list, size_t n);
/*
 * Without KVM: vCPUs this QEMU has made since it started, counted by the address spaces which it never frees. Long HMP
 * text, only for guests without KVM.
 */
int qmp_query_vcpus_made(struct qmp *q, unsigned *n, struct err *err);

/* query-memory-devices: DIMMs, virtio-mem and their like. */
struct qmp_memory {
	char *id;			/* qdev id, NULL = none */
	char *kind;			/* "dimm", "nvdimm", "virtio-mem", .. */
	char *memdev;			/* id of the backend, NULL = not below /objects */
	uint64_t size_bytes;		/* virtio-mem: what is plugged of it now */
	uint64_t requested_bytes, max_bytes, block_bytes;	/* of virtio-mem, else 0 */
	int64_t node;			/* -1: not said */
	int64_t slot;			/* of a DIMM, -1: none */
	bool hotpluggable;
};
int qmp_query_memory(struct qmp *q, struct qmp_memory **list, size_t *n, struct err *err);
void qmp_memory_free(struct qmp_memory *list, size_t n);

/* The machine's property "memory" (7.1): what -m said. -ENOENT: this one does not tell. */
struct qmp_memory_room {
	uint64_t base_bytes, max_bytes;	/* max: with all that can be plugged */
	uint64_t slots;			/* for DIMMs, used ones included */
};
int qmp_query_memory_room(struct qmp *q, struct qmp_memory_room *room, struct err *err);
/* query-memdev: every backend is shared, as vhost-user wants it. */
int qmp_query_memory_shared(struct qmp *q, bool *shared, struct err *err);
/* NUMA nodes of the guest, 0: it has no NUMA */
int qmp_query_nodes_of_guest(struct qmp *q, unsigned *n, struct err *err);
/* /objects has one of this id */
int qmp_has_object(struct qmp *q, const char *id, bool *has, struct err *err);

/* A device on a USB bus of the guest, by its qdev id. */
enum qmp_usb_state {
	QMP_USB_DETACHED,		/* usb-host: QEMU does not have the host's device (yet) */
	QMP_USB_ATTACHED,
	QMP_USB_ADDRESSED,		/* the guest has given it an address */
};
int qmp_query_usb(struct qmp *q, const char *id, enum qmp_usb_state *state, struct err *err);
/* USB 3 controllers: the name of the first one's bus, NULL if there is none; yours. */
int qmp_query_usb_bus(struct qmp *q, char **bus, struct err *err);
/* device-list-properties: device_add knows this type */
int qmp_has_device_type(struct qmp *q, const char *type, bool *has, struct err *err);
/* The device under this QOM path is a USB device. -ENODEV: no such device. */
int qmp_is_usb_device(struct qmp *q, const char *path, bool *is, struct err *err);

#endif
