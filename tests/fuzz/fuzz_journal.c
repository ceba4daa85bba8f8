// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON in pieces, and an entry of the journal: what is believed can be shown, abandoned, undone and written again. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/plan/plan.h"

static void take_plan(struct json_object *obj)
{
	struct plan *p, *undo = plan_new("undo", NULL, NULL);
	struct err err = {0};
	size_t i;

	if (!plan_parse(obj, &p, &err)) {
		auto_json struct json_object *again = NULL;

		for (i = 0; i < p->n_steps; i++)
			free(step_text(&p->steps[i], 1000));
		plan_abandon(p);
		plan_undo(p, undo, &err);
		again = plan_json(p);
		free(json_text(again));
		plan_free(p);
	}
	plan_free(undo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_stream *in = json_stream_new(1 << 16);
	auto_json struct json_object *whole = NULL;
	struct err err = {0};
	size_t at = 0, used;

	while (at < size) {
		struct json_object *doc = NULL;
		size_t piece = size - at < 7 ? size - at : 7;

		if (json_stream_feed(in, (const char *)data + at, piece, &used, &doc, &err))
			break;
		at += used;
		json_object_put(doc);
	}
	json_stream_free(in);
	if (!json_parse((const char *)data, size, &whole, &err))
		take_plan(whole);
	return 0;
}
