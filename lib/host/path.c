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
	char root[PATH_MAX], cwd[PATH_MAX];
	bool absolute = path[0] == '/', known;
	size_t len;

	if (!host_is_live(h) || strlen(path) >= PATH_MAX)
		return xstrdup(path);
	known = host_readlink(h, root, sizeof(root), "proc/%d/root", pid) >= 0;
	if (!absolute && host_readlink(h, cwd, sizeof(cwd), "proc/%d/cwd", pid) < 0)
		return xstrdup(path);
	if (!known || (!strcmp(root, "/") && is_same_mount_ns(h, pid)))
		return absolute ? xstrdup(path) : xasprintf("/proc/%d/cwd/%s", pid, path);
	if (absolute)
		return xasprintf("/proc/%d/root%s", pid, path);
	/* as a path below its root, so that links in it end there */
	len = strcmp(root, "/") ? strlen(root) : 0;
	if (len && (strncmp(cwd, root, len) || (cwd[len] && cwd[len] != '/')))
		return xasprintf("/proc/%d/cwd/%s", pid, path);
	return xasprintf("/proc/%d/root%s/%s", pid, cwd + len, path);
}
