/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting a thread. */
#ifndef KT_BASE_THREAD_H
#define KT_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/*
 * A thread that no signal goes to: they are the main thread's, but for those of a crash. out NULL: it is detached.
 * stack_bytes 0: the usual size. 0, or -EAGAIN where the system allows no more threads.
 */
int thread_start(pthread_t *out, void *(*run)(void *arg), void *arg, size_t stack_bytes);
/* What to say of that: the caller's errno and text. */
struct err;
int thread_err(struct err *err, const char *what);

#endif
