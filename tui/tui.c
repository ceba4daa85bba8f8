// SPDX-License-Identifier: GPL-3.0-or-later
/* The screen's loop: it waits in one poll(2) and nowhere else. */
#include "app.h"
#include "aside.h"
#include "errand.h"
#include "job.h"
#include "keeper.h"
#include "text.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first rates are worth more soon than exact; a rate is of a third of the delay at the least. */
#define PRIME_NS (NS_PER_SEC / 2)
#define DUE_SHARE 0.6			/* of the delay: a sample that comes after that is no early one */
#define DELAY_DEFAULT_S 1.5
#define TICK_MS 200			/* while a change runs its time is seen to go by */
#define KEYS_MAX 64
#define WHEEL_ROWS 3

static void reap_jobs(struct app *a)
{
	struct job **at = &a->given_up;

	while (*at) {
		struct job *j = *at;

		if (job_is_over(j)) {
			*at = j->next;
			job_free(j);
		} else {
			at = &j->next;
		}
	}
}

static unsigned needs_of(const struct app *a)
{
	const struct layer *l;
	unsigned needs = NEED_STATE | NEED_HOST;	/* the header counts guests by state, and has a line about the host */

	for (l = a->top; l; l = l->below)
		if (l->ops->needs)
			needs |= l->ops->needs(l);
	return needs;
}

static void draw_stack(struct app *a, struct layer *l, int height)
{
	if (!l->ops->covers && l->below)
		draw_stack(a, l->below, height);
	l->ops->draw(l, a, 0, height);
}

/* Whole, as far as the lower half of the screen goes. */
static void draw_message(const struct app *a, int height)
{
	struct text text = {0};
	int lines;

	text_add(&text, a->message_paint, 0, 2, "%s", a->message);
	lines = text_lines(&text, &a->draw, a->draw.width);
	if (lines > height / 2)
		lines = height / 2 > 0 ? height / 2 : 1;
	if (lines > 1)
		draw_fill(&a->draw, height - lines, PAINT_PLAIN);
	text_draw(&text, &a->draw, height - lines, lines);
	text_done(&text);
}

static void draw_all(struct app *a)
{
	struct draw *d = &a->draw;
	int height, bar;
	unsigned needs;

	getmaxyx(stdscr, d->height, d->width);
	bar = d->height >= 4;
	height = d->height - bar;
	d->cursor_x = -1;
	if (a->redraw)
		clearok(curscr, TRUE);
	a->redraw = false;
	erase();
	draw_stack(a, a->top, height);
	if (a->message && d->height > 1 && (d->cursor_x < 0 || d->cursor_y != height - 1))
		draw_message(a, height);
	if (bar)
		bar_draw(d, d->height - 1, a->top->ops->where(a->top));
	curs_set(d->cursor_x >= 0);
	move(d->cursor_x >= 0 ? d->cursor_y : 0, d->cursor_x >= 0 ? d->cursor_x : 0);
	refresh();
	needs = needs_of(a);
	if (needs != a->needs && a->feed) {
		a->needs = needs;
		feed_set(a->feed, a->delay_ns, needs, true);
	}
}

/*
 * Samples taken before their time have the figures of the one before, and the first ones none that are worth much: graphs
 * are of those that came when they were due.
 */
static bool is_worth_keeping(struct app *a, const struct snapshot *snap)
{
	if (!a->noted_ns)
		a->noted_ns = snapshot_time_ns(snap);
	return (double)(snapshot_time_ns(snap) - a->noted_ns) >= (double)a->delay_ns * DUE_SHARE;
}

static void tell_layers(struct app *a)
{
	struct layer *l;

	for (l = a->top; l; l = l->below)
		if (l->ops->sampled)
			l->ops->sampled(l, a);
}

static void take_sample(struct app *a)
{
	struct snapshot *snap = feed_latest(a->feed);

	if (snap && is_worth_keeping(a, snap)) {
		a->noted_ns = snapshot_time_ns(snap);
		history_add(a->history, snap, a->history_ref);
	}
	if (!snap || a->frozen || snap == a->snap) {
		snapshot_unref(snap);
		return;
	}
	if (!a->snap)
		a->prime_ns = clock_now_ns() + (a->delay_ns / 3 > PRIME_NS ? a->delay_ns / 3 : PRIME_NS);
	else
		a->samples++;		/* the first one has no rates and does not count */
	snapshot_unref(a->snap);
	a->snap = snap;
	past_add(&a->past, snap);
	tell_layers(a);
}

static void take_journal(struct app *a)
{
	snapshot_unref(a->journal);
	a->journal = keeper_journal(a->keeper, &a->journal_err);
	tell_layers(a);
}

/* The wheel is the arrow keys; a click on the key bar is the key. */
static void take_mouse(struct app *a, int event)
{
	unsigned where = a->top->ops->where(a->top);
	int y = mouse_y(event), x = mouse_x(event), key = K_NONE, times = 1;

	if (mouse_button(event) != MOUSE_CLICK) {
		key = mouse_button(event) == MOUSE_WHEEL_UP ? K_UP : K_DOWN;
		times = WHEEL_ROWS;
	} else if (a->draw.height >= 4 && y == a->draw.height - 1) {
		key = bar_key(&a->draw, x, where);
	} else if (a->top->ops->click) {
		a->top->ops->click(a->top, a, y, x);
	}
	while (key != K_NONE && times-- && !a->leave)
		a->top->ops->key(a->top, a, key);
}

static void take_keys(struct app *a)
{
	int keys[KEYS_MAX];
	size_t n = tty_keys(&a->tty, keys, KEYS_MAX), i;

	for (i = 0; i < n && !a->leave; i++) {
		if (key_is_mouse(keys[i]))
			take_mouse(a, keys[i]);
		else if (keys_action(a->top->ops->where(a->top), keys[i]) == ACT_REDRAW) {
			a->redraw = true;
			app_refresh(a);
		} else {
			a->top->ops->key(a->top, a, keys[i]);
		}
	}
}

/* A change that runs is stopped and taken back first; its layer ends with it, and so does the screen. */
static void end(struct app *a)
{
	a->ending = true;
	if (a->job && !job_is_over(a->job))
		job_stop(a->job);
	else
		a->leave = true;
}

static void take_signals(struct app *a)
{
	enum tty_event event;

	while ((event = tty_signal(&a->tty)) != TTY_NOTHING) {
		switch (event) {
		case TTY_NOTHING:
		case TTY_RESIZED:
			break;
		case TTY_INTERRUPT:
			a->top->ops->key(a->top, a, K_CTRL('C'));
			break;
		case TTY_STOP:
			if (a->job)
				app_say(a, PAINT_WARN, "Ctrl-Z: not while a change is under way");
			else
				tty_suspend();
			break;
		case TTY_END:
			end(a);
			break;
		}
	}
}

static void sooner(int *timeout, int ms)
{
	if (ms >= 0 && (*timeout < 0 || ms < *timeout))
		*timeout = ms;
}

static int next_timeout(const struct app *a)
{
	int timeout = -1;

	sooner(&timeout, tty_wait_ms(&a->tty));
	if (a->message)
		sooner(&timeout, clock_left_ms(a->message_until_ns));
	if (a->prime_ns)
		sooner(&timeout, clock_left_ms(a->prime_ns));
	if (a->job || a->given_up)
		sooner(&timeout, TICK_MS);
	return timeout;
}

static void due(struct app *a)
{
	uint64_t now = clock_now_ns();

	if (a->message && now >= a->message_until_ns)
		free(take_ptr(a->message));
	if (a->prime_ns && now >= a->prime_ns) {
		a->prime_ns = 0;
		app_refresh(a);
	}
	if (a->session->opts->count && a->samples >= a->session->opts->count)
		a->leave = true;
	if (a->ending && (!a->job || job_is_over(a->job)))
		a->leave = true;
	reap_jobs(a);
	aside_reap(&a->asides, false);
}

static void loop(struct app *a)
{
	enum { KEYS, SIGNALS, ERRORS, SAMPLES, JOB, LAYER, JOURNAL, ERRANDS, FDS };
	struct pollfd fds[FDS] = {
		[KEYS] = { STDIN_FILENO, POLLIN, 0 }, [SIGNALS] = { a->tty.signal_fd, POLLIN, 0 },
		[ERRORS] = { a->tty.errors_fd, POLLIN, 0 }, [SAMPLES] = { feed_fd(a->feed), POLLIN, 0 },
		[JOURNAL] = { keeper_fd(a->keeper), POLLIN, 0 },
	};

	while (!a->leave) {
		char *line;

		if (a->top->ops->turn)
			a->top->ops->turn(a->top, a);
		draw_all(a);
		fds[JOB] = (struct pollfd){ a->job ? job_fd(a->job) : -1, POLLIN, 0 };
		fds[LAYER] = (struct pollfd){ a->top->ops->fd ? a->top->ops->fd(a->top) : -1, POLLIN, 0 };
		fds[ERRANDS] = (struct pollfd){ errand_fd(a), POLLIN, 0 };
		if (poll(fds, FDS, next_timeout(a)) < 0 && errno != EINTR)
			return;
		if (fds[KEYS].revents & (POLLHUP | POLLERR | POLLNVAL)) {
			fds[KEYS].fd = -1;
			end(a);
		} else {
			take_keys(a);
		}
		if (fds[SIGNALS].revents)
			take_signals(a);
		line = fds[ERRORS].revents & POLLIN ? tty_error_line(&a->tty) : NULL;
		if (line)
			app_say(a, PAINT_WARN, "%s", line);
		free(line);
		if (fds[SAMPLES].revents)
			take_sample(a);
		if (fds[JOURNAL].revents)
			take_journal(a);
		if (fds[ERRANDS].revents)
			errand_reap(a);
		due(a);
	}
}

/* The screen was ended while a change ran: what came of it is told where it went. */
static void tell_change(struct app *a)
{
	const struct job_view *v = a->ending && a->job ? job_look(a->job) : NULL;
	size_t i;

	if (!v || v->state != JOB_FINISHED || v->status == PLAN_PLANNED)
		return;
	out_error("%s: %s%s%s", v->title, plan_status_name(v->status), v->error ? ": " : "", v->error ? v->error : "");
	for (i = 0; i < v->n_left; i++)
		out_error("%s: left %s", v->title, v->left[i]);
}

static void app_done(struct app *a)
{
	enum table_id t;
	struct job *j;

	while (a->top)
		app_pop(a);		/* puts a change that is not over among the given up */
	for (j = a->given_up; j; j = j->next)
		job_stop(j);
	while ((j = a->given_up)) {
		a->given_up = j->next;
		job_free(j);
	}
	aside_reap(&a->asides, true);
	while (a->n_commands)
		free(a->commands[--a->n_commands]);
	free(a->commands);
	feed_free(a->feed);
	errand_end(a);
	find_forget(a);
	snapshot_unref(a->snap);
	snapshot_unref(a->journal);
	past_done(&a->past);
	tags_clear(a);
	free(a->message);
	history_free(a->history);
	free(a->history_ref);
	for (t = 0; t < TABLE_COUNT; t++)
		free(a->asked[t].columns);
}

int tui_run(struct session *s)
{
	double delay_s = s->opts->delay_s > 0 ? s->opts->delay_s : DELAY_DEFAULT_S;
	struct app a = { .session = s, .delay_ns = (uint64_t)(delay_s * (double)NS_PER_SEC) };
	const char *no_color = getenv("NO_COLOR");
	struct err err = {0};
	struct look look;
	int code;

	if (session_sampler(s, &err)) {
		out_error("%s", err.text);
		return EXIT_FAILED;
	}
	if (look_parse(TABLE_VMS, s->opts, &s->out, &look, &err) || tty_open(&a.tty, !s->opts->no_mouse, &err)) {
		out_error("%s", err.text);
		look_done(&look);
		return EXIT_USAGE;
	}
	theme_init(&a.theme, !s->opts->no_color && !(no_color && *no_color), s->opts->ascii);
	a.draw.theme = &a.theme;
	a.history = history_new();
	settings_load(&a);
	list_open(&a, &look);
	look_done(&look);
	a.needs = needs_of(&a);
	a.feed = feed_new(s->sampler, a.delay_ns, a.needs);
	a.keeper = a.feed ? keeper_new(s) : NULL;
	if (a.keeper)
		loop(&a);
	tty_close(&a.tty);
	tell_change(&a);
	sampler_leave(s->sampler);
	code = a.keeper ? EXIT_DONE : EXIT_FAILED;
	if (!a.keeper) {
		thread_err(&err, "the screen");
		out_error("%s", err.text);
	}
	keeper_free(a.keeper);
	app_done(&a);
	return code;
}
