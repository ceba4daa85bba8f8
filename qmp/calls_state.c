// SPDX-License-Identifier: GPL-3.0-or-later
/* Typed calls about the guest as a whole: its state, its names, its threads. */
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

int qmp_query_status(struct qmp *q, bool *running, char **status, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	char *text;
	int rc = qmp_ask(q, "query-status", NULL, json_type_object, &ret, err);

	if (rc)
		return rc;
	text = qmp_ident(ret, "status");
	if (!text)
		return qmp_bad(err, "query-status", "no status");
	*running = json_flag(ret, "running", !strcmp(text, "running"));
	*status = text;
	return 0;
}

int qmp_query_migration(struct qmp *q, bool *migrating, bool *arriving, struct err *err)
{
	/* every other phase, new ones included, makes QEMU refuse device_del */
	static const char *const idle[] = { "none", "completed", "failed", "cancelled" };
	auto_json struct json_object *ret = NULL;
	const char *status;
	size_t i;
	int rc = qmp_ask(q, "query-migrate", NULL, json_type_object, &ret, err);

	if (rc)
		return rc;
	status = json_str(ret, "status");
	for (i = 0; status && i < ARRAY_SIZE(idle); i++)
		if (!strcmp(status, idle[i]))
			status = NULL;
	*migrating = status;
	/* who sends counts what it has sent, but for the moment in which it prepares */
	*arriving = status && strcmp(status, "setup") && !json_member(ret, "ram");
	return 0;
}

int qmp_query_migrating(struct qmp *q, bool *migrating, struct err *err)
{
	bool arriving;

	return qmp_query_migration(q, migrating, &arriving, err);
}

int qmp_query_identity(struct qmp *q, char **name, char **uuid, struct err *err)
{
	auto_json struct json_object *names = NULL, *uuids = NULL;
	char *text, *c;
	int rc = qmp_ask(q, "query-name", NULL, json_type_object, &names, err);

	if (!rc)
		rc = qmp_ask(q, "query-uuid", NULL, json_type_object, &uuids, err);
	if (rc)
		return rc;
	text = qmp_ident(uuids, "UUID");
	for (c = text; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (text && !text[strspn(text, "0-")]) {
		free(text);
		text = NULL;
	}
	*uuid = text;
	*name = qmp_text(names, "name", QMP_IDENT_MAX);
	return 0;
}

int qmp_query_kvm(struct qmp *q, bool *enabled, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	int rc = qmp_ask(q, "query-kvm", NULL, json_type_object, &ret, err);

	if (rc)
		return rc;
	*enabled = json_flag(ret, "enabled", false);
	return 0;
}

static bool read_tid(struct json_object *obj, pid_t *tid)
{
	uint64_t n;

	if (!json_u64(obj, "thread-id", &n) || !n || n > INT_MAX)
		return false;
	*tid = (pid_t)n;
	return true;
}

int qmp_query_cpus(struct qmp *q, struct qmp_thread **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_thread *cpus = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "query-cpus-fast", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret) && found < QMP_CPUS_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		uint64_t index;
		pid_t tid;

		if (!json_u64(one, "cpu-index", &index) || index > INT_MAX || !read_tid(one, &tid) || found == GUEST_VCPUS_MAX)
			continue;
		*vec_push(cpus, found) = (struct qmp_thread){
			.tid = tid, .name = xasprintf("%u", (unsigned)index),
		};
	}
	*list = cpus;
	*n = found;
	return 0;
}

int qmp_query_iothreads(struct qmp *q, struct qmp_thread **list, size_t *n, struct err *err)
{
	auto_json struct json_object *ret = NULL;
	struct qmp_thread *threads = NULL;
	size_t i, found = 0;
	int rc = qmp_ask(q, "query-iothreads", NULL, json_type_array, &ret, err);

	if (rc)
		return rc;
	for (i = 0; i < json_object_array_length(ret) && found < QMP_LIST_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(ret, i);
		char *id = qmp_ident(one, "id");
		pid_t tid;

		if (!id || !read_tid(one, &tid) || found == GUEST_IOTHREADS_MAX) {
			free(id);
			continue;
		}
		*vec_push(threads, found) = (struct qmp_thread){ .tid = tid, .name = id };
	}
	*list = threads;
	*n = found;
	return 0;
}

void qmp_threads_free(struct qmp_thread *list, size_t n)
{
	while (n)
		free(list[--n].name);
	free(list);
}

int qmp_has_command(struct qmp *q, const char *command, bool *has, struct err *err)
{
	struct json_object **known = qmp_commands(q);

	if (!*known) {
		auto_json struct json_object *ret = NULL;
		size_t i;
		int rc = qmp_ask(q, "query-commands", NULL, json_type_array, &ret, err);

		if (rc)
			return rc;
		*known = json_object_new_object();
		for (i = 0; i < json_object_array_length(ret); i++) {
			const char *name = json_str(json_object_array_get_idx(ret, i), "name");

			if (name)
				json_put(*known, name, json_object_new_boolean(true));
		}
	}
	*has = json_member(*known, command);
	return 0;
}
