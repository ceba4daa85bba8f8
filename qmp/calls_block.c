// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls about disks and block nodes. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_disk(struct qmp_disk *d)
{
	free(d->id);
	free(d->qdev);
	free(d->device);
	free(d->node);
	free(d->file);
	free(d->where);
	free(d->format);
	free(d->io_status);
	free(d->throttle.group);
	free(d->iothread);
}

void qmp_disks_free(struct qmp_disk *list, size_t n)
{
	while (n)
		free_disk(&list[--n]);
	free(list);
}

static const char *cache_name(struct json_object *cache)
{
	bool direct = json_flag(cache, "direct", false), wb = json_flag(cache, "writeback", true);

	if (!json_object_is_type(cache, json_type_object))
		return NULL;
	if (json_flag(cache, "no-flush", false))
		return "unsafe";
	if (direct)
		return wb ? "none" : "directsync";
	return wb ? "writeback" : "writethrough";
}

static void read_throttle(struct json_object *in, struct qmp_throttle *t)
{
	const struct {
		const char *name, *max;
		uint64_t *value;
	} limits[] = {
		{ "bps", "bps_max", &t->bps }, { "bps_rd", "bps_rd_max", &t->bps_rd }, { "bps_wr", "bps_wr_max", &t->bps_wr },
		{ "iops", "iops_max", &t->iops }, { "iops_rd", "iops_rd_max", &t->iops_rd },
		{ "iops_wr", "iops_wr_max", &t->iops_wr },
	};
	uint64_t max;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		json_u64(in, limits[i].name, limits[i].value);
		t->bursts |= json_u64(in, limits[i].max, &max) && max;
	}
	t->group = qmp_ident(in, "group");
}

/*
 * A node whose parts were given one by one is called "json:{..}" after them; the file in it is what was meant. One of more
 * than 4 KiB QEMU cuts off: it stays as it is.
 */
static char *read_file(struct json_object *in)
{
	const char *text = json_str(in, "file"), *driver;
	auto_json struct json_object *doc = NULL;
	struct json_object *node, *next;

	if (!text || !str_has_prefix(text, "json:") || json_parse(text + 5, strlen(text + 5), &doc, NULL))
		return qmp_text(in, "file", QMP_FILE_MAX);
	for (node = doc; (next = json_member(node, "file")); )
		node = next;
	driver = json_str(node, "driver");
	if (!driver || (strcmp(driver, "file") && strcmp(driver, "host_device")) || !json_str(node, "filename"))
		return qmp_text(in, "file", QMP_FILE_MAX);
	return qmp_text(node, "filename", QMP_FILE_MAX);
}

static void read_disk(struct json_object *one, struct qmp_disk *d)
{
	struct json_object *in = json_member(one, "inserted");

	d->size_bytes = d->allocated_bytes = d->chain = UINT64_MAX;

	d->id = qmp_device_id(d->qdev);
	d->device = qmp_ident(one, "device");
	if (d->device && !*d->device) {
		free(d->device);
		d->device = NULL;
	}
	d->io_status = qmp_ident(one, "io-status");
	d->node = qmp_ident(in, "node-name");
	d->file = read_file(in);
	d->format = qmp_ident(in, "drv");
	d->read_only = json_flag(in, "ro", false);
	d->cache = cache_name(json_member(in, "cache"));
	read_throttle(in, &d->throttle);
	json_u64(in, "backing_file_depth", &d->chain);
	json_u64(json_member(in, "image"), "virtual-size", &d->size_bytes);
	json_u64(json_member(in, "image"), "actual-size", &d->allocated_bytes);
}

int qmp_query_disks(struct qmp *q, struct qmp_disk **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_disk *disks = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "query-block", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret) && found < QMP_LIST_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		struct qmp_disk d = { .qdev = qmp_ident(one, "qdev") };

		if (!d.qdev || found == GUEST_DISKS_MAX) {	/* a -drive that no device uses */
			free(d.qdev);
			continue;
		}
		read_disk(one, &d);
		*vec_push(disks, found) = d;
	}
	*list = disks;
	*n = found;
	return 0;
}

int qmp_query_nodes(struct qmp *q, char ***names, size_t *n, struct err *err)
{
	struct json_object *args = json_put(json_object_new_object(), "flat",
					    json_object_new_boolean(true));
	auto_json struct json_object *ret = NULL;
	char **list = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "query-named-block-nodes", args, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret); i++) {
		char *name = qmp_ident(json_object_array_get_idx(ret, i), "node-name");

		if (name && found < GUEST_NODES_MAX)
			*vec_push(list, found) = name;
		else
			free(name);
	}
	*names = list;
	*n = found;
	return 0;
}

