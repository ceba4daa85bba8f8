// SPDX-License-Identifier: GPL-3.0-or-later
/* The descriptors of a process. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "private.h"

struct host_file host_file_from(const struct stat *st)
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
	*out = host_file_from(&st);
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
		one = host_file_from(&st);
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

/* "device 10:196" of /proc/PID/fd/N, without asking the file system it is on: that may be the process's own, and mute. */
static bool node_of(const struct host *h, pid_t pid, int fd, char *text, size_t size)
{
	auto_free char *path = xasprintf("proc/%d/fd/%d", pid, fd);
	struct statx st;

	if (statx(host_dir(h), path, AT_STATX_DONT_SYNC, STATX_TYPE, &st) || !S_ISCHR(st.stx_mode))
		return false;
	snprintf(text, size, "%u:%u\n", st.stx_rdev_major, st.stx_rdev_minor);
	return true;
}

bool host_fd_is_node(const struct host *h, pid_t pid, int fd, const char *dev)
{
	static const char key[] = "flags:\t";
	char text[1024], want[64], *flags;

	if (!host_is_live(h))		/* a recorded one has names only */
		return true;
	/* who may not open a node can hold it all the same */
	if (host_read(h, text, sizeof(text), "proc/%d/fdinfo/%d", pid, fd) < 0)
		return false;
	flags = strstr(text, key);
	if (!flags || strtoull(flags + strlen(key), NULL, 8) & O_PATH)
		return false;
	return host_read(h, want, sizeof(want), "%s", dev) > 0 && node_of(h, pid, fd, text, sizeof(text)) && !strcmp(text, want);
}

struct copy {
	int fd;
};

static void copy_close(void *arg)
{
	close(((struct copy *)arg)->fd);
}

int host_fd_copy(struct lates *lates, int pidfd, int theirs, const char *link)
{
	auto_close int fd = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	auto_free char *what = fd < 0 ? NULL : file_where(fd);
	struct late *late;
	struct copy *copy;

	if (fd < 0)
		return -errno;
	if (what && !strcmp(what, link))
		return take_fd(&fd);
	if (!lates)
		return -ESTALE;
	copy = xcalloc(1, sizeof(*copy));
	copy->fd = take_fd(&fd);
	late = late_start(lates, copy_close, free, copy);
	free(late ? late_end(late) : copy);	/* where none can be started, it stays open */
	return -ESTALE;
}

/* "7" of /dev/vfio/7, "devices/vfio0": the file of sysfs that has its number; NULL: neither of them. Yours. */
static char *vfio_dev(const char *name)
{
	const char *base = str_has_prefix(name, "devices/") ? name + strlen("devices/") : name;

	/* /dev/vfio/vfio is the container, of which all have one */
	if (!host_name_is_plain(base) || !strcmp(name, "vfio"))
		return NULL;
	return xasprintf("sys/class/vfio%s/%s/dev", base == name ? "" : "-dev", base);
}

/* 1: it is in there. -EACCES: a link cannot be read. */
static int links_have(DIR *dir, const char *want)
{
	const struct dirent *entry;
	unsigned seen = 0;
	char link[64];
	int found = 0;

	while (found != 1 && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (seen++ > PROC_FDS_MAX)
			return -E2BIG;
		if (len < 0) {
			found = errno == EACCES ? -EACCES : found;
			continue;
		}
		link[len] = '\0';
		found = strcmp(link, want) ? found : 1;
	}
	return found;
}

int host_proc_has_link(const struct host *h, pid_t pid, const char *link)
{
	int r, fd = host_openat(h, "proc/%d/fd", pid);
	DIR *dir;

	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	dir = fdopendir(fd);
	if (!dir) {
		mem_close_ptr(&fd);
		return -ENOTDIR;
	}
	r = links_have(dir, link);
	closedir(dir);
	return r;
}

int host_proc_has_socket(const struct host *h, pid_t pid, uint64_t inode)
{
	char want[32];

	snprintf(want, sizeof(want), "socket:[%llu]", (unsigned long long)inode);
	return host_proc_has_link(h, pid, want);
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
		auto_free char *dev = NULL;

		if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, fds.id[i]) < 0 || !str_has_prefix(link, prefix))
			continue;
		dev = vfio_dev(name);
		if (dev && count < VFIO_MAX && host_fd_is_node(h, pid, fds.id[i], dev))
			*vec_push(found, count) = xstrdup(name);
	}
	*list = found;
	*n = count;
	return 0;
}
