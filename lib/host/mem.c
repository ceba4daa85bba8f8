// SPDX-License-Identifier: GPL-3.0-or-later
/* Two bytes here and there of another process's memory, in one system call. */
#include "mem.h"
#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>

#define MAX_ADDRESSES 512		/* below IOV_MAX */

ssize_t host_mem_read16(pid_t pid, const uint64_t *addresses, size_t n, uint16_t *out)
{
	struct iovec local = { .iov_base = out, .iov_len = n * sizeof(*out) };
	struct iovec remote[MAX_ADDRESSES];
	ssize_t got;
	size_t i;

	if (n > MAX_ADDRESSES)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		remote[i].iov_base = (void *)(uintptr_t)addresses[i];
		remote[i].iov_len = sizeof(*out);
	}
	got = process_vm_readv(pid, &local, 1, remote, n, 0);
	return got < 0 ? -errno : got / (ssize_t)sizeof(*out);
}

bool host_mem_waits(pid_t tid)
{
	char path[64], buf[HOST_STAT_SIZE];
	struct host_stat st;
	auto_close int fd = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	fd = host_open_in(AT_FDCWD, path);
	return fd < 0 || host_fd_read(fd, buf, sizeof(buf)) < 0 || host_stat_parse(buf, &st) < 0 || st.state == 'D';
}
