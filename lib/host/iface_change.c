// SPDX-License-Identifier: GPL-3.0-or-later
/* Changing network interfaces: taps through /dev/net/tun, the rest through route netlink. */
#include "iface.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "private.h"
#include "rtnl.h"

static int must_be_live(const struct host *h, struct err *err)
{
	return host_is_live(h) ? 0 : err_set(err, -EOPNOTSUPP, "a recorded host cannot be changed");
}

int host_tap_open(const struct host *h, const char *name, enum host_tap_how how, bool multi_queue, struct err *err)
{
	auto_close int fd = -1;
	struct ifreq req = {0};
	int rc = must_be_live(h, err);

	if (rc)
		return rc;
	if (!host_iface_name_ok(name))
		return err_set(err, -EINVAL, "'%s' cannot be an interface's name", name);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(err, -errno, "/dev/net/tun (modprobe tun?)");
	strcpy(req.ifr_name, name);
	req.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multi_queue ? IFF_MULTI_QUEUE : 0) |
				(how == HOST_TAP_MAKE ? IFF_TUN_EXCL : 0));
	/* without this a tap that has gone meanwhile would be made anew, and not as its owner had it */
	if (how != HOST_TAP_MAKE) {
		struct host_iface link;

		rc = host_iface_read(h, name, &link);
		if (rc || !link.tap)
			return err_set(err, rc ? rc : -EINVAL, "%s is no tap of this host", name);
	}
	if (!ioctl(fd, TUNSETIFF, &req))
		return take_fd(&fd);
	rc = -errno;
	if (rc == -EBUSY && how == HOST_TAP_MAKE)
		return err_set(err, -EEXIST, "an interface %s exists already", name);
	if (rc == -EBUSY)
		return err_set(err, rc, "tap %s is in use by another process", name);
	if (rc == -EPERM)
		return err_set(err, rc, "no right to %s tap %s (run kvmtop as root, or use a tap that is yours: ip "
			       "tuntap add mode tap user NAME)", how == HOST_TAP_MAKE ? "make" : "open", name);
	return err_sys(err, rc, "tap %s", name);
}

int host_macvtap_open(const struct host *h, const char *name, bool multi_queue, struct err *err)
{
	struct ifreq req = {0};
	auto_close int fd = -1;
	struct host_iface link;
	char path[64];
	int rc = must_be_live(h, err);

	if (rc)
		return rc;
	rc = host_iface_read(h, name, &link);
	if (rc || !link.macvtap)
		return err_set(err, rc ? rc : -EINVAL, "%s is no macvtap of this host", name);
	snprintf(path, sizeof(path), "/dev/tap%u", link.index);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(err, -errno, "%s of macvtap %s", path, name);
	req.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multi_queue ? IFF_MULTI_QUEUE : 0));
	return ioctl(fd, TUNSETIFF, &req) ? err_sys(err, -errno, "macvtap %s", name) : take_fd(&fd);
}

int host_dev_open(const struct host *h, const char *name, struct err *err)
{
	int fd;

	if (strchr(name, '/') || *name == '.')
		return err_set(err, -EINVAL, "'%s' is no device node's name", name);
	fd = host_open_rw(h, "dev/%s", name);
	return fd < 0 ? err_sys(err, fd, "/dev/%s", name) : fd;
}

static int find(const struct host *h, const char *name, struct host_iface *link, struct err *err)
{
	int rc = must_be_live(h, err);

	if (!rc)
		rc = host_iface_read(h, name, link);
	return rc == -ENODEV ? err_set(err, rc, "no interface %s on this host", name) :
		rc == -EINVAL ? err_set(err, rc, "'%s' cannot be an interface's name", name) : rc;
}

static int told(int rc, struct err *err, const char *what, const char *name)
{
	if (rc == -EPERM)
		return err_set(err, rc, "%s %s: no right to (CAP_NET_ADMIN is needed: run kvmtop as root)", what, name);
	return rc ? err_sys(err, rc, "%s %s", what, name) : 0;
}

static bool put_mac(struct rtnl_request *r, const char *mac)
{
	unsigned char b[6];

	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
		return false;
	mnl_attr_put(&r->head, IFLA_ADDRESS, sizeof(b), b);
	return true;
}

int host_iface_set(const struct host *h, const char *name, const struct host_iface_change *to, unsigned timeout_ms,
		   struct err *err)
{
	struct host_iface link = {0}, master = {0};
	struct ifinfomsg *info;
	struct rtnl_request r;
	int rc = find(h, name, &link, err);

	if (!rc && to->master && *to->master)
		rc = find(h, to->master, &master, err);
	if (rc)
		return rc;
	info = rtnl_begin(&r, RTM_NEWLINK, 0);
	info->ifi_index = (int)link.index;
	info->ifi_change = IFF_UP;
	info->ifi_flags = to->up ? IFF_UP : 0;
	if (to->mac && !put_mac(&r, to->mac))
		return err_set(err, -EINVAL, "interface %s: '%s' is no MAC address", name, to->mac);
	if (to->mtu)
		mnl_attr_put_u32(&r.head, IFLA_MTU, to->mtu);
	if (to->master)
		mnl_attr_put_u32(&r.head, IFLA_MASTER, master.index);
	return told(rtnl_talk(&r, timeout_ms), err, "setting up interface", name);
}

int host_bridge_keep_address(const struct host *h, const char *name, unsigned timeout_ms, struct err *err)
{
	struct host_iface link = {0};
	struct rtnl_request r;
	int rc = find(h, name, &link, err);

	if (rc || link.mac_is_set)
		return rc;
	if (!link.bridge)
		return err_set(err, -ENODEV, "%s is no bridge", name);
	rtnl_begin(&r, RTM_NEWLINK, 0)->ifi_index = (int)link.index;
	if (!put_mac(&r, link.mac))
		return err_set(err, -EINVAL, "bridge %s has no address to keep", name);
	return told(rtnl_talk(&r, timeout_ms), err, "keeping the address of bridge", name);
}

/* One VLAN of a port, untagged and that of untagged packets, is added, or one taken away. */
static int change_vlan(unsigned index, unsigned short type, unsigned vlan, unsigned timeout_ms)
{
	struct bridge_vlan_info info = { .vid = (uint16_t)vlan };
	struct ifinfomsg *head;
	struct rtnl_request r;
	struct nlattr *spec;

	if (type == RTM_SETLINK)
		info.flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED;
	head = rtnl_begin(&r, type, 0);
	head->ifi_family = AF_BRIDGE;
	head->ifi_index = (int)index;
	spec = mnl_attr_nest_start(&r.head, IFLA_AF_SPEC);
	mnl_attr_put(&r.head, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
	mnl_attr_nest_end(&r.head, spec);
	return rtnl_talk(&r, timeout_ms);
}

int host_bridge_set_vlan(const struct host *h, const char *port, unsigned vlan, unsigned timeout_ms, struct err *err)
{
	struct host_iface link = {0};
	char text[16];
	unsigned other = 0;
	int rc = find(h, port, &link, err);

	if (rc)
		return rc;
	/* what a new port is given, 0: nothing */
	if (host_read(h, text, sizeof(text), "sys/class/net/%s/bridge/default_pvid", link.master) > 0)
		other = (unsigned)strtoul(text, NULL, 10);
	rc = change_vlan(link.index, RTM_SETLINK, vlan, timeout_ms);
	if (!rc && other && other != vlan)
		rc = change_vlan(link.index, RTM_DELLINK, other, timeout_ms);
	if (rc == -EOPNOTSUPP)
		return err_set(err, rc, "this kernel's bridges filter no VLANs (CONFIG_BRIDGE_VLAN_FILTERING)");
	return told(rc, err, "setting the VLAN of port", port);
}

int host_iface_add_macvtap(const struct host *h, const char *name, const char *lower, const char *mode, const char *mac,
			   unsigned timeout_ms, struct err *err)
{
	static const struct {
		const char *name;
		uint32_t mode;
	} modes[] = {
		{ "bridge", MACVLAN_MODE_BRIDGE }, { "private", MACVLAN_MODE_PRIVATE }, { "vepa", MACVLAN_MODE_VEPA },
		{ "passthru", MACVLAN_MODE_PASSTHRU },
	};
	struct nlattr *outer, *inner;
	struct host_iface link = {0};
	struct rtnl_request r;
	size_t i;
	int rc = find(h, lower, &link, err);

	if (rc)
		return rc;
	for (i = 0; i < ARRAY_SIZE(modes) && strcmp(modes[i].name, mode); i++)
		;
	rtnl_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	if (i == ARRAY_SIZE(modes) || !host_iface_name_ok(name) || !put_mac(&r, mac))
		return err_set(err, -EINVAL, "macvtap %s: mode '%s' or MAC address '%s' make no sense", name,
			       mode, mac);
	mnl_attr_put_strz(&r.head, IFLA_IFNAME, name);
	mnl_attr_put_u32(&r.head, IFLA_LINK, link.index);
	outer = mnl_attr_nest_start(&r.head, IFLA_LINKINFO);
	mnl_attr_put_strz(&r.head, IFLA_INFO_KIND, "macvtap");
	inner = mnl_attr_nest_start(&r.head, IFLA_INFO_DATA);
	mnl_attr_put_u32(&r.head, IFLA_MACVLAN_MODE, modes[i].mode);
	mnl_attr_nest_end(&r.head, inner);
	mnl_attr_nest_end(&r.head, outer);
	rc = rtnl_talk(&r, timeout_ms);
	if (rc == -EOPNOTSUPP)
		return err_set(err, rc, "this kernel makes no macvtap (modprobe macvtap)");
	return told(rc, err, "making macvtap", name);
}

int host_iface_del(const struct host *h, const char *name, unsigned timeout_ms, struct err *err)
{
	struct host_iface link = {0};
	struct ifinfomsg *info;
	struct rtnl_request r;
	int rc = find(h, name, &link, err);

	if (rc)
		return rc;
	info = rtnl_begin(&r, RTM_DELLINK, 0);
	info->ifi_index = (int)link.index;
	return told(rtnl_talk(&r, timeout_ms), err, "removing interface", name);
}
