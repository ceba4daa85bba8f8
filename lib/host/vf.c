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

static bool take_switch(const struct nlattr *a, unsigned *vf, bool *on)
{
	struct ifla_vf_trust t;		/* ifla_vf_spoofchk is the same */

	if (!rtnl_copy(a, &t, sizeof(t)))
		return false;
	*vf = t.vf;
	*on = t.setting == 1;
	return t.setting != NOT_TOLD;
}

static bool take_mac(const struct nlattr *a, struct host_vf *v)
{
	struct ifla_vf_mac m;

	if (!rtnl_copy(a, &m, sizeof(m)))
		return false;
	v->vf = m.vf;
	snprintf(v->mac, sizeof(v->mac), "%02x:%02x:%02x:%02x:%02x:%02x", m.mac[0], m.mac[1], m.mac[2], m.mac[3], m.mac[4],
		 m.mac[5]);
	return true;
}

/* With its kind of tag; the older IFLA_VF_VLAN beside it has none. */
static bool take_vlan(const struct nlattr *list, struct host_vf *v)
{
	const struct nlattr *a[IFLA_VF_VLAN_INFO + 1];
	struct ifla_vf_vlan_info i;

	rtnl_nested(list, a, ARRAY_SIZE(a));
	if (!rtnl_copy(a[IFLA_VF_VLAN_INFO], &i, sizeof(i)))
		return false;
	v->vlan = i.vlan;
	v->qos = i.qos;
	v->stag = i.vlan_proto == htons(ETH_P_8021AD);
	return true;
}

static bool take_rate(const struct nlattr *a, struct host_vf *v)
{
	struct ifla_vf_rate r;

	if (!rtnl_copy(a, &r, sizeof(r)))
		return false;
	v->rate_mbit = r.max_tx_rate;
	return true;
}

struct answer {
	struct host_vf *list;
	size_t n;
	bool link;			/* the message came */
};

static void take_vf(const struct nlattr *info, struct answer *to)
{
	const struct nlattr *a[IFLA_VF_MAX + 1];
	struct host_vf v = {0};

	rtnl_nested(info, a, ARRAY_SIZE(a));
	v.told |= (unsigned)take_mac(a[IFLA_VF_MAC], &v) << HOST_VF_MAC;
	v.told |= (unsigned)take_vlan(a[IFLA_VF_VLAN_LIST], &v) << HOST_VF_VLAN;
	v.told |= (unsigned)take_rate(a[IFLA_VF_RATE], &v) << HOST_VF_RATE;
	v.told |= (unsigned)take_switch(a[IFLA_VF_TRUST], &v.vf, &v.trust) << HOST_VF_TRUST;
	v.told |= (unsigned)take_switch(a[IFLA_VF_SPOOFCHK], &v.vf, &v.spoofchk) << HOST_VF_SPOOFCHK;
	if (v.told)
		*vec_push(to->list, to->n) = v;
}

static void take(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[IFLA_MAX + 1], *vf;
	struct answer *to = arg;

	if (m->nlmsg_type != RTM_NEWLINK)
		return;
	to->link = true;
	if (!rtnl_read(m, sizeof(struct ifinfomsg), a, ARRAY_SIZE(a)) || !a[IFLA_VFINFO_LIST])
		return;
	mnl_attr_for_each_nested(vf, a[IFLA_VFINFO_LIST])
		if (mnl_attr_get_type(vf) == IFLA_VF_INFO)
			take_vf(vf, to);
}

bool host_vfs_take(const void *data, size_t len, struct host_vf **list, size_t *n, int *rc)
{
	struct answer to = { *list, *n };
	bool changed = false;
	int r = rtnl_messages(data, len, &changed, take, &to);

	*list = to.list;
	*n = to.n;
	if (r < 0)
		*rc = r;
	return r || to.link;
}

int host_vfs_read(const struct host *h, const char *iface, struct host_vf **list, size_t *n)
{
	struct answer a = {0};
	struct host_iface link = {0};
	int rc = host_iface_read(h, iface, &link);
	const struct ifinfomsg one = { .ifi_index = (int)link.index };
	const struct rtnl_question q = {
		.type = RTM_GETLINK, .header = &one, .header_bytes = sizeof(one),
		.ext_mask = RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS, .timeout_ms = ASK_MS,
	};

	if (!rc && !host_is_live(h))
		rc = -EOPNOTSUPP;
	if (!rc)
		rc = rtnl_ask(&q, take, &a);
	if (rc < 0) {
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
	struct nlattr *list;

	switch (key) {
	case HOST_VF_MAC:
		if (sscanf(to->mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac.mac[0], &mac.mac[1], &mac.mac[2], &mac.mac[3],
			   &mac.mac[4], &mac.mac[5]) != 6)
			abort();	/* whoever read it has checked it */
		mnl_attr_put(&r->head, IFLA_VF_MAC, sizeof(mac), &mac);
		break;
	case HOST_VF_VLAN:
		list = mnl_attr_nest_start(&r->head, IFLA_VF_VLAN_LIST);
		mnl_attr_put(&r->head, IFLA_VF_VLAN_INFO, sizeof(vlan), &vlan);
		mnl_attr_nest_end(&r->head, list);
		break;
	case HOST_VF_RATE:
		mnl_attr_put(&r->head, IFLA_VF_TX_RATE, sizeof(rate), &rate);
		break;
	case HOST_VF_TRUST:
		mnl_attr_put(&r->head, IFLA_VF_TRUST, sizeof(trust), &trust);
		break;
	case HOST_VF_SPOOFCHK:
		mnl_attr_put(&r->head, IFLA_VF_SPOOFCHK, sizeof(spoofchk), &spoofchk);
		break;
	case HOST_VF_KEYS:
		break;
	}
}

static void build(struct rtnl_request *r, int index, const struct host_vf *to, enum host_vf_key key)
{
	struct nlattr *list, *one;

	rtnl_begin(r, RTM_NEWLINK, 0)->ifi_index = index;
	list = mnl_attr_nest_start(&r->head, IFLA_VFINFO_LIST);
	one = mnl_attr_nest_start(&r->head, IFLA_VF_INFO);
	put_setting(r, to, key);
	mnl_attr_nest_end(&r->head, one);
	mnl_attr_nest_end(&r->head, list);
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
