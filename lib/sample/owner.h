/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside lib/sample: whose monitor is it? A command line may name any socket; the kernel knows who listens there and who
 * has accepted us. Looks at /proc and sock_diag; not for a process's descriptors under the sampler's lock.
 */
#ifndef KT_SAMPLE_OWNER_H
#define KT_SAMPLE_OWNER_H

#include "lib/host/host.h"
#include "qmp/qmp.h"

struct owner {
	pid_t pid;
	uint64_t start;
	/*
	 * Its listening socket was made by another process and passed in, and the operator has named the socket: then who
	 * called listen() is not asked for.
	 */
	bool handed;
};

/*
 * Before connecting: -EPERM if the process has not got the socket open that listens there. 0 also where that cannot be
 * seen: connected, owner_serves tells.
 */
int owner_listens(const struct host *h, const struct owner *o, const char *path, const struct host_sock *sock,
		  struct err *err);
/*
 * Connected: 0 if the process has called listen() (or handed), and has this very connection open; the latter only as far
 * as its descriptors can be read, and once it has accepted us, that is after the greeting. -EPERM, -ESRCH: it has ended.
 */
int owner_serves(const struct host *h, const struct owner *o, int fd, struct err *err);

#endif
