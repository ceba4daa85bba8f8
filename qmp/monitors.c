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
	*vec_push(out->monitors, out->n_monitors) = (struct qmp_monitor){ .kind = kind, .number = -1, .path = path };
}

/* A name that is a number is one of QEMU's own; others are passed by a monitor, later. */
static void add_fd(struct qmp_cmdline *out, const char *fd)
{
	uint64_t number;

	add_monitor(out, QMP_MONITOR_FD, xasprintf("fd=%.*s", KIND_MAX_BYTES, fd));
	if (!units_uint_parse(fd, &number) && number <= INT_MAX)
		out->monitors[out->n_monitors - 1].number = (int)number;
}

/* Members of a socket chardev, however they were written. */
struct socket {
	char *path, *fd, *host, *port;
	bool server, abstract;
};

static void add_socket(struct qmp_cmdline *out, const struct socket *s)
{
	if (s->fd)
		add_fd(out, s->fd);
	else if (s->port)
		add_monitor(out, QMP_MONITOR_OTHER, xasprintf(s->host && strchr(s->host, ':') ? "tcp:[%.*s]:%.*s" : "tcp:%.*s:%.*s",
							      KIND_MAX_BYTES, s->host ? s->host : "", KIND_MAX_BYTES, s->port));
	else if (!s->path || !*s->path || strlen(s->path) >= PATH_MAX)
		add_monitor(out, QMP_MONITOR_OTHER, xstrdup("a socket that is no unix socket"));
	else if (!s->server)
		add_monitor(out, QMP_MONITOR_OTHER, xasprintf("connects to %s", s->path));
	else
		add_monitor(out, s->abstract ? QMP_MONITOR_ABSTRACT : QMP_MONITOR_UNIX, xstrdup(s->path));
}

static void socket_done(struct socket *s)
{
	free(s->path);
	free(s->fd);
	free(s->host);
	free(s->port);
}

static void of_chardev(struct qmp_cmdline *out, const struct qmp_opts *o)
{
	auto_free char *server = chardev_get(o, "server");
	auto_free char *abstract = chardev_get(o, "abstract");
	auto_free char *dotted = qmp_opts_get(o, "addr.type");
	auto_free char *kind = NULL;
	struct socket s;

	kind = qmp_opts_get(o, "backend.type");
	if (!kind)
		kind = qmp_opts_get(o, "backend");
	if (!kind)
		kind = qmp_opts_get(o, "type");
	if (kind && strcmp(kind, "socket")) {
		add_monitor(out, QMP_MONITOR_OTHER, str_utf8(kind, strlen(kind), KIND_MAX_BYTES));
		return;
	}
	s = (struct socket){
		.path = chardev_get(o, "path"), .fd = chardev_get(o, "fd"), .host = chardev_get(o, "host"),
		.port = chardev_get(o, "port"), .abstract = qmp_opt_is_on(abstract, false),
		/* in QAPI's forms a socket listens unless told otherwise */
		.server = qmp_opt_is_on(server, qmp_opts_is_json(o->text) || dotted),
	};
	add_socket(out, &s);
	socket_done(&s);
}

/* QEMU's short form, "unix:PATH,options" being the one that can be used. */
static void of_short(struct qmp_cmdline *out, const char *value)
{
	auto_free char *server = NULL, *abstract = NULL;
	auto_opts struct qmp_opts o = {0};
	struct socket s;

	if (!str_has_prefix(value, "unix:")) {
		add_monitor(out, QMP_MONITOR_OTHER, str_utf8(value, strcspn(value, ","), KIND_MAX_BYTES));
		return;
	}
	qmp_opts_read(&o, value + strlen("unix:"), "path");
	server = qmp_opts_get(&o, "server");
	abstract = qmp_opts_get(&o, "abstract");
	s = (struct socket){
		.path = qmp_opts_get(&o, "path"), .fd = qmp_opts_get(&o, "fd"),
		.server = qmp_opt_is_on(server, false), .abstract = qmp_opt_is_on(abstract, false),
	};
	add_socket(out, &s);
	socket_done(&s);
}

static void add_chardev_id(struct qmp_cmdline *out, const struct qmp_chardev *chardevs, size_t n, const char *id)
{
	size_t i;

	for (i = 0; i < n; i++) {
		auto_opts struct qmp_opts o = {0};

		if (strcmp(chardevs[i].id, id))
			continue;
		qmp_opts_read(&o, chardevs[i].value, "backend");
		of_chardev(out, &o);
		return;
	}
}

void qmp_monitor_add(struct qmp_cmdline *out, const struct qmp_mon *m, const struct qmp_chardev *chardevs, size_t n)
{
	auto_free char *id = m->short_form ? NULL : qmp_opt_get(m->value, "chardev", "chardev");
	size_t before = out->n_monitors;

	if (m->short_form && str_has_prefix(m->value, "chardev:"))
		add_chardev_id(out, chardevs, n, m->value + strlen("chardev:"));
	else if (m->short_form)
		of_short(out, m->value);
	else if (id)
		add_chardev_id(out, chardevs, n, id);
	if (m->human && out->n_monitors > before)
		out->monitors[before].kind = QMP_MONITOR_HUMAN;
}
