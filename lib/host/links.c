// SPDX-License-Identifier: GPL-3.0-or-later
/* The host's network interfaces, out of rtnetlink's messages. */
#include "links.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "rtnl.h"

static bool attr_u32(const struct rtattr *a, uint32_t *out)
{
	if (RTA_PAYLOAD(a) < sizeof(*out))
		return false;
	memcpy(out, RTA_DATA(a), sizeof(*out));
	return true;
}

/* A name that fits and could be one; else "". */
static void attr_name(const struct rtattr *a, char *out, size_t size)
{
	size_t len = strnlen(RTA_DATA(a), RTA_PAYLOAD(a));

	*out = '\0';
	if (len >= size)
		return;
	memcpy(out, RTA_DATA(a), len);
	out[len] = '\0';
	if (!host_name_is_plain(out))
		*out = '\0';
}

static void take_mode(const struct rtattr *data, struct host_link *l)
{
	static const struct {
		uint32_t mode;
		const char *name;
	} modes[] = {
		{ MACVLAN_MODE_PRIVATE, "private" }, { MACVLAN_MODE_VEPA, "vepa" }, { MACVLAN_MODE_BRIDGE, "bridge" },
		{ MACVLAN_MODE_PASSTHRU, "passthru" }, { MACVLAN_MODE_SOURCE, "source" },
	};
	const struct rtattr *a = RTA_DATA(data);
	size_t len = RTA_PAYLOAD(data), i;
	uint32_t mode;

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type != IFLA_MACVLAN_MODE || !attr_u32(a, &mode))
			continue;
		for (i = 0; i < ARRAY_SIZE(modes); i++)
			if (modes[i].mode == mode)
				strcpy(l->mode, modes[i].name);
	}
}

static void take_bridge(const struct rtattr *data, struct host_link *l)
{
	const struct rtattr *a = RTA_DATA(data);
	size_t len = RTA_PAYLOAD(data);

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == IFLA_BR_VLAN_FILTERING && RTA_PAYLOAD(a) >= 1)
			l->filters_vlans = *(const uint8_t *)RTA_DATA(a);
}

static void take_info(const struct rtattr *info, struct host_link *l)
{
	const struct rtattr *a = RTA_DATA(info), *data = NULL;
	size_t len = RTA_PAYLOAD(info);

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == IFLA_INFO_KIND)
			attr_name(a, l->kind, sizeof(l->kind));
		else if (a->rta_type == IFLA_INFO_DATA)
			data = a;
	}
	if (data && (!strcmp(l->kind, "macvtap") || !strcmp(l->kind, "macvlan")))
		take_mode(data, l);
	else if (data && !strcmp(l->kind, "bridge"))
		take_bridge(data, l);
}

static void take_vlans(const struct rtattr *spec, struct host_link *l)
{
	const struct rtattr *a = RTA_DATA(spec);
	size_t len = RTA_PAYLOAD(spec);
	struct bridge_vlan_info vlan;

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type != IFLA_BRIDGE_VLAN_INFO || RTA_PAYLOAD(a) < sizeof(vlan))
			continue;
		memcpy(&vlan, RTA_DATA(a), sizeof(vlan));
		if ((vlan.flags & BRIDGE_VLAN_INFO_PVID) && vlan.vid < 4095)
			l->pvid = vlan.vid;
	}
}

static void take_attr(const struct rtattr *a, bool port, struct host_link *l)
{
	uint32_t n;

	switch (a->rta_type & NLA_TYPE_MASK) {
	case IFLA_MASTER:
		if (attr_u32(a, &n))
			l->master = (int)n;
		break;
	case IFLA_LINK:
		if (attr_u32(a, &n))
			l->lower = (int)n;
		break;
	case IFLA_MTU:
		if (attr_u32(a, &n))
			l->mtu = n;
		break;
	case IFLA_CARRIER:
		if (!port && RTA_PAYLOAD(a) >= 1 && !*(const uint8_t *)RTA_DATA(a) && !strcmp(l->state, "up"))
			l->state = "no-carrier";
		break;
	case IFLA_LINKINFO:
		take_info(a, l);
		break;
	case IFLA_AF_SPEC:		/* otherwise a list by family, not of VLANs */
		if (port)
			take_vlans(a, l);
		break;
	}
}

static struct host_link *by_index(struct host_link *list, size_t n, int index)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].index == index)
			return &list[i];
	return NULL;
}

static void take_link(const struct nlmsghdr *m, struct host_link **list, size_t *n)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	const struct rtattr *a = IFLA_RTA(info), *first = a;
	size_t len, rest;
	struct host_link *l, new = { .state = "down" };
	bool port;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return;
	rest = len = IFLA_PAYLOAD(m);
	port = info->ifi_family == AF_BRIDGE;
	new.index = info->ifi_index;
	if (info->ifi_flags & IFF_UP)
		new.state = "up";
	l = port ? by_index(*list, *n, new.index) : NULL;
	if (port && !l)
		return;
	for (; !port && RTA_OK(a, rest); a = RTA_NEXT(a, rest))
		if (a->rta_type == IFLA_IFNAME)
			attr_name(a, new.name, sizeof(new.name));
	if (!port && !new.name[0])
		return;
	if (!l) {
		l = vec_push(*list, *n);
		*l = new;
	}
	for (a = first; RTA_OK(a, len); a = RTA_NEXT(a, len))
		take_attr(a, port, l);
}

bool host_links_take(const void *data, size_t len, struct host_link **list, size_t *n, int *rc)
{
	const struct nlmsghdr *m = NULL;

	while ((m = rtnl_next(data, len, m))) {
		if (m->nlmsg_type == NLMSG_DONE)
			return true;
		if (m->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(m);

			*rc = m->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) && e->error < 0 ? e->error : -EBADMSG;
			return true;
		}
		if (m->nlmsg_type == RTM_NEWLINK)
			take_link(m, list, n);
	}
	return false;
}

struct dump {
	struct host_link *list;
	size_t n;
	int rc;
};

static bool take(void *arg, const void *data, size_t len)
{
	struct dump *d = arg;

	return host_links_take(data, len, &d->list, &d->n, &d->rc);
}

static int link_cmp(const void *a, const void *b)
{
	const struct host_link *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int dump_links(unsigned timeout_ms, struct dump *d)
{
	int rc = rtnl_dump(RTM_GETLINK, AF_UNSPEC, RTEXT_FILTER_SKIP_STATS, timeout_ms, take, d);

	if (!rc)
		rc = d->rc;
	/* ports of bridges; without bridges in the kernel there is nothing to tell */
	if (!rc)
		rtnl_dump(RTM_GETLINK, AF_BRIDGE, RTEXT_FILTER_BRVLAN | RTEXT_FILTER_SKIP_STATS, timeout_ms, take, d);
	return rc;
}

int host_links_read(const struct host *h, unsigned timeout_ms, struct host_link **list, size_t *n)
{
	struct dump d = {0};
	int rc = host_is_live(h) ? dump_links(timeout_ms, &d) : links_of_sysfs(h, &d.list, &d.n);

	if (rc) {
		free(d.list);
		return rc;
	}
	if (d.n)
		qsort(d.list, d.n, sizeof(*d.list), link_cmp);
	*list = d.list;
	*n = d.n;
	return 0;
}

const struct host_link *host_links_find(const struct host_link *list, size_t n, const char *name)
{
	struct host_link key = {0};

	if (!n || strlen(name) >= sizeof(key.name))
		return NULL;
	strcpy(key.name, name);
	return bsearch(&key, list, n, sizeof(*list), link_cmp);
}

const struct host_link *host_links_index(const struct host_link *list, size_t n, int index)
{
	return index ? by_index((struct host_link *)list, n, index) : NULL;
}
