// SPDX-License-Identifier: GPL-3.0-or-later
/* Building plans for vCPUs, DIMMs and virtio-mem: each check fails with its own words, and QEMU is only ever asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_rules.h"
#include "fault_table.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

static char *dir;
static struct host *host;

/* Two nodes: node 1 has little memory and 12 huge pages of 2 MiB, 2 of all are promised to somebody. */
static int setup(void **state)
{
	(void)state;
	dir = tree_new();
	tree_puts(dir, "MemTotal: 4194304 kB\nMemFree: 1 kB\nMemAvailable: 3145728 kB\n", "proc/meminfo");
	tree_puts(dir, "", "proc/uptime");
	tree_puts(dir, "300\n", "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	tree_puts(dir, "300\n", "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
	tree_puts(dir, "2\n", "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages");
	tree_puts(dir, "288\n", "sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages");
	tree_puts(dir, "288\n", "sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages");
	tree_puts(dir, "12\n", "sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages");
	tree_puts(dir, "12\n", "sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages");
	tree_puts(dir, "0-1\n", "sys/devices/system/node/online");
	tree_puts(dir, "Node 0 MemTotal: 2097152 kB\nNode 0 MemFree: 2097152 kB\n", "sys/devices/system/node/node0/meminfo");
	tree_puts(dir, "Node 1 MemTotal: 2097152 kB\nNode 1 MemFree: 65536 kB\nNode 1 Active(file): 65536 kB\n",
		  "sys/devices/system/node/node1/meminfo");
	host = tree_host(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(dir);
	return 0;
}

/* Places in QEMU's order, the last one first: 0 was there, 1 was plugged, 2 and 3 are free and on node 1. */
#define CPU(socket, core, node, more) "{\"props\":{\"core-id\":" core ",\"thread-id\":0,\"node-id\":" node ",\"socket-id\":" socket \
	"},\"vcpus-count\":1," more "\"type\":\"qemu64-x86_64-cpu\"}"
#define DIMM(id, kind, more) "{\"type\":\"" kind "\",\"data\":{\"memdev\":\"/objects/" id "-mem\",\"id\":\"" id "\",\"node\":0," more "}}"
static const struct fake_item guest[] = {
	{ .expect = "query-migrate", .any = true, .reply = "{}" },
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" },
	{ .expect = "query-kvm", .any = true, .reply = "{\"enabled\":true,\"present\":true}" },
	{ .expect = "query-hotpluggable-cpus", .any = true, .reply = "[" CPU("1", "1", "1", "") "," CPU("1", "0", "1", "") ","
	  CPU("0", "1", "0", "\"qom-path\":\"/machine/peripheral/kt-vcpu2\",") ","
	  CPU("0", "0", "0", "\"qom-path\":\"/machine/unattached/device[0]\",") "]" },
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine\",\"property\":\"memory\"}",
	  .reply = "{\"size\":1073741824,\"slots\":3,\"max-size\":4294967296}" },
	{ .expect = "query-memory-devices", .any = true, .reply = "[" DIMM("d0", "dimm", "\"size\":268435456,\"slot\":0,\"hotpluggable\":true")
	  "," DIMM("fixed", "dimm", "\"size\":134217728,\"slot\":1,\"hotpluggable\":false") ","
	  DIMM("vm0", "virtio-mem", "\"size\":0,\"requested-size\":4194304,\"max-size\":536870912,\"block-size\":2097152") "]" },
	{ .expect = "query-memdev", .any = true, .reply = "[{\"id\":\"ram\",\"share\":false}]" },
	{ .expect = "human-monitor-command", .any = true, .args = "{\"command-line\":\"info numa\"}",
	  .reply = "\"2 nodes\\r\\nnode 0 cpus: 0 1\\r\\n\"" },
	{ .expect = "human-monitor-command", .any = true, .args = "{\"command-line\":\"info mtree\"}",
	  .reply = "\"address-space: cpu-memory-0\\r\\naddress-space: cpu-memory-1\\r\\naddress-space: I/O\\r\\n\"" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}",
	  .reply = "[{\"name\":\"d0\",\"type\":\"child<pc-dimm>\"},{\"name\":\"kt-vcpu2\",\"type\":\"child<qemu64-x86_64-cpu>\"},"
		   "{\"name\":\"vm0\",\"type\":\"child<virtio-mem-pci>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/objects\"}",
	  .reply = "[{\"name\":\"d0-mem\",\"type\":\"child<memory-backend-ram>\"},{\"name\":\"old-mem\",\"type\":\"child<memory-backend-ram>\"}]" },
	{ 0 }
};

#define HERE ((const struct build_place){ .guest = guest, .host = host })

static const struct fake_item migrating[] = {
	{ .expect = "query-migrate", .any = true, .reply = "{\"status\":\"active\"}" }, { 0 }
}, tcg[] = {
	{ .expect = "query-kvm", .any = true, .reply = "{\"enabled\":false,\"present\":true}" }, { 0 }
}, tcg_after[] = {
	{ .expect = "query-kvm", .any = true, .reply = "{\"enabled\":false,\"present\":true}" },
	{ .expect = "human-monitor-command", .any = true, .args = "{\"command-line\":\"info mtree\"}",
	  .reply = "\"address-space: cpu-memory-0\\r\\naddress-space: cpu-memory-1\\r\\naddress-space: cpu-memory-2\\r\\n\"" }, { 0 }
}, no_cpus[] = {
	{ .expect = "query-hotpluggable-cpus", .any = true, .error = "GenericError: machine does not support hot-plugging CPUs" }, { 0 }
}, cores[] = {		/* POWER */
	{ .expect = "query-hotpluggable-cpus", .any = true,
	  .reply = "[{\"props\":{\"core-id\":8},\"vcpus-count\":8,\"type\":\"power9-core\"},"
		   "{\"props\":{\"core-id\":0},\"vcpus-count\":8,\"type\":\"power9-core\",\"qom-path\":\"/machine/unattached/device[1]\"}]" }, { 0 }
}, nonsense[] = {
	{ .expect = "query-hotpluggable-cpus", .any = true, .reply = "[{\"props\":[],\"vcpus-count\":1,\"type\":\"x\"}]" }, { 0 }
}, no_slots[] = {
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine\",\"property\":\"memory\"}", .reply = "{\"size\":1073741824}" }, { 0 }
}, slots_taken[] = {
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine\",\"property\":\"memory\"}",
	  .reply = "{\"size\":1073741824,\"slots\":2,\"max-size\":4294967296}" }, { 0 }
}, silent_room[] = {
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine\",\"property\":\"memory\"}", .error = "GenericError: Property not found" },
	{ 0 }
}, shared[] = {
	{ .expect = "query-memdev", .any = true, .reply = "[{\"id\":\"ram\",\"share\":true}]" }, { 0 }
};

static void each_check_has_its_words(void **state)
{
	static const struct build_refusal rows[] = {
		{ hotplug_vcpu_add, { { { "count", "3" } } }, -ENOSPC, "2 of 4 places are free", "maxcpus=" },
		{ hotplug_vcpu_add, { { { "count", "0" } } }, -EINVAL, "count=0", "at least 1" },
		{ hotplug_vcpu_add, { { { "node", "0" } } }, -ENOSPC, "0 of 2 places are free on that node", "maxcpus=" },
		{ hotplug_vcpu_add, { { { "node", "7" } } }, -EINVAL, "node=7", "there is: 0, 1" },
		{ hotplug_vcpu_add, { { { "persist", "on" } } }, -EINVAL, "no stored definition", "leave it out" },
		{ hotplug_vcpu_add, { { { NULL } } }, -EBUSY, "is being migrated", "until that is over", migrating },
		{ hotplug_vcpu_add, { { { NULL } } }, -EBUSY, "would kill its QEMU", "restart the guest", tcg_after },
		{ hotplug_vcpu_add, { { { NULL } } }, -EREMOTEIO, "plugs no vCPUs", "q35", no_cpus },
		{ hotplug_vcpu_add, { { { NULL } } }, -EBADMSG, "a place for a vCPU that is none", "query-hotpluggable-cpus", nonsense },
		{ hotplug_vcpu_add, { { { "count", "4" } } }, -EINVAL, "4 vCPUs", "whole cores of 8", cores },
		{ hotplug_vcpu_remove, { { { "count", "2" } } }, -EINVAL, "of the 2 there are 1 were plugged", "there when the guest started" },
		{ hotplug_vcpu_remove, { { { NULL } } }, -EPERM, "runs without KVM", "force=on", tcg },
		{ hotplug_vcpu_remove, { { { NULL } } }, -EBUSY, "is being migrated", "until that is over", migrating },
		{ hotplug_vcpu_set, { { { "count", "0" } } }, -EINVAL, "count=0", "at least 1" },
		{ hotplug_vcpu_set, { { { "count", "5" } } }, -ENOSPC, "2 of 4 places", "maxcpus=" },

		{ hotplug_dimm_add, { { { "size", "0" } } }, -EINVAL, "a size is expected", "1G" },
		{ hotplug_dimm_add, { { { "size", "100M" } } }, -EINVAL, "blocks of 128 MiB", "multiple" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "hugepages", "1G" } } }, -EINVAL, "size=128M is not a multiple of hugepages=1G", "another size=" },
		{ hotplug_dimm_add, { { { "size", "1G" }, { "hugepages", "1G" } } }, -EINVAL, "hugepages=1G: the host has no such pages", "--batch hugepages" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "hugepages", "2M" }, { "prealloc", "off" } } }, -EINVAL, "prealloc=off", "kills" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "policy", "bind" } } }, -EINVAL, "policy=bind", "host-node= is missing" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "host-node", "x" } } }, -EINVAL, "host-node=x", "with commas" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "host-node", "7" } } }, -EINVAL, "host-node=7: the host has no such NUMA node", "--batch nodes" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "hugepages", "2M" }, { "host-node", "1" } } }, -ENOMEM,
		  "64 pages are wanted and 12 are free on host node 1", "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages" },
		{ hotplug_dimm_add, { { { "size", "640M" }, { "hugepages", "2M" } } }, -ENOMEM, "320 pages are wanted and 298 are free",
		  "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages" },
		{ hotplug_dimm_add, { { { "size", "256M" }, { "host-node", "1" } } }, -ENOMEM, "128 MiB available on node 1", "force=on" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "node", "2" } } }, -EINVAL, "node=2: the guest has 2 NUMA nodes", "counted from 0" },
		{ hotplug_dimm_add, { { { "size", "2304M" } } }, -ENOSPC, "room for 2176 MiB more", "maxmem=" },
		{ hotplug_dimm_add, { { { "size", "128M" } } }, -ENOSPC, "no slots for memory", "slots=N,maxmem=", no_slots },
		{ hotplug_dimm_add, { { { "size", "128M" } } }, -ENOSPC, "all 2 slots", "slots=", slots_taken },
		{ hotplug_dimm_add, { { { "size", "128M" } } }, -EBUSY, "is being migrated", "until that is over", migrating },
		{ hotplug_dimm_add, { { { "size", "128M" } } }, -EBUSY, "would kill its QEMU", "restart the guest", tcg_after },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "id", "d0" } } }, -EEXIST, "taken by a pc-dimm", "another id=" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "id", "vm0" } } }, -EEXIST, "taken by a virtio-mem-pci", "another id=" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "id", "old" } } }, -EEXIST, "object 'old-mem' exists", "object-del" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "id", "0x" } } }, -EINVAL, "a letter, then", "are expected" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "persist", "on" } } }, -EINVAL, "no stored definition", "leave it out" },
		{ hotplug_dimm_remove, { { { "ID", "d9" } } }, -ENODEV, "no DIMM 'd9'", "d0 (dimm), fixed (dimm), vm0 (virtio-mem)" },
		{ hotplug_dimm_remove, { { { "ID", "vm0" } } }, -ENODEV, "no DIMM 'vm0'", "memory devices: d0" },
		{ hotplug_dimm_remove, { { { "ID", "fixed" } } }, -EINVAL, "DIMM 'fixed' was made to stay", "can be removed" },
		{ hotplug_dimm_remove, { { { "ID", "d0" } } }, -EBUSY, "is being migrated", "until that is over", migrating },

		{ hotplug_vmem_set, { { { "ID", "d0" }, { "size", "2M" } } }, -ENODEV, "no virtio-mem device 'd0'", "there is: vm0" },
		{ hotplug_vmem_set, { { { "ID", "vm0" }, { "size", "3M" } } }, -EINVAL, "blocks of 2048 KiB", "multiple" },
		{ hotplug_vmem_set, { { { "ID", "vm0" }, { "size", "1G" } } }, -ENOSPC, "vm0 can have 512 MiB at most", "size of its backend" },
		{ hotplug_vmem_set, { { { "ID", "vm0" }, { "size", "2M" } } }, -EBUSY, "is being migrated", "until that is over", migrating },
	};

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
}

#define RAISED "QEMU may lock 3221225472 bytes of memory (RLIMIT_MEMLOCK)\n" \
	"  undo QEMU may lock 3221225471 bytes of memory (RLIMIT_MEMLOCK)\n  leaves QEMU's right to lock 3221225472 bytes\n"

static void put_process(const char *caps, const char *limit)
{
	auto_free char *status = xasprintf("Name:\tqemu\nCapEff:\t%s\n", caps);
	auto_free char *limits = xasprintf("Limit   Soft Limit  Hard Limit  Units\nMax locked memory         %s   %s  bytes\n", limit, limit);

	tree_puts(dir, status, "proc/77/status");
	tree_puts(dir, limits, "proc/77/limits");
}

/* All memory of a guest with a VFIO device is locked, and QEMU aborts where it may not: it is allowed to before. */
static void a_limit_of_locked_memory_is_raised(void **state)
{
	static const struct {
		const char *caps, *limit;
		bool raised;
	} rows[] = {
		/* 1 GiB, 896 MiB that are plugged, 128 MiB more, 1 GiB for QEMU's own */
		{ "0000000000000000", "3221225472", false }, { "0000000000000000", "3221225471", true },
		{ "0000000000000000", "unlimited", false }, { "0000000000004000", "8388608", false },
	};
	const struct build_place place = { .guest = guest, .host = host, .ref = "pid:77@1" };
	size_t i;

	(void)state;
	tree_link(dir, "/dev/vfio/7", "proc/77/fd/9");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = NULL;
		struct err err = {0};
		struct plan *p;
		int rc;

		put_process(rows[i].caps, rows[i].limit);
		p = build_try(&place, hotplug_dimm_add, &(struct build_args){ { { "size", "128M" } } }, NULL, &rc, &err);
		assert_int_equal(rc, 0);
		text = build_steps_text(p);
		if (str_has_prefix(text, RAISED) != rows[i].raised)
			fail_msg("row %zu: %s", i, text);
		plan_free(p);
	}
}

#define ADDS(id, socket, core, node) "device_add {\"driver\":\"qemu64-x86_64-cpu\",\"id\":\"" id "\",\"core-id\":" core \
	",\"thread-id\":0,\"node-id\":" node ",\"socket-id\":" socket "}\n"
#define TAKES_BACK(id) "  undo device_del {\"id\":\"" id "\"}\n  undo wait until the guest has released " id ", at most 1 s\n" \
	"  leaves device " id "\n"
#define LETS_GO(what, id) "wait until the guest has released " id ", at most 1 s\n  leaves " what " " id ", which the guest has not released\n"
#define MEMORY(args, mib) "object-add {" args "}\n  undo object-del {\"id\":\"kt-dimm0-mem\"}\n  leaves memory kt-dimm0-mem (" mib " MiB)\n"
#define DIMM_ADD(more) "device_add {\"driver\":\"pc-dimm\",\"id\":\"kt-dimm0\",\"memdev\":\"kt-dimm0-mem\"" more "}\n" \
	TAKES_BACK("kt-dimm0") "wait until the guest has taken kt-dimm0, at most 1 s\n"

/* What is built is as it is told, and can be journaled. */
static void plans_are_as_they_are_told(void **state)
{
	static const struct build_plan rows[] = {
		/* the first free place; an id that is taken is not given again */
		{ hotplug_vcpu_add, { { { NULL } } }, "kt-vcpu3",
		  ADDS("kt-vcpu3", "1", "0", "1") TAKES_BACK("kt-vcpu3") "wait until the guest has taken kt-vcpu3, at most 1 s\n" },
		{ hotplug_vcpu_set, { { { "count", "4" } } }, "kt-vcpu3,kt-vcpu4",
		  ADDS("kt-vcpu3", "1", "0", "1") TAKES_BACK("kt-vcpu3") ADDS("kt-vcpu4", "1", "1", "1") TAKES_BACK("kt-vcpu4")
		  "wait until the guest has taken kt-vcpu3, kt-vcpu4, at most 1 s\n" },
		{ hotplug_vcpu_set, { { { "count", "1" }, { "node", "1" } } }, "kt-vcpu3",
		  ADDS("kt-vcpu3", "1", "0", "1") TAKES_BACK("kt-vcpu3") "wait until the guest has taken kt-vcpu3, at most 1 s\n" },
		{ hotplug_vcpu_set, { { { "count", "2" } } }, NULL, "" },
		{ hotplug_vcpu_remove, { { { NULL } } }, "kt-vcpu2", "device_del {\"id\":\"kt-vcpu2\"}\n" LETS_GO("vCPU", "kt-vcpu2") },
		{ hotplug_vcpu_set, { { { "count", "1" }, { "force", "on" } } }, "kt-vcpu2",
		  "device_del {\"id\":\"kt-vcpu2\"}\n" LETS_GO("vCPU", "kt-vcpu2"), tcg, 1 },
		{ hotplug_vcpu_add, { { { "count", "8" } } }, "kt-vcpu8", "device_add {\"driver\":\"power9-core\",\"id\":\"kt-vcpu8\",\"core-id\":8}\n"
		  TAKES_BACK("kt-vcpu8") "wait until the guest has taken kt-vcpu8, at most 1 s\n", cores },

		{ hotplug_dimm_add, { { { "size", "128M" } } }, "kt-dimm0",
		  MEMORY("\"qom-type\":\"memory-backend-ram\",\"id\":\"kt-dimm0-mem\",\"size\":134217728", "128") DIMM_ADD("") },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "node", "1" }, { "prealloc", "on" }, { "host-node", "0,1" }, { "policy", "interleave" } } },
		  "kt-dimm0",
		  MEMORY("\"qom-type\":\"memory-backend-ram\",\"id\":\"kt-dimm0-mem\",\"size\":134217728,\"prealloc\":true,\"host-nodes\":[0,1],"
			 "\"policy\":\"interleave\"", "128") DIMM_ADD(",\"node\":1") },
		{ hotplug_dimm_add, { { { "size", "256M" }, { "hugepages", "2M" }, { "host-node", "0" } } }, "kt-dimm0",
		  MEMORY("\"qom-type\":\"memory-backend-memfd\",\"id\":\"kt-dimm0-mem\",\"size\":268435456,\"hugetlb\":true,\"hugetlbsize\":2097152,"
			 "\"prealloc\":true,\"host-nodes\":[0],\"policy\":\"bind\"", "256") DIMM_ADD("") },
		/* preferred may come from elsewhere */
		{ hotplug_dimm_add, { { { "size", "256M" }, { "hugepages", "2M" }, { "host-node", "1" }, { "policy", "preferred" } } }, "kt-dimm0",
		  MEMORY("\"qom-type\":\"memory-backend-memfd\",\"id\":\"kt-dimm0-mem\",\"size\":268435456,\"hugetlb\":true,\"hugetlbsize\":2097152,"
			 "\"prealloc\":true,\"host-nodes\":[1],\"policy\":\"preferred\"", "256") DIMM_ADD("") },
		/* as the rest of the guest's memory, which vhost-user wants */
		{ hotplug_dimm_add, { { { "size", "128M" } } }, "kt-dimm0",
		  MEMORY("\"qom-type\":\"memory-backend-memfd\",\"id\":\"kt-dimm0-mem\",\"size\":134217728,\"share\":true", "128") DIMM_ADD(""), shared },
		{ hotplug_dimm_add, { { { "size", "8G" }, { "force", "on" } } }, "kt-dimm0",
		  MEMORY("\"qom-type\":\"memory-backend-ram\",\"id\":\"kt-dimm0-mem\",\"size\":8589934592", "8192") DIMM_ADD(""), silent_room, 1 },
		{ hotplug_dimm_add, { { { "size", "256M" }, { "id", "d0" } } }, "d0", "" },
		{ hotplug_dimm_remove, { { { "ID", "d0" } } }, "d0", "device_del {\"id\":\"d0\"}\n" LETS_GO("DIMM", "d0")
		  "object-del {\"id\":\"d0-mem\"}, if it is there\n  leaves memory d0-mem (256 MiB)\n" },

		{ hotplug_vmem_set, { { { "ID", "vm0" }, { "size", "256M" } } }, "vm0",
		  "qom-set {\"path\":\"/machine/peripheral/vm0\",\"property\":\"requested-size\",\"value\":268435456}\n"
		  "  undo qom-set {\"path\":\"/machine/peripheral/vm0\",\"property\":\"requested-size\",\"value\":4194304}\n"
		  "  leaves vm0 with a requested-size of 256 MiB\nwait until the guest has made vm0 256 MiB, at most 1 s\n" },
	};

	(void)state;
	build_plans(&HERE, rows, ARRAY_SIZE(rows));
}

/* Two vCPUs that were plugged, two places that are free. */
static const struct fake_item two_cpus[] = {
	{ .expect = "query-kvm", .reply = "{\"enabled\":true,\"present\":true}" },
	{ .expect = "query-hotpluggable-cpus", .reply = "[" CPU("0", "0", "0", "\"qom-path\":\"/machine/unattached/device[0]\",") ","
	  CPU("0", "1", "0", "\"qom-path\":\"/machine/peripheral/kt-vcpu1\",") ","
	  CPU("0", "2", "0", "\"qom-path\":\"/machine/peripheral/kt-vcpu2\",") "," CPU("0", "3", "0", "") "," CPU("0", "4", "0", "") "]" },
	{ 0 }
}, memory[] = {
	{ .expect = "query-kvm", .reply = "{\"enabled\":true,\"present\":true}" },
	{ .expect = "query-hotpluggable-cpus", .reply = "[]" },
	{ .expect = "query-memdev", .reply = "[]" },
	{ .expect = "qom-get", .args = "{\"path\":\"/machine\",\"property\":\"memory\"}",
	  .reply = "{\"size\":1073741824,\"slots\":3,\"max-size\":4294967296}" },
	{ .expect = "query-memory-devices", .reply = "[" DIMM("d0", "dimm", "\"size\":268435456") ","
	  DIMM("vm0", "virtio-mem", "\"size\":268435456,\"requested-size\":4194304,\"max-size\":536870912,\"block-size\":2097152") "]" },
	{ .expect = "qom-list", .args = "{\"path\":\"/objects\"}", .reply = "[]" },
	{ 0 }
};
static const struct fault_effect qom_set[] = { { "qom-set", "size", "property", .value = "value" }, { 0 } };

#define TWO .there = { "device kt-vcpu1", "device kt-vcpu2" }
#define FOUR .want = { "device kt-vcpu1", "device kt-vcpu2", "device kt-vcpu3", "device kt-vcpu4" }
#define WITH_DIMM .want = { "device kt-dimm0", "object kt-dimm0-mem" }
#define SIZE(bytes) { "size requested-size=" bytes }

static void each_step_with_each_fault(void **state)
{
	const struct fault_case cases[] = {
		{ .name = "vcpu add", .build = hotplug_vcpu_add, .args = { { "count", "2" } }, .answers = two_cpus, .acpi = true, TWO, FOUR },
		{ .name = "wait=guest", .build = hotplug_vcpu_add, .args = { { "count", "2" }, { "wait", "guest" } }, .answers = two_cpus,
		  .acpi = true, TWO, FOUR },
		{ .name = "vcpu set", .build = hotplug_vcpu_set, .args = { { "count", "5" } }, .answers = two_cpus, .acpi = true, TWO, FOUR },
		{ .name = "vcpu rem", .build = hotplug_vcpu_remove, .args = { { "count", "2" } }, .answers = two_cpus, .acpi = true, TWO },
		{ .name = "dimm add", .build = hotplug_dimm_add, .args = { { "size", "128M" } }, .answers = memory, .acpi = true,
		  .root = dir, WITH_DIMM },
		{ .name = "wait=guest", .build = hotplug_dimm_add, .args = { { "size", "128M" }, { "wait", "guest" } }, .answers = memory,
		  .acpi = true, .root = dir, WITH_DIMM },
		{ .name = "dimm rem", .build = hotplug_dimm_remove, .args = { { "ID", "d0" } }, .answers = memory, .acpi = true,
		  .there = { "device d0", "object d0-mem" } },
		{ .name = "vmem set", .build = hotplug_vmem_set, .args = { { "ID", "vm0" }, { "size", "256M" } }, .answers = memory,
		  .effects = qom_set, .there = SIZE("4194304"), .want = SIZE("268435456") },
	};

	(void)state;
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_has_its_words),
		cmocka_unit_test(a_limit_of_locked_memory_is_raised),
		cmocka_unit_test(plans_are_as_they_are_told),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
