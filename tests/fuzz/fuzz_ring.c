// SPDX-License-Identifier: GPL-3.0-or-later
/* Indices of a ring as a hostile guest writes them: four bytes a reading, the first two of all its size. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/sample/private.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ring r = { .fresh = true };
	struct ring_state st;
	size_t i;

	if (size < 2)
		return;
	r.addr.size = (unsigned)(data[0] | data[1] << 8) % 32768 + 1;
	ring_keep_counts(&r, data[0] & 1);
	for (i = 2; i + 4 <= size; i += 4) {
		uint16_t used = (uint16_t)(data[i] | data[i + 1] << 8), avail = (uint16_t)(data[i + 2] | data[i + 3] << 8);

		if (ring_update(&r, used, avail, i * 1000))
			ring_sample(&r);
		if (i % 64 == 2) {
			ring_collect(&r, i * 1000, NS_PER_SEC, &st);
			fuzz_must(!st.known || (st.depth <= r.addr.size && st.depth_max <= r.addr.size && st.depth_mean <= r.addr.size));
		}
	}
	ring_keep_counts(&r, false);
}
