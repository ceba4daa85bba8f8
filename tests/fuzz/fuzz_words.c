// SPDX-License-Identifier: GPL-3.0-or-later
/* A line of a script: words, a verb with its arguments, a filter; and a command line of QEMU's. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/cmd/cmd.h"
#include "lib/model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct qmp_cmdline cmdline = {0};
	struct filter *filter = NULL;
	struct call call = {0};
	struct err err = {0};
	char **words = NULL;
	size_t n = 0;

	if (!words_parse(text, &words, &n, &err)) {
		if (n && !call_parse(words, n, &call, &err))
			call_done(&call);
		qmp_cmdline_parse(words, n, &cmdline);
		qmp_cmdline_done(&cmdline);
		words_free(words, n);
	}
	if (!filter_parse(table_get(TABLE_VMS), text, &filter, &err))
		filter_free(filter);
	return 0;
}
