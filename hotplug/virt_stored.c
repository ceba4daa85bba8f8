// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A device of a running libvirt guest in its stored definition. libvirt itself looks a stored disk up by its target and a
 * NIC by its address, so it would remove another device that has that place at the next start. Here the two are the same
 * device only when the source and the alias agree, or the source and the address.
 */
#include "internal.h"

#include <errno.h>
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

static bool has_place_of(const struct virt_memory *a, const struct virt_memory *b)
{
	return equal(a->bus, b->bus) && equal(a->slot, b->slot) && equal(a->function, b->function);
}

const struct virt_memory *virt_stored_memory(const struct virt_def *def, const struct virt_memory *live)
{
	const struct virt_memory *found = NULL;
	size_t i;

	for (i = 0; def->stored && i < def->stored->n_memory; i++) {
		const struct virt_memory *m = &def->stored->memory[i];

		/* of several that are alike the one at the same address */
		if (equal(m->model, live->model) && m->bytes == live->bytes && m->page_bytes == live->page_bytes &&
		    m->node == live->node && alias_agrees(m->alias, live->alias) && (!found || has_place_of(m, live)))
			found = m;
	}
	return found;
}

static void memory_twin(const struct virt_def *def, const struct virt_memory *live, struct twin *twin)
{
	const struct virt_memory *m = virt_stored_memory(def, live);

	if (m)
		*twin = (struct twin){ virt_memory_xml(m), m->alias ? m->alias : "memory" };
}

/* A device of the host is its own address. Stored by its kind it has none: the running domain has the one that was found. */
static void usb_twin(const struct virt_def *stored, const struct virt_usb *live, struct twin *twin)
{
	size_t i;

	for (i = 0; i < stored->n_usb && !twin->xml; i++) {
		const struct virt_usb *u = &stored->usb[i];

		if (u->vendor == live->vendor && u->product == live->product &&
		    ((u->bus == live->bus && u->device == live->device) || (u->vendor && !u->bus && !u->device)))
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

static void find_twin(const struct virt_def *def, const struct virt_device *live, struct twin *twin)
{
	if (live->disk)
		disk_twin(def->stored, live->disk, twin);
	if (live->nic)
		nic_twin(def->stored, live->nic, twin);
	if (live->memory)
		memory_twin(def, live->memory, twin);
	if (live->usb)
		usb_twin(def->stored, live->usb, twin);
	if (live->pci)
		pci_twin(def->stored, live->pci, twin);
}

const struct virt_disk *virt_stored_disk(const struct virt_def *def, const char *type, const char *source)
{
	size_t i;

	for (i = 0; def->stored && i < def->stored->n_disks; i++)
		if (equal(def->stored->disks[i].type, type) && equal(def->stored->disks[i].source, source))
			return &def->stored->disks[i];
	return NULL;
}

void virt_warn_stored(struct plan *p, const char *name)
{
	plan_warn(p, "the stored definition has this device already (%s): only the running guest is changed", name);
}

int virt_check_stored(struct plan *p, const struct virt_def *def, const struct virt_device *device, bool *has, struct err *err)
{
	struct twin twin = {0};

	*has = false;
	if (!def->stored)
		return 0;
	find_twin(def, device, &twin);
	*has = twin.xml;
	free(twin.xml);
	if (*has)
		virt_warn_stored(p, twin.name);
	if (*has || !twin.in_place)
		return 0;
	return err_set(err, -EEXIST, "the stored definition has another device in that place: %s (leave persist=on out, or give this one "
		       "another place)", twin.in_place);
}

void virt_plan_detach_stored(struct plan *p, const struct virt_def *def, const char *alias)
{
	struct virt_device live;
	struct twin twin = {0};
	auto_free char *xml = NULL;

	virt_def_find(def, alias, &live);
	find_twin(def, &live, &twin);
	xml = twin.xml;
	if (xml)
		plan_virt(p, STEP_VIRT_CONFIG, twin.name, xml, 0);
	else if (twin.in_place)
		plan_warn(p, "the stored definition has another device in that place (%s): it is left as it is", twin.in_place);
	else
		plan_warn(p, "the stored definition does not have this device: only the running guest is changed");
}
