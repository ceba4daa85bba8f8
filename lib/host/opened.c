// SPDX-License-Identifier: GPL-3.0-or-later
/* Who has a file open. */
#include "opened.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "private.h"

/* QEMU, block/file-posix.c: the bytes of permissions that are used, and of those that others may not use */
#define USED 100u
#define KEPT 200u
#define PERMISSIONS 100u
#define WRITE 1u

struct look {
	const struct host *h;
	const struct host_file *files;
	char *const *names;
	size_t n;
};

static bool same(const struct look *l, const char *path, size_t *which)
{
	struct host_file one = {0};
	struct statx st;
	size_t i;

	/* no file system is asked: it may be the process's own, and mute */
	if (statx(host_dir(l->h), path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st))
		return false;
	if (S_ISBLK(st.stx_mode))
		one = (struct host_file){ .device = true, .dev = makedev(st.stx_rdev_major, st.stx_rdev_minor) };
	else if (S_ISREG(st.stx_mode))
		one = (struct host_file){ .dev = makedev(st.stx_dev_major, st.stx_dev_minor), .ino = st.stx_ino };
	else
		return false;
	for (i = 0; i < l->n; i++)
		if (host_file_is(&l->files[i], &one)) {
			*which = i;
			return true;
		}
	return false;
}

static bool same_name(const struct look *l, const char *path, size_t *which)
{
	char link[256];
	size_t i;

	if (host_readlink(l->h, link, sizeof(link), "%s", path) <= 0 || !str_has_prefix(link, "/dev/"))
		return false;
	for (i = 0; i < l->n; i++)
		if (l->names[i] && !strcmp(l->names[i], link + strlen("/dev/"))) {
			*which = i;
			return true;
		}
	return false;
}

/* "lock:\t1: OFDLCK ADVISORY  READ -1 00:05:9 100 101" */
static void take_locks(const char *text, struct host_opener *one)
{
	const char *line;
	uint64_t first, last;
	bool kept = false;

	for (line = strstr(text, "\nlock:"); line; line = strstr(line + 1, "\nlock:")) {
		char what[512];

		snprintf(what, sizeof(what), "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
		if (sscanf(what, "lock:\t%*s %*s %*s %*s %*s %*s %lu %lu", &first, &last) != 2)
			continue;
		one->locked |= first >= USED && last < KEPT + PERMISSIONS;
		kept |= first <= KEPT + WRITE && last >= KEPT + WRITE;
	}
	one->lets_write = one->locked && !kept;
}

static bool take_flags(const struct look *l, pid_t pid, int fd, struct host_opener *one)
{
	static const char key[] = "flags:\t";
	char text[4096];
	const char *at;
	unsigned long flags;

	if (host_read(l->h, text, sizeof(text), "proc/%d/fdinfo/%d", (int)pid, fd) < 0)
		return false;
	at = strstr(text, key);
	flags = at ? strtoul(at + strlen(key), NULL, 8) : O_PATH;
	if (flags & O_PATH)		/* held, not opened */
		return false;
	one->writes = (flags & O_ACCMODE) != O_RDONLY;
	take_locks(text, one);
	return true;
}

static unsigned weight(const struct host_opener *o)
{
	return !o->pid ? 0 : 1 + 4 * (o->writes && o->locked) + 3 * o->writes + 2 * (o->locked && !o->lets_write);
}

/* False: it cannot be looked at. */
static bool look_at(const struct look *l, pid_t pid, struct host_opener *out)
{
	auto_close int dir = host_openat(l->h, "proc/%d/fd", (int)pid);
	auto_ids struct host_ids fds = {0};
	size_t i;

	if (dir < 0 || host_ids_read_some(dir, PROC_FDS_MAX, &fds))
		return dir != -EACCES && dir != -EPERM;
	for (i = 0; i < fds.n; i++) {
		auto_free char *path = xasprintf("proc/%d/fd/%d", (int)pid, fds.id[i]);
		struct host_opener one = { .pid = pid };

		if (!(host_is_live(l->h) ? same : same_name)(l, path, &one.which) || !take_flags(l, pid, fds.id[i], &one))
			continue;
		if (weight(&one) <= weight(out))
			continue;
		host_line_read(l->h, one.comm, sizeof(one.comm), "proc/%d/comm", (int)pid);
		one.blind = out->blind;
		*out = one;
	}
	return !fds.cut;
}

void host_openers_read(const struct host *h, const struct host_file *files, char *const *names, size_t n, unsigned timeout_ms,
		       struct host_opener *out)
{
	struct look l = { h, files, names, n };
	uint64_t end = clock_now_ns() + timeout_ms * NS_PER_MS;
	auto_close int proc = host_openat(h, "proc");
	auto_ids struct host_ids pids = {0};
	size_t i;

	*out = (struct host_opener){0};
	if (proc < 0 || host_ids_read(proc, &pids)) {
		out->blind = true;
		return;
	}
	for (i = 0; i < pids.n && clock_now_ns() < end; i++)
		if ((!host_is_live(h) || pids.id[i] != getpid()) && !look_at(&l, pids.id[i], out))
			out->blind = true;
	out->blind |= i < pids.n;
}
