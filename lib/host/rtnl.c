// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions and changes over netlink. */
#include "rtnl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "private.h"

#define BUFFER_BYTES (256u << 10)

/* ---- reading */

/* Not mnl_nlmsg_ok: to that, a length of 2 GiB and more is negative and fits. NULL: no complete message is left. */
static const struct nlmsghdr *next_message(const void *data, size_t len, const struct nlmsghdr *m)
{
	size_t at = m ? (size_t)((const char *)m - (const char *)data) + NLMSG_ALIGN((size_t)m->nlmsg_len) : 0;
	const struct nlmsghdr *next = (const void *)((const char *)data + at);

	if (at > len || len - at < sizeof(*next) || next->nlmsg_len < sizeof(*next) || next->nlmsg_len > len - at)
		return NULL;
	return next;
}

/* The error of an answer that must be one: -EBADMSG where it carries none. */
static int error_of(const struct nlmsghdr *m)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(m);

	return mnl_nlmsg_get_payload_len(m) >= sizeof(*e) && e->error < 0 ? e->error : -EBADMSG;
}

int rtnl_messages(const void *data, size_t len, bool *changed, rtnl_take *take, void *arg)
{
	const struct nlmsghdr *m = NULL;

	while ((m = next_message(data, len, m))) {
		*changed |= m->nlmsg_flags & NLM_F_DUMP_INTR;
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR)
			return error_of(m);
		take(arg, m);
	}
	return 0;
}

/* To the end itself: mnl_attr_parse goes on to the next multiple of four, which the buffer need not have. */
static void attrs_of(const void *data, size_t len, const struct nlattr **attrs, unsigned n)
{
	const struct nlattr *attr;

	memset(attrs, 0, n * sizeof(*attrs));
	if (!data)
		return;
	mnl_attr_for_each_payload(data, len)
		if (mnl_attr_get_type(attr) < n)
			attrs[mnl_attr_get_type(attr)] = attr;
}

const void *rtnl_read(const struct nlmsghdr *m, size_t size, const struct nlattr **attrs, unsigned n)
{
	size_t len = mnl_nlmsg_get_payload_len(m);

	if (len < size)
		return NULL;
	attrs_of(mnl_nlmsg_get_payload_offset(m, size), len - size, attrs, n);
	return mnl_nlmsg_get_payload(m);
}

void rtnl_nested(const struct nlattr *outer, const struct nlattr **attrs, unsigned n)
{
	attrs_of(outer ? mnl_attr_get_payload(outer) : NULL, outer ? mnl_attr_get_payload_len(outer) : 0, attrs, n);
}

bool rtnl_copy(const struct nlattr *a, void *out, size_t size)
{
	if (!a || mnl_attr_get_payload_len(a) < size)
		return false;
	memcpy(out, mnl_attr_get_payload(a), size);
	return true;
}

const char *rtnl_text(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(a) : NULL;
}

/* ---- talking */

static int open_bus(int bus)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);

	return fd < 0 ? -errno : fd;
}

static int send_to_kernel(int fd, const struct nlmsghdr *m)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(fd, m, m->nlmsg_len, 0, (const void *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

/* One datagram of the kernel's: its length, -ETIMEDOUT, or the socket's error. */
static ssize_t receive(int fd, char *buf, size_t size, uint64_t deadline)
{
	struct sockaddr_nl from;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		socklen_t from_len = sizeof(from);
		int left = clock_left_ms(deadline);
		ssize_t len;

		if (left <= 0 || poll(&p, 1, left) == 0)
			return -ETIMEDOUT;
		len = recvfrom(fd, buf, size, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_len);
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (len < 0 || from.nl_pid)	/* the kernel's is 0 */
			continue;
		return (size_t)len > size ? -EMSGSIZE : len;
	}
}

int rtnl_ask(const struct rtnl_question *q, rtnl_take *take, void *arg)
{
	auto_close int fd = open_bus(q->bus);
	auto_free char *buf = xmalloc(BUFFER_BYTES);
	struct rtnl_request r = {0};
	bool changed = false;
	uint64_t deadline;
	ssize_t len;
	int rc;

	mnl_nlmsg_put_header(r.bytes);
	r.head.nlmsg_type = q->type;
	r.head.nlmsg_flags = NLM_F_REQUEST | q->flags;
	memcpy(mnl_nlmsg_put_extra_header(&r.head, q->header_bytes), q->header, q->header_bytes);
	if (q->ext_mask)
		mnl_attr_put_u32(&r.head, IFLA_EXT_MASK, q->ext_mask);
	rc = fd < 0 ? fd : send_to_kernel(fd, &r.head);
	deadline = clock_now_ns() + q->timeout_ms * NS_PER_MS;	/* from here: the kernel may load a module before that returns */
	while (!rc) {
		len = receive(fd, buf, BUFFER_BYTES, deadline);
		rc = len < 0 ? (int)len : rtnl_messages(buf, (size_t)len, &changed, take, arg);
		if (!rc && !(q->flags & NLM_F_DUMP))
			break;
	}
	return rc < 0 ? rc : changed;
}

/* ---- changes */

struct ifinfomsg *rtnl_begin(struct rtnl_request *r, unsigned short type, unsigned short flags)
{
	memset(r, 0, sizeof(*r));
	mnl_nlmsg_put_header(r->bytes);
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return mnl_nlmsg_put_extra_header(&r->head, sizeof(struct ifinfomsg));
}

static int exchange(const struct rtnl_request *r, unsigned timeout_ms)
{
	auto_close int fd = open_bus(NETLINK_ROUTE);
	_Alignas(struct nlmsghdr) char answer[8192];
	const struct nlmsghdr *m;
	const struct nlmsgerr *e;
	ssize_t len = fd < 0 ? fd : send_to_kernel(fd, &r->head);

	if (!len)
		len = receive(fd, answer, sizeof(answer), clock_now_ns() + timeout_ms * NS_PER_MS);
	if (len < 0)
		return (int)len;
	m = next_message(answer, (size_t)len, NULL);
	if (!m || m->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(m) < sizeof(*e))
		return -EBADMSG;
	e = mnl_nlmsg_get_payload(m);
	return e->error ? error_of(m) : 0;
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
