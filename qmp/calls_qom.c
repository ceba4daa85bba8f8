// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls on QEMU's object tree. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void qmp_props_free(struct qmp_prop *list, size_t n)
{
	while (n--) {
		free(list[n].name);
		free(list[n].type);
	}
	free(list);
}

/* What a question answers with a list of names and types; those whose type starts with prefix. */
static int ask_props(struct qmp *q, const char *command, struct json_object *args, const char *prefix, struct
	qmp_prop **list,
		     size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_prop *props = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, command, args, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret); i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		struct qmp_prop p = {
			.name = qmp_ident(one, "name"),
			.type = qmp_ident(one, "type"),
		};

		if (p.name && p.type && str_has_prefix(p.type, prefix)) {
			*vec_push(props, found) = p;
		} else {
			free(p.name);
			free(p.type);
		}
	}
	*list = props;
	*n = found;
	return 0;
}

int qmp_qom_list(struct qmp *q, const char *path, struct qmp_prop **list, size_t *n,
		 struct err *err)
{
	return ask_props(q, "qom-list", qmp_path_args(path, NULL), "", list, n, err);
}

int qmp_query_type(struct qmp *q, const char *type, struct qmp_prop **list, size_t *n, struct err *err)
{
	struct json_object *args = json_put_str(json_object_new_object(), "typename", type);

	return ask_props(q, "device-list-properties", args, "", list, n, err);
}

int qmp_query_peripherals(struct qmp *q, struct qmp_prop **list, size_t *n, struct err *err)
{
	return ask_props(q, "qom-list", qmp_path_args("/machine/peripheral", NULL), "child<", list, n, err);
}

int qmp_qom_get(struct qmp *q, const char *path, const char *property, struct json_object **out,
		struct err *err)
{
	return qmp_call(q, "qom-get", qmp_path_args(path, property), qmp_patience(q), out, err);
}

int qmp_qom_get_str(struct qmp *q, const char *path, const char *property, char **out,
		    struct err *err)
{
	auto_json struct json_object *ret = NULL;
	int rc = qmp_ask(q, "qom-get", qmp_path_args(path, property), json_type_string, &ret, err);
	size_t len;

	if (rc)
		return rc;
	len = (size_t)json_object_get_string_len(ret);
	if (len > QMP_FILE_MAX)
		return qmp_bad(err, "qom-get", "a string without end");
	*out = str_utf8(json_object_get_string(ret), len, QMP_FILE_MAX);
	return 0;
}
