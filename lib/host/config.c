// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Files of options. Their paths are a stranger's, and what is in them is shown: so a file is held first, without opening it, and
 * opened only where its process can have read it, too. The kernel judges that: the thread that looks for it does so as that user.
 */
#include "config.h"
#include "files.h"
#include "listen.h"
#include "path.h"
#include "private.h"
#include "users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GRAIN_NS NS_PER_SEC		/* start times count in ticks, and a launcher may write the file before it becomes QEMU */

#define GROUPS_MAX 256

/* What one of these names is another process's, or here one's own, and no file of options. */
static const char *is_special(const char *path)
{
	if (str_has_prefix(path, "/dev/fd/") || !strcmp(path, "/dev/stdin") || str_has_prefix(path, "/proc/self/fd/"))
		return "it was passed to the process as a descriptor";
	return str_has_prefix(path, "/proc/") ? "it is no regular file" : NULL;
}

static uint64_t since_epoch(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* By the clock of today: where it was set back since, a file of that time looks newer than it is, and is not read. */
static bool is_newer(const struct host *h, const struct host_proc *p, const struct stat *st)
{
	uint64_t up = p->start / host_facts(h)->ticks_per_s * NS_PER_SEC +
		      p->start % host_facts(h)->ticks_per_s * (NS_PER_SEC / host_facts(h)->ticks_per_s);
	uint64_t began = since_epoch(CLOCK_REALTIME) - since_epoch(CLOCK_BOOTTIME) + up;

	if (st->st_mtim.tv_sec < 0)
		return false;
	return (uint64_t)st->st_mtim.tv_sec * NS_PER_SEC + (uint64_t)st->st_mtim.tv_nsec > began + GRAIN_NS;
}

/* The kernel keeps with a listening socket who called listen(): this process, and as root? */
static bool listened_as_root(const struct host *h, pid_t pid)
{
	auto_close int process = (int)syscall(SYS_pidfd_open, pid, 0);
	auto_free struct host_listener *list = NULL;
	size_t n = 0, i;

	if (process < 0 || host_listeners_read(h, pid, &list, &n))
		return false;
	for (i = 0; i < n; i++) {
		auto_free char *link = xasprintf("socket:[%llu]", (unsigned long long)list[i].inode);
		auto_close int copy = host_fd_copy(NULL, process, list[i].fd, link);
		struct ucred peer;
		socklen_t len = sizeof(peer);

		if (copy >= 0 && !getsockopt(copy, SOL_SOCKET, SO_PEERCRED, &peer, &len) && peer.pid == pid && peer.uid == 0)
			return true;
	}
	return false;
}

/* The effective one of four, and the others; how many, negative: the file is not as it should be. */
static int groups_of(const char *status, gid_t *gid, gid_t groups[GROUPS_MAX])
{
	const char *own = strstr(status, "\nGid:"), *others = strstr(status, "\nGroups:");
	uint64_t value;
	int n = 0;

	if (!own || !others)
		return -EBADMSG;
	own += strlen("\nGid:");
	others += strlen("\nGroups:");
	if (!host_u64_next(&own, &value) || !host_u64_next(&own, &value))
		return -EBADMSG;
	*gid = (gid_t)value;
	while (n < GROUPS_MAX && *others != '\n' && host_u64_next(&others, &value))
		groups[n++] = (gid_t)value;
	return n;
}

/* From now on this thread, and no other, gets to files as that process does; the system calls know threads only. */
static int become(const struct host *h, const struct host_proc *p)
{
	gid_t groups[GROUPS_MAX], gid;
	char status[8192];
	ssize_t n = host_read(h, status, sizeof(status), "proc/%d/status", p->pid);

	if (n >= 0)
		n = groups_of(status, &gid, groups);
	if (n < 0)
		return (int)n;
	if (syscall(SYS_setgroups, (size_t)n, groups))
		return -errno;
	syscall(SYS_setfsgid, gid);
	syscall(SYS_setfsuid, p->uid);
	/* it tells nothing of failure but by what is set afterwards */
	return (uid_t)syscall(SYS_setfsuid, (uid_t)-1) == p->uid ? 0 : -EPERM;
}

/* Is it one that no other user has written? NULL: yes. */
static char *judge(const struct host *h, const struct host_proc *p, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return xstrdup("it is no regular file");
	if (st->st_uid != 0 && st->st_uid != p->uid && st->st_uid != p->real_uid)
		return xstrdup("it belongs to another user than the process");
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return xstrdup("other users may write it (chmod go-w)");
	if (st->st_size > CONFIG_BYTES_MAX)
		return xasprintf("it has more than %u KiB", CONFIG_BYTES_MAX >> 10);
	return is_newer(h, p, st) ? xstrdup("it is newer than the process") : NULL;
}

static char *failed(const struct host *h, const struct host_proc *p, int rc)
{
	auto_free char *name = rc == -EACCES ? host_user_name(h, p->uid) : NULL;

	return name ? xasprintf("%s, as whom the process runs, may not read it", name) : xstrdup(strerror(-rc));
}

static char *read_text(const struct host *h, const struct host_proc *p, int held, char **why)
{
	auto_close int fd = file_read_held(held);
	auto_free char *text = xmalloc(CONFIG_BYTES_MAX + 2);
	ssize_t n = fd < 0 ? fd : host_fd_read(fd, text, CONFIG_BYTES_MAX + 2);

	if (n < 0)
		*why = failed(h, p, (int)n);
	else if (n > (ssize_t)CONFIG_BYTES_MAX)
		*why = xasprintf("it has more than %u KiB", CONFIG_BYTES_MAX >> 10);
	else if (strlen(text) != (size_t)n)
		*why = xstrdup("it is no text");
	return *why ? NULL : take_ptr(text);
}

/* Where it is for us. */
static char *find(const struct host *h, const struct host_proc *p, const struct host_config_since *since, const char *path, char **why)
{
	const char *special = is_special(path);

	if (!host_is_live(h))
		*why = xstrdup("this host is a recorded one");
	else if (special)
		*why = xstrdup(special);
	else if (*path != '/' && (since->left_dir || since->left_root))
		*why = xstrdup("it is relative to a directory that the process has left");
	else if (since->left_root && !host_proc_sees_ours(h, p->pid))
		*why = xstrdup("it is below a root directory that the process has left");
	else
		return since->left_root ? xstrdup(path) : host_proc_path(h, p->pid, path);
	return NULL;
}

char *host_config_read(const struct host *h, const struct host_proc *p, const struct host_config_since *since, const char *path,
		       char **why)
{
	auto_free char *where = NULL;
	auto_close int held = -1;
	struct stat st;

	*why = NULL;
	where = find(h, p, since, path, why);
	if (!where)
		return NULL;
	held = !geteuid() && p->uid && !listened_as_root(h, p->pid) ? become(h, p) : 0;
	if (!held)
		held = file_hold(where, &st);
	if (held < 0)
		*why = failed(h, p, held);
	else
		*why = judge(h, p, &st);
	return *why ? NULL : read_text(h, p, held, why);
}
