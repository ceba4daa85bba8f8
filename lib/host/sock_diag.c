// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * AF_UNIX sock_diag. A listener and the connections accepted from it carry the name and the file's inode of the listener;
 * a connection that is not accepted yet is there too, without an inode of its own. Only sockets of the network namespace
 * that the question is put in are reported.
 */
#include "sock_diag.h"
#include "rtnl.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#define STATE_ESTABLISHED 1
#define DUMP_MS 1000

struct taking {
	sock_take *take;
	void *arg;
};

/* False: it is not about a unix socket. */
static bool report_parse(const struct nlmsghdr *m, struct sock_report *out)
{
	const struct nlattr *a[UNIX_DIAG_MAX + 1];
	const struct unix_diag_msg *msg = rtnl_read(m, sizeof(*msg), a, ARRAY_SIZE(a));
	struct unix_diag_rqlen rq = {0};
	struct unix_diag_vfs vfs = {0};
	struct sock_report r = {0};

	if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY || !msg || msg->udiag_family != AF_UNIX)
		return false;
	r.state = msg->udiag_state;
	r.own = msg->udiag_ino;
	r.accepted = msg->udiag_ino != 0;
	if (a[UNIX_DIAG_NAME]) {	/* it does not have to end in a NUL */
		size_t len = mnl_attr_get_payload_len(a[UNIX_DIAG_NAME]);

		r.name_len = len < SOCK_NAME_MAX ? len : SOCK_NAME_MAX;
		memcpy(r.name, mnl_attr_get_payload(a[UNIX_DIAG_NAME]), r.name_len);
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

static void take_message(void *arg, const struct nlmsghdr *m)
{
	const struct taking *t = arg;
	struct sock_report r;

	if (report_parse(m, &r))
		t->take(t->arg, &r);
}

static int ask(struct unix_diag_req *req, unsigned short flags, sock_take *take, void *arg)
{
	const struct rtnl_question q = {
		.bus = NETLINK_SOCK_DIAG, .type = SOCK_DIAG_BY_FAMILY, .flags = flags, .header = req,
		.header_bytes = sizeof(*req), .timeout_ms = DUMP_MS,
	};
	struct taking t = { take, arg };

	req->sdiag_family = AF_UNIX;
	req->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN | (flags ? 0 : UDIAG_SHOW_PEER);
	return rtnl_ask(&q, take_message, &t);
}

int sock_dump(sock_take *take, void *arg)
{
	struct unix_diag_req req = { .udiag_states = 1u << STATE_ESTABLISHED | 1u << SOCK_LISTEN };
	int rc = ask(&req, NLM_F_DUMP, take, arg);

	return rc == -ENOENT || rc == -EPROTONOSUPPORT || rc == -EPERM || rc == -EACCES ? -EOPNOTSUPP : rc;
}

int sock_messages(const void *data, size_t len, sock_take *take, void *arg)
{
	struct taking t = { take, arg };
	bool changed = false;

	return rtnl_messages(data, len, &changed, take_message, &t);
}

static void keep(void *arg, const struct sock_report *r)
{
	*(struct sock_report *)arg = *r;
}

int sock_ask(uint64_t inode, struct sock_report *out)
{
	struct unix_diag_req req = { .udiag_ino = (uint32_t)inode, .udiag_cookie = { ~0u, ~0u } };
	struct sock_report r = {0};
	int rc = inode > UINT32_MAX ? -ENOENT : ask(&req, 0, keep, &r);

	if (rc >= 0)
		*out = r;
	return rc < 0 ? rc : 0;
}
