// SPDX-License-Identifier: GPL-3.0-or-later
/* The root directory, small files below it, and which CPUs and nodes the host has. */
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
#define TOPOLOGIES_MAX 1024		/* a host has few: what is offline now was online before */
#define FILE_MAX (8u << 20)
#define MAX_IDS 4194304		/* the kernel's PID_MAX_LIMIT */

struct host {
	atomic_uint holders;
	int dir;
	bool live;
	struct host_facts facts;
	/*
	 * A topology that was read once is kept, as another thread may look at it, and used again when the host comes back to
	 * it; so there are as many as the host has had.
	 */
	struct topology {
		struct host_topology told;
		char *cpus, *nodes;	/* the lists of those that are online */
		int *cpu_node;		/* -1: unknown */
		unsigned n_cpu_node;
		struct topology *older;
	} *_Atomic topology;
	struct topology *newest;	/* head of the list of all */
	unsigned n_topologies;
	dev_t kvm_dev;			/* KVM's directory in debugfs; 0: it was not there */
	ino_t kvm_ino;
	atomic_uint kvm_changes;
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

static void node_cpus_read(const struct host *h, struct topology *t, unsigned node)
{
	char list[16384];
	const char *p = list;
	unsigned first, last, cpu;

	if (host_read(h, list, sizeof(list), "sys/devices/system/node/node%u/cpulist", node) < 0)
		return;
	while (host_range_next(&p, &first, &last) > 0 && last < MAX_CPUS) {
		while (t->n_cpu_node <= last)
			*vec_push(t->cpu_node, t->n_cpu_node) = -1;
		for (cpu = first; cpu <= last; cpu++)
			t->cpu_node[cpu] = (int)node;
	}
}

static void nodes_read(const struct host *h, struct topology *t)
{
	unsigned first, last, cpu;
	const char *p;

	for (p = t->nodes; host_range_next(&p, &first, &last) > 0 && last < MAX_NODES;) {
		for (; first <= last; first++) {
			node_cpus_read(h, t, first);
			t->told.nodes++;
			t->told.only_node = t->told.nodes == 1 ? (int)first : -1;
		}
	}
	if (t->told.nodes)
		return;
	/* without NUMA: all CPUs that are online, which leave holes */
	t->told.nodes = 1;
	for (p = t->cpus; host_range_next(&p, &first, &last) > 0 && last < MAX_CPUS;) {
		while (t->n_cpu_node <= last)
			*vec_push(t->cpu_node, t->n_cpu_node) = -1;
		for (cpu = first; cpu <= last; cpu++)
			t->cpu_node[cpu] = 0;
	}
	if (!t->n_cpu_node)
		for (cpu = 0; cpu < t->told.cpus; cpu++)
			*vec_push(t->cpu_node, t->n_cpu_node) = 0;
}

static struct topology *topology_read(const struct host *h, const char *cpus, const char *nodes)
{
	struct topology *t = xcalloc(1, sizeof(*t));

	t->cpus = xstrdup(cpus);
	t->nodes = xstrdup(nodes);
	t->told.cpus = list_count(cpus);
	if (!t->told.cpus)
		t->told.cpus = h->live ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : 1;
	nodes_read(h, t);
	return t;
}

static void topology_free(struct topology *t)
{
	free(t->cpus);
	free(t->nodes);
	free(t->cpu_node);
	free(t);
}

static bool topology_same(const struct topology *a, const struct topology *b)
{
	return !strcmp(a->cpus, b->cpus) && !strcmp(a->nodes, b->nodes) && a->told.cpus == b->told.cpus && a->n_cpu_node == b->n_cpu_node &&
	       (!a->n_cpu_node || !memcmp(a->cpu_node, b->cpu_node, a->n_cpu_node * sizeof(*a->cpu_node)));
}

/* debugfs may be mounted, and KVM loaded, while guests are looked at. */
static void kvm_refresh(struct host *h)
{
	auto_close int fd = host_openat(h, HOST_KVM_DIR);
	struct stat st = {0};

	if (fd >= 0 && fstat(fd, &st))
		st.st_dev = 0;
	if (st.st_dev != h->kvm_dev || st.st_ino != h->kvm_ino)
		atomic_fetch_add(&h->kvm_changes, 1);
	h->kvm_dev = st.st_dev;
	h->kvm_ino = st.st_ino;
}

unsigned host_kvm_changes(const struct host *h)
{
	return atomic_load(&h->kvm_changes);
}

void host_refresh(const struct host *h)
{
	struct host *mine = (struct host *)(uintptr_t)h;	/* all but the topology is as it was opened */
	const struct topology *now = atomic_load(&h->topology);
	struct topology *read, *old;
	char cpus[16384], nodes[4096];

	kvm_refresh(mine);
	if (host_read(h, cpus, sizeof(cpus), "sys/devices/system/cpu/online") < 0)
		cpus[0] = '\0';
	if (host_read(h, nodes, sizeof(nodes), "sys/devices/system/node/online") < 0)
		nodes[0] = '\0';
	if (now && !strcmp(now->cpus, cpus) && !strcmp(now->nodes, nodes))
		return;
	read = topology_read(h, cpus, nodes);
	for (old = mine->newest; old && !topology_same(old, read); )
		old = old->older;
	if (old || mine->n_topologies == TOPOLOGIES_MAX) {
		topology_free(read);
		if (old)
			atomic_store(&mine->topology, old);
		return;
	}
	read->older = mine->newest;
	mine->newest = read;
	mine->n_topologies++;
	atomic_store(&mine->topology, read);
}

static void facts_read(struct host *h)
{
	struct host_facts *f = &h->facts;
	char buf[128];

	f->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	f->ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK);
	if (host_read(h, buf, sizeof(buf), "proc/sys/kernel/hostname") > 0) {
		buf[strcspn(buf, "\n")] = '\0';
		snprintf(f->name, sizeof(f->name), "%.64s", str_clean(buf));
	}
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
	host_refresh(h);
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
	struct topology *t;

	if (!h || atomic_fetch_sub(&h->holders, 1) > 1)
		return;
	close(h->dir);
	while ((t = h->newest)) {
		h->newest = t->older;
		topology_free(t);
	}
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

const struct host_topology *host_topology(const struct host *h)
{
	return &atomic_load(&h->topology)->told;
}

int host_cpu_node(const struct host *h, unsigned cpu)
{
	const struct topology *t = atomic_load(&h->topology);

	return cpu < t->n_cpu_node ? t->cpu_node[cpu] : -1;
}
