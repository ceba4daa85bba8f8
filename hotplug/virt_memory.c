// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory of libvirt's guests. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_dimm(const struct virt_memory *m)
{
	return m->model && (!strcmp(m->model, "dimm") || !strcmp(m->model, "nvdimm"));
}

static int no_memory(const struct virt_def *def, const char *what, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < def->n_memory; i++)
		if (def->memory[i].alias && def->memory[i].model)
			buf_printf(&all, "%s%s (%s)", all.len ? ", " : "", def->memory[i].alias,
			       def->memory[i].model);
	return err_set(err, -ENODEV, "no %s '%s' (memory devices: %s)", what, id, all.len ? all.text : "none");
}

/* A DIMM, or a virtio-mem device. */
static int find(const struct virt_def *def, const char *id, bool dimm, const struct virt_memory **out, struct err *err)
{
	struct virt_named *list = xcalloc(def->n_memory + 1, sizeof(*list));
	const struct virt_memory **of = xcalloc(def->n_memory + 1, sizeof(*of));
	const char *what = dimm ? "DIMM" : "virtio-mem device";
	size_t i, n = 0, at = 0;
	int rc;

	for (i = 0; i < def->n_memory; i++) {
		const struct virt_memory *m = &def->memory[i];

		if (m->model && (dimm ? is_dimm(m) : !strcmp(m->model, "virtio-mem"))) {
			list[n] = (struct virt_named){ .alias = m->alias };
			of[n++] = m;
		}
	}
	rc = virt_find(list, n, what, id, &at, err);
	if (rc == -ENODEV)
		no_memory(def, what, id, err);
	*out = rc ? NULL : of[at];
	free(list);
	free(of);
	return rc;
}

static int check_options(const struct plan *p, const struct dimm_backend *b, struct err *err)
{
	int rc = virt_check_wait(p, err);

	if (rc)
		return rc;
	if (b->n_nodes && strcmp(b->policy, "bind"))
		return err_set(err, -EINVAL, "policy=%s: libvirt binds the memory of a DIMM strictly (leave "
				"it out)", b->policy);
	if (b->prealloc && !b->page_bytes)
		return err_set(err, -EINVAL, "prealloc=on: libvirt decides that for the whole guest "
				"(<memoryBacking>)");
	return 0;
}

static int check_room(const struct virt_def *def, const struct dimm_backend *b, struct err *err)
{
	uint64_t left = def->mem_max_bytes > def->mem_bytes ? def->mem_max_bytes - def->mem_bytes : 0;
	unsigned used = 0;
	size_t i;

	if (!def->mem_slots)
		return err_set(err, -ENOSPC, "the guest has no slots for memory (start it with <maxMemory "
				"slots='N'> and a NUMA node)");
	for (i = 0; i < def->n_memory; i++)
		used += is_dimm(&def->memory[i]);
	if (used >= def->mem_slots)
		return err_set(err, -ENOSPC, "all %u slots for memory are taken (remove a DIMM, or start the "
				"guest with more: <maxMemory slots=>)",
			       def->mem_slots);
	if (b->bytes > left)
		return err_set(err, -ENOSPC, "there is room for %llu MiB more of memory, not for %llu (start "
				"the guest with a larger <maxMemory>)",
			       (unsigned long long)left >> 20, (unsigned long long)b->bytes >> 20);
	return 0;
}

static int same_or_taken(struct plan *p, const struct virt_memory *m, const struct dimm_backend *b, struct err *err)
{
	if (!m || m->bytes != b->bytes)
		return id_taken(p, NULL, err);
	p->status = PLAN_UNCHANGED;
	return 0;
}

static void plan_add(struct plan *p, const struct dimm_backend *b)
{
	auto_buf struct buf nodes = {0};
	struct virt_memory m = { .bytes = b->bytes, .page_bytes = b->page_bytes, .node = 0 };
	auto_free char *model = xstrdup("dimm"), *xml = NULL;
	uint64_t node;
	size_t i;

	for (i = 0; i < b->n_nodes; i++)
		buf_printf(&nodes, "%s%u", i ? "," : "", b->nodes[i]);
	if (plan_arg(p, "node") && !units_uint_parse(plan_arg(p, "node"), &node))
		m.node = (int)node;
	m.model = model;
	m.alias = p->device;
	m.nodes = nodes.text;
	xml = virt_memory_xml(&m);
	virt_plan_attach(p, p->device, xml, false);
	p->guest = "unknown";
}

static int build_add(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	const struct dimm_backend *b = arg;
	const struct virt_memory *m;
	int rc = check_options(p, b, err);

	if (!rc)
		rc = virt_choose_alias(p, def, "kt-dimm", err);
	if (!rc && virt_def_has_alias(def, p->device)) {
		find(def, p->device, true, &m, NULL);
		return same_or_taken(p, m, b, err);
	}
	if (!rc)
		rc = check_room(def, b, err);
	if (!rc)
		rc = check_backend(p, env->host, b, err);
	if (!rc)
		plan_add(p, b);
	return rc;
}

int virt_dimm_add(struct plan *p, const struct plan_env *env, const struct dimm_backend *b, struct err *err)
{
	return virt_build(p, env, build_add, b, err);
}

static int build_remove(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	const struct virt_memory *m;
	int rc = find(def, plan_arg(p, "ID"), true, &m, err);

	(void)env;
	(void)arg;
	if (!rc)
		virt_plan_detach(p, def, m->alias);
	return rc;
}

int virt_dimm_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	return virt_build(p, env, build_remove, NULL, err);
}

/* alias: of the running domain, as that of the stored one may have none. */
static void plan_update(struct plan *p, const struct virt_memory *m, const char *alias, uint64_t size, unsigned affect)
{
	auto_free char *then = NULL, *before = virt_memory_xml(m);
	struct virt_memory wanted = *m;
	struct step *s;

	wanted.requested_bytes = size;
	then = virt_memory_xml(&wanted);
	s = plan_virt(p, STEP_VIRT_UPDATE, alias, then, affect);
	step_undo_virt(s, STEP_VIRT_UPDATE, alias, before, affect);
	step_leaves(s, "%s%s with a requested size of %llu MiB", affect == VIRT_CONFIG ? "the stored " : "", alias,
		    (unsigned long long)size >> 20);
}

/*
 * libvirt finds a stored device by its alias or address and has only those of users stored, so each definition gets a call
 * with its own; the stored one first, which can always be taken back.
 */
static int plan_set(struct plan *p, const struct host *h, const struct virt_def *def, const struct virt_memory *m, struct err *err)
{
	const struct virt_memory *stored = virt_stored_memory(def, m);
	bool is_set;
	uint64_t size;
	int rc = check_vmem_size(p, m->block_bytes, m->bytes, &size, err);

	if (rc)
		return rc;
	p->device = xstrdup(m->alias);
	is_set = size == m->requested_bytes && size == m->current_bytes;
	if (is_on(p, "persist") && !stored)
		plan_warn(p, "the stored definition does not have this device: only the running guest is changed");
	if (is_set && (!stored || stored->requested_bytes == size)) {
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	rc = m->page_bytes || is_set ? 0 : check_vmem_room(p, h, size, m->current_bytes, err);
	if (rc)
		return rc;
	if (stored && stored->requested_bytes != size)
		plan_update(p, stored, m->alias, size, VIRT_CONFIG);
	if (is_set)
		return 0;
	plan_update(p, m, m->alias, size, VIRT_LIVE);
	plan_await_size(p, m->alias, size, plan_arg(p, "wait") != NULL);
	return 0;
}

static int build_set(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	const struct virt_memory *m;
	int rc = find(def, plan_arg(p, "ID"), false, &m, err);

	(void)arg;
	return rc ? rc : plan_set(p, env->host, def, m, err);
}

int virt_vmem_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	return virt_build(p, env, build_set, NULL, err);
}
