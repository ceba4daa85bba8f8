/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/host: questions and changes over netlink (route, sock_diag), and what there is without. */
#ifndef KT_HOST_RTNL_H
#define KT_HOST_RTNL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "root.h"

/* What the kernel is asked: a message with the header that its type wants, and for interfaces RTEXT_FILTER_.., 0: none. */
struct rtnl_question {
	int bus;			/* NETLINK_ROUTE, .. */
	unsigned short type, flags;	/* NLM_F_DUMP: all there are; else one message is the answer */
	const void *header;
	size_t header_bytes;
	uint32_t ext_mask;
	unsigned timeout_ms;		/* from when it was sent */
};
/*
 * take gets one message of the answer after another. 0; 1: all of it came, but the kernel's list changed meanwhile;
 * -ETIMEDOUT, the socket's error or the kernel's.
 */
typedef void rtnl_take(void *arg, const struct nlmsghdr *m);
int rtnl_ask(const struct rtnl_question *q, rtnl_take *take, void *arg);
/* The messages of one datagram: 1 at the end of a dump, 0 for more, or the kernel's error; *changed where a list did. */
int rtnl_messages(const void *data, size_t len, bool *changed, rtnl_take *take, void *arg);

/*
 * The header, of size bytes, of a message, and its attributes by type: NULL for one that is absent, the last of
 * several; types of n and above are not looked at. NULL: the message is shorter than that.
 */
const void *rtnl_read(const struct nlmsghdr *m, size_t size, const struct nlattr **attrs, unsigned n);
/* The attributes in one, which may be NULL: then there are none. */
void rtnl_nested(const struct nlattr *outer, const struct nlattr **attrs, unsigned n);
/* What an attribute holds, if it is there and holds at least size bytes; else out stays as it is. */
bool rtnl_copy(const struct nlattr *a, void *out, size_t size);
/* Its text, NULL where it is not there or does not end. */
const char *rtnl_text(const struct nlattr *a);

/* A request about interfaces, to which mnl_attr_put adds: names and numbers, all of which fit. */
struct rtnl_request {
	union {
		struct nlmsghdr head;
		char bytes[1024];
	};
};
struct ifinfomsg *rtnl_begin(struct rtnl_request *r, unsigned short type, unsigned short flags);
/*
 * 0 or the kernel's own error. -ETIMEDOUT: it may have been done, or be done yet. The kernel works in the caller's name
 * while that one sends, and waits then for hardware and for the lock of all its network (which is held for seconds while
 * a namespace goes away), so a thread does it that can be left behind.
 */
int rtnl_talk(const struct rtnl_request *r, unsigned timeout_ms);

/* As host_links_read, without a sort: what sysfs tells. */
struct host_link;
int links_of_sysfs(const struct host *h, struct host_link **list, size_t *n);

#endif
