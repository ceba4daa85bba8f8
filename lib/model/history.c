// SPDX-License-Identifier: GPL-3.0-or-later
/* A ring of values for each row and column that is drawn. */
#include "model.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* Bounds what hostile tables may cost: 8192 rows of 4 columns are 16 MiB. */
#define ROWS_MAX 8192

struct track {
	enum table_id table;
	const char *ref, *key;		/* own copies; while it is sought, the seeker's */
	uint64_t last;			/* number of the sample it was in last */
	float values[];			/* HISTORY_LEN for each graph column of the table; sample i stands at i % HISTORY_LEN */
};

struct history {
	void *tree;			/* of tracks, by identity */
	struct track **tracks;
	size_t n;
	uint64_t samples;
	uint64_t times[HISTORY_LEN];	/* of the samples; sample i stands at i % HISTORY_LEN */
};

static int track_cmp(const void *pa, const void *pb)
{
	const struct track *a = pa, *b = pb;
	int d = (a->table > b->table) - (a->table < b->table);

	if (!d)
		d = strcmp(a->ref, b->ref);
	return d ? d : strcmp(a->key, b->key);
}

static struct track *find(const struct history *h, enum table_id t, const struct row *row)
{
	const struct track sought = { .table = t, .ref = row->ref ? row->ref : "", .key = row->key ? row->key : "" };
	struct track *const *found = tfind(&sought, &h->tree, track_cmp);

	return found ? *found : NULL;
}

static size_t graphs_of(const struct table *t)
{
	size_t n = 0, i;

	for (i = 0; i < t->n_columns; i++)
		n += t->columns[i].graph;
	return n;
}

struct history *history_new(void)
{
	return xcalloc(1, sizeof(struct history));
}

static void track_free(struct track *t)
{
	free((char *)t->ref);
	free((char *)t->key);
	free(t);
}

static void forget(struct history *h, size_t i)
{
	tdelete(h->tracks[i], &h->tree, track_cmp);
	track_free(h->tracks[i]);
	h->tracks[i] = h->tracks[--h->n];
}

void history_free(struct history *h)
{
	if (!h)
		return;
	while (h->n)
		forget(h, h->n - 1);
	free(h->tracks);
	free(h);
}

static struct track *track_new(struct history *h, enum table_id t, const struct row *row)
{
	size_t n = graphs_of(table_get(t)) * HISTORY_LEN, i;
	struct track *track;

	if (h->n >= ROWS_MAX)
		return NULL;
	track = xcalloc(1, sizeof(*track) + n * sizeof(track->values[0]));
	track->table = t;
	track->ref = xstrdup(row->ref ? row->ref : "");
	track->key = xstrdup(row->key ? row->key : "");
	track->last = h->samples - 1;
	for (i = 0; i < n; i++)
		track->values[i] = NAN;
	*vec_push(h->tracks, h->n) = track;
	if (!tsearch(track, &h->tree, track_cmp))
		abort();
	return track;
}

static float number(const struct column *c, const struct row *row)
{
	struct value v = column_get(c, row);

	if (row->stale || v.kind == VALUE_NONE || v.kind == VALUE_TEXT)
		return NAN;
	return v.kind == VALUE_UINT ? (float)v.uint : (float)v.num;
}

/* Samples since it was seen last are gaps. */
static void note(struct history *h, struct track *track, const struct table *t, const struct row *row)
{
	uint64_t missed = h->samples - track->last - 1, s;
	float *values = track->values;
	size_t i;

	if (missed > HISTORY_LEN)
		missed = HISTORY_LEN;
	for (i = 0; i < t->n_columns; i++) {
		if (!t->columns[i].graph)
			continue;
		for (s = h->samples - missed; s < h->samples; s++)
			values[s % HISTORY_LEN] = NAN;
		values[h->samples % HISTORY_LEN] = number(&t->columns[i], row);
		values += HISTORY_LEN;
	}
	track->last = h->samples;
}

static void add_table(struct history *h, const struct snapshot *snap, enum table_id id, const char *ref)
{
	const struct table *t = table_get(id);
	size_t i;

	if (!graphs_of(t))
		return;
	for (i = 0; i < snapshot_count(snap, id); i++) {
		const struct row *row = snapshot_row(snap, id, i);
		struct track *track;

		if (id != TABLE_VMS && row->ref && (!ref || strcmp(row->ref, ref)))
			continue;
		track = find(h, id, row);
		if (!track)
			track = track_new(h, id, row);
		if (track && track->last != h->samples)		/* a key that is there twice has one history */
			note(h, track, t, row);
	}
}

/* Ended guests: those of which the sample has no row in vms. */
static bool is_over(const struct history *h, const struct track *t)
{
	const struct row vm = { .ref = t->ref, .key = "" };
	const struct track *guest;

	if (h->samples - t->last >= HISTORY_LEN)
		return true;
	if (!*t->ref)
		return false;
	guest = find(h, TABLE_VMS, &vm);
	return !guest || guest->last != h->samples;
}

void history_add(struct history *h, const struct snapshot *snap, const char *ref)
{
	enum table_id id;
	size_t i;

	h->samples++;
	h->times[h->samples % HISTORY_LEN] = snapshot_time_ns(snap);
	for (id = 0; id < TABLE_COUNT; id++)
		add_table(h, snap, id, ref);
	/* the guests last: what is theirs is told from them */
	for (i = h->n; i-- > 0; )
		if (h->tracks[i]->table != TABLE_VMS && is_over(h, h->tracks[i]))
			forget(h, i);
	for (i = h->n; i-- > 0; )
		if (h->tracks[i]->table == TABLE_VMS && h->tracks[i]->last != h->samples)
			forget(h, i);
}

bool history_values(const struct history *h, enum table_id t, const struct row *row, const struct column *c, float *out,
		 size_t n)
{
	const struct table *table = table_get(t);
	const struct track *track = c->graph ? find(h, t, row) : NULL;
	const float *values;
	const struct column *at;
	size_t i;

	if (!track)
		return false;
	values = track->values;
	for (at = table->columns; at != c; at++)
		if (at->graph)
			values += HISTORY_LEN;
	for (i = 0; i < n; i++) {
		uint64_t back = n - 1 - i, s = h->samples - back;

		out[i] = back < HISTORY_LEN && back < h->samples && s <= track->last ? values[s % HISTORY_LEN] : NAN;
	}
	return true;
}

uint64_t history_span_ns(const struct history *h, size_t n)
{
	size_t back = n ? n - 1 : 0;

	if (back >= HISTORY_LEN)
		back = HISTORY_LEN - 1;
	if (h->samples < 2)
		return 0;
	if (back < h->samples)
		return h->times[h->samples % HISTORY_LEN] - h->times[(h->samples - back) % HISTORY_LEN];
	/* there were fewer: as if all had come at the pace of those */
	return (h->times[h->samples % HISTORY_LEN] - h->times[1]) / (h->samples - 1) * back;
}

size_t history_rows(const struct history *h)
{
	return h->n;
}
