// SPDX-License-Identifier: GPL-3.0-or-later
/* nics: what they are connected to, and their traffic as the guest sees it. */
#include "tables.h"

#define TAP "net/dev of /proc, in QEMU's network namespace, seen from the guest (what " \
	"it receives the tap transmits); delta " \
	"over elapsed time"
#define LINKS "; read by a thread of its own, every 2 s while NICs are looked at"

static const struct column nic_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "id", "ID", "The NIC's device id, or the QOM path of one without.",
	  "/machine/peripheral of the object tree", UNIT_TEXT, TEXT(nic_row, id), .width = 12, .rank = 1,
	  .label = true },
	{ "mac", "MAC", "MAC address the guest uses.", "info network, else the device's mac", UNIT_TEXT,
	  TEXT(nic_row, mac), .width = 17, .rank = 3, .address = true },
	{ "model", "MODEL", "Kind of device.", "QOM type of the device", UNIT_TEXT, TEXT(nic_row, model),
	  .width = 14, .rank = 6 },
	{ "backend", "BACKEND", "What it is connected to: user, tap, macvtap, bridge, vhost-user, vhost-vdpa, "
	  "socket, ..; vfio: a device of the host is handed through; none: nothing.",
	  "info network; /proc/PID/fd for macvtap; class of a vfio-pci device in sysfs", UNIT_TEXT,
	  TEXT(nic_row, backend), .width = 10, .rank = 2 },
	{ "ifname", "IF", "Interface of the host.", "info network; fdinfo of the descriptor where QEMU was handed "
	  "one", UNIT_TEXT, TEXT(nic_row, ifname), .width = 15, .rank = 1 },
	{ "bridge", "BRIDGE", "Bridge (or other master) the interface is a port of; of a macvtap, the interface "
	  "below it.", "master and link of the interface over rtnetlink; Open vSwitch's name of it from its "
	  "database" LINKS, UNIT_TEXT, TEXT(nic_row, bridge), .width = 10, .rank = 4, .needs = NEED_LINKS },
	{ "bridge_kind", "SWITCH", "Kind of that: bridge (of Linux), ovs, bond, team, ..; of a macvtap its mode: "
	  "bridge, vepa, private, passthru, source.", "kind of the interface over rtnetlink" LINKS, UNIT_TEXT,
	  TEXT(nic_row, bridge_kind), .width = 8, .rank = 6, .needs = NEED_LINKS },
	{ "vlan", "VLAN", "VLAN of its untagged packets at that bridge: the PVID, or Open vSwitch's tag. Nothing "
	  "where the bridge does not filter VLANs.", "vlan list of the bridge port over rtnetlink; tag of the port "
	  "in OVSDB" LINKS, UNIT_COUNT, UINT(nic_row, vlan), .width = 4, .rank = 5, .needs = NEED_LINKS },
	{ "link", "LINK", "State of the interface on the host: up, down, no-carrier, ..; of a guest of libvirt's "
	  "also down where its definition says so. Whether the guest's driver uses it is not known.",
	  "flags of the interface over rtnetlink" LINKS "; link state in libvirt's definition", UNIT_TEXT,
	  TEXT(nic_row, link), .width = 10, .rank = 4, .needs = NEED_LINKS },
	{ "mtu", "MTU", "MTU of the interface on the host.", "rtnetlink" LINKS, UNIT_COUNT, UINT(nic_row, mtu),
	  .width = 5, .rank = 7, .needs = NEED_LINKS },
	{ "ip", "IP", "Addresses of the guest, as far as anybody knows.", "by its MAC: the host's neighbour tables "
	  "(IPv4 and IPv6), lease files of dnsmasq (libvirt, Incus, Proxmox, Neutron ..), ISC dhcpd, Kea; of a guest that is named: libvirt "
	  "(lease, guest agent)" LINKS, UNIT_TEXT, TEXT(nic_row, ip), .width = 15, .rank = 3, .address = true,
	  .needs = NEED_LINKS | NEED_ADDRESSES },
	{ "rx_bytes_per_s", "RX/s", "Bytes the guest received per second; unknown without an interface of this "
	  "host.", TAP, UNIT_BYTES_PER_S, RATE(nic_row, rx_bytes_per_s, rx_total, 1), .width = 5, .rank = 1,
	  .needs = NEED_NET, .graph = true },
	{ "tx_bytes_per_s", "TX/s", "Bytes the guest sent per second; unknown without an interface of this host.",
	  TAP, UNIT_BYTES_PER_S, RATE(nic_row, tx_bytes_per_s, tx_total, 1), .width = 5, .rank = 1,
	  .needs = NEED_NET, .graph = true },
	{ "rx_packets_per_s", "RXPK/s", "Packets the guest received per second.", TAP, UNIT_PER_S,
	  RATE(nic_row, rx_packets_per_s, rx_packets, 1), .width = 6, .rank = 3, .needs = NEED_NET, .graph = true },
	{ "tx_packets_per_s", "TXPK/s", "Packets the guest sent per second.", TAP, UNIT_PER_S,
	  RATE(nic_row, tx_packets_per_s, tx_packets, 1), .width = 6, .rank = 3, .needs = NEED_NET, .graph = true },
	{ "drops_per_s", "DROP/s", "Packets dropped at the interface per second, both ways: a guest that does not "
	  "take its packets drops them here.", TAP, UNIT_PER_S, RATE(nic_row, drops_per_s, drops, 1), .width = 6,
	  .meaning = "The guest does not empty its ring: too few vCPUs, no queues for them, or a worker "
	  "that waits for a CPU (`vhost`).",
	  .rank = 2, .needs = NEED_NET, MARK(ABOVE, 0.001) },
	{ "rx_drops_per_s", "RXDR/s", "Packets for the guest that were dropped per second: it did not take them in "
	  "time.", TAP, UNIT_PER_S, RATE(nic_row, rx_drops_per_s, rx_drops, 1), .width = 6, .rank = 7,
	  .meaning = "As DROP/s, on the way to the guest: more queues, a larger ring (rx_queue_size), or a "
	  "faster guest.",
	  .needs = NEED_NET },
	{ "tx_drops_per_s", "TXDR/s", "Packets of the guest that were dropped per second.", TAP, UNIT_PER_S,
	  .meaning = "The bridge or the wire behind it does not take them: its queue is full, or a filter "
	  "drops.",
	  RATE(nic_row, tx_drops_per_s, tx_drops, 1), .width = 6, .rank = 7, .needs = NEED_NET },
	{ "rx_errors_per_s", "RXER/s", "Errors per second on the way to the guest.", TAP, UNIT_PER_S,
	  .meaning = "A broken link or driver below; look at the interface of the host (ip -s link).",
	  RATE(nic_row, rx_errors_per_s, rx_errors, 1), .width = 6, .rank = 8, .needs = NEED_NET, MARK(ABOVE, 0.001) },
	{ "tx_errors_per_s", "TXER/s", "Errors per second on the way from the guest.", TAP, UNIT_PER_S,
	  .meaning = "As RXER/s.",
	  RATE(nic_row, tx_errors_per_s, tx_errors, 1), .width = 6, .rank = 8, .needs = NEED_NET, MARK(ABOVE, 0.001) },
	{ "vhost", "VHOST", "on: the kernel, or a vhost-user process, works the rings; off: QEMU does.",
	  "vhost-started of x-query-virtio-status when attaching", UNIT_TEXT, TEXT(nic_row, vhost), .width = 5,
	  .rank = 5, .needs = NEED_RINGS },
	{ "queues", "QUEUES", "Queue pairs of the backend; where vhost is on there is a vhost device for each.",
	  "info network", UNIT_COUNT, UINT(nic_row, queues), .width = 6, .rank = 6 },
	{ "netdev", "NETDEV", "Id of the backend.", "info network", UNIT_TEXT, TEXT(nic_row, netdev), .width = 12,
	  .rank = 8 },
	{ "pci", "PCI", "The host's PCI device that is handed through.", "host of the vfio-pci device", UNIT_TEXT,
	  TEXT(nic_row, pci), .width = 12, .rank = 6 },
};
const struct table nics_table = TABLE("nics", "NICs", nic_row, nic_columns, NULL, NEED_NICS);
