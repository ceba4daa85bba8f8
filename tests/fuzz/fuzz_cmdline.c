// SPDX-License-Identifier: GPL-3.0-or-later
/* A command line of QEMU's as /proc has it, each word with a NUL behind it; and each word as an option's value. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "qmp/qmp.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = xmalloc(size + 1);
	struct qmp_cmdline cmdline = {0};
	char **words = NULL, *at;
	size_t n = 0, i;

	memcpy(text, data, size);
	text[size] = '\0';
	for (at = text; at < text + size; at += strlen(at) + 1)
		*vec_push(words, n) = at;
	qmp_cmdline_parse(words, n, &cmdline);
	for (i = 0; i < cmdline.n_monitors; i++)
		fuzz_must(cmdline.monitors[i].path);
	fuzz_must(!cmdline.name || strlen(cmdline.name) <= 255);
	qmp_cmdline_done(&cmdline);
	for (i = 0; i < n; i++) {
		free(qmp_opt_get(words[i], "backend", "id"));
		free(qmp_opt_get(words[i], NULL, "file.driver"));
	}
	free(words);
}
