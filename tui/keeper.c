// SPDX-License-Identifier: GPL-3.0-or-later
/* The thread that keeps the journal in view. */
#include "keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SOCKETS_MS 1500			/* for sockets given by hand to answer, before they are a problem */
#define LOOK_NS NS_PER_SEC		/* between looks at the journal's directory: one system call */
/* Between attempts to finish: each asks QEMU. The longer a guest keeps a device, the less often. */
#define FINISH_MIN_NS (2 * NS_PER_SEC)
#define FINISH_MAX_NS (30 * NS_PER_SEC)

struct keeper {
	struct session *session;
	pthread_t thread;
	int fd;
	uint64_t stamp;			/* of the journal as it was read last */
	uint64_t finish_ns, pause_ns;	/* the next attempt, and how long after it */

	pthread_mutex_t lock;		/* for what follows; never held across anything that can wait */
	pthread_cond_t wake;
	bool now, stop;
	struct snapshot *journal;
	struct err err;
};

size_t keeper_pending(const struct snapshot *journal)
{
	size_t n = journal ? snapshot_count(journal, TABLE_JOURNAL) : 0, pending = 0, i;

	for (i = 0; i < n; i++) {
		const struct journal_row *row = snapshot_row(journal, TABLE_JOURNAL, i);

		pending += !strcmp(row->state, "pending");
	}
	return pending;
}

static void look_at_guests(struct session *s)
{
	struct err err = {0};
	char **problems;
	size_t n, i;

	if (sampler_discover(s->sampler, &err))
		out_error("%s", err.text);
	if (!s->opts->n_sockets)
		return;
	sampler_settle(s->sampler, 0, SOCKETS_MS);
	problems = sampler_problems(s->sampler, &n);
	for (i = 0; i < n; i++)
		out_error("%s", problems[i]);
	qmp_strings_free(problems, n);
}

/* How many are pending now. */
static size_t read_journal(struct keeper *k)
{
	struct snapshot *fresh, *old;
	struct timespec wall;
	struct err err = {0};

	clock_gettime(CLOCK_REALTIME, &wall);
	fresh = snapshot_new(clock_now_ns(), wall);
	k->stamp = journal_stamp();
	change_journal_rows(k->session, false, fresh, &err);
	pthread_mutex_lock(&k->lock);
	old = k->journal;
	k->journal = fresh;
	k->err = err;
	pthread_mutex_unlock(&k->lock);
	snapshot_unref(old);
	eventfd_write(k->fd, 1);
	return keeper_pending(fresh);
}

static void finish(struct keeper *k)
{
	session_finish_pending(k->session, sampler_leave_fd(k->session->sampler));
	k->finish_ns = clock_now_ns() + k->pause_ns;
	k->pause_ns = 2 * k->pause_ns < FINISH_MAX_NS ? 2 * k->pause_ns : FINISH_MAX_NS;
}

/* True: an attempt to finish is asked for. False in *stop: go on. */
static bool rest(struct keeper *k, bool *stop)
{
	uint64_t until = clock_now_ns() + LOOK_NS;
	struct timespec ts = { .tv_sec = (time_t)(until / NS_PER_SEC), .tv_nsec = (long)(until % NS_PER_SEC) };
	bool now;

	pthread_mutex_lock(&k->lock);
	if (!k->now && !k->stop)
		pthread_cond_timedwait(&k->wake, &k->lock, &ts);
	now = k->now;
	k->now = false;
	*stop = k->stop;
	pthread_mutex_unlock(&k->lock);
	return now;
}

static void *keep(void *arg)
{
	struct keeper *k = arg;
	bool stop = false, now = false;
	size_t pending;

	look_at_guests(k->session);
	session_finish_pending(k->session, sampler_leave_fd(k->session->sampler));
	for (pending = read_journal(k); !stop; now = rest(k, &stop)) {
		bool moved = journal_stamp() != k->stamp;

		if (moved || now) {
			k->pause_ns = FINISH_MIN_NS;
			k->finish_ns = 0;
			pending = read_journal(k);
		}
		if (pending && clock_now_ns() >= k->finish_ns) {
			finish(k);
			pending = read_journal(k);
		}
	}
	return NULL;
}

static void done(struct keeper *k)
{
	snapshot_unref(k->journal);
	mem_close_ptr(&k->fd);
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

struct keeper *keeper_new(struct session *s)
{
	struct keeper *k = xcalloc(1, sizeof(*k));
	pthread_condattr_t attr;

	k->session = s;
	k->pause_ns = FINISH_MIN_NS;
	k->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (k->fd >= 0 && !thread_start(&k->thread, keep, k, 0))
		return k;
	done(k);
	return NULL;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	done(k);
}

int keeper_fd(const struct keeper *k)
{
	return k->fd;
}

struct snapshot *keeper_journal(struct keeper *k, struct err *err)
{
	struct snapshot *journal;
	eventfd_t n;

	eventfd_read(k->fd, &n);
	pthread_mutex_lock(&k->lock);
	journal = k->journal ? snapshot_ref(k->journal) : NULL;
	*err = k->err;
	pthread_mutex_unlock(&k->lock);
	return journal;
}

void keeper_finish(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	k->now = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
}
