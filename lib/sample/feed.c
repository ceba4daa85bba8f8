// SPDX-License-Identifier: GPL-3.0-or-later
/* The sampling thread of a screen, and the one slot through which it hands over what it saw. */
#include "private.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct feed {
	struct sampler *s;
	pthread_t thread;
	pthread_mutex_t lock;		/* for what follows; never held across anything that can wait */
	pthread_cond_t wake;
	uint64_t delay_ns;
	unsigned needs;
	bool now, stop;
	char *focus;			/* a new one, NULL: as it was */
	struct snapshot *latest;
	int fd;
};

static void hand_over(struct feed *f, struct snapshot *snap)
{
	struct snapshot *old;

	pthread_mutex_lock(&f->lock);
	old = f->latest;
	f->latest = snap;
	pthread_mutex_unlock(&f->lock);
	snapshot_unref(old);
	eventfd_write(f->fd, 1);
}

/* Until the next sample is due, or wanted at once; minding held sockets meanwhile. False: stop. */
static bool rest(struct feed *f, uint64_t began, unsigned *needs, uint64_t *delay_ns)
{
	bool go_on, due = false;

	while (!due) {
		uint64_t now = clock_now_ns(), next = now + NS_PER_SEC / 4;
		struct timespec ts;

		pthread_mutex_lock(&f->lock);
		if (began + f->delay_ns < next)
			next = began + f->delay_ns;
		ts.tv_sec = (time_t)(next / NS_PER_SEC);
		ts.tv_nsec = (long)(next % NS_PER_SEC);
		if (!f->stop && !f->now && now < next)
			pthread_cond_timedwait(&f->wake, &f->lock, &ts);
		go_on = !f->stop;
		due = f->now || f->stop || clock_now_ns() >= began + f->delay_ns;
		if (due) {
			f->now = false;
			*needs = f->needs;
			*delay_ns = f->delay_ns;
		}
		pthread_mutex_unlock(&f->lock);
		if (!due)
			sampler_sleep(f->s, clock_now_ns() + NS_PER_MS);	/* a moment: rings and sockets are minded at its end */
		if (!due && sampler_has_news(f->s)) {
			pthread_mutex_lock(&f->lock);
			f->now = true;
			pthread_mutex_unlock(&f->lock);
		}
	}
	return go_on;
}

/* What QEMU must be asked for each sample may cost that long; a guest that needs longer keeps its last values. */
#define REFRESH_MS 200
/* So long for processes that are new; those that need longer are shown when they are known. */
#define DISCOVER_MS 100

static void refocus(struct feed *f)
{
	char *focus;

	pthread_mutex_lock(&f->lock);
	focus = take_ptr(f->focus);
	pthread_mutex_unlock(&f->lock);
	if (focus)
		sampler_focus(f->s, focus);
	free(focus);
}

static void *feeder(void *arg)
{
	struct feed *f = arg;
	unsigned needs = f->needs;
	uint64_t began, delay_ns = f->delay_ns;

	do {
		began = clock_now_ns();
		refocus(f);
		sampler_discover_for(f->s, DISCOVER_MS, NULL);
		sampler_refresh(f->s, needs, REFRESH_MS);
		sampler_pace(f->s, delay_ns);
		hand_over(f, sampler_take(f->s, needs));
	} while (rest(f, began, &needs, &delay_ns));
	return NULL;
}

static void done(struct feed *f)
{
	snapshot_unref(f->latest);
	free(f->focus);
	mem_close_ptr(&f->fd);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

struct feed *feed_new(struct sampler *s, uint64_t delay_ns, unsigned needs)
{
	struct feed *f = xcalloc(1, sizeof(*f));
	pthread_condattr_t attr;

	f->s = s;
	f->delay_ns = delay_ns;
	f->needs = needs;
	f->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->focus = xstrdup("");
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (f->fd >= 0 && !thread_start(&f->thread, feeder, f, 0))
		return f;
	done(f);
	return NULL;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	done(f);
}

int feed_fd(const struct feed *f)
{
	return f->fd;
}

struct snapshot *feed_latest(struct feed *f)
{
	struct snapshot *snap;
	eventfd_t n;

	eventfd_read(f->fd, &n);
	pthread_mutex_lock(&f->lock);
	snap = f->latest ? snapshot_ref(f->latest) : NULL;
	pthread_mutex_unlock(&f->lock);
	return snap;
}

void feed_set(struct feed *f, uint64_t delay_ns, unsigned needs, bool now)
{
	pthread_mutex_lock(&f->lock);
	f->delay_ns = delay_ns;
	f->needs = needs;
	f->now |= now;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

void feed_focus(struct feed *f, const char *ref)
{
	pthread_mutex_lock(&f->lock);
	free(f->focus);
	f->focus = xstrdup(ref ? ref : "");
	pthread_mutex_unlock(&f->lock);
}
