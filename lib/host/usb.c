// SPDX-License-Identifier: GPL-3.0-or-later
/* USB devices of the host. */
#include "usb.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define DEVICES "sys/bus/usb/devices"
#define CLASS_HID 3
#define CLASS_HUB 9
#define HID_KEYBOARD 1			/* bInterfaceProtocol of the boot interface */

void host_usb_free(struct host_usb *list, size_t n)
{
	while (n--) {
		free(list[n].name);
		free(list[n].use);
	}
	free(list);
}

static unsigned number(const struct host *h, const char *device, const char *name, int base)
{
	char buf[32];

	if (host_read(h, buf, sizeof(buf), DEVICES "/%s/%s", device, name) <= 0)
		return 0;
	return (unsigned)strtoul(buf, NULL, base);
}

static void text(const struct host *h, const char *device, const char *name, struct buf *out)
{
	char buf[256];

	if (host_read(h, buf, sizeof(buf), DEVICES "/%s/%s", device, name) <= 0)
		return;
	buf[strcspn(buf, "\n")] = '\0';
	if (*buf)
		buf_printf(out, "%s%s", out->len ? " " : "", buf);
}

static DIR *open_dir(const struct host *h, const char *path)
{
	int fd = host_openat(h, "%s", path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		mem_close_ptr(&fd);
	return dir;
}

/* Entries of a directory of /sys that lead to something below this USB device: sys/class/net/enx.., sys/block/sda. */
static bool is_below(const struct host *h, const char *dir, const char *entry, const char *port)
{
	auto_free char *mark = xasprintf("/%s/", port);
	char target[1024];

	return *entry != '.' && host_readlink(h, target, sizeof(target), "%s/%s", dir, entry) > 0 &&
	       strstr(target, mark);
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
	DIR *dir = open_dir(h, path);
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
	DIR *dir = open_dir(h, path);
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
static char *used_disk(const struct host *h, const char *port)
{
	enum { SIZE = 1 << 20 };
	auto_free char *mounts = xcalloc(1, SIZE), *swaps = xcalloc(1, SIZE);
	DIR *dir = open_dir(h, "sys/block");
	const struct dirent *d;
	char *use = NULL;

	if (host_read(h, mounts, SIZE, "proc/1/mountinfo") <= 0)
		host_read(h, mounts, SIZE, "proc/self/mountinfo");
	host_read(h, swaps, SIZE, "proc/swaps");
	while (!use && dir && (d = readdir(dir)))
		if (is_below(h, "sys/block", d->d_name, port) && disk_is_used(h, d->d_name, mounts, swaps))
			use = xasprintf("disk %s is mounted, or part of something that is", d->d_name);
	if (dir)
		closedir(dir);
	return use;
}

static char *used_net(const struct host *h, const char *port)
{
	DIR *dir = open_dir(h, "sys/class/net");
	const struct dirent *d;
	char *use = NULL, flags[32];

	while (!use && dir && (d = readdir(dir)))
		if (is_below(h, "sys/class/net", d->d_name, port) &&
		    host_read(h, flags, sizeof(flags), "sys/class/net/%s/flags", d->d_name) > 0 &&
		    strtoul(flags, NULL, 16) & IFF_UP)
			use = xasprintf("network interface %s is up", d->d_name);
	if (dir)
		closedir(dir);
	return use;
}

/* "1-2:1.0" of "1-2" */
static char *used_interface(const struct host *h, const char *interface)
{
	char target[512];
	const char *driver;

	if (host_readlink(h, target, sizeof(target), DEVICES "/%s/driver", interface) < 0)
		return NULL;
	driver = strrchr(target, '/');
	driver = driver ? driver + 1 : target;
	if (!strcmp(driver, "usbfs"))
		return xstrdup("another program has it, a guest perhaps");
	if (number(h, interface, "bInterfaceClass", 16) == CLASS_HID &&
	    number(h, interface, "bInterfaceProtocol", 16) == HID_KEYBOARD)
		return xstrdup("it is a keyboard of the host");
	return NULL;
}

static char *find_use(const struct host *h, const char *port)
{
	auto_free char *mark = xasprintf("%s:", port);
	DIR *dir = open_dir(h, DEVICES);
	const struct dirent *d;
	char *use = used_disk(h, port);

	if (!use)
		use = used_net(h, port);
	while (!use && dir && (d = readdir(dir)))
		if (str_has_prefix(d->d_name, mark))
			use = used_interface(h, d->d_name);
	if (dir)
		closedir(dir);
	return use;
}

static int by_port(const void *a, const void *b)
{
	return strverscmp(((const struct host_usb *)a)->port, ((const struct host_usb *)b)->port);
}

int host_usb_list(const struct host *h, struct host_usb **list, size_t *n)
{
	DIR *dir = open_dir(h, DEVICES);
	struct host_usb *found = NULL;
	const struct dirent *d;
	size_t count = 0;

	if (!dir)
		return -ENOENT;
	while ((d = readdir(dir))) {
		auto_buf struct buf name = {0};
		struct host_usb *u;

		/* "1-2"; interfaces have a colon, root hubs begin with "usb" */
		if (strspn(d->d_name, "0123456789-.") != strlen(d->d_name) || !strchr(d->d_name, '-') ||
		    strlen(d->d_name) >= sizeof(u->port))
			continue;
		u = vec_push(found, count);
		strcpy(u->port, d->d_name);
		u->bus = number(h, d->d_name, "busnum", 10);
		u->address = number(h, d->d_name, "devnum", 10);
		u->vendor = number(h, d->d_name, "idVendor", 16) & 0xffff;
		u->product = number(h, d->d_name, "idProduct", 16) & 0xffff;
		u->hub = number(h, d->d_name, "bDeviceClass", 16) == CLASS_HUB;
		text(h, d->d_name, "manufacturer", &name);
		text(h, d->d_name, "product", &name);
		u->name = name.len ? str_utf8(name.text, name.len, 255) : NULL;
		u->use = find_use(h, d->d_name);
	}
	closedir(dir);
	if (count)
		qsort(found, count, sizeof(*found), by_port);
	*list = found;
	*n = count;
	return 0;
}
