// SPDX-License-Identifier: GPL-3.0-or-later
/* QMP over a unix socket that QEMU listens on. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct unix_conn {
	int fd;
};

static ssize_t unix_send(void *ctx, const void *data, size_t len, int pass_fd)
{
	const struct unix_conn *c = ctx;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (pass_fd >= 0) {
		struct cmsghdr *head;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &pass_fd, sizeof(int));
	}
	return sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static ssize_t unix_recv(void *ctx, void *data, size_t len)
{
	const struct unix_conn *c = ctx;

	return recv(c->fd, data, len, MSG_DONTWAIT);
}

static int unix_fd(void *ctx)
{
	const struct unix_conn *c = ctx;

	return c->fd;
}

static void unix_close(void *ctx)
{
	struct unix_conn *c = ctx;

	close(c->fd);
	free(c);
}

static const struct qmp_transport unix_transport = {
	.send = unix_send,
	.recv = unix_recv,
	.fd = unix_fd,
	.close = unix_close,
};

struct qmp *qmp_open_fd(int fd)
{
	struct unix_conn *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	return qmp_open(&unix_transport, c);
}

static int connect_to(int fd, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	/* held first: it may be too long for a socket's address, and below another process's root */
	auto_close int link = file_hold(path, &st);

	if (link < 0)
		return link;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", link);
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
}

int qmp_connect_error(struct err *err, int code, const char *path)
{
	switch (-code) {
	case EAGAIN:
		return err_set(err, -EBUSY, "%s: other clients are connected or waiting", path);
	case ECONNREFUSED:
		return err_set(err, code, "%s: no process listens there", path);
	case EPROTOTYPE:
		return err_set(err, code, "%s: not a stream socket", path);
	default:
		return err_sys(err, code, "%s", path);
	}
}

int qmp_peer_read(int fd, struct qmp_peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	*peer = (struct qmp_peer){ .uid = cred.uid, .pid = cred.pid };
	return 0;
}

int qmp_open_unix(const char *path, struct qmp **out, struct qmp_peer *peer, struct err *err)
{
	struct qmp_peer who;
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return err_sys(err, -errno, "socket");
	/* an empty name would be an unnamed address, which autobinds */
	rc = *path ? connect_to(fd, path) : -ENOENT;
	if (rc)
		return qmp_connect_error(err, rc, path);
	rc = qmp_peer_read(fd, &who);
	if (rc)
		return err_sys(err, rc, "%s: who listens there", path);
	if (peer)
		*peer = who;
	*out = qmp_open_fd(take_fd(&fd));
	return 0;
}
