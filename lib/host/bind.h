/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which driver of the host has a PCI device, and giving it to another. */
#ifndef KT_HOST_BIND_H
#define KT_HOST_BIND_H

#include "pci.h"

struct host_binding {
	char driver[32];		/* "": none */
	char override[32];		/* what alone may have it, "": any that knows the device */
};
/* -ENODEV: there is no such device. */
int host_binding_read(const struct host *h, const char *address, struct host_binding *out);
/* A name that a driver may have. */
bool host_driver_name_ok(const char *name);

/*
 * Give the device to a driver and look whether it has it; override as in struct host_binding. driver "": to none; NULL:
 * to the one the kernel chooses. One that has it already keeps it. Each write of /sys is one of host_write_late; all of
 * them have timeout_ms together. What went wrong on the way is not taken back.
 * -ENODEV: no such device; -ENOENT: no such driver; -EIO: another driver has it, or none.
 */
int host_pci_bind(const struct host *h, const char *address, const char *driver, const char *override,
		  unsigned timeout_ms, struct err *err);

/* Who owns the node of an IOMMU group, /dev/vfio/GROUP. -ENOENT: there is none now. */
int host_vfio_owner(const struct host *h, int group, uid_t *uid);

#endif
