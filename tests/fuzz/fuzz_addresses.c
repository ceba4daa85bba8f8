// SPDX-License-Identifier: GPL-3.0-or-later
/* Who has which address: the neighbour table, and lease files. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/host/host.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"proc/net/arp", "var/lib/misc/dnsmasq.leases", "var/lib/libvirt/dnsmasq/virbr0.status",
		"var/lib/libvirt/dnsmasq/default.leases", "var/lib/dhcp/dhcpd.leases", "var/lib/kea/kea-leases4.csv",
	};
	const struct host *h = fuzz_host(names, ARRAY_SIZE(names));
	struct host_address *list;
	size_t n, count;

	fuzz_files(data, size);
	host_addresses_read(h, 1700000000, 100, &list, &n);
	fuzz_must(!n || host_addresses_of(list, n, list[n - 1].mac, &count));
	free(list);
}
