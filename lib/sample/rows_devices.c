// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of devices and free places. */
#include "private.h"

#include <string.h>

/* "vda /images/a.qcow2", "net0 tap": the property's value, and what that is */
static const char *backing_of(struct snapshot *snap, const struct guest *g, const struct names *disks,
			      const struct qmp_device *d)
{
	size_t i;

	if (!d->link)
		return NULL;
	i = strcmp(d->link, "drive") ? NAMES_NONE : names_find(disks, d->id, NULL);
	if (i != NAMES_NONE)
		return snapshot_printf(snap, "drive %s %s", d->backing, g->disks.disks[i].file);
	for (i = 0; !strcmp(d->link, "netdev") && i < g->nics.n_nics; i++) {
		const struct qmp_nic *nic = &g->nics.nics[i];

		if (nic->netdev && nic->backend && !strcmp(nic->netdev, d->backing))
			return snapshot_printf(snap, "netdev %s %s%s%s", d->backing, nic->backend, nic->ifname ? " " : "",
					       nic->ifname ? nic->ifname : "");
	}
	return snapshot_printf(snap, "%s %s", d->link, d->backing);
}

void rows_devices(struct snapshot *snap, const struct guest *g)
{
	auto_names struct names disks = {0};
	size_t i;

	for (i = 0; i < g->disks.n_disks; i++)
		if (g->disks.disks[i].file)
			names_add(&disks, g->disks.disks[i].id, NULL, i);
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
		row->backing = backing_of(snap, g, &disks, d);
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

/* QEMU's own word, else its command line's, where all of that is known. */
static void fill_dimms(struct snapshot *snap, const struct guest *g)
{
	const struct qmp_memory_room *told = &g->slots.memory;
	const struct qmp_cmdline *c = &g->cmdline;
	const struct qmp_room *room = &g->slots.room;
	struct slot_row *row = fill_slot(snap, g, "dimm", NULL);
	uint64_t used = (told->base_bytes ? told->base_bytes : c->mem_bytes) + room->plugged_bytes;
	uint64_t max = told->base_bytes ? told->max_bytes : c->mem_max_bytes;

	if (!told->base_bytes && (c->unread || c->mem_bytes == UNKNOWN_UINT))
		return;
	row->total = told->base_bytes ? told->slots : c->mem_slots;
	row->free = row->total > room->dimms ? row->total - room->dimms : 0;
	row->free_bytes = max > used ? max - used : 0;
}

void rows_slots(struct snapshot *snap, const struct guest *g)
{
	const struct qmp_room *room = &g->slots.room;
	struct slot_row *row;
	size_t i;

	if (!(g->known & WANT_SLOTS))
		return;
	for (i = 0; i < g->slots.n_ports; i++) {
		const struct qmp_port *port = &g->slots.ports[i];

		row = fill_slot(snap, g, port->kind, port->bus);
		row->total = port->total;
		row->free = port->free;
	}
	fill_dimms(snap, g);
	if (!room->vcpus)
		return;
	row = fill_slot(snap, g, "vcpu", NULL);
	row->total = room->vcpus;
	row->free = room->vcpus_free;
	if (g->slots.kvm_told)
		row->unplug = g->slots.has_kvm ? "on" : "off";
}
