// SPDX-License-Identifier: GPL-3.0-or-later
/* A value into a file of the host, and the value that it had back into it. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hostctl/hostctl.h"

static int file_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	const char *value = json_str(s->args, "value");
	char got[HOST_VALUE_MAX];
	int rc = hostctl_file_set(r->env->host, s->what, value, timeout_ms, got, err);

	if (!rc && strcmp(got, value))
		run_effective(r, s, "%s", got[0] ? got : "it cannot be read back");
	return rc;
}

static char *file_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("write %s to /%s", json_str(s->args, "value"), s->what);
}

static int file_check(const struct step *s, struct err *err)
{
	const char *value = json_str(s->args, "value");

	if (!hostctl_file_ok(s->what) || !value || !hostctl_value_ok(value))
		return err_set(err, -EPERM, "this value of /%s does not belong in a journal", s->what);
	return 0;
}

/* The kernel may set files of the same directory with it. */
static bool file_takes_back(const struct step *s, const struct step *of)
{
	const char *a = strrchr(s->what, '/'), *b = of ? strrchr(of->what, '/') : NULL;

	return a && b && of->op == s->op && a - s->what == b - of->what && !strncmp(s->what, of->what, (size_t)(a - s->what));
}

static char *file_thing(const struct step *s)
{
	return xasprintf("/%s", s->what);
}

static int file_made(struct run *r, const struct step *s, char **words, struct err *err)
{
	char now[HOST_VALUE_MAX];
	int rc = host_value_read(r->env->host, s->what, now);

	if (rc)
		return err_set(err, rc, "/%s cannot be read", s->what);
	*words = xstrdup(now);
	return 0;
}

const struct op op_file = {
	.name = "file", .run = file_run, .text = file_text, .check = file_check, .takes_back = file_takes_back, .thing = file_thing,
	.made = file_made, .outlives = true,
};

static struct json_object *args_of(const char *value)
{
	return json_put_str(json_object_new_object(), "value", value);
}

void step_undo_file(struct step *s, const char *path, const char *value)
{
	step_add(&s->undo, &s->n_undo, STEP_FILE, path, args_of(value))->at_least_ms = s->at_least_ms;
}

struct step *plan_file(struct plan *p, const char *path, const char *value, const char *old)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_FILE, path, args_of(value));

	step_undo_file(s, path, old);
	step_leaves(s, "/%s, which was %s", path, old);
	return s;
}
