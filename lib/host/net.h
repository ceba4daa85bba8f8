/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host network interfaces behind a process: the taps it holds and their counters. */
#ifndef KT_HOST_NET_H
#define KT_HOST_NET_H

#include "root.h"

/*
 * Names of the tap (fdinfo "iff:") and macvtap (/dev/tapN) interfaces that a process has open, each once. Walks its
 * descriptors: when a guest is found and when its devices change, never per tick. Needs the right to read /proc/PID/fd.
 */
struct host_netif {
	char name[16];
	bool macvtap;
};
int host_netifs_read(const struct host *h, pid_t pid, struct host_netif **list, size_t *n);	/* list is yours */

/* Counters from the guest's side: what the guest receives is what a tap transmits; a macvtap is not mirrored. */
struct host_net_counters {
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, rx_drops, tx_drops;
};
int host_net_read(const struct host *h, const struct host_netif *nif, struct host_net_counters *out);

#endif
