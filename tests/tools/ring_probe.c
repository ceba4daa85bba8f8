// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Probes a guest's rings as fast as it can, through the same reading and arithmetic as kvmtop's ring thread, and
 * counts: ring_probe QMP-SOCKET PID PROBES. Prints JSON.
 */
#include "lib/sample/sample.h"
#include "lib/sample/rings.h"

#include <stdio.h>
#include <stdlib.h>

struct totals {
	unsigned long long probes, torn, lost, unread, depth_max, over, used;
};

static size_t rings_of(const struct qmp_virtio *list, size_t n, struct ring **rings)
{
	size_t count = 0, i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < list[i].n_rings; k++) {
			const struct qmp_ring *r = &list[i].rings[k];

			if (r->avail && r->used)
				*vec_push(*rings, count) = (struct ring){ .fresh = true,
					.addr = { .used_idx = r->used + 2, .avail_idx = r->avail + 2, .size = r->size } };
		}
	}
	return count;
}

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
	struct qmp_virtio *list = NULL;
	struct ring *rings = NULL;
	struct totals t = {0};
	struct err err = {0};
	struct qmp_peer peer;
	struct qmp *q = NULL;
	uint64_t want, pid, began;
	size_t n = 0, count, i;

	if (argc != 4 || units_uint_parse(argv[2], &pid) || units_uint_parse(argv[3], &want))
		return 2;
	if (qmp_open_unix(argv[1], &q, &peer, &err) || qmp_greet(q, 5000, &err) || qmp_virtio_read(q, true, &list, &n, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	qmp_close(q);
	count = rings_of(list, n, &rings);
	began = clock_now_ns();
	for (i = 0; count && t.probes < want; i = (i + 1) % count)
		probe((pid_t)pid, &rings[i], &t);
	for (i = 0; i < count; i++)
		t.used += rings[i].used_total;
	printf("{\"rings\":%zu,\"probes\":%llu,\"torn\":%llu,\"lost\":%llu,\"unread\":%llu,\"depth_max\":%llu,\"over\":%llu,"
	       "\"used\":%llu,\"ns_per_probe\":%llu}\n", count, t.probes, t.torn, t.lost, t.unread, t.depth_max, t.over, t.used,
	       t.probes ? (unsigned long long)(clock_now_ns() - began) / t.probes : 0ull);
	qmp_virtio_free(list, n);
	free(rings);
	return 0;
}
