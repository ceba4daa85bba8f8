// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Finding QEMU processes and vhost kernel threads. Names are judged by the executable: comm is what
 * the process says of itself (-name process=X), and cut to 15 bytes.
 */
#include "scan.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define YOUNG_NS (3 * NS_PER_SEC)	/* looked at each time: it may exec yet */
#define TURNS 10
#define SETTLED_TURNS 160		/* kernel threads, of which there may be thousands, and QEMU stay what they are */

enum kind {
	KIND_UNKNOWN,			/* could not be looked at: try again */
	KIND_OTHER,
	KIND_KTHREAD,
	KIND_QEMU,
	KIND_VHOST,
};

struct known {
	pid_t pid;
	enum kind kind;
	uint64_t first_ns;
	struct host_found found;	/* QEMU's */
	struct host_vhost vhost;
};

struct host_scan {
	const struct host *h;
	int dir;			/* /proc */
	unsigned run;
	struct host_ids ids;
	struct host_ids machines;	/* processes that have virtual machines of KVM's, as far as debugfs tells */
	struct known *known;		/* sorted by pid */
	size_t n_known;
	struct host_found *procs;
	struct host_vhost *vhosts;
};

struct host_scan *host_scan_new(const struct host *h)
{
	struct host_scan *s = xcalloc(1, sizeof(*s));

	s->h = h;
	s->dir = -1;
	return s;
}

void host_scan_free(struct host_scan *s)
{
	if (!s)
		return;
	mem_close_ptr(&s->dir);
	host_ids_done(&s->ids);
	host_ids_done(&s->machines);
	free(s->known);
	free(s->procs);
	free(s->vhosts);
	free(s);
}

static int stat_read(const struct host *h, pid_t pid, struct host_stat *st)
{
	char buf[HOST_STAT_SIZE];
	ssize_t len = host_read(h, buf, sizeof(buf), "proc/%d/stat", pid);

	return len < 0 ? (int)len : host_stat_parse(buf, st);
}

static bool is_short_of_fds(int r)
{
	return r == -EMFILE || r == -ENFILE;
}

static void kthread_look(const struct host *h, struct known *k)
{
	struct host_stat st = {0};
	pid_t owner;
	int r = stat_read(h, k->pid, &st);

	if (is_short_of_fds(r))
		k->kind = KIND_UNKNOWN;
	if (r < 0 || !st.kthread)
		return;
	k->kind = KIND_KTHREAD;
	if (!host_comm_is_vhost(st.comm, &owner))
		return;
	k->kind = KIND_VHOST;
	k->vhost = (struct host_vhost){ .tid = k->pid, .owner = owner, .start = st.start };
}

static void qemu_take(const struct host *h, struct known *k, bool sure)
{
	int r = host_found_read(h, k->pid, &k->found);

	k->found.sure = sure;

	if (is_short_of_fds(r))
		k->kind = KIND_UNKNOWN;
	if (!r)
		k->kind = KIND_QEMU;
}

/* Whatever cannot be read (hidepid, gone meanwhile) is no QEMU for us. */
static void identify(const struct host *h, struct known *k)
{
	char name[PATH_MAX + 16];
	ssize_t len;

	k->kind = KIND_OTHER;
	len = host_readlink(h, name, sizeof(name), "proc/%d/exe", k->pid);
	if (len < 0) {
		len = host_read(h, name, sizeof(name), "proc/%d/cmdline", k->pid);
		if (is_short_of_fds((int)len))
			k->kind = KIND_UNKNOWN;
		if (len == 0)
			kthread_look(h, k);
		if (len <= 0)
			return;
	}
	if (host_exe_name(name) != HOST_NAME_OTHER)
		qemu_take(h, k, host_exe_name(name) == HOST_NAME_QEMU);
}

static int pid_cmp(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* KVM has a directory of each virtual machine, PID-FD: whatever the program is called. */
static void machines_read(struct host_scan *s)
{
	DIR *dir = host_dir_open(s->h, "sys/kernel/debug/kvm");
	const struct dirent *d;

	s->machines.n = 0;
	while (dir && (d = readdir(dir))) {
		const char *at = d->d_name;
		uint64_t pid;

		if (*at >= '0' && *at <= '9' && host_u64_next(&at, &pid) && *at == '-' && pid <= INT_MAX)
			*vec_push(s->machines.id, s->machines.n) = (pid_t)pid;
	}
	if (dir)
		closedir(dir);
	if (s->machines.n)
		qsort(s->machines.id, s->machines.n, sizeof(pid_t), pid_cmp);
}

static bool has_machine(const struct host_scan *s, pid_t pid)
{
	return s->machines.n && bsearch(&pid, s->machines.id, s->machines.n, sizeof(pid), pid_cmp);
}

/* Still the same: one small file instead of four. */
static bool is_as_known(const struct host *h, const struct known *k)
{
	struct host_stat st;
	int r = stat_read(h, k->pid, &st);

	if (is_short_of_fds(r))
		return true;
	if (r < 0 || st.state == 'Z' || st.state == 'X')
		return false;
	return st.start == (k->kind == KIND_QEMU ? k->found.start : k->vhost.start);
}

static void look(struct host_scan *s, struct known *k, uint64_t now)
{
	bool known = k->kind == KIND_QEMU || k->kind == KIND_VHOST;
	unsigned turns = known || k->kind == KIND_KTHREAD ? SETTLED_TURNS : TURNS;

	if (k->kind == KIND_UNKNOWN || now - k->first_ns < YOUNG_NS)
		identify(s->h, k);
	else if (((unsigned)k->pid + s->run) % turns == 0 && !(known && is_as_known(s->h, k)))
		identify(s->h, k);
	if (k->kind == KIND_OTHER && has_machine(s, k->pid))
		qemu_take(s->h, k, false);
}

/* Old and new are sorted: what is in both is remembered, what is only in the old is forgotten. */
static void merge(struct host_scan *s, uint64_t now)
{
	struct known *next = xcalloc(s->ids.n, sizeof(*next));
	size_t i, old = 0;

	for (i = 0; i < s->ids.n; i++) {
		while (old < s->n_known && s->known[old].pid < s->ids.id[i])
			old++;
		if (old < s->n_known && s->known[old].pid == s->ids.id[i])
			next[i] = s->known[old++];
		else
			next[i] = (struct known){ .pid = s->ids.id[i], .first_ns = now };
		look(s, &next[i], now);
	}
	free(s->known);
	s->known = next;
	s->n_known = s->ids.n;
	s->run++;
}

static int known_cmp(const void *key, const void *member)
{
	pid_t pid = *(const pid_t *)key, other = ((const struct known *)member)->pid;

	return (pid > other) - (pid < other);
}

void host_scan_doubt(struct host_scan *s, pid_t pid)
{
	struct known *k = s->n_known ? bsearch(&pid, s->known, s->n_known, sizeof(*k), known_cmp) : NULL;

	if (k)
		k->kind = KIND_UNKNOWN;
}

int host_scan_run_at(struct host_scan *s, uint64_t now,
		     const struct host_found **procs, size_t *n_procs,
		     const struct host_vhost **vhosts, size_t *n_vhosts, struct err *err)
{
	size_t i, np = 0, nv = 0;
	int r;

	if (s->dir < 0)
		s->dir = host_openat(s->h, "proc");
	r = s->dir < 0 ? s->dir : host_ids_read(s->dir, &s->ids);
	if (r < 0)
		return err_sys(err, r, "reading /proc");
	machines_read(s);
	merge(s, now);
	for (i = 0; i < s->n_known; i++) {
		const struct known *k = &s->known[i];

		if (k->kind == KIND_QEMU)
			*vec_push(s->procs, np) = k->found;
		else if (k->kind == KIND_VHOST)
			*vec_push(s->vhosts, nv) = k->vhost;
	}
	*procs = s->procs;
	*n_procs = np;
	*vhosts = s->vhosts;
	*n_vhosts = nv;
	return 0;
}

int host_scan_run(struct host_scan *s, const struct host_found **procs, size_t *n_procs,
		  const struct host_vhost **vhosts, size_t *n_vhosts, struct err *err)
{
	return host_scan_run_at(s, clock_now_ns(), procs, n_procs, vhosts, n_vhosts, err);
}
