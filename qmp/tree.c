// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reading "info qtree". Each line is indented by two blanks for its depth, and the properties of a device come before its
 * buses:
 *	bus: pcie.0
 *	  type PCIE
 *	  dev: virtio-blk-pci, id "v0"
 *	    addr = 03.0
 *	    bus: virtio-bus
 */
#include "internal.h"
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HMP_TREE_MAX (8u << 20)
#define DEPTH_MAX 64

enum prop {
	PROP_DRIVE, PROP_NETDEV, PROP_CHARDEV, PROP_MEMDEV, PROP_HOST, PROP_SYSFSDEV, PROP_HOSTDEVICE,
	PROP_ADDR, PROP_PORT, PROP_SLOT, PROP_CHANNEL, PROP_SCSI_ID, PROP_LUN, PROP_HOTPLUG, PROP_SHPC, PROPS,
};
#define PROP_BACKINGS PROP_ADDR		/* those before it tell what backs a device, the first of them that is set */
static const char *const prop_names[PROPS] = {
	[PROP_DRIVE] = "drive", [PROP_NETDEV] = "netdev", [PROP_CHARDEV] = "chardev", [PROP_MEMDEV] = "memdev",
	[PROP_HOST] = "host", [PROP_SYSFSDEV] = "sysfsdev", [PROP_HOSTDEVICE] = "hostdevice", [PROP_ADDR] = "addr",
	[PROP_PORT] = "port", [PROP_SLOT] = "slot", [PROP_CHANNEL] = "channel", [PROP_SCSI_ID] = "scsi-id",
	[PROP_LUN] = "lun", [PROP_HOTPLUG] = "hotplug", [PROP_SHPC] = "shpc",
};

struct reader {
	struct qmp_tree *tree;
	size_t buses[DEPTH_MAX], devices[DEPTH_MAX];	/* the last one seen of each depth; QMP_TREE_NONE */
	size_t bus, device;		/* whose lines are being read */
	char *props[PROPS];		/* of that device */
};

static void device_free(struct qmp_tree_device *d)
{
	free(d->id);
	free(d->type);
	free(d->address);
	free(d->link);
	free(d->backing);
	free(d->drive);
}

void qmp_tree_free(struct qmp_tree *t)
{
	if (!t)
		return;
	names_clear(&t->ids);
	names_clear(&t->drives);
	while (t->n_devices)
		device_free(&t->devices[--t->n_devices]);
	while (t->n_buses--) {
		free(t->buses[t->n_buses].name);
		free(t->buses[t->n_buses].type);
	}
	free(t->devices);
	free(t->buses);
	free(t);
}

const struct qmp_tree_bus *qmp_tree_bus(const struct qmp_tree *t, const struct qmp_tree_device *d)
{
	return d->bus == QMP_TREE_NONE ? NULL : &t->buses[d->bus];
}

const struct qmp_tree_device *qmp_tree_parent(const struct qmp_tree *t, const struct qmp_tree_device *d)
{
	const struct qmp_tree_bus *bus = qmp_tree_bus(t, d);

	return bus && bus->owner != QMP_TREE_NONE ? &t->devices[bus->owner] : NULL;
}

bool qmp_tree_is_inner(const struct qmp_tree *t, const struct qmp_tree_device *d)
{
	static const char *const transports[] = { "virtio-pci-bus", "virtio-ccw-bus" };
	const struct qmp_tree_bus *bus = qmp_tree_bus(t, d);
	size_t i;

	for (i = 0; bus && i < ARRAY_SIZE(transports); i++)
		if (!strcmp(bus->type, transports[i]))
			return true;
	return false;
}

static bool is_pci(const struct qmp_tree_bus *bus)
{
	return bus && (!strcmp(bus->type, "PCI") || !strcmp(bus->type, "PCIE"));
}

/* The address is in the order in which QEMU's own properties are preferred (see read_address of calls_devices.c). */
static char *address_of(struct reader *r, struct qmp_tree_bus *bus)
{
	char **p = r->props, *end;
	unsigned long slot;

	if (p[PROP_CHANNEL] && p[PROP_SCSI_ID] && p[PROP_LUN])
		return xasprintf("%s:%s:%s", p[PROP_CHANNEL], p[PROP_SCSI_ID], p[PROP_LUN]);
	if (!is_pci(bus))
		return xstrdup(p[PROP_PORT] ? p[PROP_PORT] : p[PROP_SLOT]);
	slot = p[PROP_ADDR] ? strtoul(p[PROP_ADDR], &end, 16) : PCI_SLOTS;
	if (slot < PCI_SLOTS && *end == '.')
		bus->slots |= 1u << slot;
	return take_ptr(p[PROP_ADDR]);
}

static void take_backing(struct reader *r, struct qmp_tree_device *d)
{
	size_t i;

	for (i = 0; i < PROP_BACKINGS && !d->link; i++) {
		/* vfio-pci says this where it was given another way */
		if (!r->props[i] || !strcmp(r->props[i], "ffff:ff:ff.f"))
			continue;
		d->link = xstrdup(prop_names[i]);
		d->backing = xstrdup(r->props[i]);
	}
	d->drive = take_ptr(r->props[PROP_DRIVE]);
}

/* All that there is of the device at hand has been read. */
static void end_device(struct reader *r)
{
	struct qmp_tree *t = r->tree;
	struct qmp_tree_device *d = r->device == QMP_TREE_NONE ? NULL : &t->devices[r->device], *outer;
	size_t i;

	r->device = QMP_TREE_NONE;
	if (d) {
		outer = (struct qmp_tree_device *)qmp_tree_parent(t, d);
		d->address = address_of(r, d->bus == QMP_TREE_NONE ? NULL : &t->buses[d->bus]);
		d->hotplug = r->props[PROP_HOTPLUG] && !strcmp(r->props[PROP_HOTPLUG], "true");
		d->shpc = r->props[PROP_SHPC] && !strcmp(r->props[PROP_SHPC], "true");
		take_backing(r, d);
		if (outer && d->link && !outer->link && qmp_tree_is_inner(t, d)) {
			outer->link = xstrdup(d->link);
			outer->backing = xstrdup(d->backing);
		}
	}
	for (i = 0; i < PROPS; i++)
		free(take_ptr(r->props[i]));
}

static void begin_bus(struct reader *r, const char *name, size_t depth)
{
	struct qmp_tree *t = r->tree;

	end_device(r);
	r->bus = r->buses[depth] = QMP_TREE_NONE;
	if (t->n_buses == GUEST_DEVICES_MAX)
		return;
	*vec_push(t->buses, t->n_buses) = (struct qmp_tree_bus){
		.name = str_utf8(name, strlen(name), QMP_IDENT_MAX), .type = xstrdup(""),
		.owner = depth ? r->devices[depth - 1] : QMP_TREE_NONE,
	};
	r->bus = r->buses[depth] = t->n_buses - 1;
}

/* TYPE, id "ID" */
static void begin_device(struct reader *r, const char *text, size_t depth)
{
	static const char mark[] = ", id \"";
	const char *id = strstr(text, mark);
	size_t len = id ? (size_t)(id - text) : strlen(text), id_len;
	struct qmp_tree *t = r->tree;
	struct qmp_tree_device *d;

	end_device(r);
	r->bus = r->devices[depth] = QMP_TREE_NONE;
	if (t->n_devices == GUEST_DEVICES_MAX)
		return;
	d = vec_push(t->devices, t->n_devices);
	d->type = str_utf8(text, len, QMP_IDENT_MAX);
	d->bus = depth ? r->buses[depth - 1] : QMP_TREE_NONE;
	if (d->bus != QMP_TREE_NONE)
		t->buses[d->bus].devices++;
	id = id ? id + strlen(mark) : "";
	id_len = strlen(id);
	if (id_len > 1 && id[id_len - 1] == '"')
		d->id = str_utf8(id, id_len - 1, QMP_IDENT_MAX);
	r->device = r->devices[depth] = t->n_devices - 1;
}

/* KEY = "TEXT", KEY = 5 (0x5), KEY = true */
static void take_prop(struct reader *r, const char *line)
{
	const char *value = strstr(line, " = ");
	size_t i, len = value ? (size_t)(value - line) : 0;

	for (i = 0; value && i < PROPS; i++) {
		if (strlen(prop_names[i]) != len || strncmp(prop_names[i], line, len) || r->props[i])
			continue;
		value += 3;
		len = *value == '"' ? strlen(++value) : strcspn(value, " ");
		if (value[-1] == '"' && len && value[len - 1] == '"')
			len--;
		if (len)
			r->props[i] = str_utf8(value, len, QMP_FILE_MAX);
		return;
	}
}

static void take_line(struct reader *r, const char *line)
{
	size_t blanks = strspn(line, " "), depth = blanks / 2;

	line += blanks;
	if (depth >= DEPTH_MAX)
		return;
	if (str_has_prefix(line, "bus: ")) {
		begin_bus(r, line + strlen("bus: "), depth);
	} else if (str_has_prefix(line, "dev: ")) {
		begin_device(r, line + strlen("dev: "), depth);
	} else if (r->bus != QMP_TREE_NONE && str_has_prefix(line, "type ")) {
		free(r->tree->buses[r->bus].type);
		r->tree->buses[r->bus].type = str_utf8(line + strlen("type "), strlen(line + strlen("type ")), QMP_IDENT_MAX);
		r->bus = QMP_TREE_NONE;
	} else if (r->device != QMP_TREE_NONE) {
		take_prop(r, line);
	}
}

static void index_devices(struct qmp_tree *t)
{
	size_t i;

	for (i = t->n_devices; i-- > 0; ) {
		names_add(&t->ids, t->devices[i].id, NULL, i);
		names_add(&t->drives, t->devices[i].drive, NULL, i);
	}
}

struct qmp_tree *qmp_tree_parse(const char *text)
{
	struct reader r = { .bus = QMP_TREE_NONE, .device = QMP_TREE_NONE };
	size_t i, len;

	if (!str_has_prefix(text, "bus: "))
		return NULL;
	r.tree = xcalloc(1, sizeof(*r.tree));
	for (i = 0; i < DEPTH_MAX; i++)
		r.buses[i] = r.devices[i] = QMP_TREE_NONE;
	for (; *text; text += len + (text[len] == '\n')) {
		auto_free char *line = NULL;

		len = strcspn(text, "\n");
		line = xstrndup(text, len && text[len - 1] == '\r' ? len - 1 : len);
		take_line(&r, line);
	}
	end_device(&r);
	index_devices(r.tree);
	return r.tree;
}

int qmp_query_tree(struct qmp *q, struct qmp_tree **out, struct err *err)
{
	auto_free char *text = NULL;
	int rc = qmp_ask_hmp(q, "info qtree", HMP_TREE_MAX, &text, err);
	struct qmp_tree *t;

	if (rc)
		return rc;
	t = qmp_tree_parse(text);
	if (!t)
		return err_set(err, -ENOSYS, "QEMU does not list its devices (info qtree)");
	*out = t;
	return 0;
}

int qmp_view_tree(struct qmp *q, struct qmp_view *v, struct err *err)
{
	return v->tree ? 0 : qmp_query_tree(q, &v->tree, err);
}

void qmp_view_done(struct qmp_view *v)
{
	free(take_ptr(v->network));
	qmp_tree_free(take_ptr(v->tree));
}
