// SPDX-License-Identifier: GPL-3.0-or-later
/* disks: what they do, how QEMU serves them, and whether their images have room. */
#include "tables.h"

#define BLOCKSTATS "query-blockstats, asked for each sample while disks are looked at: "
#define OVER_TIME "; delta over the time between two answers"
#define THE_DISK "query-block, asked again every 10 s while disks are looked at: "
#define HISTOGRAM "_latency_histogram of query-blockstats, while `histogram` is on: what was counted " \
	"between two answers, " \
	"interpolated within a bin; kvmtop's own bins are 26 % wide"
#define PERCENTILE(half, word) "Time that " half " of the " word " completed since the " \
	"sample before took at most; unknown " \
	"while `histogram` is off."
#define WHERE "by a thread of its own with a deadline, every 10 s: "

static const struct column disk_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "id", "ID", "What `disk remove` takes: the device's id, or the QOM path of one without.",
	  "qdev of query-block", UNIT_TEXT, TEXT(disk_row, id), .width = 12, .rank = 1, .label = true },
	{ "device", "DEVICE", "What QEMU calls the drive: the id of -drive, else the name of the block node.",
	  "device, node-name of query-block", UNIT_TEXT, TEXT(disk_row, device), .width = 12, .rank = 7 },
	{ "file", "FILE", "The image or block device, below all filters, or where it is on the network, as in "
	  "nbd://host:port/export; nothing for an empty drive.", "file of query-block; "
	  "query-named-block-nodes and x-debug-query-block-graph where that is not enough", UNIT_TEXT,
	  TEXT(disk_row, file), .width = 30, .rank = 4 },
	{ "format", "FORMAT", "Format of the image: raw, qcow2, luks, ..", "drv of query-block", UNIT_TEXT, TEXT(disk_row, format),
	  .width = 6, .rank = 5 },
	{ "bus", "BUS", "virtio, scsi, ide, sata, usb, nvme, sd or floppy.", "info qtree: QOM type of the device, and of the controller it sits on", UNIT_TEXT,
	  TEXT(disk_row, bus), .width = 6, .rank = 5 },
	{ "rd_iops", "RD/s", "Reads completed per second.", BLOCKSTATS "rd_operations" OVER_TIME, UNIT_PER_S,
	  RATE(disk_row, rd_iops, rd_ops, 1), .width = 5, .rank = 1, .graph = true },
	{ "wr_iops", "WR/s", "Writes completed per second.", BLOCKSTATS "wr_operations" OVER_TIME, UNIT_PER_S,
	  RATE(disk_row, wr_iops, wr_ops, 1), .width = 5, .rank = 1, .graph = true },
	{ "rd_bytes_per_s", "RDB/s", "Bytes read per second.", BLOCKSTATS "rd_bytes" OVER_TIME, UNIT_BYTES_PER_S,
	  RATE(disk_row, rd_bytes_per_s, rd_total, 1), .width = 5, .rank = 1, .graph = true },
	{ "wr_bytes_per_s", "WRB/s", "Bytes written per second.", BLOCKSTATS "wr_bytes" OVER_TIME, UNIT_BYTES_PER_S,
	  RATE(disk_row, wr_bytes_per_s, wr_total, 1), .width = 5, .rank = 1, .graph = true },
	{ "rd_lat_us", "RLAT", "Mean time a read took in QEMU, of the reads completed since the sample before; "
	  "unknown if there was none.", BLOCKSTATS "rd_total_time_ns by rd_operations", UNIT_US,
	  .meaning = "Against what the storage can do: some 100 us for NVMe, 10 ms for disks that turn. "
	  "Higher: it is overloaded, or `throttle_pct` is at 100.",
	  MEAN(disk_row, rd_lat_us, rd_ns, rd_ops, 1e-3), .width = 5, .rank = 2, .graph = true },
	{ "wr_lat_us", "WLAT", "Mean time a write took in QEMU, of the writes completed since the sample before; "
	  "unknown if there was none.", BLOCKSTATS "wr_total_time_ns by wr_operations", UNIT_US,
	  .meaning = "As rd_lat_us. Low writes and slow flushes: a cache before storage that is slow.",
	  MEAN(disk_row, wr_lat_us, wr_ns, wr_ops, 1e-3), .width = 5, .rank = 2, .graph = true },
	{ "inflight", "INFL", "Requests of a virtio-blk disk outstanding now; unknown for other disks, whose rings, "
	  "if any, are those of a controller. A guest of libvirt's is asked for them only where the column is named (--fields, "
	  "--sort, --filter).", "avail.idx - used.idx of the disk's rings, as in queues", UNIT_COUNT,
	  .meaning = "It stays at the same number: the guest's own queue limit is reached; storage is the "
	  "narrow place.",
	  UINT(disk_row, inflight), .width = 4, .rank = 2, .needs = NEED_RINGS, .descending = true },
	{ "flushes_per_s", "FL/s", "Flushes completed per second.", BLOCKSTATS "flush_operations" OVER_TIME,
	  UNIT_PER_S, RATE(disk_row, flushes_per_s, fl_ops, 1), .width = 5, .rank = 3, .graph = true },
	{ "fl_lat_us", "FLAT", "Mean time a flush took in QEMU, of those completed since the sample before; unknown "
	  "if there was none.", BLOCKSTATS "flush_total_time_ns by flush_operations", UNIT_US,
	  .meaning = "Databases wait for flushes: a slow one is storage without a protected write cache, "
	  "or a journal that many share.",
	  MEAN(disk_row, fl_lat_us, fl_ns, fl_ops, 1e-3), .width = 5, .rank = 3, .graph = true },
	{ "discards_per_s", "DISC/s", "Discards (TRIM, UNMAP) completed per second. Those of a virtio-blk disk QEMU "
	  "does not count: of it, those that reached the image's file.", BLOCKSTATS "unmap_operations, "
	  "discard-nb-ok" OVER_TIME, UNIT_PER_S, RATE(disk_row, discards_per_s, dc_ops, 1), .width = 6, .rank = 5,
	  .graph = true },
	{ "discard_bytes_per_s", "DISCB/s", "Bytes discarded per second.",
	  BLOCKSTATS "unmap_bytes, discard-bytes-ok" OVER_TIME, UNIT_BYTES_PER_S,
	  RATE(disk_row, discard_bytes_per_s, dc_total, 1), .width = 7, .rank = 7 },
	{ "discard_lat_us", "DLAT", "Mean time a discard took in QEMU, of those completed since the sample before; "
	  "unknown if there was none, and of virtio-blk.", BLOCKSTATS "unmap_total_time_ns by unmap_operations",
	  UNIT_US, MEAN(disk_row, discard_lat_us, dc_ns, dc_ops, 1e-3), .width = 5, .rank = 7 },
	{ "rd_p50_us", "R50", PERCENTILE("half", "reads"), "rd" HISTOGRAM, UNIT_US, NUM(disk_row, rd_p50_us),
	  .width = 5, .rank = 6, .spans = true, .descending = true },
	{ "rd_p99_us", "R99", PERCENTILE("99 %", "reads"), "rd" HISTOGRAM, UNIT_US, NUM(disk_row, rd_p99_us),
	  .meaning = "Far above R50: some reads wait for others, for a flush, or for a path that fails.",
	  .width = 5, .rank = 4, .spans = true, .descending = true },
	{ "wr_p50_us", "W50", PERCENTILE("half", "writes"), "wr" HISTOGRAM, UNIT_US, NUM(disk_row, wr_p50_us),
	  .width = 5, .rank = 6, .spans = true, .descending = true },
	{ "wr_p99_us", "W99", PERCENTILE("99 %", "writes"), "wr" HISTOGRAM, UNIT_US, NUM(disk_row, wr_p99_us),
	  .meaning = "Far above W50: as R99.",
	  .width = 5, .rank = 4, .spans = true, .descending = true },
	{ "fl_p99_us", "F99", PERCENTILE("99 %", "flushes"), "flush" HISTOGRAM, UNIT_US, NUM(disk_row, fl_p99_us),
	  .width = 5, .rank = 7, .spans = true, .descending = true },
	{ "histogram", "HIST", "on: QEMU counts latencies, see `histogram`.",
	  "rd_, wr_, flush_latency_histogram of query-blockstats", UNIT_TEXT, TEXT(disk_row, histogram), .width = 4,
	  .rank = 8 },
	{ "inflight_mean", "INFLAVG", "Mean number of requests in flight, by those that were completed.",
	  BLOCKSTATS "rd_, wr_, flush_ and unmap_total_time_ns" OVER_TIME, UNIT_NUMBER,
	  RATE(disk_row, inflight_mean, busy_ns, 1e-9), .width = 7, .rank = 6 },
	{ "errors_per_s", "ERR/s", "Requests that failed per second.", BLOCKSTATS "failed_*_operations" OVER_TIME,
	  UNIT_PER_S, RATE(disk_row, errors_per_s, failed_ops, 1), .width = 5, .rank = 4, MARK(ABOVE, 0.001),
	  .meaning = "Storage fails, or is full: `io_status`, `space`, the kernel's log of the host." },
	{ "invalid_per_s", "INV/s", "Requests per second that make no sense, such as one beyond the disk's end.",
	  BLOCKSTATS "invalid_*_operations" OVER_TIME, UNIT_PER_S, RATE(disk_row, invalid_per_s, invalid_ops, 1),
	  .width = 5, .rank = 8 },
	{ "io_status", "STATUS", "ok, failed, or nospace: the guest was stopped because of this disk.",
	  "io-status of query-block", UNIT_TEXT, TEXT(disk_row, io_status), .width = 7, .rank = 5 },
	{ "throttle", "LIMIT", "The disk's I/O limits: iops and bytes per second, in all, of reads (rd), of writes "
	  "(wr); + behind it: more is let through for a while. none: no limits. Those of throttle "
	  "filters above the image are among them.", THE_DISK "iops, iops_rd, .., bps_wr; limits of the throttle-group", UNIT_TEXT, TEXT(disk_row, throttle), .width = 16,
	  .rank = 4 },
	{ "throttle_pct", "LIMIT%", "Which part of the limit it is nearest to the disk uses: at 100 its requests "
	  "wait. Members of a throttle group share the limit, and each is counted alone here.",
	  BLOCKSTATS "operations and bytes over time by the limit of query-block", UNIT_PCT,
	  NUM(disk_row, throttle_pct), .width = 6, .rank = 3, MARK(ABOVE, 95), .share = true, .spans = true,
	  .meaning = "The disk's own limit holds the guest back: raise it (block_set_io_throttle, virsh "
	  "blkdeviotune), or it is as wanted.",
	  .descending = true },
	{ "throttle_group", "GROUP", "Throttle group whose members share the limits.", THE_DISK "group", UNIT_TEXT,
	  TEXT(disk_row, throttle_group), .width = 12, .rank = 8 },
	{ "cache", "CACHE", "none, writeback, writethrough, directsync or unsafe, as for -drive cache=.",
	  THE_DISK "cache", UNIT_TEXT, TEXT(disk_row, cache), .width = 12, .rank = 5 },
	{ "aio", "AIO", "threads, native or io_uring; unknown of a disk that was plugged in by others than libvirt.",
	  "-blockdev, -drive on the command line; libvirt's definition", UNIT_TEXT, TEXT(disk_row, aio), .width = 8,
	  .rank = 6 },
	{ "iothread", "IOTHREAD", "The IOThread that serves the disk, or its controller; nothing: QEMU's main loop "
	  "does.", "iothread of the virtio device", UNIT_TEXT, TEXT(disk_row, iothread), .width = 8, .rank = 6,
	  .needs = NEED_RINGS },
	{ "chain", "CHAIN", "Images below the top one: each is one more to look into for a read.",
	  THE_DISK "backing_file_depth", UNIT_COUNT, UINT(disk_row, chain), .width = 5, .rank = 6, .descending = true,
	  .meaning = "Reads of what the top image lacks go through all of them: merge with block commit or "
	  "stream." },
	{ "size_bytes", "SIZE", "Size of the disk as the guest sees it.", "virtual-size of query-block", UNIT_BYTES,
	  UINT(disk_row, size_bytes), .width = 5, .rank = 4, .descending = true },
	{ "allocation_bytes", "ALLOC", "What the top image takes where it is stored; of an image on a block device, "
	  "how far it was written since QEMU was started.", THE_DISK "actual-size; query-blockstats "
	  "wr_highest_offset", UNIT_BYTES, UINT(disk_row, allocation_bytes), .width = 5, .rank = 5,
	  .whole = offsetof(struct disk_row, size_bytes), .descending = true },
	{ "storage", "STORAGE", "What the image is stored in: the file system's kind; block: a block device; lvm, "
	  "lvm-thin: a logical volume, one of a thin pool; nbd, rbd, iscsi, https, .. of what is on the network.", WHERE "statfs through the process's root; dm/uuid of "
	  "the device in sysfs", UNIT_TEXT, TEXT(disk_row, storage), .width = 8, .rank = 6, .needs = NEED_SPACE },
	{ "free_bytes", "FREE", "What is free there for an ordinary user (f_bavail): in the file system, behind the "
	  "image's end on a block device, in the thin pool; unknown of a raw image on a block device of its own.",
	  WHERE "statfs; the device's size less the image's end; status of the thin pool (device mapper)",
	  UNIT_BYTES, UINT(disk_row, free_bytes), .width = 5, .rank = 4, .needs = NEED_SPACE },
	{ "space_pct", "SPACE%", "How full that is.", "as free_bytes", UNIT_PCT, NUM(disk_row, space_pct),
	  .meaning = "Writes fail with ENOSPC when it is full, and the guest stops: make room, or grow the "
	  "storage.",
	  .width = 6, .rank = 6, MARK(ABOVE, 95), .share = true, .needs = NEED_SPACE, .descending = true },
	{ "space", "SPACE", "full: the guest was stopped for want of room (ENOSPC); low: less than 5 % is free; "
	  "short: the image may still grow by more than is free; hung: the storage did not answer within 2 s; else "
	  "ok.", "free_bytes against size_bytes less allocation_bytes; io-status of query-block", UNIT_TEXT,
	  TEXT(disk_row, space), .width = 5, .rank = 2, .needs = NEED_SPACE },
	{ "readonly", "RO", "on: the guest cannot write.", "ro of query-block", UNIT_TEXT, TEXT(disk_row, readonly),
	  .width = 3, .rank = 8 },
	{ "block_node", "BLOCKNODE", "Name of the top block node.", "node-name of query-block", UNIT_TEXT,
	  TEXT(disk_row, block_node), .width = 12, .rank = 9 },
};
const struct table disks_table = TABLE("disks", "disks", disk_row, disk_columns, NULL,
	NEED_DISKS | NEED_BLOCK);
