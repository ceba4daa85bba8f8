// SPDX-License-Identifier: GPL-3.0-or-later
/* Virtual functions: what an igb told of two (recorded, Linux 6.1), what iproute2 sends to set one, and /sys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_tree.h"
#include "lib/host/host.h"
#include "netlink_lies.h"

#define PF "0000:41:00.0"
#define DEVICES "sys/bus/pci/devices/"
#define LONG_MS 20000
#define SHORT_MS 50

/* ---- netlink */

/* The recorded message, in memory that ends where it does. */
static unsigned char *recorded(size_t *len)
{
	FILE *f = fopen("tests/fixtures/netlink/igb-vfs.hex", "r");
	unsigned char *data = malloc(4096);
	unsigned byte;

	assert_non_null(f);
	for (*len = 0; fscanf(f, "%2x", &byte) == 1; ++*len)
		data[*len] = (unsigned char)byte;
	fclose(f);
	return realloc(data, *len);
}

static void a_recorded_message_is_read(void **state)
{
	struct host_vf *list = NULL;
	size_t n = 0, len;
	unsigned char *data = recorded(&len);
	int rc = 0;

	(void)state;
	assert_true(host_vfs_take(data, len, &list, &n, &rc));
	assert_int_equal(rc, 0);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].told, (1u << HOST_VF_KEYS) - 1);
	assert_string_equal(list[0].mac, "52:54:00:aa:bb:01");
	assert_int_equal(list[0].vlan, 300);
	assert_int_equal(list[0].qos, 3);
	assert_false(list[0].stag);
	assert_true(list[0].spoofchk);
	assert_false(list[0].trust);
	assert_int_equal(list[1].vf, 1);
	assert_string_equal(list[1].mac, "00:00:00:00:00:00");
	assert_int_equal(list[1].vlan, 0);
	assert_int_equal(list[1].rate_mbit, 100);
	assert_false(list[1].spoofchk);
	assert_true(list[1].trust);
	assert_ptr_equal(host_vfs_find(list, n, 1), &list[1]);
	assert_null(host_vfs_find(list, n, 2));
	free(list);
	free(data);
}

/* Cut anywhere, and with any length in it too long: the sanitizer watches. */
static void a_broken_message_is_survived(void **state)
{
	size_t len, at;
	unsigned char *data = recorded(&len);

	(void)state;
	for (at = 0; at < len; at++) {
		struct host_vf *list = NULL;
		unsigned char *cut = malloc(at + 1), was = data[at];
		size_t n = 0;
		int rc = 0;

		memcpy(cut, data, at);
		host_vfs_take(cut, at, &list, &n, &rc);
		assert_true(n <= 2);
		free(cut);
		data[at] = 0xff;
		host_vfs_take(data, len, &list, &n, &rc);
		data[at] = was;
		free(list);
	}
	free(data);
}

static void read_vfs(const void *data, size_t len)
{
	struct host_vf *list = NULL;
	size_t n = 0;
	int rc = 0;

	host_vfs_take(data, len, &list, &n, &rc);
	assert_true(n <= 2);
	free(list);
}

/* Cut inside the list of functions, where most attributes are nested. */
static void a_lying_message_is_survived(void **state)
{
	size_t len;
	unsigned char *data = recorded(&len), *list;

	(void)state;
	list = memmem(data, len, &(uint16_t){ IFLA_VFINFO_LIST }, sizeof(uint16_t));
	assert_non_null(list);
	memmove(data + NLMSG_SPACE(sizeof(struct ifinfomsg)), list - 2, 150);
	netlink_lies(data, NLMSG_SPACE(sizeof(struct ifinfomsg)) + 150, NLMSG_SPACE(sizeof(struct ifinfomsg)), 2, read_vfs);
	free(data);
}

static void what_is_not_told_is_not_known(void **state)
{
	static const unsigned char trust[] = { 0x0c, 0, IFLA_VF_TRUST, 0 };
	struct host_vf *list = NULL;
	size_t n = 0, len;
	unsigned char *data = recorded(&len), *at = memmem(data, len, trust, sizeof(trust));
	int rc = 0;

	(void)state;
	assert_non_null(at);
	memset(at + 8, 0xff, 4);
	assert_true(host_vfs_take(data, len, &list, &n, &rc));
	assert_false(list[0].told & 1u << HOST_VF_TRUST);
	assert_true(list[0].told & 1u << HOST_VF_SPOOFCHK);
	assert_true(list[1].told & 1u << HOST_VF_TRUST);
	free(list);
	free(data);
}

static void an_error_is_the_kernels(void **state)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
	} m = { .head = { .nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_ERROR }, .err = { .error = -ENODEV } };
	struct host_vf *list = NULL;
	size_t n = 0;
	int rc = 0;

	(void)state;
	assert_true(host_vfs_take(&m, sizeof(m), &list, &n, &rc));
	assert_int_equal(rc, -ENODEV);
	m.err.error = 0;
	assert_true(host_vfs_take(&m, sizeof(m), &list, &n, &rc));
	assert_int_equal(rc, -EBADMSG);
	m.head.nlmsg_type = NLMSG_NOOP;
	assert_false(host_vfs_take(&m, sizeof(m), &list, &n, &rc));
	assert_null(list);
}

/* "ip link set lo vf 1 .." under strace, with its sequence number left out, and with NLA_F_NESTED where attributes are in one. */
static void requests_are_those_of_iproute2(void **state)
{
	static const struct {
		struct host_vf to;
		enum host_vf_key key;
		const char *hex;
	} rows[] = {
		{ { .vf = 1, .mac = "52:54:00:aa:bb:03" }, HOST_VF_MAC, "50000000100005000000000000000000" "00000000010000000000000000000000"
		  "300016802c00018028000100010000005254" "00aabb03" },
		{ { .vf = 1, .vlan = 301, .qos = 3, .stag = true }, HOST_VF_VLAN, "40000000100005000000000000000000"
		  "00000000010000000000000000000000" "200016801c00018018000c8014000100" "010000002d0100000300000088a80000" },
		{ { .vf = 1, .rate_mbit = 100 }, HOST_VF_RATE, "34000000100005000000000000000000" "00000000010000000000000000000000"
		  "14001680100001800c00030001000000" "64000000" },
		{ { .vf = 1, .trust = true }, HOST_VF_TRUST, "34000000100005000000000000000000" "00000000010000000000000000000000"
		  "14001680100001800c00090001000000" "01000000" },
		{ { .vf = 1 }, HOST_VF_SPOOFCHK, "34000000100005000000000000000000" "00000000010000000000000000000000"
		  "14001680100001800c00040001000000" "00000000" },
	};
	_Alignas(struct nlmsghdr) unsigned char out[1024];
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = host_vf_request(1, &rows[i].to, rows[i].key, out), hex = strlen(rows[i].hex) / 2;

		assert_int_equal(len, out[0]);
		assert_true(hex <= len);
		for (k = 0; k < len; k++) {
			unsigned byte = 0;	/* behind the written ones there are zeroes */

			if (k < hex)
				sscanf(rows[i].hex + 2 * k, "%2x", &byte);
			if (out[k] != byte)
				fail_msg("row %zu: byte %zu is %02x", i, k, out[k]);
		}
	}
}

static void settings_are_told_and_compared(void **state)
{
	static const struct {
		struct host_vf a, b;
		enum host_vf_key key;
		const char *text;
	} rows[] = {
		{ { .mac = "52:54:00:00:00:01" }, { .mac = "52:54:00:00:00:02" }, HOST_VF_MAC, "mac 52:54:00:00:00:01" },
		{ { .vlan = 5 }, { 0 }, HOST_VF_VLAN, "vlan 5" },
		{ { .vlan = 5, .qos = 2 }, { .vlan = 5 }, HOST_VF_VLAN, "vlan 5, priority 2" },
		{ { .vlan = 5, .stag = true }, { .vlan = 5 }, HOST_VF_VLAN, "vlan 5, priority 0, 802.1ad" },
		{ { 0 }, { .vlan = 5 }, HOST_VF_VLAN, "no vlan" },
		{ { .rate_mbit = 7 }, { 0 }, HOST_VF_RATE, "rate 7Mbit" },
		{ { 0 }, { .rate_mbit = 7 }, HOST_VF_RATE, "no limit of its rate" },
		{ { .trust = true }, { 0 }, HOST_VF_TRUST, "trust on" },
		{ { 0 }, { .spoofchk = true }, HOST_VF_SPOOFCHK, "spoofchk off" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = host_vf_text(&rows[i].a, rows[i].key);

		assert_string_equal(text, rows[i].text);
		assert_true(host_vf_same(&rows[i].a, &rows[i].a, rows[i].key));
		assert_false(host_vf_same(&rows[i].a, &rows[i].b, rows[i].key));
	}
}

/* ---- /sys */

static char *dir;
static struct host *host;

static int setup(void **state)
{
	(void)state;
	dir = tree_new();
	tree_puts(dir, "4\n", DEVICES PF "/sriov_totalvfs");
	tree_puts(dir, "0\n", DEVICES PF "/sriov_numvfs");
	tree_puts(dir, "0x020000\n", DEVICES PF "/class");
	tree_puts(dir, "2\n", DEVICES PF "/net/eth9/ifindex");
	tree_link(dir, "../0000:41:10.0", DEVICES PF "/virtfn0");
	tree_link(dir, "../0000:41:10.2", DEVICES PF "/virtfn1");
	tree_link(dir, "../../../etc/passwd", DEVICES PF "/virtfn3");
	tree_puts(dir, "0x020000\n", DEVICES "0000:41:10.0/class");
	tree_link(dir, "../" PF, DEVICES "0000:41:10.0/physfn");
	tree_link(dir, "../../../bus/pci/drivers/vfio-pci", DEVICES "0000:41:10.0/driver");
	tree_link(dir, "../../../kernel/iommu_groups/77", DEVICES "0000:41:10.0/iommu_group");
	tree_puts(dir, "2\n", "sys/class/net/eth9/ifindex");
	tree_link(dir, "../../../" PF, "sys/class/net/eth9/device");
	tree_puts(dir, "1\n", "sys/class/net/lo/ifindex");
	tree_puts(dir, "x", "proc/123/stat");
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

static void numvfs_is(const char *text)
{
	char now[16];

	host_read(host, now, sizeof(now), DEVICES PF "/sriov_numvfs");
	assert_string_equal(now, text);
}

static void functions_are_made_and_waited_for(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(host_sriov_set(host, PF, 2, LONG_MS, &err), 0);
	numvfs_is("2");
	assert_int_equal(host_sriov_set(host, PF, 2, LONG_MS, &err), 0);
	assert_int_equal(host_sriov_set(host, PF, 0, LONG_MS, &err), 0);
	numvfs_is("0");
	/* the kernel has the number, but the third never comes, and what virtfn3 leads to is no PCI device */
	tree_puts(dir, "4", DEVICES PF "/sriov_numvfs");
	assert_int_equal(host_sriov_set(host, PF, 4, SHORT_MS, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "4 virtual functions"));
	numvfs_is("4");
}

static void what_the_kernel_refuses_is_not_asked(void **state)
{
	struct err err = {0};

	(void)state;
	tree_puts(dir, "2\n", DEVICES PF "/sriov_numvfs");
	assert_int_equal(host_sriov_set(host, PF, 1, LONG_MS, &err), -EBUSY);
	assert_non_null(strstr(err.text, "has 2 virtual functions by now (sriov set " PF " vfs=0 first)"));
	assert_int_equal(host_sriov_set(host, PF, 5, LONG_MS, &err), -EINVAL);
	assert_non_null(strstr(err.text, "4 virtual functions at most"));
	assert_int_equal(host_sriov_set(host, "0000:41:10.0", 1, LONG_MS, &err), -ENODEV);
	numvfs_is("2\n");
}

static void who_holds_one_keeps_all(void **state)
{
	struct err err = {0};
	struct host_pci vf = { .group = 77 };

	(void)state;
	tree_puts(dir, "2\n", DEVICES PF "/sriov_numvfs");
	tree_link(dir, "/dev/vfio/77", "proc/123/fd/9");
	assert_int_equal(host_vfio_holder(host, &vf, 0), 123);
	assert_int_equal(host_vfio_holder(host, &vf, 123), 0);
	assert_int_equal(host_sriov_set(host, PF, 0, LONG_MS, &err), -EBUSY);
	assert_non_null(strstr(err.text, "0000:41:10.0 of " PF " is held by process 123"));
	numvfs_is("2\n");
	tree_link(dir, "/dev/vfio/7", "proc/123/fd/9");
	assert_int_equal(host_vfio_holder(host, &vf, 0), 0);
	tree_link(dir, "/dev/vfio/devices/vfio3", "proc/123/fd/9");
	strcpy(vf.vfio, "vfio3");
	assert_int_equal(host_vfio_holder(host, &vf, 0), 123);
}

static void interfaces_and_devices_know_each_other(void **state)
{
	char address[16], names[2][16];

	(void)state;
	assert_int_equal(host_sriov_vf(host, PF, 1, address), 0);
	assert_string_equal(address, "0000:41:10.2");
	assert_int_equal(host_sriov_vf(host, PF, 2, address), -ENODEV);
	assert_int_equal(host_sriov_vf(host, PF, 3, address), -ENODEV);
	assert_int_equal(host_iface_pci(host, "eth9", address), 0);
	assert_string_equal(address, PF);
	assert_int_equal(host_iface_pci(host, "lo", address), -ENOENT);
	assert_int_equal(host_iface_pci(host, "eth8", address), -ENODEV);
	assert_int_equal(host_iface_pci(host, "../eth9", address), -EINVAL);
	assert_int_equal(host_pci_ifaces(host, PF, names, 2), 1);
	assert_string_equal(names[0], "eth9");
	tree_puts(dir, "", DEVICES PF "/net/eth10/x");
	tree_puts(dir, "", DEVICES PF "/net/eth11/x");
	assert_int_equal(host_pci_ifaces(host, PF, names, 2), 3);
	assert_int_equal(host_pci_ifaces(host, "0000:41:10.0", names, 2), 0);
	assert_true(host_sriov_probes(host, PF));
	tree_puts(dir, "0\n", DEVICES PF "/sriov_drivers_autoprobe");
	assert_false(host_sriov_probes(host, PF));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_message_is_read),
		cmocka_unit_test(a_broken_message_is_survived),
		cmocka_unit_test(a_lying_message_is_survived),
		cmocka_unit_test(what_is_not_told_is_not_known),
		cmocka_unit_test(an_error_is_the_kernels),
		cmocka_unit_test(requests_are_those_of_iproute2),
		cmocka_unit_test(settings_are_told_and_compared),
		cmocka_unit_test_setup_teardown(functions_are_made_and_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_kernel_refuses_is_not_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(who_holds_one_keeps_all, setup, teardown),
		cmocka_unit_test_setup_teardown(interfaces_and_devices_know_each_other, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
