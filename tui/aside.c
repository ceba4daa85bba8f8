// SPDX-License-Identifier: GPL-3.0-or-later
/* Threads for forms and the line at the foot of the screen. */
#include "aside.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define COMPLETE_MS 2000

struct aside {
	struct aside *next;
	struct session *session;
	struct call call;		/* verb NULL: it completes line */
	char *typed;			/* not NULL: it completes an argument of call .. */
	size_t arg;
	struct completion values;	/* .. with these */
	struct options opts;
	unsigned width;
	char *line;
	size_t len;
	struct line_completion completion;
	char *text;
	pthread_t thread;
	pthread_mutex_t lock;		/* for what follows */
	struct sampler *sampler;	/* while it looks */
	bool leave;
	int fd;
};

/* The sampler of the screen goes on as it is: whom it asks, and the time between its samples, are not for others to change. */
static void run(struct aside *x)
{
	struct session own = { .opts = &x->opts, .host = x->session->host, .lates = x->session->lates };
	struct err err = {0};
	size_t size;
	bool leave;

	own.out = (struct out){ .file = open_memstream(&x->text, &size), .width = x->width, .headed = TABLE_COUNT };
	if (session_sampler(&own, &err)) {
		out_error("%s", err.text);
	} else {
		pthread_mutex_lock(&x->lock);
		x->sampler = own.sampler;
		leave = x->leave;
		pthread_mutex_unlock(&x->lock);
		if (!leave)
			session_run(&own, &x->call);
		pthread_mutex_lock(&x->lock);
		x->sampler = NULL;
		pthread_mutex_unlock(&x->lock);
	}
	fclose(own.out.file);
	virt_leave(own.virt);
	sampler_free(own.sampler);
	virt_free(own.virt);
}

static void *work(void *arg)
{
	struct aside *x = arg;

	if (x->typed)
		complete_arg(x->session, &x->call, x->arg, x->typed, COMPLETE_MS, &x->values);
	else if (x->call.verb)
		run(x);
	else
		complete_line(x->session, x->line, x->len, false, COMPLETE_MS, &x->completion);
	eventfd_write(x->fd, 1);
	return NULL;
}

static void drop(struct aside *x)
{
	line_completion_done(&x->completion);
	completion_done(&x->values);
	free(x->typed);
	call_done(&x->call);
	pthread_mutex_destroy(&x->lock);
	free(x->text);
	free(x->line);
	mem_close_ptr(&x->fd);
	free(x);
}

static struct aside *start(struct aside *x)
{
	pthread_mutex_init(&x->lock, NULL);
	x->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (x->fd >= 0 && !thread_start(&x->thread, work, x, 0))
		return x;
	drop(x);
	return NULL;
}

struct aside *aside_complete(struct session *s, const char *line, size_t len)
{
	struct aside *x = xcalloc(1, sizeof(*x));

	x->session = s;
	x->line = xstrdup(line);
	x->len = len;
	return start(x);
}

struct aside *aside_complete_arg(struct session *s, const struct call *so_far, size_t arg, const char *typed)
{
	struct aside *x = xcalloc(1, sizeof(*x));

	x->session = s;
	call_copy(&x->call, so_far);
	x->arg = arg;
	x->typed = xstrdup(typed);
	return start(x);
}

struct aside *aside_run(struct session *s, const struct call *c, unsigned width)
{
	struct aside *x = xcalloc(1, sizeof(*x));

	x->session = s;
	call_copy(&x->call, c);
	x->width = width;
	x->opts = *s->opts;
	x->opts.mode = MODE_PROMPT;
	x->opts.count = 0;
	x->opts.read_only = true;	/* what is pending is finished elsewhere */
	x->opts.fields = x->opts.sort = x->opts.filter = NULL;		/* they are of the list */
	return start(x);
}

int aside_fd(const struct aside *x)
{
	return x->fd;
}

bool aside_is_over(const struct aside *x)
{
	struct pollfd fd = { .fd = x->fd, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

const struct line_completion *aside_completion(struct aside *x)
{
	return &x->completion;
}

const struct completion *aside_values(const struct aside *x)
{
	return &x->values;
}

const char *aside_text(struct aside *x)
{
	return x->text ? x->text : "";
}

void aside_drop(struct aside *x, struct aside **given_up)
{
	if (!x)
		return;
	x->next = *given_up;
	*given_up = x;
}

static void interrupt(struct aside *x)
{
	pthread_mutex_lock(&x->lock);
	x->leave = true;
	if (x->sampler)
		sampler_leave(x->sampler);
	pthread_mutex_unlock(&x->lock);
}

void aside_reap(struct aside **given_up, bool all)
{
	while (*given_up) {
		struct aside *x = *given_up;

		if (!all && !aside_is_over(x)) {
			given_up = &x->next;
			continue;
		}
		*given_up = x->next;
		interrupt(x);
		pthread_join(x->thread, NULL);
		drop(x);
	}
}
