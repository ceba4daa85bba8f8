/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A few threads for work that may wait for another process. A job must bound its own time; the
 * pool only keeps it away from the threads that draw and sample.
 */
#ifndef KT_BASE_POOL_H
#define KT_BASE_POOL_H

#include <stddef.h>

struct pool;

/* Fewer than threads where the system allows no more; NULL: not one. */
struct pool *pool_new(unsigned threads);
/* Queue run(arg); jobs start in order. Called is either run(arg), or drop(arg) when the pool ends first. */
void pool_add(struct pool *p, void (*run)(void *arg), void (*drop)(void *arg), void *arg);
/* Waits for the jobs that run, drops those that wait. NULL is fine. */
void pool_free(struct pool *p);

#endif
