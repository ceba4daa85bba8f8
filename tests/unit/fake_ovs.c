// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_ovs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/base.h"

#define PORTS 8

struct ovs {
	const char *bridge;
	char *ports[PORTS];		/* NULL: free */
};

/* [WORD, VALUE] */
static struct json_object *pair(const char *word, struct json_object *value)
{
	struct json_object *array = json_object_new_array();

	json_object_array_add(array, json_object_new_string(word));
	json_object_array_add(array, value);
	return array;
}

/* The port's name is its UUID, and that of its interface. */
static struct json_object *uuid(const char *name)
{
	return pair("uuid", json_object_new_string(name));
}

static const char *string_at(struct json_object *array, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(array, i));
}

/* The value of where's ["name","==",VALUE]; NULL: all. */
static const char *wanted(struct json_object *op)
{
	struct json_object *first = json_object_array_get_idx(json_array(op, "where"), 0);

	return first ? string_at(first, 2) : NULL;
}

static struct json_object *bridge_row(const struct ovs *s)
{
	struct json_object *row = json_put_str(json_object_new_object(), "name", s->bridge), *ports = json_object_new_array();
	size_t i;

	for (i = 0; i < PORTS; i++)
		if (s->ports[i])
			json_object_array_add(ports, uuid(s->ports[i]));
	return json_put(row, "ports", pair("set", ports));
}

static struct json_object *select_rows(const struct ovs *s, struct json_object *op)
{
	struct json_object *rows = json_object_new_array(), *row;
	const char *table = json_str(op, "table"), *name = wanted(op);
	size_t i;

	if (!strcmp(table, "Bridge"))
		json_object_array_add(rows, bridge_row(s));
	for (i = 0; i < PORTS && strcmp(table, "Bridge"); i++) {
		if (!s->ports[i] || (name && strcmp(name, s->ports[i])))
			continue;
		row = json_put(json_put_str(json_object_new_object(), "name", s->ports[i]), "_uuid", uuid(s->ports[i]));
		json_put(row, "interfaces", uuid(s->ports[i]));
		json_put(row, "tag", pair("set", json_object_new_array()));
		json_object_array_add(rows, json_put(row, "ofport", json_object_new_int((int)i + 1)));
	}
	return json_put(json_object_new_object(), "rows", rows);
}

static struct json_object *insert(struct ovs *s, struct json_object *op)
{
	const char *name = json_str(json_member(op, "row"), "name");
	size_t i;

	for (i = 0; i < PORTS - 1 && s->ports[i]; i++)
		;
	if (!strcmp(json_str(op, "table"), "Port") && !s->ports[i])
		s->ports[i] = xstrdup(name);
	return json_put(json_object_new_object(), "uuid", uuid(name));
}

/* ["ports","delete",["uuid",X]] */
static struct json_object *mutate(struct ovs *s, struct json_object *op)
{
	struct json_object *change = json_object_array_get_idx(json_array(op, "mutations"), 0);
	size_t i;

	for (i = 0; i < PORTS && !strcmp(string_at(change, 1), "delete"); i++)
		if (s->ports[i] && !strcmp(string_at(json_object_array_get_idx(change, 2), 1), s->ports[i]))
			free(take_ptr(s->ports[i]));
	return json_put(json_object_new_object(), "count", json_object_new_int(1));
}

static struct json_object *operate(struct ovs *s, struct json_object *op)
{
	const char *name = json_str(op, "op");

	if (!strcmp(name, "select"))
		return select_rows(s, op);
	if (!strcmp(name, "insert"))
		return insert(s, op);
	if (!strcmp(name, "mutate"))
		return mutate(s, op);
	return json_object_new_object();
}

static char *answer(struct ovs *s, struct json_object *question)
{
	auto_json struct json_object *reply = json_put(json_object_new_object(), "id", json_object_new_int(1));
	struct json_object *params = json_array(question, "params"), *results = json_object_new_array();
	size_t i;

	for (i = 1; i < json_object_array_length(params); i++)
		json_object_array_add(results, operate(s, json_object_array_get_idx(params, i)));
	json_put(reply, "error", NULL);
	return json_text(json_put(reply, "result", results));
}

/* One question a connection. */
static void serve(struct ovs *s, int fd)
{
	struct json_stream *stream = json_stream_new(1 << 20);
	auto_json struct json_object *question = NULL;
	auto_free char *reply = NULL;
	struct err err = {0};
	char text[4096];
	ssize_t len = 1;
	size_t used;

	while (!question && len > 0) {
		len = read(fd, text, sizeof(text));
		if (len > 0 && json_stream_feed(stream, text, (size_t)len, &used, &question, &err))
			break;
	}
	json_stream_free(stream);
	if (!question)
		return;
	reply = answer(s, question);
	if (write(fd, reply, strlen(reply)) < 0)
		_exit(1);
}

int fake_ovs_start(const char *socket_path, const char *bridge)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct ovs s = { .bridge = bridge };
	pid_t parent = getpid();
	int listener, fd;

	strncpy(addr.sun_path, socket_path, sizeof(addr.sun_path) - 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 8))
		return -1;
	if (fork())
		return close(listener);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		serve(&s, fd);
		close(fd);
	}
	_exit(1);
}
