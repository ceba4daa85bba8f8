// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs of a plan, each in a process of its own, and the rules they are held to. */
#include "fault_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"

#define SILENCE_MS 250		/* where somebody is to be silent */
#define PATIENCE_MS 20000	/* else: a busy machine is no fault */
#define AT_ONCE 4		/* on each CPU, as most of them sleep; more would miss deadlines of kvmtop on a busy machine */
#define WINDOW 256		/* so far ahead of the one whose row is printed next: each has a pipe */

static const char *const fault_names[FAULT_COUNT] = {
	"none", "error reply", "done, no reply", "lost", "silence for good", "connection closed", "garbage",
	"QEMU dies", "interrupt",
	"event before reply", "guest silent", "guest refuses", "no way back", "host refuses",
	"killed before", "killed after",
};

/* How a step can go wrong follows from what it does. */
enum kind { COMMAND, QUESTION, REMOVAL, TAKING, ON_HOST };

static enum kind kind_of(enum step_op op)
{
	switch (op) {
	case STEP_AWAIT_GONE: return REMOVAL;
	case STEP_AWAIT_SIZE:
	case STEP_AWAIT_USB:
	case STEP_AWAIT_DRIVER: return QUESTION;
	case STEP_AWAIT_TAKEN: return TAKING;
	case STEP_FILE:
	case STEP_HUGE_POOL:
	case STEP_HUGE_DEMOTE:
	case STEP_PCI_BIND:
	case STEP_SRIOV:
	case STEP_VF_SET:
	case STEP_BRIDGE_KEEP:
	case STEP_PORT_VLAN:
	case STEP_LINK_SET:
	case STEP_LINK_ADD:
	case STEP_LINK_DEL:
	case STEP_OVS_ADD:
	case STEP_OVS_DEL: return ON_HOST;
	default: return COMMAND;
	}
}

static bool can_happen(const struct step *s, enum fault f)
{
	enum kind k = kind_of(s->op);

	switch (f) {
	case FAULT_NONE:
	case FAULT_COUNT: return false;
	case FAULT_KILLED_BEFORE:
	case FAULT_KILLED_AFTER: return true;
	case FAULT_HOST: return k == ON_HOST || s->op == STEP_PASS_FD;
	case FAULT_EVENT_FIRST: return k == COMMAND && !strcmp(s->what, "device_del");
	case FAULT_GUEST_REFUSES: return k == REMOVAL || k == TAKING;
	case FAULT_GUEST_SILENT: return k == REMOVAL || k == TAKING || s->op == STEP_AWAIT_DRIVER;
	case FAULT_STUCK: return k == QUESTION;
	/* a request to the guest that is lost is never answered, and then nothing is ever finished */
	case FAULT_LOST: return k == COMMAND && strcmp(s->what, "device_del");
	case FAULT_ERROR:
	case FAULT_SILENT:
	case FAULT_WEDGED: return k == COMMAND || k == QUESTION;
	case FAULT_GARBAGE: return k != ON_HOST && k != TAKING;
	case FAULT_CLOSED:
	case FAULT_DIED:
	case FAULT_INTERRUPTED: return k != ON_HOST;
	}
	return false;
}

/* Nobody can know whether it happened, or what has become of it. */
static bool is_blind(enum fault f)
{
	return f == FAULT_SILENT || f == FAULT_WEDGED || f == FAULT_CLOSED || f == FAULT_GARBAGE || f == FAULT_DIED ||
		f == FAULT_INTERRUPTED;
}

/* The step ends with its time. */
static bool lasts(enum fault f)
{
	return f == FAULT_SILENT || f == FAULT_LOST || f == FAULT_WEDGED || f == FAULT_GUEST_SILENT;
}

/* ---- one run */

struct one {
	const struct fault_case *c;
	size_t step;
	enum fault fault;
	struct model *model;
	struct plan_env env;
	struct host *host, *dead_host;		/* dead: a recorded one, in which nothing can be changed */
	char *before, *after, *host_before, *host_after;
	struct buf bad;				/* the rules that were broken */
};

static void broken(struct one *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void broken(struct one *o, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	buf_printf(&o->bad, "    %s\n", text);
	free(text);
}

/* The step that asks the guest for what this one waits for: there the guest learns how to misbehave. */
static size_t request_of(const struct plan *p, size_t step)
{
	while (step && strcmp(p->steps[step].what ? p->steps[step].what : "", "device_del"))
		step--;
	return step;
}

static void on_progress(void *arg, const struct plan *p, size_t step)
{
	struct one *o = arg;

	if (o->fault == FAULT_NONE || step >= p->n_steps)
		return;
	if (kind_of(p->steps[o->step].op) == REMOVAL && step == request_of(p, o->step) && p->steps[step].status == STEP_TODO)
		model_arm(o->model, o->fault == FAULT_INTERRUPTED ? FAULT_GUEST_SILENT : o->fault, false);
	if (step != o->step)
		return;
	o->env.timeout_ms = lasts(o->fault) ? SILENCE_MS : PATIENCE_MS;
	if (o->fault == FAULT_HOST)
		o->env.host = o->dead_host;
	else if (kind_of(p->steps[step].op) == TAKING && (o->fault == FAULT_CLOSED || o->fault == FAULT_DIED))
		model_hang_up(o->model);
	else if (kind_of(p->steps[step].op) != REMOVAL && kind_of(p->steps[step].op) != TAKING)
		model_arm(o->model, o->fault, kind_of(p->steps[step].op) == QUESTION);
	if (o->fault == FAULT_INTERRUPTED)
		eventfd_write(o->env.interrupt_fd, 1);
}

static bool has_line(const char *text, const char *line, size_t len)
{
	for (; *text; text = strchr(text, '\n') + 1)
		if (strcspn(text, "\n") == len && !strncmp(text, line, len))
			return true;
	return false;
}

char *fault_case_want(const struct fault_case *c)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < FAULT_LIST && c->want[i]; i++)
		buf_printf(&b, "%s\n", c->want[i]);
	return buf_take(&b);
}

/* "kind name=value" is named by a text that has the name in it. */
bool fault_is_named(const struct plan *p, const char *line)
{
	const char *name = strchr(line, ' ') + 1;
	auto_free char *bare = xstrndup(name, strcspn(name, "=\n"));
	size_t i;

	for (i = 0; i < p->n_left; i++)
		if (strstr(p->left[i], bare))
			return true;
	return false;
}

/* Something in the text has a name that this entry of `left` has. */
static bool names_one_of(const char *left, const char *text)
{
	for (; *text; text = strchr(text, '\n') + 1) {
		const char *name = text + strcspn(text, " \n");
		auto_free char *bare = xstrndup(name + 1, strcspn(name, "=\n") - (*name == ' '));

		if (*name == ' ' && strstr(left, bare))
			return true;
	}
	return false;
}

/* Each thing that is not as it was, and not as it should have become, is named; and nothing else is. */
static void check_left(struct one *o, const struct plan *p)
{
	auto_free char *want = fault_case_want(o->c);
	bool changed = strcmp(o->before, o->after), host_changed = strcmp(o->host_before, o->host_after);
	const char *line;
	size_t i;

	for (line = o->after; changed && *line; line = strchr(line, '\n') + 1) {
		size_t len = strcspn(line, "\n");

		if ((!has_line(o->before, line, len) || !has_line(want, line, len)) && !fault_is_named(p, line))
			broken(o, "%.*s is there and not named", (int)len, line);
	}
	for (line = o->before; *line; line = strchr(line, '\n') + 1)
		if (!has_line(o->after, line, strcspn(line, "\n")) && has_line(want, line, strcspn(line, "\n")) &&
		    !fault_is_named(p, line))
			broken(o, "%.*s is gone", (int)strcspn(line, "\n"), line);
	for (i = 0; i < p->n_left && !is_blind(o->fault); i++)
		if (!names_one_of(p->left[i], o->after) && !host_changed && !names_one_of(p->left[i], o->host_after))
			broken(o, "left names what is not there: %s", p->left[i]);
}

/* It is as it was, or as it was to become, or something is named; also when QEMU has died. */
static void check_host(struct one *o, const struct plan *p)
{
	if (strcmp(o->host_before, o->host_after) && !p->n_left && !(o->c->host_want && !strcmp(o->host_after, o->c->host_want)))
		broken(o, "the host was changed:\n%s    to:\n%s", o->host_before, o->host_after);
}

static void check_status(struct one *o, const struct plan *p, int rc)
{
	auto_free char *want = fault_case_want(o->c);
	bool same = !strcmp(o->before, o->after);
	static const int codes[PLAN_STATUS_COUNT] = {
		[PLAN_FAILED] = 1, [PLAN_REFUSED] = 4, [PLAN_TIMEOUT] = 4, [PLAN_PARTIAL] = 6,
	};

	if (plan_exit_code(p) != codes[p->status])
		broken(o, "exit code %d", plan_exit_code(p));
	if ((rc == 0) != (p->status == PLAN_OK) || (p->err.text[0] != 0) == (p->status == PLAN_OK))
		broken(o, "returned %d with '%s'", rc, p->err.text);
	switch (p->status) {
	case PLAN_OK:
		if (strcmp(o->after, want))
			broken(o, "ok, and there is:\n%s    instead of:\n%s", o->after, want);
		if (o->c->host_want && strcmp(o->host_after, o->c->host_want))
			broken(o, "ok, and the host is:\n%s", o->host_after);
		break;
	case PLAN_FAILED:
		if ((!same && o->fault != FAULT_DIED) || p->n_left)
			broken(o, "failed, and something is left");
		break;
	case PLAN_PARTIAL:
		if (!p->n_left)
			broken(o, "partial, and nothing is left");
		break;
	case PLAN_TIMEOUT:
	case PLAN_REFUSED:
		if ((!same && !p->n_left) || (p->n_left && !plan_is_pending(p)))
			broken(o, "neither clean nor pending");
		break;
	default:
		broken(o, "a plan that was run ends so?");
	}
	if (o->fault == FAULT_NONE && p->status != PLAN_OK)
		broken(o, "without a fault: %s", p->err.text);
}

char *fault_case_host(const struct fault_case *c, const struct host *h)
{
	return c->host_state ? c->host_state(h) : xstrdup("");
}

/* Of several things that were to go, those the guest was never asked for stay, and are named. */
static void check_rest_is_named(struct one *o, const struct plan *p, const char *now)
{
	auto_free char *want = fault_case_want(o->c);
	const char *line;
	size_t i;

	for (line = now; *line; line = strchr(line, '\n') + 1)
		if (!has_line(want, line, strcspn(line, "\n")) && !fault_is_named(p, line))
			broken(o, "finished, and %.*s is there and not named", (int)strcspn(line, "\n"), line);
	for (i = 0; i < p->n_left; i++)
		if (!names_one_of(p->left[i], now))
			broken(o, "finished, and left names what is not there: %s", p->left[i]);
}

static void check_finish(struct one *o, struct plan *p)
{
	auto_free char *want = fault_case_want(o->c), *now = NULL, *host_now = NULL;
	int rc;

	model_let_go(o->model);
	o->env.qmp = model_connect(o->model);
	o->env.host = o->host;
	o->env.timeout_ms = PATIENCE_MS;
	rc = plan_finish(p, &o->env);
	now = model_ledger(o->model);
	host_now = fault_case_host(o->c, o->host);
	if (rc)
		broken(o, "finishing it: %s", p->err.text);
	else if (plan_is_pending(p) || (p->n_left != 0) != (p->status == PLAN_PARTIAL))
		broken(o, "finished, and something is left");
	else if (p->n_left)
		check_rest_is_named(o, p, now);
	else if (strcmp(now, p->status == PLAN_OK ? want : o->before))
		broken(o, "finished (%s), and there is:\n%s", plan_status_name(p->status), now);
	else if (p->status == PLAN_UNDONE && strcmp(host_now, o->host_before))
		broken(o, "undone, and the host is:\n%s", host_now);
	qmp_close(o->env.qmp);
	model_disconnect(o->model);
}

struct plan *fault_case_build(const struct fault_case *c, const struct plan_env *env, const char *ref, struct err *err)
{
	struct plan *p = plan_new(c->name, "vm1", ref);
	size_t i;

	for (i = 0; i < FAULT_LIST && c->args[i][0]; i++)
		json_put_str(p->args, c->args[i][0], c->args[i][1]);
	if (!c->build(p, env, err))
		return p;
	plan_free(p);
	return NULL;
}

static bool is_killed(enum fault f)
{
	return f == FAULT_KILLED_BEFORE || f == FAULT_KILLED_AFTER;
}

/* p: for its step's text */
static void kill_it(struct one *o, const struct plan *p, struct buf *out)
{
	const struct fault_kill k = { .c = o->c, .host = o->host, .step = o->step, .after = o->fault == FAULT_KILLED_AFTER };
	auto_free char *text = step_text(&p->steps[o->step], 1000);

	buf_printf(out, "%-10s %2zu %-40.40s  %-18s  ", o->c->name, o->step, text, fault_names[o->fault]);
	qmp_close(take_ptr(o->env.qmp));
	model_disconnect(o->model);
	fault_kill_run(&k, o->model, out, &o->bad);
}

static void run_plan(struct one *o, struct plan *p, struct buf *out)
{
	const struct step *s = o->fault == FAULT_NONE ? NULL : &p->steps[o->step];
	auto_free char *text = s ? step_text(s, 1000) : xstrdup("");
	size_t i;
	int rc;

	o->before = model_ledger(o->model);
	o->host_before = fault_case_host(o->c, o->host);
	o->env.timeout_ms = PATIENCE_MS;
	o->env.undo_ms = o->fault == FAULT_WEDGED || o->fault == FAULT_STUCK ? SILENCE_MS : PATIENCE_MS;
	if (s && kind_of(s->op) == TAKING)
		model_guest_takes(o->model, o->fault == FAULT_GUEST_REFUSES ? o->fault : FAULT_GUEST_SILENT);
	rc = plan_run(p, &o->env);
	qmp_close(take_ptr(o->env.qmp));
	model_disconnect(o->model);		/* and has done all it was told to */
	o->after = model_ledger(o->model);
	if (o->fault == FAULT_DIED)
		model_die(o->model);
	o->host_after = fault_case_host(o->c, o->host);
	if (s && o->fault != FAULT_HOST && !model_is_hit(o->model) && o->fault != FAULT_INTERRUPTED)
		broken(o, "the fault was not reached: %s", p->err.text);
	if (model_complaint(o->model))
		broken(o, "no answer to %s", model_complaint(o->model));
	check_status(o, p, rc);
	if (o->fault != FAULT_DIED && p->status != PLAN_OK)
		check_left(o, p);
	if (p->status != PLAN_OK)
		check_host(o, p);
	buf_printf(out, "%-10s %2zu %-40.40s  %-18s  %-8s exit %d%s  left:", o->c->name, o->step, text,
		   fault_names[o->fault],
		   plan_status_name(p->status), plan_exit_code(p), p->n_rest ? "  pending" : "");
	for (i = 0; i < p->n_left; i++)
		buf_printf(out, "%s %s", i ? ";" : "", p->left[i]);
	buf_puts(out, p->n_left ? "" : " -");
}

/* In a process of its own: the row, then what is wrong with it. probe: instead, a line for each fault of each step. */
static void run_one(const struct fault_case *c, size_t step, enum fault fault, bool probe, struct buf *out)
{
	struct one o = { .c = c, .step = step, .fault = fault };
	char *tree = tree_new();
	struct err err = {0};
	struct plan *p;
	size_t i;
	int f;

	tree_puts(tree, "", "proc/uptime");
	if (c->root && !strcmp(c->root, "/"))
		tree_link(tree, "/sys", "sys");
	o.dead_host = tree_host(tree);
	if (host_open(c->root ? c->root : tree, &o.host, &err))
		abort();
	o.model = model_new(c);
	o.env = (struct plan_env){
		.host = o.host, .qmp = model_connect(o.model), .interrupt_fd = eventfd(0, EFD_CLOEXEC),
		  .progress = on_progress, .arg = &o,
	};
	/* where QEMU is to die: no process can have that number */
	p = fault_case_build(c, &o.env, fault == FAULT_DIED ? "pid:2147483646@1" : NULL, &err);
	if (!p) {
		broken(&o, "cannot be built: %s (%s)", err.text, model_complaint(o.model) ?
		       model_complaint(o.model) : "");
	} else if (probe) {
		for (i = 0; i < p->n_steps; i++)
			for (f = 0; f < FAULT_COUNT; f++)
				if (can_happen(&p->steps[i], (enum fault)f))
					buf_printf(out, "%zu %d\n", i, f);
	} else if (is_killed(fault)) {
		kill_it(&o, p, out);
	} else {
		run_plan(&o, p, out);
	}
	qmp_close(o.env.qmp);
	model_disconnect(o.model);
	if (p && p->n_rest)
		check_finish(&o, p);
	if (o.bad.len)
		buf_printf(out, "\n%s", o.bad.text);
	plan_free(p);
	model_free(o.model);
	host_free(o.host);
	host_free(o.dead_host);
	tree_remove(tree);
	close(o.env.interrupt_fd);
	free(o.before);
	free(o.after);
	free(o.host_before);
	free(o.host_after);
	buf_done(&o.bad);
}

/* ---- all of them */

struct child {
	pid_t pid;
	int fd;
	struct buf text;
	int status;			/* of waitpid */
};

#define CANNOT 77

/*
 * Threads of earlier tests that end by themselves, and were left behind. A child forked while one of them holds a lock of
 * the sanitizer's allocator would wait for that lock for ever.
 */
static void await_one_thread(void)
{
	struct stat st;
	unsigned looks;

#ifdef __SANITIZE_THREAD__
	return;			/* it has a thread of its own for good, and holds its locks over a fork */
#endif
	/* a directory has two links and one for each subdirectory */
	for (looks = 0; !stat("/proc/self/task", &st) && st.st_nlink > 3 && looks < 3000; looks++)
		clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
}

static void child_start(struct child *child, const struct fault_case *c, size_t step, enum fault fault, bool probe)
{
	auto_buf struct buf out = {0};
	int ends[2];

	fflush(NULL);
	if (pipe(ends))
		abort();
	await_one_thread();
	child->pid = fork();
	child->fd = ends[0];
	if (child->pid) {
		close(ends[1]);
		return;
	}
	close(ends[0]);
	if (c->setup && c->setup())
		_exit(CANNOT);
	run_one(c, step, fault, probe, &out);
	if (out.len && write(ends[1], out.text, out.len) != (ssize_t)out.len)
		_exit(1);
	buf_done(&out);
	exit(0);			/* with the sanitizer's look for leaks */
}

/* All of its output, and its end. */
static void child_end(struct child *child)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(child->fd, piece, sizeof(piece))) > 0)
		buf_add(&child->text, piece, (size_t)n);
	close(child->fd);
	waitpid(child->pid, &child->status, 0);
	buf_add(&child->text, "", 0);
}

static bool child_is_good(const struct child *child)
{
	return child->status == 0 && !strstr(child->text.text, "\n    ");
}

struct row {
	const struct fault_case *c;
	unsigned step, fault;
	struct child child;
};

/* A row for each step and fault, as the plan has them. */
static void probe(const struct fault_case *c, struct row **rows, size_t *n)
{
	struct child child = {0};
	char *line, *save = NULL;
	unsigned step, fault;

	child_start(&child, c, 0, FAULT_NONE, true);
	child_end(&child);
	if (c->setup && WIFEXITED(child.status) && WEXITSTATUS(child.status) == CANNOT) {
		print_message("  %s: cannot be run here\n", c->name);
		buf_done(&child.text);
		return;
	}
	if (!child_is_good(&child))
		fail_msg("%s: %d %s", c->name, child.status, child.text.text);
	*vec_push(*rows, *n) = (struct row){ .c = c };
	for (line = strtok_r(child.text.text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%u %u", &step, &fault) == 2)
			*vec_push(*rows, *n) = (struct row){ .c = c, .step = step, .fault = fault };
	buf_done(&child.text);
}

static bool is_over(const struct child *child)
{
	siginfo_t info = {0};

	return !waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

/* As many as may run beside each other, and of those that are in each other's way one. */
static void start_more(struct row *rows, size_t n, size_t from)
{
	unsigned most = AT_ONCE * (unsigned)sysconf(_SC_NPROCESSORS_ONLN), running = 0, alone = 0;
	size_t i;

	for (i = from; i < n && i < from + WINDOW; i++) {
		struct row *r = &rows[i];

		if (r->child.pid && !is_over(&r->child)) {
			running++;
			alone += r->c->alone;
		}
	}
	for (i = from; i < n && i < from + WINDOW && running < most; i++) {
		struct row *r = &rows[i];

		if (r->child.pid || (r->c->alone && alone))
			continue;
		child_start(&r->child, r->c, r->step, (enum fault)r->fault, false);
		running++;
		alone += r->c->alone;
	}
}

unsigned fault_table_run(const struct fault_case *cases, size_t n_cases)
{
	size_t n = 0, ended, bad = 0, i;
	struct row *rows = NULL;

	for (i = 0; i < n_cases; i++)
		probe(&cases[i], &rows, &n);
	for (ended = 0; ended < n; ended++) {
		struct child *child = &rows[ended].child;

		start_more(rows, n, ended);
		child_end(child);
		print_message("  %s\n", child->text.text);
		if (!child_is_good(child)) {
			print_message("    ^ this one (status %d)\n", child->status);
			bad++;
		}
		buf_done(&child->text);
	}
	free(rows);
	if (bad)
		fail_msg("%zu of %zu runs broke a rule", bad, n);
	return (unsigned)n;
}
