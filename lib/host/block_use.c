// SPDX-License-Identifier: GPL-3.0-or-later
/* What the kernel does with a block device, as it tells by numbers and names. */
#include "block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "files.h"
#include "private.h"

#define NAMESPACES_MAX 1024
#define TARGETS_MAX 4096
#define MOUNTS_MAX (4u << 20)		/* bytes of mountinfo */

static const struct block *by_dev(const struct blocks *b, uint64_t dev)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->list[i].dev == dev)
			return &b->list[i];
	return NULL;
}

/* mountinfo: "36 35 98:0 /mnt1 /mnt2 rw,noatime ..": MAJOR:MINOR, the root in the file system, where it is mounted */
static char *find_mount(const char *mounts, const struct blocks *b, pid_t seen_by)
{
	const char *line;
	char head[512], point[256], by[64] = "";
	unsigned major, minor;

	if (seen_by)
		snprintf(by, sizeof(by), " (as process %d sees it)", (int)seen_by);
	for (line = mounts; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const struct block *found;

		/* sscanf measures what it is given: not the whole text for each line */
		snprintf(head, sizeof(head), "%.*s", (int)strcspn(line, "\n"), line);
		if (sscanf(head, "%*s %*s %u:%u %*s %255s", &major, &minor, point) != 3)
			continue;
		found = by_dev(b, makedev(major, minor));
		if (found) {
			auto_free char *what = xasprintf("is mounted on %s%s", str_clean(point), by);

			return block_says(found, what);
		}
	}
	return NULL;
}

/* The namespace's number, 0 where it is not told. */
static uint64_t namespace_of(const struct host *h, const char *pid)
{
	char link[64];
	unsigned long n;

	return host_readlink(h, link, sizeof(link), "proc/%s/ns/mnt", pid) > 0 && sscanf(link, "mnt:[%lu]", &n) == 1 ? n : 0;
}

static char *mount_of(const struct host *h, const struct blocks *b, const char *pid, bool other)
{
	auto_free char *mounts = xmalloc(MOUNTS_MAX);

	if (host_read(h, mounts, MOUNTS_MAX, "proc/%s/mountinfo", pid) <= 0)
		return NULL;
	return find_mount(mounts, b, other ? (pid_t)atoi(pid) : 0);
}

/* In our namespace, in that of the first process, and in any other there is. */
static char *mount_use(const struct host *h, const struct blocks *b)
{
	uint64_t seen[NAMESPACES_MAX] = { namespace_of(h, "self"), namespace_of(h, "1") };
	auto_close int proc = host_openat(h, "proc");
	auto_ids struct host_ids pids = {0};
	char *use = mount_of(h, b, "self", false);
	size_t n = 2, i, k;

	if (!use)
		use = mount_of(h, b, "1", false);
	if (use || proc < 0 || host_ids_read(proc, &pids))
		return use;
	for (i = 0; !use && i < pids.n && n < NAMESPACES_MAX; i++) {
		auto_free char *pid = xasprintf("%d", (int)pids.id[i]);
		uint64_t ns = namespace_of(h, pid);

		for (k = 0; k < n && seen[k] != ns; k++)
			;
		if (!ns || k < n)
			continue;
		seen[n++] = ns;
		use = mount_of(h, b, pid, true);
	}
	return use;
}

/* A path that leads to a device of these; of a recorded host "/dev/NAME". */
static const struct block *by_path(const struct host *h, const struct blocks *b, const char *path)
{
	struct host_file file;
	size_t i;

	if (path[0] != '/')
		return NULL;
	if (host_is_live(h))
		return host_file_of(path, &file) || !file.device ? NULL : by_dev(b, file.dev);
	for (i = 0; i < b->n; i++)
		if (str_has_prefix(path, "/dev/") && !strcmp(path + strlen("/dev/"), b->list[i].name))
			return &b->list[i];
	return NULL;
}

/* /proc/swaps: "/dev/sda2   partition  1000 0 -2" */
static char *swap_use(const struct host *h, const struct blocks *b)
{
	auto_buf struct buf swaps = {0};
	const char *line;
	char path[512];

	if (host_read_all(h, "proc/swaps", &swaps) || !swaps.text)
		return NULL;
	for (line = swaps.text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const struct block *found;

		snprintf(path, sizeof(path), "%.*s", (int)strcspn(line, " \t\n"), line);
		found = by_path(h, b, path);
		/* what it is called now may be another: the kernel has swap space for itself */
		if (found && block_is_claimed(h, found))
			return block_says(found, "is swap space");
	}
	return NULL;
}

/* sys/fs/btrfs/UUID/devices/NAME: its members are mounted under a number of their own. */
static char *btrfs_use(const struct host *h, const struct blocks *b)
{
	DIR *dir = host_dir_open(h, "sys/fs/btrfs");
	const struct dirent *d;
	char *use = NULL;
	size_t i;

	while (!use && dir && (d = readdir(dir))) {
		for (i = 0; !use && d->d_name[0] != '.' && i < b->n; i++) {
			auto_close int fd = host_openat(h, "sys/fs/btrfs/%s/devices/%s", d->d_name, b->list[i].name);
			auto_free char *what = fd < 0 ? NULL : xasprintf("is a device of the btrfs file system %s", d->d_name);

			use = what ? block_says(&b->list[i], what) : NULL;
		}
	}
	if (dir)
		closedir(dir);
	return use;
}

/* "the logical volume vg-data (dm-3)" */
static char *holder_words(const struct host *h, const char *holder)
{
	static const struct {
		const char *prefix, *words;
	} kinds[] = {
		{ "LVM-", "logical volume" }, { "CRYPT-", "encrypted volume" }, { "mpath-", "multipath map" },
		{ "part", "partition (kpartx)" }, { "DMRAID-", "firmware RAID" },
	};
	const char *words = "device mapper's";
	char uuid[160], name[160];
	size_t i;

	if (str_has_prefix(holder, "md"))
		return xasprintf("md array %s", holder);
	if (!str_has_prefix(holder, "dm-"))
		return xasprintf("%s", holder);
	host_line_read(h, uuid, sizeof(uuid), "sys/block/%s/dm/uuid", holder);
	host_line_read(h, name, sizeof(name), "sys/block/%s/dm/name", holder);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_has_prefix(uuid, kinds[i].prefix))
			words = kinds[i].words;
	return xasprintf("%s %s (%s)", words, *name ? name : holder, holder);
}

static char *holder_use(const struct host *h, const struct block *b)
{
	auto_free char *path = xasprintf("%s/holders", b->path), *cache = xasprintf("%s/bcache", b->path);
	DIR *dir = host_dir_open(h, path);
	auto_close int fd = host_openat(h, "%s", cache);
	const struct dirent *d;
	char *use = NULL;

	while (!use && dir && (d = readdir(dir))) {
		auto_free char *holder = d->d_name[0] == '.' ? NULL : holder_words(h, d->d_name);
		auto_free char *what = holder ? xasprintf("is part of the %s", holder) : NULL;

		use = what ? block_says(b, what) : NULL;
	}
	if (dir)
		closedir(dir);
	return use || fd < 0 ? use : block_says(b, "is a device of bcache");
}

/* Of a loop device itself it is known: what it is made of has the same data. */
static char *loop_use(const struct host *h, const struct block *b)
{
	const struct host_file file = { .device = true, .dev = b->dev };
	auto_blocks struct blocks loops = {0};
	auto_free char *what = NULL;

	if (b->related)
		return NULL;
	blocks_add_loops(h, &file, &loops);
	what = loops.n ? xasprintf("is what %s is made of", loops.list[0].name) : NULL;
	return what ? block_says(b, what) : NULL;
}

/* LIO has for each device that it gives out core/KIND_N/NAME with its path, nvmet subsystems/NQN/namespaces/N. */
static const struct block *given_out(const struct host *h, const struct blocks *b, const char *dir, const char *name)
{
	static const char *const files[] = { "udev_path", "device_path" };
	char path[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		host_line_read(h, path, sizeof(path), "%s/%s/%s", dir, name, files[i]);
		if (*path)
			return by_path(h, b, path);
	}
	return NULL;
}

static char *target_use(const struct host *h, const struct blocks *b, const char *top, const char *below, const char *what)
{
	DIR *outer = host_dir_open(h, top), *inner;
	const struct dirent *d, *e;
	unsigned seen = 0;
	char *use = NULL;

	while (!use && outer && (d = readdir(outer))) {
		auto_free char *path = d->d_name[0] == '.' ? NULL : xasprintf("%s/%s%s", top, d->d_name, below);

		inner = path ? host_dir_open(h, path) : NULL;
		while (!use && inner && seen++ < TARGETS_MAX && (e = readdir(inner))) {
			const struct block *found = e->d_name[0] == '.' ? NULL : given_out(h, b, path, e->d_name);
			auto_free char *words = found ? xasprintf("is given out by %s %s/%s", what, d->d_name, e->d_name) : NULL;

			use = words ? block_says(found, words) : NULL;
		}
		if (inner)
			closedir(inner);
	}
	if (outer)
		closedir(outer);
	return use ? str_clean(use) : NULL;
}

char *blocks_kernel_use(const struct host *h, const struct blocks *b)
{
	char *use = mount_use(h, b);
	size_t i;

	if (!use)
		use = swap_use(h, b);
	if (!use)
		use = btrfs_use(h, b);
	for (i = 0; !use && i < b->n; i++)
		use = holder_use(h, &b->list[i]);
	for (i = 0; !use && i < b->n; i++)
		use = loop_use(h, &b->list[i]);
	if (!use)
		use = target_use(h, b, "sys/kernel/config/target/core", "", "the iSCSI target's");
	if (!use)
		use = target_use(h, b, "sys/kernel/config/nvmet/subsystems", "/namespaces", "the NVMe target's");
	return use;
}
