// SPDX-License-Identifier: GPL-3.0-or-later
/* devices, slots: what is plugged, and what there is room for. */
#include "tables.h"

static const struct column device_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "id", "ID", "The device's id, or the QOM path of one without.", "qom-list /machine/peripheral, "
	  "/machine/peripheral-anon", UNIT_TEXT, TEXT(device_row, id), .width = 16, .rank = 1, .label = true },
	{ "type", "TYPE", "Kind of device.", "QOM type", UNIT_TEXT, TEXT(device_row, type), .width = 18, .rank = 1 },
	{ "bus", "BUS", "Bus it is plugged into.", "info qtree", UNIT_TEXT, TEXT(device_row, bus), .width = 10,
	  .rank = 2 },
	{ "address", "ADDR", "Where on the bus: slot.function of a PCI device, channel:target:lun of a SCSI one, "
	  "port of a USB one, slot of a DIMM.", "info qtree: addr; channel, scsi-id, lun; port; slot. query-memory-devices", UNIT_TEXT,
	  TEXT(device_row, address), .width = 8, .rank = 2 },
	{ "hotpluggable", "HOTPLUG", "on: it can be unplugged from the running guest, as far as QEMU knows.",
	  "hotplug of its port; else hotpluggable of the device, asked once for each kind and bus", UNIT_TEXT, TEXT(device_row, hotpluggable), .width = 7, .rank = 3 },
	{ "backing", "BACKING", "What stands behind it: a block node, netdev, chardev, memory or host device, with "
	  "what it is.", "info qtree: drive, netdev, chardev, host, hostdevice; query-memory-devices", UNIT_TEXT,
	  TEXT(device_row, backing), .width = 24, .rank = 3 },
};
const struct table devices_table = TABLE("devices", "devices", device_row, device_columns, NULL,
	NEED_DEVICES);

static const struct column slot_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "kind", "KIND", "What fits: pcie-root-port and the like for one PCI device, pci for many, dimm, vcpu.",
	  "info qtree; the machine's memory property, else -m slots=; query-hotpluggable-cpus", UNIT_TEXT, TEXT(slot_row, kind),
	  .width = 16, .rank = 1, .label = true },
	{ "bus", "BUS", "Name of the bus; nothing for dimm and vcpu.", "info qtree", UNIT_TEXT,
	  TEXT(slot_row, bus), .width = 12, .rank = 1, .label = true },
	{ "total", "TOTAL", "Places there are.", "as kind", UNIT_COUNT, UINT(slot_row, total), .width = 5, .rank = 1 },
	{ "free", "FREE", "Places into which something can be hot-plugged now; none on a bus that does not take "
	  "any.", "places of which no device sits on the bus; query-memory-devices; query-hotpluggable-cpus without "
	  "qom-path", UNIT_COUNT, UINT(slot_row, free), .width = 5, .rank = 1, .descending = true,
	  .whole = offsetof(struct slot_row, total) },
	{ "free_bytes", "ROOM", "Of dimm: how much memory may still be plugged.",
	  "the machine's memory property, else -m: maxmem less size; less what query-memory-devices lists", UNIT_BYTES, UINT(slot_row, free_bytes),
	  .width = 5, .rank = 2, .descending = true },
	{ "unplug", "UNPLUG", "Of vcpu: off where QEMU may die of what is plugged after a vCPU was unplugged, as the guest runs "
	  "without KVM.", "query-kvm", UNIT_TEXT, TEXT(slot_row, unplug), .width = 6, .rank = 3 },
};
const struct table slots_table = TABLE("slots", "free places", slot_row, slot_columns, NULL, NEED_SLOTS);
