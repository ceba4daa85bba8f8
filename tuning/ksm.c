// SPDX-License-Identifier: GPL-3.0-or-later
/* KSM: what takes more than one write, and what takes memory. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN KSM_DIR "run"
#define BASE_MS 20000		/* ksmd may be in the middle of a scan, and the write waits for it */
#define PAGES_PER_MS 25		/* that are given back, at the least */
#define MIB (1024.0 * 1024)
/* What is to be left when all merged pages have copies again. */
#define RESERVE_PCT 5

static unsigned ms_to_unmerge(const struct host_ksm *k)
{
	uint64_t ms = k->sharing == HOST_UNKNOWN ? 0 : k->sharing / PAGES_PER_MS;

	return BASE_MS + (unsigned)(ms < 3600000 ? ms : 3600000);
}

static void plan_ksm_run(struct plan *p, const struct host_ksm *k, const char *value, const char *old)
{
	struct step *s = plan_file(p, RUN, value, old);
	size_t i;

	s->at_least_ms = ms_to_unmerge(k);
	for (i = 0; i < s->n_undo; i++)
		s->undo[i].at_least_ms = s->at_least_ms;
}

/* Each page that shares a copy gets one of its own. */
static int check_memory(struct plan *p, const struct host *h, const struct host_ksm *k, struct err *err)
{
	uint64_t zero = k->zero == HOST_UNKNOWN ? 0 : k->zero, bytes;
	struct host_system sys;

	host_system_read(h, &sys);
	if (k->sharing == HOST_UNKNOWN || sys.mem_available_bytes == HOST_UNKNOWN || sys.mem_total_bytes == HOST_UNKNOWN)
		return tuning_forced(p) ? 0 : err_set(err, -EIO, "how much memory unmerging takes cannot be found out (force=on: do it anyway)");
	bytes = (k->sharing + zero) * host_facts(h)->page_bytes;
	if (bytes > HOST_UNKNOWN / 200 || bytes + sys.mem_total_bytes / 100 * RESERVE_PCT > sys.mem_available_bytes) {
		if (!tuning_forced(p))
			return err_set(err, -ENOMEM, "unmerging takes %.0f MiB, and %.0f MiB are available, of which %d %% of all memory are to be "
				       "left: guests would swap or be killed (move guests away first, or force=on)", (double)bytes / MIB,
				       (double)sys.mem_available_bytes / MIB, RESERVE_PCT);
		plan_warn(p, "unmerging takes %.0f MiB, and only %.0f MiB are available", (double)bytes / MIB,
			  (double)sys.mem_available_bytes / MIB);
	} else if (bytes) {
		plan_warn(p, "unmerging takes %.0f MiB of memory, of %.0f MiB available; what was merged takes long to be found again",
			  (double)bytes / MIB, (double)sys.mem_available_bytes / MIB);
	}
	return 0;
}

/* Steps before it may have left another value there than what was read. */
static const char *run_before(const struct plan *p, const struct knob_wish *w)
{
	size_t i;

	for (i = p->n_steps; i-- > 0; )
		if (p->steps[i].op == STEP_FILE && !strcmp(p->steps[i].what, RUN))
			return json_str(p->steps[i].args, "value");
	return w->old;
}

int knob_ksm_run(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err)
{
	const char *before = run_before(p, w);
	struct host_ksm k;
	int rc = 0;

	host_ksm_read(env->host, &k);
	if (!strcmp(before, w->value))
		return 0;
	if (!strcmp(w->value, "2"))
		rc = check_memory(p, env->host, &k, err);
	if (!rc)
		plan_ksm_run(p, &k, w->value, before);
	return rc;
}

/* It can be set only while nothing is merged: what is, is given back before and merged again behind it. */
int knob_ksm_unmerged(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err)
{
	const char *wanted = plan_arg(p, "run");
	auto_free char *before = NULL;
	char run[HOST_VALUE_MAX];
	struct host_ksm k;
	size_t last = p->n_steps;
	int rc = 0;

	host_ksm_read(env->host, &k);
	if (host_value_read(env->host, RUN, run))
		return err_set(err, -EIO, "%s: /" RUN " cannot be read, so there would be no way back", w->knob->key);
	/* two of them share one way there and back */
	if (last && !strcmp(p->steps[last - 1].what, RUN)) {
		struct step back = p->steps[--p->n_steps];

		plan_file(p, w->path, w->value, w->old);
		*vec_push(p->steps, p->n_steps) = back;
		return 0;
	}
	if (!strcmp(run, "2") || (!strcmp(run, "0") && k.shared == 0)) {
		plan_file(p, w->path, w->value, w->old);
		return 0;
	}
	rc = check_memory(p, env->host, &k, err);
	if (rc)
		return rc;
	before = xstrdup(run);
	plan_ksm_run(p, &k, "2", before);
	plan_file(p, w->path, w->value, w->old);
	if (!wanted || strcmp(wanted, "2"))
		plan_ksm_run(p, &k, wanted ? wanted : before, "2");
	return 0;
}

/* The kernel resets pages_to_scan with it. */
int knob_ksm_advisor(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err)
{
	struct step *s = plan_file(p, w->path, w->value, w->old);
	char pages[HOST_VALUE_MAX];

	(void)err;
	if (!strcmp(w->old, "none") && !host_value_read(env->host, KSM_DIR "pages_to_scan", pages) && pages[0])
		step_undo_file(s, KSM_DIR "pages_to_scan", pages);
	if (!plan_arg(p, "pages_to_scan"))
		plan_warn(p, "the kernel resets pages_to_scan with it%s", s->n_undo > 1 ? " (an undo puts it back)" : "");
	return 0;
}

int knob_ksm_pages_to_scan(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err)
{
	const char *wanted = plan_arg(p, "advisor_mode");
	char mode[HOST_VALUE_MAX];

	host_value_read(env->host, KSM_DIR "advisor_mode", mode);
	if (!strcmp(wanted ? wanted : mode, "scan-time"))
		return err_set(err, -EINVAL, "pages_to_scan=%s: the advisor sets it while advisor_mode is scan-time (advisor_mode=none first, or "
			       "advisor_max_pages_to_scan=)", w->value);
	plan_file(p, w->path, w->value, w->old);
	return 0;
}
