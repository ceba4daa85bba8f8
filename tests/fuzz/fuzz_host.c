// SPDX-License-Identifier: GPL-3.0-or-later
/* Files of the host as a whole. USB devices and interfaces name themselves. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/host/host.h"

#define NODE "sys/devices/system/node/"
#define USB "sys/bus/usb/devices/1-2/"
#define PCI "sys/bus/pci/devices/0000:01:00.0/"
#define NET "sys/class/net/eth0/"
static const char *const names[] = {
	"proc/stat", "proc/meminfo", "proc/vmstat", "proc/pressure/cpu", "proc/loadavg", "proc/uptime", "proc/net/dev",
	"proc/cpuinfo", "proc/1/mountinfo", "proc/swaps", "proc/net/route", NODE "online", NODE "node0/cpulist",
	NODE "node0/meminfo", NODE "node0/numastat", NODE "node0/distance", "sys/devices/system/cpu/online",
	"sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
	"sys/kernel/mm/ksm/run", "sys/kernel/mm/transparent_hugepage/enabled", USB "idVendor", USB "idProduct", USB "busnum",
	USB "devnum", USB "product", USB "manufacturer", USB "bDeviceClass", PCI "class", PCI "vendor", PCI "sriov_totalvfs",
	NET "address", NET "ifindex", NET "tun_flags", NET "flags", "sys/module/kvm/parameters/halt_poll_ns",
	"sys/dev/block/253:0/dm/uuid", "sys/dev/block/253:0/size", "proc/sys/kernel/hostname",
};

static void system_read(const struct host *h)
{
	auto_free struct host_huge_pool *pools = NULL;
	auto_free struct host_node *nodes = NULL;
	auto_free struct host_cpu *cpus = NULL;
	auto_free struct host_net_dev *nets = NULL;
	struct host_system sys;
	struct host_ksm ksm;
	struct host_thp thp;
	struct host_hyper hyper;
	size_t n;

	host_system_read(h, &sys);
	host_nodes_read(h, &nodes, &n);
	host_cpus_read(h, &cpus, &n);
	host_huge_read(h, true, &pools, &n);
	host_ksm_read(h, &ksm);
	host_thp_read(h, &thp);
	host_hyper_read(h, &hyper);
	host_nets_read(h, 0, &nets, &n);
}

static void devices_read(const struct host *h)
{
	struct host_store store = { .device = true, .dev = 253ull << 8 };
	auto_free struct host_pci *pci = NULL;
	struct host_use use;
	struct host_usb *usb;
	struct host_iface iface;
	size_t n;

	host_pci_list(h, &pci, &n);
	if (!host_usb_list(h, &usb, &n))
		host_usb_free(usb, n);
	host_iface_read(h, "eth0", &iface);
	host_device_use(h, "1-2", &use);
	free(use.text);
	host_store_device(h, &store);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct host *fresh;

	fuzz_host(names, ARRAY_SIZE(names));
	fuzz_files(data, size);
	if (host_open(fuzz_root(), &fresh, &err))	/* what does not change is read then */
		abort();
	system_read(fresh);
	devices_read(fresh);
	host_free(fresh);
}
