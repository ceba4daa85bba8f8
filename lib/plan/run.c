// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The engine: does steps, waits, takes them back in reverse. It knows operations, not devices.
 */
#include "private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A guest that lets go does so within a second; one that is asked during roll-back gets this long. */
#define UNDO_WAIT_MS 5000
/* A killed process is in /proc until the kernel has freed its memory. */
#define DEATH_MS 2000
/* A call that libvirt has not begun yet is not seen: one look is not enough. */
#define SETTLED_LOOKS 2
#define SETTLED_LOOK_NS (250 * NS_PER_MS)
#define RESOLVE_MS 1000

static void set_interrupt(struct run *r, int fd)
{
	r->interrupt = fd;
	if (r->env->qmp)
		qmp_set_interrupt(r->env->qmp, fd);
}

static void follow_events(struct run *r, qmp_event_fn *fn)
{
	if (r->env->qmp)
		qmp_on_event(r->env->qmp, fn, fn ? r : NULL);
}

static void run_done(struct run *r)
{
	follow_events(r, NULL);
	run_forget_events(r);
}

bool plan_guest_is_gone(const struct plan *p, const struct host *h)
{
	struct host_proc proc = {0};
	unsigned long long start;
	bool same;
	int pid;

	if (!p->ref || sscanf(p->ref, "pid:%d@%llu", &pid, &start) != 2)
		return false;
	same = !host_proc_read(h, pid, &proc) && proc.start == start && proc.argc;
	host_proc_done(&proc);
	return !same;
}

/* The process is gone, or going: then nothing of what was done is left. */
bool plan_guest_ends(const struct run *r)
{
	uint64_t deadline = clock_now_ns() + DEATH_MS * NS_PER_MS;

	while (!plan_guest_is_gone(r->p, r->env->host)) {
		if (clock_now_ns() >= deadline)
			return false;
		clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
	}
	return true;
}

/* QEMU has no class of errors for most things that are not there, or going; these are its words since 2.x and 5.x. */
static bool is_absent(int rc, const struct err *err)
{
	if (rc != -EREMOTEIO)
		return rc == -ENODEV || rc == -ENOENT;
	return strstr(err->text, "not found") || strstr(err->text, "Failed to find node") ||
	       strstr(err->text, "already in the process of unplug");
}

static int step_do(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	int rc = op_get(s->op)->run(r, s, step_ms(s, timeout_ms), err);

	return rc && s->if_there && is_absent(rc, err) ? 0 : rc;
}

/* Of what takes a step back, what is done to the host: the guest has ended. */
static void take_back_from_host(struct run *r, struct step *s)
{
	bool done = false;
	size_t i;

	for (i = 0; i < s->n_undo; i++) {
		if (!op_get(s->undo[i].op)->outlives)
			continue;
		if (step_do(r, &s->undo[i], r->env->timeout_ms, NULL)) {
			plan_note_left(r->p, s->leaves);
			return;
		}
		done = true;
	}
	if (done && s->status == STEP_OK)
		s->status = STEP_UNDONE;
}

/*
 * Take one step back. sure: it is known to have happened, so an inverse that fails leaves something. A device the guest
 * does not release, and what has to wait for that, is put off.
 */
static bool step_take_back(struct run *r, struct step *s, bool sure)
{
	unsigned wait_ms = r->env->undo_ms ? r->env->undo_ms : UNDO_WAIT_MS;
	/* who is in a hurry wants no ruins either */
	unsigned call_ms = r->env->timeout_ms < wait_ms ? wait_ms : r->env->timeout_ms;
	struct err err = {0};
	size_t i;
	int rc = 0;

	if (call_ms < s->at_least_ms)	/* QEMU may still be at it */
		call_ms = s->at_least_ms;
	for (i = 0; i < s->n_undo && !rc; i++)
		rc = step_do(r, &s->undo[i], step_awaits_removal(&s->undo[i]) ? wait_ms : call_ms, &err);
	/* QEMU answered that it does not know it: the step had not happened after all */
	if (rc && !sure && is_absent(rc, &err))
		rc = 0;
	if (rc) {
		plan_note_left(r->p, s->leaves);
		if (rc == -ETIMEDOUT && step_awaits_removal(&s->undo[i - 1]))
			plan_put_off(r->p, &s->undo[i - 1], s->n_undo - (i - 1));
		return false;
	}
	if (s->status == STEP_OK && s->n_undo)
		s->status = STEP_UNDONE;
	return true;
}

/* Steps before `failed` have been done; failed itself perhaps, if nobody answered. In reverse, stop at what stays. */
static void roll_back(struct run *r, size_t failed, int rc)
{
	bool whole = true;
	size_t i;

	set_interrupt(r, -1);
	if (rc == -ETIMEDOUT || rc == -ECANCELED)
		whole = step_take_back(r, &r->p->steps[failed], false);
	for (i = failed; i-- > 0; ) {
		struct step *s = &r->p->steps[i];

		/* what an undeleted device uses cannot be taken away under it */
		if (whole) {
			whole = step_take_back(r, s, true);
			continue;
		}
		plan_note_left(r->p, s->leaves);
		if (r->p->n_rest)
			plan_put_off(r->p, s->undo, s->n_undo);
	}
	r->p->status = r->p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
}

/* Until QEMU, or libvirt, has done all that it was asked for, or the time is up. */
static int await_settled(struct run *r, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	unsigned idle = 0;
	bool is_idle;

	if (r->env->qmp)	/* it does what it is asked in order */
		return qmp_call(r->env->qmp, "query-status", NULL, timeout_ms, NULL, err);
	while (r->p->domain && idle < SETTLED_LOOKS) {
		int rc = virt_is_idle(r->env->virt, r->p->domain, timeout_ms, &is_idle, err);

		if (rc)
			return rc;
		idle = is_idle ? idle + 1 : 0;
		if (!idle && clock_now_ns() >= deadline)
			return err_set(err, -ETIMEDOUT, "libvirt is still at it");
		clock_sleep_until(clock_now_ns() + SETTLED_LOOK_NS);
	}
	return 0;
}

/* No answer comes: neither is it known whether step i was done, nor can anything be taken back now. */
static void leave_unknown(struct plan *p, size_t i)
{
	auto_free char *why = xstrdup(p->err.text), *perhaps = NULL;
	size_t k;

	for (k = 0; k < i; k++)
		plan_note_left(p, p->steps[k].leaves);
	if (p->steps[i].leaves)
		perhaps = xasprintf("%s, perhaps", p->steps[i].leaves);
	plan_note_left(p, perhaps);
	p->steps[i].status = STEP_UNKNOWN;
	p->status = PLAN_TIMEOUT;
	err_set(&p->err, p->err.code, "%s: what comes of it is not known yet (the next kvmtop finds out)", why);
}

static bool stays_unknown(struct run *r, size_t i, int rc)
{
	unsigned wait_ms = r->env->undo_ms ? r->env->undo_ms : UNDO_WAIT_MS;

	if (rc != -ETIMEDOUT && rc != -ECANCELED)
		return false;
	set_interrupt(r, -1);
	if (await_settled(r, wait_ms, NULL) != -ETIMEDOUT)
		return false;
	leave_unknown(r->p, i);
	return true;
}

/* The guest said no. What it has released before that makes the whole partly done. */
static void refused(struct plan *p, size_t failed)
{
	size_t i;

	p->status = PLAN_REFUSED;
	for (i = 0; i < failed; i++)
		if (step_awaits_removal(&p->steps[i]))
			p->status = PLAN_PARTIAL;
	for (i = failed; p->status == PLAN_PARTIAL && i < p->n_steps; i++)
		plan_note_left(p, p->steps[i].leaves);
}

/* What was done to the guest went with it. What was done to the host is taken back, also what a removal still had to do. */
static void guest_ended(struct run *r, size_t failed)
{
	struct plan *p = r->p;
	bool removes = steps_past_return(p, failed + 1);
	size_t i;

	set_interrupt(r, -1);
	for (i = failed + 1; !removes && i-- > 0; )
		take_back_from_host(r, &p->steps[i]);
	for (i = failed + 1; removes && i < p->n_steps; i++) {
		if (!op_get(p->steps[i].op)->outlives)
			continue;
		if (step_do(r, &p->steps[i], r->env->timeout_ms, NULL))
			plan_note_left(p, p->steps[i].leaves);
		else
			p->steps[i].status = STEP_OK;
	}
	err_set(&p->err, -ECONNRESET, "the guest's QEMU has ended, %s", p->n_left ? "and what is left is on the host" :
		"nothing is left of it");
	p->status = p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
}

static void step_failed(struct run *r, size_t i, int rc)
{
	struct plan *p = r->p;
	bool broken = rc == -ECONNRESET || (r->env->qmp && !qmp_is_open(r->env->qmp));
	bool perhaps = broken || rc == -ETIMEDOUT || rc == -ECANCELED;

	p->err.code = rc;
	p->steps[i].status = rc == -ETIMEDOUT ? STEP_TIMEOUT : STEP_FAILED;
	if (broken && plan_guest_ends(r)) {
		guest_ended(r, i);
	} else if (step_awaits_removal(&p->steps[i]) && rc == -EACCES) {
		refused(p, i);
	} else if (steps_past_return(p, i + perhaps)) {
		plan_stop_short(p, i, perhaps);
		p->status = p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
		if (p->n_rest && step_awaits_removal(&p->rest[0]) && !broken)
			p->status = PLAN_TIMEOUT;
	} else if (broken) {
		plan_leave_all(p, i);
		p->status = p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
	} else if (!stays_unknown(r, i, rc)) {
		roll_back(r, i, rc);
		/* the guest said nothing, or no; what stays until it lets go is put off, but what just failed is left */
		if (op_get(p->steps[i].op)->asks_guest && (!p->n_left || p->n_rest))
			p->status = rc == -ETIMEDOUT ? PLAN_TIMEOUT : rc == -EACCES ? PLAN_REFUSED : p->status;
		if (p->steps[i].op == STEP_QMP && rc == -EACCES && !p->n_left)
			p->status = PLAN_REFUSED;	/* it takes no request now */
		if (rc == -EPERM && !p->n_left)
			p->status = PLAN_DENIED;
	}
}

void run_note(struct run *r, const struct step *s, const char *fmt, ...)
{
	size_t i = (size_t)(s - r->p->steps);
	va_list ap;

	if (s < r->p->steps || i >= r->p->n_steps)	/* an inverse */
		return;
	free(r->p->steps[i].note);
	va_start(ap, fmt);
	if (vasprintf(&r->p->steps[i].note, fmt, ap) < 0)
		abort();
	va_end(ap);
	if (r->env->progress)
		r->env->progress(r->env->arg, r->p, i);
}

void run_effective(struct run *r, const struct step *s, const char *fmt, ...)
{
	size_t i = (size_t)(s - r->p->steps);
	va_list ap;

	if (s < r->p->steps || i >= r->p->n_steps)	/* an inverse: what it comes to is in the plan's status */
		return;
	free(r->p->steps[i].effective);
	va_start(ap, fmt);
	if (vasprintf(&r->p->steps[i].effective, fmt, ap) < 0)
		abort();
	va_end(ap);
}

static bool is_clipped(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n_steps; i++)
		if (p->steps[i].effective)
			return true;
	return false;
}

static int tell(struct run *r, size_t i)
{
	int rc = 0;

	if (r->env->journal)
		rc = journal_write(r->env->journal, r->p, &r->p->err);
	if (r->env->progress)
		r->env->progress(r->env->arg, r->p, i);
	return rc;
}

/* Nothing is done that is not written down first. */
static void not_written(struct run *r, size_t i)
{
	struct plan *p = r->p;

	if (!steps_past_return(p, i)) {
		roll_back(r, i, 0);
		return;
	}
	plan_stop_short(p, i, false);
	p->status = p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
}

/* With what a later undo knows it by: of what it removes before, of what it makes after. */
static int step_do_noted(struct run *r, struct step *s)
{
	bool removes = !s->n_undo;
	int rc;

	if (r->env->journal && removes)
		step_note_made(r, s);
	rc = step_do(r, s, r->env->timeout_ms, &r->p->err);
	if (r->env->journal && !removes && !rc)
		step_note_made(r, s);
	return rc;
}

static int run_from(struct run *r, size_t first)
{
	struct plan *p = r->p;
	size_t i;
	int rc = 0;

	p->status = PLAN_RUNNING;
	for (i = first; i < p->n_steps && !rc; i++) {
		uint64_t began = clock_now_ns();

		rc = tell(r, i);
		if (rc) {
			not_written(r, i);
			break;
		}
		set_interrupt(r, r->env->interrupt_fd);
		rc = step_do_noted(r, &p->steps[i]);
		p->steps[i].ns = clock_now_ns() - began;
		free(take_ptr(p->steps[i].note));
		if (rc)
			step_failed(r, i, rc);
		else
			p->steps[i].status = STEP_OK;
	}
	if (!rc) {
		p->status = p->n_left ? PLAN_PARTIAL : is_clipped(p) ? PLAN_CLIPPED : PLAN_OK;
		p->err = (struct err){0};
	}
	if (!rc && p->n_left)	/* the guest went a part of the way */
		rc = err_set(&p->err, -EAGAIN, "%s", p->left[0]);
	set_interrupt(r, -1);
	if (r->env->journal && journal_write(r->env->journal, p, rc ? NULL : &p->err))
		plan_warn(p, "the journal could not be brought up to date");
	if (r->env->progress)
		r->env->progress(r->env->arg, p, p->n_steps);
	return rc;
}

int plan_run(struct plan *p, const struct plan_env *env)
{
	struct run r = { .p = p, .env = env, .interrupt = -1 };
	int rc;

	p->status = PLAN_RUNNING;
	if (env->journal && journal_reserve(env->journal, p, &p->err)) {
		p->status = PLAN_FAILED;
		return p->err.code;
	}
	follow_events(&r, run_on_event);
	rc = run_from(&r, 0);
	run_done(&r);
	return rc;
}

/* A removal waits for the guest in its own steps; an addition only while it is taken back. */
static enum plan_status finished(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n_steps; i++)
		if (step_awaits_removal(&p->steps[i]))
			return PLAN_OK;
	return PLAN_UNDONE;
}

/* All that changes anything has been done: the rest only waits. */
static bool came_about(struct run *r, size_t unknown)
{
	const struct plan *p = r->p;
	auto_free char *words = NULL;
	size_t i;

	for (i = unknown + 1; i < p->n_steps; i++)
		if (p->steps[i].n_undo || p->steps[i].leaves)
			return false;
	if (!p->steps[unknown].n_undo)
		return true;
	return op_get(p->steps[unknown].op)->made && !op_get(p->steps[unknown].op)->made(r, &p->steps[unknown], &words, NULL) && words;
}

/* It is not known who set this value: it is not put back, as what was made of it since would be lost. */
static int resolve(struct run *r)
{
	struct plan *p = r->p;
	size_t unknown = plan_unknown(p);
	struct step *s = &p->steps[unknown];

	if (plan_guest_is_gone(p, r->env->host)) {
		s->status = STEP_FAILED;
		plan_forget_left(p);
		guest_ended(r, unknown);
		return 0;
	}
	if (await_settled(r, r->env->timeout_ms < RESOLVE_MS ? r->env->timeout_ms : RESOLVE_MS, &p->err))
		return -EAGAIN;
	s->status = step_sets(s) ? STEP_TIMEOUT : came_about(r, unknown) ? STEP_OK : STEP_FAILED;
	if (step_sets(s)) {
		p->status = PLAN_PARTIAL;
		return 0;
	}
	plan_forget_left(p);
	if (s->status == STEP_OK) {
		p->status = PLAN_OK;
		p->err = (struct err){0};
		return 0;
	}
	follow_events(r, run_on_event);
	roll_back(r, unknown, -ETIMEDOUT);
	run_done(r);
	return 0;
}

int plan_finish(struct plan *p, const struct plan_env *env)
{
	struct run r = { .p = p, .env = env, .interrupt = -1 };
	bool there = false, gone = plan_guest_is_gone(p, env->host);
	size_t i, unasked;
	int rc = 0;

	if (plan_is_unknown(p))
		return resolve(&r);
	if (!p->n_rest)
		return err_set(&p->err, -EINVAL, "it waits for nothing");
	if (!gone && step_awaits_removal(&p->rest[0]) && !plan_is_another(&r, &p->rest[0]))
		rc = op_get(p->rest[0].op)->is_there(&r, &p->rest[0], &there, &p->err);
	if (!rc && there)
		return -EAGAIN;
	follow_events(&r, run_on_event);
	for (i = step_awaits_removal(&p->rest[0]); i < p->n_rest && !rc; i++)
		if (!p->rest[i].replaced && (!gone || op_get(p->rest[i].op)->outlives))
			rc = step_do(&r, &p->rest[i], env->timeout_ms, &p->err);
	run_done(&r);
	if (rc)
		return rc;
	unasked = gone ? p->n_steps : plan_first_unasked(p);
	plan_forget_left(p);
	p->status = finished(p);	/* err stays, as the reason why it took so long */
	for (i = unasked; i < p->n_steps; i++)
		plan_note_left(p, p->steps[i].leaves);
	if (p->n_left)
		p->status = PLAN_PARTIAL;
	return 0;
}
