// SPDX-License-Identifier: GPL-3.0-or-later
/* wait: until an expression holds of a guest's row. */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>

#define SETTLE_MS 2500

struct waiting {
	struct filter *filter;
	unsigned needs;
	char *ref;			/* borrowed */
	char *state;			/* as last seen */
};

/* 1: it holds, and was printed; 0: not yet; -ESRCH: the guest has ended. */
static int look_once(struct session *s, struct waiting *w)
{
	struct snapshot *snap;
	const struct vm_row *row;
	int rc = 0;

	sampler_discover(s->sampler, NULL);
	sampler_refresh(s->sampler, w->needs, SETTLE_MS);
	snap = sampler_take(s->sampler, w->needs);
	row = snapshot_find(snap, TABLE_VMS, w->ref, "");
	if (!row) {
		rc = -ESRCH;
	} else if (filter_match(w->filter, row)) {
		const void *rows[] = { row };

		out_rows(&s->out, snap, TABLE_VMS, NULL, 0, rows, 1);
		rc = 1;
	} else {
		free(w->state);
		w->state = xstrdup(row->state ? row->state : row->note);
	}
	snapshot_unref(snap);
	return rc;
}

static int until_it_holds(struct session *s, struct waiting *w, const char *expr, struct err *err)
{
	double delay_s = s->opts->delay_s < 0 ? 0.5 : s->opts->delay_s;
	uint64_t begin = clock_now_ns(), deadline = begin + s->opts->timeout_ms * NS_PER_MS;
	uint64_t delay_ns = (uint64_t)(delay_s * (double)NS_PER_SEC), next;
	int rc;

	if (delay_ns < NS_PER_SEC / 10)
		delay_ns = NS_PER_SEC / 10;
	sampler_focus(s->sampler, w->ref);
	sampler_settle(s->sampler, w->needs, SETTLE_MS);
	while (!(rc = look_once(s, w)) && clock_now_ns() < deadline && !s->interrupted) {
		next = clock_now_ns() + delay_ns;
		sampler_sleep(s->sampler, next < deadline ? next : deadline);
	}
	sampler_focus(s->sampler, NULL);
	if (s->interrupted)
		return EXIT_FAILED;
	if (rc > 0)
		return EXIT_DONE;
	if (rc < 0) {
		err_set(err, rc, "the guest ended while waited for");
		return EXIT_NOT_FOUND;
	}
	err_set(err, -ETIMEDOUT, "'%s' did not hold within %g s; its state: %s", expr, s->opts->timeout_ms / 1000.0,
		w->state ? w->state : "unknown");
	return EXIT_GUEST;
}

int wait_run(struct session *s, const struct call *c, struct err *err)
{
	const char *expr = call_value(c, "EXPR");
	struct sample_guest guest = {0};
	struct waiting w = {0};
	int rc, code;

	if (filter_parse(table_get(TABLE_VMS), expr, &w.filter, err))
		return EXIT_USAGE;
	rc = session_guests(s, -1, err);
	if (!rc)
		rc = sampler_find(s->sampler, call_value(c, "VM"), &guest, err);
	if (rc) {
		filter_free(w.filter);
		return rc == -ENOENT || rc == -ENOTUNIQ ? EXIT_NOT_FOUND : EXIT_FAILED;
	}
	w.ref = guest.ref;
	/* the row is printed whole: its other columns cost reads of /proc only */
	w.needs = filter_needs(w.filter) | NEED_STATE | NEED_IO | NEED_NET;
	code = until_it_holds(s, &w, expr, err);
	sample_guest_done(&guest);
	filter_free(w.filter);
	free(w.state);
	return code;
}
