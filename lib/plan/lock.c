// SPDX-License-Identifier: GPL-3.0-or-later
/* Lock files: flock(2) does the locking, the file's text says who. */
#include "plan.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 50

/* Only a privileged process can put something into /run. */
#define SHARED_DIR "/run/kvmtop"

struct lock {
	int fd;
	char *dir, *path;
	gid_t group;			/* of the directory, where its group may write: the administrator made it so */
	bool for_group;
};

/* By its capabilities, or as a member of the group that an administrator gave the directory to. */
static bool can_share(void)
{
	if (mkdir(SHARED_DIR, 0700) && errno != EEXIST)
		return false;
	return !faccessat(AT_FDCWD, SHARED_DIR, W_OK | X_OK, AT_EACCESS);
}

static char *lock_dir(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0 || can_share())
		return xstrdup(SHARED_DIR);
	return runtime && runtime[0] == '/' ? xasprintf("%s/kvmtop", runtime) : NULL;
}

/* A kvmtop with capabilities was the first: what its user can do without them is not to hold up root. */
static int take_over(const char *dir, struct stat *st)
{
	auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || fchown(fd, 0, 0) || fchmod(fd, 0700) || fstat(fd, st) ? -errno : 0;
}

static int check_dir(struct lock *l, struct err *err)
{
	bool shared = !strcmp(l->dir, SHARED_DIR);
	struct stat st;

	if (mkdir(l->dir, 0700) && errno != EEXIST)
		return err_sys(err, -errno, "the directory for locks, %s", l->dir);
	if (lstat(l->dir, &st))
		return err_sys(err, -errno, "the directory for locks, %s", l->dir);
	if (shared && !geteuid() && st.st_uid && take_over(l->dir, &st))
		return err_sys(err, -errno, "the directory for locks, %s, belongs to uid %u", l->dir, (unsigned)st.st_uid);
	l->for_group = shared && !st.st_uid && (st.st_mode & 020);
	l->group = st.st_gid;
	if (!S_ISDIR(st.st_mode) || (st.st_uid != geteuid() && !(shared && !st.st_uid)) ||
	    (st.st_mode & (l->for_group ? 002 : 022)))
		return err_set(err, -EPERM, "%s is not a directory that only root and kvmtop's user can write", l->dir);
	return 0;
}

/* 0: ours; -EAGAIN: somebody's; -ESTALE: the file was removed while we opened it, once more */
static int try_lock(struct lock *l, struct err *err)
{
	struct stat mine, there;

	l->fd = open(l->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (l->fd < 0)
		return errno == ENOENT ? -ESTALE : err_sys(err, -errno, "the lock %s", l->path);
	if (fstat(l->fd, &mine) || !S_ISREG(mine.st_mode) || mine.st_nlink > 1)
		return err_set(err, -EPERM, "the lock %s is no file of kvmtop's (remove it)", l->path);
	if (l->for_group && mine.st_uid == geteuid() && (fchown(l->fd, (uid_t)-1, l->group) || fchmod(l->fd, 0660)))
		return err_sys(err, -errno, "the lock %s", l->path);
	if (flock(l->fd, LOCK_EX | LOCK_NB))
		return -EAGAIN;
	if (stat(l->path, &there) || mine.st_ino != there.st_ino || mine.st_dev != there.st_dev)
		return -ESTALE;
	return 0;
}

static int say_who(const struct lock *l, const char *what, struct err *err)
{
	char text[160] = "";
	ssize_t n = pread(l->fd, text, sizeof(text) - 1, 0);

	return err_set(err, -EBUSY, "another change is under way on %s: %s", what, n > 0 ? text : "by an unknown process");
}

static void lock_free(struct lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->dir);
	free(l->path);
	free(l);
}

static bool is_interrupted(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, WAIT_MS) > 0;
}

static int wait_turn(struct lock *l, const char *what, unsigned timeout_ms, int interrupt_fd, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	int rc;

	for (;;) {
		rc = check_dir(l, err);
		if (!rc)
			rc = try_lock(l, err);
		if (rc != -EAGAIN && rc != -ESTALE)
			return rc;
		if (rc == -EAGAIN && clock_now_ns() >= deadline)
			return say_who(l, what, err);
		if (l->fd >= 0)
			close(l->fd);
		l->fd = -1;
		if (rc == -ESTALE)
			continue;
		if (is_interrupted(interrupt_fd))
			return err_set(err, -ECANCELED, "interrupted while another change was under way on %s", what);
		if (interrupt_fd < 0)
			clock_sleep_until(clock_now_ns() + WAIT_MS * NS_PER_MS);
	}
}

int lock_take(const char *what, const char *purpose, unsigned timeout_ms, int interrupt_fd, struct lock **out,
	      struct err *err)
{
	struct lock *l;
	char *p;
	int rc;

	*out = NULL;
	l = xcalloc(1, sizeof(*l));
	l->fd = -1;
	l->dir = lock_dir();
	if (!l->dir) {
		lock_free(l);
		return 0;
	}
	l->path = xasprintf("%s/%s.lock", l->dir, what);
	for (p = l->path + strlen(l->dir) + 1; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("@.:-", *p))
			*p = '_';
	rc = wait_turn(l, what, timeout_ms, interrupt_fd, err);
	if (rc) {
		lock_free(l);
		return rc;
	}
	/* for people only: what could not be written is not missed */
	if (ftruncate(l->fd, 0) || dprintf(l->fd, "%s by process %d", purpose, (int)getpid()) < 0)
		err_set(NULL, 0, "-");
	*out = l;
	return 0;
}

void lock_release(struct lock *l)
{
	if (!l)
		return;
	unlink(l->path);	/* before it is let go: who opens it now sees that it is not the one in the directory */
	if (!l->for_group)
		rmdir(l->dir);		/* when it was the last */
	lock_free(l);
}
