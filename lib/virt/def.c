// SPDX-License-Identifier: GPL-3.0-or-later
/* A definition once it is read: its devices by their alias, what one is made of, its end. */
#include "private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void free_words(char **words, size_t n)
{
	while (n)
		free(words[--n]);
}

void virt_nic_done(struct virt_nic *n)
{
	free_words((char *[]){ n->mac, n->type, n->source, n->target, n->model, n->alias, n->driver }, 7);
	*n = (struct virt_nic){0};
}

void virt_disk_done(struct virt_disk *d)
{
	free_words((char *[]){ d->target, d->bus, d->device, d->type, d->source, d->format, d->cache, d->io, d->iothread,
			       d->serial, d->alias, d->path }, 12);
	while (d->n_chain--)
		free_words((char *[]){ d->chain[d->n_chain].file, d->chain[d->n_chain].format }, 2);
	free(d->chain);
	*d = (struct virt_disk){0};
}

static void memory_done(struct virt_memory *m)
{
	free_words((char *[]){ m->model, m->alias, m->nodes, m->domain, m->bus, m->slot, m->function }, 7);
}

void virt_def_free(struct virt_def *def)
{
	size_t i;

	if (!def)
		return;
	for (i = 0; i < def->n_disks; i++)
		virt_disk_done(&def->disks[i]);
	for (i = 0; i < def->n_nics; i++)
		virt_nic_done(&def->nics[i]);
	for (i = 0; i < def->n_controllers; i++)
		free_words((char *[]){ def->controllers[i].type, def->controllers[i].model, def->controllers[i].alias,
				       def->controllers[i].iothread }, 4);
	for (i = 0; i < def->n_memory; i++)
		memory_done(&def->memory[i]);
	for (i = 0; i < def->n_usb; i++)
		free(def->usb[i].alias);
	free_words(def->aliases, def->n_aliases);
	free_words((char *[]){ def->name, def->kind, def->machine }, 3);
	free(def->disks);
	free(def->nics);
	free(def->controllers);
	free(def->cpus);
	free(def->memory);
	for (i = 0; i < def->n_pci; i++)
		free(def->pci[i].alias);
	free(def->pci);
	free(def->usb);
	free(def->aliases);
	virt_def_free(def->stored);
	free(def);
}

static const char *controller_iothread(const struct virt_def *def, const char *type, unsigned index)
{
	size_t i;

	for (i = 0; i < def->n_controllers; i++)
		if (def->controllers[i].type && !strcmp(def->controllers[i].type, type) && def->controllers[i].index == index)
			return def->controllers[i].iothread;
	return NULL;
}

const char *virt_def_iothread(const struct virt_def *def, const char *alias)
{
	size_t i;

	for (i = 0; i < def->n_disks; i++) {
		const struct virt_disk *d = &def->disks[i];

		if (!d->alias || strcmp(d->alias, alias))
			continue;
		return d->iothread || !d->bus ? d->iothread : controller_iothread(def, d->bus, d->controller);
	}
	for (i = 0; i < def->n_controllers; i++)
		if (def->controllers[i].alias && !strcmp(def->controllers[i].alias, alias))
			return def->controllers[i].iothread;
	return NULL;
}

bool virt_def_has_alias(const struct virt_def *def, const char *alias)
{
	size_t i;

	for (i = 0; i < def->n_aliases; i++)
		if (!strcmp(def->aliases[i], alias))
			return true;
	return def->stored && virt_def_has_alias(def->stored, alias);
}

struct virt_ports virt_def_ports(const struct virt_def *def)
{
	struct virt_ports ports = {0};
	size_t i;

	for (i = 0; i < def->n_controllers; i++) {
		const struct virt_controller *c = &def->controllers[i];

		if (!c->type || strcmp(c->type, "pci") || !c->model || c->index >= ARRAY_SIZE(def->bus_used) ||
		    (strcmp(c->model, "pcie-root-port") && strcmp(c->model, "pcie-switch-downstream-port")))
			continue;
		ports.all++;
		ports.hotplug += !c->no_hotplug;
		ports.empty += !c->no_hotplug && !def->bus_used[c->index];
	}
	return ports;
}

/* The index of the one whose alias, at that offset, is this. */
static bool find_in(const void *list, size_t n, size_t size, size_t offset, const char *alias, const void **out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const char *device = (const char *)list + i * size;
		const char *name = *(char *const *)(const void *)(device + offset);

		if (name && !strcmp(name, alias)) {
			*out = device;
			return true;
		}
	}
	return false;
}

#define FIND(list, n, type) find_in(list, n, sizeof(type), offsetof(type, alias), alias, &device)

bool virt_def_find(const struct virt_def *def, const char *alias, struct virt_device *out)
{
	const void *device = NULL;

	*out = (struct virt_device){0};
	if (FIND(def->disks, def->n_disks, struct virt_disk))
		out->disk = device;
	else if (FIND(def->nics, def->n_nics, struct virt_nic))
		out->nic = device;
	else if (FIND(def->memory, def->n_memory, struct virt_memory))
		out->memory = device;
	else if (FIND(def->usb, def->n_usb, struct virt_usb))
		out->usb = device;
	else if (FIND(def->pci, def->n_pci, struct virt_pci))
		out->pci = device;
	else if (FIND(def->controllers, def->n_controllers, struct virt_controller))
		out->controller = device;
	return device;
}

static const char *or_none(const char *text)
{
	return text ? text : "-";
}

char *virt_device_words(const struct virt_device *d)
{
	if (d->disk)
		return xasprintf("disk %s at %s", or_none(d->disk->source), or_none(d->disk->target));
	if (d->nic)
		return xasprintf("NIC %s of type %s", or_none(d->nic->mac), or_none(d->nic->type));
	if (d->memory)
		return xasprintf("%s of %llu MiB on node %d", or_none(d->memory->model), (unsigned long long)d->memory->bytes >> 20,
				 d->memory->node);
	if (d->usb)
		return xasprintf("USB device %04x:%04x, %u:%u", d->usb->vendor, d->usb->product, d->usb->bus, d->usb->device);
	if (d->pci)
		return xasprintf("PCI device %s", d->pci->address);
	if (d->controller)
		return xasprintf("%s controller %u", or_none(d->controller->type), d->controller->index);
	return NULL;
}
