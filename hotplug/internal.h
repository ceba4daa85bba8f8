/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What builders share: checks that every device needs. Private to hotplug. */
#ifndef KT_HOTPLUG_INTERNAL_H
#define KT_HOTPLUG_INTERNAL_H

#include "hotplug.h"
#include "image.h"

/* Not migrating; a warning in the plan when the guest does not run. */
int check_guest(struct plan *p, struct qmp *q, struct err *err);
/* For guests that are not libvirt's: there is no definition that persist=on could write. */
int check_not_stored(const struct plan *p, struct err *err);
int is_migrating(struct err *err);		/* -EBUSY, in words */
/* As QEMU's id_wellformed(), and short enough that "-node" fits behind it. */
int check_id(const char *id, struct err *err);
/* The guest's QEMU knows that type of device; -EOPNOTSUPP */
int check_type_known(struct qmp *q, const char *type, struct err *err);
/* The first PREFIX0, PREFIX1, .. that no device has; yours. */
int choose_free_id(struct qmp *q, const char *prefix, char **id, struct err *err);
/* The id given as id=, checked, or a free one of that prefix; yours. */
int choose_id(const struct plan *p, struct qmp *q, const char *prefix, char **id, struct err *err);
/* -EEXIST: p->device is that of a device of this type, NULL: not known */
int id_taken(const struct plan *p, const char *type, struct err *err);
/* -ENOSPC, and what helps: of n ports that take a device while the guest runs all are taken. more: "pcie-root-port devices" */
int no_free_port(size_t n, size_t all, const char *more, struct err *err);
/* QOM type of the device of that id, NULL if there is none; yours. */
int device_type(struct qmp *q, const char *id, char **type, struct err *err);
/* The first hotpluggable PCI bus with room that is not `except` (may be NULL); yours. -ENOSPC with the remedy. */
int choose_port(struct qmp *q, const char *except, char **bus, struct err *err);
/* What QEMU may lock, and has to where VFIO pins all memory of the guest; wanted 0: it may already. */
struct lock_limit {
	uint64_t wanted, now;		/* bytes */
};
void read_lock(const struct host *h, pid_t pid, uint64_t ram_bytes, struct lock_limit *lock);
void plan_lock(struct plan *p, const struct lock_limit *lock);		/* the step, if there is need of one */
/* {"KEY": VALUE} */
struct json_object *named(const char *key, const char *value);
/* on|off of an argument; off if it is not given */
bool is_on(const struct plan *p, const char *arg);
/* device_add, and what takes it back */
struct step *plan_device(struct plan *p, const char *id, struct json_object *args);
/*
 * look(arg) in a thread of its own, as devices, file systems and processes may not answer: arg, yours again, or NULL, with
 * -ETIMEDOUT in *rc where it is left behind and -EAGAIN where no thread can be started; then drop frees it.
 */
void *look_late(void (*look)(void *arg), void (*drop)(void *arg), void *arg, int *rc);
/* Where the plan's guest finds a path: its file system may be another than ours. Yours. */
char *guest_path(const struct plan *p, const struct host *h, const char *path);

/* backend.c: what host memory a DIMM is made of */
struct dimm_backend {
	uint64_t bytes, page_bytes;	/* page: of hugetlb, 0: ordinary memory */
	unsigned *nodes;		/* of the host; a vec, free it */
	size_t n_nodes;
	const char *policy;		/* of nodes; borrowed */
	bool prealloc;
};
int read_backend(const struct plan *p, struct dimm_backend *b, struct err *err);
/*
 * group_room.c: the control groups of the guest have room for so much more. page_bytes: of huge pages, 0: ordinary ones; at_once:
 * what they have not is got by killing the guest, so force=on is no help.
 */
int check_group_room(struct plan *p, const struct host *h, uint64_t bytes, uint64_t page_bytes, bool at_once, struct err *err);
/* The host has the nodes and the memory, or the huge pages, and the guest's control groups allow it. */
int check_backend(struct plan *p, const struct host *h, const struct dimm_backend *b, struct err *err);

/* new_image.c: create= of disk add */
struct new_image {
	char *path;			/* as kvmtop sees it; NULL: none is made. Yours */
	bool qcow2;
	uint64_t bytes;
	struct host_owner owner;
};
/* file: that nothing is there yet; *chain becomes what it will be. */
int check_new_image(struct plan *p, const struct host *h, const char *file, struct new_image *new, struct image_chain *chain,
		    struct err *err);
void plan_new_image(struct plan *p, const struct new_image *new);

/* vcpu.c: a guest without KVM that has released a vCPU takes nothing more */
int check_emulated(const struct plan *p, struct qmp *q, struct err *err);

/* vmem.c: size= against the device's blocks and what it can have at most */
int check_vmem_size(const struct plan *p, uint64_t block, uint64_t max, uint64_t *size, struct err *err);

/* What it is to have more than now, against the guest's control groups. */
int check_vmem_room(struct plan *p, const struct host *h, uint64_t size, uint64_t now, struct err *err);

#define USB_PULLED "a USB device is pulled, not asked for: what the guest has not written yet is lost"
/* usb.c: host= of the plan: a device the host has, no hub, and one it can do without. out->name and ->use are yours. */
int check_host_usb(struct plan *p, const struct host *h, struct host_usb *out, struct err *err);

/* vfio_check.c: what is known of the host's device before it is handed through */
struct vfio {
	struct host_pci pci;
	struct host_binding was;	/* before */
	char *port;			/* of the guest; free it */
	uint64_t ram_bytes;		/* of the guest, 0: not known */
	struct lock_limit lock;
	unsigned pin_ms;		/* QEMU may stand still so long, 0: what it needs is pinned already */
};
/* host= of the plan, its IOMMU group, and what the host does with it. */
int check_host_pci(struct plan *p, const struct host *h, struct vfio *v, struct err *err);
/* The guest's memory, all of which will be pinned. */
int check_pinning(struct plan *p, const struct plan_env *env, struct vfio *v, struct err *err);
/* virt_vfio.c: the same verbs for a guest of libvirt's */
int virt_vfio_add(struct plan *p, const struct plan_env *env, const struct vfio *v, struct err *err);
int virt_vfio_remove(struct plan *p, const struct plan_env *env, struct err *err);

/* nic_mac.c: an address that one NIC may have */
int check_mac(const char *text, char mac[18], struct err *err);

/* virt_common.c: what those for libvirt's guests share */
#define VIRT_ASK_MS 5000
/* A builder, from what libvirt has of the running guest; arg is the builder's own. */
typedef int virt_build_fn(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err);
int virt_build(struct plan *p, const struct plan_env *env, virt_build_fn *fn, const void *arg, struct err *err);
int virt_check_wait(const struct plan *p, struct err *err);	/* wait=guest: not of these guests */
unsigned virt_affect_of(const struct plan *p);		/* the running guest, with persist=on its definition too */
bool virt_is_alias(const char *alias, const char *id);	/* id with or without "ua-"; alias may be NULL */
/*
 * virt_find.c: the one that a user calls id: by its whole alias, or, where that is no other one's, by the alias without
 * "ua-" or a name of its place. -ENODEV: what there is; -ENOTUNIQ: which it could be. what: "disk"
 */
struct virt_named {
	const char *alias, *names[2];	/* NULL: none */
};
int virt_find(const struct virt_named *list, size_t n, const char *what, const char *id, size_t *at, struct err *err);
/* p->device: id= as an alias of the user's, or the first ua-PREFIX0, .. that is free. */
int virt_choose_alias(struct plan *p, const struct virt_def *def, const char *prefix, struct err *err);
void virt_plan_attach(struct plan *p, const char *alias, const char *xml, bool stored);	/* stored: it is, already */
/* A place for a device of PCI Express. -ENOSPC, with the remedy. */
int virt_check_port(const struct virt_def *def, struct err *err);
/* xml: to find it by in the stored definition. Sets p->device. */
void virt_plan_detach(struct plan *p, const struct virt_def *def, const char *alias);
/* virt_stored.c: take the same device out of the stored definition; a warning where that one has it not, or another one. */
void virt_plan_detach_stored(struct plan *p, const struct virt_def *def, const char *alias);
/*
 * With persist=on, a device that is to be added: has: the stored definition alone has it already, a warning says so.
 * -EEXIST: it has another one in that place.
 */
int virt_check_stored(struct plan *p, const struct virt_def *def, const struct virt_device *device, bool *has, struct err *err);
void virt_warn_stored(struct plan *p, const char *name);	/* .. that warning */
/* The stored definition's, NULL: none. Of that image, whatever its target is; the same as a memory device of the running guest. */
const struct virt_disk *virt_stored_disk(const struct virt_def *def, const char *type, const char *source);
const struct virt_memory *virt_stored_memory(const struct virt_def *def, const struct virt_memory *live);

/* virt_vcpu.c, virt_memory.c, virt_usb.c: the same verbs for a guest of libvirt's */
enum vcpu_verb { VCPU_ADD, VCPU_REMOVE, VCPU_SET };
int vcpu_count_of(const struct plan *p, enum vcpu_verb verb, unsigned *n, struct err *err);
int virt_vcpu_build(struct plan *p, const struct plan_env *env, enum vcpu_verb verb, struct err *err);
int virt_dimm_add(struct plan *p, const struct plan_env *env, const struct dimm_backend *b, struct err *err);
int virt_dimm_remove(struct plan *p, const struct plan_env *env, struct err *err);
int virt_vmem_set(struct plan *p, const struct plan_env *env, struct err *err);
int virt_usb_add(struct plan *p, const struct plan_env *env, const struct host_usb *u, struct err *err);
int virt_usb_remove(struct plan *p, const struct plan_env *env, struct err *err);

/*
 * disk_change.c: size= against what the disk of that name has now: UNCHANGED, or smaller only with force=on; and against the
 * block device that it is, where file and format say so (NULL: not known): QEMU gives a guest the whole of one.
 */
struct disk_now {
	const char *id, *file, *format;
	uint64_t bytes;
};
int check_disk_size(struct plan *p, const struct host *h, const struct disk_now *disk, uint64_t *size, struct err *err);

/* virt_disk.c: the same verbs for a guest of libvirt's (p->domain is its UUID) */
enum disk_verb { DISK_ADD, DISK_REMOVE, DISK_RESIZE };
int virt_disk_build(struct plan *p, const struct plan_env *env, enum disk_verb verb, struct err *err);

/*
 * image.c: a file, as the guest's QEMU finds it, against format= and force= of the plan, and the chain of files it names.
 * A warning in the plan says what they are. Waits for the file systems, but not for long: -ETIMEDOUT. out is yours.
 */
int check_image(struct plan *p, const struct host *h, const char *file, struct image_chain *out, struct err *err);
/*
 * use.c: what the host or another guest uses is refused without force=on; of an image that is to be read only, where that
 * does no harm, it is a warning.
 */
int check_image_use(struct plan *p, const struct host *h, const struct image_chain *c, struct err *err);
/* A device of PCI or USB, by the last part of its path in /sys; what: it in the words of an error, "host=1-2". */
int check_device_use(struct plan *p, const struct host *h, const char *device, const char *what, struct err *err);
/* "guest vm1 (process 12)", "process 12 (COMM)"; comm may be "". Reads memory of the process, which may take for ever. Yours. */
char *holder_words(const struct host *h, pid_t pid, const char *comm);
/* Into the node of image i of a chain: its data file and what is below it, so that QEMU looks for neither. */
void image_put_rest(const struct image_chain *c, size_t i, struct json_object *node);

#endif
