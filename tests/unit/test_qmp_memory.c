// SPDX-License-Identifier: GPL-3.0-or-later
/* The typed calls about memory: blocks and their addresses, what is plugged, the balloon. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_qmp.h"

#define HMP "human-monitor-command"
#define ASKS(gpa) .expect = HMP, .args = "{\"command-line\":\"gpa2hva " gpa "\"}"
#define HVA(gpa, name, hva) { ASKS(gpa), .reply = "\"Host virtual address for " gpa " (" name ") is " hva "\\r\\n\"" }
#define NO_HVA(gpa) { ASKS(gpa), .reply = "\"No memory is mapped at address " gpa "\\r\\n\"" }

static void test_one_block(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-memdev", .reply = "[{\"id\":\"pc.ram\",\"size\":268435456},{\"size\":5},{\"id\":7,\"size\":4096},"
		  "{\"id\":\"huge\",\"size\":18446744073709551615},{\"id\":\"none\",\"size\":0},null]" },
		{ .expect = "query-memory-size-summary", .reply = "{\"base-memory\":268435456,\"plugged-memory\":0}" },
		HVA("0x0", "pc.ram", "0x7f0000000000"),
		{ .expect = "query-memory-devices", .reply = "[]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_ram *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_ram(q, &list, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].id, "pc.ram");
	assert_true(list[0].address == 0x7f0000000000 && list[0].bytes == 268435456);
	qmp_ram_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

/* Two backends, the first of which goes on above 4 GiB; a DIMM, a virtio-mem; one that is nobody's. */
static void test_several_blocks(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-memdev", .reply = "[{\"id\":\"m1\",\"size\":2952790016},{\"id\":\"d0\",\"size\":268435456},"
		  "{\"id\":\"v0\",\"size\":1073741824},{\"id\":\"m0\",\"size\":2415919104},{\"id\":\"spare\",\"size\":4096}]" },
		{ .expect = "query-memory-size-summary", .reply = "{\"base-memory\":5368709120}" },
		HVA("0x0", "m0", "0x7fed44200000"),
		HVA("0x100000000", "m0", "0x7fedc4200000"),
		/* the gap begins at 2 GiB: asked for in halves between 1 MiB and 4 GiB */
		NO_HVA("0x80000000"),
		HVA("0x40000000", "m0", "0x1"), HVA("0x60000000", "m0", "0x1"), HVA("0x70000000", "m0", "0x1"),
		HVA("0x78000000", "m0", "0x1"), HVA("0x7c000000", "m0", "0x1"), HVA("0x7e000000", "m0", "0x1"),
		HVA("0x7f000000", "m0", "0x1"), HVA("0x7f800000", "m0", "0x1"), HVA("0x7fc00000", "m0", "0x1"),
		HVA("0x7fe00000", "m0", "0x1"), HVA("0x7ff00000", "m0", "0x1"),
		HVA("0x110000000", "m1", "0x7fec941ff000"),
		{ .expect = "query-memory-devices", .reply = "[{\"type\":\"dimm\",\"data\":{\"memdev\":\"/objects/d0\",\"addr\":7516192768}},"
		  "{\"type\":\"virtio-mem\",\"data\":{\"memdev\":\"/objects/v0\",\"memaddr\":8589934592}},"
		  "{\"type\":\"dimm\",\"data\":{\"memdev\":\"/objects/gone\",\"addr\":1}},{\"type\":\"dimm\"},{\"data\":{\"memdev\":\"spare\"}}]" },
		HVA("0x1c0000000", "d0", "0x7f1000000000"),
		HVA("0x200000000", "vga.vram", "0x7f2000000000"),	/* somebody else's: not believed */
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_ram *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_ram(q, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].id, "m1");
	assert_true(list[0].address == 0x7fec941ff000);
	assert_string_equal(list[1].id, "d0");
	assert_true(list[1].address == 0x7f1000000000);
	assert_string_equal(list[2].id, "m0");
	assert_true(list[2].address == 0x7fed44200000);
	qmp_ram_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

/* Sizes that no guest has: one byte more than two steps, less than one step, all there is. Twelve questions at most. */
static void test_hostile_sizes(void **state)
{
	static const uint64_t sizes[] = { (2 << 20) + 1, (1 << 20) + 1, 4097, (1ull << 32) - 1, (1ull << 32) + 1, UINT64_MAX };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		auto_free char *summary = xasprintf("{\"base-memory\":%llu}", (unsigned long long)sizes[i]);
		struct fake_item script[24] = {
			{ .expect = "query-memdev", .reply = "[{\"id\":\"m0\",\"size\":4096},{\"id\":\"m1\",\"size\":4096}]" },
			{ .expect = "query-memory-size-summary", .reply = summary },
		};
		struct fake_item any = { .expect = "human-monitor-command", .any = true,
					 .reply = "\"Host virtual address for 0x0 (m0) is 0x1000\\r\\n\"" };
		struct qmp_ram *list = NULL;
		struct fake_qmp *f;
		struct err err;
		struct qmp *q;
		size_t n = 0;

		script[2] = any;
		script[3] = (struct fake_item){ .expect = "query-memory-devices", .any = true, .reply = "[]" };
		f = fake_qmp_new(script);
		q = fake_qmp_client(f);
		assert_int_equal(qmp_query_ram(q, &list, &n, &err), 0);
		assert_true(n <= 1);
		qmp_ram_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

static void test_no_blocks(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-memdev", .reply = "[{\"id\":\"pc.ram\",\"size\":4096}]" },
		{ .expect = "query-memory-size-summary", .reply = "{\"base-memory\":4096}" },
		NO_HVA("0x0"),
		{ .expect = "query-memory-devices", .error = "GenericError: no" },
		{ .expect = "query-memdev", .error = "GenericError: no" },
		{ .expect = "query-memory-size-summary", .error = "CommandNotFound: no" },
		{ .expect = "query-memory-devices", .reply = "[]" },
		{ .expect = "query-memdev", .reply = "{}" },
		{ .expect = "query-memory-size-summary", .reply = "{\"base-memory\":4096,\"plugged-memory\":111}" },
		{ .expect = "query-memory-size-summary", .reply = "{\"base-memory\":4096}" },
		{ .expect = "query-memory-size-summary", .reply = "{\"base-memory\":-1,\"plugged-memory\":\"x\"}" },
		{ .expect = "query-memory-size-summary", .error = "CommandNotFound: no" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_memory_size size;
	struct qmp_ram *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_ram(q, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	qmp_ram_free(list, n);
	assert_int_equal(qmp_query_ram(q, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	qmp_ram_free(list, n);
	assert_int_equal(qmp_query_ram(q, &list, &n, &err), -EBADMSG);
	assert_int_equal(qmp_query_memory_size(q, &size, &err), 0);
	assert_true(size.base_bytes == 4096 && size.plugged_bytes == 111);
	assert_int_equal(qmp_query_memory_size(q, &size, &err), 0);	/* a machine that takes no memory devices */
	assert_true(size.base_bytes == 4096 && size.plugged_bytes == 0);
	assert_int_equal(qmp_query_memory_size(q, &size, &err), 0);
	assert_true(size.base_bytes == UINT64_MAX && size.plugged_bytes == UINT64_MAX);
	assert_int_equal(qmp_query_memory_size(q, &size, &err), 0);
	assert_true(size.base_bytes == UINT64_MAX && size.plugged_bytes == UINT64_MAX);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_balloon(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "qom-list", .reply = "[{\"name\":\"type\",\"type\":\"string\"},{\"name\":\"b0\",\"type\":\"child<virtio-balloon-pci>\"}]" },
		{ .expect = "query-balloon", .reply = "{\"actual\":268435456}" },
		{ .expect = "qom-get", .reply = "2" },
		{ .expect = "qom-get", .reply = "{\"stats\":{\"stat-total-memory\":250000000,\"stat-free-memory\":100,"
		  "\"stat-available-memory\":18446744073709551615,\"stat-swap-in\":-5,\"stat-major-faults\":7},\"last-update\":1700000000}" },
		/* not polled: nothing it said before counts */
		{ .expect = "query-balloon", .reply = "{\"actual\":1}" },
		{ .expect = "qom-get", .reply = "0" },
		/* never answered */
		{ .expect = "query-balloon", .error = "DeviceNotActive: no" },
		{ .expect = "qom-get", .reply = "2" },
		{ .expect = "qom-get", .reply = "{\"stats\":{\"stat-free-memory\":0},\"last-update\":0}" },
		{ .expect = "query-balloon", .reply = "[]" },
		{ .expect = "qom-list", .error = "DeviceNotFound: no" },
		{ .expect = "qom-list", .reply = "[{\"name\":\"device[0]\",\"type\":\"child<virtio-balloon-ccw>\"}]" },
		{ .expect = "qom-list", .reply = "[]" },
		{ .expect = "qom-list", .reply = "[]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_balloon b;
	struct err err;
	char *path;

	(void)state;
	assert_int_equal(qmp_find_balloon(q, &path, &err), 0);
	assert_string_equal(path, "/machine/peripheral/b0");
	assert_int_equal(qmp_query_balloon(q, path, &b, &err), 0);
	free(path);
	assert_int_equal(b.actual, 268435456);
	assert_int_equal(b.interval_s, 2);
	assert_int_equal(b.updated, 1700000000);
	assert_int_equal(b.total, 250000000);
	assert_int_equal(b.free, 100);
	assert_true(b.available == UINT64_MAX && b.swap_in == UINT64_MAX && b.oom_kills == UINT64_MAX);
	assert_int_equal(b.major_faults, 7);
	assert_int_equal(qmp_query_balloon(q, "/x", &b, &err), 0);
	assert_true(b.actual == 1 && !b.interval_s && b.total == UINT64_MAX && b.updated == UINT64_MAX);
	assert_int_equal(qmp_query_balloon(q, "/x", &b, &err), 0);
	assert_true(b.actual == UINT64_MAX && b.free == UINT64_MAX);
	assert_int_equal(qmp_query_balloon(q, "/x", &b, &err), -EBADMSG);
	assert_int_equal(qmp_find_balloon(q, &path, &err), 0);
	assert_string_equal(path, "/machine/peripheral-anon/device[0]");
	free(path);
	assert_int_equal(qmp_find_balloon(q, &path, &err), 0);
	assert_null(path);
	qmp_close(q);
	fake_qmp_end(f);
}

static void parse(struct qmp_cmdline *c, const char *const words[], size_t n)
{
	qmp_cmdline_parse((char *const *)words, n, NULL, 0, c);
}
#define PARSE(c, ...) parse(c, (const char *const[]){ "qemu", __VA_ARGS__ }, ARRAY_SIZE(((const char *const[]){ "qemu", __VA_ARGS__ })))

static void test_cmdline(void **state)
{
	struct qmp_cmdline c;

	(void)state;
	PARSE(&c, "-m", "256");
	assert_int_equal(c.n_backends, 1);
	assert_true(c.backends[0].kind == QMP_BACKEND_RAM && c.backends[0].bytes == 256 << 20 && !c.backends[0].shared);
	assert_true(c.vcpus == QMP_UNKNOWN);
	qmp_cmdline_done(&c);
	PARSE(&c, "-m", "1G", "-mem-path", "/dev/hugepages", "-smp", "sockets=2,cores=3,threads=2");
	assert_true(c.n_backends == 1 && c.backends[0].kind == QMP_BACKEND_FILE);
	assert_string_equal(c.backends[0].path, "/dev/hugepages");
	assert_int_equal(c.vcpus, 12);
	qmp_cmdline_done(&c);
	PARSE(&c, "-m", "512", "-smp", "4,maxcpus=8", "-object", "memory-backend-ram,id=m0,size=256M,share=on", "-object",
	      "{\"qom-type\":\"memory-backend-memfd\",\"id\":\"m1\",\"size\":268435456}", "-numa", "node,memdev=m0", "-numa",
	      "node,memdev=m1", "-object", "memory-backend-file,id=d0,size=1G,mem-path=/x/y,share=off", "-object", "rng-random,id=r0",
	      "-object", "memory-backend-ram,id=bad,size=many", "-object", "memory-backend-ram,size=1M");
	assert_int_equal(c.n_backends, 3);
	assert_true(c.backends[0].kind == QMP_BACKEND_RAM && c.backends[0].shared && c.backends[0].bytes == 256 << 20);
	assert_true(c.backends[1].kind == QMP_BACKEND_MEMFD && c.backends[1].shared && c.backends[1].bytes == 256 << 20);
	assert_string_equal(c.backends[1].id, "m1");
	assert_true(c.backends[2].kind == QMP_BACKEND_FILE && !c.backends[2].shared && c.backends[2].bytes == 1 << 30);
	assert_string_equal(c.backends[2].path, "/x/y");
	assert_int_equal(c.vcpus, 4);
	qmp_cmdline_done(&c);
	PARSE(&c, "-machine", "q35,memory-backend=pc.ram", "-object",
	      "{\"qom-type\":\"memory-backend-ram\",\"id\":\"pc.ram\",\"size\":1048576}", "-smp", "99999999999");
	assert_int_equal(c.n_backends, 1);
	assert_int_equal(c.backends[0].bytes, 1 << 20);
	assert_true(c.vcpus == QMP_UNKNOWN);
	qmp_cmdline_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_block),
		cmocka_unit_test(test_several_blocks),
		cmocka_unit_test(test_hostile_sizes),
		cmocka_unit_test(test_no_blocks),
		cmocka_unit_test(test_balloon),
		cmocka_unit_test(test_cmdline),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
