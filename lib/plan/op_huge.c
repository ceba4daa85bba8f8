// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Pools of hugetlb pages. The kernel takes any number and gives what it can find: memory in one piece may come of moving pages
 * together, or of asking again.
 */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hostctl/hostctl.h"

#define TRIES 4
#define BASE_MS 20000
#define PER_MS 100		/* pages that are found and cleared in a millisecond, at the least */
#define PAGES_MAX (1ull << 40)

static unsigned ms_of(uint64_t pages)
{
	return BASE_MS + (unsigned)(pages / PER_MS < 600000 ? pages / PER_MS : 600000);
}

static void tell_shortfall(struct run *r, const struct step *s, const struct host_huge_count *pool)
{
	if (pool->pages != s->number)
		run_effective(r, s, "%llu pages, as the kernel found no more memory in one piece", (unsigned long long)pool->pages);
	if (pool->surplus)
		plan_warn(r->p, "/%s: %llu pages beyond that are in use: they are surplus, and go when they are freed", s->what,
			  (unsigned long long)pool->surplus);
}

static int pool_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct host_huge_count pool = {0};
	uint64_t before;
	int tries, rc = hostctl_pool_set(r->env->host, s->what, s->number, timeout_ms, &pool, err);

	for (tries = 1; !rc && pool.pages < s->number && tries < TRIES; tries++) {
		before = pool.pages;
		run_note(r, s, "%llu of %llu pages, memory is moved together", (unsigned long long)pool.pages,
			 (unsigned long long)s->number);
		/* a kernel without compaction, or no right to it: asking again may do */
		hostctl_pool_compact(r->env->host, s->what, timeout_ms, NULL);
		rc = hostctl_pool_set(r->env->host, s->what, s->number, timeout_ms, &pool, err);
		if (!rc && pool.pages <= before && tries > 1)
			break;
	}
	if (!rc)
		tell_shortfall(r, s, &pool);
	return rc;
}

static char *pool_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("write %llu to /%s/nr_hugepages", (unsigned long long)s->number, s->what);
}

static int pool_check(const struct step *s, struct err *err)
{
	if (!hostctl_pool_ok(s->what) || s->number > PAGES_MAX)
		return err_set(err, -EPERM, "%llu pages of /%s do not belong in a journal", (unsigned long long)s->number, s->what);
	return 0;
}

static char *pool_thing(const struct step *s)
{
	return xasprintf("/%s/nr_hugepages", s->what);
}

static int pool_made(struct run *r, const struct step *s, char **words, struct err *err)
{
	struct host_huge_count pool;
	int rc = host_huge_count(r->env->host, s->what, &pool);

	if (rc)
		return err_set(err, rc, "/%s cannot be read", s->what);
	*words = xasprintf("%llu", (unsigned long long)pool.pages);
	return 0;
}

const struct op op_huge_pool = {
	.name = "huge-pool", .run = pool_run, .text = pool_text, .check = pool_check, .takes_back = takes_back_same, .thing = pool_thing,
	.made = pool_made, .outlives = true,
};

struct step *plan_huge_pool(struct plan *p, const char *dir, uint64_t pages, uint64_t old)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_HUGE_POOL, dir, NULL), *undo;

	s->number = pages;
	s->at_least_ms = ms_of(pages > old ? pages : old);
	undo = step_add(&s->undo, &s->n_undo, STEP_HUGE_POOL, dir, NULL);
	undo->number = old;
	undo->at_least_ms = s->at_least_ms;
	step_leaves(s, "/%s/nr_hugepages, which was %llu", dir, (unsigned long long)old);
	return s;
}

/* ---- demotion */

static int demote_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	uint64_t done = 0;
	int rc = hostctl_pool_demote(r->env->host, s->what, s->number, timeout_ms, &done, err);

	if (!rc && done != s->number)
		run_effective(r, s, "%llu pages broken up, as no more were free", (unsigned long long)done);
	return rc;
}

static char *demote_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("write %llu to /%s/demote: there is no way back", (unsigned long long)s->number, s->what);
}

const struct op op_huge_demote = {
	.name = "huge-demote", .run = demote_run, .text = demote_text, .check = pool_check, .outlives = true,
};

struct step *plan_huge_demote(struct plan *p, const char *dir, uint64_t pages)
{
	struct step *s = step_add(&p->steps, &p->n_steps, STEP_HUGE_DEMOTE, dir, NULL);

	s->number = pages;
	s->at_least_ms = ms_of(pages);
	return s;
}
