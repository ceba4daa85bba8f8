// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls on the guest's memory and the room for more of it. */
#include "internal.h"
#include "slots.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HMP_NUMA_MAX (64u << 10)
#define MEMORY_MAX 4096
#define OBJECTS "/objects/"

void qmp_memory_free(struct qmp_memory *list, size_t n)
{
	while (n--) {
		free(list[n].id);
		free(list[n].kind);
		free(list[n].memdev);
	}
	free(list);
}

static int memory_read(struct json_object *one, struct qmp_memory *m, struct err *err)
{
	struct json_object *data = json_member(one, "data");
	auto_free char *memdev = qmp_ident(data, "memdev");
	uint64_t node, slot;

	m->kind = qmp_ident(one, "type");
	m->id = qmp_ident(data, "id");
	if (!m->kind || !json_u64(data, "size", &m->size_bytes))
		return qmp_bad(err, "query-memory-devices", "a memory device without kind or size");
	json_u64(data, "requested-size", &m->requested_bytes);
	json_u64(data, "max-size", &m->max_bytes);
	json_u64(data, "block-size", &m->block_bytes);
	m->slot = json_u64(data, "slot", &slot) && slot < INT_MAX ? (int64_t)slot : -1;
	m->node = json_u64(data, "node", &node) && node < INT_MAX ? (int64_t)node : -1;
	m->hotpluggable = json_flag(data, "hotpluggable", true);
	if (memdev && str_has_prefix(memdev, OBJECTS) && !strchr(memdev + strlen(OBJECTS), '/'))
		m->memdev = xstrdup(memdev + strlen(OBJECTS));
	return 0;
}

int qmp_query_memory(struct qmp *q, struct qmp_memory **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_memory *found = NULL;
	size_t count = 0, i;
	int rc = qmp_ask(q, "query-memory-devices", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	if (json_object_array_length(ret) > MEMORY_MAX)
		return qmp_bad(err, "query-memory-devices", "too many memory devices");
	for (i = 0; !rc && i < json_object_array_length(ret); i++)
		rc = memory_read(json_object_array_get_idx(ret, i), vec_push(found, count), err);
	if (rc) {
		qmp_memory_free(found, count);
		return rc;
	}
	*list = found;
	*n = count;
	return 0;
}

int qmp_query_memory_room(struct qmp *q, struct qmp_memory_room *room, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_memory_room r = {0};
	int rc = qmp_ask(q, "qom-get", qmp_path_args("/machine", "memory"), json_type_object, &ret, err);

	if (qmp_is_refusal(rc))
		return err_set(err, -ENOENT, "this QEMU does not tell how much memory can be plugged");
	if (rc)
		return rc;
	if (!json_u64(ret, "size", &r.base_bytes))
		return qmp_bad(err, "qom-get", "a machine without memory");
	if (!json_u64(ret, "max-size", &r.max_bytes) || r.max_bytes < r.base_bytes)
		r.max_bytes = r.base_bytes;
	json_u64(ret, "slots", &r.slots);
	*room = r;
	return 0;
}

int qmp_query_memory_shared(struct qmp *q, bool *shared, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	size_t i, n;
	int rc = qmp_ask(q, "query-memdev", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	n = json_object_array_length(ret);
	*shared = n > 0;
	for (i = 0; i < n; i++)
		*shared &= json_flag(json_object_array_get_idx(ret, i), "share", false);
	return 0;
}

int qmp_query_nodes_of_guest(struct qmp *q, unsigned *n, struct err *err)
{
	auto_free char *text = NULL;
	int rc = qmp_ask_hmp(q, "info numa", HMP_NUMA_MAX, &text, err);

	if (rc)
		return rc;
	return sscanf(text, "%u nodes", n) == 1 ? 0 : qmp_bad(err, "info numa", "no number of nodes");
}

int qmp_has_object(struct qmp *q, const char *id, bool *has, struct err *err)
{
	struct qmp_prop *list = NULL;
	size_t n = 0, i;
	int rc = qmp_qom_list(q, "/objects", &list, &n, err);

	if (rc)
		return rc;
	*has = false;
	for (i = 0; i < n; i++)
		*has |= str_has_prefix(list[i].type, "child<") && !strcmp(list[i].name, id);
	qmp_props_free(list, n);
	return 0;
}
