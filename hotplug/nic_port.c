// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The host's end of a NIC as a port: its address, MTU and VLAN. A bridge that has no address and no MTU set by hand takes
 * the lowest of its ports' addresses and the least of their MTUs, and nothing tells whether its MTU was set. So a port that
 * kvmtop makes has the bridge's MTU, and an address that a bridge of ordinary NICs does not take, as libvirt gives it:
 * fe: and the rest of the guest's. Where the bridge would take that one too, it is told to keep its own.
 */
#include "nic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MTU_MIN 68
#define MTU_MAX 65535
#define MTU_USUAL 1500			/* what a guest takes for granted */
#define ASK_MS 2000

static int read_number(const struct plan *p, const char *key, unsigned min, unsigned max, unsigned *out, struct err *err)
{
	const char *given = plan_arg(p, key);
	uint64_t n = 0;

	if (given && (units_uint_parse(given, &n) || n < min || n > max))
		return err_set(err, -EINVAL, "%s=%s: %u to %u", key, given, min, max);
	*out = (unsigned)n;
	return 0;
}

/* A VLAN separates where a switch looks at it, and that is where kvmtop makes the port of it. */
static int check_vlan_kind(const struct plan *p, const struct nic *n, struct err *err)
{
	switch (n->kind) {
	case NIC_BRIDGE: return 0;
	case NIC_NETWORK: return 0;	/* libvirt knows what is below it */
	case NIC_TAP:
		return err_set(err, -EINVAL, "vlan=%u: a tap has none but as a port of a bridge (type=bridge%s%s)", n->vlan,
			       n->source ? ", or: bridge vlan add pvid untagged dev " : "", n->source ? n->source : "");
	case NIC_MACVTAP:
		return err_set(err, -EINVAL, "vlan=%u: a macvtap carries what the interface below it does (ip link add link %s "
			       "name %s.%u type vlan id %u, then source=%s.%u)", n->vlan, n->source, n->source, n->vlan, n->vlan,
			       n->source, n->vlan);
	case NIC_VHOST_USER:
		return err_set(err, -EINVAL, "vlan=%u: the switch in user space gives its ports VLANs (ovs-vsctl set port PORT "
			       "tag=%u)", n->vlan, n->vlan);
	case NIC_USER:
	case NIC_VDPA:
		break;
	}
	return err_set(err, -EINVAL, "vlan=%u: type=%s has none (type=bridge)", n->vlan, plan_arg(p, "type"));
}

int nic_check_numbers(const struct plan *p, struct nic *n, struct err *err)
{
	int rc = read_number(p, "vlan", 1, HOST_VLAN_MAX, &n->vlan, err);

	if (!rc)
		rc = read_number(p, "mtu", MTU_MIN, MTU_MAX, &n->mtu_given, err);
	if (!rc && n->vlan)
		rc = check_vlan_kind(p, n, err);
	if (!rc && n->mtu_given && n->kind == NIC_VDPA)
		rc = err_set(err, -EINVAL, "mtu=%u: the device tells its guest itself (vdpa dev add .. mtu)", n->mtu_given);
	if (!rc && n->mtu_given && n->kind == NIC_NETWORK)
		rc = err_set(err, -EINVAL, "mtu=%u: the network's own MTU holds for all of its NICs (virsh net-edit %s: <mtu "
			     "size='%u'/>)", n->mtu_given, n->source, n->mtu_given);
	return rc;
}

static const char *room_of(const struct nic *n)
{
	switch (n->kind) {
	case NIC_BRIDGE: return "bridge";
	case NIC_TAP: return "tap";
	case NIC_MACVTAP:
	case NIC_USER:
	case NIC_NETWORK:
	case NIC_VHOST_USER:
	case NIC_VDPA:
		break;
	}
	return "interface";
}

bool nic_libvirt_sets_mtu(enum nic_kind kind)
{
	return kind == NIC_BRIDGE || kind == NIC_TAP || kind == NIC_VHOST_USER;
}

/* libvirt gives the host's end what it tells the guest: a tap of less, and the bridge may fall to it, for all of its ports. */
static int check_libvirt_mtu(const struct nic *n, struct err *err)
{
	if (!nic_libvirt_sets_mtu(n->kind))
		return err_set(err, -EINVAL, "mtu=%u: libvirt sets none for type=%s (leave it out, and set it in the guest)",
			       n->mtu_given, n->type);
	if (n->mtu_given < n->room)
		return err_set(err, -EINVAL, "mtu=%u: libvirt gives the port what it tells the guest, and %s %s, which has %u, may "
			       "follow (leave it out, and set it in the guest)", n->mtu_given, room_of(n), n->source, n->room);
	return 0;
}

/* What is larger is dropped on the way, or would change the bridge, or what is below. */
static int check_mtu(struct plan *p, struct nic *n, struct err *err)
{
	if (n->kind == NIC_USER && n->mtu_given > MTU_USUAL)
		return err_set(err, -EINVAL, "mtu=%u: QEMU's own network carries %d bytes (type=bridge, tap, macvtap)", n->mtu_given,
			       MTU_USUAL);
	if (n->room && n->mtu_given > n->room)
		return err_set(err, -EINVAL, "mtu=%u: %s %s has an MTU of %u (at most that, or first: ip link set %s mtu %u)",
			       n->mtu_given, room_of(n), n->source, n->room, n->source, n->mtu_given);
	if (p->domain && n->mtu_given && check_libvirt_mtu(n, err))
		return -EINVAL;
	if (n->mtu_given && !n->tells_mtu)
		plan_warn(p, "mtu=%u: a %s has no way to tell its guest (set it in there, or use model=virtio)", n->mtu_given,
			  n->driver);
	if (n->make)
		n->mtu = n->kind == NIC_BRIDGE ? n->room : n->mtu_given;
	return 0;
}

unsigned nic_told_mtu(const struct nic *n)
{
	unsigned mtu = n->mtu_given ? n->mtu_given : n->room != MTU_USUAL ? n->room : 0;

	return n->tells_mtu ? mtu : 0;
}

static int check_filter(const struct nic *n, struct err *err)
{
	if (!n->vlan || n->kind != NIC_BRIDGE || n->filters_vlans)
		return 0;
	return err_set(err, -EINVAL, "vlan=%u: bridge %s filters no VLANs: its ports see the packets of all of them (ip link set %s "
		       "type bridge vlan_filtering 1, when its other ports have their VLANs; or a bridge of its own on a VLAN "
		       "interface: ip link add link UPLINK name UPLINK.%u type vlan id %u)", n->vlan, n->source, n->source, n->vlan,
		       n->vlan);
}

/* libvirt gives a port of a Linux bridge a VLAN since 11.0; before that it says so only when it is to be done. */
static int check_libvirt(const struct plan *p, const struct plan_env *env, const struct nic *n, struct err *err)
{
	unsigned long version = 0;
	int rc;

	if (!p->domain || !n->vlan || n->kind != NIC_BRIDGE || n->ovs)
		return 0;
	rc = virt_version(env->virt, p->domain, VIRT_ASK_MS, &version, err);
	if (rc || version >= 11000000)
		return rc;
	return err_set(err, -EOPNOTSUPP, "vlan=%u: libvirt %lu.%lu gives VLANs to ports of Open vSwitch only (libvirt 11.0 or newer, "
		       "a bridge of Open vSwitch, or a bridge of its own on a VLAN interface: ip link add link UPLINK name "
		       "UPLINK.%u type vlan id %u)", n->vlan, version / 1000000, version / 1000 % 1000, n->vlan, n->vlan);
}

unsigned nic_vlan_of(const struct host *h, const char *ifname)
{
	struct host_ovs_port *ports = NULL;
	struct host_link *links = NULL;
	const struct host_link *l;
	unsigned vlan = 0;
	size_t n = 0, i;

	if (!host_links_read(h, ASK_MS, &links, &n)) {
		l = host_links_find(links, n, ifname);
		vlan = l ? l->pvid : 0;
	}
	free(links);
	n = 0;
	if (!vlan && host_is_live(h) && !host_ovs_read(HOST_OVS_SOCKET, ASK_MS, &ports, &n, NULL))
		for (i = 0; i < n; i++)
			if (!strcmp(ports[i].name, ifname) && ports[i].tag > 0)
				vlan = (unsigned)ports[i].tag;
	free(ports);
	return vlan;
}

/* With the bit of a locally administered address, and higher than those of hardware. */
static void port_mac(const struct nic *n, char mac[18])
{
	memcpy(mac, n->mac, sizeof(n->mac));
	memcpy(mac, "fe", 2);
}

/* The host's bridge that the NIC's port is to be on; false: none, or it is not known. */
static bool read_bridge(const struct plan *p, const struct plan_env *env, const struct nic *n, struct host_iface *out)
{
	auto_free char *below = NULL;

	if (n->kind == NIC_NETWORK && p->domain)
		virt_network_bridge(env->virt, p->domain, n->source, VIRT_ASK_MS, &below, NULL);
	else if (n->kind == NIC_BRIDGE)
		below = xstrdup(n->source);
	return below && !host_iface_read(env->host, below, out);
}

int nic_check_port(struct plan *p, const struct plan_env *env, struct nic *n, struct err *err)
{
	struct host_iface bridge;
	char mac[18];
	int rc = check_mtu(p, n, err);

	if (!rc)
		rc = check_filter(n, err);
	if (!rc)
		rc = check_libvirt(p, env, n, err);
	if (rc || n->ovs || !read_bridge(p, env, n, &bridge))
		return rc;
	port_mac(n, mac);
	memcpy(n->bridge, bridge.name, sizeof(n->bridge));
	n->keep = host_bridge_would_take(&bridge, mac);
	memcpy(n->bridge_mac, bridge.mac, sizeof(n->bridge_mac));
	return 0;
}

void nic_plan_keep_of(struct plan *p, const struct nic *n)
{
	if (n->keep)
		plan_bridge_keep(p, n->bridge, n->bridge_mac);
}

void nic_plan_keep(struct plan *p, const struct host *h, const char *ifname)
{
	struct host_iface port, bridge;

	if (*ifname && !host_iface_read(h, ifname, &port) && *port.master && !host_iface_read(h, port.master, &bridge) &&
	    host_bridge_would_lose(&bridge, &port))
		plan_bridge_keep(p, bridge.name, bridge.mac);
}

static struct json_object *link_json(bool up, const char *master)
{
	struct json_object *args = json_put(json_object_new_object(), "up", json_object_new_boolean(up));

	return master ? json_put_str(args, "master", master) : args;
}

/* first: it has not got its address and MTU yet; a macvtap was made with its own, a tap that was there keeps them */
static struct json_object *up_json(const struct nic *n, bool up, const char *master, bool first)
{
	struct json_object *args = link_json(up, master);
	char mac[18];

	if (!first || !n->make)
		return args;
	port_mac(n, mac);
	if (n->kind != NIC_MACVTAP)
		json_put_str(args, "mac", mac);
	if (n->mtu)
		json_put(args, "mtu", json_object_new_int((int)n->mtu));
	return args;
}

static void plan_ovs_port(struct plan *p, const struct nic *n)
{
	struct json_object *args = named("bridge", n->source);
	struct step *s;

	plan_net(p, STEP_LINK_SET, n->ifname, up_json(n, false, NULL, true));
	if (n->vlan)
		json_put(args, "vlan", json_object_new_int((int)n->vlan));
	s = plan_net(p, STEP_OVS_ADD, n->ifname, args);
	step_undo_net(s, STEP_OVS_DEL, n->ifname, NULL);
	step_leaves(s, "port %s of Open vSwitch bridge %s", n->ifname, n->source);
}

/* Up when it has its VLAN: until then it would have the bridge's default one. */
static void plan_vlan_port(struct plan *p, const struct nic *n)
{
	struct step *s = plan_net(p, STEP_LINK_SET, n->ifname, up_json(n, false, n->source, true));

	step_undo_net(s, STEP_LINK_SET, n->ifname, link_json(false, ""));
	step_leaves(s, "interface %s in bridge %s", n->ifname, n->source);
	plan_net(p, STEP_PORT_VLAN, n->ifname, json_put(json_object_new_object(), "vlan", json_object_new_int((int)n->vlan)));
}

/*
 * Once the device is in, and first of all to be taken back, whatever QEMU says to the rest: until then, and from then on,
 * who has the descriptor reaches nothing with it.
 */
void nic_plan_up(struct plan *p, const struct nic *n)
{
	bool two = n->ovs || n->vlan, bridge = n->kind == NIC_BRIDGE && !two;
	struct step *s;

	if (!*n->ifname || (!n->make && n->was_up))
		return;
	nic_plan_keep_of(p, n);
	if (n->ovs)
		plan_ovs_port(p, n);
	else if (n->vlan)
		plan_vlan_port(p, n);
	s = plan_net(p, STEP_LINK_SET, n->ifname, up_json(n, true, bridge ? n->source : NULL, !two));
	step_undo_net(s, STEP_LINK_SET, n->ifname, link_json(false, bridge ? "" : NULL));
	step_leaves(s, "interface %s%s%s up", n->ifname, bridge ? " in bridge " : "", bridge ? n->source : "");
}
