/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic of one ring's readings. Pure: no clock, no memory but its own. */
#ifndef KT_SAMPLE_RING_H
#define KT_SAMPLE_RING_H

#include "sample.h"

struct ring_addr {
	uint64_t used_idx, avail_idx;	/* addresses of the two index fields in the process */
	unsigned size;			/* descriptors */
	bool event_idx;			/* negotiated: the fields of virtio 1.2, 2.7.7 and 2.7.10; else the flags count */
};

/* Those of all rings whose memory QEMU told: a vec, yours. */
size_t ring_addresses(const struct qmp_virtio *list, size_t n, struct ring_addr **addr);

/* Depths by powers of two: 0, 1, 2-3, 4-7 .. 32768. */
#define RING_BUCKETS 17
unsigned ring_bucket(unsigned depth);
/* "0:12 1:3 2-3:0 4-7:1", as far as a ring of this size can go. */
void ring_hist_text(const uint32_t hist[RING_BUCKETS], unsigned size, struct buf *out);

/* Mean latency by Little's law is told from so many depths on. */
#define RING_LITTLE_MIN 100

/* One ring, and what was seen of it since it was last collected. */
struct ring_state {
	bool known;			/* the fields below hold; false: unreadable, not a ring any more, not read yet */
	bool lost;			/* it was a ring and is none now: reset, packed, migrated: look it up again */
	unsigned depth, depth_max;
	double depth_mean;
	bool counted;			/* used_total can be compared with the one collected before */
	uint64_t used_total;		/* entries used since the ring was first read */
	uint64_t read_ns;		/* clock_now_ns of the last reading that is in here */
	uint64_t stalled_ns;		/* work queued and nothing used, for so long at the least; 0: it moves, or is empty */
	uint64_t samples;		/* depths read */
	bool has_counts;		/* the three below were gathered: rings_detail */
	unsigned p50, p99;
	uint32_t hist[RING_BUCKETS];
	double wait_us;			/* mean time an entry was in the ring, by Little's law; UNKNOWN_NUM */
	double irq_share, kick_share;	/* of the readings at which a notification was wanted, 0..1; UNKNOWN_NUM */
};

struct ring {
	struct ring_addr addr;
	bool known, lost;
	bool fresh;			/* no reading yet since it was set up */
	bool broken;			/* used_total may lack entries since the last collection */
	unsigned bad;			/* readings in a row that cannot be of a ring */
	uint16_t used, avail;
	unsigned depth;
	uint64_t used_total;
	uint64_t still_ns;		/* since when work has been seen of which nothing was used; 0: none */
	uint64_t read_ns, gap_ns;	/* of the last reading that made sense; between it and the one before */
	double rate;			/* entries a nanosecond, of that gap */
	bool doubted;			/* whether it was too long is told already */

	/* since it was last collected */
	uint64_t samples, depth_sum, began_ns, ended_ns, used_began, used_ended;
	unsigned depth_max;
	uint64_t notes, irqs, kicks;	/* readings of the notification fields; at which one was wanted */
	uint32_t *counts;		/* [size + 1]: how often each depth was read; NULL: not kept */
};

/* Returns false when the reading makes no sense: the caller reads again, and says so after RING_BAD_MAX times. */
bool ring_update(struct ring *r, uint16_t used, uint16_t avail, uint64_t now_ns);
#define RING_BAD_MAX 3
/* The depth of the last reading counts as a sample. */
void ring_sample(struct ring *r);
/* What guest and device ask of each other, read together with the last reading: used_event or avail.flags, avail_event or used.flags. */
void ring_note(struct ring *r, uint16_t irq, uint16_t kick);
/* Whether counts are kept; all that is counted begins anew when that changes. */
void ring_keep_counts(struct ring *r, bool keep);
/* Nobody looked for a while: what was counted before cannot be compared with what comes. */
void ring_break(struct ring *r);
/* What there is to tell at this moment; then what is counted begins anew. A reading older than stale_ns is none. */
void ring_collect(struct ring *r, uint64_t now_ns, uint64_t stale_ns, struct ring_state *out);

#endif
