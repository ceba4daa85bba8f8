// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The host's interfaces, switches and addresses: read now and then by a worker while NICs are looked at, as the kernel's
 * lock of its network, or a database's process, may have to be waited for.
 */
#include "private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINKS_NS (2 * NS_PER_SEC)
#define LATE_NS (NS_PER_SEC)
#define RTNL_MS 1000
#define OVS_MS 500

struct job {
	struct sampler *s;
	struct links links;
};

void links_done(struct links *l)
{
	free(l->links);
	free(l->ports);
	free(l->addresses);
	*l = (struct links){0};
}

static bool has_ovs(const struct links *l)
{
	size_t i;

	for (i = 0; i < l->n_links; i++)
		if (!strcmp(l->links[i].kind, "openvswitch"))
			return true;
	return false;
}

static void job_free(void *arg)
{
	struct job *j = arg;

	links_done(&j->links);
	free(j);
}

static void job_run(void *arg)
{
	struct job *j = arg;
	struct links *l = &j->links;
	const struct host *h = j->s->config.host;
	struct err err;

	host_links_read(h, RTNL_MS, &l->links, &l->n_links);
	host_addresses_read(h, (uint64_t)time(NULL), RTNL_MS, &l->addresses, &l->n_addresses);
	if (has_ovs(l))
		host_ovs_read(HOST_OVS_SOCKET, OVS_MS, &l->ports, &l->n_ports, &err);
	l->taken_ns = clock_now_ns();
	pthread_mutex_lock(&j->s->lock);
	links_done(&j->s->links);
	j->s->links = *l;
	j->s->links_asked = false;
	*l = (struct links){0};
	pthread_mutex_unlock(&j->s->lock);
	job_free(j);
}

void links_mind(struct sampler *s)
{
	uint64_t now = clock_now_ns();
	struct job *j;

	if (s->links_asked || (s->links.taken_ns && now - s->links.taken_ns < LINKS_NS))
		return;
	j = xcalloc(1, sizeof(*j));
	j->s = s;
	s->links_asked = true;
	s->links_asked_ns = now;
	pool_add(s->pool, 0, job_run, job_free, j);
}

bool links_are_settled(const struct sampler *s)
{
	return s->links.taken_ns || clock_now_ns() - s->links_asked_ns > LATE_NS;
}

/* The bridge, or what the macvtap is stacked upon. */
static void fill_master(const struct links *l, struct snapshot *snap, const struct host_link *link, struct nic_row *row)
{
	const struct host_link *master = host_links_index(l->links, l->n_links, link->master ? link->master : link->lower);
	size_t i;

	if (!master)
		return;
	row->bridge = snapshot_str(snap, master->name);
	if (link->mode[0] && !link->master) {
		row->bridge_kind = snapshot_str(snap, link->mode);
		return;
	}
	row->bridge_kind = snapshot_str(snap, master->kind[0] ? master->kind : NULL);
	if (master->filters_vlans && link->pvid)
		row->vlan = link->pvid;
	if (strcmp(master->kind, "openvswitch"))
		return;
	row->bridge_kind = "ovs";
	for (i = 0; i < l->n_ports; i++) {
		if (strcmp(l->ports[i].name, link->name))
			continue;
		row->bridge = snapshot_str(snap, l->ports[i].bridge);
		if (l->ports[i].tag >= 0)
			row->vlan = (uint64_t)l->ports[i].tag;
	}
}

void links_fill(const struct sampler *s, struct snapshot *snap, const struct host_netif *nif, struct nic_row *row)
{
	const struct links *l = &s->links;
	const struct host_link *link = nif->other_ns ? NULL : host_links_find(l->links, l->n_links, nif->name);

	if (!link)
		return;
	row->link = link->state;
	if (link->mtu)
		row->mtu = link->mtu;
	fill_master(l, snap, link, row);
}

#define IPS_MAX 16		/* a screen shows the first; a filter looks at all of them */

static void add_ip(struct buf *all, size_t *n, const char *ip)
{
	if (*n < IPS_MAX)
		buf_printf(all, "%s%s", *n ? "," : "", ip);
	*n += 1;
}

/* A guest's own agent knows best, and is asked for one that was named. */
const char *links_ip(const struct sampler *s, struct snapshot *snap, const struct guest *g, const char *mac)
{
	const struct host_address *list;
	auto_buf struct buf all = {0};
	size_t n = 0, shown = 0, i;

	if (!mac)
		return NULL;
	list = host_addresses_of(g->addresses, g->n_addresses, mac, &n);
	if (!list)
		list = host_addresses_of(s->links.addresses, s->links.n_addresses, mac, &n);
	for (i = 0; i < n; i++)
		if (!i || strcmp(list[i].ip, list[i - 1].ip))	/* a neighbour on several links */
			add_ip(&all, &shown, list[i].ip);
	if (!shown)
		return NULL;
	return snapshot_printf(snap, "%s%s", all.text, shown > IPS_MAX ? ",.." : "");
}
