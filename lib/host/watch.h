/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/host: what watch.c (the process) and threads.c (its threads) share. */
#ifndef KT_HOST_WATCH_H
#define KT_HOST_WATCH_H

#include "private.h"
#include "task.h"

struct watch_thread {
	int fd, stat_fd;		/* schedstat, stat; -1: opened when read */
	uint64_t run_ns, wait_ns;	/* counted so far */
	bool counted, wait_counted;	/* each of the two is set */
	bool vhost;
	bool gone;
};

struct watch_worker {
	pid_t tid;
	uint64_t start;
};

struct host_watch {
	const struct host *h;
	pid_t pid;
	uint64_t start;
	bool dead;
	int stat_fd, statm_fd, io_fd;
	char kvm_name[32];		/* its directory in debugfs; "": not found yet */
	bool kvm_looked;		/* for it, since something wanted to know */
	unsigned kvm_changes;		/* host_kvm_changes at that time */
	struct host_stat stat;		/* as last read */
	uint64_t rss_bytes, cpu_ns, wait_ns, vhost_ns;

	bool ticked;			/* its main thread's schedstat is not there, or holds zeros */
	bool threads_cut;		/* it has more than are listed */
	bool relist;
	unsigned since_list;
	uint64_t read_ticks;		/* since boot, when the previous reading began; 0: none */
	struct host_task *tasks;	/* sorted by tid; threads[i] belongs to tasks[i] */
	struct watch_thread *threads;
	size_t n_tasks;
	struct watch_worker *workers;	/* wanted from outside of the process, sorted by tid */
	size_t n_workers;
};

/*
 * A small file on *fd; opened when it is not yet, and then kept unless descriptors are getting
 * short. *opened says that it was, so whose file it is must be checked.
 */
ssize_t host_kept_read(const struct host *h, int *fd, bool *opened, char *buf, size_t size,
		       const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
void host_kept_drop(int *fd);
/*
 * The first reading of a file just opened. A counter of KVM in debugfs knows no position and says its number once for
 * each time it is opened; such a file, and all when descriptors are getting short, is not to be kept.
 */
ssize_t host_first_read(int fd, char *buf, size_t size, bool *keep);
bool host_may_keep(int fd);		/* there are enough to spare */

/* All threads' figures into tasks, the sums into the watch. -ESRCH when the process is gone. */
int host_threads_read(struct host_watch *w, unsigned needs);
void host_threads_done(struct host_watch *w);

#endif
