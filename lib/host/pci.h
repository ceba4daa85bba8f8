/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PCI devices of the host, from /sys/bus/pci/devices. */
#ifndef KT_HOST_PCI_H
#define KT_HOST_PCI_H

#include "root.h"

struct host_pci {
	char address[16];		/* 0000:01:00.0 */
	unsigned class;			/* 24 bits */
	unsigned vendor, device;
	char driver[32];		/* "": none */
	int group, node;		/* IOMMU group, NUMA node; -1: none or unknown */
	unsigned vfs, vfs_max;		/* SR-IOV: there are, there can be; 0, 0: it cannot */
	char physfn[16];		/* of a virtual function: whose; "": it is none */
	char vfio[24];			/* vfio0: its own device node, "" without */
};
int host_pci_list(const struct host *h, struct host_pci **list, size_t *n);	/* sorted by address; yours */
/* "01:00.0", "0000:01:00.0": in its long form, in lower case. -EINVAL: no PCI address. */
int host_pci_address(const char *word, char out[16]);
/* "network", "NVMe", ..: what a class code says, or "class XXXX" into buf. */
const char *host_pci_class(unsigned class, char *buf, size_t size);

/* A device whose class is network controller, by its address. */
bool host_pci_is_network(const struct host *h, const char *address);

#endif
