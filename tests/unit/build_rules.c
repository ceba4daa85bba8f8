// SPDX-License-Identifier: GPL-3.0-or-later
/* Builders, tried on a guest that only answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build_rules.h"

#define ITEMS_MAX 64

/* Commands that change nothing. */
static bool is_question(const char *saw)
{
	static const char *const prefixes[] = {
		"query-", "qom-get ", "qom-list ", "device-list-properties ", "x-debug-query-block-graph",
		"human-monitor-command {\"command-line\":\"info ",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_has_prefix(saw, prefixes[i]))
			return true;
	return false;
}

static size_t put_items(struct fake_item *script, size_t n, const struct fake_item *items)
{
	for (; items && items->expect; items++) {
		assert_true(n < ITEMS_MAX);
		script[n++] = *items;
	}
	return n;
}

static char *in_dir(const char *text, const char *dir)
{
	struct buf b = {0};

	for (; *text; text++) {
		if (dir && str_has_prefix(text, "%D")) {
			buf_puts(&b, dir);
			text++;
		} else {
			buf_add(&b, text, 1);
		}
	}
	return buf_take(&b);
}

static void build_on_guest(const struct build_place *at, build_fn *fn, const struct fake_item *special, struct plan *p, int *rc,
			   struct err *err)
{
	struct fake_item script[ITEMS_MAX + 1] = {0};
	const char *saw;
	struct fake_qmp *f;
	struct qmp *q;
	size_t i;

	put_items(script, put_items(script, put_items(script, 0, special), at->guest), at->more);
	f = fake_qmp_new(script);
	q = fake_qmp_client(f);
	*rc = fn(p, &(struct plan_env){ .qmp = q, .host = at->host, .interrupt_fd = -1 }, err);
	for (i = 0; (saw = fake_qmp_saw(f, i)); i++)
		if (!is_question(saw))
			fail_msg("sent: %s", saw);
	qmp_close(q);
	fake_qmp_end(f);
}

struct plan *build_try(const struct build_place *at, build_fn *fn, const struct build_args *args, const struct fake_item *special,
		       int *rc, struct err *err)
{
	struct plan *p = plan_new("test", at->guest || at->virt ? "vm1" : NULL, at->ref);
	size_t i;

	p->domain = xstrdup(at->domain);
	for (i = 0; i < ARRAY_SIZE(args->pairs) && args->pairs[i][0]; i++) {
		auto_free char *value = in_dir(args->pairs[i][1], at->dir);

		json_put_str(p->args, args->pairs[i][0], value);
	}
	if (at->guest)
		build_on_guest(at, fn, special, p, rc, err);
	else
		*rc = fn(p, &(struct plan_env){ .host = at->host, .virt = at->virt, .interrupt_fd = -1 }, err);
	return p;
}

static void check_refusal(const struct build_refusal *row, size_t i, struct plan *p, int rc, const struct err *err)
{
	if (rc != row->rc || !strstr(err->text, row->why) || !*row->remedy || !strstr(err->text, row->remedy))
		fail_msg("row %zu: %d '%s', not %d '%s', '%s'", i, rc, err->text, row->rc, row->why, row->remedy);
	p->status = PLAN_INVALID;		/* as a change that cannot be built ends */
	p->err = *err;
	if (plan_exit_code(p) != (rc == -ENODEV ? 3 : 1))
		fail_msg("row %zu: exit code %d of '%s'", i, plan_exit_code(p), err->text);
	assert_int_equal(p->n_steps, 0);
}

void build_refuses(const struct build_place *at, const struct build_refusal *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct err err = {0};
		int rc;
		struct plan *p = build_try(at, rows[i].build, &rows[i].args, rows[i].special, &rc, &err);

		check_refusal(&rows[i], i, p, rc, &err);
		plan_free(p);
	}
}

char *build_steps_text(const struct plan *p)
{
	struct buf b = {0};
	size_t i, k;

	for (i = 0; i < p->n_steps; i++) {
		auto_free char *text = step_text(&p->steps[i], 1000);

		buf_printf(&b, "%s\n", text);
		for (k = 0; k < p->steps[i].n_undo; k++) {
			auto_free char *undo = step_text(&p->steps[i].undo[k], 1000);

			buf_printf(&b, "  undo %s\n", undo);
		}
		if (p->steps[i].leaves)
			buf_printf(&b, "  leaves %s\n", p->steps[i].leaves);
	}
	return buf_take(&b);
}

/* Written and read again, it is the same. */
static void check_journaled(size_t i, struct plan *p, const char *steps)
{
	auto_json struct json_object *obj = NULL;
	auto_free char *again = NULL;
	struct plan *back = NULL;
	struct err err = {0};

	p->id = xstrdup("20260102-030405-00ab");
	p->begun = xstrdup("2026-01-02T03:04:05.000+00:00");
	obj = plan_json(p);
	if (plan_parse(obj, &back, &err))
		fail_msg("row %zu: %s", i, err.text);
	again = build_steps_text(back);
	assert_string_equal(again, steps);
	plan_free(back);
}

void build_plans(const struct build_place *at, const struct build_plan *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		auto_free char *steps = NULL, *want = in_dir(rows[i].steps, at->dir);
		struct err err = {0};
		int rc;
		struct plan *p = build_try(at, rows[i].build, &rows[i].args, rows[i].special, &rc, &err);

		if (rc)
			fail_msg("row %zu: %s", i, err.text);
		steps = build_steps_text(p);
		assert_string_equal(steps, want);
		assert_int_equal(p->status, *want ? PLAN_PLANNED : PLAN_UNCHANGED);
		if (p->n_warnings != rows[i].warnings)
			fail_msg("row %zu: %zu warnings", i, p->n_warnings);
		if (rows[i].device)
			assert_string_equal(p->device, rows[i].device);
		check_journaled(i, p, steps);
		plan_free(p);
	}
}
