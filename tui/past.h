/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The samples of the last five minutes, for a frozen screen to walk back through: as many as go into some memory. */
#ifndef KT_TUI_PAST_H
#define KT_TUI_PAST_H

#include "lib/model/model.h"

#define PAST_NS (300 * NS_PER_SEC)
#define PAST_BYTES_MAX ((size_t)6 << 20)

struct past {
	struct past_sample {
		struct snapshot *snap;
		size_t bytes;
	} *list;			/* a vec, the oldest first */
	size_t n, bytes;
};

void past_done(struct past *p);
/* Take a reference. What is older than PAST_NS goes; where all are too large, those between go that are nearest to others. */
void past_add(struct past *p, struct snapshot *snap);
/* The sample before (step -1) or after (1) that one, NULL: beyond the ends. Borrowed. */
struct snapshot *past_step(const struct past *p, const struct snapshot *snap, int step);

#endif
