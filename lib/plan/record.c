// SPDX-License-Identifier: GPL-3.0-or-later
/* A plan as JSON: the record a verb answers with, and the form the journal keeps. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 256
#define TEXT_MAX 4096

const char *plan_arg(const struct plan *p, const char *name)
{
	return json_str(p->args, name);
}

static struct json_object *strings(char *const *list, size_t n)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(array, json_object_new_string(list[i]));
	return array;
}

static struct json_object *record_steps(const struct plan *p, unsigned timeout_ms)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < p->n_steps; i++) {
		const struct step *s = &p->steps[i];
		struct json_object *obj = json_object_new_object();
		auto_free char *text = step_text(s, timeout_ms);

		json_put_str(obj, "text", text);
		json_put_str(obj, "status", step_status_name(s->status));
		if (s->effective)
			json_put_str(obj, "effective", s->effective);
		json_put(obj, "ms", s->status == STEP_TODO ? NULL : json_object_new_uint64(s->ns / NS_PER_MS));
		json_object_array_add(array, obj);
	}
	return array;
}

struct json_object *plan_record(const struct plan *p, unsigned timeout_ms, unsigned line)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "v", json_object_new_int(1));
	json_put_str(obj, "verb", p->verb);
	json_put_str(obj, "vm", p->vm);
	json_put_str(obj, "ref", p->ref);
	json_put_str(obj, "user", p->user);
	json_put_str(obj, "id", p->device);
	json_put(obj, "args", json_object_get(p->args));
	json_put(obj, "line", line ? json_object_new_int64(line) : NULL);
	json_put_str(obj, "status", plan_status_name(p->status));
	json_put_str(obj, "guest", p->guest);
	json_put(obj, "steps", record_steps(p, timeout_ms));
	json_put(obj, "warnings", strings(p->warnings, p->n_warnings));
	json_put(obj, "left", strings(p->left, p->n_left));
	json_put_str(obj, "error", p->err.text[0] ? p->err.text : NULL);
	json_put_str(obj, "journal", p->id);
	return obj;
}

static struct json_object *steps_json(const struct step *steps, size_t n)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		struct json_object *obj = json_object_new_object();

		json_put_str(obj, "op", op_get(s->op)->name);
		json_put_str(obj, "what", s->what);
		json_put(obj, "args", s->args ? json_object_get(s->args) : NULL);
		json_put(obj, "required", json_object_new_boolean(s->required));
		if (s->if_there)
			json_put(obj, "if_there", json_object_new_boolean(true));
		if (s->xml)
			json_put_str(obj, "xml", s->xml);
		if (s->number)
			json_put(obj, "number", json_object_new_uint64(s->number));
		json_put_str(obj, "leaves", s->leaves);
		if (s->made)
			json_put_str(obj, "made", s->made);
		json_put_str(obj, "status", step_status_name(s->status));
		json_put(obj, "ns", json_object_new_uint64(s->ns));
		if (s->n_undo)
			json_put(obj, "undo", steps_json(s->undo, s->n_undo));
		json_object_array_add(array, obj);
	}
	return array;
}

struct json_object *plan_json(const struct plan *p)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "v", json_object_new_int(1));
	json_put_str(obj, "id", p->id);
	json_put_str(obj, "begun", p->begun);
	json_put_str(obj, "verb", p->verb);
	json_put_str(obj, "vm", p->vm);
	json_put_str(obj, "ref", p->ref);
	json_put_str(obj, "domain", p->domain);
	json_put_str(obj, "device", p->device);
	json_put(obj, "args", json_object_get(p->args));
	json_put_str(obj, "status", plan_status_name(p->status));
	json_put(obj, "steps", steps_json(p->steps, p->n_steps));
	json_put(obj, "rest", steps_json(p->rest, p->n_rest));
	json_put(obj, "left", strings(p->left, p->n_left));
	json_put_str(obj, "error", p->err.text[0] ? p->err.text : NULL);
	return obj;
}

/* A string of bounded length; NULL if it is absent or too long. */
static char *text(struct json_object *obj, const char *key)
{
	const char *s = json_str(obj, key);

	return s && strlen(s) <= TEXT_MAX ? xstrdup(s) : NULL;
}

/* Where in an entry a step is, and, of an inverse, what of. */
struct place {
	bool inner;
	const struct step *of;
};

static int step_parse(struct json_object *obj, struct step *s, struct place at, struct err *err);

static int steps_parse(struct json_object *array, struct step **steps, size_t *n, struct place at, struct err *err)
{
	size_t count = array ? json_object_array_length(array) : 0, i;
	int rc = 0;

	if (count > STEPS_MAX)
		return err_set(err, -EPERM, "%zu steps are too many", count);
	for (i = 0; i < count && !rc; i++) {
		struct step *s = vec_push(*steps, *n);

		rc = step_parse(json_object_array_get_idx(array, i), s, at, err);
	}
	return rc;
}

static int step_parse(struct json_object *obj, struct step *s, struct place at, struct err *err)
{
	int op = op_find(json_str(obj, "op")), status, rc;
	struct json_object *args = json_member(obj, "args");

	s->what = text(obj, "what");
	if (op < 0 || !s->what)
		return err_set(err, -EPERM, "a step does what kvmtop does not know");
	s->op = (enum step_op)op;
	s->journaled = true;
	if (args && !json_object_is_type(args, json_type_object))
		return err_set(err, -EPERM, "the arguments of %s are none", s->what);
	s->args = args ? json_object_get(args) : NULL;
	s->required = json_flag(obj, "required", false);
	s->if_there = json_flag(obj, "if_there", false);
	s->leaves = text(obj, "leaves");
	s->xml = text(obj, "xml");
	s->made = text(obj, "made");
	json_u64(obj, "number", &s->number);
	rc = op_get(s->op)->check ? op_get(s->op)->check(s, err) : 0;
	if (rc)
		return rc;
	if (at.inner && !op_takes_back(s, at.of))
		return err_set(err, -EPERM, "a step that takes something back does %s %s", op_get(s->op)->name, s->what);
	json_u64(obj, "ns", &s->ns);
	for (status = 0; status < STEP_STATUS_COUNT; status++)
		if (json_str(obj, "status") && !strcmp(json_str(obj, "status"), step_status_name((enum step_status)status)))
			s->status = (enum step_status)status;
	if (at.inner && json_array(obj, "undo"))
		return err_set(err, -EPERM, "an undo step has an undo of its own");
	return at.inner ? 0 : steps_parse(json_array(obj, "undo"), &s->undo, &s->n_undo, (struct place){ true, s }, err);
}

static void left_parse(struct json_object *array, struct plan *p)
{
	size_t n = array ? json_object_array_length(array) : 0, i;

	for (i = 0; i < n && i < STEPS_MAX; i++) {
		const char *s = json_object_get_string(json_object_array_get_idx(array, i));

		if (s && strlen(s) <= TEXT_MAX)
			*vec_push(p->left, p->n_left) = xstrdup(s);
	}
}

int plan_parse(struct json_object *obj, struct plan **out, struct err *err)
{
	struct plan *p = plan_new(NULL, NULL, NULL);
	enum plan_status status;
	size_t i;
	int rc;

	p->verb = text(obj, "verb");
	p->vm = text(obj, "vm");
	p->ref = text(obj, "ref");
	p->domain = text(obj, "domain");
	p->device = text(obj, "device");
	p->id = text(obj, "id");
	p->begun = text(obj, "begun");
	p->status = PLAN_STATUS_COUNT;
	for (status = 0; status < PLAN_STATUS_COUNT; status++)
		if (json_str(obj, "status") && !strcmp(json_str(obj, "status"), plan_status_name(status)))
			p->status = status;
	rc = steps_parse(json_array(obj, "steps"), &p->steps, &p->n_steps, (struct place){ false, NULL }, err);
	if (!rc)
		rc = steps_parse(json_array(obj, "rest"), &p->rest, &p->n_rest, (struct place){ true, NULL }, err);
	if (!rc && (!p->verb || !p->id || !p->begun || p->status == PLAN_STATUS_COUNT))
		rc = err_set(err, -EPERM, "a field is missing or not what it must be");
	if (rc) {
		plan_free(p);
		return rc;
	}
	for (i = 0; i < p->n_rest; i++)
		p->rest[i].asked = step_awaits_removal(&p->rest[i]);
	left_parse(json_array(obj, "left"), p);
	/* what it was asked for and how it ended: told, never acted upon */
	if (json_object_is_type(json_member(obj, "args"), json_type_object)) {
		json_object_put(p->args);
		p->args = json_object_get(json_member(obj, "args"));
	}
	if (json_str(obj, "error"))
		err_set(&p->err, -EIO, "%s", json_str(obj, "error"));
	*out = p;
	return 0;
}
