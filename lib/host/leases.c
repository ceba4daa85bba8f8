// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses that DHCP servers of this host have leased: dnsmasq (libvirt's, Incus', Neutron's ..), ISC dhcpd, Kea. */
#include "links.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "private.h"

#define LEASE_FILES 256			/* of one directory */
#define LEASES_MAX 65536		/* of one file */

/* Files of ISC and Kea grow at their end: of one address the last line counts. */
struct lease {
	char ip[ADDRESS_IP_SIZE], mac[ADDRESS_MAC_SIZE];	/* mac "": it is free again */
	size_t order;
};

struct leases {
	struct lease *list;
	size_t n;
	uint64_t now;
};

static void lease_add(struct leases *l, const char *ip, const char *mac, bool valid)
{
	struct lease one = { .order = l->n };
	struct address_ip address;

	if (l->n >= LEASES_MAX || !address_ip_parse(ip, &address))
		return;
	if (valid && !address_mac_parse(mac, one.mac))
		return;
	strcpy(one.ip, address.text);
	*vec_push(l->list, l->n) = one;
}

static bool is_valid(const struct leases *l, uint64_t until)
{
	return !until || until > l->now;
}

/* A DUID that is made of a MAC ends in it: DUID-LLT and DUID-LL of an Ethernet card (RFC 8415, 11.2 and 11.4). */
static const char *mac_of_duid(const char *duid)
{
	bool has_time = str_has_prefix(duid, "00:01:00:01:");

	if (!has_time && !str_has_prefix(duid, "00:03:00:01:"))
		return "";
	return strlen(duid) == (has_time ? 41 : 29) ? duid + (has_time ? 24 : 12) : "";
}

/* "1732171234 52:54:00:12:34:56 192.168.122.5 name 01:52:54:.."; 0: it never ends; IPv6 has an IAID, and a DUID at the end */
static void dnsmasq_line(struct leases *l, char *line)
{
	char *word[5];
	uint64_t until;
	size_t n = host_words(line, word, 5);

	if (n < 3 || units_uint_parse(word[0], &until))
		return;
	lease_add(l, word[2], n == 5 && strchr(word[2], ':') ? mac_of_duid(word[4]) : word[1], is_valid(l, until));
}

static void dnsmasq_read(struct leases *l, char *text)
{
	char *line;

	while ((line = host_line_next(&text)))
		dnsmasq_line(l, line);
}

/* libvirt's helper of dnsmasq: [{"ip-address":"..","mac-address":"..","expiry-time":N}] */
static void status_read(struct leases *l, char *text)
{
	auto_json struct json_object *root = NULL;
	size_t i;

	if (json_parse(text, strlen(text), &root, NULL) || !json_object_is_type(root, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(root); i++) {
		struct json_object *one = json_object_array_get_idx(root, i);
		const char *mac = json_str(one, "mac-address"), *ip = json_str(one, "ip-address");
		uint64_t until = 0;

		json_u64(one, "expiry-time", &until);
		if (mac && ip)
			lease_add(l, ip, mac, is_valid(l, until));
	}
}

/* "4 2024/01/25 10:11:12;", in UTC, "epoch 1706177472; # ..", or "never;" */
static uint64_t isc_time(const char *text)
{
	struct tm tm = {0};
	uint64_t epoch;

	if (str_has_prefix(text, "never"))
		return 0;
	if (str_has_prefix(text, "epoch ")) {
		text += strlen("epoch ");
		return host_u64_next(&text, &epoch) ? epoch : 1;
	}
	if (sscanf(text, "%*d %d/%d/%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6 ||
	    tm.tm_year < 1970 || tm.tm_year > 9999)
		return 1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (uint64_t)timegm(&tm);
}

/* What stands behind the key that a line begins with, without the ';'; NULL: it begins with another. */
static const char *isc_value(char *line, const char *key)
{
	char *end = strchr(line, ';');

	if (!str_has_prefix(line, key))
		return NULL;
	if (end)
		*end = '\0';
	return line + strlen(key);
}

/* lease 192.0.2.5 { ends 4 2024/01/25 10:11:12; binding state active; hardware ethernet 52:54:00:12:34:56; } */
static void isc_read(struct leases *l, char *text)
{
	const char *ip = NULL, *mac = "", *v;
	bool active = true;
	uint64_t until = 0;
	char *line;

	while ((line = host_line_next(&text))) {
		line += strspn(line, " \t");
		if (str_has_prefix(line, "lease ")) {
			ip = line + strlen("lease ");
			line[strcspn(line + strlen("lease "), " {") + strlen("lease ")] = '\0';
			mac = "";
			active = true;
			until = 0;
		} else if ((v = isc_value(line, "ends "))) {
			until = isc_time(v);
		} else if ((v = isc_value(line, "binding state "))) {
			active = !strcmp(v, "active");
		} else if ((v = isc_value(line, "hardware ethernet "))) {
			mac = v;
		} else if (*line == '}' && ip) {
			lease_add(l, ip, mac, active && is_valid(l, until));
			ip = NULL;
		}
	}
}

/* address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,..; state 0: in use */
static void kea_read(struct leases *l, char *text)
{
	enum { ADDRESS, HWADDR, EXPIRE = 4, STATE = 9, FIELDS };
	char *line;

	while ((line = host_line_next(&text))) {
		char *field[FIELDS] = {0};
		uint64_t until;
		size_t n;

		for (n = 0; n < FIELDS && line; n++)
			field[n] = strsep(&line, ",");
		if (n == FIELDS && !units_uint_parse(field[EXPIRE], &until))
			lease_add(l, field[ADDRESS], field[HWADDR], until > l->now && !strcmp(field[STATE], "0"));
	}
}

static int lease_cmp(const void *a, const void *b)
{
	const struct lease *x = a, *y = b;
	int c = strcmp(x->ip, y->ip);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void file_read(const struct host *h, const char *path, void (*read)(struct leases *l, char *text), uint64_t now,
		      struct host_address **list, size_t *n)
{
	struct leases l = { .now = now };
	auto_buf struct buf text = {0};
	size_t i;

	if (host_read_all(h, path, &text) || !text.len)
		return;
	read(&l, text.text);
	if (l.n)
		qsort(l.list, l.n, sizeof(*l.list), lease_cmp);
	for (i = 0; i < l.n; i++)
		if (l.list[i].mac[0] && (i + 1 == l.n || strcmp(l.list[i].ip, l.list[i + 1].ip)))
			host_addresses_add(list, n, l.list[i].mac, l.list[i].ip);
	free(l.list);
}

static const struct place {
	const char *dir;
	const char *below;		/* the file's name in each directory there; NULL: the files there .. */
	const char *suffix;		/* .. that end so */
	void (*read)(struct leases *l, char *text);
} places[] = {
	{ "var/lib/libvirt/dnsmasq", NULL, ".status", status_read },
	{ "var/lib/libvirt/dnsmasq", NULL, ".leases", dnsmasq_read },
	{ "var/lib/misc", NULL, ".leases", dnsmasq_read },		/* Proxmox: dnsmasq.ZONE.leases */
	{ "var/lib/dnsmasq", NULL, ".leases", dnsmasq_read },
	{ "var/lib/NetworkManager", NULL, ".leases", dnsmasq_read },
	{ "var/lib/incus/networks", "dnsmasq.leases", NULL, dnsmasq_read },
	{ "var/lib/lxd/networks", "dnsmasq.leases", NULL, dnsmasq_read },
	{ "var/snap/lxd/common/lxd/networks", "dnsmasq.leases", NULL, dnsmasq_read },
	{ "var/lib/neutron/dhcp", "leases", NULL, dnsmasq_read },
	{ "var/lib/dhcp", NULL, "dhcpd.leases", isc_read },
	{ "var/lib/dhcpd", NULL, "dhcpd.leases", isc_read },
	{ "var/lib/kea", NULL, "leases4.csv", kea_read },
};

static void place_read(const struct host *h, const struct place *p, uint64_t now, struct host_address **list, size_t *n)
{
	DIR *dir = host_dir_open(h, p->dir);
	const struct dirent *d;
	int files = 0;

	while (dir && files < LEASE_FILES && (d = readdir(dir))) {
		auto_free char *path = NULL;

		if (!host_name_is_plain(d->d_name) || (p->suffix && !str_has_suffix(d->d_name, p->suffix)))
			continue;
		path = xasprintf("%s/%s%s%s", p->dir, d->d_name, p->below ? "/" : "", p->below ? p->below : "");
		file_read(h, path, p->read, now, list, n);
		files++;
	}
	if (dir)
		closedir(dir);
}

void host_leases_read(const struct host *h, uint64_t now, struct host_address **list, size_t *n)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		place_read(h, &places[i], now, list, n);
}
