/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changing domains through libvirt. Each call waits for libvirt up to its deadline and no longer, so none is for a
 * thread that draws or samples. They fail with libvirt's own message:
 *   -ENOENT      no such active domain, pool or volume        -ENODEV      it has no such device
 *   -EPERM       the connection is read-only, or libvirt denies it
 *   -ETIMEDOUT   libvirt did not answer; it may do it yet: look at virt_domain_read before doing anything else
 *   -EAGAIN      too many calls are waiting for this libvirt already, or another one has the domain; nothing was done
 *   -ECONNRESET  the connection broke or is down, as -ETIMEDOUT
 *   -EOPNOTSUPP  libvirt, the QEMU driver, or this build cannot
 *   -EINVAL      libvirt does not want it so         -EEXIST  alias or target are taken
 *   -ENOSPC      no PCI slot, or port, is free
 *   -EBUSY       the guest refused    -ECANCELED  interrupted    -EREMOTEIO  any other error of libvirt's
 */
#ifndef KT_VIRT_CHANGE_H
#define KT_VIRT_CHANGE_H

#include "domain.h"

struct virt;

/* -EPERM: its connection lets this user only look; 0 also where that is not known. Asks nothing. */
int virt_may_change(struct virt *v, const char *uuid, struct err *err);
/* Where a domain of that name or UUID is defined and does not run: the URI, yours; NULL: nowhere, as far as libvirt says. */
char *virt_shut_off(struct virt *v, const char *word, unsigned timeout_ms);
/* Of the daemon that has the domain: 11000000 is 11.0.0. */
int virt_version(struct virt *v, const char *uuid, unsigned timeout_ms, unsigned long *version, struct err *err);

enum virt_affect {
	VIRT_LIVE = 1 << 0,			/* the running guest */
	VIRT_CONFIG = 1 << 1,			/* the stored definition: what the next start has */
};

/*
 * Device XML. Give a device an alias of its own, <alias name='ua-X'/>: it becomes QEMU's id, and only so a device can
 * be named in the stored definition too.
 */
int virt_attach(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err);
int virt_update(struct virt *v, const char *uuid, const char *xml, unsigned affect, unsigned timeout_ms,
		struct err *err);
/* Out of the stored definition; the running guest keeps it. */
int virt_detach_config(struct virt *v, const char *uuid, const char *xml, unsigned timeout_ms, struct err *err);
/*
 * Out of the running guest, and wait until it has let go. Only libvirt's event, or its live XML, says that it has.
 * -ETIMEDOUT: the guest has not answered, the device is still there, and may yet go at any time. -EBUSY: it refused.
 * interrupt: a descriptor that ends the waiting when it is readable, -1: none.
 */
int virt_detach_alias(struct virt *v, const char *uuid, const char *alias, unsigned timeout_ms, int interrupt,
		      struct err *err);
/* The same without asking: it was asked for before. */
int virt_await_gone(struct virt *v, const char *uuid, const char *alias, unsigned timeout_ms, int interrupt, struct err *err);
/* The link of a NIC of the running guest, by its alias. -ENODEV: there is no such NIC. */
int virt_nic_link(struct virt *v, const char *uuid, const char *alias, bool up, unsigned timeout_ms, struct err *err);
/* disk: its target ("vda") or source */
int virt_block_resize(struct virt *v, const char *uuid, const char *disk, uint64_t bytes, unsigned timeout_ms,
		      struct err *err);
/* How large the guest sees it. */
int virt_block_size(struct virt *v, const char *uuid, const char *disk, unsigned timeout_ms, uint64_t *bytes, struct err *err);
/*
 * vCPUs of the running guest, of the stored definition, or both. count: how many in all. vcpus: ids of one that can be
 * plugged, as "3" (several where the machine plugs whole cores: "8-15"). libvirt waits some seconds for the guest:
 * -ETIMEDOUT: it has not let go yet; -EBUSY: it refused.
 */
int virt_set_vcpus(struct virt *v, const char *uuid, unsigned count, unsigned affect, unsigned timeout_ms, struct err *err);
int virt_set_vcpu(struct virt *v, const char *uuid, const char *vcpus, bool on, unsigned affect, unsigned timeout_ms,
		  struct err *err);
/* Where a volume of the domain's connection is, and its format (NULL: libvirt does not say). Both yours. */
int virt_vol_path(struct virt *v, const char *uuid, const char *pool, const char *vol, unsigned timeout_ms,
		  char **path, char **format, struct err *err);
/*
 * What the domain's connection has, a line each, "NAME\tWHAT IT IS\n"; yours, "" for none: networks that are up, pools that
 * are (pool NULL), volumes of a pool. At most VIRT_NAMES_MAX.
 */
#define VIRT_NAMES_MAX 2000
int virt_network_names(struct virt *v, const char *uuid, unsigned timeout_ms, char **lines, struct err *err);
int virt_volume_names(struct virt *v, const char *uuid, const char *pool, unsigned timeout_ms, char **lines, struct err *err);
/* The host's bridge below a network of the domain's connection; yours. Fails where it has none. */
int virt_network_bridge(struct virt *v, const char *uuid, const char *network, unsigned timeout_ms, char **bridge, struct err *err);
/* Other domains of its connection whose stored definition has a disk of that file, "d1, d2"; yours, "" for none. */
int virt_disk_users(struct virt *v, const char *uuid, const char *file, unsigned timeout_ms, char **names, struct err *err);
/*
 * Addresses of the guest by MAC, as lines "MAC IP\n"; yours, "" for none. agent: its guest agent is asked, which may have
 * hung with the guest; else the leases of libvirt's networks. Where there is no agent: -EINVAL, -EOPNOTSUPP or -EREMOTEIO.
 */
int virt_addresses(struct virt *v, const char *uuid, bool agent, unsigned timeout_ms, char **lines, struct err *err);

/* What virDomainMemoryStats tells: bytes, faults and swapping since the guest booted; UINT64_MAX: not told. */
struct virt_memory_stats {
	uint64_t actual, total, free, available, caches, swap_in, swap_out, major_faults, minor_faults;
	uint64_t updated;		/* when the guest gave them last, seconds since 1970; 0: never */
};
/* Does not taint the domain. libvirt itself asks QEMU, so it may take as long as any job of that domain does. */
int virt_memory_read(struct virt *v, const char *uuid, unsigned timeout_ms, struct virt_memory_stats *out, struct err *err);
/* Whether it is being migrated, and on which end this is. */
int virt_migration_read(struct virt *v, const char *uuid, unsigned timeout_ms, enum virt_migration *out, struct err *err);
/* The guest's run state. powerdown: the guest is asked; it takes its time, or does nothing. */
enum virt_power { VIRT_PAUSE, VIRT_RESUME, VIRT_RESET, VIRT_POWERDOWN };
int virt_power(struct virt *v, const char *uuid, enum virt_power what, unsigned timeout_ms, struct err *err);
/* As query-status has it: "running", "paused", "io-error", ..; disks: those that failed then, NULL: none. Both yours. */
int virt_state_read(struct virt *v, const char *uuid, unsigned timeout_ms, char **state, char **disks, struct err *err);
/* It is at no call for this domain now, of whomever (virDomainGetControlInfo); never waits for one. */
int virt_is_idle(struct virt *v, const char *uuid, unsigned timeout_ms, bool *idle, struct err *err);
/* The XML as libvirt has it now; with VIRT_CONFIG in affect the stored definition beside it. Yours: virt_def_free. */
int virt_domain_read(struct virt *v, const char *uuid, unsigned affect, unsigned timeout_ms, struct virt_def **out,
		     struct err *err);

#endif
