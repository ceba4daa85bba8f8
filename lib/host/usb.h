/* SPDX-License-Identifier: GPL-3.0-or-later */
/* USB devices of the host, from /sys/bus/usb/devices, and what the host itself does with them. */
#ifndef KT_HOST_USB_H
#define KT_HOST_USB_H

#include "root.h"

struct host_usb {
	char port[40];			/* "1-2.3": bus 1, port 3 of the hub at port 2 */
	unsigned bus, address;		/* /dev/bus/usb/BUS/ADDRESS */
	unsigned vendor, product;
	bool hub;
	char *name;			/* "SanDisk Cruzer", from the device: clean it before drawing; NULL: it has none */
	/* What one of its interfaces is for: "it is a keyboard of the host", "another program has it"; NULL: nothing known. Disks: use.h. */
	char *use;
};
/* Sorted by bus and port; root hubs are left out. */
int host_usb_list(const struct host *h, struct host_usb **list, size_t *n);
void host_usb_free(struct host_usb *list, size_t n);

#endif
