// SPDX-License-Identifier: GPL-3.0-or-later
/* Building plans for NICs: each check fails with its own words, and QEMU is only ever asked; each step with each fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_rules.h"
#include "fake_ovs.h"
#include "fault_table.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

#define NIC_PROPS "[{\"name\":\"netdev\",\"type\":\"str\"},{\"name\":\"mac\",\"type\":\"str\"},{\"name\":\"romfile\",\"type\":\"str\"},{\"name\":\"host_mtu\",\"type\":\"uint16\"}]"
/* "info network" lists what there may be, the model says what there is. */
#define NETWORK "nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56\\r\\n" \
	" \\\\ net0: index=0,type=user,net=10.0.2.0,restrict=off\\r\\n" \
	"kt-nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:57\\r\\n" \
	" \\\\ kt-nic0-net: index=0,type=vhost-user,vhost-user0 to kt-nic0-chr\\r\\n" \
	"left-net: index=0,type=user,net=10.0.2.0,restrict=off\\r\\n"

static char *root;
static struct host *host;
/* A q35 guest with a NIC, and rp1 free. */
static const struct fake_item guest[] = {
	{ .expect = "human-monitor-command", .any = true, .args = "{\"command-line\":\"info network\"}", .reply
	  = "\"" NETWORK "\"" },
	{ .expect = "device-list-properties", .any = true, .reply = NIC_PROPS },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<PCIE>\"}]" },
	{ .expect = "qom-list", .any = true, .reply = "[]" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug\"}", .reply = "true" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug-handler\"}", .error =
	  "GenericError: no pci.0" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"type\"}", .reply = "\"virtio-net-device\"" },
	{ .expect = "qom-get", .any = true, .error = "DeviceNotFound: no such" },
	{ .expect = "query-memdev", .any = true, .reply = "[{\"id\":\"ram\",\"share\":true}]" },
	{ .expect = "query-kvm", .any = true, .reply = "{\"enabled\":true,\"present\":true}" },
	{ .expect = "query-commands", .any = true, .reply = "[{\"name\":\"query-kvm\"}]" },
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

/* A bridge is a network device like another, and needs no driver more. Of macvtaps, other tests wait too (tests/net.sh). */
static int with_macvtap(void)
{
	int dev = open("/dev/net", O_RDONLY | O_DIRECTORY);	/* until this process ends */

	return dev < 0 || flock(dev, LOCK_EX) || own_network() ? -1 : system("{ ip link add d0 type bridge && ip link add link d0 name kt-try type macvtap && "
					   "[ -e /dev/tap$(cat /sys/class/net/kt-try/ifindex) ] && ip link del kt-try; } 2>/dev/null");
}

static int with_ovs(void)
{
	return own_network() || mount("none", "/run", "tmpfs", 0, NULL) || mkdir("/run/openvswitch", 0755) ||
		system("ip tuntap add ovsbr0 mode tap 2>/dev/null") || fake_ovs_start(HOST_OVS_SOCKET, "ovsbr0") ||
		host_ovs_add(HOST_OVS_SOCKET, "ovsbr0", "ovsbr0", 0, 20000, NULL);
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

static char *interfaces_and_ports(const struct host *h)
{
	struct buf all = {0};
	auto_free char *links = interfaces(h);
	struct host_ovs_port *list = NULL;
	size_t n = 0, i;

	buf_puts(&all, links);
	if (host_ovs_read(HOST_OVS_SOCKET, 20000, &list, &n, NULL))
		abort();
	for (i = 0; i < n; i++)
		buf_printf(&all, "port %s=%s\n", list[i].name, list[i].bridge);
	free(list);
	return buf_take(&all);
}

#define BEFORE .there = { "netdev net0", "device nic0" }
#define AFTER .want = { "device n", "device nic0", "netdev n-net", "netdev net0" }
#define IN_NETWORK(fn) .root = "/", .setup = (fn), .host_state = interfaces

static void each_step_with_each_fault(void **state)
{
	const struct fault_case cases[] = {
		/* first, as one has to wait for another: /dev/tapN is by number, and the numbers are those of each network namespace */
		{ .name = "add macvtap", .build = hotplug_nic_add, .answers = guest, IN_NETWORK(with_macvtap), .alone = true,
		  .args = { { "type", "macvtap" }, { "id", "n" }, { "source", "d0" } }, BEFORE, AFTER },
		{ .name = "add user", .build = hotplug_nic_add, .args = { { "type", "user" }, { "id", "n" } },
		  .answers = guest,
		  BEFORE, AFTER },
		{ .name = "add vdpa", .build = hotplug_nic_add, .answers = guest, .root = root,
		  .args = { { "type", "vdpa" }, { "id", "n" }, { "source", "/dev/vhost-vdpa-0" } }, BEFORE, AFTER },
		{ .name = "add vhost-user", .build = hotplug_nic_add, .answers = guest, .root = root,
		  .args = { { "type", "vhost-user" }, { "id", "n" }, { "source", "/socket" } }, BEFORE,
		  .want = { "chardev n-chr", "device n", "device nic0", "netdev n-net", "netdev net0" } },
		{ .name = "remove", .build = hotplug_nic_remove, .args = { { "ID", "nic0" } }, .answers =
		  guest, BEFORE },
		{ .name = "remove vhost-user", .build = hotplug_nic_remove, .args = { { "ID", "kt-nic0" } },
		  .answers = guest,
		  .there = { "chardev kt-nic0-chr", "netdev kt-nic0-net", "device kt-nic0" } },
		{ .name = "link", .build = hotplug_nic_link, .args = { { "ID", "nic0" }, { "STATE", "down" } },
		  .answers = guest,
		  .there = { "link nic0=true" }, .want = { "link nic0=false" } },
		{ .name = "add tap", .build = hotplug_nic_add, .answers = guest, IN_NETWORK(own_network),
		  .args = { { "type", "tap" }, { "id", "n" }, { "queues", "2" } }, BEFORE, AFTER },
		{ .name = "add tap t0", .build = hotplug_nic_add, .answers = guest, IN_NETWORK(with_tap),
		  .args = { { "type", "tap" }, { "id", "n" }, { "source", "t0" } }, BEFORE, AFTER },
		{ .name = "add bridge", .build = hotplug_nic_add, .answers = guest, IN_NETWORK(with_bridge),
		  .args = { { "type", "bridge" }, { "id", "n" }, { "source", "br0" } }, BEFORE, AFTER },
		{ .name = "add ovs", .build = hotplug_nic_add, .answers = guest, .root = "/", .setup = with_ovs,
		  .host_state = interfaces_and_ports, .args = { { "type", "bridge" }, { "id", "n" }, { "source", "ovsbr0" } },
		  BEFORE, AFTER },
	};

	(void)state;
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 100);
}

/* The same guest, which the fault table's model does not ask after. */
static const struct fake_item asked[] = {
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"},{\"name\":\"kt-nic0\",\"type\":\"child<virtio-net-pci>\"}]" },
	{ .expect = "query-migrate", .any = true }, { .expect = "query-status", .any = true, .reply =
	  "{\"running\":true,\"status\":\"running\"}" }, { 0 }
};
#define HERE ((const struct build_place){ .guest = asked, .more = guest, .host = host })

#define TYPE(t) { "type", t }
#define SOURCE(s) { "source", s }

static void each_check_has_its_words(void **state)
{
	static const struct fake_item migrating[] = { { .expect = "query-migrate", .any = true, .reply =
		"{\"status\":\"active\"}" }, { 0 } };
	static const struct fake_item no_type[] = { { .expect = "device-list-properties", .any = true, .error =
		"DeviceNotFound: no" }, { 0 } };
	static const struct fake_item no_nic[] = { { .expect = "device-list-properties", .any = true, .reply = "[]" }, { 0 } };
	static const struct fake_item tcg[] = { { .expect = "query-kvm", .any = true, .reply =
		"{\"enabled\":false,\"present\":true}" }, { 0 } };
	static const struct fake_item unshared[] = { { .expect = "query-memdev", .any = true, .reply =
		"[{\"share\":false}]" }, { 0 } };
	static const struct fake_item no_port[] = { {
		.expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1/rp1\"}",
		.reply = "[{\"name\":\"child[0]\",\"type\":\"link<device>\"}]" }, { 0 } };
	static const struct build_refusal rows[] = {
		{ hotplug_nic_add, { { TYPE("user"), SOURCE("x") } }, -EINVAL, "source=x: type=user has none", "leave it out" },
		{ hotplug_nic_add, { { TYPE("user"), { "queues", "2" } } }, -EINVAL, "queues=2: type=user has one pair of queues", "type=tap" },
		{ hotplug_nic_add, { { TYPE("user"), { "vhost", "on" } } }, -EINVAL, "vhost=on", "type=tap" },
		{ hotplug_nic_add, { { TYPE("user"), { "persist", "on" } } }, -EINVAL, "no stored definition", "leave it out" },
		{ hotplug_nic_add, { { TYPE("user"), { "model", "e1000" }, { "wait", "guest" } } }, -EINVAL,
		  "wait=guest", "model=virtio" },
		{ hotplug_nic_add, { { TYPE("user"), { "model", "e1001" } } }, -EINVAL, "no such device",
		  "e1000e", no_type },
		{ hotplug_nic_add, { { TYPE("user"), { "model", "pc-dimm" } } }, -EINVAL, "is no NIC",
		  "virtio", no_nic },
		{ hotplug_nic_add, { { TYPE("user") } }, -EBUSY, "is being migrated", "until that is over",
		  migrating },
		{ hotplug_nic_add, { { TYPE("user") } }, -ENOSPC, "no free hotpluggable PCI port", "more "
		  "pcie-root-port", no_port },
		{ hotplug_nic_add, { { TYPE("user"), { "id", "a b" } } }, -EINVAL, "a letter, then", "are expected" },
		{ hotplug_nic_add, { { TYPE("user"), { "id", "rp1" } } }, -EEXIST, "taken by a pcie-root-port", "another id=" },
		{ hotplug_nic_add, { { TYPE("user"), { "id", "left" } } }, -EEXIST, "netdev 'left-net' exists",
		  "netdev_del" },
		{ hotplug_nic_add, { { TYPE("user"), { "mac", "52:54:00:12:34" } } }, -EINVAL, "six bytes", "52:54:00:12:34:56" },
		{ hotplug_nic_add, { { TYPE("user"), { "mac", "52:54:00:12:34:5g" } } }, -EINVAL, "six bytes", "52:54:00:12:34:56" },
		{ hotplug_nic_add, { { TYPE("user"), { "mac", "53:54:00:12:34:56" } } }, -EINVAL, "group's "
		  "address", "even" },
		{ hotplug_nic_add, { { TYPE("user"), { "mac", "00:00:00:00:00:00" } } }, -EINVAL, "nobody's", "leave it out" },
		{ hotplug_nic_add, { { TYPE("user"), { "mac", "52:54:00:12:34:56" } } }, -EEXIST, "that of "
		  "nic0", "force=on" },
		{ hotplug_nic_add, { { TYPE("user"), { "mac", "02:00:00:00:00:0E" } } }, -EEXIST, "that of "
		  "interface eth0", "force=on" },
		{ hotplug_nic_add, { { TYPE("user"), { "mac", "52:54:00:00:00:77" } } }, -EEXIST, "command line "
		  "of QEMU process 77",
		  "force=on" },
		{ hotplug_nic_add, { { TYPE("tap"), { "queues", "0" } } }, -EINVAL, "queues=", "1 to 256" },
		{ hotplug_nic_add, { { TYPE("tap"), { "queues", "257" } } }, -EINVAL, "queues=", "1 to 256" },
		{ hotplug_nic_add, { { TYPE("tap"), { "queues", "2" }, { "model", "e1000" } } }, -EINVAL, "one "
		  "pair", "model=virtio" },
		{ hotplug_nic_add, { { TYPE("tap"), { "vhost", "on" }, { "model", "e1000" } } }, -EINVAL,
		  "vhost=on", "model=virtio" },
		{ hotplug_nic_add, { { TYPE("tap"), { "vhost", "on" } } }, -EINVAL, "no /dev/vhost-net",
		  "modprobe vhost_net" },
		{ hotplug_nic_add, { { TYPE("tap"), SOURCE("none") } }, -EINVAL, "no such interface", "ip link" },
		{ hotplug_nic_add, { { TYPE("tap"), SOURCE("../eth0") } }, -EINVAL, "cannot be an interface's name", "ip link" },
		{ hotplug_nic_add, { { TYPE("tap"), SOURCE("abcdefghijklmnop") } }, -EINVAL, "cannot be an interface's name", "ip link" },
		{ hotplug_nic_add, { { TYPE("tap"), SOURCE("eth0") } }, -EINVAL, "is no tap", "leave source= out" },
		{ hotplug_nic_add, { { TYPE("tap"), SOURCE("br0") } }, -EINVAL, "is no tap", "type=bridge source=br0" },
		{ hotplug_nic_add, { { TYPE("tap"), SOURCE("used") } }, -EBUSY, "tap used is in use by another process", "leave source= out" },
		{ hotplug_nic_add, { { TYPE("tap"), SOURCE("one"), { "queues", "2" } } }, -EINVAL, "made for "
		  "one queue", "multi_queue" },
		{ hotplug_nic_add, { { TYPE("bridge") } }, -EINVAL, "source= is missing", "a bridge of the host" },
		{ hotplug_nic_add, { { TYPE("bridge"), SOURCE("eth0") } }, -EINVAL, "source=eth0 is no bridge", "ip link show type bridge" },
		{ hotplug_nic_add, { { TYPE("bridge"), SOURCE("none") } }, -EINVAL, "source=none: no such interface", "ip link" },
		{ hotplug_nic_add, { { TYPE("network"), SOURCE("default") } }, -EINVAL, "is libvirt's", "type=bridge" },
		{ hotplug_nic_add, { { TYPE("macvtap") } }, -EINVAL, "source= is missing", "an interface" },
		{ hotplug_nic_add, { { TYPE("macvtap"), SOURCE("port") } }, -EBUSY, "is a port of br0",
		  "type=bridge source=br0" },
		{ hotplug_nic_add, { { TYPE("vhost-user"), SOURCE("socket") } }, -EINVAL, "source=socket", "absolute path" },
		{ hotplug_nic_add, { { TYPE("vhost-user"), SOURCE("/s"), { "model", "e1000" } } }, -EINVAL,
		  "type=vhost-user wants", "model=virtio" },
		{ hotplug_nic_add, { { TYPE("vhost-user"), SOURCE("/s") } }, -EINVAL, "memory is not shared",
		  "share=on", unshared },
		{ hotplug_nic_add, { { TYPE("vhost-user"), SOURCE("/s") } }, -EOPNOTSUPP, "kills a QEMU of this "
		  "age", "KVM", tcg },
		{ hotplug_nic_add, { { TYPE("vdpa"), SOURCE("/dev/mem") } }, -EINVAL, "source=/dev/mem", "/dev/vhost-vdpa-N is expected" },
		{ hotplug_nic_add, { { TYPE("vdpa"), SOURCE("/dev/vhost-vdpa-0/../mem") } }, -EINVAL, "/../mem", "/dev/vhost-vdpa-N is expected" },
		{ hotplug_nic_add, { { TYPE("vdpa"), SOURCE("/dev/vhost-vdpa-9") } }, -EINVAL, "/dev/vhost-vdpa-9 cannot be opened", "vdpa dev show" },
		{ hotplug_nic_add, { { TYPE("bridge"), SOURCE("br0"), { "mtu", "9001" } } }, -EINVAL, "bridge br0 has an MTU of 9000", "ip link set br0 mtu 9001" },
		{ hotplug_nic_add, { { TYPE("bridge"), SOURCE("br0"), { "mtu", "67" } } }, -EINVAL, "mtu=67", "68 to 65535" },
		{ hotplug_nic_add, { { TYPE("user"), { "mtu", "9000" } } }, -EINVAL, "carries 1500", "type=bridge" },
		{ hotplug_nic_add, { { TYPE("vdpa"), SOURCE("/dev/vhost-vdpa-0"), { "mtu", "9000" } } }, -EINVAL, "tells its guest itself", "vdpa dev add" },
		{ hotplug_nic_add, { { TYPE("bridge"), SOURCE("br0"), { "vlan", "5" } } }, -EINVAL, "bridge br0 filters no VLANs", "vlan_filtering 1" },
		{ hotplug_nic_add, { { TYPE("bridge"), SOURCE("br0"), { "vlan", "0" } } }, -EINVAL, "vlan=0", "1 to 4094" },
		{ hotplug_nic_add, { { TYPE("tap"), { "vlan", "5" } } }, -EINVAL, "but as a port of a bridge", "type=bridge" },
		{ hotplug_nic_add, { { TYPE("macvtap"), SOURCE("eth0"), { "vlan", "5" } } }, -EINVAL, "what the interface below it does", "source=eth0.5" },
		{ hotplug_nic_remove, { { { "ID", "nic9" } } }, -ENODEV, "no NIC 'nic9'", "did you mean 'nic0'" },
		{ hotplug_nic_remove, { { { "ID", "rp1" } } }, -ENODEV, "no NIC 'rp1'", "there is: nic0" },
		{ hotplug_nic_remove, { { { "ID", "nic0" } } }, -EBUSY, "is being migrated", "until that is over", migrating },
		{ hotplug_nic_link, { { { "ID", "other" }, { "STATE", "up" } } }, -ENODEV, "no NIC 'other'", "there is: nic0" },
	};

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
}

#define MAC { "mac", "52:54:00:00:00:01" }
#define DEVICE_UP(more, link) "device_add {\"driver\":\"virtio-net-pci\",\"id\":\"n\",\"netdev\":\"n-net\"," \
	"\"mac\":\"52:54:00:00:00:01\",\"bus\":\"rp1\",\"romfile\":\"\"" more "}\n" \
	"  undo device_del {\"id\":\"n\"}\n  undo wait until the guest has released n, at most 1 s\n  leaves device n\n" \
	link "wait until the guest's driver for n is up, at most 1 s\n"
#define DEVICE(more) DEVICE_UP(more, "")
/* It joins the network when the device is in, and leaves it before anything else is taken back. */
#define LINK(name, up, down, leaves) "interface " name up " up\n  undo interface " name down " down\n  leaves interface " name leaves " up\n"
#define NETDEV(args) "netdev_add {\"type\":\"" args "}\n  undo netdev_del {\"id\":\"n-net\"}, if it is there\n  leaves netdev n-net\n"
#define GETFD(fd, with, of) GETFD_MADE(fd, with, of, "")
#define GETFD_MADE(fd, with, of, undo) "getfd {\"fdname\":\"" fd "\"}, with " with " here\n" undo \
	"  undo closefd {\"fdname\":\"" fd "\"}, if it is there\n  leaves descriptor " fd " in QEMU (" of ")\n"
#define GONE(id) "device_del {\"id\":\"" id "\"}\nwait until the guest has released " id ", at most 1 s\n" \
	"  leaves device " id ", which the guest has not released\n"
#define DROPPED(command, kind, id) command " {\"id\":\"" id "\"}, if it is there\n  leaves " kind " " id "\n"

static const struct build_plan plans[] = {
	{ hotplug_nic_add, { { TYPE("user"), { "id", "n" }, MAC } }, NULL, NETDEV("user\",\"id\":\"n-net\"") DEVICE("") },
	{ hotplug_nic_add, { { TYPE("tap"), { "id", "n" }, MAC } }, NULL,
	  GETFD_MADE("n-t0", "tap kt-tap1 made", "kt-tap1", "  undo remove interface kt-tap1\n")
	  NETDEV("tap\",\"id\":\"n-net\",\"fd\":\"n-t0\"") DEVICE_UP("", LINK("kt-tap1", " address fe:54:00:00:00:01", "", "")) },
	{ hotplug_nic_add, { { TYPE("tap"), { "id", "n" }, MAC, SOURCE("one") } }, NULL,
	  GETFD("n-t0", "tap one opened", "one")
	  NETDEV("tap\",\"id\":\"n-net\",\"fd\":\"n-t0\"") DEVICE_UP("", LINK("one", "", "", "")) },
	{ hotplug_nic_add, { { TYPE("bridge"), { "id", "n" }, MAC, SOURCE("br0"), { "queues", "2" } } }, NULL,
	  GETFD_MADE("n-t0", "tap kt-tap1 made", "kt-tap1", "  undo remove interface kt-tap1\n") GETFD("n-t1", "tap kt-tap1 opened", "kt-tap1")
	  NETDEV("tap\",\"id\":\"n-net\",\"fds\":\"n-t0:n-t1\"")
	  DEVICE_UP(",\"host_mtu\":9000,\"mq\":true,\"vectors\":6", LINK("kt-tap1", " address fe:54:00:00:00:01 mtu 9000 into bridge br0",
	  " out of its bridge,", " in bridge br0")), NULL, 1 },
	/* one that has no port yet, and one whose ports have higher addresses, takes that of its port, if it is not told; of less the
	 * guest alone is told, and the bridge not */
	{ hotplug_nic_add, { { TYPE("bridge"), { "id", "n" }, MAC, SOURCE("empty"), { "mtu", "1400" } } }, NULL,
	  GETFD_MADE("n-t0", "tap kt-tap1 made", "kt-tap1", "  undo remove interface kt-tap1\n") NETDEV("tap\",\"id\":\"n-net\",\"fd\":\"n-t0\"")
	  DEVICE_UP(",\"host_mtu\":1400", "keep address 02:00:00:00:00:0f of bridge empty, which would follow its ports\n"
	  LINK("kt-tap1", " address fe:54:00:00:00:01 mtu 1500 into bridge empty", " out of its bridge,", " in bridge empty")) },
	{ hotplug_nic_add, { { TYPE("bridge"), { "id", "n" }, MAC, SOURCE("high"), { "vlan", "5" } } }, NULL,
	  GETFD_MADE("n-t0", "tap kt-tap1 made", "kt-tap1", "  undo remove interface kt-tap1\n") NETDEV("tap\",\"id\":\"n-net\",\"fd\":\"n-t0\"")
	  DEVICE_UP("", "keep address fe:ff:00:00:00:01 of bridge high, which would follow its ports\n"
	  "interface kt-tap1 address fe:54:00:00:00:01 mtu 1500 into bridge high down\n  undo interface kt-tap1 out of its bridge, down\n"
	  "  leaves interface kt-tap1 in bridge high\nVLAN 5 for port kt-tap1, pvid and untagged, and no other\n"
	  LINK("kt-tap1", "", "", "")) },
	{ hotplug_nic_add, { { TYPE("tap"), { "id", "n" }, MAC, { "mtu", "9000" } } }, NULL,
	  GETFD_MADE("n-t0", "tap kt-tap1 made", "kt-tap1", "  undo remove interface kt-tap1\n") NETDEV("tap\",\"id\":\"n-net\",\"fd\":\"n-t0\"")
	  DEVICE_UP(",\"host_mtu\":9000", LINK("kt-tap1", " address fe:54:00:00:00:01 mtu 9000", "", "")) },
	{ hotplug_nic_add, { { TYPE("macvtap"), { "id", "n" }, MAC, SOURCE("eth0") } }, NULL,
	  "make macvtap kt-mvt0 on eth0, mode bridge, address 52:54:00:00:00:01\n  undo remove interface "
	  "kt-mvt0\n  leaves macvtap kt-mvt0 on eth0\n"
	  GETFD("n-t0", "macvtap kt-mvt0 opened", "kt-mvt0")
	  NETDEV("tap\",\"id\":\"n-net\",\"fd\":\"n-t0\"") DEVICE_UP("", LINK("kt-mvt0", "", "", "")) },
	{ hotplug_nic_add, { { TYPE("vhost-user"), { "id", "n" }, MAC, SOURCE("/s") } }, NULL,
	  "chardev-add {\"id\":\"n-chr\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"/s\"}},"
	  "\"server\":false}}}\n  undo chardev-remove {\"id\":\"n-chr\"}, if it is there\n  leaves chardev n-chr (/s)\n"
	  NETDEV("vhost-user\",\"id\":\"n-net\",\"chardev\":\"n-chr\"") DEVICE("") },
	{ hotplug_nic_add, { { TYPE("vdpa"), { "id", "n" }, MAC, SOURCE("/dev/vhost-vdpa-0"), { "queues", "2" } } }, NULL,
	  GETFD("n-t0", "/dev/vhost-vdpa-0 opened", "vhost-vdpa-0")
	  NETDEV("vhost-vdpa\",\"id\":\"n-net\",\"vhostfd\":\"n-t0\",\"queues\":2")
	  	DEVICE(",\"mq\":true,\"vectors\":6"), NULL, 1 },
	{ hotplug_nic_remove, { { { "ID", "nic0" } } }, NULL, GONE("nic0") DROPPED("netdev_del", "netdev", "net0") },
	{ hotplug_nic_remove, { { { "ID", "kt-nic0" } } }, NULL,
	  GONE("kt-nic0") DROPPED("netdev_del", "netdev", "kt-nic0-net") DROPPED("chardev-remove", "chardev", "kt-nic0-chr") },
	{ hotplug_nic_link, { { { "ID", "nic0" }, { "STATE", "down" } } }, NULL,
	  "set_link {\"name\":\"nic0\",\"up\":false}\n  undo set_link {\"name\":\"nic0\",\"up\":true}\n  leaves the link of nic0 down\n" },
};

/* What was built is as it is told, can be journaled, and is believed when it is read. */
static void plans_are_as_they_are_told(void **state)
{
	(void)state;
	build_plans(&HERE, plans, ARRAY_SIZE(plans));
}

/* An entry that somebody has edited makes kvmtop do nothing that no NIC needs. */
static void edited_journals_are_not_believed(void **state)
{
	static const char *const steps[] = {
		"{\"op\":\"qmp\",\"what\":\"netdev_add\",\"args\":{\"type\":\"tap\",\"id\":\"x\",\"script\":\"/tmp/x\"}}",
		"{\"op\":\"qmp\",\"what\":\"netdev_add\",\"args\":{\"type\":\"bridge\",\"id\":\"x\",\"helper\":\"/tmp/x\"}}",
		"{\"op\":\"qmp\",\"what\":\"netdev_add\",\"args\":{\"type\":\"user\",\"id\":\"x\",\"guestfwd\":[]}}",
		"{\"op\":\"qmp\",\"what\":\"netdev_add\",\"args\":{\"type\":\"socket\",\"id\":\"x\"}}",
		"{\"op\":\"qmp\",\"what\":\"netdev_add\"}",
		"{\"op\":\"qmp\",\"what\":\"chardev-add\",\"args\":{\"id\":\"x\",\"backend\":{\"type\":\"file\",\"data\":{\"out\":\"/x\"}}}}",
		"{\"op\":\"qmp\",\"what\":\"chardev-add\",\"args\":{\"id\":\"x\",\"backend\":{\"type\":\"socket\",\"data\":"
		"{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"/x\"}}}}}}",	/* server is true if it is not said */
		"{\"op\":\"qmp\",\"what\":\"chardev-add\",\"args\":{\"id\":\"x\",\"backend\":{\"type\":\"socket\",\"data\":"
		"{\"addr\":{\"type\":\"inet\",\"data\":{}},\"server\":false}}}}",
		"{\"op\":\"qmp\",\"what\":\"chardev-add\"}",
		"{\"op\":\"pass-fd\",\"what\":\"x\",\"args\":{\"open\":\"dev\",\"name\":\"mem\"}}",
		"{\"op\":\"pass-fd\",\"what\":\"x\",\"args\":{\"open\":\"dev\",\"name\":\"vhost-vdpa-0/../mem\"}}",
		"{\"op\":\"pass-fd\",\"what\":\"x\",\"args\":{\"open\":\"tap\",\"name\":\"../x\",\"how\":\"make\"}}",
		"{\"op\":\"pass-fd\",\"what\":\"x\",\"args\":{\"open\":\"tap\",\"name\":\"x\"}}",
		"{\"op\":\"pass-fd\",\"what\":\"x\"}",
		"{\"op\":\"link-set\",\"what\":\"eth0\",\"args\":{\"up\":true,\"master\":\"br0\"}}",
		"{\"op\":\"link-set\",\"what\":\"eth0\",\"args\":{\"up\":true,\"mtu\":1500}}",
		"{\"op\":\"link-set\",\"what\":\"eth0\",\"args\":{\"up\":true,\"mac\":\"52:54:00:00:00:01\"}}",
		"{\"op\":\"link-set\",\"what\":\"kt-tap0\",\"args\":{\"up\":true,\"mac\":\"x\"}}",
		"{\"op\":\"bridge-keep\",\"what\":\"br0\",\"args\":{\"mac\":\"x\"}}",
		"{\"op\":\"bridge-keep\",\"what\":\"../br0\",\"args\":{\"mac\":\"52:54:00:00:00:01\"}}",
		"{\"op\":\"port-vlan\",\"what\":\"eth0\",\"args\":{\"vlan\":5}}",
		"{\"op\":\"port-vlan\",\"what\":\"kt-tap0\",\"args\":{\"vlan\":4095}}",
		"{\"op\":\"port-vlan\",\"what\":\"kt-tap0\"}",
		"{\"op\":\"ovs-add\",\"what\":\"kt-tap0\",\"args\":{\"bridge\":\"br0\",\"vlan\":4095}}",
		"{\"op\":\"link-add\",\"what\":\"eth9\",\"args\":{\"lower\":\"eth0\",\"mode\":\"bridge\",\"mac\":\"52:54:00:00:00:01\"}}",
		"{\"op\":\"link-add\",\"what\":\"kt-mvt0\"}",
		"{\"op\":\"link-del\",\"what\":\"eth0\"}",
		"{\"op\":\"qmp\",\"what\":\"getfd\",\"args\":{\"fdname\":\"x\"}}",
	};
	static const char *const inverses[] = {		/* fine in a plan, and never what takes something back */
		"{\"op\":\"pass-fd\",\"what\":\"x\",\"args\":{\"open\":\"dev\",\"name\":\"vhost-net\"}}",
		"{\"op\":\"link-add\",\"what\":\"kt-mvt0\",\"args\":{\"lower\":\"eth0\",\"mode\":\"bridge\",\"mac\":\"52:54:00:00:00:01\"}}",
		"{\"op\":\"qmp\",\"what\":\"netdev_add\",\"args\":{\"type\":\"user\",\"id\":\"x\"}}",
		"{\"op\":\"qmp\",\"what\":\"set_link\",\"args\":{\"name\":\"nic0\",\"up\":false}}",
		"{\"op\":\"link-set\",\"what\":\"kt-tap0\",\"args\":{\"up\":true}}",
		"{\"op\":\"link-set\",\"what\":\"kt-tap0\"}",
		"{\"op\":\"link-set\",\"what\":\"kt-tap0\",\"args\":{\"up\":false,\"master\":\"br0\"}}",
		"{\"op\":\"ovs-add\",\"what\":\"kt-tap0\",\"args\":{\"bridge\":\"br0\"}}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(steps) + ARRAY_SIZE(inverses); i++) {
		bool rest = i >= ARRAY_SIZE(steps);
		const char *step = rest ? inverses[i - ARRAY_SIZE(steps)] : steps[i];
		auto_free char *text =
						 xasprintf("{\"v\":1,\"id\":\"20260102-030405-00ab\",\"begun\":\"2026-01-02T03:04:05.000+00:00\","
						 "\"verb\":\"nic add\",\"status\":\"partial\",\"%s\":[%s]}",
						 rest ? "rest" : "steps", step);
		auto_json struct json_object *obj = NULL;
		struct plan *back = NULL;
		struct err err = {0};

		assert_int_equal(json_parse(text, strlen(text), &obj, &err), 0);
		if (plan_parse(obj, &back, &err) != -EPERM)
			fail_msg("believed: %s (%s)", text, err.text);
	}
}

static int setup(void **state)
{
	static const char cmdline[] = "qemu-system-x86_64\0-device\0virtio-net,mac=52:54:00:00:00:77\0";
	auto_free char *path = NULL;

	(void)state;
	root = tree_new();
	tree_puts(root, "", "dev/vhost-vdpa-0");
	tree_puts(root, "", "proc/uptime");
	tree_puts(root, "02:00:00:00:00:0e\n", "sys/class/net/eth0/address");
	tree_puts(root, "", "sys/class/net/br0/bridge/bridge_id");
	tree_puts(root, "9000\n", "sys/class/net/br0/mtu");
	tree_puts(root, "ee:00:00:00:00:01\n", "sys/class/net/br0/address");
	tree_puts(root, "", "sys/class/net/br0/brif/port");
	tree_puts(root, "", "sys/class/net/empty/bridge/bridge_id");
	tree_puts(root, "1500\n", "sys/class/net/empty/mtu");
	tree_puts(root, "02:00:00:00:00:0f\n", "sys/class/net/empty/address");
	tree_puts(root, "1\n", "sys/class/net/high/bridge/vlan_filtering");
	tree_puts(root, "1500\n", "sys/class/net/high/mtu");
	tree_puts(root, "fe:ff:00:00:00:01\n", "sys/class/net/high/address");
	tree_puts(root, "", "sys/class/net/high/brif/x");
	tree_puts(root, "0x1002\n", "sys/class/net/one/tun_flags");
	tree_puts(root, "0x1002\n", "sys/class/net/one/flags");
	tree_puts(root, "0x1002\n", "sys/class/net/used/tun_flags");
	tree_puts(root, "1\n", "sys/class/net/used/carrier");
	tree_puts(root, "0x1003\n", "sys/class/net/kt-tap0/flags");
	tree_puts(root, "", "sys/class/net/port/flags");
	path = xasprintf("%s/sys/class/net/port/master", root);
	tree_puts(root, "77 (qemu-system-x86) S 1 77 77 0 -1 0 1 0 0 0 1 1 0 0 20 0 3 0 5 1 1 1 1 1 0 0 0 0 0 0 "
		"0 0 0 0 17 0 0 0 0 0 0 "
		  "0 0 0 0 0 0 0 0\n", "proc/77/stat");
	tree_puts(root, "Name:\tqemu\nUid:\t0\t0\t0\t0\n", "proc/77/status");
	tree_put(root, "proc/77/cmdline", cmdline, sizeof(cmdline) - 1);
	host = tree_host(root);
	return symlink("../br0", path);
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_has_its_words),
		cmocka_unit_test(plans_are_as_they_are_told),
		cmocka_unit_test(edited_journals_are_not_believed),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
