// SPDX-License-Identifier: GPL-3.0-or-later
/* A script: lines of words, each a verb with its arguments. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cmd/cmd.h"

static void take_line(const char *line)
{
	struct call call = {0};
	struct err err = {0};
	char **words = NULL;
	size_t n = 0;

	if (words_parse(line, &words, &n, &err))
		return;
	if (n && !call_parse(words, n, &call, &err))
		call_done(&call);
	words_free(words, n);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	char *line, *save = NULL;

	take_line(text);		/* a prompt's line may hold anything */
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		take_line(line);
}
