// SPDX-License-Identifier: GPL-3.0-or-later
/* A guest's run state: through its monitor, or through libvirt for its guests; and waiting until it has shut down. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 200

static const struct {
	const char *name, *command, *call;
	enum virt_power power;
	const char *back;		/* what takes it back; NULL: nothing */
} acts[] = {
	{ "pause", "stop", "virDomainSuspend", VIRT_PAUSE, "resume" },
	{ "resume", "cont", "virDomainResume", VIRT_RESUME, "pause" },
	{ "reset", "system_reset", "virDomainReset", VIRT_RESET, NULL },
	{ "powerdown", "system_powerdown", "virDomainShutdown", VIRT_POWERDOWN, NULL },
};

static size_t act_of(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(acts) && strcmp(acts[i].name, name))
		i++;
	return i;
}

static int power_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	size_t i = act_of(s->what);

	if (r->p->domain)
		return virt_power(r->env->virt, r->p->domain, acts[i].power, timeout_ms, err);
	return qmp_call(r->env->qmp, acts[i].command, NULL, timeout_ms, NULL, err);
}

static char *power_text(const struct step *s, unsigned timeout_ms)
{
	size_t i = act_of(s->what);

	(void)timeout_ms;
	return xstrdup(json_flag(s->args, "libvirt", false) ? acts[i].call : acts[i].command);
}

static int power_check(const struct step *s, struct err *err)
{
	return act_of(s->what) < ARRAY_SIZE(acts) ? 0 : err_set(err, -EPERM, "%s does not belong in a journal", s->what);
}

static bool power_takes_back(const struct step *s, const struct step *of)
{
	size_t i = of && of->op == s->op ? act_of(of->what) : ARRAY_SIZE(acts);

	return i < ARRAY_SIZE(acts) && acts[i].back && !strcmp(acts[i].back, s->what);
}

const struct op op_power = {
	.name = "power", .run = power_run, .text = power_text, .check = power_check, .takes_back = power_takes_back,
};

static struct json_object *args_of(const struct plan *p)
{
	return json_put(json_object_new_object(), "libvirt", json_object_new_boolean(p->domain != NULL));
}

struct step *plan_power(struct plan *p, const char *what)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_POWER, what, args_of(p));
	size_t i = act_of(what);

	if (i < ARRAY_SIZE(acts) && acts[i].back)
		step_add(&s->undo, &s->n_undo, STEP_POWER, acts[i].back, args_of(p));
	return s;
}

/* ---- shut down */

/* QEMU says that the guest has shut down, or its process has ended; without -no-shutdown both. */
static int off_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	int left, rc;

	(void)s;
	for (;;) {
		if (run_saw_any(r, "SHUTDOWN") || plan_guest_is_gone(r->p, r->env->host))
			return 0;
		left = clock_left_ms(deadline);
		if (!left)
			return err_set(err, -ETIMEDOUT, "the guest has not shut down (does it run, does it heed its power button?)");
		rc = run_wait(r, left < LOOK_MS ? (unsigned)left : LOOK_MS, err);
		if (rc == -ECONNRESET && plan_guest_ends(r))
			return 0;
		if (rc)
			return rc;
	}
}

static char *off_text(const struct step *s, unsigned timeout_ms)
{
	(void)s;
	return xasprintf("wait until the guest has shut down, at most %g s", timeout_ms / 1000.0);
}

const struct op op_await_off = {
	.name = "await-off", .run = off_run, .text = off_text, .asks_guest = true,
};

struct step *plan_await_off(struct plan *p)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_AWAIT_OFF, "guest", NULL);

	step_requires(s, p, true);
	return s;
}
