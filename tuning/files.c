// SPDX-License-Identifier: GPL-3.0-or-later
/* Setting knobs that are files of the host: each argument of the verb that a row has is checked against what this kernel takes. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOBS_AT_ONCE 32

bool tuning_forced(const struct plan *p)
{
	const char *force = plan_arg(p, "force");

	return force && !strcmp(force, "on");
}

/* The file that is meant: the only one, or that of the size that the argument of the group says. */
static int find_file(const struct plan *p, const struct host *h, const struct knob_group *g, const struct knob *k, char **path,
		     struct err *err)
{
	const char *size = g->chosen_by ? plan_arg(p, g->chosen_by) : NULL;
	struct host_value_file *files;
	auto_buf struct buf all = {0};
	char name[16];
	uint64_t bytes = 0;
	size_t n, i;

	if (size)
		units_size_parse(size, &bytes);
	host_values_find(h, k->file, &files, &n);
	for (i = 0; i < n && !*path; i++) {
		units_scaled((double)files[i].page_bytes, 1024, name, sizeof(name));
		buf_printf(&all, "%s%s", i ? ", " : "", name);
		if (!size || files[i].page_bytes == bytes)
			*path = xstrdup(files[i].path);
	}
	host_values_free(files, n);
	if (*path)
		return 0;
	if (size && all.len)
		return err_set(err, -EINVAL, "%s=%s: this host has pages of %s", g->chosen_by, size, all.text);
	return err_set(err, -EOPNOTSUPP, "%s: this kernel has no such knob, there is no /%s (see: kvmtop --batch knobs)", k->key, k->file);
}

static int check_number(const struct host *h, const struct knob *k, const char *word, char value[HOST_VALUE_MAX], struct err *err)
{
	uint64_t high = knob_high(h, k), n = 0;
	char range[HOST_VALUE_MAX];

	if (units_uint_parse(word, &n))
		return err_set(err, -EINVAL, "%s=%s: a whole number is expected", k->key, word);
	knob_range(h, k, k->file, range);
	if (n < k->low || n > high)
		return err_set(err, -EINVAL, "%s=%s: out of range, %s%s%s is expected", k->key, word, range, k->unit[0] ? " " : "", k->unit);
	snprintf(value, HOST_VALUE_MAX, "%llu", (unsigned long long)n);
	return 0;
}

static int check_choice(const struct host *h, const struct knob *k, const char *path, const char *word, char value[HOST_VALUE_MAX],
			struct err *err)
{
	char range[HOST_VALUE_MAX];
	const char *at = range;

	knob_range(h, k, path, range);
	while (*at) {
		size_t len = strcspn(at, "|");

		if (strlen(word) == len && !strncmp(at, word, len)) {
			snprintf(value, HOST_VALUE_MAX, "%s", word);
			return 0;
		}
		at += len + (at[len] == '|');
	}
	return err_set(err, -EINVAL, "%s=%s: this kernel takes one of %s", k->key, word, range);
}

/* The other bits are other ways of it. */
static void switch_bit(const char *word, const char *old, char value[HOST_VALUE_MAX])
{
	unsigned long n = strtoul(old, NULL, 10);

	snprintf(value, HOST_VALUE_MAX, "%lu", strcmp(word, "on") ? n & ~1ul : n | 1);
}

static int wish_of(const struct plan *p, const struct host *h, const struct knob_group *g, const struct knob *k, struct knob_wish *w,
		   struct err *err)
{
	const char *word = plan_arg(p, k->key);
	auto_free char *path = NULL;
	int rc = find_file(p, h, g, k, &path, err);

	if (rc)
		return rc;
	*w = (struct knob_wish){ .knob = k };
	rc = host_value_read(h, path, w->old);
	if (rc || !w->old[0])
		return err_set(err, rc ? rc : -EIO, "%s: /%s cannot be read, so there would be no way back", k->key, path);
	switch (k->kind) {
	case KNOB_UINT:
	case KNOB_PTES:
		rc = check_number(h, k, word, w->value, err);
		break;
	case KNOB_CHOICE:
		rc = check_choice(h, k, path, word, w->value, err);
		break;
	case KNOB_SWITCH:
		switch_bit(word, w->old, w->value);
		break;
	}
	w->path = take_ptr(path);
	return rc;
}

static int wish_cmp(const void *a, const void *b)
{
	const struct knob_wish *x = a, *y = b;

	return (x->knob->order > y->knob->order) - (x->knob->order < y->knob->order);
}

/* Is this group the one that the arguments mean? */
static bool is_meant(const struct plan *p, const struct knob_group *g)
{
	size_t n, i;
	const struct knob_group *all = knob_groups(&n);
	bool chosen = false;

	for (i = 0; i < n; i++)
		chosen |= !strcmp(all[i].verb, p->verb) && all[i].chosen_by && plan_arg(p, all[i].chosen_by);
	return !strcmp(g->verb, p->verb) && chosen == (g->chosen_by && plan_arg(p, g->chosen_by));
}

static int wishes_of(const struct plan *p, const struct host *h, const struct knob_group *g, struct knob_wish *list, size_t *n,
		     struct err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < g->n && !rc && *n < KNOBS_AT_ONCE; i++)
		if (plan_arg(p, g->list[i].key))
			rc = wish_of(p, h, g, &g->list[i], &list[(*n)++], err);
	return rc;
}

/* All that was given, but for keys that are knobs of another group of the verb. */
static int check_keys(const struct plan *p, const struct knob_group *g, struct err *err)
{
	auto_buf struct buf keys = {0};
	size_t i;

	for (i = 0; i < g->n; i++)
		buf_printf(&keys, "%s%s%s", i ? ", " : "", g->list[i].key, strcmp(g->list[i].key, "NS") ? "=" : "");
	json_object_object_foreach(p->args, key, value) {
		bool known = !strcmp(key, "force") || (g->chosen_by && !strcmp(key, g->chosen_by));

		(void)value;
		for (i = 0; i < g->n; i++)
			known |= !strcmp(g->list[i].key, key);
		if (!known)
			return err_set(err, -EINVAL, "%s= is not of one size of page: with %s= there are %s", key, g->chosen_by, keys.text);
	}
	return 0;
}

static int plan_wishes(struct plan *p, const struct plan_env *env, const struct knob_wish *list, size_t n, struct err *err)
{
	struct knob_writers writers = {0};
	size_t i;
	int rc = 0;

	for (i = 0; i < n && !rc; i++) {
		if (!strcmp(list[i].value, list[i].old))
			continue;
		if (!p->n_steps)
			knob_writers_find(env->host, &writers);
		tuning_warn_writers(p, &writers, list[i].knob);
		if (list[i].knob->plan)
			rc = list[i].knob->plan(p, env, &list[i], err);
		else
			plan_file(p, list[i].path, list[i].value, list[i].old);
	}
	return rc;
}

static void name_device(struct plan *p, const struct knob_wish *list, size_t n)
{
	auto_buf struct buf names = {0};
	size_t i;

	for (i = 0; i < n; i++)
		buf_printf(&names, "%s%s", i ? " " : "", list[i].knob->key);
	p->device = buf_take(&names);
}

static int set_group(struct plan *p, const struct plan_env *env, const struct knob_group *g, struct err *err)
{
	struct knob_wish list[KNOBS_AT_ONCE] = {0};
	size_t n = 0, i;
	int rc = check_keys(p, g, err);

	if (!rc)
		rc = wishes_of(p, env->host, g, list, &n, err);
	if (!rc && !n)
		rc = err_set(err, -EINVAL, "nothing to set is given (see: kvmtop --batch help %s)", p->verb);
	if (!rc) {
		qsort(list, n, sizeof(*list), wish_cmp);
		name_device(p, list, n);
		rc = plan_wishes(p, env, list, n, err);
	}
	if (rc)
		plan_forget_steps(p);
	else if (!p->n_steps)
		p->status = PLAN_UNCHANGED;
	for (i = 0; i < n; i++)
		free(list[i].path);
	return rc;
}

static int set_files(struct plan *p, const struct plan_env *env, struct err *err)
{
	size_t n, i;
	const struct knob_group *all = knob_groups(&n);

	for (i = 0; i < n; i++)
		if (is_meant(p, &all[i]))
			return set_group(p, env, &all[i], err);
	return err_set(err, -EINVAL, "%s sets no files", p->verb);
}

int tuning_ksm_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	return set_files(p, env, err);
}

int tuning_thp_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	return set_files(p, env, err);
}

int tuning_halt_poll_set(struct plan *p, const struct plan_env *env, struct err *err)
{
	return set_files(p, env, err);
}

int tuning_numa_balancing(struct plan *p, const struct plan_env *env, struct err *err)
{
	return set_files(p, env, err);
}

/* ---- halt polling */

/* From 5.11 to 6.0 a VM kept the value that there was when it began. */
int knob_halt_poll(struct plan *p, const struct plan_env *env, const struct knob_wish *w, struct err *err)
{
	struct host_system sys;
	unsigned major = 0, minor = 0;

	(void)err;
	host_system_read(env->host, &sys);
	if (sscanf(sys.kernel, "%u.%u", &major, &minor) == 2 && ((major == 5 && minor >= 11) || (major == 6 && minor == 0)))
		plan_warn(p, "Linux %s applies it to guests that are started from now on only", sys.kernel);
	plan_file(p, w->path, w->value, w->old);
	return 0;
}
