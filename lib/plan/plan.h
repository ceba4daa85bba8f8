/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/plan: a change as a list of steps, and a step as data: an operation, its arguments, its inverse. What is shown,
 * dry-run, confirmed, executed, rolled back, journaled and finished after a crash is this one list.
 */
#ifndef KT_PLAN_H
#define KT_PLAN_H

#include "lib/host/host.h"
#include "lib/virt/virt.h"
#include "qmp/qmp.h"
#include "journal.h"
#include "lock.h"
#include "state.h"

enum step_op {
	STEP_QMP,			/* run a QMP command */
	STEP_AWAIT_GONE,		/* until QEMU has taken a device away: DEVICE_DELETED, or it is out of QOM */
	STEP_AWAIT_DRIVER,		/* until the guest's driver for a virtio device is up */
	STEP_PASS_FD,			/* open a tap or a device node here and give QEMU the descriptor, by the name of what */
	STEP_LINK_SET,			/* a tap up or down, its address and MTU, into a bridge */
	STEP_LINK_ADD,			/* make a macvtap */
	STEP_LINK_DEL,			/* remove a tap or macvtap that kvmtop made */
	STEP_AWAIT_TAKEN,		/* until the guest's ACPI has said whether it took vCPUs or DIMMs */
	STEP_AWAIT_SIZE,		/* until a virtio-mem device has number bytes */
	STEP_AWAIT_USB,			/* until QEMU has opened the host's USB device and the guest has given it an address */
	STEP_VIRT_ATTACH,		/* libvirt: device XML into the domain; flags: enum virt_affect */
	STEP_VIRT_DETACH,		/* libvirt: out of the running guest, and wait until it has let go */
	STEP_VIRT_CONFIG,		/* libvirt: device XML out of the stored definition */
	STEP_VIRT_RESIZE,		/* libvirt: a disk by its target, to number bytes */
	STEP_OVS_ADD,			/* make an interface a port of an Open vSwitch bridge */
	STEP_OVS_DEL,			/* take such a port of kvmtop's out of its bridge */
	STEP_VIRT_LINK,			/* libvirt: the link of a NIC by its alias; number: 1 up, 0 down */
	STEP_VIRT_UPDATE,		/* libvirt: device XML instead of what the device of its alias has; flags */
	STEP_VIRT_VCPUS,		/* libvirt: args {"count":N}, or {"vcpu":"3","on":BOOL}; flags */
	STEP_PCI_BIND,			/* a PCI device of the host to another driver */
	STEP_MEMLOCK,			/* QEMU may lock number bytes of memory */
	STEP_SRIOV,			/* a PCI device of the host to number virtual functions */
	STEP_VF_SET,			/* a setting of a virtual function, by the interface of the NIC it is of */
	STEP_BRIDGE_KEEP,		/* a bridge keeps the address it has, whatever ports come and go */
	STEP_IMAGE_MAKE,		/* make an image, under a name that nothing else has */
	STEP_IMAGE_NAME,		/* give it the name that it is to have */
	STEP_IMAGE_DEL,			/* remove an image that kvmtop made */
	STEP_PORT_VLAN,			/* a port that kvmtop made carries one VLAN, untagged */
	STEP_FILE,			/* a value into a file of the host, by its path below the root: args {"value":..} */
	STEP_HUGE_POOL,			/* number pages in a pool of hugetlb pages, by its directory below the root */
	STEP_HUGE_DEMOTE,		/* break number free pages of such a pool up into smaller ones */
	STEP_POWER,			/* pause, resume, reset or powerdown */
	STEP_AWAIT_OFF,			/* until the guest has shut down */
	STEP_OP_COUNT
};

/* unknown: asked for, and QEMU or libvirt did not answer, then or since: it may come about at any time */
enum step_status { STEP_TODO, STEP_OK, STEP_FAILED, STEP_TIMEOUT, STEP_UNDONE, STEP_UNKNOWN, STEP_STATUS_COUNT };

#define MADE_MAX 512

struct step {
	enum step_op op;
	char *what;			/* QMP command, block node, alias, target, or the device that is waited for */
	struct json_object *args;	/* of a QMP command; NULL: none */
	char *xml;			/* for libvirt; NULL: none */
	uint64_t number;		/* flags or bytes for libvirt, bytes for AWAIT_SIZE, index of an interface (0: not known yet) */
	unsigned at_least_ms;		/* QEMU may need so long whatever the time-out is; 0: the time-out is enough */
	unsigned at_most_ms;		/* waiting longer than that is of no use; 0: as long as the time-out allows */
	bool required;			/* AWAIT_DRIVER and the like: a guest that does not take it is a timeout, not a remark */
	bool if_there;			/* what it takes away may be gone already: then it is done */
	bool asked;			/* the guest was asked already: it is only waited for */
	bool journaled;			/* read from a journal: its operation does no more than clean up */
	struct step *undo;		/* what takes it back, in order; none: it changes nothing that needs it */
	size_t n_undo;
	char *leaves;			/* what is left when it is done and not taken back, or, of a step without inverse,
					 * when it is not done; NULL: nothing */
	char *made;			/* what it made or set, in words of MADE_MAX bytes at most, as QEMU or libvirt told it then; NULL: not known */
	char *effective;		/* what is in effect instead of what it set; NULL: that, or it sets nothing */
	bool overruled;			/* replaced, and not by kvmtop */
	char *replaced;			/* why that is not its own any more; NULL: it is, as far as is known */
	enum step_status status;
	char *note;			/* how far it has come, while it runs; NULL: nothing to say */
	uint64_t ns;			/* how long it took */
};

enum plan_status {
	PLAN_PLANNED, PLAN_OK, PLAN_UNCHANGED, PLAN_INVALID, PLAN_DENIED, PLAN_REFUSED, PLAN_TIMEOUT, PLAN_FAILED,
	PLAN_PARTIAL, PLAN_UNDONE, PLAN_RUNNING,
	PLAN_CLIPPED,			/* done, but another value is in effect: step.effective */
	PLAN_OVERRULED,			/* a value that was in effect and is not any more: another program has set it since */
	PLAN_STATUS_COUNT
};
const char *plan_status_name(enum plan_status s);
bool plan_is_done(enum plan_status s);		/* OK or CLIPPED */

struct plan {
	char *verb;			/* "disk add" */
	char *vm, *ref;			/* guest; NULL for changes of the host */
	char *user;			/* that runs it; NULL: not known */
	bool is_strangers;		/* .. who is neither root, oneself nor libvirt's: to be said first */
	char *domain;			/* UUID of a guest that is libvirt's to change, else NULL */
	char *device;			/* id of what is added or removed */
	struct json_object *args;	/* as given, for the record */
	struct step *steps;
	size_t n_steps;
	char **warnings;
	size_t n_warnings;

	enum plan_status status;
	bool stands;			/* the guest does not run: it is not waited for where it is not required to answer */
	const char *guest;		/* "ready", "unseen", "unknown", "failed"; NULL: does not apply */
	struct step *rest;		/* pending: waiting for the guest to let go, then what is to be done; or none */
	size_t n_rest;
	char *gone;			/* why what it added is not there any more, as the journal tells; NULL: it is, as far as is known */
	char **left;			/* what is left behind, each in words */
	size_t n_left;
	struct err err;
	char *id;			/* of its journal entry, NULL: not journaled */
	char *begun;			/* RFC 3339 */
	uint64_t seed;			/* of what is made up: the same makes the same plan; 0: another one each time */
};

struct plan *plan_new(const char *verb, const char *vm, const char *ref);
void plan_free(struct plan *p);					/* NULL is fine */

/* A number that is made up, n: which of them. */
uint64_t plan_random(struct plan *p, unsigned n);

/* Building. Pointers to steps hold until the next one is added; args are taken over. */
struct step *plan_qmp(struct plan *p, const char *command, struct json_object *args);
struct step *plan_virt(struct plan *p, enum step_op op, const char *what, const char *xml, uint64_t number);
/* args as STEP_VIRT_VCPUS has them, and those that take it back; both taken over */
struct step *plan_virt_vcpus(struct plan *p, struct json_object *args, struct json_object *undo, unsigned affect);
void step_undo_virt(struct step *s, enum step_op op, const char *what, const char *xml, uint64_t number);
/* A command that removes what may be gone already. */
struct step *plan_drop(struct plan *p, const char *command, struct json_object *args);
void step_undo_drop(struct step *s, const char *command, struct json_object *args);
/*
 * Operations on the host's network, what: the descriptor's name in QEMU, or the interface; args:
 * PASS_FD {"open":"tap","name":TAP,"how":"make"|"there"|"next","multi":BOOL} | {"open":"macvtap","name":IF} | {"open":"dev","name":NODE}
 * LINK_SET {"up":BOOL[,"master":BRIDGE][,"mac":..][,"mtu":N]}, "": out of its bridge    LINK_DEL none
 * LINK_ADD {"lower":IF,"mode":..,"mac":..}    BRIDGE_KEEP {"mac":..}, for its text    PORT_VLAN {"vlan":N}
 * OVS_ADD {"bridge":BRIDGE[,"vlan":N]}    OVS_DEL none
 */
struct step *plan_net(struct plan *p, enum step_op op, const char *what, struct json_object *args);
void step_undo_net(struct step *s, enum step_op op, const char *what, struct json_object *args);
struct step *plan_bridge_keep(struct plan *p, const char *bridge, const char *mac);	/* mac: that it has */
/* As host_pci_bind has them. It is done to the host: it is taken back when the guest has ended, too. */
struct step *plan_pci_bind(struct plan *p, const char *address, const char *driver, const char *override);
void step_undo_pci_bind(struct step *s, const char *address, const char *driver, const char *override);
/* How many virtual functions a PCI device has, and one setting of one: with their inverses. */
struct step *plan_sriov(struct plan *p, const char *pf, unsigned vfs, unsigned old);
struct step *plan_vf_set(struct plan *p, const char *iface, enum host_vf_key key, const struct host_vf *to,
			 const struct host_vf *old);
/* An image of its own for the guest: two steps, with their inverses. path: as kvmtop sees it. */
void plan_image(struct plan *p, const char *path, bool qcow2, uint64_t bytes, const struct host_owner *owner);
struct step *plan_memlock(struct plan *p, uint64_t bytes, uint64_t old);	/* with its inverse */
/*
 * A setting of the host: value instead of old, as it was read. Beyond that file's own, the inverse may set more files, that the
 * kernel sets with it: step_undo_file, of the same directory.
 */
struct step *plan_file(struct plan *p, const char *path, const char *value, const char *old);
void step_undo_file(struct step *s, const char *path, const char *value);
/* Persistent pages of a pool instead of old; of a demotion there is no way back. dir: as host_huge_count has it. */
struct step *plan_huge_pool(struct plan *p, const char *dir, uint64_t pages, uint64_t old);
struct step *plan_huge_demote(struct plan *p, const char *dir, uint64_t pages);
/* "pause", "resume", each with the other as its inverse; "reset", "powerdown", which have none. domain of the plan decides how. */
struct step *plan_power(struct plan *p, const char *what);
struct step *plan_await_off(struct plan *p);
/* The host's file that a step sets, below its root; NULL: it sets none. Yours. */
char *step_file(const struct step *s);
struct step *plan_drop_node(struct plan *p, const char *node);	/* it may have gone with another node */
struct step *plan_await_gone(struct plan *p, const char *device);
struct step *plan_await_driver(struct plan *p, const char *device, bool required);
/* devices: their ids, an array of strings; taken over */
struct step *plan_await_taken(struct plan *p, struct json_object *devices, bool required);
struct step *plan_await_size(struct plan *p, const char *device, uint64_t bytes, bool required);
struct step *plan_await_usb(struct plan *p, const char *device, bool required);
struct step *plan_drop_object(struct plan *p, const char *id);	/* it may be gone already */
void step_undo_qmp(struct step *s, const char *command, struct json_object *args);
void step_undo_await_gone(struct step *s, const char *device);
void step_leaves(struct step *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void plan_warn(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put off steps[0..n): they are copied to the end of the rest, without their inverses. */
void plan_put_off(struct plan *p, const struct step *steps, size_t n);
void plan_forget_steps(struct plan *p);		/* of one that cannot be built */
void plan_forget_left(struct plan *p);		/* and the rest: nothing is left any more */

/* It waits for the guest, that is, for as long as the time-out allows. */
bool step_waits(const struct step *s);
/* What the step does, in one line, exactly: command and arguments as they are sent. Yours; clean it before drawing. */
char *step_text(const struct step *s, unsigned timeout_ms);
const char *step_status_name(enum step_status s);

/* With what a plan is built and run. */
struct plan_env {
	const struct host *host;
	struct qmp *qmp;		/* NULL: a guest of libvirt's */
	struct virt *virt;		/* NULL: no libvirt */
	struct journal *journal;	/* NULL: none is kept */
	unsigned timeout_ms;		/* how long to wait for the guest, or for QEMU */
	unsigned undo_ms;		/* how long to wait for the guest while taking back, 0: 5 seconds */
	int interrupt_fd;		/* readable: stop, roll back; -1: none */
	void (*progress)(void *arg, const struct plan *p, size_t step);	/* before and after each step; may be NULL */
	void *arg;
};

/*
 * Run the steps; on failure take back what was done, in reverse. Afterwards status, guest, left and err of the plan say
 * what came of it. Returns 0 for PLAN_OK and PLAN_CLIPPED, else negative.
 */
int plan_run(struct plan *p, const struct plan_env *env);

/* A step of it is unknown. It is pending so, or as a removal that the guest has not released yet. */
bool plan_is_unknown(const struct plan *p);
bool plan_is_pending(const struct plan *p);
/*
 * A pending plan, read from the journal: if the guest has released it meanwhile, do the rest; if it has ended, what of the rest
 * is done to the host. Of one that is unknown, find out what came of it: it is OK when all has come about, else it is taken
 * back. Returns 0 when it is over, -EAGAIN when the device is still there, or nothing can be found out yet, else an error.
 */
int plan_finish(struct plan *p, const struct plan_env *env);

/*
 * Undoing a change that the journal has. plan_undo fills out (of plan_new) with steps that finish what was put off, then
 * take back what was done, in reverse; whatever is gone already is not missed, and what is not its own any more is left,
 * which a warning says. Of a removal nothing is removed: it only waits for what the guest was asked for. out becomes
 * UNCHANGED where nothing is to do. -EINVAL: it cannot be taken back, err says why; -ESTALE: as another program set the value since. plan_undone brings what came of
 * running them into the entry. Before it, plan_mark_replaced tells e of each later entry, and plan_look_again asks the
 * guest (env: qmp or virt) what has the names now.
 */
void plan_mark_replaced(struct plan *e, const struct plan *later);
void plan_mark_later(struct plan *e, struct plan *const *all, size_t n, size_t at);	/* e is, or was, all[at] of the journal */
void plan_look_again(struct plan *e, const struct plan_env *env);
bool plan_is_final(const struct plan *e);		/* a removal that is over */
int plan_undo(const struct plan *entry, struct plan *out, struct err *err);
void plan_undone(struct plan *entry, struct plan *undo);
/*
 * An entry that says "running" whose kvmtop has died (nobody has the lock): it becomes PARTIAL or FAILED, with what may
 * be left of it, and what can be finished put off.
 */
void plan_abandon(struct plan *entry);

/* What lock_take takes for it: its guest, or the host. Borrowed. */
const char *plan_lock_name(const struct plan *p);
pid_t plan_guest_pid(const struct plan *p);		/* of its ref; 0: it is about no guest */
/* The process that the plan's ref names is no more: what was done to it went with it. */
bool plan_guest_is_gone(const struct plan *p, const struct host *h);
/* A step of it was done to the host, or may have been, or was put off: it is not over with the guest. */
bool plan_outlives(const struct plan *p);
/* Not all of its steps are done to the host: without a guest it must not be run. */
bool plan_needs_guest(const struct plan *p);
/* Only those steps, as the guest has ended. */
void plan_keep_outliving(struct plan *p);

/* The record a changing verb answers with (design.md section 2). line: of a script, 0 = none. Yours. */
struct json_object *plan_record(const struct plan *p, unsigned timeout_ms, unsigned line);
/* design.md section 2; -ENOENT, -ENODEV and -ENOTUNIQ of a check are "no such guest or device" */
int plan_exit_code(const struct plan *p);
const char *plan_arg(const struct plan *p, const char *name);		/* as given; NULL: not given */

/* As the journal keeps it. plan_parse checks everything: a step outside of the allowed operations is -EPERM. */
struct json_object *plan_json(const struct plan *p);
int plan_parse(struct json_object *obj, struct plan **out, struct err *err);

#endif
