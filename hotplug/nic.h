/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found out and chosen about a NIC before its steps are written. Private to hotplug. */
#ifndef KT_HOTPLUG_NIC_H
#define KT_HOTPLUG_NIC_H

#include "internal.h"

enum nic_kind { NIC_USER, NIC_TAP, NIC_BRIDGE, NIC_NETWORK, NIC_MACVTAP, NIC_VHOST_USER, NIC_VDPA };

struct nic {
	enum nic_kind kind;
	const char *type;		/* as type= has it */
	const char *source;		/* NULL: none was given */
	const char *driver;		/* "virtio-net-pci" */
	bool virtio, vhost;
	unsigned queues;
	char mac[18];
	unsigned vlan;			/* of its untagged packets, 0: none was given */
	unsigned mtu_given, mtu;	/* mtu=, 0: none; of the host's end as it is to be, 0: as it is made */
	unsigned room;			/* what that end, or the bridge it goes into, carries; 0: not known */
	bool tells_mtu;			/* the model has a way to tell the guest */
	bool filters_vlans;		/* the bridge does */
	bool keep;			/* the bridge would take the address of its port */
	char bridge[16];		/* .. that one, which may be below a network of libvirt's */
	char bridge_mac[18];
	char ifname[16];		/* the host's end; "" where there is none */
	bool make;			/* that one is made */
	bool multi_queue, was_up;	/* of one that is there */
	bool ovs;			/* source is a bridge of Open vSwitch */
	char *netdev, *chardev, *bus;
};
void nic_done(struct nic *n);

/* Names of what belongs to a NIC of ours; yours. */
char *nic_netdev(const char *id);
char *nic_chardev(const char *id);
bool nic_is_ours(const char *ifname);		/* kvmtop made it */

/* nic_check.c: type=, model=, queues=, vhost= and which of them go together; source= on this host */
int nic_check_args(const struct plan *p, struct nic *n, struct err *err);
/* nic_port.c: mtu= and vlan= against what the host has there, and what the port is to be so that its bridge stays as it is */
int nic_check_numbers(const struct plan *p, struct nic *n, struct err *err);
int nic_check_port(struct plan *p, const struct plan_env *env, struct nic *n, struct err *err);
/* What the guest is told, 0: nothing, as it is the 1500 that it takes for granted, or the model cannot. */
unsigned nic_told_mtu(const struct nic *n);
bool nic_libvirt_sets_mtu(enum nic_kind kind);
/* The steps that bring the host's end up, as a port of its bridge */
void nic_plan_up(struct plan *p, const struct nic *n);
/* nic_check_port has found that the bridge would take the address of its port. */
void nic_plan_keep_of(struct plan *p, const struct nic *n);
unsigned nic_vlan_of(const struct host *h, const char *ifname);	/* of the untagged packets of a port; 0: none */
/* That interface is about to go: where its bridge has its address and would get another, it is kept. */
void nic_plan_keep(struct plan *p, const struct host *h, const char *ifname);
/* Open vSwitch has such a port (NULL: any) of such a bridge (NULL: any). One in user space need not be known to the kernel. */
bool nic_ovs_has(const struct host *h, const char *bridge, const char *port);
int nic_check_source(const struct plan *p, const struct host *h, struct nic *n, struct err *err);

/* nic_mac.c: mac= or a random one, that no interface of the host and no NIC of any guest we can look at has */
int nic_choose_mac(struct plan *p, const struct plan_env *env, struct nic *n, struct err *err);

/* nic_find.c: the NIC under this id or QOM path, and the host's end of it. -ENODEV names those there are. */
struct nic_found {
	char *id;			/* for device_del: qdev id, or QOM path */
	char *type;			/* "virtio-net-pci" */
	char *bus;			/* NULL = none, or not known */
	struct qmp_nic nic;
	struct host_netif netif;	/* name "" = none, or not to be seen */
};
int nic_find(const struct plan *p, const struct plan_env *env, const char *id, struct nic_found *out, struct err *err);
void nic_found_done(struct nic_found *f);

/* virt_nic.c: the same verbs for a guest of libvirt's */
enum nic_verb { NIC_ADD, NIC_REMOVE, NIC_LINK };
int virt_nic_build(struct plan *p, const struct plan_env *env, enum nic_verb verb, struct err *err);

#endif
