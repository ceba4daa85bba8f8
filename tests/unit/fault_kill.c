// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * kvmtop killed at a step: the plan runs in a process that dies there, and what the journal has of it then is all that
 * the next one knows. The model of QEMU lives on.
 */
#include "fault_model.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define SILENCE_MS 250		/* where the guest was not asked for what is waited for */

/* In the process that dies. */
struct victim {
	size_t step, dies_at;
	int journal;
};

/* The engine has just written the journal: so this is what is in it. */
static void on_progress(void *arg, const struct plan *p, size_t step)
{
	const struct victim *v = arg;

	if (step == v->step && p->steps[step].status == STEP_TODO && !p->steps[step].note) {
		auto_json struct json_object *obj = NULL;
		struct plan *named = (struct plan *)p;
		auto_free char *text = NULL;

		if (!named->id) {
			named->id = xstrdup("20260102-030405-00ab");
			named->begun = xstrdup("2026-01-02T03:04:05.000+00:00");
		}
		obj = plan_json(p);
		text = json_text(obj);
		if (write(v->journal, text, strlen(text)) != (ssize_t)strlen(text))
			_exit(1);
	}
	if (step == v->dies_at)
		raise(SIGKILL);
}

static void die_at(const struct fault_kill *k, int fd, int journal)
{
	struct victim v = { .step = k->step, .dies_at = k->step + k->after, .journal = journal };
	struct plan_env env = { .host = k->host, .interrupt_fd = -1, .timeout_ms = PATIENCE_MS, .progress = on_progress, .arg = &v };
	struct err err = {0};
	struct plan *p;

	env.qmp = qmp_open_fd(fd);
	if (qmp_greet(env.qmp, PATIENCE_MS, &err))
		_exit(1);
	p = fault_case_build(k->c, &env, NULL, &err);
	if (p)
		plan_run(p, &env);
	_exit(1);
}

/* What the journal had when it died; NULL: it did not die there. */
static struct plan *killed(const struct fault_kill *k, struct model *m, struct err *err)
{
	auto_json struct json_object *obj = NULL;
	int ends[2], status, fd = model_offer(m);
	auto_buf struct buf text = {0};
	struct plan *p = NULL;
	char piece[4096];
	ssize_t n;
	pid_t pid;

	if (pipe(ends))
		abort();
	pid = fork();		/* before there is a thread */
	if (!pid)
		die_at(k, fd, ends[1]);
	close(fd);
	close(ends[1]);
	model_serve(m);
	while ((n = read(ends[0], piece, sizeof(piece))) > 0)
		buf_add(&text, piece, (size_t)n);
	close(ends[0]);
	waitpid(pid, &status, 0);
	model_disconnect(m);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		err_set(err, -EPROTO, "it ran on (status %d)", status);
		return NULL;
	}
	if (json_parse(text.text ? text.text : "", text.len, &obj, err) || plan_parse(obj, &p, err))
		return NULL;
	return p;
}

/* Whatever is in the one list of lines and not in the other may be left, and must be named. */
static void check_named(const struct plan *p, const char *list, const char *other, struct buf *bad)
{
	const char *line;

	for (line = list; *line; line = strchr(line, '\n') + 1) {
		int len = (int)strcspn(line, "\n") + 1;
		auto_free char *whole = xasprintf("\n%.*s", len, line), *in = xasprintf("\n%s", other);

		if (!strstr(in, whole) && !fault_is_named(p, line))
			buf_printf(bad, "    killed, and %.*s differs and is not named\n", len - 1, line);
	}
}

static void wait_less(void *arg, const struct plan *p, size_t step)
{
	struct plan_env *env = arg;

	if (step < p->n_steps)
		env->timeout_ms = p->steps[step].op == STEP_AWAIT_GONE ? SILENCE_MS : PATIENCE_MS;
}

/* asked: the guest was asked for all that the undo waits for. */
static struct plan *undo(struct plan *entry, struct model *m, const struct host *h, bool asked, struct err *err)
{
	auto_free char *ref = xasprintf("pid:%d@0", (int)getpid());	/* the model's process is ours */
	struct plan *p = plan_new("undo", "vm1", ref);
	struct plan_env env = { .host = h, .interrupt_fd = -1, .timeout_ms = PATIENCE_MS, .undo_ms = PATIENCE_MS };

	if (!asked) {
		env.progress = wait_less;
		env.arg = &env;
	}

	env.qmp = model_connect(m);
	if (!plan_undo(entry, p, err) && p->status == PLAN_PLANNED)
		plan_run(p, &env);
	qmp_close(env.qmp);
	model_disconnect(m);
	plan_undone(entry, p);
	return p;
}

/* What is there beyond what was wanted was not asked for, and a warning says so. */
static bool is_warned_of(const struct plan *p, const char *now, const char *want)
{
	const char *line;
	size_t i;

	for (line = now; *line; line = strchr(line, '\n') + 1) {
		size_t len = strcspn(line, "\n");
		auto_free char *thing = xstrndup(line, len);
		const char *name = strrchr(thing, ' ') ? strrchr(thing, ' ') + 1 : thing;
		bool named = strstr(want, thing);

		for (i = 0; i < p->n_warnings; i++)
			named |= str_has_prefix(p->warnings[i], name);
		if (!named)
			return false;
	}
	return true;
}

void fault_kill_run(const struct fault_kill *k, struct model *m, struct buf *out, struct buf *bad)
{
	auto_free char *before = model_ledger(m), *host_before = fault_case_host(k->c, k->host), *want = fault_case_want(k->c);
	auto_free char *left = NULL, *after = NULL, *host_after = NULL;
	struct plan *entry, *back;
	struct err err = {0};
	bool removes, waits, asked;

	entry = killed(k, m, &err);
	if (!entry) {
		buf_printf(bad, "    killed: %s\n", err.text);
		return;
	}
	left = model_ledger(m);
	plan_abandon(entry);
	if (entry->n_steps && entry->steps[0].n_undo) {		/* an addition; else what it removes is to be gone in the end */
		check_named(entry, left, before, bad);
		check_named(entry, before, left, bad);
	} else {
		check_named(entry, left, want, bad);
	}
	buf_printf(out, "%s, %zu left", plan_status_name(entry->status), entry->n_left);
	removes = entry->n_steps && !entry->steps[0].n_undo;
	asked = k->after || !entry->steps[k->step].what || strcmp(entry->steps[k->step].what, "device_del");
	back = undo(entry, m, k->host, asked, &err);
	after = model_ledger(m);
	host_after = fault_case_host(k->c, k->host);
	buf_printf(out, ", then %s", plan_status_name(back->status));
	/* nothing is removed by the undo of a removal: what the guest was not asked for stays */
	waits = removes && back->status == PLAN_TIMEOUT && !strcmp(after, left);
	if (back->status != PLAN_UNDONE && back->status != PLAN_UNCHANGED && !waits && !(removes && back->status == PLAN_OK))
		buf_printf(bad, "    undo after it was killed: %s (%s)\n", plan_status_name(back->status), back->err.text);
	if (!waits && strcmp(after, before) && (entry->steps[0].n_undo || (strcmp(after, want) && !is_warned_of(back, after, want))))
		buf_printf(bad, "    undone, and there is:\n%s    instead of:\n%s", after, before);
	/* a removal gives back to the host */
	if (strcmp(host_after, host_before) && (entry->steps[0].n_undo || !k->c->host_want || strcmp(host_after, k->c->host_want)))
		buf_printf(bad, "    undone, and the host is:\n%s", host_after);
	if (model_complaint(m))
		buf_printf(bad, "    no answer to %s\n", model_complaint(m));
	plan_free(entry);
	plan_free(back);
}
