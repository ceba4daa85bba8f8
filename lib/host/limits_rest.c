// SPDX-License-Identifier: GPL-3.0-or-later
/* Limits of I/O, of tasks and of CPUs. */
#include "limits_rest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define LIMITS_MAX 256			/* of I/O, four for each device: a guest has some disks of the host, not hundreds */
#define FULL 0.9			/* that much of a rate is all of it: what is late in one reading is in the next */
#define PRESSED_PCT 10.0		/* of the time some thread wants a CPU and has none */

struct rest {
	char dir[512];
	const char *group;		/* in dir; NULL: its own */
	enum host_limit_kind kind;
	double value;
	char what[64];
	/* of I/O: "253:0", its counter in io.stat, and how that stood */
	char dev[24];
	const char *counter;
	uint64_t last, last_ns;
	bool hit;
};

struct rest_limits {
	const struct host_cgroups *c;
	struct rest *list;
	size_t n;
};

struct rest_limits *rest_limits_new(const struct host_cgroups *c)
{
	struct rest_limits *r = xcalloc(1, sizeof(*r));

	r->c = c;
	return r;
}

void rest_limits_free(struct rest_limits *r)
{
	if (r)
		free(r->list);
	free(r);
}

static const struct rest *same_as(const struct rest *list, size_t n, const struct rest *one)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].kind == one->kind && !strcmp(list[i].dir, one->dir) && !strcmp(list[i].what, one->what))
			return &list[i];
	return NULL;
}

/* With what the reading before knew of it. */
static void add(struct rest_limits *r, struct rest **list, size_t *n, const struct rest *one)
{
	const struct rest *old = same_as(r->list, r->n, one);
	struct rest *new;

	if (*n >= LIMITS_MAX)
		return;
	new = vec_push(*list, *n);
	*new = *one;
	new->last = old ? old->last : HOST_UNKNOWN;
	new->last_ns = old ? old->last_ns : 0;
	new->hit = old && old->hit;
}

/* "sda" of "8:0", as far as /sys knows it */
static void name_device(const struct host *h, const char *dev, char *name, size_t size)
{
	host_link_name(h, name, size, "sys/dev/block/%s", dev);
	if (!*name)
		snprintf(name, size, "%s", dev);
	str_clean(name);
}

/* io.max: "253:0 rbps=max wbps=1048576 riops=max wiops=50" */
static void io_add(struct rest_limits *r, const char *text, const struct rest *at, struct rest **list, size_t *n)
{
	static const struct {
		const char *key, *counter;
	} keys[] = { { "rbps", "rbytes" }, { "wbps", "wbytes" }, { "riops", "rios" }, { "wiops", "wios" } };
	const struct host *h = host_cgroups_host(r->c);
	const char *line;
	size_t i;

	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		auto_free char *one = xstrndup(line, strcspn(line, "\n"));
		struct rest l = *at;
		char name[40];

		if (sscanf(one, "%23s", l.dev) != 1)
			continue;
		name_device(h, l.dev, name, sizeof(name));
		for (i = 0; i < ARRAY_SIZE(keys); i++) {
			auto_free char *mark = xasprintf(" %s=", keys[i].key);
			const char *value = strstr(one, mark);
			uint64_t limit;

			value = value ? value + strlen(mark) : "";
			if (!host_u64_next(&value, &limit))
				continue;
			l.value = (double)limit;
			l.counter = keys[i].counter;
			snprintf(l.what, sizeof(l.what), "%s %s", name, keys[i].key);
			add(r, list, n, &l);
		}
	}
}

static unsigned count_cpus(const char *text)
{
	unsigned first, last, n = 0;

	while (host_range_next(&text, &first, &last) > 0)
		n += last - first + 1;
	return n;
}

static void cpus_add(struct rest_limits *r, const struct host_cgroup_paths *paths, char own[HOST_CGROUPS][512], struct rest **list,
		     size_t *n)
{
	struct host_cgroup_paths group = *paths;
	struct rest l = { .kind = HOST_LIMIT_CPUS };
	char cpus[4096], online[4096];

	strcpy(group.dir[HOST_CGROUP_CPUSET], own[HOST_CGROUP_CPUSET]);
	if (strlen(group.dir[HOST_CGROUP_CPUSET]) <= group.top[HOST_CGROUP_CPUSET] ||
	    host_cgroup_cpus(r->c, &group, cpus, sizeof(cpus)) < 0 ||
	    host_cpus_online(host_cgroups_host(r->c), online, sizeof(online)) < 0 || count_cpus(cpus) >= count_cpus(online))
		return;
	strcpy(l.dir, own[HOST_CGROUP_CPUSET]);
	l.value = count_cpus(cpus);
	snprintf(l.what, sizeof(l.what), "%.60s", cpus);
	add(r, list, n, &l);
}

/* From the process's group up. */
static void chain_add(struct rest_limits *r, const struct host_cgroup_paths *paths, enum host_controller which,
		      struct rest **list, size_t *n)
{
	const struct host *h = host_cgroups_host(r->c);
	char dir[sizeof(paths->dir[0])], text[4096];

	strcpy(dir, paths->dir[which]);
	while (strlen(dir) > paths->top[which]) {
		struct rest l = { .kind = which == HOST_CGROUP_IO ? HOST_LIMIT_IO : HOST_LIMIT_PIDS };
		uint64_t pids;

		strcpy(l.dir, dir);
		if (which == HOST_CGROUP_IO && host_read(h, text, sizeof(text), "%s/io.max", dir) > 0)
			io_add(r, text, &l, list, n);
		pids = which == HOST_CGROUP_PIDS ? host_number_read(h, "%s/pids.max", dir) : HOST_UNKNOWN;
		l.value = (double)pids;
		if (pids != HOST_UNKNOWN)
			add(r, list, n, &l);
		*strrchr(dir, '/') = '\0';
	}
}

void rest_limits_list(struct rest_limits *r, const struct host_cgroup_paths *paths, char own[HOST_CGROUPS][512])
{
	struct rest *list = NULL;
	size_t n = 0, i;

	chain_add(r, paths, HOST_CGROUP_IO, &list, &n);
	chain_add(r, paths, HOST_CGROUP_PIDS, &list, &n);
	cpus_add(r, paths, own, &list, &n);
	for (i = 0; i < n; i++) {
		const char *slash = strrchr(list[i].dir, '/');
		enum host_controller which = list[i].kind == HOST_LIMIT_IO ? HOST_CGROUP_IO :
			list[i].kind == HOST_LIMIT_PIDS ? HOST_CGROUP_PIDS : HOST_CGROUP_CPUSET;

		list[i].group = !strcmp(list[i].dir, own[which]) ? NULL : slash ? slash + 1 : list[i].dir;
	}
	free(r->list);
	r->list = list;
	r->n = n;
}

/* io.stat: "253:0 rbytes=0 wbytes=4096 rios=0 wios=1 dbytes=0 dios=0" */
static uint64_t io_counter(const char *stat, const char *dev, const char *counter)
{
	auto_free char *mark = xasprintf(" %s=", counter);
	size_t len = strlen(dev);
	const char *line;

	for (line = stat; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		auto_free char *one = xstrndup(line, strcspn(line, "\n"));
		const char *value = !strncmp(one, dev, len) && one[len] == ' ' ? strstr(one, mark) : NULL;
		uint64_t n;

		if (value && (value += strlen(mark)) && host_u64_next(&value, &n))
			return n;
	}
	return HOST_UNKNOWN;
}

/* io.stat of the group that was read last: the limits of a group follow each other. */
struct io_stat {
	const char *dir;
	struct buf text;
};

static const char *io_stat_of(const struct host *h, struct io_stat *stat, const char *dir)
{
	auto_free char *path = NULL;

	if (stat->dir && !strcmp(stat->dir, dir))
		return stat->text.text;
	buf_done(&stat->text);
	stat->dir = dir;
	path = xasprintf("%s/io.stat", dir);
	if (host_read_all(h, path, &stat->text))
		buf_done(&stat->text);
	return stat->text.text;
}

/* No counter tells that a request was late: the rate is as high as it may be. */
static void io_look(struct rest *l, const char *stat, uint64_t now_ns)
{
	uint64_t now = stat ? io_counter(stat, l->dev, l->counter) : HOST_UNKNOWN;
	double seconds = (double)(now_ns - l->last_ns) / (double)NS_PER_SEC;

	l->hit = l->last_ns && now != HOST_UNKNOWN && l->last != HOST_UNKNOWN && now > l->last && seconds > 0 &&
		 (double)(now - l->last) / seconds >= FULL * l->value;
	l->last = now;
	l->last_ns = now_ns;
}

/* pids.events: "max 3", how often a new one was refused */
static void pids_look(const struct host *h, struct rest *l)
{
	char text[256];
	uint64_t current = host_number_read(h, "%s/pids.current", l->dir), now = HOST_UNKNOWN;

	if (host_read(h, text, sizeof(text), "%s/pids.events", l->dir) > 0)
		now = host_key_number(text, "max ");
	l->hit = (current != HOST_UNKNOWN && (double)current >= l->value) ||
		 (now != HOST_UNKNOWN && l->last != HOST_UNKNOWN && now > l->last);
	l->last = now;
}

void rest_limits_look(struct rest_limits *r, uint64_t now_ns, double psi_cpu_pct)
{
	const struct host *h = host_cgroups_host(r->c);
	struct io_stat stat = {0};
	size_t i;

	for (i = 0; i < r->n; i++) {
		switch (r->list[i].kind) {
		case HOST_LIMIT_IO: io_look(&r->list[i], io_stat_of(h, &stat, r->list[i].dir), now_ns); break;
		case HOST_LIMIT_PIDS: pids_look(h, &r->list[i]); break;
		case HOST_LIMIT_CPUS: r->list[i].hit = psi_cpu_pct >= PRESSED_PCT; break;
		case HOST_LIMIT_CPU:
		case HOST_LIMIT_MEM_HIGH:
		case HOST_LIMIT_MEM_MAX: break;
		}
	}
	buf_done(&stat.text);
}

size_t rest_limits_count(const struct rest_limits *r)
{
	return r->n;
}

size_t rest_limits_take(const struct rest_limits *r, struct host_limit *list, size_t n)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		list[n++] = (struct host_limit){
			.kind = r->list[i].kind, .value = r->list[i].value, .group = r->list[i].group, .what = r->list[i].what,
			.hit = r->list[i].hit,
		};
	return n;
}
