// SPDX-License-Identifier: GPL-3.0-or-later
/* Devices, places for more of them, and where disks are, by the tree of devices and few questions besides. */
#include "internal.h"
#include "slots.h"
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERIPHERAL "/machine/peripheral"

enum plug { PLUG_UNKNOWN, PLUG_OFF, PLUG_ON };

/* Types that can be unplugged wherever their bus lets them go, in each QEMU from 7.2 to 10.0. Others are asked about. */
static bool is_pluggable_type(const char *type)
{
	static const char *const types[] = {
		"virtio-blk-pci", "virtio-net-pci", "virtio-scsi-pci", "virtio-serial-pci", "virtio-balloon-pci", "virtio-rng-pci",
		"vhost-user-blk-pci", "vhost-user-fs-pci", "vhost-vsock-pci", "scsi-hd", "scsi-cd", "scsi-block", "scsi-generic",
		"usb-storage", "usb-tablet", "usb-kbd", "usb-mouse", "usb-host", "virtserialport", "virtconsole", "nvme", "e1000",
		"e1000e", "rtl8139", "vfio-pci", "qemu-xhci", "pcie-root-port", NULL
	};

	return str_is_listed(type, types);
}

/* What a bus says of all that is on it, without a question. */
static enum plug plug_of_bus(const struct qmp_tree *t, const struct qmp_tree_bus *bus)
{
	static const char *const on[] = { "usb-bus", "SCSI", "virtio-serial-bus", NULL };
	static const char *const off[] = { "IDE", "ISA", "HDA", "i2c-bus", NULL };
	const struct qmp_tree_device *owner = bus->owner == QMP_TREE_NONE ? NULL : &t->devices[bus->owner];

	if (owner && qmp_is_express(owner->type))
		return owner->hotplug ? PLUG_ON : PLUG_OFF;
	return str_is_listed(bus->type, on) ? PLUG_ON : str_is_listed(bus->type, off) ? PLUG_OFF : PLUG_UNKNOWN;
}

/* What is known of buses and types so far. */
struct plugs {
	enum plug *buses;		/* as in the tree */
	struct names types;		/* those asked about, on a bus that lets devices go; borrowed from the tree's or list's */
	enum plug *answers;
	size_t n;
};

static int ask_plug(struct qmp *q, const char *path, enum plug *out, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	int rc = qmp_qom_get(q, path, "hotpluggable", &ret, err);

	*out = PLUG_UNKNOWN;
	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	*out = json_object_is_type(ret, json_type_boolean) && json_object_get_boolean(ret) ? PLUG_ON : PLUG_OFF;
	return 0;
}

/* A device under this path, of this type, on this bus (QMP_TREE_NONE: on none). */
static int read_plug(struct qmp *q, struct plugs *p, const char *path, const char *type, size_t bus, bool *hotpluggable,
		     struct err *err)
{
	enum plug *of_bus = bus == QMP_TREE_NONE ? NULL : &p->buses[bus], answer;
	size_t at = names_find(&p->types, type, NULL);
	int rc = 0;

	if (of_bus && *of_bus == PLUG_OFF)
		answer = PLUG_OFF;
	else if ((!of_bus || *of_bus == PLUG_ON) && at != NAMES_NONE)
		answer = p->answers[at];
	else if (of_bus && *of_bus == PLUG_ON && is_pluggable_type(type))
		answer = PLUG_ON;
	else {
		rc = ask_plug(q, path, &answer, err);
		if (of_bus && *of_bus == PLUG_UNKNOWN && (answer == PLUG_ON || is_pluggable_type(type)))
			*of_bus = answer;
		if (!of_bus || *of_bus == PLUG_ON) {
			names_add(&p->types, type, NULL, p->n);
			*vec_push(p->answers, p->n) = answer;
		}
	}
	*hotpluggable = answer == PLUG_ON;
	return rc;
}

struct listing {
	struct qmp *q;
	const struct qmp_tree *tree;
	struct plugs plugs;
	struct qmp_memory *memory;	/* NULL: not asked for */
	size_t n_memory;
	bool memory_asked;
	struct qmp_device *list;
	size_t n;
};

static void listing_done(struct listing *l)
{
	free(l->plugs.buses);
	free(l->plugs.answers);
	names_clear(&l->plugs.types);
	qmp_memory_free(l->memory, l->n_memory);
}

/* DIMMs, and what virtio-mem and -pmem are made of: the tree does not have it. */
static int add_memory(struct listing *l, struct qmp_device *d, struct err *err)
{
	size_t i;
	int rc = l->memory_asked ? 0 : qmp_query_memory(l->q, &l->memory, &l->n_memory, err);

	l->memory_asked = true;
	for (i = 0; !rc && i < l->n_memory; i++) {
		const struct qmp_memory *m = &l->memory[i];

		if (!m->id || strcmp(m->id, d->id))
			continue;
		if (m->memdev && !d->link) {
			d->link = xstrdup("memdev");
			d->backing = xstrdup(m->memdev);
		}
		if (m->slot >= 0 && !d->address)
			d->address = xasprintf("%lld", (long long)m->slot);
		d->hotpluggable |= m->hotpluggable;
	}
	return rc;
}

static bool is_memory(const char *type)
{
	static const char *const types[] = { "pc-dimm", "nvdimm", "virtio-mem-pci", "virtio-pmem-pci", NULL };

	return str_is_listed(type, types);
}

/* What is behind another object of theirs is not in the tree. */
static int add_hidden(struct listing *l, const char *path, struct qmp_device *d, struct err *err)
{
	static const struct {
		const char *type, *link;
	} hidden[] = { { "isa-serial", "chardev" }, { "pci-serial", "chardev" }, { "ivshmem-plain", "memdev" } };
	size_t i;
	int rc = 0;

	for (i = 0; !rc && !d->link && i < ARRAY_SIZE(hidden); i++) {
		auto_free char *value = NULL;

		if (strcmp(d->type, hidden[i].type))
			continue;
		rc = qmp_qom_get_str(l->q, path, hidden[i].link, &value, err);
		if (rc || !*value)
			return qmp_is_refusal(rc) || rc == -EBADMSG ? 0 : rc;
		d->link = xstrdup(hidden[i].link);
		d->backing = xstrdup(value + (str_has_prefix(value, "/objects/") ? strlen("/objects/") : 0));
	}
	return rc;
}

static int add_placed(struct listing *l, const char *path, const struct qmp_tree_device *at, struct qmp_device *d, struct err *err)
{
	const struct qmp_tree_bus *bus = qmp_tree_bus(l->tree, at);
	int rc = 0;

	d->bus = bus ? xstrdup(bus->name) : NULL;
	d->address = xstrdup(at->address);
	d->link = xstrdup(at->link);
	d->backing = xstrdup(at->backing);
	if (is_memory(d->type))
		rc = add_memory(l, d, err);
	if (!rc)
		rc = add_hidden(l, path, d, err);
	if (!rc)
		rc = read_plug(l->q, &l->plugs, path, at->type, at->bus, &d->hotpluggable, err);
	return rc;
}

/* The one in the tree that has no id, is of this type and no other's; NULL: several may be it. */
static const struct qmp_tree_device *anonymous(const struct qmp_tree *t, const char *type)
{
	const struct qmp_tree_device *found = NULL;
	size_t i;

	for (i = 0; i < t->n_devices; i++) {
		const struct qmp_tree_device *d = &t->devices[i];

		if (d->id || strcmp(d->type, type) || qmp_tree_is_inner(t, d))
			continue;
		if (found)
			return NULL;
		found = d;
	}
	return found;
}

static int add_device(struct listing *l, const char *container, const struct qmp_prop *p, bool named, struct err *err)
{
	auto_free char *path = xasprintf("%s/%s", container, p->name), *type = xstrndup(p->type + 6, strlen(p->type) - 7);
	struct qmp_device d = { .id = xstrdup(named ? p->name : path), .type = xstrdup(type) };
	size_t at = named ? names_find(&l->tree->ids, p->name, NULL) : NAMES_NONE;
	const struct qmp_tree_device *in = at != NAMES_NONE ? &l->tree->devices[at] : named ? NULL : anonymous(l->tree, type);
	int rc;

	if (in && !strcmp(in->type, type))
		rc = add_placed(l, path, in, &d, err);
	else if (named && is_memory(type))
		rc = add_memory(l, &d, err);
	else if (str_has_suffix(type, "-cpu"))	/* nothing but this can be said of one */
		rc = read_plug(l->q, &l->plugs, path, d.type, QMP_TREE_NONE, &d.hotpluggable, err);
	else
		rc = qmp_device_read(l->q, path, &d, err);
	if (!rc) {
		*vec_push(l->list, l->n) = d;
		return 0;
	}
	qmp_device_done(&d);
	return qmp_is_refusal(rc) ? 0 : rc;	/* it went away meanwhile */
}

static int add_container(struct listing *l, const char *container, bool named, struct err *err)
{
	struct qmp_prop *props;
	size_t i, n;
	int rc = qmp_qom_list(l->q, container, &props, &n, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; !rc && i < n && l->n < GUEST_DEVICES_MAX; i++)
		if (str_has_prefix(props[i].type, "child<"))
			rc = add_device(l, container, &props[i], named, err);
	qmp_props_free(props, n);
	return rc;
}

int qmp_tree_devices(struct qmp *q, const struct qmp_tree *t, struct qmp_device **list, size_t *n, struct err *err)
{
	struct listing l = { .q = q, .tree = t, .plugs.buses = xcalloc(t->n_buses, sizeof(*l.plugs.buses)) };
	size_t i;
	int rc;

	for (i = 0; i < t->n_buses; i++)
		l.plugs.buses[i] = plug_of_bus(t, &t->buses[i]);
	rc = add_container(&l, PERIPHERAL, true, err);
	if (!rc)
		rc = add_container(&l, PERIPHERAL "-anon", false, err);
	listing_done(&l);
	if (rc) {
		qmp_devices_free(l.list, l.n);
		return rc;
	}
	if (l.n)
		qsort(l.list, l.n, sizeof(*l.list), qmp_devices_compare);
	*list = l.list;
	*n = l.n;
	return 0;
}

/* ---- places for more */

static int add_conventional(struct qmp *q, const struct qmp_tree_bus *bus, const struct qmp_tree_device *owner, bool root,
			    struct qmp_port *port, struct err *err)
{
	auto_free char *bridge = root ? NULL : xasprintf(PERIPHERAL "/%s", owner->id);
	auto_free char *path = root ? xstrdup("/machine/i440fx/pci.0") : xasprintf("%s/%s", bridge, bus->name);
	/* the standard hotplug controller counts its slots from 1 */
	uint32_t reserved = owner->shpc ? 1 : 0;
	int rc = qmp_read_handler(q, path, bridge, &port->hotplug, err);

	qmp_port_count(port, reserved, bus->slots);
	return qmp_is_refusal(rc) ? 0 : rc;
}

/* What may be plugged into one bus; *is: that is any. */
static int add_port(struct qmp *q, const struct qmp_tree_bus *bus, const struct qmp_tree_device *owner, bool i440fx,
		    struct qmp_port *port, bool *is, struct err *err)
{
	bool root = !strcmp(owner->type, "i440FX-pcihost");

	*is = true;
	if (qmp_is_express(owner->type) && !strcmp(bus->type, "PCIE")) {
		port->hotplug = owner->hotplug;
		port->total = 1;
		port->free = owner->hotplug && !bus->devices;
		return 0;
	}
	*is = i440fx && !strcmp(bus->type, "PCI") && (root || (!strcmp(owner->type, "pci-bridge") && owner->id));
	return *is ? add_conventional(q, bus, owner, root, port, err) : 0;
}

/* A bridge without an id has no path that the tree tells. */
static bool has_nameless_bridge(const struct qmp_tree *t)
{
	size_t i;

	for (i = 0; i < t->n_devices; i++)
		if (!t->devices[i].id && !strcmp(t->devices[i].type, "pci-bridge"))
			return true;
	return false;
}

int qmp_tree_ports(struct qmp *q, const struct qmp_tree *t, struct qmp_port **list, size_t *n, struct err *err)
{
	struct qmp_port *ports = NULL;
	size_t i, found = 0;
	bool i440fx = false, is;
	int rc = 0;

	for (i = 0; i < t->n_devices; i++)
		i440fx |= !strcmp(t->devices[i].type, "i440FX-pcihost");
	if (i440fx && has_nameless_bridge(t))
		return qmp_query_ports(q, NULL, NULL, list, n, err);
	for (i = 0; !rc && i < t->n_buses && found < QMP_LIST_MAX; i++) {
		const struct qmp_tree_bus *bus = &t->buses[i];
		const struct qmp_tree_device *owner = bus->owner == QMP_TREE_NONE ? NULL : &t->devices[bus->owner];
		struct qmp_port port = {0};

		if (!owner)
			continue;
		rc = add_port(q, bus, owner, i440fx, &port, &is, err);
		if (rc || !is)
			continue;
		port.bus = xstrdup(bus->name);
		port.kind = xstrdup(!strcmp(owner->type, "i440FX-pcihost") ? "pci" : owner->type);
		*vec_push(ports, found) = port;
	}
	if (rc) {
		qmp_ports_free(ports, found);
		return rc;
	}
	*list = ports;
	*n = qmp_ports_clear(ports, found, i440fx);
	return 0;
}

/* ---- where disks are */

static const struct qmp_tree_device *device_of(const struct qmp_tree *t, const struct qmp_disk *disk)
{
	const char *const names[] = { disk->device, disk->node };
	size_t at = names_find(&t->ids, disk->id, NULL), i;

	for (i = 0; at == NAMES_NONE && i < ARRAY_SIZE(names); i++)
		at = names_find(&t->drives, names[i], NULL);
	return at == NAMES_NONE ? NULL : &t->devices[at];
}

/* What leads to the disks on this bus, by the controller whose it is. */
static const char *cable_of(const struct qmp_tree *t, const struct qmp_tree_bus *bus)
{
	const char *controller = bus->owner == QMP_TREE_NONE ? "" : t->devices[bus->owner].type;

	if (!strcmp(bus->type, "SCSI"))
		return str_has_prefix(controller, "usb-") ? "usb" : "scsi";
	if (strcmp(bus->type, "IDE"))
		return NULL;
	return strstr(controller, "ahci") || str_has_prefix(controller, "sii3112") ? "sata" : "ide";
}

/* By the kind of the device, or by its controller. */
static const char *bus_of(const struct qmp_tree *t, const struct qmp_tree_device *d)
{
	static const struct {
		const char *prefix, *bus;
	} kinds[] = {
		{ "virtio-blk", "virtio" }, { "vhost-user-blk", "virtio" }, { "nvme", "nvme" }, { "usb-", "usb" },
		{ "floppy", "floppy" }, { "sd-card", "sd" }, { "emmc", "sd" }, { "scsi-", "scsi" }, { "ide-", "ide" },
		{ "cfi.pflash", QMP_BUS_PFLASH },
	};
	const struct qmp_tree_bus *on = qmp_tree_bus(t, d);
	const char *bus = NULL;
	size_t i;

	for (i = 0; !bus && i < ARRAY_SIZE(kinds); i++)
		if (str_has_prefix(d->type, kinds[i].prefix))
			bus = kinds[i].bus;
	return bus && on && (!strcmp(bus, "scsi") || !strcmp(bus, "ide")) ? cable_of(t, on) : bus;
}

/* One that has neither an id nor a medium is in the tree without a name: QEMU is asked for its bus. */
static int find_bus(struct qmp *q, const struct qmp_tree *t, struct qmp_disk *disk, struct err *err)
{
	auto_free char *path = NULL;
	const char *name;
	size_t i;
	int rc = *disk->qdev == '/' ? qmp_qom_get_str(q, disk->qdev, "parent_bus", &path, err) : -ENODEV;

	if (rc)
		return qmp_is_refusal(rc) || rc == -EBADMSG ? 0 : rc;
	name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	for (i = 0; i < t->n_buses; i++)
		if (!strcmp(t->buses[i].name, name))
			disk->bus = cable_of(t, &t->buses[i]);
	return 0;
}

int qmp_tree_place_disks(struct qmp *q, const struct qmp_tree *t, struct qmp_disk *list, size_t n, struct err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < n; i++) {
		const struct qmp_tree_device *d = device_of(t, &list[i]);

		if (d)
			list[i].bus = bus_of(t, d);
		else
			rc = find_bus(q, t, &list[i], err);
		/* of these only a CD drive can be empty */
		if (!list[i].node && list[i].bus && strcmp(list[i].bus, "floppy") && strcmp(list[i].bus, "sd"))
			list[i].read_only = true;
	}
	return rc;
}

/* The device that may have an IOThread: a disk's own, or the controller's. NULL: none that can. Yours. */
static char *threaded_path(const struct qmp_tree *t, const struct qmp_disk *disk)
{
	const struct qmp_tree_device *d = device_of(t, disk), *on = d ? qmp_tree_parent(t, d) : NULL;

	if (disk->bus && !strcmp(disk->bus, "virtio"))
		return *disk->qdev == '/' ? xstrdup(disk->qdev) : xasprintf(PERIPHERAL "/%s", disk->qdev);
	if (!on || strcmp(on->type, "virtio-scsi-device"))
		return NULL;
	on = qmp_tree_is_inner(t, on) ? qmp_tree_parent(t, on) : on;
	return on && on->id ? xasprintf(PERIPHERAL "/%s", on->id) : NULL;
}

static int ask_thread(struct qmp *q, const char *path, char **id, struct err *err)
{
	auto_free char *object = NULL;
	int rc = qmp_qom_get_str(q, path, "iothread", &object, err);
	const char *slash = rc ? NULL : strrchr(object, '/');

	if (slash && slash[1])
		*id = xstrdup(slash + 1);
	return qmp_is_refusal(rc) || rc == -EBADMSG ? 0 : rc;
}

int qmp_query_disk_threads(struct qmp *q, const struct qmp_tree *t, struct qmp_disk *list, size_t n, struct err *err)
{
	struct names asked = {0};
	struct qmp_thread *threads = NULL;
	char **paths = NULL;
	size_t i, n_paths = 0, n_threads = 0;
	int rc = n ? qmp_query_iothreads(q, &threads, &n_threads, err) : 0;

	qmp_threads_free(threads, n_threads);
	for (i = 0; !rc && n_threads && i < n; i++) {
		char *path = threaded_path(t, &list[i]);
		size_t at = names_find(&asked, path, NULL);

		*vec_push(paths, n_paths) = path;
		if (at != NAMES_NONE) {
			list[i].iothread = xstrdup(list[at].iothread);
		} else if (path) {
			names_add(&asked, path, NULL, i);
			rc = ask_thread(q, path, &list[i].iothread, err);
		}
	}
	names_clear(&asked);
	qmp_strings_free(paths, n_paths);
	return rc;
}
