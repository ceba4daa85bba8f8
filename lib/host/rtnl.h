/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/host: dumps over netlink, and what there is without. */
#ifndef KT_HOST_RTNL_H
#define KT_HOST_RTNL_H

#include "root.h"

/*
 * RTM_GETLINK or RTM_GETNEIGH for a family; ext_mask (RTEXT_FILTER_..) 0: none. take gets whole messages until it says
 * that the dump is over. -ETIMEDOUT, or the socket's error.
 */
int rtnl_dump(unsigned type, unsigned char family, uint32_t ext_mask, unsigned timeout_ms,
	      bool (*take)(void *arg, const void *data, size_t len), void *arg);

/* The message behind m in what was received, m NULL: the first; NULL where there is none that is whole. */
struct nlmsghdr;
const struct nlmsghdr *rtnl_next(const void *data, size_t len, const struct nlmsghdr *m);

/* As host_links_read, without a sort: what sysfs tells. */
struct host_link;
int links_of_sysfs(const struct host *h, struct host_link **list, size_t *n);

#endif
