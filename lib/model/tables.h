/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/model: what the files that hold a table each write it with. */
#ifndef KT_MODEL_TABLES_H
#define KT_MODEL_TABLES_H

#include "model.h"

#define TEXT(row, field) .kind = VALUE_TEXT, .offset = offsetof(struct row, field)
#define UINT(row, field) .kind = VALUE_UINT, .offset = offsetof(struct row, field)
#define NUM(row, field) .kind = VALUE_NUM, .offset = offsetof(struct row, field)
#define RATE(row, field, total, factor) \
	NUM(row, field), .counter = offsetof(struct row, total), .scale = (factor), .descending = true
/* The same of one that the kernel counts in ticks of 10 ms. */
#define TICKED(row, field, total) RATE(row, field, total, PER_NS), .ticked = true
/* Steps of one counter for each step of another: a mean latency. */
#define MEAN(row, field, total, events, factor) \
	RATE(row, field, total, factor), .per = offsetof(struct row, events)
/* A value a user has to see, that one included. */
#define MARK(way, at) .mark = MARK_##way, .mark_at = (at)
#define PER_NS 1e-7		/* nanoseconds of CPU to percent of one CPU */

/* Name and ref are every record's; they lead each table of guests. */
#define COLUMN_VM \
	{ "vm", "NAME", "Name of the guest.", "the last -name on QEMU's command line, else query-name, else pid:N", \
	  UNIT_TEXT, TEXT(row, vm), .width = 16, .rank = 1, .label = true }
#define COLUMN_REF \
	{ "ref", "REF", "Identity of the guest: its process id and start time in clock ticks. Accepted wherever a guest is.", \
	  "/proc/PID/stat, field 22", UNIT_TEXT, TEXT(row, ref), .width = 20, .rank = 9 }

#define TABLE(text, about, row, cols, by, what) \
	{ .name = (text), .summary = (about), .row_size = sizeof(struct row), .columns = (cols), \
	  .n_columns = ARRAY_SIZE(cols), .sort = (by), .needs = (what) }

extern const struct table queues_table, vhost_table;
extern const struct table vcpus_table, threads_table, disks_table, nics_table, slots_table, devices_table;
extern const struct table jobs_table, events_table, find_table, pci_table, host_table;
extern const struct table memory_table, numa_table, nodes_table, hugepages_table, ksm_table, thp_table;
extern const struct table cpus_table;
extern const struct table kvm_table;
extern const struct table knobs_table;

#endif
