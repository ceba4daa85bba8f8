// SPDX-License-Identifier: GPL-3.0-or-later
/* Dumps of rtnetlink: qdiscs of all interfaces, classes of one. */
#include "qdisc.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <math.h>
#include <net/if.h>
#include <string.h>

#include "private.h"
#include "rtnl.h"

#define DUMP_MS 1000
#define QDISCS_MAX 65536

/* Bits per second: in 32 bits of bytes, and in 64 where they do not fit. */
static double rate_of(const struct nlattr *big, const struct tc_ratespec *spec)
{
	uint64_t rate = spec->rate;

	rtnl_copy(big, &rate, sizeof(rate));
	return 8 * (double)rate;
}

static void take_qdisc(struct host_dump *d, const struct tcmsg *tc, const char *kind, const struct nlattr **a)
{
	const struct nlattr *tbf[TCA_TBF_MAX + 1], *stats2[TCA_STATS_MAX + 1];
	struct host_qdisc q = { .ifindex = tc->tcm_ifindex, .rate_bits = NAN };
	struct gnet_stats_queue stats = {0};
	struct tc_tbf_qopt limits;

	if (d->n == QDISCS_MAX || (strcmp(kind, "tbf") && strcmp(kind, "htb")))
		return;
	strcpy(q.kind, kind);
	rtnl_nested(a[TCA_OPTIONS], tbf, ARRAY_SIZE(tbf));
	if (!strcmp(kind, "tbf") && rtnl_copy(tbf[TCA_TBF_PARMS], &limits, sizeof(limits)))
		q.rate_bits = rate_of(tbf[TCA_TBF_RATE64], &limits.rate);
	rtnl_nested(a[TCA_STATS2], stats2, ARRAY_SIZE(stats2));
	rtnl_copy(stats2[TCA_STATS_QUEUE], &stats, sizeof(stats));
	q.overlimits = stats.overlimits;
	*vec_push(d->list, d->n) = q;
}

static void take_class(struct host_dump *d, const char *kind, const struct nlattr *options)
{
	const struct nlattr *htb[TCA_HTB_MAX + 1];
	struct tc_htb_opt limits;
	double ceil;

	rtnl_nested(options, htb, ARRAY_SIZE(htb));
	if (strcmp(kind, "htb") || !rtnl_copy(htb[TCA_HTB_PARMS], &limits, sizeof(limits)))
		return;
	ceil = rate_of(htb[TCA_HTB_CEIL64], &limits.ceil);
	if (isnan(d->ceil_bits) || ceil > d->ceil_bits)
		d->ceil_bits = ceil;
}

static void take(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[TCA_MAX + 1];
	const struct tcmsg *tc = rtnl_read(m, sizeof(*tc), a, ARRAY_SIZE(a));
	const char *kind = tc ? rtnl_text(a[TCA_KIND]) : NULL;

	if (!kind || tc->tcm_parent != TC_H_ROOT)
		return;
	if (m->nlmsg_type == RTM_NEWQDISC)
		take_qdisc(arg, tc, kind, a);
	else if (m->nlmsg_type == RTM_NEWTCLASS)
		take_class(arg, kind, a[TCA_OPTIONS]);
}

int host_dump_take(struct host_dump *d, const char *buf, size_t size)
{
	bool changed = false;

	return rtnl_messages(buf, size, &changed, take, d);
}

static int dump_run(struct host_dump *d, unsigned short type, int ifindex)
{
	const struct tcmsg tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex };
	const struct rtnl_question q = {
		.type = type, .flags = NLM_F_DUMP, .header = &tc, .header_bytes = sizeof(tc), .timeout_ms = DUMP_MS,
	};
	int rc = rtnl_ask(&q, take, d);

	return rc < 0 ? rc : 0;
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
