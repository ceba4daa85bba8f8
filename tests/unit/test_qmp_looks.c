// SPDX-License-Identifier: GPL-3.0-or-later
/* The typed calls of the look-ups: what QEMU 7.2 answers, and what nobody should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_qmp.h"

static void test_blockstats(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-blockstats", .reply = "[{\"device\":\"d0\",\"stats\":{\"rd_operations\":9}},"
		  "{\"device\":\"\",\"qdev\":\"/machine/peripheral/disk0/virtio-backend\",\"stats\":{\"rd_operations\":10,"
		  "\"wr_operations\":20,\"rd_bytes\":18446744073709551615,\"wr_bytes\":40,\"rd_total_time_ns\":1000,"
		  "\"wr_total_time_ns\":2000,\"flush_total_time_ns\":300,\"unmap_total_time_ns\":40,"
		  "\"failed_rd_operations\":1,\"failed_flush_operations\":2,\"future\":{}}},"
		  "{\"qdev\":\"sd0\",\"stats\":{\"rd_operations\":-1,\"wr_operations\":\"x\"}},{\"qdev\":\"sd1\"},7,null]" },
		{ .expect = "query-blockstats", .reply = "{}" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_blockstat *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_blockstats(q, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].qdev, "/machine/peripheral/disk0/virtio-backend");
	assert_int_equal(list[0].io[QMP_READ].ops, 10);
	assert_int_equal(list[0].io[QMP_WRITE].ops, 20);
	assert_true(list[0].io[QMP_READ].bytes == UINT64_MAX);
	assert_int_equal(list[0].io[QMP_WRITE].ns, 2000);
	assert_int_equal(list[0].io[QMP_DISCARD].ns, 40);
	assert_int_equal(list[0].io[QMP_FLUSH].failed, 2);
	assert_true(list[0].io[QMP_FLUSH].bytes == QMP_UNKNOWN);
	assert_true(list[0].io[QMP_WRITE].failed == QMP_UNKNOWN);	/* not told is not 0 */
	assert_true(list[1].io[QMP_READ].ops == QMP_UNKNOWN && list[1].io[QMP_WRITE].ops == QMP_UNKNOWN);
	assert_null(list[2].file_node);
	assert_string_equal(list[2].qdev, "sd1");
	qmp_blockstats_free(list, n);
	assert_int_equal(qmp_query_blockstats(q, &list, &n, &err), -EBADMSG);
	qmp_close(q);
	fake_qmp_end(f);
}

#define DISK_STATS(histogram) "[{\"qdev\":\"sd0\",\"stats\":{\"rd_latency_histogram\":" histogram "}," \
	"\"parent\":{\"node-name\":\"file0\",\"stats\":{\"wr_highest_offset\":4096}}}]"

/* Bins that do not fit their bounds would be read beyond their end. */
static void test_histograms(void **state)
{
	static const char *const bad[] = {
		DISK_STATS("{\"boundaries\":[10,100],\"bins\":[1,2]}"), DISK_STATS("{\"boundaries\":[10,100],\"bins\":[1,2,3,4]}"),
		DISK_STATS("{\"boundaries\":[100,10],\"bins\":[1,2,3]}"), DISK_STATS("{\"boundaries\":[10,10],\"bins\":[1,2,3]}"),
		DISK_STATS("{\"boundaries\":[10,100],\"bins\":[1,-2,3]}"), DISK_STATS("{\"boundaries\":[],\"bins\":[1]}"),
		DISK_STATS("{\"boundaries\":[10,\"100\"],\"bins\":[1,2,3]}"), DISK_STATS("{\"boundaries\":7,\"bins\":[1]}"),
		DISK_STATS("{\"boundaries\":[10],\"bins\":{}}"), DISK_STATS("[]"), DISK_STATS("null"),
	};
	size_t i;

	(void)state;
	for (i = 0; i <= ARRAY_SIZE(bad); i++) {
		const char *good = DISK_STATS("{\"boundaries\":[10,100],\"bins\":[1,2,18446744073709551615]}");
		const struct fake_item script[] = { { .expect = "query-blockstats", .reply = i ? bad[i - 1] : good }, { 0 } };
		struct fake_qmp *f = fake_qmp_new(script);
		struct qmp *q = fake_qmp_client(f);
		struct qmp_blockstat *list;
		struct err err;
		size_t n;

		assert_int_equal(qmp_query_blockstats(q, &list, &n, &err), 0);
		assert_int_equal(n, 1);
		assert_string_equal(list[0].file_node, "file0");
		assert_int_equal(list[0].file_end, 4096);
		if (i) {
			assert_null(list[0].io[QMP_READ].latency.bounds);
			assert_null(list[0].io[QMP_READ].latency.bins);
		} else {
			assert_int_equal(list[0].io[QMP_READ].latency.n_bounds, 2);
			assert_int_equal(list[0].io[QMP_READ].latency.bounds[1], 100);
			assert_true(list[0].io[QMP_READ].latency.bins[2] == UINT64_MAX);
		}
		qmp_blockstats_free(list, n);
		qmp_close(q);
		fake_qmp_end(f);
	}
}

/* What query-block says of limits, cache and room; of the second one everything is of another type. */
static void test_disks(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-block", .reply = "[{\"device\":\"\",\"qdev\":\"sd0\",\"inserted\":{\"node-name\":\"n\",\"drv\":\"qcow2\","
		  "\"file\":\"/a\",\"iops\":0,\"iops_rd\":20,\"iops_rd_max\":40,\"bps\":18446744073709551615,\"group\":\"g\","
		  "\"backing_file_depth\":3,\"cache\":{\"direct\":true,\"writeback\":true,\"no-flush\":false},"
		  "\"image\":{\"virtual-size\":100,\"actual-size\":60}}},"
		  "{\"qdev\":\"sd1\",\"inserted\":{\"iops\":-5,\"bps\":\"x\",\"group\":7,\"backing_file_depth\":-1,\"cache\":[],"
		  "\"image\":{\"virtual-size\":\"1\",\"actual-size\":-1}}},{\"qdev\":\"sd2\"},"
		  "{\"qdev\":\"sd3\",\"inserted\":{\"cache\":{\"direct\":false,\"writeback\":false,\"no-flush\":false}}},"
		  "{\"qdev\":\"sd4\",\"inserted\":{\"cache\":{\"direct\":true,\"writeback\":false,\"no-flush\":false}}},"
		  "{\"qdev\":\"sd5\",\"inserted\":{\"cache\":{\"direct\":true,\"writeback\":true,\"no-flush\":true}}}]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_disk *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_disks(q, &list, &n, &err), 0);
	assert_int_equal(n, 6);
	assert_string_equal(list[0].cache, "none");
	assert_int_equal(list[0].throttle.iops_rd, 20);
	assert_true(list[0].throttle.bps == UINT64_MAX);
	assert_true(list[0].throttle.bursts);
	assert_string_equal(list[0].throttle.group, "g");
	assert_int_equal(list[0].chain, 3);
	assert_int_equal(list[0].allocated_bytes, 60);
	assert_int_equal(list[1].throttle.iops, 0);
	assert_int_equal(list[1].throttle.bps, 0);
	assert_null(list[1].throttle.group);
	assert_null(list[1].cache);
	assert_true(list[1].chain == UINT64_MAX && list[1].size_bytes == UINT64_MAX && list[1].allocated_bytes == UINT64_MAX);
	assert_null(list[2].cache);
	assert_string_equal(list[3].cache, "writethrough");
	assert_string_equal(list[4].cache, "directsync");
	assert_string_equal(list[5].cache, "unsafe");
	qmp_disks_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_jobs(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-migrate", .reply = "{\"blocked-reasons\":[\"never\"]}" },
		{ .expect = "query-jobs", .reply = "[]" },
		{ .expect = "query-migrate", .reply = "{\"status\":\"active\",\"total-time\":1500,\"expected-downtime\":300,"
		  "\"ram\":{\"total\":1000,\"remaining\":400,\"transferred\":700,\"dirty-pages-rate\":5,\"page-size\":4096},"
		  "\"disk\":{\"total\":100,\"remaining\":50,\"transferred\":50}}" },
		{ .expect = "query-jobs", .reply = "[{\"id\":\"j\",\"type\":\"mirror\",\"status\":\"ready\","
		  "\"current-progress\":30,\"total-progress\":20},{\"type\":\"create\"},{\"id\":\"k\",\"error\":\"no\"}]" },
		{ .expect = "query-migrate", .reply = "{\"status\":\"failed\",\"error-desc\":\"gone\"}" },
		{ .expect = "query-jobs", .error = "GenericError: no" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_job *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_jobs(q, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	qmp_jobs_free(list, n);
	assert_int_equal(qmp_query_jobs(q, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].type, "migration");
	assert_string_equal(list[0].status, "active");
	assert_true(list[0].has_progress && list[0].has_dirty && list[0].has_downtime && list[0].has_elapsed);
	assert_int_equal(list[0].total_bytes, 1100);
	assert_int_equal(list[0].remaining_bytes, 450);
	assert_int_equal(list[0].done_bytes, 750);
	assert_int_equal(list[0].dirty_bytes_per_s, 5 * 4096);
	assert_int_equal(list[0].downtime_ms, 300);
	assert_string_equal(list[1].id, "j");
	assert_int_equal(list[1].remaining_bytes, 0);	/* beyond its total */
	assert_string_equal(list[2].error, "no");
	assert_false(list[2].has_progress);
	qmp_jobs_free(list, n);
	assert_int_equal(qmp_query_jobs(q, &list, &n, &err), -EREMOTEIO);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_nics(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "human-monitor-command", .reply = "\"hub 0\\r\\n"
		  " \\\\ up: e1000.0: index=0,type=nic,model=e1000,macaddr=52:54:00:00:00:01\\r\\n"
		  " \\\\ hub0port0: s0: index=0,type=socket,\\r\\n"
		  "nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:00:00:02\\r\\n"
		  " \\\\ net0: index=0,type=tap,ifname=tap7,script=no,downscript=no\\r\\n"
		  "nic0: index=1,type=nic,model=virtio-net-pci,macaddr=52:54:00:00:00:02\\r\\n"
		  " \\\\ net0: index=1,type=tap,ifname=tap7,script=no,downscript=no\\r\\n"
		  "nic1: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:00:00:03\\r\\n"
		  " \\\\ net1: index=0,type=tap,fd=28\\r\\n"
		  "spare: index=0,type=user,net=10.0.2.0,restrict=off\\r\\n"
		  "nic2: index=0,type=nic,model=e1000e,macaddr=52:54:00:00:00:04\\r\\n"
		  "garbage\\r\\n: index=\\r\\nfilters:\\r\\n\"" },
		{ .expect = "human-monitor-command", .reply = "\"\"" },
		{ .expect = "human-monitor-command", .reply = "[]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_nic *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_nics(q, &list, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_string_equal(list[0].name, "e1000.0");
	assert_string_equal(list[0].backend, "hub");
	assert_string_equal(list[1].name, "nic0");
	assert_string_equal(list[1].mac, "52:54:00:00:00:02");
	assert_string_equal(list[1].netdev, "net0");
	assert_string_equal(list[1].ifname, "tap7");
	assert_int_equal(list[1].queues, 2);
	assert_int_equal(list[1].fd, -1);
	assert_int_equal(list[2].fd, 28);
	assert_null(list[2].ifname);
	assert_string_equal(list[3].model, "e1000e");
	assert_null(list[3].backend);		/* the unused backend above is nobody's */
	qmp_nics_free(list, n);
	assert_int_equal(qmp_query_nics(q, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(qmp_query_nics(q, &list, &n, &err), -EBADMSG);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_devices(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral\"}", .reply = "[{\"name\":\"type\",\"type\":\"string\"},"
		  "{\"name\":\"sd0\",\"type\":\"child<scsi-hd>\"},{\"name\":\"d10\",\"type\":\"child<virtio-blk-pci>\"},"
		  "{\"name\":\"gone\",\"type\":\"child<e1000>\"}]" },
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral/sd0\"}", .reply = "[{\"name\":\"scsi-id\",\"type\":"
		  "\"uint32\"},{\"name\":\"lun\",\"type\":\"uint32\"},{\"name\":\"channel\",\"type\":\"uint32\"},{\"name\":\"parent_bus\","
		  "\"type\":\"link<bus>\"},{\"name\":\"hotpluggable\",\"type\":\"bool\"},{\"name\":\"drive\",\"type\":\"str\"}]" },
		{ .expect = "qom-get", .args = "{\"property\":\"parent_bus\"}", .reply = "\"/machine/peripheral/scsi0/virtio-backend/scsi0.0\"" },
		{ .expect = "qom-get", .args = "{\"property\":\"channel\"}", .reply = "0" },
		{ .expect = "qom-get", .args = "{\"property\":\"scsi-id\"}", .reply = "3" },
		{ .expect = "qom-get", .args = "{\"property\":\"lun\"}", .reply = "5" },
		{ .expect = "qom-get", .args = "{\"property\":\"hotpluggable\"}", .reply = "true" },
		{ .expect = "qom-get", .args = "{\"property\":\"drive\"}", .reply = "\"n0\"" },
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral/d10\"}", .reply = "[{\"name\":\"legacy-addr\",\"type\":\"str\"},"
		  "{\"name\":\"drive\",\"type\":\"str\"}]" },
		{ .expect = "qom-get", .args = "{\"property\":\"legacy-addr\"}", .reply = "\"05.0\"" },
		{ .expect = "qom-get", .args = "{\"property\":\"drive\"}", .error = "GenericError: no" },
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral/gone\"}", .error = "DeviceNotFound: it went" },
		{ .expect = "qom-list", .args = "{\"path\":\"/machine/peripheral-anon\"}", .reply = "[{\"name\":\"device[0]\",\"type\":"
		  "\"child<vfio-pci>\"}]" },
		{ .expect = "qom-list", .reply = "[{\"name\":\"host\",\"type\":\"str\"},{\"name\":\"sysfsdev\",\"type\":\"str\"}]" },
		{ .expect = "qom-get", .args = "{\"property\":\"host\"}", .reply = "\"0000:01:00.0\"" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_device *list;
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(qmp_query_devices(q, &list, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].id, "/machine/peripheral-anon/device[0]");
	assert_string_equal(list[0].type, "vfio-pci");
	assert_string_equal(list[0].link, "host");
	assert_string_equal(list[0].backing, "0000:01:00.0");
	assert_string_equal(list[1].id, "d10");
	assert_string_equal(list[1].address, "05.0");
	assert_null(list[1].backing);
	assert_null(list[1].bus);
	assert_string_equal(list[2].id, "sd0");
	assert_string_equal(list[2].bus, "scsi0.0");
	assert_string_equal(list[2].address, "0:3:5");
	assert_true(list[2].hotpluggable);
	assert_string_equal(list[2].backing, "n0");
	qmp_devices_free(list, n);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_room(void **state)
{
	static const struct fake_item script[] = {
		{ .expect = "query-memory-devices", .reply = "[{\"type\":\"dimm\",\"data\":{\"size\":1024}},{\"type\":\"nvdimm\","
		  "\"data\":{\"size\":1}},{\"type\":\"virtio-mem\",\"data\":{\"size\":5,\"max-size\":4096}},{\"type\":\"new\"},4]" },
		{ .expect = "query-hotpluggable-cpus", .reply = "[{\"vcpus-count\":1,\"props\":{}},{\"vcpus-count\":2,"
		  "\"qom-path\":\"/machine/unattached/device[0]\"},{}]" },
		{ .expect = "query-memory-devices", .error = "GenericError: no" },
		{ .expect = "query-hotpluggable-cpus", .error = "GenericError: no" },
		{ .expect = "query-memory-devices", .reply = "[]" },
		{ .expect = "query-hotpluggable-cpus", .reply = "[{\"vcpus-count\":99999999999}]" },
		{ 0 }
	};
	struct fake_qmp *f = fake_qmp_new(script);
	struct qmp *q = fake_qmp_client(f);
	struct qmp_room room;
	struct err err;

	(void)state;
	assert_int_equal(qmp_query_room(q, &room, &err), 0);
	assert_int_equal(room.dimms, 2);
	assert_int_equal(room.plugged_bytes, 1024 + 1 + 4096);
	assert_int_equal(room.vcpus, 4);
	assert_int_equal(room.vcpus_free, 2);
	assert_int_equal(qmp_query_room(q, &room, &err), 0);	/* a machine that has neither */
	assert_int_equal(room.vcpus, 0);
	assert_int_equal(qmp_query_room(q, &room, &err), -EBADMSG);
	qmp_close(q);
	fake_qmp_end(f);
}

static void test_words(void **state)
{
	static const struct {
		const char *m;
		uint64_t slots, max;
	} cases[] = {
		{ "256,slots=4,maxmem=2G", 4, 2ull << 30 },
		{ "size=256M,slots=16,maxmem=2097152k", 16, 2ull << 30 },
		{ "256,maxmem=1073741824,slots=1", 1, 1ull << 30 },
		{ "256", 0, 0 },
		{ "256,slots=x,maxmem=y", 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[] = { (char *)"qemu", (char *)"-m", (char *)cases[i].m, NULL };
		struct qmp_cmdline c;

		qmp_cmdline_parse(argv, 3, NULL, 0, &c);
		assert_int_equal(c.mem_slots, cases[i].slots);
		assert_int_equal(c.mem_max_bytes, cases[i].max);
		assert_int_equal(c.mem_bytes, 256u << 20);
		qmp_cmdline_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blockstats),
		cmocka_unit_test(test_histograms),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_nics),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
