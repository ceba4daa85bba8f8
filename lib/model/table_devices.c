// SPDX-License-Identifier: GPL-3.0-or-later
/* disks, nics, devices, slots: what is plugged, and what there is room for. */
#include "tables.h"

#define BLOCKSTATS "query-blockstats, asked for each sample while disks are looked at: "
#define OVER_TIME "; delta over the time between two answers"
#define TAP "/proc/net/dev, seen from the guest (what it receives the tap transmits); delta over elapsed time"

static const struct column disk_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "id", "ID", "What `disk remove` takes: the device's id, or the QOM path of one without.", "qdev of query-block",
	  UNIT_TEXT, TEXT(disk_row, id), .width = 12, .rank = 1, .label = true },
	{ "device", "DEVICE", "What QEMU calls the drive: the id of -drive, else the name of the block node.",
	  "device, node-name of query-block", UNIT_TEXT, TEXT(disk_row, device), .width = 12, .rank = 6 },
	{ "file", "FILE", "The image or block device; nothing for an empty drive.", "file of query-block", UNIT_TEXT,
	  TEXT(disk_row, file), .width = 30, .rank = 3 },
	{ "format", "FORMAT", "Format of the image.", "drv of query-block", UNIT_TEXT,
	  TEXT(disk_row, format), .width = 6, .rank = 4 },
	{ "bus", "BUS", "virtio, scsi, ide, sata, usb, nvme, sd or floppy.", "QOM type of the device", UNIT_TEXT,
	  TEXT(disk_row, bus), .width = 6, .rank = 3 },
	{ "rd_iops", "RD/s", "Reads completed per second.", BLOCKSTATS "rd_operations" OVER_TIME, UNIT_PER_S,
	  RATE(disk_row, rd_iops, rd_ops, 1), .width = 5, .rank = 1, .graph = true },
	{ "wr_iops", "WR/s", "Writes completed per second.", BLOCKSTATS "wr_operations" OVER_TIME, UNIT_PER_S,
	  RATE(disk_row, wr_iops, wr_ops, 1), .width = 5, .rank = 1, .graph = true },
	{ "rd_bytes_per_s", "RDB/s", "Bytes read per second.", BLOCKSTATS "rd_bytes" OVER_TIME, UNIT_BYTES_PER_S,
	  RATE(disk_row, rd_bytes_per_s, rd_total, 1), .width = 5, .rank = 1, .graph = true },
	{ "wr_bytes_per_s", "WRB/s", "Bytes written per second.", BLOCKSTATS "wr_bytes" OVER_TIME, UNIT_BYTES_PER_S,
	  RATE(disk_row, wr_bytes_per_s, wr_total, 1), .width = 5, .rank = 1, .graph = true },
	{ "rd_lat_us", "RLAT", "Mean time a read took in QEMU, of the reads completed since the sample before; unknown if there "
	  "was none.", BLOCKSTATS "rd_total_time_ns by rd_operations", UNIT_US,
	  MEAN(disk_row, rd_lat_us, rd_ns, rd_ops, 1e-3), .width = 5, .rank = 2, .graph = true },
	{ "wr_lat_us", "WLAT", "Mean time a write took in QEMU, of the writes completed since the sample before; unknown if there "
	  "was none.", BLOCKSTATS "wr_total_time_ns by wr_operations", UNIT_US,
	  MEAN(disk_row, wr_lat_us, wr_ns, wr_ops, 1e-3), .width = 5, .rank = 2, .graph = true },
	{ "inflight", "INFL", "Requests of a virtio-blk disk outstanding now; unknown for other disks, whose rings, if any, are "
	  "those of a controller.", "avail.idx - used.idx of the disk's rings, as in queues", UNIT_COUNT,
	  UINT(disk_row, inflight), .width = 4, .rank = 2, .needs = NEED_RINGS, .descending = true },
	{ "inflight_mean", "INFLAVG", "Mean number of requests in flight, by those that were completed.",
	  BLOCKSTATS "rd_, wr_, flush_ and unmap_total_time_ns" OVER_TIME, UNIT_PER_S,
	  RATE(disk_row, inflight_mean, busy_ns, 1e-9), .width = 7, .rank = 6 },
	{ "errors_per_s", "ERR/s", "Requests that failed per second.", BLOCKSTATS "failed_*_operations" OVER_TIME, UNIT_PER_S,
	  RATE(disk_row, errors_per_s, failed_ops, 1), .width = 5, .rank = 5, MARK(ABOVE, 0.001) },
	{ "size_bytes", "SIZE", "Size of the disk as the guest sees it.", "virtual-size of query-block", UNIT_BYTES,
	  UINT(disk_row, size_bytes), .width = 5, .rank = 4, .descending = true },
	{ "io_status", "STATUS", "ok, failed, or nospace: the guest was stopped because of this disk.", "io-status of query-block",
	  UNIT_TEXT, TEXT(disk_row, io_status), .width = 7, .rank = 5 },
	{ "readonly", "RO", "on: the guest cannot write.", "ro of query-block", UNIT_TEXT,
	  TEXT(disk_row, readonly), .width = 3, .rank = 7 },
	{ "block_node", "BLOCKNODE", "Name of the top block node.", "node-name of query-block", UNIT_TEXT,
	  TEXT(disk_row, block_node), .width = 12, .rank = 9 },
};
const struct table disks_table = TABLE("disks", "disks", disk_row, disk_columns, NULL, NEED_DEVICES | NEED_BLOCK);

static const struct column nic_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "id", "ID", "The NIC's device id, or the QOM path of one without.", "/machine/peripheral of the object tree", UNIT_TEXT,
	  TEXT(nic_row, id), .width = 12, .rank = 1, .label = true },
	{ "mac", "MAC", "MAC address the guest uses.", "info network, else the device's mac", UNIT_TEXT,
	  TEXT(nic_row, mac), .width = 17, .rank = 2 },
	{ "model", "MODEL", "Kind of device.", "QOM type of the device", UNIT_TEXT, TEXT(nic_row, model), .width = 14, .rank = 4 },
	{ "backend", "BACKEND", "What it is connected to: user, tap, macvtap, bridge, vhost-user, vhost-vdpa, socket, ..; none: "
	  "nothing.", "info network; /proc/PID/fd for macvtap", UNIT_TEXT, TEXT(nic_row, backend), .width = 10, .rank = 2 },
	{ "ifname", "IF", "Interface of the host.", "info network; fdinfo of the descriptor where QEMU was handed one", UNIT_TEXT,
	  TEXT(nic_row, ifname), .width = 15, .rank = 1 },
	{ "bridge", "BRIDGE", "Bridge (or other master) the interface is a port of.", "/sys/class/net/IF/master", UNIT_TEXT,
	  TEXT(nic_row, bridge), .width = 10, .rank = 5 },
	{ "rx_bytes_per_s", "RX/s", "Bytes the guest received per second; unknown without an interface of this host.", TAP,
	  UNIT_BYTES_PER_S, RATE(nic_row, rx_bytes_per_s, rx_total, 1), .width = 5, .rank = 1, .needs = NEED_NET, .graph = true },
	{ "tx_bytes_per_s", "TX/s", "Bytes the guest sent per second; unknown without an interface of this host.", TAP,
	  UNIT_BYTES_PER_S, RATE(nic_row, tx_bytes_per_s, tx_total, 1), .width = 5, .rank = 1, .needs = NEED_NET, .graph = true },
	{ "rx_packets_per_s", "RXPK/s", "Packets the guest received per second.", TAP, UNIT_PER_S,
	  RATE(nic_row, rx_packets_per_s, rx_packets, 1), .width = 6, .rank = 3, .needs = NEED_NET, .graph = true },
	{ "tx_packets_per_s", "TXPK/s", "Packets the guest sent per second.", TAP, UNIT_PER_S,
	  RATE(nic_row, tx_packets_per_s, tx_packets, 1), .width = 6, .rank = 3, .needs = NEED_NET, .graph = true },
	{ "drops_per_s", "DROP/s", "Packets dropped at the interface per second, both ways: a guest that does not take its packets "
	  "drops them here.", TAP, UNIT_PER_S, RATE(nic_row, drops_per_s, drops, 1), .width = 6, .rank = 3, .needs = NEED_NET, MARK(ABOVE, 0.001) },
	{ "vhost", "VHOST", "on: the kernel, or a vhost-user process, works the rings; off: QEMU does.",
	  "vhost-started of x-query-virtio-status when attaching", UNIT_TEXT, TEXT(nic_row, vhost), .width = 5, .rank = 5 },
	{ "queues", "QUEUES", "Queue pairs of the backend.", "info network", UNIT_COUNT, UINT(nic_row, queues), .width = 6, .rank = 6 },
	{ "netdev", "NETDEV", "Id of the backend.", "info network", UNIT_TEXT, TEXT(nic_row, netdev), .width = 12, .rank = 7 },
};
const struct table nics_table = TABLE("nics", "NICs", nic_row, nic_columns, NULL, NEED_DEVICES);

static const struct column device_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "id", "ID", "The device's id, or the QOM path of one without.", "qom-list /machine/peripheral, /machine/peripheral-anon",
	  UNIT_TEXT, TEXT(device_row, id), .width = 16, .rank = 1, .label = true },
	{ "type", "TYPE", "Kind of device.", "QOM type", UNIT_TEXT, TEXT(device_row, type), .width = 18, .rank = 1 },
	{ "bus", "BUS", "Bus it is plugged into.", "parent_bus", UNIT_TEXT, TEXT(device_row, bus), .width = 10, .rank = 2 },
	{ "address", "ADDR", "Where on the bus: slot.function of a PCI device, channel:target:lun of a SCSI one, port of a USB one, "
	  "slot of a DIMM.", "legacy-addr; channel, scsi-id, lun; port; slot", UNIT_TEXT, TEXT(device_row, address), .width = 8, .rank = 2 },
	{ "hotpluggable", "HOTPLUG", "on: it can be unplugged from the running guest, as far as QEMU knows.",
	  "hotpluggable of the device", UNIT_TEXT, TEXT(device_row, hotpluggable), .width = 7, .rank = 3 },
	{ "backing", "BACKING", "What stands behind it: a block node, netdev, chardev, memory or host device, with what it is.",
	  "drive, netdev, chardev, memdev, host, hostdevice of the device", UNIT_TEXT,
	  TEXT(device_row, backing), .width = 24, .rank = 3 },
};
const struct table devices_table = TABLE("devices", "devices", device_row, device_columns, NULL, NEED_DEVICES);

static const struct column slot_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "kind", "KIND", "What fits: pcie-root-port and the like for one PCI device, pci for many, dimm, vcpu.",
	  "the object tree; -m slots= on the command line; query-hotpluggable-cpus", UNIT_TEXT,
	  TEXT(slot_row, kind), .width = 16, .rank = 1, .label = true },
	{ "bus", "BUS", "Name of the bus; nothing for dimm and vcpu.", "the object tree", UNIT_TEXT,
	  TEXT(slot_row, bus), .width = 12, .rank = 1, .label = true },
	{ "total", "TOTAL", "Places there are.", "as kind", UNIT_COUNT, UINT(slot_row, total), .width = 5, .rank = 1 },
	{ "free", "FREE", "Places into which something can be hot-plugged now; none on a bus that does not take any.",
	  "places of which no device sits on the bus; query-memory-devices; query-hotpluggable-cpus without qom-path", UNIT_COUNT,
	  UINT(slot_row, free), .width = 5, .rank = 1, .descending = true, .whole = offsetof(struct slot_row, total) },
	{ "free_bytes", "ROOM", "Of dimm: how much memory may still be plugged.",
	  "maxmem= less size= of -m, less what query-memory-devices lists", UNIT_BYTES,
	  UINT(slot_row, free_bytes), .width = 5, .rank = 2, .descending = true },
};
const struct table slots_table = TABLE("slots", "free places", slot_row, slot_columns, NULL, NEED_DEVICES);
