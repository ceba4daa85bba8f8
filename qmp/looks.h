/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Typed QMP calls of the look-ups; the rules are those of calls.h. None of them disturbs a guest:
 * what stops rings or kicks vCPUs is not asked.
 */
#ifndef KT_QMP_LOOKS_H
#define KT_QMP_LOOKS_H

#include "client.h"

/*
 * query-blockstats: counters since QEMU was started, of each drive that a device uses. A count that is missing or no
 * count is QMP_UNKNOWN.
 */
#define QMP_UNKNOWN UINT64_MAX

enum qmp_io { QMP_READ, QMP_WRITE, QMP_FLUSH, QMP_DISCARD, QMP_IOS };

/* Latencies since it was switched on: bins[0] is below bounds[0], bins[n_bounds] is bounds[n_bounds - 1] and more. */
struct qmp_histogram {
	uint64_t *bounds, *bins;	/* ns, ascending; NULL: there is none */
	size_t n_bounds;
};

struct qmp_blockstat {
	char *qdev;			/* as in struct qmp_disk */
	char *file_node;		/* the node below the top one: of a qcow2 image its file; NULL */
	struct qmp_iostat {
		uint64_t ops, bytes, ns, failed, invalid;	/* flushes have no bytes */
		struct qmp_histogram latency;			/* discards have none */
	} io[QMP_IOS];
	uint64_t file_end;		/* how far the node below was ever written, bytes */
	uint64_t file_discards, file_discard_bytes;	/* that reached the file or device; of the protocol's driver */
};
int qmp_query_blockstats(struct qmp *q, struct qmp_blockstat **list, size_t *n, struct err *err);
void qmp_blockstats_free(struct qmp_blockstat *list, size_t n);
/* Bounds of a histogram that are too many, not ascending, or do not fit its bins make it none. */
#define QMP_BOUNDS_MAX 512

/* query-migrate, unless there never was one, and query-jobs. */
struct qmp_job {
	char *id;			/* "migration", or the job's */
	char *type;			/* "migration", "backup", "mirror", .. */
	char *status;			/* as QEMU calls it */
	char *error;			/* NULL: none */
	bool has_progress, has_dirty, has_downtime, has_elapsed;
	uint64_t total_bytes, remaining_bytes, done_bytes;
	uint64_t dirty_bytes_per_s, downtime_ms, elapsed_ms;
};
int qmp_query_jobs(struct qmp *q, struct qmp_job **list, size_t *n, struct err *err);
void qmp_jobs_free(struct qmp_job *list, size_t n);

/* What is below /machine/peripheral and /machine/peripheral-anon. About five questions for each device. */
struct qmp_device {
	char *id;			/* qdev id, or the QOM path of one without */
	char *type;			/* "virtio-blk-pci" */
	char *bus;			/* name of the bus it sits on, NULL = none */
	char *address;			/* on that bus, NULL = none or not known */
	char *link;			/* property that says what backs it: "drive", "netdev", .., NULL = nothing does */
	char *backing;			/* that property's value */
	bool hotpluggable;
};
/* The device under this QOM path; id and type are the caller's to fill in. */
int qmp_device_read(struct qmp *q, const char *path, struct qmp_device *d, struct err *err);
int qmp_query_devices(struct qmp *q, struct qmp_device **list, size_t *n, struct err *err);
void qmp_devices_free(struct qmp_device *list, size_t n);

/* NICs, from HMP's "info network": QMP has no query of its own. */
struct qmp_nic {
	char *name;			/* the device's id, or QEMU's own name for one without */
	char *model, *mac;
	char *netdev;			/* id of the backend, NULL = none */
	char *backend;			/* its type: "user", "tap", "vhost-user", .., "hub"; NULL = none */
	char *ifname;			/* of a tap QEMU opened itself, else NULL */
	char *chardev;			/* of a vhost-user backend, else NULL */
	int fd;				/* the descriptor of a tap QEMU was handed, -1 */
	unsigned queues;
};
int qmp_query_nics(struct qmp *q, struct qmp_nic **list, size_t *n, struct err *err);
void qmp_nics_free(struct qmp_nic *list, size_t n);
/* Ids of all netdevs, used by a NIC or not. Free with qmp_strings_free. */
int qmp_query_netdevs(struct qmp *q, char ***names, size_t *n, struct err *err);

/* Memory and vCPUs that are plugged, and places for more vCPUs. DIMM slots are on the command line only. */
struct qmp_room {
	unsigned dimms;			/* slots that are taken */
	uint64_t plugged_bytes;		/* of the room for memory devices, taken */
	unsigned vcpus, vcpus_free;	/* 0, 0: this machine does not tell */
};
int qmp_query_room(struct qmp *q, struct qmp_room *room, struct err *err);

#endif
