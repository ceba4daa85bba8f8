// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that hand USB devices of the host to guests. */
#include "verbs.h"
#include "hotplug/hotplug.h"

static const struct arg add_args[] = {
	ARG_OF_GUEST,
	{ "host", ARG_TEXT, .required = true, .complete = COMPLETE_HOST_USB, .help = "The host's device: BUS-PORT as 1-2.3 (whatever is plugged in "
	       "there), or VENDOR:PRODUCT as 0781:5567." },
	{ "id", ARG_TEXT, .usual = "kt-usb0 or the next", .help = "The device's id; kt-usb0, kt-usb1, .. if none is given." },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too." },
	{ "wait", ARG_CHOICE, .choices = "guest", .help = "guest: that the guest has not taken it is a "
	       "timeout, and undone." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: although the host or another guest uses the device, or a disk on it." },
};
const struct verb usb_add_verb = {
	.name = "usb add", CHANGE(hotplug_usb_add), ARGS(add_args), PLUG('u', ROOM_USB), .summary = "Hand a USB device through.",
	.rights = RIGHT_MONITOR,
	.doc = "Gives a USB device of the host to a guest, on its USB 3 controller; one is added where there is "
	       "none. Hubs are refused, and what the host needs: a disk that is mounted, a network interface that is "
	       "up, a keyboard, a device that another program has.",
};

static const struct arg remove_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_USB, .positional = true, .required = true, .help = "The device's id; libvirt's alias "
	       "or the id= given.", ID_OF("usb-host") },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: out of libvirt's stored definition too." },
	ARG_FORCE_USER,
};
const struct verb usb_remove_verb = {
	.name = "usb remove", CHANGE(hotplug_usb_remove), ARGS(remove_args), UNPLUG('u'), .summary = "Take a USB device back.",
	.rights = RIGHT_MONITOR,
	.doc = "Pulls a USB device out of the guest, which is not asked; the host has it back then.",
};
