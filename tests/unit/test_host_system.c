// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: the machine as a whole, all interfaces at once, neighbours, PCI devices, open files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"
#include "lib/host/private.h"

static void link_to(const char *root, const char *name, const char *target)
{
	auto_free char *path = xasprintf("%s/%s", root, name);

	tree_puts(root, "", "%s", name);	/* makes the directories */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(target, path), 0);
}

static void test_system(void **state)
{
	char *root = tree_new();
	struct host_system s;
	struct host *h;

	(void)state;
	tree_puts(root, "cpu  100 20 30 4000 50 6 7 8 90 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n", "proc/stat");
	tree_puts(root, "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   600 kB\nSwapTotal: 200 kB\nSwapFree: 50 kB\n",
		  "proc/meminfo");
	tree_puts(root, "0.50 1.25 2.00 3/400 12345\n", "proc/loadavg");
	tree_puts(root, "1234.56 99.0\n", "proc/uptime");
	tree_puts(root, "6.1.0-test\n", "proc/sys/kernel/osrelease");
	tree_puts(root, "some avg10=1.50 avg60=2.00 avg300=0.10 total=1\n", "proc/pressure/cpu");
	tree_puts(root, "some avg10=0.25 avg60=0.00 avg300=0.00 total=1\nfull avg10=9.00 avg60=0 avg300=0 total=1\n", "proc/pressure/io");
	tree_puts(root, "10\n", "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	tree_puts(root, "4\n", "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
	tree_puts(root, "2\n", "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
	tree_puts(root, "1\n", "sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages");
	tree_puts(root, "28672\n", "sys/kernel/mm/ksm/general_profit");
	h = tree_host(root);
	host_system_read(h, &s);
	assert_int_equal(s.busy_ns, (100 + 20 + 30 + 6 + 7 + 8) * (NS_PER_SEC / host_facts(h)->ticks_per_s));
	assert_int_equal(s.steal_ns, 8 * (NS_PER_SEC / host_facts(h)->ticks_per_s));
	assert_int_equal(s.mem_available_bytes, 600 * 1024);
	assert_int_equal(s.swap_free_bytes, 50 * 1024);
	assert_true(s.load[1] > 1.24 && s.load[1] < 1.26);
	assert_true(s.uptime_s > 1234 && s.uptime_s < 1235);
	assert_string_equal(s.kernel, "6.1.0-test");
	assert_true(s.psi_cpu.some_pct > 1.49 && s.psi_io.some_pct > 0.24 && s.psi_io.some_pct < 0.26);
	assert_true(isnan(s.psi_cpu.full_pct) && s.psi_io.full_pct > 8.9);
	assert_true(isnan(s.psi_mem.some_pct) && isnan(s.psi_mem.full_pct));		/* not there: not 0 */
	assert_int_equal(s.huge_total_bytes, 10 * (2ull << 20) + 2 * (1ull << 30));
	assert_int_equal(s.huge_free_bytes, 4 * (2ull << 20) + (1ull << 30));
	assert_int_equal(s.ksm_saved_bytes, 28672);
	host_free(h);
	tree_remove(root);

	root = tree_new();
	h = tree_host(root);
	host_system_read(h, &s);
	assert_true(s.busy_ns == HOST_UNKNOWN && s.mem_total_bytes == HOST_UNKNOWN && s.ksm_saved_bytes == HOST_UNKNOWN);
	assert_true(s.huge_total_bytes == HOST_UNKNOWN && isnan(s.load[0]) && isnan(s.psi_cpu.some_pct));
	host_free(h);
	tree_remove(root);
}

static void test_nets(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_net_dev *list;
	struct host_net_counters c;
	struct host_netif tap = { .name = "tap0" }, mac = { .name = "macvtap1", .macvtap = true }, none = { .name = "tap" };
	size_t n;

	(void)state;
	assert_int_equal(host_nets_read(h, 0, &list, &n), -ENOENT);
	tree_puts(root, "Inter-|   Receive                                                |  Transmit\n"
		  " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
		  "  tap0: 100 1 3 7 0 0 0 0 200 2 5 9 0 0 0 0\n"
		  "macvtap1:18446744073709551615 3 0 0 0 0 0 0 400 4 0 0 0 0 0 0\n"
		  " half: 1 2 3\n much_too_long_a_name: 1 1 1 1 1 1 1 1 1 1 1 1\n", "proc/net/dev");
	assert_int_equal(host_nets_read(h, 0, &list, &n), 0);
	assert_int_equal(n, 2);
	assert_true(host_nets_find(list, n, &tap, &c));
	assert_int_equal(c.rx_bytes, 200);		/* the tap's transmit is what the guest receives */
	assert_int_equal(c.tx_bytes, 100);
	assert_int_equal(c.rx_packets, 2);
	assert_int_equal(c.rx_drops, 9);
	assert_int_equal(c.tx_drops, 7);
	assert_int_equal(c.rx_errors, 5);
	assert_int_equal(c.tx_errors, 3);
	assert_true(host_nets_find(list, n, &mac, &c));
	assert_true(c.rx_bytes == UINT64_MAX);
	assert_int_equal(c.tx_bytes, 400);
	assert_false(host_nets_find(list, n, &none, &c));
	assert_false(host_nets_find(NULL, 0, &tap, &c));
	free(list);
	/* a process in another network namespace has its own table */
	tree_puts(root, "  tap0: 1 1 0 0 0 0 0 0 77 2 0 0 0 0 0 0\n", "proc/41/net/dev");
	assert_int_equal(host_nets_read(h, 41, &list, &n), 0);
	assert_true(host_nets_find(list, n, &tap, &c));
	assert_int_equal(c.rx_bytes, 77);
	free(list);
	host_free(h);
	tree_remove(root);
}

#define PCI "sys/bus/pci/devices/"

static void test_pci(void **state)
{
	char *root = tree_new(), **names, class[24];
	struct host *h = tree_host(root);
	struct host_pci *list;
	size_t n;

	(void)state;
	assert_int_equal(host_pci_list(h, &list, &n), -ENOENT);
	tree_puts(root, "0x020000\n", PCI "0000:41:00.0/class");
	tree_puts(root, "0x8086\n", PCI "0000:41:00.0/vendor");
	tree_puts(root, "0x1521\n", PCI "0000:41:00.0/device");
	tree_puts(root, "1\n", PCI "0000:41:00.0/numa_node");
	tree_puts(root, "7\n", PCI "0000:41:00.0/sriov_totalvfs");
	tree_puts(root, "2\n", PCI "0000:41:00.0/sriov_numvfs");
	link_to(root, PCI "0000:41:00.0/driver", "../../../../bus/pci/drivers/igb");
	link_to(root, PCI "0000:41:00.0/iommu_group", "../../../../kernel/iommu_groups/12");
	tree_puts(root, "0x010802\n", PCI "0000:02:10.1/class");
	tree_puts(root, "-1\n", PCI "0000:02:10.1/numa_node");
	link_to(root, PCI "0000:02:10.1/physfn", "../0000:02:00.0");
	link_to(root, PCI "0000:02:10.1/driver", "../../../../bus/pci/drivers/vfio-pci");
	tree_puts(root, "", PCI "0000:02:10.1/vfio-dev/vfio3/x");
	tree_puts(root, "", PCI "not-a-device/class");
	assert_int_equal(host_pci_list(h, &list, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].address, "0000:02:10.1");
	assert_string_equal(list[0].physfn, "0000:02:00.0");
	assert_string_equal(list[0].vfio, "vfio3");
	assert_int_equal(list[0].node, -1);
	assert_int_equal(list[0].group, -1);
	assert_string_equal(host_pci_class(list[0].class, class, sizeof(class)), "NVMe");
	assert_string_equal(list[1].driver, "igb");
	assert_int_equal(list[1].group, 12);
	assert_int_equal(list[1].node, 1);
	assert_int_equal(list[1].vfs, 2);
	assert_int_equal(list[1].vfs_max, 7);
	assert_int_equal(list[1].vendor, 0x8086);
	assert_string_equal(host_pci_class(list[1].class, class, sizeof(class)), "network");
	assert_string_equal(host_pci_class(0xff0000, class, sizeof(class)), "class ff00");
	free(list);

	link_to(root, "proc/77/fd/3", "/dev/vfio/vfio");
	link_to(root, "proc/77/fd/4", "/dev/vfio/12");
	link_to(root, "proc/77/fd/5", "/dev/vfio/devices/vfio3");
	link_to(root, "proc/77/fd/6", "/dev/null");
	assert_int_equal(host_vfio_read(h, 77, &names, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "12");
	assert_string_equal(names[1], "devices/vfio3");
	free(names[0]);
	free(names[1]);
	free(names);
	assert_int_equal(host_vfio_read(h, 78, &names, &n), -ESRCH);
	host_free(h);
	tree_remove(root);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *word, *address;
	} cases[] = {
		{ "0000:01:00.0", "0000:01:00.0" }, { "01:00.0", "0000:01:00.0" }, { "0001:AB:1f.7", "0001:ab:1f.7" },
		{ "01:00", NULL }, { "01:00.8", NULL }, { "01:20.0", NULL }, { "52:54:00:12:34:56", NULL }, { "", NULL },
		{ "01:00.0x", NULL }, { "-1:00.0", NULL }, { " 1:00.0", NULL },
	};
	char address[16];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int rc = host_pci_address(cases[i].word, address);

		if (rc != (cases[i].address ? 0 : -EINVAL))
			fail_msg("'%s': %d", cases[i].word, rc);
		if (!rc)
			assert_string_equal(address, cases[i].address);
	}
}

/* By what it is, not by what it is called: through a link, under another name, a device by its number. */
static int has_file(const struct host *h, pid_t pid, const struct host_file *file)
{
	struct host_fds *fds;
	int rc = host_fds_open(h, pid, &fds);
	bool has;

	if (rc)
		return rc;
	has = host_fds_has(fds, file);
	host_fds_close(fds);
	return has;
}

static void test_files(void **state)
{
	char *root = tree_new();
	auto_free char *a = xasprintf("%s/a", root), *b = xasprintf("%s/b", root), *l = xasprintf("%s/l", root);
	struct host *h = tree_host("/"), *recorded = tree_host(root);
	struct host_file file, other;
	int fd, null;

	(void)state;
	tree_puts(root, "x", "a");
	tree_puts(root, "x", "b");
	assert_int_equal(symlink(a, l), 0);
	fd = open(a, O_RDONLY | O_CLOEXEC);
	assert_int_equal(host_file_of(l, &file), 0);
	assert_int_equal(host_file_of(b, &other), 0);
	assert_int_equal(has_file(h, getpid(), &file), 1);
	assert_int_equal(has_file(h, getpid(), &other), 0);
	assert_int_equal(has_file(recorded, getpid(), &file), -ENOENT);
	assert_int_equal(rename(a, b), 0);
	assert_int_equal(host_file_of(b, &other), 0);
	assert_int_equal(has_file(h, getpid(), &other), 1);
	assert_int_equal(host_file_of(a, &other), -ENOENT);
	close(fd);
	null = open("/dev/full", O_RDONLY | O_CLOEXEC);
	assert_int_equal(host_file_of("/dev/full", &file), 0);
	assert_true(file.device);
	assert_int_equal(has_file(h, getpid(), &file), 1);
	close(null);
	assert_int_equal(has_file(h, 1 << 29, &file), -ESRCH);
	host_free(h);
	host_free(recorded);
	tree_remove(root);
}

static void test_place(void **state)
{
	struct host_task task = { .tid = 12 }, kthread = { .tid = 13, .kthread = true };
	char *root = tree_new(), list[16];
	struct host *h = tree_host(root);

	(void)state;
	tree_puts(root, "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-2,5\nMems_allowed:\t1\n", "proc/11/task/12/status");
	tree_puts(root, "Name:\tx\nCpus_allowed_list:\t7\n", "proc/13/status");
	tree_puts(root, "do_wait", "proc/11/wchan");
	tree_puts(root, "0", "proc/13/wchan");
	assert_int_equal(host_task_affinity(h, 11, &task, list, sizeof(list)), 5);
	assert_string_equal(list, "0-2,5");
	assert_int_equal(host_task_affinity(h, 11, &kthread, list, sizeof(list)), 1);
	assert_string_equal(list, "7");
	assert_int_equal(host_task_affinity(h, 11, &task, list, 4), -E2BIG);
	assert_int_equal(host_wchan_read(h, 11, list, sizeof(list)), 0);
	assert_string_equal(list, "do_wait");
	assert_int_equal(host_wchan_read(h, 13, list, sizeof(list)), -ENOENT);
	assert_true(host_wchan_read(h, 14, list, sizeof(list)) < 0);
	host_free(h);
	tree_remove(root);
}

/* Opened, merely held, and another file of that number's place. */
static void test_nodes(void **state)
{
	struct host *h = tree_host("/"), *recorded = tree_host("tests/fixtures/host/box1");
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC), held = open("/dev/null", O_PATH | O_CLOEXEC);
	auto_close int file = open("Makefile", O_RDONLY | O_CLOEXEC);
	static const char dev[] = "sys/class/mem/null/dev";

	(void)state;
	assert_true(host_fd_is_node(h, getpid(), null, dev));
	assert_false(host_fd_is_node(h, getpid(), null, "sys/class/mem/zero/dev"));
	assert_false(host_fd_is_node(h, getpid(), null, "sys/class/mem/none/dev"));
	assert_false(host_fd_is_node(h, getpid(), held, dev));
	assert_false(host_fd_is_node(h, getpid(), file, dev));
	assert_false(host_fd_is_node(h, getpid(), 9999, dev));
	assert_true(host_fd_is_node(recorded, 1, 3, dev));		/* nothing but names is recorded */
	host_free(recorded);
	host_free(h);
}

/* A process with a /dev of its own, where anything can be called /dev/vfio/7: 1 if host_vfio_read believes it, -1: no right. */
static int has_false_vfio(void)
{
	struct host *h;
	char **names = NULL;
	size_t n = 0;
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", "/dev", "tmpfs", 0, NULL))
		return -1;
	if (mkdir("/dev/vfio", 0700))
		return -1;
	fd = open("/dev/vfio/7", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	h = tree_host("/");
	if (fd < 0 || host_vfio_read(h, getpid(), &names, &n))
		return -1;
	host_free(h);
	return n != 0;
}

static void test_false_nodes(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(has_false_vfio() + 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (!WEXITSTATUS(status))
		skip();
	assert_int_equal(WEXITSTATUS(status), 1);
}

/* Our own descriptors: a copy is had of what it should be, and of nothing else. */
static void test_copies(void **state)
{
	struct lates *lates = lates_new(1);
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0), event = eventfd(7, EFD_CLOEXEC), copy = -1;
	auto_free char *link = file_where(event);
	int pipes[2];
	uint64_t n = 0;
	char c;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	copy = host_fd_copy(lates, pidfd, event, link);
	assert_true(copy >= 0 && copy != event);
	assert_int_equal(read(copy, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 7);
	assert_int_equal(host_fd_copy(lates, pidfd, pipes[1], link), -ESTALE);
	assert_int_equal(host_fd_copy(lates, pidfd, 9999, link), -EBADF);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &c, 1), 0);		/* the copy is closed */
	close(pipes[0]);
	lates_free(lates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_pci),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_false_nodes),
		cmocka_unit_test(test_copies),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
