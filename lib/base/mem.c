// SPDX-License-Identifier: GPL-3.0-or-later
/* Allocation that does not fail, growing arrays, clean-up helpers. */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *must(void *p)
{
	static const char text[] = "kvmtop: out of memory\n";

	if (p)
		return p;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
		/* nothing is left to tell it to */
	}
	abort();
}

void *xmalloc(size_t size)
{
	return must(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
	return must(reallocarray(p, n ? n : 1, size));
}

char *xstrdup(const char *s)
{
	return s ? must(strdup(s)) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
	return must(strndup(s, n));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&s, fmt, ap);
	va_end(ap);
	return must(len < 0 ? NULL : s);
}

void vec_room(void **v, size_t n, size_t size)
{
	/* the capacity is the next power of two, so it is full exactly when n is one */
	if ((n & (n - 1)) == 0)
		*v = xrealloc(*v, n ? n * 2 : 1, size);
	memset((char *)*v + n * size, 0, size);
}

void mem_free_ptr(void *p)
{
	free(*(void **)p);
}

void mem_close_ptr(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
