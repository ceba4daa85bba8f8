// SPDX-License-Identifier: GPL-3.0-or-later
/* Taps behind a process's descriptors, and interface counters from sysfs. */
#include "net.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

static void netif_add(struct host_netif **list, size_t *n, const char *name, bool macvtap)
{
	struct host_netif *nif;
	size_t i;

	if (strlen(name) >= sizeof(nif->name) || !host_name_is_plain(name))
		return;
	for (i = 0; i < *n; i++) {
		if (!strcmp((*list)[i].name, name))
			return;
	}
	nif = vec_push(*list, *n);
	strcpy(nif->name, name);
	nif->macvtap = macvtap;
}

/*
 * "iff:\t<name>" of a tun descriptor; one that is not attached to an interface yet has an empty
 * name.
 */
static void tap_add(const struct host *h, pid_t pid, int fd, struct host_netif **list, size_t *n)
{
	char buf[1024], *name;

	if (host_read(h, buf, sizeof(buf), "proc/%d/fdinfo/%d", pid, fd) < 0)
		return;
	name = strstr(buf, "\niff:\t");
	if (!name)
		return;
	name += strlen("\niff:\t");
	name[strcspn(name, "\n")] = '\0';
	netif_add(list, n, name, false);
}

/* /dev/tapN: N is the interface's index. */
static void macvtap_add(const struct host *h, uint64_t index, struct host_netif **list, size_t *n)
{
	int fd = host_openat(h, "sys/class/net");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	const char *p;
	uint64_t found;
	char buf[32];

	if (!dir) {
		mem_close_ptr(&fd);
		return;
	}
	while ((d = readdir(dir))) {
		if (!host_name_is_plain(d->d_name) ||
		    host_read(h, buf, sizeof(buf), "sys/class/net/%s/ifindex", d->d_name) < 0)
			continue;
		p = buf;
		if (host_u64_next(&p, &found) && found == index) {
			netif_add(list, n, d->d_name, true);
			break;
		}
	}
	closedir(dir);
}

static void fd_look(const struct host *h, pid_t pid, int fd, struct host_netif **list, size_t *n)
{
	const char *p;
	char link[64];
	uint64_t index;

	/* longer ones are cut and are none of the two */
	if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, fd) < 0)
		return;
	if (!strcmp(link, "/dev/net/tun")) {
		tap_add(h, pid, fd, list, n);
	} else if (str_has_prefix(link, "/dev/tap")) {
		p = link + strlen("/dev/tap");
		if (host_u64_next(&p, &index) && !*p)
			macvtap_add(h, index, list, n);
	}
}

/*
 * sysfs shows our network namespace: an interface of the same name there would be somebody else's.
 */
static bool is_other_net_ns(const struct host *h, pid_t pid)
{
	char theirs[64], ours[64];

	if (host_readlink(h, theirs, sizeof(theirs), "proc/%d/ns/net", pid) < 0)
		return false;
	if (host_readlink(h, ours, sizeof(ours), "proc/self/ns/net") < 0)
		return false;
	return strcmp(theirs, ours);
}

int host_netifs_read(const struct host *h, pid_t pid, struct host_netif **list, size_t *n)
{
	auto_close int dir = host_openat(h, "proc/%d/fd", pid);
	auto_ids struct host_ids fds = {0};
	struct host_netif *found = NULL;
	size_t count = 0, i;
	int r = dir < 0 ? dir : host_ids_read(dir, &fds);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	if (!is_other_net_ns(h, pid)) {
		for (i = 0; i < fds.n; i++)
			fd_look(h, pid, fds.id[i], &found, &count);
	}
	*list = found;
	*n = count;
	return 0;
}

int host_netif_of_fd(const struct host *h, pid_t pid, int fd, struct host_netif *out)
{
	auto_free struct host_netif *found = NULL;
	size_t n = 0;

	if (!is_other_net_ns(h, pid))
		fd_look(h, pid, fd, &found, &n);
	if (!n)
		return -ENOENT;
	*out = found[0];
	return 0;
}

static int counter_read(int dir, const char *name, uint64_t *out)
{
	auto_close int fd = host_open_in(dir, name);
	const char *p;
	char buf[32];
	ssize_t len;

	if (fd < 0)
		return fd;
	len = host_pread(fd, buf, sizeof(buf));
	if (len < 0)
		return (int)len;
	p = buf;
	return host_u64_next(&p, out) ? 0 : -EBADMSG;
}

int host_net_read(const struct host *h, const struct host_netif *nif, struct host_net_counters *out)
{
	struct host_net_counters c = {0};
	const struct {
		const char *name;
		uint64_t *value;
	} files[] = {
		{ "rx_bytes", nif->macvtap ? &c.rx_bytes : &c.tx_bytes },
		{ "tx_bytes", nif->macvtap ? &c.tx_bytes : &c.rx_bytes },
		{ "rx_packets", nif->macvtap ? &c.rx_packets : &c.tx_packets },
		{ "tx_packets", nif->macvtap ? &c.tx_packets : &c.rx_packets },
		{ "rx_dropped", nif->macvtap ? &c.rx_drops : &c.tx_drops },
		{ "tx_dropped", nif->macvtap ? &c.tx_drops : &c.rx_drops },
	};
	auto_close int dir = -1;
	size_t i;
	int r;

	if (strnlen(nif->name, sizeof(nif->name)) == sizeof(nif->name) ||
	    !host_name_is_plain(nif->name))
		return -EINVAL;
	dir = host_openat(h, "sys/class/net/%s/statistics", nif->name);
	if (dir < 0)
		return dir;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		r = counter_read(dir, files[i].name, files[i].value);
		if (r < 0)
			return r;
	}
	*out = c;
	return 0;
}
