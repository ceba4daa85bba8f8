// SPDX-License-Identifier: GPL-3.0-or-later
/* The status line of a thin pool. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/host/host.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	uint64_t used, total;

	if (host_thin_parse(text, &used, &total))
		fuzz_must(total && used <= total);
}
