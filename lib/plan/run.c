// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The engine: does steps, waits, takes them back in reverse. It knows operations, not devices.
 */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A guest that lets go does so within a second; one that is asked during roll-back gets this long. */
#define UNDO_WAIT_MS 5000
/* The event can be missed only if somebody else took it (there is one client): look in QOM now and then all the same. */
#define GONE_LOOK_NS (1 * NS_PER_SEC)
#define DRIVER_LOOK_NS (100 * NS_PER_MS)
/* A killed process is in /proc until the kernel has freed its memory. */
#define DEATH_MS 2000

struct run {
	struct plan *p;
	const struct plan_env *env;
	int interrupt;			/* what ends waiting now, -1: nothing */
	char **deleted;			/* devices DEVICE_DELETED has named so far: it may come before the reply */
	size_t n_deleted;
	char **refused;			/* DEVICE_UNPLUG_GUEST_ERROR */
	size_t n_refused;
};

static void on_event(void *arg, const char *event, struct json_object *data)
{
	struct run *r = arg;
	/* a device without an id has its path only, and so have the inner parts of any */
	const char *names[] = { json_str(data, "device"), json_str(data, "path") };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i])
			continue;
		if (!strcmp(event, "DEVICE_DELETED"))
			*vec_push(r->deleted, r->n_deleted) = xstrdup(names[i]);
		else if (!strcmp(event, "DEVICE_UNPLUG_GUEST_ERROR"))
			*vec_push(r->refused, r->n_refused) = xstrdup(names[i]);
	}
}

static bool has(char **list, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(list[i], word))
			return true;
	return false;
}

static int device_is_there(struct qmp *q, const char *device, bool *there, struct err *err)
{
	/* by its id, or by its path, which is all that a device without one has */
	const char *name = *device == '/' ? strrchr(device, '/') + 1 : device;
	auto_free char *parent = *device == '/' ? xstrndup(device, (size_t)(name - device) - (name - device > 1)) : NULL;
	struct qmp_prop *list = NULL;
	size_t n = 0, i;
	int rc;

	rc = parent ? qmp_qom_list(q, parent, &list, &n, err) : qmp_query_peripherals(q, &list, &n, err);
	if (rc)
		return rc;
	*there = false;
	for (i = 0; i < n; i++)
		*there |= !strcmp(list[i].name, name);
	qmp_props_free(list, n);
	return 0;
}

/* 0: gone; -ETIMEDOUT; -EACCES: the guest said no; else the connection's error */
static int await_gone(struct run *r, const char *device, uint64_t deadline, struct err *err)
{
	uint64_t look = clock_now_ns() + GONE_LOOK_NS;
	bool there = true;
	int rc = 0;

	while (!rc && there) {
		if (has(r->deleted, r->n_deleted, device))
			return 0;
		if (has(r->refused, r->n_refused, device))
			return err_set(err, -EACCES, "the guest refused to let go of %s", device);
		if (clock_now_ns() >= look) {
			rc = device_is_there(r->env->qmp, device, &there, err);
			look = clock_now_ns() + GONE_LOOK_NS;
		} else if (clock_now_ns() >= deadline) {
			return err_set(err, -ETIMEDOUT, "the guest has not let go of %s (does it run, does it know hotplug?)",
				       device);
		} else {
			rc = qmp_pump(r->env->qmp, (unsigned)clock_left_ms(look < deadline ? look : deadline), err);
		}
	}
	return rc;
}

static int await_driver(struct run *r, const struct step *s, uint64_t deadline, struct err *err)
{
	bool ok = false;
	int rc;

	for (;;) {
		rc = qmp_virtio_driver_ok(r->env->qmp, s->what, &ok, err);
		if (rc == -ENOSYS || rc == -EOPNOTSUPP) {	/* QEMU before 7.2, or a class that must not be asked */
			r->p->guest = "unknown";
			return 0;
		}
		if (rc)
			return rc;
		if (ok) {
			r->p->guest = "ready";
			return 0;
		}
		r->p->guest = "unseen";
		if (clock_now_ns() >= deadline)
			return s->required ? err_set(err, -ETIMEDOUT, "the guest has not taken %s", s->what) : 0;
		rc = qmp_pump(r->env->qmp, DRIVER_LOOK_NS / NS_PER_MS, err);
		if (rc)
			return rc;
	}
}

/* QEMU does not say which node lives inside which; the one inside goes with the other. */
static int drop_node(struct run *r, const char *node, unsigned timeout_ms, struct err *err)
{
	struct json_object *args;
	char **names = NULL;
	size_t n = 0;
	bool there;
	int rc;

	rc = qmp_query_nodes(r->env->qmp, &names, &n, err);
	if (rc)
		return rc;
	there = has(names, n, node);
	qmp_strings_free(names, n);
	if (!there)
		return 0;
	args = json_put_str(json_object_new_object(), "node-name", node);
	return qmp_call(r->env->qmp, "blockdev-del", args, timeout_ms, NULL, err);
}

static void set_interrupt(struct run *r, int fd)
{
	r->interrupt = fd;
	if (r->env->qmp)
		qmp_set_interrupt(r->env->qmp, fd);
}

static void follow_events(struct run *r, qmp_event_fn *fn)
{
	if (r->env->qmp)
		qmp_on_event(r->env->qmp, fn, fn ? r : NULL);
}

static int step_do(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct json_object *args;
	int rc;

	switch (s->op) {
	case STEP_QMP:
		args = s->args ? json_object_get(s->args) : NULL;
		return qmp_call(r->env->qmp, s->what, args, timeout_ms, NULL, err);
	case STEP_VIRT_ATTACH:
		return virt_attach(r->env->virt, r->p->domain, s->xml, (unsigned)s->number, timeout_ms, err);
	case STEP_VIRT_DETACH:
		/* said with the engine's own word for it */
		rc = virt_detach_alias(r->env->virt, r->p->domain, s->what, timeout_ms, r->interrupt, err);
		return rc == -EBUSY ? -EACCES : rc;
	case STEP_VIRT_CONFIG:
		return virt_detach_config(r->env->virt, r->p->domain, s->xml, timeout_ms, err);
	case STEP_VIRT_RESIZE:
		return virt_block_resize(r->env->virt, r->p->domain, s->what, s->number, timeout_ms, err);
	case STEP_DROP_NODE:
		return drop_node(r, s->what, timeout_ms, err);
	case STEP_AWAIT_GONE:
		return await_gone(r, s->what, deadline, err);
	case STEP_AWAIT_DRIVER:
		return await_driver(r, s, deadline, err);
	}
	return -EINVAL;
}

bool plan_guest_is_gone(const struct plan *p, const struct host *h)
{
	struct host_proc proc = {0};
	unsigned long long start;
	bool same;
	int pid;

	if (!p->ref || sscanf(p->ref, "pid:%d@%llu", &pid, &start) != 2)
		return false;
	same = !host_proc_read(h, pid, &proc) && proc.start == start && proc.argc;
	host_proc_done(&proc);
	return !same;
}

/* The process is gone, or going: then nothing of what was done is left. */
static bool guest_has_ended(const struct run *r)
{
	uint64_t deadline = clock_now_ns() + DEATH_MS * NS_PER_MS;

	while (!plan_guest_is_gone(r->p, r->env->host)) {
		if (clock_now_ns() >= deadline)
			return false;
		clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
	}
	return true;
}

/* A step that ends when the guest has let go: it can be taken up again later. */
static bool awaits_removal(const struct step *s)
{
	return s->op == STEP_AWAIT_GONE || s->op == STEP_VIRT_DETACH;
}

static int domain_has(struct run *r, const char *alias, bool *has_alias, struct err *err)
{
	struct virt_def *def;
	int rc = virt_domain_read(r->env->virt, r->p->domain, UNDO_WAIT_MS, &def, err);

	if (rc)
		return rc;
	*has_alias = virt_def_has_alias(def, alias);
	virt_def_free(def);
	return 0;
}

static void note_left(struct plan *p, const char *what)
{
	if (what && !has(p->left, p->n_left, what))
		*vec_push(p->left, p->n_left) = xstrdup(what);
}

/*
 * Take one step back. sure: it is known to have happened, so an inverse that fails leaves something. A device the guest
 * does not let go of, and what has to wait for that, is put off.
 */
static bool step_take_back(struct run *r, struct step *s, bool sure)
{
	unsigned timeout_ms = r->env->timeout_ms;
	struct err err;
	size_t i;
	int rc = 0;

	if (s->n_undo && timeout_ms < UNDO_WAIT_MS)	/* who is in a hurry wants no ruins either */
		timeout_ms = UNDO_WAIT_MS;
	for (i = 0; i < s->n_undo && !rc; i++)
		rc = step_do(r, &s->undo[i], s->undo[i].op == STEP_QMP ? timeout_ms : UNDO_WAIT_MS, &err);
	/* QEMU answered that it does not know it: the step had not happened after all */
	if (rc && !sure && (rc == -ENODEV || rc == -ENOENT || rc == -EREMOTEIO))
		rc = 0;
	if (rc) {
		note_left(r->p, s->leaves);
		if (rc == -ETIMEDOUT && awaits_removal(&s->undo[i - 1]))
			plan_put_off(r->p, &s->undo[i - 1], s->n_undo - (i - 1));
		return false;
	}
	if (s->status == STEP_OK && s->n_undo)
		s->status = STEP_UNDONE;
	return true;
}

/* Steps before `failed` have been done; failed itself perhaps, if nobody answered. In reverse, stop at what stays. */
static void roll_back(struct run *r, size_t failed, int rc)
{
	bool whole = true;
	size_t i;

	set_interrupt(r, -1);
	if (rc == -ETIMEDOUT || rc == -ECANCELED)
		whole = step_take_back(r, &r->p->steps[failed], false);
	for (i = failed; i-- > 0; ) {
		struct step *s = &r->p->steps[i];

		/* what an undeleted device uses cannot be taken away under it */
		if (whole) {
			whole = step_take_back(r, s, true);
			continue;
		}
		note_left(r->p, s->leaves);
		if (r->p->n_rest)
			plan_put_off(r->p, s->undo, s->n_undo);
	}
	r->p->status = r->p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
}

static void leave_all(struct run *r, size_t failed)
{
	size_t i;

	for (i = 0; i <= failed; i++)
		note_left(r->p, r->p->steps[i].leaves);
	r->p->status = r->p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
}

/* A command that has no inverse was sent: there is no way back from it. */
static bool is_past_return(const struct plan *p, size_t n_sent)
{
	size_t i;

	for (i = 0; i < n_sent; i++)
		if ((p->steps[i].op == STEP_QMP || p->steps[i].op == STEP_VIRT_DETACH) && !p->steps[i].n_undo)
			return true;
	return false;
}

/* What the failed step and those after it would have removed is still there; wait for the guest if it is its turn. */
static void stop_short(struct run *r, size_t failed, bool broken)
{
	struct plan *p = r->p;
	size_t i;

	for (i = failed; i < p->n_steps; i++) {
		if (awaits_removal(&p->steps[i]) && !p->n_rest)
			plan_put_off(p, &p->steps[i], p->n_steps - i);
		note_left(p, p->steps[i].leaves);
	}
	p->status = p->n_rest && !broken ? PLAN_TIMEOUT : p->n_left ? PLAN_PARTIAL : PLAN_FAILED;
}

static void step_failed(struct run *r, size_t i, int rc)
{
	struct plan *p = r->p;
	bool broken = rc == -ECONNRESET || (r->env->qmp && !qmp_is_open(r->env->qmp));
	bool perhaps = broken || rc == -ETIMEDOUT || rc == -ECANCELED;

	p->err.code = rc;
	p->steps[i].status = rc == -ETIMEDOUT ? STEP_TIMEOUT : STEP_FAILED;
	if (broken && guest_has_ended(r)) {
		p->status = PLAN_FAILED;
		err_set(&p->err, -ECONNRESET, "the guest's QEMU has ended, nothing is left of it");
	} else if (awaits_removal(&p->steps[i]) && rc == -EACCES) {
		p->status = PLAN_REFUSED;
	} else if (is_past_return(p, i + perhaps)) {
		stop_short(r, i, broken);
	} else if (broken) {
		leave_all(r, i);
	} else {
		roll_back(r, i, rc);
		/* the guest said nothing; what stays until it does is put off, but what just failed is left */
		if (p->steps[i].op == STEP_AWAIT_DRIVER && rc == -ETIMEDOUT && (!p->n_left || p->n_rest))
			p->status = PLAN_TIMEOUT;
	}
}

static int tell(struct run *r, size_t i)
{
	int rc = 0;

	if (r->env->journal)
		rc = journal_write(r->env->journal, r->p, &r->p->err);
	if (r->env->progress)
		r->env->progress(r->env->arg, r->p, i);
	return rc;
}

static int run_from(struct run *r, size_t first)
{
	struct plan *p = r->p;
	size_t i;
	int rc = 0;

	p->status = PLAN_RUNNING;
	for (i = first; i < p->n_steps && !rc; i++) {
		uint64_t began = clock_now_ns();

		rc = tell(r, i);
		if (rc) {		/* nothing is done that is not written down first */
			if (is_past_return(p, i))
				stop_short(r, i, true);
			else
				roll_back(r, i, 0);
			break;
		}
		set_interrupt(r, r->env->interrupt_fd);
		rc = step_do(r, &p->steps[i], r->env->timeout_ms, &p->err);
		p->steps[i].ns = clock_now_ns() - began;
		if (rc)
			step_failed(r, i, rc);
		else
			p->steps[i].status = STEP_OK;
	}
	if (!rc) {
		p->status = PLAN_OK;
		p->err = (struct err){0};
	}
	set_interrupt(r, -1);
	if (r->env->journal && journal_write(r->env->journal, p, rc ? NULL : &p->err))
		plan_warn(p, "the journal could not be brought up to date");
	if (r->env->progress)
		r->env->progress(r->env->arg, p, p->n_steps);
	return rc;
}

static void run_done(struct run *r)
{
	follow_events(r, NULL);
	qmp_strings_free(r->deleted, r->n_deleted);
	qmp_strings_free(r->refused, r->n_refused);
}

int plan_run(struct plan *p, const struct plan_env *env)
{
	struct run r = { .p = p, .env = env, .interrupt = -1 };
	int rc;

	follow_events(&r, on_event);
	rc = run_from(&r, 0);
	run_done(&r);
	return rc;
}

/* A removal waits for the guest in its own steps; an addition only while it is taken back. */
static enum plan_status finished(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n_steps; i++)
		if (awaits_removal(&p->steps[i]))
			return PLAN_OK;
	return PLAN_UNDONE;
}

int plan_finish(struct plan *p, const struct plan_env *env)
{
	struct run r = { .p = p, .env = env, .interrupt = -1 };
	bool there = false;
	size_t i;
	int rc = 0;

	if (!p->n_rest || !awaits_removal(&p->rest[0]))
		return err_set(&p->err, -EINVAL, "it waits for nothing");
	if (p->rest[0].op == STEP_VIRT_DETACH)
		rc = domain_has(&r, p->rest[0].what, &there, &p->err);
	else
		rc = device_is_there(env->qmp, p->rest[0].what, &there, &p->err);
	if (!rc && there)
		return -EAGAIN;
	follow_events(&r, on_event);
	for (i = 1; i < p->n_rest && !rc; i++)
		rc = step_do(&r, &p->rest[i], env->timeout_ms, &p->err);
	run_done(&r);
	if (rc)
		return rc;
	plan_forget_left(p);
	p->status = finished(p);
	p->err = (struct err){0};
	return 0;
}
