// SPDX-License-Identifier: GPL-3.0-or-later
/* kvmtop: which of its faces is wanted. */
#include "lib/cmd/cmd.h"
#include "tui/tui.h"

#include <errno.h>
#include <locale.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int run_help(struct session *s)
{
	struct err err = {0};
	struct call call;

	if (!s->opts->n_words) {
		docs_usage(stdout);
		return EXIT_DONE;
	}
	if (s->opts->n_words == 1 || s->opts->n_words == 2) {
		auto_free char *two = s->opts->n_words == 2 ? xasprintf("%s %s", s->opts->words[0], s->opts->words[1]) : NULL;
		const struct verb *v = two && verb_find(two) ? verb_find(two) : verb_find(s->opts->words[0]);

		if (v) {
			docs_verb(stdout, v);
			return EXIT_DONE;
		}
	}
	call_parse(s->opts->words, s->opts->n_words, &call, &err);
	out_error("%s", err.text);
	return EXIT_USAGE;
}

static int run(struct session *s)
{
	switch (s->opts->mode) {
	case MODE_SCREEN: return tui_run(s);
	case MODE_BATCH: return session_batch(s);
	case MODE_PROMPT: return tui_prompt(s);
	case MODE_HELP: return run_help(s);
	case MODE_VERSION:
		printf("kvmtop %s\n", version_text());
		return EXIT_DONE;
	}
	return EXIT_USAGE;
}

/* Root's alone, or yet to be made where only root can. */
static bool is_roots(const char *name)
{
	auto_free char *path = xstrdup(name);
	struct stat st;
	char *slash;

	while (lstat(path, &st)) {
		slash = strrchr(path, '/');
		if (errno != ENOENT || !slash || slash == path)
			return false;
		*slash = '\0';
	}
	return !st.st_uid && !S_ISLNK(st.st_mode) && !(st.st_mode & 022);
}

/*
 * As root, often by sudo: what of the environment leads to files of another user is not followed. HOME becomes root's,
 * which has readline's ~/.inputrc (a key there may type a whole line) and ~/.terminfo.
 */
static void drop_foreign_places(void)
{
	static const char *const names[] = { "HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
					     "INPUTRC", "TERMINFO" };
	size_t i;

	if (geteuid())
		return;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path = getenv(names[i]);

		if (path && !is_roots(path))
			unsetenv(names[i]);
	}
	unsetenv("TERMINFO_DIRS");
	if (!getenv("HOME"))
		setenv("HOME", is_roots("/root") ? "/root" : "/", 1);	/* getpwuid(3) may ask a server */
}

/* A guest takes a descriptor per thread and a few more; where they run out, files are opened for each reading. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	struct options opts;
	struct session s;
	struct err err = {0};
	int code;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");	/* a decimal comma would break what scripts read */
	signal(SIGPIPE, SIG_IGN);
	drop_foreign_places();
	if (argc > 1 && !strcmp(argv[1], "complete"))	/* for completions/: the words are raw */
		return complete_shell(stdout, argv + 2, (size_t)argc - 2);
	raise_limit();
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 2);	/* what one thread has freed is of use to the others */
#endif
	if (options_parse(argc, argv, &opts, &err)) {
		out_error("%s", err.text);
		return EXIT_USAGE;
	}
	if (session_open(&s, &opts, &err)) {
		out_error("%s", err.text);
		options_done(&opts);
		return EXIT_FAILED;
	}
	s.keys = tui_keys(&s.n_keys);
	code = run(&s);
	session_done(&s);
	options_done(&opts);
	if (fflush(stdout) || ferror(stdout)) {
		if (code == EXIT_DONE)
			code = EXIT_FAILED;
	}
	return code;
}
