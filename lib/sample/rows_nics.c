// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of NICs. */
#include "private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct qmp_device *nic_device(const struct guest *g, const struct qmp_nic *nic)
{
	const struct qmp_device *found = NULL;
	size_t i;

	for (i = 0; i < g->devices.n_devices; i++) {
		const struct qmp_device *d = &g->devices.devices[i];

		if (!strcmp(d->id, nic->name))
			return d;
		/* one without an id is known by what it is connected to */
		if (d->link && !strcmp(d->link, "netdev") && nic->netdev && !strcmp(d->backing, nic->netdev))
			found = d;
	}
	return found;
}

const char *rows_nic_id(const struct guest *g, const struct qmp_nic *nic)
{
	const struct qmp_device *d = nic_device(g, nic);

	return d ? d->id : nic->name;
}

static bool is_named(const struct guest *g, const char *ifname)
{
	size_t i;

	for (i = 0; i < g->nics.n_nics; i++)
		if (g->nics.nics[i].ifname && !strcmp(g->nics.nics[i].ifname, ifname))
			return true;
	return false;
}

/*
 * The interface behind a NIC: by its name, by the descriptor QEMU was handed, or because only one NIC and one
 * interface of the process are left (a bridge helper's tap, a macvtap).
 */
static bool netif_of(const struct sampler *s, const struct guest *g, const struct qmp_nic *nic, struct host_netif *out)
{
	const struct host_netif *left = NULL;
	size_t i, nics = 0, netifs = 0;

	if (nic->ifname && strlen(nic->ifname) < sizeof(out->name)) {
		*out = (struct host_netif){ .other_ns = g->other_net };
		strcpy(out->name, nic->ifname);
		return true;
	}
	if (nic->fd >= 0)
		return !host_netif_of_fd(s->config.host, g->pid, nic->fd, out);
	if (!nic->backend || (strcmp(nic->backend, "tap") && strcmp(nic->backend, "bridge")))
		return false;
	for (i = 0; i < g->nics.n_nics; i++) {
		const struct qmp_nic *n = &g->nics.nics[i];

		nics += n->backend && !n->ifname && (!strcmp(n->backend, "tap") || !strcmp(n->backend, "bridge"));
	}
	if (nics != 1)
		return false;
	for (i = 0; i < g->n_netifs; i++) {
		if (is_named(g, g->netifs[i].name))
			continue;
		left = &g->netifs[i];
		netifs++;
	}
	if (netifs != 1)
		return false;
	*out = *left;
	return true;
}

static void fill_netif(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_netif *nif,
		       struct nic_row *row)
{
	struct host_net_counters c;

	row->ifname = snapshot_str(snap, nif->name);
	if (nif->macvtap)
		row->backend = "macvtap";
	links_fill(s, snap, nif, row);
	if (!netifs_counters(s, g, nif, snapshot_time_ns(snap), &c))
		return;
	row->rx_total = c.rx_bytes;
	row->tx_total = c.tx_bytes;
	row->rx_packets = c.rx_packets;
	row->tx_packets = c.tx_packets;
	row->rx_drops = c.rx_drops;
	row->tx_drops = c.tx_drops;
	row->drops = c.rx_drops + c.tx_drops;
	row->rx_errors = c.rx_errors;
	row->tx_errors = c.tx_errors;
}

static const char *vhost_of(const struct guest *g, const char *id)
{
	size_t i;

	for (i = 0; i < g->answers.n_virtio; i++)
		if (g->answers.virtio[i].known && !strcmp(g->answers.virtio[i].id, id))
			return g->answers.virtio[i].vhost || g->answers.virtio[i].vhost_user ? "on" : "off";
	return NULL;
}

/* libvirt can cut a NIC off, which nothing on the host shows. */
static bool virt_link_down(const struct guest *g, const char *id, const char *mac)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_nics; i++) {
		const struct virt_nic *n = &def->nics[i];

		if ((n->alias && id && !strcmp(n->alias, id)) || (n->mac && mac && !strcasecmp(n->mac, mac)))
			return n->link_down;
	}
	return false;
}

static void fill_nic(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct qmp_nic *nic)
{
	const struct qmp_device *d = nic_device(g, nic);
	struct nic_row *row = snapshot_add(snap, TABLE_NICS);
	struct host_netif nif;

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_str(snap, nic->name);
	row->id = snapshot_str(snap, d ? d->id : nic->name);
	row->mac = snapshot_str(snap, nic->mac);
	row->model = snapshot_str(snap, d ? d->type : nic->model);
	row->netdev = snapshot_str(snap, nic->netdev);
	row->backend = nic->backend ? snapshot_str(snap, nic->backend) : "none";
	row->vhost = vhost_of(g, row->id);
	row->queues = nic->queues;
	if (netif_of(s, g, nic, &nif))
		fill_netif(s, snap, g, &nif, row);
	row->ip = links_ip(s, snap, g, row->mac);
	if (virt_link_down(g, row->id, row->mac))
		row->link = "down";
}

/* A guest that cannot be asked: what its descriptors say. */
static void fill_unasked(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_netif *nif)
{
	struct nic_row *row = snapshot_add(snap, TABLE_NICS);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_str(snap, nif->name);
	row->backend = "tap";
	fill_netif(s, snap, g, nif, row);
}

static bool has_netif(const struct guest *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->n_netifs; i++)
		if (!strcmp(g->netifs[i].name, name))
			return true;
	return false;
}

/* libvirt's definition. The interface counts only if the process has it open: it may be another namespace's. */
static void virt_nics(const struct sampler *s, struct snapshot *snap, struct guest *g)
{
	const struct virt_def *def = g->domain->def;
	size_t i;

	for (i = 0; i < def->n_nics; i++) {
		const struct virt_nic *n = &def->nics[i];
		struct nic_row *row = snapshot_add(snap, TABLE_NICS);
		struct host_netif nif = { .macvtap = n->type && !strcmp(n->type, "direct") };

		rows_head(snap, g, &row->head);
		row->head.key = snapshot_printf(snap, "%s/%s", n->alias ? n->alias : "", n->mac ? n->mac : "");
		row->id = snapshot_str(snap, n->alias);
		row->mac = snapshot_str(snap, n->mac);
		row->model = snapshot_str(snap, n->model);
		row->backend = snapshot_str(snap, n->type);
		row->queues = n->queues ? n->queues : 1;
		row->vhost = n->alias ? vhost_of(g, n->alias) : NULL;
		row->ip = links_ip(s, snap, g, n->mac);
		if (n->target && strlen(n->target) < sizeof(nif.name) && has_netif(g, n->target)) {
			strcpy(nif.name, n->target);
			nif.other_ns = g->other_net;
			fill_netif(s, snap, g, &nif, row);
		}
		if (n->link_down)
			row->link = "down";
	}
}

/* A NIC of the host that was handed through has no interface here: its driver is vfio-pci. */
static void vfio_nics(const struct sampler *s, struct snapshot *snap, const struct guest *g)
{
	char address[16];
	size_t i, k;

	for (i = 0; i < g->devices.n_devices; i++) {
		const struct qmp_device *d = &g->devices.devices[i];
		const char *base = d->backing ? strrchr(d->backing, '/') : NULL;
		struct nic_row *row;

		if (!d->link || (strcmp(d->link, "host") && strcmp(d->link, "sysfsdev")) ||
		    host_pci_address(base ? base + 1 : d->backing, address) || !host_pci_is_network(s->config.host, address))
			continue;
		row = snapshot_add(snap, TABLE_NICS);
		rows_head(snap, g, &row->head);
		row->head.key = snapshot_str(snap, d->id);
		row->id = snapshot_str(snap, d->id);
		row->model = snapshot_str(snap, d->type);
		row->backend = "vfio";
		row->pci = snapshot_str(snap, address);
		for (k = 0; g->domain && g->domain->def && k < g->domain->def->n_nics; k++) {
			const struct virt_nic *n = &g->domain->def->nics[k];

			if (n->alias && !strcmp(n->alias, d->id))
				row->mac = snapshot_str(snap, n->mac);
		}
		row->ip = links_ip(s, snap, g, row->mac);
	}
}

void rows_nics(const struct sampler *s, struct snapshot *snap, struct guest *g)
{
	size_t i;

	netifs_mind(s, g, snapshot_time_ns(snap));
	if (!(g->known & WANT_NICS) && g->domain && g->domain->def) {
		virt_nics(s, snap, g);
		return;
	}
	for (i = 0; i < g->nics.n_nics; i++)
		fill_nic(s, snap, g, &g->nics.nics[i]);
	vfio_nics(s, snap, g);
	for (i = 0; i < g->n_netifs && !(g->known & WANT_NICS); i++)
		fill_unasked(s, snap, g, &g->netifs[i]);
}
