// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of disks. */
#include "private.h"

#include <string.h>

/* A guest's own lists by the names that join them. */
struct joins {
	const struct guest *g;
	struct names stats, drives, queues;
	uint64_t *inflight;		/* of each in queues */
};

static void joins_done(struct joins *j)
{
	names_clear(&j->stats);
	names_clear(&j->drives);
	names_clear(&j->queues);
	free(j->inflight);
}

/* Requests in the rings of virtio-blk disks: the rows of its queues stand in the snapshot already, as the last ones. */
static void join_queues(const struct snapshot *snap, struct joins *j)
{
	size_t n = 0, i, at;

	for (i = snapshot_count(snap, TABLE_QUEUES); i-- > 0; ) {
		const struct queue_row *q = snapshot_row(snap, TABLE_QUEUES, i);

		if (strcmp(q->head.ref, j->g->ref))
			break;
		if (q->depth == UNKNOWN_UINT)
			continue;
		at = names_find(&j->queues, q->device, NULL);
		if (at == NAMES_NONE) {
			at = n;
			names_add(&j->queues, q->device, NULL, at);
			*vec_push(j->inflight, n) = 0;
		}
		j->inflight[at] += q->depth;
	}
}

static struct joins joins_of(const struct snapshot *snap, const struct guest *g)
{
	struct joins j = { .g = g };
	size_t i;

	for (i = 0; i < g->block.n_stats; i++)
		names_add(&j.stats, g->block.stats[i].qdev, NULL, i);
	for (i = 0; i < g->cmdline.n_drives; i++)
		names_add(&j.drives, g->cmdline.drives[i].node, NULL, i);
	join_queues(snap, &j);
	return j;
}

static const struct qmp_blockstat *stat_of(const struct joins *j, const char *qdev, const struct latency **latency)
{
	size_t i = names_find(&j->stats, qdev, NULL);

	if (i == NAMES_NONE)
		return NULL;
	*latency = &j->g->block.latencies[i];
	return &j->g->block.stats[i];
}

static uint64_t inflight_of(const struct joins *j, const char *id)
{
	size_t i = names_find(&j->queues, id, NULL);

	return i == NAMES_NONE ? UNKNOWN_UINT : j->inflight[i];
}

/* Unknown only where all of them are: a kind that QEMU does not count adds nothing. */
static uint64_t sum(const uint64_t *counts, size_t n)
{
	uint64_t all = UNKNOWN_UINT;
	size_t i;

	for (i = 0; i < n; i++)
		if (counts[i] != QMP_UNKNOWN)
			all = (all == UNKNOWN_UINT ? 0 : all) + counts[i];
	return all;
}

static void fill_stat(struct disk_row *row, const struct qmp_blockstat *st)
{
	const struct qmp_iostat *rd = &st->io[QMP_READ], *wr = &st->io[QMP_WRITE], *fl = &st->io[QMP_FLUSH];
	const struct qmp_iostat *dc = &st->io[QMP_DISCARD];
	const uint64_t ns[] = { rd->ns, wr->ns, fl->ns, dc->ns };
	const uint64_t failed[] = { rd->failed, wr->failed, fl->failed, dc->failed };
	const uint64_t invalid[] = { rd->invalid, wr->invalid, fl->invalid, dc->invalid };

	row->rd_ops = rd->ops;
	row->wr_ops = wr->ops;
	row->fl_ops = fl->ops;
	row->dc_ops = dc->ops;
	row->rd_total = rd->bytes;
	row->wr_total = wr->bytes;
	row->dc_total = dc->bytes;
	row->rd_ns = rd->ns;
	row->wr_ns = wr->ns;
	row->fl_ns = fl->ns;
	row->dc_ns = dc->ns;
	row->busy_ns = sum(ns, ARRAY_SIZE(ns));
	row->failed_ops = sum(failed, ARRAY_SIZE(failed));
	row->invalid_ops = sum(invalid, ARRAY_SIZE(invalid));
	row->histogram = rd->latency.bounds || wr->latency.bounds || fl->latency.bounds ? "on" : "off";
}

/* QEMU does not count the discards of virtio-blk; what reached the file below is counted by its driver. */
static void fill_uncounted(struct disk_row *row, const struct qmp_blockstat *st)
{
	if (!row->bus || strcmp(row->bus, "virtio") || row->dc_ops)
		return;
	row->dc_ops = st->file_discards;
	row->dc_total = st->file_discard_bytes;
	row->dc_ns = UNKNOWN_UINT;
}

static void fill_latency(struct disk_row *row, const struct latency *l)
{
	row->rd_p50_us = l->p50_us[QMP_READ];
	row->rd_p99_us = l->p99_us[QMP_READ];
	row->wr_p50_us = l->p50_us[QMP_WRITE];
	row->wr_p99_us = l->p99_us[QMP_WRITE];
	row->fl_p99_us = l->p99_us[QMP_FLUSH];
}

/* "iops 500, wr 10M/s+" */
static const char *throttle_text(struct snapshot *snap, const struct qmp_disk *disk)
{
	const struct qmp_throttle *t = &disk->throttle;
	const struct {
		const char *before, *behind;
		uint64_t limit;
	} limits[] = {
		{ "iops ", "", t->iops }, { "rd iops ", "", t->iops_rd }, { "wr iops ", "", t->iops_wr },
		{ "", "B/s", t->bps }, { "rd ", "B/s", t->bps_rd }, { "wr ", "B/s", t->bps_wr },
	};
	auto_buf struct buf all = {0};
	char number[16];
	size_t i;

	if (t->unknown)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		if (!limits[i].limit)
			continue;
		units_scaled((double)limits[i].limit, 1000, number, sizeof(number));
		buf_printf(&all, "%s%s%s%s", all.len ? ", " : "", limits[i].before, number, limits[i].behind);
	}
	if (!all.len)
		return disk->node ? "none" : NULL;
	return snapshot_printf(snap, "%s%s", all.text, t->bursts ? "+" : "");
}

/* How far two counters moved, together, since the answer before; negative: not known. */
static double moved(uint64_t a0, uint64_t a1, uint64_t b0, uint64_t b1)
{
	if (a0 == UNKNOWN_UINT || b0 == UNKNOWN_UINT || a1 == UNKNOWN_UINT || b1 == UNKNOWN_UINT || a1 < a0 || b1 < b0)
		return -1;
	return (double)(a1 - a0) + (double)(b1 - b0);
}

/* The largest of six shares is no rate of one counter, so the rates' own way does not fit. */
static double throttle_pct(const struct qmp_throttle *t, const struct disk_row *old, const struct disk_row *row)
{
	const struct {
		uint64_t limit;
		double moved;
	} shares[] = {
		{ t->iops, moved(old->rd_ops, row->rd_ops, old->wr_ops, row->wr_ops) },
		{ t->iops_rd, moved(old->rd_ops, row->rd_ops, 0, 0) },
		{ t->iops_wr, moved(old->wr_ops, row->wr_ops, 0, 0) },
		{ t->bps, moved(old->rd_total, row->rd_total, old->wr_total, row->wr_total) },
		{ t->bps_rd, moved(old->rd_total, row->rd_total, 0, 0) },
		{ t->bps_wr, moved(old->wr_total, row->wr_total, 0, 0) },
	};
	double seconds = (double)(row->head.taken_ns - old->head.taken_ns) / (double)NS_PER_SEC, most = UNKNOWN_NUM;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		double pct;

		if (!shares[i].limit || shares[i].moved < 0)
			continue;
		pct = 100 * shares[i].moved / seconds / (double)shares[i].limit;
		if (isnan(most) || pct > most)
			most = pct;
	}
	return most;
}

static const struct virt_disk *virt_disk_of(const struct guest *g, const char *id)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_disks; i++)
		if (def->disks[i].alias && !strcmp(def->disks[i].alias, id))
			return &def->disks[i];
	return NULL;
}

/* The option stands at the node that opens the file, which is the top one or below it. */
#define NODES_DEEP 32
static const char *aio_of(const struct joins *j, const struct qmp_disk *disk, const struct qmp_blockstat *st)
{
	const char *const nodes[] = { disk->device, disk->node, st ? st->file_node : NULL };
	const struct virt_disk *d = virt_disk_of(j->g, disk->id);
	const char *aio = d ? d->io : NULL;
	const struct qmp_cmdline *c = &j->g->cmdline;
	size_t i, at, hops;

	for (i = 0; !aio && i < ARRAY_SIZE(nodes); i++) {
		at = names_find(&j->drives, nodes[i], NULL);
		for (hops = 0; at != NAMES_NONE && !c->drives[at].aio && hops < NODES_DEEP; hops++)
			at = names_find(&j->drives, c->drives[at].below, NULL);
		aio = at == NAMES_NONE ? NULL : c->drives[at].aio;
	}
	return aio;
}

/* What the image may still grow by: it is stored in pieces as the guest writes. */
static uint64_t growth_of(const struct disk_row *row)
{
	if (row->size_bytes == UNKNOWN_UINT || row->allocation_bytes == UNKNOWN_UINT)
		return UNKNOWN_UINT;
	return row->size_bytes > row->allocation_bytes ? row->size_bytes - row->allocation_bytes : 0;
}

static const char *space_mark(const struct disk_row *row, uint64_t growth)
{
	if (row->io_status && !strcmp(row->io_status, "nospace"))
		return "full";
	if (row->free_bytes == UNKNOWN_UINT)
		return NULL;
	if (growth && row->space_pct > 95)
		return "low";
	if (growth != UNKNOWN_UINT && growth > row->free_bytes)
		return "short";
	return "ok";
}

/* Of what is no file here, such as "nbd+unix:///export?socket=..": the protocol. */
static const char *protocol_of(struct snapshot *snap, const char *file)
{
	size_t len = file ? strcspn(file, ":+/") : 0;

	return len && (file[len] == ':' || file[len] == '+') ? snapshot_printf(snap, "%.*s", (int)len, file) : NULL;
}

/* file_end: of an image on a block device, 0 or unknown: not known. */
static void fill_space(struct disk_row *row, const struct guest *g, struct snapshot *snap, const char *file, uint64_t file_end)
{
	bool hung, raw = row->format && !strcmp(row->format, "raw");
	const struct host_store *st = space_of(g, file, &hung);
	uint64_t total;

	row->storage = protocol_of(snap, file);
	if (st) {
		row->storage = snapshot_str(snap, st->kind);
		total = st->total_bytes;
		if (st->device && file_end && file_end != QMP_UNKNOWN)
			row->allocation_bytes = file_end;
		else if (st->device)		/* blocks of a device node are no allocation */
			row->allocation_bytes = UNKNOWN_UINT;
		else if (row->allocation_bytes == UNKNOWN_UINT)
			row->allocation_bytes = st->file_allocated_bytes;
		if (!st->device && raw && row->size_bytes == UNKNOWN_UINT)
			row->size_bytes = st->file_bytes;
		if (st->has_free)
			row->free_bytes = st->free_bytes;
		else if (st->device && !raw && row->allocation_bytes < total)
			row->free_bytes = total - row->allocation_bytes;
		if (total && row->free_bytes <= total)
			row->space_pct = 100 * (double)(total - row->free_bytes) / (double)total;
	}
	row->space = hung ? "hung" : space_mark(row, growth_of(row));
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

static void fill_about(struct snapshot *snap, const struct joins *j, const struct qmp_disk *disk,
		       const struct qmp_blockstat *st, struct disk_row *row)
{
	row->head.key = snapshot_str(snap, disk->qdev);
	row->id = snapshot_str(snap, disk->id);
	row->device = snapshot_str(snap, device_name(j->g, disk));
	row->file = snapshot_str(snap, disk->file);
	row->format = snapshot_str(snap, disk->format);
	row->bus = disk->bus;
	row->block_node = snapshot_str(snap, disk->node);
	row->io_status = snapshot_str(snap, disk->io_status);
	row->readonly = disk->read_only ? "on" : "off";
	row->cache = disk->cache;
	row->aio = snapshot_str(snap, aio_of(j, disk, st));
	row->iothread = rows_iothread(snap, j->g, disk->id, disk->iothread);
	row->throttle = throttle_text(snap, disk);
	row->throttle_group = snapshot_str(snap, disk->throttle.group);
	if (!disk->node)
		return;
	row->size_bytes = disk->size_bytes;
	row->allocation_bytes = disk->allocated_bytes;
	row->chain = disk->chain;
}

static void fill_disk(const struct sampler *s, struct snapshot *snap, const struct joins *j, const struct qmp_disk *disk)
{
	const struct guest *g = j->g;
	const struct latency *latency = NULL;
	const struct qmp_blockstat *st = stat_of(j, disk->qdev, &latency);
	const struct disk_row *old = s->last ? snapshot_find(s->last, TABLE_DISKS, g->ref, disk->qdev) : NULL;
	struct disk_row *row;

	/* QEMU has not answered since: what was known, and that it is old */
	if (old && g->block.taken_ns && old->head.taken_ns == g->block.taken_ns) {
		row = snapshot_add_copy(snap, TABLE_DISKS, old);
		row->head.stale = true;
		return;
	}
	row = snapshot_add(snap, TABLE_DISKS);
	rows_head(snap, g, &row->head);
	fill_about(snap, j, disk, st, row);
	if (row->bus && !strcmp(row->bus, "virtio"))
		row->inflight = inflight_of(j, disk->id);
	fill_space(row, g, snap, disk->file, st ? st->file_end : QMP_UNKNOWN);
	if (!st)
		return;
	row->head.taken_ns = g->block.taken_ns;
	fill_stat(row, st);
	fill_uncounted(row, st);
	fill_latency(row, latency);
	if (old && old->head.taken_ns < row->head.taken_ns)
		row->throttle_pct = throttle_pct(&disk->throttle, old, row);
}

/* As QEMU calls it: a drive without a medium has none, and LUKS is a format where nothing is around it. */
static const char *virt_format(struct snapshot *snap, const struct virt_disk *d)
{
	if (!d->source || !d->format)
		return NULL;
	return d->luks && !strcmp(d->format, "raw") ? "luks" : snapshot_str(snap, d->format);
}

/* libvirt's definition: no figures, but no question either. */
static void virt_disks(struct snapshot *snap, const struct guest *g)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	struct joins j = { .g = g };
	size_t i;

	join_queues(snap, &j);
	for (i = 0; def && i < def->n_disks; i++) {
		const struct virt_disk *d = &def->disks[i];
		const char *file = d->path ? d->path : d->source;
		struct disk_row *row = snapshot_add(snap, TABLE_DISKS);

		rows_head(snap, g, &row->head);
		row->head.key = snapshot_printf(snap, "%s/%s", d->alias ? d->alias : "", d->target ? d->target : "");
		row->id = snapshot_str(snap, d->alias);
		row->device = snapshot_str(snap, d->target);
		row->file = snapshot_str(snap, file);
		row->format = virt_format(snap, d);
		row->bus = d->bus && !strcmp(d->bus, "fdc") ? "floppy" : snapshot_str(snap, d->bus);
		row->readonly = d->read_only ? "on" : "off";
		row->cache = snapshot_str(snap, d->cache);
		row->aio = snapshot_str(snap, d->io);
		row->iothread = d->alias ? rows_iothread(snap, g, d->alias, NULL) : NULL;
		row->inflight = d->alias ? inflight_of(&j, d->alias) : UNKNOWN_UINT;
		fill_space(row, g, snap, file, QMP_UNKNOWN);
	}
	joins_done(&j);
}

/* QEMU lists what the board's firmware and its variables are in, too. */
static bool is_firmware(const struct qmp_disk *d)
{
	return d->bus && !strcmp(d->bus, QMP_BUS_PFLASH);
}

void rows_disks(const struct sampler *s, struct snapshot *snap, struct guest *g)
{
	auto_names struct names disks = {0};
	struct joins j;
	size_t i;

	if (!(g->known & WANT_DISKS)) {
		virt_disks(snap, g);
		return;
	}
	j = joins_of(snap, g);
	for (i = 0; i < g->disks.n_disks; i++) {
		names_add(&disks, g->disks.disks[i].qdev, NULL, i);
		if (!is_firmware(&g->disks.disks[i]))
			fill_disk(s, snap, &j, &g->disks.disks[i]);
	}
	joins_done(&j);
	/* a drive that was not there when the devices were asked for */
	for (i = 0; i < g->block.n_stats && g->block.taken_ns > g->disks.taken_ns; i++)
		if (!g->ask_again_ns && names_find(&disks, g->block.stats[i].qdev, NULL) == NAMES_NONE)
			g->ask_again_ns = clock_now_ns();
}
