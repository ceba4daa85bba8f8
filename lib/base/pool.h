/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads for work that may wait for another process. A job must bound its own time; the pool only keeps it away from
 * the threads that draw and sample, and from each other: while jobs wait and none begins, it gets more threads.
 */
#ifndef KT_BASE_POOL_H
#define KT_BASE_POOL_H

#include <stdint.h>

struct pool;

/* Fewer than threads where the system allows no more; NULL: not one. */
struct pool *pool_new(unsigned threads, unsigned most);
/*
 * Queue run(arg). Jobs start by their rank, lowest first, and in order where it is the same. Called is either run(arg), or
 * drop(arg) when the pool ends first.
 */
void pool_add(struct pool *p, uint64_t rank, void (*run)(void *arg), void (*drop)(void *arg), void *arg);
/* More threads, up to the most, if jobs wait and none of them has begun for a moment. Cheap: to be called now and then. */
void pool_mind(struct pool *p);
/* Waits for the jobs that run, drops those that wait. NULL is fine. */
void pool_free(struct pool *p);

#endif
