// SPDX-License-Identifier: GPL-3.0-or-later
/* Sizes that are asked for: what came of them. Of a virtio-mem device the guest decides. */
#include "private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define LOOK_MS 250
#define MIB 1048576.0

void run_size_is(struct run *r, const char *disk, uint64_t wanted, uint64_t now)
{
	if (now != wanted)
		plan_warn(r->p, "%s was to have %llu bytes, and it has %llu: that is what the guest sees", disk, (unsigned long long)wanted,
			  (unsigned long long)now);
}

/* libvirt's view follows QEMU's event. */
static int size_at_libvirt(struct run *r, const char *alias, uint64_t *bytes, struct err *err)
{
	struct virt_def *def;
	size_t i;
	int rc = virt_domain_read(r->env->virt, r->p->domain, VIRT_LIVE, READ_MS, &def, err);

	if (rc)
		return rc;
	rc = -ENODEV;
	for (i = 0; i < def->n_memory; i++) {
		if (def->memory[i].alias && !strcmp(def->memory[i].alias, alias)) {
			*bytes = def->memory[i].current_bytes;
			rc = 0;
		}
	}
	virt_def_free(def);
	return rc ? err_set(err, rc, "the guest has no memory device %s any more", alias) : 0;
}

int run_wait(struct run *r, unsigned ms, struct err *err)
{
	struct pollfd fd = { .fd = r->interrupt, .events = POLLIN };

	if (r->env->qmp)
		return qmp_pump(r->env->qmp, ms, err);
	return poll(&fd, 1, (int)ms) > 0 ? err_set(err, -ECANCELED, "interrupted") : 0;
}

static int size_now(struct run *r, const char *device, uint64_t *bytes, struct err *err)
{
	struct qmp_memory *list = NULL;
	size_t n = 0, i;
	int rc;

	if (!r->env->qmp)
		return size_at_libvirt(r, device, bytes, err);
	rc = qmp_query_memory(r->env->qmp, &list, &n, err);
	if (rc)
		return rc;
	rc = -ENODEV;
	for (i = 0; i < n; i++) {
		if (list[i].id && !strcmp(list[i].id, device)) {
			*bytes = list[i].size_bytes;
			rc = 0;
		}
	}
	qmp_memory_free(list, n);
	return rc ? err_set(err, rc, "the guest has no memory device %s any more", device) : 0;
}

/* Out of time: what has moved is not taken back, as the guest may be on its way. */
static int fell_short(struct run *r, const struct step *s, uint64_t first, uint64_t now, struct err *err)
{
	auto_free char *what = NULL;

	r->p->guest = "unseen";
	if (s->required)
		return err_set(err, -ETIMEDOUT, "%s has %g MiB, not yet %g", s->what, (double)now / MIB,
				(double)s->number / MIB);
	if (now == first) {
		plan_warn(r->p, "the guest has not begun to change %s (does it have a driver for "
				"virtio-mem?)", s->what);
		return 0;
	}
	what = xasprintf("%s has %g MiB of %g so far; the guest may go on", s->what, (double)now / MIB,
			(double)s->number / MIB);
	plan_note_left(r->p, what);
	return 0;
}

static int await_size_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS, first = 0, now = 0;
	bool begun = false;
	int rc, left;

	for (;;) {
		rc = size_now(r, s->what, &now, err);
		if (rc)
			return rc;
		if (!begun)
			first = now;
		begun = true;
		if (now == s->number) {
			r->p->guest = "ready";
			return 0;
		}
		run_note(r, s, "%g MiB", (double)now / MIB);
		left = clock_left_ms(deadline);
		if (!left)
			return fell_short(r, s, first, now, err);
		/* MEMORY_DEVICE_SIZE_CHANGE comes once a second at most, and not when the last one was lost to that */
		rc = run_wait(r, left < LOOK_MS ? (unsigned)left : LOOK_MS, err);
		if (rc)
			return rc;
	}
}

static char *await_size_text(const struct step *s, unsigned timeout_ms)
{
	return xasprintf("wait until the guest has made %s %g MiB, at most %g s", s->what,
			(double)s->number / MIB, timeout_ms / 1000.0);
}

const struct op op_await_size = {
	.name = "await-size", .run = await_size_run, .text = await_size_text, .asks_guest = true,
};

struct step *plan_await_size(struct plan *p, const char *device, uint64_t bytes, bool required)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_AWAIT_SIZE, device, NULL);

	s->number = bytes;
	step_requires(s, p, required);
	return s;
}
