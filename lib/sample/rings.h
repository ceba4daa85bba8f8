/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring thread: reads indices of virtqueues from QEMU's memory, several times between two samples. */
#ifndef KT_SAMPLE_RINGS_H
#define KT_SAMPLE_RINGS_H

#include "sample.h"

/* One ring, and what was seen of it since it was last collected. */
struct ring_state {
	bool known;			/* the fields below hold; false: unreadable, not a ring any more, not read yet */
	bool lost;			/* it was a ring and is none now: reset, packed, migrated: look it up again */
	unsigned depth, depth_max;
	double depth_mean;
	uint64_t used_total;		/* entries used since the ring was first read */
	uint64_t stalled_ns;		/* work queued and nothing used, for so long; 0: it moves, or nothing is queued */
};

struct ring_addr {
	uint64_t used_idx, avail_idx;	/* addresses of the two index fields in the process */
	unsigned size;
};

struct ring_reader;
struct ring_set;

struct ring_reader *rings_start(void);
void rings_stop(struct ring_reader *r);

/*
 * A guest's rings; the thread begins with them at once. What was known of a ring goes on where it is the same one in
 * old (may be NULL), so that looking them up again breaks no rate; one that was lost begins anew.
 */
struct ring_set *rings_add(struct ring_reader *r, pid_t pid, const struct ring_addr *addr, size_t n,
			   const struct ring_set *old);
void rings_remove(struct ring_reader *r, struct ring_set *set);		/* NULL is fine */
bool rings_are_read(struct ring_reader *r, const struct ring_set *set);	/* the first reading was tried */
/* State of each ring in the order of rings_add; depth statistics begin anew. */
void rings_collect(struct ring_reader *r, struct ring_set *set, struct ring_state *out);

/* The arithmetic, apart so that it can be tested: one reading of a ring. */
struct ring {
	struct ring_addr addr;
	bool known, lost;
	unsigned bad;			/* readings in a row that cannot be of a ring */
	uint16_t used, avail;
	unsigned depth, depth_max;
	uint64_t depth_sum, samples, used_total;
	uint64_t moved_ns, read_ns;	/* when it last moved or was empty; of the last reading that made sense */
	bool fresh;			/* no reading yet since it was set up */
};
/* Returns false when the reading makes no sense: the caller reads again, and says so after RING_BAD_MAX times. */
bool ring_update(struct ring *r, uint16_t used, uint16_t avail, uint64_t now_ns);
#define RING_BAD_MAX 3

#endif
