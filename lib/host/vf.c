// SPDX-License-Identifier: GPL-3.0-or-later
/* Settings of virtual functions, out of and into rtnetlink's messages. */
#include "vf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iface.h"
#include "private.h"
#include "rtnl.h"

#define ASK_MS 5000
#define NOT_TOLD UINT32_MAX	/* of a switch */

const char *host_vf_key_name(enum host_vf_key key)
{
	static const char *const names[HOST_VF_KEYS] = {
		[HOST_VF_MAC] = "mac", [HOST_VF_VLAN] = "vlan", [HOST_VF_RATE] = "rate", [HOST_VF_TRUST] = "trust",
		[HOST_VF_SPOOFCHK] = "spoofchk",
	};

	return names[key];
}

bool host_vf_same(const struct host_vf *a, const struct host_vf *b, enum host_vf_key key)
{
	switch (key) {
	case HOST_VF_MAC: return !strcmp(a->mac, b->mac);
	case HOST_VF_VLAN: return a->vlan == b->vlan && a->qos == b->qos && a->stag == b->stag;
	case HOST_VF_RATE: return a->rate_mbit == b->rate_mbit;
	case HOST_VF_TRUST: return a->trust == b->trust;
	case HOST_VF_SPOOFCHK: return a->spoofchk == b->spoofchk;
	case HOST_VF_KEYS: break;
	}
	return true;
}

char *host_vf_text(const struct host_vf *v, enum host_vf_key key)
{
	switch (key) {
	case HOST_VF_MAC:
		return xasprintf("mac %s", v->mac);
	case HOST_VF_VLAN:
		if (v->qos || v->stag)
			return xasprintf("vlan %u, priority %u%s", v->vlan, v->qos, v->stag ? ", 802.1ad" : "");
		return v->vlan ? xasprintf("vlan %u", v->vlan) : xstrdup("no vlan");
	case HOST_VF_RATE:
		return v->rate_mbit ? xasprintf("rate %uMbit", v->rate_mbit) : xstrdup("no limit of its rate");
	case HOST_VF_TRUST:
		return xasprintf("trust %s", v->trust ? "on" : "off");
	case HOST_VF_SPOOFCHK:
		return xasprintf("spoofchk %s", v->spoofchk ? "on" : "off");
	case HOST_VF_KEYS:
		break;
	}
	return xstrdup("");
}

const struct host_vf *host_vfs_find(const struct host_vf *list, size_t n, unsigned vf)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].vf == vf)
			return &list[i];
	return NULL;
}

/* ---- what the kernel tells */

static bool take_switch(const struct rtattr *a, unsigned *vf, bool *on)
{
	struct ifla_vf_trust t;		/* ifla_vf_spoofchk is the same */

	if (RTA_PAYLOAD(a) < sizeof(t))
		return false;
	memcpy(&t, RTA_DATA(a), sizeof(t));
	*vf = t.vf;
	*on = t.setting == 1;
	return t.setting != NOT_TOLD;
}

static bool take_mac(const struct rtattr *a, struct host_vf *v)
{
	struct ifla_vf_mac m;

	if (RTA_PAYLOAD(a) < sizeof(m))
		return false;
	memcpy(&m, RTA_DATA(a), sizeof(m));
	v->vf = m.vf;
	snprintf(v->mac, sizeof(v->mac), "%02x:%02x:%02x:%02x:%02x:%02x", m.mac[0], m.mac[1], m.mac[2], m.mac[3], m.mac[4],
		 m.mac[5]);
	return true;
}

/* With its kind of tag; the older IFLA_VF_VLAN beside it has none. */
static bool take_vlan(const struct rtattr *list, struct host_vf *v)
{
	const struct rtattr *a = RTA_DATA(list);
	int len = (int)RTA_PAYLOAD(list);	/* signed: RTA_NEXT takes off the padding, too */
	struct ifla_vf_vlan_info i;

	if (!RTA_OK(a, len) || a->rta_type != IFLA_VF_VLAN_INFO || RTA_PAYLOAD(a) < sizeof(i))
		return false;
	memcpy(&i, RTA_DATA(a), sizeof(i));
	v->vlan = i.vlan;
	v->qos = i.qos;
	v->stag = i.vlan_proto == htons(ETH_P_8021AD);
	return true;
}

static bool take_rate(const struct rtattr *a, struct host_vf *v)
{
	struct ifla_vf_rate r;

	if (RTA_PAYLOAD(a) < sizeof(r))
		return false;
	memcpy(&r, RTA_DATA(a), sizeof(r));
	v->rate_mbit = r.max_tx_rate;
	return true;
}

static void take_vf(const struct rtattr *info, struct host_vf **list, size_t *n)
{
	const struct rtattr *a = RTA_DATA(info);
	int len = (int)RTA_PAYLOAD(info);
	struct host_vf v = {0};

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		switch (a->rta_type & NLA_TYPE_MASK) {
		case IFLA_VF_MAC: v.told |= (unsigned)take_mac(a, &v) << HOST_VF_MAC; break;
		case IFLA_VF_VLAN_LIST: v.told |= (unsigned)take_vlan(a, &v) << HOST_VF_VLAN; break;
		case IFLA_VF_RATE: v.told |= (unsigned)take_rate(a, &v) << HOST_VF_RATE; break;
		case IFLA_VF_TRUST: v.told |= (unsigned)take_switch(a, &v.vf, &v.trust) << HOST_VF_TRUST; break;
		case IFLA_VF_SPOOFCHK: v.told |= (unsigned)take_switch(a, &v.vf, &v.spoofchk) << HOST_VF_SPOOFCHK; break;
		}
	}
	if (v.told)
		*vec_push(*list, *n) = v;
}

static void take_link(const struct nlmsghdr *m, struct host_vf **list, size_t *n)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	const struct rtattr *a = IFLA_RTA(info), *vf;
	int len, inner;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return;
	len = (int)IFLA_PAYLOAD(m);
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if ((a->rta_type & NLA_TYPE_MASK) != IFLA_VFINFO_LIST)
			continue;
		vf = RTA_DATA(a);
		inner = (int)RTA_PAYLOAD(a);
		for (; RTA_OK(vf, inner); vf = RTA_NEXT(vf, inner))
			if ((vf->rta_type & NLA_TYPE_MASK) == IFLA_VF_INFO)
				take_vf(vf, list, n);
	}
}

bool host_vfs_take(const void *data, size_t len, struct host_vf **list, size_t *n, int *rc)
{
	const struct nlmsghdr *m = rtnl_next(data, len, NULL);

	if (!m)
		return false;
	if (m->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = NLMSG_DATA(m);

		*rc = m->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) && e->error < 0 ? e->error : -EBADMSG;
		return true;
	}
	if (m->nlmsg_type != RTM_NEWLINK)
		return false;
	take_link(m, list, n);
	return true;
}

struct answer {
	struct host_vf *list;
	size_t n;
	int rc;
};

static bool take(void *arg, const void *data, size_t len)
{
	struct answer *a = arg;

	return host_vfs_take(data, len, &a->list, &a->n, &a->rc);
}

int host_vfs_read(const struct host *h, const char *iface, struct host_vf **list, size_t *n)
{
	struct answer a = {0};
	struct host_iface link;
	int rc = host_iface_read(h, iface, &link);

	if (!rc && !host_is_live(h))
		rc = -EOPNOTSUPP;
	if (!rc)
		rc = rtnl_get_link((int)link.index, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS, ASK_MS, take, &a);
	if (!rc)
		rc = a.rc;
	if (rc) {
		free(a.list);
		return rc;
	}
	*list = a.list;
	*n = a.n;
	return 0;
}

/* ---- what it is told */

static void put_setting(struct rtnl_request *r, const struct host_vf *to, enum host_vf_key key)
{
	struct ifla_vf_vlan_info vlan = {
		.vf = to->vf, .vlan = to->vlan, .qos = to->qos, .vlan_proto = htons(to->stag ? ETH_P_8021AD : ETH_P_8021Q),
	};
	struct ifla_vf_tx_rate rate = { .vf = to->vf, .rate = to->rate_mbit };	/* leaves the least rate as it is */
	struct ifla_vf_trust trust = { .vf = to->vf, .setting = to->trust };
	struct ifla_vf_spoofchk spoofchk = { .vf = to->vf, .setting = to->spoofchk };
	struct ifla_vf_mac mac = { .vf = to->vf };
	struct rtattr *list;

	switch (key) {
	case HOST_VF_MAC:
		if (sscanf(to->mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac.mac[0], &mac.mac[1], &mac.mac[2], &mac.mac[3],
			   &mac.mac[4], &mac.mac[5]) != 6)
			abort();	/* whoever read it has checked it */
		rtnl_put(r, IFLA_VF_MAC, &mac, sizeof(mac));
		break;
	case HOST_VF_VLAN:
		list = rtnl_put(r, IFLA_VF_VLAN_LIST, NULL, 0);
		rtnl_put(r, IFLA_VF_VLAN_INFO, &vlan, sizeof(vlan));
		rtnl_end_nested(r, list);
		break;
	case HOST_VF_RATE:
		rtnl_put(r, IFLA_VF_TX_RATE, &rate, sizeof(rate));
		break;
	case HOST_VF_TRUST:
		rtnl_put(r, IFLA_VF_TRUST, &trust, sizeof(trust));
		break;
	case HOST_VF_SPOOFCHK:
		rtnl_put(r, IFLA_VF_SPOOFCHK, &spoofchk, sizeof(spoofchk));
		break;
	case HOST_VF_KEYS:
		break;
	}
}

static void build(struct rtnl_request *r, int index, const struct host_vf *to, enum host_vf_key key)
{
	struct rtattr *list, *one;

	rtnl_begin(r, RTM_NEWLINK, 0)->ifi_index = index;
	list = rtnl_put(r, IFLA_VFINFO_LIST, NULL, 0);
	one = rtnl_put(r, IFLA_VF_INFO, NULL, 0);
	put_setting(r, to, key);
	rtnl_end_nested(r, one);
	rtnl_end_nested(r, list);
}

size_t host_vf_request(int index, const struct host_vf *to, enum host_vf_key key, void *out)
{
	struct rtnl_request r;

	build(&r, index, to, key);
	memcpy(out, r.bytes, r.head.nlmsg_len);
	return r.head.nlmsg_len;
}

static int told(int rc, const struct host_iface *link, const struct host_vf *to, enum host_vf_key key, struct err *err)
{
	auto_free char *text = host_vf_text(to, key);

	if (rc == -EPERM)
		return err_set(err, rc, "%s, virtual function %u: no right to set %s (CAP_NET_ADMIN is needed: run kvmtop as root)",
			       link->name, to->vf, text);
	if (rc == -EOPNOTSUPP)
		return err_set(err, rc, "%s: its driver has no %s of virtual functions to set (ip -d link show %s tells what it has)",
			       link->name, host_vf_key_name(key), link->name);
	if (rc == -EINVAL && key == HOST_VF_RATE && !link->carrier)
		return err_set(err, rc, "%s, virtual function %u: %s is refused, as %s has no link: a rate is a share of the link's "
			       "(plug its cable, ip link set %s up, then once more)", link->name, to->vf, text, link->name, link->name);
	if (rc == -EINVAL)
		return err_set(err, rc, "%s, virtual function %u: its driver refuses %s (a rate above that of the link? a vlan the NIC "
			       "cannot do? dmesg may tell)", link->name, to->vf, text);
	if (rc == -ETIMEDOUT)
		return err_set(err, rc, "%s, virtual function %u: the kernel has not answered to %s, and may still do it (dmesg may "
			       "tell)", link->name, to->vf, text);
	return rc ? err_sys(err, rc, "%s, virtual function %u: %s", link->name, to->vf, text) : 0;
}

static int read_one(const struct host *h, const char *iface, unsigned vf, struct host_vf *out, struct err *err)
{
	const struct host_vf *found;
	struct host_vf *list = NULL;
	size_t n = 0;
	int rc = host_vfs_read(h, iface, &list, &n);

	if (rc)
		return rc == -EOPNOTSUPP ? err_set(err, rc, "a recorded host cannot be changed") :
			err_sys(err, rc, "the virtual functions of %s", iface);
	found = host_vfs_find(list, n, vf);
	if (found)
		*out = *found;
	free(list);
	return found ? 0 : err_set(err, -ENODEV, "%s has no virtual function %u (any more)", iface, vf);
}

int host_vf_set(const struct host *h, const char *iface, const struct host_vf *to, enum host_vf_key key, unsigned timeout_ms,
		struct err *err)
{
	struct host_vf was, now;
	struct host_iface link;
	struct rtnl_request r;
	int rc = host_iface_read(h, iface, &link);

	if (rc)
		return err_set(err, rc, "no interface %s on this host", iface);
	rc = read_one(h, iface, to->vf, &was, err);
	if (rc)
		return rc;
	build(&r, (int)link.index, to, key);
	rc = told(rtnl_talk(&r, timeout_ms), &link, to, key, err);
	if (rc)
		return rc;
	rc = read_one(h, iface, to->vf, &now, err);
	if (!rc && !host_vf_same(&now, to, key)) {
		auto_free char *wanted = host_vf_text(to, key), *got = host_vf_text(&now, key);

		build(&r, (int)link.index, &was, key);
		rtnl_talk(&r, timeout_ms);
		rc = err_set(err, -EIO, "%s, virtual function %u: its driver took %s and made it %s", iface, to->vf, wanted, got);
	}
	return rc;
}
