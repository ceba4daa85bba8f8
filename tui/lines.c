// SPDX-License-Identifier: GPL-3.0-or-later
/* The history of the prompt. */
#include "tui.h"
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#define HISTORY_LINES 1000

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
		fd = openat(dir, "history", O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
	if (dir >= 0 && fd < 0 && errno == ELOOP)
		err_set(&err, -EPERM, "%s is a symbolic link", name);
	else if (fd >= 0)
		state_check_owner(fd, S_IFREG, name, &err);
	if (err.code == -EPERM && !create)
		out_error("the history is not to be trusted, and is left alone: %s", err.text);
	return fd < 0 || err.code ? NULL : fdopen(take_fd(&fd), "r+");
}

/* Old lines go when there are twice as many as are kept. */
static void shorten(FILE *f)
{
	HIST_ENTRY **list = history_list();

	rewind(f);
	if (!list || ftruncate(fileno(f), 0))
		return;
	for (; *list; list++)
		fprintf(f, "%s\n", (*list)->line);
}

void lines_load(const struct session *s)
{
	FILE *f = history_open(s, false);
	auto_free char *line = NULL;
	size_t size = 0, n = 0;

	using_history();
	stifle_history(HISTORY_LINES);
	for (; f && getline(&line, &size, f) > 0; n++) {
		line[strcspn(line, "\n")] = '\0';
		add_history(line);
	}
	if (f && n > 2 * HISTORY_LINES)
		shorten(f);
	if (f)
		fclose(f);
}

void lines_add(const struct session *s, const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
	auto_free char *one = xstrdup(line);
	char *end;
	FILE *f;

	while ((end = strchr(one, '\n')))
		*end = ' ';
	if (last && !strcmp(last->line, one))
		return;
	add_history(one);
	f = history_open(s, true);
	if (!f)
		return;
	fprintf(f, "%s\n", one);
	fclose(f);
}
