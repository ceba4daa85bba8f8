// SPDX-License-Identifier: GPL-3.0-or-later
/* PCI devices of the host. */
#include "pci.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define DEVICES "sys/bus/pci/devices"

static long number(const struct host *h, const char *address, const char *name, long otherwise)
{
	char buf[32], *end;
	long n;

	if (host_read(h, buf, sizeof(buf), DEVICES "/%s/%s", address, name) <= 0)
		return otherwise;
	errno = 0;
	n = strtol(buf, &end, 0);
	return errno || end == buf || n < -1 ? otherwise : n;
}

/* With CONFIG_VFIO_DEVICE_CDEV (6.6) there may be a device node of its own: a directory vfio-dev with one entry. */
static void vfio_name(const struct host *h, const char *address, char *out, size_t size)
{
	auto_free char *path = xasprintf(DEVICES "/%s/vfio-dev", address);
	DIR *dir = host_dir_open(h, path);
	const struct dirent *d;

	*out = '\0';
	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (str_has_prefix(d->d_name, "vfio") && strlen(d->d_name) < size)
			strcpy(out, d->d_name);
	closedir(dir);
}

static void device_read(const struct host *h, const char *address, struct host_pci *p)
{
	char group[16];
	const char *at = group;
	uint64_t n;

	strcpy(p->address, address);
	p->class = (unsigned)number(h, address, "class", 0);
	p->vendor = (unsigned)number(h, address, "vendor", 0) & 0xffff;
	p->device = (unsigned)number(h, address, "device", 0) & 0xffff;
	p->node = (int)number(h, address, "numa_node", -1);
	p->vfs_max = (unsigned)number(h, address, "sriov_totalvfs", 0);
	p->vfs = p->vfs_max ? (unsigned)number(h, address, "sriov_numvfs", 0) : 0;
	host_link_name(h, p->driver, sizeof(p->driver), DEVICES "/%s/driver", address);
	host_link_name(h, p->physfn, sizeof(p->physfn), DEVICES "/%s/physfn", address);
	host_link_name(h, group, sizeof(group), DEVICES "/%s/iommu_group", address);
	p->group = host_u64_next(&at, &n) && n < INT32_MAX ? (int)n : -1;
	if (!strcmp(p->driver, "vfio-pci"))
		vfio_name(h, address, p->vfio, sizeof(p->vfio));
}

static int address_cmp(const void *a, const void *b)
{
	const struct host_pci *x = a, *y = b;

	return strcmp(x->address, y->address);
}

int host_pci_list(const struct host *h, struct host_pci **list, size_t *n)
{
	DIR *dir = host_dir_open(h, DEVICES);
	struct host_pci *found = NULL;
	const struct dirent *d;
	size_t count = 0;
	char address[16];

	if (!dir)
		return -ENOENT;
	while ((d = readdir(dir)))
		if (!host_pci_address(d->d_name, address))
			device_read(h, address, vec_push(found, count));
	closedir(dir);
	if (count)
		qsort(found, count, sizeof(*found), address_cmp);
	*list = found;
	*n = count;
	return 0;
}

int host_pci_address(const char *word, char out[16])
{
	unsigned domain, bus, slot, function;
	int end = 0;

	if (sscanf(word, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) != 4 || !end || word[end]) {
		domain = 0;
		end = 0;
		if (sscanf(word, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) != 3 || !end || word[end])
			return -EINVAL;
	}
	if (strspn(word, "0123456789abcdefABCDEF:.") != strlen(word) || slot > 31 || function > 7)
		return -EINVAL;
	snprintf(out, 16, "%04x:%02x:%02x.%x", domain, bus & 0xff, slot, function);
	return 0;
}

const char *host_pci_class(unsigned class, char *buf, size_t size)
{
	static const struct {
		unsigned class, mask;
		const char *name;
	} names[] = {
		{ 0x0101, 0xffff, "IDE" }, { 0x0104, 0xffff, "RAID" }, { 0x0106, 0xffff, "SATA" }, { 0x0107, 0xffff, "SAS" },
		{ 0x0108, 0xffff, "NVMe" }, { 0x0100, 0xff00, "storage" }, { 0x0200, 0xffff, "network" },
		{ 0x0207, 0xffff, "InfiniBand" }, { 0x0200, 0xff00, "network" }, { 0x0302, 0xffff, "3D" },
		{ 0x0300, 0xff00, "display" }, { 0x0400, 0xff00, "multimedia" }, { 0x0500, 0xff00, "memory" },
		{ 0x0600, 0xffff, "host bridge" }, { 0x0601, 0xffff, "ISA bridge" }, { 0x0604, 0xffff, "PCI bridge" },
		{ 0x0600, 0xff00, "bridge" }, { 0x0700, 0xff00, "serial" }, { 0x0c03, 0xffff, "USB" },
		{ 0x0c05, 0xffff, "SMBus" }, { 0x0800, 0xff00, "system" }, { 0x1000, 0xff00, "crypto" },
		{ 0x1200, 0xff00, "accelerator" },
	};
	size_t i;

	class >>= 8;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if ((class & names[i].mask) == names[i].class)
			return names[i].name;
	snprintf(buf, size, "class %04x", class & 0xffff);
	return buf;
}

bool host_pci_is_network(const struct host *h, const char *address)
{
	return (number(h, address, "class", 0) >> 16) == 0x02;
}
