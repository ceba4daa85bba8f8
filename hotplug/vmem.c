// SPDX-License-Identifier: GPL-3.0-or-later
/* How much of a virtio-mem device the guest is to have. */
#include "internal.h"

#include <errno.h>
#include <string.h>

static int no_such_device(const struct qmp_memory *list, size_t n, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].id && !strcmp(list[i].kind, "virtio-mem"))
			buf_printf(&all, "%s%s", all.len ? ", " : "", list[i].id);
	return err_set(err, -ENODEV, "no virtio-mem device '%s' (there is: %s)", id, all.len ? all.text : "none");
}

int check_vmem_size(const struct plan *p, uint64_t block, uint64_t max, uint64_t *size, struct err *err)
{
	const char *arg = plan_arg(p, "size"), *id = plan_arg(p, "ID");

	if (units_size_parse(arg, size))
		return err_set(err, -EINVAL, "size=%s: a size is expected, as 512M", arg);
	if (block && *size % block)
		return err_set(err, -EINVAL, "size=%s: %s takes memory in blocks of %llu KiB, a multiple of "
				"that is expected", arg, id,
			       (unsigned long long)block / 1024);
	if (*size > max)
		return err_set(err, -ENOSPC, "size=%s: %s can have %llu MiB at most (the size of its "
				"backend)", arg, id,
			       (unsigned long long)max >> 20);
	return 0;
}

static struct json_object *set_json(const char *path, uint64_t bytes)
{
	struct json_object *obj = json_put_str(named("path", path), "property", "requested-size");

	return json_put(obj, "value", json_object_new_uint64(bytes));
}

int check_vmem_room(struct plan *p, const struct host *h, uint64_t size, uint64_t now, struct err *err)
{
	return size > now ? check_group_room(p, h, size - now, 0, false, err) : 0;
}

static int plan_set(struct plan *p, const struct host *h, const struct qmp_memory *m, struct err *err)
{
	auto_free char *path = xasprintf("/machine/peripheral/%s", m->id);
	struct step *s;
	uint64_t size;
	int rc = check_vmem_size(p, m->block_bytes, m->max_bytes, &size, err);

	if (rc)
		return rc;
	p->device = xstrdup(m->id);
	if (size == m->requested_bytes && size == m->size_bytes) {
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	rc = check_vmem_room(p, h, size, m->size_bytes, err);
	if (rc)
		return rc;
	s = plan_qmp(p, "qom-set", set_json(path, size));
	step_undo_qmp(s, "qom-set", set_json(path, m->requested_bytes));
	step_leaves(s, "%s with a requested-size of %llu MiB", m->id, (unsigned long long)size >> 20);
	plan_await_size(p, m->id, size, plan_arg(p, "wait") != NULL);
	return 0;
}

int hotplug_vmem_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	const struct qmp_memory *found = NULL;
	struct qmp_memory *list = NULL;
	size_t n = 0, i;
	int rc;

	if (p->domain)
		return virt_vmem_set(p, env, err);
	rc = check_not_stored(p, err);
	if (!rc)
		rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = qmp_query_memory(env->qmp, &list, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		if (list[i].id && !strcmp(list[i].id, plan_arg(p, "ID")) && !strcmp(list[i].kind, "virtio-mem"))
			found = &list[i];
	rc = found ? plan_set(p, env->host, found, err) : no_such_device(list, n, plan_arg(p, "ID"), err);
	qmp_memory_free(list, n);
	return rc;
}
