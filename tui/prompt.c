// SPDX-License-Identifier: GPL-3.0-or-later
/* The verbs at a readline prompt. Readline and its callbacks have no argument of ours: what they need they look up. */
#include "tui.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#define HISTORY_LINES 1000

/* ---- completion */

#define COMPLETE_MS 2000
/* Of more candidates only the words are shown, side by side. */
#define EXPLAINED_MAX 20

/* Readline's functions have no argument of ours. */
static struct session *completing;

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
	complete_line(completing, rl_line_buffer, (size_t)rl_point, false, COMPLETE_MS, &l);
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

/* ---- history */

/*
 * The file of the lines: beside the journal, and believed as that is, since what is recalled is run. NULL: it is absent
 * or not to be trusted, which is said once.
 */
static FILE *history_open(const struct session *s, bool create)
{
	auto_free char *path = state_dir(), *name = xasprintf("%s/history", path);
	auto_close int dir = -1, fd = -1;
	struct err err = {0};

	if (s->opts->read_only || (create && state_make(path)))
		return NULL;
	dir = state_open(AT_FDCWD, path, path, &err);
	if (dir >= 0)
		fd = openat(dir, "history", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
	if (dir >= 0 && fd < 0 && errno == ELOOP)
		err_set(&err, -EPERM, "%s is a symbolic link", name);
	else if (fd >= 0)
		state_check_owner(fd, S_IFREG, name, &err);
	if (err.code == -EPERM && !create)
		out_error("the history is not to be trusted, and is left alone: %s", err.text);
	return fd < 0 || err.code ? NULL : fdopen(take_fd(&fd), "r+");
}

static void history_load(const struct session *s)
{
	FILE *f = history_open(s, false);
	char line[LINE_MAX];

	using_history();
	stifle_history(HISTORY_LINES);
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		add_history(line);
	}
	if (f)
		fclose(f);
}

static void history_save(const struct session *s)
{
	HIST_ENTRY **list = history_list();
	FILE *f = list ? history_open(s, true) : NULL;

	if (f && !ftruncate(fileno(f), 0))
		for (; *list; list++)
			fprintf(f, "%s\n", (*list)->line);
	if (f)
		fclose(f);
	clear_history();
}

static void remember(const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!last || strcmp(last->line, line))
		add_history(line);
}

/* ---- lines */

/* ^C gives the line up, not kvmtop. */
static void give_up_line(void)
{
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
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			break;
		rl_check_signals();	/* a change of the size */
		/* first: the terminal drops what was typed before it */
		if (read(fds[1].fd, &info, sizeof(info)) == sizeof(info))
			give_up_line();
	} while (!fds[0].revents);
	if (fds[1].fd >= 0)
		close(fds[1].fd);
	return rl_getc(in);
}

static char *ask(void)
{
	sigset_t interrupt, was;
	char *line;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, &was);
	line = readline("kvmtop> ");
	sigtimedwait(&interrupt, NULL, &(struct timespec){0});		/* one that came after the line */
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return line;
}

/* False: leave. */
static bool run_line(struct session *s, const char *line)
{
	struct err err = {0};
	struct call call;
	char **words = NULL;
	size_t n = 0;
	bool leave = false;

	if (words_parse(line, &words, &n, &err)) {
		out_error("%s", err.text);
		return true;
	}
	if (n == 1 && (!strcmp(words[0], "quit") || !strcmp(words[0], "exit")))
		leave = true;
	else if (n && call_parse(words, n, &call, &err))
		out_error("%s", err.text);
	else if (n) {
		s->out.headed = TABLE_COUNT;
		session_run(s, &call);
		call_done(&call);
	}
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
	history_load(s);
	while (go_on && (line = ask())) {
		if (*line)
			remember(line);
		go_on = run_line(s, line);
		free(line);
	}
	if (go_on && isatty(STDIN_FILENO))
		putchar('\n');
	history_save(s);
	return EXIT_DONE;
}
