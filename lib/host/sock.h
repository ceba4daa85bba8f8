/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who uses a unix socket, by AF_UNIX sock_diag: without connecting, so without taking the one place a QMP socket has.
 * Sockets are matched by device and inode of the socket's file, not by name: a name may be relative.
 */
#ifndef KT_HOST_SOCK_H
#define KT_HOST_SOCK_H

#include "root.h"

struct host_sock {
	bool listening;			/* somebody listens there */
	unsigned clients;		/* connections that were accepted */
	unsigned waiting;		/* connections nobody has accepted yet */
	uint64_t listener;		/* inode of the socket that listens, as /proc/PID/fd has it; 0: not known */
	bool unseen;			/* none was seen, and other network namespaces could not be looked at: that takes root */
};

/* -ENOENT: no such file; -ENOTSOCK; -EOPNOTSUPP: this kernel has no unix sock_diag (then nothing is known). */
int host_sock_look(const struct host *h, const char *path, struct host_sock *out);
/* The same, but of other network namespaces only in that of this process: at most one is visited, not each that there is. */
int host_sock_look_in(const struct host *h, const char *path, pid_t pid, struct host_sock *out);
/* Messages of a dump, as to the socket of that file: 1 at its end, 0 for more, or the kernel's error. */
int host_sock_take(const void *data, size_t len, const char *path, uint32_t ino, uint32_t dev, struct host_sock *out);

/*
 * The inode of the socket at the other end of a connected socket: that of the process that has accepted, once it has
 * (-ENOENT before that). Other errors: the kernel does not tell.
 */
int host_sock_peer(int fd, uint64_t *inode);

#endif
