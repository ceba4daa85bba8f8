/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host itself, or a process on it, uses a device or a file for, before it is given to a guest. */
#ifndef KT_HOST_USE_H
#define KT_HOST_USE_H

#include "files.h"

struct host_use {
	char *text;			/* "disk sda1 is mounted on /mnt", of a process "disk sda is open for writing"; NULL: no use is known; yours */
	pid_t pid;			/* the process; 0: none, the host itself uses it */
	char comm[16];
	bool locked;			/* QEMU's locks are on it: another QEMU can have it neither for reading */
	bool blind;			/* not all processes could be looked at */
};

/*
 * Of a file or block device that is to be written, or read only. Opens devices and waits for
 * them, so it is for a thread that can be left behind.
 */
void host_file_use(const struct host *h, const struct host_file *file, bool write, struct host_use *out);
/*
 * The same of all that is below a PCI or USB device, by the last part of its path in /sys ("1-2", "0000:00:1f.2"): its disks,
 * "network interface eth0 is up".
 */
void host_device_use(const struct host *h, const char *device, struct host_use *out);

#endif
