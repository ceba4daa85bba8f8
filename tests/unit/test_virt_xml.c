/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain XML: what libvirt writes, and what somebody may have written who means harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/virt/domain.h"

static const char whole[] =
	"<domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
	"  <name>db</name><uuid>52d16515-6ad3-4990-95f4-ee7c66f6bac7</uuid>\n"
	"  <maxMemory slots='16' unit='KiB'>16777216</maxMemory>\n"
	"  <memory unit='KiB'>2097152</memory><currentMemory unit='KiB'>1048576</currentMemory>\n"
	"  <vcpu placement='static' current='2'>8</vcpu>\n"
	"  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>\n"
	"  <metadata><x:disk xmlns:x='urn:x'><target dev='no'/></x:disk></metadata>\n"
	"  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>\n"
	"    <disk type='file' device='disk'>\n"
	"      <driver name='qemu' type='qcow2' cache='none' io='native' iothread='1'/>\n"
	"      <source file='/images/a&amp;b.qcow2' index='2'/>\n"
	"      <backingStore type='file' index='3'><format type='raw'/><source "
	"file='/images/base.img'/></backingStore>\n"
	"      <target dev='vda' bus='virtio'/><serial>S1</serial><alias name='virtio-disk0'/>\n"
	"      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></disk>\n"
	"    <disk type='volume' device='disk'><source pool='p' volume='v'/><target dev='sda' bus='scsi'/><readonly/>\n"
	"      <alias name='ua-data'/></disk>\n"
	"    <disk type='network' device='disk'><source protocol='rbd' name='pool/img'><host name='h'/></source>\n"
	"      <target dev='vdb' bus='virtio'/></disk>\n"
	"    <disk type='block' device='lun'><source dev='/dev/sdx'/><target dev='sdb' bus='scsi'/></disk>\n"
	"    <disk type='file' device='cdrom'><target dev='sdc' bus='sata'/><readonly/></disk>\n"
	"    <controller type='scsi' index='0' model='virtio-scsi'><alias name='scsi0'/></controller>\n"
	"    <controller type='pci' index='1' model='pcie-root-port'><alias name='pci.1'/></controller>\n"
	"    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='vnet3'/>\n"
	"      <model type='virtio'/><driver name='vhost' queues='4'/><link state='down'/><alias "
	"name='net0'/></interface>\n"
	"    <interface type='network'><mac address='52:54:00:00:00:02'/>\n"
	"      <source network='default' bridge='virbr0'/></interface>\n"
	"    <interface type='direct'><source dev='eth1' mode='bridge'/><target dev='macvtap0'/></interface>\n"
	"    <memory model='dimm'><target><size unit='KiB'>524288</size></target><alias name='dimm0'/></memory>\n"
	"  </devices>\n"
	"</domain>\n";

static struct virt_def *parse(const char *xml)
{
	struct virt_def *def = NULL;
	struct err err = {0};

	assert_int_equal(virt_def_parse(xml, strlen(xml), &def, &err), 0);
	return def;
}

static void text(const char *have, const char *want)
{
	if (want)
		assert_string_equal(have ? have : "(none)", want);
	else
		assert_null(have);
}

static void test_uid(void **state)
{
	static const struct {
		const char *label;
		int64_t uid;
	} cases[] = {
		{ "<seclabel type='dynamic' model='dac' relabel='yes'><label>+64055:+108</label></seclabel>", 64055 },
		{ "<seclabel model='apparmor'><label>+5:+5</label></seclabel><seclabel model='dac'><label>+0:+0</label></seclabel>", 0 },
		{ "<seclabel model='apparmor'><label>+5:+5</label></seclabel>", -1 },
		{ "<seclabel model='dac'><label>qemu:qemu</label></seclabel>", -1 },
		{ "<seclabel model='dac'><label>+</label></seclabel><seclabel model='dac'/>", -1 },
		{ "<seclabel model='dac'><label>+99999999999:+1</label></seclabel>", -1 },
		{ "<seclabel><label>+7:+7</label></seclabel>", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *xml = xasprintf("<domain type='kvm'><name>a</name>%s</domain>", cases[i].label);
		struct virt_def *d = parse(xml);

		assert_int_equal(d->uid, cases[i].uid);
		virt_def_free(d);
	}
}

static void test_whole(void **state)
{
	struct virt_def *d = parse(whole);

	(void)state;
	text(d->name, "db");
	text(d->kind, "kvm");
	text(d->machine, "pc-q35-7.2");
	assert_int_equal(d->mem_bytes, 2ull << 30);
	assert_int_equal(d->mem_max_bytes, 16ull << 30);
	assert_int_equal(d->mem_slots, 16);
	assert_int_equal(d->vcpus, 2);
	assert_int_equal(d->vcpus_max, 8);
	assert_int_equal(d->n_controllers, 2);
	text(d->controllers[1].model, "pcie-root-port");
	assert_int_equal(d->controllers[1].index, 1);
	assert_true(virt_def_has_alias(d, "dimm0"));
	assert_true(virt_def_has_alias(d, "ua-data"));
	assert_false(virt_def_has_alias(d, "ua-dat"));
	virt_def_free(d);
}

static void test_disks(void **state)
{
	static const struct {
		const char *target, *bus, *device, *type, *source, *format, *alias;
		bool read_only;
	} want[] = {
		{ "vda", "virtio", "disk", "file", "/images/a&b.qcow2", "qcow2", "virtio-disk0", false },
		{ "sda", "scsi", "disk", "volume", "p/v", NULL, "ua-data", true },
		{ "vdb", "virtio", "disk", "network", "rbd:pool/img", NULL, NULL, false },
		{ "sdb", "scsi", "lun", "block", "/dev/sdx", NULL, NULL, false },
		{ "sdc", "sata", "cdrom", "file", NULL, NULL, NULL, true },
	};
	struct virt_def *d = parse(whole);
	size_t i;

	(void)state;
	assert_int_equal(d->n_disks, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		text(d->disks[i].target, want[i].target);
		text(d->disks[i].bus, want[i].bus);
		text(d->disks[i].device, want[i].device);
		text(d->disks[i].type, want[i].type);
		text(d->disks[i].source, want[i].source);
		text(d->disks[i].format, want[i].format);
		text(d->disks[i].alias, want[i].alias);
		assert_int_equal(d->disks[i].read_only, want[i].read_only);
	}
	text(d->disks[0].cache, "none");
	text(d->disks[0].io, "native");
	text(d->disks[0].iothread, "1");
	text(d->disks[0].serial, "S1");
	virt_def_free(d);
}

static void test_nics(void **state)
{
	static const struct {
		const char *mac, *type, *source, *target, *model, *alias;
		unsigned queues;
		bool down;
	} want[] = {
		{ "52:54:00:00:00:01", "bridge", "br0", "vnet3", "virtio", "net0", 4, true },
		{ "52:54:00:00:00:02", "network", "default", NULL, NULL, NULL, 0, false },
		{ NULL, "direct", "eth1", "macvtap0", NULL, NULL, 0, false },
	};
	struct virt_def *d = parse(whole);
	size_t i;

	(void)state;
	assert_int_equal(d->n_nics, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		text(d->nics[i].mac, want[i].mac);
		text(d->nics[i].type, want[i].type);
		text(d->nics[i].source, want[i].source);
		text(d->nics[i].target, want[i].target);
		text(d->nics[i].model, want[i].model);
		text(d->nics[i].alias, want[i].alias);
		assert_int_equal(d->nics[i].queues, want[i].queues);
		assert_int_equal(d->nics[i].link_down, want[i].down);
	}
	virt_def_free(d);
}

/* Refused as a whole, without opening a file or growing. */
/* vCPUs with their nodes, memory devices and USB devices, read and written again. */
static void test_plugged(void **state)
{
	struct virt_def *d = parse("<domain type='kvm'><name>n</name><vcpu current='3'>6</vcpu><vcpus>"
		"<vcpu id='0' enabled='yes' hotpluggable='no' order='1'/><vcpu id='1' enabled='no' hotpluggable='yes'/>"
		"<vcpu id='5' enabled='yes' hotpluggable='yes'/><vcpu id='99' enabled='yes'/></vcpus>"
		"<cpu><numa><cell id='0' cpus='0-2,^1' memory='1'/><cell id='1' cpus='3,5' memory='1'/><cell id='2' cpus='junk'/></numa></cpu>"
		"<devices><memory model='dimm'><source><pagesize unit='KiB'>2048</pagesize><nodemask>0-1</nodemask></source>"
		"<target><size unit='KiB'>524288</size><node>1</node></target><alias name='ua-m'/>"
		"<address type='dimm' slot='0' base='0x100000000'/></memory>"
		"<memory model='virtio-mem'><target><size unit='KiB'>524288</size><node>0</node><block unit='KiB'>2048</block>"
		"<requested unit='KiB'>4096</requested><current unit='KiB'>2048</current></target><alias name='ua-v'/>"
		"<address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/></memory>"
		"<hostdev mode='subsystem' type='usb'><source><vendor id='0x0781'/><product id='0x5567'/></source><alias name='ua-u'/></hostdev>"
		"<hostdev mode='subsystem' type='usb'><source><address bus='1' device='4'/></source><alias name='ua-w'/></hostdev>"
		"<hostdev mode='subsystem' type='pci'><source><address bus='1'/></source></hostdev></devices></domain>");
	static const struct {
		bool enabled, hotpluggable;
		int node;
	} cpus[] = { { true, false, 0 }, { false, true, -1 }, { true, false, 0 }, { false, true, 1 }, { false, true, -1 }, { true, true, 1 } };
	auto_free char *dimm = NULL, *vmem = NULL, *by_id = NULL, *by_bus = NULL;
	size_t i;

	(void)state;
	assert_int_equal(d->n_cpus, ARRAY_SIZE(cpus));
	for (i = 0; i < d->n_cpus; i++) {
		assert_int_equal(d->cpus[i].id, i);
		assert_int_equal(d->cpus[i].enabled, cpus[i].enabled);
		assert_int_equal(d->cpus[i].hotpluggable, cpus[i].hotpluggable);
		assert_int_equal(d->cpus[i].node, cpus[i].node);
	}
	assert_int_equal(d->n_memory, 2);
	assert_int_equal(d->memory[1].current_bytes, 2 << 20);
	assert_int_equal(d->n_usb, 2);
	dimm = virt_memory_xml(&d->memory[0]);
	assert_string_equal(dimm, "<memory model=\"dimm\"><source><pagesize unit=\"KiB\">2048</pagesize><nodemask>0-1</nodemask></source>"
			    "<target><size unit=\"KiB\">524288</size><node>1</node></target><alias name=\"ua-m\"/></memory>");
	vmem = virt_memory_xml(&d->memory[1]);
	assert_string_equal(vmem, "<memory model=\"virtio-mem\"><target><size unit=\"KiB\">524288</size><node>0</node>"
			    "<block unit=\"KiB\">2048</block><requested unit=\"KiB\">4096</requested></target><alias name=\"ua-v\"/>"
			    "<address type=\"pci\" domain=\"0x0000\" bus=\"0x00\" slot=\"0x02\" function=\"0x0\"/></memory>");
	by_id = virt_usb_xml(&d->usb[0]);
	assert_string_equal(by_id, "<hostdev mode=\"subsystem\" type=\"usb\"><source><vendor id=\"0x0781\"/><product id=\"0x5567\"/></source>"
			    "<alias name=\"ua-u\"/></hostdev>");
	by_bus = virt_usb_xml(&d->usb[1]);
	assert_string_equal(by_bus, "<hostdev mode=\"subsystem\" type=\"usb\"><source><address bus=\"1\" device=\"4\"/></source>"
			    "<alias name=\"ua-w\"/></hostdev>");
	virt_def_free(d);
}

static void test_refused(void **state)
{
	static const char *const cases[] = {
		"", " ", "x", "<", "<domain", "<domain>", "<domain></domian>", "<domain/><domain/>", "<volume/>",
		"<domainx/>", "\xff\xfe", "<domain>\xff</domain>", "<domain>\x01</domain>", "<domain a='1' a='2'/>",
		"<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain><name>x</name></domain>",
		"<!DOCTYPE domain SYSTEM 'http://127.0.0.1:9/x'><domain/>",
		"<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><domain><name>&x;</name></domain>",
		"<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
		"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><domain><name>&c;</name></domain>",
		"<!DOCTYPE domain><domain/>", "<domain><name>&nope;</name></domain>",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct virt_def *def = NULL;
		struct err err = {0};

		if (virt_def_parse(cases[i], strlen(cases[i]), &def, &err) != -EBADMSG || def)
			fail_msg("case %zu was not refused: %s", i, cases[i]);
		assert_true(err.text[0]);
	}
}

/* Sense is made of what can be; the rest is not there. */
static void test_odd(void **state)
{
	struct virt_def *d;

	(void)state;
	d = parse("<domain/>");
	assert_null(d->name);
	assert_int_equal(d->n_disks + d->n_nics + d->n_aliases, 0);
	virt_def_free(d);

	d = parse("<domain><memory unit='EiB'>1</memory><maxMemory>-1</maxMemory><vcpu>99999999999</vcpu>"
		  "<devices/><devices><disk/></devices></domain>");
	assert_int_equal(d->mem_bytes, 1024);
	assert_int_equal(d->mem_max_bytes, 0);
	assert_int_equal(d->vcpus, 0);
	assert_int_equal(d->n_disks, 0);	/* the first one counts */
	virt_def_free(d);

	d = parse("<domain><memory unit='TiB'>18446744073709551615</memory><devices><disk/><disk type='volume'>"
		  "<source pool='p'/>"
		  "</disk><interface><driver queues='x'/></interface><controller index='-1'/><disk><alias/></disk>"
		  "</devices></domain>");
	assert_int_equal(d->mem_bytes, 0);
	assert_int_equal(d->n_disks, 3);
	assert_null(d->disks[1].source);
	assert_int_equal(d->nics[0].queues, 0);
	assert_int_equal(d->n_aliases, 0);
	virt_def_free(d);

	d = parse("<domain><name>a&#10;b</name></domain>");
	text(d->name, "a\nb");
	virt_def_free(d);
}

static void test_names(void **state)
{
	struct virt_def *d = parse("<domain><name>a\xc2\x9b\xe2\x80\xae\"'&lt;b<!-- c "
		"--><![CDATA[<d>]]></name></domain>");

	(void)state;
	text(d->name, "a\xc2\x9b\xe2\x80\xae\"'<b<d>");
	virt_def_free(d);
}

static void test_bounds(void **state)
{
	struct buf xml = {0};
	struct virt_def *def = NULL;
	struct err err = {0};
	int i;

	(void)state;
	/* too deep for libxml2 */
	buf_puts(&xml, "<domain>");
	for (i = 0; i < 100000; i++)
		buf_puts(&xml, "<a>");
	assert_int_equal(virt_def_parse(xml.text, xml.len, &def, &err), -EBADMSG);
	buf_reset(&xml);

	/* many disks, and a value that is long */
	buf_puts(&xml, "<domain><name>");
	for (i = 0; i < 10000; i++)
		buf_puts(&xml, "\xc3\xa4");
	buf_puts(&xml, "</name><devices>");
	for (i = 0; i < 5000; i++)
		buf_puts(&xml, "<disk type='file'><source file='/x'/><alias name='d'/></disk>");
	buf_puts(&xml, "</devices></domain>");
	assert_int_equal(virt_def_parse(xml.text, xml.len, &def, &err), 0);
	assert_int_equal(strlen(def->name), 4096);
	assert_int_equal(def->n_disks, 4096);
	assert_int_equal(def->n_aliases, 4096);
	virt_def_free(def);
	def = NULL;
	buf_reset(&xml);

	buf_puts(&xml, "<domain><name>x</name>");
	while (xml.len < (4 << 20))
		buf_puts(&xml, "                                                                ");
	buf_puts(&xml, "</domain>");
	assert_int_equal(virt_def_parse(xml.text, xml.len, &def, &err), -EMSGSIZE);
	assert_null(def);
	buf_done(&xml);
}

/* Cut short anywhere, it is refused; with any byte changed, it is not believed too far. */
static void test_broken(void **state)
{
	size_t len = strlen(whole) - 1, i;
	char *copy = xstrdup(whole);
	struct virt_def *def;

	(void)state;
	for (i = 0; i < len; i++) {
		def = NULL;
		assert_int_equal(virt_def_parse(whole, i, &def, NULL), -EBADMSG);
	}
	for (i = 0; i < len; i++) {
		char was = copy[i];

		copy[i] = "<>&'\"\x80x "[i % 8];
		if (!virt_def_parse(copy, len, &def, NULL))
			virt_def_free(def);
		copy[i] = was;
	}
	free(copy);
}

/* What is asked of libvirt, by what a NIC is connected to; an argument's markup stays text. */
static void test_nics_written(void **state)
{
	static const struct {
		struct virt_nic nic;
		const char *xml;
	} rows[] = {
		{ { .type = (char *)"user" }, "<interface type=\"user\"><mac address=\"m\"/><model "
		  "type=\"virtio\"/><alias name=\"ua-n\"/></interface>" },
		{ { .type = (char *)"bridge", .source = (char *)"a&<\"b" }, "<source bridge=\"a&amp;&lt;&quot;b\"/>" },
		{ { .type = (char *)"bridge", .source = (char *)"b", .ovs = true }, "<source "
		  "bridge=\"b\"/><virtualport type=\"openvswitch\"/>" },
		{ { .type = (char *)"network", .source = (char *)"default" }, "<source network=\"default\"/>" },
		{ { .type = (char *)"direct", .source = (char *)"eth0" }, "<source dev=\"eth0\" mode=\"bridge\"/>" },
		{ { .type = (char *)"vhostuser", .source = (char *)"/s" }, "<source type=\"unix\" path=\"/s\" "
		  "mode=\"client\"/>" },
		{ { .type = (char *)"vdpa", .source = (char *)"/dev/vhost-vdpa-0" }, "<source "
		  "dev=\"/dev/vhost-vdpa-0\"/>" },
		{ { .type = (char *)"ethernet", .target = (char *)"t0" }, "<mac address=\"m\"/><target "
		  "dev=\"t0\" managed=\"no\"/>" },
		{ { .type = (char *)"user", .queues = 4, .driver = (char *)"vhost" }, "<driver name=\"vhost\" "
		  "queues=\"4\"/>" },
		{ { .type = (char *)"user", .queues = 1, .driver = (char *)"vhost" }, "<driver name=\"vhost\"/>" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct virt_nic n = rows[i].nic;
		auto_free char *xml = NULL;

		n.mac = (char *)"m";
		n.model = (char *)"virtio";
		n.alias = (char *)"ua-n";
		xml = virt_nic_xml(&n);
		if (!strstr(xml, rows[i].xml))
			fail_msg("row %zu: %s", i, xml);
	}
}

/* All that libvirt has of it is handed back, and only the link is another. */
static void test_links_written(void **state)
{
	static const char domain[] = "<domain><devices><interface type='user'><mac address='m0'/><alias "
		"name='n0'/></interface>"
		"<interface type='user'><mac address='m1'/><link state='up'/><odd/><alias "
		"name='n1'/></interface></devices></domain>";
	static const struct {
		const char *alias;
		bool up;
		const char *xml;
	} rows[] = {
		{ "n0", false, "<interface type=\"user\"><mac address=\"m0\"/><alias name=\"n0\"/><link "
		  "state=\"down\"/></interface>" },
		{ "n1", false, "<interface type=\"user\"><mac address=\"m1\"/><link "
		  "state=\"down\"/><odd/><alias name=\"n1\"/></interface>" },
		{ "n1", true, "<interface type=\"user\"><mac address=\"m1\"/><link state=\"up\"/><odd/><alias "
		  "name=\"n1\"/></interface>" },
		{ "n2", true, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *xml = NULL;
		struct err err = {0};
		int rc = virt_nic_link_xml(domain, strlen(domain), rows[i].alias, rows[i].up, &xml, &err);

		assert_int_equal(rc, rows[i].xml ? 0 : -ENODEV);
		text(xml, rows[i].xml);
	}
}

/* What is below an image is said, also that nothing is: libvirt does not look into it then. */
static void chains_are_written_out(void **state)
{
	struct virt_disk d = {
		.type = (char *)"file", .device = (char *)"disk", .source = (char *)"/a", .format = (char *)"qcow2", .target = (char *)"vdb",
		.bus = (char *)"virtio", .alias = (char *)"ua-d", .has_chain = true,
	};
	struct virt_backing chain[] = { { (char *)"/b<", (char *)"qcow2" }, { (char *)"/c", (char *)"raw" } };
	auto_free char *alone = virt_disk_xml(&d), *three = NULL, *unsaid = NULL;

	(void)state;
	d.chain = chain;
	d.n_chain = ARRAY_SIZE(chain);
	three = virt_disk_xml(&d);
	d.has_chain = false;
	unsaid = virt_disk_xml(&d);
	assert_non_null(strstr(alone, "<source file=\"/a\"/><backingStore/><target"));
	assert_non_null(strstr(three, "<source file=\"/a\"/><backingStore type=\"file\"><format type=\"qcow2\"/><source file=\"/b&lt;\"/>"
			       "<backingStore type=\"file\"><format type=\"raw\"/><source file=\"/c\"/><backingStore/></backingStore></backingStore>"));
	assert_null(strstr(unsaid, "backingStore"));
}

#define PORT(index, more) "<controller type='pci' model='pcie-root-port' index='" index "'>" more \
	"<address type='pci' bus='0x00' slot='0x02'/></controller>"

/* A port is taken by what has its index as a bus, in hexadecimal; one without hotplug, and one of another kind, is no place. */
static void ports_are_counted(void **state)
{
	static const struct {
		const char *devices;
		struct virt_ports ports;
	} rows[] = {
		{ "", { 0, 0, 0 } },
		{ PORT("1", "") PORT("2", "<target hotplug='off'/>") PORT("10", "<target hotplug='on'/>"), { 3, 2, 2 } },
		{ PORT("1", "") PORT("10", "") "<disk><address type='pci' bus='0x0a'/></disk>", { 2, 2, 1 } },
		{ PORT("1", "") "<disk><address type='drive' bus='1'/></disk>", { 1, 1, 1 } },
		{ PORT("1", "") "<odd><address type='pci' bus='0xfffffff1'/></odd>", { 1, 1, 1 } },
		{ PORT("300", "") PORT("-1", ""), { 1, 1, 0 } },
		{ "<controller type='pci' model='pcie-root' index='0'/><controller type='usb' model='pcie-root-port' index='3'/>", { 0, 0, 0 } },
		{ "<controller type='pci' model='pcie-switch-downstream-port' index='4'/>", { 1, 1, 1 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *xml = xasprintf("<domain><devices>%s</devices></domain>", rows[i].devices);
		struct virt_def *def = NULL;
		struct virt_ports ports;

		assert_int_equal(virt_def_parse(xml, strlen(xml), &def, NULL), 0);
		ports = virt_def_ports(def);
		assert_int_equal(ports.all, rows[i].ports.all);
		assert_int_equal(ports.hotplug, rows[i].ports.hotplug);
		assert_int_equal(ports.empty, rows[i].ports.empty);
		virt_def_free(def);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_counted),
		cmocka_unit_test(test_nics_written),
		cmocka_unit_test(test_links_written),
		cmocka_unit_test(test_uid),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_nics),
		cmocka_unit_test(test_plugged),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(chains_are_written_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
