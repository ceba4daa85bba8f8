// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that plug and unplug vCPUs. */
#include "verbs.h"
#include "hotplug/hotplug.h"

#define ARG_COUNT { "count", ARG_UINT, .usual = "1", .front = true, .help = "How many; 1 if nothing is said." }
#define ARG_NODE { "node", ARG_UINT, .help = "Only places on this NUMA node of the guest." }

static const struct arg add_args[] = {
	ARG_OF_GUEST,
	ARG_COUNT,
	ARG_NODE,
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too." },
	{ "wait", ARG_CHOICE, .choices = "guest", .help = "guest: that the guest has not taken them is a "
	       "timeout, and undone." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: go on where a safety check would refuse." },
};
const struct verb vcpu_add_verb = {
	.name = "vcpu add", CHANGE(hotplug_vcpu_add), ARGS(add_args), PLUG('c', ROOM_VCPU), .summary = "Plug vCPUs.",
	.rights = RIGHT_MONITOR,
	.doc = "Plugs vCPUs into the first free places of the guest's topology (its -smp maxcpus) and waits until "
	       "the guest's ACPI has taken them; whether it puts them to use is up to the guest (udev).",
};

static const struct arg remove_args[] = {
	ARG_OF_GUEST,
	ARG_COUNT,
	ARG_NODE,
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: out of libvirt's stored definition too." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: from a guest without KVM, too." },
};
const struct verb vcpu_remove_verb = {
	.name = "vcpu remove", CHANGE(hotplug_vcpu_remove), ARGS(remove_args), UNPLUG('c'), .room = ROOM_VCPU_OUT, .summary = "Unplug vCPUs.",
	.rights = RIGHT_MONITOR,
	.doc = "Asks the guest to release the last vCPUs that were plugged, in reverse, and waits until it has. "
	       "Those that were there when the guest started stay. Without KVM, QEMU may die of what is plugged "
	       "after that: refused without force=on.",
};

static const struct arg set_args[] = {
	ARG_OF_GUEST,
	{ "count", ARG_UINT, .required = true, .help = "How many the guest is to have, or, with node=, is to "
	       "have there." },
	ARG_NODE,
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too." },
	{ "wait", ARG_CHOICE, .choices = "guest", .help = "guest: that the guest has not taken new ones is a "
	       "timeout, and undone." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: go on where a safety check would refuse." },
};
const struct verb vcpu_set_verb = {
	.name = "vcpu set", CHANGE(hotplug_vcpu_set), ARGS(set_args), PLUG_CHANGE('s'), .summary = "Set the number of vCPUs.",
	.rights = RIGHT_MONITOR,
	.doc = "Plugs or unplugs vCPUs until the guest has that many.",
};
