// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Images that a change makes. First under a name with a token in it, which no other file has, then under its own: the inode
 * is written into the journal between the two, so that a kvmtop that was killed at any time leaves nothing that the next one
 * does not know for its own.
 */
#include "private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576.0
#define TOKEN ".kt-"
#define TOKEN_DIGITS 16
#define FILE_MS 30000			/* a file system over a network, when it is slow */

static bool read_owner(const struct step *s, struct host_owner *owner)
{
	uint64_t uid, gid;

	if (!json_u64(s->args, "uid", &uid) || !json_u64(s->args, "gid", &gid) || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return false;
	*owner = (struct host_owner){ (uid_t)uid, (gid_t)gid };
	return true;
}

/* "/img/a.raw.kt-0123456789abcdef" */
static bool has_token(const char *path)
{
	size_t len = strlen(path), tail = strlen(TOKEN) + TOKEN_DIGITS;

	return len > tail && !strncmp(path + len - tail, TOKEN, strlen(TOKEN)) &&
	       strspn(path + len - TOKEN_DIGITS, "0123456789abcdef") == TOKEN_DIGITS;
}

static bool is_path(const char *path)
{
	return path && path[0] == '/' && strlen(path) < PATH_MAX && !strstr(path, "/../");
}

static int no_owner(const struct step *s, struct err *err)
{
	return err_set(err, -EPERM, "image %s of no owner does not belong in a journal", s->what);
}

/* ---- made */

static struct step *step_of(struct run *r, enum step_op op, const char *from)
{
	size_t i;

	for (i = 0; i < r->p->n_steps; i++) {
		struct step *s = &r->p->steps[i];

		if (s->op == op && json_str(s->args, "from") && !strcmp(json_str(s->args, "from"), from))
			return s;
	}
	return NULL;
}

static int make_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct step *named = step_of(r, STEP_IMAGE_NAME, s->what);
	const char *format = json_str(s->args, "format");
	struct host_inode made = {0};
	struct host_owner owner;
	size_t i;
	int rc;

	if (!read_owner(s, &owner) || !format)
		return no_owner(s, err);
	rc = host_image_make(s->what, !strcmp(format, "qcow2"), s->number, &owner, timeout_ms, &made, err);
	for (i = 0; !rc && named && i < named->n_undo; i++) {
		json_put(named->undo[i].args, "dev", json_object_new_uint64(made.dev));
		json_put(named->undo[i].args, "ino", json_object_new_uint64(made.ino));
	}
	return rc;
}

static char *make_text(const struct step *s, unsigned timeout_ms)
{
	const char *format = json_str(s->args, "format");
	uint64_t uid = 0;

	(void)timeout_ms;
	json_u64(s->args, "uid", &uid);
	return xasprintf("make image %s: %s, %g MiB, of user %llu", s->what, format ? format : "?", (double)s->number / MIB,
			 (unsigned long long)uid);
}

const struct op op_image_make = { .name = "image-make", .run = make_run, .text = make_text, .outlives = true };

/* ---- named */

static int name_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	const char *from = json_str(s->args, "from");
	struct host_owner owner;
	size_t i;
	int rc;

	if (!read_owner(s, &owner) || !from)
		return no_owner(s, err);
	rc = host_image_name(from, s->what, &owner, timeout_ms, err);
	for (i = 0; !rc && i < r->p->n_steps; i++)	/* it is not of that name any more */
		if (r->p->steps[i].op == STEP_IMAGE_MAKE && !strcmp(r->p->steps[i].what, from))
			free(take_ptr(r->p->steps[i].leaves));
	return rc;
}

static char *name_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("name it %s, where there is no file of that name", s->what);
}

const struct op op_image_name = { .name = "image-name", .run = name_run, .text = name_text, .outlives = true };

/* ---- removed */

static int del_run(struct run *r, const struct step *s, unsigned timeout_ms, struct err *err)
{
	struct host_inode only = {0};
	struct host_owner owner;
	bool known = json_u64(s->args, "dev", &only.dev) && json_u64(s->args, "ino", &only.ino) && only.ino;
	int rc;

	if (!read_owner(s, &owner))
		return no_owner(s, err);
	if (!known && !has_token(s->what))
		return 0;		/* it was not made yet, let alone named */
	rc = host_image_remove(s->what, &only, &owner, timeout_ms, err);
	if (rc != -ESTALE)
		return rc;
	plan_warn(r->p, "image %s is another file by now: it stays", s->what);
	return 0;
}

static char *del_text(const struct step *s, unsigned timeout_ms)
{
	(void)timeout_ms;
	return xasprintf("remove image %s, with all that was written to it", s->what);
}

static int del_check(const struct step *s, struct err *err)
{
	struct host_owner owner;
	uint64_t ino;

	if (!is_path(s->what) || !read_owner(s, &owner) || (!has_token(s->what) && json_u64(s->args, "ino", &ino) && !ino))
		return err_set(err, -EPERM, "removing %s does not belong in a journal", s->what);
	return 0;
}

static bool del_takes_back(const struct step *s, const struct step *of)
{
	return of && (of->op == STEP_IMAGE_MAKE || of->op == STEP_IMAGE_NAME) && !strcmp(of->what, s->what);
}

const struct op op_image_del = {
	.name = "image-del", .run = del_run, .text = del_text, .check = del_check, .takes_back = del_takes_back, .outlives = true,
};

/* ---- */

static struct json_object *owner_json(const struct host_owner *owner)
{
	struct json_object *args = json_object_new_object();

	json_put(args, "uid", json_object_new_uint64(owner->uid));
	return json_put(args, "gid", json_object_new_uint64(owner->gid));
}

static void undo_by_removing(struct step *s, const struct host_owner *owner)
{
	struct step *undo = step_add(&s->undo, &s->n_undo, STEP_IMAGE_DEL, s->what, owner_json(owner));

	undo->if_there = true;
	undo->at_least_ms = s->at_least_ms = FILE_MS;
}

void plan_image(struct plan *p, const char *path, bool qcow2, uint64_t bytes, const struct host_owner *owner)
{
	auto_free char *first = NULL;
	struct json_object *args = owner_json(owner);
	struct step *s;

	first = xasprintf("%s" TOKEN "%016llx", path, (unsigned long long)plan_random(p, 0));
	json_put_str(args, "format", qcow2 ? "qcow2" : "raw");
	s = step_add(&p->steps, &p->n_steps, STEP_IMAGE_MAKE, first, args);
	s->number = bytes;
	undo_by_removing(s, owner);
	step_leaves(s, "image %s", first);
	args = owner_json(owner);
	json_put_str(args, "from", first);
	s = step_add(&p->steps, &p->n_steps, STEP_IMAGE_NAME, path, args);
	undo_by_removing(s, owner);
	step_leaves(s, "image %s", path);
}
