// SPDX-License-Identifier: GPL-3.0-or-later
/* How much memory a guest's answers would keep: what it is made of comes from its QEMU. */
#include "answers.h"

#include <string.h>

/* A string with what malloc adds to it. */
static size_t of(const char *text)
{
	return text ? strlen(text) + 17 : 0;
}

static size_t of_virtio(const struct qmp_virtio *list, size_t n)
{
	size_t bytes = n * sizeof(*list), i;

	for (i = 0; i < n; i++)
		bytes += of(list[i].path) + of(list[i].id) + of(list[i].type) + of(list[i].iothread) + of(list[i].features) +
			 of(list[i].why) + list[i].n_rings * sizeof(*list[i].rings);
	return bytes;
}

static size_t of_threads(const struct qmp_thread *list, size_t n)
{
	size_t bytes = n * sizeof(*list), i;

	for (i = 0; i < n; i++)
		bytes += of(list[i].name);
	return bytes;
}

static size_t of_nics(const struct qmp_nic *list, size_t n)
{
	size_t bytes = n * sizeof(*list), i;

	for (i = 0; i < n; i++)
		bytes += of(list[i].name) + of(list[i].model) + of(list[i].mac) + of(list[i].netdev) + of(list[i].backend) +
			 of(list[i].ifname) + of(list[i].chardev);
	return bytes;
}

static size_t of_disks(const struct qmp_disk *list, size_t n)
{
	size_t bytes = n * sizeof(*list), i;

	for (i = 0; i < n; i++)
		bytes += of(list[i].id) + of(list[i].qdev) + of(list[i].device) + of(list[i].node) + of(list[i].file) +
			 of(list[i].where) + of(list[i].format) + of(list[i].io_status) + of(list[i].throttle.group) +
			 of(list[i].iothread);
	return bytes;
}

static size_t of_devices(const struct device_answers *a)
{
	size_t bytes = a->n_devices * sizeof(*a->devices), i;

	for (i = 0; i < a->n_devices; i++)
		bytes += of(a->devices[i].id) + of(a->devices[i].type) + of(a->devices[i].bus) + of(a->devices[i].address) +
			 of(a->devices[i].link) + of(a->devices[i].backing);
	return bytes;
}

static size_t of_slots(const struct slot_answers *a)
{
	size_t bytes = a->n_ports * sizeof(*a->ports), i;

	for (i = 0; i < a->n_ports; i++)
		bytes += of(a->ports[i].bus) + of(a->ports[i].kind);
	return bytes;
}

static size_t of_block(const struct block_answers *a)
{
	size_t bytes = a->n_stats * sizeof(*a->stats), i, k;

	for (i = 0; i < a->n_stats; i++) {
		bytes += of(a->stats[i].qdev) + of(a->stats[i].file_node);
		for (k = 0; k < QMP_IOS; k++)
			bytes += 2 * a->stats[i].io[k].latency.n_bounds * sizeof(uint64_t);
	}
	return bytes;
}

static size_t of_jobs(const struct job_answers *a)
{
	size_t bytes = a->n_jobs * sizeof(*a->jobs), i;

	for (i = 0; i < a->n_jobs; i++)
		bytes += of(a->jobs[i].id) + of(a->jobs[i].type) + of(a->jobs[i].status) + of(a->jobs[i].error);
	return bytes;
}

size_t replies_bytes(const struct replies *r)
{
	size_t bytes = of(r->base.status) + of(r->base.detail) + of(r->base.name) + of(r->base.uuid), i;

	for (i = 0; i < r->ram.n_ram; i++)
		bytes += sizeof(r->ram.ram[i]) + of(r->ram.ram[i].id);
	return bytes + of_virtio(r->base.virtio, r->base.n_virtio) + of_threads(r->base.cpus, r->base.n_cpus) +
	       of_threads(r->base.iothreads, r->base.n_iothreads) + of_devices(&r->devices) + of_disks(r->disks.disks, r->disks.n_disks) +
	       of_disks(r->throttles.disks, r->throttles.n_disks) +
	       of_slots(&r->slots) + of_block(&r->block) +
	       of_jobs(&r->jobs) + of_nics(r->nics.nics, r->nics.n_nics);
}
