// SPDX-License-Identifier: GPL-3.0-or-later
/* Images, by children that can be left behind. */
#include "image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "private.h"

#define TEXT_MAX 400			/* of what qemu-img says */

enum what { MAKE, NAME, REMOVE, LOOK };

struct job {
	enum what what;
	char dir[PATH_MAX], name[NAME_MAX + 1], from[NAME_MAX + 1], bytes[24];
	bool qcow2;
	uint64_t size;
	struct host_owner owner;
	struct host_inode only, made;
	const char *program;
	struct itimerval patience;
	int ends[2];			/* of a pipe: the inode that was made, then what qemu-img says */
	char text[TEXT_MAX + 1];
	int rc;
};

const char *host_qemu_img(void)
{
	static const char *const places[] = { "/usr/bin/qemu-img", "/usr/local/bin/qemu-img", "/bin/qemu-img" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (!access(places[i], X_OK))
			return places[i];
	return NULL;
}

int host_owner_read(const struct host *h, pid_t pid, struct host_owner *out)
{
	static const char *const keys[] = { "\nUid:", "\nGid:" };
	uint64_t ids[2], real;
	char buf[8192];
	ssize_t len = host_read(h, buf, sizeof(buf), "proc/%d/status", (int)pid);
	size_t i;

	if (len < 0)
		return (int)len;
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *at = strstr(buf, keys[i]);

		at = at ? at + strlen(keys[i]) : "";
		if (!host_u64_next(&at, &real) || !host_u64_next(&at, &ids[i]))
			return -EBADMSG;
	}
	*out = (struct host_owner){ (uid_t)ids[0], (gid_t)ids[1] };
	return 0;
}

/* ---- in the child: system calls only */

/* The system calls themselves: the library's would have the threads follow, of which there are none here. */
static void become(const struct host_owner *owner)
{
	if (syscall(SYS_setgroups, 1, &owner->gid) || syscall(SYS_setresgid, owner->gid, owner->gid, owner->gid) ||
	    syscall(SYS_setresuid, owner->uid, owner->uid, owner->uid))
		_exit(EPERM);
}

static bool is_roots(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* The directory, every part of whose path is root's alone and no link; -1: it is not so. */
static int open_trusted(char *path)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	char *at = path;

	while (fd >= 0 && is_roots(fd)) {
		char *end, was;

		while (*at == '/')
			at++;
		if (!*at)
			return fd;
		end = at + strcspn(at, "/");
		was = *end;
		*end = '\0';
		next = strcmp(at, "..") ? openat(fd, at, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		*end = was;
		at = end;
		close(fd);
		fd = next;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static int enter(struct job *j)
{
	int fd = geteuid() ? -1 : open_trusted(j->dir);

	if (fd >= 0)
		return fd;
	if (!geteuid() && j->owner.uid)
		become(&j->owner);
	fd = open(j->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		_exit(errno == ENOENT ? ENOTDIR : errno);
	return fd;
}

static _Noreturn void make(struct job *j, int dir)
{
	char *const args[] = { (char *)"qemu-img", (char *)"create", (char *)"-q", (char *)"-f", (char *)"qcow2",
			       (char *)"/proc/self/fd/0", j->bytes, NULL };
	char *const env[] = { (char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C", NULL };
	int fd = openat(dir, j->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	struct host_inode made;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		_exit(errno);
	made = (struct host_inode){ st.st_dev, st.st_ino };
	if (write(j->ends[1], &made, sizeof(made)) != sizeof(made))
		_exit(EIO);
	if (!geteuid() && j->owner.uid && fchown(fd, j->owner.uid, j->owner.gid))
		_exit(errno);
	if (!j->qcow2)
		_exit(ftruncate(fd, (off_t)j->size) ? errno : 0);
	/* by its descriptor: no other file can be put there meanwhile */
	if (!geteuid() && j->owner.uid)
		become(&j->owner);
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(j->ends[1], STDERR_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(errno);
	host_close_from(STDERR_FILENO + 1);
	execve(j->program, args, env);
	_exit(errno);
}

static _Noreturn void name(const struct job *j, int dir)
{
	if (!renameat2(dir, j->from, dir, j->name, RENAME_NOREPLACE))
		_exit(0);
	if (errno != EINVAL && errno != ENOSYS)
		_exit(errno);
	/* NFS and others do not know how */
	if (linkat(dir, j->from, dir, j->name, 0))
		_exit(errno);
	_exit(unlinkat(dir, j->from, 0) ? errno : 0);
}

static _Noreturn void drop_file(const struct job *j, int dir)
{
	bool any = !j->only.dev && !j->only.ino;
	struct stat st;

	if (fstatat(dir, j->name, &st, AT_SYMLINK_NOFOLLOW))
		_exit(errno);
	if (j->what == LOOK)
		_exit(0);
	if (!S_ISREG(st.st_mode) || (!any && (st.st_dev != j->only.dev || st.st_ino != j->only.ino)))
		_exit(ESTALE);
	_exit(unlinkat(dir, j->name, 0) ? errno : 0);
}

static _Noreturn void child(struct job *j)
{
	sigset_t alarm;
	int dir;

	setsid();			/* Ctrl-C is meant for us */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &alarm, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &j->patience, NULL);
	/* a monitor that stayed open would be busy for everybody */
	if (dup2(j->ends[1], STDERR_FILENO) < 0)
		_exit(errno);
	j->ends[1] = STDERR_FILENO;
	host_close_from(STDERR_FILENO + 1);
	dir = enter(j);
	if (j->what == MAKE)
		make(j, dir);
	if (j->what == NAME)
		name(j, dir);
	drop_file(j, dir);
}

/* ---- here */

static void read_report(struct job *j)
{
	size_t len = 0;
	ssize_t n;

	if (read(j->ends[0], &j->made, sizeof(j->made)) != sizeof(j->made)) {
		j->made = (struct host_inode){0};
		return;
	}
	while (len < TEXT_MAX && (n = read(j->ends[0], j->text + len, TEXT_MAX - len)) > 0)
		len += (size_t)n;
	j->text[strcspn(j->text, "\n")] = '\0';
}

static void run(void *arg)
{
	struct job *j = arg;
	pid_t pid = fork();

	if (!pid)
		child(j);
	j->rc = pid < 0 ? -errno : 0;
	mem_close_ptr(&j->ends[1]);
	if (!j->rc)
		j->rc = host_child_end(pid);
	if (j->what == MAKE)
		read_report(j);
}

static void drop(void *arg)
{
	struct job *j = arg;

	mem_close_ptr(&j->ends[0]);
	mem_close_ptr(&j->ends[1]);
	free(j);
}

/* "/img/a.raw" into its directory and its name. */
static int split(struct job *j, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || !slash[1] || strlen(slash + 1) > NAME_MAX || (size_t)(slash - path) + 1 >= sizeof(j->dir))
		return -EINVAL;
	snprintf(j->dir, sizeof(j->dir), "%.*s/", (int)(slash - path), path);
	strcpy(j->name, slash + 1);
	return 0;
}

/* What the child has found out stands in out. */
static int run_job(const struct job *what, unsigned timeout_ms, struct job *out)
{
	struct lates *one = lates_new(1);
	struct job *j = xcalloc(1, sizeof(*j));
	struct late *late;
	int rc = -EAGAIN;

	*j = *what;
	j->patience.it_value.tv_sec = timeout_ms / 1000;
	j->patience.it_value.tv_usec = timeout_ms % 1000 * 1000 + 1;	/* 0 would be no timer */
	if (pipe2(j->ends, O_CLOEXEC)) {
		free(j);
		lates_free(one);
		return -errno;
	}
	late = late_start(one, run, drop, j);
	if (late) {
		late_wait(late, timeout_ms);
		j = late_end(late);
		rc = j ? j->rc : -ETIMEDOUT;
	}
	if (j) {
		*out = *j;
		drop(j);
	}
	lates_free(one);
	return rc;
}

static int told(int rc, const char *what, const char *path, const char *text, struct err *err)
{
	if (!rc)
		return 0;
	if (text && *text)
		return err_set(err, rc == -ETIMEDOUT ? rc : -EIO, "image %s: %s", path, text);
	switch (-rc) {
	case ETIMEDOUT: return err_set(err, rc, "image %s: its file system does not answer", path);
	case EEXIST: return err_set(err, rc, "image %s: there is a file of that name already", path);
	case ESTALE: return err_set(err, rc, "image %s: there is another file of that name now", path);
	case ENOTDIR: return err_set(err, rc, "image %s: there is no such directory", path);
	case EACCES:
	case EPERM: return err_set(err, rc, "image %s: no right to %s there: in a directory that is not root's alone, or behind a symbolic "
				   "link, it is done with the rights of the guest's user", path, what);
	}
	return err_sys(err, rc, "image %s", path);
}

int host_image_make(const char *path, bool qcow2, uint64_t bytes, const struct host_owner *owner, unsigned timeout_ms,
		    struct host_inode *made, struct err *err)
{
	struct job j = { .what = MAKE, .qcow2 = qcow2, .size = bytes, .owner = *owner, .program = host_qemu_img() }, out = {0};
	int rc = split(&j, path);

	snprintf(j.bytes, sizeof(j.bytes), "%llu", (unsigned long long)bytes);
	if (!rc && qcow2 && !j.program)
		return err_set(err, -ENOENT, "qemu-img is not installed, and makes qcow2 images (format=raw)");
	if (!rc)
		rc = run_job(&j, timeout_ms, &out);
	if (!rc)
		*made = out.made;
	else if (out.made.ino)
		host_image_remove(path, &out.made, owner, timeout_ms, NULL);
	return told(rc, "make a file", path, out.text, err);
}

int host_image_name(const char *from, const char *to, const struct host_owner *owner, unsigned timeout_ms, struct err *err)
{
	struct job j = { .what = NAME, .owner = *owner }, out;
	const char *slash = strrchr(from, '/');
	int rc = split(&j, to);

	if (!rc && (!slash || (size_t)(slash - from) + 1 != strlen(j.dir) || strncmp(from, j.dir, strlen(j.dir)) ||
		    strlen(slash + 1) > NAME_MAX))
		rc = -EINVAL;
	if (!rc) {
		strcpy(j.from, slash + 1);
		rc = run_job(&j, timeout_ms, &out);
	}
	return told(rc, "name a file", to, NULL, err);
}

int host_image_remove(const char *path, const struct host_inode *only, const struct host_owner *owner, unsigned timeout_ms,
		      struct err *err)
{
	struct job j = { .what = REMOVE, .owner = *owner, .only = *only }, out;
	int rc = split(&j, path);

	if (!rc)
		rc = run_job(&j, timeout_ms, &out);
	return told(rc == -ENOTDIR ? -ENOENT : rc, "remove a file", path, NULL, err);
}

int host_image_exists(const char *path, const struct host_owner *owner, unsigned timeout_ms)
{
	struct job j = { .what = LOOK, .owner = *owner }, out;
	int rc = split(&j, path);

	if (!rc)
		rc = run_job(&j, timeout_ms, &out);
	return rc == -ENOENT ? 0 : rc ? rc : 1;
}
