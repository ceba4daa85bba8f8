// SPDX-License-Identifier: GPL-3.0-or-later
/* The candidates of one argument, wherever they come from. */
#include "completing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void completion_done(struct completion *c)
{
	while (c->n) {
		free(c->list[--c->n].text);
		free(c->list[c->n].help);
	}
	free(c->list);
	free(c->note);
	*c = (struct completion){0};
}

size_t completion_same(const struct completion *c)
{
	size_t same = c->n ? strlen(c->list[0].text) : 0, i;

	for (i = 1; i < c->n; i++)
		while (strncmp(c->list[0].text, c->list[i].text, same))
			same--;
	while (same && ((unsigned char)c->list[0].text[same] & 0xc0) == 0x80)
		same--;
	return same;
}

/* ---- collecting */

unsigned complete_left_ms(const struct completing *c)
{
	return (unsigned)clock_left_ms(c->deadline_ns);
}

/* What a terminal would act on is no candidate: it could be shown in another form only, which would not be found. */
void complete_put(struct completing *c, const char *text, const char *help)
{
	struct completion *out = c->out;
	struct candidate *to;
	size_t i;

	if (!*text || !str_is_clean(text))
		return;
	for (i = 0; i < out->n; i++)
		if (str_has_prefix(out->list[i].text, c->prefix) && !strcmp(out->list[i].text + strlen(c->prefix), text))
			return;
	if (out->n == CANDIDATES_MAX) {
		out->cut = true;
		return;
	}
	to = vec_push(out->list, out->n);
	to->text = xasprintf("%s%s", c->prefix, text);
	to->help = help && *help ? xstrdup(help) : NULL;
}

void complete_add(struct completing *c, const char *text, const char *help)
{
	if (str_has_prefix(text, c->typed))
		complete_put(c, text, help);
}

void complete_addf(struct completing *c, const char *text, const char *fmt, ...)
{
	auto_free char *help = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&help, fmt, ap) < 0)
		abort();
	va_end(ap);
	complete_add(c, text, help);
}

void complete_note(struct completing *c, const char *fmt, ...)
{
	va_list ap;

	if (c->out->note)
		return;
	va_start(ap, fmt);
	if (vasprintf(&c->out->note, fmt, ap) < 0)
		abort();
	va_end(ap);
}

struct completing complete_behind(const struct completing *c, const char *signs, struct buf *prefix)
{
	struct completing one = *c;
	const char *at;

	for (at = c->typed; *at; at++)
		if (strchr(signs, *at))
			one.typed = at + 1;
	buf_puts(prefix, c->prefix);
	buf_add(prefix, c->typed, (size_t)(one.typed - c->typed));
	one.prefix = prefix->text;
	return one;
}

/* ---- what kvmtop itself knows */

void complete_choices(struct completing *c, const char *choices)
{
	const char *at;
	size_t len;

	for (at = choices; *at; at += len + (at[len] == '|')) {
		auto_free char *word = xstrndup(at, len = strcspn(at, "|"));

		complete_add(c, word, NULL);
	}
}

static void add_tables(struct completing *c)
{
	enum table_id t;

	for (t = 0; t < TABLE_COUNT; t++)
		complete_add(c, table_get(t)->name, table_get(t)->summary);
}

static void add_verb_names(struct completing *c)
{
	size_t n, i;
	const struct verb *const *all = verbs(&n);

	for (i = 0; i < n; i++)
		if (!all[i]->hidden)
			complete_add(c, all[i]->name, all[i]->summary);
}

static void add_columns(struct completing *c)
{
	const struct table *t = table_get(c->table);
	size_t i;

	for (i = 0; i < t->n_columns; i++)
		complete_add(c, t->columns[i].id, t->columns[i].help);
}

static void complete_fields(struct completing *c)
{
	auto_buf struct buf prefix = {0};
	struct completing one = complete_behind(c, ",", &prefix);

	add_columns(&one);
}

static void complete_sort(struct completing *c)
{
	auto_buf struct buf prefix = {0};
	struct completing one = *c;

	if (c->typed[0] == '-') {
		buf_printf(&prefix, "%s-", c->prefix);
		one.prefix = prefix.text;
		one.typed++;
	}
	add_columns(&one);
}

/* The field where one may stand: not behind an operator, whose value is anything. */
static void complete_filter(struct completing *c)
{
	auto_buf struct buf prefix = {0};
	struct completing one = complete_behind(c, "&|!( \t", &prefix);

	if (!strpbrk(one.typed, "=<>~"))
		add_columns(&one);
}

static void complete_uris(struct completing *c)
{
	complete_add(c, "qemu:///system", "libvirt of the host");
	complete_add(c, "qemu:///session", "libvirt of this user");
}

/* The newest first. */
static void complete_changes(struct completing *c)
{
	struct timespec wall;
	struct snapshot *snap;
	struct err err = {0};
	size_t i;

	clock_gettime(CLOCK_REALTIME, &wall);
	snap = snapshot_new(clock_now_ns(), wall);
	change_journal_rows(c->session, false, snap, &err);
	for (i = snapshot_count(snap, TABLE_JOURNAL); i-- > 0; ) {
		const struct journal_row *row = snapshot_row(snap, TABLE_JOURNAL, i);

		complete_addf(c, row->id, "%s%s%s %s, %s", row->head.vm ? row->head.vm : "", row->head.vm ? ": " : "", row->verb,
			      row->device ? row->device : "", row->state);
	}
	if (err.code)
		complete_note(c, "%s", err.text);
	snapshot_unref(snap);
}

/* ---- by kind */

static void (*const own_kinds[COMPLETE_KINDS])(struct completing *c) = {
	[COMPLETE_PATHS] = complete_paths, [COMPLETE_URIS] = complete_uris, [COMPLETE_FIELDS] = complete_fields,
	[COMPLETE_SORT] = complete_sort, [COMPLETE_FILTER] = complete_filter, [COMPLETE_CHANGES] = complete_changes,
};

void complete_kind(struct completing *c, enum complete_kind kind)
{
	if (own_kinds[kind])
		own_kinds[kind](c);
	else if (kind >= COMPLETE_DISKS && kind <= COMPLETE_VCPUS)
		complete_part(c, kind);
	else if (kind == COMPLETE_NETWORKS || kind == COMPLETE_VOLUMES)
		complete_virt(c, kind);
	else
		complete_host(c, kind);
}

static void by_type(struct completing *c, const struct arg *a)
{
	switch (a->type) {
	case ARG_VM: complete_guests(c); break;
	case ARG_FILE: complete_paths(c); break;
	case ARG_CHOICE: complete_choices(c, a->choices); break;
	case ARG_TABLE: add_tables(c); break;
	case ARG_VERB: add_verb_names(c); break;
	case ARG_DEVICE:
	case ARG_TEXT:
	case ARG_SIZE:
	case ARG_UINT:
		break;
	}
}

void complete_value(struct completing *c, size_t arg)
{
	const struct arg *a = &c->so_far->verb->args[arg];
	const char *decides = a->by ? call_value(c->so_far, a->by) : NULL;
	enum complete_kind kind = a->complete;
	const struct complete_by *by;

	for (by = a->by_value; decides && by->value; by++)
		if (!strcmp(by->value, decides))
			kind = by->kind;
	if (a->by && !decides)
		complete_note(c, "%s= decides: give that first", a->by);
	if (kind == COMPLETE_BY_TYPE)
		by_type(c, a);
	else
		complete_kind(c, kind);
}

enum table_id complete_table(const struct verb *v)
{
	return v && v->table != TABLE_COUNT ? v->table : TABLE_VMS;
}

void complete_arg(struct session *s, const struct call *so_far, size_t arg, const char *typed, unsigned deadline_ms,
		  struct completion *out)
{
	struct completing c = {
		.session = s, .so_far = so_far, .prefix = "", .typed = typed, .out = out,
		.deadline_ns = clock_now_ns() + deadline_ms * NS_PER_MS,
	};

	*out = (struct completion){0};
	c.table = complete_table(so_far->verb);
	complete_value(&c, arg);
}
