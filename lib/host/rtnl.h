/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/host: questions and changes over rtnetlink, and what there is without. */
#ifndef KT_HOST_RTNL_H
#define KT_HOST_RTNL_H

#include <linux/rtnetlink.h>

#include "root.h"

/*
 * RTM_GETLINK or RTM_GETNEIGH for a family; ext_mask (RTEXT_FILTER_..) 0: none. take gets whole messages until it says
 * that the dump is over. -ETIMEDOUT, or the socket's error.
 */
typedef bool rtnl_take(void *arg, const void *data, size_t len);
int rtnl_dump(unsigned type, unsigned char family, uint32_t ext_mask, unsigned timeout_ms, rtnl_take *take, void *arg);
/* The same of one interface by its index; its message is all there is. */
int rtnl_get_link(int index, uint32_t ext_mask, unsigned timeout_ms, rtnl_take *take, void *arg);

/* A request about interfaces: names and numbers, all of which fit. */
struct rtnl_request {
	union {
		struct nlmsghdr head;
		char bytes[1024];
	};
};
struct ifinfomsg *rtnl_begin(struct rtnl_request *r, unsigned short type, unsigned short flags);
struct rtattr *rtnl_put(struct rtnl_request *r, unsigned short type, const void *data, size_t len);
void rtnl_put_str(struct rtnl_request *r, unsigned short type, const char *text);
void rtnl_put_u32(struct rtnl_request *r, unsigned short type, uint32_t n);
/* outer, of rtnl_put without data, has what was put since */
void rtnl_end_nested(struct rtnl_request *r, struct rtattr *outer);
/*
 * 0 or the kernel's own error. -ETIMEDOUT: it may have been done, or be done yet. The kernel works in the caller's name
 * while that one sends, and waits then for hardware and for the lock of all its network (which is held for seconds while
 * a namespace goes away), so a thread does it that can be left behind.
 */
int rtnl_talk(const struct rtnl_request *r, unsigned timeout_ms);

/* The message behind m in what was received, m NULL: the first; NULL where there is none that is whole. */
const struct nlmsghdr *rtnl_next(const void *data, size_t len, const struct nlmsghdr *m);

/* As host_links_read, without a sort: what sysfs tells. */
struct host_link;
int links_of_sysfs(const struct host *h, struct host_link **list, size_t *n);

#endif
