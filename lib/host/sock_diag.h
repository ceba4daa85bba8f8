/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/host: unix sockets as sock_diag reports them, in the network namespace of the thread that asks. */
#ifndef KT_HOST_SOCK_DIAG_H
#define KT_HOST_SOCK_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCK_LISTEN 10			/* states, as TCP's numbers them */
#define SOCK_NAME_MAX 108

struct sock_report {
	unsigned state, waiting;
	bool accepted;			/* or any other that a process holds */
	bool has_file;
	uint32_t ino, dev;		/* the file's, as the kernel numbers it */
	uint32_t own;			/* the socket's own inode, 0: no process holds it yet */
	uint32_t peer;			/* that of the other end, 0: not told */
	size_t name_len;
	char name[SOCK_NAME_MAX + 1];	/* an abstract one begins with a NUL */
};

typedef void sock_take(void *arg, const struct sock_report *r);
/* All that listen or are connected. 0; 1: the list changed meanwhile; -EOPNOTSUPP: this kernel does not tell; negative errno. */
int sock_dump(sock_take *take, void *arg);
/* Messages of a dump: 1 at its end, 0 for more, or the kernel's error. */
int sock_messages(const void *data, size_t len, sock_take *take, void *arg);
/* One by its inode. -ENOENT. */
int sock_ask(uint64_t inode, struct sock_report *out);

#endif
