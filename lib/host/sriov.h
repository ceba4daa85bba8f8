/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SR-IOV: virtual functions of PCI devices, and which network interfaces are whose. */
#ifndef KT_HOST_SRIOV_H
#define KT_HOST_SRIOV_H

#include "pci.h"

/* The address of a physical function's virtual function by its number. -ENODEV: it has none of that number. */
int host_sriov_vf(const struct host *h, const char *pf, unsigned number, char vf[16]);
/* The kernel looks for drivers for new virtual functions of it; true where that cannot be read, as it is what it does. */
bool host_sriov_probes(const struct host *h, const char *pf);
/*
 * So many virtual functions: write it (host_write_late), wait until each of them is there. As many already: nothing is
 * written. -ENODEV: no such device; -EOPNOTSUPP: it has no SR-IOV; -EBUSY: from one number to another only by 0, and not
 * while somebody holds one of them (/dev/vfio); -ETIMEDOUT: may be on its way; else why the driver could not.
 */
int host_sriov_set(const struct host *h, const char *pf, unsigned vfs, unsigned timeout_ms, struct err *err);
/* A process that has the device open through /dev/vfio, by its IOMMU group or its own node, other than `except`; 0: none. */
pid_t host_vfio_holder(const struct host *h, const struct host_pci *pci, pid_t except);

/* The network interfaces of a PCI device, by name; at most max of them: how many there are. */
size_t host_pci_ifaces(const struct host *h, const char *address, char (*names)[16], size_t max);
/* The PCI device of a network interface. -ENODEV: no such interface; -ENOENT: it is of none. */
int host_iface_pci(const struct host *h, const char *name, char address[16]);

#endif
