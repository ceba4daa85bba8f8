/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside lib/sample: whose guest is asked next. Users take turns, so that one who runs many processes does not keep the
 * guests of others waiting; guests that did not answer come last. Under the sampler's lock.
 */
#ifndef KT_SAMPLE_TURN_H
#define KT_SAMPLE_TURN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct turns {
	struct turn {
		uid_t uid;
		unsigned n;		/* askings queued or under way */
	} *list;
	size_t n;
};

/* One more asking of this user's guests: its rank in the pool. failed: how often the guest did not answer of late. */
uint64_t turn_begin(struct turns *t, uid_t uid, unsigned failed);
void turn_end(struct turns *t, uid_t uid);
void turns_done(struct turns *t);

#endif
