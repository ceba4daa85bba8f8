/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rings of one guest as the ring thread keeps them. All of it is under the ring thread's lock but for values. */
#ifndef KT_SAMPLE_RING_SET_H
#define KT_SAMPLE_RING_SET_H

#include "ring.h"

struct ring_set {
	struct ring_set *next;
	pid_t pid;
	bool removed;		/* nobody wants it any more: the thread that is busy with it frees it */
	bool read;		/* at least once */
	bool busy;		/* a thread reads it, without the lock */
	bool stuck;		/* that thread did not come back in time */
	bool barred;		/* nor did one that read this guest's rings where they were before */
	bool notify, eager;
	unsigned still;		/* readings in a row at which nothing had moved */
	uint64_t interval_ns, next_ns;
	uint64_t sample_ns, next_sample_ns;	/* sample_ns 0: each reading is a sample */
	size_t n;
	uint64_t *pairs, *quads;	/* addresses: used, avail of each ring; used, avail, irq, kick */
	uint16_t *values;		/* [4 * n], of who reads it */
	struct ring rings[];
};

/* What one reading of some rings brought. */
struct ring_outcome {
	unsigned step_max;	/* entries used since the reading before */
	bool sample;		/* depths count */
	bool moved, torn;
};

/* Freed with ring_set_free. */
struct ring_set *ring_set_new(pid_t pid, const struct ring_addr *addr, size_t n);
void ring_set_free(struct ring_set *set);

/* What was known of a ring goes on where it is the same one in old (may be NULL), and so does what is gathered of them. */
void ring_set_take_over(struct ring_set *set, struct ring_set *old);

/* What is read from now on has nothing to do with what was read before. */
void ring_set_break(struct ring_set *set);

/*
 * Takes in the values of n rings, stride of them each, of which got were read; retried: only those that made no sense
 * before. o->torn: some make none now.
 */
void ring_set_store(struct ring_set *set, size_t first, size_t n, size_t stride, ssize_t got, bool retried,
		    struct ring_outcome *o);

/* When it is to be read next, after the reading that was due at now. */
void ring_set_schedule(struct ring_set *set, uint64_t now, const struct ring_outcome *o);

#endif
