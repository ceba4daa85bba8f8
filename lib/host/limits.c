// SPDX-License-Identifier: GPL-3.0-or-later
/* What control groups hold back of a process: quotas of CPU time, bounds of memory, pressure. */
#include "cgroup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits_rest.h"
#include "watch.h"

#define GROUPS_NS (10 * NS_PER_SEC)
#define SLOW_NS (2 * NS_PER_SEC)	/* the kernel averages pressure as often */
#define GROUPS_MAX 1024			/* one for each vCPU, and those above */
/* Version 1 has no word for "no limit": it is the largest multiple of a page. */
#define V1_NO_LIMIT (1ull << 60)

/* A group with a limit of one controller. */
struct group {
	char dir[512];
	bool cpu, v2, own;
	double quota_pct, high_bytes, max_bytes;	/* NAN: no limit */
	int fd;				/* cpu.stat, memory.events, memory.failcnt */
	uint64_t throttled_ns, high, max;		/* as last read; HOST_UNKNOWN: not yet */
	bool throttled, high_hit, max_hit;
};

struct host_limits {
	const struct host_cgroups *c;
	pid_t pid;
	uint64_t listed_ns, slow_ns;	/* 0: never */
	bool has_cpu, has_memory;
	char own[HOST_CGROUPS][512];	/* the process's group, of its controllers */
	struct group *groups;
	size_t n;
	int psi_fd[3];
	double psi_pct[3];
	uint64_t throttled_ns;
	struct rest_limits *rest;
	struct host_limit *limits;	/* room for two a group, and for the rest */
};

static const char *const psi_files[3] = { "cpu.pressure", "io.pressure", "memory.pressure" };

static void psi_drop(struct host_limits *l)
{
	int i;

	for (i = 0; i < 3; i++) {
		host_kept_drop(&l->psi_fd[i]);
		l->psi_pct[i] = NAN;
	}
}

struct host_limits *host_limits_new(const struct host_cgroups *c, pid_t pid)
{
	struct host_limits *l = xcalloc(1, sizeof(*l));
	int i;

	l->c = c;
	l->pid = pid;
	l->rest = rest_limits_new(c);
	for (i = 0; i < 3; i++)
		l->psi_fd[i] = -1;
	psi_drop(l);
	return l;
}

static void groups_free(struct group *groups, size_t n)
{
	while (n)
		host_kept_drop(&groups[--n].fd);
	free(groups);
}

void host_limits_free(struct host_limits *l)
{
	if (!l)
		return;
	psi_drop(l);
	groups_free(l->groups, l->n);
	rest_limits_free(l->rest);
	free(l->limits);
	free(l);
}

static bool group_file(const struct host_limits *l, const char *dir, const char *name, char *buf, size_t size)
{
	return host_read(host_cgroups_host(l->c), buf, size, "%s/%s", dir, name) > 0;
}

static double bytes_of(const char *text)
{
	uint64_t n;

	return host_u64_next(&text, &n) && n < V1_NO_LIMIT ? (double)n : NAN;
}

/* "50000 100000": so many microseconds of each period; "max 100000", "-1": no quota */
static void quota_read(struct host_limits *l, struct group *g)
{
	uint64_t quota, period;
	char buf[64];
	const char *p = buf;

	if (!group_file(l, g->dir, g->v2 ? "cpu.max" : "cpu.cfs_quota_us", buf, sizeof(buf)))
		return;
	if (!host_u64_next(&p, &quota))
		return;
	if (!g->v2) {
		p = buf;
		if (!group_file(l, g->dir, "cpu.cfs_period_us", buf, sizeof(buf)))
			return;
	}
	if (host_u64_next(&p, &period) && period)
		g->quota_pct = 100 * (double)quota / (double)period;
}

static void bounds_read(struct host_limits *l, struct group *g)
{
	char buf[64];

	if (!group_file(l, g->dir, g->v2 ? "memory.max" : "memory.limit_in_bytes", buf, sizeof(buf)))
		return;
	g->max_bytes = bytes_of(buf);
	if (g->v2 && group_file(l, g->dir, "memory.high", buf, sizeof(buf)))
		g->high_bytes = bytes_of(buf);
}

/* Within a tree, or its root. */
static bool is_below(const char *dir, const char *root)
{
	size_t len = strlen(root);

	return len && !strncmp(dir, root, len) && (!dir[len] || dir[len] == '/');
}

/* One group of a chain; true when it was seen before, and so were all above it. */
static bool group_add(struct host_limits *l, const char *dir, bool cpu, bool v2, struct group **groups, size_t *n)
{
	struct group *g;
	size_t i;

	for (i = 0; i < *n; i++)
		if ((*groups)[i].cpu == cpu && !strcmp((*groups)[i].dir, dir))
			return true;
	if (*n == GROUPS_MAX)
		return true;
	g = vec_push(*groups, *n);
	*g = (struct group){
		.cpu = cpu, .v2 = v2, .fd = -1, .quota_pct = NAN, .high_bytes = NAN, .max_bytes = NAN,
		.throttled_ns = HOST_UNKNOWN, .high = HOST_UNKNOWN, .max = HOST_UNKNOWN,
		.own = is_below(dir, l->own[cpu ? HOST_CGROUP_CPU : HOST_CGROUP_MEMORY]),
	};
	strcpy(g->dir, dir);
	if (cpu)
		quota_read(l, g);
	else
		bounds_read(l, g);
	return false;
}

static void chain_add(struct host_limits *l, const struct host_cgroup_paths *p, enum host_controller which,
		      struct group **groups, size_t *n)
{
	char dir[sizeof(p->dir[0])];

	strcpy(dir, p->dir[which]);
	while (dir[0] && !group_add(l, dir, which == HOST_CGROUP_CPU, p->v2[which], groups, n) &&
	       strlen(dir) > p->top[which])
		*strrchr(dir, '/') = '\0';
}

static bool ends_in(char *dir, size_t top, const char *name)
{
	char *slash = strrchr(dir, '/');

	if (strlen(dir) <= top || !slash || strcmp(slash + 1, name))
		return false;
	*slash = '\0';
	return true;
}

/* libvirt puts the main thread below the guest's group, beside those of the vCPUs. */
static void own_find(struct host_limits *l, struct host_cgroup_paths *p)
{
	char old[512];
	int i;

	strcpy(old, l->own[HOST_CGROUP_UNIFIED]);
	for (i = 0; i < HOST_CGROUPS; i++) {
		char *dir = strcpy(l->own[i], p->dir[i]);

		if (ends_in(dir, p->top[i], "emulator"))
			ends_in(dir, p->top[i], "libvirt");
	}
	/* the pressure of the root is everybody's */
	if (strlen(l->own[HOST_CGROUP_UNIFIED]) <= p->top[HOST_CGROUP_UNIFIED])
		l->own[HOST_CGROUP_UNIFIED][0] = '\0';
	if (strcmp(old, l->own[HOST_CGROUP_UNIFIED]))
		psi_drop(l);
}

static bool has_limit(const struct group *g)
{
	return !isnan(g->quota_pct) || !isnan(g->high_bytes) || !isnan(g->max_bytes);
}

/* Keep those with a limit, with what was read of them before. */
static void groups_replace(struct host_limits *l, struct group *groups, size_t n)
{
	size_t kept = 0, i, k;

	for (i = 0; i < n; i++) {
		struct group *g = &groups[i];

		if (!has_limit(g))
			continue;
		for (k = 0; k < l->n; k++) {
			struct group *old = &l->groups[k];

			if (old->cpu != g->cpu || strcmp(old->dir, g->dir))
				continue;
			g->fd = take_fd(&old->fd);
			g->throttled_ns = old->throttled_ns;
			g->high = old->high;
			g->max = old->max;
			g->high_hit = old->high_hit;
			g->max_hit = old->max_hit;
		}
		groups[kept++] = *g;
	}
	groups_free(l->groups, l->n);
	l->groups = groups;
	l->n = kept;
	free(l->limits);
	l->limits = xcalloc(2 * kept + rest_limits_count(l->rest), sizeof(*l->limits));
}

static void groups_list(struct host_limits *l, const pid_t *tids, size_t n_tids)
{
	struct host_cgroup_paths paths;
	struct group *groups = NULL;
	size_t n = 0, i;

	if (host_cgroup_paths_read(l->c, l->pid, 0, &paths))
		return;
	own_find(l, &paths);
	rest_limits_list(l->rest, &paths, l->own);
	/* a group without the files has no limit */
	l->has_cpu = paths.dir[HOST_CGROUP_CPU][0];
	l->has_memory = paths.dir[HOST_CGROUP_MEMORY][0];
	chain_add(l, &paths, HOST_CGROUP_CPU, &groups, &n);
	chain_add(l, &paths, HOST_CGROUP_MEMORY, &groups, &n);
	for (i = 0; i < n_tids; i++) {
		if (tids[i] == l->pid || host_cgroup_paths_read(l->c, l->pid, tids[i], &paths))
			continue;
		chain_add(l, &paths, HOST_CGROUP_CPU, &groups, &n);
		chain_add(l, &paths, HOST_CGROUP_MEMORY, &groups, &n);
	}
	groups_replace(l, groups, n);
}

/* "key N" at a line's start */
static bool line_read(const char *text, const char *key, uint64_t *out)
{
	const char *p = text;
	size_t len = strlen(key);

	while (p && (strncmp(p, key, len) || p[len] != ' ')) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return false;
	p += len;
	return host_u64_next(&p, out);
}

/* How far a counter went; a first reading, or one that went back, went nowhere. */
static uint64_t step(uint64_t *last, uint64_t now)
{
	uint64_t by = *last != HOST_UNKNOWN && now > *last ? now - *last : 0;

	*last = now;
	return by;
}

static bool kept_file(const struct host_limits *l, struct group *g, const char *name, char *buf, size_t size)
{
	bool opened;
	ssize_t len = host_kept_read(host_cgroups_host(l->c), &g->fd, &opened, buf, size, "%s/%s", g->dir, name);

	if (len < 0)			/* the group is gone */
		host_kept_drop(&g->fd);
	return len >= 0;
}

static void throttled_read(struct host_limits *l, struct group *g)
{
	uint64_t now, by;
	char buf[1024];

	g->throttled = false;
	if (!kept_file(l, g, "cpu.stat", buf, sizeof(buf)))
		return;
	if (!line_read(buf, g->v2 ? "throttled_usec" : "throttled_time", &now))
		return;
	by = step(&g->throttled_ns, g->v2 ? now * 1000 : now);
	g->throttled = by;
	if (g->own)
		l->throttled_ns += by;
}

static void events_read(struct host_limits *l, struct group *g)
{
	const char *p;
	uint64_t now;
	char buf[512];

	g->high_hit = g->max_hit = false;
	if (!kept_file(l, g, g->v2 ? "memory.events" : "memory.failcnt", buf, sizeof(buf)))
		return;
	p = buf;
	if (!g->v2) {
		g->max_hit = host_u64_next(&p, &now) && step(&g->max, now);
		return;
	}
	g->high_hit = line_read(buf, "high", &now) && step(&g->high, now);
	g->max_hit = line_read(buf, "max", &now) && step(&g->max, now);
}

static void pressure_read(struct host_limits *l)
{
	const char *dir = l->own[HOST_CGROUP_UNIFIED];
	bool opened;
	char buf[256];
	int i;

	for (i = 0; i < 3; i++) {
		l->psi_pct[i] = NAN;
		if (!*dir || host_kept_read(host_cgroups_host(l->c), &l->psi_fd[i], &opened, buf, sizeof(buf), "%s/%s",
					    dir, psi_files[i]) < 0)
			host_kept_drop(&l->psi_fd[i]);
		else if (sscanf(buf, "some avg10=%lf", &l->psi_pct[i]) != 1)
			l->psi_pct[i] = NAN;
	}
}

static size_t limit_add(struct host_limits *l, size_t n, const struct group *g, enum host_limit_kind kind, double value,
			bool hit)
{
	const char *own = l->own[g->cpu ? HOST_CGROUP_CPU : HOST_CGROUP_MEMORY], *slash = strrchr(g->dir, '/');

	if (isnan(value))
		return n;
	l->limits[n] = (struct host_limit){ .kind = kind, .value = value, .hit = hit };
	if (strcmp(g->dir, own))
		l->limits[n].group = slash ? slash + 1 : g->dir;
	return n + 1;
}

void host_limits_read(struct host_limits *l, const pid_t *tids, size_t n, uint64_t now_ns,
		      struct host_limit_usage *out)
{
	bool slow = !l->slow_ns || now_ns - l->slow_ns >= SLOW_NS;
	size_t i, found = 0;

	if (!l->listed_ns || now_ns - l->listed_ns >= GROUPS_NS) {
		groups_list(l, tids, n);
		l->listed_ns = now_ns;
	}
	for (i = 0; i < l->n; i++) {
		if (l->groups[i].cpu)
			throttled_read(l, &l->groups[i]);
		else if (slow)
			events_read(l, &l->groups[i]);
	}
	if (slow) {
		pressure_read(l);
		rest_limits_look(l->rest, now_ns, l->psi_pct[0]);
		l->slow_ns = now_ns;
	}
	for (i = 0; i < l->n; i++) {
		const struct group *g = &l->groups[i];

		/* at most two of the three: a group is of one controller */
		found = limit_add(l, found, g, HOST_LIMIT_CPU, g->quota_pct, g->throttled);
		found = limit_add(l, found, g, HOST_LIMIT_MEM_HIGH, g->high_bytes, g->high_hit);
		found = limit_add(l, found, g, HOST_LIMIT_MEM_MAX, g->max_bytes, g->max_hit);
	}
	found = rest_limits_take(l->rest, l->limits, found);
	*out = (struct host_limit_usage){
		.known = l->has_cpu || l->has_memory, .limits = l->limits, .n = found,
		.throttled_ns = l->has_cpu ? l->throttled_ns : HOST_UNKNOWN,
		.psi_cpu_pct = l->psi_pct[0], .psi_io_pct = l->psi_pct[1], .psi_mem_pct = l->psi_pct[2],
	};
}
