/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host network interfaces behind a process: the taps it holds and their counters. */
#ifndef KT_HOST_NET_H
#define KT_HOST_NET_H

#include "netns.h"

/*
 * Names of the tap (fdinfo "iff:") and macvtap (/dev/tapN) interfaces that a process has open, each once. Walks its
 * descriptors: when a guest is found, when its devices change, and now and then, never per tick. Needs the right to read
 * /proc/PID/fd.
 */
struct host_netif {
	char name[16];
	bool macvtap;
	bool other_ns;			/* in the process's network namespace, which is not ours */
};
/* list is yours. 1: it has more than PROC_FDS_MAX descriptors, the first of them were looked at; negative errno. */
int host_netifs_read(const struct host *h, pid_t pid, struct host_netif **list, size_t *n);
/* The process has that tap or macvtap open, in our network namespace: QEMU may name any. pid 0: no. */
bool host_netif_is_open(const struct host *h, pid_t pid, const char *name);
/* The one behind a descriptor of a process; -ENOENT: neither a tap nor a macvtap. */
int host_netif_of_fd(const struct host *h, pid_t pid, int fd, struct host_netif *out);

/* Counters from the guest's side: what the guest receives is what a tap transmits; a macvtap is not mirrored. */
struct host_net_counters {
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, rx_drops, tx_drops, rx_errors, tx_errors;
};

/*
 * Of all interfaces at once, out of /proc/net/dev: files of sysfs for each would cost ten times as much.
 * Drops are what a host calls dropped or missed.
 */
struct host_net_dev {
	char name[16];
	struct host_net_counters host;	/* from the host's side */
};
/* Of our network namespace (pid 0), or of that of a process. Sorted by name; yours. */
int host_nets_read(const struct host *h, pid_t pid, struct host_net_dev **list, size_t *n);
/* From the guest's side; false: there is no such interface. */
bool host_nets_find(const struct host_net_dev *list, size_t n, const struct host_netif *nif, struct host_net_counters *out);

#endif
