// SPDX-License-Identifier: GPL-3.0-or-later
/* jobs, events and find: what is under way, what happened, who has it. */
#include "tables.h"

#define JOBS "query-migrate and query-jobs, asked for each sample while jobs are looked at: "

static const struct column job_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "job", "JOB", "Its id; migration is called that.", JOBS "id", UNIT_TEXT, TEXT(job_row, job), .width = 14,
	  .rank = 1, .label = true },
	{ "kind", "KIND", "migration, or the kind of job: backup, commit, mirror, stream, create, ..", JOBS "type",
	  UNIT_TEXT, TEXT(job_row, kind), .width = 10, .rank = 1 },
	{ "phase", "PHASE", "How far it is: setup, active, device, postcopy-active, completed, failed, .. of a "
	  "migration; running, ready, paused, concluded, .. of a job.", JOBS "status", UNIT_TEXT,
	  TEXT(job_row, phase), .width = 10, .rank = 1 },
	{ "done_pct", "DONE%", "Share of the work that is done; 100 is all of it.", JOBS "remaining of total",
	  UNIT_PCT, NUM(job_row, done_pct), .width = 5, .rank = 1, .share = true },
	{ "remaining_bytes", "LEFT", "What is still to do. A migration's may grow.",
	  JOBS "ram and disk remaining; total-progress less current-progress", UNIT_BYTES,
	  UINT(job_row, remaining_bytes), .width = 5, .rank = 1 },
	{ "total_bytes", "TOTAL", "All of the work.", JOBS "ram and disk total; total-progress", UNIT_BYTES,
	  UINT(job_row, total_bytes), .width = 5, .rank = 3 },
	{ "bytes_per_s", "SPEED", "How fast it goes.", JOBS "ram and disk transferred; current-progress; delta over "
	  "elapsed time", UNIT_BYTES_PER_S, RATE(job_row, bytes_per_s, done_total, 1), .width = 5, .rank = 2,
	  .graph = true },
	{ "dirty_bytes_per_s", "DIRTY/s", "How fast the guest dirties memory; a migration slower than that does not "
	  "end by itself.", JOBS "ram dirty-pages-rate by page-size", UNIT_BYTES_PER_S,
	  NUM(job_row, dirty_bytes_per_s), .width = 7, .rank = 2 },
	{ "downtime_seconds", "DOWN", "How long the guest stood still for it, or is expected to.",
	  JOBS "downtime, expected-downtime", UNIT_SECONDS, NUM(job_row, downtime_seconds), .width = 5, .rank = 3 },
	{ "elapsed_seconds", "TIME", "Since when it runs, or how long it took.", JOBS "total-time", UNIT_SECONDS,
	  NUM(job_row, elapsed_seconds), .width = 6, .rank = 3 },
	{ "error", "ERROR", "Why it failed, or what blocks it.", JOBS "error, error-desc, blocked-reasons",
	  UNIT_TEXT, TEXT(job_row, error), .width = 30, .rank = 3 },
};
const struct table jobs_table = TABLE("jobs", "migration and jobs", job_row, job_columns, NULL, NEED_JOBS);

static const struct column event_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "seq", "SEQ", "Number of the event since kvmtop began.", "kvmtop", UNIT_COUNT, UINT(event_row, seq),
	  .width = 5, .rank = 5, .label = true },
	{ "at", "AT", "When kvmtop saw it.", "the host's clock", UNIT_TEXT, TEXT(event_row, at), .width = 29,
	  .rank = 1 },
	{ "event", "EVENT", "started, ended, state; in capitals what QEMU sent while its monitor was held (-q, or "
	  "the guest that was named).", "the scan of /proc; query-status; QMP", UNIT_TEXT, TEXT(event_row, event),
	  .width = 20, .rank = 1 },
	{ "detail", "DETAIL", "What belongs to it: the states before and after, an event's data.", "as event",
	  UNIT_TEXT, TEXT(event_row, detail), .width = 40, .rank = 1 },
};
const struct table events_table = TABLE("events", "events", event_row, event_columns, "seq",
	NEED_EVENTS | NEED_STATE);

static const struct column find_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "kind", "KIND", "What was looked for: mac, ip, tap, image, pci.", "the form of the word", UNIT_TEXT,
	  TEXT(find_row, kind), .width = 5, .rank = 1 },
	{ "what", "WHAT", "The thing that was found.", "as how", UNIT_TEXT, TEXT(find_row, what), .width = 30,
	  .rank = 1 },
	{ "device", "DEVICE", "The guest's device, where it is known.", "the object tree, libvirt's live definition, the command line",
	  UNIT_TEXT, TEXT(find_row, device), .width = 12, .rank = 1 },
	{ "how", "HOW", "What says so.", "kvmtop", UNIT_TEXT, TEXT(find_row, how), .width = 30, .rank = 2 },
};
const struct table find_table = TABLE("find", "guests by what they have", find_row, find_columns, NULL, 0);
