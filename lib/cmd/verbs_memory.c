// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that plug, unplug and resize a guest's memory. */
#include "verbs.h"
#include "hotplug/hotplug.h"

static const struct arg add_args[] = {
	ARG_OF_GUEST,
	{ "size", ARG_SIZE, .required = true, .help = "Bytes; a multiple of 128M, and of the huge pages." },
	{ "node", ARG_UINT, .front = true, .help = "NUMA node of the guest it belongs to." },
	{ "hugepages", ARG_CHOICE, .choices = "2M|1G", .usual = "none", .help = "Huge pages of the host's pool; they are "
	       "taken at once." },
	{ "host-node", ARG_TEXT, .complete = COMPLETE_NODES, .help = "NUMA node of the host the memory is to come from, or several: 0,1." },
	{ "policy", ARG_CHOICE, .choices = "bind|preferred|interleave", .usual = "bind", .help = "How strictly host-node= is "
	       "meant; bind if nothing is said." },
	{ "prealloc", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: all of it is taken from the host at "
	       "once. QEMU stands still meanwhile." },
	{ "id", ARG_TEXT, .usual = "kt-dimm0 or the next", .help = "The device's id; kt-dimm0, kt-dimm1, .. if none is given." },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too." },
	{ "wait", ARG_CHOICE, .choices = "guest", .help = "guest: that the guest has not taken it is a "
	       "timeout, and undone." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: go on where a safety check would refuse." },
};
const struct verb dimm_add_verb = {
	.name = "dimm add", CHANGE(hotplug_dimm_add), ARGS(add_args), PLUG('m', ROOM_DIMM), .summary = "Plug memory.",
	.rights = RIGHT_MONITOR,
	.doc = "Plugs a DIMM and waits until the guest has taken it. The guest needs free slots and room (-m "
	       "..,slots=,maxmem=), the host the memory or the huge pages, on the nodes that are asked for, and the guest's "
	       "control groups and those above them the room (memory.max, memory.high, hugetlb.*.max).",
};

static const struct arg remove_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_DIMMS, .positional = true, .required = true, .help = "The device's id; libvirt's alias "
	       "or the id= given.", ID_OF("pc-dimm|nvdimm") },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: out of libvirt's stored definition too." },
	ARG_FORCE_USER,
};
const struct verb dimm_remove_verb = {
	.name = "dimm remove", CHANGE(hotplug_dimm_remove), ARGS(remove_args), UNPLUG('m'), .summary = "Unplug memory.",
	.rights = RIGHT_MONITOR,
	.doc = "Asks the guest to release a DIMM, waits until it has, then gives the memory back. A guest that "
	       "cannot move what lies there refuses, keeps the DIMM, and may be asked again; memory it has put "
	       "online as movable can always be moved.",
};

static const struct arg set_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_VMEM, .positional = true, .required = true, .help = "The virtio-mem device's id; "
	       "libvirt's alias or the id= given.", ID_OF("virtio-mem") },
	{ "size", ARG_SIZE, .required = true, .help = "What the guest is to have of it; a multiple of its "
	       "block size." },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too." },
	{ "wait", ARG_CHOICE, .choices = "guest", .help = "guest: that the guest has not gone all the way is "
	       "a timeout, and undone." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: go on where a safety check would refuse." },
};
const struct verb vmem_set_verb = {
	.name = "vmem set", CHANGE(hotplug_vmem_set), ARGS(set_args), PLUG_CHANGE('v'), .summary = "Resize a virtio-mem device.",
	.rights = RIGHT_MONITOR,
	.doc = "Asks the guest to take or give back memory of a virtio-mem device, and waits until it has. A guest "
	       "that cannot give back all of it goes as far as it can, which is then partly done.",
};
