// SPDX-License-Identifier: GPL-3.0-or-later
/* A domain's run state, and the calls that change it. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int act(struct call *call, virDomainPtr dom)
{
	switch ((enum virt_power)call->number) {
	case VIRT_PAUSE: return virDomainSuspend(dom);
	case VIRT_RESUME: return virDomainResume(dom);
	case VIRT_RESET: return virDomainReset(dom, 0);
	case VIRT_POWERDOWN: return virDomainShutdownFlags(dom, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
	}
	return -1;
}

static void act_run(struct call *call)
{
	call_with_domain(call, act, "changing its state");
}

int virt_power(struct virt *v, const char *uuid, enum virt_power what, unsigned timeout_ms, struct err *err)
{
	struct question q = { .uuid = uuid, .number = what, .changes = true };

	return call_ask(v, act_run, &q, timeout_ms, NULL, err);
}

/* Disks that failed, as "vda (no space left)". */
static char *failed_disks(virDomainPtr dom)
{
	virDomainDiskError list[16];
	auto_buf struct buf all = {0};
	int n = virDomainGetDiskErrors(dom, list, (unsigned)ARRAY_SIZE(list), 0), i;

	for (i = 0; i < n; i++) {
		buf_printf(&all, "%s%s%s", all.len ? ", " : "", list[i].disk, list[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE ? " (no space left)" : "");
		free(list[i].disk);
	}
	return all.len ? buf_take(&all) : NULL;
}

static const char *word_of(int state, int why)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED: return "running";
	case VIR_DOMAIN_PAUSED: return why == VIR_DOMAIN_PAUSED_IOERROR ? "io-error" : why == VIR_DOMAIN_PAUSED_MIGRATION ? "inmigrate" : "paused";
	case VIR_DOMAIN_SHUTDOWN: return "shutdown";
	case VIR_DOMAIN_CRASHED: return "guest-panicked";
	case VIR_DOMAIN_PMSUSPENDED: return "suspended";
	default: return "unknown";	/* libvirt's enum, which grows */
	}
}

static int ask_state(struct call *call, virDomainPtr dom)
{
	int state = 0, why = 0;

	if (virDomainGetState(dom, &state, &why, 0))
		return -1;
	call->result = xstrdup(word_of(state, why));
	if (!strcmp(call->result, "io-error"))
		call->result_more = failed_disks(dom);
	return 0;
}

static void state_run(struct call *call)
{
	call_with_domain(call, ask_state, "its state");
}

int virt_state_read(struct virt *v, const char *uuid, unsigned timeout_ms, char **state, char **disks, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc = call_ask(v, state_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*state = take_ptr(call->result);
	*disks = take_ptr(call->result_more);
	call_drop(v, call);
	return 0;
}
