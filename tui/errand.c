// SPDX-License-Identifier: GPL-3.0-or-later
/* Threads that ask one question each. */
#include "errand.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Each is an operator's key or one row that is looked at: more at a time only come of answers that do not. */
#define ERRANDS_MAX 16

struct errand_priv {
	pthread_t thread;
	atomic_bool over;
	int fd;				/* the app's, borrowed */
};

struct errands {
	struct errand *list;
	size_t n;
	uint64_t serial;
	int fd;
};

static void *run(void *arg)
{
	struct errand *e = arg;
	int fd = e->priv->fd;

	e->kind->work(e);
	atomic_store(&e->priv->over, true);
	eventfd_write(fd, 1);
	return NULL;
}

static void drop(struct errand *e)
{
	snapshot_unref(e->snap);
	free(e->text);
	free(e->what);
	free(e->priv);
	free(e);
}

static struct errands *errands(struct app *a)
{
	if (!a->errands) {
		a->errands = xcalloc(1, sizeof(*a->errands));
		a->errands->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
	return a->errands;
}

uint64_t errand_start(struct app *a, const struct errand_kind *kind, const char *what)
{
	struct errands *all = errands(a);
	struct errand *e;
	struct err err;

	if (all->n >= ERRANDS_MAX) {
		app_say(a, PAINT_WARN, "earlier questions are not answered yet");
		return 0;
	}
	e = xcalloc(1, sizeof(*e));
	e->kind = kind;
	e->session = a->session;
	e->what = xstrdup(what);
	e->serial = ++all->serial;
	e->priv = xcalloc(1, sizeof(*e->priv));
	e->priv->fd = all->fd;
	if (all->fd < 0 || thread_start(&e->priv->thread, run, e, 0)) {
		drop(e);
		thread_err(&err, what);
		app_say(a, PAINT_WARN, "%s", err.text);
		return 0;
	}
	e->next = all->list;
	all->list = e;
	all->n++;
	return e->serial;
}

int errand_fd(struct app *a)
{
	return a->errands ? a->errands->fd : -1;
}

void errand_reap(struct app *a)
{
	struct errand **at = &a->errands->list;
	eventfd_t n;

	eventfd_read(a->errands->fd, &n);
	while (*at) {
		struct errand *e = *at;

		if (!atomic_load(&e->priv->over)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		a->errands->n--;
		pthread_join(e->priv->thread, NULL);
		e->kind->done(e, a);
		drop(e);
		at = &a->errands->list;		/* done() may have begun another */
	}
}

void errand_end(struct app *a)
{
	struct errand *e;

	if (!a->errands)
		return;
	while ((e = a->errands->list)) {
		a->errands->list = e->next;
		pthread_join(e->priv->thread, NULL);
		drop(e);
	}
	mem_close_ptr(&a->errands->fd);
	free(take_ptr(a->errands));
}
