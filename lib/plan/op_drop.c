// SPDX-License-Identifier: GPL-3.0-or-later
/* Removing by name what may be gone already; and what a journal may have QEMU open. */
#include "private.h"

#include <errno.h>
#include <string.h>

static const char *const drops[] = { "chardev-remove", "closefd", "netdev_del" };

/* chardev-remove answers every failure alike: look whether it is there. */
static int has_chardev(struct run *r, const char *id, bool *there, struct err *err)
{
	auto_json struct json_object *list = NULL;
	size_t i, n;
	int rc = qmp_call(r->env->qmp, "query-chardev", NULL, QMP_ASK_MS, &list, err);

	if (rc)
		return rc;
	*there = false;
	n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	for (i = 0; id && i < n; i++) {
		const char *label = json_str(json_object_array_get_idx(list, i), "label");

		*there |= label && !strcmp(label, id);
	}
	return 0;
}

static int drop_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	bool there = true;
	int rc = 0;

	if (!strcmp(s->what, "chardev-remove"))
		rc = has_chardev(r, json_str(s->args, "id"), &there, err);
	if (rc || !there)
		return rc;
	rc = qmp_call(r->env->qmp, s->what, json_object_get(s->args), timeout_ms, NULL, err);
	if (rc == -ENODEV)
		return 0;
	/* the only thing that closefd can miss is the name, and a netdev that took the descriptor took the name too */
	return rc == -EREMOTEIO && !strcmp(s->what, "closefd") ? 0 : rc;
}

static char *drop_text(const struct step *s, unsigned timeout_ms)
{
	auto_free char *args = json_text(s->args);

	(void)timeout_ms;
	return xasprintf("%s %s, unless it is gone", s->what, args);
}

static int drop_check(const struct step *s, struct err *err)
{
	int rc = step_is_allowed(s, drops, ARRAY_SIZE(drops), err);

	return rc || s->args ? rc : err_set(err, -EPERM, "%s without a name", s->what);
}

const struct op op_drop = {
	.name = "drop", .run = drop_run, .text = drop_text, .check = drop_check, .one_way = true,
};

struct step *plan_drop(struct plan *p, const char *command, struct json_object *args)
{
	return step_add(&p->steps, &p->n_steps, STEP_DROP, command, args);
}

void step_undo_drop(struct step *s, const char *command, struct json_object *args)
{
	step_add(&s->undo, &s->n_undo, STEP_DROP, command, args);
}

/* Options of a netdev that name descriptors and numbers. script= and helper= run a program, smb= and guestfwd= too. */
static int netdev_check(struct json_object *args, struct err *err)
{
	static const char *const types[] = { "user", "tap", "vhost-user", "vhost-vdpa" };
	static const char *const keys[] = {
		"type", "id", "fd", "fds", "vhost", "vhostfd", "vhostfds", "vhostforce", "chardev", "queues",
	};
	const char *type = json_str(args, "type");
	size_t i;

	for (i = 0; type && i < ARRAY_SIZE(types) && strcmp(types[i], type); i++)
		;
	if (!type || i == ARRAY_SIZE(types))
		return err_set(err, -EPERM, "a netdev of type %s does not belong in a journal", type ? type : "none");
	json_object_object_foreach(args, key, value) {
		(void)value;
		for (i = 0; i < ARRAY_SIZE(keys) && strcmp(keys[i], key); i++)
			;
		if (i == ARRAY_SIZE(keys))
			return err_set(err, -EPERM, "option %s of a netdev does not belong in a journal", key);
	}
	return 0;
}

/* A client of a unix socket, and nothing else: a file would be overwritten, a server listen. */
static int chardev_check(struct json_object *args, struct err *err)
{
	struct json_object *backend = json_member(args, "backend"), *data = json_member(backend, "data");
	struct json_object *addr = json_member(data, "addr");
	const char *type = json_str(backend, "type"), *kind = json_str(addr, "type");

	if (!type || !kind || strcmp(type, "socket") || strcmp(kind, "unix") || json_flag(data, "server", true))
		return err_set(err, -EPERM, "a chardev that is no client of a unix socket does not belong in a journal");
	json_object_object_foreach(data, key, value) {
		(void)value;
		if (strcmp(key, "addr") && strcmp(key, "server"))
			return err_set(err, -EPERM, "option %s of a chardev does not belong in a journal", key);
	}
	return 0;
}

int step_net_args_check(const struct step *s, struct err *err)
{
	if (!strcmp(s->what, "netdev_add"))
		return netdev_check(s->args, err);
	return strcmp(s->what, "chardev-add") ? 0 : chardev_check(s->args, err);
}
