// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: KVM's counters out of debugfs and of statistics descriptors, and rtnetlink's qdiscs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"
#include "netlink_lies.h"
#include "lib/host/private.h"

#define DEBUGFS "sys/kernel/debug/kvm"

static const struct host_kvm_stat *stat_of(const struct host_kvm_stat *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

static void put_counter(const char *root, const char *name, const char *value, mode_t mode)
{
	auto_free char *path = xasprintf("%s/" DEBUGFS "/50-11/%s", root, name);

	tree_puts(root, "0\n", DEBUGFS "/%s", name);
	tree_puts(root, value, DEBUGFS "/50-11/%s", name);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_debugfs(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_kvm *k = host_kvm_new(h, 50, 7);
	const struct host_kvm_stat *list;
	const struct host_kvm_vcpu *vcpus;
	size_t n;

	(void)state;
	assert_int_equal(host_kvm_vm_read(k, &list, &n), -ENOENT);
	tree_puts(root, "1\n", DEBUGFS "/5-3/exits");
	assert_int_equal(host_kvm_vm_read(k, &list, &n), -ENOENT);
	put_counter(root, "exits", "1234\n", 0644);
	put_counter(root, "pages_4k", "7\n", 0444);
	put_counter(root, "max_mmu_rmap_size", "8\n", 0644);
	put_counter(root, "halt_wait_hist", "9\n", 0644);
	put_counter(root, "Odd-name", "9\n", 0644);
	put_counter(root, "nonsense", "x\n", 0644);
	put_counter(root, "too_large", "99999999999999999999999\n", 0644);
	put_counter(root, "io_exits", "18446744073709551614\n", 0644);
	tree_puts(root, "1\n", DEBUGFS "/not_of_this_vm");
	tree_puts(root, "1\n", DEBUGFS "/50-11/mmu_rmaps_stat");
	tree_puts(root, "1\n", DEBUGFS "/50-11/vcpu0/pid");
	assert_int_equal(host_kvm_vm_read(k, &list, &n), 0);
	assert_int_equal(n, 4);
	assert_int_equal(stat_of(list, n, "exits")->value, 1234);
	assert_true(stat_of(list, n, "exits")->count);
	assert_false(stat_of(list, n, "pages_4k")->count);
	assert_false(stat_of(list, n, "max_mmu_rmap_size")->count);
	assert_true(stat_of(list, n, "io_exits")->value == UINT64_MAX - 1);
	tree_puts(root, "1300\n", DEBUGFS "/50-11/exits");
	assert_int_equal(host_kvm_vm_read(k, &list, &n), 0);
	assert_int_equal(stat_of(list, n, "exits")->value, 1300);
	/* a recorded host has nobody to take descriptors from */
	assert_int_equal(host_kvm_vcpus_read(k, 0, &vcpus, &n), -ENOTSUP);
	host_kvm_free(k);
	host_kvm_free(NULL);

	tree_puts(root, "", "proc/50/fd/0");
	assert_false(host_kvm_has_vm(h, 50));
	assert_false(host_kvm_has_vm(h, 51));
	{
		auto_free char *link = xasprintf("%s/proc/50/fd/9", root);

		assert_int_equal(symlink("anon_inode:kvm-vm", link), 0);
	}
	assert_true(host_kvm_has_vm(h, 50));
	host_free(h);
	tree_remove(root);
}

/* The file a statistics descriptor reads as: header, id, descriptors, data. */
#define NAME_SIZE 24

struct desc {
	uint32_t flags;
	int16_t exponent;
	uint16_t size;
	uint32_t offset, bucket_size;
	char name[NAME_SIZE];
};

struct blob {
	uint32_t flags, name_size, num_desc, id_offset, desc_offset, data_offset;
	char id[24];
	struct desc descs[6];
	uint64_t data[16];
};

static struct blob blob(void)
{
	struct blob b = {
		.name_size = NAME_SIZE, .num_desc = 6, .id_offset = offsetof(struct blob, id),
		.desc_offset = offsetof(struct blob, descs), .data_offset = offsetof(struct blob, data),
		.descs = {
			{ .size = 1, .offset = 8, .name = "exits" },
			{ .flags = 1, .size = 1, .offset = 0, .name = "guest_mode" },		/* instant */
			{ .flags = 4, .size = 4, .offset = 32, .name = "halt_wait_hist" },	/* log2 histogram */
			{ .flags = 2 << 8 | 2, .size = 1, .offset = 16, .name = "a_peak" },
			{ .flags = 2 << 4, .exponent = -9, .size = 1, .offset = 24, .name = "halt_poll_fail_ns" },
			{ .size = 1, .offset = 40, .name = "Not a name\n" },
		},
		.data = { 1, 77, 5, 900 },
	};

	return b;
}

static int put_blob(const void *data, size_t len)
{
	int fd = memfd_create("stats", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	return fd;
}

static void test_binary(void **state)
{
	struct host_kvm_binary bin;
	struct blob b = blob();
	int fd = put_blob(&b, sizeof(b));
	uint64_t next = 78;

	(void)state;
	assert_int_equal(host_kvm_binary_open(fd, &bin), 0);
	assert_int_equal(bin.n, 4);
	assert_int_equal(host_kvm_binary_read(fd, &bin), 0);
	assert_int_equal(stat_of(bin.stats, bin.n, "exits")->value, 77);
	assert_true(stat_of(bin.stats, bin.n, "exits")->count);
	assert_int_equal(stat_of(bin.stats, bin.n, "guest_mode")->value, 1);
	assert_false(stat_of(bin.stats, bin.n, "guest_mode")->count);
	assert_false(stat_of(bin.stats, bin.n, "a_peak")->count);
	assert_int_equal(stat_of(bin.stats, bin.n, "halt_poll_fail_ns")->value, 900);
	assert_int_equal(pwrite(fd, &next, 8, offsetof(struct blob, data) + 8), 8);
	assert_int_equal(host_kvm_binary_read(fd, &bin), 0);
	assert_int_equal(stat_of(bin.stats, bin.n, "exits")->value, 78);
	assert_int_equal(ftruncate(fd, offsetof(struct blob, data) + 8), 0);
	assert_int_equal(host_kvm_binary_read(fd, &bin), -EBADMSG);
	host_kvm_binary_done(&bin);
	close(fd);
}

static void refused(const struct blob *b, size_t len)
{
	struct host_kvm_binary bin;
	int fd = put_blob(b, len);

	assert_true(host_kvm_binary_open(fd, &bin) < 0);
	close(fd);
}

static void test_hostile_binary(void **state)
{
	struct blob good = blob(), b;
	struct host_kvm_binary bin;
	size_t len, i;
	int fd;

	(void)state;
	for (len = 0; len < offsetof(struct blob, data); len += 7)
		refused(&good, len);
	b = good, b.name_size = 0, refused(&b, sizeof(b));
	b = good, b.name_size = UINT32_MAX, refused(&b, sizeof(b));
	b = good, b.num_desc = 0, refused(&b, sizeof(b));
	b = good, b.num_desc = UINT32_MAX, refused(&b, sizeof(b));
	b = good, b.desc_offset = UINT32_MAX, refused(&b, sizeof(b));
	b = good;
	for (i = 0; i < 6; i++)
		b.descs[i].offset = UINT32_MAX - 7;
	refused(&b, sizeof(b));
	b = good;
	for (i = 0; i < 6; i++)
		memset(b.descs[i].name, 'x', NAME_SIZE);	/* no end */
	refused(&b, sizeof(b));
	b = good;
	b.data_offset = UINT32_MAX;
	fd = put_blob(&b, sizeof(b));
	assert_int_equal(host_kvm_binary_open(fd, &bin), 0);
	assert_int_equal(host_kvm_binary_read(fd, &bin), -EBADMSG);
	host_kvm_binary_done(&bin);
	close(fd);
}

/* Messages of rtnetlink, put together as the kernel does. */
struct message {
	_Alignas(8) char bytes[1024];
	size_t len;
};

static struct rtattr *attr(struct message *m, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (void *)(m->bytes + m->len);

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	m->len += RTA_SPACE(len);
	return a;
}

static void begin(struct message *m, unsigned short type, int ifindex, uint32_t parent)
{
	struct nlmsghdr *head = (void *)m->bytes;
	struct tcmsg *tc = NLMSG_DATA(head);

	memset(m, 0, sizeof(*m));
	head->nlmsg_type = type;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = parent;
	m->len = NLMSG_SPACE(sizeof(*tc));
}

static void end_nest(struct message *m, struct rtattr *a)
{
	a->rta_len = (unsigned short)(m->bytes + m->len - (char *)a);
}

static void finish(struct message *m)
{
	((struct nlmsghdr *)(void *)m->bytes)->nlmsg_len = (uint32_t)m->len;
}

static void put_tbf(struct message *m, uint32_t rate, uint64_t rate64)
{
	struct tc_tbf_qopt tbf = { .rate.rate = rate };
	struct gnet_stats_queue stats = { .overlimits = 42 };
	struct rtattr *nest;

	begin(m, RTM_NEWQDISC, 5, TC_H_ROOT);
	attr(m, TCA_KIND, "tbf", 4);
	nest = attr(m, TCA_OPTIONS, "", 0);
	attr(m, TCA_TBF_PARMS, &tbf, sizeof(tbf));
	if (rate64)
		attr(m, TCA_TBF_RATE64, &rate64, sizeof(rate64));
	end_nest(m, nest);
	nest = attr(m, TCA_STATS2, "", 0);
	attr(m, TCA_STATS_QUEUE, &stats, sizeof(stats));
	end_nest(m, nest);
	finish(m);
}

static void put_class(struct message *m, uint32_t parent, uint32_t ceil)
{
	struct tc_htb_opt htb = { .ceil.rate = ceil };
	struct rtattr *nest;

	begin(m, RTM_NEWTCLASS, 5, parent);
	attr(m, TCA_KIND, "htb", 4);
	nest = attr(m, TCA_OPTIONS, "", 0);
	attr(m, TCA_HTB_PARMS, &htb, sizeof(htb));
	end_nest(m, nest);
	finish(m);
}

static void test_qdiscs(void **state)
{
	struct host_dump d = { .ceil_bits = NAN };
	struct message m;
	struct nlmsghdr done = { .nlmsg_len = sizeof(done), .nlmsg_type = NLMSG_DONE };

	(void)state;
	put_tbf(&m, 1250000, 0);
	assert_int_equal(host_dump_take(&d, m.bytes, m.len), 0);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.list[0].kind, "tbf");
	assert_true(d.list[0].rate_bits == 1e7);
	assert_int_equal(d.list[0].overlimits, 42);
	assert_int_equal(d.list[0].ifindex, 5);
	put_tbf(&m, UINT32_MAX, 1ull << 40);
	host_dump_take(&d, m.bytes, m.len);
	assert_true(d.list[1].rate_bits == 8.0 * (double)(1ull << 40));
	/* below another qdisc; of a kind without a rate */
	put_tbf(&m, 1, 0);
	((struct tcmsg *)NLMSG_DATA((struct nlmsghdr *)(void *)m.bytes))->tcm_parent = 0x10001;
	host_dump_take(&d, m.bytes, m.len);
	begin(&m, RTM_NEWQDISC, 5, TC_H_ROOT);
	attr(&m, TCA_KIND, "fq_codel", 9);
	finish(&m);
	host_dump_take(&d, m.bytes, m.len);
	assert_int_equal(d.n, 2);
	begin(&m, RTM_NEWQDISC, 6, TC_H_ROOT);
	attr(&m, TCA_KIND, "htb", 4);
	finish(&m);
	host_dump_take(&d, m.bytes, m.len);
	assert_true(d.n == 3 && isnan(d.list[2].rate_bits));
	put_class(&m, TC_H_ROOT, 1000);
	host_dump_take(&d, m.bytes, m.len);
	put_class(&m, TC_H_ROOT, 2000);
	host_dump_take(&d, m.bytes, m.len);
	put_class(&m, 0x10001, 9000);
	host_dump_take(&d, m.bytes, m.len);
	assert_true(d.ceil_bits == 16000);
	assert_int_equal(host_dump_take(&d, (const char *)&done, sizeof(done)), 1);
	free(d.list);
}

static void read_qdiscs(const void *data, size_t len)
{
	struct host_dump d = { .ceil_bits = NAN };

	host_dump_take(&d, data, len);
	assert_true(d.n <= 1);
	free(d.list);
}

static void test_hostile_qdiscs(void **state)
{
	struct message m;

	(void)state;
	put_tbf(&m, 1250000, 1);
	netlink_lies(m.bytes, m.len, NLMSG_SPACE(sizeof(struct tcmsg)), 0, read_qdiscs);
	put_class(&m, TC_H_ROOT, 1000);
	netlink_lies(m.bytes, m.len, NLMSG_SPACE(sizeof(struct tcmsg)), 0, read_qdiscs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debugfs),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_hostile_binary),
		cmocka_unit_test(test_qdiscs),
		cmocka_unit_test(test_hostile_qdiscs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
