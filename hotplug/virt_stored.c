// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A device of a running libvirt guest in its stored definition. libvirt itself looks a stored disk up by its target and a
 * NIC by its address, so it would remove another device that has that place at the next start. Here the two are the same
 * device only when the source and the alias agree, or the source and the address.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of the stored definition. */
struct twin {
	char *xml;		/* the device, NULL: it is not there */
	const char *name;	/* its alias, else its target or address */
	const char *in_place;	/* what another device that has its place is made of; NULL: the place is free */
};

static bool equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Of the aliases only those of users are stored. */
static bool alias_agrees(const char *stored, const char *live)
{
	return stored ? equal(stored, live) : !str_has_prefix(live, "ua-");
}

static void disk_twin(const struct virt_def *stored, const struct virt_disk *live, struct twin *twin)
{
	size_t i;

	for (i = 0; i < stored->n_disks && !twin->xml; i++) {
		const struct virt_disk *d = &stored->disks[i];
		bool place = equal(d->target, live->target);

		if (equal(d->type, live->type) && equal(d->source, live->source) && (place || equal(d->alias, live->alias)))
			*twin = (struct twin){ virt_disk_xml(d), d->alias ? d->alias : d->target };
		else if (place)
			twin->in_place = d->source ? d->source : d->target;
	}
}

static void nic_twin(const struct virt_def *stored, const struct virt_nic *live, struct twin *twin)
{
	size_t i;

	for (i = 0; live->mac && i < stored->n_nics && !twin->xml; i++) {
		const struct virt_nic *n = &stored->nics[i];

		if (!n->mac || strcasecmp(n->mac, live->mac))
			continue;
		/* of a network the running domain may have what it came to: a bridge, .. */
		if (equal(n->alias, live->alias) || (equal(n->type, live->type) && equal(n->source, live->source)))
			*twin = (struct twin){ virt_nic_xml(n), n->alias ? n->alias : n->mac };
		else
			twin->in_place = n->source ? n->source : n->mac;
	}
}

static void memory_twin(const struct virt_def *stored, const struct virt_memory *live, struct twin *twin)
{
	size_t i;

	for (i = 0; i < stored->n_memory && !twin->xml; i++) {
		const struct virt_memory *m = &stored->memory[i];

		if (equal(m->model, live->model) && m->bytes == live->bytes && m->page_bytes == live->page_bytes &&
		    m->node == live->node && alias_agrees(m->alias, live->alias))
			*twin = (struct twin){ virt_memory_xml(m), m->alias ? m->alias : "memory" };
	}
}

/* A device of the host is its own address. */
static void usb_twin(const struct virt_def *stored, const struct virt_usb *live, struct twin *twin)
{
	size_t i;

	for (i = 0; i < stored->n_usb && !twin->xml; i++) {
		const struct virt_usb *u = &stored->usb[i];

		if (u->vendor == live->vendor && u->product == live->product && u->bus == live->bus && u->device == live->device)
			*twin = (struct twin){ virt_usb_xml(u), u->alias ? u->alias : "usb" };
	}
}

static void pci_twin(const struct virt_def *stored, const struct virt_pci *live, struct twin *twin)
{
	size_t i;

	for (i = 0; i < stored->n_pci && !twin->xml; i++) {
		const struct virt_pci *d = &stored->pci[i];

		if (!strcmp(d->address, live->address))
			*twin = (struct twin){ virt_pci_xml(d), d->alias ? d->alias : d->address };
	}
}

static void find_twin(const struct virt_def *def, const char *alias, struct twin *twin)
{
	struct virt_device live;

	virt_def_find(def, alias, &live);
	if (live.disk)
		disk_twin(def->stored, live.disk, twin);
	if (live.nic)
		nic_twin(def->stored, live.nic, twin);
	if (live.memory)
		memory_twin(def->stored, live.memory, twin);
	if (live.usb)
		usb_twin(def->stored, live.usb, twin);
	if (live.pci)
		pci_twin(def->stored, live.pci, twin);
}

void virt_plan_detach_stored(struct plan *p, const struct virt_def *def, const char *alias)
{
	struct twin twin = {0};
	auto_free char *xml = NULL;

	find_twin(def, alias, &twin);
	xml = twin.xml;
	if (xml)
		plan_virt(p, STEP_VIRT_CONFIG, twin.name, xml, 0);
	else if (twin.in_place)
		plan_warn(p, "the stored definition has another device in that place (%s): it is left as it is", twin.in_place);
	else
		plan_warn(p, "the stored definition does not have this device: only the running guest is changed");
}
