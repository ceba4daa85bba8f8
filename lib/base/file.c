// SPDX-License-Identifier: GPL-3.0-or-later
/* Files that a stranger names. */
#include "base.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIES 16		/* openat2 gives up when something is renamed meanwhile */

/*
 * Without openat2 (Linux 5.6): part by part, and no links at all below another root, as they might lead out of it.
 * Closes dir.
 */
static int walk(int dir, const char *path)
{
	auto_free char *copy = xstrdup(path);
	char *rest = copy, *part;
	auto_close int at = dir;
	struct stat st;

	while ((part = strsep(&rest, "/"))) {
		int next;

		if (!*part || !strcmp(part, "."))
			continue;
		if (!strcmp(part, ".."))
			return -EXDEV;
		next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		close(at);
		at = next;
		if (fstat(at, &st))
			return -errno;
		if (S_ISLNK(st.st_mode))
			return -ELOOP;
	}
	return take_fd(&at);
}

static int hold_at(int dir, const char *path, bool is_root)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	unsigned i;
	int fd = -1;

	if (is_root)
		how.resolve |= RESOLVE_IN_ROOT;
	for (i = 0; i < TRIES && fd < 0; i++) {
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	if (fd >= 0)
		return fd;
	if (errno != ENOSYS)
		return -errno;
	if (is_root)
		return walk(fcntl(dir, F_DUPFD_CLOEXEC, 0), path);
	fd = openat(dir, path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* How much of the path is the "/proc/PID/root" or "/proc/PID/cwd" that it begins with; 0: it begins otherwise. */
static size_t begins_in(const char *path, bool *is_root)
{
	static const char *const links[] = { "/root", "/cwd" };
	size_t at = strlen("/proc/"), i;

	if (strncmp(path, "/proc/", at) || !isdigit((unsigned char)path[at]))
		return 0;
	while (isdigit((unsigned char)path[at]))
		at++;
	for (i = 0; i < ARRAY_SIZE(links); i++) {
		size_t end = at + strlen(links[i]);

		*is_root = !i;
		if (str_has_prefix(path + at, links[i]) && (path[end] == '/' || !path[end]))
			return end;
	}
	return 0;
}

int file_hold(const char *path, struct stat *st)
{
	bool is_root = false;
	size_t len = begins_in(path, &is_root);
	auto_free char *begin = len ? xstrndup(path, len) : NULL;
	auto_close int dir = begin ? open(begin, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	auto_close int fd = -1;

	if (begin && dir < 0)
		return -errno;
	while (len && path[len] == '/')
		len++;
	fd = hold_at(begin ? dir : AT_FDCWD, begin && !path[len] ? "." : path + len, is_root);
	if (fd < 0)
		return fd;
	return fstat(fd, st) ? -errno : take_fd(&fd);
}

static void link_of(char link[32], int fd)
{
	snprintf(link, 32, "/proc/self/fd/%d", fd);
}

int file_read_held(int held)
{
	char link[32];
	struct stat st;
	int fd;

	if (fstat(held, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -EINVAL;
	link_of(link, held);
	/* a lease on the file, too, is not waited for */
	fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

char *file_where(int fd)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	link_of(link, fd);
	len = readlink(link, path, sizeof(path) - 1);
	return len < 0 ? NULL : xstrndup(path, (size_t)len);
}
