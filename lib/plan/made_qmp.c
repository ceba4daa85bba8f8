// SPDX-License-Identifier: GPL-3.0-or-later
/* What commands of the monitor make, and how QEMU tells it from another of that name. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *command, *kind, *key;
} things[] = {
	{ "device_add", "device", "id" }, { "device_del", "device", "id" },
	{ "blockdev-add", "block node", "node-name" }, { "blockdev-del", "block node", "node-name" },
	{ "netdev_add", "netdev", "id" }, { "netdev_del", "netdev", "id" },
	{ "chardev-add", "chardev", "id" }, { "chardev-remove", "chardev", "id" },
	{ "object-add", "object", "id" }, { "object-del", "object", "id" },
	{ "block_resize", "the size of block node", "node-name" }, { "qom-set", "the requested size of", "path" },
	{ "set_link", "the link of", "name" }, { "block-latency-histogram-set", "the histogram of", "id" },
};

static size_t thing_of(const struct step *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(things) && strcmp(things[i].command, s->what); i++)
		;
	return i;
}

char *qmp_thing(const struct step *s)
{
	size_t i = thing_of(s);
	const char *name = i < ARRAY_SIZE(things) ? json_str(s->args, things[i].key) : NULL;

	return name ? xasprintf("%s %s", things[i].kind, name) : NULL;
}

/* Properties that are fixed while a device is there, and differ between two of one type. */
static const char *const fixed[] = {
	"parent_bus", "mac", "serial", "host", "hostbus", "hostport", "memdev", "socket-id", "core-id", "thread-id",
};

static bool is_fixed(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fixed); i++)
		if (!strcmp(fixed[i], name))
			return true;
	return false;
}

/* is_disk: it has an image. */
static int put_properties(struct qmp *q, const char *id, struct buf *b, bool *is_disk, struct err *err)
{
	auto_free char *path = xasprintf("/machine/peripheral/%s", id);
	struct qmp_prop *list = NULL;
	size_t n = 0, i;
	int rc = qmp_qom_list(q, path, &list, &n, err);

	for (i = 0; i < n && !rc; i++) {
		auto_json struct json_object *value = NULL;
		auto_free char *text = NULL;

		*is_disk |= !strcmp(list[i].name, "drive");
		if (!is_fixed(list[i].name))
			continue;
		rc = qmp_qom_get(q, path, list[i].name, &value, err);
		text = rc ? NULL : json_text(value);
		if (text && strcmp(text, "\"\""))
			buf_printf(b, ", %s %s", list[i].name, text);
	}
	qmp_props_free(list, n);
	return rc;
}

static int put_image(struct qmp *q, const char *id, struct buf *b, struct err *err)
{
	struct qmp_disk *disks = NULL;
	size_t n = 0, i;
	int rc = qmp_query_disks(q, &disks, &n, err);

	for (i = 0; i < n && !rc; i++)
		if (!strcmp(disks[i].id, id) && disks[i].file)
			buf_printf(b, MADE_IMAGE "%s", disks[i].file);
	qmp_disks_free(disks, n);
	return rc;
}

static int device_made(struct qmp *q, const char *id, char **words, struct err *err)
{
	struct qmp_prop *list = NULL;
	auto_buf struct buf b = {0};
	bool is_disk = false;
	size_t n = 0, i;
	int rc = qmp_query_peripherals(q, &list, &n, err);

	for (i = 0; i < n && !rc; i++)
		if (!strcmp(list[i].name, id) && str_has_prefix(list[i].type, "child<"))
			buf_printf(&b, "%.*s", (int)strcspn(list[i].type + strlen("child<"), ">"), list[i].type + strlen("child<"));
	qmp_props_free(list, n);
	if (rc || !b.len)
		return rc;
	rc = put_properties(q, id, &b, &is_disk, err);
	if (!rc && is_disk)
		rc = put_image(q, id, &b, err);
	if (!rc)
		*words = buf_take(&b);
	return rc;
}

static int size_made(struct qmp *q, const char *node, char **words, struct err *err)
{
	struct qmp_disk *disks = NULL;
	size_t n = 0, i;
	int rc = qmp_query_disks(q, &disks, &n, err);

	for (i = 0; i < n && !rc && !*words; i++)
		if (disks[i].node && !strcmp(disks[i].node, node))
			*words = xasprintf("%llu bytes", (unsigned long long)disks[i].size_bytes);
	qmp_disks_free(disks, n);
	return rc;
}

static int property_made(struct qmp *q, const struct step *s, char **words, struct err *err)
{
	auto_json struct json_object *value = NULL;
	int rc = qmp_qom_get(q, json_str(s->args, "path"), json_str(s->args, "property"), &value, err);

	if (!rc)
		*words = json_text(value);
	return rc;
}

int qmp_made(struct run *r, const struct step *s, char **words, struct err *err)
{
	size_t i = thing_of(s);
	const char *name = i < ARRAY_SIZE(things) ? json_str(s->args, things[i].key) : NULL;

	*words = NULL;
	if (!name || !r->env->qmp)
		return 0;
	if (!strcmp(things[i].kind, "device"))
		return device_made(r->env->qmp, name, words, err);
	if (!strcmp(s->what, "block_resize"))
		return size_made(r->env->qmp, name, words, err);
	return !strcmp(s->what, "qom-set") ? property_made(r->env->qmp, s, words, err) : 0;
}
