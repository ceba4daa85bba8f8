// SPDX-License-Identifier: GPL-3.0-or-later
/* Device XML for libvirt, through libxml2: what an operator wrote is escaped by who knows how. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/tree.h>

static void put(xmlNodePtr node, const char *name, const char *value)
{
	if (value)
		xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

static xmlNodePtr add(xmlNodePtr parent, const char *name)
{
	return xmlNewChild(parent, NULL, (const xmlChar *)name, NULL);
}

static void put_alias(xmlNodePtr device, const char *alias)
{
	if (alias)
		put(add(device, "alias"), "name", alias);
}

/* One line; frees the node. */
static char *dump(xmlNodePtr node)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	char *text;

	xmlDocSetRootElement(doc, node);
	if (!buffer || xmlNodeDump(buffer, doc, node, 0, 0) < 0)
		abort();
	text = xstrdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	xmlFreeDoc(doc);
	return text;
}

static void put_source(xmlNodePtr source, const struct virt_disk *d)
{
	const char *slash = d->source ? strchr(d->source, '/') : NULL;

	if (!strcmp(d->type, "block")) {
		put(source, "dev", d->source);
	} else if (!strcmp(d->type, "volume") && slash) {
		auto_free char *pool = xstrndup(d->source, (size_t)(slash - d->source));

		put(source, "pool", pool);
		put(source, "volume", slash + 1);
	} else {
		put(source, "file", d->source);
	}
}

/* An empty one says that there is nothing below: without it libvirt looks into the image. */
static void put_chain(xmlNodePtr parent, const struct virt_disk *d)
{
	size_t i;

	for (i = 0; i < d->n_chain; i++) {
		parent = add(parent, "backingStore");
		put(parent, "type", "file");
		put(add(parent, "format"), "type", d->chain[i].format);
		put(add(parent, "source"), "file", d->chain[i].file);
	}
	add(parent, "backingStore");
}

char *virt_disk_xml(const struct virt_disk *d)
{
	xmlNodePtr disk = xmlNewNode(NULL, (const xmlChar *)"disk"), driver, target;

	put(disk, "type", d->type);
	put(disk, "device", d->device);
	driver = add(disk, "driver");
	put(driver, "name", "qemu");
	put(driver, "type", d->format);
	put(driver, "cache", d->cache);
	put(driver, "io", d->io);
	put(driver, "iothread", d->iothread);
	put_source(add(disk, "source"), d);
	if (d->has_chain)
		put_chain(disk, d);
	target = add(disk, "target");
	put(target, "dev", d->target);
	put(target, "bus", d->bus);
	if (d->read_only)
		add(disk, "readonly");
	if (d->serial)
		xmlNewTextChild(disk, NULL, (const xmlChar *)"serial", (const xmlChar *)d->serial);
	put_alias(disk, d->alias);
	return dump(disk);
}

char *virt_controller_xml(const struct virt_controller *c)
{
	xmlNodePtr node = xmlNewNode(NULL, (const xmlChar *)"controller");
	char index[16];

	snprintf(index, sizeof(index), "%u", c->index);
	put(node, "type", c->type);
	put(node, "index", index);
	put(node, "model", c->model);
	put_alias(node, c->alias);
	return dump(node);
}

/* What a NIC is connected to: each type has its own words for it. */
static void put_nic_source(xmlNodePtr nic, const struct virt_nic *n)
{
	xmlNodePtr source = strcmp(n->type, "user") && strcmp(n->type, "ethernet") ? add(nic, "source") : NULL;

	if (source && !strcmp(n->type, "vhostuser")) {
		put(source, "type", "unix");
		put(source, "path", n->source);
		put(source, "mode", "client");
	} else if (source && (!strcmp(n->type, "bridge") || !strcmp(n->type, "network"))) {
		put(source, n->type, n->source);
	} else if (source) {
		put(source, "dev", n->source);
	}
	if (!strcmp(n->type, "direct"))
		put(source, "mode", "bridge");
	if (n->ovs)
		put(add(nic, "virtualport"), "type", "openvswitch");
}

static void put_number(xmlNodePtr node, const char *name, bool hex, unsigned n)
{
	char text[16];

	snprintf(text, sizeof(text), hex ? "0x%04x" : "%u", n);
	put(node, name, text);
}

char *virt_nic_xml(const struct virt_nic *n)
{
	xmlNodePtr nic = xmlNewNode(NULL, (const xmlChar *)"interface"), node;

	put(nic, "type", n->type);
	put(add(nic, "mac"), "address", n->mac);
	put_nic_source(nic, n);
	if (n->target) {
		node = add(nic, "target");
		put(node, "dev", n->target);
		put(node, "managed", "no");
	}
	put(add(nic, "model"), "type", n->model);
	if (n->driver || n->queues > 1) {
		node = add(nic, "driver");
		put(node, "name", n->driver);
		if (n->queues > 1)
			put_number(node, "queues", false, n->queues);
	}
	if (n->vlan)
		put_number(add(add(nic, "vlan"), "tag"), "id", false, n->vlan);
	if (n->mtu)
		put_number(add(nic, "mtu"), "size", false, n->mtu);
	put_alias(nic, n->alias);
	return dump(nic);
}

static void put_kib(xmlNodePtr parent, const char *name, uint64_t bytes)
{
	char text[24];
	xmlNodePtr node;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes / 1024);
	node = xmlNewTextChild(parent, NULL, (const xmlChar *)name, (const xmlChar *)text);
	put(node, "unit", "KiB");
}

char *virt_memory_xml(const struct virt_memory *m)
{
	xmlNodePtr memory = xmlNewNode(NULL, (const xmlChar *)"memory"), source, target, address;
	char number[16];

	put(memory, "model", m->model);
	if (m->page_bytes || m->nodes) {
		source = add(memory, "source");
		if (m->page_bytes)
			put_kib(source, "pagesize", m->page_bytes);
		if (m->nodes)
			xmlNewTextChild(source, NULL, (const xmlChar *)"nodemask", (const xmlChar *)m->nodes);
	}
	target = add(memory, "target");
	put_kib(target, "size", m->bytes);
	if (m->node >= 0) {
		snprintf(number, sizeof(number), "%d", m->node);
		xmlNewTextChild(target, NULL, (const xmlChar *)"node", (const xmlChar *)number);
	}
	if (m->block_bytes) {
		put_kib(target, "block", m->block_bytes);
		put_kib(target, "requested", m->requested_bytes);
	}
	put_alias(memory, m->alias);
	/* a DIMM's is another kind, and chosen by libvirt */
	if (m->function) {
		address = add(memory, "address");
		put(address, "type", "pci");
		put(address, "domain", m->domain);
		put(address, "bus", m->bus);
		put(address, "slot", m->slot);
		put(address, "function", m->function);
	}
	return dump(memory);
}

char *virt_usb_xml(const struct virt_usb *u)
{
	xmlNodePtr hostdev = xmlNewNode(NULL, (const xmlChar *)"hostdev"), source, address;

	put(hostdev, "mode", "subsystem");
	put(hostdev, "type", "usb");
	source = add(hostdev, "source");
	if (u->vendor || u->product) {
		put_number(add(source, "vendor"), "id", true, u->vendor);
		put_number(add(source, "product"), "id", true, u->product);
	}
	if (u->bus) {
		address = add(source, "address");
		put_number(address, "bus", false, u->bus);
		put_number(address, "device", false, u->device);
	}
	put_alias(hostdev, u->alias);
	return dump(hostdev);
}

char *virt_pci_xml(const struct virt_pci *p)
{
	xmlNodePtr hostdev = xmlNewNode(NULL, (const xmlChar *)"hostdev"), address;
	unsigned part[4] = {0};
	static const char *const names[] = { "domain", "bus", "slot", "function" };
	size_t i;

	put(hostdev, "mode", "subsystem");
	put(hostdev, "type", "pci");
	put(hostdev, "managed", "yes");
	address = add(add(hostdev, "source"), "address");
	sscanf(p->address, "%x:%x:%x.%x", &part[0], &part[1], &part[2], &part[3]);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		put_number(address, names[i], true, part[i]);
	put_alias(hostdev, p->alias);
	return dump(hostdev);
}
