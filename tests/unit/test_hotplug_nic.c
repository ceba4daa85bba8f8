// SPDX-License-Identifier: GPL-3.0-or-later
/* Building plans for NICs: each check fails with its own words, and QEMU is only ever asked; each step with each fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "fault_table.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

#define NIC_PROPS "[{\"name\":\"netdev\",\"type\":\"str\"},{\"name\":\"mac\",\"type\":\"str\"},{\"name\":\"romfile\",\"type\":\"str\"}]"
/* "info network" lists what there may be, the model says what there is. */
#define NETWORK "nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56\\r\\n" \
	" \\\\ net0: index=0,type=user,net=10.0.2.0,restrict=off\\r\\n" \
	"kt-nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:57\\r\\n" \
	" \\\\ kt-nic0-net: index=0,type=vhost-user,vhost-user0 to kt-nic0-chr\\r\\n"

static char *root;
/* A q35 guest with a NIC, and rp1 free. */
static const struct fake_item guest[] = {
	{ .expect = "human-monitor-command", .any = true, .args = "{\"command-line\":\"info network\"}", .reply = "\"" NETWORK "\"" },
	{ .expect = "device-list-properties", .any = true, .reply = NIC_PROPS },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<PCIE>\"}]" },
	{ .expect = "qom-list", .any = true, .reply = "[]" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug\"}", .reply = "true" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug-handler\"}", .error = "GenericError: no pci.0" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"type\"}", .reply = "\"virtio-net-device\"" },
	{ .expect = "qom-get", .any = true, .error = "DeviceNotFound: no such" },
	{ .expect = "query-memdev", .any = true, .reply = "[{\"id\":\"ram\",\"share\":true}]" },
	{ .expect = "query-kvm", .any = true, .reply = "{\"enabled\":true,\"present\":true}" },
	{ .expect = "query-cpus-fast", .any = true, .reply = "[]" },
	{ 0 }
};

/* A network namespace of our own, or none: then those cases cannot be run here. */
static int own_network(void)
{
	return unshare(CLONE_NEWNET | CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("sysfs", "/sys", "sysfs", 0, NULL);
}

static int with_bridge(void)
{
	return own_network() ? -1 : system("ip link add br0 type bridge 2>/dev/null");
}

static int with_tap(void)
{
	return own_network() ? -1 : system("ip tuntap add t0 mode tap 2>/dev/null");
}

/* Each interface, whether it is up, and what it is a port of. */
static char *interfaces(const struct host *h)
{
	DIR *dir = opendir("/sys/class/net");
	const struct dirent *d;
	struct buf all = {0};

	while ((d = readdir(dir))) {
		struct host_iface l;

		if (!host_iface_read(h, d->d_name, &l))
			buf_printf(&all, "%s %s %s\n", l.name, l.up ? "up" : "down", l.master);
	}
	closedir(dir);
	return buf_take(&all);
}

#define BEFORE .there = { "netdev net0", "device nic0" }
#define AFTER .want = { "device n", "device nic0", "netdev n-net", "netdev net0" }
#define IN_NETWORK(fn) .root = "/", .setup = (fn), .host_state = interfaces

static void each_step_with_each_fault(void **state)
{
	const struct fault_case cases[] = {
		{ .name = "add user", .build = hotplug_nic_add, .args = { { "type", "user" }, { "id", "n" } }, .answers = guest,
		  BEFORE, AFTER },
		{ .name = "add vdpa", .build = hotplug_nic_add, .answers = guest, .root = root,
		  .args = { { "type", "vdpa" }, { "id", "n" }, { "source", "/dev/vhost-vdpa-0" } }, BEFORE, AFTER },
		{ .name = "add vhost-user", .build = hotplug_nic_add, .answers = guest, .root = root,
		  .args = { { "type", "vhost-user" }, { "id", "n" }, { "source", "/socket" } }, BEFORE,
		  .want = { "chardev n-chr", "device n", "device nic0", "netdev n-net", "netdev net0" } },
		{ .name = "remove", .build = hotplug_nic_remove, .args = { { "ID", "nic0" } }, .answers = guest, BEFORE },
		{ .name = "remove vhost-user", .build = hotplug_nic_remove, .args = { { "ID", "kt-nic0" } }, .answers = guest,
		  .there = { "chardev kt-nic0-chr", "netdev kt-nic0-net", "device kt-nic0" } },
		{ .name = "link", .build = hotplug_nic_link, .args = { { "ID", "nic0" }, { "STATE", "down" } }, .answers = guest,
		  .there = { "link nic0=true" }, .want = { "link nic0=false" } },
		{ .name = "add tap", .build = hotplug_nic_add, .answers = guest, IN_NETWORK(own_network),
		  .args = { { "type", "tap" }, { "id", "n" }, { "queues", "2" } }, BEFORE, AFTER },
		{ .name = "add tap t0", .build = hotplug_nic_add, .answers = guest, IN_NETWORK(with_tap),
		  .args = { { "type", "tap" }, { "id", "n" }, { "source", "t0" } }, BEFORE, AFTER },
		{ .name = "add bridge", .build = hotplug_nic_add, .answers = guest, IN_NETWORK(with_bridge),
		  .args = { { "type", "bridge" }, { "id", "n" }, { "source", "br0" } }, BEFORE, AFTER },
	};

	(void)state;
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 100);
}

static int setup(void **state)
{
	(void)state;
	root = tree_new();
	tree_puts(root, "", "dev/vhost-vdpa-0");
	tree_puts(root, "", "proc/uptime");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
