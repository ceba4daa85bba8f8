/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libFuzzer calls for each input; and the input as a string of C. */
#ifndef KT_FUZZ_H
#define KT_FUZZ_H

#include "lib/base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	return xstrndup((const char *)data, size);
}

#endif
