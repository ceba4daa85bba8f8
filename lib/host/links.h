/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's network interfaces as rtnetlink tells them, in our network namespace. A dump takes the kernel's
 * lock of all network configuration, for which others may be waited: not for a thread that samples or draws.
 */
#ifndef KT_HOST_LINKS_H
#define KT_HOST_LINKS_H

#include "root.h"

struct host_link {
	int index;
	int master, lower;		/* index of the bridge it is a port of; of what it is stacked upon; 0: none */
	char name[16];
	char kind[16];			/* "bridge", "tun", "macvtap", "openvswitch", ..; "": hardware, or not told */
	char mode[12];			/* of a macvtap: "bridge", "vepa", .. */
	const char *state;		/* "up", "down", "no-carrier" */
	unsigned mtu;			/* 0: not told */
	unsigned pvid;			/* as a port of a bridge: VLAN of untagged packets, 0: none */
	bool filters_vlans;		/* a bridge that does */
};
/* Sorted by name; yours. Waits timeout_ms at most for each of two answers. Of a recorded host: what its sysfs tells. */
int host_links_read(const struct host *h, unsigned timeout_ms, struct host_link **list, size_t *n);
const struct host_link *host_links_find(const struct host_link *list, size_t n, const char *name);	/* NULL: none */
const struct host_link *host_links_index(const struct host_link *list, size_t n, int index);
/*
 * Messages of a dump into a list that may have the interface already: one dump tells of interfaces, one of bridge
 * ports. True at the end of the dump; *rc gets the kernel's error.
 */
bool host_links_take(const void *data, size_t len, struct host_link **list, size_t *n, int *rc);

/* Ports of Open vSwitch, out of its database: the kernel only knows that they are somebody's. */
struct host_ovs_port {
	char name[16];			/* of the interface */
	char bridge[16];
	int tag;			/* VLAN of its untagged packets, -1: none */
	bool internal;			/* the switch made the interface, as that of the bridge itself */
};
#define HOST_OVS_SOCKET "/var/run/openvswitch/db.sock"
int host_ovs_read(const char *socket, unsigned timeout_ms, struct host_ovs_port **list, size_t *n, struct err *err);
/* The answer's "result". -EBADMSG: none of it makes sense. */
int host_ovs_parse(struct json_object *result, struct host_ovs_port **list, size_t *n, struct err *err);

/*
 * Make an interface a port of a bridge, marked as ours, its VLAN (0: it carries them all), and wait until the switch has
 * taken it; remove one that is so marked: -ENOENT if it is not there.
 */
int host_ovs_add(const char *socket, const char *bridge, const char *port, unsigned vlan, unsigned timeout_ms, struct err *err);
int host_ovs_del(const char *socket, const char *port, unsigned timeout_ms, struct err *err);

/* Addresses by MAC: neighbour tables, and files of leases. */
struct host_address {
	char mac[ADDRESS_MAC_SIZE];	/* both as address.h writes them */
	char ip[ADDRESS_IP_SIZE];
	unsigned ifindex;		/* of the interface behind which this IPv6 neighbour is; 0 = not told */
};
/*
 * timeout_ms: for IPv6 neighbours, which rtnetlink tells. now: seconds since 1970, for leases that are over. Sorted by
 * MAC, then address; yours.
 */
void host_addresses_read(const struct host *h, uint64_t now, unsigned timeout_ms, struct host_address **list, size_t *n);
/* One from elsewhere, if it is one; then they have to be sorted again, which drops what is there twice. */
void host_addresses_add(struct host_address **list, size_t *n, const char *mac, const char *ip);
void host_addresses_sort(struct host_address *list, size_t *n);
/* Messages of a dump of IPv6 neighbours into a list: 1 at its end, 0 for more, or the kernel's error. */
int host_addresses_take(const void *data, size_t len, struct host_address **list, size_t *n);
/* leases.c: those that a DHCP server of this host has given away, added to a list */
void host_leases_read(const struct host *h, uint64_t now, struct host_address **list, size_t *n);
/* Those of a MAC, count of them; NULL: none */
const struct host_address *host_addresses_of(const struct host_address *list, size_t n, const char *mac, size_t *count);

#endif
