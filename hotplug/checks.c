// SPDX-License-Identifier: GPL-3.0-or-later
/* Checks and choices that builders of every kind of device share. */
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_MARGIN_BYTES (1ull << 30)	/* beside RAM, VFIO has ROMs, video memory, the devices' own locked */
#define LOOK_MS 10000		/* they answer within some ms, or never; on a host that is busy, within seconds */
#define ID_MAX 26		/* a node name holds 31 bytes, and "-node" goes behind the id */

int check_id(const char *id, struct err *err)
{
	const char *p;

	if (strlen(id) > ID_MAX)
		return err_set(err, -EINVAL, "id '%s' is longer than %d characters (a shorter one)", id, ID_MAX);
	for (p = id; *p; p++)
		if (!isalpha((unsigned char)*p) && (p == id || (!isdigit((unsigned char)*p) && !strchr("-._", *p))))
			return err_set(err, -EINVAL, "id '%s': a letter, then letters, digits, '-', '.' and '_' are expected", id);
	return 0;
}

int check_not_stored(const struct plan *p, struct err *err)
{
	if (is_on(p, "persist"))
		return err_set(err, -EINVAL, "persist=on: this guest has no stored definition, it is not libvirt's (leave it out)");
	return 0;
}

int is_migrating(struct err *err)
{
	return err_set(err, -EBUSY, "the guest is being migrated: its devices must stay as they are until that is over");
}

int check_guest(struct plan *p, struct qmp *q, struct err *err)
{
	auto_free char *status = NULL;
	bool migrating, running;
	int rc;

	rc = qmp_query_migrating(q, &migrating, err);
	if (rc)
		return rc;
	if (migrating)
		return is_migrating(err);
	rc = qmp_query_status(q, &running, &status, err);
	if (rc)
		return rc;
	p->stands = !running;
	if (!running)
		plan_warn(p, "the guest is not running (%s): it will see the change when it does", status);
	return 0;
}

/* Devices with an id; the container's own properties are left out. */
static int query_devices(struct qmp *q, struct qmp_prop **list, size_t *n, struct err *err)
{
	size_t i, kept = 0;
	int rc = qmp_query_peripherals(q, list, n, err);

	for (i = 0; !rc && i < *n; i++) {
		struct qmp_prop prop = (*list)[i];

		if (!str_has_prefix(prop.type, "child<"))
			continue;
		(*list)[i] = (*list)[kept];
		(*list)[kept++] = prop;
	}
	return rc;
}

static const struct qmp_prop *find_device(const struct qmp_prop *list, size_t n, const char *id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_has_prefix(list[i].type, "child<") && !strcmp(list[i].name, id))
			return &list[i];
	return NULL;
}

int device_type(struct qmp *q, const char *id, char **type, struct err *err)
{
	const struct qmp_prop *found;
	struct qmp_prop *list = NULL;
	size_t n = 0;
	int rc;

	*type = NULL;
	rc = query_devices(q, &list, &n, err);
	if (rc)
		return rc;
	found = find_device(list, n, id);
	if (found) {
		const char *name = found->type + strlen("child<");

		*type = xstrndup(name, strcspn(name, ">"));
	}
	qmp_props_free(list, n);
	return 0;
}

int id_taken(const struct plan *p, const char *type, struct err *err)
{
	return err_set(err, -EEXIST, "id '%s' is taken by %s%s of this guest (another id=, or none)", p->device,
		       type ? "a " : "another device", type ? type : "");
}

int check_type_known(struct qmp *q, const char *type, struct err *err)
{
	bool known = true;
	int rc = qmp_has_device_type(q, type, &known, err);

	if (rc || known)
		return rc;
	return err_set(err, -EOPNOTSUPP, "this QEMU has no %s (it was built without, or that is in a module that is not installed)", type);
}

int choose_free_id(struct qmp *q, const char *prefix, char **id, struct err *err)
{
	struct qmp_prop *list = NULL;
	unsigned number = 0;
	size_t n = 0;
	int rc = query_devices(q, &list, &n, err);

	if (rc)
		return rc;
	do {
		free(*id);
		*id = xasprintf("%s%u", prefix, number++);
	} while (find_device(list, n, *id));
	qmp_props_free(list, n);
	return 0;
}

int choose_id(const struct plan *p, struct qmp *q, const char *prefix, char **id, struct err *err)
{
	const char *given = plan_arg(p, "id");
	int rc;

	if (!given)
		return choose_free_id(q, prefix, id, err);
	rc = check_id(given, err);
	if (!rc)
		*id = xstrdup(given);
	return rc;
}

int no_free_port(size_t n, size_t all, const char *more, struct err *err)
{
	return err_set(err, -ENOSPC, "no free hotpluggable PCI port: %zu of %zu ports are hotpluggable, all are taken (remove a device, or "
		       "start the guest with more %s)", n, all, more);
}

/* What helps depends on the machine: an i440fx has slots on one bus, all others have ports. */
static int no_port(struct qmp *q, const struct qmp_port *ports, size_t n, size_t hotplug, struct err *err)
{
	bool slots = false, pci = true;
	size_t i;
	int rc = n ? 0 : qmp_has_pci(q, &pci, err);

	if (rc)
		return rc;
	if (!pci)
		return err_set(err, -ENOSPC, "this machine has no PCI bus, and on its other buses (virtio-mmio, CCW, the board's own) kvmtop "
			       "plugs nothing (start the guest with the device, or on a machine with PCI)");
	for (i = 0; i < n; i++)
		slots |= !strcmp(ports[i].kind, "pci");
	if (slots && !hotplug)
		return err_set(err, -ENOSPC, "bus pci.0 takes no device while the guest runs (start it with ACPI, and without -global "
			       "PIIX4_PM.acpi-root-pci-hotplug=off)");
	if (slots)
		return err_set(err, -ENOSPC, "no free PCI slot: all of pci.0 and its bridges are taken (remove a device, or start the guest "
			       "with a pci-bridge more)");
	return no_free_port(hotplug, n, "pcie-root-port devices", err);
}

/* One place on the bus `except` is somebody else's already. */
static bool has_room(const void *except, const struct qmp_port *port)
{
	unsigned taken = except && !strcmp(port->bus, except);

	return port->hotplug && port->free > taken;
}

int choose_port(struct qmp *q, const char *except, char **bus, struct err *err)
{
	struct qmp_port *ports = NULL;
	size_t n = 0, i, hotplug = 0;
	int rc;

	rc = qmp_query_ports(q, has_room, except, &ports, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++) {
		hotplug += ports[i].hotplug;
		if (!*bus && has_room(except, &ports[i]))
			*bus = xstrdup(ports[i].bus);
	}
	if (!*bus)
		rc = no_port(q, ports, n, hotplug, err);
	qmp_ports_free(ports, n);
	return rc;
}

void read_lock(const struct host *h, pid_t pid, uint64_t ram_bytes, struct lock_limit *lock)
{
	uint64_t limit = UINT64_MAX;

	if (host_lock_limit(h, pid, &limit) || limit >= ram_bytes + LOCK_MARGIN_BYTES)
		return;
	lock->wanted = ram_bytes + LOCK_MARGIN_BYTES;
	lock->now = limit;
}

void plan_lock(struct plan *p, const struct lock_limit *lock)
{
	if (lock->wanted)
		step_leaves(plan_memlock(p, lock->wanted, lock->now), "QEMU's right to lock %llu bytes", (unsigned long long)lock->wanted);
}

struct json_object *named(const char *key, const char *value)
{
	return json_put_str(json_object_new_object(), key, value);
}

struct step *plan_device(struct plan *p, const char *id, struct json_object *args)
{
	struct step *s = plan_qmp(p, "device_add", args);

	step_undo_qmp(s, "device_del", named("id", id));
	step_undo_await_gone(s, id);
	step_leaves(s, "device %s", id);
	return s;
}

bool is_on(const struct plan *p, const char *arg)
{
	const char *value = plan_arg(p, arg);

	return value && !strcmp(value, "on");
}

void *look_late(void (*look)(void *arg), void (*drop)(void *arg), void *arg, int *rc)
{
	struct lates *lates = lates_new(1);
	struct late *late = late_start(lates, look, drop, arg);
	void *over = NULL;

	*rc = late ? -ETIMEDOUT : -EAGAIN;
	if (late)
		late_wait(late, LOOK_MS);
	else
		drop(arg);
	if (late && (over = late_end(late)))
		*rc = 0;
	lates_free(lates);
	return over;
}

char *guest_path(const struct plan *p, const struct host *h, const char *path)
{
	/* libvirt opens what it is given in its own file system, and makes it appear in QEMU's private one */
	pid_t pid = p->domain ? 0 : plan_guest_pid(p);

	return pid ? host_proc_path(h, pid, path) : xstrdup(path);
}
