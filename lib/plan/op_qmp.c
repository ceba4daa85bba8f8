// SPDX-License-Identifier: GPL-3.0-or-later
/* Operations on QEMU's monitor, and waiting for what it tells. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The event can be missed only if somebody else took it (there is one client): look in QOM now and then all the same. */
#define GONE_LOOK_NS (1 * NS_PER_SEC)
#define LET_GO_NS (2 * NS_PER_SEC)
#define LET_GO_LOOK_NS (20 * NS_PER_MS)
#define BUSY_LOOK_MS 100
#define DRIVER_LOOK_NS (100 * NS_PER_MS)
/* A plan causes a handful; a guest must not fill our memory with them. */
#define SEEN_MAX 1024
#define SEEN_TEXT_MAX 1024

/*
 * What a journal may have in it. Anything that could run a program or open what it likes (human-monitor-command,
 * migrate, chardev-add of a pipe..) is not here. Of these, only what removes is run out of a journal, and what puts a
 * value back, as the inverse of the same command about the same thing.
 */
static bool is_ram(struct json_object *args);
static bool is_requested_size(struct json_object *args);

static const struct {
	const char *command;
	bool (*fits)(struct json_object *args);	/* NULL: with any arguments */
	bool removes;
	const char *about;			/* it puts back a value of what this argument names */
} allowed[] = {
	{ "block-latency-histogram-set", .about = "id" },
	{ "block_resize", .about = "node-name" },
	{ "blockdev-add" },
	{ "blockdev-del", .removes = true },
	{ "chardev-add", chardev_is_harmless },
	{ "chardev-remove", .removes = true },
	{ "closefd", .removes = true },
	{ "device_add" },
	{ "device_del", .removes = true },
	{ "netdev_add", netdev_is_harmless },
	{ "netdev_del", .removes = true },
	{ "object-add", is_ram },
	{ "object-del", .removes = true },
	{ "qom-set", is_requested_size, .about = "path" },
	{ "set_link", .about = "name" },
};

/* Memory that opens no file. */
static bool is_ram(struct json_object *args)
{
	const char *type = json_str(args, "qom-type");

	return type && (!strcmp(type, "memory-backend-ram") || !strcmp(type, "memory-backend-memfd"));
}

/* Of a device, not of QEMU's innards. */
static bool is_requested_size(struct json_object *args)
{
	const char *path = json_str(args, "path"), *property = json_str(args, "property");

	return path && str_has_prefix(path, "/machine/peripheral") && property && !strcmp(property, "requested-size") &&
	       json_object_is_type(json_member(args, "value"), json_type_int);
}

static char *short_str(struct json_object *data, const char *key)
{
	const char *text = json_str(data, key);

	return text && strlen(text) <= SEEN_TEXT_MAX ? xstrdup(text) : NULL;
}

void run_on_event(void *run, const char *event, struct json_object *data)
{
	static const char *const awaited[] = { "DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR", "ACPI_DEVICE_OST", "SHUTDOWN" };
	struct json_object *info = json_member(data, "info");
	struct run *r = run;
	struct seen seen = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(awaited) && strcmp(awaited[i], event); i++)
		;
	if (i == ARRAY_SIZE(awaited) || r->n_seen == SEEN_MAX)
		return;
	seen.event = xstrdup(event);
	seen.device = short_str(info ? info : data, "device");
	seen.path = short_str(data, "path");
	seen.has_ost = json_u64(info, "source", &seen.source) && json_u64(info, "status", &seen.status);
	*vec_push(r->seen, r->n_seen) = seen;
}

void run_forget_events(struct run *r)
{
	while (r->n_seen) {
		struct seen *seen = &r->seen[--r->n_seen];

		free(seen->event);
		free(seen->device);
		free(seen->path);
	}
	free(take_ptr(r->seen));
}

bool run_saw(const struct run *r, const char *event, const char *device)
{
	size_t i;

	for (i = 0; i < r->n_seen; i++) {
		/* a device without an id has its path only, and so have the inner parts of any */
		const struct seen *seen = &r->seen[i];

		if (!strcmp(seen->event, event) &&
		    ((seen->device && !strcmp(seen->device, device)) || (seen->path && !strcmp(seen->path, device))))
			return true;
	}
	return false;
}

bool run_saw_any(const struct run *r, const char *event)
{
	size_t i;

	for (i = 0; i < r->n_seen; i++)
		if (!strcmp(r->seen[i].event, event))
			return true;
	return false;
}

/* A command, as it is. */

/* blockdev-del and object-del say "is in use", chardev-remove "is busy". */
static bool is_held(int rc, const struct err *err)
{
	return rc == -EREMOTEIO && (strstr(err->text, "is in use") || strstr(err->text, "is busy"));
}

/* QEMU says that a disk is resized where it has done nothing of the kind. */
static void read_back(struct run *r, const struct step *s)
{
	const char *node = json_str(s->args, "node-name");
	struct qmp_disk *list = NULL;
	uint64_t wanted;
	size_t n = 0, i;

	if (!node || !json_u64(s->args, "size", &wanted) || qmp_query_disks(r->env->qmp, &list, &n, NULL))
		return;
	for (i = 0; i < n; i++)
		if (list[i].node && !strcmp(list[i].node, node) && list[i].size_bytes != UINT64_MAX)
			run_size_is(r, list[i].id, wanted, list[i].size_bytes);
	qmp_disks_free(list, n);
}

/*
 * To unplug from a PCIe slot is to press its button. While the power indicator blinks, five seconds after a press, QEMU
 * takes no other; of a device that has been asked for, by whomever, it takes none either: then that one's answer counts.
 */
static int device_del_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	const char *id = json_str(s->args, "id");

	for (;;) {
		struct err why = {0};
		int rc = qmp_call(r->env->qmp, s->what, json_object_get(s->args), timeout_ms, NULL, &why);

		if ((rc == -EREMOTEIO && strstr(why.text, "already in the process of unplug")) ||
		    (rc == -ENODEV && id && run_saw(r, "DEVICE_DELETED", id)))
			return 0;
		if (rc != -EREMOTEIO || !strstr(why.text, "guest is busy")) {
			if (rc && err)
				*err = why;
			return rc;
		}
		if (clock_now_ns() >= deadline)
			return err_set(err, -EACCES, "the guest lets nothing go of the slot of %s now: its power indicator blinks (try "
				       "again)", id);
		rc = qmp_pump(r->env->qmp, BUSY_LOOK_MS, err);
		if (rc)
			return rc;
	}
}

/*
 * A device is off the list of QEMU's objects before QEMU has released what it used: that is for its RCU thread, a moment
 * later. DEVICE_DELETED comes after that, but who finds a device gone by the list may be too early.
 */
static int qmp_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + LET_GO_NS;
	struct err why;		/* what a later try has put right is not the plan's error */
	bool again;
	int rc;

	if (!strcmp(s->what, "device_del"))
		return device_del_run(r, s, timeout_ms, err);
	do {
		struct json_object *args = s->args ? json_object_get(s->args) : NULL;

		why = (struct err){0};
		rc = qmp_call(r->env->qmp, s->what, args, timeout_ms, NULL, &why);
		again = is_held(rc, &why) && clock_now_ns() < deadline;
		if (again)
			clock_sleep_until(clock_now_ns() + LET_GO_LOOK_NS);
	} while (again);
	if (rc && err)
		*err = why;
	if (!rc && !strcmp(s->what, "block_resize"))
		read_back(r, s);
	return rc;
}

static char *qmp_text(const struct step *s, unsigned timeout_ms)
{
	auto_free char *args = s->args ? json_text(s->args) : NULL;

	(void)timeout_ms;
	return xasprintf("%s%s%s%s", s->what, args ? " " : "", args ? args : "", s->if_there ? ", if it is there" : "");
}

static int qmp_check(const struct step *s, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (!strcmp(allowed[i].command, s->what) && (!allowed[i].fits || allowed[i].fits(s->args)))
			return 0;
	return err_set(err, -EPERM, "the command %s, with such arguments, does not belong in a journal", s->what);
}

static bool qmp_takes_back(const struct step *s, const struct step *of)
{
	const char *mine, *theirs;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(allowed) && strcmp(allowed[i].command, s->what); i++)
		;
	if (i == ARRAY_SIZE(allowed) || !allowed[i].about)
		return i < ARRAY_SIZE(allowed) && allowed[i].removes;
	mine = json_str(s->args, allowed[i].about);
	theirs = of ? json_str(of->args, allowed[i].about) : NULL;
	return takes_back_same(s, of) && mine && theirs && !strcmp(mine, theirs);
}

const struct op op_qmp = {
	.name = "qmp", .run = qmp_run, .text = qmp_text, .check = qmp_check, .takes_back = qmp_takes_back, .one_way = true,
	.thing = qmp_thing, .made = qmp_made,
};

struct step *plan_qmp(struct plan *p, const char *command, struct json_object *args)
{
	return step_add(&p->steps, &p->n_steps, STEP_QMP, command, args);
}

void step_undo_qmp(struct step *s, const char *command, struct json_object *args)
{
	step_add(&s->undo, &s->n_undo, STEP_QMP, command, args);
}

struct step *plan_drop(struct plan *p, const char *command, struct json_object *args)
{
	struct step *s = plan_qmp(p, command, args);

	s->if_there = true;
	return s;
}

void step_undo_drop(struct step *s, const char *command, struct json_object *args)
{
	step_add(&s->undo, &s->n_undo, STEP_QMP, command, args)->if_there = true;
}

struct step *plan_drop_node(struct plan *p, const char *node)
{
	return plan_drop(p, "blockdev-del", json_put_str(json_object_new_object(), "node-name", node));
}

struct step *plan_drop_object(struct plan *p, const char *id)
{
	return plan_drop(p, "object-del", json_put_str(json_object_new_object(), "id", id));
}

/* A device, until it is gone. */

static int device_is_there(struct run *r, const struct step *s, bool *there, struct err *err)
{
	/* by its id, or by its path, which is all that a device without one has */
	const char *device = s->what, *name = *device == '/' ? strrchr(device, '/') + 1 : device;
	auto_free char *parent = *device == '/' ? xstrndup(device, (size_t)(name - device) - (name - device > 1)) : NULL;
	struct qmp_prop *list = NULL;
	size_t n = 0, i;
	int rc;

	if (parent)
		rc = qmp_qom_list(r->env->qmp, parent, &list, &n, err);
	else
		rc = qmp_query_peripherals(r->env->qmp, &list, &n, err);
	if (rc)
		return rc;
	*there = false;
	for (i = 0; i < n; i++)
		*there |= !strcmp(list[i].name, name);
	qmp_props_free(list, n);
	return 0;
}

static int await_gone_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t began = clock_now_ns(), deadline = began + timeout_ms * NS_PER_MS;
	uint64_t look = s->if_there ? began : began + GONE_LOOK_NS;
	const char *why;
	bool there = true;
	int rc = 0;

	while (!rc && there) {
		if (run_saw(r, "DEVICE_DELETED", s->what))
			return 0;
		if (run_saw(r, "DEVICE_UNPLUG_GUEST_ERROR", s->what))
			return err_set(err, -EACCES, "the guest refused to release %s", s->what);
		if (run_ost_ejected(r, s->what, &why) == OST_REFUSED)
			return err_set(err, -EACCES, "the guest refused to release %s: %s", s->what, why);
		if (clock_now_ns() >= look) {
			rc = device_is_there(r, s, &there, err);
			look = clock_now_ns() + GONE_LOOK_NS;
		} else if (clock_now_ns() >= deadline) {
			return err_set(err, -ETIMEDOUT, "the guest has not released %s (does it run, does it know hotplug?)",
				       s->what);
		} else {
			rc = qmp_pump(r->env->qmp, (unsigned)clock_left_ms(look < deadline ? look : deadline), err);
		}
	}
	return rc;
}

static char *await_gone_text(const struct step *s, unsigned timeout_ms)
{
	return xasprintf("wait until the guest has released %s, at most %g s", s->what, timeout_ms / 1000.0);
}

static char *device_thing(const struct step *s)
{
	return xasprintf("device %s", s->what);
}

const struct op op_await_gone = {
	.name = "await-gone", .run = await_gone_run, .text = await_gone_text, .takes_back = takes_back_always,
	.is_there = device_is_there, .thing = device_thing,
};

struct step *plan_await_gone(struct plan *p, const char *device)
{
	return step_add(&p->steps, &p->n_steps, STEP_AWAIT_GONE, device, NULL);
}

void step_undo_await_gone(struct step *s, const char *device)
{
	step_add(&s->undo, &s->n_undo, STEP_AWAIT_GONE, device, NULL);
}

/* A virtio device, until the guest's driver is up. */

static int await_driver_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	bool ok = false;
	int rc;

	for (;;) {
		rc = qmp_virtio_driver_ok(r->env->qmp, s->what, &ok, err);
		if (rc == -ENOSYS || rc == -EOPNOTSUPP) {	/* QEMU before 7.2, or a class that must not be asked */
			r->p->guest = "unknown";
			return 0;
		}
		if (rc)
			return rc;
		if (ok) {
			r->p->guest = "ready";
			return 0;
		}
		r->p->guest = "unseen";
		if (clock_now_ns() >= deadline)
			return s->required ? err_set(err, -ETIMEDOUT, "the guest has not taken %s", s->what) : 0;
		rc = qmp_pump(r->env->qmp, DRIVER_LOOK_NS / NS_PER_MS, err);
		if (rc)
			return rc;
	}
}

static char *await_driver_text(const struct step *s, unsigned timeout_ms)
{
	return xasprintf("wait until the guest's driver for %s is up, at most %g s", s->what, timeout_ms / 1000.0);
}

const struct op op_await_driver = {
	.name = "await-driver", .run = await_driver_run, .text = await_driver_text, .asks_guest = true,
};

struct step *plan_await_driver(struct plan *p, const char *device, bool required)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_AWAIT_DRIVER, device, NULL);

	step_requires(s, p, required);
	return s;
}
