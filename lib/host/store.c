// SPDX-License-Identifier: GPL-3.0-or-later
/* File systems and block devices that images are stored in. */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "private.h"

#define SECTOR 512

/* Those that VM images are found on; linux/magic.h does not have the half of them. */
static void kind_name(unsigned long magic, char out[16])
{
	static const struct {
		unsigned long magic;
		const char *name;
	} kinds[] = {
		{ 0xef53, "ext4" }, { 0x58465342, "xfs" }, { 0x9123683e, "btrfs" }, { 0x6969, "nfs" }, { 0x01021994, "tmpfs" },
		{ 0x794c7630, "overlay" }, { 0x00c36400, "ceph" }, { 0x65735546, "fuse" }, { 0x2fc12fc1, "zfs" },
		{ 0x01161970, "gfs2" }, { 0x7461636f, "ocfs2" }, { 0x47504653, "gpfs" }, { 0xff534d42, "cifs" },
		{ 0xfe534d42, "smb" }, { 0x958458f6, "hugetlbfs" }, { 0x01021997, "9p" }, { 0xf2f52010, "f2fs" },
		{ 0x0bd00bd0, "lustre" }, { 0xca451a4e, "bcachefs" }, { 0x4d44, "vfat" }, { 0x858458f6, "ramfs" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].magic == (magic & 0xffffffff)) {
			strcpy(out, kinds[i].name);
			return;
		}
	}
	snprintf(out, 16, "0x%lx", magic & 0xffffffff);
}

int host_store_read(const char *path, struct host_store *out)
{
	struct host_store s = {0};
	struct statfs fs;
	struct stat st;
	auto_close int fd = file_hold(path, &st);

	if (fd < 0)
		return fd;
	if (S_ISBLK(st.st_mode)) {
		*out = (struct host_store){ .kind = "block", .device = true, .dev = st.st_rdev };
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (fstatfs(fd, &fs))
		return -errno;
	kind_name((unsigned long)fs.f_type, s.kind);
	if (__builtin_mul_overflow((uint64_t)fs.f_blocks, (uint64_t)fs.f_frsize, &s.total_bytes) ||
	    __builtin_mul_overflow((uint64_t)fs.f_bavail, (uint64_t)fs.f_frsize, &s.free_bytes))
		return -EOVERFLOW;
	s.has_free = true;
	s.file_bytes = (uint64_t)st.st_size;
	s.file_allocated_bytes = (uint64_t)st.st_blocks * SECTOR;
	*out = s;
	return 0;
}

/* "LVM-<32 of the group><32 of the volume>[-tpool]" */
static bool uuid_read(const struct host *h, const char *device, char *uuid, size_t size)
{
	return host_read(h, uuid, size, "sys/dev/block/%s/dm/uuid", device) > 0;
}

static uint64_t dev_parse(const char *text)
{
	unsigned maj, min;

	return sscanf(text, "%u:%u", &maj, &min) == 2 ? makedev(maj, min) : 0;
}

/* Of a thin volume the one device below it is the pool. */
static uint64_t pool_of(const struct host *h, const char *device)
{
	int fd = host_openat(h, "sys/dev/block/%s/slaves", device);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	uint64_t pool = 0;
	char text[256];

	if (!dir) {
		mem_close_ptr(&fd);
		return 0;
	}
	while (!pool && (d = readdir(dir))) {
		if (!host_name_is_plain(d->d_name) ||
		    host_read(h, text, sizeof(text), "sys/dev/block/%s/slaves/%s/dm/uuid", device, d->d_name) <= 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (strlen(text) > 6 && !strcmp(text + strlen(text) - 6, "-tpool") &&
		    host_read(h, text, sizeof(text), "sys/dev/block/%s/slaves/%s/dev", device, d->d_name) > 0)
			pool = dev_parse(text);
	}
	closedir(dir);
	return pool;
}

void host_store_device(const struct host *h, struct host_store *s)
{
	char device[32], text[256];
	const char *p = text;
	uint64_t sectors;

	snprintf(device, sizeof(device), "%u:%u", major(s->dev), minor(s->dev));
	if (host_read(h, text, sizeof(text), "sys/dev/block/%s/size", device) > 0 && host_u64_next(&p, &sectors) &&
	    sectors <= UINT64_MAX / SECTOR)
		s->total_bytes = sectors * SECTOR;
	if (!uuid_read(h, device, text, sizeof(text)))
		return;
	strcpy(s->kind, str_has_prefix(text, "LVM-") ? "lvm" : "dm");
	s->pool = pool_of(h, device);
	if (s->pool && !strcmp(s->kind, "lvm"))
		strcpy(s->kind, "lvm-thin");
}

bool host_thin_parse(const char *status, uint64_t *used, uint64_t *total)
{
	uint64_t number[5];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(number); i++) {
		if (i == 2 || i == 4) {
			if (*status++ != '/')
				return false;
		}
		if (!host_u64_next(&status, &number[i]))
			return false;
	}
	if (!number[4] || number[3] > number[4])
		return false;
	*used = number[3];
	*total = number[4];
	return true;
}

#define STATUS_BYTES 4096

int host_thin_read(uint64_t pool, uint64_t *total_bytes, uint64_t *free_bytes)
{
	auto_close int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	auto_free char *room = xcalloc(1, STATUS_BYTES + 1);
	struct dm_ioctl *io = (void *)room;
	struct dm_target_spec spec;
	uint64_t used, total, bytes;

	if (fd < 0)
		return -errno;
	*io = (struct dm_ioctl){
		.version = { DM_VERSION_MAJOR, 0, 0 }, .data_size = STATUS_BYTES, .data_start = sizeof(*io), .dev = pool,
		/* otherwise asking makes the pool commit its metadata */
		.flags = DM_NOFLUSH_FLAG,
	};
	if (ioctl(fd, DM_TABLE_STATUS, io))
		return -errno;
	if (io->target_count != 1 || io->data_start > STATUS_BYTES - sizeof(spec))
		return -EBADMSG;
	memcpy(&spec, room + io->data_start, sizeof(spec));
	if (strncmp(spec.target_type, "thin-pool", sizeof(spec.target_type)) ||
	    !host_thin_parse(room + io->data_start + sizeof(spec), &used, &total) ||
	    __builtin_mul_overflow(spec.length, (uint64_t)SECTOR, &bytes))
		return -EBADMSG;
	*total_bytes = bytes;
	*free_bytes = (uint64_t)((double)bytes * (double)(total - used) / (double)total);
	return 0;
}
