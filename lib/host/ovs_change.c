// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Ports of Open vSwitch, made and removed in its database. A Port belongs to a Bridge, an Interface to a Port: taken
 * out of the Bridge's set, both are gone. The switch itself follows and writes into the Interface what came of it.
 */
#include "links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ovs.h"

#define MARK_KEY "kvmtop"		/* in external_ids of a Port */
#define MARK_VALUE "nic"
#define LOOK_NS (50 * NS_PER_MS)

static struct json_object *pair(const char *word, struct json_object *value)
{
	struct json_object *array = json_object_new_array();

	json_object_array_add(array, json_object_new_string(word));
	json_object_array_add(array, value);
	return array;
}

/* ["map",[["kvmtop","nic"]]] */
static struct json_object *mark(void)
{
	struct json_object *inner = json_object_new_array();

	json_object_array_add(inner, pair(MARK_KEY, json_object_new_string(MARK_VALUE)));
	return pair("map", inner);
}

/* [column, function, value] */
static struct json_object *triple(const char *column, const char *function, struct json_object *value)
{
	struct json_object *array = json_object_new_array();

	json_object_array_add(array, json_object_new_string(column));
	json_object_array_add(array, json_object_new_string(function));
	json_object_array_add(array, value);
	return array;
}

static struct json_object *list_of(struct json_object *one)
{
	struct json_object *array = json_object_new_array();

	if (one)
		json_object_array_add(array, one);
	return array;
}

static struct json_object *operation(const char *op, const char *table)
{
	return json_put_str(json_put_str(json_object_new_object(), "op", op), "table", table);
}

static struct json_object *named(const char *name)
{
	return list_of(triple("name", "==", json_object_new_string(name)));
}

/* Changes that the switch is to look at are counted. */
static void add_count(struct json_object *params)
{
	struct json_object *op = json_put(operation("mutate", "Open_vSwitch"), "where", json_object_new_array());

	json_put(op, "mutations", list_of(triple("next_cfg", "+=", json_object_new_int(1))));
	json_object_array_add(params, op);
}

/* Each operation's result, and one more where the whole was refused: an error has a name and perhaps words. */
static int check(struct json_object *answer, struct err *err)
{
	struct json_object *result = json_array(answer, "result");
	size_t n = result ? json_object_array_length(result) : 0, i;

	if (!result)
		return err_set(err, -EBADMSG, "Open vSwitch's database answers what makes no sense");
	for (i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(result, i);
		const char *name = json_str(one, "error"), *details = json_str(one, "details");

		if (name)
			return err_set(err, -EREMOTEIO, "Open vSwitch's database: %s%s%s", name, details ? ": " : "",
				       details ? details : "");
	}
	return 0;
}

static int transact(const char *socket, struct json_object *params, unsigned timeout_ms, struct json_object **out,
		    struct err *err)
{
	auto_json struct json_object *answer = NULL;
	int rc = ovs_transact(socket, params, timeout_ms, &answer, err);

	if (!rc)
		rc = check(answer, err);
	if (!rc && out)
		*out = take_ptr(answer);
	return rc;
}

/* The first row of the first result, NULL if there is none; borrowed. */
static struct json_object *first_row(struct json_object *answer)
{
	struct json_object *rows = json_array(json_object_array_get_idx(json_array(answer, "result"), 0), "rows");

	return rows && json_object_array_length(rows) ? json_object_array_get_idx(rows, 0) : NULL;
}

static struct json_object *select_params(const char *table, struct json_object *where, const char *const *columns, size_t n)
{
	struct json_object *params = list_of(json_object_new_string("Open_vSwitch"));
	struct json_object *op = json_put(operation("select", table), "where", where), *list = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_string(columns[i]));
	json_object_array_add(params, json_put(op, "columns", list));
	return params;
}

/* ofport: none yet is an empty set, -1 is a failure. */
static int await_port(const char *socket, const char *port, uint64_t deadline, struct err *err)
{
	static const char *const columns[] = { "ofport", "error" };
	bool answered = false;

	for (;;) {
		auto_json struct json_object *answer = NULL;
		struct json_object *row, *number;
		int left = clock_left_ms(deadline), rc;

		rc = transact(socket, select_params("Interface", named(port), columns, ARRAY_SIZE(columns)),
			      left > 0 ? (unsigned)left : 1, &answer, err);
		/* that the last question was cut short by the deadline does not make the database silent */
		if (rc == -ETIMEDOUT && answered)
			break;
		if (rc)
			return rc;
		answered = true;
		row = first_row(answer);
		number = json_member(row, "ofport");
		if (json_object_is_type(number, json_type_int) && json_object_get_int64(number) >= 0)
			return 0;
		if (json_object_is_type(number, json_type_int))
			return err_set(err, -EIO, "Open vSwitch cannot use %s: %s", port,
				       json_str(row, "error") ? json_str(row, "error") : "it does not say why");
		if (!left)
			break;
		clock_sleep_until(clock_now_ns() + LOOK_NS);
	}
	return err_set(err, -ETIMEDOUT, "Open vSwitch has not taken %s (does ovs-vswitchd run?)", port);
}

int host_ovs_add(const char *socket, const char *bridge, const char *port, unsigned vlan, unsigned timeout_ms, struct err *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct json_object *params = list_of(json_object_new_string("Open_vSwitch")), *op, *row;
	int rc;

	/* else a bridge that has gone meanwhile would be no error, and the port nobody's */
	op = json_put(operation("wait", "Bridge"), "where", named(bridge));
	json_put(op, "columns", list_of(json_object_new_string("name")));
	json_put_str(op, "until", "==");
	json_put(op, "rows", list_of(json_put_str(json_object_new_object(), "name", bridge)));
	json_object_array_add(params, json_put(op, "timeout", json_object_new_int(0)));
	op = json_put(operation("insert", "Interface"), "row", json_put_str(json_object_new_object(), "name", port));
	json_object_array_add(params, json_put_str(op, "uuid-name", "interface"));
	row = json_put_str(json_object_new_object(), "name", port);
	json_put(row, "interfaces", pair("named-uuid", json_object_new_string("interface")));
	if (vlan)
		json_put(row, "tag", json_object_new_int((int)vlan));
	op = json_put(operation("insert", "Port"), "row", json_put(row, "external_ids", mark()));
	json_object_array_add(params, json_put_str(op, "uuid-name", "port"));
	op = json_put(operation("mutate", "Bridge"), "where", named(bridge));
	json_object_array_add(params, json_put(op, "mutations", list_of(triple("ports", "insert",
			      pair("named-uuid", json_object_new_string("port"))))));
	add_count(params);
	rc = transact(socket, params, timeout_ms, NULL, err);
	if (rc)
		return rc;
	rc = await_port(socket, port, deadline, err);
	if (rc)
		host_ovs_del(socket, port, timeout_ms, NULL);
	return rc;
}

int host_ovs_del(const char *socket, const char *port, unsigned timeout_ms, struct err *err)
{
	static const char *const columns[] = { "_uuid" };
	struct json_object *params, *where = named(port), *op, *uuid;
	auto_json struct json_object *answer = NULL;
	int rc;

	json_object_array_add(where, triple("external_ids", "includes", mark()));
	rc = transact(socket, select_params("Port", where, columns, ARRAY_SIZE(columns)), timeout_ms, &answer, err);
	if (rc)
		return rc;
	uuid = json_member(first_row(answer), "_uuid");
	if (!uuid)
		return err_set(err, -ENOENT, "Open vSwitch has no port %s that kvmtop made", port);
	params = list_of(json_object_new_string("Open_vSwitch"));
	op = json_put(operation("mutate", "Bridge"), "where", list_of(triple("ports", "includes",
		json_object_get(uuid))));
	json_object_array_add(params, json_put(op, "mutations", list_of(triple("ports", "delete",
		json_object_get(uuid)))));
	add_count(params);
	return transact(socket, params, timeout_ms, NULL, err);
}
