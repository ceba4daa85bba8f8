// SPDX-License-Identifier: GPL-3.0-or-later
/* Counters of KVM: a file each in debugfs, and the binary form that descriptors give. */
#include "kvm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "watch.h"

#define FILES_MAX 512
#define LOOK_READINGS 16		/* vCPUs come and go seldom */
#define FIRST_DESCRIPTORS 4096		/* of a process with a VM, so many are looked through */

struct vcpu {
	unsigned id;
	int fd;
	struct host_kvm_binary b;
};

struct host_kvm {
	const struct host *h;
	pid_t pid;
	uint64_t start;
	char dir[32];			/* in debugfs; "": not found */
	struct host_kvm_stat *counters;	/* those this kernel has; value: as last read */
	size_t n_counters;
	struct host_kvm_stat *stats;	/* those this VM has */
	struct vcpu *vcpus;
	struct host_kvm_vcpu *list;	/* the vcpus' */
	size_t n_vcpus;
	struct lates *lates;
	bool shifty;			/* it changes its descriptors while they are looked at */
	unsigned since_look;		/* readings of vCPUs since they were looked for; 0: never */
};

int host_kvm_dir_find(const struct host *h, pid_t pid, char *name, size_t size)
{
	int fd = host_openat(h, HOST_KVM_DIR), r = -ENOENT;
	const struct dirent *d;
	char prefix[16];
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -errno;
	}
	/* the first: a process with several VMs is not QEMU's way */
	snprintf(prefix, sizeof(prefix), "%d-", pid);
	while (r && (d = readdir(dir))) {
		if (!str_has_prefix(d->d_name, prefix) || strlen(d->d_name) >= size)
			continue;
		strcpy(name, d->d_name);
		r = 0;
	}
	closedir(dir);
	return r;
}

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len && !name[len] && len < sizeof(((struct host_kvm_stat *)0)->name);
}

struct host_kvm *host_kvm_new(const struct host *h, pid_t pid, uint64_t start)
{
	struct host_kvm *k = xcalloc(1, sizeof(*k));

	k->h = h;
	k->pid = pid;
	k->start = start;
	k->lates = lates_new(1);
	return k;
}

static void counters_drop(struct host_kvm *k)
{
	k->n_counters = 0;
	free(take_ptr(k->counters));
	free(take_ptr(k->stats));
	k->dir[0] = '\0';
}

static void vcpus_drop(struct host_kvm *k)
{
	while (k->n_vcpus) {
		struct vcpu *v = &k->vcpus[--k->n_vcpus];

		close(v->fd);
		host_kvm_binary_done(&v->b);
	}
	free(take_ptr(k->vcpus));
	free(take_ptr(k->list));
}

void host_kvm_free(struct host_kvm *k)
{
	if (!k)
		return;
	counters_drop(k);
	vcpus_drop(k);
	lates_free(k->lates);
	free(k);
}

/*
 * A VM's directory holds more than counters: reading mmu_rmaps_stat walks all of the guest's page tables under its
 * lock. A counter is what the directory above, with the sums over all VMs, names too.
 */
static int counters_list(struct host_kvm *k)
{
	int fd = host_openat(k->h, HOST_KVM_DIR);
	const struct dirent *d;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -errno;
	}
	while ((d = readdir(dir)) && k->n_counters < FILES_MAX) {
		/* of a histogram the file has the first bucket only */
		if (!is_name(d->d_name) || str_has_suffix(d->d_name, "_hist"))
			continue;
		strcpy(vec_push(k->counters, k->n_counters)->name, d->d_name);
	}
	closedir(dir);
	k->stats = xcalloc(k->n_counters, sizeof(*k->stats));
	return 0;
}

/* What cannot be reset to 0 is a state: its file is read-only. A peak, max_.., can. */
static bool is_count(const struct host_kvm_stat *c, int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & 0222) && !str_has_prefix(c->name, "max_");
}

/* Opened each time: these files can neither be read at an offset nor from their start again. */
static int counter_read(const struct host_kvm *k, struct host_kvm_stat *c)
{
	auto_close int fd = host_openat(k->h, HOST_KVM_DIR "/%s/%s", k->dir, c->name);
	const char *p;
	char buf[64];
	ssize_t len;

	if (fd < 0)
		return fd;
	c->count = is_count(c, fd);
	len = host_fd_read(fd, buf, sizeof(buf));
	if (len < 0)
		return (int)len;
	p = buf;
	return host_u64_next(&p, &c->value) ? 0 : -EBADMSG;
}

int host_kvm_vm_read(struct host_kvm *k, const struct host_kvm_stat **stats, size_t *n)
{
	size_t found = 0, i;
	int r = 0, last = -ENOENT;

	if (!k->dir[0]) {
		r = host_kvm_dir_find(k->h, k->pid, k->dir, sizeof(k->dir));
		if (!r)
			r = counters_list(k);
	}
	for (i = 0; !r && i < k->n_counters; i++) {
		int one = counter_read(k, &k->counters[i]);

		if (one)		/* this kernel has it for all VMs only, say */
			last = one;
		else
			k->stats[found++] = k->counters[i];
	}
	if (!found) {
		counters_drop(k);
		return r ? r : last;
	}
	*stats = k->stats;
	*n = found;
	return 0;
}

void host_kvm_binary_done(struct host_kvm_binary *b)
{
	free(b->stats);
	free(b->offsets);
	free(b->data);
	*b = (struct host_kvm_binary){0};
}

/* As linux/kvm.h has them. */
struct header {
	uint32_t flags, name_size, num_desc, id_offset, desc_offset, data_offset;
};
struct desc {
	uint32_t flags;
	int16_t exponent;
	uint16_t size;			/* numbers: more than one is a histogram */
	uint32_t offset, bucket_size;
};
enum { TYPE_MASK = 0xf, TYPE_COUNT = 0, TYPE_PEAK = 2 };
#define DESCS_MAX 1024
#define DATA_MAX 65536u

static int read_at(int fd, void *buf, size_t size, uint32_t at)
{
	ssize_t n;

	do
		n = pread(fd, buf, size, at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EBADMSG;
}

/* One that is a number with a name we can show. */
static void desc_take(struct host_kvm_binary *b, const char *at, size_t name_size)
{
	struct host_kvm_stat stat = {0};
	const char *name = at + sizeof(struct desc);
	struct desc d;
	size_t n;

	memcpy(&d, at, sizeof(d));
	if (d.size != 1 || (d.flags & TYPE_MASK) > TYPE_PEAK || d.offset % 8 || d.offset > DATA_MAX - 8)
		return;
	if (strnlen(name, name_size) == name_size || !is_name(name))
		return;
	strcpy(stat.name, name);
	stat.count = (d.flags & TYPE_MASK) == TYPE_COUNT;
	if (d.offset + 8 > b->data_size)
		b->data_size = d.offset + 8;
	n = b->n;
	*vec_push(b->offsets, n) = d.offset;
	*vec_push(b->stats, b->n) = stat;
}

int host_kvm_binary_open(int fd, struct host_kvm_binary *out)
{
	auto_free char *text = NULL;
	struct host_kvm_binary b = {0};
	struct header h;
	size_t one, i;
	int r = read_at(fd, &h, sizeof(h), 0);

	if (r)
		return r;
	if (!h.name_size || h.name_size > 256 || !h.num_desc || h.num_desc > DESCS_MAX)
		return -EBADMSG;
	one = sizeof(struct desc) + h.name_size;
	text = xmalloc(one * h.num_desc);
	r = read_at(fd, text, one * h.num_desc, h.desc_offset);
	if (r)
		return r;
	b.data_at = h.data_offset;
	for (i = 0; i < h.num_desc; i++)
		desc_take(&b, text + i * one, h.name_size);
	if (!b.n)
		return -EBADMSG;
	b.data = xmalloc(b.data_size);
	*out = b;
	return 0;
}

int host_kvm_binary_read(int fd, struct host_kvm_binary *b)
{
	int r = read_at(fd, b->data, b->data_size, b->data_at);
	size_t i;

	for (i = 0; !r && i < b->n; i++)
		memcpy(&b->stats[i].value, b->data + b->offsets[i], 8);
	return r;
}

/* "anon_inode:kvm-vcpu-stats:3": 3. No file's path begins like this, so nobody can pass off another for one. */
static bool vcpu_of_link(const char *link, unsigned *id)
{
	static const char prefix[] = "anon_inode:kvm-vcpu-stats:";
	const char *p = link + strlen(prefix);
	uint64_t n;

	if (!str_has_prefix(link, prefix) || !host_u64_next(&p, &n) || *p || n > INT_MAX)
		return false;
	*id = (unsigned)n;
	return true;
}

static bool is_same_process(const struct host_kvm *k)
{
	char buf[HOST_STAT_SIZE];
	struct host_stat st;

	return host_read(k->h, buf, sizeof(buf), "proc/%d/stat", k->pid) > 0 && !host_stat_parse(buf, &st) &&
	       st.start == k->start;
}

/* The link was read before, so only a process that changes its descriptors meanwhile gives us something else. */
static int vcpu_add(struct host_kvm *k, int pidfd, int theirs, const char *link, unsigned id)
{
	auto_close int fd = host_fd_copy(k->lates, pidfd, theirs, link);
	struct host_kvm_binary b;
	int r;

	if (fd < 0)
		return fd;
	if (!host_may_keep(fd))
		return -EMFILE;
	r = host_kvm_binary_open(fd, &b);
	if (r)
		return r;
	*vec_push(k->vcpus, k->n_vcpus) = (struct vcpu){ .id = id, .fd = take_fd(&fd), .b = b };
	return 0;
}

static int vcpu_cmp(const void *a, const void *b)
{
	const struct vcpu *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The descriptors of a process, one by one; false from the visitor ends it. */
static int links_each(const struct host *h, pid_t pid, bool (*visit)(void *arg, int fd, const char *link), void *arg)
{
	auto_close int dir = host_openat(h, "proc/%d/fd", pid);
	auto_ids struct host_ids ids = {0};
	char link[64];
	int r = dir < 0 ? dir : host_ids_read_some(dir, FIRST_DESCRIPTORS, &ids);
	size_t i;

	if (r)
		return r;
	for (i = 0; i < ids.n; i++) {
		if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, ids.id[i]) < 0)
			continue;
		if (!visit(arg, ids.id[i], link))
			break;
	}
	return 0;
}

struct search {
	struct host_kvm *k;
	int pidfd, r;
};

static bool visit_vcpu(void *arg, int fd, const char *link)
{
	struct search *s = arg;
	unsigned id;
	int r;

	if (!vcpu_of_link(link, &id))
		return true;
	r = vcpu_add(s->k, s->pidfd, fd, link, id);
	if (r == -EPERM || r == -EMFILE || r == -ENOSYS || r == -ESTALE) {
		s->r = r;
		return false;
	}
	return true;
}

static int vcpus_look(struct host_kvm *k)
{
	auto_close int pidfd = -1;
	struct search s = { .k = k };
	int r;

	vcpus_drop(k);
	if (!host_is_live(k->h) || k->shifty)
		return -ENOTSUP;
	pidfd = (int)syscall(SYS_pidfd_open, k->pid, 0);
	if (pidfd < 0)
		return -errno;
	if (!is_same_process(k))
		return -ESRCH;
	s.pidfd = pidfd;
	r = links_each(k->h, k->pid, visit_vcpu, &s);
	k->shifty = s.r == -ESTALE;
	if (r || s.r) {			/* some of them would be taken for all */
		vcpus_drop(k);
		return r ? r : s.r;
	}
	if (!k->n_vcpus)
		return -ENOENT;
	qsort(k->vcpus, k->n_vcpus, sizeof(*k->vcpus), vcpu_cmp);
	k->list = xcalloc(k->n_vcpus, sizeof(*k->list));
	return 0;
}

int host_kvm_vcpus_read(struct host_kvm *k, size_t expect, const struct host_kvm_vcpu **vcpus, size_t *n)
{
	size_t i;
	int r = 0;

	if (!k->since_look || k->since_look >= LOOK_READINGS || (k->n_vcpus && expect && expect != k->n_vcpus)) {
		r = vcpus_look(k);
		k->since_look = 0;
	}
	k->since_look++;
	for (i = 0; !r && i < k->n_vcpus; i++) {
		struct vcpu *v = &k->vcpus[i];

		r = host_kvm_binary_read(v->fd, &v->b);
		k->list[i] = (struct host_kvm_vcpu){ .id = v->id, .stats = v->b.stats, .n = v->b.n };
	}
	if (r)
		vcpus_drop(k);
	if (r || !k->n_vcpus)
		return r ? r : -ENOENT;
	*vcpus = k->list;
	*n = k->n_vcpus;
	return 0;
}

static bool visit_vm(void *arg, int fd, const char *link)
{
	bool *found = arg;

	(void)fd;
	*found = !strcmp(link, "anon_inode:kvm-vm");
	return !*found;
}

bool host_kvm_has_vm(const struct host *h, pid_t pid)
{
	bool found = false;

	links_each(h, pid, visit_vm, &found);
	return found;
}
