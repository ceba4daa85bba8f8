// SPDX-License-Identifier: GPL-3.0-or-later
/* Building plans, and what they come to. */
#include "private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void steps_free(struct step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(steps[i].what);
		free(steps[i].leaves);
		free(steps[i].xml);
		json_object_put(steps[i].args);
		steps_free(steps[i].undo, steps[i].n_undo);
	}
	free(steps);
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

void plan_put_off(struct plan *p, const struct step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct step *s = vec_push(p->rest, p->n_rest);
		const char *node = json_str(steps[i].args, "node-name");
		bool drop = steps[i].op == STEP_QMP && !strcmp(steps[i].what, "blockdev-del") && node;

		/* by then it may be gone: another removal of the same device was put off too, or somebody cleaned up */
		s->op = drop ? STEP_DROP_NODE : steps[i].op;
		s->what = xstrdup(drop ? node : steps[i].what);
		s->leaves = xstrdup(steps[i].leaves);
		s->xml = xstrdup(steps[i].xml);
		s->number = steps[i].number;
		s->args = steps[i].args && !drop ? json_object_get(steps[i].args) : NULL;
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
	free(p->ref);
	free(p->domain);
	free(p->device);
	free(p->id);
	free(p->begun);
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
		[STEP_UNDONE] = "undone",
	};

	return names[s];
}

const char *plan_status_name(enum plan_status s)
{
	static const char *const names[PLAN_STATUS_COUNT] = {
		[PLAN_PLANNED] = "planned", [PLAN_OK] = "ok", [PLAN_UNCHANGED] = "unchanged", [PLAN_INVALID] = "invalid",
		[PLAN_DENIED] = "denied", [PLAN_REFUSED] = "refused", [PLAN_TIMEOUT] = "timeout", [PLAN_FAILED] = "failed",
		[PLAN_PARTIAL] = "partial", [PLAN_UNDONE] = "undone", [PLAN_RUNNING] = "running",
	};

	return names[s];
}

int plan_exit_code(const struct plan *p)
{
	switch (p->status) {
	case PLAN_PLANNED:
	case PLAN_OK:
	case PLAN_UNCHANGED:
	case PLAN_UNDONE:
		return 0;
	case PLAN_INVALID:
		return p->err.code == -ENOENT || p->err.code == -ENODEV || p->err.code == -ENOTUNIQ ? 3 : 1;
	case PLAN_FAILED:
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
