// SPDX-License-Identifier: GPL-3.0-or-later
/* Plugging disks: virtio-blk on a free PCI port, or a SCSI disk on a controller, which is added where there is none. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SERIAL_MAX 20		/* VIRTIO_BLK_ID_BYTES; a longer one is cut by QEMU */
#define SCSI_TARGETS 256	/* VIRTIO_SCSI_MAX_TARGET + 1; QEMU gives each disk one of its own */

/* cache= as -drive has it: direct, no-flush, and the guest's write cache */
static const struct {
	const char *name;
	bool direct, no_flush, write_cache;
} caches[] = {
	{ "writeback", false, false, true }, { "none", true, false, true }, { "writethrough", false, false, false },
	{ "directsync", true, false, false }, { "unsafe", false, true, true },
};

/* What was found out and chosen before the steps are written. */
struct disk {
	char *node;
	char *bus;			/* PCI bus of the disk, or of a new controller */
	char *controller;		/* id of the virtio-scsi controller, NULL: virtio-blk */
	bool new_controller;		/* it is to be added */
	struct image_chain chain;
	struct new_image made;		/* the image is a step of the plan */
};

static void disk_done(struct disk *d)
{
	free(d->node);
	free(d->bus);
	free(d->controller);
	image_chain_done(&d->chain);
	free(d->made.path);
}

static size_t cache_of(const struct plan *p)
{
	const char *name = plan_arg(p, "cache");
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(caches); i++)
		if (!strcmp(caches[i].name, name))
			return i;
	return 0;
}

/* A device of that id is there: the very disk that is wanted, or something else. */
static int same_or_taken(struct plan *p, struct qmp *q, const char *type, struct err *err)
{
	const char *file = plan_arg(p, "file"), *format = plan_arg(p, "format");
	struct qmp_disk *disks = NULL;
	size_t n = 0, i;
	bool same = false;
	int rc;

	rc = qmp_query_disks(q, &disks, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (!strcmp(disks[i].id, p->device) && disks[i].file && disks[i].format)
			same = !strcmp(disks[i].file, file) && !strcmp(disks[i].format, format) &&
			       disks[i].read_only == is_on(p, "readonly");
	qmp_disks_free(disks, n);
	if (!same)
		return id_taken(p, type, err);
	p->status = PLAN_UNCHANGED;
	return 0;
}

static int check_node_name(struct qmp *q, const char *node, struct err *err)
{
	char **names = NULL;
	size_t n = 0, i;
	int rc;

	rc = qmp_query_nodes(q, &names, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (!strcmp(names[i], node))
			rc = err_set(err, -EEXIST, "block node '%s' exists already, left by an earlier attempt? (another id=, or "
				     "remove it: blockdev-del)", node);
	qmp_strings_free(names, n);
	return rc;
}

static int check_iothread(struct qmp *q, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	struct qmp_thread *list = NULL;
	bool found = false;
	size_t n = 0, i;
	int rc;

	rc = qmp_query_iothreads(q, &list, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++) {
		found |= !strcmp(list[i].name, id);
		buf_printf(&all, "%s%s", i ? ", " : "", list[i].name);
	}
	qmp_threads_free(list, n);
	if (!found)
		return err_set(err, -EINVAL, "no iothread '%s' in this guest (there is: %s)", id, all.len ? all.text : "none");
	return 0;
}

static bool is_scsi(const struct plan *p)
{
	const char *bus = plan_arg(p, "bus");

	return bus && !strcmp(bus, "scsi");
}

static const char *driver_of(const struct plan *p)
{
	return !is_scsi(p) ? "virtio-blk-pci" : is_on(p, "passthrough") ? "scsi-block" : "scsi-hd";
}

static int check_options(const struct plan *p, struct qmp *q, const struct disk *d, struct err *err)
{
	const char *serial = plan_arg(p, "serial"), *iothread = plan_arg(p, "iothread"), *aio = plan_arg(p, "aio");

	if (serial && strlen(serial) > SERIAL_MAX)
		return err_set(err, -EINVAL, "serial=%s is longer than %d characters (a shorter one)", serial, SERIAL_MAX);
	if (aio && !strcmp(aio, "native") && !caches[cache_of(p)].direct)
		return err_set(err, -EINVAL, "aio=native wants cache=none or cache=directsync");
	if (is_on(p, "passthrough") && (!is_scsi(p) || !d->chain.images->block_device || strcmp(plan_arg(p, "format"), "raw")))
		return err_set(err, -EINVAL, "passthrough=on hands a SCSI LUN through: it wants bus=scsi, format=raw and a block device");
	if (iothread && is_scsi(p))
		return err_set(err, -EINVAL, "iothread= belongs to a SCSI controller, not to its disks (leave it out, or bus=virtio)");
	return iothread ? check_iothread(q, iothread, err) : 0;
}

/* The first virtio-scsi controller with a target to give; *full: there are others. */
static int find_controller(struct qmp *q, char **id, unsigned *full, struct err *err)
{
	struct qmp_prop *list = NULL;
	size_t n = 0, i;
	int rc = qmp_query_peripherals(q, &list, &n, err);

	for (i = 0; i < n && !rc && !*id; i++) {
		unsigned taken = 0;

		if (strcmp(list[i].type, "child<virtio-scsi-pci>"))
			continue;
		rc = qmp_query_scsi_devices(q, list[i].name, &taken, err);
		if (!rc && taken < SCSI_TARGETS)
			*id = xstrdup(list[i].name);
		*full += taken >= SCSI_TARGETS;
	}
	qmp_props_free(list, n);
	return rc;
}

static int choose_bus(const struct plan *p, struct qmp *q, struct disk *d, struct err *err)
{
	unsigned full = 0;
	int rc = is_scsi(p) ? find_controller(q, &d->controller, &full, err) : 0;

	if (rc || d->controller)
		return rc;
	d->new_controller = is_scsi(p);
	rc = choose_port(q, NULL, &d->bus, err);
	if (rc && full)
		return err_prefix(err, rc, "no SCSI target is free (controllers with %d disks each: %u), and no controller can be added",
				  SCSI_TARGETS, full);
	return rc || !d->new_controller ? rc : choose_free_id(q, "kt-scsi", &d->controller, err);
}

/* What the plan is going to add, which a QEMU may be built or installed without. */
static int check_known(const struct plan *p, struct qmp *q, const struct disk *d, struct err *err)
{
	const char *types[] = { driver_of(p), d->new_controller ? "virtio-scsi-pci" : NULL };
	size_t i;
	int rc = 0;

	for (i = 0; i < ARRAY_SIZE(types) && !rc; i++)
		rc = types[i] ? check_type_known(q, types[i], err) : 0;
	return rc;
}

static struct json_object *cache_json(const struct plan *p)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "direct", json_object_new_boolean(caches[cache_of(p)].direct));
	return json_put(obj, "no-flush", json_object_new_boolean(caches[cache_of(p)].no_flush));
}

static void put_cache(const struct plan *p, struct json_object *obj)
{
	if (plan_arg(p, "cache"))
		json_put(obj, "cache", cache_json(p));
}

/* All are nested in the format's node, so that deleting it deletes them: only the outer node has a name kvmtop chose. */
static struct json_object *node_json(const struct plan *p, const struct disk *d)
{
	struct json_object *file = json_object_new_object(), *obj = json_object_new_object();

	json_put_str(file, "driver", d->chain.images->block_device ? "host_device" : "file");
	json_put_str(file, "filename", plan_arg(p, "file"));
	if (plan_arg(p, "aio"))
		json_put_str(file, "aio", plan_arg(p, "aio"));
	put_cache(p, file);
	json_put_str(obj, "driver", plan_arg(p, "format"));
	json_put_str(obj, "node-name", d->node);
	if (is_on(p, "readonly"))
		json_put(obj, "read-only", json_object_new_boolean(true));
	put_cache(p, obj);
	json_put(obj, "file", file);
	image_put_rest(&d->chain, 0, obj);
	return obj;
}

static struct json_object *device_json(const struct plan *p, const struct disk *d)
{
	struct json_object *obj = named("driver", driver_of(p));
	auto_free char *scsi_bus = d->controller ? xasprintf("%s.0", d->controller) : NULL;

	json_put_str(obj, "id", p->device);
	json_put_str(obj, "drive", d->node);
	json_put_str(obj, "bus", scsi_bus ? scsi_bus : d->bus);
	if (plan_arg(p, "serial"))
		json_put_str(obj, "serial", plan_arg(p, "serial"));
	if (plan_arg(p, "iothread"))
		json_put_str(obj, "iothread", plan_arg(p, "iothread"));
	if (plan_arg(p, "cache") && !is_on(p, "passthrough"))
		json_put_str(obj, "write-cache", caches[cache_of(p)].write_cache ? "on" : "off");
	return obj;
}

static void plan_add(struct plan *p, const struct disk *d)
{
	struct json_object *args;
	struct step *s;

	plan_new_image(p, &d->made);
	s = plan_qmp(p, "blockdev-add", node_json(p, d));
	step_undo_qmp(s, "blockdev-del", named("node-name", d->node));
	step_leaves(s, "block node %s (%s)", d->node, plan_arg(p, "file"));
	if (d->new_controller) {
		args = named("driver", "virtio-scsi-pci");
		json_put_str(args, "id", d->controller);
		json_put_str(args, "bus", d->bus);
		plan_device(p, d->controller, args);
	}
	plan_device(p, p->device, device_json(p, d));
	plan_await_driver(p, d->controller ? d->controller : p->device, plan_arg(p, "wait") != NULL);
}

static int choose(struct plan *p, struct qmp *q, struct disk *d, struct err *err)
{
	auto_free char *type = NULL;
	int rc;

	rc = choose_id(p, q, "kt-disk", &p->device, err);
	if (!rc)
		rc = device_type(q, p->device, &type, err);
	if (!rc && type)
		return same_or_taken(p, q, type, err);
	if (rc)
		return rc;
	d->node = xasprintf("%s-node", p->device);
	rc = check_node_name(q, d->node, err);
	if (!rc)
		rc = check_options(p, q, d, err);
	if (!rc)
		rc = choose_bus(p, q, d, err);
	if (!rc)
		rc = check_known(p, q, d, err);
	return rc;
}

static int check_plain(const struct plan *p, struct err *err)
{
	if (plan_arg(p, "volume"))
		return err_set(err, -EINVAL, "volume= is libvirt's, and this guest is not (say file=PATH)");
	if (plan_arg(p, "target"))
		return err_set(err, -EINVAL, "target= is libvirt's, and this guest is not (leave it out)");
	if (!plan_arg(p, "file"))
		return err_set(err, -EINVAL, "file= is missing");
	return check_not_stored(p, err);
}

int hotplug_disk_add(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct disk d = {0};
	int rc;

	if (p->domain)
		return virt_disk_build(p, env, DISK_ADD, err);
	rc = check_plain(p, err);
	if (!rc)
		rc = plan_arg(p, "create") ? check_new_image(p, env->host, plan_arg(p, "file"), &d.made, &d.chain, err) :
					     check_image(p, env->host, plan_arg(p, "file"), &d.chain, err);
	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = choose(p, env->qmp, &d, err);
	if (!rc && p->status != PLAN_UNCHANGED && !d.made.path)
		rc = check_image_use(p, env->host, &d.chain, err);
	if (!rc && p->status != PLAN_UNCHANGED)
		plan_add(p, &d);
	disk_done(&d);
	return rc;
}
