// SPDX-License-Identifier: GPL-3.0-or-later
/* Threads that can be left behind. */
#include "base.h"

#include <pthread.h>
#include <stdlib.h>

#define STACK_BYTES (256u << 10)

struct lates {
	pthread_mutex_t lock;
	pthread_cond_t over;		/* one of them is */
	unsigned refs;			/* of the owner and of each call */
	unsigned running, max;
};

struct late {
	struct lates *group;
	void (*run)(void *), (*drop)(void *);
	void *arg;
	bool over, left;
	pthread_t thread;
};

struct lates *lates_new(unsigned max)
{
	struct lates *l = xcalloc(1, sizeof(*l));
	pthread_condattr_t attr;

	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->over, &attr);
	pthread_condattr_destroy(&attr);
	l->refs = 1;
	l->max = max;
	return l;
}

/* Unlocks. */
static void unref(struct lates *l)
{
	bool last = !--l->refs;

	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->over);
	free(l);
}

void lates_free(struct lates *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	unref(l);
}

static void *body(void *p)
{
	struct late *late = p;
	struct lates *l = late->group;
	bool left;

	late->run(late->arg);
	pthread_mutex_lock(&l->lock);
	late->over = true;
	left = late->left;
	l->running--;
	pthread_cond_broadcast(&l->over);
	if (!left) {		/* whoever waits for it ends it */
		pthread_mutex_unlock(&l->lock);
		return NULL;
	}
	unref(l);
	pthread_detach(pthread_self());
	late->drop(late->arg);
	free(late);
	return NULL;
}

struct late *late_start(struct lates *l, void (*run)(void *arg), void (*drop)(void *arg), void *arg)
{
	struct late *late;

	pthread_mutex_lock(&l->lock);
	if (l->running >= l->max) {
		pthread_mutex_unlock(&l->lock);
		return NULL;
	}
	l->running++;
	l->refs++;
	pthread_mutex_unlock(&l->lock);
	late = xcalloc(1, sizeof(*late));
	*late = (struct late){ .group = l, .run = run, .drop = drop, .arg = arg };
	if (!thread_start(&late->thread, body, late, STACK_BYTES))
		return late;
	free(late);
	pthread_mutex_lock(&l->lock);
	l->running--;
	unref(l);
	return NULL;
}

bool late_is_over(struct late *late)
{
	bool over;

	pthread_mutex_lock(&late->group->lock);
	over = late->over;
	pthread_mutex_unlock(&late->group->lock);
	return over;
}

bool late_wait(struct late *late, unsigned timeout_ms)
{
	uint64_t until = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct timespec ts = { .tv_sec = (time_t)(until / NS_PER_SEC), .tv_nsec = (long)(until % NS_PER_SEC) };
	bool over;
	int rc = 0;

	pthread_mutex_lock(&late->group->lock);
	while (!late->over && !rc)
		rc = pthread_cond_timedwait(&late->group->over, &late->group->lock, &ts);
	over = late->over;
	pthread_mutex_unlock(&late->group->lock);
	return over;
}

void *late_end(struct late *late)
{
	struct lates *l = late->group;
	void *arg = NULL;

	pthread_mutex_lock(&l->lock);
	if (!late->over) {
		late->left = true;
		pthread_mutex_unlock(&l->lock);
		return NULL;
	}
	arg = late->arg;
	unref(l);
	pthread_join(late->thread, NULL);	/* it is on its way out: who forks now would copy the locks it holds */
	free(late);
	return arg;
}
