// SPDX-License-Identifier: GPL-3.0-or-later
/* The descriptors of a process. */
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"

static struct host_file identity(const struct stat *st)
{
	if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode))
		return (struct host_file){ .device = true, .dev = st->st_rdev };
	return (struct host_file){ .dev = st->st_dev, .ino = st->st_ino };
}

int host_file_of(const char *path, struct host_file *out)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	*out = identity(&st);
	return 0;
}

bool host_file_is(const struct host_file *a, const struct host_file *b)
{
	return a->device == b->device && a->dev == b->dev && a->ino == b->ino;
}

static int fds_read(const struct host *h, pid_t pid, int *dir, struct host_ids *fds)
{
	int r;

	*dir = host_openat(h, "proc/%d/fd", pid);
	r = *dir < 0 ? *dir : host_ids_read(*dir, fds);
	return r == -ENOENT ? -ESRCH : r;
}

int host_proc_has_file(const struct host *h, pid_t pid, const struct host_file *file)
{
	auto_close int dir = -1;
	auto_ids struct host_ids fds = {0};
	int r = host_is_live(h) ? fds_read(h, pid, &dir, &fds) : 0;

	for (size_t i = 0; r >= 0 && i < fds.n; i++) {
		struct host_file one;
		struct stat st;
		char name[16];

		snprintf(name, sizeof(name), "%d", fds.id[i]);
		if (fstatat(dir, name, &st, 0))
			continue;
		one = identity(&st);
		if (host_file_is(&one, file))
			return 1;
	}
	return r < 0 ? r : 0;
}

int host_proc_count_links(const struct host *h, pid_t pid, const char *path)
{
	auto_close int dir = -1;
	auto_ids struct host_ids fds = {0};
	int r = fds_read(h, pid, &dir, &fds), count = 0;
	char link[64];

	for (size_t i = 0; r >= 0 && i < fds.n; i++)
		if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, fds.id[i]) >= 0)
			count += !strcmp(link, path);
	return r < 0 ? r : count;
}

int host_vfio_read(const struct host *h, pid_t pid, char ***list, size_t *n)
{
	static const char prefix[] = "/dev/vfio/";
	auto_close int dir = -1;
	auto_ids struct host_ids fds = {0};
	char **found = NULL, link[64];
	size_t count = 0;
	int r = fds_read(h, pid, &dir, &fds);

	if (r < 0)
		return r;
	for (size_t i = 0; i < fds.n; i++) {
		const char *name = link + strlen(prefix);

		if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, fds.id[i]) < 0)
			continue;
		/* /dev/vfio/vfio is the container, of which all have one */
		if (str_has_prefix(link, prefix) && strcmp(name, "vfio"))
			*vec_push(found, count) = xstrdup(name);
	}
	*list = found;
	*n = count;
	return 0;
}
