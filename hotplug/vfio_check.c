// SPDX-License-Identifier: GPL-3.0-or-later
/* What must hold before a PCI device of the host is handed to a guest: the device, its IOMMU group, the host's memory. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024ull * 1024)
/* Seen: 1.6 s for 256 MiB on a slow machine; five times that. */
#define PIN_MS_PER_MIB 32
#define PIN_MAX_MS 3600000u

static bool is_bridge(const struct host_pci *pci)
{
	return pci->class >> 16 == 0x06;
}

static int find(const struct host_pci *list, size_t n, const char *word, const struct host_pci **out, struct err *err)
{
	struct str_near near = { .word = word };
	char address[16];
	size_t i;

	if (host_pci_address(word, address))
		return err_set(err, -EINVAL, "host=%s: a PCI address is expected, as 0000:01:00.0 (see: kvmtop --batch pci)", word);
	for (i = 0; i < n; i++) {
		str_near_try(&near, list[i].address);
		if (!strcmp(list[i].address, address)) {
			*out = &list[i];
			return 0;
		}
	}
	return err_set(err, -EINVAL, "host=%s: the host has no such PCI device%s%s%s", word, near.best ? ", did you mean '" : " (see: "
		       "kvmtop --batch pci)", near.best ? near.best : "", near.best ? "'?" : "");
}

/* A group is one guest's; this one may have another device of it. */
static int check_free(const struct plan *p, const struct host *h, const struct host_pci *pci, struct err *err)
{
	pid_t pid = host_vfio_holder(h, pci, plan_guest_pid(p));

	if (!pid)
		return 0;
	return err_set(err, -EBUSY, "host=%s: another process, %d, has its IOMMU group %d (see: kvmtop --batch find %s)",
		       pci->address, (int)pid, pci->group, pci->address);
}

/*
 * A driver of the host that shares a group with a guest could have its memory written by it, so the kernel lets nobody
 * have the group. Nothing but the device that was named is taken from the host, force=on or not.
 */
static int check_group(const struct host_pci *list, size_t n, const struct host_pci *pci, struct err *err)
{
	auto_buf struct buf others = {0};
	size_t i;

	if (pci->group < 0)
		return err_set(err, -EOPNOTSUPP, "host=%s has no IOMMU group: the host runs without IOMMU (intel_iommu=on or "
			       "amd_iommu=on on the kernel's command line, and on in the firmware)", pci->address);
	for (i = 0; i < n; i++)
		if (list[i].group == pci->group && strcmp(list[i].address, pci->address) && *list[i].driver && !is_bridge(&list[i]) &&
		    strcmp(list[i].driver, "vfio-pci") && strcmp(list[i].driver, "pci-stub"))
			buf_printf(&others, "%s%s (%s)", others.len ? ", " : "", list[i].address, list[i].driver);
	if (!others.len)
		return 0;
	return err_set(err, -EBUSY, "host=%s: IOMMU group %d has other devices with drivers of the host: %s (bind them to vfio-pci or to "
		       "no driver first: a group is handed over as a whole)", pci->address, pci->group, others.text);
}

static int check_kind(const struct host_pci *pci, struct err *err)
{
	if (is_bridge(pci))
		return err_set(err, -EINVAL, "host=%s is a bridge: hand over what is behind it", pci->address);
	if (pci->vfs)
		return err_set(err, -EBUSY, "host=%s has %u virtual functions, which would go (hand over one of them, or: sriov set %s vfs=0)",
			       pci->address, pci->vfs, pci->address);
	return 0;
}

static int check_driver(const struct host *h, const struct host_pci *pci, struct err *err)
{
	auto_close int fd = host_openat(h, "sys/bus/pci/drivers/vfio-pci");

	if (fd < 0)
		return err_set(err, -EOPNOTSUPP, "host=%s: the host's driver vfio-pci is not loaded (modprobe vfio-pci)", pci->address);
	return 0;
}

static int check_use(struct plan *p, const struct host *h, const struct host_pci *pci, struct err *err)
{
	auto_free char *what = xasprintf("host=%s", pci->address);

	return check_device_use(p, h, pci->address, what, err);
}

int check_host_pci(struct plan *p, const struct host *h, struct vfio *v, struct err *err)
{
	const struct host_pci *pci = NULL;
	struct host_pci *list = NULL;
	size_t n = 0;
	int rc = host_pci_list(h, &list, &n);

	if (rc)
		return err_set(err, -EINVAL, "host=%s: the host has no PCI", plan_arg(p, "host"));
	rc = find(list, n, plan_arg(p, "host"), &pci, err);
	if (!rc)
		rc = check_kind(pci, err);
	if (!rc)
		rc = check_group(list, n, pci, err);
	if (!rc)
		rc = check_driver(h, pci, err);
	if (!rc)
		rc = check_use(p, h, pci, err);
	if (!rc)
		rc = check_free(p, h, pci, err);
	if (!rc) {
		v->pci = *pci;
		rc = host_binding_read(h, pci->address, &v->was);
		if (rc)
			err_set(err, rc, "host=%s: its driver cannot be read or replaced (kernel without driver_override?)", pci->address);
	}
	free(list);
	return rc;
}

/* RAM and what was plugged. 0: this QEMU does not tell. */
static int query_ram(struct qmp *q, uint64_t *bytes, struct err *err)
{
	struct qmp_memory_size size;
	int rc = qmp_query_memory_size(q, &size, err);

	*bytes = 0;
	if (!rc && size.base_bytes != UINT64_MAX && size.plugged_bytes < UINT64_MAX - size.base_bytes)
		*bytes = size.base_bytes + size.plugged_bytes;
	return rc;
}

static int check_host_memory(struct plan *p, const struct host *h, pid_t pid, const struct vfio *v, struct err *err)
{
	struct host_footprint own;
	struct host_system host;
	uint64_t resident, wanted;

	host_footprint_read(h, pid, &own);
	if (own.anon_bytes == HOST_UNKNOWN || own.file_bytes == HOST_UNKNOWN || own.shmem_bytes == HOST_UNKNOWN)
		return 0;
	host_system_read(h, &host);
	resident = own.anon_bytes + own.file_bytes + own.shmem_bytes;
	wanted = v->ram_bytes > resident ? v->ram_bytes - resident : 0;
	if (host.mem_available_bytes == HOST_UNKNOWN || wanted <= host.mem_available_bytes)
		return 0;
	if (is_on(p, "force")) {
		plan_warn(p, "the host has %llu MiB of memory for %llu MiB that get pinned",
			  (unsigned long long)(host.mem_available_bytes / MIB), (unsigned long long)(wanted / MIB));
		return 0;
	}
	return err_set(err, -ENOMEM, "all memory of the guest gets pinned: %llu MiB of it are not there yet, and the host has %llu MiB "
		       "available (force=on if its memory is of huge pages)", (unsigned long long)(wanted / MIB),
		       (unsigned long long)(host.mem_available_bytes / MIB));
}

/* The node of a group is root's unless a rule says otherwise, and there is none before the device is bound. */
static int check_access(const struct host *h, pid_t pid, const struct vfio *v, struct err *err)
{
	struct host_proc proc = {0};
	uid_t owner = 0, uid = pid && !host_proc_read(h, pid, &proc) ? proc.uid : 0;

	host_proc_done(&proc);
	if (!uid || (!host_vfio_owner(h, v->pci.group, &owner) && owner == uid))
		return 0;
	return err_set(err, -EACCES, "the guest's QEMU runs as user %u, who may not open /dev/vfio/%d (a udev rule is needed: "
		       "SUBSYSTEM==\"vfio\", OWNER=\"%u\"; and vfio-pci bound before)", uid, v->pci.group, uid);
}

int check_pinning(struct plan *p, const struct plan_env *env, struct vfio *v, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	pid_t pid = plan_guest_pid(p);
	int rc = query_ram(env->qmp, &v->ram_bytes, err);

	if (rc)
		return rc;
	rc = check_access(env->host, pid, v, err);
	if (rc)
		return rc;
	/* whoever has one such device has all of its memory pinned */
	if (pid && !host_vfio_read(env->host, pid, &names, &n) && n) {
		qmp_strings_free(names, n);
		return 0;
	}
	plan_warn(p, "all memory of the guest gets pinned: its balloon, KSM and swapping end for it");
	v->pin_ms = v->ram_bytes / MIB * PIN_MS_PER_MIB > PIN_MAX_MS ? PIN_MAX_MS : (unsigned)(v->ram_bytes / MIB) * PIN_MS_PER_MIB;
	if (!pid || !v->ram_bytes)
		return 0;
	read_lock(env->host, pid, v->ram_bytes, &v->lock);
	return check_host_memory(p, env->host, pid, v, err);
}
