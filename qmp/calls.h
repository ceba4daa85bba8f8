/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Typed QMP calls: ask, check every type, decode into plain structs. Lists are vecs that the caller frees with the
 * function beside them. Unknown members and enum values are ignored; documented-optional ones are optional.
 * All take a deadline of their own per command, QMP_ASK_MS or what qmp_set_patience said, unless said otherwise. An
 * answer of the wrong type or out of bounds is -EBADMSG; the client stays usable.
 */
#ifndef KT_QMP_CALLS_H
#define KT_QMP_CALLS_H

#include "client.h"

#define QMP_ASK_MS 3000

/* QEMU answered, with an error: the connection is fine and the next question may be asked. */
bool qmp_is_refusal(int code);

/* query-status: "running", "paused", "io-error", "prelaunch", "inmigrate", .. ; *status is yours */
int qmp_query_status(struct qmp *q, bool *running, char **status, struct err *err);
/* query-migrate is in a phase in which devices must not change */
int qmp_query_migrating(struct qmp *q, bool *migrating, struct err *err);
/* The same; arriving: this is the side that receives, its memory is not all there (post-copy: though it runs). */
int qmp_query_migration(struct qmp *q, bool *migrating, bool *arriving, struct err *err);
/* query-name, query-uuid: NULL where QEMU has none (the zero UUID is none) */
int qmp_query_identity(struct qmp *q, char **name, char **uuid, struct err *err);
/* query-kvm.enabled: false is TCG */
int qmp_query_kvm(struct qmp *q, bool *enabled, struct err *err);

struct qmp_thread {
	pid_t tid;
	char *name;			/* vCPU index as text, or the IOThread's id */
};
int qmp_query_cpus(struct qmp *q, struct qmp_thread **list, size_t *n, struct err *err);	/* query-cpus-fast */
int qmp_query_iothreads(struct qmp *q, struct qmp_thread **list, size_t *n, struct err *err);
void qmp_threads_free(struct qmp_thread *list, size_t n);

/* qom-list: name and type of each child or property */
struct qmp_prop {
	char *name, *type;
};
int qmp_qom_list(struct qmp *q, const char *path, struct qmp_prop **list, size_t *n, struct err *err);
void qmp_props_free(struct qmp_prop *list, size_t n);
int qmp_qom_get(struct qmp *q, const char *path, const char *property, struct json_object **out, struct err *err);
int qmp_qom_get_str(struct qmp *q, const char *path, const char *property, char **out, struct err *err);
/* device-list-properties: what a device of this type can be given. -ENODEV: this QEMU has no such device */
int qmp_query_type(struct qmp *q, const char *type, struct qmp_prop **list, size_t *n, struct err *err);
/* the command exists here (query-commands is asked once per connection) */
int qmp_has_command(struct qmp *q, const char *command, bool *has, struct err *err);

/*
 * Virtio devices and their rings. interfaces.md 1.3: some queries stop a vhost-user ring for good or abort QEMU.
 * qmp_virtio_read sends none of those: status only to device classes known to answer it, queue-status never to a
 * vhost-user device, to one that has vhost started only for the queues of a NIC which vhost-queue-status refuses (those
 * the running back end is not asked about), queue-element never.
 */
struct qmp_ring {
	unsigned queue;			/* index */
	unsigned size;			/* descriptors, 0 = not set up */
	uint64_t avail, used;		/* address of the ring's parts in QEMU's own memory, 0 = not known */
};
struct qmp_virtio {
	char *path;			/* QOM path ending in /virtio-backend */
	char *id;			/* qdev id, or the QOM path of an anonymous device */
	char *type;			/* QOM type: virtio-blk-device, virtio-net-device, vhost-user-blk, .. */
	char *iothread;			/* id, NULL = none */
	bool known;			/* false: a class that must not be asked; below only why is filled in */
	bool vhost, vhost_user;		/* a vhost backend runs the rings; it is vhost-user */
	bool driver_ok;			/* the guest's driver is up */
	bool packed, iommu, big_endian;	/* rings that cannot be read from outside; iommu: there is one to go through */
	bool event_idx;			/* negotiated: who waits says for which index */
	char *features;			/* what of its rings was negotiated: "event_idx,indirect,mq"; NULL = no driver yet */
	char *why;			/* why rings have no addresses, NULL if they have */
	struct qmp_ring *rings;
	size_t n_rings;
};
/*
 * All virtio devices, rings included where with_rings; CommandNotFound (before 7.2) gives -ENOSYS. view (may be NULL): what
 * its tree tells is not asked for.
 */
struct qmp_view;
int qmp_virtio_read(struct qmp *q, bool with_rings, struct qmp_view *view, struct qmp_virtio **list, size_t *n, struct err *err);
void qmp_virtio_free(struct qmp_virtio *list, size_t n);
/*
 * The guest's driver for the virtio device under this qdev id (or QOM path) is up. -ENODEV: no such
 * virtio device; -EOPNOTSUPP: one that must not be asked.
 */
int qmp_virtio_driver_ok(struct qmp *q, const char *id, bool *ok, struct err *err);

/* Limits of block_set_io_throttle, per second; 0: none. */
struct qmp_throttle {
	uint64_t bps, bps_rd, bps_wr, iops, iops_rd, iops_wr;
	bool bursts;			/* more is let through for a while (.._max) */
	bool unknown;			/* there are more, which QEMU does not tell */
	char *group;			/* whose limits they are, shared by its members; NULL: no limits */
};

/* Disks: query-block for what is plugged where. Numbers that QEMU does not tell are UINT64_MAX. */
struct qmp_disk {
	char *id;			/* qdev id, or QOM path of an anonymous device */
	char *qdev;			/* QOM path or id as QEMU names it in query-block */
	char *device;			/* legacy -drive name, NULL for -blockdev style */
	char *node;			/* node name of the top node, NULL = empty drive */
	char *file, *format;		/* of the image below all filters; file: a path, or as "nbd://host/export" */
	char *where;			/* the file as a path of ours, once that was found; NULL: file is as the process has it */
	uint64_t size_bytes;
	uint64_t allocated_bytes;	/* of the top image where it is stored; 0 of a block device */
	uint64_t chain;			/* images below the top one */
	const char *cache;		/* as -drive cache= has it: "none", "writeback", ..; NULL: not known */
	struct qmp_throttle throttle;
	bool read_only;			/* an empty drive: qmp_tree_place_disks knows that it is a CD's */
	char *io_status;		/* "ok", "failed", "nospace", NULL */
	const char *bus;		/* qmp_tree_place_disks; NULL: not known; QMP_BUS_PFLASH: it is the firmware's and no disk */
#define QMP_BUS_PFLASH "pflash"
	char *iothread;			/* id; qmp_query_disk_threads; NULL: none, or not known */
};
int qmp_query_disks(struct qmp *q, struct qmp_disk **list, size_t *n, struct err *err);
void qmp_disks_free(struct qmp_disk *list, size_t n);

/*
 * Node names of a disk's chain in the order in which they can be deleted (top first). Auto-named
 * ones are left out, and those that somebody outside the chain uses too. A node that was defined
 * inside its parent goes with the parent, and QEMU does not say which were: look at
 * qmp_query_nodes before deleting the next. -ENODEV: no such node.
 */
int qmp_query_chain(struct qmp *q, const char *node, char ***names, size_t *n, struct err *err);
/* All node names (query-named-block-nodes, flat), or all qdev ids under /machine/peripheral. */
int qmp_query_nodes(struct qmp *q, char ***names, size_t *n, struct err *err);
int qmp_query_peripherals(struct qmp *q, struct qmp_prop **list, size_t *n, struct err *err);
void qmp_strings_free(char **list, size_t n);

/*
 * A PCI bus that takes a hot-plugged device now. q35: an unused pcie-root-port (or downstream port) with hotplug on;
 * i440fx: pci.0 or a pci-bridge with a free slot. QEMU 7.2 accepts a second device on an occupied root port and hides
 * it from the guest, so occupancy is looked up in QOM.
 */
struct qmp_port {
	char *bus;			/* name for device_add */
	char *kind;			/* "pcie-root-port", .. */
	unsigned total, free;		/* slots */
	bool hotplug;
};
/*
 * Three questions a port, so the look ends with one that is enough (NULL: all are wanted): of a machine's own bus, then of
 * ports in the order of their names. What was seen until then is listed.
 */
typedef bool qmp_port_enough(const void *arg, const struct qmp_port *port);
int qmp_query_ports(struct qmp *q, qmp_port_enough *enough, const void *arg, struct qmp_port **list, size_t *n, struct err *err);
/* It has a PCI bus with something on it, as each has a host bridge: of s390x's bus and of boards without one it is false. */
int qmp_has_pci(struct qmp *q, bool *has, struct err *err);
/* How many devices a virtio-scsi controller has. */
int qmp_query_scsi_devices(struct qmp *q, const char *controller, unsigned *count, struct err *err);
void qmp_ports_free(struct qmp_port *list, size_t n);

#endif
