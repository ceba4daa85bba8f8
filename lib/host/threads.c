// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The threads of a watched process. The list is read again when it must have changed: their number
 * differs, one cannot be read any more; and now and then, because threads name themselves after
 * they were started.
 */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_READINGS 120

static bool is_gone(ssize_t r)
{
	return r == -ESRCH || r == -ENOENT;
}

static void thread_done(struct watch_thread *t)
{
	host_kept_drop(&t->fd);
	host_kept_drop(&t->stat_fd);
}

void host_threads_done(struct host_watch *w)
{
	for (size_t i = 0; i < w->n_tasks; i++)
		thread_done(&w->threads[i]);
	free(w->tasks);
	free(w->threads);
	w->tasks = NULL;
	w->threads = NULL;
	w->n_tasks = 0;
}

static ssize_t file_read(const struct host_watch *w, const struct host_task *task, int *fd,
			 bool *opened, char *buf, size_t size, const char *name)
{
	if (task->kthread)
		return host_kept_read(w->h, fd, opened, buf, size, "proc/%d/%s", task->tid, name);
	return host_kept_read(w->h, fd, opened, buf, size, "proc/%d/task/%d/%s", w->pid,
			      task->tid, name);
}

/* For one reading only: comm is read on every listing, and is not worth a descriptor. */
static void comm_read(const struct host_watch *w, struct host_task *task, struct watch_thread *t)
{
	char buf[80];
	ssize_t len;
	pid_t owner;

	if (task->kthread)
		len = host_read(w->h, buf, sizeof(buf), "proc/%d/comm", task->tid);
	else
		len = host_read(w->h, buf, sizeof(buf), "proc/%d/task/%d/comm", w->pid, task->tid);
	if (len < 0)
		return;
	if (len && buf[len - 1] == '\n')
		buf[--len] = '\0';
	memset(task->comm, 0, sizeof(task->comm));
	memcpy(task->comm, buf, strnlen(buf, sizeof(task->comm) - 1));
	t->vhost = task->kthread || host_comm_is_vhost(task->comm, &owner);
}

/* Take the thread over from the old list, or begin with it. */
static void list_take(struct host_watch *w, size_t *old, struct host_task *task,
		      struct watch_thread *t)
{
	while (*old < w->n_tasks && w->tasks[*old].tid < task->tid)
		thread_done(&w->threads[(*old)++]);
	if (*old < w->n_tasks && w->tasks[*old].tid == task->tid) {
		size_t i = (*old)++;

		if (!w->threads[i].gone && w->tasks[i].kthread == task->kthread &&
		    (!task->start || task->start == w->tasks[i].start)) {
			*task = w->tasks[i];
			*t = w->threads[i];
			return;
		}
		thread_done(&w->threads[i]);
	}
	*t = (struct watch_thread){ .fd = -1, .stat_fd = -1, .vhost = task->kthread };
	/* its name may not be its own yet */
	w->relist = true;
}

static void list_replace(struct host_watch *w, const struct host_ids *ids)
{
	size_t max = ids->n + w->n_workers, n = 0, i = 0, k = 0, old = 0;
	struct host_task *tasks = xcalloc(max, sizeof(*tasks));
	struct watch_thread *threads = xcalloc(max, sizeof(*threads));

	w->relist = false;
	while (i < ids->n || k < w->n_workers) {
		struct host_task *task = &tasks[n];

		task->cpu = -1;
		task->state = '?';
		task->sys_ns = task->guest_ns = HOST_UNKNOWN;
		if (k >= w->n_workers || (i < ids->n && ids->id[i] <= w->workers[k].tid)) {
			task->tid = ids->id[i++];
		} else {
			task->kthread = true;
			task->start = w->workers[k].start;
			task->tid = w->workers[k].tid;
		}
		/* a worker that is a thread of the process too, or was named twice, counts once */
		while (k < w->n_workers && w->workers[k].tid == task->tid)
			k++;
		list_take(w, &old, task, &threads[n]);
		n++;
	}
	while (old < w->n_tasks)
		thread_done(&w->threads[old++]);
	free(w->tasks);
	free(w->threads);
	w->tasks = tasks;
	w->threads = threads;
	w->n_tasks = n;
	w->since_list = 0;
}

static int list_read(struct host_watch *w)
{
	auto_close int dir = host_openat(w->h, "proc/%d/task", w->pid);
	auto_ids struct host_ids ids = {0};
	int r = dir < 0 ? dir : host_ids_read_some(dir, PROC_THREADS_MAX, &ids);

	w->relist = true;
	if (is_gone(r))
		return -ESRCH;
	if (r < 0)
		return 0;		/* out of descriptors, say: again next time */
	w->threads_cut = ids.cut;
	list_replace(w, &ids);
	for (size_t i = 0; i < w->n_tasks; i++)
		comm_read(w, &w->tasks[i], &w->threads[i]);
	return 0;
}

static uint64_t ticks_ns(const struct host_watch *w, uint64_t ticks)
{
	uint64_t ns;

	if (ticks == HOST_UNKNOWN ||
	    __builtin_mul_overflow(ticks, NS_PER_SEC / host_facts(w->h)->ticks_per_s, &ns))
		return HOST_UNKNOWN;
	return ns;
}

/*
 * The thread's own stat: who it is after a file was opened, where it runs if that is asked for, and its CPU time where
 * nothing better tells.
 */
static int stat_read(const struct host_watch *w, struct host_task *task,
		     struct watch_thread *t, bool place, uint64_t *run_ns)
{
	bool opened = false, keep = place || task->ticked;
	char buf[HOST_STAT_SIZE];
	struct host_stat st;
	ssize_t len;
	int r;

	len = file_read(w, task, &t->stat_fd, &opened, buf, sizeof(buf), "stat");
	if (!keep)
		host_kept_drop(&t->stat_fd);
	if (len < 0)
		return (int)len;
	r = host_stat_parse(buf, &st);
	if (r < 0)
		return r;
	if (!task->start)
		task->start = st.start;
	if (st.start != task->start)
		return -ESRCH;
	task->cpu = place ? st.cpu : -1;
	task->state = place ? st.state : '?';
	task->sys_ns = place ? ticks_ns(w, st.system) : HOST_UNKNOWN;
	task->guest_ns = place ? ticks_ns(w, st.guest) : HOST_UNKNOWN;
	*run_ns = st.user > HOST_UNKNOWN - st.system ? HOST_UNKNOWN : ticks_ns(w, st.user + st.system);
	return 0;
}

/*
 * A thread that was started after the previous reading has spent all its time since; of another one
 * (the first reading, a worker handed over late) nobody knows when it spent it, so it counts from
 * here.
 */
static void count(struct host_watch *w, struct host_task *task, struct watch_thread *t)
{
	bool old = !(w->read_ticks && task->start >= w->read_ticks);

	if (!t->counted && old)
		t->run_ns = task->run_ns;
	if (!task->ticked && !t->wait_counted && (t->counted || old))
		t->wait_ns = task->wait_ns;
	t->counted = true;
	t->wait_counted |= !task->ticked;
	if (task->run_ns > t->run_ns) {
		w->cpu_ns += task->run_ns - t->run_ns;
		if (t->vhost)
			w->vhost_ns += task->run_ns - t->run_ns;
		t->run_ns = task->run_ns;
	}
	if (!task->ticked && task->wait_ns > t->wait_ns) {
		w->wait_ns += task->wait_ns - t->wait_ns;
		t->wait_ns = task->wait_ns;
	}
}

/*
 * Run time and wait out of schedstat. A kernel without scheduler statistics has no such file, or zeros in it (delay accounting
 * is off): the main thread, which has run, tells that from a thread that has not run yet.
 */
static int schedstat_read(struct host_watch *w, struct host_task *task, struct watch_thread *t, bool *opened)
{
	char buf[128];
	const char *p = buf;
	ssize_t len = file_read(w, task, &t->fd, opened, buf, sizeof(buf), "schedstat");
	bool none;

	if (len < 0 && len != -ENOENT)
		return (int)len;
	if (len >= 0 && (!host_u64_next(&p, &task->run_ns) || !host_u64_next(&p, &task->wait_ns)))
		return -EBADMSG;
	none = len < 0 || (!task->run_ns && !task->wait_ns);
	if (task->tid == w->pid)
		w->ticked = none;
	task->ticked = none && w->ticked;
	return len < 0 && !task->ticked ? (int)len : 0;
}

static int thread_read(struct host_watch *w, struct host_task *task, struct watch_thread *t,
		       unsigned needs)
{
	bool opened = false, place = needs & HOST_NEED_CPU;
	uint64_t ticks_run;
	int r = schedstat_read(w, task, t, &opened);

	if (r < 0)
		return r;
	if (opened || place || task->ticked || t->stat_fd >= 0) {
		r = stat_read(w, task, t, place, &ticks_run);
		if (r < 0)
			return r;
	}
	if (task->ticked) {
		task->run_ns = ticks_run;
		task->wait_ns = HOST_UNKNOWN;
	}
	task->fresh = true;
	count(w, task, t);
	return 0;
}

static void worker_forget(struct host_watch *w, pid_t tid)
{
	size_t i, n = 0;

	for (i = 0; i < w->n_workers; i++) {
		if (w->workers[i].tid != tid)
			w->workers[n++] = w->workers[i];
	}
	w->n_workers = n;
}

/* First, as it says what the kernel keeps of the others. */
static void leader_read(struct host_watch *w, unsigned needs)
{
	size_t i;

	for (i = 0; i < w->n_tasks; i++)
		if (w->tasks[i].tid == w->pid && !w->tasks[i].fresh && !w->threads[i].gone)
			thread_read(w, &w->tasks[i], &w->threads[i], needs);
}

/* True if the list is out of date. */
static bool threads_pass(struct host_watch *w, unsigned needs)
{
	bool lost = false;

	leader_read(w, needs);

	for (size_t i = 0; i < w->n_tasks; i++) {
		struct host_task *task = &w->tasks[i];

		if (task->fresh || w->threads[i].gone)
			continue;
		if (!is_gone(thread_read(w, task, &w->threads[i], needs)))
			continue;
		if (task->kthread)
			worker_forget(w, task->tid);
		w->threads[i].gone = true;
		lost = true;
	}
	return lost;
}

int host_threads_read(struct host_watch *w, unsigned needs)
{
	int r = 0;

	for (size_t i = 0; i < w->n_tasks; i++) {
		w->tasks[i].fresh = false;
		w->tasks[i].cpu = -1;
		w->tasks[i].state = '?';
		w->tasks[i].sys_ns = w->tasks[i].guest_ns = HOST_UNKNOWN;
	}
	if (w->relist || ++w->since_list >= LIST_READINGS)
		r = list_read(w);
	if (r == 0 && threads_pass(w, needs)) {
		r = list_read(w);
		if (r == 0 && threads_pass(w, needs))
			w->relist = true;
	}
	return r;
}
