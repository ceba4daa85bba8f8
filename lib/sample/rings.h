/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ring thread: reads indices of virtqueues from QEMU's memory, several times between two samples. A guest's page
 * may put it to sleep for good (post-copy migration): that guest is then left alone and another thread goes on.
 */
#ifndef KT_SAMPLE_RINGS_H
#define KT_SAMPLE_RINGS_H

#include "ring.h"

struct ring_reader;
struct ring_set;

struct ring_reader *rings_start(void);		/* NULL: the system allows no more threads */
/* Waits for the thread, but not for one that sleeps in a guest's memory: that one frees what is left when it wakes. */
void rings_stop(struct ring_reader *r);

/*
 * A guest's rings; the thread begins with them at once. What was known of a ring goes on where it is the same one in
 * old (may be NULL), so that looking them up again breaks no rate; one that was lost begins anew.
 */
struct ring_set *rings_add(struct ring_reader *r, pid_t pid, const struct ring_addr *addr, size_t n,
			   struct ring_set *old);
void rings_remove(struct ring_reader *r, struct ring_set *set);		/* NULL is fine */

/* What is to be gathered of a set besides its indices. */
struct ring_detail {
	bool counts;			/* how often each depth was read: histogram and percentiles */
	bool notify;			/* who wants to be notified */
	bool eager;			/* ten times a second, though it stands still: a ring set up anew is at zero not for long */
	unsigned hz;			/* depths to be read per second; 0: as often as the thread looks anyway */
};
#define RING_HZ_MAX 10000
void rings_detail(struct ring_reader *r, struct ring_set *set, const struct ring_detail *detail);

/*
 * To be called several times a second by who wants rings to be read; nobody calling for RINGS_REST_NS, the thread
 * rests. It also is the watchdog: a thread that has been in one guest's memory for RINGS_STUCK_NS, and waits for a page
 * of it, is replaced.
 */
#define RINGS_REST_NS (3 * NS_PER_SEC)
#define RINGS_STUCK_NS (NS_PER_SEC / 2)
void rings_watch(struct ring_reader *r);				/* NULL is fine */

/* The first reading was tried, or put the thread to sleep. */
bool rings_are_read(struct ring_reader *r, const struct ring_set *set);
/* A reading has put its thread to sleep, and it has not come back. */
bool rings_are_stuck(struct ring_reader *r, const struct ring_set *set);
/* State of each ring in the order of rings_add; what is counted since the last collection begins anew. */
void rings_collect(struct ring_reader *r, struct ring_set *set, struct ring_state *out);

#endif
