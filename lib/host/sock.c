// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * AF_UNIX sock_diag. A listener and the connections accepted from it carry the name and the file's
 * inode of the listener; a connection nobody has accepted yet is there too, without an inode of its
 * own. Only sockets of our own network namespace are reported.
 */
#include "rtnl.h"
#include "sock.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define STATE_ESTABLISHED 1		/* as TCP's numbers them */
#define STATE_LISTEN 10
#define DUMP_MS 1000
#define NAME_SIZE 109			/* sun_path and a NUL */

#define FS_OVERLAY 0x794c7630
#define FS_BTRFS 0x9123683e
#define FS_BCACHEFS 0xca451a4e

/* One socket as the kernel reports it. */
struct report {
	unsigned state, waiting;
	bool accepted;			/* or any other that a process holds */
	bool has_file;
	uint32_t ino, dev;
	uint32_t own;			/* the socket's own inode, 0: no process holds it yet */
	uint32_t peer;			/* that of the other end, 0: not told */
	char name[NAME_SIZE];
};

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

static void match_add(struct match *m, const struct report *r)
{
	if (m->any && (m->ino != r->ino || m->dev != r->dev)) {
		m->ambiguous = true;
		return;
	}
	m->any = true;
	m->ino = r->ino;
	m->dev = r->dev;
	if (r->state == STATE_LISTEN) {
		m->sock.listening = true;
		m->sock.waiting += r->waiting;
		m->sock.listener = r->own;
	} else if (r->accepted) {
		m->sock.clients++;
	}
}

static void report_judge(struct look *l, const struct report *r)
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

/* False: it is not about a unix socket. */
static bool report_parse(const struct nlmsghdr *m, struct report *out)
{
	const struct nlattr *a[UNIX_DIAG_MAX + 1];
	const struct unix_diag_msg *msg = rtnl_read(m, sizeof(*msg), a, ARRAY_SIZE(a));
	struct unix_diag_rqlen rq = {0};
	struct unix_diag_vfs vfs = {0};
	struct report r = {0};
	size_t len;

	if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY || !msg || msg->udiag_family != AF_UNIX)
		return false;
	r.state = msg->udiag_state;
	r.own = msg->udiag_ino;
	r.accepted = msg->udiag_ino != 0;
	if (a[UNIX_DIAG_NAME]) {	/* an abstract one begins with a NUL, and none has to end in one */
		len = mnl_attr_get_payload_len(a[UNIX_DIAG_NAME]);
		memcpy(r.name, mnl_attr_get_payload(a[UNIX_DIAG_NAME]), len < NAME_SIZE ? len : NAME_SIZE - 1);
	}
	r.has_file = rtnl_copy(a[UNIX_DIAG_VFS], &vfs, sizeof(vfs));
	r.ino = vfs.udiag_vfs_ino;
	r.dev = vfs.udiag_vfs_dev;
	rtnl_copy(a[UNIX_DIAG_RQLEN], &rq, sizeof(rq));
	r.waiting = rq.udiag_rqueue;
	rtnl_copy(a[UNIX_DIAG_PEER], &r.peer, sizeof(r.peer));
	*out = r;
	return true;
}

static void take(void *arg, const struct nlmsghdr *m)
{
	struct report r;

	if (report_parse(m, &r))
		report_judge(arg, &r);
}

/* Twice where the list moved meanwhile; and then what it is. */
static int dump_run(struct look *l)
{
	const struct unix_diag_req req = {
		.sdiag_family = AF_UNIX,
		.udiag_states = 1u << STATE_ESTABLISHED | 1u << STATE_LISTEN,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN,
	};
	const struct rtnl_question q = {
		.bus = NETLINK_SOCK_DIAG, .type = SOCK_DIAG_BY_FAMILY, .flags = NLM_F_DUMP, .header = &req,
		.header_bytes = sizeof(req), .timeout_ms = DUMP_MS,
	};
	const struct look blank = *l;
	int rc = rtnl_ask(&q, take, l);

	if (rc <= 0)
		return rc;
	*l = blank;
	rc = rtnl_ask(&q, take, l);
	return rc < 0 ? rc : 0;
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
	bool changed = false;
	int r = rtnl_messages(data, len, &changed, take, &l);

	*out = l.file.any ? l.file.sock : l.last.sock;
	return r;
}

int host_sock_look(const struct host *h, const char *path, struct host_sock *out)
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
	r = dump_run(&l);
	if (r == -ENOENT || r == -EPROTONOSUPPORT || r == -EPERM || r == -EACCES)
		return -EOPNOTSUPP;
	if (r < 0)
		return r;
	if (!m->any && fs_hides_numbers(fd)) {
		m = l.name.any ? &l.name : &l.last;
		if (m->ambiguous)
			return -EOPNOTSUPP;
	}
	*out = m->sock;
	return 0;
}

static void take_peer(void *arg, const struct nlmsghdr *m)
{
	struct report r;

	if (report_parse(m, &r))
		*(uint32_t *)arg = r.peer;
}

int host_sock_peer(int fd, uint64_t *inode)
{
	struct unix_diag_req req = { .sdiag_family = AF_UNIX, .udiag_show = UDIAG_SHOW_PEER, .udiag_cookie = { ~0u, ~0u } };
	const struct rtnl_question q = {
		.bus = NETLINK_SOCK_DIAG, .type = SOCK_DIAG_BY_FAMILY, .header = &req, .header_bytes = sizeof(req),
		.timeout_ms = DUMP_MS,
	};
	uint32_t peer = 0;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	req.udiag_ino = (uint32_t)st.st_ino;
	rc = rtnl_ask(&q, take_peer, &peer);
	if (rc < 0)
		return rc;
	*inode = peer;
	return peer ? 0 : -ENOENT;
}
