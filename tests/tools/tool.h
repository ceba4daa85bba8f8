/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tools have in common: the rings of a QEMU, asked of it, and the CPU time they use themselves. */
#ifndef KT_TESTS_TOOL_H
#define KT_TESTS_TOOL_H

#include "lib/sample/sample.h"
#include "lib/sample/rings.h"

#include <stdio.h>
#include <time.h>

/* Of the QEMU at that socket: a vec, yours. -1 tells on standard error why there are none. */
static inline ssize_t tool_rings(const char *socket, struct ring_addr **addr)
{
	struct qmp_virtio *list = NULL;
	struct err err = {0};
	struct qmp_peer peer;
	struct qmp *q = NULL;
	size_t n = 0;
	ssize_t count = -1;

	if (!qmp_open_unix(socket, &q, &peer, &err) && !qmp_greet(q, 5000, &err) && !qmp_virtio_read(q, true, NULL, &list, &n, &err))
		count = (ssize_t)ring_addresses(list, n, addr);
	else
		fprintf(stderr, "%s\n", err.text);
	qmp_close(q);
	qmp_virtio_free(list, n);
	return count;
}

static inline uint64_t tool_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

#endif
