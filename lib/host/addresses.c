// SPDX-License-Identifier: GPL-3.0-or-later
/* Who has which address, as far as this host was told. */
#include "links.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net.h"
#include "private.h"
#include "rtnl.h"

#define LEASE_FILES 256
#define ADDRESSES_MAX 65536

/* "52:54:00:AB:.." in lower case; false: it is none */
static bool mac_of(const char *text, char mac[18])
{
	size_t i;

	if (strlen(text) != 17)
		return false;
	for (i = 0; i < 17; i++) {
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return false;
		mac[i] = (char)tolower((unsigned char)text[i]);
	}
	mac[17] = '\0';
	return strcmp(mac, "00:00:00:00:00:00");
}

static bool is_ip(const char *text)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1;
}

void host_addresses_add(struct host_address **list, size_t *n, const char *mac, const char *ip)
{
	struct host_address one = {0};

	if (*n >= ADDRESSES_MAX || !mac_of(mac, one.mac) || strlen(ip) >= sizeof(one.ip) || !is_ip(ip))
		return;
	strcpy(one.ip, ip);
	*vec_push(*list, *n) = one;
}

/* Up to count words of a line, in place. */
static size_t words(char *line, char **word, size_t count)
{
	char *save = NULL;
	size_t n = 0;

	while (n < count && (word[n] = strtok_r(n ? NULL : line, " \t", &save)))
		n++;
	return n;
}

/* f(arg, line) for each line of a file that may not be there */
static void each_line(const struct host *h, const char *path, void (*f)(void *arg, char *line), void *arg)
{
	auto_buf struct buf text = {0};
	char *line, *end;

	if (host_read_all(h, path, &text))
		return;
	for (line = text.text; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		else
			end = line + strlen(line);
		f(arg, line);
	}
}

struct found {
	struct host_address *list;
	size_t n;
	uint64_t now;
};

/* "192.168.122.5  0x1  0x2  52:54:00:12:34:56  *  virbr0"; flags 0x0: an entry without an answer */
static void arp_line(void *arg, char *line)
{
	struct found *f = arg;
	char *word[4];

	if (words(line, word, 4) == 4 && strcmp(word[2], "0x0"))
		host_addresses_add(&f->list, &f->n, word[3], word[0]);
}

/* "1732171234 52:54:00:12:34:56 192.168.122.5 name 01:52:54:.."; 0: it never ends */
static void lease_line(void *arg, char *line)
{
	struct found *f = arg;
	uint64_t until;
	char *word[3];

	if (words(line, word, 3) == 3 && !units_uint_parse(word[0], &until) && (!until || until > f->now))
		host_addresses_add(&f->list, &f->n, word[1], word[2]);
}

/* libvirt's helper of dnsmasq: [{"ip-address":"..","mac-address":"..","expiry-time":N}] */
static void status_read(const struct host *h, const char *path, struct found *f)
{
	auto_json struct json_object *root = NULL;
	auto_buf struct buf text = {0};
	size_t i;

	if (host_read_all(h, path, &text) || !text.len || json_parse(text.text, text.len, &root, NULL) ||
	    !json_object_is_type(root, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(root); i++) {
		struct json_object *one = json_object_array_get_idx(root, i);
		const char *mac = json_str(one, "mac-address"), *ip = json_str(one, "ip-address");
		uint64_t until = 0;

		json_u64(one, "expiry-time", &until);
		if (mac && ip && (!until || until > f->now))
			host_addresses_add(&f->list, &f->n, mac, ip);
	}
}

static void leases_read(const struct host *h, struct found *f)
{
	static const char libvirt[] = "var/lib/libvirt/dnsmasq";
	int fd = host_openat(h, libvirt), files = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	each_line(h, "var/lib/misc/dnsmasq.leases", lease_line, f);
	each_line(h, "var/lib/dnsmasq/dnsmasq.leases", lease_line, f);
	if (!dir) {
		mem_close_ptr(&fd);
		return;
	}
	while ((d = readdir(dir)) && files < LEASE_FILES) {
		auto_free char *path = xasprintf("%s/%s", libvirt, d->d_name);

		if (!host_name_is_plain(d->d_name))
			continue;
		if (str_has_suffix(d->d_name, ".status"))
			status_read(h, path, f);
		else if (str_has_suffix(d->d_name, ".leases"))
			each_line(h, path, lease_line, f);
		files++;
	}
	closedir(dir);
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
	host_addresses_add(&f->list, &f->n, mac, ip);
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

	return c ? c : strcmp(x->ip, y->ip);
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
	struct found f = { .now = now };

	each_line(h, "proc/net/arp", arp_line, &f);
	leases_read(h, &f);
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

struct wanted {
	const char *ip;
	char mac[18];
};

static void arp_wanted(void *arg, char *line)
{
	struct wanted *w = arg;
	char *word[4], mac[18];

	if (words(line, word, 4) == 4 && strcmp(word[2], "0x0") && !strcmp(word[0], w->ip) && mac_of(word[3], mac))
		strcpy(w->mac, mac);
}

int host_neighbour_mac(const struct host *h, const char *ip, char mac[18])
{
	struct wanted w = { .ip = ip };

	each_line(h, "proc/net/arp", arp_wanted, &w);
	if (!w.mac[0])
		return -ENOENT;
	strcpy(mac, w.mac);
	return 0;
}
