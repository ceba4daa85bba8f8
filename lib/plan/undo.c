// SPDX-License-Identifier: GPL-3.0-or-later
/* Taking back a change that is over, or whose kvmtop has died, from what the journal has of it. */
#include "private.h"

#include <errno.h>
#include <string.h>

static bool same_step(const struct step *a, const struct step *b)
{
	/* the running and the stored definition of one device */
	bool same_kind = a->op == b->op && (a->op != STEP_VIRT_UPDATE || a->number == b->number);

	return same_kind && !strcmp(a->what, b->what) && json_object_equal(a->args, b->args);
}

static void add_copy(struct plan *out, const struct step *from, const char *leaves)
{
	struct step *s = vec_push(out->steps, out->n_steps);

	step_copy(s, from);
	s->if_there = true;
	if (!s->leaves)
		s->leaves = xstrdup(leaves);
}

/* Its inverse was begun, and what is to come of that was put off. */
static bool is_put_off(const struct plan *e, const struct step *s)
{
	size_t i, k;

	for (i = 0; i < e->n_rest; i++)
		for (k = 0; k < s->n_undo; k++)
			if (same_step(&e->rest[i], &s->undo[k]))
				return true;
	return false;
}

/* Done; or tried, and not known to have failed cleanly: then taking it back finds nothing, and that is fine. */
static bool may_be_done(const struct plan *e, size_t i)
{
	if (e->steps[i].status == STEP_OK || e->steps[i].status == STEP_TIMEOUT)
		return true;
	/* the first one that is still to do may have been under way */
	return e->steps[i].status == STEP_TODO && (!i || e->steps[i - 1].status == STEP_OK);
}

/* What the guest was not asked for before kvmtop was killed it is not asked for by an undo. */
static void warn_of_unasked(const struct plan *e, struct plan *out)
{
	size_t i = e->n_rest ? plan_first_unasked(e) : e->n_steps;

	for (; i < e->n_steps; i++)
		if (step_awaits_removal(&e->steps[i]))
			plan_warn(out, "%s was not asked for: it is left", e->steps[i].what);
}

/*
 * Its inverse, unless what it made is another one's by now: then what that one may use, which it did not tell of, is left too.
 * -EINVAL: a value that a later change has set; -ESTALE: that another program has.
 */
static int take_back(const struct plan *e, size_t i, bool *left_alone, struct plan *out, struct err *err)
{
	const struct step *s = &e->steps[i];
	size_t k;

	if (!may_be_done(e, i) || !s->n_undo || is_put_off(e, s) || (*left_alone && !s->made))
		return 0;
	if (s->replaced && step_sets(s))
		return err_set(err, s->overruled ? -ESTALE : -EINVAL, "%s of %s cannot be undone: %s", e->verb, e->id, s->replaced);
	if (s->replaced) {
		plan_warn(out, "%s: it is left", s->replaced);
		*left_alone = true;
		return 0;
	}
	for (k = 0; k < s->n_undo; k++)
		add_copy(out, &s->undo[k], s->leaves);
	return 0;
}

static int nothing_to_do(struct plan *out)
{
	out->status = PLAN_UNCHANGED;
	return 0;
}

bool plan_is_final(const struct plan *e)
{
	return plan_is_done(e->status) && steps_past_return(e, e->n_steps);
}

int plan_undo(const struct plan *e, struct plan *out, struct err *err)
{
	bool left_alone = false;
	size_t i;
	int rc = 0;

	if (e->status == PLAN_UNDONE || (e->status == PLAN_FAILED && !e->n_left) || e->status == PLAN_UNCHANGED)
		return nothing_to_do(out);
	if (plan_is_final(e))
		return err_set(err, -EINVAL, "%s of %s cannot be undone: the guest has released %s (add it again, or undo another change: "
			       "undo ID)", e->verb, e->id, e->device ? e->device : "it");
	if (e->gone && e->status == PLAN_OK && !e->n_rest && !e->n_left)
		return err_set(err, -EINVAL, "%s of %s cannot be undone: %s", e->verb, e->id, e->gone);
	for (i = 0; i < e->n_rest; i++) {
		if (e->rest[i].replaced)
			plan_warn(out, "%s: it is left", e->rest[i].replaced);
		else
			add_copy(out, &e->rest[i], NULL);
	}
	warn_of_unasked(e, out);
	for (i = e->n_steps; i-- > 0 && !rc; )
		rc = take_back(e, i, &left_alone, out, err);
	if (rc)
		return rc;
	if (!out->n_steps && !out->n_warnings && plan_is_done(e->status))
		return err_set(err, -EINVAL, "%s of %s has no way back", e->verb, e->id);
	return out->n_steps ? 0 : nothing_to_do(out);
}

void plan_undone(struct plan *e, struct plan *undo)
{
	size_t i;

	if (undo->status == PLAN_PLANNED || undo->status == PLAN_INVALID || undo->status == PLAN_DENIED)
		return;
	plan_forget_left(e);
	if (plan_is_done(undo->status) && steps_past_return(e, e->n_steps)) {
		plan_warn(undo, "%s of %s has no way back: it is finished, the guest had released it", e->verb, e->id);
		e->status = PLAN_OK;
		return;
	}
	if (plan_is_done(undo->status)) {
		undo->status = e->status = PLAN_UNDONE;
		return;
	}
	for (i = 0; i < undo->n_left; i++)
		plan_note_left(e, undo->left[i]);
	plan_put_off(e, undo->rest, undo->n_rest);
	e->status = e->n_left ? PLAN_PARTIAL : PLAN_FAILED;
	e->err = undo->err;
}

void plan_abandon(struct plan *e)
{
	size_t i = 0;

	while (i < e->n_steps && e->steps[i].status == STEP_OK)
		i++;
	if (steps_past_return(e, i < e->n_steps ? i + 1 : i))
		plan_stop_short(e, i, true);
	else
		plan_leave_all(e, i);
	e->status = e->n_left ? PLAN_PARTIAL : PLAN_FAILED;
	err_set(&e->err, -EINTR, "kvmtop was killed while it ran");
}
