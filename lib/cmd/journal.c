// SPDX-License-Identifier: GPL-3.0-or-later
/* What kvmtop did before: told, and picked to be undone. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct telling {
	struct err *err;		/* the last one that cannot be believed */
	bool aloud;			/* on standard error, too */
};

static void bad_entry(void *arg, const struct err *err)
{
	const struct telling *t = arg;

	if (t->err)
		*t->err = *err;
	if (t->aloud)
		out_error("journal: %s", err->text);
}

/* "disk add kt-disk0 file=/img/a.qcow2 format=qcow2": as it was asked for. */
static void change_text(const struct plan *p, struct buf *out)
{
	buf_puts(out, p->verb);
	if (p->device)
		buf_printf(out, " %s", p->device);
	if (!p->args)
		return;
	json_object_object_foreach(p->args, key, value) {
		const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

		/* the device has been named */
		if (text && !(p->device && !strcmp(text, p->device)))
			buf_printf(out, " %s=%s", key, text);
	}
}

/* As an operator says it: the time alone while it is today's. */
static const char *when_text(struct snapshot *snap, const char *begun)
{
	time_t now = snapshot_wall(snap).tv_sec;
	struct tm today;
	char day[32];

	localtime_r(&now, &today);
	strftime(day, sizeof(day), "%Y-%m-%dT", &today);
	/* RFC 3339, in local time: 2026-11-30T14:03:27.123+01:00 */
	if (strlen(begun) < 19)
		return snapshot_str(snap, begun);
	return str_has_prefix(begun, day) ? snapshot_printf(snap, "%.8s", begun + 11) : snapshot_printf(snap, "%.5s %.5s", begun + 5, begun + 11);
}

/* What undo would do now, as far as the journal and the host know it: a guest is not asked for that. */
static void what_can_be_done(const struct host *host, const struct plan *p, struct snapshot *snap, struct journal_row *row)
{
	struct plan *trial;
	struct err err = {0};

	if (plan_guest_is_gone(p, host) && !plan_outlives(p)) {
		row->why = "the guest has ended: nothing is left of it";
		return;
	}
	if (p->status == PLAN_RUNNING) {
		row->why = "it runs, or its kvmtop was killed: then the next one says so";
		return;
	}
	trial = plan_new("undo", NULL, NULL);
	if (plan_is_pending(p)) {
		row->can = "finish";
		row->why = plan_is_unknown(p) ? "QEMU or libvirt has not answered yet" : "the guest has not released it yet: kvmtop finishes it when it has";
	} else if (plan_undo(p, trial, &err)) {
		row->why = snapshot_str(snap, err.text);
	} else if (trial->status == PLAN_UNCHANGED) {
		row->why = p->status == PLAN_UNDONE ? "it is taken back already" : "it changed nothing, or nothing is left of it";
	} else {
		row->can = "undo";
		row->why = trial->n_warnings ? snapshot_str(snap, trial->warnings[0]) : NULL;
	}
	plan_free(trial);
}

static void journal_row(const struct host *host, struct snapshot *snap, const struct plan *p)
{
	struct journal_row *row = snapshot_add(snap, TABLE_JOURNAL);
	auto_buf struct buf left = {0}, change = {0};
	size_t i;

	row->head.vm = snapshot_str(snap, p->vm);
	row->head.ref = snapshot_str(snap, p->ref);
	row->head.key = row->id = snapshot_str(snap, p->id);
	row->begun = snapshot_str(snap, p->begun);
	row->when = when_text(snap, p->begun);
	row->verb = snapshot_str(snap, p->verb);
	row->device = snapshot_str(snap, p->device);
	row->state = plan_is_pending(p) ? "pending" : plan_status_name(p->status);
	row->error = p->err.text[0] ? snapshot_str(snap, p->err.text) : NULL;
	change_text(p, &change);
	row->change = snapshot_str(snap, change.text);
	for (i = 0; i < p->n_left; i++)
		buf_printf(&left, "%s%s", i ? "; " : "", p->left[i]);
	row->left = snapshot_str(snap, left.text);
	what_can_be_done(host, p, snap, row);
}

void change_journal_rows(const struct session *s, bool aloud, struct snapshot *snap, struct err *err)
{
	struct telling telling = { .err = err, .aloud = aloud };
	struct journal *journal;
	struct plan **plans;
	size_t n, i;
	int rc;

	rc = journal_open(false, &journal, err);
	if (rc == -ENOENT)		/* nothing was ever changed */
		*err = (struct err){0};
	if (rc)
		return;
	if (journal_read(journal, &plans, &n, bad_entry, &telling, err))
		n = 0;
	for (i = 0; i < n; i++) {
		plan_mark_later(plans[i], plans, n, i);
		journal_row(s->host, snap, plans[i]);
	}
	for (i = 0; i < n; i++)
		plan_free(plans[i]);
	if (n)
		free(plans);
	journal_close(journal);
}

/* What undo without an id is about: the last change that is not taken back, also if it cannot be: then it is said. */
static bool can_be_undone(const struct plan *p)
{
	struct plan *trial = plan_new("undo", NULL, NULL);
	bool can = plan_undo(p, trial, NULL) || trial->status != PLAN_UNCHANGED;

	plan_free(trial);
	return can;
}

struct picking {
	const char *id;			/* NULL: the last one .. */
	const char *vm, *ref;		/* .. of this guest; both NULL: of any */
	bool distrusted;		/* the entry of that id, or any that might be the last */
	struct err why;
};

static void bad_choice(void *arg, const struct err *err)
{
	struct picking *pick = arg;

	if (pick->id && !str_has_prefix(err->text, pick->id)) {
		out_error("journal: %s", err->text);
		return;
	}
	pick->distrusted = true;
	pick->why = *err;
}

static bool is_picked(const struct picking *pick, const struct plan *p)
{
	if (pick->id)
		return !strcmp(p->id, pick->id);
	if (pick->ref && (!p->ref || strcmp(p->ref, pick->ref)))
		return false;
	if (!pick->ref && pick->vm && (!p->vm || strcmp(p->vm, pick->vm)))
		return false;
	return can_be_undone(p);
}

static int nothing_picked(const struct picking *pick, struct err *err)
{
	if (pick->id)
		return err_set(err, -ENOENT, "no change '%s' in the journal (see: kvmtop --batch journal)", pick->id);
	if (pick->vm)
		return err_set(err, -EINVAL, "no change of %s in the journal can be undone (see: kvmtop --batch journal)", pick->vm);
	return err_set(err, -EINVAL, "no change in the journal can be undone (see: kvmtop --batch journal)");
}

int journal_pick(const char *id, const char *vm, const char *ref, struct plan **out, struct err *err)
{
	struct picking pick = { .id = id, .vm = vm, .ref = ref };
	struct journal *journal;
	struct plan **plans;
	size_t n, i;
	int rc;

	*out = NULL;
	rc = journal_open(false, &journal, err);
	if (rc == -ENOENT)
		return err_set(err, -EINVAL, "nothing was ever changed: the journal is empty");
	if (rc)
		return rc;
	rc = journal_read(journal, &plans, &n, bad_choice, &pick, err);
	for (i = rc || pick.distrusted ? 0 : n; i-- > 0 && !*out; ) {
		plan_mark_later(plans[i], plans, n, i);
		if (is_picked(&pick, plans[i]))
			*out = take_ptr(plans[i]);
	}
	for (i = 0; i < n; i++)
		plan_free(plans[i]);
	free(plans);
	journal_close(journal);
	if (!rc && pick.distrusted)
		return err_set(err, -EPERM, "nothing is undone, as the journal is not to be trusted: %s (%s)", pick.why.text,
			       id ? "move it away" : "move it away, or say which change: undo ID");
	if (!rc && !*out)
		rc = nothing_picked(&pick, err);
	return rc;
}
