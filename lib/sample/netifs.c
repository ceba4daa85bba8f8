// SPDX-License-Identifier: GPL-3.0-or-later
/* The taps and macvtaps of a guest: which ones it has, and what they count. */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Others plug NICs without telling us: a walk over its descriptors, 50 us, spread over time. */
#define WALK_NS (30 * NS_PER_SEC)
/* Of a definition: no more are looked at. */
#define DEFINED_MAX 256

static bool same(const struct host_netif *a, size_t n, const struct host_netif *b, size_t m)
{
	size_t i;

	for (i = 0; i < n && n == m; i++)
		if (strcmp(a[i].name, b[i].name) || a[i].macvtap != b[i].macvtap)
			return false;
	return n == m;
}

/*
 * Behind the first byte libvirt gives the interface the MAC of the guest's NIC: one that has only the name may be
 * another's, where libvirtd is in another network namespace.
 */
static bool is_defined_nic(const struct host *h, const struct virt_nic *n, struct host_netif *out)
{
	struct host_iface iface;

	if (!n->target || !n->mac || strlen(n->target) >= sizeof(out->name) || host_iface_read(h, n->target, &iface))
		return false;
	if (!(iface.tap || iface.macvtap) || strlen(n->mac) < 3 || strlen(iface.mac) < 3 || strcasecmp(iface.mac + 3, n->mac + 3))
		return false;
	*out = (struct host_netif){ .macvtap = iface.macvtap };
	strcpy(out->name, n->target);
	return true;
}

size_t netifs_defined(const struct sampler *s, const struct guest *g, struct host_netif **list)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t n = 0, i;

	*list = NULL;
	for (i = 0; def && i < def->n_nics && i < DEFINED_MAX; i++) {
		struct host_netif nif;

		if (is_defined_nic(s->config.host, &def->nics[i], &nif))
			*vec_push(*list, n) = nif;
	}
	return n;
}

static void walk(const struct sampler *s, struct guest *g, uint64_t now)
{
	struct host_netif *list = NULL;
	bool first = !g->netifs_ns;
	size_t n = 0;

	int rc = host_netifs_read(s->config.host, g->pid, &list, &n);

	g->netifs_defined = rc == -EACCES && g->domain;
	if (g->netifs_defined) {
		n = netifs_defined(s, g, &list);
		rc = 0;
	}
	if (rc < 0)
		return;
	g->fds_cut = rc > 0;
	/* those of guests found together are not due together */
	g->netifs_ns = now - (first ? (uint64_t)g->pid % (WALK_NS / NS_PER_SEC) * NS_PER_SEC : 0);
	g->netifs_read = true;
	g->other_net = host_net_is_other(s->config.host, g->pid);
	if (!same(g->netifs, g->n_netifs, list, n)) {
		free(g->netifs_seen);
		g->netifs_seen = xcalloc(n, sizeof(*g->netifs_seen));
		g->netifs_changed |= !first;
	}
	free(g->netifs);
	g->netifs = list;
	g->n_netifs = n;
}

void netifs_mind(const struct sampler *s, struct guest *g, uint64_t now)
{
	if (!g->netifs_read || now - g->netifs_ns > WALK_NS)
		walk(s, g, now);
}

/* Of another network namespace only the process's own table tells; it is read once for each snapshot. */
bool netifs_counters(const struct sampler *s, struct guest *g, const struct host_netif *nif, uint64_t now,
		     struct host_net_counters *c)
{
	if (!nif->other_ns)
		return host_nets_find(s->nets, s->n_nets, nif, c);
	if (g->nets_ns != now) {
		g->nets_ns = now;
		free(take_ptr(g->nets));
		g->n_nets = 0;
		host_nets_read(s->config.host, g->pid, &g->nets, &g->n_nets);
	}
	return host_nets_find(g->nets, g->n_nets, nif, c);
}

void netifs_sum(const struct sampler *s, struct guest *g, uint64_t now, struct vm_row *row)
{
	uint64_t rx = 0, tx = 0;
	bool comparable;
	size_t i;

	netifs_mind(s, g, now);
	comparable = !g->netifs_changed;
	g->netifs_changed = false;
	for (i = 0; i < g->n_netifs; i++) {
		struct host_net_counters c, *seen = &g->netifs_seen[i];

		if (!netifs_counters(s, g, &g->netifs[i], now, &c)) {
			g->netifs_read = false;
			g->netifs_changed = true;
			return;
		}
		comparable &= c.rx_bytes >= seen->rx_bytes && c.tx_bytes >= seen->tx_bytes;
		*seen = c;
		rx += c.rx_bytes;
		tx += c.tx_bytes;
	}
	/*
	 * With one more, or one begun anew, than the sum before it would be a rate of all that one ever moved, or hide what
	 * the others did.
	 */
	if (!comparable || !g->n_netifs)
		return;
	row->rx_total = rx;
	row->tx_total = tx;
}
