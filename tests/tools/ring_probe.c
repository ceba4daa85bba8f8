// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Probes a guest's rings as fast as it can, through the same reading and arithmetic as kvmtop's ring thread, and
 * counts: ring_probe QMP-SOCKET PID PROBES. Prints JSON.
 */
#include "tool.h"

#include <stdlib.h>

struct totals {
	unsigned long long probes, torn, lost, unread, depth_max, over, used;
};

static void probe(pid_t pid, struct ring *r, struct totals *t)
{
	uint64_t addr[2] = { r->addr.used_idx, r->addr.avail_idx };
	uint16_t got[2];

	t->probes++;
	if (host_mem_read16(pid, addr, 2, got) != 2) {
		t->unread++;
		return;
	}
	if (!ring_update(r, got[0], got[1], clock_now_ns()))
		t->torn++;
	t->lost += r->lost;
	if (r->known && r->depth > r->addr.size)
		t->over++;
	if (r->known && r->depth > t->depth_max)
		t->depth_max = r->depth;
}

int main(int argc, char **argv)
{
	struct ring_addr *addr = NULL;
	struct ring *rings = NULL;
	struct totals t = {0};
	uint64_t want, pid, began;
	ssize_t found;
	size_t count = 0, i;

	if (argc != 4 || units_uint_parse(argv[2], &pid) || units_uint_parse(argv[3], &want))
		return 2;
	found = tool_rings(argv[1], &addr);
	if (found < 0)
		return 1;
	while (count < (size_t)found) {
		struct ring_addr one = addr[count];

		*vec_push(rings, count) = (struct ring){ .fresh = true, .addr = one };
	}
	began = clock_now_ns();
	for (i = 0; count && t.probes < want; i = (i + 1) % count)
		probe((pid_t)pid, &rings[i], &t);
	for (i = 0; i < count; i++)
		t.used += rings[i].used_total;
	printf("{\"rings\":%zu,\"probes\":%llu,\"torn\":%llu,\"lost\":%llu,\"unread\":%llu,\"depth_max\":%llu,\"over\":%llu,"
	       "\"used\":%llu,\"ns_per_probe\":%llu}\n", count, t.probes, t.torn, t.lost, t.unread, t.depth_max, t.over, t.used,
	       t.probes ? (unsigned long long)(clock_now_ns() - began) / t.probes : 0ull);
	free(addr);
	free(rings);
	return 0;
}
