// SPDX-License-Identifier: GPL-3.0-or-later
/* PCI devices of a recorded host, whose kernel is a thread: what is refused, what plans say and do, every fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build_rules.h"
#include "fault_table.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

#define PCI "sys/bus/pci/devices"
#define DRIVERS "sys/bus/pci/drivers"
#define NIC "0000:00:08.0"

static char *dir;
static struct host *host;

static void put_link(const char *target, const char *fmt, const char *a)
{
	auto_free char *name = xasprintf("%s/", dir), *path = NULL;

	(void)name;
	path = xasprintf("%s/%s%s", dir, a, fmt);
	tree_puts(dir, "", "%s%s.keep", a, fmt);		/* makes the directories */
	unlink(path);
	if (symlink(target, path))
		fail_msg("symlink %s", path);
}

static void put_device(const char *address, const char *class, const char *group, const char *driver)
{
	auto_free char *base = xasprintf(PCI "/%s", address), *to_group = xasprintf("../../../kernel/iommu_groups/%s", group);
	auto_free char *to_driver = xasprintf("../../drivers/%s", driver);

	tree_puts(dir, class, "%s/class", base);
	tree_puts(dir, "(null)\n", "%s/driver_override", base);
	if (*group)
		put_link(to_group, "/iommu_group", base);
	if (*driver)
		put_link(to_driver, "/driver", base);
}

static void put_fifo(const char *name)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);

	tree_puts(dir, "", "%s.keep", name);
	if (mkfifo(path, 0600))
		fail_msg("mkfifo %s", path);
}

/*
 * 08.0 is free; 09.0 is up; 0a.0 has a mounted disk; 0b.0 shares its group with 0b.1, and a bridge; 0c.0 has virtual
 * functions; 0d.0 is in no group; 0e.0 is a bridge.
 */
static void put_host(void)
{
	dir = tree_new();
	tree_puts(dir, "", "proc/uptime");
	tree_puts(dir, "MemTotal: 8000000 kB\nMemAvailable: 1000000 kB\n", "proc/meminfo");
	tree_puts(dir, "36 22 8:17 / / rw - ext4 /dev/sdb1 rw\n", "proc/1/mountinfo");
	tree_puts(dir, "Iface\tDestination\n" "eth9\t00000000\t0102A8C0\n", "proc/net/route");
	put_device(NIC, "0x020000\n", "5", "e1000e");
	put_device("0000:00:09.0", "0x020000\n", "6", "e1000e");
	put_device("0000:00:0a.0", "0x010601\n", "7", "ahci");
	put_device("0000:00:0b.0", "0x020000\n", "8", "e1000e");
	put_device("0000:00:0b.1", "0x0c0330\n", "8", "xhci_hcd");
	put_device("0000:00:0b.2", "0x060400\n", "8", "pcieport");
	put_device("0000:00:0c.0", "0x020000\n", "9", "igb");
	put_device("0000:00:0d.0", "0x020000\n", "", "e1000e");
	put_device("0000:00:0e.0", "0x060400\n", "10", "pcieport");
	tree_puts(dir, "7\n", PCI "/0000:00:0c.0/sriov_totalvfs");
	tree_puts(dir, "2\n", PCI "/0000:00:0c.0/sriov_numvfs");
	tree_puts(dir, "0x1003\n", "sys/devices/pci0000:00/0000:00:09.0/net/eth9/flags");
	put_link("../../devices/pci0000:00/0000:00:09.0/net/eth9", "", "sys/class/net/eth9");
	tree_puts(dir, "8:16\n", "sys/devices/pci0000:00/0000:00:0a.0/ata1/block/sdb/dev");
	tree_puts(dir, "8:17\n", "sys/devices/pci0000:00/0000:00:0a.0/ata1/block/sdb/sdb1/dev");
	put_link("../devices/pci0000:00/0000:00:0a.0/ata1/block/sdb", "", "sys/block/sdb");
	put_fifo(DRIVERS "/e1000e/unbind");
	put_fifo(DRIVERS "/vfio-pci/unbind");
	put_fifo("sys/bus/pci/drivers_probe");
	host = tree_host(dir);
}

/* ---- the kernel: who writes an address into one of three files gets 08.0 bound or unbound */

enum { PROBE, UNBIND_NIC, UNBIND_VFIO, FILES };

static void probe(const char *link)
{
	struct host_binding b;
	char to[64];

	if (host_binding_read(host, NIC, &b) || *b.driver)
		return;
	snprintf(to, sizeof(to), "../../drivers/%s", *b.override ? b.override : "e1000e");
	if (symlink(to, link))
		abort();
}

/* What was written first is done first: probing is looked for before unbinding, and done behind it. */
static void *serve(void *arg)
{
	static const char *const names[FILES] = {
		"sys/bus/pci/drivers_probe", DRIVERS "/e1000e/unbind", DRIVERS "/vfio-pci/unbind",
	};
	auto_free char *link = xasprintf("%s/" PCI "/" NIC "/driver", dir);
	struct pollfd files[FILES];
	char text[64];
	size_t i;

	for (i = 0; i < FILES; i++) {
		auto_free char *fifo = xasprintf("%s/%s", dir, names[i]);

		files[i] = (struct pollfd){ .fd = open(fifo, O_RDWR), .events = POLLIN };
	}
	while (poll(files, FILES, -1) > 0)
		for (i = FILES; i-- > 0; ) {
			if (!(files[i].revents & POLLIN) || read(files[i].fd, text, sizeof(text)) <= 0)
				continue;
			if (i == PROBE)
				probe(link);
			else
				unlink(link);
		}
	return arg;
}

static void forget(void)
{
	auto_free char *up = xasprintf("%s/..", dir);

	if (!chdir(up))
		tree_remove(xstrdup(dir));	/* the thread may still read ours */
}

/* In the process of each run, which stands in its own tree; the threads go with it. */
static int kernel_starts(void)
{
	pthread_t thread;
	char *made;

	host_free(host);		/* they are those of the process we come from */
	free(dir);
	put_host();
	made = dir;
	dir = realpath(made, NULL);
	free(made);
	atexit(forget);
	if (pthread_create(&thread, NULL, serve, NULL) || pthread_detach(thread))
		return -1;
	return chdir(dir);
}

/* It was plugged by kvmtop, into the guest of each run: one that is to die has a name. */
static int put_addition(struct journal *j, const char *ref)
{
	struct plan *p = plan_new("vfio add", "vm1", ref);
	int rc;

	p->device = xstrdup("v0");
	p->status = PLAN_OK;
	step_undo_pci_bind(plan_pci_bind(p, NIC, "vfio-pci", "vfio-pci"), NIC, "e1000e", "");
	rc = journal_write(j, p, NULL);
	plan_free(p);
	return rc;
}

static int kernel_starts_with_vfio(void)
{
	auto_free char *state = NULL;
	struct journal *j = NULL;
	int rc = kernel_starts();

	state = xasprintf("%s/state", dir);
	setenv("XDG_STATE_HOME", state, 1);
	if (rc || mkdir(state, 0700) || journal_open(true, &j, NULL) || put_addition(j, NULL) || put_addition(j, "pid:2147483646@1"))
		return -1;
	journal_close(j);
	unlink(PCI "/" NIC "/driver");
	return symlink("../../drivers/vfio-pci", PCI "/" NIC "/driver");
}

static char *who_has_it(const struct host *h)
{
	struct host_binding b;

	return host_binding_read(h, NIC, &b) ? xstrdup("gone\n") : xasprintf("pci " NIC "=%s, override '%s'\n", b.driver, b.override);
}

static int setup(void **state)
{
	(void)state;
	setenv("XDG_STATE_HOME", "/nonexistent", 1);
	put_host();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(dir);
	return 0;
}

#define QUESTIONS \
	{ .expect = "query-migrate", .any = true, .reply = "{}" }, \
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" }, \
	{ .expect = "device-list-properties", .any = true, .reply = "[]" }, \
	{ .expect = "query-memory-size-summary", .any = true, .reply = "{\"base-memory\":268435456,\"plugged-memory\":0}" }
#define LISTS(more) { .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}", \
	.reply = "[{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"}" more "]" }
#define REST \
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1\"}", \
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<PCIE>\"}]" }, \
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/v0\"}", \
	  .reply = "[{\"name\":\"host\",\"type\":\"str\"},{\"name\":\"hotpluggable\",\"type\":\"bool\"}]" }, \
	{ .expect = "qom-list", .any = true, .reply = "[]" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug\"}", .reply = "true" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotpluggable\"}", .reply = "true" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"host\"}", .reply = "\"" NIC "\"" }, \
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug-handler\"}", .error = "GenericError: no pci.0" }, \
	{ .expect = "qom-get", .any = true, .error = "GenericError: Property not found" }, { 0 }
#define V0 ",{\"name\":\"v0\",\"type\":\"child<vfio-pci>\"}"
static const struct fake_item empty[] = { QUESTIONS, LISTS(""), REST };
static const struct fake_item with_device[] = { LISTS(V0), { 0 } };
static const struct fake_item no_type[] = {
	{ .expect = "device-list-properties", .any = true, .error = "DeviceNotFound: no such type" }, { 0 } };
static const struct fake_item no_port[] = {
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}", .reply = "[]" },
	{ .expect = "query-pci", .any = true, .reply = "[{\"bus\":0,\"devices\":[{\"slot\":0}]}]" }, { 0 } };
static const struct fake_item no_pci[] = {
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}", .reply = "[]" },
	{ .expect = "query-pci", .any = true, .reply = "[]" }, { 0 } };
static const struct fake_item migrating[] = {
	{ .expect = "query-migrate", .any = true, .reply = "{\"status\":\"active\"}" }, { 0 } };

#define HERE ((const struct build_place){ .guest = empty, .host = host })

static void each_check_has_its_words(void **state)
{
	static const struct build_refusal rows[] = {
		{ hotplug_vfio_add, { { { "host", "nic" } } }, -EINVAL, "a PCI address is expected", "0000:01:00.0" },
		{ hotplug_vfio_add, { { { "host", "0000:00:1f.0" } } }, -EINVAL, "no such PCI device", "did you mean" },
		{ hotplug_vfio_add, { { { "host", "00:09.0" } } }, -EBUSY, "eth9 is up and has the default route", "force=on" },
		{ hotplug_vfio_add, { { { "host", "00:0a.0" } } }, -EBUSY, "partition sdb1 is mounted on /", "force=on" },
		{ hotplug_vfio_add, { { { "host", "00:0b.0" }, { "force", "on" } } }, -EBUSY, "0000:00:0b.1 (xhci_hcd) (bind", "vfio-pci" },
		{ hotplug_vfio_add, { { { "host", "00:0c.0" } } }, -EBUSY, "2 virtual functions", "sriov set" },
		{ hotplug_vfio_add, { { { "host", "00:0d.0" } } }, -EOPNOTSUPP, "without IOMMU", "intel_iommu=on" },
		{ hotplug_vfio_add, { { { "host", "00:0e.0" } } }, -EINVAL, "is a bridge", "behind it" },
		{ hotplug_vfio_add, { { { "host", NIC }, { "persist", "on" } } }, -EINVAL, "no stored definition", "leave it out" },
		{ hotplug_vfio_add, { { { "host", NIC }, { "id", "rp1" } } }, -EEXIST, "taken by a pcie-root-port", "another id=" },
		{ hotplug_vfio_add, { { { "host", NIC } } }, -EEXIST, "has it already", "'v0'", with_device },
		{ hotplug_vfio_add, { { { "host", NIC } } }, -EOPNOTSUPP, "no vfio-pci", "not installed", no_type },
		{ hotplug_vfio_add, { { { "host", NIC } } }, -ENOSPC, "no free hotpluggable", "pcie-root-port", no_port },
		{ hotplug_vfio_add, { { { "host", NIC } } }, -ENOSPC, "this machine has no PCI bus", "a machine with PCI", no_pci },
		{ hotplug_vfio_add, { { { "host", NIC } } }, -EBUSY, "is being migrated", "until that is over", migrating },
		{ hotplug_vfio_remove, { { { "ID", "rp1" } } }, -ENODEV, "no PCI device of the host 'rp1'", "there is: v0", with_device },
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
	p = build_try(&HERE, hotplug_vfio_add, &(struct build_args){ { { "host", "00:08.0" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_steps, 2);
	TEXT_OF(p, 0, "PCI device " NIC " to driver vfio-pci, driver_override vfio-pci");
	TEXT_OF(p, 1, "device_add {\"driver\":\"vfio-pci\",\"id\":\"kt-vfio0\",\"host\":\"" NIC "\",\"bus\":\"rp1\"}");
	assert_int_equal(p->steps[0].n_undo, 1);
	assert_string_equal(json_str(p->steps[0].undo[0].args, "driver"), "e1000e");
	assert_non_null(strstr(p->warnings[0], "balloon"));
	plan_free(p);
	p = build_try(&HERE, hotplug_vfio_remove, &(struct build_args){ { { "ID", "v0" } } }, with_device, &rc, &err);
	assert_int_equal(rc, 0);
	/* nobody knows who has plugged it */
	assert_int_equal(p->n_steps, 2);
	TEXT_OF(p, 0, "device_del {\"id\":\"v0\"}");
	assert_int_equal(p->n_warnings, 1);
	assert_non_null(strstr(p->warnings[0], NIC " had: it stays with vfio-pci (driverctl unset-override " NIC));
	plan_free(p);
}

/* 256 MiB of RAM, and 1 GiB for what else is locked. */
static void what_qemu_may_not_lock_it_is_allowed_to(void **state)
{
	const struct build_place place = { .guest = empty, .host = host, .ref = "pid:77@1" };
	struct err err = {0};
	struct plan *p;
	int rc;

	(void)state;
	tree_puts(dir, "Name:\tqemu\nCapEff:\t0000000000000000\n", "proc/77/status");
	tree_puts(dir, "Limit\nMax locked memory         8388608              8388608              bytes\n", "proc/77/limits");
	p = build_try(&place, hotplug_vfio_add, &(struct build_args){ { { "host", NIC } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_steps, 3);
	TEXT_OF(p, 1, "QEMU may lock 1342177280 bytes of memory (RLIMIT_MEMLOCK)");
	assert_int_equal(p->steps[1].undo[0].number, 8388608);
	assert_string_equal(p->steps[1].leaves, "QEMU's right to lock 1342177280 bytes");
	plan_free(p);
}

static unsigned long long start_of(pid_t pid)
{
	struct host_proc proc = {0};
	struct host *live = NULL;
	unsigned long long start;

	assert_int_equal(host_open("/", &live, NULL), 0);
	assert_int_equal(host_proc_read(live, pid, &proc), 0);
	start = proc.start;
	host_proc_done(&proc);
	host_free(live);
	return start;
}

static rlim_t may_lock(pid_t pid)
{
	struct rlimit limit;

	assert_int_equal(prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit), 0);
	return limit.rlim_cur;
}

/* On a process that is there, then taken back, then on one that has ended. */
static void a_limit_is_raised_and_lowered_again(void **state)
{
	struct plan_env env = { .interrupt_fd = -1, .timeout_ms = 1000 };
	pid_t pid = fork();
	struct plan *p, *back = plan_new("undo", NULL, NULL);
	struct rlimit limit;
	auto_free char *ref = NULL;

	(void)state;
	if (!pid)
		for (;;)
			pause();
	assert_int_equal(prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit), 0);
	limit.rlim_cur = 4096;
	assert_int_equal(prlimit(pid, RLIMIT_MEMLOCK, &limit, NULL), 0);
	ref = xasprintf("pid:%d@%llu", (int)pid, start_of(pid));
	assert_int_equal(host_open("/", (struct host **)&env.host, NULL), 0);
	p = plan_new("vfio add", "vm1", ref);
	back->ref = xstrdup(ref);
	plan_memlock(p, 8192, 4096);
	assert_int_equal(plan_run(p, &env), 0);
	assert_int_equal(may_lock(pid), 8192);
	assert_false(plan_outlives(p));
	assert_int_equal(plan_undo(p, back, NULL), 0);
	assert_int_equal(plan_run(back, &env), 0);
	assert_int_equal(may_lock(pid), 4096);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	p->steps[0].status = STEP_TODO;
	assert_int_equal(plan_run(p, &env), -ESRCH);
	assert_non_null(strstr(p->err.text, "has ended"));
	plan_free(p);
	plan_free(back);
	host_free((struct host *)env.host);
}

/* A journal may name addresses and drivers, and nothing that becomes a path. */
static void a_journal_binds_nothing_else(void **state)
{
	static const struct {
		const char *what, *args;
		int rc;
	} rows[] = {
		{ NIC, "{\"driver\":\"e1000e\"}", 0 }, { NIC, "{}", 0 }, { NIC, "{\"driver\":\"\"}", 0 },
		{ "../../x", "{}", -EPERM }, { "00:08.0", "{}", -EPERM }, { NIC "/..", "{}", -EPERM },
		{ NIC, "{\"driver\":\"../e1000e\"}", -EPERM }, { NIC, "{\"driver\":\"a\",\"override\":\"a b\"}", -EPERM },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf("{\"v\":1,\"id\":\"1\",\"begun\":\"x\",\"verb\":\"vfio add\",\"status\":\"ok\",\"steps\":["
						 "{\"op\":\"pci-bind\",\"what\":\"%s\",\"args\":%s}]}", rows[i].what, rows[i].args);
		auto_json struct json_object *obj = NULL;
		struct plan *p = NULL;
		struct err err = {0};

		assert_int_equal(json_parse(text, strlen(text), &obj, &err), 0);
		if (plan_parse(obj, &p, &err) != rows[i].rc)
			fail_msg("row %zu: %s", i, err.text);
		if (!rows[i].rc)
			plan_free(p);
	}
}

static void each_step_with_each_fault(void **state)
{
	const struct fault_case cases[] = {
		{ .name = "vfio add", .build = hotplug_vfio_add, .args = { { "host", NIC } }, .answers = empty, .root = ".",
		  .setup = kernel_starts, .host_state = who_has_it,
		  .host_want = "pci " NIC "=vfio-pci, override 'vfio-pci'\n", .want = { "device kt-vfio0" } },
		{ .name = "vfio remove", .build = hotplug_vfio_remove, .args = { { "ID", "v0" } }, .answers = empty, .root = ".",
		  .setup = kernel_starts_with_vfio, .type = "child<vfio-pci>", .host_state = who_has_it,
		  .host_want = "pci " NIC "=e1000e, override ''\n", .there = { "device v0" } },
	};

	(void)state;
	assert_true(fault_table_run(cases, ARRAY_SIZE(cases)) > 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_has_its_words),
		cmocka_unit_test(plans_are_as_they_are_told),
		cmocka_unit_test(what_qemu_may_not_lock_it_is_allowed_to),
		cmocka_unit_test(a_limit_is_raised_and_lowered_again),
		cmocka_unit_test(a_journal_binds_nothing_else),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
