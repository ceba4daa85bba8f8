// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which guest has this MAC, IP, tap, image or PCI device. The process tells most: its descriptors and its command
 * line. Only the guests found so are asked for the device; all of them only when a MAC is on no command line.
 */
#include "match.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ASK_MS 2500
#define NEIGHBOURS_MS 1000
#define MACS_MAX 64		/* of one address: leases of other networks, neighbours on other links */
#define UNDERSTOOD "no MAC, IP or PCI address, no interface of this host, and no file"

enum kind { KIND_MAC, KIND_IP, KIND_TAP, KIND_IMAGE, KIND_PCI };
static const char *const kind_names[] = {
	[KIND_MAC] = "mac", [KIND_IP] = "ip", [KIND_TAP] = "tap", [KIND_IMAGE] = "image", [KIND_PCI] = "pci",
};

struct hit {
	char *ref, *device, *how;
	const char *mac;		/* which of the lookup's it has, borrowed; NULL: not by a MAC */
};

struct lookup {
	struct sampler *s;
	enum kind kind;
	char *what;			/* as it is told: a MAC of an IP, a whole path */
	char (*macs)[ADDRESS_MAC_SIZE];	/* a MAC, or those that have had an IP address */
	size_t n_macs;
	char pci[16];
	struct host_file file;
	int group;			/* of the PCI device */
	char vfio[32];			/* "devices/vfio0" */
	struct hit *hits;
	size_t n_hits, closed;		/* processes whose descriptors cannot be read */
	size_t lost;			/* whose storage does not answer */
};

static void lookup_done(struct lookup *l)
{
	while (l->n_hits--) {
		free(l->hits[l->n_hits].ref);
		free(l->hits[l->n_hits].device);
		free(l->hits[l->n_hits].how);
	}
	free(l->hits);
	free(l->macs);
	free(l->what);
}

static void hit_add(struct lookup *l, const struct guest *g, const char *device, const char *how, const char *mac)
{
	*vec_push(l->hits, l->n_hits) = (struct hit){ xstrdup(g->ref), xstrdup(device), xstrdup(how), mac };
}

static void mac_add(struct lookup *l, const char *mac)
{
	size_t i;

	for (i = 0; i < l->n_macs; i++)
		if (!strcmp(l->macs[i], mac))
			return;
	if (l->n_macs < MACS_MAX)
		strcpy(*vec_push(l->macs, l->n_macs), mac);
}

/* The one of them that a NIC's MAC is; NULL: none. Borrowed from the lookup. */
static const char *one_of(const struct lookup *l, const char *mac)
{
	size_t i;

	for (i = 0; i < l->n_macs; i++)
		if (address_mac_is(mac, l->macs[i]))
			return l->macs[i];
	return NULL;
}

static bool is_by_mac(const struct lookup *l)
{
	return l->kind == KIND_MAC || l->kind == KIND_IP;
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

	l->kind = KIND_IP;
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

static int parse(struct lookup *l, const char *word, struct err *err)
{
	char mac[ADDRESS_MAC_SIZE];
	struct address_ip ip;
	int rc;

	if (is_mac(l, word, mac)) {
		l->kind = KIND_MAC;
		l->what = xstrdup(mac);
		mac_add(l, mac);
		return 0;
	}
	if (!host_pci_address(word, l->pci)) {
		l->kind = KIND_PCI;
		l->what = xstrdup(l->pci);
		return parse_pci(l, err);
	}
	if (address_ip_parse(word, &ip))
		return parse_ip(l, &ip, err);
	l->what = xstrdup(word);
	rc = match_file(l->s->lates, word, &l->file, err);
	l->kind = rc && !strchr(word, '/') ? KIND_TAP : KIND_IMAGE;
	if (rc == -ENOENT && l->kind == KIND_IMAGE && !strchr("./", *word))
		return err_set(err, rc, "'%s' is " UNDERSTOOD, word);
	if (l->kind == KIND_IMAGE)
		return rc;
	return host_iface_name_ok(word) ? 0 : err_set(err, -EINVAL, "'%s' is " UNDERSTOOD, word);
}

/* libvirt's definition knows what was plugged since. */
static const char *tap_in_definition(const struct lookup *l, const struct guest *g)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_nics; i++) {
		const struct virt_nic *n = &def->nics[i];

		if (l->kind == KIND_TAP && n->target && !strcmp(n->target, l->what))
			return n->alias;
	}
	return NULL;
}

/* By the definition, or by the option strings that can carry a MAC. */
static void find_mac(struct lookup *l, const struct guest *g)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	struct host_proc proc = {0};
	size_t i;

	for (i = 0; def && i < def->n_nics; i++)
		if (def->nics[i].alias && one_of(l, def->nics[i].mac))
			hit_add(l, g, def->nics[i].alias, "libvirt's definition", one_of(l, def->nics[i].mac));
	if (def)
		return;
	if (host_proc_read(l->s->config.host, g->pid, &proc))
		return;
	for (i = 1; i + 1 < proc.argc; i++) {
		const char *key = !strcmp(proc.argv[i], "-net") ? "macaddr" : "mac";
		auto_free char *mac = NULL, *id = NULL;

		if (strcmp(proc.argv[i], "-device") && strcmp(proc.argv[i], "-nic") && strcmp(proc.argv[i], "-net"))
			continue;
		mac = qmp_opt_get(proc.argv[i + 1], "driver", key);
		if (!one_of(l, mac))
			continue;
		id = qmp_opt_get(proc.argv[i + 1], "driver", "id");
		hit_add(l, g, id, "the command line", one_of(l, mac));
	}
	host_proc_done(&proc);
}

static void find_tap(struct lookup *l, struct guest *g)
{
	auto_free struct host_netif *list = NULL;
	size_t n = 0, i;

	if (host_netifs_read(l->s->config.host, g->pid, &list, &n) == -EACCES)
		l->closed++;
	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, l->what))
			hit_add(l, g, tap_in_definition(l, g), "a descriptor of the process", NULL);
}

static void find_pci(struct lookup *l, const struct guest *g)
{
	auto_free char *group = l->group >= 0 ? xasprintf("%d", l->group) : xstrdup("-");
	auto_free char *how = xasprintf("it has IOMMU group %s open", group);
	char **names = NULL;
	size_t n = 0, i;

	if (host_vfio_read(l->s->config.host, g->pid, &names, &n) == -EACCES)
		l->closed++;
	for (i = 0; i < n; i++) {
		if (strcmp(names[i], group) && strcmp(names[i], l->vfio))
			continue;
		hit_add(l, g, NULL, strcmp(names[i], group) ? "a descriptor of the process" : how, NULL);
		break;
	}
	qmp_strings_free(names, n);
}

static void find_quietly(struct lookup *l)
{
	size_t i;

	for (i = 0; i < l->s->n_guests; i++) {
		struct guest *g = l->s->guests[i];

		switch (l->kind) {
		case KIND_MAC:
		case KIND_IP:
			find_mac(l, g);
			break;
		case KIND_TAP:
			find_tap(l, g);
			break;
		case KIND_IMAGE:	/* find_image */
			break;
		case KIND_PCI:
			find_pci(l, g);
			break;
		}
	}
}

/* Paths of the guest's images, as libvirt or QEMU have them, for us. */
static void add_paths(const struct lookup *l, const struct guest *g, struct match *m)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_disks; i++) {
		const char *file = def->disks[i].path ? def->disks[i].path : def->disks[i].source;

		if (file && *file == '/')
			match_add(m, host_proc_path(l->s->config.host, g->pid, file), def->disks[i].alias);
	}
	for (i = 0; i < g->disks.n_disks; i++)
		if (g->disks.disks[i].file)
			match_add(m, opened_path(l->s->config.host, g->pid, &g->disks.disks[i]), g->disks.disks[i].id);
}

/* By the descriptors of each process. What is asked is the file systems, so not under the lock. */
static void find_image(struct lookup *l)
{
	struct match **list = NULL;
	char **refs = NULL;
	size_t n = 0, n_refs = 0, i;

	pthread_mutex_lock(&l->s->lock);
	for (i = 0; i < l->s->n_guests; i++) {
		const struct guest *g = l->s->guests[i];
		struct host_fds *fds = NULL;
		int rc = host_fds_open(l->s->config.host, g->pid, &fds);

		l->closed += rc == -EACCES;
		if (rc)
			continue;
		*vec_push(list, n) = match_new(&l->file, fds);
		*vec_push(refs, n_refs) = xstrdup(g->ref);
		if (g->domain && g->domain->def)
			add_paths(l, g, list[n - 1]);
	}
	pthread_mutex_unlock(&l->s->lock);
	l->lost = match_run(l->s->lates, list, n);
	for (i = 0; i < n; i++) {
		if (list[i] && list[i]->has)
			*vec_push(l->hits, l->n_hits) = (struct hit){ xstrdup(refs[i]), take_ptr(list[i]->device),
								      xstrdup("a descriptor of the process"), NULL };
		match_free(list[i]);
	}
	free(list);
	qmp_strings_free(refs, n_refs);
}

/* The disk of a guest that was asked; yours, NULL: none it knows of, or that cannot be told. */
static char *disk_in(struct lookup *l, const char *ref)
{
	struct match *m = match_new(&l->file, NULL);
	const struct guest *g;
	char *device;

	pthread_mutex_lock(&l->s->lock);
	g = guest_by_ref(l->s, ref);
	if (g)
		add_paths(l, g, m);
	pthread_mutex_unlock(&l->s->lock);
	match_run(l->s->lates, &m, 1);
	device = m ? take_ptr(m->device) : NULL;
	match_free(m);
	return device;
}

/* The device of a guest that was asked, by its MAC or by what was looked for; NULL: none it knows of. Borrowed from the guest. */
static const char *device_in(const struct lookup *l, const struct guest *g, const char *mac)
{
	const struct device_answers *a = &g->devices;
	size_t i;

	for (i = 0; i < a->n_devices && l->kind == KIND_PCI; i++)
		if (a->devices[i].link && !strcmp(a->devices[i].link, "host") && !strcmp(a->devices[i].backing, l->pci))
			return a->devices[i].id;
	for (i = 0; i < g->nics.n_nics; i++) {
		const struct qmp_nic *nic = &g->nics.nics[i];
		struct host_netif nif;

		if (mac && address_mac_is(nic->mac, mac))
			return rows_nic_id(g, nic);
		if (l->kind == KIND_TAP && nic->ifname && !strcmp(nic->ifname, l->what))
			return rows_nic_id(g, nic);
		if (l->kind == KIND_TAP && nic->fd >= 0 &&
		    !host_netif_of_fd(l->s->config.host, g->pid, nic->fd, &nif) && !strcmp(nif.name, l->what))
			return rows_nic_id(g, nic);
	}
	return NULL;
}

static void drop_hit(struct lookup *l, size_t i)
{
	free(l->hits[i].ref);
	free(l->hits[i].device);
	free(l->hits[i].how);
	l->hits[i] = l->hits[--l->n_hits];
}

/* Which device of the guest it is; a NIC that stands on the command line may have been unplugged since. */
static void name_devices(struct lookup *l)
{
	uint64_t deadline = clock_now_ns() + 2 * ASK_MS * NS_PER_MS;	/* of all of them */
	size_t i;

	for (i = l->n_hits; i-- > 0; ) {
		auto_free char *disk = NULL;
		const char *device;
		struct guest *g;

		sampler_focus(l->s, l->hits[i].ref);
		if (clock_left_ms(deadline))
			sampler_refresh(l->s, NEED_DEVICES | NEED_DISKS | NEED_NICS, ASK_MS);
		if (l->kind == KIND_IMAGE)
			disk = disk_in(l, l->hits[i].ref);
		pthread_mutex_lock(&l->s->lock);
		g = guest_by_ref(l->s, l->hits[i].ref);
		device = disk ? disk : g ? device_in(l, g, l->hits[i].mac) : NULL;
		if (device) {
			free(l->hits[i].device);
			l->hits[i].device = xstrdup(device);
		} else if (!g || (is_by_mac(l) && (g->known & WANT_NICS))) {
			drop_hit(l, i);
		}
		pthread_mutex_unlock(&l->s->lock);
	}
}

static void find_by_asking(struct lookup *l)
{
	size_t i, k;

	sampler_focus(l->s, NULL);
	sampler_refresh(l->s, NEED_DEVICES | NEED_DISKS | NEED_NICS, ASK_MS);
	pthread_mutex_lock(&l->s->lock);
	for (i = 0; i < l->s->n_guests; i++) {
		for (k = 0; k < l->n_macs; k++) {
			const char *device = device_in(l, l->s->guests[i], l->macs[k]);

			if (device)
				hit_add(l, l->s->guests[i], device, "QEMU was asked", l->macs[k]);
		}
	}
	pthread_mutex_unlock(&l->s->lock);
}

static struct snapshot *tell(struct lookup *l)
{
	struct timespec wall;
	struct snapshot *snap;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &wall);
	snap = snapshot_new(clock_now_ns(), wall);
	pthread_mutex_lock(&l->s->lock);
	for (i = 0; i < l->n_hits; i++) {
		const struct guest *g = guest_by_ref(l->s, l->hits[i].ref);
		struct find_row *row;

		if (!g)
			continue;
		row = snapshot_add(snap, TABLE_FIND);
		rows_head(snap, g, &row->head);
		row->head.key = snapshot_printf(snap, "%zu", i);
		row->kind = kind_names[l->kind];
		row->what = snapshot_str(snap, l->what);
		row->device = snapshot_str(snap, l->hits[i].device);
		row->how = snapshot_str(snap, l->hits[i].how);
	}
	pthread_mutex_unlock(&l->s->lock);
	return snap;
}

static int not_found(const struct lookup *l, struct err *err)
{
	struct host_iface iface;

	if (l->closed)
		return err_set(err, -ENOENT, "no guest has %s, as far as can be seen: the descriptors of %zu guests "
			       "cannot be read without root", l->what, l->closed);
	if (l->lost)
		return err_set(err, -ENOENT, "no guest has %s, as far as can be seen: the storage of %zu guests does not answer",
			       l->what, l->lost);
	if (l->kind == KIND_TAP && host_iface_read(l->s->config.host, l->what, &iface))
		return err_set(err, -ENOENT, "no guest has a tap '%s', and it is " UNDERSTOOD, l->what);
	return err_set(err, -ENOENT, "no guest has %s %s", kind_names[l->kind], l->what);
}

int sampler_lookup(struct sampler *s, const char *what, struct snapshot **out, struct err *err)
{
	struct lookup l = { .s = s, .group = -1 };
	int rc = parse(&l, what, err);

	if (!rc) {
		pthread_mutex_lock(&s->lock);
		find_quietly(&l);
		pthread_mutex_unlock(&s->lock);
		if (l.kind == KIND_IMAGE)
			find_image(&l);
		name_devices(&l);
		if (!l.n_hits && is_by_mac(&l))
			find_by_asking(&l);
		sampler_focus(s, NULL);
	}
	if (!rc && !l.n_hits)
		rc = not_found(&l, err);
	if (!rc)
		*out = tell(&l);
	lookup_done(&l);
	return rc;
}
