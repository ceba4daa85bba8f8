// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The proofs that a monitor is a process's. SO_PEERCRED has the pid that called listen(): QEMU does that after -daemonize
 * has forked, and -runas and a chroot leave it as it is. Alone it is not enough, as that process may have ended and its
 * pid be another's by now while a child of it has kept the socket; so the process must also have our connection open.
 * Having it open is not enough either: a descriptor can be passed to a process that did not ask for it.
 */
#include "owner.h"

#include <errno.h>

static int is_another(struct err *err, const char *what, const struct owner *o)
{
	return err_set(err, -EPERM, "%s (the guest is process %d; -q PATH takes a monitor from the process that serves it)", what,
		       (int)o->pid);
}

int owner_listens(const struct host *h, const struct owner *o, const char *path, const struct host_sock *sock,
		  struct err *err)
{
	if (!sock->listener || host_proc_has_socket(h, o->pid, sock->listener) != 0)
		return 0;
	return err_set(err, -EPERM, "monitor: %s is not the guest's: process %d does not listen there (-q PATH takes a "
		       "monitor from the process that serves it)", path, (int)o->pid);
}

int owner_serves(const struct host *h, const struct owner *o, int fd, struct err *err)
{
	struct qmp_peer peer;
	uint64_t inode;
	int has = -EOPNOTSUPP, rc = qmp_peer_read(fd, &peer);

	if (rc)
		return err_sys(err, rc, "who serves the monitor");
	if (!o->handed && peer.pid != o->pid) {
		auto_free char *what = xasprintf("process %d listens at the monitor's socket", (int)peer.pid);

		return is_another(err, what, o);
	}
	if (!host_sock_peer(fd, &inode))
		has = host_proc_has_socket(h, o->pid, inode);
	if (has == 0 || (has < 0 && o->handed))
		return is_another(err, "another process has accepted the monitor's connection", o);
	if (!host_proc_is(h, o->pid, o->start))
		return err_set(err, -ESRCH, "the guest has ended");
	return 0;
}
