// SPDX-License-Identifier: GPL-3.0-or-later
/* What one reading of a ring's two indices says. */
#include "rings.h"

/*
 * Both indices run freely over 16 bits. used never overtakes avail, and a guest never makes more available than there
 * are descriptors, so avail - used beyond the size is no ring: torn, reset, or memory that is something else now.
 */
bool ring_update(struct ring *r, uint16_t used, uint16_t avail, uint64_t now_ns)
{
	unsigned depth = (uint16_t)(avail - used);
	unsigned step = (uint16_t)(used - r->used);

	if (depth > r->addr.size) {
		if (++r->bad >= RING_BAD_MAX) {
			r->known = false;
			r->lost = true;
		}
		return false;
	}
	r->bad = 0;
	if (!r->fresh) {
		/* going back, or both at zero after a large step: the guest has set the ring up anew */
		if (step > INT16_MAX || (!used && !avail && step > r->addr.size)) {
			r->known = false;
			r->lost = true;
			return true;
		}
	} else {
		step = 0;
		r->moved_ns = now_ns;
	}
	if (step || !depth)
		r->moved_ns = now_ns;
	r->read_ns = now_ns;
	r->fresh = false;
	r->known = true;
	r->used = used;
	r->avail = avail;
	r->used_total += step;
	r->depth = depth;
	r->depth_sum += depth;
	r->samples++;
	if (depth > r->depth_max)
		r->depth_max = depth;
	return true;
}
