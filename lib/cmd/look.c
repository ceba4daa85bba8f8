// SPDX-License-Identifier: GPL-3.0-or-later
/* Look-ups: which columns, how many samples, printed as they come. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A guest that does not answer by then keeps its row; its rings and state stay unknown. */
#define SETTLE_MS 2500
/* One that was named is waited for as long as it may take to answer (ASKING_MS of lib/sample/attach.c). */
#define ONE_MS 5500
#define EXACT_MS 300000

static int no_field(const struct table *t, const char *what, const char *word, const struct str_near *near, struct err *err)
{
	if (near->best)
		return err_set(err, -EINVAL, "%s: %s has no field '%s', did you mean '%s'?", what, t->name, word, near->best);
	return err_set(err, -EINVAL, "%s: %s has no field '%s' (see: kvmtop --batch columns %s)", what, t->name, word, t->name);
}

static int parse_fields(const struct table *t, const char *list, struct look *look, struct err *err)
{
	while (*list || !look->n_columns) {
		size_t len = strcspn(list, ",");
		auto_free char *word = xstrndup(list, len);
		struct str_near near = { .word = word };
		const struct column *c = table_column(t, word, &near);

		if (!c)
			return no_field(t, "--fields", word, &near, err);
		*vec_push(look->columns, look->n_columns) = c;
		list += len + (list[len] == ',');
	}
	return 0;
}

static int parse_sort(const struct table *t, const char *word, bool by_name, struct view_order *order, struct err *err)
{
	struct str_near near = {0};
	bool turned = false;

	if (!word && !by_name)
		word = t->sort;
	if (!word)
		return 0;
	turned = *word == '-';
	near.word = word + turned;
	order->sort = table_column(t, word + turned, &near);
	if (!order->sort)
		return no_field(t, "--sort", word + turned, &near, err);
	order->descending = order->sort->descending != turned;
	return 0;
}

/* A counter can be told at once, its rate only after a while. */
static void count_in(struct look *look, const struct column *c, bool as_counter, bool by_name)
{
	look->needs |= c->needs | (by_name && !c->frugal && (c->needs & NEED_RINGS) ? NEED_NAMED : 0);
	look->rates |= as_counter ? prometheus_is_rate(c) : column_spans(c);
}

int look_parse(enum table_id t, const struct options *o, const struct out *out, struct look *look, struct err *err)
{
	const struct table *table = table_get(t);
	const struct column **shown;
	size_t n, i;
	int rc = 0;

	*look = (struct look){ .table = t, .needs = table->needs };
	if (o->fields)
		rc = parse_fields(table, o->fields, look, err);
	if (!rc)
		rc = parse_sort(table, o->sort, out->format == FORMAT_PROMETHEUS, &look->order, err);
	if (!rc && o->filter)
		rc = filter_parse(table, o->filter, &look->filter, err);
	if (rc) {
		look_done(look);
		return rc;
	}
	if (!look->columns)
		look->columns = out_default_columns(out, t, &look->n_columns);
	shown = look->columns;
	n = look->n_columns;
	for (i = 0; i < n; i++)
		count_in(look, shown[i], out->format == FORMAT_PROMETHEUS, o->fields);
	if (look->order.sort)
		count_in(look, look->order.sort, false, true);
	look->needs |= filter_needs(look->filter);
	if (filter_needs(look->filter) & NEED_RINGS)
		look->needs |= NEED_NAMED;
	look->rates |= filter_has_rate(look->filter);
	return 0;
}

void look_done(struct look *look)
{
	free(look->columns);
	filter_free(look->filter);
	*look = (struct look){0};
}

/* The snapshot holds every guest; keep those of one. */
static size_t keep_guest(const void **rows, size_t n, const char *ref)
{
	size_t kept = 0, i;

	for (i = 0; i < n; i++)
		if (row_is_of(rows[i], ref))
			rows[kept++] = rows[i];
	return kept;
}

static void print_sample(struct session *s, const struct look *look, const struct snapshot *snap, const char *ref)
{
	const void **rows;
	size_t n = view_build(snap, look->table, look->filter, look->order, &rows);

	n = keep_guest(rows, n, ref);
	out_rows(&s->out, snap, look->table, look->columns, look->n_columns, rows, n);
	fflush(s->out.file);
	free(rows);
}

/* Events are told once, those of guests that have ended too. */
static void print_events(struct session *s, const struct look *look, const struct snapshot *snap, const char *ref,
			 uint64_t *told)
{
	size_t all = snapshot_count(snap, TABLE_EVENTS), n, i, kept = 0;
	const struct event_row *last = all ? snapshot_row(snap, TABLE_EVENTS, all - 1) : NULL;
	const void **rows;

	n = view_build(snap, TABLE_EVENTS, look->filter, look->order, &rows);
	n = keep_guest(rows, n, ref);
	for (i = 0; i < n; i++)
		if (((const struct event_row *)rows[i])->seq > *told)
			rows[kept++] = rows[i];
	if (kept)
		out_rows(&s->out, snap, TABLE_EVENTS, look->columns, look->n_columns, rows, kept);
	fflush(s->out.file);
	free(rows);
	if (last)
		*told = last->seq;
}

static unsigned settle_ms(const struct session *s)
{
	return s->opts->answer_ms ? s->opts->answer_ms : SETTLE_MS;
}

/* Of one guest all that was asked is waited for, and what did not come is said. */
static int tell_missing(struct session *s, const struct look *look, const char *ref, const char *vm)
{
	bool denied = false;
	auto_free char *text = ref ? sampler_missing(s->sampler, ref, look->needs, &denied) : NULL;

	if (text)
		out_error("%s: %s: %s", vm, table_get(look->table)->name, text);
	return !text ? EXIT_DONE : denied ? EXIT_DENIED : EXIT_FAILED;
}

/* vm: that guest's name, for messages */
static int sample_guests(struct session *s, const struct look *look, const char *ref, const char *vm)
{
	double delay_s = s->opts->delay_s < 0 ? 1 : s->opts->delay_s;
	uint64_t delay_ns = (uint64_t)(delay_s * (double)NS_PER_SEC), count = s->opts->count ? s->opts->count : 1;
	unsigned wait_ms = s->opts->exact ? EXACT_MS : ref && !s->opts->answer_ms ? ONE_MS : settle_ms(s);
	uint64_t next = clock_now_ns(), first = next + wait_ms * NS_PER_MS, told = 0, i;
	unsigned prime = look->needs & ~(unsigned)NEED_PAGES;	/* no rate is made of what costs most */
	int code = EXIT_DONE;

	sampler_focus(s->sampler, ref);
	sampler_settle(s->sampler, look->needs, ref ? (unsigned)clock_left_ms(first) : settle_ms(s));
	if ((look->rates || look->table == TABLE_EVENTS) && delay_ns) {
		sampler_refresh(s->sampler, prime, ref ? (unsigned)clock_left_ms(first) : wait_ms);
		snapshot_unref(sampler_take(s->sampler, prime));
		next = clock_now_ns() + delay_ns;
		first = next + wait_ms * NS_PER_MS;
	}
	for (i = 0; i < count && !ferror(s->out.file) && !s->interrupted; i++) {
		struct snapshot *snap;

		sampler_sleep(s->sampler, next);
		if (i || look->table == TABLE_EVENTS)
			sampler_discover(s->sampler, NULL);
		sampler_refresh(s->sampler, look->needs, ref && !i ? (unsigned)clock_left_ms(first) : wait_ms);
		snap = sampler_take(s->sampler, look->needs);
		next = snapshot_time_ns(snap) + delay_ns;
		if (look->table == TABLE_EVENTS)
			print_events(s, look, snap, ref, &told);
		else
			print_sample(s, look, snap, ref);
		snapshot_unref(snap);
		code = tell_missing(s, look, ref, vm);
	}
	sampler_focus(s->sampler, NULL);
	return code;
}

static int find(struct session *s, const struct look *look, const char *what, struct err *err)
{
	struct snapshot *snap;
	int rc = sampler_lookup(s->sampler, what, &snap, err);

	if (rc)
		return rc == -ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED;
	print_sample(s, look, snap, NULL);
	snapshot_unref(snap);
	return EXIT_DONE;
}

/* The tables that describe kvmtop itself. */
static struct snapshot *describe(const struct session *s, enum table_id t, const char *about, struct err *err)
{
	struct timespec wall;
	struct snapshot *snap;

	clock_gettime(CLOCK_REALTIME, &wall);
	snap = snapshot_new(clock_now_ns(), wall);
	if (t == TABLE_COLUMNS)
		docs_column_rows(snap, about);
	else if (t == TABLE_JOURNAL)
		change_journal_rows(s, true, snap, err);
	else if (t == TABLE_KNOBS)
		knob_rows(snap, s->host);
	return snap;
}

static size_t tell(char **list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		out_error("%s", list[i]);
	qmp_strings_free(list, n);
	return n;
}

/* Sockets and URIs given by hand that led nowhere: named, after what could be shown. */
static int tell_problems(struct session *s)
{
	size_t n, bad;
	char **list = sampler_remarks(s->sampler, &n);

	tell(list, n);
	list = sampler_problems(s->sampler, &n);
	bad = tell(list, n);
	if (s->virt) {
		list = virt_problems(s->virt, &n);
		bad += tell(list, n);
	}
	return bad ? EXIT_FAILED : EXIT_DONE;
}

/*
 * What is QEMU's only to tell, such as its rings, may be asked through libvirt of a guest that was named. Of disks
 * libvirt's definition tells the rest, where that is forbidden.
 */
static int pass_through(struct session *s, enum table_id t, const char *ref, struct err *err)
{
	static const enum table_id tables[] = { TABLE_QUEUES, TABLE_DISKS, TABLE_DEVICES, TABLE_SLOTS, TABLE_JOBS };
	bool listed = false;
	size_t i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		listed |= t == tables[i];
	if (!listed || !s->virt)
		return 0;
	sampler_settle(s->sampler, 0, settle_ms(s));
	rc = sampler_pass_through(s->sampler, ref, err);
	if (t == TABLE_DISKS && rc == -EPERM) {
		*err = (struct err){0};
		return 0;
	}
	return rc;
}

int look_run(struct session *s, const struct call *c, struct err *err)
{
	enum table_id t = c->verb->table;
	struct sample_guest guest = {0};
	const char *word = c->verb->n_args ? c->values[0] : NULL;
	struct look look;
	int code = EXIT_DONE, rc;

	if (s->opts->exact && ((t != TABLE_MEMORY && t != TABLE_NUMA) || !word)) {
		err_set(err, -EINVAL, "--exact is for one guest: memory VM or numa VM");
		return EXIT_USAGE;
	}
	if (look_parse(t, s->opts, &s->out, &look, err))
		return EXIT_USAGE;
	if (t == TABLE_COLUMNS || t == TABLE_JOURNAL || t == TABLE_KNOBS) {
		struct snapshot *snap = describe(s, t, word, err);

		print_sample(s, &look, snap, NULL);
		snapshot_unref(snap);
		look_done(&look);
		return err->code ? EXIT_FAILED : EXIT_DONE;
	}
	rc = session_guests(s, -1, err);
	if (!rc && t == TABLE_FIND) {
		code = find(s, &look, word, err);
		look_done(&look);
		return code;
	}
	if (!rc && word)
		rc = sampler_find(s->sampler, word, &guest, err);
	if (rc)
		code = rc == -ENOENT || rc == -ENOTUNIQ ? EXIT_NOT_FOUND : EXIT_FAILED;
	if (!rc && word) {
		rc = pass_through(s, t, guest.ref, err);
		code = rc ? EXIT_DENIED : EXIT_DONE;
	}
	if (!rc)
		code = sample_guests(s, &look, guest.ref, guest.name);
	sample_guest_done(&guest);
	look_done(&look);
	return rc ? code : tell_problems(s) && code == EXIT_DONE ? EXIT_FAILED : code;
}
