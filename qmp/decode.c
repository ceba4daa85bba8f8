// SPDX-License-Identifier: GPL-3.0-or-later
/* From JSON that QEMU sent to checked C values; shared by the typed calls. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int qmp_bad(struct err *err, const char *command, const char *what)
{
	return err_set(err, -EBADMSG, "QEMU's answer to %s makes no sense: %s", command, what);
}

bool qmp_is_refusal(int code)
{
	return code == -EREMOTEIO || code == -ENODEV || code == -ENOSYS || code == -ENXIO;
}

int qmp_ask(struct qmp *q, const char *command, struct json_object *args, enum json_type type,
	    struct json_object **ret, struct err *err)
{
	auto_json struct json_object *got = NULL;
	int rc = qmp_call(q, command, args, qmp_patience(q), &got, err);

	if (rc)
		return rc;
	if (!json_object_is_type(got, type))
		return qmp_bad(err, command, "it is of another type than documented");
	*ret = take_ptr(got);
	return 0;
}

int qmp_ask_hmp(struct qmp *q, const char *line, size_t max, char **text, struct err *err)
{
	struct json_object *args = json_put_str(json_object_new_object(), "command-line", line);
	auto_json struct json_object *ret = NULL;
	int rc = qmp_ask(q, "human-monitor-command", args, json_type_string, &ret, err);
	size_t len;

	if (rc)
		return rc;
	len = (size_t)json_object_get_string_len(ret);
	*text = str_utf8(json_object_get_string(ret), len, max);
	return 0;
}

char *qmp_text(struct json_object *obj, const char *key, size_t max)
{
	const char *s = json_str(obj, key);

	return s ? str_utf8(s, strlen(s), max) : NULL;
}

char *qmp_ident(struct json_object *obj, const char *key)
{
	const char *s = json_str(obj, key);

	return s && strlen(s) <= QMP_IDENT_MAX ? qmp_text(obj, key, QMP_IDENT_MAX) : NULL;
}

char *qmp_device_id(const char *path)
{
	static const char named[] = "/machine/peripheral/", backend[] = "/virtio-backend";
	size_t len = strlen(path), tail = strlen(backend);

	if (str_has_prefix(path, named)) {
		path += strlen(named);
		return xstrndup(path, strcspn(path, "/"));
	}
	if (len > tail && !strcmp(path + len - tail, backend))
		len -= tail;
	return xstrndup(path, len);
}

struct json_object *qmp_path_args(const char *path, const char *property)
{
	struct json_object *args = json_put_str(json_object_new_object(), "path", path);

	return property ? json_put_str(args, "property", property) : args;
}

void qmp_strings_free(char **list, size_t n)
{
	while (n)
		free(list[--n]);
	free(list);
}
