// SPDX-License-Identifier: GPL-3.0-or-later
/* A write to /sys with a deadline: in a child, which a thread that can be left behind waits for. */
#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private.h"

struct job {
	int dir;			/* the job's own */
	char path[PATH_MAX];
	char *text;
	struct itimerval patience;
	int rc;
};

/* Before Linux 5.9 there is no close_range: by the list of what is open, until there is no more. Async-signal-safe. */
void host_close_from(int first)
{
	_Alignas(struct dirent64) char list[1024];
	int dir, fd = first;
	long n = 0, at;

	if (!close_range((unsigned)first, ~0u, 0))
		return;
	dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (dir >= 0 && fd >= 0) {
		fd = -1;
		lseek(dir, 0, SEEK_SET);
		while (fd < 0 && (n = syscall(SYS_getdents64, dir, list, sizeof(list))) > 0)
			for (at = 0; at < n; at += ((struct dirent64 *)(list + at))->d_reclen) {
				int one = atoi(((struct dirent64 *)(list + at))->d_name);

				if (one >= first && one != dir)
					close(fd = one);
			}
	}
	close(dir);
}

/* Between fork and _exit, in a program with threads: system calls only. */
static _Noreturn void child(const struct job *j)
{
	size_t len = strlen(j->text);
	sigset_t alarm;
	ssize_t n;
	int fd;

	setsid();			/* Ctrl-C is meant for us */
	dup2(j->dir, STDIN_FILENO);
	host_close_from(STDOUT_FILENO);	/* a monitor that stayed open would be busy for everybody */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &j->patience, NULL);
	fd = openat(STDIN_FILENO, j->path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		_exit(errno);
	n = write(fd, j->text, len);
	_exit(n < 0 ? errno : (size_t)n == len ? 0 : EIO);
}

int host_child_end(pid_t pid)
{
	int status;

	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	/* SIGALRM is ours; SIGKILL is the kernel's, who is out of memory */
	return WTERMSIG(status) == SIGKILL ? -ENOMEM : -ETIMEDOUT;
}

static void run(void *arg)
{
	struct job *j = arg;
	pid_t pid = fork();

	if (!pid)
		child(j);
	j->rc = host_child_end(pid);
}

static void drop(void *arg)
{
	struct job *j = arg;

	mem_close_ptr(&j->dir);
	free(j->text);
	free(j);
}

static int told(int rc, const char *path, unsigned timeout_ms, struct err *err)
{
	if (rc == -ETIMEDOUT)
		return err_set(err, rc, "/%s: the kernel has not answered within %g s, and may still be at it (dmesg may tell what "
			       "it waits for)", path, timeout_ms / 1000.0);
	if (rc == -EACCES || rc == -EPERM)
		return err_set(err, rc, "/%s: no right to write (%s)", path, geteuid() ? "run kvmtop as root" :
			       "its mode, a missing capability or the kernel's lockdown forbids it to root too");
	return rc ? err_sys(err, rc, "/%s", path) : 0;
}

/* Takes over j. */
static int wait_for(struct job *j, unsigned timeout_ms)
{
	struct lates *one = lates_new(1);
	struct late *late = late_start(one, run, drop, j);
	int rc = -EAGAIN;

	if (late) {
		late_wait(late, timeout_ms);
		j = late_end(late);
		rc = j ? j->rc : -ETIMEDOUT;
	}
	if (j)
		drop(j);
	lates_free(one);
	return rc;
}

int host_write_late(const struct host *h, const char *text, unsigned timeout_ms, struct err *err, const char *fmt, ...)
{
	struct job *j = xcalloc(1, sizeof(*j));
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = host_vpath(j->path, fmt, ap);
	va_end(ap);
	strcpy(path, j->path);
	j->dir = fcntl(host_dir(h), F_DUPFD_CLOEXEC, 3);
	j->text = xstrdup(text);
	j->patience.it_value.tv_sec = timeout_ms / 1000;
	j->patience.it_value.tv_usec = timeout_ms % 1000 * 1000 + 1;	/* 0 would be no timer */
	if (!rc && j->dir < 0)
		rc = -errno;
	if (rc)
		drop(j);
	else
		rc = wait_for(j, timeout_ms);
	return told(rc, path, timeout_ms, err);
}
