// SPDX-License-Identifier: GPL-3.0-or-later
/* NICs of libvirt's guests: by libvirt's own calls. What is behind a NIC libvirt makes and removes itself. */
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* type= as <interface type=..> has it */
static const char *type_of(enum nic_kind kind)
{
	switch (kind) {
	case NIC_USER: return "user";
	case NIC_TAP: return "ethernet";
	case NIC_BRIDGE: return "bridge";
	case NIC_NETWORK: return "network";
	case NIC_MACVTAP: return "direct";
	case NIC_VHOST_USER: return "vhostuser";
	case NIC_VDPA: return "vdpa";
	}
	return "";
}

static const struct virt_nic *by_alias(const struct virt_def *def, const char *id)
{
	size_t i;

	for (i = 0; i < def->n_nics; i++)
		if (virt_is_alias(def->nics[i].alias, id))
			return &def->nics[i];
	return NULL;
}

/* By its interface on the host or its address, too. */
static int find(const struct virt_def *def, const char *id, const struct virt_nic **out, struct err *err)
{
	struct virt_named *list = xcalloc(def->n_nics + 1, sizeof(*list));
	size_t i, at = 0;
	int rc;

	for (i = 0; i < def->n_nics; i++)
		list[i] = (struct virt_named){ def->nics[i].alias, { def->nics[i].target, def->nics[i].mac } };
	rc = virt_find(list, def->n_nics, "NIC", id, &at, err);
	*out = rc ? NULL : &def->nics[at];
	free(list);
	return rc;
}

static bool equal(const char *a, const char *b)
{
	return (!a && !b) || (a && b && !strcmp(a, b));
}

static int same_or_taken(struct plan *p, const struct virt_nic *d, const struct virt_nic *wanted, struct err *err)
{
	const char *mac = plan_arg(p, "mac");
	/* of a network the live XML tells what it came to: a bridge, .. */
	bool any_type = !strcmp(wanted->type, "network");

	if (!d || (!any_type && !equal(d->type, wanted->type)) || !equal(d->model, wanted->model) ||
	    (mac && !address_mac_is(d->mac, mac)) ||
	    (wanted->source && !equal(d->source, wanted->source)) ||
	    (wanted->target && !equal(d->target, wanted->target)) ||
	    (d->queues ? d->queues : 1) != wanted->queues || (wanted->vlan && d->vlan != wanted->vlan) ||
	    (wanted->mtu && d->mtu != wanted->mtu))
		return id_taken(p, NULL, err);
	p->status = PLAN_UNCHANGED;
	return 0;
}

/* libvirt knows models by names of its own. */
static const char *model_of(const struct plan *p, const struct nic *n)
{
	return n->virtio ? "virtio" : plan_arg(p, "model");
}

/* A network is libvirt's to find; what else there is on the host is looked at as for any guest. */
static int check_source(const struct plan *p, const struct plan_env *env, struct nic *n, struct err *err)
{
	int rc = virt_check_wait(p, err);

	return rc || n->kind == NIC_NETWORK ? rc : nic_check_source(p, env->host, n, err);
}

static int build_add(struct plan *p, const struct plan_env *env, const struct virt_def *def, struct err *err)
{
	struct virt_nic d = {0};
	struct nic n = {0};
	bool stored = false;
	int rc = nic_check_args(p, &n, err);

	if (!rc)
		rc = virt_choose_alias(p, def, "kt-nic", err);
	if (rc)
		return rc;
	d.type = xstrdup(type_of(n.kind));
	d.model = xstrdup(model_of(p, &n));
	d.source = xstrdup(n.kind == NIC_TAP ? NULL : n.source);
	d.target = xstrdup(n.kind == NIC_TAP ? n.source : NULL);
	d.driver = xstrdup(n.vhost ? "vhost" : NULL);
	d.queues = n.queues;
	d.vlan = n.vlan;
	d.mtu = n.mtu_given;
	if (virt_def_has_alias(def, p->device)) {
		rc = same_or_taken(p, by_alias(def, p->device), &d, err);
		virt_nic_done(&d);
		nic_done(&n);
		return rc;
	}
	rc = check_source(p, env, &n, err);
	if (!rc)
		rc = nic_choose_mac(p, env, &n, err);
	n.tells_mtu = n.virtio;
	if (!rc && n.virtio)
		rc = virt_check_port(def, err);
	if (!rc)
		rc = nic_check_port(p, env, &n, err);
	d.mac = xstrdup(n.mac);
	d.alias = xstrdup(p->device);
	d.ovs = n.ovs;
	if (!rc)
		rc = virt_check_stored(p, def, &(struct virt_device){ .nic = &d }, &stored, err);
	if (!rc) {
		auto_free char *xml = NULL;

		/* a port has the MTU of its bridge without that, too, but the guest is not told */
		d.mtu = nic_libvirt_sets_mtu(n.kind) ? nic_told_mtu(&n) : 0;
		xml = virt_nic_xml(&d);
		nic_plan_keep_of(p, &n);
		virt_plan_attach(p, p->device, xml, stored);
		p->guest = "unknown";	/* as of disks: asking the monitor taints the guest */
	}
	virt_nic_done(&d);
	nic_done(&n);
	return rc;
}

static int build_link(struct plan *p, const struct virt_nic *d)
{
	bool up = !strcmp(plan_arg(p, "STATE"), "up");
	struct step *s;

	p->device = xstrdup(d->alias);
	if (up == !d->link_down) {
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	s = plan_virt(p, STEP_VIRT_LINK, d->alias, NULL, up);
	step_undo_virt(s, STEP_VIRT_LINK, d->alias, NULL, !up);
	step_leaves(s, "the link of %s %s", d->alias, up ? "up" : "down");
	return 0;
}

static int build(struct plan *p, const struct plan_env *env, const struct virt_def *def, const void *arg, struct err *err)
{
	enum nic_verb verb = *(const enum nic_verb *)arg;
	const struct virt_nic *d = NULL;
	int rc;

	if (verb == NIC_ADD)
		return build_add(p, env, def, err);
	rc = find(def, plan_arg(p, "ID"), &d, err);
	if (rc)
		return rc;
	if (verb == NIC_LINK)
		return build_link(p, d);
	if (d->target)
		nic_plan_keep(p, env->host, d->target);
	virt_plan_detach(p, def, d->alias);
	return 0;
}

int virt_nic_build(struct plan *p, const struct plan_env *env, enum nic_verb verb, struct err *err)
{
	return virt_build(p, env, build, &verb, err);
}
