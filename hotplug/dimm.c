// SPDX-License-Identifier: GPL-3.0-or-later
/* Plugging and unplugging DIMMs: a backend of the host's memory, and the device that shows it to the guest. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Linux takes memory in blocks; x86 has 128 MiB, and up to 2 GiB in guests of 64 GiB and more. */
#define BLOCK_BYTES (128ull << 20)
#define GIB (1ull << 30)
/* Clearing pages: QEMU answers nobody meanwhile. Nested and on a busy machine 90 MB/s were seen. */
#define PREPARE_MS_PER_GIB 15000

struct dimm {
	struct dimm_backend backend;
	char *memdev;
	int64_t node;			/* -1: not said */
	bool pinned;			/* VFIO locks all memory of the guest */
	struct lock_limit lock;
};

static unsigned prepare_ms(uint64_t bytes)
{
	return (unsigned)((bytes + GIB - 1) / GIB * PREPARE_MS_PER_GIB);
}

static int check_room(struct qmp *q, const struct dimm *d, struct err *err)
{
	struct qmp_memory_room room;
	struct qmp_room used;
	uint64_t left;
	int rc = qmp_query_memory_room(q, &room, err);

	if (rc == -ENOENT)		/* QEMU will say */
		return 0;
	if (!rc)
		rc = qmp_query_room(q, &used, err);
	if (rc)
		return rc;
	if (!room.slots)
		return err_set(err, -ENOSPC, "the guest has no slots for memory (start it with -m "
				"SIZE,slots=N,maxmem=SIZE)");
	if (used.dimms >= room.slots)
		return err_set(err, -ENOSPC, "all %llu slots for memory are taken (remove a DIMM, or start "
				"the guest with more: -m ..,slots=)",
			       (unsigned long long)room.slots);
	left = room.max_bytes - room.base_bytes;
	left = left > used.plugged_bytes ? left - used.plugged_bytes : 0;
	if (d->backend.bytes > left)
		return err_set(err, -ENOSPC, "there is room for %llu MiB more of memory, not for %llu (start the "
				"guest with a larger -m ..,maxmem=)", (unsigned long long)left >> 20,
			       (unsigned long long)d->backend.bytes >> 20);
	return 0;
}

static int check_node(const struct plan *p, struct qmp *q, struct dimm *d, struct err *err)
{
	const char *arg = plan_arg(p, "node");
	unsigned nodes = 0;
	uint64_t node;
	int rc;

	d->node = -1;
	if (!arg)
		return 0;
	if (units_uint_parse(arg, &node) || node > INT32_MAX)
		return err_set(err, -EINVAL, "node=%s: the number of a node of the guest is expected", arg);
	rc = qmp_query_nodes_of_guest(q, &nodes, err);
	if (rc)
		return rc;
	if (node && node >= nodes)
		return err_set(err, -EINVAL, "node=%s: the guest has %u NUMA nodes%s", arg, nodes ? nodes : 1,
			       nodes > 1 ? ", counted from 0" : " (0)");
	d->node = (int64_t)node;
	return 0;
}

/* QEMU aborts when a VFIO device cannot have the new memory locked. */
static void look_at_locking(const struct plan *p, const struct plan_env *env, struct dimm *d)
{
	struct qmp_memory_room room;
	struct qmp_room used;
	char **list = NULL;
	size_t n = 0;
	pid_t pid = plan_guest_pid(p);

	if (!pid || host_vfio_read(env->host, pid, &list, &n))
		return;
	qmp_strings_free(list, n);
	d->pinned = n > 0;
	if (d->pinned && !qmp_query_memory_room(env->qmp, &room, NULL) && !qmp_query_room(env->qmp, &used, NULL))
		read_lock(env->host, pid, room.base_bytes + used.plugged_bytes + d->backend.bytes, &d->lock);
}

static int same_or_taken(struct plan *p, struct qmp *q, const char *type, const struct dimm *d, struct err *err)
{
	struct qmp_memory *list = NULL;
	bool same = false;
	size_t n = 0, i;
	int rc = qmp_query_memory(q, &list, &n, err);

	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (list[i].id && !strcmp(list[i].id, p->device))
			same = !strcmp(list[i].kind, "dimm") && list[i].size_bytes == d->backend.bytes &&
			       (d->node < 0 || list[i].node == d->node);
	qmp_memory_free(list, n);
	if (!same)
		return id_taken(p, type, err);
	p->status = PLAN_UNCHANGED;
	return 0;
}

static int choose(struct plan *p, const struct plan_env *env, struct dimm *d, struct err *err)
{
	auto_free char *type = NULL;
	bool taken = false;
	int rc = choose_id(p, env->qmp, "kt-dimm", &p->device, err);

	if (!rc)
		rc = check_node(p, env->qmp, d, err);
	if (!rc)
		rc = device_type(env->qmp, p->device, &type, err);
	if (!rc && type)
		return same_or_taken(p, env->qmp, type, d, err);
	if (rc)
		return rc;
	d->memdev = xasprintf("%s-mem", p->device);
	rc = qmp_has_object(env->qmp, d->memdev, &taken, err);
	if (!rc && taken)
		rc = err_set(err, -EEXIST, "object '%s' exists already, left by an earlier attempt? (another "
				"id=, or remove it: object-del)",
			     d->memdev);
	if (!rc)
		rc = check_room(env->qmp, d, err);
	if (!rc)
		rc = check_backend(p, env->host, &d->backend, err);
	if (!rc)
		look_at_locking(p, env, d);
	return rc;
}

static struct json_object *backend_json(const struct dimm *d, bool shared)
{
	const struct dimm_backend *b = &d->backend;
	/* vhost-user wants a descriptor for all memory; hugetlb pages come by one too */
	struct json_object *obj = named("qom-type",
					b->page_bytes || shared ? "memory-backend-memfd" : "memory-backend-ram");
	size_t i;

	json_put_str(obj, "id", d->memdev);
	json_put(obj, "size", json_object_new_uint64(b->bytes));
	if (shared)
		json_put(obj, "share", json_object_new_boolean(true));
	if (b->page_bytes) {
		json_put(obj, "hugetlb", json_object_new_boolean(true));
		json_put(obj, "hugetlbsize", json_object_new_uint64(b->page_bytes));
	}
	if (b->prealloc)
		json_put(obj, "prealloc", json_object_new_boolean(true));
	if (b->n_nodes) {
		struct json_object *nodes = json_object_new_array();

		for (i = 0; i < b->n_nodes; i++)
			json_object_array_add(nodes, json_object_new_uint64(b->nodes[i]));
		json_put(obj, "host-nodes", nodes);
		json_put_str(obj, "policy", b->policy);
	}
	return obj;
}

static int plan_add(struct plan *p, struct qmp *q, const struct dimm *d, struct err *err)
{
	struct json_object *args, *ids;
	bool shared = false;
	struct step *s;
	int rc = qmp_query_memory_shared(q, &shared, err);

	if (rc)
		return rc;
	plan_lock(p, &d->lock);
	s = plan_qmp(p, "object-add", backend_json(d, shared));
	step_undo_qmp(s, "object-del", named("id", d->memdev));
	step_leaves(s, "memory %s (%llu MiB)", d->memdev, (unsigned long long)d->backend.bytes >> 20);
	if (d->backend.prealloc)
		s->at_least_ms = prepare_ms(d->backend.bytes);
	args = named("driver", "pc-dimm");
	json_put_str(args, "id", p->device);
	json_put_str(args, "memdev", d->memdev);
	if (d->node >= 0)
		json_put(args, "node", json_object_new_int64(d->node));
	s = plan_device(p, p->device, args);
	if (d->pinned)
		s->at_least_ms = prepare_ms(d->backend.bytes);
	ids = json_object_new_array();
	json_object_array_add(ids, json_object_new_string(p->device));
	plan_await_taken(p, ids, plan_arg(p, "wait") != NULL);
	return 0;
}

static int build_add(struct plan *p, const struct plan_env *env, struct dimm *d, struct err *err)
{
	int rc = check_not_stored(p, err);

	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = check_emulated(p, env->qmp, err);
	if (!rc)
		rc = choose(p, env, d, err);
	if (!rc && p->status != PLAN_UNCHANGED)
		rc = plan_add(p, env->qmp, d, err);
	return rc;
}

int hotplug_dimm_add(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct dimm d = {0};
	int rc = read_backend(p, &d.backend, err);

	if (!rc && d.backend.bytes % BLOCK_BYTES)
		rc = err_set(err, -EINVAL, "size=%s: a guest takes memory in blocks of %llu MiB, a multiple "
				"of that is expected",
			     plan_arg(p, "size"), BLOCK_BYTES >> 20);
	if (!rc)
		rc = p->domain ? virt_dimm_add(p, env, &d.backend, err) : build_add(p, env, &d, err);
	free(d.backend.nodes);
	free(d.memdev);
	return rc;
}

static int no_such_dimm(const struct qmp_memory *list, size_t n, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].id)
			buf_printf(&all, "%s%s (%s)", all.len ? ", " : "", list[i].id, list[i].kind);
	return err_set(err, -ENODEV, "no DIMM '%s' (memory devices: %s)", id, all.len ? all.text : "none");
}

static int plan_remove(struct plan *p, const struct qmp_memory *m, struct err *err)
{
	struct step *s;

	if (!m->hotpluggable)
		return err_set(err, -EINVAL, "DIMM '%s' was made to stay (one that is plugged while the guest runs can be removed)", m->id);
	p->device = xstrdup(m->id);
	plan_qmp(p, "device_del", named("id", m->id));
	s = plan_await_gone(p, m->id);
	step_leaves(s, "DIMM %s, which the guest has not released", m->id);
	if (m->memdev) {
		s = plan_drop_object(p, m->memdev);
		step_leaves(s, "memory %s (%llu MiB)", m->memdev, (unsigned long long)m->size_bytes >> 20);
	}
	return 0;
}

int hotplug_dimm_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	const char *id = plan_arg(p, "ID");
	const struct qmp_memory *found = NULL;
	struct qmp_memory *list = NULL;
	size_t n = 0, i;
	int rc;

	if (p->domain)
		return virt_dimm_remove(p, env, err);
	rc = check_not_stored(p, err);
	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = qmp_query_memory(env->qmp, &list, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (list[i].id && !strcmp(list[i].id, id) &&
		    (!strcmp(list[i].kind, "dimm") || !strcmp(list[i].kind, "nvdimm")))
			found = &list[i];
	rc = found ? plan_remove(p, found, err) : no_such_dimm(list, n, id, err);
	qmp_memory_free(list, n);
	return rc;
}
