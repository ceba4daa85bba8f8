// SPDX-License-Identifier: GPL-3.0-or-later
/* Taps behind a process's descriptors. */
#include "net.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
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
	if (*n == GUEST_NICS_MAX)
		return;
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

/* The interface of an index, as sysfs of a recorded host has it. */
static bool name_in_sysfs(const struct host *h, uint64_t index, char name[IF_NAMESIZE])
{
	int fd = host_openat(h, "sys/class/net");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	bool found = false;

	if (!dir) {
		mem_close_ptr(&fd);
		return false;
	}
	while (!found && (d = readdir(dir))) {
		found = host_name_is_plain(d->d_name) && strlen(d->d_name) < IF_NAMESIZE &&
			host_number_read(h, "sys/class/net/%s/ifindex", d->d_name) == index;
		if (found)
			strcpy(name, d->d_name);
	}
	closedir(dir);
	return found;
}

/* /dev/tapN: N is the interface's index. */
static void macvtap_add(const struct host *h, pid_t pid, int fd, uint64_t index, struct host_netif **list, size_t *n)
{
	auto_free char *dev = NULL;
	char name[IF_NAMESIZE];

	if (host_is_live(h) ? !if_indextoname((unsigned)index, name) : !name_in_sysfs(h, index, name))
		return;
	dev = xasprintf("sys/class/net/%s/macvtap/tap%llu/dev", name, (unsigned long long)index);
	if (host_fd_is_node(h, pid, fd, dev))
		netif_add(list, n, name, true);
}

/* A macvtap is found by its index, which our sysfs has for our network namespace only. */
static void fd_look(const struct host *h, pid_t pid, int fd, bool other, struct host_netif **list, size_t *n)
{
	const char *p;
	char link[64];
	uint64_t index;

	/* longer ones are cut and are none of the two */
	if (host_readlink(h, link, sizeof(link), "proc/%d/fd/%d", pid, fd) < 0)
		return;
	if (!strcmp(link, "/dev/net/tun")) {
		tap_add(h, pid, fd, list, n);
	} else if (!other && str_has_prefix(link, "/dev/tap")) {
		p = link + strlen("/dev/tap");
		if (host_u64_next(&p, &index) && !*p)
			macvtap_add(h, pid, fd, index, list, n);
	}
}

int host_netifs_read(const struct host *h, pid_t pid, struct host_netif **list, size_t *n)
{
	auto_close int dir = host_openat(h, "proc/%d/fd", pid);
	auto_ids struct host_ids fds = {0};
	struct host_netif *found = NULL;
	size_t count = 0, i;
	bool other = host_net_is_other(h, pid);
	int r = dir < 0 ? dir : host_ids_read_some(dir, PROC_FDS_MAX, &fds);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (i = 0; i < fds.n; i++)
		fd_look(h, pid, fds.id[i], other, &found, &count);
	for (i = 0; i < count; i++)
		found[i].other_ns = other;
	*list = found;
	*n = count;
	return fds.cut;
}

bool host_netif_is_open(const struct host *h, pid_t pid, const char *name)
{
	auto_free struct host_netif *list = NULL;
	bool open = false;
	size_t n = 0, i;

	if (!pid || host_netifs_read(h, pid, &list, &n) < 0)
		return false;
	for (i = 0; i < n; i++)
		open |= !strcmp(list[i].name, name) && !list[i].other_ns;
	return open;
}

int host_netif_of_fd(const struct host *h, pid_t pid, int fd, struct host_netif *out)
{
	auto_free struct host_netif *found = NULL;
	size_t n = 0;
	bool other = host_net_is_other(h, pid);

	fd_look(h, pid, fd, other, &found, &n);
	if (!n)
		return -ENOENT;
	*out = found[0];
	out->other_ns = other;
	return 0;
}
