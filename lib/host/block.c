// SPDX-License-Identifier: GPL-3.0-or-later
/* Which block devices share sectors. */
#include "block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "private.h"

#define PARTITIONS_MAX 4096		/* of a disk; the kernel has 256 */

void blocks_done(struct blocks *b)
{
	while (b->n) {
		free(b->list[--b->n].name);
		free(b->list[b->n].path);
	}
	free(b->list);
	*b = (struct blocks){0};
}

bool block_number(const struct host *h, const char *path, uint64_t *dev)
{
	unsigned major, minor;
	char text[32];

	if (host_read(h, text, sizeof(text), "%s/dev", path) <= 0 || sscanf(text, "%u:%u", &major, &minor) != 2)
		return false;
	*dev = makedev(major, minor);
	return true;
}

/* Takes path over. */
static bool add(const struct host *h, const char *name, char *path, bool part, struct blocks *b)
{
	auto_free char *owned = path;
	struct block *one;
	uint64_t dev;
	size_t i;

	if (!host_name_is_plain(name) || !block_number(h, path, &dev))
		return false;
	for (i = 0; i < b->n; i++)
		if (b->list[i].dev == dev)
			return false;
	one = vec_push(b->list, b->n);
	*one = (struct block){ .name = xstrdup(name), .path = take_ptr(owned), .part = part, .dev = dev };
	return true;
}

void blocks_add_disk(const struct host *h, const char *name, struct blocks *b)
{
	auto_free char *path = xasprintf("sys/block/%s", name);
	const struct dirent *d;
	unsigned n = 0;
	DIR *dir;

	if (!add(h, name, xstrdup(path), false, b))
		return;
	dir = host_dir_open(h, path);
	while (dir && n < PARTITIONS_MAX && (d = readdir(dir)))
		if (str_has_prefix(d->d_name, name) && add(h, d->d_name, xasprintf("%s/%s", path, d->d_name), true, b))
			n++;
	if (dir)
		closedir(dir);
}

void blocks_add(const struct host *h, uint64_t dev, struct blocks *b)
{
	auto_free char *entry = xasprintf("sys/dev/block/%u:%u", major(dev), minor(dev));
	auto_free char *path = NULL;
	char target[1024], *name, *disk;

	if (host_readlink(h, target, sizeof(target), "%s", entry) <= 0 || !(name = strrchr(target, '/')))
		return;
	*name++ = '\0';
	if (host_number_read(h, "%s/partition", entry) == HOST_UNKNOWN) {
		blocks_add_disk(h, name, b);
		return;
	}
	disk = strrchr(target, '/');
	if (!disk)
		return;
	path = xasprintf("sys/block/%s", disk + 1);
	add(h, name, xasprintf("%s/%s", path, name), true, b);
	if (add(h, disk + 1, xstrdup(path), false, b))
		b->list[b->n - 1].above = true;
}

void blocks_add_related(const struct host *h, const struct host_file *file, struct blocks *b, struct host_file *lower)
{
	size_t own = b->n, i;
	struct host_file of;

	if (file)
		blocks_add_loops(h, file, b);
	for (i = 0; i < own; i++) {
		blocks_add_loops(h, &(struct host_file){ .device = true, .dev = b->list[i].dev }, b);
		if (!block_loop_file(h, &b->list[i], &of))
			continue;
		if (of.device)
			blocks_add(h, of.dev, b);
		else
			*lower = of;
		blocks_add_loops(h, &of, b);
	}
	for (i = own; i < b->n; i++)
		b->list[i].related = true;
}

char *block_says(const struct block *b, const char *what)
{
	return xasprintf("%s %s%s %s", b->part ? "partition" : "disk", b->name, b->related ? ", which has the same data," : "", what);
}
