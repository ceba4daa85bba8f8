// SPDX-License-Identifier: GPL-3.0-or-later
/* "info qtree": what is read from it, and what is asked besides. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_qmp.h"

#define TREE \
	"bus: main-system-bus\r\n" \
	"  type System\r\n" \
	"  dev: q35-pcihost, id \"\"\r\n" \
	"    bus: pcie.0\r\n" \
	"      type PCIE\r\n" \
	"      dev: ich9-ahci, id \"a0\"\r\n" \
	"        addr = 05.0\r\n" \
	"        class SATA controller, addr 00:05.0, pci id 8086:2922 (sub 1af4:1100)\r\n" \
	"        bus: a0.1\r\n" \
	"          type IDE\r\n" \
	"          dev: ide-hd, id \"\"\r\n" \
	"            drive = \"n1\"\r\n" \
	"            unit = 0 (0x0)\r\n" \
	"      dev: virtio-blk-pci, id \"v0\"\r\n" \
	"        addr = 03.0\r\n" \
	"        bus: virtio-bus\r\n" \
	"          type virtio-pci-bus\r\n" \
	"          dev: virtio-blk-device, id \"\"\r\n" \
	"            drive = \"n0\"\r\n" \
	"      dev: pcie-root-port, id \"p1\"\r\n" \
	"        slot = 1 (0x1)\r\n" \
	"        hotplug = true\r\n" \
	"        port = 0 (0x0)\r\n" \
	"        addr = 01.0\r\n" \
	"        bus: p1\r\n" \
	"          type PCIE\r\n" \
	"          dev: virtio-scsi-pci, id \"s0\"\r\n" \
	"            addr = 00.0\r\n" \
	"            bus: virtio-bus\r\n" \
	"              type virtio-pci-bus\r\n" \
	"              dev: virtio-scsi-device, id \"\"\r\n" \
	"                bus: s0.0\r\n" \
	"                  type SCSI\r\n" \
	"                  dev: scsi-cd, id \"cd\"\r\n" \
	"                    drive = \"\"\r\n" \
	"                    channel = 0 (0x0)\r\n" \
	"                    scsi-id = 3 (0x3)\r\n" \
	"                    lun = 5 (0x5)\r\n" \
	"      dev: pcie-root-port, id \"p2\"\r\n" \
	"        hotplug = false\r\n" \
	"        addr = 02.0\r\n" \
	"        bus: p2\r\n" \
	"          type PCIE\r\n"

static const struct qmp_tree_device *named(const struct qmp_tree *t, const char *id)
{
	size_t at = names_find(&t->ids, id, NULL);

	assert_true(at != NAMES_NONE);
	return &t->devices[at];
}

static void places_are_read(void **state)
{
	struct qmp_tree *t = qmp_tree_parse(TREE);
	const struct qmp_tree_device *d;

	(void)state;
	assert_int_equal(t->n_devices, 10);
	d = named(t, "v0");
	assert_string_equal(d->address, "03.0");
	assert_string_equal(d->link, "drive");		/* of the device in it */
	assert_string_equal(d->backing, "n0");
	assert_string_equal(qmp_tree_bus(t, d)->name, "pcie.0");
	assert_int_equal(qmp_tree_bus(t, d)->slots, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5);
	d = named(t, "cd");
	assert_string_equal(d->address, "0:3:5");
	assert_null(d->link);
	assert_string_equal(qmp_tree_parent(t, d)->type, "virtio-scsi-device");
	assert_true(qmp_tree_is_inner(t, qmp_tree_parent(t, d)));
	assert_string_equal(named(t, "p1")->address, "01.0");	/* not its port, or slot */
	assert_int_equal(names_find(&t->drives, "n1", NULL), 2);
	qmp_tree_free(t);
}

static void what_is_no_tree(void **state)
{
	static const char *const texts[] = {
		"bus: ", "bus: a\n  dev: \n", "bus: a\n    dev: b, id \"\n      addr = \n", "bus: a\n type\n  type \n",
		"bus: a\n  dev: b, id \"\"\n    addr = ff.0\n    addr = \"\n    channel = \n    bus: c\n      dev: d, id \"x\"\n",
		"bus: a\n                                                                                "
		"                                                            dev: deep, id \"x\"\n",
	};
	size_t i;

	(void)state;
	assert_null(qmp_tree_parse(""));
	assert_null(qmp_tree_parse("unknown command: 'info qtree'\r\n"));
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		qmp_tree_free(qmp_tree_parse(texts[i]));
}

static void devices_and_ports(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral\"}", .reply = "[{\"name\":\"type\",\"type\":\"string\"},"
		  "{\"name\":\"p1\",\"type\":\"child<pcie-root-port>\"},{\"name\":\"s0\",\"type\":\"child<virtio-scsi-pci>\"},"
		  "{\"name\":\"cd\",\"type\":\"child<scsi-cd>\"},{\"name\":\"a0\",\"type\":\"child<ich9-ahci>\"},"
		  "{\"name\":\"m1\",\"type\":\"child<pc-dimm>\"},{\"name\":\"m2\",\"type\":\"child<pc-dimm>\"}]" },
		{ .expect = "qom-get", .args = "{\"path\":\"/machine/peripheral/p1\",\"property\":\"hotpluggable\"}", .reply = "false" },
		{ .expect = "query-memory-devices", .reply = "[{\"type\":\"dimm\",\"data\":{\"id\":\"m1\",\"slot\":0,\"size\":1,"
		  "\"memdev\":\"/objects/b1\",\"hotpluggable\":true}}]" },
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral-anon\"}", .reply = "[{\"name\":\"device[0]\",\"type\":"
		  "\"child<ide-hd>\"}]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_tree *t = qmp_tree_parse(TREE);
	struct qmp_device *list;
	struct qmp_port *ports;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_tree_devices(q, t, &list, &n, &err), 0);
	assert_int_equal(n, 7);
	assert_string_equal(list[0].id, "/machine/peripheral-anon/device[0]");
	assert_string_equal(list[0].bus, "a0.1");
	assert_string_equal(list[0].backing, "n1");
	assert_string_equal(list[1].id, "a0");
	assert_false(list[1].hotpluggable);		/* its bus lets nothing go */
	assert_true(list[2].hotpluggable && list[6].hotpluggable);
	assert_string_equal(list[3].id, "m1");
	assert_string_equal(list[3].address, "0");
	assert_string_equal(list[3].backing, "b1");
	assert_true(list[3].hotpluggable && !list[4].hotpluggable);
	qmp_devices_free(list, n);
	assert_int_equal(qmp_tree_ports(q, t, &ports, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ports[0].total + ports[1].total, 2);
	assert_int_equal(ports[0].free + ports[1].free, 0);	/* one is taken, one takes nothing */
	qmp_ports_free(ports, n);
	qmp_tree_free(t);
	qmp_close(q);
	fake_qmp_end(f);
}

static void disks_are_placed(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "qom-get", .args = "{\"path\":\"/machine/peripheral-anon/device[9]\",\"property\":\"parent_bus\"}",
		  .reply = "\"/machine/peripheral/a0/a0.1\"" },
		{ .expect = "query-iothreads", .reply = "[{\"id\":\"io1\",\"thread-id\":7}]" },
		{ .expect = "qom-get", .args = "{\"path\":\"/machine/peripheral/v0/virtio-backend\",\"property\":\"iothread\"}",
		  .reply = "\"/objects/io1\"" },
		{ .expect = "qom-get", .args = "{\"path\":\"/machine/peripheral/s0\",\"property\":\"iothread\"}", .reply = "\"\"" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_tree *t = qmp_tree_parse(TREE);
	struct qmp_disk disks[] = {
		{ .id = (char *)"v0", .qdev = (char *)"/machine/peripheral/v0/virtio-backend", .node = (char *)"n0" },
		{ .id = (char *)"cd", .qdev = (char *)"cd" },
		{ .id = (char *)"/machine/peripheral-anon/device[0]", .qdev = (char *)"/machine/peripheral-anon/device[0]",
		  .node = (char *)"n1" },
		{ .id = (char *)"/machine/peripheral-anon/device[9]", .qdev = (char *)"/machine/peripheral-anon/device[9]" },
		{ .id = (char *)"gone", .qdev = (char *)"gone", .node = (char *)"n7" },
	};
	struct err err;

	(void)state;
	assert_int_equal(qmp_tree_place_disks(q, t, disks, ARRAY_SIZE(disks), &err), 0);
	assert_string_equal(disks[0].bus, "virtio");
	assert_string_equal(disks[1].bus, "scsi");
	assert_string_equal(disks[2].bus, "sata");
	assert_string_equal(disks[3].bus, "sata");
	assert_null(disks[4].bus);
	assert_int_equal(qmp_query_disk_threads(q, t, disks, ARRAY_SIZE(disks), &err), 0);
	assert_string_equal(disks[0].iothread, "io1");
	assert_null(disks[1].iothread);
	free(disks[0].iothread);
	qmp_tree_free(t);
	qmp_close(q);
	fake_qmp_end(f);
}

/* Addresses of two queues in one piece of memory, and of a third one in another: two questions more. */
static void few_addresses_are_asked_for(void **state)
{
#define QUEUE(avail, used) "{\"vring-num\":8,\"vring-avail\":" #avail ",\"vring-used\":" #used "}"
#define HVA(gpa, name, hva) { .expect = "human-monitor-command", .args = "{\"command-line\":\"gpa2hva " gpa "\"}", \
	.reply = "\"Host virtual address for " gpa " (" name ") is " hva "\\r\\n\"" }
	static const struct fake_item script[] = {
		{ .expect = "x-query-virtio", .reply = "[{\"path\":\"/machine/peripheral/r/virtio-backend\",\"name\":\"virtio-rng\"}]" },
		{ .expect = "qom-get", .reply = "\"virtio-rng-device\"" },
		{ .expect = "x-query-virtio-status", .reply = "{\"vhost-started\":false,\"num-vqs\":3,\"device-endian\":\"little\","
		  "\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: up\"]}}" },
		{ .expect = "x-query-virtio-queue-status", .reply = QUEUE(4096, 8192) },
		{ .expect = "x-query-virtio-queue-status", .reply = QUEUE(12288, 16384) },
		{ .expect = "x-query-virtio-queue-status", .reply = QUEUE(20480, 1048576) },
		HVA("0x1000", "pc.ram", "0x7f0000001000"), HVA("0x100000", "dimm", "0x7f1000000000"),
		HVA("0x4000", "pc.ram", "0x7f0000004000"), HVA("0x5000", "pc.ram", "0x7f0000005000"),
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_virtio *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_virtio_read(q, true, NULL, &list, &n, &err), 0);
	assert_int_equal(list->rings[0].avail, 0x7f0000001000);
	assert_int_equal(list->rings[0].used, 0x7f0000002000);
	assert_int_equal(list->rings[1].avail, 0x7f0000003000);
	assert_int_equal(list->rings[1].used, 0x7f0000004000);
	assert_int_equal(list->rings[2].avail, 0x7f0000005000);
	assert_int_equal(list->rings[2].used, 0x7f1000000000);
	assert_null(list->why);
	qmp_virtio_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

/* A driver that agreed to use an IOMMU: its ring is read where the machine has none. */
static void an_iommu_is_looked_for(void **state)
{
	static const char *const trees[] = { TREE, TREE "  dev: intel-iommu, id \"\"\r\n" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		auto_json struct json_object *text = json_object_new_string(trees[i]);
		struct fake_item script[] = {
			{ .expect = "x-query-virtio", .reply = "[{\"path\":\"/machine/peripheral/r/virtio-backend\",\"name\":\"x\"}]" },
			{ .expect = "qom-get", .reply = "\"virtio-rng-device\"" },
			{ .expect = "x-query-virtio-status", .reply = "{\"vhost-started\":false,\"num-vqs\":1,\"guest-features\":{\"transports\":"
			  "[\"VIRTIO_F_IOMMU_PLATFORM: x\"]},\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: up\"]}}" },
			{ .expect = "human-monitor-command", .args = "{\"command-line\":\"info qtree\"}",
			  .reply = json_object_to_json_string(text) },
			{ .expect = "x-query-virtio-queue-status", .reply = QUEUE(4096, 8192) },
			HVA("0x1000", "pc.ram", "0x7f0000001000"), HVA("0x2000", "pc.ram", "0x7f0000002000"),
			{ 0 }
		};
		struct fake_qmp *f;
		struct qmp_virtio *list;
		struct qmp *q;
		struct err err;
		size_t n;

		if (i)		/* nothing is asked of where it is */
			script[5] = (struct fake_item){0};
		f = fake_qmp_new(script);
		q = fake_qmp_client(f);
		assert_int_equal(qmp_virtio_read(q, true, NULL, &list, &n, &err), 0);
		assert_int_equal(list->rings[0].avail, i ? 0 : 0x7f0000001000);
		assert_int_equal(!list->why, !i);
		qmp_virtio_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_read), cmocka_unit_test(what_is_no_tree), cmocka_unit_test(devices_and_ports),
		cmocka_unit_test(disks_are_placed), cmocka_unit_test(few_addresses_are_asked_for),
		cmocka_unit_test(an_iommu_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
