// SPDX-License-Identifier: GPL-3.0-or-later
/* A command line of QEMU's as /proc has it, each word with a NUL behind it; and each word as an option's value, or as a file of options. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "qmp/qmp.h"

/* The command line, with that file for each that it names. */
static void parse(char *const *words, size_t n, const char *file)
{
	struct qmp_config configs[CONFIGS_MAX];
	struct qmp_config_files files;
	struct qmp_cmdline cmdline = {0};
	size_t i;

	qmp_cmdline_configs(words, n, &files);
	fuzz_must(files.n <= CONFIGS_MAX);
	for (i = 0; i < files.n; i++)
		configs[i] = (struct qmp_config){ file, file ? NULL : "it is gone" };
	qmp_cmdline_parse(words, n, configs, files.n, &cmdline);
	for (i = 0; i < cmdline.n_monitors; i++)
		fuzz_must(cmdline.monitors[i].path);
	fuzz_must(!cmdline.name || strlen(cmdline.name) <= 255);
	fuzz_must(!cmdline.unread || cmdline.mem_bytes == UINT64_MAX);
	qmp_cmdline_done(&cmdline);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = xmalloc(size + 1);
	char **words = NULL, *at;
	size_t n = 0, i;

	memcpy(text, data, size);
	text[size] = '\0';
	for (at = text; at < text + size; at += strlen(at) + 1)
		*vec_push(words, n) = at;
	/* the last word is what is in the files */
	parse(words, n, n ? words[n - 1] : NULL);
	parse(words, n, NULL);
	for (i = 0; i < n; i++) {
		free(qmp_opt_get(words[i], "backend", "id"));
		free(qmp_opt_get(words[i], NULL, "file.driver"));
	}
	free(words);
}
