// SPDX-License-Identifier: GPL-3.0-or-later
/* A change on the screen: its steps, then a word, then how it goes and what came of it. */
#include "app.h"
#include "batch_line.h"
#include "job.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH 30
/* An Enter that repeats, or was meant for the form, must not run what nobody has read. */
#define READ_NS (300 * NS_PER_MS)

struct change_layer {
	struct layer layer;
	struct job *job;
	char *line;			/* the same in batch */
	struct text text;
	enum job_state state;		/* as it was drawn: keys mean what was seen */
	enum plan_status status;
	uint64_t ready_ns;		/* when the steps were first seen */
	bool alone;			/* no form is below */
	bool no, stopping;		/* no: Cancel is the button that is on */
};

static enum paint status_paint(enum plan_status s)
{
	switch (s) {
	case PLAN_OK:
	case PLAN_CLIPPED:
	case PLAN_UNCHANGED:
	case PLAN_UNDONE:
	case PLAN_PLANNED:
		return PAINT_GOOD;
	case PLAN_TIMEOUT:
	case PLAN_RUNNING:
		return PAINT_WARN;
	case PLAN_INVALID:
	case PLAN_DENIED:
	case PLAN_REFUSED:
	case PLAN_FAILED:
	case PLAN_PARTIAL:
	case PLAN_OVERRULED:
	case PLAN_STATUS_COUNT:
		break;
	}
	return PAINT_BAD;
}

static enum paint step_paint(const struct job_step *s, bool runs)
{
	if (runs)
		return PAINT_STRONG;
	switch (s->status) {
	case STEP_TODO: return PAINT_PLAIN;
	case STEP_OK: return PAINT_GOOD;
	case STEP_TIMEOUT:
	case STEP_UNKNOWN:
	case STEP_UNDONE: return PAINT_WARN;
	case STEP_FAILED:
	case STEP_STATUS_COUNT:
		break;
	}
	return PAINT_BAD;
}

/* [######......]  3.2 of 30 s */
static void add_bar(struct text *t, double seconds, double limit)
{
	char bar[BAR_WIDTH + 1];
	int i, full = limit > 0 ? (int)(seconds / limit * BAR_WIDTH) : 0;

	for (i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	text_add(t, PAINT_STRONG, 22, 22, "[%s] %.1f of %g s", bar, seconds, limit);
}

static void add_step(struct text *t, const struct job_view *v, size_t i, unsigned timeout_ms)
{
	const struct job_step *s = &v->steps[i];
	bool runs = v->state == JOB_RUNNING && i == v->at;
	double seconds = (double)(clock_now_ns() - v->began_ns) / (double)NS_PER_SEC;
	auto_free char *time = runs ? xasprintf("%.1f s", seconds) : s->status == STEP_TODO ? xstrdup("") :
			       xasprintf("%llu ms", (unsigned long long)(s->ns / NS_PER_MS));
	const char *status = runs ? "running" : step_status_name(s->status);
	size_t k;

	if (v->state == JOB_READY) {
		text_add(t, PAINT_PLAIN, 1, 5, "%2zu  %s", i + 1, s->text);
		for (k = 0; k < s->n_undo; k++)
			text_add(t, PAINT_STALE, 5, 9, "%s%s", k ? "then " : "if a later step fails: ", s->undo[k]);
		return;
	}
	text_add(t, step_paint(s, runs), 1, 22, "%2zu  %-7s %8s  %s", i + 1, status, time, s->text);
	if (runs && s->waits)
		add_bar(t, seconds, timeout_ms / 1000.0);
}

/* A change that was not run has no record. */
static void add_result(struct text *t, const struct job_view *v)
{
	size_t i;

	if (v->status == PLAN_PLANNED) {
		text_add(t, PAINT_STRONG, 1, 1, "Cancelled: nothing was changed.");
		return;
	}
	text_add(t, status_paint(v->status), 1, 1, "%s%s%s%s%s", plan_status_name(v->status), v->device ? "  " : "",
		 v->device ? v->device : "", v->guest ? "  guest " : "", v->guest ? v->guest : "");
	if (v->error)
		text_add(t, PAINT_BAD, 1, 1, "%s", v->error);
	for (i = 0; i < v->n_left; i++)
		text_add(t, PAINT_WARN, 1, 6, "left %s", v->left[i]);
	if (v->journal)
		text_add(t, PAINT_PLAIN, 1, 1, "journal %s%s", v->journal,
			 v->pending ? "  pending: the next kvmtop finishes it once the guest has released it" : "");
}

static const char *heading(const struct change_layer *c, const struct app *a)
{
	switch (c->state) {
	case JOB_BUILDING: return c->stopping ? "cancelling .." : "checking ..";
	case JOB_READY:
		return a->session->opts->dry_run ? "dry run: these steps would be run" : "these steps will be run";
	case JOB_RUNNING: return c->stopping ? "stopping, and taking back what was done .." : "running";
	case JOB_FINISHED: return "";
	}
	return "";
}

static void add_piece(void *text, const char *piece)
{
	text_add(text, PAINT_STRONG, 0, 0, "%s", piece);
}

static void write_text(struct change_layer *c, const struct app *a, const struct job_view *v)
{
	struct text *t = &c->text;
	size_t i;

	text_clear(t);
	if (v->state == JOB_FINISHED) {
		add_result(t, v);
		text_add(t, PAINT_PLAIN, 0, 0, " ");
	}
	for (i = 0; i < v->n_warnings; i++)
		text_add(t, PAINT_WARN, 1, 10, "warning: %s", v->warnings[i]);
	for (i = 0; i < v->n_steps; i++)
		add_step(t, v, i, a->session->opts->timeout_ms);
	if (v->state == JOB_READY || v->state == JOB_FINISHED) {
		text_add(t, PAINT_PLAIN, 0, 0, " ");
		text_add(t, PAINT_PLAIN, 1, 1, "The same in batch:");
		batch_wrap(c->line, (size_t)a->draw.width, add_piece, t);
	}
}

static void draw_buttons(const struct change_layer *c, const struct app *a, int y)
{
	const struct draw *d = &a->draw;

	if (c->state == JOB_FINISHED)
		draw_text(d, y, 1, d->width - 1, PAINT_STRONG, "Press a key (y copies the line)");
	if (c->state != JOB_READY)
		return;
	if (a->session->opts->dry_run) {
		draw_text(d, y, 1, 10, PAINT_SELECTED, "[ Close ]");
		return;
	}
	draw_text(d, y, 1, 7, c->no ? PAINT_PLAIN : PAINT_SELECTED, "[ Run ]");
	draw_text(d, y, 10, 10, c->no ? PAINT_SELECTED : PAINT_PLAIN, "[ Cancel ]");
	draw_text(d, y, 22, d->width - 22, PAINT_PLAIN, "c copies the line");
}

static void change_draw(struct layer *layer, struct app *a, int y, int height)
{
	struct change_layer *c = (struct change_layer *)layer;
	const struct job_view *v = job_look(c->job);
	bool buttons = height >= 3;

	if (v->state == JOB_READY && c->state != JOB_READY)
		c->ready_ns = clock_now_ns();
	c->state = v->state;
	c->status = v->status;
	draw_printf(&a->draw, y, 0, a->draw.width, PAINT_HEAD, " %s   %s", v->title, heading(c, a));
	write_text(c, a, v);
	text_draw(&c->text, &a->draw, y + 1, height - 1 - buttons);
	if (buttons)
		draw_buttons(c, a, y + height - 1);
}

/* A check said no: what is wrong is shown where it was typed, if it was. */
static void change_turn(struct layer *layer, struct app *a)
{
	struct change_layer *c = (struct change_layer *)layer;
	const struct job_view *v = job_look(c->job);
	struct err err;

	if (v->state != JOB_FINISHED || v->status != PLAN_INVALID || !v->error)
		return;
	err_set(&err, -EINVAL, "%s", v->error);
	if (form_take_error(layer->below, &err))
		app_pop(a);
}

static unsigned change_where(const struct layer *layer)
{
	switch (((const struct change_layer *)layer)->state) {
	case JOB_READY: return IN_READY;
	case JOB_FINISHED: return IN_DONE;
	case JOB_BUILDING:
	case JOB_RUNNING:
		break;
	}
	return IN_RUN;
}

/* What went well is over; what did not may be tried again with other arguments. */
static void close_layer(struct change_layer *c, struct app *a)
{
	bool alone = c->alone, again = c->state != JOB_FINISHED || c->status == PLAN_INVALID || c->status == PLAN_FAILED ||
		     c->status == PLAN_PLANNED;

	app_pop(a);
	if (!again && !alone)
		app_pop(a);
	app_refresh(a);
}

static void ready_key(struct change_layer *c, struct app *a, enum action action, int key)
{
	bool dry = a->session->opts->dry_run;

	if (key == K_LEFT || key == K_RIGHT || key == K_TAB || key == K_BACKTAB) {
		c->no = !c->no;
	} else if (action == ACT_BACK || (action == ACT_YES && (dry || (c->no && key == K_ENTER)))) {
		close_layer(c, a);
	} else if (action == ACT_YES && (key != K_ENTER || clock_now_ns() - c->ready_ns >= READ_NS)) {
		c->text.top = 0;
		job_run(c->job);
	}
}

static void change_key(struct layer *layer, struct app *a, int key)
{
	struct change_layer *c = (struct change_layer *)layer;
	enum action action = keys_action(change_where(layer), key);

	if (text_key(&c->text, action))
		return;
	if (action == ACT_COPY) {
		app_copy(a, c->line);
		return;
	}
	switch (c->state) {
	case JOB_READY:
		if (action == ACT_QUIT)
			a->leave = true;
		else
			ready_key(c, a, action, key);
		break;
	case JOB_FINISHED:
		close_layer(c, a);
		break;
	case JOB_BUILDING:
		if (action == ACT_BACK)
			close_layer(c, a);
		else if (action == ACT_QUIT)
			a->leave = true;
		break;
	case JOB_RUNNING:
		if (action == ACT_BACK) {
			c->stopping = true;
			job_stop(c->job);
		} else if (action == ACT_QUIT) {
			app_say(a, PAINT_WARN, "the change is running: Esc stops it and takes it back");
		}
		break;
	}
}

static void change_free(struct layer *layer, struct app *a)
{
	struct change_layer *c = (struct change_layer *)layer;

	a->job = NULL;
	if (job_is_over(c->job)) {
		job_free(c->job);
	} else {
		job_stop(c->job);
		c->job->next = a->given_up;
		a->given_up = c->job;
	}
	free(c->line);
	text_done(&c->text);
}

static const struct layer_ops change_ops = {
	.covers = true, .where = change_where, .draw = change_draw, .key = change_key, .turn = change_turn, .free = change_free,
};

static struct change_layer *open_layer(struct app *a, const struct call *call, const char *line)
{
	struct job *job = job_new(a->session, call);
	struct change_layer *c;
	struct err err;

	if (!job) {
		thread_err(&err, call->verb->name);
		app_say(a, PAINT_WARN, "%s", err.text);
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->layer.ops = &change_ops;
	c->line = xstrdup(line);
	c->job = a->job = job;
	app_push(a, &c->layer);
	return c;
}

void change_open(struct app *a, const struct call *call, const char *line)
{
	if (!many_open(a, call))
		open_layer(a, call, line);
}

void change_open_alone(struct app *a, const struct call *call, const char *line)
{
	struct change_layer *c = open_layer(a, call, line);

	if (c)
		c->alone = true;
}
