// SPDX-License-Identifier: GPL-3.0-or-later
/* What libvirt leaves of a machine it has started: a pid file that QEMU itself has locked, and a control group. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"

int host_pid_file_holder(const struct host *h, uid_t owner, const char *path, pid_t *pid)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	auto_close int fd = host_openat(h, "%s", path);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != owner)
		return -EPERM;
	/* a lock for reading: only locks for writing are in its way, and those want the right to write the file */
	if (fcntl(fd, F_GETLK, &lock))
		return -errno;
	if (lock.l_type != F_WRLCK || lock.l_pid <= 0)
		return -ESRCH;
	*pid = lock.l_pid;
	return 0;
}

/* systemd's "machine-qemu\x2d3\x2dweb.scope", where that is not "machine/qemu-3-web.libvirt-qemu". */
bool host_cgroup_is_machine(const char *path, int id)
{
	char scope[48], plain[32];
	const char *part;

	snprintf(scope, sizeof(scope), "machine-qemu\\x2d%d\\x2d", id);
	snprintf(plain, sizeof(plain), "qemu-%d-", id);
	if (!str_has_prefix(path, "/machine.slice/") && !str_has_prefix(path, "/machine/"))
		return false;
	for (part = strchr(path + 1, '/'); part; part = strchr(part + 1, '/'))
		if (str_has_prefix(part + 1, scope) || str_has_prefix(part + 1, plain))
			return true;
	return false;
}

bool host_is_in_machine(const struct host *h, pid_t pid, int id)
{
	char text[16384], *line, *save = NULL;

	if (host_read(h, text, sizeof(text), "proc/%d/cgroup", pid) < 0)
		return false;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		if (path && host_cgroup_is_machine(path + 1, id))
			return true;
	}
	return false;
}
