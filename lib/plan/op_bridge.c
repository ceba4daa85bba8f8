// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Operations on a Linux bridge of the host. What is set by hand, it keeps: else it has the lowest address of its ports, and
 * gets another one when they come and go, which cuts off everyone who reaches the host by it.
 */
#include "private.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

unsigned step_vlan(const struct step *s)
{
	uint64_t vlan = 0;

	json_u64(s->args, "vlan", &vlan);
	return vlan > UINT_MAX ? UINT_MAX : (unsigned)vlan;
}

static int keep_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	return host_bridge_keep_address(r->env->host, s->what, timeout_ms, err);
}

static char *keep_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("keep address %s of bridge %s, which would follow its ports", json_str(s->args, "mac"), s->what);
}

static int keep_check(const struct step *s, struct err *err)
{
	const char *mac = json_str(s->args, "mac");
	char parsed[18];

	if (!host_iface_name_ok(s->what) || !mac || !address_mac_parse(mac, parsed))
		return err_set(err, -EPERM, "keeping an address of %s does not belong in a journal", s->what);
	return 0;
}

/* Nothing takes it back: the address is what it was, and would be another without it. */
const struct op op_bridge_keep = {
	.name = "bridge-keep", .run = keep_run, .text = keep_text, .check = keep_check,
};

struct step *plan_bridge_keep(struct plan *p, const char *bridge, const char *mac)
{
	return plan_net(p, STEP_BRIDGE_KEEP, bridge, json_put_str(json_object_new_object(), "mac", mac));
}

static int vlan_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct host_iface link;
	int rc = guests_link(r, s, &link, err);

	return rc ? rc : host_bridge_set_vlan(r->env->host, s->what, step_vlan(s), timeout_ms, err);
}

static char *vlan_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("VLAN %u for port %s, pvid and untagged, and no other", step_vlan(s), s->what);
}

static int vlan_check(const struct step *s, struct err *err)
{
	unsigned vlan = step_vlan(s);

	if (!str_has_prefix(s->what, OURS) || !host_iface_name_ok(s->what) || !vlan || vlan > HOST_VLAN_MAX)
		return err_set(err, -EPERM, "the VLAN of %s does not belong in a journal", s->what);
	return 0;
}

/* It goes with the port. */
const struct op op_port_vlan = {
	.name = "port-vlan", .run = vlan_run, .text = vlan_text, .check = vlan_check,
};
