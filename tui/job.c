// SPDX-License-Identifier: GPL-3.0-or-later
/* The thread of a change. */
#include "job.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

struct job_priv {
	struct session *session;
	struct call call;
	char *title;
	pthread_t thread;
	int wake_fd, interrupt_fd;
	const struct plan *undone;	/* the entry that it takes back, NULL: none; the thread's own */
	enum job_state state;		/* the thread's own */

	pthread_mutex_t lock;		/* for what follows; never held across anything that can wait */
	pthread_cond_t word;
	bool go, stop, over;
	struct job_view *fresh;		/* not looked at yet */

	struct job_view *shown;		/* the drawing thread's */
};

static void strings_free(char **list, size_t n)
{
	while (n)
		free(list[--n]);
	free(list);
}

static void view_free(struct job_view *v)
{
	size_t i;

	if (!v)
		return;
	for (i = 0; i < v->n_steps; i++) {
		free(v->steps[i].text);
		strings_free(v->steps[i].undo, v->steps[i].n_undo);
	}
	free(v->steps);
	strings_free(v->warnings, v->n_warnings);
	strings_free(v->left, v->n_left);
	free(v->title);
	free(v->device);
	free(v->guest);
	free(v->error);
	free(v->journal);
	free(v);
}

static char **copy_strings(char *const *list, size_t n)
{
	char **copy = xcalloc(n ? n : 1, sizeof(*copy));
	size_t i;

	for (i = 0; i < n; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

static void view_steps(struct job_view *v, const struct plan *p, unsigned timeout_ms)
{
	size_t i, k;

	v->n_steps = p->n_steps;
	v->steps = xcalloc(p->n_steps ? p->n_steps : 1, sizeof(*v->steps));
	for (i = 0; i < p->n_steps; i++) {
		const struct step *s = &p->steps[i];
		struct job_step *to = &v->steps[i];

		to->text = step_text(s, timeout_ms);
		to->status = s->status;
		to->ns = s->ns;
		to->waits = step_waits(s);
		for (k = 0; k < s->n_undo; k++)
			*vec_push(to->undo, to->n_undo) = step_text(&s->undo[k], timeout_ms);
	}
}

/* undo disk add kt-disk0 of 14:02:50 (20261130-140250-3fa1)  web-12: what is proposed, by all its names. */
static char *undo_title(const struct plan *p, const struct plan *e)
{
	return xasprintf("undo %s%s%s of %.8s (%s)  %s", e->verb, e->device ? " " : "", e->device ? e->device : "",
			 strlen(e->begun) > 19 ? e->begun + 11 : e->begun, e->id, p->vm ? p->vm : e->vm ? e->vm : "");
}

/* What the plan looks like now, for the screen to pick up. */
static void publish(struct job *j, const struct plan *p, const struct plan *undone, size_t at)
{
	struct job_priv *t = j->priv;
	struct job_view *v = xcalloc(1, sizeof(*v)), *old;

	v->state = t->state;
	v->title = p && undone ? undo_title(p, undone) : p && p->vm ? xasprintf("%s %s", p->verb, p->vm) : xstrdup(t->title);
	v->at = at;
	v->began_ns = clock_now_ns();
	if (p) {
		view_steps(v, p, t->session->opts->timeout_ms);
		v->warnings = copy_strings(p->warnings, v->n_warnings = p->n_warnings);
		v->left = copy_strings(p->left, v->n_left = p->n_left);
		v->status = p->status;
		v->device = xstrdup(p->device);
		v->guest = xstrdup(p->guest);
		v->error = p->err.text[0] ? xstrdup(p->err.text) : NULL;
		v->journal = xstrdup(p->id);
		v->pending = plan_is_pending(p);
	}
	pthread_mutex_lock(&t->lock);
	old = t->fresh;
	t->fresh = v;
	pthread_mutex_unlock(&t->lock);
	view_free(old);
	eventfd_write(t->wake_fd, 1);
}

static void on_progress(void *arg, const struct plan *p, size_t step)
{
	publish(arg, p, ((struct job *)arg)->priv->undone, step);
}

/* True: run it. */
static bool wait_for_word(struct job_priv *t)
{
	bool go;

	pthread_mutex_lock(&t->lock);
	while (!t->go && !t->stop)
		pthread_cond_wait(&t->word, &t->lock);
	go = t->go && !t->stop;
	t->go = false;
	pthread_mutex_unlock(&t->lock);
	return go;
}

/* The steps as one text: what was confirmed must be what is run. */
static char *all_steps(const struct plan *p)
{
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; i < p->n_steps; i++) {
		auto_free char *text = step_text(&p->steps[i], 0);

		buf_printf(&all, "%s\n", text);
	}
	return buf_take(&all);
}

/*
 * While somebody reads the plan, nothing is held: neither the monitor nor the lock. So it is built once more to be run,
 * and shown again when the guest has changed so much meanwhile that it came out otherwise.
 */
static void *work(void *arg)
{
	struct job *j = arg;
	struct job_priv *t = j->priv;
	auto_free char *confirmed = NULL;
	struct change change;
	bool go_on = true;

	while (go_on) {
		auto_free char *steps = NULL;

		change_build(t->session, &t->call, t->interrupt_fd, &change);
		go_on = change.plan->status == PLAN_PLANNED;
		t->undone = change.entry;
		steps = all_steps(change.plan);
		if (go_on && confirmed && !strcmp(confirmed, steps)) {
			t->state = JOB_RUNNING;
			change_run(&change, t->interrupt_fd, on_progress, j);
			go_on = false;
		}
		t->state = go_on ? JOB_READY : JOB_FINISHED;
		publish(j, change.plan, change.entry, change.plan->n_steps);
		t->undone = NULL;
		change_done(&change);
		free(take_ptr(confirmed));
		confirmed = take_ptr(steps);
		if (go_on && !wait_for_word(t))
			go_on = false;
	}
	pthread_mutex_lock(&t->lock);
	t->over = true;
	pthread_mutex_unlock(&t->lock);
	eventfd_write(t->wake_fd, 1);
	return NULL;
}

static void drop(struct job *j)
{
	struct job_priv *t = j->priv;

	view_free(t->fresh);
	view_free(t->shown);
	close(t->wake_fd);
	close(t->interrupt_fd);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->word);
	call_done(&t->call);
	free(t->title);
	free(t);
	free(j);
}

struct job *job_new(struct session *s, const struct call *c)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct job_priv *t = xcalloc(1, sizeof(*t));

	j->priv = t;
	t->session = s;
	t->title = xasprintf("%s %s", c->verb->name, c->values[0] ? c->values[0] : "");
	call_copy(&t->call, c);
	if (getrandom(&t->call.seed, sizeof(t->call.seed), 0) != sizeof(t->call.seed))
		t->call.seed = clock_now_ns();
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->word, NULL);
	publish(j, NULL, NULL, 0);
	if (t->wake_fd >= 0 && t->interrupt_fd >= 0 && !thread_start(&t->thread, work, j, 0))
		return j;
	drop(j);
	return NULL;
}

void job_free(struct job *j)
{
	if (!j)
		return;
	pthread_join(j->priv->thread, NULL);
	drop(j);
}

int job_fd(const struct job *j)
{
	return j->priv->wake_fd;
}

const struct job_view *job_look(struct job *j)
{
	struct job_priv *t = j->priv;
	struct job_view *fresh;
	eventfd_t n;

	eventfd_read(t->wake_fd, &n);
	pthread_mutex_lock(&t->lock);
	fresh = t->fresh;
	t->fresh = NULL;
	pthread_mutex_unlock(&t->lock);
	if (fresh) {
		view_free(t->shown);
		t->shown = fresh;
	}
	return t->shown;
}

static void say(struct job_priv *t, bool *word)
{
	pthread_mutex_lock(&t->lock);
	*word = true;
	pthread_cond_signal(&t->word);
	pthread_mutex_unlock(&t->lock);
}

void job_run(struct job *j)
{
	say(j->priv, &j->priv->go);
}

void job_stop(struct job *j)
{
	say(j->priv, &j->priv->stop);
	eventfd_write(j->priv->interrupt_fd, 1);
}

bool job_is_over(struct job *j)
{
	bool over;

	pthread_mutex_lock(&j->priv->lock);
	over = j->priv->over;
	pthread_mutex_unlock(&j->priv->lock);
	return over;
}
