// SPDX-License-Identifier: GPL-3.0-or-later
/* What the host needs a device or a file for: what is mounted from it, who has it open, what is reached through it. */
#include "use.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "opened.h"
#include "private.h"

#define OPENERS_MS 3000

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

/* All that /sys has below it: the disks of a controller, whatever bus is between. */
static void disks_below(const struct host *h, const char *device, struct blocks *b)
{
	DIR *dir = host_dir_open(h, "sys/block");
	const struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (is_below(h, "sys/block", d->d_name, device) || is_subsystem_of(h, d->d_name, device))
			blocks_add_disk(h, d->d_name, b);
	if (dir)
		closedir(dir);
}

/* QEMU's locks tell what it does and lets others do; another program's descriptor tells what it may do. */
static bool is_in_the_way(const struct host_opener *o, bool write)
{
	if (!o->pid)
		return false;
	if (o->locked && !o->lets_write)
		return write || o->writes;
	return o->writes;
}

static void opener_use(const struct host *h, const struct host_file *file, const struct host_file *lower, const struct blocks *b,
		       bool write, struct host_use *out)
{
	auto_free struct host_file *files = xcalloc(b->n + 2, sizeof(*files));
	auto_free char **names = xcalloc(b->n + 2, sizeof(*names));
	struct host_opener opener;
	const char *what;
	size_t i, n = b->n;

	for (i = 0; i < b->n; i++) {
		files[i] = (struct host_file){ .device = true, .dev = b->list[i].dev };
		names[i] = b->list[i].name;
	}
	if (file)
		files[n++] = *file;
	if (lower->ino)
		files[n++] = *lower;
	host_openers_read(h, files, names, n, OPENERS_MS, &opener);
	out->blind = opener.blind;
	if (!is_in_the_way(&opener, write))
		return;
	what = opener.writes ? "is open for writing" : "is open, and locked against writing,";
	out->text = opener.which < b->n ? block_says(&b->list[opener.which], what) :
		xasprintf("%s %s", file && opener.which == b->n ? "it" : "the file that it is made of", what);
	out->pid = opener.pid;
	out->locked = opener.locked;
	memcpy(out->comm, opener.comm, sizeof(out->comm));
}

/* A device that is claimed by a user without a name; one that belonged to an array or pool, and may again. */
static char *claim_use(const struct host *h, const struct blocks *b)
{
	size_t i;

	/* partitions before their disk, which is claimed with them */
	for (i = b->n; i--; ) {
		const struct block *one = &b->list[i];
		int claimed = one->above ? 0 : block_is_claimed(h, one);
		/* what is written on a partition is its user's matter, a guest's perhaps, as long as the host does not use it */
		bool own = !one->related && !one->above && (!i || !one->part);
		auto_free char *signature = claimed == 1 || own ? block_signature(h, one) : NULL, *what = NULL;

		if (claimed == 1)
			what = xasprintf("is claimed by the kernel or a program: %s", signature ? signature :
					 "a mount that cannot be seen from here, a RAID, a target");
		else if (own && signature)
			what = xasprintf("%s, though not of an active one", signature);
		if (what)
			return block_says(one, what);
	}
	return NULL;
}

/* file: it is all about, NULL: about the blocks. */
static void find_use(const struct host *h, const struct host_file *file, struct blocks *b, bool write,
		     struct host_use *out)
{
	struct host_file lower = {0};

	blocks_add_related(h, file, b, &lower);
	out->text = blocks_kernel_use(h, b);
	if (!out->text)
		opener_use(h, file, &lower, b, write, out);
	if (!out->text)
		out->text = claim_use(h, b);
}

void host_file_use(const struct host *h, const struct host_file *file, bool write, struct host_use *out)
{
	auto_blocks struct blocks b = {0};

	*out = (struct host_use){0};
	if (file->device)
		blocks_add(h, file->dev, &b);
	find_use(h, file, &b, write, out);
}

/* /proc/net/route: "eth0 00000000 .."; /proc/net/ipv6_route: 32 zeros, "00", .., and the interface last */
static bool has_default_route(const struct host *h, const char *name)
{
	enum { SIZE = 1 << 16 };
	auto_free char *routes = xcalloc(1, SIZE), *mark = xasprintf("\n%s\t00000000\t", name);
	const char *line;
	char head[256], dest[33], iface[32];

	if (host_read(h, routes, SIZE, "proc/net/route") > 0 && strstr(routes, mark))
		return true;
	*routes = '\0';
	host_read(h, routes, SIZE, "proc/net/ipv6_route");
	for (line = routes; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		snprintf(head, sizeof(head), "%.*s", (int)strcspn(line, "\n"), line);
		if (sscanf(head, "%32s %*s %*s %*s %*s %*s %*s %*s %*s %31s", dest, iface) == 2 && !strcmp(iface, name) &&
		    strspn(dest, "0") == 32 && str_has_prefix(head + 32, " 00 "))
			return true;
	}
	return false;
}

static char *net_use(const struct host *h, const char *name)
{
	char flags[32], master[64];

	host_link_name(h, master, sizeof(master), "sys/class/net/%s/master", name);
	if (*master)
		return xasprintf("network interface %s is a port of %s", name, master);
	if (host_read(h, flags, sizeof(flags), "sys/class/net/%s/flags", name) <= 0 || !(strtoul(flags, NULL, 16) & IFF_UP))
		return NULL;
	return xasprintf("network interface %s is up%s", name, has_default_route(h, name) ? " and has the default route" : "");
}

static char *used_net(const struct host *h, const char *device)
{
	DIR *dir = host_dir_open(h, "sys/class/net");
	const struct dirent *d;
	char *use = NULL;

	while (!use && dir && (d = readdir(dir)))
		if (is_below(h, "sys/class/net", d->d_name, device))
			use = net_use(h, d->d_name);
	if (dir)
		closedir(dir);
	return use;
}

void host_device_use(const struct host *h, const char *device, struct host_use *out)
{
	auto_blocks struct blocks b = {0};

	*out = (struct host_use){0};
	disks_below(h, device, &b);
	if (b.n)
		find_use(h, NULL, &b, true, out);
	if (!out->text)
		out->text = used_net(h, device);
}
