// SPDX-License-Identifier: GPL-3.0-or-later
/* Directories hugepages-2048kB, hugepages-1048576kB, .. of the host and of each node. */
#include "huge.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"
#include "private.h"

#define POOLS_MAX 16384

static int pool_cmp(const void *a, const void *b)
{
	const struct host_huge_pool *x = a, *y = b;

	if (x->node != y->node)
		return (x->node > y->node) - (x->node < y->node);
	return (x->page_bytes > y->page_bytes) - (x->page_bytes < y->page_bytes);
}

/* A pool may be resized between the readings of two files; no more of it is free than there is. */
static void counts_read(const struct host *h, const char *at, const char *name, struct host_huge_pool *pool)
{
	int tries = 3;

	do {
		pool->total = host_number_read(h, "%s/%s/nr_hugepages", at, name);
		pool->free = host_number_read(h, "%s/%s/free_hugepages", at, name);
	} while (pool->free > pool->total && pool->free != HOST_UNKNOWN && --tries);
	if (!tries)
		pool->free = HOST_UNKNOWN;
}

static void pools_of(const struct host *h, const char *at, int node, struct host_huge_pool **list, size_t *n)
{
	static const char prefix[] = "hugepages-";
	int fd = host_openat(h, "%s", at);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		mem_close_ptr(&fd);
		return;
	}
	while ((d = readdir(dir)) && *n < POOLS_MAX) {
		const char *p = d->d_name + strlen(prefix);
		struct host_huge_pool pool = { .node = node };
		uint64_t kb;

		if (!str_has_prefix(d->d_name, prefix) || !host_u64_next(&p, &kb) || strcmp(p, "kB") || !kb)
			continue;
		pool.page_bytes = host_times(kb, 1024);
		counts_read(h, at, d->d_name, &pool);
		pool.surplus = host_number_read(h, "%s/%s/surplus_hugepages", at, d->d_name);
		pool.reserved = host_number_read(h, "%s/%s/resv_hugepages", at, d->d_name);
		if (pool.total == HOST_UNKNOWN || pool.page_bytes == HOST_UNKNOWN)
			continue;
		*vec_push(*list, *n) = pool;
	}
	closedir(dir);
}

void host_huge_read(const struct host *h, bool nodes, struct host_huge_pool **list, size_t *n)
{
	char online[4096], at[64];
	const char *p = online;
	unsigned first, last;

	*list = NULL;
	*n = 0;
	pools_of(h, "sys/kernel/mm/hugepages", -1, list, n);
	if (!nodes || host_read(h, online, sizeof(online), "sys/devices/system/node/online") < 0)
		online[0] = '\0';
	while (host_range_next(&p, &first, &last) > 0 && last < HOST_NODES_MAX) {
		for (; first <= last; first++) {
			snprintf(at, sizeof(at), "sys/devices/system/node/node%u/hugepages", first);
			pools_of(h, at, (int)first, list, n);
		}
	}
	if (*n)
		qsort(*list, *n, sizeof(**list), pool_cmp);
}

/* The kernel's file counts surplus pages too. */
int host_huge_count(const struct host *h, const char *dir, struct host_huge_count *out)
{
	struct host_huge_count c = {
		.pages = host_number_read(h, "%s/nr_hugepages", dir), .surplus = host_number_read(h, "%s/surplus_hugepages", dir),
		.free = host_number_read(h, "%s/free_hugepages", dir),
	};

	if (c.pages == HOST_UNKNOWN)
		return -ENOENT;
	if (c.surplus == HOST_UNKNOWN || c.surplus > c.pages)
		c.surplus = 0;
	c.pages -= c.surplus;
	*out = c;
	return 0;
}
