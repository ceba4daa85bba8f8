/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One option string of QEMU's, read once for all that is asked of it. Private to qmp. */
#ifndef KT_QMP_OPTS_H
#define KT_QMP_OPTS_H

#include <stdbool.h>

#include "lib/base/base.h"

struct qmp_opts {
	const char *text;		/* borrowed */
	const char *implied;		/* the key of the first bare word, NULL: none */
	struct json_object *json;	/* NULL: it is not JSON, or none that can be parsed */
};
void qmp_opts_read(struct qmp_opts *o, const char *text, const char *implied);
void qmp_opts_done(struct qmp_opts *o);
bool qmp_opts_is_json(const char *text);
char *qmp_opts_get(const struct qmp_opts *o, const char *key);	/* as qmp_opt_get */
bool qmp_opt_is_on(const char *value, bool otherwise);		/* otherwise: NULL */
#define auto_opts __attribute__((cleanup(qmp_opts_done)))

/* monitors.c: -mon or -qmp, whose -chardev may be any of them */
struct qmp_chardev {
	const char *value;		/* borrowed */
	char *id;
};
struct qmp_mon {
	const char *value;		/* borrowed */
	bool short_form;		/* -qmp, not -mon */
	bool human;
};
struct qmp_cmdline;
void qmp_monitor_add(struct qmp_cmdline *out, const struct qmp_mon *m, const struct qmp_chardev *chardevs, size_t n);

/* smp.c: what -smp says; several are put together. 0: not said */
struct qmp_smp {
	uint64_t cpus, maxcpus;
	uint64_t levels;		/* sockets times cores and so on */
};
void qmp_smp_read(const struct qmp_opts *o, struct qmp_smp *out);
/* vCPUs at start, QMP_UNKNOWN where it is not said. all: what was not said in these was not said at all. */
uint64_t qmp_smp_vcpus(const struct qmp_smp *smp, bool all);

/* backends.c: a size of QEMU's, which is in this unit where it has none; a memory backend, filled in if it is one */
struct qmp_backend;
bool qmp_size_read(const char *text, char unit, uint64_t *bytes);
bool qmp_backend_read(const struct qmp_opts *o, const char *id, struct qmp_backend *out);
void qmp_backend_done(struct qmp_backend *b);
/* The memory that is plugged, from the backends of the DIMMs, and the main memory, if its size is that of a backend (NULL: no). */
void qmp_backends_count(struct qmp_cmdline *out, char *const *dimms, size_t n_dimms, const char *main);

/*
 * drives.c: nodes of one -blockdev that are written into each other: filters, the format, the file. Each may have a name,
 * and the last may be one. How many; list has room for QMP_NESTED_MAX.
 */
#define QMP_NESTED_MAX 8
struct qmp_cmdline_drive;
size_t qmp_drives_of_blockdev(const struct qmp_opts *o, struct qmp_cmdline_drive *list);
size_t qmp_drive_of_drive(const struct qmp_opts *o, struct qmp_cmdline_drive *out);	/* 0 or 1 */
void qmp_drive_done(struct qmp_cmdline_drive *d);

#endif
