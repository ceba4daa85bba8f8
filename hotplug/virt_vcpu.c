// SPDX-License-Identifier: GPL-3.0-or-later
/* vCPUs of libvirt's guests. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *one(unsigned id, bool on)
{
	auto_free char *text = xasprintf("%u", id);

	return json_put(named("vcpu", text), "on", json_object_new_boolean(on));
}

static struct json_object *all(unsigned count)
{
	return json_put(json_object_new_object(), "count", json_object_new_int64(count));
}

/* Without node= libvirt chooses; it counts all of them. */
static int set_count(struct plan *p, const struct virt_def *def, unsigned now, unsigned want, struct err *err)
{
	struct step *s;

	if (want > def->vcpus_max)
		return err_set(err, -ENOSPC, "%u vCPUs: the guest can have %u at most (start it with more: "
				"<vcpu current=..>MAX</vcpu>)", want,
			       def->vcpus_max);
	if (!want)
		return err_set(err, -EINVAL, "a guest without vCPUs is none");
	s = plan_virt_vcpus(p, all(want), all(now), virt_affect_of(p));
	step_leaves(s, "%u vCPUs", want);
	return 0;
}

/* On that node, and not yet as it is to be. */
static bool is_choice(const struct virt_vcpu *v, uint64_t node, bool on)
{
	return v->node >= 0 && (uint64_t)v->node == node && v->enabled != on && (on || v->hotpluggable);
}

/* One by one: libvirt plugs no more at once. */
static int set_some(struct plan *p, const struct virt_def *def, uint64_t node, bool on, unsigned n, struct err *err)
{
	unsigned found = 0;
	size_t k;

	if (is_on(p, "persist"))
		return err_set(err, -EINVAL, "node= and persist=on exclude each other: the stored definition "
				"has a number of vCPUs, not which");
	for (k = 0; k < def->n_cpus; k++)
		found += is_choice(&def->cpus[k], node, on);
	if (found < n)
		return err_set(err, -ENOSPC, "node=%s: %u vCPUs are wanted, and %u can be %s there", plan_arg(p, "node"), n, found,
			       on ? "added" : "removed (the others were there when the guest started)");
	for (k = 0; k < def->n_cpus && n; k++) {
		/* added from the first on, removed from the last */
		const struct virt_vcpu *v = &def->cpus[on ? k : def->n_cpus - 1 - k];

		if (!is_choice(v, node, on))
			continue;
		step_leaves(plan_virt_vcpus(p, one(v->id, on), one(v->id, !on), VIRT_LIVE), "vCPU %u %s", v->id,
			    on ? "plugged" : "unplugged");
		n--;
	}
	return 0;
}

/* QEMU's event for a removed vCPU comes under KVM only; libvirt would wait for it, and go on believing in the vCPU. */
static int check_removal(struct plan *p, const struct virt_def *def, struct err *err)
{
	if (!def->kind || strcmp(def->kind, "qemu"))
		return 0;
	if (!is_on(p, "force"))
		return err_set(err, -EPERM, "this guest runs without KVM: libvirt is not told when it has "
				"let go of a vCPU, and its QEMU may die of "
			       "the next thing that is plugged (force=on to take the risk)");
	plan_warn(p, "without KVM, libvirt is not told when the guest has released it, and QEMU may die of the "
			"next thing that is plugged");
	return 0;
}

static unsigned count_on(const struct virt_def *def, const char *node)
{
	uint64_t n = 0;
	unsigned found = 0;
	size_t i;

	if (!node)
		return def->vcpus;
	units_uint_parse(node, &n);
	for (i = 0; i < def->n_cpus; i++)
		found += def->cpus[i].enabled && def->cpus[i].node >= 0 && (uint64_t)def->cpus[i].node == n;
	return found;
}

static int build(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	enum vcpu_verb verb = *(const enum vcpu_verb *)arg;
	const char *node = plan_arg(p, "node");
	unsigned n = 0, now = count_on(def, node), want;
	uint64_t number = 0;
	int rc = vcpu_count_of(p, verb, &n, err);

	(void)env;
	if (!rc)
		rc = virt_check_wait(p, err);
	if (rc)
		return rc;
	if (verb == VCPU_REMOVE && n > now)
		return err_set(err, -EINVAL, "%u vCPUs cannot be removed: there are %u%s", n, now, node ? " "
				"on that node" : "");
	want = verb == VCPU_ADD ? now + n : verb == VCPU_REMOVE ? now - n : n;
	if (want == now) {
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	if (want < now) {
		rc = check_removal(p, def, err);
		if (rc)
			return rc;
	}
	p->guest = "unknown";
	if (!node)
		return set_count(p, def, now, want, err);
	units_uint_parse(node, &number);
	return set_some(p, def, number, want > now, want > now ? want - now : now - want, err);
}

int virt_vcpu_build(struct plan *p, const struct plan_env *env, enum vcpu_verb verb, struct err *err)
{
	return virt_build(p, env, build, &verb, err);
}
