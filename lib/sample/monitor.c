// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a guest's monitors are. */
#include "monitor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADVICE_DO "start QEMU with -qmp unix:PATH,server=on,wait=off"
#define ADVICE "(" ADVICE_DO ")"
#define TOLD_MAX 4			/* monitors that are named in a note */

void monitor_done(struct monitor *m)
{
	free(m->path);
	free(m->name);
	*m = (struct monitor){0};
}

void monitor_copy(struct monitor *to, const struct monitor *from)
{
	monitor_done(to);
	*to = *from;
	to->path = xstrdup(from->path);
	to->name = xstrdup(from->name);
}

void monitors_free(struct monitor *list, size_t n)
{
	while (n--)
		monitor_done(&list[n]);
	free(list);
}

size_t monitors_list(const struct host *h, pid_t pid, const struct qmp_cmdline *c, struct monitor **list)
{
	size_t n = 0, i;

	*list = NULL;
	for (i = 0; i < c->n_monitors; i++) {
		const struct qmp_monitor *m = &c->monitors[i];
		struct monitor one = { .kind = m->kind, .number = m->number };

		switch (m->kind) {
		case QMP_MONITOR_UNIX:
			one.path = host_proc_path(h, pid, m->path);
			break;
		case QMP_MONITOR_ABSTRACT:
			one.path = xasprintf("abstract socket %s", m->path);
			break;
		case QMP_MONITOR_FD:
			if (c->libvirt)		/* its own monitor, which it never leaves */
				continue;
			one.path = xstrdup(m->path);
			break;
		case QMP_MONITOR_OTHER:
		case QMP_MONITOR_HUMAN:
			continue;
		}
		one.name = xstrdup(m->path);
		*vec_push(*list, n) = one;
	}
	return n;
}

char *monitors_none(const struct qmp_cmdline *c)
{
	auto_buf struct buf all = {0};
	size_t i;

	if (!c->n_monitors && c->unread)
		return xstrdup("monitor: none on the command line, not all of which is known (-q PATH names one, or " ADVICE_DO ")");
	if (!c->n_monitors)
		return xstrdup("monitor: none " ADVICE);
	for (i = 0; i < c->n_monitors && i < TOLD_MAX; i++)
		buf_printf(&all, "%s%s (%s)", i ? ", " : "", c->monitors[i].path, c->monitors[i].kind == QMP_MONITOR_HUMAN ?
			   "not QMP but for people" : "no unix socket that it listens on");
	if (i < c->n_monitors)
		buf_printf(&all, " and %zu more", c->n_monitors - i);
	return xasprintf("monitor: none that can be used, there is %s " ADVICE, all.text);
}

static void know(struct monitor *m, const struct host_listener *l)
{
	m->known = l != NULL;
	if (l)
		m->listener = *l;
}

static const struct host_listener *by_name(const struct host_listener *list, size_t n, const struct monitor *m)
{
	size_t i;

	for (i = n; i-- > 0; )		/* where one was replaced, the later one */
		if (host_listener_is_at(&list[i], m->name, m->kind == QMP_MONITOR_ABSTRACT))
			return &list[i];
	return NULL;
}

/* Which of its sockets each is. */
static void find_sockets(const struct host *h, pid_t pid, struct monitor *list, size_t n)
{
	auto_free struct host_listener *sockets = NULL;
	size_t n_sockets = 0, i;

	if (host_listeners_read(h, pid, &sockets, &n_sockets))
		return;
	for (i = 0; i < n; i++) {
		if (list[i].known || !list[i].name)
			continue;
		know(&list[i], list[i].kind == QMP_MONITOR_FD ? host_listener_of_fd(h, sockets, n_sockets, list[i].number) :
		     by_name(sockets, n_sockets, &list[i]));
	}
}

void monitor_of_path(const struct host *h, pid_t pid, const char *path, struct monitor *out)
{
	auto_free struct host_listener *sockets = NULL;
	struct host_sock sock = {0};
	size_t n = 0, i;

	*out = (struct monitor){ .kind = QMP_MONITOR_UNIX, .path = xstrdup(path) };
	if (host_sock_look(h, path, &sock) || !sock.listener || host_listeners_read(h, pid, &sockets, &n))
		return;
	for (i = 0; i < n; i++)
		if (sockets[i].inode == sock.listener)
			know(out, &sockets[i]);
}

int monitor_look(const struct host *h, const struct monitor *m, pid_t pid, struct host_sock *out)
{
	int rc;

	if (!m->known && m->kind != QMP_MONITOR_UNIX)
		return -ENOENT;
	if (!m->known)
		return host_sock_look_in(h, m->path, pid, out);
	rc = host_listener_look(h, &m->listener, out);
	if (rc == -EOPNOTSUPP)		/* it is the process's all the same */
		out->listener = m->listener.inode;
	return rc;
}

/* Why it is not free to be used, as monitor_look has answered; NULL: it is. Yours. */
static char *occupied(int rc, const struct host_sock *sock, const char *path)
{
	if (rc == -EOPNOTSUPP)		/* nothing is known: the greeting's deadline will tell */
		return NULL;
	if (rc == -EACCES || rc == -EPERM)
		return xasprintf("monitor: no right to look at %s", path);
	if (rc)
		return xasprintf("monitor: %s: %s", path, strerror(-rc));
	if (!sock->listening && !sock->clients && !sock->unseen)
		return xasprintf("monitor: no process listens at %s", path);
	if (sock->clients || sock->waiting)
		return xasprintf("monitor: another client holds %s", path);
	return NULL;
}

char *monitor_await_free(const struct host *h, const char *path, uint64_t wait_ns)
{
	uint64_t deadline = clock_now_ns() + wait_ns;

	for (;;) {
		struct host_sock sock = {0};
		char *why = occupied(host_sock_look(h, path, &sock), &sock, path);

		if (!why || clock_now_ns() >= deadline)
			return why;
		free(why);
		clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
	}
}

/* A socket that is not among those of the process: of a path the file may be looked at all the same. */
static char *missing(const struct host *h, const struct owner *owner, const struct monitor *m)
{
	if (m->kind != QMP_MONITOR_UNIX && host_proc_has_socket(h, owner->pid, 0) == -EACCES)
		return xasprintf("monitor: %s: only root or the guest's user can see the sockets of process %d", m->path, (int)owner->pid);
	if (m->kind != QMP_MONITOR_UNIX)
		return xasprintf("monitor: %s is no unix socket that process %d listens on", m->path, (int)owner->pid);
	if (m->path[0] != '/' && access(m->path, F_OK))	/* /proc/PID/cwd could not be read */
		return xasprintf("monitor: %s is relative to a directory that only root or the guest's user can see", m->path);
	return NULL;
}

/* 0: it can be used. -EPERM: it is another process's; -EBUSY. */
static int judge(const struct host *h, const struct owner *owner, const struct monitor *m, struct err *err)
{
	struct host_sock sock = {0};
	int rc = monitor_look(h, m, 0, &sock);
	auto_free char *why = m->known ? NULL : missing(h, owner, m);

	if (owner_listens(h, owner, m->path, &sock, err))
		return -EPERM;
	if (!why)
		why = occupied(rc, &sock, m->path);
	return why ? err_set(err, -EBUSY, "%s", why) : 0;
}

int monitors_pick(const struct host *h, const struct owner *owner, struct monitor *list, size_t n, uint64_t wait_ns,
		  int interrupt, size_t *picked, struct err *err)
{
	struct pollfd stop = { .fd = interrupt, .events = POLLIN };
	uint64_t deadline = clock_now_ns() + wait_ns;
	size_t i, foreign;
	bool wait;

	find_sockets(h, owner->pid, list, n);
	do {
		for (i = foreign = 0; i < n; i++) {
			int rc = judge(h, owner, &list[i], err);

			*picked = i;
			if (!rc)
				return 0;
			foreign += rc == -EPERM;
		}
		wait = n > foreign && clock_now_ns() < deadline;
		if (wait && poll(&stop, 1, 10) > 0)
			return err_set(err, -ECANCELED, "interrupted");
	} while (wait);
	return n && n == foreign ? -EPERM : -EBUSY;
}

static int connect_to(const struct host *h, struct lates *lates, const struct monitor *m, struct qmp **out, struct qmp_peer *peer,
		      struct err *err)
{
	int rc, fd;

	if (!m->known)
		return qmp_open_unix(m->path, out, peer, err);
	fd = host_listener_connect(h, lates, &m->listener);
	if (fd == -ENOENT || fd == -EPERM || fd == -EACCES)
		return err_set(err, fd, "%s: its socket is of another root directory or network namespace, which only root reaches",
			       m->path);
	if (fd < 0)
		return qmp_connect_error(err, fd, m->path);
	*out = qmp_open_fd(fd);
	rc = qmp_peer_read(fd, peer);
	if (rc)
		qmp_close(*out);
	return rc ? err_sys(err, rc, "%s: who listens there", m->path) : 0;
}

int monitor_open(const struct host *h, struct lates *lates, const struct monitor *m, const struct owner *owner,
		 unsigned timeout_ms, int interrupt, struct qmp **out, struct err *err)
{
	struct qmp_peer peer;
	struct qmp *q;
	int rc = connect_to(h, lates, m, &q, &peer, err);

	if (rc)
		return rc;
	qmp_set_interrupt(q, interrupt);
	/* said before it is waited for; the rest is known only once QEMU has accepted, which its greeting tells */
	if (!owner->handed && peer.pid != owner->pid)
		rc = owner_serves(h, owner, qmp_fd(q), err);
	if (!rc)
		rc = qmp_greet(q, timeout_ms, err);
	if (!rc)
		rc = owner_serves(h, owner, qmp_fd(q), err);
	if (rc) {
		qmp_close(q);
		return rc;
	}
	*out = q;
	return 0;
}
