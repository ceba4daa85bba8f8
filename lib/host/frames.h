/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/host: of which node a page frame is. */
#ifndef KT_HOST_FRAMES_H
#define KT_HOST_FRAMES_H

#include "private.h"

struct frame_range {
	uint64_t first, end;
	int node;			/* -1: of more than one */
};
struct frames {
	int whole;			/* the one node that all of them are of; -1: there are several */
	struct frame_range *ranges;	/* sorted, apart from each other */
	size_t n;
};
void frames_read(const struct host *h, struct frames *out);
void frames_done(struct frames *f);
int frames_node(const struct frames *f, uint64_t frame);	/* -1: not known */

#endif
