/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Operations: what a kind of step is, all of it in one row. Private to lib/plan. To add one: a name in enum step_op, a
 * struct op in op_*.c with its builder, its row in ops.c. Show, run, journal, roll-back and undo follow.
 */
#ifndef KT_PLAN_PRIVATE_H
#define KT_PLAN_PRIVATE_H

#include "plan.h"

/* libvirt, asked for what a guest still has */
#define READ_MS 5000

/* A plan while it runs. */
struct run {
	struct plan *p;
	const struct plan_env *env;
	int interrupt;			/* what ends waiting now, -1: nothing */
	struct seen *seen;		/* QEMU's events since it began: one may come before the reply to its cause */
	size_t n_seen;
};

/* What steps wait for of an event: no more of it is kept, as it comes from the guest's QEMU. */
struct seen {
	char *event;
	char *device, *path;		/* NULL: it names none */
	bool has_ost;			/* of ACPI_DEVICE_OST */
	uint64_t source, status;
};

struct op {
	const char *name;		/* in the journal */
	/* 0; -ETIMEDOUT; -EACCES: the guest said no; -ECANCELED: interrupted; else an error, and nothing was done */
	int (*run)(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err);
	char *(*text)(const struct step *s, unsigned timeout_ms);	/* as step_text */
	/* -EPERM: a step that kvmtop does not write, in a journal. NULL: any is believed. */
	int (*check)(const struct step *s, struct err *err);
	/* It waits until the guest has released it, and can be taken up again later: is it still there? NULL: does not wait so. */
	int (*is_there)(struct run *r, const struct step *s, bool *there, struct err *err);
	/*
	 * A journal may have it run: as an inverse of `of`, or, of NULL, as what was put off. NULL: never. Its run does no
	 * more than clean up when the step is `journaled`.
	 */
	bool (*takes_back)(const struct step *s, const struct step *of);
	/*
	 * The name of what it makes, sets or removes, "device d0", as all operations on it have it; yours. And what has that
	 * name now, in words that tell it from another one: NULL for nothing. Both NULL: not told.
	 */
	char *(*thing)(const struct step *s);
	int (*made)(struct run *r, const struct step *s, char **words, struct err *err);
	bool one_way;			/* without an inverse there is no way back from it */
	bool outlives;			/* done to the host, it does not go with the guest */
	bool asks_guest;		/* it waits for the guest to take what was added: its timeout is the guest's silence */
};

const struct op *op_get(enum step_op op);
int op_find(const char *name);			/* by its name in the journal; -1: none */
bool op_takes_back(const struct step *s, const struct step *of);
bool takes_back_always(const struct step *s, const struct step *of);
bool takes_back_same(const struct step *s, const struct step *of);	/* of the same operation on the same thing */

/* op_*.c, one per row of ops.c */
extern const struct op op_pass_fd, op_link_set, op_link_add, op_link_del;
/* op_net.c: the guest's end of something, that a step names; -ENODEV: it is gone, or another has its name by now */
int guests_link(struct run *r, const struct step *s, struct host_iface *link, struct err *err);
/* Interfaces that kvmtop makes are called so; a journal may have no others removed. */
#define OURS "kt-"
/* op_bridge.c: "vlan" of its args, 0: without a VLAN */
unsigned step_vlan(const struct step *s);
extern const struct op op_bridge_keep, op_port_vlan;
extern const struct op op_pci_bind, op_memlock;
extern const struct op op_image_make, op_image_name, op_image_del;
extern const struct op op_sriov, op_vf_set;
extern const struct op op_power, op_await_off;
extern const struct op op_file, op_huge_pool, op_huge_demote;
extern const struct op op_qmp, op_await_gone, op_await_driver;
extern const struct op op_await_taken, op_await_size, op_await_usb;
extern const struct op op_virt_attach, op_virt_detach, op_virt_config, op_virt_resize, op_virt_update, op_virt_vcpus;
extern const struct op op_virt_link, op_ovs_add, op_ovs_del;

/* How long a step may take, when the time-out of its plan is timeout_ms. */
unsigned step_ms(const struct step *s, unsigned timeout_ms);
/* Of a step that waits for the guest. */
void step_requires(struct step *s, const struct plan *p, bool required);
struct step *step_add(struct step **steps, size_t *n, enum step_op op, const char *what, struct json_object *args);
void step_copy(struct step *to, const struct step *from);	/* without inverse and status */
/* There is no way back from one of the first n steps; a step that waits until the guest has released it. */
bool steps_past_return(const struct plan *p, size_t n);
bool step_awaits_removal(const struct step *s);
size_t plan_unknown(const struct plan *p);		/* the first step that is unknown; n_steps: none */
/* made.c: a value that its inverse puts back; what it made, into s; what has the name of s by now is another thing. */
bool step_sets(const struct step *s);
void step_note_made(struct run *r, struct step *s);
bool plan_is_another(struct run *r, const struct step *s);
#define MADE_IMAGE ", image "				/* at the end of what a disk is made of: which image it has */
char *qmp_thing(const struct step *s);			/* made_qmp.c */
int qmp_made(struct run *r, const struct step *s, char **words, struct err *err);
/* made_virt.c; a definition's device of the step's alias is made of what the step's XML says */
bool virt_is_same_device(const struct virt_def *def, const struct step *s);
char *virt_device_thing(const struct step *s), *virt_size_thing(const struct step *s), *virt_vcpus_thing(const struct step *s);
int virt_device_made(struct run *r, const struct step *s, char **words, struct err *err);
int virt_size_made(struct run *r, const struct step *s, char **words, struct err *err);
int virt_vcpus_made(struct run *r, const struct step *s, char **words, struct err *err);
void plan_note_left(struct plan *p, const char *what);
/*
 * The steps from i on were not done: what they would have removed is left, and put off if it is the guest's turn.
 * sent: step i may have been done all the same.
 */
void plan_stop_short(struct plan *p, size_t i, bool sent);
/* The first step that waits for something the guest was never asked for, nor will be; n_steps: none. */
size_t plan_first_unasked(const struct plan *p);
/* The steps up to i were done, or may have been. */
void plan_leave_all(struct plan *p, size_t i);

/* A step of r->p was done, and something else is in effect: the plan will be clipped. */
void run_effective(struct run *r, const struct step *s, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* How far a step of r->p has come, for whoever looks on. */
void run_note(struct run *r, const struct step *s, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* op_size.c: wait for news: QEMU's, which come by themselves, or libvirt's, which are asked for; -ECANCELED */
int run_wait(struct run *r, unsigned ms, struct err *err);
/* a disk that was resized, and what is read back of it */
void run_size_is(struct run *r, const char *disk, uint64_t wanted, uint64_t now);
/* op_net.c: arguments of netdev_add and chardev-add that run no program, open no file and listen nowhere */
bool netdev_is_harmless(struct json_object *args);
bool chardev_is_harmless(struct json_object *args);

/* op_qmp.c: what a run keeps of events, and whether one of them named this device (id or QOM path) */
void run_on_event(void *run, const char *event, struct json_object *data);
void run_forget_events(struct run *r);
bool run_saw(const struct run *r, const char *event, const char *device);
bool run_saw_any(const struct run *r, const char *event);
bool plan_guest_ends(const struct run *r);		/* run.c: its process has ended, or does within two seconds */

/* op_acpi.c: what the guest's ACPI has said of a device (ACPI_DEVICE_OST), the last word of it */
enum ost { OST_NONE, OST_SUCCESS, OST_REFUSED };
enum ost run_ost_inserted(const struct run *r, const char *device, const char **why);
enum ost run_ost_ejected(const struct run *r, const char *device, const char **why);	/* never OST_SUCCESS */

#endif
