// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Typed calls about what is plugged: devices of the object tree, memory devices, vCPUs. A property
 * is asked for only where the device's list has it.
 */
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void qmp_device_done(struct qmp_device *d)
{
	free(d->id);
	free(d->type);
	free(d->bus);
	free(d->address);
	free(d->link);
	free(d->backing);
}

void qmp_devices_free(struct qmp_device *list, size_t n)
{
	while (n)
		qmp_device_done(&list[--n]);
	free(list);
}

struct props {
	struct qmp_prop *list;
	size_t n;
};

static bool has(const struct props *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!strcmp(p->list[i].name, name))
			return true;
	return false;
}

/* A property as text, NULL where it is empty or cannot be had. */
static int read_text(struct qmp *q, const char *path, const struct props *props, const char *name, char **out,
		     struct err *err)
{
	auto_json struct json_object *ret = NULL;
	const char *text;
	int rc;

	*out = NULL;
	if (!has(props, name))
		return 0;
	rc = qmp_qom_get(q, path, name, &ret, err);
	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	text = json_object_get_string(ret);
	if (text && *text)
		*out = str_utf8(text, strlen(text), QMP_IDENT_MAX);
	return 0;
}

static char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return xstrdup(slash ? slash + 1 : path);
}

static int read_bus(struct qmp *q, const char *path, const struct props *props, struct qmp_device *d, struct err *err)
{
	auto_free char *bus = NULL;
	int rc = read_text(q, path, props, "parent_bus", &bus, err);

	if (!rc && bus)
		d->bus = last_part(bus);
	return rc;
}

static int read_scsi(struct qmp *q, const char *path, const struct props *props, struct qmp_device *d, struct err *err)
{
	auto_free char *channel = NULL, *id = NULL, *lun = NULL;
	int rc = read_text(q, path, props, "channel", &channel, err);

	if (!rc)
		rc = read_text(q, path, props, "scsi-id", &id, err);
	if (!rc)
		rc = read_text(q, path, props, "lun", &lun, err);
	if (!rc && channel && id && lun)
		d->address = xasprintf("%s:%s:%s", channel, id, lun);
	return rc;
}

static int read_address(struct qmp *q, const char *path, const struct props *props, struct qmp_device *d, struct err *err)
{
	static const char *const names[] = { "legacy-addr", "port", "slot" };
	size_t i;
	int rc = 0;

	if (has(props, "scsi-id"))
		return read_scsi(q, path, props, d, err);
	/* a PCIe port has a slot number too, which is not where it sits */
	for (i = 0; !rc && !d->address && i < ARRAY_SIZE(names); i++)
		rc = read_text(q, path, props, names[i], &d->address, err);
	return rc;
}

static int read_backing(struct qmp *q, const char *path, const struct props *props, struct qmp_device *d, struct err *err)
{
	static const char *const names[] = { "drive", "netdev", "chardev", "memdev", "host", "sysfsdev", "hostdevice" };
	size_t i;
	int rc = 0;

	for (i = 0; !rc && !d->backing && i < ARRAY_SIZE(names); i++) {
		rc = read_text(q, path, props, names[i], &d->backing, err);
		/* vfio-pci says this where it was given another way */
		if (d->backing && !strcmp(d->backing, "ffff:ff:ff.f")) {
			free(d->backing);
			d->backing = NULL;
		}
		if (d->backing)
			d->link = xstrdup(names[i]);
	}
	if (d->backing && str_has_prefix(d->backing, "/objects/"))
		memmove(d->backing, d->backing + 9, strlen(d->backing + 9) + 1);
	return rc;
}

int qmp_device_read(struct qmp *q, const char *path, struct qmp_device *d, struct err *err)
{
	auto_free char *hotpluggable = NULL;
	struct props props = {0};
	int rc = qmp_qom_list(q, path, &props.list, &props.n, err);

	if (rc)
		return rc;
	rc = read_bus(q, path, &props, d, err);
	if (!rc)
		rc = read_address(q, path, &props, d, err);
	if (!rc)
		rc = read_text(q, path, &props, "hotpluggable", &hotpluggable, err);
	if (!rc)
		rc = read_backing(q, path, &props, d, err);
	d->hotpluggable = hotpluggable && !strcmp(hotpluggable, "true");
	qmp_props_free(props.list, props.n);
	return rc;
}

static int read_container(struct qmp *q, const char *container, bool named, struct qmp_device **list, size_t *n,
			  struct err *err)
{
	struct qmp_prop *props;
	size_t i, n_props;
	int rc = qmp_qom_list(q, container, &props, &n_props, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; !rc && i < n_props && *n < GUEST_DEVICES_MAX; i++) {
		auto_free char *path = xasprintf("%s/%s", container, props[i].name);
		struct qmp_device d = {0};
		size_t len = strlen(props[i].type);

		if (!str_has_prefix(props[i].type, "child<"))
			continue;
		rc = qmp_device_read(q, path, &d, err);
		if (rc) {
			qmp_device_done(&d);
			if (qmp_is_refusal(rc))		/* it went away meanwhile */
				rc = 0;
			continue;
		}
		d.id = xstrdup(named ? props[i].name : path);
		d.type = xstrndup(props[i].type + 6, len - 7);
		*vec_push(*list, *n) = d;
	}
	qmp_props_free(props, n_props);
	return rc;
}

int qmp_devices_compare(const void *a, const void *b)
{
	const struct qmp_device *x = a, *y = b;

	return strverscmp(x->id, y->id);
}

int qmp_query_devices(struct qmp *q, struct qmp_device **list, size_t *n, struct err *err)
{
	struct qmp_device *devices = NULL;
	size_t found = 0;
	int rc = read_container(q, "/machine/peripheral", true, &devices, &found, err);

	if (!rc)
		rc = read_container(q, "/machine/peripheral-anon", false, &devices, &found, err);
	if (rc) {
		qmp_devices_free(devices, found);
		return rc;
	}
	/* QEMU keeps its objects in a hash table, in no order */
	if (found)
		qsort(devices, found, sizeof(*devices), qmp_devices_compare);
	*list = devices;
	*n = found;
	return 0;
}

static int read_memory(struct qmp *q, struct qmp_room *room, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	size_t i;
	int rc = qmp_ask(q, "query-memory-devices", NULL, json_type_array, &ret, err);

	if (rc)
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; i < json_object_array_length(ret); i++) {
		struct json_object *one = json_object_array_get_idx(ret, i), *data = json_member(one, "data");
		const char *type = json_str(one, "type");
		uint64_t size = 0;

		if (type && (!strcmp(type, "dimm") || !strcmp(type, "nvdimm")))
			room->dimms++;
		/* virtio-mem takes the room it may grow to */
		if (json_u64(data, "max-size", &size) || json_u64(data, "size", &size))
			room->plugged_bytes += size;
	}
	return 0;
}

static int read_vcpus(struct qmp *q, struct qmp_room *room, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	size_t i;
	int rc = qmp_ask(q, "query-hotpluggable-cpus", NULL, json_type_array, &ret, err);

	if (rc)		/* microvm and others have none */
		return qmp_is_refusal(rc) ? 0 : rc;
	for (i = 0; i < json_object_array_length(ret); i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		uint64_t count = 1;

		json_u64(one, "vcpus-count", &count);
		if (count > INT_MAX)
			return qmp_bad(err, "query-hotpluggable-cpus", "a number of vCPUs out of range");
		room->vcpus += (unsigned)count;
		if (!json_str(one, "qom-path"))
			room->vcpus_free += (unsigned)count;
	}
	return 0;
}

int qmp_query_room(struct qmp *q, struct qmp_room *room, struct err *err)
{
	struct qmp_room r = {0};
	int rc = read_memory(q, &r, err);

	if (!rc)
		rc = read_vcpus(q, &r, err);
	if (!rc)
		*room = r;
	return rc;
}
