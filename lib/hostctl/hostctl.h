/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/hostctl: what writes to the host. It is apart from lib/host, which reads, so that sampling cannot change a host: lib/sample does
 * not include it.
 */
#ifndef KT_HOSTCTL_H
#define KT_HOSTCTL_H

#include "lib/host/host.h"

/*
 * A path below the root at which kvmtop may write: a setting of the kernel's memory management, of NUMA balancing, of the KVM
 * modules. Not a device, a process, a module to load or a program to run.
 */
bool hostctl_file_ok(const char *path);
/* A value that such a file may get: a word or number, in printable ASCII. */
bool hostctl_value_ok(const char *value);

/*
 * Write a value in a child process (host_write_late), then read what is in effect into got, "" where that cannot be read. The
 * kernel chooses the writer first when the memory that an order takes runs out; so that is never kvmtop.
 *
 * 0; -EPERM: no right to, or mounted read-only; -ENOMEM: the kernel killed the writer; -ETIMEDOUT: it may be done later; else the errno
 * of opening or writing. err names the file.
 */
int hostctl_file_set(const struct host *h, const char *path, const char *value, unsigned timeout_ms, char got[HOST_VALUE_MAX],
		     struct err *err);

/* Pools of hugetlb pages by their directory, as host_huge_count has it: of a node, or below sys/kernel/mm. */
bool hostctl_pool_ok(const char *dir);
/* The kernel gives as many pages as it can: out says how many. Errors as hostctl_file_set. */
int hostctl_pool_set(const struct host *h, const char *dir, uint64_t pages, unsigned timeout_ms, struct host_huge_count *out, struct err *err);
/* Have the kernel move pages of that pool's node, or of all, together. Errors as hostctl_file_set. */
int hostctl_pool_compact(const struct host *h, const char *dir, unsigned timeout_ms, struct err *err);
/* Break free pages of the pool up into those of the next smaller size: how many of them the kernel has broken up. */
int hostctl_pool_demote(const struct host *h, const char *dir, uint64_t pages, unsigned timeout_ms, uint64_t *done, struct err *err);

#endif
