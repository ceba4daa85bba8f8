// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One process watched: state, memory, I/O and KVM exits, most on descriptors kept open. A descriptor of
 * /proc belongs to the process it was opened for, whoever gets its pid later; what is opened again
 * is checked by the start time.
 */
#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SPARE_FDS 64		/* left to sockets, files and what is opened for one reading */

/* Descriptors are given out lowest first, so a high number means that nearly all are in use. */
bool host_may_keep(int fd)
{
	struct rlimit lim;
	rlim_t spare = SPARE_FDS;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return false;
	if (lim.rlim_cur < 4 * spare)
		spare = lim.rlim_cur / 4;
	return (rlim_t)fd < lim.rlim_cur - spare;
}

ssize_t host_first_read(int fd, char *buf, size_t size, bool *keep)
{
	ssize_t len = host_pread(fd, buf, size);

	*keep = len >= 0 && host_may_keep(fd);
	if (len != -ESPIPE)
		return len;
	do
		len = read(fd, buf, size - 1);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return len;
}

ssize_t host_kept_read(const struct host *h, int *fd, bool *opened, char *buf, size_t size,
		       const char *fmt, ...)
{
	va_list ap;
	ssize_t len;
	bool keep;
	int f;

	if (*fd >= 0)
		return host_pread(*fd, buf, size);
	va_start(ap, fmt);
	f = host_vopenat(h, fmt, ap);
	va_end(ap);
	if (f < 0)
		return f;
	*opened = true;
	len = host_first_read(f, buf, size, &keep);
	if (keep)
		*fd = f;
	else
		close(f);
	return len;
}

void host_kept_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static uint64_t boot_ticks(const struct host *h)
{
	uint64_t hz = host_facts(h)->ticks_per_s;
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * hz + (uint64_t)ts.tv_nsec * hz / NS_PER_SEC;
}

static int watch_bury(struct host_watch *w)
{
	w->dead = true;
	host_kept_drop(&w->stat_fd);
	host_kept_drop(&w->statm_fd);
	host_kept_drop(&w->io_fd);
	host_threads_done(w);
	return -ESRCH;
}

/* Sets relist when threads came or went. */
static int process_read(struct host_watch *w)
{
	char buf[HOST_STAT_SIZE];
	struct host_stat st;
	bool opened;
	ssize_t len;

	len = host_kept_read(w->h, &w->stat_fd, &opened, buf, sizeof(buf), "proc/%d/stat", w->pid);
	if (len == -ESRCH || len == -ENOENT)
		return -ESRCH;
	if (len == -EMFILE || len == -ENFILE)
		return 0;
	if (len < 0)
		return (int)len;
	if (host_stat_parse(buf, &st) < 0)
		return -EBADMSG;
	if (st.start != w->start || st.state == 'Z' || st.state == 'X')
		return -ESRCH;
	if (st.threads != w->stat.threads)
		w->relist = true;
	w->stat = st;
	return 0;
}

static void statm_read(struct host_watch *w)
{
	char buf[128];
	const char *p = buf;
	uint64_t pages;
	bool opened;

	if (host_kept_read(w->h, &w->statm_fd, &opened, buf, sizeof(buf), "proc/%d/statm",
			   w->pid) < 0)
		return;
	if (host_u64_next(&p, &pages) && host_u64_next(&p, &pages))
		w->rss_bytes = pages * host_facts(w->h)->page_bytes;
}

static bool line_u64(const char *text, const char *key, uint64_t *out)
{
	const char *p = strstr(text, key);

	if (!p)
		return false;
	p += strlen(key);
	return host_u64_next(&p, out);
}

static bool io_read(struct host_watch *w, struct host_usage *out)
{
	char buf[512];
	bool opened;

	if (host_kept_read(w->h, &w->io_fd, &opened, buf, sizeof(buf), "proc/%d/io", w->pid) < 0)
		return false;
	return line_u64(buf, "\nread_bytes:", &out->read_bytes) &&
	       line_u64(buf, "\nwrite_bytes:", &out->write_bytes);
}

/*
 * Looked for at the first reading that wants it, when debugfs comes, and each time the threads are listed: a VM is
 * there before its vCPUs' threads.
 */
static bool kvm_read(struct host_watch *w, struct host_usage *out)
{
	unsigned changes = host_kvm_changes(w->h);
	const char *p;
	char buf[64];
	ssize_t len;

	if (!w->kvm_name[0] && (!w->kvm_looked || !w->since_list || w->kvm_changes != changes))
		host_kvm_dir_find(w->h, w->pid, w->kvm_name, sizeof(w->kvm_name));
	w->kvm_looked = true;
	w->kvm_changes = changes;
	if (!w->kvm_name[0])
		return false;
	/* not kept open: such a file can neither be read at an offset nor from its start again */
	len = host_read(w->h, buf, sizeof(buf), "sys/kernel/debug/kvm/%s/exits", w->kvm_name);
	if (len < 0) {
		if (len != -EMFILE && len != -ENFILE)
			w->kvm_name[0] = '\0';
		return false;
	}
	p = buf;
	return host_u64_next(&p, &out->kvm_exits);
}

int host_watch_new(const struct host *h, pid_t pid, uint64_t start, struct host_watch **out)
{
	struct host_watch *w = xcalloc(1, sizeof(*w));
	int r;

	w->h = h;
	w->pid = pid;
	w->start = start;
	w->stat.state = '?';
	w->stat_fd = w->statm_fd = w->io_fd = -1;
	w->relist = true;
	r = process_read(w);
	if (r < 0) {
		host_watch_free(w);
		return r;
	}
	*out = w;
	return 0;
}

void host_watch_free(struct host_watch *w)
{
	if (!w)
		return;
	watch_bury(w);
	free(w->workers);
	free(w);
}

static int worker_cmp(const void *a, const void *b)
{
	const struct watch_worker *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static bool workers_equal(const struct host_watch *w, const struct watch_worker *workers, size_t n)
{
	if (n != w->n_workers)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (workers[i].tid != w->workers[i].tid || workers[i].start != w->workers[i].start)
			return false;
	}
	return true;
}

void host_watch_vhost(struct host_watch *w, const pid_t *tids, const uint64_t *starts, size_t n)
{
	struct watch_worker *workers = xcalloc(n, sizeof(*workers));
	size_t i;

	for (i = 0; i < n; i++)
		workers[i] = (struct watch_worker){ .tid = tids[i], .start = starts[i] };
	qsort(workers, n, sizeof(*workers), worker_cmp);
	if (workers_equal(w, workers, n)) {
		free(workers);
		return;
	}
	free(w->workers);
	w->workers = workers;
	w->n_workers = n;
	w->relist = true;
}

int host_watch_read(struct host_watch *w, unsigned needs, struct host_usage *out)
{
	struct host_usage u = { .read_ns = clock_now_ns() };
	uint64_t ticks = boot_ticks(w->h);
	int r;

	if (w->dead)
		return -ESRCH;
	r = process_read(w);
	if (r == 0)
		r = host_threads_read(w, needs);
	if (r < 0)
		return r == -ESRCH ? watch_bury(w) : r;
	w->read_ticks = ticks;
	statm_read(w);
	u.has_io = (needs & HOST_NEED_IO) && io_read(w, &u);
	u.has_kvm = (needs & HOST_NEED_KVM) && kvm_read(w, &u);
	u.state = w->stat.state;
	u.rss_bytes = w->rss_bytes;
	u.cpu_ns = w->cpu_ns;
	u.used_ns = (w->stat.user + w->stat.system) * (NS_PER_SEC / host_facts(w->h)->ticks_per_s);
	u.ticked = w->ticked;
	u.wait_ns = w->ticked ? HOST_UNKNOWN : w->wait_ns;
	u.vhost_ns = w->vhost_ns;
	u.tasks = w->tasks;
	u.n_tasks = w->n_tasks;
	u.cut = w->threads_cut;
	*out = u;
	return 0;
}
