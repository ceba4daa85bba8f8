/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside lib/sample: rows of a snapshot, table by table. Under the sampler's lock. */
#ifndef KT_SAMPLE_ROWS_H
#define KT_SAMPLE_ROWS_H

#include "sample.h"

struct guest;
struct sampler;

/* rows.c */
void rows_fill(struct sampler *s, struct snapshot *snap, struct guest *g, unsigned needs);
void rows_head(struct snapshot *snap, const struct guest *g, struct row *row);
void rows_threads(const struct sampler *s, struct snapshot *snap, const struct guest *g, const struct host_usage *u,
		  unsigned needs);
/* What these columns want to be gathered of the guest's rings, from now on. */
void rows_ring_detail(struct sampler *s, const struct guest *g, unsigned needs);
/* Queues and vhost threads, and what queues add up to for the guest; states of its rings are taken here. */
void rows_queues(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u, unsigned needs,
		 struct vm_row *vm);
void rows_vhost(const struct sampler *s, struct snapshot *snap, const struct guest *g);	/* after rows_threads */
void rows_disks(const struct sampler *s, struct snapshot *snap, struct guest *g);
void rows_nics(const struct sampler *s, struct snapshot *snap, struct guest *g);
const char *rows_nic_id(const struct guest *g, const struct qmp_nic *nic);	/* borrowed: the device's id or QOM path */
void rows_devices(struct snapshot *snap, const struct guest *g);
void rows_slots(struct snapshot *snap, const struct guest *g);
void rows_jobs(struct snapshot *snap, const struct guest *g);
void rows_events(const struct sampler *s, struct snapshot *snap, uint64_t most);	/* the last ones */
void rows_host(const struct sampler *s, struct snapshot *snap, unsigned needs);
void rows_pci(const struct sampler *s, struct snapshot *snap);
void rows_limits(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u,
		 struct vm_row *row);
void rows_kvm(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u);
/* Halt polling into the rows of vcpus, which are the last ones of their table. */
void rows_kvm_poll(const struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u);
bool rows_kvm_must_ask(const struct sampler *s, struct guest *g);	/* QEMU, now; counts it as done */
void rows_cpus(const struct sampler *s, struct snapshot *snap);
/* Who is there: after the rates of the threads are known. */
void rows_cpus_who(struct snapshot *snap);

/* rows_threads.c: how many vCPUs a thread runs; it is an IOThread of QEMU's, a vhost worker */
unsigned rows_vcpus_of(const struct guest *g, const struct host_task *t);
/* QEMU's numbers of the guest's vCPUs, growing: as it told them, else by its threads' names. The list is yours. */
size_t rows_vcpu_numbers(const struct guest *g, const struct host_usage *u, unsigned **list);
/* Id of the IOThread of a device: as QEMU told it, else (NULL) as libvirt's definition has it; NULL: none. */
const char *rows_iothread(struct snapshot *snap, const struct guest *g, const char *device, const char *told);
bool rows_is_iothread(const struct guest *g, const struct host_task *t);
bool rows_is_vhost(const struct host_task *t);

/* queue_kind.c: true for a ring of requests, false for one of supplied buffers; disk: its requests are disk I/O */
bool queue_is_request(const char *type, unsigned queue, unsigned n_queues);
bool queue_is_disk(const char *type, unsigned queue);

/* rows_memory.c, rows_nodes.c */
void rows_memory(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u, unsigned needs);
void rows_numa(struct sampler *s, struct snapshot *snap, struct guest *g, const struct host_usage *u);
void rows_nodes(struct sampler *s, struct snapshot *snap);
void rows_hugepages(struct sampler *s, struct snapshot *snap);
void rows_merge(struct sampler *s, struct snapshot *snap);

#endif
