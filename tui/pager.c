// SPDX-License-Identifier: GPL-3.0-or-later
/* A pager of the user's, for what does not fit. */
#include "tui.h"
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* It is the user's word; as root less(1) starts no shell and opens no other file (LESSSECURE). */
static void become_pager(int from)
{
	const char *pager = getenv("PAGER");
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(from, STDIN_FILENO);
	if (!geteuid())
		setenv("LESSSECURE", "1", 1);
	setenv("LESS", "FRX", 0);
	if (pager && *pager)
		execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
	else
		execlp("less", "less", "-FRX", (char *)NULL);
	_exit(127);
}

/* False: there is no pager, and nothing was shown. */
static bool show(const char *text, size_t len)
{
	FILE *f;
	pid_t pid;
	int fds[2], status = 0;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid)
		become_pager(fds[0]);
	close(fds[0]);
	f = pid < 0 ? NULL : fdopen(fds[1], "w");
	if (!f) {
		close(fds[1]);
		return false;
	}
	fwrite(text, 1, len, f);	/* who leaves it early has seen enough: SIGPIPE is ignored */
	fclose(f);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !WIFEXITED(status) || WEXITSTATUS(status) != 127;
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

void pager_begin(struct pager_hold *h, struct session *s, const struct call *c)
{
	const char *pager = getenv("PAGER");
	struct winsize ws = {0};

	*h = (struct pager_hold){0};
	if (!isatty(fileno(s->out.file)) || ioctl(fileno(s->out.file), TIOCGWINSZ, &ws) || !ws.ws_row)
		return;
	if (ws.ws_col)
		s->out.width = ws.ws_col;
	if (!isatty(STDIN_FILENO) || (pager && !strcmp(pager, "cat")) || s->opts->count > 1 || c->verb->table == TABLE_EVENTS)
		return;
	h->usual = s->out.file;
	h->rows = ws.ws_row;
	s->out.file = open_memstream(&h->text, &h->size);
}

void pager_end(struct pager_hold *h, struct session *s)
{
	if (!h->usual)
		return;
	fclose(s->out.file);
	s->out.file = h->usual;
	if (lines_of(h->text) < h->rows || !show(h->text, h->size))
		fwrite(h->text, 1, h->size, h->usual);
	fflush(h->usual);
	free(h->text);
}
