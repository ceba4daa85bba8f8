// SPDX-License-Identifier: GPL-3.0-or-later
/* Virtio devices and their rings: what is decoded, and what must never be sent. */
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
#define BACKEND(id) "{\"path\":\"/machine/peripheral/" id "/virtio-backend\"}"
#define TYPE_OF(id) "{\"path\":\"/machine/peripheral/" id "/virtio-backend\",\"property\":\"type\"}"
#define IOTHREAD_OF(id)                                                                            \
	"{\"path\":\"/machine/peripheral/" id "/virtio-backend\",\"property\":\"iothread\"}"
#define ONE(id) "[{\"name\":\"x\",\"path\":\"/machine/peripheral/" id "/virtio-backend\"}]"

/* A whole guest, as it was recorded: plain, packed, behind an IOMMU, vhost-user. */
static const struct fake_item guest[] = {
	{ .expect = "x-query-virtio", .any = true, .file = DIR "virtio.json" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = TYPE_OF("vda"),
	  .reply = "\"virtio-blk-device\"" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = TYPE_OF("vdb"),
	  .reply = "\"virtio-blk-device\"" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = TYPE_OF("vdc"),
	  .reply = "\"virtio-blk-device\"" },
	{ .expect = "qom-get", .any = true, .args = TYPE_OF("vdd"), .reply = "\"vhost-user-blk\"" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = TYPE_OF("bal"),
	  .reply = "\"virtio-balloon-device\"" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = TYPE_OF("nic0"),
	  .reply = "\"virtio-net-device\"" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = "{\"path\":\"/machine/peripheral-anon/device[0]/virtio-backend\"}",
	  .reply = "\"vhost-user-i2c-device\"" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = "{\"path\":\"/machine/peripheral-anon/device[1]/virtio-backend\"}",
	  .error = "DeviceNotFound: it has just left" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = IOTHREAD_OF("vda"),
	  .reply = "\"/objects/io0\"" },
	{ .expect = "qom-get", .any = true, .args = IOTHREAD_OF("vdb"), .reply = "\"\"" },
	{ .expect = "qom-get",
	  .any = true,
	  .args = "{\"property\":\"iothread\"}",
	  .error = "GenericError: Property 'x.iothread' not found" },
	{ .expect = "x-query-virtio-status",
	  .any = true,
	  .args = BACKEND("vda"),
	  .file = DIR "virtio-status-blk.json" },
	{ .expect = "x-query-virtio-status",
	  .any = true,
	  .args = BACKEND("vdb"),
	  .file = DIR "virtio-status-packed.json" },
	{ .expect = "x-query-virtio-status",
	  .any = true,
	  .args = BACKEND("vdc"),
	  .file = DIR "virtio-status-iommu.json" },
	{ .expect = "x-query-virtio-status",
	  .any = true,
	  .args = BACKEND("vdd"),
	  .file = DIR "virtio-status-vhost-user-blk.json" },
	{ .expect = "x-query-virtio-status",
	  .any = true,
	  .args = BACKEND("nic0"),
	  .file = DIR "virtio-status-net.json" },
	{ .expect = "x-query-virtio-status",
	  .any = true,
	  .args = BACKEND("bal"),
	  .file = DIR "virtio-status-balloon.json" },
	{ .expect = "x-query-virtio-queue-status", .any = true, .file = DIR "queue-status.json" },
	{ .expect = "x-query-virtio-vhost-queue-status",
	  .any = true,
	  .file = DIR "vhost-queue-status.json" },
	{ .expect = "human-monitor-command",
	  .any = true,
	  .args = "{\"command-line\":\"info network\"}",
	  .file = DIR "info-network.json" },
	{ .expect = "human-monitor-command", .any = true, .file = DIR "gpa2hva.json" },
	{ 0 }
};

static const struct qmp_virtio *find(const struct qmp_virtio *list, size_t n, const char *id)
{
	while (n--)
		if (!strcmp(list[n].id, id))
			return &list[n];
	fail_msg("no %s", id);
	return NULL;
}

static void check_guest(const struct qmp_virtio *list, size_t n)
{
	const struct qmp_virtio *v = find(list, n, "vda");

	assert_true(v->known && v->driver_ok && !v->vhost && !v->packed && !v->iommu &&
		    !v->big_endian);
	assert_string_equal(v->iothread, "io0");
	assert_string_equal(v->features, "event_idx,indirect,mq");
	assert_null(v->why);
	assert_int_equal(v->n_rings, 2);
	assert_int_equal(v->rings[1].queue, 1);
	assert_int_equal(v->rings[1].size, 256);
	assert_true(v->rings[1].avail && v->rings[1].used);
	v = find(list, n, "vdb");
	assert_true(v->packed && v->driver_ok);
	assert_string_equal(v->features, "event_idx,indirect,packed,mq");
	assert_null(v->iothread);
	assert_non_null(strstr(v->why, "packed"));
	assert_int_equal(v->rings[0].size, 256);
	assert_int_equal(v->rings[0].avail, 0);
	v = find(list, n, "vdc");
	assert_true(v->iommu);
	assert_non_null(strstr(v->why, "IOMMU"));
	assert_int_equal(v->rings[0].used, 0);
	v = find(list, n, "vdd");
	assert_true(v->vhost && v->vhost_user && v->driver_ok);
	assert_string_equal(v->type, "vhost-user-blk");
	assert_int_equal(v->rings[0].size, 128);
	assert_true(v->rings[0].avail == 140499697551360 && v->rings[0].used == 140499697551680);
	v = find(list, n, "nic0");
	assert_true(v->known && !v->vhost && !v->vhost_user && v->driver_ok);
	assert_int_equal(v->n_rings, 3);
	v = find(list, n, "/machine/peripheral-anon/device[0]");
	assert_false(v->known);
	assert_non_null(v->why);
}

static void test_virtio(void **state)
{
	struct fake_qmp *f = fake_qmp_new(guest);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_virtio *list = NULL;
	const char *saw;
	struct err err;
	size_t i, n;
	bool ok;

	(void)state;
	assert_int_equal(qmp_virtio_read(q, true, NULL, &list, &n, &err), 0);
	assert_int_equal(n, 7);		/* eight, one of which left */
	check_guest(list, n);
	qmp_virtio_free(list, n);
	/* the hazards of interfaces: nothing of the kind was sent */
	assert_int_equal(fake_qmp_count(f, "x-query-virtio-queue-element"), 0);
	for (i = 0; (saw = fake_qmp_saw(f, i)); i++) {
		if (strstr(saw, "queue-status") && strstr(saw, "vdd"))
			assert_true(str_has_prefix(saw, "x-query-virtio-vhost-queue-status"));
		if (strstr(saw, "device[0]") || strstr(saw, "device[1]"))
			assert_true(str_has_prefix(saw, "qom-get"));
	}

	assert_int_equal(qmp_virtio_driver_ok(q, "vda", &ok, &err), 0);
	assert_true(ok);
	assert_int_equal(qmp_virtio_driver_ok(q, "/machine/peripheral-anon/device[0]", &ok, &err),
			 -EOPNOTSUPP);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_virtio_without_rings(void **state)
{
	struct fake_qmp *f = fake_qmp_new(guest);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_virtio *list = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_virtio_read(q, false, NULL, &list, &n, &err), 0);
	assert_int_equal(find(list, n, "vda")->n_rings, 0);
	assert_true(find(list, n, "vda")->driver_ok);
	qmp_virtio_free(list, n);
	assert_int_equal(fake_qmp_count(f, "x-query-virtio-queue-status"), 0);
	assert_int_equal(fake_qmp_count(f, "human-monitor-command"), 0);
	qmp_close(q);
	fake_qmp_end(f);
}

#define UP "\"num-vqs\":3,\"device-endian\":\"little\",\"guest-features\":{\"transports\":[]}," \
	"\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready\"]}"
#define QUEUES "x-query-virtio-queue-status"
#define VHOST_QUEUES "x-query-virtio-vhost-queue-status"

/* When a NIC's rings may be asked for: what "info network" and two looks at its status say. */
static const struct nic_case {
	const char *title, *network;
	const char *first, *second;
	unsigned own, vhost;		/* queries of each kind */
} nic_cases[] = {
	{ "tap", "nic0: index=0,type=nic\r\n \\ t0: index=0,type=tap\r\n",
	  "{\"vhost-started\":false," UP "}", NULL, 3, 0 },
	{ "vhost", "nic0: index=0,type=nic\r\n \\ t0: index=0,type=tap\r\n",
	  "{\"vhost-started\":true," UP "}", NULL, 0, 3 },
	{ "vhost-vdpa starts meanwhile", "nic0: x\n \\ t0: type=vhost-vdpa\n",
	  "{\"vhost-started\":false," UP "}", "{\"vhost-started\":true," UP "}", 0, 3 },
	{ "vhost-user, stopped",
	  "nic0: index=0,type=nic\r\n \\ h0: index=0,type=vhost-user,vhost-user0 to c\r\n",
	  "{\"vhost-started\":false," UP "}", NULL, 0, 0 },
	{ "vhost-user, second pair", "nic0: x\n \\ t0: type=tap\n \\ h0: index=1,type=vhost-user\n",
	  "{\"vhost-started\":false," UP "}", NULL, 0, 0 },
	{ "vhost-user, running", "nic0: index=0,type=nic\r\n \\ h0: index=0,type=vhost-user,x\r\n",
	  "{\"vhost-started\":true," UP "}", NULL, 0, 3 },
	{ "another NIC's vhost-user",
	  "nic1: type=nic\n \\ h0: type=vhost-user\nnic0: type=nic\n \\ t0: type=tap\n",
	  "{\"vhost-started\":false," UP "}", NULL, 3, 0 },
	{ "a longer name",
	  "nic00: type=nic\n \\ h0: type=vhost-user\nnic0: type=nic\n \\ t0: type=tap\n",
	  "{\"vhost-started\":false," UP "}", NULL, 3, 0 },
	{ "not listed, some are vhost-user", "nic7: x\n \\ h0: type=vhost-user\n",
	  "{\"vhost-started\":false," UP "}", NULL, 0, 0 },
	{ "nothing is said", NULL, "{\"vhost-started\":false," UP "}", NULL, 0, 0 },
	{ "driver not up", "nic0: x\n \\ t0: type=tap\n", "{\"vhost-started\":false,\"num-vqs\":3}",
	  NULL, 0, 0 },
};

static void test_nic_hazards(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(nic_cases); i++) {
		const struct nic_case *c = &nic_cases[i];
		auto_json struct json_object *text =
			json_object_new_string(c->network ? c->network : "");
		struct fake_item script[] = {
			{ .expect = "x-query-virtio", .reply = ONE("nic0") },
			{ .expect = "qom-get",
			  .args = TYPE_OF("nic0"),
			  .reply = "\"virtio-net-device\"" },
			{ .expect = "x-query-virtio-status", .reply = c->first },
			{ .expect = "human-monitor-command",
			  .args = "{\"command-line\":\"info network\"}",
			  .reply = c->network ? json_object_to_json_string(text) : NULL,
			  .error = c->network ? NULL : "CommandNotFound: no HMP" },
			{ .expect = "x-query-virtio-status",
			  .any = true,
			  .reply = c->second ? c->second : c->first },
			{ .expect = QUEUES, .any = true, .file = DIR "queue-status.json" },
			{ .expect = VHOST_QUEUES,
			  .any = true,
			  .file = DIR "vhost-queue-status.json" },
			{ .expect = "human-monitor-command",
			  .any = true,
			  .file = DIR "gpa2hva.json" },
			{ 0 }
		};
		struct fake_qmp *f = fake_qmp_new(script);
		struct qmp *q = fake_qmp_client(f);
		struct qmp_virtio *list = NULL;
		struct err err;
		size_t n;

		print_message("%s\n", c->title);
		assert_int_equal(qmp_virtio_read(q, true, NULL, &list, &n, &err), 0);
		assert_int_equal(n, 1);
		assert_int_equal(fake_qmp_count(f, QUEUES), c->own);
		assert_int_equal(fake_qmp_count(f, VHOST_QUEUES), c->vhost);
		assert_int_equal(!list->why, c->own || c->vhost);
		assert_int_equal(list->rings[2].avail != 0, c->own || c->vhost);
		qmp_virtio_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

/*
 * Two queue pairs on vhost, as QEMU 7.2 to 10 have them: vhost-queue-status knows the first pair. The others' rings are
 * where queue-status says, which is asked of nobody but those, and never of vhost-user.
 */
static void test_multiqueue_vhost(void **state)
{
	static const char *const networks[] = {
		"\"nic0: index=0,type=nic\\r\\n \\\\ t0: index=0,type=tap\\r\\n\"",
		"\"nic0: index=0,type=nic\\r\\n \\\\ t0: index=0,type=vhost-user,x\\r\\n\"",
	};
	size_t kind, i;

	(void)state;
	for (kind = 0; kind < ARRAY_SIZE(networks); kind++) {
		struct fake_item script[] = {
			{ .expect = "x-query-virtio", .any = true, .reply = ONE("nic0") },
			{ .expect = "qom-get", .any = true, .args = TYPE_OF("nic0"), .reply = "\"virtio-net-device\"" },
			{ .expect = "x-query-virtio-status", .any = true, .reply = "{\"vhost-started\":true,\"num-vqs\":5,"
			  "\"guest-features\":{\"transports\":[\"VIRTIO_RING_F_EVENT_IDX: x\",\"VIRTIO_F_VERSION_1: x\"],"
			  "\"dev-features\":[\"VIRTIO_NET_F_MQ: x\"]},"
			  "\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: x\"]}}" },
			{ .expect = "human-monitor-command", .any = true, .args = "{\"command-line\":\"info network\"}",
			  .reply = networks[kind] },
			{ .expect = VHOST_QUEUES, .any = true, .args = "{\"queue\":0}", .file = DIR "vhost-queue-status.json" },
			{ .expect = VHOST_QUEUES, .any = true, .args = "{\"queue\":1}", .file = DIR "vhost-queue-status.json" },
			{ .expect = VHOST_QUEUES, .any = true, .error = "GenericError: Invalid vhost virtqueue number 2" },
			{ .expect = QUEUES, .any = true, .file = DIR "queue-status.json" },
			{ .expect = "human-monitor-command", .any = true, .file = DIR "gpa2hva.json" },
			{ 0 }
		};
		struct fake_qmp *f = fake_qmp_new(script);
		struct qmp *q = fake_qmp_client(f);
		struct qmp_virtio *list = NULL;
		struct err err;
		const char *saw;
		size_t n;

		assert_int_equal(qmp_virtio_read(q, true, NULL, &list, &n, &err), 0);
		assert_int_equal(list->n_rings, 5);
		assert_string_equal(list->features, "event_idx,mq");
		assert_true(list->event_idx);
		for (i = 0; i < 5; i++)
			assert_int_equal(list->rings[i].avail != 0, i < 2 || !kind);
		assert_int_equal(fake_qmp_count(f, VHOST_QUEUES), 5);
		assert_int_equal(fake_qmp_count(f, QUEUES), kind ? 0 : 3);
		for (i = 0; (saw = fake_qmp_saw(f, i)); i++)
			assert_false(str_has_prefix(saw, QUEUES) && (strstr(saw, "\"queue\":0") || strstr(saw, "\"queue\":1")));
		qmp_virtio_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

/* Rings whose numbers must not be believed: their size and address stay 0. */
static const struct ring_case {
	const char *status, *hva;
	unsigned size;
	bool addresses;
} ring_cases[] = {
	{ "{\"vring-num\":256,\"vring-avail\":4096,\"vring-used\":8192}",
	  "\"Host virtual address for 0x1000 (pc.ram) is 0xfffffffffffff000\\r\\n\"", 256, true },
	{ "{\"vring-num\":32768,\"vring-avail\":4096,\"vring-used\":8192}",
	  "\"No memory is mapped at address 0x1000\\r\\n\"", 32768, false },
	{ "{\"vring-num\":256,\"vring-avail\":4096,\"vring-used\":8192}",
	  "\"Host virtual address for 0x1 (x) is 12\"", 256, false },
	{ "{\"vring-num\":256,\"vring-avail\":4096,\"vring-used\":8192}",
	  "\"Host virtual address for 0x1 (x) is 0x1g\"", 256, false },
	{ "{\"vring-num\":256,\"vring-avail\":4096,\"vring-used\":8192}",
	  "\"Host virtual address for 0x1 (x) is 0xfffffffffffffffff\"", 256, false },
	{ "{\"vring-num\":256,\"vring-avail\":4096,\"vring-used\":8192}", "\"\"", 256, false },
	{ "{\"vring-num\":256,\"vring-avail\":0,\"vring-used\":0}", "\"\"", 0, false },
	{ "{\"vring-num\":65536,\"vring-avail\":4096,\"vring-used\":8192}", "\"\"", 0, false },
	{ "{\"vring-num\":255,\"vring-avail\":4096,\"vring-used\":8192}", "\"\"", 0, false },
	{ "{\"vring-num\":-256,\"vring-avail\":4096,\"vring-used\":8192}", "\"\"", 0, false },
	{ "{\"vring-num\":\"256\",\"vring-avail\":4096,\"vring-used\":8192}", "\"\"", 0, false },
	{ "{}", "\"\"", 0, false },
};

static void test_rings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ring_cases); i++) {
		const struct ring_case *c = &ring_cases[i];
		struct fake_item script[] = {
			{ .expect = "x-query-virtio", .reply = ONE("r") },
			{ .expect = "qom-get", .reply = "\"virtio-rng-device\"" },
			{ .expect = "x-query-virtio-status",
			  .reply = "{\"vhost-started\":false," UP "}" },
			{ .expect = QUEUES, .any = true, .reply = c->status },
			{ .expect = "human-monitor-command", .any = true, .reply = c->hva },
			{ 0 }
		};
		struct fake_qmp *f = fake_qmp_new(script);
		struct qmp *q = fake_qmp_client(f);
		struct qmp_virtio *list = NULL;
		struct err err;
		size_t n;

		assert_int_equal(qmp_virtio_read(q, true, NULL, &list, &n, &err), 0);
		assert_int_equal(list->n_rings, 3);
		assert_int_equal(list->rings[0].size, c->size);
		assert_int_equal(list->rings[0].avail != 0, c->addresses);
		assert_int_equal(list->rings[0].used != 0, c->addresses);
		assert_int_equal(!list->why, c->addresses);
		qmp_virtio_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

/* How one failing question ends a reading of the devices. */
static void test_virtio_errors(void **state)
{
	static const struct {
		struct fake_item script[4];
		int code;
		size_t n;
	} cases[] = {
		{ { { .expect = "x-query-virtio",
		      .error = "GenericError: No virtio devices found" } },
		  0,
		  0 },
		{ { { .expect = "x-query-virtio", .reply = "[]" } }, 0, 0 },
		{ { { .expect = "x-query-virtio", .error = "GenericError: out of luck" } },
		  -EREMOTEIO,
		  0 },
		{ { { .expect = "x-query-virtio", .error = "CommandNotFound: not here" } },
		  -ENOSYS,
		  0 },
		{ { { .expect = "x-query-virtio", .reply = "{}" } }, -EBADMSG, 0 },
		{ { { .expect = "x-query-virtio", .reply = "[7,{},{\"path\":7}]" } }, 0, 0 },
		{ { { .expect = "x-query-virtio", .reply = ONE("a") },
		    { .expect = "qom-get", .how = FAKE_CLOSE } },
		  -ECONNRESET,
		  0 },
		{ { { .expect = "x-query-virtio", .reply = ONE("a") },
		    { .expect = "qom-get", .reply = "7" } },
		  -EBADMSG,
		  0 },
		{ { { .expect = "x-query-virtio", .reply = ONE("a") },
		    { .expect = "qom-get", .reply = "\"virtio-rng-device\"" },
		    { .expect = "x-query-virtio-status",
		      .error = "GenericError: not a VirtIODevice" } },
		  0,
		  0 },
		{ { { .expect = "x-query-virtio", .reply = ONE("a") },
		    { .expect = "qom-get", .reply = "\"virtio-rng-device\"" },
		    { .expect = "x-query-virtio-status", .reply = "{}" } },
		  -EBADMSG,
		  0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_qmp *f = fake_qmp_new(cases[i].script);
		struct qmp *q = fake_qmp_client(f);
		struct qmp_virtio *list = NULL;
		struct err err;
		size_t n = 0;

		assert_int_equal(qmp_virtio_read(q, true, NULL, &list, &n, &err), cases[i].code);
		assert_int_equal(n, cases[i].n);
		qmp_virtio_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_virtio),
		cmocka_unit_test(test_virtio_without_rings),
		cmocka_unit_test(test_nic_hazards),
		cmocka_unit_test(test_multiqueue_vhost),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_virtio_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
