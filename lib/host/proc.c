// SPDX-License-Identifier: GPL-3.0-or-later
/* One process: identity, owner, command line. */
#include "private.h"
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Through the process's own directory, which never becomes another process's when the pid is used
 * again.
 */
static ssize_t file_read(int dir, char *buf, size_t size, const char *name)
{
	auto_close int fd = host_open_in(dir, name);

	return fd < 0 ? fd : host_fd_read(fd, buf, size);
}

static int identity_read(int dir, struct host_found *p)
{
	char buf[8192];
	const char *uid;
	struct host_stat st;
	uint64_t n, real;
	ssize_t len;
	int r;

	len = file_read(dir, buf, HOST_STAT_SIZE, "stat");
	if (len < 0)
		return (int)len;
	r = host_stat_parse(buf, &st);
	if (r < 0)
		return r;
	if (st.state == 'Z' || st.state == 'X')
		return -ESRCH;
	len = file_read(dir, buf, sizeof(buf), "status");
	if (len < 0)
		return (int)len;
	/* Name: comes first, but its line breaks are escaped, so this is the line's true start */
	uid = strstr(buf, "\nUid:");
	if (!uid)
		return -EBADMSG;
	uid += strlen("\nUid:");
	if (!host_u64_next(&uid, &real) || !host_u64_next(&uid, &n))
		return -EBADMSG;
	p->uid = (uid_t)n;
	p->real_uid = (uid_t)real;
	p->start = st.start;
	return 0;
}

/*
 * The words and the pointers to them are one allocation. What was cut off is not taken for a word.
 */
static void words_split(struct host_proc *p, const char *text, size_t len, bool more)
{
	size_t end = len, n = 0, i;
	char *copy;

	if (more) {
		while (end && text[end - 1])
			end--;
	}
	for (i = 0; i < end && n < CMDLINE_WORDS_MAX; n++)
		i += strnlen(text + i, end - i) + 1;
	p->truncated = more || i < end;
	p->argc = n;
	p->argv = xmalloc((n + 1) * sizeof(*p->argv) + end + 1);
	copy = (char *)(p->argv + n + 1);
	memcpy(copy, text, end);
	copy[end] = '\0';
	for (i = 0; i < n; i++) {
		p->argv[i] = copy;
		copy += strlen(copy) + 1;
	}
	p->argv[n] = NULL;
}

static int words_read(int dir, struct host_proc *p)
{
	auto_close int fd = host_open_in(dir, "cmdline");
	auto_buf struct buf b = {0};
	char piece[16384];
	bool more;
	ssize_t n = 0;

	if (fd < 0)
		return fd;
	while (b.len <= CMDLINE_BYTES_MAX && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			buf_add(&b, piece, (size_t)n);
	}
	more = b.len > CMDLINE_BYTES_MAX;
	words_split(p, b.len ? b.text : "", more ? CMDLINE_BYTES_MAX : b.len, more);
	return 0;
}

int host_proc_open(const struct host *h, pid_t pid)
{
	int dir = host_openat(h, "proc/%d", pid);

	return dir == -ENOENT ? -ESRCH : dir;
}

static int gone(int r)
{
	return r == -ENOENT ? -ESRCH : r;
}

int host_found_read(const struct host *h, pid_t pid, struct host_found *out)
{
	auto_close int dir = host_proc_open(h, pid);
	struct host_found f = { .pid = pid };
	int r = dir < 0 ? dir : gone(identity_read(dir, &f));

	if (!r)
		*out = f;
	return r;
}

int host_proc_read_in(int dir, pid_t pid, struct host_proc *out)
{
	struct host_found f = { .pid = pid };
	struct host_proc p = { .pid = pid };
	int r = identity_read(dir, &f);

	if (!r)
		r = words_read(dir, &p);
	if (r < 0)
		return gone(r);
	p.start = f.start;
	p.uid = f.uid;
	p.real_uid = f.real_uid;
	*out = p;
	return 0;
}

int host_proc_read(const struct host *h, pid_t pid, struct host_proc *out)
{
	auto_close int dir = host_proc_open(h, pid);

	return dir < 0 ? dir : host_proc_read_in(dir, pid, out);
}

bool host_proc_is(const struct host *h, pid_t pid, uint64_t start)
{
	char buf[HOST_STAT_SIZE];
	struct host_stat st;

	return host_read(h, buf, sizeof(buf), "proc/%d/stat", pid) > 0 && !host_stat_parse(buf, &st) && st.start == start &&
	       st.state != 'Z' && st.state != 'X';
}

void host_proc_done(struct host_proc *p)
{
	free(p->argv);
	p->argv = NULL;
	p->argc = 0;
}
