// SPDX-License-Identifier: GPL-3.0-or-later
/* The host's network interfaces out of sysfs, where rtnetlink is not to be had: less is told there. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "links.h"
#include "private.h"
#include "rtnl.h"

#define NET "sys/class/net"

static int number(const struct host *h, const char *name, const char *file)
{
	char buf[32];
	const char *p = buf;
	uint64_t n;

	if (host_read(h, buf, sizeof(buf), NET "/%s/%s", name, file) <= 0 || !host_u64_next(&p, &n) || n > INT_MAX)
		return 0;
	return (int)n;
}

static const char *state(const struct host *h, const char *name)
{
	char buf[32] = "", flags[32] = "";

	host_read(h, flags, sizeof(flags), NET "/%s/flags", name);
	if (!(strtoul(flags, NULL, 16) & 1))		/* IFF_UP */
		return "down";
	/* of one that is down it cannot be read */
	if (host_read(h, buf, sizeof(buf), NET "/%s/carrier", name) > 0 && *buf == '0')
		return "no-carrier";
	return "up";
}

static void read_one(const struct host *h, const char *name, struct host_link *l)
{
	char link[256];
	const char *base;

	strcpy(l->name, name);
	l->index = number(h, name, "ifindex");
	l->lower = number(h, name, "iflink");
	if (l->lower == l->index)
		l->lower = 0;
	l->mtu = (unsigned)number(h, name, "mtu");
	l->state = state(h, name);
	if (host_read(h, link, sizeof(link), NET "/%s/bridge/vlan_filtering", name) > 0) {
		strcpy(l->kind, "bridge");
		l->filters_vlans = *link == '1';
	}
	if (host_readlink(h, link, sizeof(link), NET "/%s/master", name) < 0)
		return;
	base = strrchr(link, '/');
	base = base ? base + 1 : link;
	if (host_name_is_plain(base))
		l->master = number(h, base, "ifindex");
}

int links_of_sysfs(const struct host *h, struct host_link **list, size_t *n)
{
	int fd = host_openat(h, NET);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		mem_close_ptr(&fd);
		return fd < 0 ? fd : -errno;
	}
	while ((d = readdir(dir)))
		if (host_name_is_plain(d->d_name) && strlen(d->d_name) < sizeof((*list)->name))
			read_one(h, d->d_name, vec_push(*list, *n));
	closedir(dir);
	return 0;
}
