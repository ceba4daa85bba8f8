// SPDX-License-Identifier: GPL-3.0-or-later
/* What one file says of all network interfaces. */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#include "private.h"

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
		.rx_bytes = field[0], .rx_packets = field[1], .rx_errors = field[2], .rx_drops = field[3],
		.tx_bytes = field[8], .tx_packets = field[9], .tx_errors = field[10], .tx_drops = field[11],
	};
	*out = d;
	return true;
}

static int dev_cmp(const void *a, const void *b)
{
	const struct host_net_dev *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Of a network namespace that anyone may have made, with as many interfaces as he likes. */
#define OTHER_BYTES_MAX (256u << 10)

static int text_read(const struct host *h, pid_t pid, struct buf *text)
{
	auto_free char *some = NULL;
	ssize_t len;

	if (!pid)
		return host_read_all(h, "proc/net/dev", text);
	some = xmalloc(OTHER_BYTES_MAX);
	len = host_read(h, some, OTHER_BYTES_MAX, "proc/%d/net/dev", pid);
	if (len < 0)
		return (int)len;
	buf_add(text, some, (size_t)len);
	return 0;
}

int host_nets_read(const struct host *h, pid_t pid, struct host_net_dev **list, size_t *n)
{
	auto_buf struct buf text = {0};
	struct host_net_dev *found = NULL, one;
	char *line, *end;
	size_t count = 0;
	int rc = text_read(h, pid, &text);

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
		.rx_bytes = c->tx_bytes, .rx_packets = c->tx_packets, .rx_drops = c->tx_drops, .rx_errors = c->tx_errors,
		.tx_bytes = c->rx_bytes, .tx_packets = c->rx_packets, .tx_drops = c->rx_drops, .tx_errors = c->rx_errors,
	};
	return true;
}
