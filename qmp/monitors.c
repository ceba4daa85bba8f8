// SPDX-License-Identifier: GPL-3.0-or-later
/* The monitors a command line offers: where its chardevs listen. */
#include "cmdline.h"
#include "opts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define KIND_MAX_BYTES 255

/*
 * A chardev's member in each form it is written in: flat (path=), dotted as QAPI nests them
 * (addr.path=, addr.data.path), and as chardev-add's JSON (backend.data.addr.data.path).
 */
static char *chardev_get(const struct qmp_opts *o, const char *key)
{
	static const char *const outer[] = { "", "data.", "backend.", "backend.data." };
	static const char *const inner[] = { "", "addr.", "addr.data." };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(outer); i++) {
		for (k = 0; k < ARRAY_SIZE(inner); k++) {
			auto_free char *full = xasprintf("%s%s%s", outer[i], inner[k], key);
			char *value = qmp_opts_get(o, full);

			if (value)
				return value;
		}
	}
	return NULL;
}

static void add_monitor(struct qmp_cmdline *out, enum qmp_monitor_kind kind, char *path)
{
	struct qmp_monitor *m = vec_push(out->monitors, out->n_monitors);

	m->kind = kind;
	m->path = path;
}

/* A socket chardev's members, however they were written. Takes path and fd over. */
static void add_socket(struct qmp_cmdline *out, char *path, char *fd, bool server, bool abstract)
{
	if (fd) {
		add_monitor(out, QMP_MONITOR_FD, xasprintf("fd=%s", fd));
	} else if (!path || !*path || strlen(path) >= PATH_MAX) {
		add_monitor(out, QMP_MONITOR_OTHER, xstrdup("a socket that is no unix socket"));
	} else if (abstract) {
		add_monitor(out, QMP_MONITOR_OTHER, xasprintf("abstract socket %s", path));
	} else if (!server) {
		add_monitor(out, QMP_MONITOR_OTHER, xasprintf("connects to %s", path));
	} else {
		add_monitor(out, QMP_MONITOR_UNIX, xstrdup(path));
	}
	free(path);
	free(fd);
}

void qmp_monitor_of_chardev(struct qmp_cmdline *out, const struct qmp_opts *o)
{
	auto_free char *server = chardev_get(o, "server");
	auto_free char *abstract = chardev_get(o, "abstract");
	auto_free char *dotted = qmp_opts_get(o, "addr.type");
	auto_free char *kind = NULL;

	kind = qmp_opts_get(o, "backend.type");
	if (!kind)
		kind = qmp_opts_get(o, "backend");
	if (!kind)
		kind = qmp_opts_get(o, "type");
	if (kind && strcmp(kind, "socket")) {
		add_monitor(out, QMP_MONITOR_OTHER, str_utf8(kind, strlen(kind), KIND_MAX_BYTES));
		return;
	}
	/* in QAPI's forms a socket listens unless told otherwise */
	add_socket(out, chardev_get(o, "path"), chardev_get(o, "fd"),
		   qmp_opt_is_on(server, qmp_opts_is_json(o->text) || dotted), qmp_opt_is_on(abstract, false));
}

/* QEMU's short form, "unix:PATH,options" being the one that can be used. */
void qmp_monitor_of_short(struct qmp_cmdline *out, const char *value)
{
	auto_free char *server = NULL, *abstract = NULL;
	auto_opts struct qmp_opts o = {0};

	if (!str_has_prefix(value, "unix:")) {
		add_monitor(out, QMP_MONITOR_OTHER, str_utf8(value, strlen(value), KIND_MAX_BYTES));
		return;
	}
	qmp_opts_read(&o, value + strlen("unix:"), "path");
	server = qmp_opts_get(&o, "server");
	abstract = qmp_opts_get(&o, "abstract");
	add_socket(out, qmp_opts_get(&o, "path"), NULL, qmp_opt_is_on(server, false), qmp_opt_is_on(abstract, false));
}
