/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A libvirt domain as it is now: immutable once it is in a list. All text comes from libvirt's XML, that is from
 * whoever may define domains: valid UTF-8, bounded, control characters left in.
 */
#ifndef KT_VIRT_DOMAIN_H
#define KT_VIRT_DOMAIN_H

#include <sys/types.h>

#include "lib/base/base.h"

#define VIRT_UUID_SIZE 37			/* 8-4-4-4-12, lower case, and NUL */

/* What an image is based on, as libvirt is to open it. */
struct virt_backing {
	char *file, *format;
};

/* Any text may be NULL: the XML does not say. */
struct virt_disk {
	char *target, *bus, *device;		/* "vda", "virtio", "disk" | "cdrom" | "lun" | "floppy" */
	char *type, *source;			/* "file" | "block" | "volume" (POOL/VOL) | "network" (as nbd://host/NAME) | .. */
	char *format, *cache, *io, *iothread, *serial;
	char *path;				/* of a volume, where it is; NULL: not known */
	char *alias;				/* QEMU's device id */
	unsigned controller;			/* of a SCSI, IDE or SATA disk: index of the one it is on */
	bool read_only;
	bool luks;				/* what is in it, as format has it, is encrypted */
	bool has_chain;				/* for virt_disk_xml: what is below the image is this, and nothing else */
	struct virt_backing *chain;		/* from the top down */
	size_t n_chain;
};

struct virt_nic {
	char *mac, *type, *source, *target;	/* target: the interface on the host */
	char *model, *alias;
	char *driver;				/* "vhost" | "qemu" */
	unsigned queues;			/* 0: not said, that is one */
	bool link_down;
	unsigned vlan, mtu;			/* 0: not said. VLAN: of its untagged packets, the only one */
	bool ovs;				/* its bridge is one of Open vSwitch */
};

struct virt_controller {
	char *type, *model, *alias;		/* "scsi", "virtio-scsi"; "pci", "pcie-root-port" */
	char *iothread;				/* a number, as of a disk */
	unsigned index;
	bool no_hotplug;			/* of a PCI port: it takes nothing while the guest runs */
};

struct virt_vcpu {
	unsigned id;
	bool enabled, hotpluggable;
	int node;				/* of the guest, -1: it has no NUMA */
};

struct virt_memory {				/* <memory> below <devices> */
	char *model, *alias;			/* "dimm", "virtio-mem", .. */
	uint64_t bytes, page_bytes;		/* page: of hugetlb, 0: not said */
	uint64_t block_bytes, requested_bytes, current_bytes;	/* of virtio-mem */
	char *nodes;				/* of the host: "0-1" */
	char *domain, *bus, *slot, *function;	/* PCI address of virtio-mem: libvirt finds it by that */
	int node;				/* of the guest, -1: not said */
};

struct virt_usb {				/* a device of the host, handed through */
	char *alias;
	unsigned vendor, product;		/* 0, 0: not said */
	unsigned bus, device;			/* 0, 0: not said */
};

struct virt_pci {				/* the same on PCI */
	char *alias;
	char address[16];			/* "0000:01:00.0" */
};

struct virt_def {
	char *name;
	char *kind, *machine;			/* "kvm" | "qemu", "pc-q35-7.2" */
	uint64_t mem_bytes, mem_max_bytes;	/* max: 0 where no DIMM can be added */
	unsigned mem_slots;
	unsigned vcpus, vcpus_max;
	struct virt_disk *disks;
	size_t n_disks;
	struct virt_nic *nics;
	size_t n_nics;
	struct virt_controller *controllers;
	size_t n_controllers;
	struct virt_vcpu *cpus;			/* all of vcpus_max, by id */
	size_t n_cpus;
	struct virt_memory *memory;
	size_t n_memory;
	struct virt_usb *usb;
	size_t n_usb;
	struct virt_pci *pci;
	size_t n_pci;
	int64_t uid;				/* that its process runs as, -1: not said */
	char **aliases;				/* of all devices, whatever their kind */
	size_t n_aliases;
	bool bus_used[256];			/* PCI buses, by the index of their controller: a device is there */
	/* Beside the running one, where it was asked for: the stored definition. NULL: not asked for, or the domain is transient. */
	struct virt_def *stored;
};

/* Domain XML, at most 4 MiB, without entities. -EBADMSG: it is not that; -EMSGSIZE. */
int virt_def_parse(const char *xml, size_t len, struct virt_def **out, struct err *err);
void virt_def_free(struct virt_def *d);		/* NULL is fine */
/* Device XML of one line, yours; without an alias where it has none. type, device, bus and target of a disk must be there. */
char *virt_disk_xml(const struct virt_disk *d);
char *virt_nic_xml(const struct virt_nic *n);		/* type, and source where it has one, must be there */
void virt_nic_done(struct virt_nic *n);
/* Out of a domain's XML, the interface of that alias with its link up or down; yours. -ENODEV: there is none. */
int virt_nic_link_xml(const char *xml, size_t len, const char *alias, bool up, char **out, struct err *err);
char *virt_controller_xml(const struct virt_controller *c);
/* Without current size: what is attached, compared, or updated. model and bytes must be there. */
char *virt_memory_xml(const struct virt_memory *m);
char *virt_usb_xml(const struct virt_usb *u);
char *virt_pci_xml(const struct virt_pci *p);	/* managed: libvirt binds it, and gives it back */
void virt_disk_done(struct virt_disk *d);
/* Number of the IOThread of this disk or controller, that of the controller it is on; NULL: it has none. QEMU: "iothreadN". */
const char *virt_def_iothread(const struct virt_def *def, const char *alias);
bool virt_def_has_alias(const struct virt_def *d, const char *alias);	/* of the running domain, or the stored one */

/* Ports of PCI Express: all, those that take a device while the guest runs, and of these those that have none. */
struct virt_ports {
	size_t all, hotplug, empty;
};
struct virt_ports virt_def_ports(const struct virt_def *d);

/* A device of a definition, whatever it is: one of these, borrowed from it. */
struct virt_device {
	const struct virt_disk *disk;
	const struct virt_nic *nic;
	const struct virt_memory *memory;
	const struct virt_usb *usb;
	const struct virt_pci *pci;
	const struct virt_controller *controller;
};
/* The one of that alias; false: it has none, or one of another kind. */
bool virt_def_find(const struct virt_def *d, const char *alias, struct virt_device *out);
/* What it is made of, which tells it from another one of that alias: "disk /a.raw at vdb"; yours. NULL: not a device that is told apart. */
char *virt_device_words(const struct virt_device *d);

enum virt_migration {
	VIRT_STAYS,
	VIRT_MIGRATES_AWAY,
	VIRT_ARRIVES,				/* it does not run here yet */
};

/* Of a daemon on this host. */
struct virt_home {
	bool is_system;			/* qemu:///system */
	uid_t owner;			/* whose daemon it is */
	char *pid_dir;			/* where it keeps NAME.pid of its domains; NULL: not known */
};

struct virt_domain {
	const char *uri;			/* of its connection */
	struct virt_home home;			/* borrowed from it */
	char uuid[VIRT_UUID_SIZE];
	char *name;
	int id;
	const char *state;			/* in QEMU's words: running, paused, io-error, shutdown, ..; NULL: not known yet */
	char *reason;				/* why it stands, or how it came to run: "by user", "vda: no space"; NULL */
	bool persistent;			/* libvirt stores a definition of it */
	const struct virt_def *def;		/* NULL: not read yet */
	/*
	 * When libvirt was last heard about it: 0 where that is now, else the monotonic time of what is written
	 * here; problem says why it is not now (the daemon does not answer, or only not for this domain).
	 */
	uint64_t stale_since_ns;
	char *problem;
};

#endif
