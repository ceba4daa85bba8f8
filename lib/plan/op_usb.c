// SPDX-License-Identifier: GPL-3.0-or-later
/* Waiting until a USB device of the host is QEMU's, and the guest has given it an address. */
#include "private.h"

#include <errno.h>

#define LOOK_MS 100
#define OPEN_MS 3000		/* QEMU opens it at once or looks again every two seconds */

/* QEMU takes a device it cannot open, without a word, in the hope of better times. */
static int not_open(const struct step *s, struct err *err)
{
	return err_set(err, -EIO, "QEMU could not open the host's device for %s (does its user have the right to "
			"write to /dev/bus/usb, is it in use?)", s->what);
}

static int await_usb_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t now = clock_now_ns(), deadline = now + timeout_ms * NS_PER_MS, open_by = now + OPEN_MS * NS_PER_MS;
	enum qmp_usb_state state = QMP_USB_DETACHED;
	int rc;

	for (;;) {
		rc = qmp_query_usb(r->env->qmp, s->what, &state, err);
		if (rc)
			return rc;
		r->p->guest = state == QMP_USB_ADDRESSED ? "ready" : "unseen";
		if (state == QMP_USB_ADDRESSED)
			return 0;
		now = clock_now_ns();
		if (state == QMP_USB_DETACHED && now >= open_by)
			return not_open(s, err);
		if (now >= deadline && now >= open_by)
			return s->required ? err_set(err, -ETIMEDOUT, "the guest has not taken %s", s->what) : 0;
		rc = qmp_pump(r->env->qmp, LOOK_MS, err);
		if (rc)
			return rc;
	}
}

static char *await_usb_text(const struct step *s, unsigned timeout_ms)
{
	return xasprintf("wait until QEMU has opened %s and the guest has given it an address, at most %g s",
			s->what, timeout_ms / 1000.0);
}

const struct op op_await_usb = {
	.name = "await-usb", .run = await_usb_run, .text = await_usb_text, .asks_guest = true,
};

struct step *plan_await_usb(struct plan *p, const char *device, bool required)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_AWAIT_USB, device, NULL);

	step_requires(s, p, required);
	return s;
}
