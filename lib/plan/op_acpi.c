// SPDX-License-Identifier: GPL-3.0-or-later
/* What a guest's ACPI says of vCPUs and DIMMs that come and go: nothing else tells whether it took them. */
#include "private.h"

#include <errno.h>
#include <string.h>

#define LOOK_MS 500

/* ACPI 6, 6.3.5: what the word is about, and the word */
enum { OST_DEVICE_CHECK = 1, OST_EJECT = 3, OST_EJECT_PRESSED = 0x103 };
enum { OST_NOT_SPECIFIC = 1, OST_UNKNOWN_NOTIFY = 2, OST_IN_PROGRESS = 0x84, OST_UNSUPPORTED = 0x80,
       OST_IN_USE = 0x81,
       OST_BUSY = 0x82, OST_DEPENDENCY = 0x83 };

static const char *reason(uint64_t status)
{
	switch (status) {
	case OST_NOT_SPECIFIC: return "it gave no reason";
	case OST_UNKNOWN_NOTIFY: return "it does not know such a request";
	case OST_UNSUPPORTED: return "it does not support that";
	case OST_IN_USE: return "an application uses it";
	case OST_BUSY: return "it is in use: memory that cannot be moved, or a CPU that must stay";
	case OST_DEPENDENCY: return "something that depends on it is in use";
	default: return "it gave a reason that is in no book";
	}
}

/* The last word about this device, of the sources asked for. */
static bool last_word(const struct run *r, const char *device, bool eject, uint64_t *status)
{
	bool found = false;
	size_t i;

	for (i = 0; i < r->n_seen; i++) {
		const struct seen *seen = &r->seen[i];

		if (strcmp(seen->event, "ACPI_DEVICE_OST") || !seen->device || strcmp(seen->device, device) || !seen->has_ost)
			continue;
		if ((seen->source == OST_EJECT || seen->source == OST_EJECT_PRESSED) != eject)
			continue;
		*status = seen->status;
		found = true;
	}
	return found;
}

enum ost run_ost_inserted(const struct run *r, const char *device, const char **why)
{
	uint64_t status;

	if (!last_word(r, device, false, &status))
		return OST_NONE;
	*why = reason(status);
	return status ? OST_REFUSED : OST_SUCCESS;
}

/* That it has let go is told by DEVICE_DELETED; the success of ACPI's comes without the device's name. */
enum ost run_ost_ejected(const struct run *r, const char *device, const char **why)
{
	uint64_t status;

	if (!last_word(r, device, true, &status) || !status || status == OST_IN_PROGRESS)
		return OST_NONE;
	*why = reason(status);
	return OST_REFUSED;
}

/* Devices, until the guest has said of each whether it took it. */

static struct json_object *devices_of(const struct step *s)
{
	return json_array(s->args, "devices");
}

/* How many have not been spoken of; *refused: the first the guest could not take. */
static size_t count_silent(struct run *r, const struct step *s, const char **refused, const char **why)
{
	struct json_object *devices = devices_of(s);
	size_t n = json_object_array_length(devices), silent = 0, i;

	*refused = NULL;
	for (i = 0; i < n; i++) {
		const char *device = json_object_get_string(json_object_array_get_idx(devices, i)), *said;

		switch (run_ost_inserted(r, device, &said)) {
		case OST_NONE:
			silent++;
			break;
		case OST_REFUSED:
			if (!*refused) {
				*refused = device;
				*why = said;
			}
			break;
		case OST_SUCCESS:
			break;
		}
	}
	return silent;
}

static int await_taken_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	const char *refused, *why = NULL;
	int rc = 0, left;

	while (count_silent(r, s, &refused, &why)) {
		r->p->guest = "unseen";
		left = clock_left_ms(deadline);
		if (!left)
			return s->required ? err_set(err, -ETIMEDOUT, "the guest has not taken %s", s->what) : 0;
		rc = qmp_pump(r->env->qmp, left < LOOK_MS ? (unsigned)left : LOOK_MS, err);
		if (rc)
			return rc;
	}
	r->p->guest = refused ? "failed" : "ready";
	if (refused && s->required)
		return err_set(err, -EACCES, "the guest could not take %s: %s", refused, why);
	if (refused)
		plan_warn(r->p, "the guest could not take %s: %s", refused, why);
	return 0;
}

static char *await_taken_text(const struct step *s, unsigned timeout_ms)
{
	return xasprintf("wait until the guest has taken %s, at most %g s", s->what, timeout_ms / 1000.0);
}

static int await_taken_check(const struct step *s, struct err *err)
{
	struct json_object *devices = devices_of(s);
	size_t n = devices ? json_object_array_length(devices) : 0, i;

	for (i = 0; i < n; i++)
		if (!json_object_is_type(json_object_array_get_idx(devices, i), json_type_string))
			n = 0;
	return n ? 0 : err_set(err, -EPERM, "a step waits for devices that are none");
}

const struct op op_await_taken = {
	.name = "await-taken", .run = await_taken_run, .text = await_taken_text, .check = await_taken_check,
	.asks_guest = true,
};

struct step *plan_await_taken(struct plan *p, struct json_object *devices, bool required)
{
	struct json_object *args = json_put(json_object_new_object(), "devices", devices);
	auto_buf struct buf names = {0};
	struct step *s;
	size_t i;

	for (i = 0; i < json_object_array_length(devices); i++)
		buf_printf(&names, "%s%s", i ? ", " : "",
		       json_object_get_string(json_object_array_get_idx(devices, i)));
	s = step_add(&p->steps, &p->n_steps, STEP_AWAIT_TAKEN, names.text, args);
	step_requires(s, p, required);
	return s;
}
