// SPDX-License-Identifier: GPL-3.0-or-later
/* From a call to a plan, to its end; and finishing what guests had not let go of. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_MS 3000

static int fail(struct plan *p, enum plan_status status)
{
	p->status = status;
	return -1;
}

static struct plan *plan_of(const struct call *c)
{
	struct plan *p = plan_new(c->verb->name, NULL, NULL);
	size_t i;

	for (i = 0; i < c->verb->n_args; i++)
		if (c->values[i] && c->verb->args[i].type != ARG_VM)
			json_put_str(p->args, c->verb->args[i].name, c->values[i]);
	return p;
}

static int find_guest(struct session *s, const char *word, int interrupt_fd, struct change *change)
{
	struct plan *p = change->plan;
	struct sample_guest guest;
	int rc;

	rc = session_guests(s, &p->err);
	if (!rc && s->virt)		/* whose guest it is decides how it is changed */
		sampler_settle(s->sampler, 0, SETTLE_MS);
	if (!rc)
		rc = sampler_find(s->sampler, word, &guest, &p->err);
	if (rc)
		return fail(p, PLAN_INVALID);
	p->vm = guest.name;
	p->ref = guest.ref;
	p->domain = guest.domain;
	guest.name = guest.ref = guest.domain = NULL;
	sample_guest_done(&guest);
	rc = lock_take(p->ref, p->verb, s->opts->timeout_ms, interrupt_fd, &change->lock, &p->err);
	if (!rc && !p->domain)
		rc = sampler_borrow(s->sampler, p->ref, &change->qmp, &p->err);
	if (!rc && p->domain)
		return 0;
	if (!rc) {
		change->ref = xstrdup(p->ref);
		return 0;
	}
	return fail(p, rc == -ETIMEDOUT ? PLAN_TIMEOUT : rc == -EPERM || rc == -EACCES ? PLAN_DENIED : PLAN_FAILED);
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
	if (find_guest(s, c->values[0], interrupt_fd, change))
		return;
	env.qmp = change->qmp;
	env.virt = s->virt;
	rc = c->verb->build(p, &env, &p->err);
	if (rc)
		fail(p, rc == -ETIMEDOUT ? PLAN_TIMEOUT : PLAN_INVALID);
	else			/* what a question answered with "no" on the way is no error */
		p->err = (struct err){0};
}

void change_run(struct change *change, int interrupt_fd,
		void (*progress)(void *arg, const struct plan *p, size_t step), void *arg)
{
	struct session *s = change->session;
	struct plan_env env = {
		.host = s->host, .qmp = change->qmp, .virt = s->virt, .timeout_ms = s->opts->timeout_ms, .interrupt_fd = interrupt_fd,
		.progress = progress, .arg = arg,
	};
	int rc = journal_open(true, &change->journal, &change->plan->err);

	if (rc) {
		fail(change->plan, rc == -EPERM || rc == -EACCES ? PLAN_DENIED : PLAN_FAILED);
		return;
	}
	env.journal = change->journal;
	plan_run(change->plan, &env);
}

void change_done(struct change *change)
{
	if (change->ref)
		sampler_return(change->session->sampler, change->ref, change->qmp);
	lock_release(change->lock);
	journal_close(change->journal);
	plan_free(change->plan);
	free(change->ref);
	*change = (struct change){0};
}

static void bad_entry(void *arg, const struct err *err)
{
	if (arg)
		*(struct err *)arg = *err;
	out_error("journal: %s", err->text);
}

/* True when the entry is over and has to be written back. */
static bool finish(struct session *s, struct plan *p)
{
	struct plan_env env = { .host = s->host, .timeout_ms = s->opts->timeout_ms, .interrupt_fd = -1 };
	struct sample_guest guest;
	struct lock *lock = NULL;
	struct err err = {0};
	int rc;

	rc = p->ref ? sampler_find(s->sampler, p->ref, &guest, &err) : -ENOENT;
	if (rc == -ENOENT && plan_guest_is_gone(p, s->host)) {	/* what it left went with it */
		plan_forget_left(p);
		p->status = PLAN_OK;
		return true;
	}
	if (rc)
		return false;
	sample_guest_done(&guest);
	if (lock_take(p->ref, p->verb, 0, -1, &lock, &err))	/* whoever is at it may be finishing it */
		return false;
	env.virt = s->virt;
	if (p->domain && s->virt)
		sampler_settle(s->sampler, 0, SETTLE_MS);
	if (p->domain)
		rc = s->virt ? plan_finish(p, &env) : -EAGAIN;
	else if (sampler_borrow(s->sampler, p->ref, &env.qmp, &err))
		rc = -EAGAIN;
	else
		rc = plan_finish(p, &env);
	if (env.qmp)
		sampler_return(s->sampler, p->ref, env.qmp);
	lock_release(lock);
	if (rc == -EAGAIN || rc == -ETIMEDOUT)
		return false;
	out_error("%s: %s %s of %s: %s", p->vm ? p->vm : "", p->verb, p->device ? p->device : "", p->id,
		  rc ? p->err.text : "the guest has let go, finished");
	return !rc;
}

void session_finish_pending(struct session *s)
{
	struct journal *journal;
	struct plan **plans;
	struct err err = {0};
	size_t n, i;
	int rc;

	if (s->opts->read_only || s->opts->dry_run)
		return;
	rc = journal_open(false, &journal, &err);
	if (rc) {
		if (rc != -ENOENT)
			out_error("%s", err.text);
		return;
	}
	if (journal_read(journal, &plans, &n, bad_entry, NULL, &err)) {
		out_error("%s", err.text);
		n = 0;
		plans = NULL;
	}
	for (i = 0; i < n; i++) {
		if (plans[i]->n_rest && finish(s, plans[i]) && journal_write(journal, plans[i], &err))
			out_error("%s", err.text);
		plan_free(plans[i]);
	}
	free(plans);
	journal_close(journal);
}

static void journal_row(struct snapshot *snap, const struct plan *p)
{
	struct journal_row *row = snapshot_add(snap, TABLE_JOURNAL);
	auto_buf struct buf left = {0};
	size_t i;

	row->head.vm = snapshot_str(snap, p->vm);
	row->head.ref = snapshot_str(snap, p->ref);
	row->head.key = row->id = snapshot_str(snap, p->id);
	row->begun = snapshot_str(snap, p->begun);
	row->verb = snapshot_str(snap, p->verb);
	row->device = snapshot_str(snap, p->device);
	row->state = p->n_rest ? "pending" : plan_status_name(p->status);
	for (i = 0; i < p->n_left; i++)
		buf_printf(&left, "%s%s", i ? "; " : "", p->left[i]);
	row->left = snapshot_str(snap, left.text);
}

void change_journal_rows(struct snapshot *snap, struct err *err)
{
	struct journal *journal;
	struct plan **plans;
	size_t n, i;
	int rc;

	rc = journal_open(false, &journal, err);
	if (rc == -ENOENT)		/* nothing was ever changed */
		*err = (struct err){0};
	if (rc)
		return;
	if (journal_read(journal, &plans, &n, bad_entry, err, err))
		n = 0;
	for (i = 0; i < n; i++) {
		journal_row(snap, plans[i]);
		plan_free(plans[i]);
	}
	if (n)
		free(plans);
	journal_close(journal);
}
