// SPDX-License-Identifier: GPL-3.0-or-later
/* Unplugging NICs, whoever plugged them, and their link. */
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* kvmtop made it, and it is this guest's: QEMU may name what it likes. index: of the interface. */
static bool is_ours(const struct plan *p, const struct host *h, const struct nic_found *f, struct host_iface *link)
{
	return nic_is_ours(f->netif.name) && !host_iface_read(h, f->netif.name, link) &&
	       host_netif_is_open(h, plan_guest_pid(p), f->netif.name);
}

static struct step *plan_link(struct plan *p, enum step_op op, const struct host_iface *link, struct json_object *args)
{
	struct step *s = plan_net(p, op, link->name, args);

	s->if_there = true;
	s->number = link->index;
	return s;
}

/* Off the network before QEMU is asked to close it, which it may say it does. */
static void plan_off(struct plan *p, const struct host *h, const struct host_iface *link)
{
	bool port = nic_ovs_has(h, NULL, link->name);
	struct json_object *args = json_put(json_object_new_object(), "up", json_object_new_boolean(false));
	struct step *s;

	if (port)
		step_leaves(plan_link(p, STEP_OVS_DEL, link, NULL), "port %s of Open vSwitch", link->name);
	else if (*link->master)
		json_put_str(args, "master", "");
	s = plan_link(p, STEP_LINK_SET, link, args);
	step_leaves(s, "interface %s up", link->name);
}

/* Of what is behind it, what kvmtop made goes too: by its name it is known, whether the journal is there or not. */
static void plan_remove(struct plan *p, const struct host *h, const struct nic_found *f)
{
	struct host_iface link;
	bool ours = is_ours(p, h, f, &link);
	auto_free char *chardev = NULL;
	struct step *s;

	nic_plan_keep(p, h, f->netif.name);
	plan_qmp(p, "device_del", named("id", f->id));
	s = plan_await_gone(p, f->id);
	step_leaves(s, "device %s, which the guest has not released", f->id);
	/* the netdev while its NIC is still there would leave a NIC with a dead end; of a hub it is not the NIC's own */
	if (!f->nic.netdev || !strcmp(f->nic.backend, "hub"))
		return;
	if (ours)
		plan_off(p, h, &link);
	s = plan_drop(p, "netdev_del", named("id", f->nic.netdev));
	step_leaves(s, "netdev %s%s%s", f->nic.netdev, *f->netif.name ? " on " : "", f->netif.name);
	chardev = nic_chardev(f->id);
	if (f->nic.chardev && !strcmp(f->nic.chardev, chardev)) {
		s = plan_drop(p, "chardev-remove", named("id", chardev));
		step_leaves(s, "chardev %s", chardev);
	}
	/* a tap goes with the netdev, where QEMU is honest */
	if (ours)
		step_leaves(plan_link(p, STEP_LINK_DEL, &link, NULL), "interface %s", link.name);
}

static bool is_bus(const void *bus, const struct qmp_port *port)
{
	return !strcmp(port->bus, bus);
}

/* A bus that lets nothing go: QEMU would say no, but not what that means. */
static int check_bus(struct qmp *q, const struct nic_found *f, struct err *err)
{
	struct qmp_port *ports = NULL;
	size_t n = 0, i;
	int rc = f->bus ? qmp_query_ports(q, is_bus, f->bus, &ports, &n, err) : 0;
	bool fixed = f->bus && !strcmp(f->bus, "pcie.0");

	for (i = 0; i < n && !rc; i++)
		fixed |= is_bus(f->bus, &ports[i]) && !ports[i].hotplug;
	qmp_ports_free(ports, n);
	if (!rc && fixed)
		rc = err_set(err, -EINVAL, "%s sits on %s, which lets no device go while the guest runs",
			     f->id, f->bus);
	return rc;
}

int hotplug_nic_remove(struct plan *p, const struct plan_env *env, struct err *err)
{
	struct nic_found f = {0};
	int rc;

	if (p->domain)
		return virt_nic_build(p, env, NIC_REMOVE, err);
	rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = nic_find(p, env, plan_arg(p, "ID"), &f, err);
	if (!rc)
		rc = check_bus(env->qmp, &f, err);
	if (!rc) {
		p->device = xstrdup(f.id);
		plan_remove(p, env->host, &f);
	}
	nic_found_done(&f);
	return rc;
}

static struct json_object *link_json(const char *id, bool up)
{
	return json_put(named("name", id), "up", json_object_new_boolean(up));
}

/* QEMU does not tell how a link is, so the inverse is the other state. */
int hotplug_nic_link(struct plan *p, const struct plan_env *env, struct err *err)
{
	bool up = !strcmp(plan_arg(p, "STATE"), "up");
	struct nic_found f = {0};
	struct step *s;
	int rc;

	if (p->domain)
		return virt_nic_build(p, env, NIC_LINK, err);
	rc = check_guest(p, env->qmp, err);
	if (!rc)
		rc = nic_find(p, env, plan_arg(p, "ID"), &f, err);
	if (!rc) {
		p->device = xstrdup(f.id);
		/* by its own name: set_link knows no paths */
		s = plan_qmp(p, "set_link", link_json(f.nic.name, up));
		step_undo_qmp(s, "set_link", link_json(f.nic.name, !up));
		step_leaves(s, "the link of %s %s", f.id, up ? "up" : "down");
	}
	nic_found_done(&f);
	return rc;
}
