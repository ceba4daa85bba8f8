// SPDX-License-Identifier: GPL-3.0-or-later
/* Where control groups are mounted, and in which ones a thread is. Names of groups may be a stranger's. */
#include "cgroup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"
#include "watch.h"

struct mount {
	char dir[256];			/* relative to the host's root; "": none */
	char root[256];			/* the group that is mounted there: "/", or our namespace's or container's own */
	bool v2;
};

struct host_cgroups {
	const struct host *h;
	int fd;				/* mountinfo; negative: it cannot be read */
	struct mount mounts[HOST_CGROUPS];
};

static const char *const controllers[HOST_CGROUPS] = {
	[HOST_CGROUP_CPU] = "cpu", [HOST_CGROUP_CPUSET] = "cpuset", [HOST_CGROUP_MEMORY] = "memory", [HOST_CGROUP_HUGETLB] = "hugetlb",
	[HOST_CGROUP_IO] = "blkio", [HOST_CGROUP_PIDS] = "pids",
	[HOST_CGROUP_UNIFIED] = "",
};

/* "\040" is a blank: mountinfo writes what would end a field so. False when it does not fit. */
static bool unescape(const char *from, size_t len, char *to, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		char c = from[i];

		if (c == '\\' && len - i > 3 && strspn(from + i + 1, "01234567") >= 3) {
			c = (char)((from[i + 1] - '0') * 64 + (from[i + 2] - '0') * 8 + from[i + 3] - '0');
			i += 3;
		}
		if (n + 1 >= size || !c)
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	return true;
}

/* word in a list between commas */
static bool listed(const char *list, size_t len, const char *word)
{
	size_t n = strlen(word);
	const char *p = list, *end = list + len;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t part = (size_t)((comma ? comma : end) - p);

		if (part == n && !memcmp(p, word, n))
			return true;
		p += part + 1;
	}
	return false;
}

static bool escapes(const char *path)
{
	const char *p;

	for (p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (!p[2] || p[2] == '/'))
			return true;
	return false;
}

/* "31 23 0:28 ROOT DIR OPTIONS .. - TYPE SOURCE SUPER-OPTIONS" */
static void mount_take(struct host_cgroups *c, char *line)
{
	char *field[6], *rest = strstr(line, " - "), *save = NULL, *type, *options;
	struct mount m = {0};
	size_t n = 0;
	int i;

	if (!rest)
		return;
	*rest = '\0';
	for (field[0] = strtok_r(line, " ", &save); field[n] && n < 4; )
		field[++n] = strtok_r(NULL, " ", &save);
	type = strtok_r(rest + strlen(" - "), " ", &save);
	strtok_r(NULL, " ", &save);
	options = strtok_r(NULL, " ", &save);
	if (n < 4 || !field[4] || !type || field[4][0] != '/' || field[3][0] != '/')
		return;
	m.v2 = !strcmp(type, "cgroup2");
	if (!m.v2 && (strcmp(type, "cgroup") || !options))
		return;
	if (!unescape(field[3], strlen(field[3]), m.root, sizeof(m.root)) ||
	    !unescape(field[4] + 1, strlen(field[4] + 1), m.dir, sizeof(m.dir)) || !m.dir[0] || escapes(m.dir))
		return;
	for (i = 0; i < HOST_CGROUPS; i++) {
		bool mine = m.v2 ? i == HOST_CGROUP_UNIFIED : listed(options, strlen(options), controllers[i]);

		if (mine && !c->mounts[i].dir[0])
			c->mounts[i] = m;
	}
}

static void mounts_read(struct host_cgroups *c)
{
	size_t size = 256 << 10;
	auto_free char *text = xmalloc(size);
	char *line, *save = NULL;
	int i;

	memset(c->mounts, 0, sizeof(c->mounts));
	/* from its start, and in pieces: the kernel gives a page of it at a time */
	if (lseek(c->fd, 0, SEEK_SET) < 0 || host_fd_read(c->fd, text, size) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		mount_take(c, line);
	/* what is not mounted as version 1 is version 2's */
	for (i = 0; i < HOST_CGROUPS; i++)
		if (!c->mounts[i].dir[0])
			c->mounts[i] = c->mounts[HOST_CGROUP_UNIFIED];
}

struct host_cgroups *host_cgroups_open(const struct host *h)
{
	struct host_cgroups *c = xcalloc(1, sizeof(*c));

	c->h = h;
	c->fd = host_openat(h, "proc/self/mountinfo");
	if (c->fd >= 0)
		mounts_read(c);
	return c;
}

/* The kernel's file is ready for POLLPRI when the mounts have changed; of a recorded host nothing tells. */
void host_cgroups_refresh(struct host_cgroups *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLPRI };

	if (c->fd >= 0 && (!host_is_live(c->h) || (poll(&p, 1, 0) > 0 && (p.revents & (POLLPRI | POLLERR)))))
		mounts_read(c);
}

void host_cgroups_free(struct host_cgroups *c)
{
	if (!c)
		return;
	host_kept_drop(&c->fd);
	free(c);
}

const struct host *host_cgroups_host(const struct host_cgroups *c)
{
	return c->h;
}

/* The group as a directory: what the mount shows of it. A root group has no limits of its own. */
static void path_take(const struct mount *m, const char *group, struct host_cgroup_paths *out, int i)
{
	const char *below = group;
	size_t root = strlen(m->root);
	int len;

	out->v2[i] = m->v2;
	out->top[i] = strlen(m->dir);
	if (!m->dir[0] || escapes(group))
		return;
	if (strcmp(m->root, "/")) {
		if (strncmp(group, m->root, root) || (group[root] && group[root] != '/'))
			return;
		below = group + root;
	}
	if (!strcmp(below, "/"))
		below = "";
	len = snprintf(out->dir[i], sizeof(out->dir[i]), "%s%s", m->dir, below);
	if (len < 0 || (size_t)len >= sizeof(out->dir[i]))
		out->dir[i][0] = '\0';
}

/* "4:memory:/a/b" and "0::/a/b" */
static void line_take(const struct host_cgroups *c, char *line, struct host_cgroup_paths *out)
{
	char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
	int i;

	if (!group || group[1] != '/')
		return;
	list++;
	*group++ = '\0';
	for (i = 0; i < HOST_CGROUPS; i++) {
		const struct mount *m = &c->mounts[i];

		if (m->v2 ? !*list && !strncmp(line, "0:", 2) : *list && listed(list, strlen(list), controllers[i]))
			path_take(m, group, out, i);
	}
}

int host_cgroup_paths_read(const struct host_cgroups *c, pid_t pid, pid_t tid, struct host_cgroup_paths *out)
{
	char text[16384], *line, *save = NULL;
	ssize_t len;

	memset(out, 0, sizeof(*out));
	if (tid)
		len = host_read(c->h, text, sizeof(text), "proc/%d/task/%d/cgroup", pid, tid);
	else
		len = host_read(c->h, text, sizeof(text), "proc/%d/cgroup", pid);
	if (len < 0)
		return (int)len;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		line_take(c, line, out);
	return 0;
}

ssize_t host_cgroup_cpus(const struct host_cgroups *c, const struct host_cgroup_paths *p, char *buf, size_t size)
{
	char dir[sizeof(p->dir[0])];
	size_t top = p->top[HOST_CGROUP_CPUSET];
	const char *name = p->v2[HOST_CGROUP_CPUSET] ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
	ssize_t len = -ENOENT;

	strcpy(dir, p->dir[HOST_CGROUP_CPUSET]);
	while (dir[0]) {
		char *slash;

		len = host_read(c->h, buf, size, "%s/%s", dir, name);
		/* a group without the controller has what the one above it has */
		if (len != -ENOENT || strlen(dir) <= top)
			break;
		slash = strrchr(dir, '/');
		*slash = '\0';
	}
	if (len < 0)
		return len;
	if ((size_t)len + 1 >= size)
		return -E2BIG;
	buf[strcspn(buf, "\n")] = '\0';
	return *buf ? (ssize_t)strlen(buf) : -ENOENT;
}

bool host_cpulist_and(const char *a, const char *b, char *out, size_t size)
{
	unsigned a1, a2, b1, b2;
	size_t len = 0;

	out[0] = '\0';
	while (host_range_next(&a, &a1, &a2) > 0) {
		const char *p = b;

		while (host_range_next(&p, &b1, &b2) > 0) {
			unsigned from = a1 > b1 ? a1 : b1, to = a2 < b2 ? a2 : b2;

			if (from > to)
				continue;
			len += (size_t)snprintf(out + len, size - len, from == to ? "%s%u" : "%s%u-%u", len ? "," : "",
						from, to);
			if (len >= size)
				return false;
		}
	}
	return true;
}

ssize_t host_cpus_online(const struct host *h, char *buf, size_t size)
{
	ssize_t len = host_read(h, buf, size, "sys/devices/system/cpu/online");

	if (len >= 0)
		buf[strcspn(buf, "\n")] = '\0';
	return len;
}
