// SPDX-License-Identifier: GPL-3.0-or-later
/* Building plans, and what they come to. */
#include "private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct plan *plan_new(const char *verb, const char *vm, const char *ref)
{
	struct plan *p = xcalloc(1, sizeof(*p));

	p->verb = xstrdup(verb);
	p->vm = xstrdup(vm);
	p->ref = xstrdup(ref);
	p->args = json_object_new_object();
	p->status = PLAN_PLANNED;
	return p;
}

uint64_t plan_random(struct plan *p, unsigned n)
{
	uint64_t x;

	while (!p->seed)
		if (getrandom(&p->seed, sizeof(p->seed), 0) != sizeof(p->seed) && errno != EINTR)
			abort();
	x = p->seed + (n + 1ull) * 0x9e3779b97f4a7c15ull;	/* splitmix64 */
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void steps_drop(struct step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(steps[i].what);
		free(steps[i].leaves);
		free(steps[i].note);
		free(steps[i].xml);
		free(steps[i].made);
		free(steps[i].effective);
		free(steps[i].replaced);
		json_object_put(steps[i].args);
		steps_drop(steps[i].undo, steps[i].n_undo);
		free(steps[i].undo);
	}
}

static void steps_free(struct step *steps, size_t n)
{
	steps_drop(steps, n);
	free(steps);
}

void plan_forget_steps(struct plan *p)
{
	steps_free(p->steps, p->n_steps);
	p->steps = NULL;
	p->n_steps = 0;
}

void plan_forget_left(struct plan *p)
{
	while (p->n_left)
		free(p->left[--p->n_left]);
	steps_free(p->rest, p->n_rest);
	free(p->left);
	p->rest = NULL;
	p->left = NULL;
	p->n_rest = 0;
}

#define STANDS_MS 500		/* QEMU may have seen the guest's answer already */

unsigned step_ms(const struct step *s, unsigned timeout_ms)
{
	if (s->at_most_ms && timeout_ms > s->at_most_ms)
		return s->at_most_ms;
	return timeout_ms > s->at_least_ms ? timeout_ms : s->at_least_ms;
}

void step_requires(struct step *s, const struct plan *p, bool required)
{
	s->required = required;
	if (p->stands && !required)
		s->at_most_ms = STANDS_MS;
}

void step_copy(struct step *to, const struct step *from)
{
	to->op = from->op;
	to->what = xstrdup(from->what);
	to->leaves = xstrdup(from->leaves);
	to->xml = xstrdup(from->xml);
	to->number = from->number;
	to->at_least_ms = from->at_least_ms;
	to->at_most_ms = from->at_most_ms;
	to->required = from->required;
	to->if_there = from->if_there;
	to->journaled = from->journaled;
	to->asked = from->asked;
	to->args = from->args ? json_object_get(from->args) : NULL;
}

pid_t plan_guest_pid(const struct plan *p)
{
	int pid = 0;

	return p->ref && sscanf(p->ref, "pid:%d@", &pid) == 1 && pid > 0 ? pid : 0;
}

const char *plan_lock_name(const struct plan *p)
{
	return p->ref ? p->ref : LOCK_HOST;
}

size_t plan_unknown(const struct plan *p)
{
	size_t i = 0;

	while (i < p->n_steps && p->steps[i].status != STEP_UNKNOWN)
		i++;
	return i;
}

bool plan_is_unknown(const struct plan *p)
{
	return plan_unknown(p) < p->n_steps;
}

bool plan_is_pending(const struct plan *p)
{
	return p->n_rest || plan_is_unknown(p);
}

bool step_awaits_removal(const struct step *s)
{
	return op_get(s->op)->is_there != NULL;
}

bool steps_past_return(const struct plan *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((op_get(p->steps[i].op)->one_way || p->steps[i].asked) && !p->steps[i].n_undo)
			return true;
	return false;
}

static bool has_outliving(const struct step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (op_get(steps[i].op)->outlives || has_outliving(steps[i].undo, steps[i].n_undo))
			return true;
	return false;
}

static bool all_outlive(const struct step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!op_get(steps[i].op)->outlives || !all_outlive(steps[i].undo, steps[i].n_undo))
			return false;
	return true;
}

bool plan_needs_guest(const struct plan *p)
{
	return !all_outlive(p->steps, p->n_steps) || !all_outlive(p->rest, p->n_rest);
}

bool plan_outlives(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n_steps; i++)
		/* what leaves nothing, as a tap of ours that is up, goes by itself */
		if ((p->steps[i].leaves || p->steps[i].n_undo) && has_outliving(&p->steps[i], 1))
			return true;
	return has_outliving(p->rest, p->n_rest);
}

static void keep_outliving(struct step *steps, size_t *n)
{
	size_t i, kept = 0;

	for (i = 0; i < *n; i++) {
		struct step s = steps[i];

		if (!op_get(s.op)->outlives)
			continue;
		steps[i] = steps[kept];
		steps[kept++] = s;
	}
	steps_drop(steps + kept, *n - kept);
	*n = kept;
}

void plan_keep_outliving(struct plan *p)
{
	keep_outliving(p->steps, &p->n_steps);
	keep_outliving(p->rest, &p->n_rest);
}

void plan_note_left(struct plan *p, const char *what)
{
	size_t i;

	for (i = 0; what && i < p->n_left; i++)
		if (!strcmp(p->left[i], what))
			return;
	if (what)
		*vec_push(p->left, p->n_left) = xstrdup(what);
}

/* Asks the guest to release something, which the step behind it waits for. */
static bool is_request(const struct plan *p, size_t i)
{
	return i + 1 < p->n_steps && step_awaits_removal(&p->steps[i + 1]);
}

static bool is_put_off(const struct plan *p, const struct step *s)
{
	size_t i;

	for (i = 0; i < p->n_rest; i++)
		if (p->rest[i].op == s->op && !strcmp(p->rest[i].what, s->what))
			return true;
	return false;
}

size_t plan_first_unasked(const struct plan *p)
{
	size_t i = 0;

	while (i < p->n_steps && (!step_awaits_removal(&p->steps[i]) || p->steps[i].status != STEP_TODO || is_put_off(p, &p->steps[i])))
		i++;
	return i;
}

void plan_stop_short(struct plan *p, size_t i, bool sent)
{
	size_t first = sent && is_request(p, i) ? i + 1 : i, end = first;

	/* what was asked for is finished later; nothing more is asked for then */
	while (end < p->n_steps && !is_request(p, end))
		end++;
	plan_put_off(p, &p->steps[first], end - first);
	for (; i < p->n_steps; i++)
		plan_note_left(p, p->steps[i].leaves);
}

void plan_leave_all(struct plan *p, size_t i)
{
	size_t k;

	for (k = 0; k <= i && k < p->n_steps; k++)
		plan_note_left(p, p->steps[k].leaves);
}

void plan_put_off(struct plan *p, const struct step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct step *s = vec_push(p->rest, p->n_rest);

		step_copy(s, &steps[i]);
		s->asked = step_awaits_removal(s);
		s->if_there = true;	/* by then another removal of the same device was finished, or somebody cleaned up */
	}
}

void plan_free(struct plan *p)
{
	size_t i;

	if (!p)
		return;
	steps_free(p->steps, p->n_steps);
	plan_forget_left(p);
	for (i = 0; i < p->n_warnings; i++)
		free(p->warnings[i]);
	free(p->warnings);
	json_object_put(p->args);
	free(p->verb);
	free(p->vm);
	free(p->user);
	free(p->ref);
	free(p->domain);
	free(p->device);
	free(p->id);
	free(p->begun);
	free(p->gone);
	free(p);
}

struct step *step_add(struct step **steps, size_t *n, enum step_op op, const char *what, struct json_object *args)
{
	struct step *s = vec_push(*steps, *n);

	s->op = op;
	s->what = xstrdup(what);
	s->args = args;
	return s;
}

void step_leaves(struct step *s, const char *fmt, ...)
{
	va_list ap;

	free(s->leaves);
	va_start(ap, fmt);
	if (vasprintf(&s->leaves, fmt, ap) < 0)
		abort();
	va_end(ap);
}

void plan_warn(struct plan *p, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	*vec_push(p->warnings, p->n_warnings) = text;
}

const char *step_status_name(enum step_status s)
{
	static const char *const names[STEP_STATUS_COUNT] = {
		[STEP_TODO] = "todo", [STEP_OK] = "ok", [STEP_FAILED] = "failed", [STEP_TIMEOUT] = "timeout",
		[STEP_UNDONE] = "undone", [STEP_UNKNOWN] = "unknown",
	};

	return names[s];
}

const char *plan_status_name(enum plan_status s)
{
	static const char *const names[PLAN_STATUS_COUNT] = {
		[PLAN_PLANNED] = "planned", [PLAN_OK] = "ok", [PLAN_UNCHANGED] = "unchanged", [PLAN_INVALID] = "invalid",
		[PLAN_DENIED] = "denied", [PLAN_REFUSED] = "refused", [PLAN_TIMEOUT] = "timeout", [PLAN_FAILED] = "failed",
		[PLAN_PARTIAL] = "partial", [PLAN_UNDONE] = "undone", [PLAN_RUNNING] = "running",
		[PLAN_CLIPPED] = "clipped", [PLAN_OVERRULED] = "overruled",
	};

	return names[s];
}

bool plan_is_done(enum plan_status s)
{
	return s == PLAN_OK || s == PLAN_CLIPPED;
}

int plan_exit_code(const struct plan *p)
{
	switch (p->status) {
	case PLAN_PLANNED:
	case PLAN_OK:
	case PLAN_CLIPPED:
	case PLAN_UNCHANGED:
	case PLAN_UNDONE:
		return 0;
	case PLAN_INVALID:
		return p->err.code == -ENOENT || p->err.code == -ENODEV || p->err.code == -ENOTUNIQ ? 3 : 1;
	case PLAN_FAILED:
	case PLAN_OVERRULED:
		return 1;
	case PLAN_REFUSED:
	case PLAN_TIMEOUT:
		return 4;
	case PLAN_DENIED:
		return 5;
	case PLAN_PARTIAL:
	case PLAN_RUNNING:
	case PLAN_STATUS_COUNT:
		break;
	}
	return 6;
}
