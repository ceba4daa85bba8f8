// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Operations on the host's network. A tap that kvmtop makes is not persistent: it lives as long as a process has it open,
 * and goes with the netdev, with QEMU, or with us if we die before QEMU has it. But a QEMU that means harm keeps the
 * descriptor, or gives it to another process, and would be on the bridge for good: so a tap is removed as a macvtap is,
 * which leaves a descriptor of nothing. A row of Open vSwitch's database and a tap that was there stay when QEMU has gone.
 *
 * A name is given again when its interface is gone. So what takes something back has the index of the interface.
 */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const hows[] = {
	[HOST_TAP_THERE] = "there", [HOST_TAP_MAKE] = "make", [HOST_TAP_NEXT] = "next",
};

static int how_of(const struct step *s)
{
	const char *how = json_str(s->args, "how");
	size_t i;

	for (i = 0; how && i < ARRAY_SIZE(hows); i++)
		if (!strcmp(hows[i], how))
			return (int)i;
	return -1;
}

static bool may_open_node(const char *name)
{
	return !strcmp(name, "vhost-net") || (str_has_prefix(name, "vhost-vdpa-") && !strchr(name, '/'));
}

/* ---- descriptors */

static int open_it(struct run *r, const struct step *s, struct err *err)
{
	const char *kind = json_str(s->args, "open"), *name = json_str(s->args, "name");

	if (!strcmp(kind, "tap"))
		return host_tap_open(r->env->host, name, (enum host_tap_how)how_of(s),
				     json_flag(s->args, "multi", false), err);
	if (!strcmp(kind, "macvtap"))
		return host_macvtap_open(r->env->host, name, json_flag(s->args, "multi", false), err);
	return host_dev_open(r->env->host, name, err);
}

static bool is_about_link(const struct step *s, const char *name)
{
	return (s->op == STEP_LINK_SET || s->op == STEP_LINK_DEL || s->op == STEP_OVS_DEL || s->op == STEP_PORT_VLAN) &&
		!strcmp(s->what, name);
}

/* Before anything else is done with it, so that the journal has it by then. */
static void note_index(struct run *r, const char *name)
{
	struct host_iface link;
	size_t i, k;

	if (host_iface_read(r->env->host, name, &link))
		return;
	for (i = 0; i < r->p->n_steps; i++) {
		struct step *s = &r->p->steps[i];

		if (is_about_link(s, name))
			s->number = link.index;
		for (k = 0; k < s->n_undo; k++)
			if (is_about_link(&s->undo[k], name))
				s->undo[k].number = link.index;
	}
}

/* QEMU said no, and may have kept it all the same. */
static int remove_made(struct run *r, const char *name, unsigned timeout_ms, int why, struct err *err)
{
	int rc = host_iface_del(r->env->host, name, timeout_ms, NULL);

	if (!rc || rc == -ENODEV)
		return why;
	/* the engine takes a step that fails for not done, one that may be done it takes back itself */
	return err_prefix(err, -ETIMEDOUT, "tap %s could not be removed", name);
}

static int pass_fd_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	const char *name = json_str(s->args, "name");
	bool made = how_of(s) == HOST_TAP_MAKE, perhaps;
	auto_close int fd = open_it(r, s, err);
	struct json_object *args;
	int rc;

	if (fd < 0)
		return fd;
	if (how_of(s) >= 0)
		note_index(r, name);
	args = json_put_str(json_object_new_object(), "fdname", s->what);
	rc = qmp_call_fd(r->env->qmp, "getfd", args, fd, timeout_ms, NULL, err);
	perhaps = rc == -ETIMEDOUT || rc == -ECANCELED || rc == -ECONNRESET;
	return rc && made && !perhaps ? remove_made(r, name, timeout_ms, rc, err) : rc;
}

static char *pass_fd_text(const struct step *s, unsigned timeout_ms)
{
	const char *kind = json_str(s->args, "open"), *name = json_str(s->args, "name");
	auto_json struct json_object *args = json_put_str(json_object_new_object(), "fdname", s->what);
	auto_free char *text = json_text(args);

	(void)timeout_ms;
	if (!strcmp(kind, "dev"))
		return xasprintf("getfd %s, with /dev/%s opened here", text, name);
	return xasprintf("getfd %s, with %s %s %s here", text, kind, name, how_of(s) == HOST_TAP_MAKE ? "made"
			 : "opened");
}

static int pass_fd_check(const struct step *s, struct err *err)
{
	const char *kind = json_str(s->args, "open"), *name = json_str(s->args, "name");

	if (kind && name && !strcmp(kind, "tap") && host_iface_name_ok(name) && how_of(s) >= 0)
		return 0;
	if (kind && name && !strcmp(kind, "macvtap") && host_iface_name_ok(name))
		return 0;
	if (kind && name && !strcmp(kind, "dev") && may_open_node(name))
		return 0;
	return err_set(err, -EPERM, "opening %s does not belong in a journal", name ? name : "nothing");
}

const struct op op_pass_fd = {
	.name = "pass-fd", .run = pass_fd_run, .text = pass_fd_text, .check = pass_fd_check,
};

/* ---- interfaces */

/* Ours to change: the guest's end of something, never the host's own. -ENODEV: it is gone, or another has its name. */
int guests_link(struct run *r, const struct step *s, struct host_iface *link, struct err *err)
{
	int rc = host_iface_read(r->env->host, s->what, link);

	if (rc)
		return err_set(err, rc, "no interface %s on this host", s->what);
	if (s->number && s->number != link->index)
		return err_set(err, -ENODEV, "interface %s is another one by now", s->what);
	if (!link->tap && !link->macvtap)
		return err_set(err, -EPERM, "interface %s is neither a tap nor a macvtap", s->what);
	return 0;
}

static struct host_iface_change change_of(const struct step *s)
{
	struct host_iface_change to = {
		.up = json_flag(s->args, "up", true), .master = json_str(s->args, "master"), .mac = json_str(s->args, "mac"),
	};
	uint64_t mtu;

	if (json_u64(s->args, "mtu", &mtu))
		to.mtu = (unsigned)mtu;
	return to;
}

/* The host has gone on since the plan was made: once more, just before it counts. */
static int check_bridge(struct run *r, const struct host_iface *link, const struct host_iface_change *to, struct err *err)
{
	const char *mac = to->mac ? to->mac : link->mac;
	unsigned mtu = to->mtu ? to->mtu : link->mtu;
	struct host_iface bridge;

	if (!to->master || !*to->master || host_iface_read(r->env->host, to->master, &bridge) || !bridge.bridge)
		return 0;
	if (mtu < bridge.mtu)
		return err_set(err, -EBUSY, "bridge %s has an MTU of %u by now, which a port of %u would take from it (try "
			       "again)", bridge.name, bridge.mtu, mtu);
	if (host_bridge_would_take(&bridge, mac))
		return err_set(err, -EBUSY, "bridge %s would take the address %s of its new port (try again)", bridge.name, mac);
	return 0;
}

static int link_set_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct host_iface_change to = change_of(s);
	struct host_iface link;
	int rc = guests_link(r, s, &link, err);

	/* out of a journal, a tap that was there: the guest's, or one without a user */
	if (!rc && s->journaled && !str_has_prefix(s->what, OURS) && link.up && link.carrier &&
	    !host_netif_is_open(r->env->host, plan_guest_pid(r->p), s->what))
		return err_set(err, -EPERM, "interface %s is in use by another process than the guest's QEMU", s->what);
	if (!rc)
		rc = check_bridge(r, &link, &to, err);
	return rc ? rc : host_iface_set(r->env->host, s->what, &to, timeout_ms, err);
}

static char *link_set_text(const struct step *s, unsigned timeout_ms)
{
	struct host_iface_change to = change_of(s);
	struct buf text = {0};

	(void)timeout_ms;
	buf_printf(&text, "interface %s", s->what);
	if (to.mac)
		buf_printf(&text, " address %s", to.mac);
	if (to.mtu)
		buf_printf(&text, " mtu %u", to.mtu);
	if (to.master)
		buf_printf(&text, "%s%s", *to.master ? " into bridge " : " out of its bridge,", to.master);
	buf_printf(&text, " %s", to.up ? "up" : "down");
	return buf_take(&text);
}

static int link_check(const struct step *s, struct err *err)
{
	struct host_iface_change to = change_of(s);
	char mac[18];

	if (!host_iface_name_ok(s->what) || ((to.master || to.mac || to.mtu) && !str_has_prefix(s->what, OURS)) ||
	    (to.mac && !address_mac_parse(to.mac, mac)))
		return err_set(err, -EPERM, "changing interface %s does not belong in a journal", s->what);
	return 0;
}

/* Down, and out of its bridge: never up, nor into one. */
static bool link_takes_back(const struct step *s, const struct step *of)
{
	struct host_iface_change to = change_of(s);

	return !to.up && !to.mac && !to.mtu && (!to.master || !*to.master) && (!of || takes_back_same(s, of));
}

const struct op op_link_set = {
	.name = "link-set", .run = link_set_run, .text = link_set_text, .check = link_check, .takes_back = link_takes_back,
	.outlives = true,
};

static int link_add_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	int rc = host_iface_add_macvtap(r->env->host, s->what, json_str(s->args, "lower"), json_str(s->args, "mode"),
				       json_str(s->args, "mac"), timeout_ms, err);

	if (!rc)
		note_index(r, s->what);
	return rc;
}

static char *link_add_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("make macvtap %s on %s, mode %s, address %s", s->what, json_str(s->args, "lower"),
			 json_str(s->args, "mode"), json_str(s->args, "mac"));
}

static int link_add_check(const struct step *s, struct err *err)
{
	const char *lower = json_str(s->args, "lower");

	if (!str_has_prefix(s->what, OURS) || !host_iface_name_ok(s->what) || !lower || !host_iface_name_ok(lower) ||
	    !json_str(s->args, "mode") || !json_str(s->args, "mac"))
		return err_set(err, -EPERM, "making interface %s does not belong in a journal", s->what);
	return 0;
}

const struct op op_link_add = {
	.name = "link-add", .run = link_add_run, .text = link_add_text, .check = link_add_check, .outlives = true,
};

static int link_del_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct host_iface link;
	int rc = guests_link(r, s, &link, err);

	/* kvmtop died before the journal had its index: a tap that is up by now is another one, ours came up later */
	if (!rc && s->journaled && !s->number && link.tap && link.up)
		return 0;
	if (!rc)
		rc = host_iface_del(r->env->host, s->what, timeout_ms, err);
	return rc == -ENODEV ? 0 : rc;
}

static char *link_del_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("remove interface %s", s->what);
}

static int link_del_check(const struct step *s, struct err *err)
{
	if (!str_has_prefix(s->what, OURS) || !host_iface_name_ok(s->what))
		return err_set(err, -EPERM, "removing interface %s does not belong in a journal", s->what);
	return 0;
}

const struct op op_link_del = {
	.name = "link-del", .run = link_del_run, .text = link_del_text, .check = link_del_check, .takes_back = takes_back_always,
	.one_way = true, .outlives = true,
};

/* ---- ports of Open vSwitch */

static int ovs_live(struct run *r, struct err *err)
{
	return host_is_live(r->env->host) ? 0 : err_set(err, -EOPNOTSUPP, "a recorded host cannot be changed");
}

static int ovs_add_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	int rc = ovs_live(r, err);

	return rc ? rc : host_ovs_add(HOST_OVS_SOCKET, json_str(s->args, "bridge"), s->what, step_vlan(s), timeout_ms, err);
}

static char *ovs_add_text(const struct step *s, unsigned timeout_ms)
{
	auto_free char *tag = step_vlan(s) ? xasprintf(", tag %u", step_vlan(s)) : NULL;

	(void)timeout_ms;
	return xasprintf("interface %s into Open vSwitch bridge %s%s", s->what, json_str(s->args, "bridge"), tag ? tag : "");
}

static int ovs_add_check(const struct step *s, struct err *err)
{
	if (!str_has_prefix(s->what, OURS) || !json_str(s->args, "bridge") || step_vlan(s) > HOST_VLAN_MAX)
		return err_set(err, -EPERM, "making %s a port does not belong in a journal", s->what);
	return 0;
}

const struct op op_ovs_add = {
	.name = "ovs-add", .run = ovs_add_run, .text = ovs_add_text, .check = ovs_add_check, .outlives = true,
};

static int ovs_del_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct host_iface link;
	int rc = ovs_live(r, err);

	/* the port is that of a later NIC */
	if (!rc && s->number && !host_iface_read(r->env->host, s->what, &link) && link.index != s->number)
		return 0;
	if (!rc)
		rc = host_ovs_del(HOST_OVS_SOCKET, s->what, timeout_ms, err);
	return rc == -ENOENT ? 0 : rc;
}

static char *ovs_del_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("port %s out of Open vSwitch", s->what);
}

const struct op op_ovs_del = {
	.name = "ovs-del", .run = ovs_del_run, .text = ovs_del_text, .check = link_del_check, .takes_back = takes_back_always,
	.one_way = true, .outlives = true,
};

struct step *plan_net(struct plan *p, enum step_op op, const char *what, struct json_object *args)
{
	return step_add(&p->steps, &p->n_steps, op, what, args);
}

void step_undo_net(struct step *s, enum step_op op, const char *what, struct json_object *args)
{
	step_add(&s->undo, &s->n_undo, op, what, args)->if_there = true;
}

/* ---- what a journal may have QEMU connect to */

/* Options that name descriptors and numbers. script= and helper= run a program, smb= and guestfwd= too. */
bool netdev_is_harmless(struct json_object *args)
{
	static const char *const types[] = { "user", "tap", "vhost-user", "vhost-vdpa" };
	static const char *const keys[] = {
		"type", "id", "fd", "fds", "vhost", "vhostfd", "vhostfds", "vhostforce", "chardev", "queues",
	};
	const char *type = json_str(args, "type");
	size_t i;

	for (i = 0; type && i < ARRAY_SIZE(types) && strcmp(types[i], type); i++)
		;
	if (!type || i == ARRAY_SIZE(types))
		return false;
	json_object_object_foreach(args, key, value) {
		(void)value;
		for (i = 0; i < ARRAY_SIZE(keys) && strcmp(keys[i], key); i++)
			;
		if (i == ARRAY_SIZE(keys))
			return false;
	}
	return true;
}

/* A client of a unix socket, and nothing else: a file would be overwritten, a server listen. */
bool chardev_is_harmless(struct json_object *args)
{
	struct json_object *backend = json_member(args, "backend"), *data = json_member(backend, "data");
	struct json_object *addr = json_member(data, "addr");
	const char *type = json_str(backend, "type"), *kind = json_str(addr, "type");

	if (!type || !kind || strcmp(type, "socket") || strcmp(kind, "unix") || json_flag(data, "server", true))
		return false;
	json_object_object_foreach(data, key, value) {
		(void)value;
		if (strcmp(key, "addr") && strcmp(key, "server"))
			return false;
	}
	return true;
}
