// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that change NICs. */
#include "verbs.h"
#include "hotplug/hotplug.h"

static const struct complete_by source_of_type[] = {
	{ "tap", COMPLETE_TAPS }, { "bridge", COMPLETE_BRIDGES }, { "network", COMPLETE_NETWORKS }, { "macvtap", COMPLETE_IFACES },
	{ "vhost-user", COMPLETE_PATHS }, { "vdpa", COMPLETE_VDPA }, { 0 },
};
static const struct arg add_args[] = {
	ARG_OF_GUEST,
	{ "type", ARG_CHOICE, .required = true, .choices = "user|tap|bridge|network|macvtap|vhost-user|vdpa",
	  .help = "What is behind it: user (QEMU's own network), tap, bridge (a tap in a Linux bridge or one of Open "
	    "vSwitch), network (of libvirt's), macvtap, vhost-user (a switch in user space), vdpa (not verified on "
	    "hardware)." },
	{ "source", ARG_TEXT, .by = "type", .by_value = source_of_type, .front = true, .help = "tap: one that is there, else one is made and goes with the NIC. bridge: its "
	  "name. network: its name. macvtap: the interface below. vhost-user: the switch's socket. vdpa: "
	  "/dev/vhost-vdpa-N." },
	{ "model", ARG_TEXT, .usual = "virtio", .front = true, .help = "virtio (the default), e1000e, e1000, rtl8139, or any NIC's name in QEMU." },
	{ "mac", ARG_TEXT, .usual = "a random one", .front = true, .help = "Its address, which no other NIC of the host may have; a random one of 52:54:00 if "
	  "none is given." },
	{ "queues", ARG_UINT, .usual = "1", .help = "Pairs of queues, 1 to 256; virtio only." },
	{ "vhost", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: the host's kernel moves the packets. kvmtop opens "
	  "/dev/vhost-net and passes it on, so QEMU needs no right to it." },
	{ "vlan", ARG_UINT, .help = "bridge: the VLAN it is in, 1 to 4094: a tag in Open vSwitch, the PVID, untagged, of a "
	  "Linux bridge with vlan_filtering. Through libvirt: of Open vSwitch, of Linux bridges from libvirt 11.0 on." },
	{ "mtu", ARG_UINT, .help = "What the guest is told, 68 to 65535, and what a tap or macvtap that kvmtop makes has; at most "
	  "what the bridge or the interface has, which is taken if none is given. A port always has the MTU of its bridge." },
	{ "id", ARG_TEXT, .usual = "kt-nic0 or the next", .help = "The device's id; kt-nic0, kt-nic1, .. if none is given." },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too." },
	{ "wait", ARG_CHOICE, .choices = "guest", .help = "guest: that the guest has not taken it is a timeout, "
	  "and undone." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: take an address that another NIC has already." },
};
const struct verb nic_add_verb = {
	.name = "nic add", CHANGE(hotplug_nic_add), ARGS(add_args), PLUG('n', ROOM_PORT), .summary = "Plug a NIC.",
	.rights = RIGHT_MONITOR "; of type bridge and macvtap CAP_NET_ADMIN and access to /dev/net/tun or /dev/tapN, of type tap to be "
		  "the owner of the tap; with vhost access to /dev/vhost-net",
	.doc = "Plugs a NIC into a running guest and waits for the guest's driver. Descriptors of taps and of vhost "
	  "are opened by kvmtop and passed to QEMU. What fails is taken back. A tap that kvmtop makes lives as long "
	  "as the NIC. A bridge keeps its address and MTU: the tap has the bridge's MTU and the guest's address with fe: for its "
	  "first byte, and a bridge that would take that one, as it has no other ports or higher ones, is told to keep its own.",
};

static const struct arg remove_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_NICS, .positional = true, .required = true, .help = "The device's id or its QOM path; "
	  "libvirt's alias, target or the id= given.", ID_OF_NIC },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: out of libvirt's stored definition too." },
	ARG_FORCE_USER,
};
const struct verb nic_remove_verb = {
	.name = "nic remove", CHANGE(hotplug_nic_remove), ARGS(remove_args), UNPLUG('n'), .summary = "Unplug a NIC.",
	.rights = RIGHT_MONITOR "; CAP_NET_ADMIN where kvmtop has made the interface",
	.doc = "Asks the guest to release a NIC, waits until it has, then removes what was behind it: the netdev, "
	  "and of the host what kvmtop made for it. A guest that does not answer keeps the NIC, and the removal is "
	  "pending.",
};

static const struct arg link_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .positional = true, .required = true, .complete = COMPLETE_NICS, .help = "The device's id or its QOM path; "
	  "libvirt's alias, target or the id= given." },
	{ "STATE", ARG_CHOICE, .positional = true, .required = true, .choices = "up|down", .help = "up or down." },
	ARG_FORCE_USER,
};
const struct verb nic_link_verb = {
	.name = "nic link", CHANGE(hotplug_nic_link), ARGS(link_args), PLUG_CHANGE('l'), .summary = "Plug or pull a NIC's cable.",
	.rights = RIGHT_MONITOR,
	.doc = "Sets the link of a NIC up or down, as a cable would. QEMU does not tell how a link is: of a guest "
	  "that is not libvirt's, taking it back is the other state.",
};
