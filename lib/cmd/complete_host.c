// SPDX-License-Identifier: GPL-3.0-or-later
/* What the host has, and libvirt. */
#include "completing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- network */

#define PCI_BRIDGES 0x06		/* of its classes: what no guest is given */

static bool is_loopback(const struct host_link *l)
{
	return !strcmp(l->name, "lo");
}

/* Taps that others may use, bridges of Linux, what a macvtap can lie on. */
static bool link_is(const struct host_link *l, enum complete_kind kind)
{
	bool tap = !strcmp(l->kind, "tun"), bridge = !strcmp(l->kind, "bridge"), macvtap = !strcmp(l->kind, "macvtap");

	switch ((int)kind) {
	case COMPLETE_TAPS: return tap;
	case COMPLETE_BRIDGES: return bridge;
	}
	return !tap && !macvtap && !is_loopback(l) && strcmp(l->kind, "openvswitch") != 0;
}

static void add_link(struct completing *c, const struct host_link *list, size_t n, const struct host_link *l)
{
	const struct host_link *master = l->master ? host_links_index(list, n, l->master) : NULL;

	complete_addf(c, l->name, "%s%s%s%s%s%s", *l->kind ? l->kind : "", *l->kind ? ", " : "", l->state ? l->state : "",
		      master ? ", port of " : "", master ? master->name : "", l->filters_vlans ? ", filters VLANs" : "");
}

/* Each bridge of Open vSwitch once: it has an interface of its name. */
static void add_switches(struct completing *c)
{
	struct host_ovs_port *ports = NULL;
	size_t n = 0, i;

	if (!host_is_live(c->session->host) || host_ovs_read(HOST_OVS_SOCKET, complete_left_ms(c), &ports, &n, NULL))
		return;
	for (i = 0; i < n; i++)
		if (!strcmp(ports[i].name, ports[i].bridge))
			complete_add(c, ports[i].bridge, "Open vSwitch");
	free(ports);
}

static void complete_links(struct completing *c, enum complete_kind kind)
{
	struct host_link *list = NULL;
	size_t n = 0, i;

	if (host_links_read(c->session->host, complete_left_ms(c), &list, &n))
		complete_note(c, "the kernel does not tell of the network interfaces");
	for (i = 0; i < n; i++)
		if (link_is(&list[i], kind))
			add_link(c, list, n, &list[i]);
	free(list);
	if (kind == COMPLETE_BRIDGES)
		add_switches(c);
}

static void complete_vdpa(struct completing *c)
{
	DIR *dir = host_is_live(c->session->host) ? opendir("/dev") : NULL;
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		auto_free char *path = xasprintf("/dev/%s", d->d_name);

		if (str_has_prefix(d->d_name, "vhost-vdpa-"))
			complete_add(c, path, NULL);
	}
	if (dir)
		closedir(dir);
}

/* ---- nodes and CPUs: lists */

static void complete_nodes(struct completing *c)
{
	struct host_node *list = NULL;
	size_t n = 0, i;

	host_nodes_read(c->session->host, &list, &n);
	for (i = 0; i < n; i++) {
		auto_free char *id = xasprintf("%u", list[i].id);
		char size[16] = "-", left[16] = "-";

		if (list[i].total_bytes != HOST_UNKNOWN)
			units_scaled((double)list[i].total_bytes, 1024, size, sizeof(size));
		if (list[i].free_bytes != HOST_UNKNOWN)
			units_scaled((double)list[i].free_bytes, 1024, left, sizeof(left));
		complete_addf(c, id, "%s, %s free, CPUs %s", size, left, *list[i].cpus ? list[i].cpus : "none");
	}
	free(list);
}

static void complete_cpus(struct completing *c)
{
	struct host_cpu *list = NULL;
	size_t n = 0, i;

	if (host_cpus_read(c->session->host, &list, &n))
		return;
	for (i = 0; i < n; i++) {
		auto_free char *id = xasprintf("%u", list[i].cpu);
		int node = host_cpu_node(c->session->host, list[i].cpu);

		complete_addf(c, id, "node %d%s%s", node < 0 ? 0 : node, *list[i].siblings ? ", core of " : "", list[i].siblings);
	}
	free(list);
}

/* ---- devices */

static char *about_pci(const struct host_pci *d)
{
	auto_buf struct buf text = {0};
	char class[32];

	if (d->group >= 0)
		buf_printf(&text, "group %d, ", d->group);
	else
		buf_puts(&text, "no IOMMU group, ");
	buf_printf(&text, "%s, ", *d->driver ? d->driver : "no driver");
	if (d->node >= 0)
		buf_printf(&text, "node %d, ", d->node);
	buf_printf(&text, "%s %04x:%04x", host_pci_class(d->class, class, sizeof(class)), d->vendor, d->device);
	if (d->vfs_max)
		buf_printf(&text, ", %u of %u VFs", d->vfs, d->vfs_max);
	if (*d->physfn)
		buf_printf(&text, ", VF of %s", d->physfn);
	return buf_take(&text);
}

#define IFACES_MAX 8

static void add_pf(struct completing *c, const struct host_pci *d)
{
	auto_free char *about = about_pci(d);
	char names[IFACES_MAX][16];
	size_t n, i;

	if (!d->vfs_max)
		return;
	complete_add(c, d->address, about);
	n = host_pci_ifaces(c->session->host, d->address, names, IFACES_MAX);
	for (i = 0; i < n && i < IFACES_MAX; i++)
		complete_addf(c, names[i], "%s, %s", d->address, about);
}

static void complete_pci(struct completing *c, enum complete_kind kind)
{
	struct host_pci *list = NULL;
	size_t n = 0, i;

	if (host_pci_list(c->session->host, &list, &n))
		complete_note(c, "this host has no PCI devices that can be seen");
	for (i = 0; i < n; i++) {
		auto_free char *about = about_pci(&list[i]);

		if (kind == COMPLETE_PFS)
			add_pf(c, &list[i]);
		else if (list[i].class >> 16 != PCI_BRIDGES)
			complete_add(c, list[i].address, about);
	}
	free(list);
}

/* Of the physical function that was given: by their numbers. */
static void complete_vfs(struct completing *c)
{
	const struct host *h = c->session->host;
	const char *pf = c->so_far->verb ? call_value(c->so_far, "PF") : NULL;
	char address[16], vf[16];
	unsigned i;

	if (!pf) {
		complete_note(c, "which device is not said yet");
		return;
	}
	if (host_pci_address(pf, address) && host_iface_pci(h, pf, address)) {
		complete_note(c, "%s is no PCI device, and no network interface of one", pf);
		return;
	}
	for (i = 0; i < CANDIDATES_MAX && !host_sriov_vf(h, address, i, vf); i++) {
		auto_free char *number = xasprintf("%u", i);

		complete_add(c, number, vf);
	}
	if (!i)
		complete_note(c, "%s has no virtual functions", address);
}

static void complete_usb(struct completing *c)
{
	struct host_usb *list = NULL;
	size_t n = 0, i;

	if (host_usb_list(c->session->host, &list, &n))
		n = 0;
	for (i = 0; i < n; i++) {
		const struct host_usb *d = &list[i];
		auto_free char *id = xasprintf("%04x:%04x", d->vendor, d->product);
		auto_free char *about = xasprintf("%s%s%s%s", d->name ? d->name : "", d->name && d->use ? ", " : "", d->use ? d->use : "",
						  d->name || d->use ? ", " : "");

		if (d->hub)
			continue;
		complete_addf(c, d->port, "%s%s", about, id);
		if (*c->typed)
			complete_addf(c, id, "%s%s", about, d->port);
	}
	if (!n)
		complete_note(c, "this host has no USB devices that can be seen");
	host_usb_free(list, n);
}

void complete_host(struct completing *c, enum complete_kind kind)
{
	auto_buf struct buf prefix = {0};
	struct completing one;

	if (kind == COMPLETE_NODES || kind == COMPLETE_CPUS) {
		one = complete_behind(c, ",-", &prefix);
		(kind == COMPLETE_NODES ? complete_nodes : complete_cpus)(&one);
	} else if (kind == COMPLETE_PCI || kind == COMPLETE_PFS) {
		complete_pci(c, kind);
	} else if (kind == COMPLETE_VFS) {
		complete_vfs(c);
	} else if (kind == COMPLETE_HOST_USB) {
		complete_usb(c);
	} else if (kind == COMPLETE_VDPA) {
		complete_vdpa(c);
	} else {
		complete_links(c, kind);
	}
}

/* ---- libvirt */

/* Lines "NAME\tWHAT"; a pool's name goes on with its volumes. */
static void add_lines(struct completing *c, char *lines, const char *end)
{
	char *line, *rest = lines;

	while ((line = strsep(&rest, "\n"))) {
		auto_free char *name = xasprintf("%.*s%s", (int)strcspn(line, "\t"), line, end);
		const char *tab = strchr(line, '\t');

		if (tab)
			complete_add(c, name, tab + 1);
	}
}

static void add_volumes(struct completing *c, const char *uuid, struct err *err)
{
	const char *slash = strchr(c->typed, '/');
	auto_free char *pool = slash ? xstrndup(c->typed, (size_t)(slash - c->typed)) : NULL, *lines = NULL;
	auto_buf struct buf prefix = {0};
	struct completing one = *c;

	if (virt_volume_names(c->session->virt, uuid, pool, complete_left_ms(c), &lines, err))
		return;
	if (pool)
		one = complete_behind(c, "/", &prefix);
	add_lines(&one, lines, pool ? "" : "/");
}

void complete_virt(struct completing *c, enum complete_kind kind)
{
	struct sample_guest guest = {0};
	auto_free char *lines = NULL;
	struct err err = {0};

	if (!complete_guest(c, &guest))
		return;
	if (!guest.domain)
		complete_note(c, "%s is no guest of libvirt's", guest.name);
	else if (kind == COMPLETE_VOLUMES)
		add_volumes(c, guest.domain, &err);
	else if (!virt_network_names(c->session->virt, guest.domain, complete_left_ms(c), &lines, &err))
		add_lines(c, lines, "");
	if (err.code)
		complete_note(c, "%s", err.text);
	sample_guest_done(&guest);
}
