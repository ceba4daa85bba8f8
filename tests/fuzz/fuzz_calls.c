// SPDX-License-Identifier: GPL-3.0-or-later
/* The typed questions to QEMU: the first byte chooses one, the parts are what the monitor answers. */
#include "fuzz.h"

#include <stdlib.h>

#include "qmp/qmp.h"

#define LIST(call, type, free_list) static void ask_##call(struct qmp *q) \
{ \
	struct err err = {0}; \
	type *list; \
	size_t n; \
\
	if (!qmp_##call(q, &list, &n, &err)) \
		free_list(list, n); \
}
#define ONE(call, type, ...) static void ask_##call(struct qmp *q) \
{ \
	struct err err = {0}; \
	type one; \
\
	qmp_##call(q, __VA_ARGS__ &one, &err); \
}
#define TEXT(call, ...) static void ask_##call(struct qmp *q) \
{ \
	auto_free char *text = NULL; \
	struct err err = {0}; \
\
	qmp_##call(q, __VA_ARGS__ &text, &err); \
}

LIST(query_cpus, struct qmp_thread, qmp_threads_free)
LIST(query_iothreads, struct qmp_thread, qmp_threads_free)
LIST(query_disks, struct qmp_disk, qmp_disks_free)
LIST(query_nodes, char *, qmp_strings_free)
LIST(query_peripherals, struct qmp_prop, qmp_props_free)
LIST(query_blockstats, struct qmp_blockstat, qmp_blockstats_free)
LIST(query_jobs, struct qmp_job, qmp_jobs_free)
LIST(query_devices, struct qmp_device, qmp_devices_free)
LIST(query_nics, struct qmp_nic, qmp_nics_free)
LIST(query_netdevs, char *, qmp_strings_free)
LIST(query_ram, struct qmp_ram, qmp_ram_free)
LIST(query_vcpu_slots, struct qmp_vcpu_slot, qmp_vcpu_slots_free)
LIST(query_memory, struct qmp_memory, qmp_memory_free)
LIST(query_kvm_stats, struct qmp_kvm_set, qmp_kvm_stats_free)
LIST(query_kvm_names, struct qmp_kvm_name, qmp_kvm_names_free)
ONE(query_migrating, bool)
ONE(query_kvm, bool)
ONE(has_command, bool, "query-jobs",)
ONE(virtio_driver_ok, bool, "d0",)
ONE(query_scsi_devices, unsigned, "s0",)
ONE(query_memory_size, struct qmp_memory_size)
ONE(query_room, struct qmp_room)
ONE(query_balloon, struct qmp_balloon, "/b",)
ONE(query_vcpus_made, unsigned)
ONE(query_memory_room, struct qmp_memory_room)
ONE(query_memory_shared, bool)
ONE(query_nodes_of_guest, unsigned)
ONE(has_object, bool, "m0",)
ONE(query_usb, enum qmp_usb_state, "u0",)
ONE(has_device_type, bool, "virtio-blk-pci",)
ONE(is_usb_device, bool, "/machine/peripheral/u0",)
TEXT(find_balloon)
TEXT(query_usb_bus)
TEXT(qom_get_str, "/machine", "type",)

static void ask_query_status(struct qmp *q)
{
	auto_free char *status = NULL;
	struct err err = {0};
	bool running;

	qmp_query_status(q, &running, &status, &err);
}

static void ask_query_identity(struct qmp *q)
{
	auto_free char *name = NULL, *uuid = NULL;
	struct err err = {0};

	qmp_query_identity(q, &name, &uuid, &err);
}

static void ask_query_type(struct qmp *q)
{
	struct err err = {0};
	struct qmp_prop *list;
	size_t n;

	if (!qmp_query_type(q, "virtio-blk-pci", &list, &n, &err))
		qmp_props_free(list, n);
}

static void ask_virtio_read(struct qmp *q)
{
	struct err err = {0};
	struct qmp_virtio *list;
	size_t n;

	if (!qmp_virtio_read(q, true, NULL, &list, &n, &err))
		qmp_virtio_free(list, n);
}

static void ask_query_chain(struct qmp *q)
{
	struct err err = {0};
	char **list;
	size_t n;

	if (!qmp_query_chain(q, "top", &list, &n, &err))
		qmp_strings_free(list, n);
}

static void ask_query_ports(struct qmp *q)
{
	struct err err = {0};
	struct qmp_port *list;
	size_t n;

	if (!qmp_query_ports(q, NULL, NULL, &list, &n, &err))
		qmp_ports_free(list, n);
}

/* In this order: seeds count on it. */
static void (*const calls[])(struct qmp *q) = {
	/* 0 */ ask_query_status, ask_query_migrating, ask_query_identity, ask_query_kvm, ask_query_cpus,
	/* 5 */ ask_query_iothreads, ask_query_type, ask_has_command, ask_virtio_read, ask_virtio_driver_ok,
	/* : */ ask_query_disks, ask_query_chain, ask_query_nodes, ask_query_peripherals, ask_query_ports,
	/* ? */ ask_query_scsi_devices, ask_query_blockstats, ask_query_jobs, ask_query_devices, ask_query_room,
	/* D */ ask_query_nics, ask_query_netdevs, ask_query_nodes_of_guest, ask_query_usb, ask_query_vcpus_made,
	/* I */ ask_query_ram, ask_query_memory_size, ask_find_balloon, ask_query_balloon, ask_query_vcpu_slots,
	/* N */ ask_query_memory, ask_query_memory_room, ask_query_memory_shared, ask_has_object, ask_query_usb_bus,
	/* S */ ask_has_device_type, ask_is_usb_device, ask_query_kvm_stats, ask_query_kvm_names, ask_qom_get_str,
};

void fuzz_one(const uint8_t *data, size_t size)
{
	struct qmp *q;

	if (!size)
		return;
	q = fuzz_peer(data + 1, size - 1);
	calls[(data[0] - '0' + 256) % ARRAY_SIZE(calls)](q);
	qmp_close(q);
}
