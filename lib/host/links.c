// SPDX-License-Identifier: GPL-3.0-or-later
/* The host's network interfaces, out of rtnetlink's messages. */
#include "links.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "rtnl.h"

/* A name that fits and could be one; else "". */
static void take_name(const struct nlattr *a, char *out, size_t size)
{
	const char *name = rtnl_text(a);

	snprintf(out, size, "%s", name && strlen(name) < size && host_name_is_plain(name) ? name : "");
}

static void take_mode(const struct nlattr *data, struct host_link *l)
{
	static const struct {
		uint32_t mode;
		const char *name;
	} modes[] = {
		{ MACVLAN_MODE_PRIVATE, "private" }, { MACVLAN_MODE_VEPA, "vepa" }, { MACVLAN_MODE_BRIDGE, "bridge" },
		{ MACVLAN_MODE_PASSTHRU, "passthru" }, { MACVLAN_MODE_SOURCE, "source" },
	};
	const struct nlattr *a[IFLA_MACVLAN_MODE + 1];
	uint32_t mode = 0;
	size_t i;

	rtnl_nested(data, a, ARRAY_SIZE(a));
	rtnl_copy(a[IFLA_MACVLAN_MODE], &mode, sizeof(mode));
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].mode == mode)
			strcpy(l->mode, modes[i].name);
}

static void take_info(const struct nlattr *info, struct host_link *l)
{
	const struct nlattr *a[IFLA_INFO_DATA + 1], *bridge[IFLA_BR_VLAN_FILTERING + 1];
	uint8_t filters = 0;

	rtnl_nested(info, a, ARRAY_SIZE(a));
	take_name(a[IFLA_INFO_KIND], l->kind, sizeof(l->kind));
	if (!strcmp(l->kind, "macvtap") || !strcmp(l->kind, "macvlan"))
		take_mode(a[IFLA_INFO_DATA], l);
	if (strcmp(l->kind, "bridge"))
		return;
	rtnl_nested(a[IFLA_INFO_DATA], bridge, ARRAY_SIZE(bridge));
	rtnl_copy(bridge[IFLA_BR_VLAN_FILTERING], &filters, sizeof(filters));
	l->filters_vlans = filters;
}

static void take_vlans(const struct nlattr *spec, struct host_link *l)
{
	const struct nlattr *a;
	struct bridge_vlan_info vlan;

	mnl_attr_for_each_nested(a, spec)
		if (mnl_attr_get_type(a) == IFLA_BRIDGE_VLAN_INFO && rtnl_copy(a, &vlan, sizeof(vlan)) &&
		    (vlan.flags & BRIDGE_VLAN_INFO_PVID) && vlan.vid < 4095)
			l->pvid = vlan.vid;
}

static struct host_link *by_index(struct host_link *list, size_t n, int index)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].index == index)
			return &list[i];
	return NULL;
}

struct dump {
	struct host_link *list;
	size_t n;
};

static void take(void *arg, const struct nlmsghdr *m)
{
	struct dump *d = arg;
	const struct nlattr *a[IFLA_MAX + 1];
	const struct ifinfomsg *info = rtnl_read(m, sizeof(*info), a, ARRAY_SIZE(a));
	struct host_link *l, new = { .state = "down" };
	uint8_t carrier = 1;

	if (m->nlmsg_type != RTM_NEWLINK || !info)
		return;
	if (info->ifi_family == AF_BRIDGE) {	/* otherwise AF_SPEC is a list by family, not of VLANs */
		l = by_index(d->list, d->n, info->ifi_index);
		if (l && a[IFLA_AF_SPEC])
			take_vlans(a[IFLA_AF_SPEC], l);
		return;
	}
	take_name(a[IFLA_IFNAME], new.name, sizeof(new.name));
	if (!new.name[0])
		return;
	new.index = info->ifi_index;
	rtnl_copy(a[IFLA_MASTER], &new.master, sizeof(new.master));
	rtnl_copy(a[IFLA_LINK], &new.lower, sizeof(new.lower));
	rtnl_copy(a[IFLA_MTU], &new.mtu, sizeof(new.mtu));
	rtnl_copy(a[IFLA_CARRIER], &carrier, sizeof(carrier));
	if (info->ifi_flags & IFF_UP)
		new.state = carrier ? "up" : "no-carrier";
	take_info(a[IFLA_LINKINFO], &new);
	*vec_push(d->list, d->n) = new;
}

bool host_links_take(const void *data, size_t len, struct host_link **list, size_t *n, int *rc)
{
	struct dump d = { *list, *n };
	bool changed = false;
	int r = rtnl_messages(data, len, &changed, take, &d);

	*list = d.list;
	*n = d.n;
	if (r < 0)
		*rc = r;
	return r;
}

static int link_cmp(const void *a, const void *b)
{
	const struct host_link *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int dump_links(unsigned timeout_ms, struct dump *d)
{
	struct ifinfomsg all = { .ifi_family = AF_UNSPEC };
	struct rtnl_question q = {
		.type = RTM_GETLINK, .flags = NLM_F_DUMP, .header = &all, .header_bytes = sizeof(all),
		.ext_mask = RTEXT_FILTER_SKIP_STATS, .timeout_ms = timeout_ms,
	};
	int rc = rtnl_ask(&q, take, d);

	if (rc < 0)
		return rc;
	/* ports of bridges; without bridges in the kernel there is nothing to tell */
	all.ifi_family = AF_BRIDGE;
	q.ext_mask |= RTEXT_FILTER_BRVLAN;
	rtnl_ask(&q, take, d);
	return 0;
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
