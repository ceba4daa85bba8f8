// SPDX-License-Identifier: GPL-3.0-or-later
/* Taking back a change that is over, or whose kvmtop has died, from what the journal has of it. */
#include "private.h"

#include <errno.h>
#include <string.h>

static bool same_step(const struct step *a, const struct step *b)
{
	return a->op == b->op && !strcmp(a->what, b->what) && json_object_equal(a->args, b->args);
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

/* Killed when the guest was to be asked, or had just been: it is asked once more. */
static void ask_again(const struct plan *e, struct plan *out)
{
	size_t i;

	for (i = 1; e->n_rest && i < e->n_steps; i++)
		if (same_step(&e->steps[i], &e->rest[0]) && e->steps[i - 1].status == STEP_TODO &&
		    op_takes_back(&e->steps[i - 1], NULL))
			add_copy(out, &e->steps[i - 1], NULL);
}

/* A removal has no way back, so it is taken to its end: what the guest was not yet asked for, it is asked for now. */
static void ask_for_the_rest(const struct plan *e, struct plan *out)
{
	size_t i = e->n_rest ? plan_first_unasked(e) : e->n_steps;

	if (i && i < e->n_steps)
		i--;			/* the request itself */
	for (; i < e->n_steps; i++)
		if (op_takes_back(&e->steps[i], NULL))
			add_copy(out, &e->steps[i], NULL);
}

static int nothing_to_do(struct plan *out)
{
	out->status = PLAN_UNCHANGED;
	return 0;
}

int plan_undo(const struct plan *e, struct plan *out, struct err *err)
{
	bool over = e->status == PLAN_OK;
	size_t i, k;

	if (e->status == PLAN_UNDONE || (e->status == PLAN_FAILED && !e->n_left) || e->status == PLAN_UNCHANGED)
		return nothing_to_do(out);
	if (over && steps_past_return(e, e->n_steps) && e->err.text[0])
		return nothing_to_do(out);	/* it was pending, and somebody else has finished it */
	if (over && steps_past_return(e, e->n_steps))
		return err_set(err, -EINVAL, "%s of %s is over and has no way back%s%s", e->verb, e->id,
			       e->device ? ": add it again: " : "", e->device ? e->device : "");
	ask_again(e, out);
	for (i = 0; i < e->n_rest; i++)
		add_copy(out, &e->rest[i], NULL);
	ask_for_the_rest(e, out);
	for (i = e->n_steps; i-- > 0; ) {
		const struct step *s = &e->steps[i];

		for (k = 0; may_be_done(e, i) && !is_put_off(e, s) && k < s->n_undo; k++)
			add_copy(out, &s->undo[k], s->leaves);
	}
	if (!out->n_steps && over)
		return err_set(err, -EINVAL, "%s of %s has no way back", e->verb, e->id);
	return out->n_steps ? 0 : nothing_to_do(out);
}

void plan_undone(struct plan *e, struct plan *undo)
{
	size_t i;

	if (undo->status == PLAN_PLANNED || undo->status == PLAN_INVALID || undo->status == PLAN_DENIED)
		return;
	plan_forget_left(e);
	if (undo->status == PLAN_OK) {
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
