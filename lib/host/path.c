// SPDX-License-Identifier: GPL-3.0-or-later
/* Paths as another process means them. */
#include <limits.h>
#include <string.h>

#include "sock.h"

/* The two links of the namespace kind are the same; also when there is none to compare. */
static bool is_same_mount_ns(const struct host *h, pid_t pid)
{
	char theirs[64], ours[64];

	if (host_readlink(h, theirs, sizeof(theirs), "proc/%d/ns/mnt", pid) < 0)
		return false;
	if (host_readlink(h, ours, sizeof(ours), "proc/self/ns/mnt") < 0)
		return false;
	return !strcmp(theirs, ours);
}

char *host_proc_path(const struct host *h, pid_t pid, const char *path)
{
	char link[PATH_MAX];

	if (!host_is_live(h) || strlen(path) >= PATH_MAX)
		return xstrdup(path);
	if (path[0] != '/') {
		if (host_readlink(h, link, sizeof(link), "proc/%d/cwd", pid) < 0)
			return xstrdup(path);
		return xasprintf("/proc/%d/cwd/%s", pid, path);
	}
	if (host_readlink(h, link, sizeof(link), "proc/%d/root", pid) < 0)
		return xstrdup(path);
	if (!strcmp(link, "/") && is_same_mount_ns(h, pid))
		return xstrdup(path);
	return xasprintf("/proc/%d/root%s", pid, path);
}
