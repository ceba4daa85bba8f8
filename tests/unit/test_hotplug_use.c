// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Each kind of use of a block device of a recorded host, against each verb that gives devices away: refused by name, taken
 * with force=on; a disk that is only read is taken with a warning, where QEMU would open it at all. The disk sda is a stick,
 * 1-1, on a controller of PCI, 0000:00:14.0. Its number is one of those for local use: no driver has it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "build_rules.h"
#include "host_tree.h"
#include "hotplug/hotplug.h"

#define PCI "sys/bus/pci/devices/0000:00:14.0"
#define USB "sys/bus/usb/devices/1-1"
#define SDA "sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host0/block/sda"
#define MAJOR "240"

static char *dir;

static void put_process(const char *pid, const char *cmdline, size_t len, const char *comm, const char *flags, const char *locks)
{
	auto_free char *name = xasprintf("proc/%s/cmdline", pid);

	tree_put(dir, name, cmdline, len);
	tree_puts(dir, comm, "proc/%s/comm", pid);
	tree_puts(dir, "Name:\tx\nUid:\t0\t0\t0\t0\n", "proc/%s/status", pid);
	tree_puts(dir, "77 (x) S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		  "proc/%s/stat", pid);
	tree_puts(dir, "pos:\t0\nflags:\t", "proc/%s/fdinfo/9", pid);
	{
		auto_free char *text = xasprintf("pos:\t0\nflags:\t%s\nmnt_id:\t9\n%s", flags, locks);

		tree_puts(dir, text, "proc/%s/fdinfo/9", pid);
	}
}

#define LOCK(byte) "lock:\t1: OFDLCK ADVISORY  READ -1 00:05:9 " byte " " byte "\n"
static const char other_guest[] = "qemu-system-x86_64\0-name\0other";

static void put_guest(const char *fd)
{
	put_process("77", other_guest, sizeof(other_guest), "qemu-system-x86\n", "0100002", LOCK("101") LOCK("201"));
	tree_link(dir, fd, "proc/77/fd/9");
}

static void put_dm(const char *name, const char *uuid)
{
	tree_puts(dir, name, "sys/block/dm-3/dm/name");
	tree_puts(dir, uuid, "sys/block/dm-3/dm/uuid");
}

static void make_mounted(void) { tree_puts(dir, "36 22 " MAJOR ":64 / /srv/a\\040b rw - ext4 /dev/root rw\n", "proc/1/mountinfo"); }
static void make_namespace(void)
{
	tree_puts(dir, "36 22 0:20 / /proc rw - proc proc rw\n", "proc/1/mountinfo");
	tree_link(dir, "mnt:[1]", "proc/1/ns/mnt");
	tree_puts(dir, "36 22 " MAJOR ":64 / /data rw - ext4 /dev/other rw\n", "proc/55/mountinfo");
	tree_link(dir, "mnt:[2]", "proc/55/ns/mnt");
}
static void make_swap(void) { tree_puts(dir, "Filename Type Size\n/dev/sda                partition 1 0 -2\n", "proc/swaps"); }
static void make_lvm(void) { put_dm("vg-data\n", "LVM-abc\n"); tree_puts(dir, "", SDA "/holders/dm-3"); }
static void make_crypt(void) { put_dm("secret\n", "CRYPT-LUKS2-abc\n"); tree_puts(dir, "", SDA "/holders/dm-3"); }
static void make_thin(void) { put_dm("tdata\n", "mine\n"); tree_puts(dir, "", SDA "/holders/dm-3"); }
static void make_multipath(void) { put_dm("mpatha\n", "mpath-3600\n"); tree_puts(dir, "", SDA "/holders/dm-3"); }
static void make_md(void) { tree_puts(dir, "", SDA "/holders/md127"); }
static void make_btrfs(void) { tree_puts(dir, "", "sys/fs/btrfs/d1d2/devices/sda/size"); }
static void make_partition(void) { tree_puts(dir, "36 22 " MAJOR ":65 / /boot rw - ext4 /dev/root rw\n", "proc/1/mountinfo"); }
static void make_bcache(void) { tree_puts(dir, "", SDA "/holders/bcache0"); }
static void make_cache(void) { tree_puts(dir, "", SDA "/bcache/block_size"); }
static void make_guest(void) { put_guest("/dev/sda"); }
static void make_guest_of_part(void) { put_guest("/dev/sda1"); }
static void make_nbd(void)
{
	static const char line[] = "nbd-server\0-C\0/etc/nbd";

	put_process("88", line, sizeof(line), "nbd-server\n", "0100002", "");
	tree_link(dir, "/dev/sda", "proc/88/fd/9");
}
static void make_iscsi(void) { tree_puts(dir, "/dev/sda\n", "sys/kernel/config/target/core/iblock_0/disk1/udev_path"); }
static void make_nvmet(void)
{
	tree_puts(dir, "/dev/sda\n", "sys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1/device_path");
}
static void make_loop(void)
{
	tree_puts(dir, "7:3\n", "sys/block/loop3/dev");
	tree_puts(dir, "/dev/sda\n", "sys/block/loop3/loop/backing_file");
}
static void make_loop_mounted(void)
{
	make_loop();
	tree_puts(dir, "36 22 7:3 / /iso rw - ext4 /dev/loop3 rw\n", "proc/1/mountinfo");
}

/* Signatures, as they are written. */
static void put_disk(size_t at, const void *data, size_t len)
{
	auto_free char *disk = xcalloc(1, at + len), *path = xasprintf("%s/dev/sda", dir);

	memcpy(disk + at, data, len);
	tree_put(dir, "dev/sda", disk, at + len);
	assert_int_equal(truncate(path, 64 << 20), 0);		/* ZFS is not looked for on less */
}

static uint32_t lvm_sum(const unsigned char *p, size_t len)
{
	uint32_t sum = 0xf597a6cf;

	while (len--) {
		int i;

		sum ^= *p++;
		for (i = 0; i < 8; i++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return sum;
}

static void make_lvm_label(void)
{
	unsigned char label[512] = "LABELONE";
	uint64_t sector = htole64(1);
	uint32_t offset = htole32(32), sum;

	memcpy(label + 8, &sector, 8);
	memcpy(label + 20, &offset, 4);
	memcpy(label + 24, "LVM2 001", 8);
	memcpy(label + 32, "abcdefabcdefabcdefabcdefabcdefab", 32);
	sum = htole32(lvm_sum(label + 20, sizeof(label) - 20));
	memcpy(label + 16, &sum, 4);
	put_disk(512, label, sizeof(label));
}

static void make_md_superblock(void)
{
	uint32_t head[2] = { htole32(0xa92b4efc), htole32(1) };
	unsigned char sb[512] = {0};
	uint64_t at = htole64(8);		/* sectors: version 1.2 is 4 KiB from the beginning */

	memcpy(sb, head, sizeof(head));
	memcpy(sb + 144, &at, 8);
	put_disk(4096, sb, sizeof(sb));
}

static void make_zfs_label(void)
{
	unsigned char uberblocks[128 << 10] = {0};
	uint64_t block[2] = { htole64(0x00bab10c), htole64(28) };
	size_t i;

	for (i = 0; i < sizeof(uberblocks); i += 1024)
		memcpy(uberblocks + i, block, sizeof(block));
	put_disk(128 << 10, uberblocks, sizeof(uberblocks));
}

static void make_reader(void)
{
	static const char line[] = "smartd";

	put_process("88", line, sizeof(line), "smartd\n", "0100000", "");
	tree_link(dir, "/dev/sda", "proc/88/fd/9");
}
static void make_holder(void)
{
	make_nbd();
	tree_puts(dir, "flags:\t010000002\n", "proc/88/fdinfo/9");	/* O_PATH: held, not opened */
}
static void make_ext4(void)
{
	unsigned char sb[1024] = {0};

	sb[0x38] = 0x53;
	sb[0x39] = 0xef;
	put_disk(1024, sb, sizeof(sb));
}
static void make_neighbour(void)
{
	tree_puts(dir, "36 22 " MAJOR ":6 / / rw - ext4 /dev/sdb rw\n", "proc/1/mountinfo");
	tree_puts(dir, "Filename Type Size\n/dev/sdaa               partition 1 0 -2\n", "proc/swaps");
}

static const struct row {
	const char *name;
	void (*make)(void);
	const char *use;		/* NULL: it is not in use */
	bool locked;			/* also for who only reads */
} rows[] = {
	{ "mounted", make_mounted, "disk sda is mounted on /srv/a\\040b" },
	{ "mounted elsewhere", make_namespace, "disk sda is mounted on /data (as process 55 sees it)" },
	{ "swap", make_swap, "disk sda is swap space" },
	{ "LVM", make_lvm, "disk sda is part of the logical volume vg-data (dm-3)" },
	{ "LVM, not active", make_lvm_label, "disk sda is a physical volume of LVM, though not of an active one" },
	{ "md", make_md, "disk sda is part of the md array md127" },
	{ "md, not running", make_md_superblock, "disk sda is a member of an md array" },
	{ "crypt", make_crypt, "disk sda is part of the encrypted volume secret (dm-3)" },
	{ "device mapper", make_thin, "disk sda is part of the device mapper's tdata (dm-3)" },
	{ "multipath", make_multipath, "disk sda is part of the multipath map mpatha (dm-3)" },
	{ "btrfs", make_btrfs, "disk sda is a device of the btrfs file system d1d2" },
	{ "ZFS", make_zfs_label, "disk sda is a member of a ZFS pool" },
	{ "partition", make_partition, "partition sda1 is mounted on /boot" },
	{ "bcache, backing", make_bcache, "disk sda is part of the bcache0" },
	{ "bcache, cache", make_cache, "disk sda is a device of bcache" },
	{ "guest", make_guest, "disk sda is open for writing in guest other (process 77)", true },
	{ "guest, a partition", make_guest_of_part, "partition sda1 is open for writing in guest other (process 77)", true },
	{ "NBD server", make_nbd, "disk sda is open for writing in process 88 (nbd-server)" },
	{ "iSCSI target", make_iscsi, "disk sda is given out by the iSCSI target's iblock_0/disk1" },
	{ "NVMe target", make_nvmet, "disk sda is given out by the NVMe target's nqn.x/1" },
	{ "loop", make_loop, "disk sda is what loop3 is made of" },
	{ "loop, mounted", make_loop_mounted, "disk loop3, which has the same data, is mounted on /iso" },
	{ "a reader", make_reader, NULL },
	{ "a holder", make_holder, NULL },
	{ "a file system that is not mounted", make_ext4, NULL },
	{ "a neighbour", make_neighbour, NULL },
};

static void put_host(void)
{
	dir = tree_new();
	tree_puts(dir, "", "proc/uptime");
	tree_puts(dir, "MemTotal: 8000000 kB\nMemAvailable: 8000000 kB\n", "proc/meminfo");
	tree_puts(dir, "0x0c0330\n", PCI "/class");
	tree_puts(dir, "(null)\n", PCI "/driver_override");
	tree_link(dir, "../../../kernel/iommu_groups/5", PCI "/iommu_group");
	tree_link(dir, "../../drivers/xhci_hcd", PCI "/driver");
	tree_puts(dir, "", "sys/bus/pci/drivers/vfio-pci/unbind");
	tree_puts(dir, "1\n", USB "/busnum");
	tree_puts(dir, "2\n", USB "/devnum");
	tree_puts(dir, "1234\n", USB "/idVendor");
	tree_puts(dir, "0001\n", USB "/idProduct");
	tree_puts(dir, "00\n", USB "/bDeviceClass");
	tree_puts(dir, MAJOR ":64\n", SDA "/dev");
	tree_puts(dir, MAJOR ":65\n", SDA "/sda1/dev");
	tree_puts(dir, "1\n", SDA "/sda1/partition");
	tree_link(dir, "../" "devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host0/block/sda", "sys/block/sda");
	tree_link(dir, "../../devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host0/block/sda", "sys/dev/block/" MAJOR ":64");
	tree_link(dir, "../../devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host0/block/sda/sda1", "sys/dev/block/" MAJOR ":65");
}

static const struct fake_item guest[] = {
	{ .expect = "query-migrate", .any = true, .reply = "{}" },
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" },
	{ .expect = "query-named-block-nodes", .any = true, .reply = "[]" },
	{ .expect = "query-memory-devices", .any = true, .reply = "[]" },
	{ .expect = "query-memory-size-summary", .any = true, .reply = "{\"base-memory\":268435456,\"plugged-memory\":0}" },
	{ .expect = "device-list-properties", .any = true, .reply = "[]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<pcie-root-port>\"},{\"name\":\"xhci\",\"type\":\"child<qemu-xhci>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/rp1\"}",
	  .reply = "[{\"name\":\"rp1\",\"type\":\"child<PCIE>\"}]" },
	{ .expect = "qom-list", .any = true, .args = "{\"path\":\"/machine/peripheral/xhci\"}",
	  .reply = "[{\"name\":\"xhci.0\",\"type\":\"child<usb-bus>\"}]" },
	{ .expect = "qom-list", .any = true, .reply = "[]" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"memory\"}", .reply = "{\"size\":268435456}" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug\"}", .reply = "true" },
	{ .expect = "qom-get", .any = true, .args = "{\"property\":\"hotplug-handler\"}", .error = "GenericError: no pci.0" },
	{ .expect = "qom-get", .any = true, .error = "GenericError: Property not found" },
	{ 0 }
};

static bool is_warned(const struct plan *p, const char *words)
{
	size_t i;

	for (i = 0; i < p->n_warnings; i++)
		if (strstr(p->warnings[i], words))
			return true;
	return false;
}

/* What becomes of one verb with one option more: refused, or taken with a warning or without. */
static void try_one(const struct row *row, const char *verb, struct host *host, build_fn *fn, const struct build_args *args, bool refused)
{
	struct err err = {0};
	struct plan *p;
	int rc;

	p = build_try(&(struct build_place){ .guest = guest, .host = host, .dir = dir }, fn, args, NULL, &rc, &err);
	if (refused != (rc == -EBUSY) || (rc && rc != -EBUSY))
		fail_msg("%s, %s %s: %d %s", row->name, verb, args->pairs[2][0] ? args->pairs[2][0] : "", rc, err.text);
	if (refused && (!strstr(err.text, row->use) || !strstr(err.text, "force=on")))
		fail_msg("%s, %s: %s", row->name, verb, err.text);
	if (!rc && row->use && !is_warned(p, row->use))
		fail_msg("%s, %s %s: no warning", row->name, verb, args->pairs[2][0]);
	assert_int_equal(p->n_steps > 0, !refused);
	plan_free(p);
}

static void try_row(const struct row *row, bool has_node)
{
	static const struct {
		const char *name;
		build_fn *fn;
		const char *pairs[2][2];
	} verbs[] = {
		{ "disk add", hotplug_disk_add, { { "file", "%D/node" }, { "format", "raw" } } },
		{ "vfio add", hotplug_vfio_add, { { "host", "00:14.0" }, { "id", "d" } } },
		{ "usb add", hotplug_usb_add, { { "host", "1-1" }, { "id", "d" } } },
	};
	struct host *host;
	size_t i;

	put_host();
	row->make();
	host = tree_host(dir);
	for (i = has_node ? 0 : 1; i < ARRAY_SIZE(verbs); i++) {
		struct build_args args = {0};

		memcpy(args.pairs, verbs[i].pairs, sizeof(verbs[i].pairs));
		if (!i) {
			auto_free char *node = xasprintf("%s/node", dir);

			assert_int_equal(mknod(node, S_IFBLK | 0600, makedev(240, 64)), 0);
		}
		try_one(row, verbs[i].name, host, verbs[i].fn, &args, row->use);
		args.pairs[2][0] = "force";
		args.pairs[2][1] = "on";
		try_one(row, verbs[i].name, host, verbs[i].fn, &args, false);
		args.pairs[2][0] = "readonly";
		if (!i)
			try_one(row, verbs[i].name, host, verbs[i].fn, &args, row->locked);
	}
	host_free(host);
	tree_remove(dir);
}

/* Only root makes device nodes, and not in all containers. */
static bool can_make_nodes(void)
{
	char *root = tree_new();
	auto_free char *node = xasprintf("%s/node", root);
	bool can = !mknod(node, S_IFBLK | 0600, makedev(240, 64));

	tree_remove(root);
	return can;
}

static void each_use_is_refused_by_name(void **state)
{
	bool has_node = can_make_nodes();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		try_row(&rows[i], has_node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_use_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
