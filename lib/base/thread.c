// SPDX-License-Identifier: GPL-3.0-or-later
/* Starting a thread. */
#include "base.h"

#include <errno.h>
#include <signal.h>

int thread_start(pthread_t *out, void *(*run)(void *arg), void *arg, size_t stack_bytes)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	if (!out)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (stack_bytes)
		pthread_attr_setstacksize(&attr, stack_bytes);
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);	/* a crash in there is the whole program's */
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(out ? out : &thread, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}

int thread_err(struct err *err, const char *what)
{
	return err_set(err, -EAGAIN, "%s: the system allows no more threads (see ulimit -u, and pids.max of the cgroup)", what);
}
