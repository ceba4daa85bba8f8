/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The column tables. One row here is all there is to say about a column: screen, batch fields, sort, filter, help, man
 * page, completion and `columns` are made from it.
 */
#ifndef KT_MODEL_COLUMN_H
#define KT_MODEL_COLUMN_H

#include "snapshot.h"

/* What a column costs: sources that are read only while a column that needs them is chosen. */
enum need {
	NEED_IO = 1 << 0,		/* /proc/PID/io */
	NEED_RINGS = 1 << 1,		/* an attach over QMP once, then the rings by process_vm_readv */
	NEED_NET = 1 << 2,		/* counters of the taps */
	NEED_KVM = 1 << 3,		/* debugfs */
	NEED_PLACE = 1 << 4,		/* which CPU each vCPU ran on last */
	NEED_STATE = 1 << 5,		/* an attach over QMP once: run state as QEMU has it */
	NEED_TASKS = 1 << 6,		/* each thread's CPU and state */
	NEED_AFFINITY = 1 << 7,		/* /proc/PID/task/TID/status of each thread */
	NEED_DEVICES = 1 << 8,		/* QMP, when first wanted and after changes: what is plugged; so are the next three */
	NEED_DISKS = 1 << 27,
	NEED_NICS = 1 << 28,
	NEED_SLOTS = 1 << 29,
	NEED_NAMED = 1 << 30,		/* a column that needs rings was asked for by its name */
	NEED_BLOCK = 1 << 9,		/* query-blockstats for each sample */
	NEED_JOBS = 1 << 10,		/* query-migrate, query-jobs for each sample */
	NEED_EVENTS = 1 << 11,		/* what happened; holds the monitor of the guest that was named */
	NEED_HOST = 1 << 12,		/* /proc/stat, meminfo, pressure, hugepages, ksm */
	NEED_PAGES = 1 << 23,		/* a sample of guests' pages, a few ms each; QMP once for their addresses */
	NEED_MEMORY = 1 << 24,		/* /proc/PID/status, and for each sample the balloon: three QMP questions, or a call of libvirt */
	NEED_NODES = 1 << 25,		/* per node: meminfo, numastat, hugepage pools */
	NEED_MERGE = 1 << 26,		/* /sys/kernel/mm: ksm, transparent_hugepage */
	NEED_PCI = 1 << 13,		/* the host's PCI devices, and /proc/PID/fd for who has them */
	NEED_VHOST = 1 << 14,		/* "info network" and /proc/PID/fd, once: which vhost thread works which rings */
	NEED_DEPTHS = 1 << 15,		/* each depth read is counted; of a guest that is named, as often as was asked for */
	NEED_NOTIFY = 1 << 16,		/* two more fields of each ring */
	NEED_SPACE = 1 << 20,		/* what the disks' images are stored in; by a thread that may be left behind */
	NEED_LINKS = 1 << 21,		/* the host's interfaces over rtnetlink, Open vSwitch's database, lease files; likewise */
	NEED_ADDRESSES = 1 << 22,	/* libvirt is asked for the addresses of the guest that is named */
	NEED_KVM_STATS = 1 << 17,	/* each counter of KVM; of the guest that was named, query-stats where nothing else tells */
	NEED_LIMITS = 1 << 18,		/* control groups, and qdiscs of taps */
	NEED_CPUS = 1 << 19,		/* /proc/stat CPU by CPU */
};

/* What the rules of trouble.h look at, all of it from quiet sources. */
#define TROUBLE_NEEDS (NEED_STATE | NEED_RINGS | NEED_LIMITS | NEED_PLACE | NEED_IO | NEED_HOST)

enum mark { MARK_NONE, MARK_ABOVE, MARK_BELOW };	/* from mark_at on, that included */

struct column {
	const char *id, *title;		/* field name in batch; heading */
	const char *help, *source;	/* what it says; from which counter, how computed */
	enum unit unit;
	enum value_kind kind;		/* what stands at offset */
	size_t offset;			/* in the table's row */
	size_t counter;			/* offset of the counter it is the rate of, 0: not a rate */
	size_t per;			/* offset of the counter it is counted by, 0: by seconds */
	size_t of;			/* offset of a text: what the counter is the sum of; of another sum no rate is made. 0: none */
	double scale;			/* units a counter step is worth */
	bool ticked;			/* its counter steps by 10 ms: of a few steps no rate is made */
	int width;			/* columns on a screen; text is cut, numbers never */
	int rank;			/* 1 is shown first; a narrow screen drops the highest; 9 only when asked for */
	unsigned needs;
	bool spans;			/* told of the time between two samples, though it is no rate */
	bool descending;		/* first direction when sorted by it */
	char key;			/* sorts by it on the screen, as in top; 0: none */
	bool graph;			/* the screen keeps its last values (history.h) and draws them */
	size_t whole;			/* offset of the counted whole it is a part of, 0: none */
	bool share;			/* 100 % is all there is, not one CPU of many */
	enum mark mark;			/* values a user has to see: "!" on the screen */
	double mark_at;
	const char *meaning;		/* what a value out of the ordinary tells, and what to do; NULL: nothing to say */
	bool label;			/* with the other labels it tells a row from the others of its table, over restarts too */
	bool local;			/* its counter began when kvmtop did: means nothing to the next run of it .. */
	size_t lasting;			/* .. but there is this one for other runs, 0: none; steps as the counter's */
	bool address;			/* a MAC or IP addresses: a filter takes any spelling of them */
	bool passing;			/* a text that is another one each moment: no label for Prometheus */
	bool uncut;			/* a short text that a screen shows in whole before it draws the past */
	bool hides_zero;		/* the screen draws a 0 as a blank: the eye finds the others */
	bool frugal;			/* asked for by its name, it is still no reason to ask a guest through libvirt */
	size_t doubt;			/* of a text: offset of seconds for which it may not be true any more, unknown: it is; 0: always is */
	const char *then;		/* id of the column that orders rows which are equal in this one; NULL: their names do */
};

struct table {
	const char *name, *summary;
	size_t row_size;
	const struct column *columns;	/* the first is the row's name */
	size_t n_columns;
	const char *sort;		/* default sort field */
	unsigned needs;			/* what there are no rows without */
};

const struct table *table_get(enum table_id t);
/* By name: TABLE_COUNT if there is none. */
enum table_id table_find(const char *name);
/* By its id, else by its heading. NULL if there is none; near (may be NULL) gets every candidate to try. */
const struct column *table_column(const struct table *t, const char *id, struct str_near *near);

/* Whether a value is one that the column marks. Unknown never is. */
bool column_is_marked(const struct column *c, struct value v);
/* How much of its whole a value is, 0 to 1; < 0: it has none, or one is unknown. */
double column_share(const struct column *c, const void *row);
struct value column_get(const struct column *c, const void *row);
static inline bool column_is_rate(const struct column *c)
{
	return c->counter != 0;
}
static inline bool column_spans(const struct column *c)		/* unknown in a first sample */
{
	return column_is_rate(c) || c->spans;
}

#endif
