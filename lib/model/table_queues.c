// SPDX-License-Identifier: GPL-3.0-or-later
/* queues: what is in the virtqueues; vhost: the kernel threads that work them. */
#include "tables.h"

#define PROBES "each reading of the ring: ten a second, fewer while it stands still; --ring-hz " \
	"and the screen's page of one " \
	"guest set the rate"
#define SAMPLED PROBES ", since the sample before"

static const struct column queue_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "device", "DEVICE", "qdev id of the virtio device, or its QOM path where it has no id.", "x-query-virtio",
	  UNIT_TEXT, TEXT(queue_row, device), .width = 14, .rank = 1, .label = true },
	{ "queue", "Q", "Index of the queue in its device.", "x-query-virtio-status", UNIT_COUNT,
	  UINT(queue_row, queue), .width = 3, .rank = 1, .label = true },
	{ "kind", "KIND", "request: the guest asks, the device answers; its depth is outstanding work. supply: the "
	  "guest posts empty buffers (receive, events); its depth is buffers left, 0 is starved, and it is never "
	  "stalled.", "device type and queue index, by the virtio specification", UNIT_TEXT, TEXT(queue_row, kind),
	  .width = 8, .rank = 2 },
	{ "size", "SIZE", "Descriptors in the ring.", "x-query-virtio-queue-status vring-num, "
	  "x-query-virtio-vhost-queue-status num", UNIT_COUNT, UINT(queue_row, size), .width = 5, .rank = 3,
	  .descending = true },
	{ "depth", "DEPTH", "Entries the guest made available and the device has not used yet, now.",
	  "(avail.idx - used.idx) mod 65536, read from the ring in QEMU's memory, used first", UNIT_COUNT,
	  UINT(queue_row, depth), .width = 5, .rank = 1, .needs = NEED_RINGS, .descending = true, .graph = true,
	  .meaning = "Near SIZE: the ring is full and the guest waits to submit. 0 of a supply ring: "
	  "packets are dropped before it, the guest does not refill in time.",
	  .whole = offsetof(struct queue_row, size) },
	{ "depth_mean", "MEAN", "Mean of the depths read since the sample before.", SAMPLED, UNIT_NUMBER,
	  NUM(queue_row, depth_mean), .spans = true, .width = 5, .rank = 4, .descending = true },
	{ "depth_max", "PEAK", "Largest depth read since the sample before.", SAMPLED, UNIT_COUNT,
	  UINT(queue_row, depth_max), .spans = true, .width = 5, .rank = 4, .descending = true },
	{ "depth_p50", "P50", "Half of the depths read were this or less.", SAMPLED, UNIT_COUNT,
	  UINT(queue_row, depth_p50), .spans = true, .width = 5, .rank = 5, .descending = true },
	{ "depth_p99", "P99", "99 of 100 of the depths read were this or less.", SAMPLED, UNIT_COUNT,
	  .meaning = "Far above the mean: requests come in bursts, or storage pauses now and then.",
	  UINT(queue_row, depth_p99), .spans = true, .width = 5, .rank = 4, .descending = true },
	{ "lat_us", "LAT", "Mean time a request was in the ring. Unknown for a supply ring, below 100 readings, "
	  "and when no request came out.", "Little's law: mean depth over requests used per microsecond, of the "
	  "readings since the sample before", UNIT_US, NUM(queue_row, lat_us), .spans = true, .graph = true,
	  .meaning = "What a request waits and takes together; compare with rd_lat_us in `disks`: the "
	  "difference is waiting in the ring.",
	  .width = 5, .rank = 3, .descending = true },
	{ "req_per_s", "REQ/s", "Entries the device gave back per second. Unknown where the ring may have gone "
	  "around unseen.", "used.idx; delta over elapsed time", UNIT_PER_S,
	  RATE(queue_row, req_per_s, used_total, 1), .width = 6, .rank = 1, .needs = NEED_RINGS, .local = true,
	  .graph = true },
	{ "backend", "BACKEND", "Who works the ring: QEMU (its main loop), an IOThread, vhost and the thread's id "
	  "(see vhost), or vhost-user.", "iothread property; vhost-started of x-query-virtio-status; the thread as "
	  "vhost tells", UNIT_TEXT, TEXT(queue_row, backend), .width = 16, .rank = 2, .needs = NEED_VHOST },
	{ "stalled_seconds", "STALL", "How long, at the least, a request ring of a running guest has held work of "
	  "which nothing was used; 0 when it moves or is empty. Unknown for a supply ring.", PROBES, UNIT_SECONDS,
	  NUM(queue_row, stalled_seconds), .width = 5, .rank = 2, .needs = NEED_RINGS, .descending = true,
	  .meaning = "The backend does nothing: a blocked image or storage, a hung vhost-user process, an "
	  "IOThread that waits for a CPU.",
	  MARK(ABOVE, 1) },
	{ "irq_pct", "IRQ%", "Share of the readings at which the guest wanted to be interrupted for what it waits "
	  "for; little: it polls, or is slow to come back.", "used_event of the ring, or its avail.flags where "
	  "event_idx was not negotiated; " SAMPLED, UNIT_PCT, NUM(queue_row, irq_pct), .spans = true, .share = true,
	  .meaning = "High at a high rate: each request costs an interrupt; the guest does not poll.",
	  .width = 5, .rank = 7, .needs = NEED_RINGS | NEED_NOTIFY, .descending = true },
	{ "kick_pct", "KICK%", "Share of the readings at which the device wanted to be notified of the next entry; "
	  "little: it is busy or polls.", "avail_event of the ring, or its used.flags where event_idx was not "
	  "negotiated; " SAMPLED, UNIT_PCT, NUM(queue_row, kick_pct), .spans = true, .share = true, .width = 5,
	  .rank = 7, .needs = NEED_RINGS | NEED_NOTIFY, .descending = true },
	{ "features", "FEATURES", "What guest and device agreed on that decides how the ring works: event_idx, "
	  "indirect, packed, in_order, iommu, mq, mrg_rxbuf; legacy: before virtio 1.0; none.",
	  "guest-features of x-query-virtio-status", UNIT_TEXT, TEXT(queue_row, features), .width = 22, .rank = 6 },
	{ "samples", "SAMPLES", "Readings that the depths are of: the histogram's total.", SAMPLED, UNIT_COUNT,
	  UINT(queue_row, samples), .spans = true, .width = 7, .rank = 7, .descending = true },
	{ "hist", "HISTOGRAM", "How often each depth was read, as DEPTH:TIMES with blanks between; by powers of two, "
	  "as 0:812 1:90 2-3:80 4-7:18.", SAMPLED, UNIT_TEXT, TEXT(queue_row, hist), .spans = true, .width = 40,
	  .rank = 8, .passing = true },
	{ "note", "NOTE", "Why figures of the ring are unknown.", "kvmtop", UNIT_TEXT, TEXT(queue_row, note),
	  .width = 30, .rank = 6, .needs = NEED_RINGS },
};
const struct table queues_table = TABLE("queues", "virtqueues", queue_row, queue_columns, NULL,
	NEED_RINGS | NEED_DEPTHS);

static const struct column vhost_columns[] = {
	COLUMN_VM, COLUMN_REF,
	{ "tid", "TID", "Id of the vhost thread: a kernel thread of its own before Linux 6.4, else one of QEMU's.",
	  "/proc, by the name vhost-PID", UNIT_COUNT, UINT(vhost_row, tid), .width = 7, .rank = 1, .label = true },
	{ "nic", "NIC", "Device whose rings it works: a NIC, or another vhost device.", "how tells", UNIT_TEXT,
	  TEXT(vhost_row, nic), .width = 14, .rank = 1, .label = true },
	{ "queue", "Q", "Queue pair of the NIC, from 0: pair N is the rings 2N (receive) and 2N+1 (transmit).",
	  "how tells", UNIT_COUNT, UINT(vhost_row, queue), .width = 3, .rank = 1, .label = true },
	{ "run_pct", "RUN%", "Share of the time the thread was on a CPU.",
	  "run time in its schedstat; delta over elapsed time", UNIT_PCT, RATE(vhost_row, run_pct, run_ns, PER_NS),
	  .meaning = "Near 100 the worker is at its end, and its NIC with it: more queue pairs, or pin it "
	  "to a CPU of its own.",
	  .width = 6, .rank = 1, .graph = true, .share = true },
	{ "wait_pct", "WAIT%", "Share of the time the thread was ready to run and waited for a CPU.",
	  "run-queue wait in its schedstat; delta over elapsed time", UNIT_PCT,
	  .meaning = "The worker waits for a CPU that others use: packets are late or dropped. Pin it away "
	  "from vCPUs.",
	  RATE(vhost_row, wait_pct, wait_ns, PER_NS), .width = 6, .rank = 1, .graph = true, MARK(ABOVE, 10) },
	{ "req_per_s", "REQ/s", "Entries used per second in the rings it works.",
	  "used.idx of both rings; delta over elapsed time", UNIT_PER_S, RATE(vhost_row, req_per_s, used_total, 1),
	  .width = 6, .rank = 3, .local = true, .graph = true },
	{ "state", "S", "State of the thread: R runs or is ready, S sleeps, D waits in the kernel.",
	  "field 3 of its stat", UNIT_TEXT, TEXT(vhost_row, state), .width = 1, .rank = 5, .passing = true },
	{ "cpu", "CPU", "Host CPU on which it ran last.", "field 39 of its stat", UNIT_COUNT, UINT(vhost_row, cpu),
	  .width = 4, .rank = 2 },
	{ "affinity", "AFFINITY", "Host CPUs on which it may run.", "Cpus_allowed_list of its status", UNIT_TEXT,
	  TEXT(vhost_row, affinity), .width = 12, .rank = 2, .needs = NEED_AFFINITY },
	{ "node", "NODE", "NUMA node of the host CPU on which it ran last.",
	  "/sys/devices/system/node/nodeN/cpulist", UNIT_COUNT, UINT(vhost_row, node), .width = 4, .rank = 4 },
	{ "ifname", "IF", "Host interface of the NIC.", "info network; fdinfo of its descriptor", UNIT_TEXT,
	  TEXT(vhost_row, ifname), .width = 10, .rank = 4 },
	{ "how", "HOW", "How sure it is whose thread this is: only (one thread, one queue pair); rings (whenever "
	  "those rings moved this thread had run, and no other one always had); order (threads start in the order of "
	  "the netdevs); unsure.", "start times, -netdev on the command line, descriptors of /dev/vhost-net; "
	  "readings of the rings while kvmtop looks", UNIT_TEXT, TEXT(vhost_row, how), .width = 6, .rank = 3 },
};
const struct table vhost_table = TABLE("vhost", "vhost threads", vhost_row, vhost_columns, "run_pct",
				       NEED_VHOST | NEED_TASKS | NEED_RINGS | NEED_STATE);
