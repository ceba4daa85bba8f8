// SPDX-License-Identifier: GPL-3.0-or-later
/* /proc/PID/status, KSM's files of a process, and memory.numa_stat of its cgroup. */
#include "footprint.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "private.h"

static void ksm_read(const struct host *h, pid_t pid, struct host_footprint *f)
{
	char text[1024];
	uint64_t pages = host_number_read(h, "proc/%d/ksm_merging_pages", pid);

	if (host_read(h, text, sizeof(text), "proc/%d/ksm_stat", pid) < 0)
		text[0] = '\0';
	if (pages == HOST_UNKNOWN)
		pages = host_key_number(text, "ksm_merging_pages ");
	f->ksm_bytes = host_times(pages, host_facts(h)->page_bytes);
	f->ksm_watched = host_key_number(text, "ksm_rmap_items ");
	f->ksm_mergeable = strstr(text, "ksm_mergeable: yes") || strstr(text, "ksm_merge_any: yes") ||
			   (f->ksm_watched != HOST_UNKNOWN && f->ksm_watched);
}

void host_footprint_read(const struct host *h, pid_t pid, struct host_footprint *out)
{
	struct host_footprint f = {0};
	char text[8192];

	if (host_read(h, text, sizeof(text), "proc/%d/status", pid) < 0)
		text[0] = '\0';
	f.anon_bytes = host_key_kb(text, "RssAnon:");
	f.file_bytes = host_key_kb(text, "RssFile:");
	f.shmem_bytes = host_key_kb(text, "RssShmem:");
	f.swap_bytes = host_key_kb(text, "VmSwap:");
	f.hugetlb_bytes = host_key_kb(text, "HugetlbPages:");
	f.locked_bytes = host_key_kb(text, "VmLck:");
	f.pinned_bytes = host_key_kb(text, "VmPin:");
	ksm_read(h, pid, &f);
	*out = f;
}

/* The path behind "0::/" in /proc/PID/cgroup; false: it is in no cgroup of version 2 below the root. */
static bool path_read(const struct host *h, pid_t pid, char path[PATH_MAX])
{
	char text[8192], *p;

	if (host_read(h, text, sizeof(text), "proc/%d/cgroup", pid) < 0)
		return false;
	p = str_has_prefix(text, "0::/") ? text : strstr(text, "\n0::/");
	if (!p)
		return false;
	p = strstr(p, "0::/") + strlen("0::/");
	p[strcspn(p, "\n")] = '\0';
	/* ".." leads out of a cgroup namespace: not to be followed from here */
	if (!*p || strstr(p, "..") || strlen(p) >= PATH_MAX - 64)
		return false;
	strcpy(path, p);
	return true;
}

/* A vhost worker that is a kernel thread joins its owner's cgroups. */
static bool is_kthread(const struct host *h, uint64_t pid)
{
	char line[HOST_STAT_SIZE];
	struct host_stat st;

	return pid <= INT_MAX && host_read(h, line, sizeof(line), "proc/%d/stat", (int)pid) > 0 && !host_stat_parse(line, &st) &&
	       st.kthread;
}

/* Threads in other cgroups below it are listed here as the process they are of; another process spoils it. */
static bool is_alone(const struct host *h, const char *path, pid_t pid)
{
	char text[4096];
	const char *p = text;
	uint64_t n;
	bool seen = false;

	if (host_read(h, text, sizeof(text), "sys/fs/cgroup/%s/cgroup.procs", path) < 0)
		return false;
	for (; host_u64_next(&p, &n); p += strspn(p, "\n")) {
		if (n != (uint64_t)pid && !is_kthread(h, n))
			return false;
		seen |= n == (uint64_t)pid;
	}
	return seen;
}

/* "anon N0=4096 N1=0": the kinds that are memory of the process */
static void line_add(const char *text, const char *key, uint64_t *bytes, size_t max, size_t *n)
{
	const char *line = str_has_prefix(text, key) ? text : strstr(text, key), *end, *p;
	uint64_t node, value;

	if (!line || (line != text && line[-1] != '\n'))
		return;
	end = line + strcspn(line, "\n");
	for (p = line; (p = strstr(p, " N")) && p < end; ) {
		p += 2;
		if (!host_u64_next(&p, &node) || *p++ != '=' || !host_u64_next(&p, &value) || node >= max)
			return;
		while (*n <= node)
			bytes[(*n)++] = 0;
		bytes[node] += value;
	}
}

int host_cgroup_nodes_read(const struct host *h, pid_t pid, uint64_t *bytes, size_t max, size_t *n)
{
	char path[PATH_MAX], text[16384], *slash;

	*n = 0;
	if (!path_read(h, pid, path))
		return -ENOENT;
	/* where only CPUs are handed on below, the memory is counted further up */
	while (host_read(h, text, sizeof(text), "sys/fs/cgroup/%s/memory.numa_stat", path) < 0) {
		slash = strrchr(path, '/');
		if (!slash)
			return -ENOENT;
		*slash = '\0';
	}
	if (!is_alone(h, path, pid))
		return -ENOENT;
	line_add(text, "anon ", bytes, max, n);
	line_add(text, "shmem ", bytes, max, n);
	return *n ? 0 : -ENOENT;
}
