// SPDX-License-Identifier: GPL-3.0-or-later
/* Thread ids of a PID namespace that is not ours. */
#include "task.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* The last of "NSpid:\t1005\t7": as the thread itself has it; *n of them. 0: there is no such line. */
static pid_t innermost(const char *status, unsigned *n)
{
	static const char key[] = "\nNSpid:";
	const char *at = strstr(status, key);
	uint64_t id, last = 0;

	*n = 0;
	/* numbers are behind tabs: the next line begins with a letter */
	for (at += at ? strlen(key) : 0; at && *at == '\t' && host_u64_next(&at, &id) && id <= INT_MAX; (*n)++)
		last = id;
	return (pid_t)last;
}

static int by_inner(const void *a, const void *b)
{
	const struct host_tid *x = a, *y = b;

	return (x->inner > y->inner) - (x->inner < y->inner);
}

int host_tids_read(const struct host *h, pid_t pid, struct host_tid **list, size_t *n)
{
	auto_close int dir = host_openat(h, "proc/%d/task", pid);
	auto_ids struct host_ids ids = {0};
	struct host_tid *found = NULL;
	int r = dir < 0 ? dir : host_ids_read_some(dir, PROC_THREADS_MAX, &ids);
	char status[8192];
	size_t count = 0, i;

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (i = 0; i < ids.n; i++) {
		unsigned depth;
		pid_t inner;

		if (host_read(h, status, sizeof(status), "proc/%d/task/%d/status", pid, ids.id[i]) < 0)
			continue;
		inner = innermost(status, &depth);
		if (depth <= 1)		/* they are all in the same namespace */
			break;
		*vec_push(found, count) = (struct host_tid){ .inner = inner, .tid = ids.id[i] };
	}
	if (count)
		qsort(found, count, sizeof(*found), by_inner);
	*list = found;
	*n = count;
	return 0;
}

pid_t host_tid_of(const struct host_tid *list, size_t n, pid_t inner)
{
	const struct host_tid key = { .inner = inner };
	const struct host_tid *t = n ? bsearch(&key, list, n, sizeof(key), by_inner) : NULL;

	return t ? t->tid : 0;
}
