// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows and their strings, owned by one snapshot. */
#include "model.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
	struct chunk *next;
	size_t used, size;
	char text[];
};

/* Few rows are as fast to look through. */
#define INDEX_FROM 16

struct index {
	struct names names;
	size_t n;
};

struct snapshot {
	atomic_uint refs;
	uint64_t now_ns;
	struct timespec wall;
	struct chunk *chunks;
	struct {
		char *rows;
		size_t n, cap;
		/* made when first needed, by any thread; valid for the number of rows there were then */
		_Atomic(struct index *) by_key, by_ref;
	} tables[TABLE_COUNT];
};

struct snapshot *snapshot_new(uint64_t now_ns, struct timespec wall)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));

	atomic_init(&s->refs, 1);
	s->now_ns = now_ns;
	s->wall = wall;
	return s;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

static void index_free(struct index *x)
{
	if (!x)
		return;
	names_clear(&x->names);
	free(x);
}

void snapshot_unref(struct snapshot *s)
{
	size_t i;

	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	while (s->chunks) {
		struct chunk *c = s->chunks;

		s->chunks = c->next;
		free(c);
	}
	for (i = 0; i < TABLE_COUNT; i++) {
		index_free(atomic_load(&s->tables[i].by_key));
		index_free(atomic_load(&s->tables[i].by_ref));
		free(s->tables[i].rows);
	}
	free(s);
}

uint64_t snapshot_time_ns(const struct snapshot *s)
{
	return s->now_ns;
}

struct timespec snapshot_wall(const struct snapshot *s)
{
	return s->wall;
}

size_t snapshot_bytes(const struct snapshot *s)
{
	size_t bytes = sizeof(*s);
	const struct chunk *c;
	enum table_id t;

	for (c = s->chunks; c; c = c->next)
		bytes += sizeof(*c) + c->size;
	for (t = 0; t < TABLE_COUNT; t++)
		bytes += s->tables[t].cap * table_get(t)->row_size;
	return bytes;
}

static char *arena(struct snapshot *s, size_t len)
{
	struct chunk *c = s->chunks;
	char *at;

	if (!c || c->size - c->used < len) {
		size_t size = len > 4096 ? len : 4096;

		c = xmalloc(sizeof(*c) + size);
		c->next = s->chunks;
		c->size = size;
		c->used = 0;
		s->chunks = c;
	}
	at = c->text + c->used;
	c->used += len;
	return at;
}

const char *snapshot_str(struct snapshot *s, const char *text)
{
	size_t len;

	if (!text)
		return NULL;
	len = strlen(text) + 1;
	return memcpy(arena(s, len), text, len);
}

const char *snapshot_printf(struct snapshot *s, const char *fmt, ...)
{
	va_list ap;
	char *at;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	at = arena(s, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(at, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return at;
}

static void *room(struct snapshot *s, enum table_id t)
{
	size_t size = table_get(t)->row_size;

	if (s->tables[t].n == s->tables[t].cap) {
		s->tables[t].cap = s->tables[t].cap ? 2 * s->tables[t].cap : 16;
		s->tables[t].rows = xrealloc(s->tables[t].rows, s->tables[t].cap, size);
	}
	return s->tables[t].rows + size * s->tables[t].n++;
}

void *snapshot_add(struct snapshot *s, enum table_id t)
{
	const struct table *table = table_get(t);
	char *row = room(s, t);
	size_t i;

	memset(row, 0, table->row_size);
	for (i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];

		if (c->kind == VALUE_UINT)
			*(uint64_t *)(row + c->offset) = UNKNOWN_UINT;
		else if (c->kind == VALUE_NUM)
			*(double *)(row + c->offset) = UNKNOWN_NUM;
		if (c->counter)
			*(uint64_t *)(row + c->counter) = UNKNOWN_UINT;
		if (c->per)
			*(uint64_t *)(row + c->per) = UNKNOWN_UINT;
		if (c->lasting)
			*(uint64_t *)(row + c->lasting) = UNKNOWN_UINT;
	}
	((struct row *)row)->key = "";
	((struct row *)row)->taken_ns = s->now_ns;
	return row;
}

void *snapshot_add_copy(struct snapshot *s, enum table_id t, const void *from)
{
	const struct table *table = table_get(t);
	char *row = room(s, t);
	struct row *head = (struct row *)row;
	size_t i;

	memcpy(row, from, table->row_size);
	head->vm = snapshot_str(s, head->vm);
	head->ref = snapshot_str(s, head->ref);
	head->key = snapshot_str(s, head->key);
	for (i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];

		if (c->kind == VALUE_TEXT && c->offset >= sizeof(struct row))
			*(const char **)(row + c->offset) = snapshot_str(s, *(const char **)(row + c->offset));
	}
	return row;
}

size_t snapshot_count(const struct snapshot *s, enum table_id t)
{
	return s->tables[t].n;
}

const void *snapshot_row(const struct snapshot *s, enum table_id t, size_t i)
{
	return s->tables[t].rows + table_get(t)->row_size * i;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool row_is_of(const struct row *row, const char *ref)
{
	return !ref || (row->ref && !strcmp(row->ref, ref));
}

/* Of a table that is filled: by identity, or of each guest the first row. */
static struct index *index_new(const struct snapshot *s, enum table_id t, bool by_key)
{
	struct index *x = xcalloc(1, sizeof(*x));
	const char *before = NULL;

	for (x->n = 0; x->n < s->tables[t].n; x->n++) {
		const struct row *row = snapshot_row(s, t, x->n);

		if (by_key)
			names_add(&x->names, row->key, row->ref, x->n);
		else if (row->ref != before)
			names_add(&x->names, row->ref, NULL, x->n);
		before = row->ref;
	}
	return x;
}

/* NULL: it is not worth one, or rows were added since. */
static const struct names *index_of(const struct snapshot *s, enum table_id t, bool by_key)
{
	_Atomic(struct index *) *at = (_Atomic(struct index *) *)(uintptr_t)(by_key ? &s->tables[t].by_key : &s->tables[t].by_ref);
	struct index *x = atomic_load(at), *other = NULL;

	if (s->tables[t].n < INDEX_FROM)
		return NULL;
	if (!x) {
		x = index_new(s, t, by_key);
		if (!atomic_compare_exchange_strong(at, &other, x)) {
			index_free(x);
			x = other;
		}
	}
	return x->n == s->tables[t].n ? &x->names : NULL;
}

size_t snapshot_first(const struct snapshot *s, enum table_id t, const char *ref)
{
	const struct names *x = index_of(s, t, false);
	size_t i;

	if (x) {
		i = names_find(x, ref, NULL);
		return i == NAMES_NONE ? s->tables[t].n : i;
	}
	for (i = 0; i < s->tables[t].n && !same(((const struct row *)snapshot_row(s, t, i))->ref, ref); i++)
		;
	return i;
}

const void *snapshot_find(const struct snapshot *s, enum table_id t, const char *ref, const char *key)
{
	const struct names *x = index_of(s, t, true);
	size_t i;

	if (x) {
		i = names_find(x, key, ref);
		return i == NAMES_NONE ? NULL : snapshot_row(s, t, i);
	}
	for (i = 0; i < s->tables[t].n; i++) {
		const struct row *row = snapshot_row(s, t, i);

		if (same(row->key, key) && same(row->ref, ref))
			return row;
	}
	return NULL;
}

/* How far a counter went, false if nobody can say. */
static bool went(const char *row, const char *old, size_t offset, double *by)
{
	uint64_t now = *(const uint64_t *)(row + offset), before = *(const uint64_t *)(old + offset);

	*by = (double)(now - before);
	return now != UNKNOWN_UINT && before != UNKNOWN_UINT && now >= before;
}

/*
 * Pages are changed faster than samples are due. A tick more or less in such a short time would be a whole CPU, so the rate
 * before is told once more.
 */
#define TICKED_NS (90 * NS_PER_MS)

static void rate(char *row, const char *old, const struct column *c)
{
	const struct row *head = (struct row *)row, *old_head = (const struct row *)old;
	double *out = (double *)(row + c->offset), by, per;

	*out = UNKNOWN_NUM;
	if (old && c->of && !same(*(char **)(row + c->of), *(char *const *)(old + c->of)))
		return;
	if (!old || head->taken_ns < old_head->taken_ns || !went(row, old, c->counter, &by))
		return;
	if (c->ticked && head->taken_ns - old_head->taken_ns < TICKED_NS) {
		*out = *(const double *)(old + c->offset);
		return;
	}
	if (head->taken_ns == old_head->taken_ns) {	/* the same reading once more */
		*out = by > 0 ? UNKNOWN_NUM : *(const double *)(old + c->offset);
		return;
	}
	per = (double)(head->taken_ns - old_head->taken_ns) / (double)NS_PER_SEC;
	if (c->per && (!went(row, old, c->per, &per) || per <= 0))
		return;
	*out = by * c->scale / per;
}

/* Rows mostly stand where they stood a tick ago: look there first, search only when they moved. */
static const char *find_old(const struct snapshot *prev, enum table_id t, const struct row *row, size_t *hint)
{
	const struct row *old;

	if (!prev)
		return NULL;
	if (*hint < prev->tables[t].n) {
		old = snapshot_row(prev, t, *hint);
		if (same(old->key, row->key) && same(old->ref, row->ref)) {
			++*hint;
			return (const char *)old;
		}
	}
	old = snapshot_find(prev, t, row->ref, row->key);
	if (old)
		*hint = (size_t)((const char *)old - prev->tables[t].rows) / table_get(t)->row_size + 1;
	return (const char *)old;
}

static void keep(char *row, const char *old, const struct column *c)
{
	*(double *)(row + c->offset) = old ? *(const double *)(old + c->offset) : UNKNOWN_NUM;
}

static void table_rates(struct snapshot *cur, const struct snapshot *prev, enum table_id t,
			void (*set)(char *row, const char *old, const struct column *c))
{
	const struct table *table = table_get(t);
	size_t i, c, hint = 0;

	for (i = 0; i < cur->tables[t].n; i++) {
		char *row = cur->tables[t].rows + table->row_size * i;
		const char *old = find_old(prev, t, (struct row *)row, &hint);

		if (((struct row *)row)->stale)
			continue;
		for (c = 0; c < table->n_columns; c++)
			if (table->columns[c].counter)
				set(row, old, &table->columns[c]);
	}
}

void snapshot_rates(struct snapshot *cur, const struct snapshot *prev)
{
	enum table_id t;

	for (t = 0; t < TABLE_COUNT; t++)
		table_rates(cur, prev, t, rate);
}

void snapshot_rates_keep(struct snapshot *cur, const struct snapshot *prev)
{
	enum table_id t;

	for (t = 0; t < TABLE_COUNT; t++)
		table_rates(cur, prev, t, keep);
}
