// SPDX-License-Identifier: GPL-3.0-or-later
/* Disks: virtio-blk on a free PCI port. */
#include "hotplug.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERIAL_MAX 20		/* VIRTIO_BLK_ID_BYTES */
#define ID_MAX 26		/* a node name holds 31 bytes, and "-node" goes behind the id */

/* As QEMU's id_wellformed(): a letter, then letters, digits, - . _ */
static int check_id(const char *id, struct err *err)
{
	const char *p;

	if (strlen(id) > ID_MAX)
		return err_set(err, -EINVAL, "id '%s' is longer than %d characters", id, ID_MAX);
	for (p = id; *p; p++)
		if (!isalpha((unsigned char)*p) && (p == id || (!isdigit((unsigned char)*p) && !strchr("-._", *p))))
			return err_set(err, -EINVAL, "id '%s': a letter, then letters, digits, '-', '.' and '_' are expected", id);
	return 0;
}

static int check_guest(struct plan *p, struct qmp *q, struct err *err)
{
	auto_free char *status = NULL;
	bool migrating, running;
	int rc;

	rc = qmp_query_migrating(q, &migrating, err);
	if (rc)
		return rc;
	if (migrating)
		return err_set(err, -EBUSY, "the guest is being migrated: its devices must stay as they are until that is over");
	rc = qmp_query_status(q, &running, &status, err);
	if (rc)
		return rc;
	if (!running)
		plan_warn(p, "the guest is not running (%s): it will see the change when it does", status);
	return 0;
}

static bool is_qcow2(const char *head, ssize_t len)
{
	return len >= 4 && !memcmp(head, "QFI\xfb", 4);
}

static int check_format(const struct plan *p, const char *head, ssize_t len, struct err *err)
{
	const char *file = plan_arg(p, "file"), *format = plan_arg(p, "format"), *force = plan_arg(p, "force");

	if (!format)
		return err_set(err, -EINVAL, "format= is missing, and never guessed: image %s looks like %s, say format=%s", file,
			       is_qcow2(head, len) ? "qcow2" : "a raw disk", is_qcow2(head, len) ? "qcow2" : "raw");
	if (!strcmp(format, "qcow2") && !is_qcow2(head, len))
		return err_set(err, -EINVAL, "image %s is not qcow2 (say format=raw if it is a plain disk image)", file);
	if (!strcmp(format, "raw") && is_qcow2(head, len) && !(force && !strcmp(force, "on")))
		return err_set(err, -EINVAL, "image %s has a qcow2 header, the guest would see the container instead of the disk "
			       "(say format=qcow2, or force=on if the header is the guest's own)", file);
	return 0;
}

/* Where the guest's process finds a path: its file system may be another than ours. */
static char *guest_path(const struct plan *p, const struct host *h, const char *path)
{
	int pid;

	if (p->ref && sscanf(p->ref, "pid:%d", &pid) == 1)
		return host_proc_path(h, pid, path);
	return xstrdup(path);
}

static int check_image(const struct plan *p, const struct host *h, bool *block_device, struct err *err)
{
	const char *file = plan_arg(p, "file");
	auto_free char *path = guest_path(p, h, file);
	auto_close int fd = -1;
	struct stat st;
	char head[4];

	if (stat(path, &st)) {
		if (errno == ENOENT)	/* not -ENOENT: that is said of guests and devices */
			return err_set(err, -EINVAL, "image %s: no such file (make one with: qemu-img create)", file);
		return err_sys(err, -errno, "image %s", file);
	}
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EINVAL, "image %s is a directory", file);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(err, -EINVAL, "image %s is neither a file nor a block device", file);
	*block_device = S_ISBLK(st.st_mode);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && plan_arg(p, "format"))	/* QEMU's rights count, not ours: let it try */
		return 0;
	return check_format(p, head, fd < 0 ? 0 : pread(fd, head, sizeof(head), 0), err);
}

/* A device, and not a property of the container. */
static bool is_child(const struct qmp_prop *prop)
{
	return str_has_prefix(prop->type, "child<");
}

static bool is_peripheral(const struct qmp_prop *list, size_t n, const char *id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_child(&list[i]) && !strcmp(list[i].name, id))
			return true;
	return false;
}

/* A device of that id is there: the very disk that is wanted, or something else. */
static int same_or_taken(struct plan *p, struct qmp *q, const char *id, const char *type, struct err *err)
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
		if (!strcmp(disks[i].id, id) && disks[i].file && disks[i].format)
			same = !strcmp(disks[i].file, file) && !strcmp(disks[i].format, format);
	qmp_disks_free(disks, n);
	if (!same)
		return err_set(err, -EEXIST, "id '%s' is taken by a %.*s of this guest", id,
			       (int)strcspn(type + strlen("child<"), ">"), type + strlen("child<"));
	p->status = PLAN_UNCHANGED;
	return 0;
}

/* The id given, checked, or the first kt-diskN that is free. */
static int choose_id(struct plan *p, struct qmp *q, struct err *err)
{
	const char *id = plan_arg(p, "id");
	struct qmp_prop *list = NULL;
	size_t n = 0, i;
	unsigned number = 0;
	int rc;

	rc = id ? check_id(id, err) : 0;
	if (!rc)
		rc = qmp_query_peripherals(q, &list, &n, err);
	if (rc)
		return rc;
	if (id) {
		p->device = xstrdup(id);
		for (i = 0; i < n; i++)
			if (is_child(&list[i]) && !strcmp(list[i].name, id))
				rc = same_or_taken(p, q, id, list[i].type, err);
	}
	while (!p->device) {
		auto_free char *try = xasprintf("kt-disk%u", number++);

		if (!is_peripheral(list, n, try))
			p->device = take_ptr(try);
	}
	qmp_props_free(list, n);
	return rc;
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

static int choose_port(struct qmp *q, char **bus, struct err *err)
{
	struct qmp_port *ports = NULL;
	size_t n = 0, i, hotplug = 0;
	int rc;

	rc = qmp_query_ports(q, &ports, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++) {
		hotplug += ports[i].hotplug;
		if (!*bus && ports[i].hotplug && ports[i].free)
			*bus = xstrdup(ports[i].bus);
	}
	if (!*bus)
		rc = err_set(err, -ENOSPC, "no free hotpluggable PCI port: %zu of %zu ports are hotpluggable, all are taken (remove "
			     "a device, or start the guest with more pcie-root-port devices)", hotplug, n);
	qmp_ports_free(ports, n);
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

static bool is_on(const struct plan *p, const char *arg)
{
	const char *value = plan_arg(p, arg);

	return value && !strcmp(value, "on");
}

/* cache= as -drive has it: direct, no-flush, and the guest's write cache */
static const struct {
	const char *name;
	bool direct, no_flush, write_cache;
} caches[] = {
	{ "writeback", false, false, true }, { "none", true, false, true }, { "writethrough", false, false, false },
	{ "directsync", true, false, false }, { "unsafe", false, true, true },
};

static size_t cache_of(const struct plan *p)
{
	const char *name = plan_arg(p, "cache");
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(caches); i++)
		if (!strcmp(caches[i].name, name))
			return i;
	return 0;
}

static struct json_object *cache_json(const struct plan *p)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "direct", json_object_new_boolean(caches[cache_of(p)].direct));
	return json_put(obj, "no-flush", json_object_new_boolean(caches[cache_of(p)].no_flush));
}

static int check_options(const struct plan *p, struct qmp *q, struct err *err)
{
	const char *serial = plan_arg(p, "serial"), *iothread = plan_arg(p, "iothread"), *aio = plan_arg(p, "aio");

	if (serial && strlen(serial) > SERIAL_MAX)
		return err_set(err, -EINVAL, "serial '%s' is longer than %d characters", serial, SERIAL_MAX);
	if (aio && !strcmp(aio, "native") && !caches[cache_of(p)].direct)
		return err_set(err, -EINVAL, "aio=native wants cache=none or cache=directsync");
	return iothread ? check_iothread(q, iothread, err) : 0;
}

/*
 * The file is nested in the format's node, so that deleting the one drops both. The node has a name of ours, its file a
 * generated one.
 */
static struct json_object *node_json(const struct plan *p, bool block_device, const char *node)
{
	struct json_object *file = json_object_new_object(), *obj = json_object_new_object();
	bool cache = plan_arg(p, "cache") != NULL;

	json_put_str(file, "driver", block_device ? "host_device" : "file");
	json_put_str(file, "filename", plan_arg(p, "file"));
	if (plan_arg(p, "aio"))
		json_put_str(file, "aio", plan_arg(p, "aio"));
	if (cache)
		json_put(file, "cache", cache_json(p));
	json_put_str(obj, "driver", plan_arg(p, "format"));
	json_put_str(obj, "node-name", node);
	if (is_on(p, "readonly"))
		json_put(obj, "read-only", json_object_new_boolean(true));
	if (cache)
		json_put(obj, "cache", cache_json(p));
	return json_put(obj, "file", file);
}

static struct json_object *device_json(const struct plan *p, const char *node, const char *bus)
{
	struct json_object *obj = json_object_new_object();

	json_put_str(obj, "driver", "virtio-blk-pci");
	json_put_str(obj, "id", p->device);
	json_put_str(obj, "drive", node);
	json_put_str(obj, "bus", bus);
	if (plan_arg(p, "serial"))
		json_put_str(obj, "serial", plan_arg(p, "serial"));
	if (plan_arg(p, "iothread"))
		json_put_str(obj, "iothread", plan_arg(p, "iothread"));
	if (plan_arg(p, "cache"))
		json_put_str(obj, "write-cache", caches[cache_of(p)].write_cache ? "on" : "off");
	return obj;
}

static struct json_object *named(const char *key, const char *name)
{
	return json_put_str(json_object_new_object(), key, name);
}

static void plan_add(struct plan *p, bool block_device, const char *node, const char *bus)
{
	const char *wait = plan_arg(p, "wait");
	struct step *s;

	s = plan_qmp(p, "blockdev-add", node_json(p, block_device, node));
	step_undo_qmp(s, "blockdev-del", named("node-name", node));
	step_leaves(s, "block node %s (%s)", node, plan_arg(p, "file"));
	s = plan_qmp(p, "device_add", device_json(p, node, bus));
	step_undo_qmp(s, "device_del", named("id", p->device));
	step_undo_await_gone(s, p->device);
	step_leaves(s, "device %s", p->device);
	plan_await_driver(p, p->device, wait != NULL);
}

int hotplug_disk_add(struct plan *p, struct qmp *q, const struct host *h, struct err *err)
{
	auto_free char *node = NULL, *bus = NULL;
	bool block_device = false;
	int rc;

	rc = check_image(p, h, &block_device, err);
	if (!rc)
		rc = check_guest(p, q, err);
	if (!rc)
		rc = choose_id(p, q, err);
	if (rc || p->status == PLAN_UNCHANGED)
		return rc;
	node = xasprintf("%s-node", p->device);
	rc = check_node_name(q, node, err);
	if (!rc)
		rc = check_options(p, q, err);
	if (!rc)
		rc = choose_port(q, &bus, err);
	if (rc)
		return rc;
	plan_add(p, block_device, node, bus);
	return 0;
}

static int no_such_disk(const struct qmp_disk *disks, size_t n, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	struct str_near near = { .word = id };
	size_t i;

	for (i = 0; i < n; i++) {
		str_near_try(&near, disks[i].id);
		buf_printf(&all, "%s%s", i ? ", " : "", disks[i].id);
	}
	if (near.best)
		return err_set(err, -ENODEV, "no disk '%s', did you mean '%s'?", id, near.best);
	return err_set(err, -ENODEV, "no disk '%s' (there is: %s)", id, all.len ? all.text : "none");
}

static int plan_remove(struct plan *p, struct qmp *q, const struct qmp_disk *disk, struct err *err)
{
	char **chain = NULL;
	size_t n = 0, i;
	struct step *s;
	int rc;

	/* a node made by -drive goes with its device; one made by blockdev-add is its maker's to delete */
	if (disk->node && !disk->device) {
		rc = qmp_query_chain(q, disk->node, &chain, &n, err);
		if (rc)
			return rc;
	}
	plan_qmp(p, "device_del", named("id", disk->id));
	s = plan_await_gone(p, disk->id);
	step_leaves(s, "device %s, which the guest has not let go of", disk->id);
	for (i = 0; i < n; i++) {
		s = i ? plan_drop_node(p, chain[i]) : plan_qmp(p, "blockdev-del", named("node-name", chain[i]));
		step_leaves(s, "block node %s (%s)", chain[i], disk->file ? disk->file : "?");
	}
	qmp_strings_free(chain, n);
	return 0;
}

int hotplug_disk_remove(struct plan *p, struct qmp *q, const struct host *h, struct err *err)
{
	const char *id = plan_arg(p, "ID");
	struct qmp_disk *disks = NULL, *found = NULL;
	size_t n = 0, i;
	int rc;

	(void)h;
	rc = check_guest(p, q, err);
	if (!rc)
		rc = qmp_query_disks(q, &disks, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (!strcmp(disks[i].id, id))
			found = &disks[i];
	if (!found) {
		rc = no_such_disk(disks, n, id, err);
	} else {
		p->device = xstrdup(id);
		rc = plan_remove(p, q, found, err);
	}
	qmp_disks_free(disks, n);
	return rc;
}
