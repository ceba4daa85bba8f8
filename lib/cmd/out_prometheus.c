// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows for Prometheus, text format 0.0.4. What is a rate elsewhere is its counter here: who scrapes computes rates
 * itself, over whatever time it likes. Labels are the columns that tell rows apart, so a series goes on when kvmtop or
 * a guest is started again.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { GAUGE, COUNTER, SUMMARY };

bool prometheus_is_rate(const struct column *c)
{
	return c->spans || (column_is_rate(c) && c->local && !c->lasting);
}

static enum form form_of(const struct column *c)
{
	if (!column_is_rate(c) || prometheus_is_rate(c))
		return GAUGE;
	return c->per ? SUMMARY : COUNTER;
}

static bool is_metric(const struct column *c)
{
	return c->kind != VALUE_TEXT && !c->label;
}

/* What a step of the counter, or a gauge's value, is worth in the base unit. */
static double factor_of(const struct column *c)
{
	double factor = form_of(c) == GAUGE ? 1 : c->scale;

	if (c->unit == UNIT_PCT)
		return factor / 100;
	return c->unit == UNIT_US ? factor / 1e6 : factor;
}

/* Seconds per second are a share without a unit; before it is made a rate it is seconds. */
static const char *base_unit(const struct column *c)
{
	bool counter = form_of(c) == COUNTER;

	switch (c->unit) {
	case UNIT_PCT: return counter ? "_seconds" : "_ratio";
	case UNIT_NUMBER: return counter && c->scale < 1 ? "_seconds" : NULL;
	case UNIT_PER_S: return counter ? (c->scale < 1 ? "_seconds" : "") : c->per ? "" : NULL;
	case UNIT_BYTES_PER_S: return counter ? "_bytes" : NULL;
	case UNIT_BYTES: return "_bytes";
	case UNIT_US:
	case UNIT_SECONDS: return "_seconds";
	case UNIT_TEXT:
	case UNIT_COUNT: break;
	}
	return NULL;
}

static bool cut(char *text, const char *end)
{
	size_t len = strlen(text), tail;

	end += *end == '_' && len + 1 == strlen(end);		/* all of it: there is nothing to join */
	tail = strlen(end);
	if (len < tail || strcmp(text + len - tail, end))
		return false;
	text[len - tail] = '\0';
	return true;
}

/* Without what says its unit, as far as the base unit is another one. */
static char *stem_of(const struct column *c, const char *unit)
{
	static const char *const ends[] = { "_bytes_per_s", "_per_s", "_pct", "_us", "_bytes", "_seconds", "_mean" };
	char *stem = xstrdup(c->id);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends) && unit; i++)
		cut(stem, ends[i]);
	if (form_of(c) == COUNTER && cut(stem, "iops")) {
		auto_free char *rest = stem;

		return xasprintf("%sio", rest);
	}
	return stem;
}

void prometheus_name(const struct table *t, const struct column *c, struct buf *out)
{
	const char *unit = base_unit(c);
	auto_free char *stem = stem_of(c, unit);

	/* only counters may end like this; and units are written in full */
	if (form_of(c) == GAUGE && !unit && cut(stem, "total"))
		unit = "all";
	else if (!unit && cut(stem, "_per_s"))
		unit = "_per_second";
	buf_printf(out, "kvmtop_%s%s%s%s%s", t->name, *stem || !unit || *unit != '_' ? "_" : "", stem, unit ? unit : "", form_of(c) == COUNTER ? "_total" : "");
}

/* In labels, quotes are escaped too. The text is clean: it has no line ends. */
static void put_escaped(FILE *f, const char *text, bool label)
{
	for (; *text; text++) {
		if (*text == '\\' || (label && *text == '"'))
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void add_label(struct buf *b, const char *name, const char *text)
{
	auto_free char *clean = str_clean(xstrdup(text));
	const char *p;

	/* these two a scraper sets itself */
	buf_printf(b, "%s%s%s=\"", b->len ? "," : "", name, !strcmp(name, "job") || !strcmp(name, "instance") ? "_id" : "");
	for (p = clean; *p; p++) {
		if (*p == '\\' || *p == '"')
			buf_puts(b, "\\");
		buf_add(b, p, 1);
	}
	buf_puts(b, "\"");
}

static void add_column(struct buf *b, const struct column *c, const void *row)
{
	auto_buf struct buf text = {0};

	value_raw(column_get(c, row), &text);
	if (text.len)		/* an empty label is none */
		add_label(b, c->id, text.text);
}

static char *labels_of(const struct table *t, const void *row)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < t->n_columns; i++)
		if (t->columns[i].label)
			add_column(&b, &t->columns[i], row);
	return buf_take(&b);
}

struct series {
	char *labels;
	bool has_ref;
	const struct row *row;
};

static int series_cmp(const void *a, const void *b)
{
	return strcmp((*(struct series *const *)a)->labels, (*(struct series *const *)b)->labels);
}

/*
 * No two series of a metric may have the same labels, and nothing forbids two guests of one name: those get their ref
 * too, and what is still the same a number.
 */
static void tell_apart(struct series *list, size_t n)
{
	struct series **sorted = xcalloc(n, sizeof(*sorted));
	size_t i, k;
	int round;

	for (i = 0; i < n; i++)
		sorted[i] = &list[i];
	for (round = 0; round < 2; round++) {
		qsort(sorted, n, sizeof(*sorted), series_cmp);
		for (i = 0; i < n; i = k) {
			for (k = i + 1; k < n && !series_cmp(&sorted[i], &sorted[k]); k++)
				;
			for (size_t at = i; at < k && k - i > 1; at++) {
				auto_free char *old = sorted[at]->labels;
				auto_free char *number = round ? xasprintf("%zu", at - i) : NULL;
				const char *more = round ? number : sorted[at]->row->ref;
				struct buf b = {0};

				buf_puts(&b, old);
				if (more)
					add_label(&b, round ? "row" : "ref", more);
				sorted[at]->has_ref = true;
				sorted[at]->labels = buf_take(&b);
			}
		}
	}
	free(sorted);
}

static void put_sample(FILE *f, const char *name, const char *end, const char *labels, struct value v, double factor)
{
	fprintf(f, "%s%s", name, end);
	if (*labels)
		fprintf(f, "{%s}", labels);
	if (v.kind == VALUE_UINT && factor == 1)	/* doubles end at 53 bits */
		fprintf(f, " %llu\n", (unsigned long long)v.uint);
	else
		fprintf(f, " %.15g\n", (v.kind == VALUE_UINT ? (double)v.uint : v.num) * factor);
}

static void put_head(FILE *f, const char *name, enum form form, const struct column *c)
{
	static const char *const types[] = { [GAUGE] = "gauge", [COUNTER] = "counter", [SUMMARY] = "summary" };

	fprintf(f, "# HELP %s ", name);
	if (form != GAUGE)
		fprintf(f, "%s %s is the %s of: ", form == COUNTER ? "Counter that" : "Sum and count that", c->id,
			form == COUNTER ? "rate" : "mean");
	put_escaped(f, c->help, false);
	fprintf(f, " From: ");
	put_escaped(f, c->source, false);
	fprintf(f, "\n# TYPE %s %s\n", name, types[form]);
}

static struct value counter_get(const struct row *row, size_t offset)
{
	struct value v = { .kind = VALUE_UINT, .uint = *(const uint64_t *)((const char *)row + offset) };

	if (v.uint == UNKNOWN_UINT)
		v.kind = VALUE_NONE;
	return v;
}

/* Of what is unknown there is no sample, and of what is unknown everywhere no metric. */
static void put_metric(FILE *f, const struct table *t, const struct column *c, const struct series *list, size_t n)
{
	enum form form = form_of(c);
	auto_buf struct buf name = {0};
	bool headed = false;
	size_t i;

	prometheus_name(t, c, &name);
	for (i = 0; i < n; i++) {
		const struct row *row = list[i].row;
		struct value v = form == GAUGE ? column_get(c, row) : counter_get(row, c->lasting ? c->lasting : c->counter), events = {0};

		if (form == SUMMARY)
			events = counter_get(row, c->per);
		if (v.kind == VALUE_NONE || (form == SUMMARY && events.kind == VALUE_NONE))
			continue;
		if (!headed)
			put_head(f, name.text, form, c);
		headed = true;
		put_sample(f, name.text, form == SUMMARY ? "_sum" : "", list[i].labels, v, factor_of(c));
		if (form == SUMMARY)
			put_sample(f, name.text, "_count", list[i].labels, events, 1);
	}
}

static bool is_info(const struct column *c)
{
	return c->kind == VALUE_TEXT && !c->label && !c->passing;
}

static void put_info(FILE *f, const struct table *t, const struct column *const *columns, size_t n_columns,
		     const struct series *list, size_t n)
{
	size_t i, k, texts = 0;

	for (k = 0; k < n_columns; k++)
		texts += is_info(columns[k]);
	if (!texts || !n)
		return;
	fprintf(f, "# HELP kvmtop_%s_info Always 1; its labels are the texts known of: ", t->name);
	put_escaped(f, t->summary, false);
	fprintf(f, "\n# TYPE kvmtop_%s_info gauge\n", t->name);
	for (i = 0; i < n; i++) {
		struct value one = { .kind = VALUE_UINT, .uint = 1 };
		auto_buf struct buf labels = {0};
		auto_free char *name = xasprintf("kvmtop_%s_info", t->name);

		buf_puts(&labels, list[i].labels);
		for (k = 0; k < n_columns; k++)
			if (is_info(columns[k]) && !(list[i].has_ref && !strcmp(columns[k]->id, "ref")))
				add_column(&labels, columns[k], list[i].row);
		put_sample(f, name, "", labels.text ? labels.text : "", one, 1);
	}
}

void prometheus_rows(FILE *f, enum table_id id, const struct column *const *columns, size_t n_columns,
		     const void *const *rows, size_t n_rows)
{
	const struct table *t = table_get(id);
	struct series *list = xcalloc(n_rows, sizeof(*list));
	size_t i, k;

	for (i = 0; i < n_rows; i++)
		list[i] = (struct series){ .labels = labels_of(t, rows[i]), .row = rows[i] };
	tell_apart(list, n_rows);
	put_info(f, t, columns, n_columns, list, n_rows);
	for (k = 0; k < n_columns; k++)
		if (is_metric(columns[k]))
			put_metric(f, t, columns[k], list, n_rows);
	for (i = 0; i < n_rows; i++)
		free(list[i].labels);
	free(list);
}
