// SPDX-License-Identifier: GPL-3.0-or-later
/* Virtual functions of a recorded host: what is refused, what plans say and take back, what a journal may do, every fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_rules.h"
#include "fault_table.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

#define DEVICES "sys/bus/pci/devices/"
#define PF "0000:41:00.0"
#define HELD "0000:42:00.0"
#define USED "0000:43:00.0"

static char *dir;
static struct host *host;

static void put_device(const char *address, const char *driver)
{
	tree_puts(dir, "0x020000\n", DEVICES "%s/class", address);
	if (*driver) {
		auto_free char *to = xasprintf("../../../bus/pci/drivers/%s", driver);

		tree_link(dir, to, DEVICES "%s/driver", address);
	}
}

static void put_pf(const char *address, const char *max, const char *now, const char *driver)
{
	put_device(address, driver);
	tree_puts(dir, max, DEVICES "%s/sriov_totalvfs", address);
	tree_puts(dir, now, DEVICES "%s/sriov_numvfs", address);
}

static void put_vf(const char *pf, unsigned number, const char *address, const char *driver)
{
	auto_free char *to_pf = xasprintf("../%s", pf), *to_vf = xasprintf("../%s", address);

	put_device(address, driver);
	tree_link(dir, to_pf, DEVICES "%s/physfn", address);
	tree_link(dir, to_vf, DEVICES "%s/virtfn%u", pf, number);
}

/*
 * 41 has two functions of four, and one interface; 42's one is a guest's; 43's one is an
 * interface that is up, 43 has two interfaces; 44 has no driver; 45 has no SR-IOV; 46 is no NIC and lets no driver look.
 */
static void put_host(void)
{
	dir = tree_new();
	tree_puts(dir, "", "proc/uptime");
	put_pf(PF, "4\n", "2\n", "igb");
	put_vf(PF, 0, "0000:41:10.0", "igbvf");
	put_vf(PF, 1, "0000:41:10.2", "vfio-pci");
	tree_puts(dir, "3\n", DEVICES PF "/net/eth1/ifindex");
	tree_puts(dir, "3\n", "sys/class/net/eth1/ifindex");
	tree_link(dir, "../../../" PF, "sys/class/net/eth1/device");
	put_pf(HELD, "4\n", "1\n", "igb");
	put_vf(HELD, 0, "0000:42:10.0", "vfio-pci");
	tree_link(dir, "../../../kernel/iommu_groups/9", DEVICES "0000:42:10.0/iommu_group");
	tree_link(dir, "/dev/vfio/9", "proc/77/fd/5");
	tree_puts(dir, "77 (qemu-system-x86) S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0\n", "proc/77/stat");
	tree_puts(dir, "Name:\tx\nUid:\t0\t0\t0\t0\n", "proc/77/status");
	tree_put(dir, "proc/77/cmdline", "qemu-system-x86_64\0-name\0guest=web1", 36);
	put_pf(USED, "4\n", "1\n", "igb");
	put_vf(USED, 0, "0000:43:10.0", "igbvf");
	tree_puts(dir, "0x1003\n", "sys/devices/pci0000:43/0000:43:10.0/net/eth5/flags");
	tree_link(dir, "../../devices/pci0000:43/0000:43:10.0/net/eth5", "sys/class/net/eth5");
	tree_puts(dir, "", DEVICES USED "/net/eth3/ifindex");
	tree_puts(dir, "", DEVICES USED "/net/eth4/ifindex");
	put_pf("0000:44:00.0", "4\n", "0\n", "");
	put_device("0000:45:00.0", "e1000e");
	put_pf("0000:46:00.0", "4\n", "0\n", "nvme");
	tree_puts(dir, "0\n", DEVICES "0000:46:00.0/sriov_drivers_autoprobe");
	tree_link(dir, "../0000:46:00.1", DEVICES "0000:46:00.0/virtfn0");
	host = tree_host(dir);
}

static int setup(void **state)
{
	(void)state;
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

#define HERE ((const struct build_place){ .host = host })

static void each_check_has_its_words(void **state)
{
	static const struct build_refusal rows[] = {
		{ hotplug_sriov_set, { { { "PF", "0000:77:00.0" }, { "vfs", "1" } } }, -ENODEV, "no PCI device or network interface '0000:77:00.0'",
		  "can have virtual functions: " PF ", " HELD },
		{ hotplug_sriov_set, { { { "PF", "eth7" }, { "vfs", "1" } } }, -ENODEV, "no PCI device or network interface 'eth7'", PF },
		{ hotplug_sriov_set, { { { "PF", "../x" }, { "vfs", "1" } } }, -ENODEV, "no PCI device or network interface '../x'", PF },
		{ hotplug_sriov_set, { { { "PF", "41:10.0" }, { "vfs", "1" } } }, -EINVAL, "41:10.0 is a virtual function itself", "name " PF },
		{ hotplug_sriov_set, { { { "PF", "45:00.0" }, { "vfs", "1" } } }, -EOPNOTSUPP, "0000:45:00.0 can have no virtual functions",
		  "firmware" },
		{ hotplug_sriov_set, { { { "PF", PF }, { "vfs", "5" } } }, -EINVAL, "vfs=5: " PF " can have 4", "at most" },
		{ hotplug_sriov_set, { { { "PF", "44:00.0" }, { "vfs", "1" } } }, -EBUSY, "0000:44:00.0 is without a driver", "drivers_probe" },
		{ hotplug_sriov_set, { { { "PF", HELD }, { "vfs", "0" }, { "force", "on" } } }, -EBUSY,
		  "0000:42:10.0 is in the hands of guest web1 (process 77)", "vfio remove" },
		{ hotplug_sriov_set, { { { "PF", USED }, { "vfs", "3" } } }, -EBUSY, "0000:43:10.0: network interface eth5 is up", "force=on" },
		{ hotplug_vf_set, { { { "PF", "eth7" }, { "VF", "0" }, { "vlan", "1" } } }, -ENODEV, "network interface 'eth7'", PF },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "2" }, { "vlan", "1" } } }, -ENODEV, PF " has no virtual function 2 (it has 2",
		  "sriov set " PF },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "43:10.0" }, { "vlan", "1" } } }, -ENODEV, "no virtual function 43:10.0", "sriov set" },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "first" }, { "vlan", "1" } } }, -EINVAL, "VF first: the number", "from 0" },
		{ hotplug_vf_set, { { { "PF", USED }, { "VF", "0" }, { "vlan", "1" } } }, -EINVAL, "several network interfaces", "eth3" },
		{ hotplug_vf_set, { { { "PF", HELD }, { "VF", "0" }, { "vlan", "1" } } }, -EOPNOTSUPP, HELD " has no network interface", "igb" },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "0" }, { "mac", "52:54:00" } } }, -EINVAL, "mac=52:54:00: six bytes", "52:54" },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "0" }, { "mac", "53:54:00:00:00:01" } } }, -EINVAL, "a group's address", "even" },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "0" }, { "vlan", "4095" } } }, -EINVAL, "vlan=4095: 1 to 4094", "0 for none" },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "0" }, { "rate", "100" } } }, -EINVAL, "rate=100: a network's rate", "100Mbit" },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "0" }, { "rate", "1500Kbit" } } }, -EINVAL, "rate=1500Kbit", "whole Mbit" },
		{ hotplug_vf_set, { { { "PF", "eth1" }, { "VF", "0" }, { "rate", "5000000Gbit" } } }, -EINVAL, "rate=5000000Gbit", "1Gbit" },
		/* all was right, but what the driver says of them comes from a live kernel */
		{ hotplug_vf_set, { { { "PF", PF }, { "VF", "41:10.2" }, { "mac", "52:54:00:00:00:01" }, { "rate", "1Gbit" } } }, -EOPNOTSUPP,
		  "functions of eth1 cannot be read: Operation not supported", "ip -d link show eth1" },
	};

	(void)state;
	build_refuses(&HERE, rows, ARRAY_SIZE(rows));
}

static void text_is(const struct step *s, const char *want)
{
	auto_free char *text = step_text(s, 1000);

	assert_string_equal(text, want);
}

#define NUMVFS(pf, n) "PCI device " pf ": write " n " to sriov_numvfs, "
#define GO "its virtual functions go"
#define COME "wait until its virtual functions are there"

static void plans_go_by_none(void **state)
{
	struct err err = {0};
	struct plan *p, *back;
	int rc;

	(void)state;
	p = build_try(&HERE, hotplug_sriov_set, &(struct build_args){ { { "PF", "eth1" }, { "vfs", "3" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_string_equal(p->device, PF);
	assert_int_equal(p->n_steps, 2);
	text_is(&p->steps[0], NUMVFS(PF, "0") GO);
	text_is(&p->steps[1], NUMVFS(PF, "3") COME);
	assert_false(plan_needs_guest(p));
	assert_string_equal(plan_lock_name(p), "host");
	/* killed while the first write was under way */
	p->status = PLAN_RUNNING;
	p->id = xstrdup("x");
	plan_abandon(p);
	assert_int_equal(p->status, PLAN_PARTIAL);
	assert_string_equal(p->left[0], PF " without the 2 virtual functions it had");
	back = plan_new("undo", NULL, NULL);
	assert_int_equal(plan_undo(p, back, &err), 0);
	assert_int_equal(back->n_steps, 1);
	text_is(&back->steps[0], NUMVFS(PF, "2") COME);
	plan_free(back);
	/* and after all of it */
	p->steps[0].status = p->steps[1].status = STEP_OK;
	p->status = PLAN_OK;
	back = plan_new("undo", NULL, NULL);
	assert_int_equal(plan_undo(p, back, &err), 0);
	assert_int_equal(back->n_steps, 2);
	text_is(&back->steps[0], NUMVFS(PF, "0") GO);
	text_is(&back->steps[1], NUMVFS(PF, "2") COME);
	plan_free(back);
	plan_free(p);
}

static void plans_of_one_step(void **state)
{
	struct err err = {0};
	struct plan *p;
	int rc;

	(void)state;
	p = build_try(&HERE, hotplug_sriov_set, &(struct build_args){ { { "PF", PF }, { "vfs", "2" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->status, PLAN_UNCHANGED);
	assert_int_equal(p->n_steps, 0);
	plan_free(p);
	p = build_try(&HERE, hotplug_sriov_set, &(struct build_args){ { { "PF", "46:00.0" }, { "vfs", "1" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_steps, 1);
	text_is(&p->steps[0], NUMVFS("0000:46:00.0", "1") COME);
	text_is(&p->steps[0].undo[0], NUMVFS("0000:46:00.0", "0") GO);
	assert_int_equal(p->n_warnings, 1);
	assert_non_null(strstr(p->warnings[0], "sriov_drivers_autoprobe of 0000:46:00.0 is 0"));
	plan_free(p);
	p = build_try(&HERE, hotplug_sriov_set, &(struct build_args){ { { "PF", USED }, { "vfs", "0" }, { "force", "on" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(p->n_steps, 1);
	assert_non_null(strstr(p->warnings[0], "0000:43:10.0: network interface eth5 is up"));
	plan_free(p);
}

static const struct host_vf was = { .vf = 3, .mac = "00:00:00:00:00:00", .spoofchk = true };
static const struct host_vf to = { .vf = 3, .mac = "52:54:00:00:00:01", .vlan = 7, .qos = 1, .stag = true, .rate_mbit = 100, .trust = true };

/* Each setting as a step, through the journal and back. */
static void settings_survive_the_journal(void **state)
{
	static const struct {
		const char *text, *undo;
	} rows[HOST_VF_KEYS] = {
		[HOST_VF_MAC] = { "mac 52:54:00:00:00:01", "mac 00:00:00:00:00:00" },
		[HOST_VF_VLAN] = { "vlan 7, priority 1, 802.1ad", "no vlan" },
		[HOST_VF_RATE] = { "rate 100Mbit", "no limit of its rate" },
		[HOST_VF_TRUST] = { "trust on", "trust off" },
		[HOST_VF_SPOOFCHK] = { "spoofchk off", "spoofchk on" },
	};
	struct plan *p = plan_new("vf set", NULL, NULL), *read = NULL;
	auto_json struct json_object *obj = NULL;
	struct err err = {0};
	int key;

	(void)state;
	for (key = 0; key < HOST_VF_KEYS; key++)
		plan_vf_set(p, "eth1", (enum host_vf_key)key, &to, &was);
	p->id = xstrdup("1");
	p->begun = xstrdup("x");
	obj = plan_json(p);
	if (plan_parse(obj, &read, &err))
		fail_msg("%s", err.text);
	assert_int_equal(read->n_steps, HOST_VF_KEYS);
	for (key = 0; key < HOST_VF_KEYS; key++) {
		auto_free char *text = xasprintf("interface eth1: %s for its virtual function 3", rows[key].text);
		auto_free char *undo = xasprintf("interface eth1: %s for its virtual function 3", rows[key].undo);

		text_is(&read->steps[key], text);
		assert_int_equal(read->steps[key].n_undo, 1);
		text_is(&read->steps[key].undo[0], undo);
		assert_non_null(strstr(read->steps[key].leaves, rows[key].text));
	}
	plan_free(read);
	plan_free(p);
}

/* Addresses, interfaces and numbers: nothing that becomes a path, nothing out of range. */
static void a_journal_sets_nothing_else(void **state)
{
#define SRIOV(what, number) "{\"op\":\"sriov\",\"what\":\"" what "\",\"number\":" number "}"
#define VF(what, args) "{\"op\":\"vf-set\",\"what\":\"" what "\",\"args\":{" args "}}"
	static const struct {
		const char *step;
		int rc;
	} rows[] = {
		{ SRIOV(PF, "2"), 0 }, { SRIOV(PF, "65535"), 0 }, { SRIOV(PF, "65536"), -EPERM }, { SRIOV("../" PF, "2"), -EPERM },
		{ SRIOV("41:00.0", "2"), -EPERM }, { SRIOV("eth1", "2"), -EPERM }, { SRIOV("", "2"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"trust\",\"trust\":true"), 0 },
		{ VF("../eth1", "\"vf\":0,\"set\":\"trust\",\"trust\":true"), -EPERM },
		{ VF("a b", "\"vf\":0,\"set\":\"trust\",\"trust\":true"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"trust\",\"trust\":1"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"trust\",\"spoofchk\":true"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"state\",\"state\":true"), -EPERM },
		{ VF("eth1", "\"vf\":65536,\"set\":\"trust\",\"trust\":true"), -EPERM },
		{ VF("eth1", "\"vf\":-1,\"set\":\"trust\",\"trust\":true"), -EPERM },
		{ VF("eth1", "\"set\":\"trust\",\"trust\":true"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"trust\":true"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"mac\",\"mac\":\"52:54:00:00:00:01\""), 0 },
		{ VF("eth1", "\"vf\":0,\"set\":\"mac\",\"mac\":\"x\""), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"mac\",\"mac\":7"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"vlan\",\"vlan\":4094,\"qos\":7,\"stag\":false"), 0 },
		{ VF("eth1", "\"vf\":0,\"set\":\"vlan\",\"vlan\":4095,\"qos\":7,\"stag\":false"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"vlan\",\"vlan\":1,\"qos\":8,\"stag\":false"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"vlan\",\"vlan\":1,\"qos\":1"), -EPERM },
		{ VF("eth1", "\"vf\":0,\"set\":\"rate\",\"rate\":4294967295"), 0 },
		{ VF("eth1", "\"vf\":0,\"set\":\"rate\",\"rate\":4294967296"), -EPERM },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf("{\"v\":1,\"id\":\"1\",\"begun\":\"x\",\"verb\":\"vf set\",\"status\":\"ok\",\"steps\":[%s]}",
						 rows[i].step);
		auto_json struct json_object *obj = NULL;
		struct plan *p = NULL;
		struct err err = {0};

		assert_int_equal(json_parse(text, strlen(text), &obj, &err), 0);
		if (plan_parse(obj, &p, &err) != rows[i].rc)
			fail_msg("row %zu: '%s'", i, err.text);
		plan_free(p);
	}
}

/* The kernel takes the number, and the third function never comes. */
static void what_does_not_come_is_taken_back(void **state)
{
	struct err err = {0};
	struct plan *p;
	char now[16];
	int rc;

	(void)state;
	p = build_try(&HERE, hotplug_sriov_set, &(struct build_args){ { { "PF", PF }, { "vfs", "3" } } }, NULL, &rc, &err);
	assert_int_equal(rc, 0);
	p->steps[1].at_least_ms = 2000;		/* a write of a few ms */
	rc = plan_run(p, &(struct plan_env){ .host = host, .interrupt_fd = -1, .timeout_ms = 2000 });
	assert_int_equal(rc, -ETIMEDOUT);
	assert_int_equal(p->status, PLAN_FAILED);
	assert_int_equal(p->n_left, 0);
	assert_non_null(strstr(p->err.text, PF " does not come to 3 virtual functions"));
	assert_true(host_read(host, now, sizeof(now), DEVICES PF "/sriov_numvfs") > 0);
	assert_int_equal(atoi(now), 2);
	plan_free(p);
}

static void forget(void)
{
	auto_free char *up = xasprintf("%s/..", dir);

	if (!chdir(up))
		tree_remove(dir);
}

/* In the process of each run, which stands in its own tree. */
static int host_starts(void)
{
	char *made;

	host_free(host);		/* they are those of the process we come from */
	free(dir);
	put_host();
	made = dir;
	dir = realpath(made, NULL);
	free(made);
	atexit(forget);
	return chdir(dir);
}

static char *numbers(const struct host *h)
{
	char one[16] = "", other[16] = "";

	host_read(h, one, sizeof(one), DEVICES PF "/sriov_numvfs");
	host_read(h, other, sizeof(other), DEVICES "0000:46:00.0/sriov_numvfs");
	return xasprintf("pci " PF "=%d\npci 0000:46:00.0=%d\n", atoi(one), atoi(other));
}

static void each_step_with_each_fault(void **state)
{
	static const struct fake_item nothing[] = { { 0 } };
	const struct fault_case cases[] = {
		{ .name = "sriov set", .build = hotplug_sriov_set, .args = { { "PF", PF }, { "vfs", "1" } }, .answers = nothing, .root = ".",
		  .setup = host_starts, .host_state = numbers, .host_want = "pci " PF "=1\npci 0000:46:00.0=0\n" },
		{ .name = "sriov set", .build = hotplug_sriov_set, .args = { { "PF", "46:00.0" }, { "vfs", "1" } }, .answers = nothing, .root = ".",
		  .setup = host_starts, .host_state = numbers, .host_want = "pci " PF "=2\npci 0000:46:00.0=1\n" },
		{ .name = "sriov set", .build = hotplug_sriov_set, .args = { { "PF", PF }, { "vfs", "0" } }, .answers = nothing, .root = ".",
		  .setup = host_starts, .host_state = numbers, .host_want = "pci " PF "=0\npci 0000:46:00.0=0\n" },
	};

	(void)state;
	assert_int_equal(fault_table_run(cases, ARRAY_SIZE(cases)), 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_has_its_words),
		cmocka_unit_test(plans_go_by_none),
		cmocka_unit_test(plans_of_one_step),
		cmocka_unit_test(settings_survive_the_journal),
		cmocka_unit_test(a_journal_sets_nothing_else),
		cmocka_unit_test(what_does_not_come_is_taken_back),
		cmocka_unit_test(each_step_with_each_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
