// SPDX-License-Identifier: GPL-3.0-or-later
/* What kvmtop did before: told, finished, and picked to be undone. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* For all entries together: who looks at guests, or changes another one, has not asked for it. */
#define PENDING_MS 5000

static void note_bad(void *arg, const struct err *err)
{
	*(struct err *)arg = *err;
}

static void bad_entry(void *arg, const struct err *err)
{
	if (arg)
		*(struct err *)arg = *err;
	out_error("journal: %s", err->text);
}

/* We have the lock, so the kvmtop that ran it has died. What may be left is told once. */
static bool abandon(const struct session *s, struct plan *p)
{
	size_t i;

	plan_abandon(p);
	if (plan_guest_is_gone(p, s->host) && !plan_outlives(p))
		return true;
	out_error("%s: %s %s of %s was not finished, kvmtop was killed (undo %s cleans up)", p->vm ? p->vm : "host", p->verb,
		  p->device ? p->device : "", p->begun, p->id);
	for (i = 0; i < p->n_left; i++)
		out_error("  perhaps left: %s", p->left[i]);
	return true;
}

/* What has become of an entry that was pending. */
static char *outcome(const struct plan *p, bool was_unknown)
{
	if (!was_unknown)
		return xstrdup("the guest has released it, finished");
	if (p->status == PLAN_OK)
		return xasprintf("it came about after all, and is done (undo %s takes it back)", p->id);
	if (!p->n_left)
		return xstrdup("it did not come about, nothing is left of it");
	return xasprintf("it may have come about in part (undo %s cleans up)", p->id);
}

static int finish_asking(struct plan *p, const struct plan_env *env, uint64_t deadline)
{
	qmp_set_deadline(env->qmp, deadline);
	return plan_finish(p, env);
}

/* True when the entry is over and has to be written back. */
static bool finish(struct session *s, struct plan *p, uint64_t deadline, int interrupt_fd)
{
	unsigned left = (unsigned)clock_left_ms(deadline);
	struct plan_env env = { .host = s->host, .timeout_ms = left, .interrupt_fd = interrupt_fd };
	bool was_unknown = plan_is_unknown(p);
	auto_free char *said = NULL;
	struct sample_guest guest;
	struct err err = {0};
	int rc;

	rc = p->ref ? sampler_find(s->sampler, p->ref, &guest, &err) : -ENOENT;
	if (rc == -ENOENT && plan_guest_is_gone(p, s->host)) {	/* what it left went with it */
		rc = plan_finish(p, &env);
		if (rc)
			out_error("%s: %s of %s: %s", p->vm ? p->vm : "host", p->verb, p->id, p->err.text);
		return !rc;
	}
	if (rc)
		return false;
	sample_guest_done(&guest);
	env.virt = s->virt;
	if (p->domain && s->virt)
		sampler_settle(s->sampler, 0, left);
	if (p->domain)
		rc = s->virt ? plan_finish(p, &env) : -EAGAIN;
	else if (sampler_borrow(s->sampler, p->ref, left, interrupt_fd, &env.qmp, &err))
		rc = -EAGAIN;
	else
		rc = finish_asking(p, &env, deadline);
	if (env.qmp)
		sampler_return(s->sampler, p->ref, env.qmp);
	if (rc == -EAGAIN || rc == -ETIMEDOUT || rc == -ECANCELED)
		return false;
	said = outcome(p, was_unknown);
	out_error("%s: %s %s of %s: %s", p->vm ? p->vm : "host", p->verb, p->device ? p->device : "", p->id, rc ? p->err.text : said);
	return !rc;
}

/* One that is not over, unless another kvmtop is at it. */
static void take_up(struct session *s, struct journal *journal, struct plan *p, uint64_t deadline, int interrupt_fd)
{
	struct lock *lock = NULL;
	struct err err = {0};
	bool news = false;

	if (lock_take(plan_lock_name(p), p->verb, 0, -1, &lock, NULL))
		return;
	if (p->status == PLAN_RUNNING)
		news = abandon(s, p);
	if (plan_is_pending(p) && p->status != PLAN_RUNNING)
		news |= finish(s, p, deadline, interrupt_fd);
	if (news && journal_write(journal, p, &err))
		out_error("%s", err.text);
	lock_release(lock);
}

/* The newest one says it. */
static void mark_later(struct plan *const *plans, size_t n, size_t i)
{
	size_t k;

	for (k = n; k-- > i + 1; )
		plan_mark_replaced(plans[i], plans[k]);
}

void session_finish_pending(struct session *s, int interrupt_fd)
{
	uint64_t deadline = clock_now_ns() + PENDING_MS * NS_PER_MS;
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
	for (i = 0; i < n; i++)
		if (plans[i]->status == PLAN_RUNNING || plan_is_pending(plans[i])) {
			mark_later(plans, n, i);
			take_up(s, journal, plans[i], deadline, interrupt_fd);
		}
	journal_prune(journal, plans, n, JOURNAL_KEEP, JOURNAL_DAYS);
	for (i = 0; i < n; i++)
		plan_free(plans[i]);
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
	row->state = plan_is_pending(p) ? "pending" : plan_status_name(p->status);
	for (i = 0; i < p->n_left; i++)
		buf_printf(&left, "%s%s", i ? "; " : "", p->left[i]);
	row->left = snapshot_str(snap, left.text);
}

void change_journal_rows(struct snapshot *snap, bool tell, struct err *err)
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
	if (journal_read(journal, &plans, &n, tell ? bad_entry : note_bad, err, err))
		n = 0;
	for (i = 0; i < n; i++) {
		journal_row(snap, plans[i]);
		plan_free(plans[i]);
	}
	if (n)
		free(plans);
	journal_close(journal);
}

/* What undo without an id is about: the last change that is not taken back, also if it cannot be: then it is said. */
static bool can_be_undone(const struct plan *p)
{
	struct plan *trial = plan_new("undo", NULL, NULL);
	bool can = plan_undo(p, trial, NULL) || trial->status != PLAN_UNCHANGED;

	plan_free(trial);
	return can;
}

struct picking {
	const char *id;			/* NULL: the last one */
	bool distrusted;		/* the entry of that id, or any that might be the last */
	struct err why;
};

static void bad_choice(void *arg, const struct err *err)
{
	struct picking *pick = arg;

	if (pick->id && !str_has_prefix(err->text, pick->id)) {
		bad_entry(NULL, err);
		return;
	}
	pick->distrusted = true;
	pick->why = *err;
}

int journal_pick(const char *id, struct plan **out, struct err *err)
{
	struct picking pick = { .id = id };
	struct journal *journal;
	struct plan **plans;
	size_t n, i;
	int rc;

	*out = NULL;
	rc = journal_open(false, &journal, err);
	if (rc == -ENOENT)
		return err_set(err, -EINVAL, "nothing was ever changed: the journal is empty");
	if (rc)
		return rc;
	rc = journal_read(journal, &plans, &n, bad_choice, &pick, err);
	for (i = rc || pick.distrusted ? 0 : n; i-- > 0 && !*out; ) {
		if (id && strcmp(plans[i]->id, id))
			continue;
		mark_later(plans, n, i);
		if (id || can_be_undone(plans[i]))
			*out = take_ptr(plans[i]);
	}
	for (i = 0; i < n; i++)
		plan_free(plans[i]);
	free(plans);
	journal_close(journal);
	if (!rc && pick.distrusted)
		return err_set(err, -EPERM, "nothing is undone, as the journal is not to be trusted: %s (%s)", pick.why.text,
			       id ? "move it away" : "move it away, or say which change: undo ID");
	if (!rc && !*out && id)
		rc = err_set(err, -ENOENT, "no change '%s' in the journal (see: kvmtop --batch journal)", id);
	else if (!rc && !*out)
		rc = err_set(err, -EINVAL, "no change in the journal can be undone (see: kvmtop --batch journal)");
	return rc;
}
