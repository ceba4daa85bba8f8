// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of NICs, devices, and free places. */
#include "guest.h"

#include <string.h>

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

	for (i = 0; i < g->devices.n_nics; i++)
		if (g->devices.nics[i].ifname && !strcmp(g->devices.nics[i].ifname, ifname))
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
		*out = (struct host_netif){0};
		strcpy(out->name, nic->ifname);
		return true;
	}
	if (nic->fd >= 0)
		return !host_netif_of_fd(s->config.host, g->pid, nic->fd, out);
	if (!nic->backend || (strcmp(nic->backend, "tap") && strcmp(nic->backend, "bridge")))
		return false;
	for (i = 0; i < g->devices.n_nics; i++) {
		const struct qmp_nic *n = &g->devices.nics[i];

		nics += n->backend && !n->ifname && (!strcmp(n->backend, "tap") || !strcmp(n->backend, "bridge"));
	}
	for (i = 0; i < g->n_netifs; i++) {
		if (is_named(g, g->netifs[i].name))
			continue;
		left = &g->netifs[i];
		netifs++;
	}
	if (nics != 1 || netifs != 1)
		return false;
	*out = *left;
	return true;
}

static void fill_netif(const struct sampler *s, struct snapshot *snap, const struct host_netif *nif, struct nic_row *row)
{
	struct host_net_counters c;
	char master[16];

	row->ifname = snapshot_str(snap, nif->name);
	if (nif->macvtap)
		row->backend = "macvtap";
	if (!host_net_master(s->config.host, nif->name, master))
		row->bridge = snapshot_str(snap, master);
	if (!host_nets_find(s->nets, s->n_nets, nif, &c))
		return;
	row->rx_total = c.rx_bytes;
	row->tx_total = c.tx_bytes;
	row->rx_packets = c.rx_packets;
	row->tx_packets = c.tx_packets;
	row->drops = c.rx_drops + c.tx_drops;
}

static const char *vhost_of(const struct guest *g, const char *id)
{
	size_t i;

	for (i = 0; i < g->answers.n_virtio; i++)
		if (g->answers.virtio[i].known && !strcmp(g->answers.virtio[i].id, id))
			return g->answers.virtio[i].vhost || g->answers.virtio[i].vhost_user ? "on" : "off";
	return NULL;
}

static void fill_nic(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct qmp_nic *nic)
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
		fill_netif(s, snap, &nif, row);
}

/* A guest that cannot be asked: what its descriptors say. */
static void fill_unasked(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct host_netif *nif)
{
	struct nic_row *row = snapshot_add(snap, TABLE_NICS);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_str(snap, nif->name);
	row->backend = "tap";
	fill_netif(s, snap, nif, row);
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
static void virt_nics(const struct sampler *s, struct snapshot *snap, const struct guest *g)
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
		if (!n->target || strlen(n->target) >= sizeof(nif.name) || !has_netif(g, n->target))
			continue;
		strcpy(nif.name, n->target);
		fill_netif(s, snap, &nif, row);
	}
}

void rows_nics(const struct sampler *s, struct snapshot *snap, struct guest *g)
{
	size_t i;

	rows_netifs(s, g);
	if (!(g->known & WANT_DEVICES) && g->domain && g->domain->def) {
		virt_nics(s, snap, g);
		return;
	}
	for (i = 0; i < g->devices.n_nics; i++)
		fill_nic(s, snap, g, &g->devices.nics[i]);
	for (i = 0; i < g->n_netifs && !(g->known & WANT_DEVICES); i++)
		fill_unasked(s, snap, g, &g->netifs[i]);
}

/* "vda /images/a.qcow2", "net0 tap": the property's value, and what that is */
static const char *backing_of(struct snapshot *snap, const struct guest *g, const struct qmp_device *d)
{
	size_t i;

	if (!d->link)
		return NULL;
	for (i = 0; !strcmp(d->link, "drive") && i < g->devices.n_disks; i++) {
		const struct qmp_disk *disk = &g->devices.disks[i];

		if (!strcmp(disk->id, d->id) && disk->file)
			return snapshot_printf(snap, "drive %s %s", d->backing, disk->file);
	}
	for (i = 0; !strcmp(d->link, "netdev") && i < g->devices.n_nics; i++) {
		const struct qmp_nic *nic = &g->devices.nics[i];

		if (nic->netdev && nic->backend && !strcmp(nic->netdev, d->backing))
			return snapshot_printf(snap, "netdev %s %s%s%s", d->backing, nic->backend, nic->ifname ? " " : "",
					       nic->ifname ? nic->ifname : "");
	}
	return snapshot_printf(snap, "%s %s", d->link, d->backing);
}

void rows_devices(struct snapshot *snap, const struct guest *g)
{
	size_t i;

	for (i = 0; i < g->devices.n_devices; i++) {
		const struct qmp_device *d = &g->devices.devices[i];
		struct device_row *row = snapshot_add(snap, TABLE_DEVICES);

		rows_head(snap, g, &row->head);
		row->head.key = snapshot_str(snap, d->id);
		row->id = snapshot_str(snap, d->id);
		row->type = snapshot_str(snap, d->type);
		row->bus = snapshot_str(snap, d->bus);
		row->address = snapshot_str(snap, d->address);
		row->hotpluggable = d->hotpluggable ? "on" : "off";
		row->backing = backing_of(snap, g, d);
	}
}

static struct slot_row *fill_slot(struct snapshot *snap, const struct guest *g, const char *kind, const char *bus)
{
	struct slot_row *row = snapshot_add(snap, TABLE_SLOTS);

	rows_head(snap, g, &row->head);
	row->head.key = snapshot_printf(snap, "%s/%s", kind, bus ? bus : "");
	row->kind = snapshot_str(snap, kind);
	row->bus = snapshot_str(snap, bus);
	return row;
}

void rows_slots(struct snapshot *snap, const struct guest *g)
{
	const struct qmp_room *room = &g->devices.room;
	struct slot_row *row;
	size_t i;

	if (!(g->known & WANT_DEVICES))
		return;
	for (i = 0; i < g->devices.n_ports; i++) {
		const struct qmp_port *port = &g->devices.ports[i];

		row = fill_slot(snap, g, port->kind, port->bus);
		row->total = port->total;
		row->free = port->free;
	}
	row = fill_slot(snap, g, "dimm", NULL);
	row->total = g->cmdline.mem_slots;
	row->free = row->total > room->dimms ? row->total - room->dimms : 0;
	row->free_bytes = 0;
	if (g->cmdline.mem_max_bytes > g->cmdline.mem_bytes + room->plugged_bytes)
		row->free_bytes = g->cmdline.mem_max_bytes - g->cmdline.mem_bytes - room->plugged_bytes;
	if (!room->vcpus)
		return;
	row = fill_slot(snap, g, "vcpu", NULL);
	row->total = room->vcpus;
	row->free = room->vcpus_free;
}
