// SPDX-License-Identifier: GPL-3.0-or-later
/* Building plans for disks: each check fails with its own words, and QEMU is only ever asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "build_rules.h"
#include "fault_table.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

static char *dir;
static struct host *host;

/* A version 2 header, the format of the backing file, and its name. */
static void put_qcow2(const char *name, const char *backing, const char *format)
{
	char image[4096] = "QFI\xfb";
	uint32_t version = htobe32(2), len = htobe32((uint32_t)strlen(backing ? backing : "")), bits = htobe32(16);
	uint32_t ext[2] = { htobe32(0xe2792aca), htobe32((uint32_t)strlen(format ? format : "")) };
	uint64_t at = htobe64(backing ? 104 : 0);

	memcpy(image + 4, &version, 4);
	memcpy(image + 8, &at, 8);
	memcpy(image + 16, &len, 4);
	memcpy(image + 20, &bits, 4);
	if (format) {
		memcpy(image + 72, ext, 8);
		memcpy(image + 80, format, strlen(format));
	}
	if (backing)
		memcpy(image + 104, backing, strlen(backing));
	{
		auto_free char *path = xasprintf("images/%s", name);

		tree_put(dir, path, image, sizeof(image));
	}
}

static int setup(void **state)
{
	auto_free char *fifo = NULL, *path = NULL;

	(void)state;
	path = tree_new();
	dir = realpath(path, NULL);
	free(take_ptr(path));
	fifo = xasprintf("%s/images/fifo", dir);
	path = xasprintf("%s/images/dir", dir);
	tree_puts(dir, "plain", "images/raw");
	tree_puts(dir, "plain", "images/bad\xff");
	tree_puts(dir, "plain", "other");
	put_qcow2("qcow2", NULL, NULL);
	put_qcow2("layered", "qcow2", "qcow2");
	put_qcow2("deep", "layered", "qcow2");
	put_qcow2("on-raw", "raw", "raw");
	put_qcow2("on-false", "raw", "qcow2");
	put_qcow2("stray", "../other", "raw");
	put_qcow2("circle", "circle", "qcow2");
	put_qcow2("remote", "json:{}", "raw");
	put_qcow2("on-vmdk", "raw", "vmdk");
	put_qcow2("on-unsaid", "qcow2", NULL);
	put_qcow2("on-fifo", "fifo", "raw");
	put_qcow2("on-none", "none", "raw");
	tree_puts(dir, "QFI\xfb", "images/short");
	tree_puts(dir, "", "proc/uptime");
	host = tree_host(dir);
	return mkfifo(fifo, 0600) || mkdir(path, 0700);
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(dir);
	return 0;
}

/* A q35 guest: rp0 is taken by vd0, rp1 is free, rp2 does not hotplug. */
#define DISK(id, file, ro) "{\"device\":\"\",\"qdev\":\"/machine/peripheral/" id "/virtio-backend\",\"inserted\":{\"node-name\":\"" \
	id "-node\",\"file\":\"" file "\",\"drv\":\"raw\",\"ro\":" ro ",\"image\":{\"virtual-size\":1048576}}}"
static const struct fake_item guest[] = {
	{ .expect = "query-migrate", .any = true, .reply = "{}" },
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" },
	{ .expect = "query-block", .any = true, .reply = "[" DISK("vd0", "/vd0.img", "false") "," DISK("vd1",
	  "/vd1.img", "true") ","
	  "{\"device\":\"legacy\",\"qdev\":\"/machine/peripheral-anon/device[1]/virtio-backend\",\"inserted\":"
	  "{\"node-name\":\"#block100\",\"file\":\"/l\",\"drv\":\"raw\"}}]" },
	{ .expect = "query-named-block-nodes", .any = true,
	  .reply = "[{\"node-name\":\"vd0-node\"},{\"node-name\":\"old-node\"}]" },
	{ .expect = "device-list-properties", .any = true, .reply = "[]" },
	{ .expect = "query-iothreads", .any = true, .reply = "[{\"id\":\"io0\",\"thread-id\":5}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}",
	  .reply = "[{\"name\":\"type\",\"type\":\"string\"},{\"name\":\"rp0\",\"type\":\"child<pcie-root-port>\"},"
		   "{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"},{\"name\":\"rp2\",\"type\":\"child<pcie-root-port>\"},"
		   "{\"name\":\"vd0\",\"type\":\"child<virtio-blk-pci>\"},{\"name\":\"vd1\",\"type\":\"child<virtio-blk-pci>\"},"
		   "{\"name\":\"kt-disk0\",\"type\":\"child<virtio-blk-pci>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral-anon\"}", .reply = "[]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp0\"}",
	  .reply = "[{\"name\":\"rp0\",\"type\":\"child<PCIE>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<PCIE>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp2\"}",
	  .reply = "[{\"name\":\"rp2\",\"type\":\"child<PCIE>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp0/rp0\"}",
	  .reply = "[{\"name\":\"child[0]\",\"type\":\"link<device>\"}]" },
	{ .expect = "qom-list", .any = true, .reply = "[]" },
	{ .expect = "qom-get", .any = true, .args = "{\"path\":\"/machine/peripheral/rp2\",\"property\":\"hotplug\"}",
	  .reply = "false" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug\"}", .reply = "true" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"type\"}", .reply = "\"virtio-blk-device\"" },
	{ .expect = "qom-get", .any = true, .error = "DeviceNotFound: no such" },
	{ .expect = "x-debug-query-block-graph", .any = true, .reply =
	  "{\"nodes\":[{\"id\":1,\"type\":\"block-backend\",\"name\":\"\"},{\"id\":2,\"type\":\"block-driver\",\"name\":\"vd0-node\"},"
	  "{\"id\":3,\"type\":\"block-driver\",\"name\":\"vd0-file\"}],"
	  "\"edges\":[{\"parent\":1,\"child\":2},{\"parent\":2,\"child\":3}]}" },
	{ 0 }
};

#define HERE ((const struct build_place){ .guest = guest, .host = host, .dir = dir })
#define IMAGE(name) { "file", "%D/images/" name }
#define RAW IMAGE("raw"), { "format", "raw" }

static void each_check_of_an_addition_has_its_words(void **state)
{
	static const struct fake_item migrating[] = { { .expect = "query-migrate", .any = true,
	  .reply = "{\"status\":\"active\"}" }, { 0 } };
	static const struct fake_item no_port[] = { {
		.expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1/rp1\"}",
		.reply = "[{\"name\":\"child[0]\",\"type\":\"link<device>\"}]" }, { 0 } };
	static const struct fake_item no_iothread[] = { { .expect = "query-iothreads", .any = true, .reply = "[]" }, { 0 } };
	static const struct build_refusal rows[] = {
		{ hotplug_disk_add, { { IMAGE("none"), { "format", "raw" } } }, -EINVAL, "no such file", "qemu-img create" },
		{ hotplug_disk_add, { { IMAGE("raw/x"), { "format", "raw" } } }, -EINVAL, "raw/x: Not a directory", "is expected" },
		{ hotplug_disk_add, { { IMAGE("dir"), { "format", "raw" } } }, -EINVAL, "dir is a directory", "is expected" },
		{ hotplug_disk_add, { { IMAGE("fifo"), { "format", "raw" } } }, -EINVAL, "neither a file nor a block device", "is expected" },
		{ hotplug_disk_add, { { { "file", "/dev/null" }, { "format", "raw" } } }, -EINVAL, "neither a file nor a block device", "is expected" },
		{ hotplug_disk_add, { { IMAGE("bad\xff"), { "format", "raw" } } }, -EINVAL, "UTF-8", "a plain name" },
		{ hotplug_disk_add, { { IMAGE("raw") } }, -EINVAL, "format= is missing", "say format=raw" },
		{ hotplug_disk_add, { { IMAGE("qcow2") } }, -EINVAL, "looks like qcow2", "say format=qcow2" },
		{ hotplug_disk_add, { { IMAGE("raw"), { "format", "qcow2" } } }, -EINVAL, "is not qcow2", "format=raw" },
		{ hotplug_disk_add, { { IMAGE("short"), { "format", "qcow2" } } }, -EINVAL, "is not qcow2", "format=raw" },
		{ hotplug_disk_add, { { IMAGE("qcow2"), { "format", "raw" } } }, -EINVAL, "has a qcow2 header", "force=on" },
		{ hotplug_disk_add, { { IMAGE("stray"), { "format", "qcow2" } } }, -EACCES, "which is not in its directory",
		  "force=on" },
		{ hotplug_disk_add, { { IMAGE("remote"), { "format", "qcow2" }, { "force", "on" } } }, -EINVAL, "a URL or options",
		  "qemu-img convert" },
		{ hotplug_disk_add, { { IMAGE("on-vmdk"), { "format", "qcow2" }, { "force", "on" } } }, -EINVAL, "of the format vmdk",
		  "qemu-img convert" },
		{ hotplug_disk_add, { { IMAGE("on-unsaid"), { "format", "qcow2" }, { "force", "on" } } }, -EINVAL, "without its format",
		  "qemu-img rebase" },
		{ hotplug_disk_add, { { IMAGE("on-false"), { "format", "qcow2" } } }, -EINVAL, "images/raw is not qcow2", "say format=raw" },
		{ hotplug_disk_add, { { IMAGE("on-fifo"), { "format", "qcow2" }, { "force", "on" } } }, -EINVAL, "not a regular file",
		  "qemu-img convert" },
		{ hotplug_disk_add, { { IMAGE("on-none"), { "format", "qcow2" } } }, -EINVAL, "images/none: no such file", "qemu-img info" },
		{ hotplug_disk_add, { { IMAGE("circle"), { "format", "qcow2" } } }, -ELOOP, "in a circle", "--backing-chain" },
		{ hotplug_disk_add, { { RAW } }, -EBUSY, "is being migrated", "until that is over", migrating },
		{ hotplug_disk_add, { { RAW, { "id", "0x" } } }, -EINVAL, "a letter, then", "are expected" },
		{ hotplug_disk_add, { { RAW, { "id", "a b" } } }, -EINVAL, "a letter, then", "are expected" },
		{ hotplug_disk_add, { { RAW, { "id", "a/b" } } }, -EINVAL, "a letter, then", "are expected" },
		{ hotplug_disk_add, { { RAW, { "id", "\xc3\xbc" } } }, -EINVAL, "a letter, then", "are expected" },
		{ hotplug_disk_add, { { RAW, { "id", "abcdefghijklmnopqrstuvwxyza" } } }, -EINVAL, "longer than 26", "a shorter one" },
		{ hotplug_disk_add, { { RAW, { "id", "vd0" } } }, -EEXIST, "taken by a virtio-blk-pci", "another id=" },
		{ hotplug_disk_add, { { RAW, { "id", "rp0" } } }, -EEXIST, "taken by a pcie-root-port", "another id=" },
		{ hotplug_disk_add, { { RAW, { "id", "old" } } }, -EEXIST, "block node 'old-node' exists", "blockdev-del" },
		{ hotplug_disk_add, { { RAW, { "serial", "123456789012345678901" } } }, -EINVAL, "longer than 20", "a shorter one" },
		{ hotplug_disk_add, { { RAW, { "aio", "native" } } }, -EINVAL, "aio=native wants", "cache=none" },
		{ hotplug_disk_add, { { RAW, { "aio", "native" }, { "cache", "writeback" } } }, -EINVAL, "aio=native wants",
		  "cache=none" },
		{ hotplug_disk_add, { { RAW, { "aio", "native" }, { "cache", "unsafe" } } }, -EINVAL, "aio=native wants", "cache=none" },
		{ hotplug_disk_add, { { RAW, { "iothread", "io1" } } }, -EINVAL, "no iothread 'io1'", "there is: io0" },
		{ hotplug_disk_add, { { RAW, { "iothread", "io1" } } }, -EINVAL, "no iothread 'io1'", "there is: none", no_iothread },
		{ hotplug_disk_add, { { RAW, { "iothread", "io0" }, { "bus", "scsi" } } }, -EINVAL, "belongs to a SCSI controller", "bus=virtio" },
		{ hotplug_disk_add, { { RAW, { "passthrough", "on" } } }, -EINVAL, "passthrough=on", "bus=scsi" },
		{ hotplug_disk_add, { { RAW } }, -ENOSPC, "no free hotpluggable PCI port: 2 of 3", "more pcie-root-port", no_port },
		{ hotplug_disk_add, { { { "file", "/vd0.img" }, { "format", "raw" }, { "id", "vd0" } } }, -EINVAL, "no such file", "qemu-img create" },
	};

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
}

#define QOM_GET(path, property, answer) { .expect = "qom-get", .any = true, \
	.args = "{\"path\":\"" path "\",\"property\":\"" property "\"}", answer }
#define QOM_LIST(path, list) { .expect = "qom-list", .any = true, .args = "{\"path\":\"" path "\"}", .reply = (list) }
#define I440FX "/machine/i440fx/pci.0"

static char *children(unsigned n)
{
	struct buf b = {0};
	unsigned i;

	for (i = 0; i < n; i++)
		buf_printf(&b, "%s{\"name\":\"child[%u]\",\"type\":\"link<device>\"}", i ? "," : "[", i);
	buf_puts(&b, "]");
	return buf_take(&b);
}

/* What an i440fx and a SCSI controller have no room for. */
static void each_kind_of_bus_has_its_words(void **state)
{
	auto_free char *disks = children(256), *slots = children(1);
	const struct fake_item off[] = {
		QOM_LIST("/machine/peripheral", "[]"), QOM_GET(I440FX, "hotplug-handler", .reply = "\"\""), { 0 }
	}, taken[] = {
		QOM_LIST("/machine/peripheral", "[{\"name\":\"br\",\"type\":\"child<pci-bridge>\"}]"),
		QOM_LIST("/machine/peripheral/br", "[{\"name\":\"br\",\"type\":\"child<PCI>\"}]"), QOM_GET("/machine/peripheral/br", "shpc", .reply = "true"),
		QOM_GET("/machine/peripheral/br/br", "hotplug-handler", .reply = "\"\""),
		QOM_GET(I440FX, "hotplug-handler", .reply = "\"\""), QOM_LIST(I440FX, slots), QOM_GET(I440FX "/child[0]", "addr", .reply = "8"), { 0 }
	}, full[] = {
		QOM_LIST("/machine/peripheral", "[{\"name\":\"s0\",\"type\":\"child<virtio-scsi-pci>\"},"
			 "{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"}]"),
		QOM_LIST("/machine/peripheral/s0/virtio-backend/s0.0", disks), { 0 }
	}, full_and_no_port[] = {
		QOM_LIST("/machine/peripheral/rp1/rp1", "[{\"name\":\"child[0]\",\"type\":\"link<device>\"}]"), full[0], full[1], { 0 }
	}, unknown[] = {
		{ .expect = "device-list-properties", .any = true, .error = "DeviceNotFound: no such type" }, { 0 }
	};
	const struct build_refusal rows[] = {
		{ hotplug_disk_add, { { RAW } }, -ENOSPC, "pci.0 takes no device", "acpi-root-pci-hotplug", off },
		{ hotplug_disk_add, { { RAW } }, -ENOSPC, "pci.0 takes no device", "ACPI", taken },
		{ hotplug_disk_add, { { RAW, { "bus", "scsi" } } }, -ENOSPC, "no SCSI target is free (controllers with 256 disks each: 1)",
		  "pcie-root-port", full_and_no_port },
		{ hotplug_disk_add, { { RAW } }, -EOPNOTSUPP, "has no virtio-blk-pci", "not installed", unknown },
		{ hotplug_disk_add, { { RAW, { "bus", "scsi" } } }, -EOPNOTSUPP, "has no scsi-hd", "not installed", unknown },
	};
	const struct build_plan another = { hotplug_disk_add, { { RAW, { "bus", "scsi" }, { "id", "d" } } }, "d",
		"blockdev-add {\"driver\":\"raw\",\"node-name\":\"d-node\",\"file\":{\"driver\":\"file\",\"filename\":\"%D/images/raw\"}}\n"
		"  undo blockdev-del {\"node-name\":\"d-node\"}\n  leaves block node d-node (%D/images/raw)\n"
		"device_add {\"driver\":\"virtio-scsi-pci\",\"id\":\"kt-scsi0\",\"bus\":\"rp1\"}\n  undo device_del {\"id\":\"kt-scsi0\"}\n"
		"  undo wait until the guest has released kt-scsi0, at most 1 s\n  leaves device kt-scsi0\n"
		"device_add {\"driver\":\"scsi-hd\",\"id\":\"d\",\"drive\":\"d-node\",\"bus\":\"kt-scsi0.0\"}\n  undo device_del {\"id\":\"d\"}\n"
		"  undo wait until the guest has released d, at most 1 s\n  leaves device d\n"
		"wait until the guest's driver for kt-scsi0 is up, at most 1 s\n", full };

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
	build_plans(&HERE, &another, 1);
}

/* The same disk under the same id is there already, or it is another one after all. */
static void an_equal_disk_is_unchanged(void **state)
{
	auto_free char *reply = xasprintf("[{\"device\":\"\",\"qdev\":\"vd0\",\"inserted\":{\"node-name\":\"n\",\"file\":\"%s/images/raw\","
					  "\"drv\":\"raw\",\"ro\":true}}]", dir);
	const struct fake_item there[] = { { .expect = "query-block", .any = true, .reply = reply }, { 0 } };
	const struct build_plan same = { hotplug_disk_add, { { RAW, { "id", "vd0" }, { "readonly", "on" } } }, NULL, "", there };
	const struct build_refusal others[] = {
		{ hotplug_disk_add, { { RAW, { "id", "vd0" } } }, -EEXIST, "id 'vd0' is taken", "another id=", there },	/* it cannot be written */
		{ hotplug_disk_add, { { IMAGE("layered"), { "format", "qcow2" }, { "id", "vd0" } } }, -EEXIST, "'vd0'", "another id=", there },
	};

	(void)state;
	build_plans(&HERE, &same, 1);
	build_refuses(&HERE, others, ARRAY_SIZE(others));
}

static void plans_are_as_they_are_told(void **state)
{
	static const struct build_plan rows[] = {
		{ hotplug_disk_add, { { RAW } }, NULL,
		  "blockdev-add {\"driver\":\"raw\",\"node-name\":\"kt-disk1-node\",\"file\":{\"driver\":\"file\",\"filename\":\"%D/images/raw\"}}\n"
		  "  undo blockdev-del {\"node-name\":\"kt-disk1-node\"}\n"
		  "  leaves block node kt-disk1-node (%D/images/raw)\n"
		  "device_add {\"driver\":\"virtio-blk-pci\",\"id\":\"kt-disk1\",\"drive\":\"kt-disk1-node\",\"bus\":\"rp1\"}\n"
		  "  undo device_del {\"id\":\"kt-disk1\"}\n"
		  "  undo wait until the guest has released kt-disk1, at most 1 s\n"
		  "  leaves device kt-disk1\n"
		  "wait until the guest's driver for kt-disk1 is up, at most 1 s\n" },
		{ hotplug_disk_add, { { IMAGE("layered"), { "format", "qcow2" }, { "id", "d9" }, { "cache",
		  "none" }, { "aio", "native" },
		    { "readonly", "on" }, { "serial", "S\"1" }, { "iothread", "io0" } } }, NULL,
		  "blockdev-add {\"driver\":\"qcow2\",\"node-name\":\"d9-node\",\"read-only\":true,\"cache\":{\"direct\":true,\"no-flush\":false},"
		  "\"file\":{\"driver\":\"file\",\"filename\":\"%D/images/layered\",\"aio\":\"native\","
		  "\"cache\":{\"direct\":true,\"no-flush\":false}},\"backing\":{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\","
		  "\"filename\":\"%D/images/qcow2\"},\"backing\":null}}\n"
		  "  undo blockdev-del {\"node-name\":\"d9-node\"}\n"
		  "  leaves block node d9-node (%D/images/layered)\n"
		  "device_add {\"driver\":\"virtio-blk-pci\",\"id\":\"d9\",\"drive\":\"d9-node\",\"bus\":\"rp1\",\"serial\":\"S\\\"1\","
		  "\"iothread\":\"io0\",\"write-cache\":\"on\"}\n"
		  "  undo device_del {\"id\":\"d9\"}\n"
		  "  undo wait until the guest has released d9, at most 1 s\n"
		  "  leaves device d9\n"
		  "wait until the guest's driver for d9 is up, at most 1 s\n", NULL, 1 },
		{ hotplug_disk_add, { { IMAGE("on-raw"), { "format", "qcow2" }, { "id", "d9" } } }, NULL,
		  "blockdev-add {\"driver\":\"qcow2\",\"node-name\":\"d9-node\",\"file\":{\"driver\":\"file\","
		  "\"filename\":\"%D/images/on-raw\"},\"backing\":{\"driver\":\"raw\",\"file\":{\"driver\":\"file\","
		  "\"filename\":\"%D/images/raw\"}}}\n"
		  "  undo blockdev-del {\"node-name\":\"d9-node\"}\n  leaves block node d9-node (%D/images/on-raw)\n"
		  "device_add {\"driver\":\"virtio-blk-pci\",\"id\":\"d9\",\"drive\":\"d9-node\",\"bus\":\"rp1\"}\n"
		  "  undo device_del {\"id\":\"d9\"}\n  undo wait until the guest has released d9, at most 1 s\n  leaves device d9\n"
		  "wait until the guest's driver for d9 is up, at most 1 s\n", NULL, 1 },
		{ hotplug_disk_remove, { { { "ID", "vd0" } } }, NULL,
		  "device_del {\"id\":\"vd0\"}\n"
		  "wait until the guest has released vd0, at most 1 s\n"
		  "  leaves device vd0, which the guest has not released\n"
		  "blockdev-del {\"node-name\":\"vd0-node\"}\n"
		  "  leaves block node vd0-node (/vd0.img)\n"
		  "blockdev-del {\"node-name\":\"vd0-file\"}, if it is there\n"
		  "  leaves block node vd0-file (/vd0.img)\n" },
		{ hotplug_disk_remove, { { { "ID", "/machine/peripheral-anon/device[1]" } } }, NULL,		/* -drive's node goes with it */
		  "device_del {\"id\":\"/machine/peripheral-anon/device[1]\"}\n"
		  "wait until the guest has released /machine/peripheral-anon/device[1], at most 1 s\n"
		  "  leaves device /machine/peripheral-anon/device[1], which the guest has not released\n" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "2M" } } }, NULL,
		  "block_resize {\"node-name\":\"vd0-node\",\"size\":2097152}\n"
		  "  undo block_resize {\"node-name\":\"vd0-node\",\"size\":1048576}\n"
		  "  leaves disk vd0 with 2097152 bytes\n" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "1M" } } }, NULL, "" },
	};

	(void)state;
	build_plans(&HERE, rows, ARRAY_SIZE(rows));
}

static void what_is_not_certain_is_warned_of(void **state)
{
	static const struct fake_item paused[] = {
		{ .expect = "query-status", .any = true, .reply = "{\"running\":false,\"status\":\"paused\"}" }, { 0 }
	};
	static const struct {
		struct build_args args;
		const struct fake_item *special;
		const char *warning;
	} rows[] = {
		{ { { RAW } }, paused, "paused" },
		{ { { IMAGE("stray"), { "format", "qcow2" }, { "force", "on" } } }, NULL, "images/../other" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = {0};
		int rc;
		struct plan *p = build_try(&HERE, hotplug_disk_add, &rows[i].args, rows[i].special, &rc, &err);

		assert_int_equal(rc, 0);
		assert_int_equal(p->n_warnings, 1);
		assert_non_null(strstr(p->warnings[0], rows[i].warning));
		plan_free(p);
	}
}

static void each_check_of_a_change_has_its_words(void **state)
{
	static const struct fake_item migrating[] = { { .expect = "query-migrate", .any = true,
	  .reply = "{\"status\":\"setup\"}" }, { 0 } };
	static const struct fake_item none[] = { { .expect = "query-block", .any = true, .reply = "[]" }, { 0 } };
	static const struct build_refusal rows[] = {
		{ hotplug_disk_remove, { { { "ID", "vd9" } } }, -ENODEV, "no disk 'vd9'", "did you mean 'vd" },
		{ hotplug_disk_remove, { { { "ID", "something" } } }, -ENODEV, "no disk 'something'", "there is: vd0, vd1" },
		{ hotplug_disk_remove, { { { "ID", "vd0" } } }, -ENODEV, "no disk 'vd0'", "there is: none", none },
		{ hotplug_disk_remove, { { { "ID", "rp0" } } }, -ENODEV, "no disk 'rp0'", "did you mean" },
		{ hotplug_disk_remove, { { { "ID", "vd0" } } }, -EBUSY, "is being migrated", "until that is over", migrating },
		{ hotplug_disk_remove, { { { "ID", "vd1" } } }, -ENODEV, "no block node 'vd1-node'", "vd1-node" },
		{ hotplug_disk_resize, { { { "ID", "vd9" }, { "size", "2M" } } }, -ENODEV, "no disk 'vd9'", "did you mean 'vd" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "0" } } }, -EINVAL, "size=", "multiple of 512" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "1000" } } }, -EINVAL, "size=", "multiple of 512" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "512K" } } }, -EINVAL, "cuts data off", "force=on" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "2M" } } }, -EBUSY, "is being migrated", "until that is over",
		  migrating },
	};

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
}

#define BEFORE .there = { "device vd0", "node vd0-file", "node vd0-node" }

/* A file system of each run's own, for the image that is made there. */
static int own_files(void)
{
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("tmpfs", "/mnt", "tmpfs", 0, NULL);
}

/* A line a file, by its name and size. */
static char *files(const struct host *h)
{
	DIR *d = opendir("/mnt");
	struct buf out = {0};
	struct dirent *e;

	(void)h;
	while (d && (e = readdir(d))) {
		auto_free char *path = xasprintf("/mnt/%s", e->d_name);
		struct stat st;

		if (e->d_name[0] != '.' && !stat(path, &st))
			buf_printf(&out, "image %s=%lld\n", e->d_name, (long long)st.st_size);
	}
	if (d)
		closedir(d);
	return buf_take(&out);
}

static void each_step_with_each_fault(void **state)
{
	/* the ledger has the disk, and takes it off this list when it goes */
	static const struct fake_item ports = {
		.expect = "qom-list", .args = "{\"path\":\"/machine/peripheral\"}",
		.reply = "[{\"name\":\"rp0\",\"type\":\"child<pcie-root-port>\"},{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"}]",
	};
	/* one whose node has the name of the disk: the ledger has the node, what is left names the disk */
	static const struct fake_item one_name = {
		.expect = "query-block",
		.reply = "[{\"device\":\"\",\"qdev\":\"/machine/peripheral/vd0/virtio-backend\",\"inserted\":{\"node-name\":\"vd0\","
			 "\"file\":\"/vd0.img\",\"drv\":\"raw\",\"ro\":false,\"image\":{\"virtual-size\":1048576}}}]",
	};
	auto_free char *image = xasprintf("%s/images/raw", dir);
	struct fake_item removable[ARRAY_SIZE(guest) + 1] = { ports }, resizable[ARRAY_SIZE(guest) + 1] = { one_name };
	const struct fault_case cases[] = {
		{ .name = "disk add", .build = hotplug_disk_add, .answers = guest, .root = "/",
		  .args = { { "file", image }, { "format", "raw" }, { "id", "d" } }, BEFORE, 
		  .want = { "device d", "device vd0", "node d-node", "node vd0-file", "node vd0-node" } },
		{ .name = "disk add scsi", .build = hotplug_disk_add, .answers = guest, .root = "/",
		  .args = { { "file", image }, { "format", "raw" }, { "id", "d" }, { "bus", "scsi" } }, BEFORE,
		  .want = { "device d", "device kt-scsi0", "device vd0", "node d-node", "node vd0-file", "node vd0-node" } },
		{ .name = "disk create", .build = hotplug_disk_add, .answers = guest, .root = "/", .setup = own_files, .host_state = files,
		  .host_want = "image new.raw=1048576\n",
		  .args = { { "file", "/mnt/new.raw" }, { "format", "raw" }, { "create", "1M" }, { "id", "d" } }, BEFORE,
		  .want = { "device d", "device vd0", "node d-node", "node vd0-file", "node vd0-node" } },
		{ .name = "disk remove", .build = hotplug_disk_remove, .args = { { "ID", "vd0" } }, .answers = removable, BEFORE },
		{ .name = "disk resize", .build = hotplug_disk_resize, .args = { { "ID", "vd0" }, { "size", "2M" } },
		  .answers = resizable, .there = { "size vd0=1048576" }, .want = { "size vd0=2097152" } },
	};

	(void)state;
	memcpy(removable + 1, guest, sizeof(guest));
	memcpy(resizable + 1, guest, sizeof(guest));
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_of_an_addition_has_its_words),
		cmocka_unit_test(each_kind_of_bus_has_its_words),
		cmocka_unit_test(an_equal_disk_is_unchanged),
		cmocka_unit_test(plans_are_as_they_are_told),
		cmocka_unit_test(what_is_not_certain_is_warned_of),
		cmocka_unit_test(each_check_of_a_change_has_its_words),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
