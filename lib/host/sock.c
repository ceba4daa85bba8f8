// SPDX-License-Identifier: GPL-3.0-or-later
/* Who uses the socket of a file, whichever network namespace it is of. */
#include "netns.h"
#include "sock.h"
#include "sock_diag.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define FS_OVERLAY 0x794c7630
#define FS_BTRFS 0x9123683e
#define FS_BCACHEFS 0xca451a4e

/*
 * Sockets that were found to be the path's by one way of comparing: all of one file, or they prove
 * nothing.
 */
struct match {
	struct host_sock sock;
	bool any, ambiguous;
	uint32_t ino, dev;
};

struct look {
	const char *path, *base;
	uint32_t ino, dev;
	struct match file, name, last;
};

static void match_add(struct match *m, const struct sock_report *r)
{
	if (m->any && (m->ino != r->ino || m->dev != r->dev)) {
		m->ambiguous = true;
		return;
	}
	m->any = true;
	m->ino = r->ino;
	m->dev = r->dev;
	if (r->state == SOCK_LISTEN) {
		m->sock.listening = true;
		m->sock.waiting += r->waiting;
		m->sock.listener = r->own;
	} else if (r->accepted) {
		m->sock.clients++;
	}
}

static void report_judge(struct look *l, const struct sock_report *r)
{
	const char *slash = strrchr(r->name, '/');

	if (!r->has_file)
		return;
	if (r->ino == l->ino && r->dev == l->dev)
		match_add(&l->file, r);
	if (!strcmp(r->name, l->path))
		match_add(&l->name, r);
	if (!strcmp(slash ? slash + 1 : r->name, l->base))
		match_add(&l->last, r);
}

static void take(void *arg, const struct sock_report *r)
{
	report_judge(arg, r);
}

/* Twice where the list moved meanwhile; and then what it is. */
static int look_run(void *arg)
{
	struct look *l = arg;
	const struct look blank = *l;
	int rc = sock_dump(take, l);

	if (rc <= 0)
		return rc;
	*l = blank;
	rc = sock_dump(take, l);
	return rc < 0 ? rc : 0;
}

/* In a namespace that is not ours. */
static int look_there(void *arg)
{
	struct look *l = arg;
	int rc = look_run(l);

	return rc < 0 || l->file.any ? rc : -ENOENT;
}

/*
 * File systems whose stat(2) shows other numbers than the kernel keeps for a bound socket: device
 * (subvolumes) or both (layers). Elsewhere a file that no socket matches is simply one nobody
 * listens on any more.
 */
static bool fs_hides_numbers(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	switch ((uint32_t)fs.f_type) {
	case FS_OVERLAY:
	case FS_BTRFS:
	case FS_BCACHEFS:
		return true;
	}
	return false;
}

static struct look look_for(const char *path, uint32_t ino, uint32_t dev)
{
	const char *slash = strrchr(path, '/');

	return (struct look){ .path = path, .base = slash ? slash + 1 : path, .ino = ino, .dev = dev };
}

int host_sock_take(const void *data, size_t len, const char *path, uint32_t ino, uint32_t dev, struct host_sock *out)
{
	struct look l = look_for(path, ino, dev);
	int r = sock_messages(data, len, take, &l);

	*out = l.file.any ? l.file.sock : l.last.sock;
	return r;
}

/* pid: of no other namespace than this process's. */
static int look_elsewhere(const struct host *h, pid_t pid, struct look *l)
{
	int rc = pid ? host_net_run(h, pid, look_there, l) : host_net_run_elsewhere(h, look_there, l);

	return rc == -ESRCH ? -ENOENT : rc;
}

int host_sock_look_in(const struct host *h, const char *path, pid_t pid, struct host_sock *out)
{
	const struct match *m;
	auto_close int fd = -1;
	struct look l;
	struct stat st;
	int r;

	if (!host_is_live(h))
		return -EOPNOTSUPP;
	fd = file_hold(path, &st);
	if (fd < 0)
		return fd;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	l = look_for(path, (uint32_t)st.st_ino, (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev)));
	m = &l.file;
	r = look_run(&l);
	if (r < 0)
		return r;
	if (!m->any && fs_hides_numbers(fd)) {
		m = l.name.any ? &l.name : &l.last;
		if (m->ambiguous)
			return -EOPNOTSUPP;
	}
	if (m->any)
		r = 0;
	else
		r = look_elsewhere(h, pid, &l);
	*out = m->sock;
	out->unseen = r == -EPERM;
	return 0;
}

int host_sock_look(const struct host *h, const char *path, struct host_sock *out)
{
	return host_sock_look_in(h, path, 0, out);
}

struct ask {
	uint64_t inode;
	struct sock_report report;
};

static int ask_run(void *arg)
{
	struct ask *a = arg;

	return sock_ask(a->inode, &a->report);
}

/* Ours may have been made in another namespace, to reach an abstract socket there. */
int host_sock_peer(int fd, uint64_t *inode)
{
	auto_close int ns = -1;
	struct ask a = {0};
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	a.inode = st.st_ino;
	rc = ask_run(&a);
	if (rc == -ENOENT) {
		ns = ioctl(fd, SIOCGSKNS);
		rc = ns < 0 ? rc : host_net_run_in(ns, ask_run, &a);
	}
	if (rc < 0)
		return rc;
	*inode = a.report.peer;
	return a.report.peer ? 0 : -ENOENT;
}
