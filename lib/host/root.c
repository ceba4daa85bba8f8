// SPDX-License-Identifier: GPL-3.0-or-later
/* The root directory, small files below it, and what does not change while the host is up. */
#include "private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CPUS 65536
#define MAX_NODES 1024
#define FILE_MAX (8u << 20)
#define MAX_IDS 4194304		/* the kernel's PID_MAX_LIMIT */

struct host {
	atomic_uint holders;
	int dir;
	bool live;
	struct host_facts facts;
	int *cpu_node;		/* -1: unknown */
	unsigned n_cpu_node;
};

int host_open_in(int dir, const char *path)
{
	int fd;

	do
		fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int host_dir(const struct host *h)
{
	return h->dir;
}

int host_vpath(char path[PATH_MAX], const char *fmt, va_list ap)
{
	int len = vsnprintf(path, PATH_MAX, fmt, ap);

	if (len < 0 || len >= PATH_MAX)
		return -ENAMETOOLONG;
	/* an absolute one would leave the root */
	return path[0] == '/' ? -EINVAL : 0;
}

int host_vopenat(const struct host *h, const char *fmt, va_list ap)
{
	char path[PATH_MAX];
	int r = host_vpath(path, fmt, ap);

	return r < 0 ? r : host_open_in(h->dir, path);
}

int host_openat(const struct host *h, const char *fmt, ...)
{
	va_list ap;
	int fd;

	va_start(ap, fmt);
	fd = host_vopenat(h, fmt, ap);
	va_end(ap);
	return fd;
}

DIR *host_dir_open(const struct host *h, const char *path)
{
	int fd = host_openat(h, "%s", path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		mem_close_ptr(&fd);
	return dir;
}

int host_open_rw(const struct host *h, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int r, fd;

	va_start(ap, fmt);
	r = host_vpath(path, fmt, ap);
	va_end(ap);
	if (r < 0)
		return r;
	fd = openat(h->dir, path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

ssize_t host_fd_read(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t host_read(const struct host *h, char *buf, size_t size, const char *fmt, ...)
{
	auto_close int fd = -1;
	va_list ap;

	va_start(ap, fmt);
	fd = host_vopenat(h, fmt, ap);
	va_end(ap);
	return fd < 0 ? fd : host_fd_read(fd, buf, size);
}

int host_read_all(const struct host *h, const char *path, struct buf *out)
{
	auto_close int fd = host_openat(h, "%s", path);
	char piece[16384];
	ssize_t len;

	if (fd < 0)
		return fd;
	while (out->len < FILE_MAX && (len = read(fd, piece, sizeof(piece))) != 0) {
		if (len < 0 && errno != EINTR)
			return -errno;
		if (len > 0)
			buf_add(out, piece, (size_t)len);
	}
	buf_add(out, "", 0);
	return 0;
}

ssize_t host_pread(int fd, char *buf, size_t size)
{
	ssize_t n;

	do
		n = pread(fd, buf, size - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

ssize_t host_readlink(const struct host *h, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	ssize_t n;
	int r;

	va_start(ap, fmt);
	r = host_vpath(path, fmt, ap);
	va_end(ap);
	if (r < 0)
		return r;
	n = readlinkat(h->dir, path, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

void host_link_name(const struct host *h, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[512];
	const char *base;
	va_list ap;
	int r;

	*buf = '\0';
	va_start(ap, fmt);
	r = host_vpath(path, fmt, ap);
	va_end(ap);
	if (r < 0 || host_readlink(h, target, sizeof(target), "%s", path) < 0)
		return;
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strlen(base) < size)
		strcpy(buf, base);
}

static int id_cmp(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static void id_add(struct host_ids *ids, const char *name, size_t max, bool *sorted)
{
	const char *end = name;
	uint64_t n;

	if (*name < '0' || *name > '9' || (*name == '0' && name[1]))
		return;
	if (!host_u64_next(&end, &n) || *end || n > INT_MAX)
		return;
	if (ids->n == max) {
		ids->cut = true;
		return;
	}
	if (ids->n && ids->id[ids->n - 1] > (pid_t)n)
		*sorted = false;
	*vec_push(ids->id, ids->n) = (pid_t)n;
}

/* getdents itself: a DIR would cost 32 KiB and a descriptor of its own for each process watched. */
int host_ids_read_some(int dir, size_t max, struct host_ids *out)
{
	_Alignas(struct dirent64) char buf[16384];
	bool sorted = true;
	ssize_t len = 0, at;

	out->n = 0;
	out->cut = false;
	if (lseek(dir, 0, SEEK_SET) < 0)
		return -errno;
	while (!out->cut && (len = getdents64(dir, buf, sizeof(buf))) > 0) {
		for (at = 0; at < len;) {
			const struct dirent64 *d = (const void *)(buf + at);

			id_add(out, d->d_name, max, &sorted);
			at += d->d_reclen;
		}
	}
	if (len < 0)
		return -errno;
	if (!sorted)
		qsort(out->id, out->n, sizeof(*out->id), id_cmp);
	return 0;
}

int host_ids_read(int dir, struct host_ids *out)
{
	return host_ids_read_some(dir, MAX_IDS, out);
}

void host_ids_done(struct host_ids *ids)
{
	free(ids->id);
	ids->id = NULL;
	ids->n = 0;
}

/* How many a list like "0-3,8" names; 0 if there is none. */
static unsigned list_count(const char *list)
{
	unsigned first, last, n = 0;

	while (host_range_next(&list, &first, &last) > 0 && n < MAX_CPUS)
		n += last - first < MAX_CPUS ? last - first + 1 : MAX_CPUS;
	return n;
}

static void node_cpus_read(struct host *h, unsigned node)
{
	char list[16384];
	const char *p = list;
	unsigned first, last, cpu;

	if (host_read(h, list, sizeof(list), "sys/devices/system/node/node%u/cpulist", node) < 0)
		return;
	while (host_range_next(&p, &first, &last) > 0 && last < MAX_CPUS) {
		while (h->n_cpu_node <= last)
			*vec_push(h->cpu_node, h->n_cpu_node) = -1;
		for (cpu = first; cpu <= last; cpu++)
			h->cpu_node[cpu] = (int)node;
	}
}

static void nodes_read(struct host *h)
{
	unsigned first, last, cpu;
	const char *p;
	char list[4096];

	if (host_read(h, list, sizeof(list), "sys/devices/system/node/online") < 0)
		list[0] = '\0';
	for (p = list; host_range_next(&p, &first, &last) > 0 && last < MAX_NODES;) {
		for (; first <= last; first++) {
			node_cpus_read(h, first);
			h->facts.nodes++;
		}
	}
	if (h->facts.nodes)
		return;
	h->facts.nodes = 1;
	for (cpu = 0; cpu < h->facts.cpus; cpu++)
		*vec_push(h->cpu_node, h->n_cpu_node) = 0;
}

static void facts_read(struct host *h)
{
	struct host_facts *f = &h->facts;
	char buf[16384];
	const char *p;

	f->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	f->ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK);
	if (host_read(h, buf, sizeof(buf), "proc/sys/kernel/hostname") > 0) {
		buf[strcspn(buf, "\n")] = '\0';
		snprintf(f->name, sizeof(f->name), "%.64s", str_clean(buf));
	}
	if (host_read(h, buf, sizeof(buf), "sys/devices/system/cpu/online") > 0)
		f->cpus = list_count(buf);
	if (!f->cpus)
		f->cpus = h->live ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : 1;
	if (host_read(h, buf, sizeof(buf), "proc/meminfo") > 0 && (p = strstr(buf, "MemTotal:"))) {
		p += strlen("MemTotal:");
		if (host_u64_next(&p, &f->mem_bytes))
			f->mem_bytes *= 1024;
	}
	nodes_read(h);
}

int host_open(const char *root, struct host **out, struct err *err)
{
	struct stat real, here;
	struct host *h;
	int fd;

	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, -errno, "%s", root);
	h = xcalloc(1, sizeof(*h));
	atomic_init(&h->holders, 1);
	h->dir = fd;
	h->live = !stat("/", &real) && !fstat(fd, &here) && real.st_dev == here.st_dev &&
		  real.st_ino == here.st_ino;
	facts_read(h);
	*out = h;
	return 0;
}

struct host *host_keep(const struct host *h)
{
	struct host *kept = (struct host *)(uintptr_t)h;	/* all but the count is as it was opened */

	atomic_fetch_add(&kept->holders, 1);
	return kept;
}

void host_free(struct host *h)
{
	if (!h || atomic_fetch_sub(&h->holders, 1) > 1)
		return;
	close(h->dir);
	free(h->cpu_node);
	free(h);
}

bool host_is_live(const struct host *h)
{
	return h->live;
}

const struct host_facts *host_facts(const struct host *h)
{
	return &h->facts;
}

int host_cpu_node(const struct host *h, unsigned cpu)
{
	return cpu < h->n_cpu_node ? h->cpu_node[cpu] : -1;
}
