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

/* monitors.c: -chardev that -mon names, and -qmp */
struct qmp_cmdline;
void qmp_monitor_of_chardev(struct qmp_cmdline *out, const struct qmp_opts *o);
void qmp_monitor_of_short(struct qmp_cmdline *out, const char *value);

#endif
