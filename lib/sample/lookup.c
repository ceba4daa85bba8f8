// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which guest has this MAC, IP, tap, image or PCI device. The process tells most: its descriptors and its command
 * line. Only the guests found so are asked for the device; all of them only when a MAC is on no command line.
 */
#include "match.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ASK_MS 2500

enum kind { KIND_MAC, KIND_IP, KIND_TAP, KIND_IMAGE, KIND_PCI };
static const char *const kind_names[] = {
	[KIND_MAC] = "mac", [KIND_IP] = "ip", [KIND_TAP] = "tap", [KIND_IMAGE] = "image", [KIND_PCI] = "pci",
};

struct hit {
	char *ref, *device, *how;
};

struct lookup {
	struct sampler *s;
	enum kind kind;
	char *what;			/* as it is told: a MAC of an IP, a whole path */
	char mac[18], pci[16];
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
	free(l->what);
}

static void hit_add(struct lookup *l, const struct guest *g, const char *device, const char *how)
{
	*vec_push(l->hits, l->n_hits) = (struct hit){ xstrdup(g->ref), xstrdup(device), xstrdup(how) };
}

static bool is_mac(const char *word, char mac[18])
{
	size_t i;

	if (strlen(word) != 17)
		return false;
	for (i = 0; i < 17; i++) {
		if (i % 3 == 2 ? word[i] != ':' && word[i] != '-' : !isxdigit((unsigned char)word[i]))
			return false;
		mac[i] = i % 3 == 2 ? ':' : (char)tolower((unsigned char)word[i]);
	}
	mac[17] = '\0';
	return true;
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

static int parse_ip(struct lookup *l, const char *word, struct err *err)
{
	char mac[18];

	l->kind = KIND_IP;
	if (host_neighbour_mac(l->s->config.host, word, mac) || !is_mac(mac, l->mac))
		return err_set(err, -ENOENT, "the host's neighbour table (ip neigh) does not know %s: send it a "
			       "packet first, or look for the MAC", word);
	l->what = xasprintf("%s %s", word, l->mac);
	return 0;
}

static int parse(struct lookup *l, const char *word, struct err *err)
{
	unsigned char address[sizeof(struct in_addr)];
	int rc;

	if (is_mac(word, l->mac)) {
		l->kind = KIND_MAC;
		l->what = xstrdup(l->mac);
		return 0;
	}
	if (!host_pci_address(word, l->pci)) {
		l->kind = KIND_PCI;
		l->what = xstrdup(l->pci);
		return parse_pci(l, err);
	}
	if (inet_pton(AF_INET, word, address) == 1)
		return parse_ip(l, word, err);
	l->what = xstrdup(word);
	rc = match_file(l->s->lates, word, &l->file, err);
	l->kind = rc && !strchr(word, '/') ? KIND_TAP : KIND_IMAGE;
	return l->kind == KIND_IMAGE ? rc : 0;
}

/* libvirt's definition knows what was plugged since. */
static const char *device_in_definition(const struct lookup *l, const struct guest *g)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	size_t i;

	for (i = 0; def && i < def->n_nics; i++) {
		const struct virt_nic *n = &def->nics[i];

		if ((l->kind == KIND_MAC || l->kind == KIND_IP) && n->mac && !strcasecmp(n->mac, l->mac))
			return n->alias;
		if (l->kind == KIND_TAP && n->target && !strcmp(n->target, l->what))
			return n->alias;
	}
	return NULL;
}

/* By the definition, or by the option strings that can carry a MAC. */
static void find_mac(struct lookup *l, const struct guest *g)
{
	const char *device = device_in_definition(l, g);
	struct host_proc proc = {0};
	size_t i;

	if (device)
		hit_add(l, g, device, "libvirt's definition");
	if (g->domain && g->domain->def)
		return;
	if (host_proc_read(l->s->config.host, g->pid, &proc))
		return;
	for (i = 1; i + 1 < proc.argc; i++) {
		const char *key = !strcmp(proc.argv[i], "-net") ? "macaddr" : "mac";
		auto_free char *mac = NULL, *id = NULL;

		if (strcmp(proc.argv[i], "-device") && strcmp(proc.argv[i], "-nic") && strcmp(proc.argv[i], "-net"))
			continue;
		mac = qmp_opt_get(proc.argv[i + 1], "driver", key);
		if (!mac || strcasecmp(mac, l->mac))
			continue;
		id = qmp_opt_get(proc.argv[i + 1], "driver", "id");
		hit_add(l, g, id, "the command line");
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
			hit_add(l, g, device_in_definition(l, g), "a descriptor of the process");
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
		hit_add(l, g, NULL, strcmp(names[i], group) ? "a descriptor of the process" : how);
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

	for (i = 0; def && i < def->n_disks; i++)
		if (def->disks[i].source && *def->disks[i].source == '/')
			match_add(m, host_proc_path(l->s->config.host, g->pid, def->disks[i].source), def->disks[i].alias);
	for (i = 0; i < g->devices.n_disks; i++)
		if (g->devices.disks[i].file)
			match_add(m, host_proc_path(l->s->config.host, g->pid, g->devices.disks[i].file), g->devices.disks[i].id);
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
								      xstrdup("a descriptor of the process") };
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

/* The device of a guest that was asked; NULL: none it knows of. Borrowed from the guest. */
static const char *device_in(const struct lookup *l, const struct guest *g)
{
	const struct device_answers *a = &g->devices;
	size_t i;

	for (i = 0; i < a->n_devices && l->kind == KIND_PCI; i++)
		if (a->devices[i].link && !strcmp(a->devices[i].link, "host") && !strcmp(a->devices[i].backing, l->pci))
			return a->devices[i].id;
	for (i = 0; i < a->n_nics; i++) {
		const struct qmp_nic *nic = &a->nics[i];
		struct host_netif nif;

		if ((l->kind == KIND_MAC || l->kind == KIND_IP) && nic->mac && !strcasecmp(nic->mac, l->mac))
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
	bool by_mac = l->kind == KIND_MAC || l->kind == KIND_IP;
	uint64_t deadline = clock_now_ns() + 2 * ASK_MS * NS_PER_MS;	/* of all of them */
	size_t i;

	for (i = l->n_hits; i-- > 0; ) {
		auto_free char *disk = NULL;
		const char *device;
		struct guest *g;

		sampler_focus(l->s, l->hits[i].ref);
		if (clock_left_ms(deadline))
			sampler_refresh(l->s, NEED_DEVICES, ASK_MS);
		if (l->kind == KIND_IMAGE)
			disk = disk_in(l, l->hits[i].ref);
		pthread_mutex_lock(&l->s->lock);
		g = guest_by_ref(l->s, l->hits[i].ref);
		device = disk ? disk : g ? device_in(l, g) : NULL;
		if (device) {
			free(l->hits[i].device);
			l->hits[i].device = xstrdup(device);
		} else if (!g || (by_mac && (g->known & WANT_DEVICES))) {
			drop_hit(l, i);
		}
		pthread_mutex_unlock(&l->s->lock);
	}
}

static void find_by_asking(struct lookup *l)
{
	size_t i;

	sampler_focus(l->s, NULL);
	sampler_refresh(l->s, NEED_DEVICES, ASK_MS);
	pthread_mutex_lock(&l->s->lock);
	for (i = 0; i < l->s->n_guests; i++) {
		const char *device = device_in(l, l->s->guests[i]);

		if (device)
			hit_add(l, l->s->guests[i], device, "QEMU was asked");
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
		if (!l.n_hits && (l.kind == KIND_MAC || l.kind == KIND_IP))
			find_by_asking(&l);
		sampler_focus(s, NULL);
	}
	if (!rc && !l.n_hits && l.closed)
		rc = err_set(err, -ENOENT, "no guest has %s, as far as can be seen: the descriptors of %zu guests "
			     "cannot be read without root", l.what, l.closed);
	else if (!rc && !l.n_hits && l.lost)
		rc = err_set(err, -ENOENT, "no guest has %s, as far as can be seen: the storage of %zu guests does not answer",
			     l.what, l.lost);
	else if (!rc && !l.n_hits)
		rc = err_set(err, -ENOENT, "no guest has %s %s", kind_names[l.kind], l.what);
	if (!rc)
		*out = tell(&l);
	lookup_done(&l);
	return rc;
}
