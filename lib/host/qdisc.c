// SPDX-License-Identifier: GPL-3.0-or-later
/* Dumps of rtnetlink: qdiscs of all interfaces, classes of one. */
#include "qdisc.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <math.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "private.h"
#include "rtnl.h"

#define DUMP_SECONDS 1
#define QDISCS_MAX 65536

/* The attribute of a type among those of len bytes at p; NULL: not there. */
static const struct rtattr *attr_find(const void *p, size_t len, unsigned type)
{
	const struct rtattr *a = p;
	size_t step;

	while (len >= sizeof(*a) && a->rta_len >= sizeof(*a) && a->rta_len <= len) {
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
		step = RTA_ALIGN(a->rta_len);
		if (step > len)
			break;
		len -= step;
		a = (const void *)((const char *)a + step);
	}
	return NULL;
}

static const struct rtattr *attr_in(const struct rtattr *outer, unsigned type)
{
	return outer ? attr_find(RTA_DATA(outer), RTA_PAYLOAD(outer), type) : NULL;
}

static bool attr_copy(const struct rtattr *a, void *to, size_t size)
{
	if (!a || RTA_PAYLOAD(a) < size)
		return false;
	memcpy(to, RTA_DATA(a), size);
	return true;
}

/* Bytes per second: in 32 bits, and in 64 where they do not fit. */
static double rate_of(const struct rtattr *options, unsigned big, const struct tc_ratespec *spec)
{
	uint64_t rate;

	if (!attr_copy(attr_in(options, big), &rate, sizeof(rate)))
		rate = spec->rate;
	return 8 * (double)rate;
}

static bool is_kind(const struct rtattr *kind, const char *name)
{
	return kind && RTA_PAYLOAD(kind) == strlen(name) + 1 && !memcmp(RTA_DATA(kind), name, strlen(name) + 1);
}

static void qdisc_take(struct host_dump *d, const struct tcmsg *tc, const void *attrs, size_t len)
{
	const struct rtattr *kind = attr_find(attrs, len, TCA_KIND), *options = attr_find(attrs, len, TCA_OPTIONS);
	struct host_qdisc q = { .ifindex = tc->tcm_ifindex, .rate_bits = NAN };
	struct gnet_stats_queue stats = {0};
	struct tc_tbf_qopt tbf;

	if (tc->tcm_parent != TC_H_ROOT || d->n == QDISCS_MAX)
		return;
	if (is_kind(kind, "tbf"))
		strcpy(q.kind, "tbf");
	else if (is_kind(kind, "htb"))
		strcpy(q.kind, "htb");
	else
		return;
	if (q.kind[0] == 't' && attr_copy(attr_in(options, TCA_TBF_PARMS), &tbf, sizeof(tbf)))
		q.rate_bits = rate_of(options, TCA_TBF_RATE64, &tbf.rate);
	attr_copy(attr_in(attr_find(attrs, len, TCA_STATS2), TCA_STATS_QUEUE), &stats, sizeof(stats));
	q.overlimits = stats.overlimits;
	*vec_push(d->list, d->n) = q;
}

static void class_take(struct host_dump *d, const struct tcmsg *tc, const void *attrs, size_t len)
{
	const struct rtattr *options = attr_find(attrs, len, TCA_OPTIONS);
	struct tc_htb_opt htb;
	double ceil;

	if (tc->tcm_parent != TC_H_ROOT || !is_kind(attr_find(attrs, len, TCA_KIND), "htb"))
		return;
	if (!attr_copy(attr_in(options, TCA_HTB_PARMS), &htb, sizeof(htb)))
		return;
	ceil = rate_of(options, TCA_HTB_CEIL64, &htb.ceil);
	if (isnan(d->ceil_bits) || ceil > d->ceil_bits)
		d->ceil_bits = ceil;
}

int host_dump_take(struct host_dump *d, const char *buf, size_t size)
{
	const struct nlmsghdr *m = NULL;

	while ((m = rtnl_next(buf, size, m))) {
		const struct tcmsg *tc = NLMSG_DATA(m);
		const void *attrs = (const char *)m + NLMSG_SPACE(sizeof(*tc));

		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(m);

			return m->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || e->error >= 0 ? -EPROTO : e->error;
		}
		if (m->nlmsg_len < NLMSG_SPACE(sizeof(*tc)))
			continue;
		if (m->nlmsg_type == RTM_NEWQDISC)
			qdisc_take(d, tc, attrs, m->nlmsg_len - NLMSG_SPACE(sizeof(*tc)));
		else if (m->nlmsg_type == RTM_NEWTCLASS)
			class_take(d, tc, attrs, m->nlmsg_len - NLMSG_SPACE(sizeof(*tc)));
	}
	return 0;
}

static int dump_read(struct host_dump *d, int fd)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	uint64_t deadline = clock_now_ns() + DUMP_SECONDS * NS_PER_SEC;
	ssize_t len;
	int r = 0;

	while (r == 0) {
		if (clock_now_ns() > deadline)
			return -ETIMEDOUT;
		len = recv(fd, buf, sizeof(buf), MSG_TRUNC);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if ((size_t)len > sizeof(buf))
			return -EMSGSIZE;
		r = host_dump_take(d, buf, (size_t)len);
	}
	return r < 0 ? r : 0;
}

static int dump_run(struct host_dump *d, unsigned short type, int ifindex)
{
	const struct timeval patience = { .tv_sec = DUMP_SECONDS };
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct tcmsg tc;
	} ask = {
		.head = { .nlmsg_len = sizeof(ask), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
		.tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex },
	};

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	if (sendto(fd, &ask, sizeof(ask), 0, (const void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return dump_read(d, fd);
}

int host_qdiscs_read(const struct host *h, struct host_qdisc **list, size_t *n)
{
	struct host_dump d = { .ceil_bits = NAN };
	size_t i, kept = 0;
	int r = host_is_live(h) ? dump_run(&d, RTM_GETQDISC, 0) : -EOPNOTSUPP;

	if (r < 0) {
		mem_free_ptr(&d.list);
		return r;
	}
	for (i = 0; i < d.n; i++)
		if (if_indextoname((unsigned)d.list[i].ifindex, d.list[i].name))
			d.list[kept++] = d.list[i];
	*list = d.list;
	*n = kept;
	return 0;
}

int host_qdisc_rate_read(struct host_qdisc *q)
{
	struct host_dump d = { .ceil_bits = NAN };
	int r = strcmp(q->kind, "htb") ? 0 : dump_run(&d, RTM_GETTCLASS, q->ifindex);

	if (!r && !strcmp(q->kind, "htb"))
		q->rate_bits = d.ceil_bits;
	mem_free_ptr(&d.list);
	return r;
}
