// SPDX-License-Identifier: GPL-3.0-or-later
/* The typed calls: what QEMU 7.2 really answers, and what nobody should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_qmp.h"

#define DIR "tests/fixtures/qmp/7.2/"

static void test_patience(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-status", .how = FAKE_SILENT },
		{ .expect = "qom-get", .how = FAKE_SILENT },
		{ .expect = "device-list-properties", .how = FAKE_SILENT },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	char *text = NULL;
	struct err err;
	bool flag;

	(void)state;
	assert_int_equal(qmp_patience(q), QMP_ASK_MS);
	qmp_set_patience(q, 20);
	assert_int_equal(qmp_query_status(q, &flag, &text, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "query-status within 20 ms"));
	assert_int_equal(qmp_qom_get(q, "/machine", "x", NULL, &err), -ETIMEDOUT);
	assert_int_equal(qmp_has_device_type(q, "x", &flag, &err), -ETIMEDOUT);
	qmp_set_patience(q, 0);
	assert_int_equal(qmp_patience(q), QMP_ASK_MS);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_state(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-status", .file = DIR "query-status.json" },
		{ .expect = "query-name", .file = DIR "query-name.json" },
		{ .expect = "query-uuid", .file = DIR "query-uuid.json" },
		{ .expect = "query-name" },
		{ .expect = "query-uuid",
		  .reply = "{\"UUID\":\"00000000-0000-0000-0000-000000000000\"}" },
		{ .expect = "query-kvm", .reply = "{\"enabled\":true,\"present\":true}" },
		{ .expect = "query-cpus-fast", .file = DIR "query-cpus-fast.json" },
		{ .expect = "query-iothreads", .file = DIR "query-iothreads.json" },
		{ .expect = "query-commands", .reply = "[{\"name\":\"stop\"},{\"name\":7},3]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_thread *list = NULL;
	char *a = NULL, *b = NULL;
	struct err err;
	bool flag;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_status(q, &flag, &a, &err), 0);
	assert_true(flag);
	assert_string_equal(a, "running");
	free(a);
	assert_int_equal(qmp_query_identity(q, &a, &b, &err), 0);
	assert_string_equal(a, "demo,x");
	assert_string_equal(b, "11111111-2222-3333-4444-555555555555");
	free(a);
	free(b);
	assert_int_equal(qmp_query_identity(q, &a, &b, &err), 0);
	assert_null(a);
	assert_null(b);
	assert_int_equal(qmp_query_kvm(q, &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(qmp_query_cpus(q, &list, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[1].name, "1");
	assert_true(list[1].tid > 1);
	qmp_threads_free(list, n);
	assert_int_equal(qmp_query_iothreads(q, &list, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].name, "io0");
	qmp_threads_free(list, n);
	assert_int_equal(qmp_has_command(q, "stop", &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(qmp_has_command(q, "go", &flag, &err), 0);
	assert_false(flag);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_migrating(void **state)
{
	static const struct {
		const char *reply;
		bool migrating;
	} cases[] = {
		{ "{}", false },
		{ "{\"status\":\"none\"}", false },
		{ "{\"status\":\"completed\"}", false },
		{ "{\"status\":\"failed\"}", false },
		{ "{\"status\":\"cancelled\"}", false },
		{ "{\"status\":\"setup\"}", true },
		{ "{\"status\":\"active\"}", true },
		{ "{\"status\":\"postcopy-paused\"}", true },
		{ "{\"status\":\"cancelling\"}", true },
		{ "{\"status\":\"device\"}", true },
		{ "{\"status\":\"some-new-phase\"}", true },
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_item script[] = {
			{ .expect = "query-migrate", .reply = cases[i].reply }, { 0 }
		};
		struct fake_qmp *f = fake_qmp_new(script);
		struct qmp *q = fake_qmp_client(f);
		bool migrating;

		assert_int_equal(qmp_query_migrating(q, &migrating, &err), 0);
		assert_int_equal(migrating, cases[i].migrating);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

/* What QEMU calls a node whose parts were given one by one, and what of it is the image. */
static void test_files_of_explicit_nodes(void **state)
{
	static const struct {
		const char *file, *want, *format;
	} rows[] = {
		{ "/a.qcow2", "/a.qcow2", "qcow2" },
		{ "json:{'backing': null, 'driver': 'qcow2', 'file': {'driver': 'file', 'filename': '/b.qcow2'}}", "/b.qcow2", "qcow2" },
		{ "json:{'driver': 'copy-on-read', 'file': {'driver': 'luks', 'file': {'driver': 'host_device', 'filename': '/dev/sdb'}}}",
		  "/dev/sdb", "luks" },
		{ "json:{'driver': 'blkdebug', 'image': {'driver': 'raw', 'offset': 1, 'file': {'driver': 'file', 'filename': '/c'}}}", "/c", "raw" },
		{ "json:{'driver': 'mirror_top', 'backing': {'driver': 'vmdk', 'file': {'driver': 'file', 'filename': '/v'}}}", "/v", "vmdk" },
		{ "json:{'driver': 'raw', 'file': {'driver': 'nbd', 'server': {'type': 'inet', 'host': '::1', 'port': '10809'}, "
		  "'export': 'x'}}", "nbd://[::1]:10809/x", "raw" },
		{ "json:{'driver': 'nbd', 'server.type': 'unix', 'server.path': '/s', 'export': 'x'}", "nbd+unix:///x?socket=/s", "raw" },
		{ "json:{'driver': 'rbd', 'pool': 'p', 'namespace': 'n', 'image': 'i', 'conf': '/c'}", "rbd:p/n/i", "raw" },
		{ "json:{'driver': 'raw', 'file': {'driver': 'iscsi', 'portal': 'h:3260', 'target': 'iqn.x', 'lun': 2, "
		  "'transport': 'tcp'}}", "iscsi://h:3260/iqn.x/2", "raw" },
		{ "json:{'driver': 'qcow2', 'file': {'driver': 'https', 'url': 'https://h/i.qcow2', 'readahead': 1}}", "https://h/i.qcow2", "qcow2" },
		{ "json:{'driver': 'ssh', 'server.host': 'h', 'server.port': '22', 'path': '/i', 'user': 'u'}", "ssh://h:22/i", "raw" },
		{ "json:{'driver': 'gluster', 'volume': 'v', 'path': 'a/i', 'server': [{'type': 'tcp', 'host': 'h', 'port': '24007'}]}",
		  "gluster://h:24007/v/a/i", "raw" },
		{ "json:{'driver': 'nfs', 'server': {'type': 'inet', 'host': 'h'}, 'path': '/e/i'}", "nfs://h/e/i", "raw" },
		{ "json:{'driver': 'nvme', 'device': '0000:01:00.0', 'namespace': 1}", "nvme://0000:01:00.0/1", "raw" },
		{ "json:{'driver': 'virtio-blk-vhost-vdpa', 'path': '/dev/vhost-vdpa-0'}", "virtio-blk-vhost-vdpa:/dev/vhost-vdpa-0", "raw" },
		{ "json:{'driver': 'raw', 'file': {'driver': 'vvfat', 'dir': '/srv/k', 'floppy': true, 'rw': false}}", "/srv/k", "fat" },
		{ "json:{'driver': 'quorum', 'children': []}", "quorum:", "quorum" },
		{ "json:{'driver': 'throttle', 'file': 'node1'}", NULL, NULL }, { "json:{'backing': {'driv...", NULL, NULL },
		{ "json:[]", NULL, NULL }, { "json:", NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json struct json_object *text = NULL;
		auto_free char *file = xstrdup(rows[i].file), *reply = NULL;
		const struct fake_item script[] = {
			{ .expect = "query-block", .reply = NULL }, { .expect = "query-named-block-nodes", .any = true, .error = "GenericError: no" },
			{ 0 }
		};
		struct fake_item mine[ARRAY_SIZE(script)];
		struct fake_qmp *f;
		struct qmp *q;
		struct qmp_disk *list = NULL;
		struct err err;
		size_t n;
		char *c;

		for (c = file; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		text = json_object_new_string(file);
		reply = xasprintf("[{\"qdev\":\"d\",\"inserted\":{\"node-name\":\"n\",\"drv\":\"%s\",\"file\":%s}}]",
				  *file == '/' ? "qcow2" : "throttle", json_object_to_json_string_ext(text, JSON_C_TO_STRING_PLAIN));
		memcpy(mine, script, sizeof(script));
		mine[0].reply = reply;
		f = fake_qmp_new(mine);
		q = fake_qmp_client(f);
		assert_int_equal(qmp_query_disks(q, &list, &n, &err), 0);
		if (!rows[i].want)
			assert_null(list[0].file);
		else if (!list[0].file || strcmp(list[0].file, rows[i].want) || strcmp(list[0].format, rows[i].format))
			fail_msg("%s: %s %s", file, list[0].file, list[0].format);
		assert_int_equal(fake_qmp_count(f, "query-named-block-nodes"), !rows[i].want);
		qmp_disks_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

/* Of throttle filters the lowest limit holds; each group is asked for once. What QEMU cuts off is looked for in the graph. */
static void test_disks_below_filters(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-block", .reply = "[{\"qdev\":\"a\",\"inserted\":{\"node-name\":\"t1\",\"drv\":\"throttle\",\"file\":"
		  "\"json:{\\\"driver\\\":\\\"throttle\\\",\\\"throttle-group\\\":\\\"g1\\\",\\\"file\\\":{\\\"driver\\\":\\\"throttle\\\","
		  "\\\"throttle-group\\\":\\\"g2\\\",\\\"file\\\":{\\\"driver\\\":\\\"file\\\",\\\"filename\\\":\\\"/a\\\"}}}\"}},"
		  "{\"qdev\":\"b\",\"inserted\":{\"node-name\":\"t2\",\"drv\":\"throttle\",\"file\":\"json:{\\\"throttle-gr\"}},"
		  "{\"qdev\":\"c\",\"inserted\":{\"node-name\":\"m\",\"drv\":\"mirror_top\",\"file\":\"/c\"}}]" },
		{ .expect = "query-named-block-nodes", .reply = "[{\"node-name\":\"t2\",\"drv\":\"throttle\",\"file\":\"json:{\\\"thr\"},"
		  "{\"node-name\":\"q\",\"drv\":\"qcow2\",\"file\":\"json:{\\\"ba\"},{\"node-name\":\"f\",\"drv\":\"file\",\"file\":\"/b\"},"
		  "{\"node-name\":\"m\",\"drv\":\"mirror_top\",\"file\":\"/c\"},{\"node-name\":\"r\",\"drv\":\"raw\",\"file\":\"/c\"},"
		  "{\"node-name\":\"h\",\"drv\":\"host_device\",\"file\":\"/c\"}]" },
		{ .expect = "x-debug-query-block-graph", .reply = "{\"nodes\":[{\"id\":1,\"type\":\"block-driver\",\"name\":\"t2\"},"
		  "{\"id\":2,\"type\":\"block-driver\",\"name\":\"q\"},{\"id\":3,\"type\":\"block-driver\",\"name\":\"f\"},"
		  "{\"id\":4,\"type\":\"block-driver\",\"name\":\"m\"},{\"id\":5,\"type\":\"block-driver\",\"name\":\"r\"},"
		  "{\"id\":6,\"type\":\"block-driver\",\"name\":\"h\"}],\"edges\":[{\"parent\":1,\"child\":2,\"name\":\"file\"},"
		  "{\"parent\":2,\"child\":5,\"name\":\"backing\"},{\"parent\":2,\"child\":3,\"name\":\"file\"},"
		  "{\"parent\":4,\"child\":5,\"name\":\"backing\"},{\"parent\":5,\"child\":6,\"name\":\"file\"},"
		  "{\"parent\":6,\"child\":6,\"name\":\"file\"}]}" },
		{ .expect = "qom-get", .args = "{\"path\":\"/objects/g1\",\"property\":\"limits\"}", .reply = "{\"iops-total\":100,\"bps-read\":7}" },
		{ .expect = "qom-get", .args = "{\"path\":\"/objects/g2\",\"property\":\"limits\"}",
		  .reply = "{\"iops-total\":50,\"bps-read\":0,\"iops-total-max\":70}" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_disk *list = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_disks(q, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].throttle.iops, 50);
	assert_int_equal(list[0].throttle.bps_rd, 7);
	assert_true(list[0].throttle.bursts && !list[0].throttle.unknown);
	assert_string_equal(list[1].file, "/b");
	assert_string_equal(list[1].format, "qcow2");
	assert_true(list[1].throttle.unknown);
	assert_string_equal(list[2].file, "/c");
	assert_string_equal(list[2].format, "raw");
	qmp_disks_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_disks(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-block", .file = DIR "query-block.json" },
		{ .expect = "query-block",
		  .reply = "[{\"device\":\"floppy0\"},3,{\"device\":\"\",\"qdev\":\"sd0\"}]" },
		{ .expect = "query-named-block-nodes",
		  .args = "{\"flat\":true}",
		  .file = DIR "named-block-nodes.json" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_disk *list = NULL;
	char **names = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_disks(q, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].id, "vda");
	assert_string_equal(list[0].qdev, "/machine/peripheral/vda/virtio-backend");
	assert_string_equal(list[0].device, "dr0");
	assert_string_equal(list[0].file, "a.raw");
	assert_string_equal(list[0].format, "raw");
	assert_string_equal(list[0].io_status, "ok");
	assert_int_equal(list[0].size_bytes, 64 << 20);
	assert_false(list[0].read_only);
	assert_string_equal(list[1].node, "b");
	assert_null(list[1].device);
	qmp_disks_free(list, n);
	assert_int_equal(qmp_query_disks(q, &list, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].id, "sd0");
	assert_null(list[0].node);
	qmp_disks_free(list, n);
	assert_int_equal(qmp_query_nodes(q, &names, &n, &err), 0);
	assert_int_equal(n, 8);
	qmp_strings_free(names, n);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_chain(void **state)
{
	static const struct {
		const char *node, *chain;
		int code;
	} cases[] = {
		{ "d0", "d0 f0 " },			/* two separate nodes */
		{ "ov0", "ov0 ovf " },			/* the base has another user */
		{ "ov1", "ov1 " },			/* its file is auto-named */
		{ "base0", "base0 basef " },
		{ "f0", "f0 " },
		{ "nope", NULL, -ENODEV },
		{ "/machine/peripheral/vd0/virtio-backend", NULL, -ENODEV },
	};
	struct fake_item script[] = { { .expect = "x-debug-query-block-graph",
					.any = true,
					.file = DIR "block-graph.json" },
				      { 0 } };
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct err err;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_buf struct buf text = {0};
		char **names = NULL;
		size_t n = 0;

		assert_int_equal(qmp_query_chain(q, cases[i].node, &names, &n, &err),
				 cases[i].code);
		for (k = 0; k < n; k++)
			buf_printf(&text, "%s ", names[k]);
		if (cases[i].chain)
			assert_string_equal(text.text, cases[i].chain);
		qmp_strings_free(names, n);
	}
	qmp_close(q);
	fake_qmp_end(f);
}

/* Edges that point nowhere or in circles end all the same. */
static void test_chain_hostile(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "x-debug-query-block-graph",
		  .reply =
			  "{\"nodes\":[{\"id\":1,\"type\":\"block-driver\",\"name\":\"a\"},7,"
			  "{\"id\":2,\"type\":\"block-driver\",\"name\":\"b\"},{\"id\":3,\"type\":\"block-driver\"},"
			  "{\"id\":4,\"type\":\"block-driver\",\"name\":\"c\"}],"
			  "\"edges\":[{\"parent\":1,\"child\":2},{\"parent\":2,\"child\":1},{\"parent\":2,\"child\":3},"
			  "{\"parent\":9,\"child\":4},{\"parent\":2,\"child\":4},{\"child\":8},9]}" },
		{ .expect = "x-debug-query-block-graph", .reply = "{\"nodes\":1}" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	char **names = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_chain(q, "a", &names, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[1], "b");
	qmp_strings_free(names, n);
	assert_int_equal(qmp_query_chain(q, "a", &names, &n, &err), -ENODEV);
	qmp_close(q);
	fake_qmp_end(f);
}

/* A chain of 5,000 nodes that QEMU lists from its end, and more than that. */
static void test_chain_long(void **state)
{
	enum { N = 5000 };
	auto_buf struct buf nodes = {0}, edges = {0}, more = {0};
	auto_free char *reply = NULL, *too_long = NULL;
	uint64_t begun = clock_now_ns();
	char **names = NULL;
	struct err err = {0};
	size_t n, i;

	(void)state;
	for (i = N; i; i--)
		buf_printf(&nodes, "%s{\"id\":%zu,\"type\":\"block-driver\",\"name\":\"n%zu\"}", nodes.len ? "," : "", i, i);
	for (i = N - 1; i; i--)
		buf_printf(&edges, "%s{\"parent\":%zu,\"child\":%zu}", edges.len ? "," : "", i, i + 1);
	for (i = 0; i <= GUEST_NODES_MAX; i++)
		buf_puts(&more, i ? ",7" : "7");
	reply = xasprintf("{\"nodes\":[%s],\"edges\":[%s]}", nodes.text, edges.text);
	too_long = xasprintf("{\"nodes\":[%s],\"edges\":[]}", more.text);
	{
		struct fake_item script[] = { { .expect = "x-debug-query-block-graph", .reply = reply },
					      { .expect = "x-debug-query-block-graph", .reply = too_long }, { 0 } };
		struct fake_qmp *f = fake_qmp_new(script);
		struct qmp *q = fake_qmp_client(f);

		assert_int_equal(qmp_query_chain(q, "n1", &names, &n, &err), 0);
		assert_int_equal(n, N);
		assert_string_equal(names[0], "n1");
		assert_string_equal(names[N - 1], "n5000");
		qmp_strings_free(names, n);
		assert_int_equal(qmp_query_chain(q, "n1", &names, &n, &err), -EMSGSIZE);
		assert_non_null(strstr(err.text, "16385 block nodes"));
		qmp_close(q);
		fake_qmp_end(f);
	}
	assert_true(clock_now_ns() - begun < 20 * NS_PER_SEC);		/* 0.3 s with sanitizers */
}

static bool is_free(const void *arg, const struct qmp_port *port)
{
	(void)arg;
	return port->free;
}

static void test_ports_q35(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "qom-get",
		  .any = true,
		  .args = "{\"path\":\"/machine/i440fx/pci.0\"}",
		  .error = "DeviceNotFound: Device '/machine/i440fx/pci.0' not found" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral\"}",
		  .file = DIR "qom-peripheral.json" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral-anon\"}",
		  .file = DIR "qom-peripheral-anon.json" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral/rp0\"}",
		  .file = DIR "qom-rp0.json" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral/rp0/rp0\"}",
		  .file = DIR "qom-rp0-bus.json" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral/rp1\"}",
		  .file = DIR "qom-rp1.json" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral/rp1/rp1\"}",
		  .file = DIR "qom-rp1-bus.json" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral/rp2\"}",
		  .reply = "[{\"name\":\"rp2\",\"type\":\"child<PCIE>\"}]" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral/rp2/rp2\"}",
		  .reply = "[]" },
		{ .expect = "qom-list",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral-anon/device[0]\"}",
		  .reply = "[{\"name\":\"pcie.0\",\"type\":\"child<PCIE>\"}]" },
		{ .expect = "qom-list", .any = true, .reply = "[]" },
		{ .expect = "qom-get",
		  .any = true,
		  .args = "{\"path\":\"/machine/peripheral/rp2\"}",
		  .reply = "false" },
		{ .expect = "qom-get",
		  .any = true,
		  .args = "{\"property\":\"hotplug\"}",
		  .reply = "true" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_port *list = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_ports(q, NULL, NULL, &list, &n, &err), 0);
	/* the fourth has no id, and a bus name that means the root bus */
	assert_int_equal(n, 3);
	assert_string_equal(list[0].bus, "rp0");
	assert_string_equal(list[0].kind, "pcie-root-port");
	assert_true(list[0].hotplug && list[0].total == 1 && list[0].free == 0);
	assert_string_equal(list[1].bus, "rp1");
	assert_true(list[1].hotplug && list[1].free == 1);
	assert_true(!list[2].hotplug && list[2].free == 0);
	qmp_ports_free(list, n);
	assert_int_equal(qmp_query_ports(q, is_free, NULL, &list, &n, &err), 0);
	assert_int_equal(n, 2);		/* rp2 was not looked at */
	assert_string_equal(list[1].bus, "rp1");
	qmp_ports_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_ports_i440fx(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "qom-get",
		  .args = "{\"path\":\"/machine/i440fx/pci.0\",\"property\":\"hotplug-handler\"}",
		  .reply = "\"/machine/unattached/device[18]\"" },
		{ .expect = "qom-get",
		  .args = "{\"path\":\"/machine/i440fx/pci.0\",\"property\":\"acpi-pcihp-bsel\"}", .reply = "0" },
		{ .expect = "qom-list",
		  .args = "{\"path\":\"/machine/i440fx/pci.0\"}",
		  .reply =
			  "[{\"name\":\"type\",\"type\":\"string\"},{\"name\":\"child[0]\",\"type\":\"link<i440FX>\"},"
			  "{\"name\":\"child[1]\",\"type\":\"link<PIIX3>\"},{\"name\":\"child[2]\",\"type\":\"link<piix3-ide>\"},"
			  "{\"name\":\"child[3]\",\"type\":\"link<virtio-blk-pci>\"}]" },
		{ .expect = "qom-get",
		  .args = "{\"path\":\"/machine/i440fx/pci.0/child[0]\",\"property\":\"addr\"}",
		  .reply = "0" },
		{ .expect = "qom-get",
		  .args = "{\"path\":\"/machine/i440fx/pci.0/child[1]\"}",
		  .reply = "8" },
		{ .expect = "qom-get",
		  .args = "{\"path\":\"/machine/i440fx/pci.0/child[2]\"}",
		  .reply = "9" },
		{ .expect = "qom-get",
		  .args = "{\"path\":\"/machine/i440fx/pci.0/child[3]\"}",
		  .error = "DeviceNotFound: gone" },
		{ .expect = "qom-list",
		  .args = "{\"path\":\"/machine/peripheral\"}",
		  .reply =
			  "[{\"name\":\"br1\",\"type\":\"child<pci-bridge>\"},{\"name\":\"br2\",\"type\":\"child<pci-bridge>\"},"
			  "{\"name\":\"br3\",\"type\":\"child<pci-bridge>\"},{\"name\":\"d\",\"type\":\"child<e1000>\"}]" },
		{ .expect = "qom-list",
		  .args = "{\"path\":\"/machine/peripheral/br1\"}",
		  .reply = "[{\"name\":\"br1\",\"type\":\"child<PCI>\"}]" },
		{ .expect = "qom-get", .args = "{\"property\":\"shpc\"}", .reply = "true" },
		{ .expect = "qom-get",
		  .args = "{\"property\":\"hotplug-handler\"}",
		  .reply = "\"\"" },
		{ .expect = "qom-list",
		  .args = "{\"path\":\"/machine/peripheral/br1/br1\"}",
		  .reply = "[]" },
		/* its own handler */
		{ .expect = "qom-list", .reply = "[{\"name\":\"br2\",\"type\":\"child<PCI>\"}]" },
		{ .expect = "qom-get", .args = "{\"property\":\"shpc\"}", .reply = "true" },
		{ .expect = "qom-get", .args = "{\"property\":\"hotplug-handler\"}", .reply = "\"/machine/peripheral/br2\"" },
		{ .expect = "qom-list", .reply = "[]" },
		/* ACPI's, which has no number for it */
		{ .expect = "qom-list", .reply = "[{\"name\":\"br3\",\"type\":\"child<PCI>\"}]" },
		{ .expect = "qom-get", .args = "{\"property\":\"shpc\"}", .reply = "false" },
		{ .expect = "qom-get", .args = "{\"property\":\"hotplug-handler\"}", .reply = "\"/machine/unattached/device[18]\"" },
		{ .expect = "qom-get", .args = "{\"property\":\"acpi-pcihp-bsel\"}", .error = "GenericError: Property not found" },
		{ .expect = "qom-list", .reply = "[]" },
		{ .expect = "qom-list",
		  .args = "{\"path\":\"/machine/peripheral-anon\"}",
		  .reply = "[]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_port *list = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_ports(q, NULL, NULL, &list, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_string_equal(list[0].bus, "br1");
	assert_true(!list[0].hotplug && list[0].total == 31 && list[0].free == 0);
	assert_true(list[1].hotplug && list[1].free == 31);
	assert_true(!list[2].hotplug && list[2].free == 0);
	assert_string_equal(list[3].bus, "pci.0");
	assert_true(list[3].hotplug && list[3].total == 32 && list[3].free == 30);
	qmp_ports_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_qom(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "qom-get",
		  .args = "{\"path\":\"/machine\",\"property\":\"type\"}",
		  .reply = "\"pc\"" },
		{ .expect = "qom-get", .reply = "7" },
		{ .expect = "qom-get", .error = "GenericError: Property 'x' not found" },
		{ .expect = "qom-list",
		  .reply = "[{\"name\":\"a\",\"type\":\"string\"},{\"name\":1},0,"
			   "{\"name\":\"b\",\"type\":\"child<x>\"}]" },
		{ .expect = "qom-list",
		  .args = "{\"path\":\"/machine/peripheral\"}",
		  .file = DIR "qom-peripheral.json" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_prop *list = NULL;
	char *text = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_qom_get_str(q, "/machine", "type", &text, &err), 0);
	assert_string_equal(text, "pc");
	free(text);
	assert_int_equal(qmp_qom_get_str(q, "/machine", "x", &text, &err), -EBADMSG);
	assert_int_equal(qmp_qom_get_str(q, "/machine", "x", &text, &err), -EREMOTEIO);
	assert_int_equal(qmp_qom_list(q, "/", &list, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[1].type, "child<x>");
	qmp_props_free(list, n);
	assert_int_equal(qmp_query_peripherals(q, &list, &n, &err), 0);
	assert_int_equal(n, 5);		/* "type" is a property, no device */
	qmp_props_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_migrating),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_files_of_explicit_nodes), cmocka_unit_test(test_disks_below_filters),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_chain_hostile),
		cmocka_unit_test(test_chain_long),
		cmocka_unit_test(test_ports_q35),
		cmocka_unit_test(test_ports_i440fx),
		cmocka_unit_test(test_qom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
