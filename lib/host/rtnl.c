// SPDX-License-Identifier: GPL-3.0-or-later
/* Dumps over rtnetlink. */
#include "rtnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "private.h"

#define BUFFER_BYTES (256u << 10)

/* Not NLMSG_NEXT: it takes the padding off the length too, which the last message need not have. */
const struct nlmsghdr *rtnl_next(const void *data, size_t len, const struct nlmsghdr *m)
{
	size_t at = m ? (size_t)((const char *)m - (const char *)data) + NLMSG_ALIGN((size_t)m->nlmsg_len) : 0;
	const struct nlmsghdr *next = (const void *)((const char *)data + at);

	if (at > len || len - at < sizeof(*next) || next->nlmsg_len < sizeof(*next) || next->nlmsg_len > len - at)
		return NULL;
	return next;
}

int rtnl_dump(unsigned type, unsigned char family, uint32_t ext_mask, unsigned timeout_ms, bool (*take)(void *arg, const void *data, size_t len),
	      void *arg)
{
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct rtattr attr;
		uint32_t mask;
	} ask = {
		.head = { .nlmsg_len = sizeof(ask), .nlmsg_type = (uint16_t)type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
		.info = { .ifi_family = family },
		.attr = { .rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK },
		.mask = ext_mask,
	};
	auto_free char *buf = xmalloc(BUFFER_BYTES);
	struct sockaddr_nl from;

	if (fd < 0)
		return -errno;
	if (!ext_mask)
		ask.head.nlmsg_len = NLMSG_LENGTH(sizeof(ask.info));
	if (send(fd, &ask, ask.head.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		socklen_t from_len = sizeof(from);
		int left = clock_left_ms(deadline);
		ssize_t len;

		if (left <= 0 || poll(&p, 1, left) == 0)
			return -ETIMEDOUT;
		len = recvfrom(fd, buf, BUFFER_BYTES, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (len < 0)
			return -errno;
		if (from.nl_pid)	/* the kernel's is 0 */
			continue;
		if (take(arg, buf, (size_t)len))
			return 0;
	}
}
