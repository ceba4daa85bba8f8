// SPDX-License-Identifier: GPL-3.0-or-later
/* Tagged guests, and one change for all of them: their plans together, run one after another, up to the first that fails. */
#include "app.h"
#include "job.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* Each plan has a thread that builds it. */
#define TAGS_MAX 32
#define READ_NS (300 * NS_PER_MS)

struct many {
	struct layer layer;
	struct job *jobs[TAGS_MAX];
	bool ran[TAGS_MAX];		/* told to run */
	size_t n, at;			/* at: the one that runs, or is the next to */
	const struct job_view *read;	/* what was seen of it when it was told to */
	enum { MANY_BUILDING, MANY_READY, MANY_RUNNING, MANY_OVER } state;
	bool stopped;			/* by Esc */
	uint64_t ready_ns;
	struct text text;
};

/* ---- tags */

static size_t tag_of(const struct app *a, const char *ref)
{
	size_t i;

	for (i = 0; i < a->n_tags && strcmp(a->tags[i], ref); i++)
		;
	return i;
}

bool tags_has(const struct app *a, const struct row *row)
{
	return row->ref && tag_of(a, row->ref) < a->n_tags;
}

void tags_clear(struct app *a)
{
	while (a->n_tags)
		free(a->tags[--a->n_tags]);
	free(take_ptr(a->tags));
}

void tags_toggle(struct app *a, const struct row *row)
{
	size_t i = tag_of(a, row->ref);

	if (i < a->n_tags) {
		free(a->tags[i]);
		a->tags[i] = a->tags[--a->n_tags];
	} else if (a->n_tags == TAGS_MAX) {
		app_say(a, PAINT_WARN, "at most %d guests can be tagged", TAGS_MAX);
		return;
	} else {
		*vec_push(a->tags, a->n_tags) = xstrdup(row->ref);
	}
	if (a->n_tags)
		app_say(a, PAINT_PLAIN, "%zu tagged: a change of one is for all of them (U takes the tags off)", a->n_tags);
	else
		app_say(a, PAINT_PLAIN, "no guest is tagged");
}

/* ---- the changes */

static bool went_well(const struct job_view *v)
{
	return v->state == JOB_FINISHED && (plan_is_done(v->status) || v->status == PLAN_UNCHANGED || v->status == PLAN_UNDONE);
}

/* The others are left as they are: what was not begun is not run. */
static void stop_here(struct many *m)
{
	size_t i;

	m->state = MANY_OVER;
	for (i = 0; i < m->n; i++)
		if (!m->ran[i])
			job_stop(m->jobs[i]);
}

static void run_next(struct many *m, struct app *a)
{
	a->job = m->jobs[m->at];
	m->read = job_look(a->job);
	m->ran[m->at] = true;
	m->state = MANY_RUNNING;
	job_run(a->job);
}

static void advance(struct many *m, struct app *a)
{
	const struct job_view *v;
	size_t i;

	if (m->state == MANY_BUILDING) {
		for (i = 0; i < m->n; i++) {
			v = job_look(m->jobs[i]);
			if (v->state == JOB_BUILDING)
				return;
			if (v->state == JOB_FINISHED) {		/* it cannot be done for this one: for none */
				m->at = i;
				stop_here(m);
				return;
			}
		}
		m->state = MANY_READY;
		m->ready_ns = clock_now_ns();
	}
	while (m->state == MANY_RUNNING) {
		v = job_look(m->jobs[m->at]);
		if (v->state == JOB_READY && v != m->read && !m->stopped) {	/* its guest has changed meanwhile: it is shown once more */
			m->state = MANY_READY;
			m->ready_ns = clock_now_ns();
			return;
		}
		if (v->state != JOB_FINISHED)
			return;
		if (!went_well(v) || m->stopped || m->at + 1 == m->n) {
			stop_here(m);
			return;
		}
		m->at++;
		run_next(m, a);
		return;
	}
}

static void add_job(struct many *m, const struct job_view *v, size_t i)
{
	struct text *t = &m->text;
	size_t k;

	if (v->state == JOB_FINISHED && v->status != PLAN_PLANNED)
		text_add(t, went_well(v) ? PAINT_GOOD : PAINT_BAD, 0, 2, "%s: %s%s%s", v->title, plan_status_name(v->status), v->device ? "  " : "",
			 v->device ? v->device : "");
	else
		text_add(t, i == m->at && m->state == MANY_RUNNING ? PAINT_STRONG : PAINT_PLAIN, 0, 2, "%s: %s", v->title,
			 v->state == JOB_BUILDING ? "checking .." : v->state == JOB_RUNNING ? "running" : m->state == MANY_OVER ? "not run" :
			 "these steps will be run");
	if (v->error)
		text_add(t, PAINT_BAD, 4, 4, "%s", v->error);
	for (k = 0; k < v->n_warnings; k++)
		text_add(t, PAINT_WARN, 4, 6, "warning: %s", v->warnings[k]);
	for (k = 0; k < v->n_left; k++)
		text_add(t, PAINT_WARN, 4, 6, "left %s", v->left[k]);
	for (k = 0; k < v->n_steps && v->state != JOB_FINISHED; k++)
		text_add(t, PAINT_PLAIN, 2, 6, "%2zu  %s%s", k + 1, v->steps[k].text, v->state == JOB_RUNNING && k == v->at ? "  .." : "");
	if (v->journal)
		text_add(t, PAINT_PLAIN, 4, 6, "journal %s%s", v->journal, v->pending ? "  pending" : "");
}

static void many_draw(struct layer *layer, struct app *a, int y, int height)
{
	static const char *const heads[] = { "checking ..", "run one after another, up to the first that fails", "running", "" };
	struct many *m = (struct many *)layer;
	size_t i;

	advance(m, a);
	draw_printf(&a->draw, y, 0, a->draw.width, PAINT_HEAD, " %zu tagged guests   %s", m->n, heads[m->state]);
	text_clear(&m->text);
	for (i = 0; i < m->n; i++)
		add_job(m, job_look(m->jobs[i]), i);
	text_draw(&m->text, &a->draw, y + 1, height - 2);
	if (height >= 3)
		draw_text(&a->draw, y + height - 1, 1, a->draw.width - 1, m->state == MANY_READY ? PAINT_SELECTED : PAINT_STRONG,
			  m->state == MANY_READY ? "[ Run all ]" : m->state == MANY_OVER ? "Press a key" : "");
}

static unsigned many_where(const struct layer *layer)
{
	const struct many *m = (const struct many *)layer;

	return m->state == MANY_READY ? IN_READY : m->state == MANY_OVER ? IN_DONE : IN_RUN;
}

/* The form stays where it may be tried again; where all went well, it goes too, and the tags with it. */
static void close_layer(struct many *m, struct app *a)
{
	bool well = m->state == MANY_OVER && m->at + 1 == m->n && went_well(job_look(m->jobs[m->at]));

	app_pop(a);
	if (well) {
		app_pop(a);
		tags_clear(a);
	}
	app_refresh(a);
}

static void many_key(struct layer *layer, struct app *a, int key)
{
	struct many *m = (struct many *)layer;
	enum action action = keys_action(many_where(layer), key);

	if (text_key(&m->text, action))
		return;
	if (m->state == MANY_OVER || (action == ACT_BACK && m->state != MANY_RUNNING)) {
		close_layer(m, a);
	} else if (m->state == MANY_READY && action == ACT_YES && (key != K_ENTER || clock_now_ns() - m->ready_ns >= READ_NS)) {
		if (a->session->opts->dry_run)
			close_layer(m, a);
		else
			run_next(m, a);
	} else if (action == ACT_BACK) {
		m->stopped = true;
		job_stop(m->jobs[m->at]);
	} else if (action == ACT_QUIT && m->state != MANY_RUNNING) {
		a->leave = true;
	}
}

static void many_free(struct layer *layer, struct app *a)
{
	struct many *m = (struct many *)layer;
	size_t i;

	a->job = NULL;
	for (i = 0; i < m->n; i++) {
		job_stop(m->jobs[i]);
		m->jobs[i]->next = a->given_up;
		a->given_up = m->jobs[i];
	}
	text_done(&m->text);
}

static const struct layer_ops many_ops = {
	.covers = true, .where = many_where, .draw = many_draw, .key = many_key, .free = many_free,
};

/* A form may be about a guest that is not tagged: then it is about that one alone. */
static bool is_for_tagged(const struct app *a, const char *word)
{
	size_t i;

	for (i = 0; i < a->n_tags; i++) {
		const struct vm_row *vm = a->snap ? snapshot_find(a->snap, TABLE_VMS, a->tags[i], "") : NULL;

		if (!strcmp(a->tags[i], word) || (vm && !strcmp(vm->head.vm, word)))
			return true;
	}
	return false;
}

bool many_open(struct app *a, const struct call *call)
{
	struct many *m;
	size_t i;

	if (a->n_tags < 2 || !verb_has_guest(call->verb) || !call->values[0] || !is_for_tagged(a, call->values[0]))
		return false;
	m = xcalloc(1, sizeof(*m));
	m->layer.ops = &many_ops;
	for (i = 0; i < a->n_tags; i++) {
		struct call one = *call;
		struct job *job;

		one.values[0] = a->tags[i];
		job = job_new(a->session, &one);
		if (job)
			m->jobs[m->n++] = job;
		else
			app_say(a, PAINT_WARN, "the system allows no more threads: not all tagged guests are here");
	}
	if (!m->n) {
		free(m);
		return true;
	}
	a->job = m->jobs[0];
	app_push(a, &m->layer);
	return true;
}
