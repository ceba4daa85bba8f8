/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traffic shaping of interfaces, over rtnetlink, as tc(8) shows it. */
#ifndef KT_HOST_QDISC_H
#define KT_HOST_QDISC_H

#include "root.h"

/* A root qdisc with a rate: what leaves the host by that interface; of a tap, what goes to the guest. */
struct host_qdisc {
	int ifindex;
	char name[16];			/* of the interface */
	char kind[8];			/* tbf, htb */
	double rate_bits;		/* per second; of htb, the largest ceil of its root classes; NAN: not known */
	uint32_t overlimits;		/* times something had to wait; wraps */
};
/* Sorted by nothing; yours. -EOPNOTSUPP: a recorded host, or a kernel without traffic control. */
int host_qdiscs_read(const struct host *h, struct host_qdisc **list, size_t *n);
/* Fills rate_bits of an htb, which takes a dump of its classes; leaves others as they are. */
int host_qdisc_rate_read(struct host_qdisc *q);

#endif
