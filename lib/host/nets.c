// SPDX-License-Identifier: GPL-3.0-or-later
/* What one file says of all network interfaces, or of all neighbours. */
#include "net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "private.h"

#define FILE_MAX (8u << 20)

/* A file of /proc of any length; the kernel makes it up as it is read. */
static int whole_read(const struct host *h, const char *path, struct buf *out)
{
	auto_close int fd = host_openat(h, "%s", path);
	char piece[16384];
	ssize_t len;

	if (fd < 0)
		return fd;
	while (out->len < FILE_MAX && (len = read(fd, piece, sizeof(piece))) != 0) {
		if (len < 0 && errno != EINTR)
			return -errno;
		if (len > 0)
			buf_add(out, piece, (size_t)len);
	}
	buf_add(out, "", 0);
	return 0;
}

/* "  tap0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop .." */
static bool dev_parse(const char *line, struct host_net_dev *out)
{
	struct host_net_dev d = {0};
	uint64_t field[12];
	size_t i, len;

	line += strspn(line, " ");
	len = strcspn(line, ":");
	if (line[len] != ':' || !len || len >= sizeof(d.name))
		return false;
	memcpy(d.name, line, len);
	line += len + 1;
	for (i = 0; i < ARRAY_SIZE(field); i++)
		if (!host_u64_next(&line, &field[i]))
			return false;
	d.host = (struct host_net_counters){
		.rx_bytes = field[0], .rx_packets = field[1], .rx_drops = field[3],
		.tx_bytes = field[8], .tx_packets = field[9], .tx_drops = field[11],
	};
	*out = d;
	return true;
}

static int dev_cmp(const void *a, const void *b)
{
	const struct host_net_dev *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int host_nets_read(const struct host *h, struct host_net_dev **list, size_t *n)
{
	auto_buf struct buf text = {0};
	struct host_net_dev *found = NULL, one;
	char *line, *end;
	size_t count = 0;
	int rc = whole_read(h, "proc/net/dev", &text);

	if (rc)
		return rc;
	for (line = text.text; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (dev_parse(line, &one))
			*vec_push(found, count) = one;
	}
	if (count)
		qsort(found, count, sizeof(*found), dev_cmp);
	*list = found;
	*n = count;
	return 0;
}

bool host_nets_find(const struct host_net_dev *list, size_t n, const struct host_netif *nif, struct host_net_counters *out)
{
	struct host_net_dev key = {0};
	const struct host_net_dev *found;
	const struct host_net_counters *c;

	memcpy(key.name, nif->name, strnlen(nif->name, sizeof(key.name) - 1));
	found = n ? bsearch(&key, list, n, sizeof(*list), dev_cmp) : NULL;
	if (!found)
		return false;
	c = &found->host;
	*out = nif->macvtap ? *c : (struct host_net_counters){
		.rx_bytes = c->tx_bytes, .rx_packets = c->tx_packets, .rx_drops = c->tx_drops,
		.tx_bytes = c->rx_bytes, .tx_packets = c->rx_packets, .tx_drops = c->rx_drops,
	};
	return true;
}

int host_net_master(const struct host *h, const char *name, char master[16])
{
	char link[256];
	const char *base;
	ssize_t len;

	if (!host_name_is_plain(name))
		return -EINVAL;
	len = host_readlink(h, link, sizeof(link), "sys/class/net/%s/master", name);
	if (len < 0)
		return (int)len;
	base = strrchr(link, '/');
	base = base ? base + 1 : link;
	if (strlen(base) >= 16)
		return -ENOENT;
	strcpy(master, base);
	return 0;
}

/* "192.168.122.5  0x1  0x2  52:54:00:12:34:56  *  virbr0"; flags 0x0: an entry without an answer */
int host_neighbour_mac(const struct host *h, const char *ip, char mac[18])
{
	auto_buf struct buf text = {0};
	char *line, *end;
	int rc = whole_read(h, "proc/net/arp", &text);

	if (rc)
		return rc;
	for (line = text.text; line && *line; line = end) {
		char *word[4], *save = NULL;
		size_t i;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		for (i = 0; i < ARRAY_SIZE(word); i++)
			word[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!word[3] || strcmp(word[0], ip) || !strcmp(word[2], "0x0") || strlen(word[3]) != 17)
			continue;
		strcpy(mac, word[3]);
		return 0;
	}
	return -ENOENT;
}
