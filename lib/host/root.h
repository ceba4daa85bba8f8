/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory under which /proc and /sys are found, and reading small files below it. */
#ifndef KT_HOST_ROOT_H
#define KT_HOST_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base/base.h"

#define HOST_UNKNOWN UINT64_MAX		/* of a count; a double that is not known is NAN */

struct host;		/* immutable after host_open: any thread may use it */

/* root: "/" for the real host; anything else is a recorded tree, in which no socket, memory or netlink is touched. */
int host_open(const char *root, struct host **out, struct err *err);
/* One more holder, such as a thread that may be left behind: the last host_free closes it. */
struct host *host_keep(const struct host *h);
void host_free(struct host *h);
bool host_is_live(const struct host *h);		/* the real one */

/* Open below the root; the path is relative ("proc/1/stat"). Descriptor or negative errno. */
int host_openat(const struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A whole small file into buf (always NUL-terminated): its length or negative errno. */
ssize_t host_read(const struct host *h, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same on a descriptor kept open: pread from 0. */
ssize_t host_pread(int fd, char *buf, size_t size);
/* A symbolic link's target; length or negative errno. */
ssize_t host_readlink(const struct host *h, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Static facts, read once at host_open. */
struct host_facts {
	char name[65];			/* hostname, cleaned for the terminal */
	uint64_t page_bytes, ticks_per_s;
};
const struct host_facts *host_facts(const struct host *h);

/* What comes and goes while the host is up. Immutable, and there until the host is freed. */
struct host_topology {
	unsigned cpus;			/* online */
	unsigned nodes;			/* online NUMA nodes, 1 where there is no NUMA */
	int only_node;			/* the node where there is one only, which need not be 0; -1: there are several */
};
/* As of the last refresh. */
const struct host_topology *host_topology(const struct host *h);
/* Looks whether CPUs, nodes or debugfs came or went: two small files and a directory where none did. By one thread, others may read meanwhile. */
void host_refresh(const struct host *h);
/* The NUMA node of an online CPU, -1 if unknown. */
int host_cpu_node(const struct host *h, unsigned cpu);

#endif
