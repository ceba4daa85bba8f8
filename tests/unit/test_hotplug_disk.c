// SPDX-License-Identifier: GPL-3.0-or-later
/* Building plans for disks: each check fails with its own words, and QEMU is only ever asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fault_table.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

static char *dir;

/* A version 2 header, and the name of a backing file behind it. */
static void put_qcow2(const char *name, const char *backing)
{
	char image[4096] = "QFI\xfb";
	uint32_t version = htobe32(2), len = htobe32((uint32_t)strlen(backing ? backing : ""));
	uint64_t at = htobe64(backing ? 104 : 0);

	memcpy(image + 4, &version, 4);
	memcpy(image + 8, &at, 8);
	memcpy(image + 16, &len, 4);
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
	put_qcow2("qcow2", NULL);
	put_qcow2("layered", "qcow2");
	put_qcow2("stray", "../other");
	put_qcow2("circle", "circle");
	put_qcow2("remote", "json:{}");
	tree_puts(dir, "QFI\xfb", "images/short");
	return mkfifo(fifo, 0600) || mkdir(path, 0700);
}

static int teardown(void **state)
{
	(void)state;
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

struct args {
	const char *pairs[8][2];
};

typedef int build_fn(struct plan *p, const struct plan_env *env, struct err *err);

struct result {
	struct plan *plan;
	struct err err;
	int rc;
};

/* Build against that guest, with one answer of its own; nothing but questions may have been sent. */
static struct result build(build_fn *fn, const struct args *args, const struct fake_item *special)
{
	struct fake_item script[ARRAY_SIZE(guest) + 1];
	struct result r = { .plan = plan_new("disk", "vm1", NULL) };
	const char *saw;
	struct fake_qmp *f;
	struct qmp *q;
	size_t i;

	memset(script, 0, sizeof(script));
	if (special)
		script[0] = *special;
	memcpy(script + !!special, guest, sizeof(guest));
	for (i = 0; i < ARRAY_SIZE(args->pairs) && args->pairs[i][0]; i++) {
		const char *value = args->pairs[i][1];
		auto_free char *file = !strcmp(args->pairs[i][0], "file") &&
		  *value != '/' ? xasprintf("%s/images/%s", dir, value) : NULL;

		json_put_str(r.plan->args, args->pairs[i][0], file ? file : value);
	}
	f = fake_qmp_new(script);
	q = fake_qmp_client(f);
	r.rc = fn(r.plan, &(struct plan_env){ .qmp = q, .interrupt_fd = -1 }, &r.err);
	for (i = 0; (saw = fake_qmp_saw(f, i)); i++)
		if (!str_has_prefix(saw, "query-") && !str_has_prefix(saw, "qom-") && !str_has_prefix(saw,
		  "x-debug-query-"))
			fail_msg("sent: %s", saw);
	qmp_close(q);
	fake_qmp_end(f);
	return r;
}

#define RAW { "file", "raw" }, { "format", "raw" }

static void each_check_of_an_addition_has_its_words(void **state)
{
	static const struct fake_item migrating = { .expect = "query-migrate", .any = true,
	  .reply = "{\"status\":\"active\"}" };
	static const struct fake_item no_port = {
		.expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1/rp1\"}",
		.reply = "[{\"name\":\"child[0]\",\"type\":\"link<device>\"}]",
	};
	static const struct fake_item no_iothread = { .expect = "query-iothreads", .any = true, .reply = "[]" };
	static const struct {
		struct args args;
		int rc;
		const char *why, *remedy;
		const struct fake_item *special;
	} rows[] = {
		{ { { { "file", "none" }, { "format", "raw" } } }, -EINVAL, "no such file", "qemu-img create" },
		{ { { { "file", "raw/x" }, { "format", "raw" } } }, -ENOTDIR, "Not a directory", "" },
		{ { { { "file", "dir" }, { "format", "raw" } } }, -EINVAL, "is a directory", "" },
		{ { { { "file", "fifo" }, { "format", "raw" } } }, -EINVAL, "neither a file nor a block device", "" },
		{ { { { "file", "/dev/null" }, { "format", "raw" } } }, -EINVAL, "neither a file nor a block device",
		  "" },
		{ { { { "file", "bad\xff" }, { "format", "raw" } } }, -EINVAL, "UTF-8", "" },
		{ { { { "file", "raw" } } }, -EINVAL, "format= is missing", "say format=raw" },
		{ { { { "file", "qcow2" } } }, -EINVAL, "looks like qcow2", "say format=qcow2" },
		{ { { { "file", "raw" }, { "format", "qcow2" } } }, -EINVAL, "is not qcow2", "format=raw" },
		{ { { { "file", "short" }, { "format", "qcow2" } } }, -EINVAL, "is not qcow2", "format=raw" },
		{ { { { "file", "qcow2" }, { "format", "raw" } } }, -EINVAL, "has a qcow2 header", "force=on" },
		{ { { { "file", "stray" }, { "format", "qcow2" } } }, -EACCES, "which is not in its directory",
		  "force=on" },
		{ { { { "file", "remote" }, { "format", "qcow2" } } }, -EACCES, "which is not in its directory",
		  "force=on" },
		{ { { { "file", "circle" }, { "format", "qcow2" } } }, -ELOOP, "in a circle", "" },
		{ { { RAW } }, -EBUSY, "is being migrated", "until that is over", &migrating },
		{ { { RAW, { "id", "0x" } } }, -EINVAL, "a letter, then", "" },
		{ { { RAW, { "id", "a b" } } }, -EINVAL, "a letter, then", "" },
		{ { { RAW, { "id", "a/b" } } }, -EINVAL, "a letter, then", "" },
		{ { { RAW, { "id", "\xc3\xbc" } } }, -EINVAL, "a letter, then", "" },
		{ { { RAW, { "id", "abcdefghijklmnopqrstuvwxyza" } } }, -EINVAL, "longer than 26", "" },
		{ { { RAW, { "id", "vd0" } } }, -EEXIST, "taken by a virtio-blk-pci", "" },
		{ { { RAW, { "id", "rp0" } } }, -EEXIST, "taken by a pcie-root-port", "" },
		{ { { RAW, { "id", "old" } } }, -EEXIST, "block node 'old-node' exists", "blockdev-del" },
		{ { { RAW, { "serial", "123456789012345678901" } } }, -EINVAL, "longer than 20", "" },
		{ { { RAW, { "aio", "native" } } }, -EINVAL, "aio=native wants", "cache=none" },
		{ { { RAW, { "aio", "native" }, { "cache", "writeback" } } }, -EINVAL, "aio=native wants",
		  "cache=none" },
		{ { { RAW, { "aio", "native" }, { "cache", "unsafe" } } }, -EINVAL, "aio=native wants", "cache=none" },
		{ { { RAW, { "iothread", "io1" } } }, -EINVAL, "no iothread 'io1'", "there is: io0" },
		{ { { RAW, { "iothread", "io1" } } }, -EINVAL, "no iothread 'io1'", "there is: none", &no_iothread },
		{ { { RAW, { "iothread", "io0" }, { "bus", "scsi" } } }, -EINVAL, "belongs to a SCSI controller", "" },
		{ { { RAW, { "passthrough", "on" } } }, -EINVAL, "passthrough=on", "bus=scsi" },
		{ { { RAW } }, -ENOSPC, "no free hotpluggable PCI port: 2 of 3", "more pcie-root-port", &no_port },
		{ { { { "file", "/vd0.img" }, { "format", "raw" }, { "id", "vd0" } } }, -EINVAL, "no such file", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result r = build(hotplug_disk_add, &rows[i].args, rows[i].special);

		if (r.rc != rows[i].rc || !strstr(r.err.text, rows[i].why) || !strstr(r.err.text, rows[i].remedy))
			fail_msg("row %zu: %d '%s'", i, r.rc, r.err.text);
		assert_int_equal(r.plan->n_steps, 0);
		plan_free(r.plan);
	}
}

/* The same disk under the same id is there already, or it is another one after all. */
static void an_equal_disk_is_unchanged(void **state)
{
	auto_free char *raw = xasprintf("%s/images/raw", dir);
	auto_free char *reply = xasprintf("[{\"device\":\"\",\"qdev\":\"vd0\",\"inserted\":{\"node-name\":\"n\",\"file\":\"%s\","
					  "\"drv\":\"raw\",\"ro\":true}}]", raw);
	struct fake_item there = { .expect = "query-block", .any = true, .reply = reply };
	static const struct {
		struct args args;
		int rc;
	} rows[] = {
		{ { { RAW, { "id", "vd0" }, { "readonly", "on" } } }, 0 },
		{ { { RAW, { "id", "vd0" } } }, -EEXIST },			/* that one cannot be written */
		{ { { { "file", "layered" }, { "format", "qcow2" }, { "id", "vd0" } } }, -EEXIST },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result r = build(hotplug_disk_add, &rows[i].args, &there);

		if (r.rc != rows[i].rc)
			fail_msg("row %zu: %d %s", i, r.rc, r.err.text);
		assert_int_equal(r.plan->status, r.rc ? PLAN_PLANNED : PLAN_UNCHANGED);
		assert_int_equal(r.plan->n_steps, 0);
		plan_free(r.plan);
	}
}

static char *steps_of(const struct plan *p)
{
	struct buf b = {0};
	size_t i, k;

	for (i = 0; i < p->n_steps; i++) {
		auto_free char *text = step_text(&p->steps[i], 1000);

		buf_printf(&b, "%s\n", text);
		for (k = 0; k < p->steps[i].n_undo; k++) {
			auto_free char *undo = step_text(&p->steps[i].undo[k], 1000);

			buf_printf(&b, "  undo %s\n", undo);
		}
		if (p->steps[i].leaves)
			buf_printf(&b, "  leaves %s\n", p->steps[i].leaves);
	}
	return buf_take(&b);
}

/* %D is the directory of the test. */
static char *in_dir(const char *text)
{
	struct buf b = {0};

	for (; *text; text++) {
		if (text[0] == '%' && text[1] == 'D') {
			buf_puts(&b, dir);
			text++;
		} else {
			buf_add(&b, text, 1);
		}
	}
	return buf_take(&b);
}

static void plans_are_as_they_are_told(void **state)
{
	static const struct {
		build_fn *build;
		struct args args;
		const char *steps;
	} rows[] = {
		{ hotplug_disk_add, { { RAW } },
		  "blockdev-add {\"driver\":\"raw\",\"node-name\":\"kt-disk1-node\",\"file\":{\"driver\":\"file\",\"filename\":\"%D/images/raw\"}}\n"
		  "  undo blockdev-del {\"node-name\":\"kt-disk1-node\"}\n"
		  "  leaves block node kt-disk1-node (%D/images/raw)\n"
		  "device_add {\"driver\":\"virtio-blk-pci\",\"id\":\"kt-disk1\",\"drive\":\"kt-disk1-node\",\"bus\":\"rp1\"}\n"
		  "  undo device_del {\"id\":\"kt-disk1\"}\n"
		  "  undo wait until the guest has let go of kt-disk1, at most 1 s\n"
		  "  leaves device kt-disk1\n"
		  "wait until the guest's driver for kt-disk1 is up, at most 1 s\n" },
		{ hotplug_disk_add, { { { "file", "layered" }, { "format", "qcow2" }, { "id", "d9" }, { "cache",
		  "none" }, { "aio", "native" },
		    { "readonly", "on" }, { "serial", "S\"1" }, { "iothread", "io0" } } },
		  "blockdev-add {\"driver\":\"qcow2\",\"node-name\":\"d9-node\",\"read-only\":true,\"cache\":{\"direct\":true,\"no-flush\":false},"
		  "\"file\":{\"driver\":\"file\",\"filename\":\"%D/images/layered\",\"aio\":\"native\","
		  "\"cache\":{\"direct\":true,\"no-flush\":false}}}\n"
		  "  undo blockdev-del {\"node-name\":\"d9-node\"}\n"
		  "  leaves block node d9-node (%D/images/layered)\n"
		  "device_add {\"driver\":\"virtio-blk-pci\",\"id\":\"d9\",\"drive\":\"d9-node\",\"bus\":\"rp1\",\"serial\":\"S\\\"1\","
		  "\"iothread\":\"io0\",\"write-cache\":\"on\"}\n"
		  "  undo device_del {\"id\":\"d9\"}\n"
		  "  undo wait until the guest has let go of d9, at most 1 s\n"
		  "  leaves device d9\n"
		  "wait until the guest's driver for d9 is up, at most 1 s\n" },
		{ hotplug_disk_remove, { { { "ID", "vd0" } } },
		  "device_del {\"id\":\"vd0\"}\n"
		  "wait until the guest has let go of vd0, at most 1 s\n"
		  "  leaves device vd0, which the guest has not let go of\n"
		  "blockdev-del {\"node-name\":\"vd0-node\"}\n"
		  "  leaves block node vd0-node (/vd0.img)\n"
		  "blockdev-del {\"node-name\":\"vd0-file\"}, if it is there\n"
		  "  leaves block node vd0-file (/vd0.img)\n" },
		{ hotplug_disk_remove, { { { "ID", "/machine/peripheral-anon/device[1]" } } },		/* -drive's node goes with it */
		  "device_del {\"id\":\"/machine/peripheral-anon/device[1]\"}\n"
		  "wait until the guest has let go of /machine/peripheral-anon/device[1], at most 1 s\n"
		  "  leaves device /machine/peripheral-anon/device[1], which the guest has not let go of\n" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "2M" } } },
		  "block_resize {\"node-name\":\"vd0-node\",\"size\":2097152}\n"
		  "  undo block_resize {\"node-name\":\"vd0-node\",\"size\":1048576}\n"
		  "  leaves disk vd0 with 2097152 bytes\n" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "1M" } } }, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result r = build(rows[i].build, &rows[i].args, NULL);
		auto_free char *steps = steps_of(r.plan), *want = in_dir(rows[i].steps);

		if (r.rc)
			fail_msg("row %zu: %s", i, r.err.text);
		assert_string_equal(steps, want);
		assert_int_equal(r.plan->status, *want ? PLAN_PLANNED : PLAN_UNCHANGED);
		plan_free(r.plan);
	}
}

/* What was built can be journaled, and is believed when it is read. */
static void plans_can_be_journaled(void **state)
{
	static const struct {
		build_fn *build;
		struct args args;
	} rows[] = {
		{ hotplug_disk_add, { { RAW } } }, { hotplug_disk_add, { { RAW, { "bus", "scsi" } } } },
		{ hotplug_disk_remove, { { { "ID", "vd0" } } } },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "2M" } } } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result r = build(rows[i].build, &rows[i].args, NULL);
		auto_json struct json_object *obj = NULL;
		struct plan *back = NULL;

		assert_int_equal(r.rc, 0);
		r.plan->id = xstrdup("20260102-030405-00ab");
		r.plan->begun = xstrdup("2026-01-02T03:04:05.000+00:00");
		obj = plan_json(r.plan);
		if (plan_parse(obj, &back, &r.err))
			fail_msg("row %zu: %s", i, r.err.text);
		plan_free(back);
		plan_free(r.plan);
	}
}

static void a_guest_that_stands_is_warned_of(void **state)
{
	static const struct fake_item paused = {
		.expect = "query-status", .any = true, .reply = "{\"running\":false,\"status\":\"paused\"}",
	};
	struct result r = build(hotplug_disk_add, &(struct args){ { RAW } }, &paused);

	(void)state;
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.plan->n_warnings, 1);
	assert_non_null(strstr(r.plan->warnings[0], "paused"));
	plan_free(r.plan);
	r = build(hotplug_disk_add, &(struct args){ { { "file", "stray" }, { "format", "qcow2" }, { "force",
	  "on" } } }, NULL);
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.plan->n_warnings, 1);
	assert_non_null(strstr(r.plan->warnings[0], "images/../other"));
	plan_free(r.plan);
}

static void each_check_of_a_change_has_its_words(void **state)
{
	static const struct fake_item migrating = { .expect = "query-migrate", .any = true,
	  .reply = "{\"status\":\"setup\"}" };
	static const struct fake_item none = { .expect = "query-block", .any = true, .reply = "[]" };
	static const struct {
		build_fn *build;
		struct args args;
		int rc;
		const char *why;
		const struct fake_item *special;
	} rows[] = {
		{ hotplug_disk_remove, { { { "ID", "vd9" } } }, -ENODEV, "did you mean 'vd" },
		{ hotplug_disk_remove, { { { "ID", "something" } } }, -ENODEV, "there is: vd0, vd1" },
		{ hotplug_disk_remove, { { { "ID", "vd0" } } }, -ENODEV, "there is: none", &none },
		{ hotplug_disk_remove, { { { "ID", "rp0" } } }, -ENODEV, "no disk 'rp0'" },
		{ hotplug_disk_remove, { { { "ID", "vd0" } } }, -EBUSY, "is being migrated", &migrating },
		{ hotplug_disk_remove, { { { "ID", "vd1" } } }, -ENODEV, "no block node 'vd1-node'" },
		{ hotplug_disk_resize, { { { "ID", "vd9" }, { "size", "2M" } } }, -ENODEV, "did you mean 'vd" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "0" } } }, -EINVAL, "multiple of 512" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "1000" } } }, -EINVAL, "multiple of 512" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "512K" } } }, -EINVAL, "cuts data off" },
		{ hotplug_disk_resize, { { { "ID", "vd0" }, { "size", "2M" } } }, -EBUSY, "is being migrated",
		  &migrating },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result r = build(rows[i].build, &rows[i].args, rows[i].special);

		if (r.rc != rows[i].rc || !strstr(r.err.text, rows[i].why))
			fail_msg("row %zu: %d '%s'", i, r.rc, r.err.text);
		assert_int_equal(r.plan->n_steps, 0);
		plan_free(r.plan);
	}
}

#define BEFORE .there = { "device vd0", "node vd0-file", "node vd0-node" }

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
		cmocka_unit_test(an_equal_disk_is_unchanged),
		cmocka_unit_test(plans_are_as_they_are_told),
		cmocka_unit_test(plans_can_be_journaled),
		cmocka_unit_test(a_guest_that_stands_is_warned_of),
		cmocka_unit_test(each_check_of_a_change_has_its_words),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
