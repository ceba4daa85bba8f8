// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Open vSwitch's database (RFC 7047): JSON-RPC over a unix socket. One transaction selects three tables; a Bridge has
 * ports, a Port interfaces, each by UUID: ["uuid","x"], or of several ["set",[["uuid","x"],..]].
 */
#include "links.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ovs.h"
#include "private.h"

#define ANSWER_MAX (16u << 20)

static const char tables[] = "[\"Open_vSwitch\","
	"{\"op\":\"select\",\"table\":\"Bridge\",\"where\":[],\"columns\":[\"name\",\"ports\"]},"
	"{\"op\":\"select\",\"table\":\"Port\",\"where\":[],\"columns\":[\"_uuid\",\"interfaces\",\"tag\"]},"
	"{\"op\":\"select\",\"table\":\"Interface\",\"where\":[],\"columns\":[\"_uuid\",\"name\",\"type\"]}]";

static struct json_object *rows_of(struct json_object *result, size_t i)
{
	return json_array(json_object_array_get_idx(result, i), "rows");
}

static size_t count(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* "x" of ["uuid","x"] */
static const char *uuid_of(struct json_object *value)
{
	struct json_object *word, *uuid;

	if (!json_object_is_type(value, json_type_array) || count(value) != 2)
		return NULL;
	word = json_object_array_get_idx(value, 0);
	uuid = json_object_array_get_idx(value, 1);
	if (!json_object_is_type(word, json_type_string) || !json_object_is_type(uuid, json_type_string) ||
	    strcmp(json_object_get_string(word), "uuid"))
		return NULL;
	return json_object_get_string(uuid);
}

/* The members of a column: one, or a set of any number. */
static bool has_uuid(struct json_object *value, const char *uuid)
{
	struct json_object *set;
	const char *one = uuid_of(value);
	size_t i;

	if (one || !json_object_is_type(value, json_type_array) || count(value) != 2)
		return one && !strcmp(one, uuid);
	set = json_object_array_get_idx(value, 1);
	for (i = 0; json_object_is_type(set, json_type_array) && i < count(set); i++) {
		one = uuid_of(json_object_array_get_idx(set, i));
		if (one && !strcmp(one, uuid))
			return true;
	}
	return false;
}

/* The row whose column holds uuid. */
static struct json_object *owner(struct json_object *rows, const char *column, const char *uuid)
{
	size_t i;

	for (i = 0; i < count(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (has_uuid(json_member(row, column), uuid))
			return row;
	}
	return NULL;
}

static bool take_name(const char *name, char out[16])
{
	if (!name || strlen(name) >= 16 || !host_name_is_plain(name))
		return false;
	strcpy(out, name);
	return true;
}

int host_ovs_parse(struct json_object *result, struct host_ovs_port **list, size_t *n, struct err *err)
{
	struct json_object *bridges, *ports, *interfaces;
	size_t i;

	if (!json_object_is_type(result, json_type_array) || count(result) < 3)
		return err_set(err, -EBADMSG, "Open vSwitch's database answers what makes no sense");
	bridges = rows_of(result, 0);
	ports = rows_of(result, 1);
	interfaces = rows_of(result, 2);
	for (i = 0; i < count(interfaces); i++) {
		struct json_object *one = json_object_array_get_idx(interfaces, i), *port, *bridge;
		const char *uuid = uuid_of(json_member(one, "_uuid")), *type = json_str(one, "type");
		struct host_ovs_port found = { .tag = -1 };
		uint64_t tag;

		port = uuid ? owner(ports, "interfaces", uuid) : NULL;
		uuid = port ? uuid_of(json_member(port, "_uuid")) : NULL;
		bridge = uuid ? owner(bridges, "ports", uuid) : NULL;
		if (!bridge || !take_name(json_str(one, "name"), found.name) || !take_name(json_str(bridge, "name"), found.bridge))
			continue;
		found.internal = type && !strcmp(type, "internal");
		if (json_u64(port, "tag", &tag) && tag < 4096)	/* none is an empty set */
			found.tag = (int)tag;
		*vec_push(*list, *n) = found;
	}
	return 0;
}

static int dial(const char *path, int *out, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_close int fd = -1;

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, -ENAMETOOLONG, "%s: too long for a socket", path);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return err_sys(err, -errno, "%s", path);
	*out = take_fd(&fd);
	return 0;
}

/* The answer to our one question; the server's own questions ("echo") come as well. */
static int await_answer(int fd, uint64_t deadline, struct json_object **out, struct err *err)
{
	struct json_stream *stream = json_stream_new(ANSWER_MAX);
	char piece[16384];
	int rc = 0;

	while (!rc && !*out) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int left = clock_left_ms(deadline);
		ssize_t len = 0;
		size_t at = 0, used;

		if (left <= 0 || poll(&p, 1, left) == 0)
			rc = err_set(err, -ETIMEDOUT, "Open vSwitch's database does not answer");
		else if ((len = read(fd, piece, sizeof(piece))) == 0)
			rc = err_set(err, -ECONNRESET, "Open vSwitch's database has hung up");
		else if (len < 0 && errno != EAGAIN && errno != EINTR)
			rc = err_sys(err, -errno, "Open vSwitch's database");
		while (!rc && !*out && len > 0 && at < (size_t)len) {
			auto_json struct json_object *doc = NULL;

			rc = json_stream_feed(stream, piece + at, (size_t)len - at, &used, &doc, err);
			at += used;
			if (!rc && doc && json_member(doc, "result"))
				*out = take_ptr(doc);
			else if (!rc && !doc && !used)
				break;
		}
	}
	json_stream_free(stream);
	return rc;
}

int ovs_transact(const char *socket_path, struct json_object *params, unsigned timeout_ms, struct json_object **out,
		 struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	auto_json struct json_object *question = json_put_str(json_object_new_object(), "method", "transact");
	auto_free char *text = NULL;
	auto_close int fd = -1;
	ssize_t sent;
	int rc;

	json_put(json_put(question, "id", json_object_new_int(1)), "params", params);
	rc = dial(socket_path, &fd, err);
	if (rc)
		return rc;
	text = json_text(question);
	sent = send(fd, text, strlen(text), MSG_NOSIGNAL);
	if (sent != (ssize_t)strlen(text))
		return err_set(err, -EIO, "Open vSwitch's database takes no question");
	return await_answer(fd, deadline, out, err);
}

int host_ovs_read(const char *socket_path, unsigned timeout_ms, struct host_ovs_port **list, size_t *n, struct err *err)
{
	auto_json struct json_object *answer = NULL;
	struct json_object *params = NULL;
	int rc = json_parse(tables, strlen(tables), &params, err);

	if (!rc)
		rc = ovs_transact(socket_path, params, timeout_ms, &answer, err);
	return rc ? rc : host_ovs_parse(json_member(answer, "result"), list, n, err);
}
