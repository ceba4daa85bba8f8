// SPDX-License-Identifier: GPL-3.0-or-later
/* What a block device tells when it is opened. */
#include "block.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define LOOPS_MAX 4096u

/* The node of its name, if that is the device; of a recorded host a file with its beginning. Descriptor or negative errno. */
static int look_into(const struct host *h, const struct block *b, int flags)
{
	auto_free char *node = xasprintf("/dev/%s", b->name);
	auto_close int held = -1;
	struct stat st;
	char link[32], *p;
	int fd;

	if (!host_is_live(h))
		return host_openat(h, "%s", node + 1);
	for (p = node; (p = strchr(p, '!')); )		/* "cciss!c0d0" */
		*p = '/';
	held = file_hold(node, &st);
	if (held < 0)
		return held;
	if (!S_ISBLK(st.st_mode) || st.st_rdev != b->dev)
		return -ENODEV;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", held);
	/* without O_NONBLOCK a drive waits for its medium */
	fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

int block_is_claimed(const struct host *h, const struct block *b)
{
	auto_close int fd = -1;

	if (!host_is_live(h))
		return -1;
	/* the kernel asks as it does for a mount: whole disks and partitions, too */
	fd = look_into(h, b, O_EXCL);
	return fd >= 0 ? 0 : fd == -EBUSY ? 1 : -1;
}

static char *member_words(const char *type, const char *usage)
{
	static const struct {
		const char *type, *words;
	} kinds[] = {
		{ "LVM2_member", "is a physical volume of LVM" }, { "LVM1_member", "is a physical volume of LVM" },
		{ "linux_raid_member", "is a member of an md array" }, { "zfs_member", "is a member of a ZFS pool" },
		{ "bcache", "is a device of bcache" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].type, type))
			return xstrdup(kinds[i].words);
	return usage && !strcmp(usage, "raid") ? xasprintf("is a member of a RAID (%s)", type) : NULL;
}

char *block_signature(const struct host *h, const struct block *b)
{
	auto_close int fd = look_into(h, b, 0);
	blkid_probe probe = fd < 0 ? NULL : blkid_new_probe();
	const char *type, *usage;
	char *words = NULL;

	if (!probe)
		return NULL;
	if (!blkid_probe_set_device(probe, fd, 0, 0)) {
		blkid_probe_enable_superblocks(probe, 1);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
		/* each that there is: an old file system may be left beside it */
		while (!words && !blkid_do_probe(probe))
			if (!blkid_probe_lookup_value(probe, "TYPE", &type, NULL))
				words = member_words(type, blkid_probe_lookup_value(probe, "USAGE", &usage, NULL) ? NULL : usage);
	}
	blkid_free_probe(probe);
	return words;
}

/* Of a recorded host a path, and only that of a block device. */
static bool recorded_file(const struct host *h, const struct block *b, struct host_file *file)
{
	auto_free char *sys = NULL;
	char path[512];

	host_line_read(h, path, sizeof(path), "%s/loop/backing_file", b->path);
	if (!str_has_prefix(path, "/dev/"))
		return false;
	sys = xasprintf("sys/block/%s", path + strlen("/dev/"));
	*file = (struct host_file){ .device = true };
	return block_number(h, sys, &file->dev);
}

bool block_loop_file(const struct host *h, const struct block *b, struct host_file *file)
{
	struct loop_info64 info;
	auto_close int fd = -1;

	if (!str_has_prefix(b->name, "loop") || b->part)
		return false;
	if (!host_is_live(h))
		return recorded_file(h, b, file);
	fd = look_into(h, b, 0);
	if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info))
		return false;
	*file = info.lo_rdevice ? (struct host_file){ .device = true, .dev = info.lo_rdevice } :
		(struct host_file){ .dev = info.lo_device, .ino = info.lo_inode };
	return true;
}

void blocks_add_loops(const struct host *h, const struct host_file *file, struct blocks *b)
{
	DIR *dir = host_dir_open(h, "sys/block");
	const struct dirent *d;
	unsigned seen = 0;

	while (dir && seen < LOOPS_MAX && (d = readdir(dir))) {
		auto_free char *name = xstrdup(d->d_name), *path = xasprintf("sys/block/%s", name);
		struct block loop = { .name = name, .path = path };
		struct host_file of;

		if (!str_has_prefix(name, "loop"))
			continue;
		seen++;
		if (block_number(h, path, &loop.dev) && block_loop_file(h, &loop, &of) && host_file_is(&of, file))
			blocks_add_disk(h, name, b);
	}
	if (dir)
		closedir(dir);
}
