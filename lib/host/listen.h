/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The unix sockets that a process listens on: by its descriptors and what the kernel says of them, whatever they are called
 * and whichever root, directory, network or mount namespace they were bound in. Needs the right to read /proc/PID/fd.
 */
#ifndef KT_HOST_LISTEN_H
#define KT_HOST_LISTEN_H

#include "sock.h"

struct lates;

struct host_listener {
	pid_t pid;
	int fd;				/* a descriptor of the process */
	uint64_t inode;			/* of the socket */
	bool other_net;			/* it is not of our network namespace, but of the process's */
	size_t name_len;		/* 0: it has no name */
	char name[109];			/* as it was bound, NUL-terminated; an abstract one begins with a NUL */
};

/* In the order of its descriptors; the list is yours. Negative errno: -EACCES, no right to see its descriptors; -ESRCH. */
int host_listeners_read(const struct host *h, pid_t pid, struct host_listener **list, size_t *n);
/* The one behind a descriptor, or of that inode; NULL: none of them. */
const struct host_listener *host_listener_of_fd(const struct host *h, const struct host_listener *list, size_t n, int fd);
/* It was bound to that path, or to that abstract name, with or without NULs at its end. */
bool host_listener_is_at(const struct host_listener *l, const char *path, bool abstract);

/* Who uses it, as host_sock_look. -ENOENT: it is there no more; -EOPNOTSUPP: not known. */
int host_listener_look(const struct host *h, const struct host_listener *l, struct host_sock *out);
/*
 * A socket that is connected to it, or will be (it does not block): as root through the very descriptor, whatever its
 * file is called now; else by each path that it may have, of which the one is taken that the kernel says it is bound to.
 * -ENOENT: no way was found; -EPERM: another network namespace, which takes root; else as connect(2). lates closes
 * what has turned into something else.
 */
int host_listener_connect(const struct host *h, struct lates *lates, const struct host_listener *l);

#endif
