/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which vhost thread works which queue pair. Told at each sample whose columns want it how many entries each
 * pair's rings have used so far, it compares who ran with what moved.
 */
#ifndef KT_SAMPLE_VHOST_H
#define KT_SAMPLE_VHOST_H

#include "sample.h"

struct vhost_map;

struct vhost_pair {
	char *device;
	unsigned pair;
	uint64_t used;			/* by both rings, UNKNOWN_UINT where one cannot be read */
	uint64_t first_ns, last_ns;	/* clock_now_ns of the readings that says: of the older ring's, of the newer one's */
};
struct vhost_thread {
	pid_t tid;
	uint64_t start;
	const struct vhost_pair *pair;	/* NULL: not known */
	const char *how;		/* only, rings, order, unsure */
};
/*
 * pairs: in the order in which QEMU set them up; ordered: as far as one can know. The list becomes the map's. now_ns:
 * nothing in u was read later.
 */
void vhost_look(struct vhost_map **map, const struct host_usage *u, struct vhost_pair *pairs, size_t n, bool ordered,
		uint64_t now_ns);
const struct vhost_thread *vhost_threads(const struct vhost_map *map, size_t *n);	/* by start; until the next look */
void vhost_free(struct vhost_map *map);

#endif
