/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/sample: what QEMU was asked, and what it answered. Under the sampler's lock, like all that a guest has. */
#ifndef KT_SAMPLE_ANSWERS_H
#define KT_SAMPLE_ANSWERS_H

#include "sample.h"

/* What can be asked of QEMU; each part replaces the one before as a whole. */
enum want {
	WANT_STATE = 1 << 0,		/* status and detail of answers */
	WANT_MIGRATION = 1 << 1,	/* with it: whether it is being sent away, or comes in */
	WANT_NAMES = 1 << 2,
	WANT_THREADS = 1 << 3,
	WANT_VIRTIO = 1 << 4,		/* devices and rings */
	WANT_DEVICES = 1 << 5,
	WANT_DISKS = 1 << 6,
	WANT_NICS = 1 << 7,
	WANT_SLOTS = 1 << 8,
	WANT_BLOCK = 1 << 9,
	WANT_JOBS = 1 << 10,
	WANT_RAM = 1 << 11,
	WANT_BALLOON = 1 << 12,
	WANT_KVM = 1 << 13,
	WANT_SIZE = 1 << 14,		/* memory */
	WANT_THROTTLE = 1 << 15,	/* limits of disks, by query-block alone */
};
/* All of answers: what an overview wants. */
#define WANT_BASE ((unsigned)(WANT_STATE | WANT_MIGRATION | WANT_NAMES | WANT_SIZE | WANT_THREADS | WANT_VIRTIO))
/* What stays true until something happens to the guest, and is asked again then. */
#define WANT_LASTING (WANT_BASE | WANT_THROTTLE | WANT_DEVICES | WANT_DISKS | WANT_NICS | WANT_SLOTS)

struct answers {
	char *status;			/* query-status; migrating: it runs, and is sent away */
	char *detail;			/* why that is so, NULL: no more to say */
	char *name, *uuid;		/* where the command line has none */
	struct qmp_virtio *virtio;
	size_t n_virtio;
	struct qmp_thread *cpus;
	size_t n_cpus;
	struct qmp_thread *iothreads;
	size_t n_iothreads;
	struct qmp_memory_size memory;
	bool settling;			/* a driver was not up yet: ask again soon */
	bool arriving;			/* a migration is coming in: its memory is not all here */
	uint64_t taken_ns;		/* of the virtio devices */
	uint64_t told_ns;		/* when status was */
};

struct device_answers {
	struct qmp_device *devices;
	size_t n_devices;
	uint64_t taken_ns;
};

struct disk_answers {
	struct qmp_disk *disks;
	size_t n_disks;
	uint64_t taken_ns;
};

struct slot_answers {
	struct qmp_port *ports;
	size_t n_ports;
	struct qmp_room room;
	bool kvm_told, has_kvm;
	struct qmp_memory_room memory;	/* base_bytes 0: QEMU does not tell it, or was not asked */
	uint64_t taken_ns;
};

/* Latencies of what was done between two answers, by kind; UNKNOWN_NUM without a histogram. */
struct latency {
	double p50_us[QMP_IOS], p99_us[QMP_IOS];
};

struct nic_answers {			/* of "info network" alone: which netdev is whose */
	struct qmp_nic *nics;
	size_t n_nics;
	bool counted;			/* the descriptors below are those of this answer */
	int descriptors;		/* of /dev/vhost-net, or negative: they cannot be seen */
	uint64_t taken_ns;
};

struct block_answers {
	struct qmp_blockstat *stats;
	struct latency *latencies;	/* of each of them */
	size_t n_stats;
	uint64_t taken_ns;		/* when QEMU answered */
};

struct job_answers {
	struct qmp_job *jobs;
	size_t n_jobs;
	uint64_t taken_ns;
};

struct ram_answers {
	struct qmp_ram *ram;
	size_t n_ram;
	struct qmp_memory_size memory;
	char *balloon;			/* QOM path, NULL: the guest has none */
	uint64_t taken_ns;
};

struct balloon_answers {
	struct qmp_balloon balloon;
	struct timespec wall;
	uint64_t taken_ns;		/* 0: never */
	bool never;			/* the guest never gave figures of its own */
};

struct kvm_answers {
	struct qmp_kvm_set *sets;
	size_t n;
	uint64_t taken_ns;
};

struct replies {
	unsigned have;			/* WANT_ bits: the parts that were answered */
	struct answers base;
	struct device_answers devices;
	struct disk_answers disks, throttles;
	struct slot_answers slots;
	struct block_answers block;
	struct job_answers jobs;
	struct ram_answers ram;
	struct balloon_answers balloon;
	char *balloon_path;		/* as known when it was asked */
	struct nic_answers nics;
	struct kvm_answers kvm;
	bool kvm_named;			/* the sampler has the names below already */
	bool frugal;			/* as few questions as can be, at the price of longer answers */
	bool no_iothreads;		/* libvirt's definition has them */
	struct qmp_kvm_name *kvm_names;
	size_t n_kvm_names;
};

struct guest;

/* ask.c: putting questions; the first error ends it, as who does not answer one in time will not answer the next */
int ask_put(struct qmp *q, unsigned what, struct replies *r, struct err *err);
void ask_take(struct guest *g, struct replies *r);	/* what was answered becomes the guest's */
void ask_done(struct guest *g);
void replies_done(struct replies *r);
/* weight.c: memory they take, but for those on KVM; more of a guest is not kept */
size_t replies_bytes(const struct replies *r);
#define REPLIES_MAX (512u << 10)

/* latency.c */
double latency_of(const struct qmp_histogram *old, const struct qmp_histogram *now, double share);	/* us */
void latency_fill(const struct block_answers *old, struct block_answers *now);

#endif
