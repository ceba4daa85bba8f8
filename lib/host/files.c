// SPDX-License-Identifier: GPL-3.0-or-later
/* The descriptors of a process. */
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
	auto_close int fd = file_hold(path, &st);

	if (fd < 0)
		return fd;
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
	r = *dir < 0 ? *dir : host_ids_read_some(*dir, PROC_FDS_MAX, fds);
	return r == -ENOENT ? -ESRCH : r;
}

/* Devices of VFIO that one process has open: a PCI bus has 256 functions. */
#define VFIO_MAX 256

struct host_fds {
	int dir;
	struct host_ids ids;
};

int host_fds_open(const struct host *h, pid_t pid, struct host_fds **out)
{
	struct host_fds *f;
	int r;

	if (!host_is_live(h))
		return -ENOENT;
	f = xcalloc(1, sizeof(*f));
	r = fds_read(h, pid, &f->dir, &f->ids);
	if (r < 0) {
		host_fds_close(f);
		return r;
	}
	*out = f;
	return 0;
}

bool host_fds_has(const struct host_fds *f, const struct host_file *file)
{
	size_t i;

	for (i = 0; i < f->ids.n; i++) {
		struct host_file one;
		struct stat st;
		char name[16];

		snprintf(name, sizeof(name), "%d", f->ids.id[i]);
		if (fstatat(f->dir, name, &st, 0))
			continue;
		one = identity(&st);
		if (host_file_is(&one, file))
			return true;
	}
	return false;
}

void host_fds_close(struct host_fds *f)
{
	if (!f)
		return;
	mem_close_ptr(&f->dir);
	host_ids_done(&f->ids);
	free(f);
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
		if (str_has_prefix(link, prefix) && strcmp(name, "vfio") && count < VFIO_MAX)
			*vec_push(found, count) = xstrdup(name);
	}
	*list = found;
	*n = count;
	return 0;
}
