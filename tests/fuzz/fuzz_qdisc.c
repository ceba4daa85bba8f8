// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages of rtnetlink: qdiscs and classes. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

#include "lib/host/private.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct host_dump d = { .ceil_bits = NAN };

	host_dump_take(&d, (const char *)data, size);
	free(d.list);
}
