// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Latency histograms of a drive: QEMU sorts each request into a bin when it is done, which costs it a search among the
 * bounds. Its counters begin anew when bounds are set.
 */
#include "tuning.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SET "block-latency-histogram-set"
/* From 1 us to 10 s, ten bins for each power of ten: 71 of them, each 26 % wide. */
#define FIRST_NS 1e3
#define DECADES 7
#define BINS_PER_DECADE 10

static struct json_object *args_new(const char *qdev)
{
	return json_put_str(json_object_new_object(), "id", qdev);
}

static struct json_object *bounds_new(void)
{
	struct json_object *list = json_object_new_array();
	int i;

	for (i = 0; i <= DECADES * BINS_PER_DECADE; i++)
		json_object_array_add(list, json_object_new_uint64((uint64_t)llround(FIRST_NS * pow(10, (double)i / BINS_PER_DECADE))));
	return list;
}

static void put_bounds(struct json_object *args, const char *key, const struct qmp_histogram *h)
{
	struct json_object *list;
	size_t i;

	if (!h->bounds)
		return;
	list = json_object_new_array();
	for (i = 0; i < h->n_bounds; i++)
		json_object_array_add(list, json_object_new_uint64(h->bounds[i]));
	json_put(args, key, list);
}

/* As it was: first all of them go, as a command with bounds leaves the kinds that it does not name as they are. */
static void undo_to(struct step *s, const char *qdev, const struct qmp_blockstat *st)
{
	struct json_object *args = args_new(qdev);

	step_undo_qmp(s, SET, args_new(qdev));
	put_bounds(args, "boundaries-read", &st->io[QMP_READ].latency);
	put_bounds(args, "boundaries-write", &st->io[QMP_WRITE].latency);
	put_bounds(args, "boundaries-flush", &st->io[QMP_FLUSH].latency);
	if (json_object_object_length(args) > 1)
		step_undo_qmp(s, SET, args);
	else
		json_object_put(args);
}

static int no_such_disk(const struct qmp_disk *disks, size_t n, const char *id, struct err *err)
{
	auto_buf struct buf all = {0};
	struct str_near near = { .word = id };
	size_t i;

	for (i = 0; i < n; i++) {
		str_near_try(&near, disks[i].id);
		buf_printf(&all, "%s%s", i ? ", " : "", disks[i].id);
	}
	if (near.best)
		return err_set(err, -ENODEV, "no disk '%s', did you mean '%s'?", id, near.best);
	return err_set(err, -ENODEV, "no disk '%s' (there is: %s)", id, all.len ? all.text : "none");
}

/* The drive's name for this command: its qdev as query-block has it. Yours. */
static int find_drive(struct qmp *q, const char *id, char **qdev, struct err *err)
{
	struct qmp_disk *disks = NULL;
	size_t n = 0, i;
	int rc = qmp_query_disks(q, &disks, &n, err);

	if (rc)
		return rc;
	for (i = 0; i < n && !*qdev; i++)
		if (!strcmp(disks[i].id, id))
			*qdev = xstrdup(disks[i].qdev);
	if (!*qdev)
		rc = no_such_disk(disks, n, id, err);
	qmp_disks_free(disks, n);
	return rc;
}

static void plan_switch(struct plan *p, const char *qdev, const struct qmp_blockstat *st, bool on)
{
	const struct qmp_iostat *io = st->io;
	bool all = io[QMP_READ].latency.bounds && io[QMP_WRITE].latency.bounds && io[QMP_FLUSH].latency.bounds;
	bool any = io[QMP_READ].latency.bounds || io[QMP_WRITE].latency.bounds || io[QMP_FLUSH].latency.bounds;
	struct json_object *args = args_new(qdev);
	struct step *s;

	/* somebody else's bounds serve as well, and are somebody else's */
	if (on ? all : !any) {
		json_object_put(args);
		p->status = PLAN_UNCHANGED;
		return;
	}
	if (on)
		json_put(args, "boundaries", bounds_new());
	s = plan_qmp(p, SET, args);
	undo_to(s, qdev, st);
	step_leaves(s, "latency histograms of %s %s", p->device, on ? "on" : "off");
}

int tuning_histogram(struct plan *p, const struct plan_env *env, struct err *err)
{
	auto_free char *qdev = NULL;
	struct qmp_blockstat *stats = NULL;
	size_t n = 0, i;
	int rc;

	if (!env->qmp)
		return err_set(err, -EOPNOTSUPP, "libvirt has no call for latency histograms, and a guest of libvirt's is changed by "
			       "libvirt's calls only");
	rc = find_drive(env->qmp, plan_arg(p, "ID"), &qdev, err);
	if (!rc)
		rc = qmp_query_blockstats(env->qmp, &stats, &n, err);
	if (rc)
		return rc;
	for (i = 0; i < n && strcmp(stats[i].qdev, qdev); i++)
		;
	if (i < n) {
		p->device = xstrdup(plan_arg(p, "ID"));
		plan_switch(p, qdev, &stats[i], !strcmp(plan_arg(p, "STATE"), "on"));
	} else {
		rc = err_set(err, -ENODEV, "QEMU keeps no counters of disk '%s'", plan_arg(p, "ID"));
	}
	qmp_blockstats_free(stats, n);
	return rc;
}
