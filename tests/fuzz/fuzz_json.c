// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON in pieces, and written again: a document that was read can be read once more. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

void fuzz_one(const uint8_t *data, size_t size)
{
	struct json_stream *in = json_stream_new(1 << 16);
	size_t at = 0, used;

	while (at < size) {
		auto_json struct json_object *doc = NULL, *again = NULL;
		size_t piece = size - at < 7 ? size - at : 7;
		auto_free char *text = NULL;
		struct err err = {0};

		if (json_stream_feed(in, (const char *)data + at, piece, &used, &doc, &err))
			break;
		fuzz_must(used <= piece && (used || doc));
		at += used;
		if (!doc)
			continue;
		text = json_text(doc);
		fuzz_must(!json_parse(text, strlen(text), &again, &err));
	}
	json_stream_free(in);
}
