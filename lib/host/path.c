// SPDX-License-Identifier: GPL-3.0-or-later
/* Paths as another process means them. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "path.h"
#include "private.h"

bool host_proc_sees_ours(const struct host *h, pid_t pid)
{
	char theirs[64], ours[64];

	if (host_readlink(h, theirs, sizeof(theirs), "proc/%d/ns/mnt", pid) < 0)
		return false;
	if (host_readlink(h, ours, sizeof(ours), "proc/self/ns/mnt") < 0)
		return false;
	return !strcmp(theirs, ours);
}

bool host_proc_has_moved(const struct host *h, pid_t pid)
{
	char root[PATH_MAX];

	return host_readlink(h, root, sizeof(root), "proc/%d/root", pid) >= 0 && strcmp(root, "/");
}

int host_proc_files(const struct host *h, pid_t pid, char ***list, size_t *n)
{
	static const char gone[] = " (deleted)";
	auto_close int dir = host_openat(h, "proc/%d/fd", pid);
	auto_ids struct host_ids fds = {0};
	int r = dir < 0 ? dir : host_ids_read_some(dir, PROC_FDS_MAX, &fds);
	char **found = NULL, link[PATH_MAX];
	size_t count = 0, i;

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (i = 0; i < fds.n; i++)
		if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, fds.id[i]) > 0 && *link == '/' &&
		    !str_has_suffix(link, gone))
			*vec_push(found, count) = xstrdup(link);
	*list = found;
	*n = count;
	return 0;
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
	if (!known || (!strcmp(root, "/") && host_proc_sees_ours(h, pid)))
		return absolute ? xstrdup(path) : xasprintf("/proc/%d/cwd/%s", pid, path);
	if (absolute)
		return xasprintf("/proc/%d/root%s", pid, path);
	/* as a path below its root, so that links in it end there */
	len = strcmp(root, "/") ? strlen(root) : 0;
	if (len && (strncmp(cwd, root, len) || (cwd[len] && cwd[len] != '/')))
		return xasprintf("/proc/%d/cwd/%s", pid, path);
	return xasprintf("/proc/%d/root%s/%s", pid, cwd + len, path);
}
