// SPDX-License-Identifier: GPL-3.0-or-later
/* /proc/PID/maps, and the two files that walk page tables. */
#include "maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "nodes.h"
#include "private.h"

#define MAPS_MAX 65536
#define HUGETLBFS_MAGIC 0x958458f6	/* linux/magic.h */

/* Lines of a file of any length, cut at 4 KiB each. */
static FILE *lines_open(const struct host *h, pid_t pid, const char *name)
{
	int fd = host_openat(h, "proc/%d/%s", pid, name);
	FILE *f;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	f = fdopen(fd, "r");
	if (!f)
		close(fd);
	return f;
}

/* fgets, but what does not fit is not the next line. */
static bool line_next(FILE *f, char *line, size_t size)
{
	size_t len;
	int c;

	if (!fgets(line, (int)size, f))
		return false;
	len = strlen(line);
	if (len && line[len - 1] == '\n')
		line[len - 1] = '\0';
	else
		while ((c = getc(f)) != EOF && c != '\n')
			;
	return true;
}

static bool map_parse(const char *line, struct host_map *m)
{
	char perms[5];
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %*u %n", &m->start, &m->end, perms, &at) < 3)
		return false;
	if (!at || m->start >= m->end || strlen(perms) != 4)
		return false;
	m->writable = perms[1] == 'w';
	m->executable = perms[2] == 'x';
	m->shared = perms[3] == 's';
	m->anonymous = !line[at];
	m->name = line[at] ? xstrdup(line + at) : NULL;
	return true;
}

int host_maps_read(const struct host *h, pid_t pid, struct host_map **list, size_t *n)
{
	FILE *f = lines_open(h, pid, "maps");
	char line[4096];

	*list = NULL;
	*n = 0;
	if (!f)
		return -errno;
	while (*n < MAPS_MAX && line_next(f, line, sizeof(line))) {
		struct host_map m;

		if (map_parse(line, &m))
			*vec_push(*list, *n) = m;
	}
	fclose(f);
	return 0;
}

void host_maps_free(struct host_map *list, size_t n)
{
	while (n--)
		free(list[n].name);
	free(list);
}

/* The link leads to the mapped file itself, also when it has no name any more. */
uint64_t host_map_page_bytes(const struct host *h, pid_t pid, const struct host_map *map)
{
	auto_close int fd = -1;
	struct statfs fs;

	if (map->anonymous)
		return host_facts(h)->page_bytes;
	if (!host_is_live(h))
		return 0;
	fd = host_openat(h, "proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, map->start, map->end);
	if (fd < 0 || fstatfs(fd, &fs))
		return 0;
	return fs.f_type == HUGETLBFS_MAGIC ? (uint64_t)fs.f_bsize : host_facts(h)->page_bytes;
}

static bool is_within(const struct host_range *ranges, size_t n, uint64_t start)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (start >= ranges[i].start && start < ranges[i].end)
			return true;
	return false;
}

static void node_add(struct host_exact *e, uint64_t node, uint64_t bytes)
{
	if (node >= HOST_NODES_MAX || bytes == HOST_UNKNOWN)
		return;
	while (e->n_nodes <= node)
		*vec_push(e->node_bytes, e->n_nodes) = 0;
	e->node_bytes[node] += bytes;
	e->present_bytes += bytes;
}

/* "7f00 default file=/x huge anon=1 N0=512 N1=3 kernelpagesize_kB=2048": counted in pages of that size */
static void numa_line(const char *line, struct host_exact *e)
{
	const char *kb = strstr(line, " kernelpagesize_kB="), *p;
	bool huge = strstr(line, " huge");
	uint64_t unit = 4, node, pages;

	if (kb) {
		kb += strlen(" kernelpagesize_kB=");
		if (!host_u64_next(&kb, &unit))
			return;
	}
	unit = host_times(unit, 1024);
	for (p = line; (p = strstr(p, " N")); ) {
		p += 2;
		if (*p < '0' || *p > '9' || !host_u64_next(&p, &node) || *p != '=')	/* or the line is cut there */
			continue;
		p++;
		if (!host_u64_next(&p, &pages))
			continue;
		node_add(e, node, host_times(pages, unit));
		if (huge)
			e->hugetlb_bytes += host_times(pages, unit) == HOST_UNKNOWN ? 0 : pages * unit;
	}
}

static int numa_read(const struct host *h, pid_t pid, const struct host_range *ranges, size_t n, struct host_exact *e)
{
	FILE *f = lines_open(h, pid, "numa_maps");
	char line[8192];
	uint64_t start;
	size_t found = 0;

	if (!f)
		return -errno;
	while (line_next(f, line, sizeof(line))) {
		if (sscanf(line, "%" SCNx64, &start) != 1 || !is_within(ranges, n, start))
			continue;
		numa_line(line, e);
		found++;
	}
	fclose(f);
	return found ? 0 : -ENOENT;
}

static void add_kb(const char *line, const char *key, uint64_t *sum)
{
	uint64_t bytes = str_has_prefix(line, key) ? host_key_kb(line, key) : HOST_UNKNOWN;

	if (bytes != HOST_UNKNOWN)
		*sum = (*sum == HOST_UNKNOWN ? 0 : *sum) + bytes;
}

static int smaps_read(const struct host *h, pid_t pid, const struct host_range *ranges, size_t n, struct host_exact *e)
{
	FILE *f = lines_open(h, pid, "smaps");
	char line[4096];
	uint64_t start, end;
	bool ours = false;

	if (!f)
		return -errno;
	while (line_next(f, line, sizeof(line))) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
			ours = is_within(ranges, n, start);
			continue;
		}
		if (!ours)
			continue;
		add_kb(line, "AnonHugePages:", &e->thp_bytes);
		add_kb(line, "ShmemPmdMapped:", &e->thp_bytes);
		add_kb(line, "FilePmdMapped:", &e->thp_bytes);
		add_kb(line, "Swap:", &e->swap_bytes);
		add_kb(line, "KSM:", &e->ksm_bytes);
	}
	fclose(f);
	return 0;
}

int host_exact_read(const struct host *h, pid_t pid, const struct host_range *ranges, size_t n, struct host_exact *out)
{
	struct host_exact e = { .ksm_bytes = HOST_UNKNOWN };
	int rc = numa_read(h, pid, ranges, n, &e);

	if (!rc)
		rc = smaps_read(h, pid, ranges, n, &e);
	if (rc)
		free(e.node_bytes);
	else
		*out = e;
	return rc;
}
