// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Domain XML into plain structs. Whoever may define a domain writes it: no network, no DTD and so no entities, bounded
 * in size, and in depth by libxml2 itself; whatever is not as expected is as if it were not there.
 */
#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#define XML_MAX (4u << 20)
#define TEXT_MAX 4096		/* of one value */
#define DEVICES_MAX 4096	/* of one kind */

/* libvirt writes no DOCTYPE, and nothing good is in one. */
static void no_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	xmlStopParser(ctx);
}

static int parse(const char *xml, size_t len, const char *root, xmlDocPtr *out, struct err *err)
{
	xmlParserCtxtPtr ctxt;
	xmlNodePtr top;
	xmlDocPtr doc;

	if (len > XML_MAX)
		return err_set(err, -EMSGSIZE, "XML of %zu bytes is too much", len);
	ctxt = xmlNewParserCtxt();
	if (!ctxt)
		abort();
	ctxt->sax->internalSubset = no_doctype;
	doc = xmlCtxtReadMemory(ctxt, xml, (int)len, "domain.xml", NULL,
				XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlFreeParserCtxt(ctxt);
	top = doc ? xmlDocGetRootElement(doc) : NULL;
	if (!top || strcmp((const char *)top->name, root)) {
		xmlFreeDoc(doc);
		return err_set(err, -EBADMSG, "XML that is no <%s>", root);
	}
	*out = doc;
	return 0;
}

static bool is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name);
}

/* The first child element of that name. parent may be NULL. */
static xmlNodePtr child(const xmlNode *parent, const char *name)
{
	xmlNodePtr node = parent ? parent->children : NULL;

	while (node && !is_named(node, name))
		node = node->next;
	return node;
}

static char *bounded(xmlChar *text)
{
	char *copy = text ? str_utf8((const char *)text, strlen((const char *)text), TEXT_MAX) : NULL;

	xmlFree(text);
	if (copy && !*copy) {
		free(copy);
		return NULL;
	}
	return copy;
}

static char *attr(const xmlNode *node, const char *name)
{
	return node ? bounded(xmlGetProp(node, (const xmlChar *)name)) : NULL;
}

static char *content(const xmlNode *node)
{
	return node ? bounded(xmlNodeGetContent(node)) : NULL;
}

static uint64_t number(char *text)
{
	auto_free char *mine = text;
	uint64_t n;

	return mine && !units_uint_parse(mine, &n) ? n : 0;
}

static unsigned small(char *text)
{
	uint64_t n = number(text);

	return n > 1000000 ? 0 : (unsigned)n;
}

/* An element like <memory unit='KiB'>262144</memory>, in bytes; libvirt itself always writes KiB. */
static uint64_t bytes_of(const xmlNode *node)
{
	static const struct {
		const char *name;
		unsigned shift;
	} units[] = { { "bytes", 0 }, { "b", 0 }, { "KiB", 10 }, { "k", 10 }, { "MiB", 20 }, { "M", 20 },
		      { "GiB", 30 }, { "G", 30 }, { "TiB", 40 }, { "T", 40 } };
	auto_free char *unit = attr(node, "unit");
	uint64_t n = number(content(node));
	unsigned shift = 10;
	size_t i;

	for (i = 0; unit && i < ARRAY_SIZE(units); i++)
		if (!strcmp(units[i].name, unit))
			shift = units[i].shift;
	return n << shift >> shift == n ? n << shift : 0;
}

/* '0x01' */
static unsigned hex_of(const xmlNode *node, const char *name)
{
	auto_free char *text = attr(node, name);

	return text ? (unsigned)strtoul(text, NULL, 0) : 0;
}

/* As QEMU names what is on the network: nbd://host:port/name, nbd+unix:///name?socket=/path, rbd:pool/image. */
static char *network_source(const xmlNode *source)
{
	const xmlNode *host = child(source, "host");
	auto_free char *protocol = attr(source, "protocol"), *name = attr(source, "name"), *socket = attr(host, "socket");
	auto_free char *server = attr(host, "name"), *port = attr(host, "port");
	const char *scheme = protocol ? protocol : "", *path = name ? name : "";

	if (!host || !strcmp(scheme, "rbd"))
		return xasprintf("%s:%s", scheme, path);
	if (socket)
		return xasprintf("%s+unix:///%s?socket=%s", scheme, path, socket);
	return xasprintf("%s://%s%s%s%s%s", scheme, server ? server : "", port ? ":" : "", port ? port : "",
			 *path && *path != '/' ? "/" : "", path);
}

/* "nvme://0000:01:00.0/1" */
static char *nvme_source(const xmlNode *source)
{
	auto_free char *space = attr(source, "namespace");
	const xmlNode *address = child(source, "address");

	return xasprintf("nvme://%04x:%02x:%02x.%x/%s", hex_of(address, "domain") & 0xffff, hex_of(address, "bus") & 0xff,
			 hex_of(address, "slot") & 0x1f, hex_of(address, "function") & 7, space ? space : "1");
}

static char *disk_source(const xmlNode *source, const char *type)
{
	auto_free char *a = NULL, *b = NULL;

	if (!source || !type)
		return NULL;
	if (!strcmp(type, "file"))
		return attr(source, "file");
	if (!strcmp(type, "block"))
		return attr(source, "dev");
	if (!strcmp(type, "dir"))
		return attr(source, "dir");
	if (!strcmp(type, "volume")) {
		a = attr(source, "pool");
		b = attr(source, "volume");
		return a && b ? xasprintf("%s/%s", a, b) : NULL;
	}
	if (!strcmp(type, "network"))
		return network_source(source);
	if (!strcmp(type, "nvme"))
		return nvme_source(source);
	return attr(source, "path");	/* vhostuser, .. */
}

static void take_disk(struct virt_def *def, const xmlNode *node)
{
	const xmlNode *driver = child(node, "driver"), *target = child(node, "target");
	auto_free char *encryption = NULL;
	struct virt_disk *d;

	if (def->n_disks == DEVICES_MAX)
		return;
	d = vec_push(def->disks, def->n_disks);
	d->type = attr(node, "type");
	d->device = attr(node, "device");
	d->source = disk_source(child(node, "source"), d->type);
	d->target = attr(target, "dev");
	d->bus = attr(target, "bus");
	d->format = attr(driver, "type");
	d->cache = attr(driver, "cache");
	d->io = attr(driver, "io");
	d->iothread = attr(driver, "iothread");
	d->serial = content(child(node, "serial"));
	d->alias = attr(child(node, "alias"), "name");
	d->read_only = child(node, "readonly");
	encryption = attr(child(child(node, "source"), "encryption"), "format");
	d->luks = encryption && !strcmp(encryption, "luks");
	d->controller = small(attr(child(node, "address"), "controller"));
}

static char *nic_source(const xmlNode *source)
{
	static const char *const where[] = { "network", "bridge", "dev", "path", "portgroup" };
	char *text = NULL;
	size_t i;

	for (i = 0; !text && i < ARRAY_SIZE(where); i++)
		text = attr(source, where[i]);
	return text;
}

static void take_nic(struct virt_def *def, const xmlNode *node)
{
	auto_free char *link = attr(child(node, "link"), "state"), *port = attr(child(node, "virtualport"), "type");
	struct virt_nic *nic;

	if (def->n_nics == DEVICES_MAX)
		return;
	nic = vec_push(def->nics, def->n_nics);
	nic->type = attr(node, "type");
	nic->mac = attr(child(node, "mac"), "address");
	nic->source = nic_source(child(node, "source"));
	nic->target = attr(child(node, "target"), "dev");
	nic->model = attr(child(node, "model"), "type");
	nic->alias = attr(child(node, "alias"), "name");
	nic->queues = small(attr(child(node, "driver"), "queues"));
	nic->driver = attr(child(node, "driver"), "name");
	nic->vlan = small(attr(child(child(node, "vlan"), "tag"), "id"));
	nic->mtu = small(attr(child(node, "mtu"), "size"));
	nic->ovs = port && !strcmp(port, "openvswitch");
	nic->link_down = link && !strcmp(link, "down");
}

static void take_controller(struct virt_def *def, const xmlNode *node)
{
	auto_free char *hotplug = NULL;
	struct virt_controller *c;

	if (def->n_controllers == DEVICES_MAX)
		return;
	c = vec_push(def->controllers, def->n_controllers);
	c->type = attr(node, "type");
	c->model = attr(node, "model");
	c->alias = attr(child(node, "alias"), "name");
	c->iothread = attr(child(node, "driver"), "iothread");
	c->index = small(attr(node, "index"));
	hotplug = attr(child(node, "target"), "hotplug");
	c->no_hotplug = hotplug && !strcmp(hotplug, "off");
}

static int node_of(char *text)
{
	auto_free char *mine = text;
	uint64_t n;

	return mine && !units_uint_parse(mine, &n) && n < 1024 ? (int)n : -1;
}

static void take_memory(struct virt_def *def, const xmlNode *node)
{
	const xmlNode *source = child(node, "source"), *target = child(node, "target"), *address = child(node, "address");
	struct virt_memory *m;

	if (def->n_memory == DEVICES_MAX)
		return;
	m = vec_push(def->memory, def->n_memory);
	m->model = attr(node, "model");
	m->alias = attr(child(node, "alias"), "name");
	m->bytes = bytes_of(child(target, "size"));
	m->node = node_of(content(child(target, "node")));
	m->block_bytes = bytes_of(child(target, "block"));
	m->requested_bytes = bytes_of(child(target, "requested"));
	m->current_bytes = bytes_of(child(target, "current"));
	m->page_bytes = bytes_of(child(source, "pagesize"));
	m->nodes = content(child(source, "nodemask"));
	m->domain = attr(address, "domain");
	m->bus = attr(address, "bus");
	m->slot = attr(address, "slot");
	m->function = attr(address, "function");
}

/* "0x0781" */
static unsigned hex_id(const xmlNode *node)
{
	auto_free char *text = attr(node, "id");

	return text ? (unsigned)strtoul(text, NULL, 16) & 0xffff : 0;
}

static void take_pci(struct virt_def *def, const xmlNode *node, const xmlNode *address)
{
	struct virt_pci *p = vec_push(def->pci, def->n_pci);

	p->alias = attr(child(node, "alias"), "name");
	snprintf(p->address, sizeof(p->address), "%04x:%02x:%02x.%x", hex_of(address, "domain") & 0xffff,
		 hex_of(address, "bus") & 0xff, hex_of(address, "slot") & 0x1f, hex_of(address, "function") & 7);
}

static void take_hostdev(struct virt_def *def, const xmlNode *node)
{
	const xmlNode *source = child(node, "source"), *address = child(source, "address");
	auto_free char *type = attr(node, "type");
	struct virt_usb *u;

	if (type && !strcmp(type, "pci") && address && def->n_pci < DEVICES_MAX)
		take_pci(def, node, address);
	if (def->n_usb == DEVICES_MAX || !type || strcmp(type, "usb"))
		return;
	u = vec_push(def->usb, def->n_usb);
	u->alias = attr(child(node, "alias"), "name");
	u->vendor = hex_id(child(source, "vendor"));
	u->product = hex_id(child(source, "product"));
	u->bus = small(attr(address, "bus"));
	u->device = small(attr(address, "device"));
}

/* vCPUs of a list like "0-3,8,^2" get this node. */
static void put_node(struct virt_def *def, const char *list, int node)
{
	while (list && *list) {
		bool but = *list == '^';
		char *end;
		unsigned long first = strtoul(list + but, &end, 10), last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		size_t i;

		if (end == list + but)
			return;
		for (i = 0; i < def->n_cpus; i++)
			if (def->cpus[i].id >= first && def->cpus[i].id <= last)
				def->cpus[i].node = but ? -1 : node;
		list = *end == ',' ? end + 1 : NULL;
	}
}

/* <vcpus> is there where vCPUs can be plugged one by one; else the first ones are enabled. */
static void take_vcpus(struct virt_def *def, const xmlNode *top)
{
	const xmlNode *node = child(top, "vcpus");
	unsigned i;

	for (i = 0; i < def->vcpus_max && i < DEVICES_MAX; i++)
		*vec_push(def->cpus, def->n_cpus) = (struct virt_vcpu){ i, i < def->vcpus, i >= def->vcpus, -1 };
	for (node = node ? node->children : NULL; node; node = node->next) {
		auto_free char *on = NULL, *hotpluggable = NULL;

		if (!is_named(node, "vcpu"))
			continue;
		i = small(attr(node, "id"));
		on = attr(node, "enabled");
		hotpluggable = attr(node, "hotpluggable");
		if (i < def->n_cpus) {
			def->cpus[i].enabled = on && !strcmp(on, "yes");
			def->cpus[i].hotpluggable = hotpluggable && !strcmp(hotpluggable, "yes");
		}
	}
	node = child(child(top, "cpu"), "numa");
	for (node = node ? node->children : NULL; node; node = node->next) {
		auto_free char *cpus = is_named(node, "cell") ? attr(node, "cpus") : NULL;

		if (cpus)
			put_node(def, cpus, node_of(attr(node, "id")));
	}
}

static void take_device(struct virt_def *def, const xmlNode *node)
{
	auto_free char *alias = attr(child(node, "alias"), "name"), *at = attr(child(node, "address"), "type");

	if (at && !strcmp(at, "pci"))
		def->bus_used[hex_of(child(node, "address"), "bus") & 0xff] = true;
	if (alias && def->n_aliases < DEVICES_MAX)
		*vec_push(def->aliases, def->n_aliases) = take_ptr(alias);
	if (is_named(node, "disk"))
		take_disk(def, node);
	else if (is_named(node, "interface"))
		take_nic(def, node);
	else if (is_named(node, "controller"))
		take_controller(def, node);
	else if (is_named(node, "memory"))
		take_memory(def, node);
	else if (is_named(node, "hostdev"))
		take_hostdev(def, node);
}

/* <seclabel model='dac'><label>+64055:+108</label>: numbers, as libvirt writes them of a domain that is active. */
static int64_t take_uid(const xmlNode *top)
{
	const xmlNode *node;
	int64_t uid = -1;

	for (node = top->children; node; node = node->next) {
		auto_free char *model = is_named(node, "seclabel") ? attr(node, "model") : NULL;
		auto_free char *label = model && !strcmp(model, "dac") ? content(child(node, "label")) : NULL;
		uint64_t n;

		if (!label || *label != '+')
			continue;
		label[strcspn(label, ":")] = '\0';
		if (!units_uint_parse(label + 1, &n) && n < UINT32_MAX)
			uid = (int64_t)n;
	}
	return uid;
}

int virt_def_parse(const char *xml, size_t len, struct virt_def **out, struct err *err)
{
	struct virt_def *def;
	const xmlNode *top, *node, *vcpu;
	xmlDocPtr doc;
	int rc = parse(xml, len, "domain", &doc, err);

	if (rc)
		return rc;
	top = xmlDocGetRootElement(doc);
	def = xcalloc(1, sizeof(*def));
	def->name = content(child(top, "name"));
	def->uid = take_uid(top);
	def->kind = attr(top, "type");
	def->machine = attr(child(child(top, "os"), "type"), "machine");
	def->mem_bytes = bytes_of(child(top, "memory"));
	def->mem_max_bytes = bytes_of(child(top, "maxMemory"));
	def->mem_slots = small(attr(child(top, "maxMemory"), "slots"));
	vcpu = child(top, "vcpu");
	def->vcpus_max = small(content(vcpu));
	def->vcpus = small(attr(vcpu, "current"));
	if (!def->vcpus)
		def->vcpus = def->vcpus_max;
	take_vcpus(def, top);
	node = child(top, "devices");
	for (node = node ? node->children : NULL; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE)
			take_device(def, node);
	xmlFreeDoc(doc);
	*out = def;
	return 0;
}

int virt_vol_format(const char *xml, size_t len, char **format)
{
	xmlDocPtr doc;
	int rc = parse(xml, len, "volume", &doc, NULL);

	if (rc)
		return rc;
	*format = attr(child(child(xmlDocGetRootElement(doc), "target"), "format"), "type");
	xmlFreeDoc(doc);
	return 0;
}

static char *dump(xmlDocPtr doc, xmlNodePtr node)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	char *text;

	if (!buffer || xmlNodeDump(buffer, doc, node, 0, 0) < 0)
		abort();
	text = xstrdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	return text;
}

int virt_nic_link_xml(const char *xml, size_t len, const char *alias, bool up, char **out, struct err *err)
{
	xmlNodePtr node, link;
	xmlDocPtr doc;
	int rc = parse(xml, len, "domain", &doc, err);

	if (rc)
		return rc;
	node = child(xmlDocGetRootElement(doc), "devices");
	for (node = node ? node->children : NULL; node && !*out; node = node->next) {
		auto_free char *name = is_named(node, "interface") ? attr(child(node, "alias"), "name") : NULL;

		if (!name || strcmp(name, alias))
			continue;
		link = child(node, "link");
		if (!link)
			link = xmlNewChild(node, NULL, (const xmlChar *)"link", NULL);
		xmlSetProp(link, (const xmlChar *)"state", (const xmlChar *)(up ? "up" : "down"));
		*out = dump(doc, node);
	}
	xmlFreeDoc(doc);
	return *out ? 0 : err_set(err, -ENODEV, "no NIC '%s' in this domain", alias);
}
