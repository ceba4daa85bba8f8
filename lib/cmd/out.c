// SPDX-License-Identifier: GPL-3.0-or-later
/* The printed forms, peers of the screen. */
#include "cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANK_ASKED 9		/* shown only when asked for */
#define HEADED_RECORD (TABLE_COUNT + 1)	/* what the CSV header was of, where it was that of records */

void out_text(FILE *f, const char *text)
{
	auto_free char *copy = xstrdup(text);

	fputs(str_clean(copy), f);
}

void out_error(const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	/* what was printed before stands before it, also when both go to one file */
	fflush(stdout);
	fprintf(stderr, "kvmtop: %s\n", str_clean(text));
}


static char *cell(const struct column *c, const void *row)
{
	auto_buf struct buf b = {0};

	value_format(column_get(c, row), c->unit, &b);
	return str_clean(buf_take(&b));
}

static bool is_text(const struct column *c)
{
	return c->kind == VALUE_TEXT;
}

static void add_cell(struct buf *line, const struct column *c, const char *text, size_t width, bool last)
{
	size_t pad = width - str_width(text);

	if (!is_text(c))
		buf_fill(line, ' ', pad);
	buf_puts(line, text);
	if (is_text(c) && !last)
		buf_fill(line, ' ', pad);
	buf_puts(line, last ? "\n" : "  ");
}

static void print_table(struct out *o, const struct column *const *columns, size_t n, const void *const *rows, size_t n_rows)
{
	char **text = xcalloc((n_rows + 1) * n, sizeof(*text));
	size_t *width = xcalloc(n, sizeof(*width)), i, k;
	auto_buf struct buf line = {0};

	for (k = 0; k < n; k++) {
		for (i = 0; i <= n_rows; i++) {
			char *s = i ? cell(columns[k], rows[i - 1]) : xstrdup(columns[k]->title);
			size_t used = str_width(s);

			text[i * n + k] = s;
			if (used > width[k])
				width[k] = used;
		}
	}
	for (i = 0; i <= n_rows; i++) {
		buf_reset(&line);
		for (k = 0; k < n; k++) {
			add_cell(&line, columns[k], text[i * n + k], width[k], k == n - 1);
			free(text[i * n + k]);
		}
		fputs(line.text, o->file);
	}
	free(text);
	free(width);
}

static void print_json(struct out *o, const struct snapshot *snap, enum table_id t, const struct column *const *columns,
		       size_t n, const struct row *row)
{
	auto_json struct json_object *obj = json_object_new_object();
	auto_free char *text = NULL;
	char time[40];
	size_t k;

	clock_rfc3339(snapshot_wall(snap), time);
	json_put(obj, "v", json_object_new_int(1));
	json_put_str(obj, "time", time);
	json_put_str(obj, "table", table_get(t)->name);
	json_put_str(obj, "vm", row->vm);
	json_put_str(obj, "ref", row->ref);
	for (k = 0; k < n; k++)
		json_put(obj, columns[k]->id, value_json(column_get(columns[k], row)));
	text = json_text(obj);
	fprintf(o->file, "%s\n", text);
}

/* What is text and begins as a formula does would be one to a spreadsheet: a quote before it makes it text there, too. */
static void print_csv_field(FILE *f, char *text, bool is_number, bool first)
{
	const char *p;
	bool formula;

	str_clean(text);
	formula = !is_number && *text && strchr("=+-@", *text);
	if (!first)
		fputc(',', f);
	if (!formula && !strpbrk(text, ",\"\n")) {
		fputs(text, f);
		return;
	}
	fputs(formula ? "\"'" : "\"", f);
	for (p = text; *p; p++) {
		if (*p == '"')
			fputc('"', f);
		fputc(*p, f);
	}
	fputc('"', f);
}

static bool is_common(const struct column *c)
{
	return !strcmp(c->id, "vm") || !strcmp(c->id, "ref");
}

static void print_csv(struct out *o, const struct snapshot *snap, enum table_id t, const struct column *const *columns,
		      size_t n, const struct row *row)
{
	const char *lead[] = { "time", "vm", "ref" };
	char time[40];
	size_t k;

	clock_rfc3339(snapshot_wall(snap), time);
	if (row) {
		lead[0] = time;
		lead[1] = row->vm ? row->vm : "";
		lead[2] = row->ref ? row->ref : "";
	}
	for (k = 0; k < ARRAY_SIZE(lead); k++) {
		auto_free char *text = xstrdup(lead[k]);

		print_csv_field(o->file, text, false, k == 0);
	}
	for (k = 0; k < n; k++) {
		auto_buf struct buf b = {0};

		if (is_common(columns[k]))
			continue;
		buf_puts(&b, row ? "" : columns[k]->id);
		if (row)
			value_raw(column_get(columns[k], row), &b);
		print_csv_field(o->file, b.text, !is_text(columns[k]), false);
	}
	fputc('\n', o->file);
	(void)t;
}

static size_t table_width(const struct column *const *columns, size_t n)
{
	size_t width = 0, k;

	for (k = 0; k < n; k++)
		width += (size_t)columns[k]->width + 2;
	return width;
}

const struct column **out_default_columns(const struct out *o, enum table_id t, size_t *n)
{
	const struct table *table = table_get(t);
	int rank = o->format == FORMAT_TABLE ? RANK_ASKED - 1 : RANK_ASKED;
	const struct column **list;
	size_t i;

	do {
		list = NULL;
		*n = 0;
		for (i = 0; i < table->n_columns; i++)
			if (table->columns[i].rank <= rank)
				*vec_push(list, *n) = &table->columns[i];
		if (o->format != FORMAT_TABLE || !o->width || table_width(list, *n) <= o->width || rank == 1)
			break;
		free(list);
		rank--;
	} while (1);
	return list;
}

void out_rows(struct out *o, const struct snapshot *snap, enum table_id t, const struct column *const *columns,
	      size_t n_columns, const void *const *rows, size_t n_rows)
{
	const struct column **chosen = NULL;
	size_t i;

	if (!columns)
		columns = chosen = out_default_columns(o, t, &n_columns);
	if (o->format == FORMAT_TABLE)
		print_table(o, columns, n_columns, rows, n_rows);
	if (o->format == FORMAT_PROMETHEUS && o->headed != TABLE_COUNT)
		fputc('\n', o->file);
	if (o->format == FORMAT_PROMETHEUS)
		prometheus_rows(o->file, t, columns, n_columns, rows, n_rows);
	if (o->format == FORMAT_CSV && o->headed != t)
		print_csv(o, snap, t, columns, n_columns, NULL);
	o->headed = t;
	for (i = 0; i < n_rows; i++) {
		if (o->format == FORMAT_JSON)
			print_json(o, snap, t, columns, n_columns, rows[i]);
		else if (o->format == FORMAT_CSV)
			print_csv(o, snap, t, columns, n_columns, rows[i]);
	}
	free(chosen);
}

static void print_plan(FILE *f, const struct plan *p, unsigned timeout_ms)
{
	size_t i;

	fprintf(f, "%-9s  %s  ", plan_status_name(p->status), p->verb);
	out_text(f, p->vm ? p->vm : "");
	fputs(p->device ? "  " : "", f);
	out_text(f, p->device ? p->device : "");
	if (p->guest)
		fprintf(f, "  guest %s", p->guest);
	if (p->is_strangers)
		fprintf(f, "  user %s", p->user);
	fputc('\n', f);
	for (i = 0; i < p->n_steps; i++) {
		auto_free char *text = step_text(&p->steps[i], timeout_ms);

		fprintf(f, "  %zu  %-7s", i + 1, step_status_name(p->steps[i].status));
		if (p->steps[i].status == STEP_TODO)
			fprintf(f, "%10s  ", "");
		else
			fprintf(f, "%7llu ms  ", (unsigned long long)(p->steps[i].ns / NS_PER_MS));
		out_text(f, text);
		if (p->steps[i].effective)
			fputs("; in effect: ", f);
		out_text(f, p->steps[i].effective ? p->steps[i].effective : "");
		fputc('\n', f);
	}
	for (i = 0; i < p->n_left; i++) {
		fputs("  left  ", f);
		out_text(f, p->left[i]);
		fputc('\n', f);
	}
	if (p->id)
		fprintf(f, "  journal  %s%s\n", p->id, plan_is_pending(p) ? " (pending)" : "");
}

static void print_plan_csv(struct out *o, const struct plan *p, unsigned line)
{
	auto_buf struct buf left = {0};
	auto_free char *number = line ? xasprintf("%u", line) : NULL;
	const char *const fields[] = { p->verb, p->vm, p->ref, p->device, number, plan_status_name(p->status), p->guest,
				       NULL, p->err.text, p->id, p->user };
	size_t i;

	for (i = 0; i < p->n_left; i++)
		buf_printf(&left, "%s%s", i ? "; " : "", p->left[i]);
	if (o->headed != HEADED_RECORD)
		fputs("verb,vm,ref,id,line,status,guest,left,error,journal,user\n", o->file);
	o->headed = HEADED_RECORD;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		auto_free char *text = xstrdup(fields[i] ? fields[i] : i == 7 && left.text ? left.text : "");

		print_csv_field(o->file, text, false, i == 0);
	}
	fputc('\n', o->file);
}

/* In JSON they are in the record. */
static void print_warnings(const struct out *o, const struct plan *p)
{
	size_t i;

	for (i = 0; o->format != FORMAT_JSON && i < p->n_warnings; i++)
		out_error("%s: warning: %s", p->vm ? p->vm : "host", p->warnings[i]);
}

void out_record(struct out *o, const struct plan *p, unsigned timeout_ms, unsigned line)
{
	auto_json struct json_object *obj = NULL;
	auto_free char *text = NULL;

	switch (o->format) {
	case FORMAT_TABLE:
		print_plan(o->file, p, timeout_ms);
		break;
	case FORMAT_JSON:
		obj = plan_record(p, timeout_ms, line);
		text = json_text(obj);
		fprintf(o->file, "%s\n", text);
		break;
	case FORMAT_CSV:
		print_plan_csv(o, p, line);
		break;
	case FORMAT_PROMETHEUS:		/* refused before it ran */
		break;
	}
	fflush(o->file);
	print_warnings(o, p);
}
