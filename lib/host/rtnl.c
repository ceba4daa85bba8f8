// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions and changes over rtnetlink. */
#include "rtnl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
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

struct question {
	struct nlmsghdr head;
	struct ifinfomsg info;
	struct rtattr attr;
	uint32_t mask;
};

static int ask(struct question *q, uint32_t ext_mask, unsigned timeout_ms, rtnl_take *take, void *arg)
{
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
	auto_free char *buf = xmalloc(BUFFER_BYTES);
	struct sockaddr_nl from;

	q->head.nlmsg_len = ext_mask ? sizeof(*q) : NLMSG_LENGTH(sizeof(q->info));
	q->head.nlmsg_flags |= NLM_F_REQUEST;
	q->head.nlmsg_seq = 1;
	q->attr = (struct rtattr){ .rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK };
	q->mask = ext_mask;
	if (fd < 0)
		return -errno;
	if (send(fd, q, q->head.nlmsg_len, 0) < 0)
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

int rtnl_dump(unsigned type, unsigned char family, uint32_t ext_mask, unsigned timeout_ms, rtnl_take *take, void *arg)
{
	struct question q = {
		.head = { .nlmsg_type = (uint16_t)type, .nlmsg_flags = NLM_F_DUMP }, .info = { .ifi_family = family },
	};

	return ask(&q, ext_mask, timeout_ms, take, arg);
}

int rtnl_get_link(int index, uint32_t ext_mask, unsigned timeout_ms, rtnl_take *take, void *arg)
{
	struct question q = { .head = { .nlmsg_type = RTM_GETLINK }, .info = { .ifi_index = index } };

	return ask(&q, ext_mask, timeout_ms, take, arg);
}

/* ---- changes */

struct ifinfomsg *rtnl_begin(struct rtnl_request *r, unsigned short type, unsigned short flags)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return NLMSG_DATA(&r->head);
}

struct rtattr *rtnl_put(struct rtnl_request *r, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)(r->bytes + NLMSG_ALIGN(r->head.nlmsg_len));

	if (NLMSG_ALIGN(r->head.nlmsg_len) + RTA_SPACE(len) > sizeof(r->bytes))
		abort();		/* names and numbers only */
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

void rtnl_put_str(struct rtnl_request *r, unsigned short type, const char *text)
{
	rtnl_put(r, type, text, strlen(text) + 1);
}

void rtnl_put_u32(struct rtnl_request *r, unsigned short type, uint32_t n)
{
	rtnl_put(r, type, &n, sizeof(n));
}

void rtnl_end_nested(struct rtnl_request *r, struct rtattr *outer)
{
	outer->rta_len = (unsigned short)(r->bytes + r->head.nlmsg_len - (char *)outer);
}

static int exchange(const struct rtnl_request *r, unsigned timeout_ms)
{
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct timeval patience = { timeout_ms / 1000, timeout_ms % 1000 * 1000L };
	union {
		struct nlmsghdr head;
		char bytes[8192];
	} answer;
	ssize_t len;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, r->bytes, r->head.nlmsg_len, 0) < 0)
		return -errno;
	do {
		len = recv(fd, answer.bytes, sizeof(answer.bytes), 0);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if ((size_t)len < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || answer.head.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return ((struct nlmsgerr *)NLMSG_DATA(&answer.head))->error;
}

struct talk {
	struct rtnl_request request;
	unsigned timeout_ms;
	int rc;
};

static void run(void *arg)
{
	struct talk *t = arg;

	t->rc = exchange(&t->request, t->timeout_ms);
}

int rtnl_talk(const struct rtnl_request *r, unsigned timeout_ms)
{
	struct talk *t = xcalloc(1, sizeof(*t));
	struct lates *one = lates_new(1);
	struct late *late;
	int rc = -EAGAIN;

	t->request = *r;
	t->timeout_ms = timeout_ms;
	late = late_start(one, run, free, t);
	if (late) {
		late_wait(late, timeout_ms);
		t = late_end(late);
		rc = t ? t->rc : -ETIMEDOUT;
	}
	free(t);
	lates_free(one);
	return rc;
}
