// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of migration and jobs. */
#include "private.h"

#include <string.h>

void rows_jobs(struct snapshot *snap, const struct guest *g)
{
	size_t i;

	for (i = 0; i < g->jobs.n_jobs; i++) {
		const struct qmp_job *j = &g->jobs.jobs[i];
		struct job_row *row = snapshot_add(snap, TABLE_JOBS);

		rows_head(snap, g, &row->head);
		row->head.key = snapshot_printf(snap, "%s/%s", j->type ? j->type : "", j->id);
		row->head.taken_ns = g->jobs.taken_ns;
		row->job = snapshot_str(snap, j->id);
		row->kind = snapshot_str(snap, j->type);
		row->phase = snapshot_str(snap, j->status);
		row->error = snapshot_str(snap, j->error);
		if (j->has_progress) {
			row->total_bytes = j->total_bytes;
			row->remaining_bytes = j->remaining_bytes;
			row->done_total = j->done_bytes;
			if (j->total_bytes && j->remaining_bytes <= j->total_bytes)
				row->done_pct = 100 * (double)(j->total_bytes - j->remaining_bytes) / (double)j->total_bytes;
		}
		if (j->has_dirty)
			row->dirty_bytes_per_s = (double)j->dirty_bytes_per_s;
		if (j->has_downtime)
			row->downtime_seconds = (double)j->downtime_ms / 1000;
		if (j->has_elapsed)
			row->elapsed_seconds = (double)j->elapsed_ms / 1000;
	}
}
