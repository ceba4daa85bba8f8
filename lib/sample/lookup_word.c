// SPDX-License-Identifier: GPL-3.0-or-later
/* What an operator's word is: a MAC, an IP address and who has had it, a tap, an image, a PCI device. */
#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NEIGHBOURS_MS 1000
#define MACS_MAX 64		/* of one address: leases of other networks, neighbours on other links */

static void mac_add(struct lookup *l, const char *mac)
{
	size_t i;

	for (i = 0; i < l->n_macs; i++)
		if (!strcmp(l->macs[i], mac))
			return;
	if (l->n_macs < MACS_MAX)
		strcpy(*vec_push(l->macs, l->n_macs), mac);
}

static int parse_pci(struct lookup *l, struct err *err)
{
	auto_free struct host_pci *list = NULL;
	size_t n = 0, i;

	host_pci_list(l->s->config.host, &list, &n);
	for (i = 0; i < n; i++) {
		if (strcmp(list[i].address, l->pci))
			continue;
		l->group = list[i].group;
		snprintf(l->vfio, sizeof(l->vfio), "devices/%s", list[i].vfio[0] ? list[i].vfio : "-");
		return 0;
	}
	return err_set(err, -ENOENT, "this host has no PCI device %s", l->pci);
}

static void take_macs(struct lookup *l, const struct host_address *list, size_t n, const char *ip, unsigned zone)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(list[i].ip, ip) && (!zone || !list[i].ifindex || list[i].ifindex == zone))
			mac_add(l, list[i].mac);
}

/* What neighbour tables and leases say, libvirt too of guests that were asked; at last the address itself. */
static int parse_ip(struct lookup *l, const struct address_ip *ip, struct err *err)
{
	auto_free struct host_address *list = NULL;
	const struct host *h = l->s->config.host;
	struct host_iface zone = {0};
	size_t n = 0, i;

	l->kind = LOOKUP_IP;
	if (ip->zone[0] && host_iface_read(h, ip->zone, &zone))
		return err_set(err, -ENOENT, "this host has no interface %s: look for %s without it", ip->zone, ip->text);
	host_addresses_read(h, (uint64_t)time(NULL), NEIGHBOURS_MS, &list, &n);
	take_macs(l, list, n, ip->text, zone.index);
	pthread_mutex_lock(&l->s->lock);
	for (i = 0; i < l->s->n_guests; i++)
		take_macs(l, l->s->guests[i]->addresses, l->s->guests[i]->n_addresses, ip->text, 0);
	pthread_mutex_unlock(&l->s->lock);
	if (!l->n_macs && ip->has_mac)
		mac_add(l, ip->mac);
	if (!l->n_macs)
		return err_set(err, -ENOENT, "neither the host's neighbour tables (ip neigh) nor a lease know %s: send it a "
			       "packet first, or look for the MAC", ip->text);
	l->what = l->n_macs > 1 ? xstrdup(ip->text) : xasprintf("%s %s", ip->text, l->macs[0]);
	return 0;
}

/* Twelve digits may be an interface, too. */
static bool is_mac(const struct lookup *l, const char *word, char mac[ADDRESS_MAC_SIZE])
{
	struct host_iface iface;

	return address_mac_parse(word, mac) &&
	       (!address_mac_is_bare(word) || host_iface_read(l->s->config.host, word, &iface));
}

int lookup_parse(struct lookup *l, const char *word, struct err *err)
{
	char mac[ADDRESS_MAC_SIZE];
	struct address_ip ip;
	int rc;

	if (is_mac(l, word, mac)) {
		l->kind = LOOKUP_MAC;
		l->what = xstrdup(mac);
		mac_add(l, mac);
		return 0;
	}
	if (!host_pci_address(word, l->pci)) {
		l->kind = LOOKUP_PCI;
		l->what = xstrdup(l->pci);
		return parse_pci(l, err);
	}
	if (address_ip_parse(word, &ip))
		return parse_ip(l, &ip, err);
	l->what = xstrdup(word);
	rc = match_file(l->s->lates, word, &l->file, err);
	l->kind = rc && !strchr(word, '/') ? LOOKUP_TAP : LOOKUP_IMAGE;
	if (rc == -ENOENT && l->kind == LOOKUP_IMAGE && !strchr("./", *word))
		return err_set(err, rc, "'%s' is " LOOKUP_UNDERSTOOD, word);
	if (l->kind == LOOKUP_IMAGE)
		return rc;
	return host_iface_name_ok(word) ? 0 : err_set(err, -EINVAL, "'%s' is " LOOKUP_UNDERSTOOD, word);
}
