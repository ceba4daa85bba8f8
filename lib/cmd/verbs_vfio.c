// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that hand PCI devices of the host to guests. */
#include "verbs.h"
#include "hotplug/hotplug.h"

static const struct arg add_args[] = {
	ARG_OF_GUEST,
	{ "host", ARG_TEXT, .complete = COMPLETE_PCI, .required = true, .help = "The host's device: DDDD:BB:DD.F, as pci lists them.",
	  .from = { { TABLE_PCI, "address", NULL, "class" } } },
	{ "id", ARG_TEXT, .usual = "kt-vfio0 or the next", .help = "The device's id; kt-vfio0, kt-vfio1, .. if none is given." },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: although the host or another guest uses the device or a disk on it, or the host has too "
	  "little memory. Other devices of its IOMMU group are never taken away." },
};
const struct verb vfio_add_verb = {
	.name = "vfio add", CHANGE(hotplug_vfio_add), ARGS(add_args), PLUG('p', ROOM_PORT), .summary = "Hand a PCI device through.",
	.rights = RIGHT_MONITOR ", write access to the device and its driver in /sys, and CAP_SYS_RESOURCE for QEMU's limit of locked memory: root",
	.doc = "Binds a PCI device of the host to vfio-pci and plugs it into a guest. Its whole IOMMU group must be free for "
	       "that, and the host must not need it: a disk that is mounted, a network interface that is up. All memory of "
	       "the guest gets pinned. What fails is taken back: the device is with the driver that it had.",
};

static const struct arg remove_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_VFIO, .positional = true, .required = true, .help = "The device's id; libvirt's alias or the id= given.",
	  ID_OF("vfio-pci") },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: out of libvirt's stored definition too." },
	ARG_FORCE_USER,
};
const struct verb vfio_remove_verb = {
	.name = "vfio remove", CHANGE(hotplug_vfio_remove), ARGS(remove_args), UNPLUG('p'), .summary = "Take a PCI device back.",
	.rights = RIGHT_MONITOR ", and write access to the device in /sys: root",
	.doc = "Asks the guest to release a PCI device of the host, waits until it has, then gives the device back to the "
	       "driver that it had before; one that kvmtop has not added stays with vfio-pci. A guest that does not answer keeps "
	       "it, and the removal is pending.",
};
