// SPDX-License-Identifier: GPL-3.0-or-later
/* USB devices of a recorded host: what they are, what the host needs, and plans that hand them over. */
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

#define DEVICES "sys/bus/usb/devices"

static char *dir;
static struct host *host;

static void put_link(const char *target, const char *name)
{
	auto_free char *path = xasprintf("%s/%s", dir, name), *keep = xasprintf("%s.keep", name);

	tree_puts(dir, "", "%s", keep);		/* makes the directories */
	if (symlink(target, path))
		fail_msg("symlink %s", path);
}

static void put_device(const char *port, unsigned address, const char *id, const char *product, const char *class)
{
	tree_puts(dir, "1\n", DEVICES "/%s/busnum", port);
	tree_puts(dir, address == 2 ? "2\n" : "7\n", DEVICES "/%s/devnum", port);
	tree_puts(dir, "1234\n", DEVICES "/%s/idVendor", port);
	tree_puts(dir, id, DEVICES "/%s/idProduct", port);
	tree_puts(dir, product, DEVICES "/%s/product", port);
	tree_puts(dir, class, DEVICES "/%s/bDeviceClass", port);
}

static void put_interface(const char *port, const char *driver, const char *class, const char *protocol)
{
	auto_free char *link = xasprintf(DEVICES "/%s:1.0/driver", port), *target = xasprintf("../../../../bus/usb/drivers/%s", driver);

	tree_puts(dir, class, DEVICES "/%s:1.0/bInterfaceClass", port);
	tree_puts(dir, protocol, DEVICES "/%s:1.0/bInterfaceProtocol", port);
	put_link(target, link);
}

/* sda is a stick that is free, sdb's partition is mounted, sdc is a leg of a RAID; one NIC is up, one is down. */
static int setup(void **state)
{
	(void)state;
	dir = tree_new();
	tree_puts(dir, "", "proc/uptime");
	tree_puts(dir, "22 1 0:20 / /proc rw - proc proc rw\n36 22 8:17 / /mnt rw - ext4 /dev/sdb1 rw\n", "proc/1/mountinfo");
	tree_puts(dir, "Filename Type Size Used Priority\n/dev/sdd partition 1 0 -2\n", "proc/swaps");
	put_device("1-1", 2, "0001\n", "Stick", "00\n");
	put_device("1-2", 7, "0002\n", "Mounted", "00\n");
	put_device("1-3", 7, "0003\n", "Leg", "00\n");
	put_device("1-4", 7, "0004\n", "NIC", "00\n");
	put_device("1-5", 7, "0005\n", "NIC", "00\n");
	put_device("1-6", 7, "0006\n", "Board", "00\n");
	put_device("1-7", 7, "0007\n", "Taken", "00\n");
	put_device("1-8", 7, "0008\n", "Hub", "09\n");
	put_device("1-8.1", 7, "0009\n", "Twin", "00\n");
	put_device("1-8.2", 7, "0009\n", "Twin", "00\n");
	put_device("1-9", 7, "000a\n", "Swap", "00\n");
	put_device("usb1", 7, "000b\n", "Root hub", "09\n");
	put_interface("1-1", "usb-storage", "08\n", "50\n");
	put_interface("1-6", "usbhid", "03\n", "01\n");
	put_interface("1-7", "usbfs", "08\n", "50\n");
	tree_puts(dir, "8:0\n", "sys/devices/usb1/1-1/1-1:1.0/block/sda/dev");
	tree_puts(dir, "8:16\n", "sys/devices/usb1/1-2/1-2:1.0/block/sdb/dev");
	tree_puts(dir, "8:17\n", "sys/devices/usb1/1-2/1-2:1.0/block/sdb/sdb1/dev");
	tree_puts(dir, "8:32\n", "sys/devices/usb1/1-3/1-3:1.0/block/sdc/dev");
	tree_puts(dir, "", "sys/devices/usb1/1-3/1-3:1.0/block/sdc/holders/md0");
	tree_puts(dir, "8:48\n", "sys/devices/usb1/1-9/1-9:1.0/block/sdd/dev");
	put_link("../devices/usb1/1-1/1-1:1.0/block/sda", "sys/block/sda");
	put_link("../devices/usb1/1-2/1-2:1.0/block/sdb", "sys/block/sdb");
	put_link("../devices/usb1/1-3/1-3:1.0/block/sdc", "sys/block/sdc");
	put_link("../devices/usb1/1-9/1-9:1.0/block/sdd", "sys/block/sdd");
	tree_puts(dir, "0x1003\n", "sys/devices/usb1/1-4/1-4:1.0/net/eth4/flags");
	tree_puts(dir, "0x1002\n", "sys/devices/usb1/1-5/1-5:1.0/net/eth5/flags");
	put_link("../../devices/usb1/1-4/1-4:1.0/net/eth4", "sys/class/net/eth4");
	put_link("../../devices/usb1/1-5/1-5:1.0/net/eth5", "sys/class/net/eth5");
	put_device("1-10", 7, "000c\n", "NIC", "00\n");
	tree_puts(dir, "0x1002\n", "sys/devices/usb1/1-10/1-10:1.0/net/eth10/flags");
	put_link("../../../../../virtual/net/br0", "sys/devices/usb1/1-10/1-10:1.0/net/eth10/master");
	put_link("../../devices/usb1/1-10/1-10:1.0/net/eth10", "sys/class/net/eth10");
	tree_puts(dir, "20010db8000000000000000000000000 40 0 0 0 0 0 0 0 eth5\n00000000000000000000000000000000 00 "
		  "00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth4\n",
		  "proc/net/ipv6_route");
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

static void what_the_host_needs_is_known(void **state)
{
	static const struct {
		const char *port, *name, *use;
		bool hub;
	} rows[] = {
		{ "1-1", "Stick", NULL }, { "1-2", "Mounted", NULL }, { "1-3", "Leg", NULL },
		{ "1-4", "NIC", NULL }, { "1-5", "NIC", NULL }, { "1-6", "Board", "keyboard" },
		{ "1-7", "Taken", "another program" }, { "1-8", "Hub", NULL, true }, { "1-8.1", "Twin", NULL }, { "1-8.2", "Twin", NULL },
		{ "1-9", "Swap", NULL }, { "1-10", "NIC", NULL },
	};
	struct host_usb *list = NULL;
	size_t n = 0, i;

	(void)state;
	assert_int_equal(host_usb_list(host, &list, &n), 0);
	assert_int_equal(n, ARRAY_SIZE(rows));		/* and no root hub */
	for (i = 0; i < n; i++) {
		assert_string_equal(list[i].port, rows[i].port);
		assert_string_equal(list[i].name, rows[i].name);
		assert_int_equal(list[i].hub, rows[i].hub);
		if (!list[i].use != !rows[i].use || (list[i].use && !strstr(list[i].use, rows[i].use)))
			fail_msg("%s: %s", list[i].port, list[i].use ? list[i].use : "no use");
	}
	assert_int_equal(list[0].vendor, 0x1234);
	assert_int_equal(list[0].product, 1);
	assert_int_equal(list[0].bus, 1);
	assert_int_equal(list[0].address, 2);
	host_usb_free(list, n);
}

/* With a controller; without one, and a port free. */
#define QUESTIONS \
	{ .expect = "query-migrate", .any = true, .reply = "{}" }, \
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" }, \
	{ .expect = "query-block", .any = true, .reply = "[{\"device\":\"\",\"qdev\":\"ud\",\"inserted\":{\"node-name\":\"n\",\"file\":\"/f\"," \
	  "\"drv\":\"raw\"}}]" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine/peripheral/u0\"}", .reply = "true" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine/peripheral/ud\"}", .reply = "true" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine/peripheral/kt-usb0\"}", .reply = "true" }, \
	{ .expect = "human-monitor-command", .any = true, .args = "{\"command-line\":\"info usb\"}", \
	  .reply = "\"  Device 0.0, Port 1, Speed 480 Mb/s, Product , ID: kt-usb0x, ID: other\\r\\n" \
		   "  Device 0.3, Port 2, Speed 480 Mb/s, Product Stick, ID: kt-usb0\\r\\n\"" }
#define NO_USB { .expect = "device-list-properties", .any = true, .error = "DeviceNotFound: no such type" }
#define USB_HOST { .expect = "device-list-properties", .any = true, .reply = "[]" }
#define LISTS(more) { .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}", \
	.reply = "[{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"}" more "]" }
#define EMPTY \
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1\"}", \
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<PCIE>\"}]" }, \
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/xhci\"}", \
	  .reply = "[{\"name\":\"xhci.0\",\"type\":\"child<usb-bus>\"}]" }, \
	{ .expect = "qom-list", .any = true, .reply = "[]" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug\"}", .reply = "true" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug-handler\"}", .error = "GenericError: no pci.0" }, \
	{ .expect = "qom-get", .any = true, .error = "GenericError: Property not found" }, { 0 }
#define XHCI ",{\"name\":\"xhci\",\"type\":\"child<qemu-xhci>\"},{\"name\":\"u0\",\"type\":\"child<usb-host>\"}," \
	"{\"name\":\"ud\",\"type\":\"child<usb-storage>\"}"
static const struct fake_item with_controller[] = { QUESTIONS, USB_HOST, LISTS(XHCI), EMPTY };
static const struct fake_item without[] = { QUESTIONS, USB_HOST, LISTS(""), EMPTY };
static const struct fake_item no_controller[] = { LISTS(""), { 0 } };
static const struct fake_item no_module[] = { NO_USB, { 0 } };
static const struct fake_item no_port[] = {
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}", .reply = "[]" },
	{ .expect = "query-pci", .any = true, .reply = "[{\"bus\":0,\"devices\":[{\"slot\":0}]}]" }, { 0 } };

#define HERE ((const struct build_place){ .guest = with_controller, .host = host })

static void each_check_has_its_words(void **state)
{
	static const struct build_refusal rows[] = {
		{ hotplug_usb_add, { { { "host", "stick" } } }, -EINVAL, "BUS-PORT", "VENDOR:PRODUCT" },
		{ hotplug_usb_add, { { { "host", "2-1" } } }, -EINVAL, "no such USB device", "1-1 (1234:0001 Stick)" },
		{ hotplug_usb_add, { { { "host", "1234:ffff" } } }, -EINVAL, "no such USB device", "there is: 1-1" },
		{ hotplug_usb_add, { { { "host", "1234:0009" } } }, -EINVAL, "several devices", "host=1-8.1, host=1-8.2" },
		{ hotplug_usb_add, { { { "host", "1-8" } } }, -EINVAL, "is a hub", "plugged into it" },
		{ hotplug_usb_add, { { { "host", "usb1" } } }, -EINVAL, "host=usb1", "BUS-PORT" },
		{ hotplug_usb_add, { { { "host", "1-2" } } }, -EBUSY, "partition sdb1 is mounted on /mnt", "force=on" },
		{ hotplug_usb_add, { { { "host", "1-3" } } }, -EBUSY, "disk sdc is part of the md array md0", "force=on" },
		{ hotplug_usb_add, { { { "host", "1-9" } } }, -EBUSY, "disk sdd is swap space", "force=on" },
		{ hotplug_usb_add, { { { "host", "1-4" } } }, -EBUSY, "eth4 is up and has the default route", "force=on" },
		{ hotplug_usb_add, { { { "host", "1-10" } } }, -EBUSY, "eth10 is a port of br0", "force=on" },
		{ hotplug_usb_add, { { { "host", "1-6" } } }, -EBUSY, "a keyboard", "force=on" },
		{ hotplug_usb_add, { { { "host", "1-7" } } }, -EBUSY, "another program has it", "force=on" },
		{ hotplug_usb_add, { { { "host", "1-1" }, { "id", "u0" } } }, -EEXIST, "taken by a usb-host", "another id=" },
		{ hotplug_usb_add, { { { "host", "1-1" }, { "id", "1" } } }, -EINVAL, "a letter, then", "are expected" },
		{ hotplug_usb_add, { { { "host", "1-1" }, { "persist", "on" } } }, -EINVAL, "no stored definition", "leave it out" },
		{ hotplug_usb_add, { { { "host", "1-1" } } }, -EOPNOTSUPP, "no usb-host", "module", no_module },
		{ hotplug_usb_add, { { { "host", "1-1" } } }, -ENOSPC, "no USB 3 controller, and none can be added", "pcie-root-port", no_port },
		{ hotplug_usb_remove, { { { "ID", "rp1" } } }, -ENODEV, "no USB device 'rp1'", "there is: u0, ud" },
		{ hotplug_usb_remove, { { { "ID", "ud" } } }, -EINVAL, "is a disk", "disk remove" },
	};

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
}

#define TEXT_OF(p, i, want) do { \
	auto_free char *text_ = step_text(&(p)->steps[i], 1000); \
	assert_string_equal(text_, want); \
} while (0)

static void plans_are_as_they_are_told(void **state)
{
	struct err err = {0};
	struct plan *p;
	int rc;

	(void)state;
	p = build_try(&HERE, hotplug_usb_add, &(struct build_args){ { { "host", "1-8.1" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_steps, 2);
	TEXT_OF(p, 0, "device_add {\"driver\":\"usb-host\",\"id\":\"kt-usb0\",\"bus\":\"xhci.0\",\"hostbus\":1,\"hostport\":\"8.1\"}");
	TEXT_OF(p, 1, "wait until QEMU has opened kt-usb0 and the guest has given it an address, at most 1 s");
	plan_free(p);
	p = build_try(&HERE, hotplug_usb_add, &(struct build_args){ { { "host", "1234:0001" }, { "id", "u9" } } }, no_controller, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_steps, 3);
	assert_int_equal(p->n_warnings, 1);
	TEXT_OF(p, 0, "device_add {\"driver\":\"qemu-xhci\",\"id\":\"kt-xhci0\",\"bus\":\"rp1\"}");
	TEXT_OF(p, 1, "device_add {\"driver\":\"usb-host\",\"id\":\"u9\",\"bus\":\"kt-xhci0.0\",\"vendorid\":4660,\"productid\":1}");
	assert_int_equal(p->steps[0].n_undo, 2);
	plan_free(p);
	p = build_try(&HERE, hotplug_usb_add, &(struct build_args){ { { "host", "1-2" }, { "force", "on" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_non_null(strstr(p->warnings[0], "sdb1 is mounted"));
	plan_free(p);
	p = build_try(&HERE, hotplug_usb_remove, &(struct build_args){ { { "ID", "u0" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_steps, 2);
	TEXT_OF(p, 0, "device_del {\"id\":\"u0\"}");
	assert_non_null(strstr(p->warnings[0], "is pulled"));
	plan_free(p);
}

static void each_step_with_each_fault(void **state)
{
	const struct fault_case cases[] = {
		{ .name = "usb add", .build = hotplug_usb_add, .args = { { "host", "1-1" } }, .answers = without, .root = dir,
		  .want = { "device kt-usb0", "device kt-xhci0" } },
		{ .name = "usb add 2", .build = hotplug_usb_add, .args = { { "host", "1-1" } }, .answers = with_controller, .root = dir,
		  .want = { "device kt-usb0" } },
		{ .name = "usb remove", .build = hotplug_usb_remove, .args = { { "ID", "u0" } }, .answers = without, .root = dir,
		  .there = { "device u0" } },
	};

	(void)state;
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_host_needs_is_known),
		cmocka_unit_test(each_check_has_its_words),
		cmocka_unit_test(plans_are_as_they_are_told),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
