/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One process watched: its threads' CPU time and run-queue wait, its state, memory and I/O, on descriptors kept open
 * (a pread of schedstat costs a fifth of open+read+close). When descriptors run out it opens and closes instead.
 */
#ifndef KT_HOST_TASK_H
#define KT_HOST_TASK_H

#include "system.h"

struct host_task {
	pid_t tid;
	uint64_t start;			/* clock ticks since boot */
	char comm[16];			/* as the kernel has it: bytes of a stranger */
	uint64_t run_ns, wait_ns;	/* task schedstat: on CPU; runnable, waiting for one (HOST_UNKNOWN: not kept) */
	/* HOST_UNKNOWN unless asked for; counted in ticks of 10 ms: in the kernel, in a KVM guest */
	uint64_t sys_ns, guest_ns;
	int cpu;			/* where it ran last, -1 unless asked for */
	char state;			/* stat's letter, '?' unless asked for */
	bool kthread;			/* a vhost worker outside of the process */
	bool ticked;			/* the kernel keeps no scheduler statistics: run_ns steps by a clock tick, wait_ns is not known */
	bool fresh;			/* the figures are of this reading */
};

enum host_watch_needs {
	HOST_NEED_IO = 1 << 0,		/* /proc/PID/io */
	HOST_NEED_CPU = 1 << 1,		/* cpu, state, sys_ns, guest_ns of each thread (4 us each) */
	HOST_NEED_KVM = 1 << 2,		/* debugfs kvm/PID-FD/exits */
};

struct host_usage {
	char state;			/* of the process: stat's letter; T: stopped, D: in the kernel and not to be woken */
	uint64_t rss_bytes;		/* statm; hugetlb pages are not in it */
	uint64_t cpu_ns, wait_ns;	/* all threads, vhost workers included, each once; threads that ended stay counted.
					 * Counts from the moment the watch began, so it never goes down. */
	bool ticked;			/* as of its threads: cpu_ns steps by clock ticks, wait_ns is HOST_UNKNOWN */
	uint64_t used_ns;		/* CPU time of the process since it began, in clock ticks; the same for whoever reads it. Threads
					 * that ended are in it, workers outside of the process are not. */
	uint64_t vhost_ns;		/* the vhost workers' share of cpu_ns */
	bool has_io, has_kvm;		/* the two below could be read; if not, a right or the source is missing */
	uint64_t read_bytes, write_bytes;	/* /proc/PID/io: to and from storage, the page cache's hits not in it */
	uint64_t kvm_exits;
	uint64_t read_ns;		/* clock_now_ns: nothing in here is older */
	const struct host_task *tasks;	/* borrowed, until the next reading; sorted by tid */
	size_t n_tasks;
	bool cut;			/* it has more threads, PROC_THREADS_MAX of them are read */
};

/* Host CPUs on which a thread may run, as "0-3,8": its length or negative errno. */
ssize_t host_task_affinity(const struct host *h, pid_t pid, const struct host_task *task, char *buf, size_t size);
/* The function of the kernel in which a process's main thread waits; needs the right to ptrace it. -ENOENT: none. */
int host_wchan_read(const struct host *h, pid_t pid, char *buf, size_t size);
/* The functions of the kernel it waits in, the innermost first: "do_sys_poll < ..". Its length, 0: it does not wait; -EACCES but for root. */
ssize_t host_task_stack(const struct host *h, pid_t tid, char *buf, size_t size);

/*
 * What the threads of a process call themselves, where that is a PID namespace below ours; an empty list: they have the
 * ids that we know. Sorted by inner; yours. Negative errno: -ESRCH.
 */
struct host_tid {
	pid_t inner, tid;		/* gettid(2) there; here */
};
int host_tids_read(const struct host *h, pid_t pid, struct host_tid **list, size_t *n);
pid_t host_tid_of(const struct host_tid *list, size_t n, pid_t inner);		/* 0: none of the process's */

struct host_watch;
/* -ESRCH if the process is gone or another one has its pid now. */
int host_watch_new(const struct host *h, pid_t pid, uint64_t start, struct host_watch **out);
void host_watch_free(struct host_watch *w);
/* vhost workers outside of the process that belong to it; the list is copied. */
void host_watch_vhost(struct host_watch *w, const pid_t *tids, const uint64_t *starts, size_t n);
/* -ESRCH when it has ended (also when it is a zombie). */
int host_watch_read(struct host_watch *w, unsigned needs, struct host_usage *out);

#endif
