// SPDX-License-Identifier: GPL-3.0-or-later
/* SR-IOV, as /sys has it. */
#include "sriov.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "iface.h"
#include "private.h"
#include "write.h"

#define DEVICES "sys/bus/pci/devices"
#define LOOK_MS 10

/* A link to a PCI device. */
static int link_address(const struct host *h, char address[16], const char *dir, const char *entry, const char *link)
{
	auto_free char *path = xasprintf("%s/%s/%s", dir, entry, link);
	char target[512];
	const char *base;

	if (host_readlink(h, target, sizeof(target), "%s", path) <= 0)
		return -ENOENT;
	base = strrchr(target, '/');
	return host_pci_address(base ? base + 1 : target, address) ? -ENOENT : 0;
}

int host_sriov_vf(const struct host *h, const char *pf, unsigned number, char vf[16])
{
	auto_free char *name = xasprintf("virtfn%u", number);

	return link_address(h, vf, DEVICES, pf, name) ? -ENODEV : 0;
}

bool host_sriov_probes(const struct host *h, const char *pf)
{
	return host_number_read(h, DEVICES "/%s/sriov_drivers_autoprobe", pf) != 0;
}

size_t host_pci_ifaces(const struct host *h, const char *address, char (*names)[16], size_t max)
{
	auto_free char *path = xasprintf(DEVICES "/%s/net", address);
	DIR *dir = host_dir_open(h, path);
	const struct dirent *d;
	size_t n = 0;

	while (dir && (d = readdir(dir))) {
		if (!host_iface_name_ok(d->d_name))
			continue;
		if (n < max)
			strcpy(names[n], d->d_name);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

int host_iface_pci(const struct host *h, const char *name, char address[16])
{
	struct host_iface link;
	int rc = host_iface_read(h, name, &link);

	return rc ? rc : link_address(h, address, "sys/class/net", name, "device");
}

static bool has_open(const struct host *h, pid_t pid, const struct host_pci *pci)
{
	auto_free char *group = xasprintf("%d", pci->group), *device = xasprintf("devices/%s", *pci->vfio ? pci->vfio : "-");
	char **names = NULL;
	bool found = false;
	size_t n = 0;

	if (host_vfio_read(h, pid, &names, &n))
		return false;
	while (n) {
		found |= !strcmp(names[n - 1], group) || !strcmp(names[n - 1], device);
		free(names[--n]);
	}
	free(names);
	return found;
}

/* Not only QEMU: whoever drives devices from user space has them so. */
pid_t host_vfio_holder(const struct host *h, const struct host_pci *pci, pid_t except)
{
	auto_close int proc = host_openat(h, "proc");
	auto_ids struct host_ids pids = {0};
	size_t i;

	if (proc < 0 || host_ids_read(proc, &pids))
		return 0;
	for (i = 0; i < pids.n; i++)
		if (pids.id[i] != except && has_open(h, pids.id[i], pci))
			return pids.id[i];
	return 0;
}

/* Taking away a function that somebody has open takes until he lets go. */
static int check_held(const struct host *h, const char *pf, struct err *err)
{
	struct host_pci *list = NULL;
	size_t n = 0, i;
	pid_t pid;
	int rc = host_pci_list(h, &list, &n);

	for (i = 0; i < n && !rc; i++) {
		if (strcmp(list[i].physfn, pf) || strcmp(list[i].driver, "vfio-pci"))
			continue;
		pid = host_vfio_holder(h, &list[i], 0);
		if (pid)
			rc = err_set(err, -EBUSY, "virtual function %s of %s is held by process %d (it has to let go first: vfio "
				     "remove)", list[i].address, pf, (int)pid);
	}
	free(list);
	return rc;
}

static bool are_there(const struct host *h, const char *pf, unsigned vfs)
{
	char vf[16];
	unsigned i;

	if (host_number_read(h, DEVICES "/%s/sriov_numvfs", pf) != vfs)
		return false;
	for (i = 0; i < vfs; i++)
		if (host_sriov_vf(h, pf, i, vf))
			return false;
	return true;
}

static int wait_for_them(const struct host *h, const char *pf, unsigned vfs, uint64_t deadline, struct err *err)
{
	uint64_t now;

	while (!are_there(h, pf, vfs)) {
		now = clock_now_ns();
		if (now >= deadline)
			return err_set(err, -ETIMEDOUT, "%s does not come to %u virtual functions, it says %lld (dmesg may tell why)", pf,
				       vfs, (long long)host_number_read(h, DEVICES "/%s/sriov_numvfs", pf));
		clock_sleep_until(now + LOOK_MS * NS_PER_MS);
	}
	return 0;
}

static int told(int rc, const char *pf, unsigned vfs, struct err *err)
{
	if (rc == -ENOENT)
		return err_set(err, rc, "%s: its driver makes no virtual functions (one that can has to be bound)", pf);
	if (rc == -ENOMEM || rc == -ENOSPC)
		return err_set(err, rc, "%s: the host has no room for %u virtual functions (addresses or bus numbers: pci=realloc or "
			       "pci=assign-busses on the kernel's command line, or the firmware's settings)", pf, vfs);
	if (rc == -EBUSY)
		return err_set(err, rc, "%s: its driver cannot change its virtual functions now (dmesg may tell why)", pf);
	return rc ? err_prefix(err, rc, "%u virtual functions", vfs) : 0;
}

int host_sriov_set(const struct host *h, const char *pf, unsigned vfs, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS, now;
	uint64_t max = host_number_read(h, DEVICES "/%s/sriov_totalvfs", pf);
	char number[16];
	int rc = 0;

	now = host_number_read(h, DEVICES "/%s/sriov_numvfs", pf);
	if (now == HOST_UNKNOWN || max == HOST_UNKNOWN)
		return err_set(err, -ENODEV, "the host has no PCI device %s with virtual functions", pf);
	if (vfs > max)
		return err_set(err, -EINVAL, "%s can have %llu virtual functions at most", pf, (unsigned long long)max);
	if (now && vfs && now != vfs)
		return err_set(err, -EBUSY, "%s has %llu virtual functions by now (sriov set %s vfs=0 first)", pf,
			       (unsigned long long)now, pf);
	if (now != vfs && now)
		rc = check_held(h, pf, err);
	if (rc)
		return rc;
	snprintf(number, sizeof(number), "%u", vfs);
	if (now != vfs)
		rc = told(host_write_late(h, number, timeout_ms, err, DEVICES "/%s/sriov_numvfs", pf), pf, vfs, err);
	return rc ? rc : wait_for_them(h, pf, vfs, deadline, err);
}
