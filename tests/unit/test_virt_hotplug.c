// SPDX-License-Identifier: GPL-3.0-or-later
/* Builders for libvirt's guests: each check has its own words, plans are as they are told. By libvirt's own test driver. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build_rules.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

#define UUID "11111111-2222-3333-4444-555555555555"
#define USB "sys/bus/usb/devices/1-1/"
#define PCI "sys/bus/pci/devices/0000:00:08.0/"

/* Two NUMA nodes; one slot for memory, which is taken, and room for 512 MiB more. */
static const char node[] =
	"<node><domain type='test'><name>vm1</name><uuid>" UUID "</uuid>"
	"<maxMemory slots='1' unit='MiB'>2048</maxMemory><memory unit='MiB'>1536</memory><vcpu current='1'>3</vcpu>"
	"<os><type arch='x86_64'>hvm</type></os>"
	"<cpu><numa><cell id='0' cpus='0-1' memory='512' unit='MiB'/><cell id='1' cpus='2' memory='512' unit='MiB'/></numa></cpu>"
	"<devices>"
	"<disk type='file' device='disk'><source file='/vda.img'/><target dev='vda' bus='virtio'/><alias name='ua-d0'/></disk>"
	"<interface type='user'><mac address='52:54:00:12:34:56'/><model type='virtio'/><alias name='ua-n0'/></interface>"
	"<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0x0002'/></source><alias name='ua-u0'/></hostdev>"
	"<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='0' slot='8' function='0'/></source>"
	"<alias name='ua-p0'/></hostdev>"
	"<memory model='dimm'><target><size unit='MiB'>256</size><node>0</node></target><alias name='ua-m0'/></memory>"
	"</devices></domain></node>";

static char *dir;
static struct host *host;
static struct virt *virt;

static int connect_to_it(void)
{
	auto_free char *uri = xasprintf("test://%s/node.xml", dir);
	const char *uris[] = { uri };
	const struct virt_config config = { .uris = uris, .n_uris = 1 };
	uint64_t deadline = clock_now_ns() + 20 * NS_PER_SEC;
	struct virt_list *l;
	bool there;

	if (virt_new(&config, &virt, NULL))
		return -1;
	while (!virt_is_settled(virt) && clock_now_ns() < deadline)
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	l = virt_list(virt);
	there = virt_list_find(l, UUID);
	virt_list_unref(l);
	return there ? 0 : -1;
}

/* A USB device, and a PCI device that could be handed through. */
static int setup(void **state)
{
	auto_free char *made = tree_new();

	(void)state;
	dir = realpath(made, NULL);
	tree_puts(dir, node, "node.xml");
	tree_puts(dir, "plain", "image");
	tree_puts(dir, "", "proc/uptime");
	tree_puts(dir, "MemTotal: 4194304 kB\nMemAvailable: 3145728 kB\n", "proc/meminfo");
	tree_puts(dir, "1\n", USB "busnum");
	tree_puts(dir, "2\n", USB "devnum");
	tree_puts(dir, "1234\n", USB "idVendor");
	tree_puts(dir, "0001\n", USB "idProduct");
	tree_puts(dir, "00\n", USB "bDeviceClass");
	tree_puts(dir, "0x020000\n", PCI "class");
	tree_puts(dir, "(null)\n", PCI "driver_override");
	tree_link(dir, "../../../kernel/iommu_groups/5", PCI "iommu_group");
	tree_puts(dir, "", "sys/bus/pci/drivers/vfio-pci/unbind");
	host = tree_host(dir);
	return connect_to_it();
}

static int teardown(void **state)
{
	(void)state;
	virt_free(virt);
	host_free(host);
	tree_remove(dir);
	return 0;
}

#define HERE ((const struct build_place){ .virt = virt, .domain = UUID, .host = host, .dir = dir })
#define RAW { "file", "%D/image" }, { "format", "raw" }
#define WAIT { "wait", "guest" }

static void each_check_has_its_words(void **state)
{
	static const struct build_refusal rows[] = {
		{ hotplug_disk_add, { { RAW, WAIT } }, -EINVAL, "wait=guest: of a libvirt guest", "leave it out" },
		{ hotplug_disk_add, { { RAW, { "id", "d0" } } }, -EEXIST, "id 'ua-d0' is taken", "another id=" },
		{ hotplug_disk_add, { { RAW, { "id", "0" } } }, -EINVAL, "id '0'", "a letter, then" },
		{ hotplug_disk_add, { { RAW, { "passthrough", "on" } } }, -EINVAL, "passthrough=on", "bus=scsi" },
		{ hotplug_disk_add, { { { "file", "%D/none" }, { "format", "raw" } } }, -EINVAL, "none: no such file", "qemu-img create" },
		{ hotplug_disk_add, { { { "volume", "pool" }, { "format", "raw" } } }, -EINVAL, "volume=pool", "POOL/VOLUME" },
		{ hotplug_disk_add, { { RAW, { "volume", "p/v" } } }, -EINVAL, "file= and volume=", "exclude each other" },
		{ hotplug_disk_remove, { { { "ID", "vdz" } } }, -ENODEV, "no disk 'vdz'", "vda" },
		{ hotplug_disk_resize, { { { "ID", "vda" }, { "size", "1000" } } }, -EINVAL, "size=1000", "multiple of 512" },
		{ hotplug_nic_add, { { { "type", "user" }, WAIT } }, -EINVAL, "wait=guest", "leave it out" },
		{ hotplug_nic_add, { { { "type", "user" }, { "mac", "52:54:00:12:34:56" } } }, -EEXIST, "that of a NIC of vm1", "another mac=" },
		{ hotplug_nic_add, { { { "type", "user" }, { "mac", "53:54:00:12:34:56" } } }, -EINVAL, "mac=53:54:00:12:34:56", "must be even" },
		{ hotplug_nic_add, { { { "type", "user" }, { "id", "d0" } } }, -EEXIST, "id 'ua-d0' is taken", "another id=" },
		{ hotplug_nic_add, { { { "type", "tap" }, { "source", "none" } } }, -EINVAL, "source=none: no such interface", "ip link" },
		{ hotplug_nic_add, { { { "type", "bridge" }, { "source", "none" } } }, -EINVAL, "source=none: no such interface", "ip link" },
		{ hotplug_nic_add, { { { "type", "tap" }, { "vhost", "on" } } }, -EINVAL, "no /dev/vhost-net", "modprobe vhost_net" },
		{ hotplug_nic_remove, { { { "ID", "n9" } } }, -ENODEV, "no NIC 'n9'", "ua-n0" },
		{ hotplug_nic_link, { { { "ID", "n9" }, { "STATE", "up" } } }, -ENODEV, "no NIC 'n9'", "ua-n0" },
		{ hotplug_vcpu_add, { { { "count", "3" } } }, -ENOSPC, "4 vCPUs: the guest can have 3", "MAX</vcpu>" },
		{ hotplug_vcpu_add, { { { "node", "1" }, { "count", "2" } } }, -ENOSPC, "node=1: 2 vCPUs are wanted", "1 can be added" },
		{ hotplug_vcpu_add, { { { "node", "1" }, { "persist", "on" } } }, -EINVAL, "node= and persist=on", "exclude each other" },
		{ hotplug_vcpu_add, { { WAIT } }, -EINVAL, "wait=guest", "leave it out" },
		{ hotplug_vcpu_remove, { { { "count", "2" } } }, -EINVAL, "2 vCPUs cannot be removed", "there are 1" },
		{ hotplug_vcpu_set, { { { "count", "0" } } }, -EINVAL, "count=0", "at least 1" },
		{ hotplug_dimm_add, { { { "size", "128M" } } }, -ENOSPC, "all 1 slots", "slots=" },
		{ hotplug_dimm_add, { { { "size", "100M" } } }, -EINVAL, "size=100M", "blocks of 128 MiB" },
		{ hotplug_dimm_add, { { { "size", "128M" }, WAIT } }, -EINVAL, "wait=guest", "leave it out" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "prealloc", "on" } } }, -EINVAL, "prealloc=on", "<memoryBacking>" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "host-node", "0" }, { "policy", "interleave" } } }, -EINVAL, "policy=interleave",
		  "leave it out" },
		{ hotplug_dimm_add, { { { "size", "128M" }, { "id", "m0" } } }, -EEXIST, "id 'ua-m0' is taken", "another id=" },
		{ hotplug_dimm_remove, { { { "ID", "m9" } } }, -ENODEV, "no DIMM 'm9'", "ua-m0 (dimm)" },
		{ hotplug_vmem_set, { { { "ID", "m0" }, { "size", "2M" } } }, -ENODEV, "no virtio-mem device 'm0'", "ua-m0 (dimm)" },
		{ hotplug_usb_add, { { { "host", "1-1" }, WAIT } }, -EINVAL, "wait=guest", "leave it out" },
		{ hotplug_usb_add, { { { "host", "1-1" }, { "persist", "on" } } }, -EINVAL, "host=1-1 and persist=on", "host=1234:0001" },
		{ hotplug_usb_add, { { { "host", "1-1" }, { "id", "u0" } } }, -EEXIST, "id 'ua-u0' is taken", "another id=" },
		{ hotplug_usb_add, { { { "host", "1-2" } } }, -EINVAL, "host=1-2: the host has no such", "1-1" },
		{ hotplug_usb_remove, { { { "ID", "u9" } } }, -ENODEV, "no USB device 'u9'", "ua-u0" },
		{ hotplug_vfio_add, { { { "host", "00:08.0" } } }, -EEXIST, "host=0000:00:08.0: the guest has it already", "'ua-p0'" },
		{ hotplug_vfio_add, { { { "host", "00:09.0" } } }, -EINVAL, "host=00:09.0: the host has no such", "--batch pci" },
		{ hotplug_vfio_remove, { { { "ID", "p9" } } }, -ENODEV, "no PCI device of the host 'p9'", "ua-p0" },
	};

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
}

#define DETACHED(alias) "detach-device-alias " alias ", and wait until the guest has released it, at most 1 s\n" \
	"  leaves device " alias ", which the guest has not released\n"

static void plans_are_as_they_are_told(void **state)
{
	static const struct build_plan rows[] = {
		{ hotplug_vcpu_set, { { { "count", "1" } } }, NULL, "" },
		{ hotplug_vcpu_add, { { { "count", "2" } } }, NULL,
		  "setvcpus --live 3\n  undo setvcpus --live 1\n  leaves 3 vCPUs\n" },
		{ hotplug_vcpu_add, { { { "node", "1" } } }, NULL, "setvcpu --live 2 --enable\n  undo setvcpu --live 2 --disable\n  leaves vCPU 2 plugged\n" },
		{ hotplug_nic_link, { { { "ID", "n0" }, { "STATE", "up" } } }, "ua-n0", "" },
		{ hotplug_nic_link, { { { "ID", "n0" }, { "STATE", "down" } } }, "ua-n0",
		  "update-device ua-n0, <link state='down'/>\n  undo update-device ua-n0, <link state='up'/>\n  leaves the link of ua-n0 down\n" },
		{ hotplug_dimm_remove, { { { "ID", "m0" } } }, "ua-m0", DETACHED("ua-m0") },
		{ hotplug_usb_add, { { { "host", "1234:0001" } } }, "ua-kt-usb0",
		  "attach-device <hostdev mode=\"subsystem\" type=\"usb\"><source><vendor id=\"0x1234\"/><product id=\"0x0001\"/></source>"
		  "<alias name=\"ua-kt-usb0\"/></hostdev>\n  undo detach-device-alias ua-kt-usb0, and wait until the guest has released it, at most 1 s\n"
		  "  leaves device ua-kt-usb0\n" },
		{ hotplug_usb_remove, { { { "ID", "u0" } } }, "ua-u0", DETACHED("ua-u0"), NULL, 1 },
		{ hotplug_vfio_add, { { { "host", "00:08.0" }, { "id", "p0" } } }, "ua-p0", "" },
		{ hotplug_vfio_remove, { { { "ID", "p0" } } }, "ua-p0", DETACHED("ua-p0") },
	};

	(void)state;
	build_plans(&HERE, rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_has_its_words),
		cmocka_unit_test(plans_are_as_they_are_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
