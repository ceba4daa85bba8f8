// SPDX-License-Identifier: GPL-3.0-or-later
/* Operations on the host for PCI devices that are handed through: whose driver has one, and how much QEMU may lock. */
#include "private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VFIO "vfio-pci"

/* ---- the driver */

static const char *override_of(const struct step *s)
{
	const char *override = json_str(s->args, "override");

	return override ? override : "";
}

static bool is_target(const struct step *s, const char *driver)
{
	const char *target = json_str(s->args, "driver");

	return target && !strcmp(target, driver);
}

static int bind_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	const struct host *h = r->env->host;
	struct host_binding before;
	int rc = host_binding_read(h, s->what, &before);

	if (rc)
		return err_set(err, rc, "the host has no PCI device %s", s->what);
	/* out of a journal: one that was handed through is given back, and no other is touched */
	if (s->journaled && *before.driver && strcmp(before.driver, VFIO) && !is_target(s, before.driver))
		return err_set(err, -EPERM, "PCI device %s has driver %s, and is not handed through", s->what, before.driver);
	rc = host_pci_bind(h, s->what, json_str(s->args, "driver"), override_of(s), timeout_ms, err);
	/* the engine takes a step that fails for not done, one that may be done it takes back itself */
	if (rc && rc != -ETIMEDOUT && host_pci_bind(h, s->what, before.driver, before.override, timeout_ms, NULL))
		return err_prefix(err, -ETIMEDOUT, "%s is not as it was", s->what);
	return rc;
}

static char *bind_text(const struct step *s, unsigned timeout_ms)
{
	const char *driver = json_str(s->args, "driver"), *override = override_of(s);
	const char *how = *override ? ", driver_override " : "";

	(void)timeout_ms;
	if (!driver)
		return xasprintf("PCI device %s to the driver of the host that knows it", s->what);
	if (!*driver)
		return xasprintf("PCI device %s to no driver%s%s", s->what, how, override);
	return xasprintf("PCI device %s to driver %s%s%s", s->what, driver, how, override);
}

static int bind_check(const struct step *s, struct err *err)
{
	const char *driver = json_str(s->args, "driver");
	char address[16];

	if (host_pci_address(s->what, address) || strcmp(address, s->what) || (driver && !host_driver_name_ok(driver)) ||
	    !host_driver_name_ok(override_of(s)))
		return err_set(err, -EPERM, "binding %s does not belong in a journal", s->what);
	return 0;
}

static bool bind_takes_back(const struct step *s, const struct step *of)
{
	return !is_target(s, VFIO) && (!of || takes_back_same(s, of));
}

const struct op op_pci_bind = {
	.name = "pci-bind", .run = bind_run, .text = bind_text, .check = bind_check, .takes_back = bind_takes_back, .outlives = true,
};

static struct json_object *bind_args(const char *driver, const char *override)
{
	struct json_object *args = json_object_new_object();

	if (driver)
		json_put_str(args, "driver", driver);
	return override && *override ? json_put_str(args, "override", override) : args;
}

struct step *plan_pci_bind(struct plan *p, const char *address, const char *driver, const char *override)
{
	return step_add(&p->steps, &p->n_steps, STEP_PCI_BIND, address, bind_args(driver, override));
}

void step_undo_pci_bind(struct step *s, const char *address, const char *driver, const char *override)
{
	step_add(&s->undo, &s->n_undo, STEP_PCI_BIND, address, bind_args(driver, override));
}

/* ---- memory that QEMU may lock */

static int memlock_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	pid_t pid = plan_guest_pid(r->p);
	uint64_t now;

	(void)timeout_ms;
	if (!host_is_live(r->env->host))
		return err_set(err, -EOPNOTSUPP, "a recorded host cannot be changed");
	if (!pid || plan_guest_is_gone(r->p, r->env->host))
		return err_set(err, -ESRCH, "the guest's QEMU has ended");
	/* an inverse lowers it */
	if (s->journaled && (host_lock_limit(r->env->host, pid, &now) || s->number > now))
		return err_set(err, -EPERM, "the journal would let QEMU lock more memory than now");
	return host_lock_limit_set(r->env->host, pid, s->number, err);
}

static char *memlock_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("QEMU may lock %llu bytes of memory (RLIMIT_MEMLOCK)", (unsigned long long)s->number);
}

static bool memlock_takes_back(const struct step *s, const struct step *of)
{
	return !of || takes_back_same(s, of);
}

const struct op op_memlock = {
	.name = "memlock", .run = memlock_run, .text = memlock_text, .takes_back = memlock_takes_back,
};

struct step *plan_memlock(struct plan *p, uint64_t bytes, uint64_t old)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_MEMLOCK, "memlock", NULL);

	s->number = bytes;
	step_add(&s->undo, &s->n_undo, STEP_MEMLOCK, "memlock", NULL)->number = old;
	return s;
}
