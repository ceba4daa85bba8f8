// SPDX-License-Identifier: GPL-3.0-or-later
/* An entry of the journal: what is believed can be shown, abandoned, undone and written again. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/plan/plan.h"

static void take_plan(struct plan *p)
{
	struct plan *undo = plan_new("undo", NULL, NULL), *again = NULL;
	auto_json struct json_object *obj = NULL;
	struct err err = {0};
	size_t i;

	for (i = 0; i < p->n_steps; i++)
		free(step_text(&p->steps[i], 1000));
	obj = plan_json(p);
	fuzz_must(!plan_parse(obj, &again, &err));
	plan_free(again);
	plan_abandon(p);
	plan_undo(p, undo, &err);
	plan_lock_name(p);
	plan_free(p);
	plan_free(undo);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_json struct json_object *obj = NULL;
	struct err err = {0};
	struct plan *p;

	if (!json_parse((const char *)data, size, &obj, &err) && !plan_parse(obj, &p, &err))
		take_plan(p);
}
