// SPDX-License-Identifier: GPL-3.0-or-later
/* What libvirt is at with a domain. In a worker. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

/* Of the job that goes on beside calls. */
static enum virt_migration of_job(virDomainPtr dom)
{
	int n = 0, type, operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
	virTypedParameterPtr params = NULL;

	if (virDomainGetJobStats(dom, &type, &params, &n, 0)) {
		const virError *e = virGetLastError();

		/* "migration statistics are available only on the source host" */
		return e && e->code == VIR_ERR_OPERATION_UNSUPPORTED && strstr(e->message, "migration") ? VIRT_ARRIVES : VIRT_STAYS;
	}
	if (type != VIR_DOMAIN_JOB_NONE)
		virTypedParamsGetInt(params, n, VIR_DOMAIN_JOB_OPERATION, &operation);
	virTypedParamsFree(params, n);
	return operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT ? VIRT_MIGRATES_AWAY :
	       operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN ? VIRT_ARRIVES : VIRT_STAYS;
}

enum virt_migration job_migration(virDomainPtr dom, int state, int why)
{
	virDomainControlInfo control = {0};
	enum virt_migration m = VIRT_STAYS;

	/* asking for the job waits for a call that is under way, for 30 s */
	if (!virDomainGetControlInfo(dom, &control, 0) &&
	    (control.state == VIR_DOMAIN_CONTROL_OK || control.state == VIR_DOMAIN_CONTROL_JOB))
		m = of_job(dom);
	if (m == VIRT_STAYS && state == VIR_DOMAIN_PAUSED && why == VIR_DOMAIN_PAUSED_MIGRATION)
		m = VIRT_ARRIVES;
	return m;
}

static int ask_migration(struct call *call, virDomainPtr dom)
{
	int state, why;

	if (virDomainGetState(dom, &state, &why, 0))
		return -1;
	call->number = job_migration(dom, state, why);
	return 0;
}

static void migration_run(struct call *call)
{
	call_with_domain(call, ask_migration, "its state");
}

int virt_migration_read(struct virt *v, const char *uuid, unsigned timeout_ms, enum virt_migration *out, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc = call_ask(v, migration_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*out = (enum virt_migration)call->number;
	call_drop(v, call);
	return 0;
}

static int control(struct call *call, virDomainPtr dom)
{
	virDomainControlInfo info = {0};
	int rc = virDomainGetControlInfo(dom, &info, 0);

	call->number = info.state == VIR_DOMAIN_CONTROL_OK;
	return rc;
}

static void control_run(struct call *call)
{
	call_with_domain(call, control, "what libvirt is at");
}

int virt_is_idle(struct virt *v, const char *uuid, unsigned timeout_ms, bool *idle, struct err *err)
{
	struct question q = { .uuid = uuid };
	struct call *call;
	int rc = call_ask(v, control_run, &q, timeout_ms, &call, err);

	if (rc)
		return rc;
	*idle = call->number;
	call_drop(v, call);
	return 0;
}
