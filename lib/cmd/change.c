// SPDX-License-Identifier: GPL-3.0-or-later
/* From a call to a plan, to its end. */
#include "cmd.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_MS 3000
#define LOOK_MS 50

static int fail(struct plan *p, enum plan_status status)
{
	p->status = status;
	return -1;
}

/* Whom or what it would change could not be had. */
static int cannot_begin(struct plan *p, int rc)
{
	return fail(p, rc == -ETIMEDOUT ? PLAN_TIMEOUT : rc == -EPERM || rc == -EACCES ? PLAN_DENIED : PLAN_FAILED);
}

static struct plan *plan_of(const struct call *c)
{
	struct plan *p = plan_new(c->verb->name, NULL, NULL);
	size_t i;

	p->seed = c->seed;
	for (i = 0; i < c->verb->n_args; i++)
		if (c->values[i] && c->verb->args[i].type != ARG_VM)
			json_put_str(p->args, c->verb->args[i].name, c->values[i]);
	return p;
}

/* Whose guest it is decides how it is changed: for libvirt to say that one is its, it has as long as the guest has. */
static int find_with_owner(struct session *s, const char *word, int interrupt_fd, struct sample_guest *guest, struct err *err)
{
	struct pollfd interrupt = { .fd = interrupt_fd, .events = POLLIN };
	uint64_t deadline = clock_now_ns() + s->opts->timeout_ms * NS_PER_MS, settled = clock_now_ns() + SETTLE_MS * NS_PER_MS;
	int rc;

	while (s->virt && !sampler_settle(s->sampler, 0, LOOK_MS) && clock_now_ns() < settled && poll(&interrupt, 1, 0) <= 0)
		;
	for (;;) {
		rc = sampler_find(s->sampler, word, guest, err);
		if (rc || !guest->awaited || clock_now_ns() >= deadline || poll(&interrupt, 1, LOOK_MS) > 0)
			return rc;
		sample_guest_done(guest);
	}
}

/* Of a guest that a stranger runs: its name is that user's word, so a change names the process, or is forced. */
static int check_user(const struct plan *p, const struct sample_guest *guest, struct err *err)
{
	const char *force = plan_arg(p, "force");

	if (!guest->is_strangers || guest->by_pid || (force && !strcmp(force, "on")))
		return 0;
	return err_set(err, -EPERM, "user %s runs this guest and has given it its name (name the process for a change: pid:%d, or say "
		       "force=on)", guest->user, (int)guest->pid);
}

static int find_guest(struct session *s, const char *word, int interrupt_fd, struct change *change)
{
	struct plan *p = change->plan;
	struct sample_guest guest;
	int rc;

	rc = session_guests(s, interrupt_fd, &p->err);
	if (!rc)
		rc = find_with_owner(s, word, interrupt_fd, &guest, &p->err);
	if (rc)
		return fail(p, PLAN_INVALID);
	p->vm = guest.name;
	p->ref = guest.ref;
	p->domain = guest.domain;
	p->user = guest.user;
	p->is_strangers = guest.is_strangers;
	rc = check_user(p, &guest, &p->err);
	guest.name = guest.ref = guest.domain = guest.user = NULL;
	sample_guest_done(&guest);
	if (rc)
		return fail(p, PLAN_INVALID);
	rc = p->domain ? virt_may_change(s->virt, p->domain, &p->err) : 0;
	if (!rc)
		rc = lock_take(p->ref, p->verb, s->opts->timeout_ms, interrupt_fd, &change->lock, &p->err);
	if (!rc && !p->domain)
		rc = sampler_borrow(s->sampler, p->ref, s->opts->timeout_ms, interrupt_fd, &change->qmp, &p->err);
	if (!rc && p->domain)
		return 0;
	if (!rc) {
		change->ref = xstrdup(p->ref);
		return 0;
	}
	return cannot_begin(p, rc);
}

/* What is changed is the host; also what was done to it for a guest that has ended. */
static int take_host(struct session *s, int interrupt_fd, struct change *change)
{
	struct plan *p = change->plan;
	int rc = change->gone ? 0 : session_guests(s, interrupt_fd, &p->err);

	if (rc)
		return fail(p, PLAN_INVALID);
	rc = lock_take(plan_lock_name(p), p->verb, s->opts->timeout_ms, interrupt_fd, &change->lock, &p->err);
	return rc ? cannot_begin(p, rc) : 0;
}

static int take_target(struct session *s, const struct call *c, int interrupt_fd, struct change *change)
{
	const char *guest = change->entry ? change->entry->ref : verb_has_guest(c->verb) ? c->values[0] : NULL;

	if (change->entry && !guest && plan_needs_guest(change->entry)) {
		err_set(&change->plan->err, -EPERM, "%s changes a guest and names none: it is not to be trusted", change->entry->id);
		return fail(change->plan, PLAN_DENIED);
	}
	return guest && !change->gone ? find_guest(s, guest, interrupt_fd, change) : take_host(s, interrupt_fd, change);
}

/* Nothing can be left of what was done to a guest that has ended. */
static bool is_history(struct change *change)
{
	struct plan *p = change->plan, *entry = change->entry;

	p->id = xstrdup(entry->id);
	p->vm = xstrdup(entry->vm);
	p->ref = xstrdup(entry->ref);
	p->device = xstrdup(entry->device);
	if (!plan_guest_is_gone(entry, change->session->host)) {
		free(take_ptr(p->vm));		/* find_guest has it as it is now */
		free(take_ptr(p->ref));
		return false;
	}
	change->gone = true;
	if (plan_outlives(entry))
		return false;
	plan_warn(p, "the guest has ended: nothing is left of %s", entry->id);
	p->status = PLAN_UNCHANGED;
	return true;
}

/* A removal that was pending, and that this very kvmtop has found to be over. */
static bool was_finished(struct change *change)
{
	struct plan *entry = change->entry;

	if (!plan_arg(change->plan, "ID") || !plan_is_final(entry) || !entry->err.text[0])
		return false;
	plan_warn(change->plan, "%s of %s is over and cannot be undone: the guest has released %s (add it again)", entry->verb, entry->id,
		  entry->device ? entry->device : "it");
	change->plan->status = PLAN_UNCHANGED;
	return true;
}

static int build_undo(struct change *change, const struct plan_env *env)
{
	int rc;

	if (was_finished(change))
		return 0;
	if (plan_is_unknown(change->entry) && !change->gone)
		return err_set(&change->plan->err, -ETIMEDOUT, "what comes of %s of %s is not known yet: QEMU or libvirt has not answered (try later)",
			       change->entry->verb, change->entry->id);

	if (change->entry->status == PLAN_RUNNING)	/* we have the lock, so nobody runs it */
		plan_abandon(change->entry);
	if (!change->gone)
		plan_look_again(change->entry, env);
	rc = plan_undo(change->entry, change->plan, &change->plan->err);
	if (!rc && change->gone) {
		plan_warn(change->plan, "the guest has ended: what is left of %s is on the host", change->entry->id);
		plan_keep_outliving(change->plan);
		if (!change->plan->n_steps)
			change->plan->status = PLAN_UNCHANGED;
	}
	return rc;
}

/* The entry that an undo is about. A guest that has ended, and is not found any more, is known by its name. */
static int pick(struct session *s, const struct call *c, int interrupt_fd, struct change *change)
{
	const char *id = call_value(c, "ID"), *vm = id ? NULL : call_value(c, "vm");
	struct err *err = &change->plan->err;
	struct sample_guest guest = {0};
	int rc = vm ? session_guests(s, interrupt_fd, err) : 0;

	if (!rc && vm)
		rc = find_with_owner(s, vm, interrupt_fd, &guest, err);
	if (rc == -ENOENT)
		rc = 0;
	if (!rc)
		rc = journal_pick(id, guest.name ? guest.name : vm, guest.ref ? guest.ref : NULL, &change->entry, err);
	sample_guest_done(&guest);
	return rc;
}

void change_build(struct session *s, const struct call *c, int interrupt_fd, struct change *change)
{
	struct plan *p = plan_of(c);
	struct plan_env env = { .host = s->host };
	int rc;

	*change = (struct change){ .session = s, .plan = p };
	if (s->opts->read_only) {
		err_set(&p->err, -EPERM, "changes are refused in read-only mode (leave out --read-only)");
		fail(p, PLAN_DENIED);
		return;
	}
	rc = c->verb->build ? 0 : pick(s, c, interrupt_fd, change);
	if (rc) {
		fail(p, rc == -EPERM ? PLAN_DENIED : PLAN_INVALID);
		return;
	}
	if (change->entry && is_history(change))
		return;
	if (take_target(s, c, interrupt_fd, change))
		return;
	if (change->qmp)	/* what it takes to make the plan, all of it */
		qmp_set_deadline(change->qmp, clock_now_ns() + s->opts->timeout_ms * NS_PER_MS);
	env.qmp = change->qmp;
	env.virt = s->virt;
	rc = c->verb->build ? c->verb->build(p, &env, &p->err) : build_undo(change, &env);
	if (rc)
		fail(p, rc == -ETIMEDOUT ? PLAN_TIMEOUT : rc == -ESTALE ? PLAN_OVERRULED : rc == -ECANCELED ? PLAN_FAILED : PLAN_INVALID);
	else			/* what a question answered with "no" on the way is no error */
		p->err = (struct err){0};
}

static void run(struct change *change, int interrupt_fd, void (*progress)(void *arg, const struct plan *p, size_t step), void *arg)
{
	struct session *s = change->session;
	struct plan_env env = {
		.host = s->host, .qmp = change->qmp, .virt = s->virt, .timeout_ms = s->opts->timeout_ms, .interrupt_fd = interrupt_fd,
		.progress = progress, .arg = arg,
	};
	/* between the plan and its run an operator may have thought about it */
	int rc = change->ref ? sampler_still_owns(s->sampler, change->ref, change->qmp, &change->plan->err) : 0;

	if (!rc)
		rc = journal_open(true, &change->journal, &change->plan->err);

	if (change->qmp)	/* each step has its own */
		qmp_set_deadline(change->qmp, 0);
	if (rc) {
		fail(change->plan, rc == -EPERM || rc == -EACCES ? PLAN_DENIED : PLAN_FAILED);
		return;
	}
	if (!change->entry) {
		env.journal = change->journal;
		plan_run(change->plan, &env);
		return;
	}
	/* an undo is written into the entry that it undoes; as long as it runs, that one is not over */
	change->entry->status = PLAN_RUNNING;
	if (journal_reserve(change->journal, change->entry, &change->plan->err) ||
	    journal_write(change->journal, change->entry, &change->plan->err)) {
		fail(change->plan, PLAN_FAILED);
		return;
	}
	plan_run(change->plan, &env);
	plan_undone(change->entry, change->plan);
	if (journal_write(change->journal, change->entry, NULL))
		plan_warn(change->plan, "the journal could not be brought up to date");
}

void change_run(struct change *change, int interrupt_fd,
		void (*progress)(void *arg, const struct plan *p, size_t step), void *arg)
{
	atomic_fetch_add(&change->session->changing, 1);
	run(change, interrupt_fd, progress, arg);
	atomic_fetch_sub(&change->session->changing, 1);
}

void change_done(struct change *change)
{
	if (change->ref)
		sampler_return(change->session->sampler, change->ref, change->qmp);
	lock_release(change->lock);
	journal_close(change->journal);
	plan_free(change->plan);
	plan_free(change->entry);
	free(change->ref);
	*change = (struct change){0};
}
