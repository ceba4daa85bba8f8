// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls about work under way: migration and jobs. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t count_of(struct json_object *stats, const char *key)
{
	uint64_t n = 0;

	json_u64(stats, key, &n);
	return n;
}

void qmp_jobs_free(struct qmp_job *list, size_t n)
{
	while (n--) {
		free(list[n].id);
		free(list[n].type);
		free(list[n].status);
		free(list[n].error);
	}
	free(list);
}

static char *blockers(struct json_object *ret)
{
	struct json_object *reasons = json_array(ret, "blocked-reasons");
	auto_buf struct buf all = {0};
	size_t i;

	for (i = 0; reasons && i < json_object_array_length(reasons); i++) {
		struct json_object *one = json_object_array_get_idx(reasons, i);

		if (json_object_is_type(one, json_type_string))
			buf_printf(&all, "%s%s", all.len ? "; " : "", json_object_get_string(one));
	}
	return all.len ? str_utf8(all.text, all.len, QMP_IDENT_MAX) : NULL;
}

/* "disk" is there until QEMU 9.1, when block migration went away. */
static void read_progress(struct json_object *ret, struct qmp_job *job)
{
	struct json_object *ram = json_member(ret, "ram"), *disk = json_member(ret, "disk");
	uint64_t pages, page_bytes;

	job->has_progress = json_u64(ram, "total", &job->total_bytes) &&
			    json_u64(ram, "remaining", &job->remaining_bytes) &&
			    json_u64(ram, "transferred", &job->done_bytes);
	job->total_bytes += count_of(disk, "total");
	job->remaining_bytes += count_of(disk, "remaining");
	job->done_bytes += count_of(disk, "transferred");
	job->has_dirty = json_u64(ram, "dirty-pages-rate", &pages) &&
			 json_u64(ram, "page-size", &page_bytes) &&
			 !__builtin_mul_overflow(pages, page_bytes, &job->dirty_bytes_per_s);
}

static int read_migration(struct qmp *q, struct qmp_job **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_job job = {0};
	int rc = qmp_ask(q, "query-migrate", NULL, json_type_object, &ret, err);

	if (rc)
		return rc;
	job.status = qmp_ident(ret, "status");
	if (!job.status || !strcmp(job.status, "none")) {
		free(job.status);
		return 0;
	}
	job.id = xstrdup("migration");
	job.type = xstrdup("migration");
	job.error = qmp_text(ret, "error-desc", QMP_IDENT_MAX);
	if (!job.error)
		job.error = blockers(ret);
	read_progress(ret, &job);
	job.has_downtime = json_u64(ret, "downtime", &job.downtime_ms) ||
			   json_u64(ret, "expected-downtime", &job.downtime_ms);
	job.has_elapsed = json_u64(ret, "total-time", &job.elapsed_ms);
	*vec_push(*list, *n) = job;
	return 0;
}

static int read_jobs(struct qmp *q, struct qmp_job **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	size_t i;
	int rc = qmp_ask(q, "query-jobs", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret) && *n < QMP_LIST_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		struct qmp_job job = { .id = qmp_ident(one, "id") };

		if (!job.id)
			continue;
		job.type = qmp_ident(one, "type");
		job.status = qmp_ident(one, "status");
		job.error = qmp_text(one, "error", QMP_IDENT_MAX);
		job.has_progress = json_u64(one, "current-progress", &job.done_bytes) &&
				   json_u64(one, "total-progress", &job.total_bytes);
		if (job.has_progress && job.total_bytes > job.done_bytes)
			job.remaining_bytes = job.total_bytes - job.done_bytes;
		*vec_push(*list, *n) = job;
	}
	return 0;
}

int qmp_query_jobs(struct qmp *q, struct qmp_job **list, size_t *n, struct err *err)
{
	struct qmp_job *jobs = NULL;
	size_t found = 0;
	int rc = read_migration(q, &jobs, &found, err);

	if (!rc)
		rc = read_jobs(q, &jobs, &found, err);
	if (rc) {
		qmp_jobs_free(jobs, found);
		return rc;
	}
	*list = jobs;
	*n = found;
	return 0;
}
