// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a step made, told from another thing of the same name: ids are used again, by kvmtop and by others. The journal tells
 * what kvmtop did later; QEMU and libvirt tell what has that name now.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>

static char *thing_of(const struct step *s)
{
	return op_get(s->op)->thing ? op_get(s->op)->thing(s) : NULL;
}

bool step_sets(const struct step *s)
{
	return s->n_undo && takes_back_same(&s->undo[0], s);
}

/* In words; NULL: it is gone, or not known. */
static char *made_now(struct run *r, const struct step *s)
{
	auto_free char *words = NULL;

	if (!op_get(s->op)->made || op_get(s->op)->made(r, s, &words, NULL))
		return NULL;
	return words ? str_utf8(words, strlen(words), MADE_MAX) : NULL;
}

void step_note_made(struct run *r, struct step *s)
{
	free(s->made);
	s->made = made_now(r, s);
}

/* A later change has made this thing, or set this value, once more. */
static bool is_made_by(const struct plan *later, const char *thing, bool sets)
{
	size_t i;

	if (sets && later->status == PLAN_UNDONE)
		return false;
	for (i = 0; i < later->n_steps; i++) {
		const struct step *s = &later->steps[i];
		auto_free char *other = s->n_undo && s->status == STEP_OK ? thing_of(s) : NULL;

		if (other && !strcmp(other, thing))
			return true;
	}
	return false;
}

static void mark_replaced(struct step *s, const struct plan *later)
{
	auto_free char *thing = thing_of(s);

	if (!thing || s->replaced || !is_made_by(later, thing, step_sets(s)))
		return;
	s->replaced = step_sets(s) ? xasprintf("%s was changed again by %s (undo that one first)", thing, later->id) :
		      xasprintf("%s is another one by now, added by %s", thing, later->id);
}

/* A later change has removed the device that this one added or set. */
static void mark_gone(struct plan *e, const struct plan *later)
{
	if (e->gone || !e->device || !later->device || strcmp(e->device, later->device) || plan_is_final(e) || !plan_is_final(later))
		return;
	e->gone = xasprintf("%s was removed since, by %s of %s", e->device, later->verb, later->id);
}

void plan_mark_replaced(struct plan *e, const struct plan *later)
{
	size_t i;

	/* without a ref both are of the host */
	if (!e->ref != !later->ref || (e->ref && strcmp(e->ref, later->ref)))
		return;
	mark_gone(e, later);
	for (i = 0; i < e->n_steps; i++)
		if (e->steps[i].n_undo)
			mark_replaced(&e->steps[i], later);
	for (i = 0; i < e->n_rest; i++)
		mark_replaced(&e->rest[i], later);
}

/* The newest one says it. */
void plan_mark_later(struct plan *e, struct plan *const *all, size_t n, size_t at)
{
	size_t k;

	for (k = n; k-- > at + 1; )
		if (all[k])
			plan_mark_replaced(e, all[k]);
}

/* The same device with another image: it was mirrored to that, or a snapshot was taken. NULL: it is another device. */
static const char *other_image(const char *now, const char *made)
{
	const char *a = strstr(now, MADE_IMAGE), *b = strstr(made, MADE_IMAGE);

	return a && b && a - now == b - made && !strncmp(now, made, (size_t)(a - now)) ? a + strlen(MADE_IMAGE) : NULL;
}

static char *say_other(const struct step *s, const char *thing, const char *now)
{
	const char *image = other_image(now, s->made);

	if (step_sets(s))
		return xasprintf("%s is %s by now, not %s: it was changed again since", thing, now, s->made);
	if (image)
		return xasprintf("%s has the image %s by now, not %s, as after a mirror or a snapshot (remove it by its id)", thing, image,
				 strstr(s->made, MADE_IMAGE) + strlen(MADE_IMAGE));
	return xasprintf("%s is another one by now: %s, not %s", thing, now, s->made);
}

/* A later step of the same plan has set it once more. */
static bool is_set_again(const struct plan *e, size_t i)
{
	size_t k;

	for (k = i + 1; k < e->n_steps; k++)
		if (e->steps[k].op == STEP_FILE && e->steps[i].op == STEP_FILE && !strcmp(e->steps[k].what, e->steps[i].what) &&
		    e->steps[k].status != STEP_TODO)
			return true;
	return false;
}

/* It was put back by hand already. */
static bool is_as_before(const struct step *s, const char *now)
{
	const char *old = s->op == STEP_FILE ? json_str(s->undo[0].args, "value") : NULL;

	return s->op == STEP_HUGE_POOL ? s->undo[0].number == strtoull(now, NULL, 10) : old && !strcmp(now, old);
}

void plan_look_again(struct plan *e, const struct plan_env *env)
{
	struct run r = { .p = e, .env = env, .interrupt = -1 };
	size_t i;

	for (i = 0; i < e->n_steps; i++) {
		struct step *s = &e->steps[i];
		auto_free char *thing = NULL, *now = NULL;

		if (!s->made || s->replaced || !s->n_undo || is_set_again(e, i))
			continue;
		now = made_now(&r, s);
		if (!now || !strcmp(now, s->made) || is_as_before(s, now))
			continue;
		thing = thing_of(s);
		s->replaced = say_other(s, thing, now);
		s->overruled = op_get(s->op)->outlives;
	}
}

bool plan_is_another(struct run *r, const struct step *s)
{
	auto_free char *thing = thing_of(s);
	size_t i;

	if (s->replaced)
		return true;
	for (i = 0; thing && i < r->p->n_steps; i++) {
		const struct step *of = &r->p->steps[i];
		auto_free char *same = of->made ? thing_of(of) : NULL, *now = NULL;

		if (!same || strcmp(same, thing))
			continue;
		now = made_now(r, of);
		return now && strcmp(now, of->made);
	}
	return false;
}
