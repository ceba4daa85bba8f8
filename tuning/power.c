// SPDX-License-Identifier: GPL-3.0-or-later
/* pause, resume, reset, powerdown: each checked against the state that the guest is in. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_MS 5000

struct state {
	char *word;			/* as query-status has it */
	char *disks;			/* that failed; NULL: none */
};

static void state_done(struct state *s)
{
	free(s->word);
	free(s->disks);
}

static char *failed_disks(struct qmp *q)
{
	struct qmp_disk *list = NULL;
	auto_buf struct buf all = {0};
	size_t n = 0, i;

	if (qmp_query_disks(q, &list, &n, NULL))
		return NULL;
	for (i = 0; i < n; i++)
		if (list[i].io_status && strcmp(list[i].io_status, "ok"))
			buf_printf(&all, "%s%s%s", all.len ? ", " : "", list[i].id, strcmp(list[i].io_status, "nospace") ? "" : " (no space left)");
	qmp_disks_free(list, n);
	return all.len ? buf_take(&all) : NULL;
}

static int state_read(const struct plan *p, const struct plan_env *env, struct state *out, struct err *err)
{
	bool running;
	int rc;

	if (p->domain)
		return virt_state_read(env->virt, p->domain, READ_MS, &out->word, &out->disks, err);
	rc = qmp_query_status(env->qmp, &running, &out->word, err);
	if (!rc && !strcmp(out->word, "io-error"))
		out->disks = failed_disks(env->qmp);
	return rc;
}

/* It runs elsewhere, or is to. */
static bool migrates(const struct state *s)
{
	static const char *const words[] = { "inmigrate", "postmigrate", "finish-migrate", "restore-vm", "save-vm", NULL };

	return str_is_listed(s->word, words);
}

static int plan_pause(struct plan *p, const struct state *s, struct err *err)
{
	(void)err;
	if (strcmp(s->word, "running")) {
		p->status = PLAN_UNCHANGED;
		if (strcmp(s->word, "paused") && strcmp(s->word, "prelaunch"))
			plan_warn(p, "the guest does not run: it is in the state %s", s->word);
		return 0;
	}
	step_leaves(plan_power(p, "pause"), "the guest paused");
	return 0;
}

static int plan_resume(struct plan *p, const struct state *s, struct err *err)
{
	static const char *const over[] = { "shutdown", "guest-panicked", "internal-error", NULL };

	if (!strcmp(s->word, "running")) {
		p->status = PLAN_UNCHANGED;
		return 0;
	}
	if (str_is_listed(s->word, over))
		return err_set(err, -EINVAL, "the guest cannot go on: it is in the state %s (reset it)", s->word);
	if (migrates(s))
		return err_set(err, -EBUSY, "the guest is not to run here now: it is in the state %s (jobs shows its migration)", s->word);
	if (!strcmp(s->word, "suspended"))
		return err_set(err, -EINVAL, "the guest has suspended itself, and was not paused (virsh dompmwakeup, or system_wakeup at its monitor)");
	if (!strcmp(s->word, "io-error"))
		plan_warn(p, "it stopped at an I/O error of %s: it stops again at once where that was not mended", s->disks ? s->disks :
			  "a disk that QEMU does not name");
	step_leaves(plan_power(p, "resume"), "the guest resumed");
	return 0;
}

static int plan_reset(struct plan *p, const struct state *s, struct err *err)
{
	if (migrates(s))
		return err_set(err, -EBUSY, "the guest is not to run here now: it is in the state %s (jobs shows its migration)", s->word);
	plan_warn(p, "what the guest has not written to its disks is lost, and there is no undo");
	plan_power(p, "reset");
	return 0;
}

static int plan_powerdown(struct plan *p, const struct state *s, struct err *err)
{
	if (strcmp(s->word, "running"))
		return err_set(err, -EINVAL, "the guest does not run, so it cannot heed its power button: it is in the state %s (resume it)", s->word);
	plan_warn(p, "there is no undo");
	plan_power(p, "powerdown");
	plan_await_off(p);
	return 0;
}

static int build(struct plan *p, const struct plan_env *env, int (*fn)(struct plan *, const struct state *, struct err *), struct err *err)
{
	struct state s = {0};
	int rc = state_read(p, env, &s, err);

	if (!rc)
		rc = fn(p, &s, err);
	state_done(&s);
	return rc;
}

int tuning_pause(struct plan *p, const struct plan_env *env, struct err *err)
{
	return build(p, env, plan_pause, err);
}

int tuning_resume(struct plan *p, const struct plan_env *env, struct err *err)
{
	return build(p, env, plan_resume, err);
}

int tuning_reset(struct plan *p, const struct plan_env *env, struct err *err)
{
	return build(p, env, plan_reset, err);
}

int tuning_powerdown(struct plan *p, const struct plan_env *env, struct err *err)
{
	return build(p, env, plan_powerdown, err);
}
