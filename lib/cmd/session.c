// SPDX-License-Identifier: GPL-3.0-or-later
/* Opening and closing, running calls and scripts. */
#include "cmd.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How often the screen's page of one guest reads the depths of its queues. */
#define SCREEN_RING_HZ 1000
#define LATES_MAX 8

static unsigned terminal_width(FILE *f)
{
	struct winsize ws;

	if (!isatty(fileno(f)) || ioctl(fileno(f), TIOCGWINSZ, &ws))
		return 0;
	return ws.ws_col;
}

int session_open(struct session *s, const struct options *opts, struct err *err)
{
	*s = (struct session){ .opts = opts, .lates = lates_new(LATES_MAX) };
	s->out = (struct out){ .file = stdout, .format = opts->format, .width = terminal_width(stdout), .headed = TABLE_COUNT };
	return host_open(opts->root ? opts->root : "/", &s->host, err);
}

void session_interrupt(struct session *s)
{
	s->interrupted = true;
	sampler_leave(s->sampler);
	virt_leave(s->virt);
}

void session_forget(struct session *s)
{
	virt_leave(s->virt);
	sampler_free(s->sampler);
	virt_free(s->virt);
	s->sampler = NULL;
	s->virt = NULL;
	s->begun = false;
}

void session_done(struct session *s)
{
	session_forget(s);
	host_free(s->host);
	lates_free(s->lates);
	*s = (struct session){0};
}

/* Without libvirt there is still /proc; only who asked for a URI is told that there is none. */
static void open_virt(struct session *s)
{
	struct virt_config config = {
		.uris = s->opts->uris, .n_uris = s->opts->n_uris, .read_only = s->opts->read_only,
		.no_passthrough = s->opts->no_passthrough,
	};
	struct err err;

	if (!s->opts->no_libvirt && host_is_live(s->host) && virt_new(&config, &s->virt, &err) && config.n_uris)
		out_error("--connect: %s", err.text);
}

int session_sampler(struct session *s, struct err *err)
{
	struct sample_config config = {
		.exact = s->opts->exact, .answer_ms = s->opts->answer_ms,
		.host = s->host, .scan = !s->opts->no_scan, .sockets = s->opts->sockets, .n_sockets = s->opts->n_sockets,
		.ring_hz = s->opts->ring_hz ? (unsigned)s->opts->ring_hz : s->opts->mode == MODE_SCREEN ? SCREEN_RING_HZ : 0,
	};

	if (s->sampler)
		return 0;
	open_virt(s);
	config.virt = s->virt;
	s->sampler = sampler_new(&config);
	return s->sampler ? 0 : thread_err(err, "asking guests");
}

int session_guests(struct session *s, int interrupt_fd, struct err *err)
{
	int rc = session_sampler(s, err);

	if (!rc)
		rc = sampler_discover(s->sampler, err);
	/* guests come and go between the lines of a script; the screen looks after the rest itself */
	if (rc || s->begun || s->opts->mode == MODE_SCREEN)
		return rc;
	s->begun = true;
	/* who is to be found may be libvirt's, and without a scan only it knows him */
	if (s->opts->n_sockets || (s->virt && s->opts->no_scan))
		sampler_settle(s->sampler, 0, 1500);
	if (s->virt && s->opts->no_scan)
		sampler_discover(s->sampler, NULL);
	session_finish_pending(s, interrupt_fd);
	return 0;
}

/*
 * Signals do not end a change in the middle. The terminating ones interrupt it, so that it is rolled back and told; a
 * stop from the terminal (^Z) takes effect when it is over.
 */
static int hold_signals(sigset_t *old)
{
	sigset_t held, interrupting;

	sigemptyset(&interrupting);
	sigaddset(&interrupting, SIGINT);
	sigaddset(&interrupting, SIGTERM);
	sigaddset(&interrupting, SIGHUP);
	held = interrupting;
	sigaddset(&held, SIGTSTP);
	pthread_sigmask(SIG_BLOCK, &held, old);
	return signalfd(-1, &interrupting, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True if one of them came: it has had its effect. */
static bool take_signal(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info);
}

static int run_change(struct session *s, const struct call *c, struct err *err)
{
	struct change change;
	sigset_t old;
	int code, interrupt = hold_signals(&old);

	change_build(s, c, interrupt, &change);
	if (change.plan->status == PLAN_PLANNED && !s->opts->dry_run)
		change_run(&change, interrupt, NULL, NULL);
	out_record(&s->out, change.plan, s->opts->timeout_ms, c->line);
	*err = change.plan->err;
	code = plan_exit_code(change.plan);
	change_done(&change);
	if (take_signal(interrupt))
		s->interrupted = true;
	close(interrupt);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return code;
}

/* --ring-hz is for the rings of one guest; among the lines of a script or a prompt, for those it can be meant for. */
static int check_ring_hz(const struct session *s, const struct call *c, struct err *err)
{
	bool one_verb = s->opts->mode == MODE_BATCH && !s->opts->script;

	if (!s->opts->ring_hz || (c->verb->table == TABLE_QUEUES ? c->values[0] != NULL : !one_verb))
		return 0;
	return err_set(err, -EINVAL, "--ring-hz is for the queues of one guest (kvmtop --batch --ring-hz=%llu queues VM)",
		       (unsigned long long)s->opts->ring_hz);
}

static int run_call(struct session *s, const struct call *c, struct err *err)
{
	if (check_ring_hz(s, c, err))
		return EXIT_USAGE;
	if (c->verb->run)
		return c->verb->run(s, c, err);
	return c->verb->build || c->verb->undoes ? run_change(s, c, err) : look_run(s, c, err);
}

int session_run(struct session *s, const struct call *c)
{
	const char *vm = verb_has_guest(c->verb) ? c->values[0] : NULL;
	struct err err = {0};
	int code;

	if (s->out.format == FORMAT_PROMETHEUS && c->verb->build) {
		err_set(&err, -EINVAL, "--output prometheus is for look-ups");
		code = EXIT_USAGE;
	} else {
		code = run_call(s, c, &err);
	}

	if (code && err.text[0])
		out_error("%s%s%s%s%s", vm ? vm : "", vm ? ": " : "", c->verb->name, ": ", err.text);
	return code;
}

/* Which of two exit codes says more when a script goes on after errors. */
static int worse(int a, int b)
{
	static const int order[] = { EXIT_PARTLY, EXIT_GUEST, EXIT_FAILED, EXIT_DENIED, EXIT_NOT_FOUND, EXIT_USAGE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a ? a : b;
}

struct script {
	struct call *calls;
	size_t n;
};

static void script_done(struct script *script)
{
	while (script->n)
		call_done(&script->calls[--script->n]);
	free(script->calls);
}

/* The next line without its end, or 0 behind the last one; no more than what a line may hold is ever read. */
static int line_read(FILE *f, char line[LINE_MAX_BYTES + 1], size_t *len, struct err *err)
{
	int c = EOF;

	*len = 0;
	while ((c = getc_unlocked(f)) != EOF && c != '\n') {
		if (!c)
			return err_set(err, -EINVAL, "a NUL byte");
		if (*len == LINE_MAX_BYTES)
			return err_set(err, -EINVAL, "a line holds at most %d bytes", LINE_MAX_BYTES);
		line[(*len)++] = (char)c;
	}
	line[*len] = '\0';
	return c != EOF || *len;
}

static int line_parse(struct script *script, const char *line, unsigned number, struct err *err)
{
	char **words = NULL;
	struct call call;
	size_t n = 0;
	int rc = words_parse(line, &words, &n, err);

	if (!rc && n && script->n == SCRIPT_MAX_CALLS)
		rc = err_set(err, -EINVAL, "the script has more than %d verbs", SCRIPT_MAX_CALLS);
	if (!rc && n)
		rc = call_parse(words, n, &call, err);
	if (!rc && n) {
		call.line = number;
		*vec_push(script->calls, script->n) = call;
	}
	words_free(words, n);
	return rc;
}

/* All of it, before the first line runs: a typo in the last line must not leave the others done. */
static int script_parse(FILE *f, struct script *script, struct err *err)
{
	auto_free char *line = xmalloc(LINE_MAX_BYTES + 1);
	size_t len = 0, total = 0;
	unsigned number = 0;
	int rc;

	do {
		number++;
		rc = line_read(f, line, &len, err);
		total += len + 1;
		if (rc <= 0)
			break;
		rc = total > SCRIPT_MAX_BYTES ? err_set(err, -EINVAL, "the script is longer than 16 MiB") :
						line_parse(script, line, number, err);
	} while (!rc);
	if (rc)
		err_prefix(err, rc, "line %u", number);
	else if (ferror(f))
		rc = err_sys(err, -EIO, "reading");
	return rc;
}

static int run_script(struct session *s, const char *path)
{
	struct script script = {0};
	struct err err = {0};
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int code = EXIT_DONE, rc;
	size_t i;

	if (!f) {
		out_error("script %s: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	rc = script_parse(f, &script, &err);
	if (f != stdin)
		fclose(f);
	if (rc) {
		out_error("script %s: %s", path, err.text);
		code = EXIT_USAGE;
	}
	for (i = 0; i < script.n && !rc; i++) {
		int one = session_run(s, &script.calls[i]);

		code = worse(code, one);
		if (one && !s->opts->go_on)
			code = one;
		if ((one && !s->opts->go_on) || s->interrupted)
			break;
	}
	script_done(&script);
	return code;
}

int session_batch(struct session *s)
{
	struct err err = {0};
	struct call call;
	int code;

	if (s->opts->script && s->opts->n_words) {
		out_error("a script and a verb ('%s') exclude each other", s->opts->words[0]);
		return EXIT_USAGE;
	}
	if (s->opts->script)
		return run_script(s, s->opts->script);
	if (call_parse(s->opts->words, s->opts->n_words, &call, &err)) {
		out_error("%s", err.text);
		return EXIT_USAGE;
	}
	code = session_run(s, &call);
	call_done(&call);
	return code;
}
