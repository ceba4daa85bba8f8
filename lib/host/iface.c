// SPDX-License-Identifier: GPL-3.0-or-later
/* What sysfs says of a network interface. */
#include "iface.h"

#include <dirent.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netdevice.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net.h"
#include "private.h"

#define NET "sys/class/net"

bool host_iface_name_ok(const char *name)
{
	return strlen(name) < IFNAMSIZ && host_name_is_plain(name) && !strpbrk(name, " \t\n\v\f\r:");
}

static uint64_t number(const struct host *h, const char *name, const char *file, int base, uint64_t otherwise)
{
	char buf[32], *end;
	uint64_t n;

	if (host_read(h, buf, sizeof(buf), NET "/%s/%s", name, file) <= 0)
		return otherwise;
	errno = 0;
	n = strtoull(buf, &end, base);
	return errno || end == buf ? otherwise : n;
}

static bool exists(const struct host *h, const char *name, const char *what)
{
	auto_close int fd = host_openat(h, NET "/%s/%s", name, what);

	return fd >= 0;
}

static void read_mac(const struct host *h, const char *name, char mac[18])
{
	char buf[64];

	*mac = '\0';
	if (host_read(h, buf, sizeof(buf), NET "/%s/address", name) <= 0)
		return;
	buf[strcspn(buf, "\n")] = '\0';
	if (strlen(buf) == 17)
		strcpy(mac, buf);
}

int host_net_master(const struct host *h, const char *name, char master[16])
{
	char link[256];
	const char *base;
	ssize_t len;

	if (!host_iface_name_ok(name))
		return -EINVAL;
	len = host_readlink(h, link, sizeof(link), NET "/%s/master", name);
	if (len < 0)
		return (int)len;
	base = strrchr(link, '/');
	base = base ? base + 1 : link;
	if (strlen(base) >= 16)
		return -ENOENT;
	strcpy(master, base);
	return 0;
}

static unsigned count_ports(const struct host *h, const char *name)
{
	int fd = host_openat(h, NET "/%s/brif", name);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	unsigned n = 0;

	if (!dir) {
		mem_close_ptr(&fd);
		return 0;
	}
	while ((d = readdir(dir)))
		n += *d->d_name != '.';
	closedir(dir);
	return n;
}

static void read_bridge(const struct host *h, const char *name, struct host_iface *out)
{
	out->bridge = exists(h, name, "bridge");
	if (!out->bridge)
		return;
	out->filters_vlans = number(h, name, "bridge/vlan_filtering", 10, 0) == 1;
	out->n_ports = count_ports(h, name);
}

bool host_bridge_would_take(const struct host_iface *bridge, const char *mac)
{
	if (!bridge->bridge || bridge->mac_is_set || !*bridge->mac || !strcmp(bridge->mac, "00:00:00:00:00:00"))
		return false;
	return !bridge->n_ports || strcasecmp(mac, bridge->mac) < 0;
}

bool host_bridge_would_lose(const struct host_iface *bridge, const struct host_iface *port)
{
	return bridge->bridge && !bridge->mac_is_set && bridge->n_ports > 1 && *port->mac && !strcasecmp(bridge->mac, port->mac);
}

int host_iface_read(const struct host *h, const char *name, struct host_iface *out)
{
	uint64_t tun;

	if (!host_iface_name_ok(name))
		return -EINVAL;
	if (!exists(h, name, ""))
		return -ENODEV;
	*out = (struct host_iface){0};
	strcpy(out->name, name);
	read_mac(h, name, out->mac);
	if (host_net_master(h, name, out->master))
		*out->master = '\0';
	out->index = (unsigned)number(h, name, "ifindex", 10, 0);
	out->up = number(h, name, "flags", 16, 0) & IFF_UP;
	out->carrier = number(h, name, "carrier", 10, 0) == 1;
	out->mtu = (unsigned)number(h, name, "mtu", 10, 0);
	out->mac_is_set = number(h, name, "addr_assign_type", 10, 0) == NET_ADDR_SET;
	read_bridge(h, name, out);
	tun = number(h, name, "tun_flags", 16, 0);
	out->tap = tun & IFF_TAP;
	out->multi_queue = tun & IFF_MULTI_QUEUE;
	out->macvtap = exists(h, name, "macvtap");
	return 0;
}

int host_iface_find_mac(const struct host *h, const char *mac, char name[16])
{
	int fd = host_openat(h, NET), rc = -ENOENT;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	char found[18];

	if (!dir) {
		mem_close_ptr(&fd);
		return -ENOENT;
	}
	while (rc && (d = readdir(dir))) {
		if (!host_iface_name_ok(d->d_name))
			continue;
		read_mac(h, d->d_name, found);
		if (!address_mac_is(found, mac))
			continue;
		strcpy(name, d->d_name);
		rc = 0;
	}
	closedir(dir);
	return rc;
}

int host_iface_free_name(const struct host *h, const char *prefix, char name[16])
{
	unsigned number;

	for (number = 0; number < 100000; number++) {
		if (snprintf(name, IFNAMSIZ, "%s%u", prefix, number) >= IFNAMSIZ)
			break;
		if (!exists(h, name, ""))
			return 0;
	}
	return -ENOSPC;
}
