/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * To be preloaded: the FAIL_THREAD'th thread that a program starts is refused, and with FAIL_MORE those after it, too. Then
 * there is a file of the name in FAIL_SAID.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	static int count;
	const char *nth = getenv("FAIL_THREAD");
	int n = __sync_add_and_fetch(&count, 1), fails = nth ? atoi(nth) : 0;

	if (n == fails || (n > fails && getenv("FAIL_MORE"))) {
		if (n == fails)
			close(creat(getenv("FAIL_SAID"), 0600));
		return EAGAIN;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(out, attr, run, arg);
}
