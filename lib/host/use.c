// SPDX-License-Identifier: GPL-3.0-or-later
/* What the host itself needs a device for: what is mounted from it, what is reached through it. */
#include "use.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* An entry of a directory of /sys leads to something below this device: sys/class/net/enx.., sys/block/sda. */
static bool is_below(const struct host *h, const char *dir, const char *entry, const char *device)
{
	auto_free char *mark = xasprintf("/%s/", device);
	char target[1024];

	return *entry != '.' && host_readlink(h, target, sizeof(target), "%s/%s", dir, entry) > 0 &&
	       strstr(target, mark);
}

/* A disk of an NVMe subsystem is below none of the controllers that lead to it; the subsystem has links to them. */
static bool is_subsystem_of(const struct host *h, const char *disk, const char *device)
{
	char target[1024], *at, *end;
	auto_free char *subsystem = NULL;
	DIR *dir = NULL;
	const struct dirent *d;
	bool found = false;

	if (host_readlink(h, target, sizeof(target), "sys/block/%s", disk) <= 0 || !(at = strstr(target, "/nvme-subsystem/")))
		return false;
	at += strlen("/nvme-subsystem/");
	end = strchr(at, '/');
	if (!end)
		return false;
	subsystem = xasprintf("sys/devices/virtual/nvme-subsystem/%.*s", (int)(end - at), at);
	dir = host_dir_open(h, subsystem);
	while (!found && dir && (d = readdir(dir)))
		found = is_below(h, subsystem, d->d_name, device);
	if (dir)
		closedir(dir);
	return found;
}

/* mountinfo: "36 35 98:0 /mnt1 /mnt2 rw,noatime ..", MAJOR:MINOR is the third word */
static bool is_mounted(const char *mounts, const char *dev)
{
	const char *line = mounts;
	char third[32];

	while (line && *line) {
		if (sscanf(line, "%*s %*s %31s", third) == 1 && !strcmp(third, dev))
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

static bool has_entries(const struct host *h, const char *path)
{
	DIR *dir = host_dir_open(h, path);
	const struct dirent *d;
	bool found = false;

	while (dir && (d = readdir(dir)))
		found |= d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

/* A disk or a partition of it, at a path of /sys. */
static bool block_is_used(const struct host *h, const char *path, const char *name, const char *mounts,
			  const char *swaps)
{
	auto_free char *holders = xasprintf("%s/holders", path), *swap = xasprintf("/dev/%s ", name);
	char dev[32];

	if (host_read(h, dev, sizeof(dev), "%s/dev", path) <= 0)
		return false;
	dev[strcspn(dev, "\n")] = '\0';
	return is_mounted(mounts, dev) || strstr(swaps, swap) || has_entries(h, holders);
}

static bool disk_is_used(const struct host *h, const char *disk, const char *mounts, const char *swaps)
{
	auto_free char *path = xasprintf("sys/block/%s", disk);
	DIR *dir = host_dir_open(h, path);
	const struct dirent *d;
	bool used = block_is_used(h, path, disk, mounts, swaps);

	while (!used && dir && (d = readdir(dir))) {
		auto_free char *part = xasprintf("%s/%s", path, d->d_name);

		used = str_has_prefix(d->d_name, disk) && block_is_used(h, part, d->d_name, mounts, swaps);
	}
	if (dir)
		closedir(dir);
	return used;
}

/* Mounts of the first process: those of the host, wherever we are. */
static char *used_disk(const struct host *h, const char *device)
{
	enum { SIZE = 1 << 20 };
	auto_free char *mounts = xcalloc(1, SIZE), *swaps = xcalloc(1, SIZE);
	DIR *dir = host_dir_open(h, "sys/block");
	const struct dirent *d;
	char *use = NULL;

	if (host_read(h, mounts, SIZE, "proc/1/mountinfo") <= 0)
		host_read(h, mounts, SIZE, "proc/self/mountinfo");
	host_read(h, swaps, SIZE, "proc/swaps");
	while (!use && dir && (d = readdir(dir)))
		if ((is_below(h, "sys/block", d->d_name, device) || is_subsystem_of(h, d->d_name, device)) &&
		    disk_is_used(h, d->d_name, mounts, swaps))
			use = xasprintf("disk %s is mounted, or part of something that is", d->d_name);
	if (dir)
		closedir(dir);
	return use;
}

/* /proc/net/route: "eth0 00000000 .." */
static bool has_default_route(const struct host *h, const char *name)
{
	enum { SIZE = 1 << 16 };
	auto_free char *routes = xcalloc(1, SIZE), *mark = xasprintf("\n%s\t00000000\t", name);

	return host_read(h, routes, SIZE, "proc/net/route") > 0 && strstr(routes, mark);
}

static char *used_net(const struct host *h, const char *device)
{
	DIR *dir = host_dir_open(h, "sys/class/net");
	const struct dirent *d;
	char *use = NULL, flags[32];

	while (!use && dir && (d = readdir(dir)))
		if (is_below(h, "sys/class/net", d->d_name, device) &&
		    host_read(h, flags, sizeof(flags), "sys/class/net/%s/flags", d->d_name) > 0 &&
		    strtoul(flags, NULL, 16) & IFF_UP)
			use = xasprintf("network interface %s is up%s", d->d_name, has_default_route(h, d->d_name) ?
					" and has the default route" : "");
	if (dir)
		closedir(dir);
	return use;
}

char *host_use_of(const struct host *h, const char *device)
{
	char *use = used_disk(h, device);

	return use ? use : used_net(h, device);
}
