/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory and other things with an owner. The x-functions never return NULL: a program that
 * cannot get a few kilobytes ends (SIGABRT, on which the screen restores the terminal).
 */
#ifndef KT_BASE_MEM_H
#define KT_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);		/* room for n things of that size */
char *xstrdup(const char *s);				/* NULL stays NULL */
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Growing arrays: a pointer and a count, both yours. vec_push(v, n) makes room for one more
 * zeroed element, counts it and is a pointer to it; the capacity is the next power of two, so
 * no third variable is kept. A vec must only ever grow through vec_push.
 */
#define vec_push(v, n) (vec_room((void **)&(v), (n), sizeof(*(v))), &(v)[(n)++])
void vec_room(void **v, size_t n, size_t size);

/* Locals that clean up after themselves. */
void mem_free_ptr(void *p);
void mem_close_ptr(int *fd);
#define auto_free __attribute__((cleanup(mem_free_ptr)))
#define auto_close __attribute__((cleanup(mem_close_ptr)))

/* Hand an auto_ variable's thing over to somebody else. */
#define take_ptr(p) __extension__({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
