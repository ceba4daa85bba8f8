// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls on vCPUs and the places for more of them. */
#include "internal.h"
#include "slots.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 8192
#define HMP_MTREE_MAX (8u << 20)
#define PERIPHERAL "/machine/peripheral/"

static void slot_done(struct qmp_vcpu_slot *s)
{
	free(s->type);
	json_object_put(s->props);
	free(s->path);
	free(s->id);
}

void qmp_vcpu_slots_free(struct qmp_vcpu_slot *list, size_t n)
{
	while (n)
		slot_done(&list[--n]);
	free(list);
}

/* From the outside in; what a machine does not have is 0. */
static int compare_slots(const void *a, const void *b)
{
	static const char *const keys[] = {
		"drawer-id", "book-id", "socket-id", "die-id", "cluster-id", "module-id", "core-id", "thread-id",
	};
	const struct qmp_vcpu_slot *x = a, *y = b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		uint64_t nx = 0, ny = 0;

		json_u64(x->props, keys[i], &nx);
		json_u64(y->props, keys[i], &ny);
		if (nx != ny)
			return nx < ny ? -1 : 1;
	}
	return 0;
}

static int slot_read(struct json_object *one, struct qmp_vcpu_slot *s, struct err *err)
{
	struct json_object *props = json_member(one, "props");
	uint64_t count = 0, node;

	s->type = qmp_ident(one, "type");
	s->path = qmp_ident(one, "qom-path");
	if (!s->type || !json_object_is_type(props, json_type_object) || !json_u64(one, "vcpus-count", &count) ||
	    !count || count > INT_MAX)
		return qmp_bad(err, "query-hotpluggable-cpus", "a place for a vCPU that is none");
	s->props = json_object_get(props);
	s->vcpus = (unsigned)count;
	s->node = json_u64(props, "node-id", &node) && node < INT_MAX ? (int)node : -1;
	if (s->path && str_has_prefix(s->path, PERIPHERAL))
		s->id = xstrdup(s->path + strlen(PERIPHERAL));
	else if (s->path && str_has_prefix(s->path, "/machine/peripheral-anon/"))
		s->id = xstrdup(s->path);
	return 0;
}

int qmp_query_vcpu_slots(struct qmp *q, struct qmp_vcpu_slot **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_vcpu_slot *slots = NULL;
	size_t found = 0, i;
	int rc = qmp_ask(q, "query-hotpluggable-cpus", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	if (json_object_array_length(ret) > SLOTS_MAX)
		return qmp_bad(err, "query-hotpluggable-cpus", "too many places for vCPUs");
	for (i = 0; !rc && i < json_object_array_length(ret); i++)
		rc = slot_read(json_object_array_get_idx(ret, i), vec_push(slots, found), err);
	if (rc) {
		qmp_vcpu_slots_free(slots, found);
		return rc;
	}
	if (found)
		qsort(slots, found, sizeof(*slots), compare_slots);
	for (i = 1; i < found; i++)
		slots[i].index = slots[i - 1].index + slots[i - 1].vcpus;
	*list = slots;
	*n = found;
	return 0;
}

int qmp_query_vcpus_made(struct qmp *q, unsigned *n, struct err *err)
{
	static const char mark[] = "address-space: cpu-memory-";
	auto_free char *text = NULL;
	const char *at;
	int rc = qmp_ask_hmp(q, "info mtree", HMP_MTREE_MAX, &text, err);

	if (rc)
		return rc;
	*n = 0;
	for (at = strstr(text, mark); at; at = strstr(at + 1, mark))
		(*n)++;
	return 0;
}
