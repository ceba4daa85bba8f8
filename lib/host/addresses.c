// SPDX-License-Identifier: GPL-3.0-or-later
/* Who has which address, as far as this host was told. */
#include "links.h"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net.h"
#include "private.h"
#include "rtnl.h"

#define ADDRESSES_MAX 65536

/* ifindex: of the interface behind which a neighbour is; 0 = any */
static void add(struct host_address **list, size_t *n, const char *mac, const char *ip, unsigned ifindex)
{
	struct host_address one = { .ifindex = ifindex };
	struct address_ip address;

	if (*n >= ADDRESSES_MAX || !address_mac_parse(mac, one.mac) || !strcmp(one.mac, "00:00:00:00:00:00") ||
	    !address_ip_parse(ip, &address))
		return;
	strcpy(one.ip, address.text);
	*vec_push(*list, *n) = one;
}

void host_addresses_add(struct host_address **list, size_t *n, const char *mac, const char *ip)
{
	add(list, n, mac, ip, 0);
}

struct found {
	struct host_address *list;
	size_t n;
};

/* "192.168.122.5  0x1  0x2  52:54:00:12:34:56  *  virbr0"; flags 0x0: an entry without an answer */
static void arp_read(const struct host *h, struct found *f)
{
	auto_buf struct buf text = {0};
	char *line, *at, *word[4];

	if (host_read_all(h, "proc/net/arp", &text))
		return;
	for (at = text.text; (line = host_line_next(&at)); )
		if (host_words(line, word, 4) == 4 && strcmp(word[2], "0x0"))
			host_addresses_add(&f->list, &f->n, word[3], word[0]);
}

static void take(void *arg, const struct nlmsghdr *m)
{
	const struct nlattr *a[NDA_MAX + 1];
	const struct ndmsg *nd = rtnl_read(m, sizeof(*nd), a, ARRAY_SIZE(a));
	char ip[INET6_ADDRSTRLEN] = "", mac[18];
	struct found *f = arg;
	unsigned char p[6];
	struct in6_addr to;

	if (m->nlmsg_type != RTM_NEWNEIGH || !nd || nd->ndm_family != AF_INET6 ||
	    (nd->ndm_state & (NUD_FAILED | NUD_INCOMPLETE | NUD_NOARP)))
		return;
	if (!rtnl_copy(a[NDA_DST], &to, sizeof(to)) || !rtnl_copy(a[NDA_LLADDR], p, sizeof(p)) ||
	    mnl_attr_get_payload_len(a[NDA_LLADDR]) != sizeof(p))		/* as InfiniBand's */
		return;
	inet_ntop(AF_INET6, &to, ip, sizeof(ip));
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4], p[5]);
	add(&f->list, &f->n, mac, ip, nd->ndm_ifindex > 0 ? (unsigned)nd->ndm_ifindex : 0);
}

static void neighbours_read(struct found *f, unsigned timeout_ms)
{
	const struct ndmsg v6 = { .ndm_family = AF_INET6 };
	const struct rtnl_question q = {
		.type = RTM_GETNEIGH, .flags = NLM_F_DUMP, .header = &v6, .header_bytes = sizeof(v6), .timeout_ms = timeout_ms,
	};

	rtnl_ask(&q, take, f);
}

int host_addresses_take(const void *data, size_t len, struct host_address **list, size_t *n)
{
	struct found f = { *list, *n };
	bool changed = false;
	int r = rtnl_messages(data, len, &changed, take, &f);

	*list = f.list;
	*n = f.n;
	return r;
}

static int address_cmp(const void *a, const void *b)
{
	const struct host_address *x = a, *y = b;
	int c = strcmp(x->mac, y->mac);

	c = c ? c : strcmp(x->ip, y->ip);
	return c ? c : (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

void host_addresses_sort(struct host_address *list, size_t *n)
{
	size_t i, kept = 0;

	if (*n)
		qsort(list, *n, sizeof(*list), address_cmp);
	for (i = 0; i < *n; i++)
		if (!kept || address_cmp(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	*n = kept;
}

void host_addresses_read(const struct host *h, uint64_t now, unsigned timeout_ms, struct host_address **list, size_t *n)
{
	struct found f = {0};

	arp_read(h, &f);
	host_leases_read(h, now, &f.list, &f.n);
	if (host_is_live(h))
		neighbours_read(&f, timeout_ms);
	host_addresses_sort(f.list, &f.n);
	*list = f.list;
	*n = f.n;
}

const struct host_address *host_addresses_of(const struct host_address *list, size_t n, const char *mac, size_t *count)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcasecmp(list[mid].mac, mac) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*count = 0; low + *count < n && !strcasecmp(list[low + *count].mac, mac); (*count)++)
		;
	return *count ? &list[low] : NULL;
}
