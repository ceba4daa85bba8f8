/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings of the kernel that are a small file each: which there are, and what they are set to. */
#ifndef KT_HOST_VALUE_H
#define KT_HOST_VALUE_H

#include "root.h"

#define HOST_VALUE_MAX 128

/*
 * The value of a file below the root, one word: the one in brackets of "always [madvise] never", else the line. Cleaned for the
 * terminal. 0 or negative errno; buf is "" then.
 */
int host_value_read(const struct host *h, const char *path, char buf[HOST_VALUE_MAX]);
/* All that it can be, as "always|madvise|never"; "" where the file does not list them. */
void host_value_choices(const struct host *h, const char *path, char buf[HOST_VALUE_MAX]);
/* The number in such a file; HOST_UNKNOWN: none. */
uint64_t host_value_number(const struct host *h, const char *path);

/*
 * The files that a pattern stands for, in order of their numbers. Two directories may be open: "node*" is a NUMA node,
 * "hugepages-*" a page size. At most HOST_VALUES_MAX of them. A vec, yours; host_values_free.
 */
#define HOST_VALUES_MAX 4096
struct host_value_file {
	char *path;
	int node;			/* -1: the pattern has none */
	uint64_t page_bytes;		/* 0: the pattern has none */
};
void host_values_find(const struct host *h, const char *pattern, struct host_value_file **list, size_t *n);
void host_values_free(struct host_value_file *list, size_t n);

#endif
