// SPDX-License-Identifier: GPL-3.0-or-later
/* What kvmtop did before and is not over: finished once the guest, QEMU or libvirt has done its part. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* For all entries together: who looks at guests, or changes another one, has not asked for it. */
#define PENDING_MS 5000

static void bad_entry(void *arg, const struct err *err)
{
	(void)arg;
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

/*
 * One that is not over, unless another thread or kvmtop is at it: so it is read once more with the lock in hand, as it may
 * have come to its end meanwhile.
 */
static void take_up(struct session *s, struct journal *journal, struct plan *const *plans, size_t n, size_t i, uint64_t deadline,
		    int interrupt_fd)
{
	struct lock *lock = NULL;
	struct plan *p = NULL;
	struct err err = {0};
	bool news = false;

	if (lock_take(plan_lock_name(plans[i]), plans[i]->verb, 0, -1, &lock, NULL))
		return;
	/* where there is no directory for locks, this process at least is known */
	if (!lock && atomic_load(&s->changing))
		return;
	if (!journal_read_entry(journal, plans[i]->id, &p, &err)) {
		plan_mark_later(p, plans, n, i);
		if (p->status == PLAN_RUNNING)
			news = abandon(s, p);
		if (plan_is_pending(p) && p->status != PLAN_RUNNING)
			news |= finish(s, p, deadline, interrupt_fd);
	}
	if (news && journal_write(journal, p, &err))
		out_error("%s", err.text);
	plan_free(p);
	lock_release(lock);
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
		if (plans[i]->status == PLAN_RUNNING || plan_is_pending(plans[i]))
			take_up(s, journal, plans, n, i, deadline, interrupt_fd);
	journal_prune(journal, plans, n, JOURNAL_KEEP, JOURNAL_DAYS);
	for (i = 0; i < n; i++)
		plan_free(plans[i]);
	free(plans);
	journal_close(journal);
}
