// SPDX-License-Identifier: GPL-3.0-or-later
/* The directory of what kvmtop keeps between its runs. */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *state_place(const char *variable, const char *roots, const char *below)
{
	const char *given = getenv(variable), *home = getenv("HOME");

	if (given && given[0] == '/')
		return xasprintf("%s/kvmtop", given);
	if (geteuid() == 0 || !home || home[0] != '/')
		return xstrdup(roots);
	return xasprintf("%s/%s/kvmtop", home, below);
}

char *state_dir(void)
{
	return state_place("XDG_STATE_HOME", "/var/lib/kvmtop", ".local/state");
}

int state_make(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int rc;

		*slash = '\0';
		rc = mkdir(path, 0700);
		*slash = '/';
		if (rc && errno != EEXIST)
			return -errno;
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int state_check_owner(int fd, mode_t type, const char *name, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(err, -errno, "%s", name);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(err, -EPERM, "%s is not a %s", name, type == S_IFDIR ? "directory" : "file");
	if (st.st_uid != geteuid())
		return err_set(err, -EPERM, "%s belongs to uid %u", name, (unsigned)st.st_uid);
	if (st.st_mode & (type == S_IFDIR ? 022 : 077))
		return err_set(err, -EPERM, "%s has mode %04o: others may %s it", name, (unsigned)st.st_mode & 07777,
			       type == S_IFDIR ? "write" : "read or write");
	if (type == S_IFREG && st.st_nlink != 1)
		return err_set(err, -EPERM, "%s has a second name", name);
	return 0;
}

int state_open(int at, const char *name, const char *path, struct err *err)
{
	auto_close int dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (dir < 0 && (errno == ELOOP || errno == ENOTDIR))
		return err_set(err, -EPERM, "%s is not a directory itself (move it away, or another place: XDG_STATE_HOME=DIR)", path);
	if (dir < 0)
		return err_sys(err, -errno, "%s", path);
	rc = state_check_owner(dir, S_IFDIR, path, err);
	return rc ? rc : take_fd(&dir);
}
