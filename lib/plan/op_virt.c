// SPDX-License-Identifier: GPL-3.0-or-later
/* Operations on a guest of libvirt's. */
#include "private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 100

static int has_xml(const struct step *s, struct err *err)
{
	return s->xml ? 0 : err_set(err, -EPERM, "a step for libvirt has no XML");
}

static int attach_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct err why = {0};
	int rc = virt_attach(r->env->virt, r->p->domain, s->xml, (unsigned)s->number, timeout_ms, &why);

	if (rc == -ENOSPC)
		return err_set(err, rc, "%s (remove a device, or start the guest with more PCI ports or slots)", why.text);
	if (rc && err)
		*err = why;
	return rc;
}

/* As virsh has it. */
static const char *affect_option(const struct step *s)
{
	return s->number == VIRT_CONFIG ? " --config" : s->number & VIRT_CONFIG ? " --persistent" : "";
}

static char *attach_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("attach-device%s %s", affect_option(s), s->xml);
}

const struct op op_virt_attach = {
	.name = "virt-attach", .run = attach_run, .text = attach_text, .check = has_xml,
	.thing = virt_device_thing, .made = virt_device_made,
};

static int detach_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	int rc = (s->asked ? virt_await_gone : virt_detach_alias)(r->env->virt, r->p->domain, s->what, timeout_ms, r->interrupt, err);

	return rc == -EBUSY ? -EACCES : rc;	/* said with the engine's own word for it */
}

static char *detach_text(const struct step *s, unsigned timeout_ms)
{
	if (s->asked)
		return xasprintf("wait until the guest has released %s, at most %g s", s->what, timeout_ms / 1000.0);
	return xasprintf("detach-device-alias %s, and wait until the guest has released it, at most %g s", s->what,
			 timeout_ms / 1000.0);
}

static int domain_has(struct run *r, const struct step *s, bool *there, struct err *err)
{
	auto_free char *words = NULL;
	int rc = virt_device_made(r, s, &words, err);

	if (!rc)
		*there = words;
	return rc;
}

const struct op op_virt_detach = {
	.name = "virt-detach", .run = detach_run, .text = detach_text, .takes_back = takes_back_always, .is_there = domain_has,
	.one_way = true, .thing = virt_device_thing, .made = virt_device_made,
};

/*
 * libvirt finds a stored device by its target or address only. The alias and what it is made of tell whether it is still
 * the one that is meant: another device may have that place, or that alias, by now.
 */
static int config_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct virt_def *def;
	bool there;
	int rc = virt_domain_read(r->env->virt, r->p->domain, VIRT_CONFIG, READ_MS, &def, err);

	if (rc)
		return rc;
	there = def->stored && (!str_has_prefix(s->what, "ua-") || virt_is_same_device(def->stored, s));
	virt_def_free(def);
	return there ? virt_detach_config(r->env->virt, r->p->domain, s->xml, timeout_ms, err) : 0;
}

static char *config_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("detach-device --config %s", s->xml);
}

const struct op op_virt_config = {
	.name = "virt-config", .run = config_run, .text = config_text, .check = has_xml, .takes_back = takes_back_always,
};

static int resize_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t now;
	int rc = virt_block_resize(r->env->virt, r->p->domain, s->what, s->number, timeout_ms, err);

	if (!rc && !virt_block_size(r->env->virt, r->p->domain, s->what, READ_MS, &now, NULL))
		run_size_is(r, s->what, s->number, now);
	return rc;
}

static char *resize_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("blockresize %s %lluB", s->what, (unsigned long long)s->number);
}

const struct op op_virt_resize = {
	.name = "virt-resize", .run = resize_run, .text = resize_text, .takes_back = takes_back_same,
	.thing = virt_size_thing, .made = virt_size_made,
};

static int link_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	return virt_nic_link(r->env->virt, r->p->domain, s->what, s->number, timeout_ms, err);
}

static char *link_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("update-device %s, <link state='%s'/>", s->what, s->number ? "up" : "down");
}

const struct op op_virt_link = {
	.name = "virt-link", .run = link_run, .text = link_text, .takes_back = takes_back_same,
};

/* Of a virtio-mem device, the one that is named, and nothing but what kvmtop itself would write of it. */
static bool is_virtio_mem(const struct virt_def *def, const struct step *s)
{
	const struct virt_memory *m = def->memory;
	auto_free char *xml = NULL;

	if (def->n_memory != 1 || !m->model || strcmp(m->model, "virtio-mem"))
		return false;
	/* stored are the aliases of users only */
	if (m->alias ? strcmp(m->alias, s->what) : s->number != VIRT_CONFIG)
		return false;
	xml = virt_memory_xml(m);
	return !strcmp(xml, s->xml);
}

/* What the step's XML requests of its device. -EPERM: it is no such device. */
static int requested_by(const struct step *s, uint64_t *bytes, struct err *err)
{
	auto_free char *domain = s->xml ? xasprintf("<domain><devices>%s</devices></domain>", s->xml) : NULL;
	struct virt_def *def = NULL;
	bool good = domain && !virt_def_parse(domain, strlen(domain), &def, err) && is_virtio_mem(def, s);

	if (good)
		*bytes = def->memory[0].requested_bytes;
	virt_def_free(def);
	return good ? 0 : err_set(err, -EPERM, "a step updates what is no virtio-mem device");
}

/* The XML is of a device that the guest has, and changes nothing but its requested size: what a journal may do. */
static int changes_size_only(struct run *r, const struct step *s, struct err *err)
{
	struct virt_def *live;
	const struct virt_def *def;
	uint64_t wanted;
	bool same = false;
	size_t i;
	int rc = requested_by(s, &wanted, err);

	if (!rc)
		rc = virt_domain_read(r->env->virt, r->p->domain, (unsigned)s->number, READ_MS, &live, err);
	if (rc)
		return rc;
	def = s->number == VIRT_CONFIG ? live->stored : live;
	for (i = 0; def && i < def->n_memory && !same; i++) {
		struct virt_memory m = def->memory[i];
		auto_free char *xml = NULL;

		if (m.alias ? strcmp(m.alias, s->what) : s->number != VIRT_CONFIG)
			continue;
		m.requested_bytes = wanted;
		xml = virt_memory_xml(&m);
		same = !strcmp(xml, s->xml);
	}
	virt_def_free(live);
	return same ? 0 : err_set(err, -EPERM, "the journal would change more of %s than its requested size", s->what);
}

static int update_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	int rc = s->journaled ? changes_size_only(r, s, err) : 0;

	return rc ? rc : virt_update(r->env->virt, r->p->domain, s->xml, (unsigned)s->number, timeout_ms, err);
}

static char *update_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("update-device%s %s", affect_option(s), s->xml);
}

static int update_check(const struct step *s, struct err *err)
{
	uint64_t wanted;

	return requested_by(s, &wanted, err);
}

const struct op op_virt_update = {
	.name = "virt-update", .run = update_run, .text = update_text, .check = update_check,
	.takes_back = takes_back_same,
};

static int set_vcpus(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	const char *vcpu = json_str(s->args, "vcpu");
	unsigned affect = (unsigned)s->number;
	uint64_t count = 0;

	json_u64(s->args, "count", &count);
	return vcpu ? virt_set_vcpu(r->env->virt, r->p->domain, vcpu, json_flag(s->args, "on", false), affect, timeout_ms, err) :
		      virt_set_vcpus(r->env->virt, r->p->domain, (unsigned)count, affect, timeout_ms, err);
}

/* As far as libvirt knows by now. */
static bool vcpus_are_set(struct run *r, const struct step *s)
{
	auto_free char *wanted = NULL, *now = NULL;
	uint64_t count = 0;

	json_u64(s->args, "count", &count);
	wanted = json_str(s->args, "vcpu") ? xstrdup(json_flag(s->args, "on", false) ? "plugged" : "unplugged") :
		 xasprintf("%llu", (unsigned long long)count);
	return !virt_vcpus_made(r, s, &now, NULL) && now && !strcmp(now, wanted);
}

/* For each vCPU that is to leave libvirt waits 5 s, and what comes later it only takes note of: it is asked again. */
static int vcpus_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct pollfd interrupt = { .fd = r->interrupt, .events = POLLIN };
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	int rc;

	while ((rc = set_vcpus(r, s, clock_left_ms(deadline), err)) == -ETIMEDOUT && clock_left_ms(deadline)) {
		if (poll(&interrupt, 1, LOOK_MS) > 0)
			return err_set(err, -ECANCELED, "interrupted");
		if (vcpus_are_set(r, s))
			return 0;
	}
	return rc == -EBUSY ? -EACCES : rc;
}

static char *vcpus_text(const struct step *s, unsigned timeout_ms)
{
	const char *vcpu = json_str(s->args, "vcpu"), *config = s->number & VIRT_CONFIG ? " --config" : "";
	uint64_t count = 0;

	(void)timeout_ms;
	json_u64(s->args, "count", &count);
	if (vcpu)
		return xasprintf("setvcpu --live%s %s --%s", config, vcpu, json_flag(s->args, "on", false) ? "enable" : "disable");
	return xasprintf("setvcpus --live%s %llu", config, (unsigned long long)count);
}

static int vcpus_check(const struct step *s, struct err *err)
{
	const char *vcpu = json_str(s->args, "vcpu");
	uint64_t count;

	if (vcpu ? strspn(vcpu, "0123456789-") == strlen(vcpu) : json_u64(s->args, "count", &count) && count && count <= UINT32_MAX)
		return 0;
	return err_set(err, -EPERM, "a step sets vCPUs that are none");
}

/* libvirt itself waits for the guest, when it is to release one. */
const struct op op_virt_vcpus = {
	.name = "virt-vcpus", .run = vcpus_run, .text = vcpus_text, .check = vcpus_check,
	.takes_back = takes_back_same, .asks_guest = true, .thing = virt_vcpus_thing, .made = virt_vcpus_made,
};

static struct step *with_xml(struct step *s, const char *xml, uint64_t number)
{
	s->xml = xstrdup(xml);
	s->number = number;
	return s;
}

struct step *plan_virt(struct plan *p, enum step_op op, const char *what, const char *xml, uint64_t number)
{
	return with_xml(step_add(&p->steps, &p->n_steps, op, what, NULL), xml, number);
}

struct step *plan_virt_vcpus(struct plan *p, struct json_object *args, struct json_object *undo, unsigned affect)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_VIRT_VCPUS, "vcpus", args);

	s->number = affect;
	step_add(&s->undo, &s->n_undo, STEP_VIRT_VCPUS, "vcpus", undo)->number = affect;
	return s;
}

void step_undo_virt(struct step *s, enum step_op op, const char *what, const char *xml, uint64_t number)
{
	with_xml(step_add(&s->undo, &s->n_undo, op, what, NULL), xml, number);
}
