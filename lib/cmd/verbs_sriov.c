// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that change virtual functions of the host's devices. */
#include "verbs.h"
#include "hotplug/hotplug.h"

#define ARG_PF { "PF", ARG_TEXT, .complete = COMPLETE_PFS, .positional = true, .required = true, \
	.help = "The host's device: its PCI address, as pci lists them, or its network interface.", \
	.from = { { TABLE_PCI, "address", "vfs_max>0", "class" }, { TABLE_PCI, "pf", "pf!=null", NULL } } }

static const struct arg sriov_args[] = {
	ARG_PF,
	{ "vfs", ARG_UINT, .required = true, .help = "How many virtual functions it is to have; pci tells how many it can." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: although the host uses one that goes. One that a guest has is never "
	  "taken away." },
};
const struct verb sriov_set_verb = {
	.name = "sriov set", CHANGE(hotplug_sriov_set), ARGS(sriov_args), TUNE('s'), .summary = "Make virtual functions of a device.",
	.rights = "write access to the device in /sys: root or CAP_DAC_OVERRIDE",
	.doc = "Gives a PCI device of the host so many virtual functions (SR-IOV) and waits until they are there; from one number "
	       "to another it goes by none, so all there are must be free. Whether drivers of the host take them is left to the "
	       "device's sriov_drivers_autoprobe; vfio add takes one from its driver. undo brings the old number back, not the "
	       "settings of vf set.",
};

static const struct arg vf_args[] = {
	ARG_PF,
	{ "VF", ARG_TEXT, .complete = COMPLETE_VFS, .positional = true, .required = true, .help = "The virtual function: its number, from 0, or its PCI address.",
	  .from = { { TABLE_PCI, "address", "pf!=null", "pf" } } },
	{ "mac", ARG_TEXT, .help = "Its address. A driver that has it already takes it when it starts anew." },
	{ "vlan", ARG_UINT, .help = "All it sends and receives is of this VLAN, 1 to 4094; 0: of none." },
	{ "rate", ARG_TEXT, .help = "It sends so much at most: 100Mbit, 1Gbit; 0: no limit. Most drivers want the NIC to have a link." },
	{ "trust", ARG_CHOICE, .choices = "on|off", .help = "on: it may change its own address and hear what is not meant for it." },
	{ "spoofchk", ARG_CHOICE, .choices = "on|off", .help = "on: what it sends from another address than its own is dropped." },
};
const struct verb vf_set_verb = {
	.name = "vf set", CHANGE(hotplug_vf_set), ARGS(vf_args), TUNE('f'), .summary = "Set what a virtual function of a NIC may.",
	.rights = "CAP_NET_ADMIN",
	.doc = "Sets address, VLAN, rate and rights of one virtual function of a NIC, over the NIC's own driver, best before the "
	       "function is handed to a guest. Only what is given is changed, and it is read back: a driver that takes a setting "
	       "and does not do it is an error.",
};
