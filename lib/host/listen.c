// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sockets a process listens on. A name says little: it may be relative to a directory that the process has left, or be of
 * a file system that it cannot see any more. The kernel leads from the socket to its file (SIOCUNIXFILE, Linux 4.13).
 */
#include "listen.h"
#include "files.h"
#include "netns.h"
#include "path.h"
#include "private.h"
#include "sock_diag.h"

#include <errno.h>
#include <linux/un.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LISTENERS_MAX 64		/* VNC, SPICE, monitors, serial lines: tens at most */
#define DIRECTORIES_MAX 64		/* of files that it has open, in which its socket may be */

/* ---- finding them */

struct own {
	uint64_t inode;
	int fd;
};

struct search {
	pid_t pid;
	bool other_net;
	struct own *own;		/* sorted by inode */
	size_t n_own;
	struct host_listener *list;
	size_t n;
};

static int own_cmp(const void *a, const void *b)
{
	const struct own *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static uint64_t inode_of(const struct host *h, pid_t pid, int fd)
{
	static const char prefix[] = "socket:[";
	const char *at;
	uint64_t inode;
	char link[64];

	if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, fd) < 0 || !str_has_prefix(link, prefix))
		return 0;
	at = link + strlen(prefix);
	return host_u64_next(&at, &inode) ? inode : 0;
}

static int own_read(const struct host *h, struct search *s)
{
	auto_close int dir = host_openat(h, "proc/%d/fd", s->pid);
	auto_ids struct host_ids fds = {0};
	int r = dir < 0 ? dir : host_ids_read_some(dir, PROC_FDS_MAX, &fds);
	size_t i;

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (i = 0; i < fds.n; i++) {
		uint64_t inode = inode_of(h, s->pid, fds.id[i]);

		if (inode)
			*vec_push(s->own, s->n_own) = (struct own){ inode, fds.id[i] };
	}
	if (s->n_own)
		qsort(s->own, s->n_own, sizeof(*s->own), own_cmp);
	return 0;
}

static void take_own(struct search *s, uint64_t inode, const char *name, size_t len)
{
	const struct own key = { .inode = inode }, *own;
	struct host_listener *l;

	own = s->n_own && inode ? bsearch(&key, s->own, s->n_own, sizeof(key), own_cmp) : NULL;
	if (!own || s->n == LISTENERS_MAX)
		return;
	l = vec_push(s->list, s->n);
	*l = (struct host_listener){ .pid = s->pid, .fd = own->fd, .inode = inode, .other_net = s->other_net };
	l->name_len = len < SOCK_NAME_MAX ? len : SOCK_NAME_MAX;
	memcpy(l->name, name, l->name_len);
}

static void take(void *arg, const struct sock_report *r)
{
	/* the kernel counts the NUL behind a path in, and may leave it out */
	if (r->state == SOCK_LISTEN)
		take_own(arg, r->own, r->name, r->name[0] ? strlen(r->name) : r->name_len);
}

static int search_run(void *arg)
{
	struct search *s = arg;
	size_t n = s->n;
	int rc = sock_dump(take, s);

	if (rc != 1)
		return rc;
	s->n = n;			/* the list moved meanwhile */
	return sock_dump(take, s);
}

/* "Num: RefCount Protocol Flags Type St Inode Path": flags 00010000 of who listens, '@' for each NUL of an abstract name. */
static void take_line(struct search *s, char *line)
{
	unsigned flags, type, state;
	unsigned long long inode;
	size_t len, i;
	int at = 0;

	if (sscanf(line, "%*x: %*x %*x %x %x %x %llu %n", &flags, &type, &state, &inode, &at) < 4 || !at || !(flags & 0x10000))
		return;
	line += at;
	len = strlen(line);
	if (*line == '@') {
		for (i = len; i > 1 && line[i - 1] == '@'; i--)
			line[i - 1] = '\0';
		line[0] = '\0';
	}
	take_own(s, inode, line, len);
}

/* What may not be asked there can be read. */
static void search_text(const struct host *h, struct search *s)
{
	auto_free char *path = xasprintf("proc/%d/net/unix", s->pid);
	auto_buf struct buf text = {0};
	char *line, *rest;

	if (host_read_all(h, path, &text))
		return;
	for (rest = text.text; (line = strsep(&rest, "\n")); )
		take_line(s, line);
}

static int by_fd(const void *a, const void *b)
{
	const struct host_listener *x = a, *y = b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

int host_listeners_read(const struct host *h, pid_t pid, struct host_listener **list, size_t *n)
{
	struct search s = { .pid = pid };
	int rc = host_is_live(h) ? own_read(h, &s) : -EOPNOTSUPP;

	if (!rc)
		rc = search_run(&s);
	if (rc >= 0 && host_net_is_other(h, pid)) {
		s.other_net = true;
		if (host_net_run(h, pid, search_run, &s) < 0)
			search_text(h, &s);
	}
	free(s.own);
	if (rc < 0) {
		free(s.list);
		return rc;
	}
	if (s.n)
		qsort(s.list, s.n, sizeof(*s.list), by_fd);
	*list = s.list;
	*n = s.n;
	return 0;
}

const struct host_listener *host_listener_of_fd(const struct host *h, const struct host_listener *list, size_t n, int fd)
{
	uint64_t inode = n ? inode_of(h, list[0].pid, fd) : 0;
	size_t i;

	for (i = 0; inode && i < n; i++)
		if (list[i].inode == inode)
			return &list[i];
	return NULL;
}

bool host_listener_is_at(const struct host_listener *l, const char *path, bool abstract)
{
	size_t len = strlen(path), i;

	if (!abstract)
		return len == l->name_len && !memcmp(l->name, path, len);
	if (l->name_len < 1 + len || l->name[0] || memcmp(l->name + 1, path, len))
		return false;
	for (i = 1 + len; i < l->name_len && !l->name[i]; i++)
		;
	return i == l->name_len;
}

/* ---- who uses one */

struct look {
	const struct host_listener *l;
	struct sock_report listener;
	struct host_sock sock;
};

static void take_client(void *arg, const struct sock_report *r)
{
	const struct sock_report *l;
	struct look *look = arg;

	l = &look->listener;
	if (r->state == SOCK_LISTEN || !r->accepted || r->has_file != l->has_file)
		return;
	if (l->has_file ? r->ino == l->ino && r->dev == l->dev :
	    r->name_len && r->name_len == l->name_len && !memcmp(r->name, l->name, l->name_len))
		look->sock.clients++;
}

static int look_run(void *arg)
{
	struct look *look = arg;
	int rc = sock_ask(look->l->inode, &look->listener), i;

	if (rc || look->listener.state != SOCK_LISTEN)
		return rc ? rc : -ENOENT;
	look->sock = (struct host_sock){ .listening = true, .waiting = look->listener.waiting, .listener = look->l->inode };
	for (i = 0, rc = 1; rc == 1 && i < 2; i++) {	/* twice where the list moved meanwhile */
		look->sock.clients = 0;
		rc = sock_dump(take_client, look);
	}
	return rc < 0 ? rc : 0;
}

int host_listener_look(const struct host *h, const struct host_listener *l, struct host_sock *out)
{
	struct look look = { .l = l };
	int rc = l->other_net ? host_net_run(h, l->pid, look_run, &look) : look_run(&look);

	if (rc == -EPERM)
		return -EOPNOTSUPP;
	if (!rc)
		*out = look.sock;
	return rc;
}

/* ---- reaching one */

/* Its file, held; -EPERM: that takes CAP_SYS_PTRACE and CAP_NET_ADMIN. */
static int hold_by_socket(struct lates *lates, const struct host_listener *l)
{
	auto_close int process = (int)syscall(SYS_pidfd_open, l->pid, 0);
	auto_free char *link = xasprintf("socket:[%llu]", (unsigned long long)l->inode);
	auto_close int copy = process < 0 ? -errno : host_fd_copy(lates, process, l->fd, link);
	int file;

	if (copy < 0)
		return copy;
	file = ioctl(copy, SIOCUNIXFILE);
	return file < 0 ? -errno : file;
}

/* Is the file at that path the one the socket is bound to? A descriptor, or negative. */
static int hold_if_it_is(const char *path, const struct sock_report *r)
{
	struct stat st;
	auto_close int fd = file_hold(path, &st);

	if (fd < 0)
		return fd;
	if (!S_ISSOCK(st.st_mode) || (uint32_t)st.st_ino != r->ino || (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev)) != r->dev)
		return -ENOENT;
	return take_fd(&fd);
}

/* In the directories of files it has open: a socket with a relative name is mostly beside its other files. */
static int hold_beside(const struct host *h, const struct host_listener *l, const struct sock_report *r)
{
	char **files = NULL;
	size_t n = 0, i;
	int found = -ENOENT, tried = 0;

	if (host_proc_files(h, l->pid, &files, &n))
		return -ENOENT;
	for (i = 0; i < n; i++) {
		if (found < 0 && tried < DIRECTORIES_MAX && !str_has_prefix(files[i], "/dev/")) {
			auto_free char *path = xasprintf("%.*s/%s", (int)(strrchr(files[i], '/') - files[i]), files[i], l->name);

			found = hold_if_it_is(path, r);
			tried++;
		}
		free(files[i]);
	}
	free(files);
	return found;
}

static int hold_by_path(const struct host *h, const struct host_listener *l)
{
	auto_free char *theirs = host_proc_path(h, l->pid, l->name);
	struct sock_report r;
	struct stat st;
	auto_close int own = -1;
	int fd = sock_ask(l->inode, &r);

	if (fd == -ENOENT && l->other_net) {
		/* it cannot be asked there which file it is bound to: one's own is taken by its name */
		own = file_hold(theirs, &st);
		return own < 0 ? own : S_ISSOCK(st.st_mode) && st.st_uid == geteuid() ? take_fd(&own) : -EPERM;
	}
	if (fd)
		return fd;
	fd = hold_if_it_is(theirs, &r);
	if (fd < 0 && l->name[0] == '/')
		fd = hold_if_it_is(l->name, &r);
	else if (fd < 0)
		fd = hold_beside(h, l, &r);
	return fd;
}

struct target {
	struct sockaddr_un sun;
	socklen_t len;
};

static int connect_run(void *arg)
{
	const struct target *t = arg;
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&t->sun, t->len))
		return -errno;
	return take_fd(&fd);
}

int host_listener_connect(const struct host *h, struct lates *lates, const struct host_listener *l)
{
	struct target t = { .sun.sun_family = AF_UNIX, .len = sizeof(t.sun) };
	auto_close int file = -1;

	if (!l->name_len)
		return -ENOENT;
	if (!l->name[0]) {
		memcpy(t.sun.sun_path, l->name, l->name_len);
		t.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + l->name_len);
		return l->other_net ? host_net_run(h, l->pid, connect_run, &t) : connect_run(&t);
	}
	file = hold_by_socket(lates, l);
	if (file < 0)
		file = hold_by_path(h, l);
	if (file < 0)
		return file;
	snprintf(t.sun.sun_path, sizeof(t.sun.sun_path), "/proc/self/fd/%d", file);
	return connect_run(&t);
}
