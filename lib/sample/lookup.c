// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which guest has this MAC, IP, tap, image or PCI device. libvirt's live definition tells of its guests, the process of the
 * others: its descriptors and its command line. Only the guests found so are asked for the device, as what was on a command
 * line may be unplugged by now; all of them only for a MAC that none of those has.
 */
#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MS 2500

static const char *const kind_names[] = {
	[LOOKUP_MAC] = "mac", [LOOKUP_IP] = "ip", [LOOKUP_TAP] = "tap", [LOOKUP_IMAGE] = "image", [LOOKUP_PCI] = "pci",
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
	return l->kind == LOOKUP_MAC || l->kind == LOOKUP_IP;
}

/* libvirt's definition knows what was plugged since: a tap, a PCI device of the host. */
static const char *in_definition(const struct lookup *l, const struct guest *g)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && l->kind == LOOKUP_TAP && i < def->n_nics; i++)
		if (def->nics[i].target && !strcmp(def->nics[i].target, l->what))
			return def->nics[i].alias;
	for (i = 0; def && l->kind == LOOKUP_PCI && i < def->n_pci; i++)
		if (!strcmp(def->pci[i].address, l->pci))
			return def->pci[i].alias;
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

	bool closed = host_netifs_read(l->s->config.host, g->pid, &list, &n) == -EACCES, defined = closed && g->domain && g->domain->def;

	if (defined)
		n = netifs_defined(l->s, g, &list);
	l->closed += closed && !defined;
	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, l->what))
			hit_add(l, g, in_definition(l, g), defined ? "libvirt's definition" : "a descriptor of the process", NULL);
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
		hit_add(l, g, in_definition(l, g), strcmp(names[i], group) ? "a descriptor of the process" : how, NULL);
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
		case LOOKUP_MAC:
		case LOOKUP_IP:
			find_mac(l, g);
			break;
		case LOOKUP_TAP:
			find_tap(l, g);
			break;
		case LOOKUP_IMAGE:	/* find_image */
			break;
		case LOOKUP_PCI:
			find_pci(l, g);
			break;
		}
	}
}

/* Paths of the guest's images, as libvirt or QEMU have them, for us. below: the process's root, which is libvirt's too but for /dev. */
static void add_paths(const struct lookup *l, const struct guest *g, bool below, struct match *m)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_disks; i++) {
		const char *file = def->disks[i].path ? def->disks[i].path : def->disks[i].source;

		if (file && *file == '/')
			match_add(m, below ? host_proc_path(l->s->config.host, g->pid, file) : xstrdup(file), def->disks[i].alias);
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
		bool defined = g->domain && g->domain->def;
		struct host_fds *fds = NULL;
		int rc = host_fds_open(l->s->config.host, g->pid, &fds);

		l->closed += rc == -EACCES && !defined;
		if (rc && (rc != -EACCES || !defined))
			continue;
		*vec_push(list, n) = match_new(&l->file, fds);
		*vec_push(refs, n_refs) = xstrdup(g->ref);
		if (defined)
			add_paths(l, g, !rc, list[n - 1]);
	}
	pthread_mutex_unlock(&l->s->lock);
	l->lost = match_run(l->s->lates, list, n);
	for (i = 0; i < n; i++) {
		if (list[i] && list[i]->has)
			*vec_push(l->hits, l->n_hits) = (struct hit){ xstrdup(refs[i]), take_ptr(list[i]->device),
								      xstrdup(list[i]->fds ? "a descriptor of the process" : "libvirt's definition"), NULL };
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
		add_paths(l, g, true, m);
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

	for (i = 0; i < a->n_devices && l->kind == LOOKUP_PCI; i++)
		if (a->devices[i].link && !strcmp(a->devices[i].link, "host") && !strcmp(a->devices[i].backing, l->pci))
			return a->devices[i].id;
	for (i = 0; i < g->nics.n_nics; i++) {
		const struct qmp_nic *nic = &g->nics.nics[i];
		struct host_netif nif;

		if (mac && address_mac_is(nic->mac, mac))
			return rows_nic_id(g, nic);
		if (l->kind == LOOKUP_TAP && nic->ifname && !strcmp(nic->ifname, l->what))
			return rows_nic_id(g, nic);
		if (l->kind == LOOKUP_TAP && nic->fd >= 0 &&
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

/* What tells which device has the thing. */
static unsigned needs_of(const struct lookup *l)
{
	switch (l->kind) {
	case LOOKUP_MAC:
	case LOOKUP_IP:
	case LOOKUP_TAP:
		return NEED_NICS;
	case LOOKUP_IMAGE:
		return NEED_DISKS;
	case LOOKUP_PCI:
		return NEED_DEVICES;
	}
	return 0;
}

/* What NICs it has is known as of this lookup. */
static bool nics_are_known(const struct lookup *l, const struct guest *g)
{
	return g->domain && g->domain->def ? true : (g->known & WANT_NICS) && g->nics.taken_ns >= l->since_ns;
}

static const char *why_not(const struct guest *g)
{
	return g->note ? g->note : "QEMU has not answered";
}

/* device: that QEMU tells of, NULL: it tells of none, or was not asked. A NIC of a command line may have been unplugged since. */
static void name_device(struct lookup *l, size_t i, const struct guest *g, const char *device)
{
	struct hit *hit = &l->hits[i];
	bool asked = g && (g->known & WANT_NICS) && g->nics.taken_ns >= l->since_ns;

	if (device) {
		free(hit->device);
		hit->device = xstrdup(device);
	} else if (!g || (is_by_mac(l) && asked)) {
		drop_hit(l, i);
	} else if (is_by_mac(l) && !nics_are_known(l, g)) {
		free(hit->how);
		hit->how = xasprintf("the command line; whether it still has it is not known: %s", why_not(g));
	}
}

static void name_devices(struct lookup *l)
{
	uint64_t deadline = clock_now_ns() + 2 * ASK_MS * NS_PER_MS;	/* of all of them */
	size_t i;

	for (i = l->n_hits; i-- > 0; ) {
		auto_free char *disk = NULL;
		struct guest *g;

		sampler_focus(l->s, l->hits[i].ref);
		if (clock_left_ms(deadline))
			sampler_refresh(l->s, needs_of(l), ASK_MS);
		if (l->kind == LOOKUP_IMAGE)
			disk = disk_in(l, l->hits[i].ref);
		pthread_mutex_lock(&l->s->lock);
		g = guest_by_ref(l->s, l->hits[i].ref);
		name_device(l, i, g, disk ? disk : g ? device_in(l, g, l->hits[i].mac) : NULL);
		pthread_mutex_unlock(&l->s->lock);
	}
}

static bool is_hit(const struct lookup *l, const char *ref, const char *mac)
{
	size_t i;

	for (i = 0; i < l->n_hits; i++)
		if (l->hits[i].mac && !strcmp(l->hits[i].mac, mac) && (!ref || !strcmp(l->hits[i].ref, ref)))
			return true;
	return false;
}

/* There is a MAC that no guest is known to have. */
static bool wants_asking(const struct lookup *l)
{
	size_t i;

	for (i = 0; is_by_mac(l) && i < l->n_macs; i++)
		if (!is_hit(l, NULL, l->macs[i]))
			return true;
	return false;
}

static void find_by_asking(struct lookup *l)
{
	size_t i, k;

	sampler_focus(l->s, NULL);
	sampler_refresh(l->s, needs_of(l), ASK_MS);
	pthread_mutex_lock(&l->s->lock);
	for (i = 0; i < l->s->n_guests; i++) {
		const struct guest *g = l->s->guests[i];

		for (k = 0; k < l->n_macs; k++) {
			const char *device = is_hit(l, g->ref, l->macs[k]) ? NULL : device_in(l, g, l->macs[k]);

			if (device)
				hit_add(l, g, device, "QEMU was asked", l->macs[k]);
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

/* Guests that may have a NIC of which is not known; NULL: none. Yours. */
static char *not_asked(const struct lookup *l)
{
	const struct guest *first = NULL;
	char *text = NULL;
	size_t n = 0, i;

	pthread_mutex_lock(&l->s->lock);
	for (i = 0; i < l->s->n_guests; i++) {
		const struct guest *g = l->s->guests[i];

		if (g->gone || nics_are_known(l, g))
			continue;
		n++;
		if (!first)
			first = g;
	}
	if (n > 1)
		text = xasprintf("the NICs of %zu guests are known by their command lines only, the first of them %s: %s", n,
				 guest_name(first) ? guest_name(first) : first->ref, why_not(first));
	else if (n)
		text = xasprintf("the NICs of %s are known by its command line only: %s",
				 guest_name(first) ? guest_name(first) : first->ref, why_not(first));
	pthread_mutex_unlock(&l->s->lock);
	return text;
}

static int not_found(const struct lookup *l, struct err *err)
{
	auto_free char *unasked = is_by_mac(l) ? not_asked(l) : NULL;
	struct host_iface iface;

	if (l->closed)
		return err_set(err, -ENOENT, "no guest has %s, as far as can be seen: the descriptors of %zu guests "
			       "cannot be read without root", l->what, l->closed);
	if (l->lost)
		return err_set(err, -ENOENT, "no guest has %s, as far as can be seen: the storage of %zu guests does not answer",
			       l->what, l->lost);
	if (unasked)
		return err_set(err, -ENOENT, "no guest has %s %s, as far as can be seen: %s", kind_names[l->kind], l->what, unasked);
	if (l->kind == LOOKUP_TAP && host_iface_read(l->s->config.host, l->what, &iface))
		return err_set(err, -ENOENT, "no guest has a tap '%s', and it is " LOOKUP_UNDERSTOOD, l->what);
	return err_set(err, -ENOENT, "no guest has %s %s", kind_names[l->kind], l->what);
}

/* Of answers that are older than the lookup none is believed. */
static void believe_since(struct sampler *s, uint64_t since_ns)
{
	pthread_mutex_lock(&s->lock);
	s->since_ns = since_ns;
	pthread_mutex_unlock(&s->lock);
}

static void look_for(struct lookup *l)
{
	struct sampler *s = l->s;

	pthread_mutex_lock(&s->lock);
	domains_join(s);
	find_quietly(l);
	pthread_mutex_unlock(&s->lock);
	if (l->kind == LOOKUP_IMAGE)
		find_image(l);
	believe_since(s, l->since_ns);
	name_devices(l);
	if (wants_asking(l))
		find_by_asking(l);
	believe_since(s, 0);
	sampler_focus(s, NULL);
}

int sampler_lookup(struct sampler *s, const char *what, struct snapshot **out, struct err *err)
{
	struct lookup l = { .s = s, .group = -1, .since_ns = clock_now_ns() };
	int rc = lookup_parse(&l, what, err);

	if (!rc) {
		/* which guests are libvirt's, and what it has of them */
		sampler_settle(s, 0, s->config.answer_ms ? s->config.answer_ms : ASK_MS);
		look_for(&l);
	}
	if (!rc && !l.n_hits)
		rc = not_found(&l, err);
	if (!rc)
		*out = tell(&l);
	lookup_done(&l);
	return rc;
}
