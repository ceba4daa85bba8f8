/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything known at one moment: rows by table, self-contained. Filled by one thread, then immutable and shared by
 * reference count. Rows keep their identity over time as (ref, key), never as an index.
 */
#ifndef KT_MODEL_SNAPSHOT_H
#define KT_MODEL_SNAPSHOT_H

#include <sys/types.h>
#include <time.h>

#include "value.h"

enum table_id {
	TABLE_VMS, TABLE_VCPUS, TABLE_THREADS, TABLE_QUEUES, TABLE_DISKS, TABLE_NICS, TABLE_SLOTS, TABLE_DEVICES,
	TABLE_VHOST,
	TABLE_JOBS, TABLE_EVENTS, TABLE_FIND, TABLE_HOST, TABLE_PCI, TABLE_COLUMNS, TABLE_JOURNAL,
	TABLE_CPUS,
	TABLE_KVM,
	TABLE_KNOBS,
	TABLE_MEMORY, TABLE_NUMA, TABLE_NODES, TABLE_HUGEPAGES, TABLE_KSM, TABLE_THP,
	TABLE_COUNT
};

/* Every row begins with this. All strings of rows belong to the snapshot. */
struct row {
	const char *vm;			/* the guest's name, NULL for rows of the host */
	const char *ref;		/* "pid:N@START", NULL for rows of the host */
	const char *key;		/* tells rows of one table and ref apart, "" if there is one */
	uint64_t taken_ns;		/* monotonic time of its counters */
	bool stale;			/* its guest missed its deadline: these are the last values known */
};

/* The row belongs to this guest; ref NULL: any row does. Rows of the host and of libvirt's connections have no guest. */
bool row_is_of(const struct row *row, const char *ref);

/* A field named x_total is the counter of the rate column x; see column.h. */
struct vm_row {
	struct row head;
	const char *uuid, *user, *state, *state_detail, *source, *node, *note;
	const char *limits, *held_back, *stalled_queue, *trouble_text;
	uint64_t throttled_ns, trouble;
	double throttled_pct, psi_cpu_pct, psi_io_pct, psi_mem_pct;
	uint64_t pid, mem_bytes, rss_bytes, depth;
	uint64_t used_ns;		/* what cpu_ns counts, from the guest's begin */
	uint64_t cpu_ns, wait_ns, vhost_ns, io_total, rd_total, wr_total, rx_total, tx_total, exits_total;
	bool unanswered;		/* QEMU has not answered all that the page of this guest is made of */
	double cpu_pct, wait_pct, vhost_pct, iops, rd_bytes_per_s, wr_bytes_per_s, rx_bytes_per_s, tx_bytes_per_s;
	double exits_per_s, local_pct, stale_seconds, stalled_seconds, state_seconds, doubt_seconds;
};

struct queue_row {
	struct row head;
	const char *device, *kind, *backend, *features, *hist, *note;
	uint64_t queue, size, depth, depth_max, depth_p50, depth_p99, samples;
	uint64_t used_total;
	double depth_mean, req_per_s, stalled_seconds, lat_us, irq_pct, kick_pct;
};

struct column_row {			/* the table of tables: what `columns` prints */
	struct row head;
	const char *table, *id, *title, *unit, *help, *source, *meaning;
};

struct journal_row {
	struct row head;
	const char *id, *begun, *when, *verb, *device, *change, *state, *can, *why, *left, *error;
};

struct snapshot;

struct snapshot *snapshot_new(uint64_t now_ns, struct timespec wall);
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s);		/* NULL is fine */
uint64_t snapshot_time_ns(const struct snapshot *s);
struct timespec snapshot_wall(const struct snapshot *s);
size_t snapshot_bytes(const struct snapshot *s);	/* of memory that it takes, without its indices */

/* While filling. A new row's fields are all unknown; the pointer holds until the next row of that table is added. */
void *snapshot_add(struct snapshot *s, enum table_id t);
void *snapshot_add_copy(struct snapshot *s, enum table_id t, const void *row);	/* strings are copied too */
const char *snapshot_str(struct snapshot *s, const char *text);			/* a copy that lives as long; NULL is NULL */
const char *snapshot_printf(struct snapshot *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

size_t snapshot_count(const struct snapshot *s, enum table_id t);
const void *snapshot_row(const struct snapshot *s, enum table_id t, size_t i);
/* The row of that identity, or NULL. */
const void *snapshot_find(const struct snapshot *s, enum table_id t, const char *ref, const char *key);
/* Where a guest's rows begin, which stand together; snapshot_count where it has none. */
size_t snapshot_first(const struct snapshot *s, enum table_id t, const char *ref);

/*
 * Compute the rate columns of cur from prev: delta over the row's own elapsed time. No earlier row, or a counter that
 * went down or became unknown: unknown. The same reading once more (no time passed) has the rates it had, and so has a
 * stale row. One that is counted in ticks keeps its rate over less than ten of them.
 */
void snapshot_rates(struct snapshot *cur, const struct snapshot *prev);
/* The rates that prev has, once more: too little time has passed since the counters they were made of. */
void snapshot_rates_keep(struct snapshot *cur, const struct snapshot *prev);

#endif
