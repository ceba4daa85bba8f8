// SPDX-License-Identifier: GPL-3.0-or-later
/* knobs: every knob of this host as a row. */
#include "cmd.h"
#include "tuning/tuning.h"

#include <stdlib.h>
#include <string.h>

struct changes {
	struct plan **list;
	size_t n;
};

/* An entry that cannot be believed is the journal look-up's to tell. */
static void ignore(void *arg, const struct err *err)
{
	(void)arg;
	(void)err;
}

static void changes_read(struct changes *c)
{
	struct journal *journal;

	if (journal_open(false, &journal, NULL))
		return;
	if (journal_read(journal, &c->list, &c->n, ignore, NULL, NULL))
		*c = (struct changes){0};
	journal_close(journal);
}

static void changes_done(struct changes *c)
{
	while (c->n)
		plan_free(c->list[--c->n]);
	free(c->list);
}

static bool sets(const struct plan *p, const char *path)
{
	size_t i;

	for (i = 0; i < p->n_steps; i++) {
		auto_free char *file = p->steps[i].status == STEP_OK ? step_file(&p->steps[i]) : NULL;

		if (file && !strcmp(file, path))
			return true;
	}
	return false;
}

static const char *set_by(const struct changes *c, const char *path)
{
	size_t i;

	for (i = c->n; i-- > 0; )
		if (c->list[i]->status != PLAN_UNDONE && sets(c->list[i], path))
			return c->list[i]->id;
	return NULL;
}

static void add_row(struct snapshot *snap, const struct knob_reading *r, const struct knob_writers *writers, const struct changes *changes)
{
	struct knob_row *row = snapshot_add(snap, TABLE_KNOBS);
	auto_free char *writer = knob_writers_text(writers, r->knob->writers), *file = xasprintf("/%s", r->path);

	row->head.key = row->knob = snapshot_str(snap, r->id);
	row->value = snapshot_str(snap, r->value);
	row->effective = r->effective[0] ? snapshot_str(snap, r->effective) : NULL;
	row->range = snapshot_str(snap, r->range);
	row->unit = r->knob->unit[0] ? r->knob->unit : NULL;
	row->normal = r->knob->normal;
	row->writer = snapshot_str(snap, writer);
	row->journal = snapshot_str(snap, set_by(changes, r->path));
	row->file = snapshot_str(snap, file);
	row->help = r->knob->help;
}

void knob_rows(struct snapshot *snap, const struct host *h)
{
	struct knob_reading *list;
	struct knob_writers writers;
	struct changes changes = {0};
	size_t n, i;

	knob_readings(h, &list, &n);
	knob_writers_find(h, &writers);
	changes_read(&changes);
	for (i = 0; i < n; i++)
		add_row(snap, &list[i], &writers, &changes);
	changes_done(&changes);
	knob_readings_free(list, n);
}
