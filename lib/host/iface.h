/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's own network interfaces: what one is (sysfs, of our network namespace), and changing them (netlink,
 * /dev/net/tun). Changes are made to the real host only: -EOPNOTSUPP on a recorded tree. Descriptors are yours.
 */
#ifndef KT_HOST_IFACE_H
#define KT_HOST_IFACE_H

#include "root.h"

struct host_iface {
	char name[16];
	char mac[18];			/* "52:54:00:12:34:56", "" = has none */
	char master[16];		/* bridge, bond or "ovs-system"; "" = none */
	unsigned index;
	bool up;			/* set up by somebody; says nothing of a cable */
	bool carrier;			/* of a tap: somebody has it open. Unknown (false) while it is down */
	unsigned mtu;			/* 0: not told */
	bool mac_is_set;		/* set by hand: a bridge with another has the lowest of its ports */
	bool bridge;			/* it is a Linux bridge */
	bool filters_vlans;		/* .. that does */
	unsigned n_ports;		/* how many ports it has */
	bool tap, multi_queue;		/* a tap of /dev/net/tun, made for several queues */
	bool macvtap;
};

/* A name that an interface may have: 1..15 bytes, no '/', no blank, not "." or "..". */
bool host_iface_name_ok(const char *name);
/* The bridge, bond or switch that an interface is a port of. -ENOENT: none. */
int host_net_master(const struct host *h, const char *name, char master[16]);
/* -ENODEV: there is none of that name; -EINVAL: it cannot be a name. */
int host_iface_read(const struct host *h, const char *name, struct host_iface *out);
/* The name of the interface with that MAC address. -ENOENT: none. */
int host_iface_find_mac(const struct host *h, const char *mac, char name[16]);
/* PREFIX0, PREFIX1, ..: the first that no interface has. */
int host_iface_free_name(const struct host *h, const char *prefix, char name[16]);

/*
 * A descriptor of a tap, one for each queue. make: the tap is made by the first one and gone with the last one closed;
 * -EEXIST: there is one of that name. Else it must be there and have no user (-EBUSY).
 */
enum host_tap_how { HOST_TAP_THERE, HOST_TAP_MAKE, HOST_TAP_NEXT };
int host_tap_open(const struct host *h, const char *name, enum host_tap_how how, bool multi_queue, struct err *err);
/* A descriptor of a macvtap (/dev/tapN, N being the interface's index), one for each queue. */
int host_macvtap_open(const struct host *h, const char *name, bool multi_queue, struct err *err);
/* A device node below the root's /dev, for reading and writing: "vhost-net", "vhost-vdpa-0". */
int host_dev_open(const struct host *h, const char *name, struct err *err);

/*
 * A bridge whose address is not set by hand would have that of a port with this MAC address, if there were one. Of an
 * address of zeros, which a bridge has that has lost its last port, nothing is to be kept.
 */
bool host_bridge_would_take(const struct host_iface *bridge, const char *mac);
/* It has that of this port, and with the port it would get another. */
bool host_bridge_would_lose(const struct host_iface *bridge, const struct host_iface *port);

/* The kernel takes address and MTU before it makes a port of it, so that no bridge sees the old ones. */
struct host_iface_change {
	bool up;
	const char *master;		/* what it is a port of; NULL = leave that, "" = of nothing */
	const char *mac;		/* NULL = leave that */
	unsigned mtu;			/* 0 = leave that */
};
int host_iface_set(const struct host *h, const char *name, const struct host_iface_change *to, unsigned timeout_ms,
		   struct err *err);
/* A bridge keeps the address it has, as if it had been set by hand; nothing else is changed. */
int host_bridge_keep_address(const struct host *h, const char *name, unsigned timeout_ms, struct err *err);
#define HOST_VLAN_MAX 4094
/* A port of a bridge that filters VLANs: its untagged packets are of this one, and it gets no others. */
int host_bridge_set_vlan(const struct host *h, const char *port, unsigned vlan, unsigned timeout_ms, struct err *err);
/* A macvtap on another interface; mode "bridge", "private", "vepa" or "passthru". */
int host_iface_add_macvtap(const struct host *h, const char *name, const char *lower, const char *mode, const char *mac,
			   unsigned timeout_ms, struct err *err);
/* -ENODEV: there is none. */
int host_iface_del(const struct host *h, const char *name, unsigned timeout_ms, struct err *err);

#endif
