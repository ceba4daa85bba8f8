// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * AF_UNIX sock_diag. A listener and the connections accepted from it carry the name and the file's
 * inode of the listener; a connection nobody has accepted yet is there too, without an inode of its
 * own. Only sockets of our own network namespace are reported.
 */
#include "rtnl.h"
#include "sock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>

#define STATE_ESTABLISHED 1		/* as TCP's numbers them */
#define STATE_LISTEN 10
#define DUMP_SECONDS 1
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

static void attr_take(struct report *r, const struct nlattr *a)
{
	const char *data = (const char *)a + NLA_HDRLEN;
	size_t len = a->nla_len - (size_t)NLA_HDRLEN;
	struct unix_diag_vfs vfs;
	struct unix_diag_rqlen rq;

	switch (a->nla_type & NLA_TYPE_MASK) {
	case UNIX_DIAG_NAME:
		len = len < NAME_SIZE ? len : NAME_SIZE - 1;
		memcpy(r->name, data, len);
		r->name[len] = '\0';
		break;
	case UNIX_DIAG_VFS:
		if (len < sizeof(vfs))
			break;
		memcpy(&vfs, data, sizeof(vfs));
		r->has_file = true;
		r->ino = vfs.udiag_vfs_ino;
		r->dev = vfs.udiag_vfs_dev;
		break;
	case UNIX_DIAG_RQLEN:
		if (len < sizeof(rq))
			break;
		memcpy(&rq, data, sizeof(rq));
		r->waiting = rq.udiag_rqueue;
		break;
	}
}

static void report_take(struct look *l, const struct nlmsghdr *m)
{
	const struct unix_diag_msg *msg = NLMSG_DATA(m);
	const char *p = (const char *)m + NLMSG_SPACE(sizeof(*msg));
	const char *end = (const char *)m + m->nlmsg_len;
	struct report r = {0};

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*msg)) || msg->udiag_family != AF_UNIX)
		return;
	r.state = msg->udiag_state;
	r.accepted = msg->udiag_ino != 0;
	while (end - p >= NLA_HDRLEN) {
		const struct nlattr *a = (const void *)p;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - p)
			break;
		attr_take(&r, a);
		p += NLA_ALIGN(a->nla_len);
	}
	report_judge(l, &r);
}

/*
 * What one datagram holds: 1 at the end of the dump, 0 for more, negative; *changed when the list
 * moved meanwhile.
 */
static int datagram_take(struct look *l, const char *buf, size_t len, uint32_t seq, bool *changed)
{
	const struct nlmsghdr *m = NULL;

	while ((m = rtnl_next(buf, len, m))) {
		if (m->nlmsg_seq != seq)
			continue;
		if (m->nlmsg_flags & NLM_F_DUMP_INTR)
			*changed = true;
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(m);

			if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || e->error >= 0)
				return -EPROTO;
			return e->error;
		}
		if (m->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			report_take(l, m);
	}
	return 0;
}

static int dump_ask(int fd, uint32_t seq)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} ask = {
		.head = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			.nlmsg_seq = seq,
		},
		.req = {
			.sdiag_family = AF_UNIX,
			.udiag_states = 1u << STATE_ESTABLISHED | 1u << STATE_LISTEN,
			.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN,
		},
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, &ask, sizeof(ask), 0, (const void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

static int dump_read(int fd, struct look *l, uint32_t seq, bool *changed)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	/* asked first: on a host where nobody has asked yet, the kernel loads unix_diag before that returns */
	int r = dump_ask(fd, seq);
	uint64_t deadline = clock_now_ns() + DUMP_SECONDS * NS_PER_SEC;
	ssize_t len;

	while (r == 0) {
		if (clock_now_ns() > deadline)
			return -ETIMEDOUT;
		len = recv(fd, buf, sizeof(buf), MSG_TRUNC);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if ((size_t)len > sizeof(buf))
			return -EMSGSIZE;
		r = datagram_take(l, buf, (size_t)len, seq, changed);
	}
	return r < 0 ? r : 0;
}

static int dump_run(struct look *l)
{
	const struct timeval patience = { .tv_sec = DUMP_SECONDS };
	const struct look blank = *l;
	auto_close int fd = -1;
	bool changed = true;
	int r = 0;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	for (uint32_t try = 1; try <= 2 && changed && r == 0; try++) {
		*l = blank;
		changed = false;
		r = dump_read(fd, l, try, &changed);
	}
	return r;
}

/*
 * File systems whose stat(2) shows other numbers than the kernel keeps for a bound socket: device
 * (subvolumes) or both (layers). Elsewhere a file that no socket matches is simply one nobody
 * listens on any more.
 */
static bool fs_hides_numbers(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return false;
	switch ((uint32_t)fs.f_type) {
	case FS_OVERLAY:
	case FS_BTRFS:
	case FS_BCACHEFS:
		return true;
	}
	return false;
}

int host_sock_look(const struct host *h, const char *path, struct host_sock *out)
{
	const char *slash = strrchr(path, '/');
	struct look l = { .path = path, .base = slash ? slash + 1 : path };
	const struct match *m = &l.file;
	struct stat st;
	int r;

	if (!host_is_live(h))
		return -EOPNOTSUPP;
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	l.ino = (uint32_t)st.st_ino;
	l.dev = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev));
	r = dump_run(&l);
	if (r == -ENOENT || r == -EPROTONOSUPPORT || r == -EPERM || r == -EACCES)
		return -EOPNOTSUPP;
	if (r < 0)
		return r;
	if (!m->any && fs_hides_numbers(path)) {
		m = l.name.any ? &l.name : &l.last;
		if (m->ambiguous)
			return -EOPNOTSUPP;
	}
	*out = m->sock;
	return 0;
}
