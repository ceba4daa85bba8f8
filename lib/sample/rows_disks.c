// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of disks. */
#include "guest.h"

#include <string.h>

static const struct qmp_device *device_of(const struct guest *g, const char *id)
{
	size_t i;

	for (i = 0; i < g->devices.n_devices; i++)
		if (!strcmp(g->devices.devices[i].id, id))
			return &g->devices.devices[i];
	return NULL;
}

/* By the kind of the device; the bus where the kind alone leaves it open. */
static const char *bus_of(const struct guest *g, const struct qmp_disk *disk)
{
	static const struct {
		const char *prefix, *bus;
	} kinds[] = {
		{ "virtio-blk", "virtio" }, { "vhost-user-blk", "virtio" }, { "scsi-", "scsi" }, { "nvme", "nvme" },
		{ "usb-", "usb" }, { "floppy", "floppy" }, { "sd-card", "sd" }, { "ide-", "ide" },
	};
	const struct qmp_device *d = device_of(g, disk->id);
	size_t i;

	for (i = 0; d && i < ARRAY_SIZE(kinds); i++)
		if (str_has_prefix(d->type, kinds[i].prefix))
			return strcmp(kinds[i].bus, "ide") || !d->bus || !g->cmdline.machine ||
			       !strstr(g->cmdline.machine, "q35") ? kinds[i].bus : "sata";
	if (str_has_prefix(disk->qdev, "/machine/") && strstr(disk->qdev, "/virtio-backend"))
		return "virtio";
	return NULL;
}

static const struct qmp_blockstat *stat_of(const struct guest *g, const char *qdev)
{
	size_t i;

	for (i = 0; i < g->block.n_stats; i++)
		if (!strcmp(g->block.stats[i].qdev, qdev))
			return &g->block.stats[i];
	return NULL;
}

/* Requests in the rings of a virtio-blk disk: the rows of its queues stand in the snapshot already. */
static uint64_t inflight_of(const struct snapshot *snap, const char *ref, const char *id)
{
	uint64_t depth = UNKNOWN_UINT;
	size_t i;

	for (i = snapshot_count(snap, TABLE_QUEUES); i-- > 0; ) {
		const struct queue_row *q = snapshot_row(snap, TABLE_QUEUES, i);

		if (strcmp(q->head.ref, ref))
			break;
		if (!strcmp(q->device, id) && q->depth != UNKNOWN_UINT)
			depth = (depth == UNKNOWN_UINT ? 0 : depth) + q->depth;
	}
	return depth;
}

static void fill_stat(struct disk_row *row, const struct qmp_blockstat *st)
{
	row->rd_ops = st->rd_ops;
	row->wr_ops = st->wr_ops;
	row->rd_total = st->rd_bytes;
	row->wr_total = st->wr_bytes;
	row->rd_ns = st->rd_ns;
	row->wr_ns = st->wr_ns;
	row->busy_ns = st->busy_ns;
	row->failed_ops = st->failed_ops;
}

/* libvirt's name for it, where it has one; both are what a change takes. */
static const char *device_name(const struct guest *g, const struct qmp_disk *disk)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_disks; i++)
		if (def->disks[i].alias && def->disks[i].target && !strcmp(def->disks[i].alias, disk->id))
			return def->disks[i].target;
	return disk->device ? disk->device : disk->node;
}

static void fill_disk(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct qmp_disk *disk)
{
	const struct qmp_blockstat *st = stat_of(g, disk->qdev);
	const struct disk_row *old = s->last ? snapshot_find(s->last, TABLE_DISKS, g->ref, disk->qdev) : NULL;
	bool virtio_blk = bus_of(g, disk) && !strcmp(bus_of(g, disk), "virtio");
	struct disk_row *row;

	/* QEMU has not answered since: what was known, and that it is old */
	if (old && g->block.taken_ns && old->head.taken_ns == g->block.taken_ns) {
		row = snapshot_add_copy(snap, TABLE_DISKS, old);
		row->head.stale = true;
		return;
	}
	row = snapshot_add(snap, TABLE_DISKS);
	rows_head(snap, g, &row->head);
	row->head.key = snapshot_str(snap, disk->qdev);
	row->id = snapshot_str(snap, disk->id);
	row->device = snapshot_str(snap, device_name(g, disk));
	row->file = snapshot_str(snap, disk->file);
	row->format = snapshot_str(snap, disk->format);
	row->bus = bus_of(g, disk);
	row->block_node = snapshot_str(snap, disk->node);
	row->io_status = snapshot_str(snap, disk->io_status);
	row->readonly = disk->read_only ? "on" : "off";
	if (disk->node)
		row->size_bytes = disk->size_bytes;
	if (virtio_blk)
		row->inflight = inflight_of(snap, g->ref, disk->id);
	if (!st)
		return;
	row->head.taken_ns = g->block.taken_ns;
	fill_stat(row, st);
}

/* libvirt's definition: no figures, but no question either. */
static void virt_disks(struct snapshot *snap, const struct guest *g)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_disks; i++) {
		const struct virt_disk *d = &def->disks[i];
		struct disk_row *row = snapshot_add(snap, TABLE_DISKS);

		rows_head(snap, g, &row->head);
		row->head.key = snapshot_printf(snap, "%s/%s", d->alias ? d->alias : "", d->target ? d->target : "");
		row->id = snapshot_str(snap, d->alias);
		row->device = snapshot_str(snap, d->target);
		row->file = snapshot_str(snap, d->source);
		row->format = snapshot_str(snap, d->format);
		row->bus = snapshot_str(snap, d->bus);
		row->readonly = d->read_only ? "on" : "off";
		row->inflight = d->alias ? inflight_of(snap, g->ref, d->alias) : UNKNOWN_UINT;
	}
}

void rows_disks(const struct sampler *s, struct snapshot *snap, struct guest *g)
{
	size_t i, k;

	if (!(g->known & WANT_DEVICES)) {
		virt_disks(snap, g);
		return;
	}
	for (i = 0; i < g->devices.n_disks; i++)
		fill_disk(s, snap, g, &g->devices.disks[i]);
	/* a drive that was not there when the devices were asked for */
	for (i = 0; i < g->block.n_stats && g->block.taken_ns > g->devices.taken_ns; i++) {
		for (k = 0; k < g->devices.n_disks; k++)
			if (!strcmp(g->devices.disks[k].qdev, g->block.stats[i].qdev))
				break;
		if (k == g->devices.n_disks && !g->ask_again_ns)
			g->ask_again_ns = clock_now_ns();
	}
}
