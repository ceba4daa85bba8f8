// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages of rtnetlink: neighbours and their addresses. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/host/host.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct host_address *list = NULL;
	size_t n = 0, i, count;

	host_addresses_take(data, size, &list, &n);
	host_addresses_sort(list, &n);
	for (i = 0; i < n; i++)
		fuzz_must(host_addresses_of(list, n, list[i].mac, &count));
	free(list);
}
