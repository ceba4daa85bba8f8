// SPDX-License-Identifier: GPL-3.0-or-later
/* The verbs at a readline prompt. Readline and its callbacks have no argument of ours: what they need they look up. */
#include "tui.h"
#include "around.h"
#include "lines.h"
#include "pager.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

/* ---- completion */

#define COMPLETE_MS 2000
/* Of more candidates only the words are shown, side by side. */
#define EXPLAINED_MAX 20

/* Readline's functions have no argument of ours. */
static struct session *completing;
static bool goes_on, given_up;		/* the line belongs to others before it; ^C came since it was asked for */

static void show_words(const struct completion *c)
{
	char **list = xcalloc(c->n + 2, sizeof(*list));
	size_t longest = 0, i;

	for (i = 0; i < c->n; i++) {
		list[i + 1] = c->list[i].text;
		if (strlen(list[i + 1]) > longest)
			longest = strlen(list[i + 1]);
	}
	list[0] = (char[]){ "" };
	rl_display_match_list(list, (int)c->n, (int)longest);
	free(list);
}

static void show_explained(const struct completion *c)
{
	size_t widest = 0, i;
	int rows, columns;

	rl_get_screen_size(&rows, &columns);
	for (i = 0; i < c->n; i++)
		if (str_width(c->list[i].text) > widest)
			widest = str_width(c->list[i].text);
	for (i = 0; i < c->n; i++) {
		auto_free char *line = xasprintf("%s%*s%s", c->list[i].text, (int)(widest - str_width(c->list[i].text)) + 2, "",
						 c->list[i].help ? c->list[i].help : "");
		size_t used;

		str_clean(line);
		line[str_fit(line, columns > 1 ? (size_t)columns - 1 : 1, &used)] = '\0';
		fprintf(rl_outstream, "%s\n", line);
	}
}

/* What there is to choose from, or why there is nothing, above a fresh copy of the line. */
static void show_choice(const struct completion *c)
{
	rl_crlf();
	if (c->n > EXPLAINED_MAX)
		show_words(c);
	else
		show_explained(c);
	if (c->cut)
		fprintf(rl_outstream, "(and more)\n");
	if (!c->n && c->note) {
		out_text(rl_outstream, c->note);
		fputc('\n', rl_outstream);
	}
	rl_forced_update_display();
}

/* Tab. Readline's own completion only knows its own way to quote. */
static int complete(int count, int key)
{
	struct line_completion l = {0};

	(void)count;
	(void)key;
	complete_line(completing, rl_line_buffer, (size_t)rl_point, true, COMPLETE_MS, &l);
	if (l.text) {
		rl_begin_undo_group();
		rl_delete_text((int)l.from, rl_point);
		rl_point = (int)l.from;
		rl_insert_text(l.text);
		rl_end_undo_group();
	} else if (l.candidates.n || l.candidates.note) {
		show_choice(&l.candidates);
	} else {
		rl_ding();
	}
	line_completion_done(&l);
	return 0;
}

/* ---- lines */

/* ^C gives the line up, not kvmtop. */
static void give_up_line(void)
{
	given_up = true;
	rl_replace_line("", 0);
	rl_crlf();
	rl_on_new_line();
	rl_redisplay();
}

/* ^C is blocked but for here, so that one that comes during a completion is not lost. */
static int get_char(FILE *in)
{
	struct signalfd_siginfo info;
	struct pollfd fds[2] = { { .fd = fileno(in), .events = POLLIN }, { .fd = -1, .events = POLLIN } };
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	fds[1].fd = signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK);
	do {
		fds[0].revents = 0;
		if (poll(fds, ARRAY_SIZE(fds), isatty(fileno(in)) ? AROUND_MS : -1) < 0 && errno != EINTR)
			break;
		rl_check_signals();	/* a change of the size */
		/* first: the terminal drops what was typed before it */
		if (read(fds[1].fd, &info, sizeof(info)) == sizeof(info))
			give_up_line();
		else if (!fds[0].revents)
			around_tell(completing);
	} while (!fds[0].revents && !(given_up && goes_on));
	if (fds[1].fd >= 0)
		close(fds[1].fd);
	return given_up && goes_on ? '\r' : rl_getc(in);
}

/* more: it is one of several that belong together. NULL: the end of the input. */
static char *ask(const char *prompt, bool more)
{
	sigset_t interrupt, was;
	char *line;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, &was);
	given_up = false;
	goes_on = more;
	line = readline(prompt);
	sigtimedwait(&interrupt, NULL, &(struct timespec){0});		/* one that came after the line */
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return line;
}

/* Lines that belong together, as one: what is open goes on, until ^C gives it all up. */
static char *ask_whole(void)
{
	char *line = ask("kvmtop> ", false), *more;
	bool joined;

	while (line && line_is_open(line, &joined) && strlen(line) < LINE_MAX_BYTES) {
		struct buf all = {0};

		more = ask("      > ", true);
		if (!more)
			break;
		buf_add(&all, line, given_up ? 0 : strlen(line) - joined);
		buf_puts(&all, given_up ? "" : joined ? more : "\n");
		if (!given_up && !joined)
			buf_puts(&all, more);
		free(more);
		free(line);
		line = buf_take(&all);
	}
	return line;
}

/* ---- verbs */

/* Ends the look-up that runs at ^C; a change minds signals itself, and takes back what it did. */
struct watch {
	struct session *session;
	pthread_t thread;
	int signals, over;
};

static void *watch(void *arg)
{
	struct watch *w = arg;
	struct pollfd fds[2] = { { .fd = w->signals, .events = POLLIN }, { .fd = w->over, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		;
	if (fds[0].revents)
		session_interrupt(w->session);
	return NULL;
}

static void run_look(struct session *s, const struct call *call)
{
	struct watch w = { .session = s, .over = eventfd(0, EFD_CLOEXEC) };
	struct pager_hold hold;
	sigset_t interrupt, was;
	struct err err = {0};

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	w.signals = signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK);
	pthread_sigmask(SIG_BLOCK, &interrupt, &was);
	if (session_sampler(s, &err) || w.signals < 0 || w.over < 0 || thread_start(&w.thread, watch, &w, 0)) {
		out_error("%s", err.code ? err.text : "the system allows no more threads");
	} else {
		pager_begin(&hold, s, call);
		session_run(s, call);
		eventfd_write(w.over, 1);
		pthread_join(w.thread, NULL);
		pager_end(&hold, s);
	}
	if (s->interrupted) {
		session_forget(s);
		out_error("interrupted");
	}
	sigtimedwait(&interrupt, NULL, &(struct timespec){0});
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	mem_close_ptr(&w.signals);
	mem_close_ptr(&w.over);
}

static void run_call(struct session *s, const struct call *call)
{
	s->out.headed = TABLE_COUNT;
	s->interrupted = false;
	if (call->verb->build || call->verb->undoes)
		session_run(s, call);
	else
		run_look(s, call);
	s->interrupted = false;
	around_begin(s);
}

/* With options of its own before it, or among it: -o json vms. */
static void run_words(struct session *s, char **words, size_t n)
{
	const struct options *usual = s->opts;
	struct options own;
	struct err err = {0};
	struct call call;

	if (options_parse_line(words, n, usual, &own, &err) || call_parse(own.words, own.n_words, &call, &err)) {
		out_error("%s", err.text);
		return;
	}
	s->opts = &own;
	s->out.format = own.format;
	run_call(s, &call);
	s->opts = usual;
	s->out.format = usual->format;
	call_done(&call);
}

/* False: leave. */
static bool run_line(struct session *s, const char *line)
{
	struct err err = {0};
	char **words = NULL;
	size_t n = 0;
	bool leave;

	if (words_parse(line, &words, &n, &err)) {
		out_error("%s", err.text);
		return true;
	}
	leave = n == 1 && (!strcmp(words[0], "quit") || !strcmp(words[0], "exit"));
	if (n && !leave)
		run_words(s, words, n);
	words_free(words, n);
	return !leave;
}

int tui_prompt(struct session *s)
{
	char *line;
	bool go_on = true;

	rl_readline_name = "kvmtop";
	completing = s;
	rl_bind_key('\t', complete);
	rl_catch_signals = 0;
	rl_getc_function = get_char;
	lines_load(s);
	while (go_on && (line = ask_whole())) {
		if (*line)
			lines_add(s, line);
		go_on = run_line(s, line);
		free(line);
	}
	if (go_on && isatty(STDIN_FILENO))
		putchar('\n');
	clear_history();
	around_end();
	return EXIT_DONE;
}
