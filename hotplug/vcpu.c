// SPDX-License-Identifier: GPL-3.0-or-later
/* Plugging and unplugging vCPUs: into the free places in order of topology, and out again from the other end. */
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What was found out before the steps are written. */
struct vcpus {
	struct qmp_vcpu_slot *slots;	/* of the node that was asked for, if one was */
	size_t n;
	unsigned there, removable, free, max;
};

static void slot_drop(struct vcpus *v, size_t at)
{
	struct qmp_vcpu_slot slot = v->slots[at];

	memmove(&v->slots[at], &v->slots[at + 1], (v->n - at - 1) * sizeof(slot));
	v->slots[--v->n] = slot;
}

static int no_node(const struct vcpus *v, uint64_t node, struct err *err)
{
	auto_buf struct buf all = {0};
	int last = -1;
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->slots[i].node > last) {
			last = v->slots[i].node;
			buf_printf(&all, "%s%d", all.len ? ", " : "", last);
		}
	return err_set(err, -EINVAL, "node=%llu: no place for a vCPU is on that node of the guest (there is: %s)",
		       (unsigned long long)node, all.len ? all.text : "none");
}

/* Only the places of the node; *total stays how many the list has to be freed with. */
static int keep_node(const struct plan *p, struct vcpus *v, struct err *err)
{
	const char *arg = plan_arg(p, "node");
	uint64_t node;
	size_t i = v->n, found = 0;

	if (!arg)
		return 0;
	if (units_uint_parse(arg, &node))
		return err_set(err, -EINVAL, "node=%s: the number of a node is expected", arg);
	for (i = 0; i < v->n; i++)
		found += v->slots[i].node >= 0 && (uint64_t)v->slots[i].node == node;
	if (!found)
		return no_node(v, node, err);
	while (i--)
		if (v->slots[i].node < 0 || (uint64_t)v->slots[i].node != node)
			slot_drop(v, i);
	return 0;
}

static void count(struct vcpus *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		const struct qmp_vcpu_slot *s = &v->slots[i];

		v->max += s->vcpus;
		v->there += s->path ? s->vcpus : 0;
		v->removable += s->id ? s->vcpus : 0;
		v->free += s->path ? 0 : s->vcpus;
	}
}

/*
 * Without KVM, QEMU never gives back what it has made for a vCPU, and no question tells whether that does harm. 7.2
 * dies of it at the next change of the memory map (a vCPU, a DIMM), 10.0 when it has made more vCPUs than the machine
 * has places.
 */
static int check_removal(struct plan *p, struct qmp *q, struct err *err)
{
	bool kvm = true;
	int rc = qmp_query_kvm(q, &kvm, err);

	if (rc || kvm)
		return rc;
	if (!is_on(p, "force"))
		return err_set(err, -EPERM, "this guest runs without KVM: when it has released a vCPU, its QEMU may "
				"die of the next thing that is plugged (force=on to take the risk)");
	plan_warn(p, "without KVM, QEMU may die of the next thing that is plugged after this");
	return 0;
}

int check_emulated(const struct plan *p, struct qmp *q, struct err *err)
{
	struct qmp_vcpu_slot *slots = NULL;
	unsigned made = 0, there = 0;
	bool kvm = true;
	size_t n = 0, i;
	int rc = qmp_query_kvm(q, &kvm, err);

	if (rc || kvm || is_on(p, "force"))
		return rc;
	rc = qmp_query_vcpu_slots(q, &slots, &n, NULL);
	for (i = 0; i < n; i++)
		there += slots[i].path ? slots[i].vcpus : 0;
	qmp_vcpu_slots_free(slots, n);
	if (!rc)
		rc = qmp_query_vcpus_made(q, &made, NULL);
	if (!rc && made > there)
		return err_set(err, -EBUSY, "this guest runs without KVM and a vCPU was removed from it: what is "
				"plugged now would kill its QEMU (restart the guest, or force=on to take the risk)");
	return 0;
}

int vcpu_count_of(const struct plan *p, enum vcpu_verb verb, unsigned *n, struct err *err)
{
	const char *arg = plan_arg(p, "count");
	uint64_t value = 1;

	if ((arg || verb == VCPU_SET) && (!arg || units_uint_parse(arg, &value) || !value || value > INT_MAX))
		return err_set(err, -EINVAL, "count=%s: a number of vCPUs, at least 1, is expected",
				arg ? arg : "");
	*n = (unsigned)value;
	return 0;
}

/* By its place, if that name is free; else the next one that is. */
static char *free_id(const struct vcpus *v, size_t total, unsigned index, unsigned *number)
{
	if (*number < index)
		*number = index;
	for (;; (*number)++) {
		auto_free char *id = xasprintf("kt-vcpu%u", *number);
		bool taken = false;
		size_t i;

		for (i = 0; i < total; i++)
			taken |= v->slots[i].id && !strcmp(v->slots[i].id, id);
		if (!taken) {
			(*number)++;
			return take_ptr(id);
		}
	}
}

static struct json_object *device_json(const struct qmp_vcpu_slot *slot, const char *id)
{
	struct json_object *obj = json_put_str(named("driver", slot->type), "id", id);

	json_object_object_foreach(slot->props, key, value)
		json_put(obj, key, json_object_get(value));
	return obj;
}

static void add_name(struct plan *p, const char *id)
{
	char *names = p->device ? xasprintf("%s,%s", p->device, id) : xstrdup(id);

	free(p->device);
	p->device = names;
}

/* All places of a machine are of one size. */
static int check_whole(const struct vcpus *v, unsigned n, struct err *err)
{
	if (!v->n || n % v->slots[0].vcpus)
		return err_set(err, -EINVAL, "%u vCPUs: this machine plugs whole cores of %u", n,
				v->n ? v->slots[0].vcpus : 0);
	return 0;
}

static int plan_add(struct plan *p, struct qmp *q, const struct vcpus *v, size_t total, unsigned n, struct err *err)
{
	struct json_object *ids;
	unsigned number = 0;
	size_t i;
	int rc;

	if (n > v->free)
		return err_set(err, -ENOSPC, "%u more vCPUs: %u of %u places are free%s (start the guest "
				"with a larger -smp maxcpus=)", n,
			       v->free, v->max, plan_arg(p, "node") ? " on that node" : "");
	rc = check_emulated(p, q, err);
	if (rc)
		return rc;
	ids = json_object_new_array();
	for (i = 0; n && i < v->n; i++) {
		auto_free char *id = v->slots[i].path ? NULL : free_id(v, total, v->slots[i].index, &number);

		if (!id)
			continue;
		plan_device(p, id, device_json(&v->slots[i], id));
		json_object_array_add(ids, json_object_new_string(id));
		add_name(p, id);
		n -= v->slots[i].vcpus;
	}
	plan_await_taken(p, ids, plan_arg(p, "wait") != NULL);
	return 0;
}

static int plan_remove(struct plan *p, struct qmp *q, const struct vcpus *v, unsigned n, struct err *err)
{
	size_t i;
	int rc;

	if (n > v->removable)
		return err_set(err, -EINVAL, "%u vCPUs cannot be removed: of the %u there are%s %u were plugged; the "
				"others were there when the guest started, and stay", n, v->there,
			       plan_arg(p, "node") ? " on that node" : "", v->removable);
	rc = check_removal(p, q, err);
	if (rc)
		return rc;
	for (i = v->n; n && i-- > 0; ) {
		const struct qmp_vcpu_slot *slot = &v->slots[i];
		struct step *s;

		if (!slot->id)
			continue;
		plan_qmp(p, "device_del", named("id", slot->id));
		s = plan_await_gone(p, slot->id);
		step_leaves(s, "vCPU %s, which the guest has not released", slot->id);
		add_name(p, slot->id);
		n -= slot->vcpus;
	}
	return 0;
}

static int build_from(struct plan *p, struct qmp *q, enum vcpu_verb verb, struct vcpus *v, struct err *err)
{
	size_t total = v->n;
	unsigned n = 0;
	int rc = vcpu_count_of(p, verb, &n, err);

	if (!rc)
		rc = keep_node(p, v, err);
	if (rc)
		return rc;
	count(v);
	if (verb == VCPU_SET && n == v->there) {
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	if (verb == VCPU_SET) {
		verb = n > v->there ? VCPU_ADD : VCPU_REMOVE;
		n = n > v->there ? n - v->there : v->there - n;
	}
	rc = check_whole(v, n, err);
	if (rc)
		return rc;
	return verb == VCPU_ADD ? plan_add(p, q, v, total, n, err) : plan_remove(p, q, v, n, err);
}

static int build(struct plan *p, const struct plan_env *env, enum vcpu_verb verb, struct err *err)
{
	struct vcpus v = {0};
	struct qmp *q = env->qmp;
	size_t total;
	int rc;

	if (p->domain)
		return virt_vcpu_build(p, env, verb, err);
	rc = check_not_stored(p, err);
	if (!rc)
		rc = check_guest(p, q, err);
	if (!rc)
		rc = qmp_query_vcpu_slots(q, &v.slots, &v.n, err);
	if (rc)
		return rc == -ENOSYS || rc == -EREMOTEIO ? err_prefix(err, rc, "this machine plugs no vCPUs (q35 and pc do)") : rc;
	total = v.n;
	rc = build_from(p, q, verb, &v, err);
	qmp_vcpu_slots_free(v.slots, total);
	return rc;
}

int hotplug_vcpu_add(struct plan *p, const struct plan_env *env, struct err *err)
{
	return build(p, env, VCPU_ADD, err);
}

int hotplug_vcpu_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	return build(p, env, VCPU_REMOVE, err);
}

int hotplug_vcpu_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	return build(p, env, VCPU_SET, err);
}
