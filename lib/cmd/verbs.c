// SPDX-License-Identifier: GPL-3.0-or-later
/* The verb table. */
#include "verbs.h"
#include "hotplug/hotplug.h"

#include <stdio.h>
#include <string.h>

static const struct arg columns_args[] = {
	{ "TABLE", ARG_TABLE, .positional = true, .help = "One table instead of all." },
};
static const struct verb verb_columns = {
	.name = "columns", LOOK(TABLE_COLUMNS), ARGS(columns_args), .summary = "Columns of the tables.",
	.doc = "What each column of a table says, its unit, and which counter it comes from.",
};

static const struct verb verb_journal = {
	.name = "journal", LOOK(TABLE_JOURNAL), .summary = "Changes made by kvmtop.",
	.doc = "The changes kvmtop has made, and those that are pending: a device the guest has not released yet is cleaned "
	       "up by the next kvmtop once it has; what QEMU or libvirt was asked for and has not answered, the next kvmtop that "
	       "gets an answer marks as done, or takes back where only a part was done.",
};

static const struct arg disk_add_args[] = {
	ARG_OF_GUEST,
	{ "file", ARG_FILE, .required = true, .instead = "volume", .made_by = "create", .help = "The image or block device. It is the guest's alone: an image that "
	  "another process has locked is refused." },
	{ "format", ARG_CHOICE, .required = true, .left_to_build = true, .choices = "raw|qcow2", .help = "raw or qcow2. Never guessed: a guest "
	  "could write a qcow2 header into a raw disk that names any file of the host." },
	{ "create", ARG_SIZE, .front = true, .help = "The image is not there yet: make an empty one of this size, as a step that is taken back with "
	  "the others. It belongs to the user of the guest's QEMU." },
	{ "bus", ARG_CHOICE, .choices = "virtio|scsi", .usual = "virtio", .front = true, .help = "virtio (virtio-blk, the default) or scsi (a disk on the guest's first "
	  "virtio-scsi controller; one is added where there is none, and stays)." },
	{ "id", ARG_TEXT, .usual = "kt-disk0 or the next", .help = "The device's id; kt-disk0, kt-disk1, .. if none is given." },
	{ "serial", ARG_TEXT, .front = true, .help = "Serial number the guest sees, at most 20 characters." },
	{ "readonly", ARG_CHOICE, .choices = "on|off", .usual = "off", .front = true, .help = "on: the guest cannot write." },
	{ "cache", ARG_CHOICE, .choices = "none|writeback|writethrough|directsync|unsafe", .usual = "writeback",
	  .help = "As for -drive cache=; writeback if nothing is given." },
	{ "aio", ARG_CHOICE, .choices = "threads|native|io_uring", .usual = "threads", .help = "How QEMU does I/O; native wants cache=none or directsync." },
	{ "iothread", ARG_TEXT, .complete = COMPLETE_IOTHREADS, .usual = "none", .help = "Id of an IOThread of that guest which is to serve the disk." },
	{ "passthrough", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: the guest's SCSI commands go to the host's LUN as they are; "
	  "wants bus=scsi and a SCSI block device." },
	{ "target", ARG_TEXT, .help = "For guests of libvirt: the disk's target, such as vdc or sdb; the first free one if none is given." },
	{ "volume", ARG_TEXT, .complete = COMPLETE_VOLUMES, .help = "Instead of file=, for guests of libvirt: POOL/VOLUME." },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: in libvirt's stored definition too; what that has already is plugged into the "
	  "running guest only." },
	{ "wait", ARG_CHOICE, .choices = "guest", .help = "guest: that the guest has not taken it is a timeout, and undone." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: take an image whose header names files outside of its directory or of another "
	  "user, a qcow2 image that kvmtop cannot read, a raw disk with a qcow2 header, or one that the host or another guest uses." },
};
static const struct verb verb_disk_add = {
	.name = "disk add", CHANGE(hotplug_disk_add), ARGS(disk_add_args), PLUG('d', ROOM_DISK), .summary = "Plug a disk.",
	.rights = RIGHT_MONITOR ", and to read the image",
	.doc = "Plugs a disk into a running guest, virtio-blk on a free hotpluggable PCI port or SCSI on a controller, and waits for "
	       "the guest's driver. What fails is taken back. The backing files of a qcow2 image and its data file must be regular files "
	       "in its directory, of the same owner or readable for all users. A backing file must be raw or qcow2 and have its format in the "
	       "header (qemu-img rebase -u -F). QEMU gets the whole chain by name, and opens nothing else that a header names. "
	       "An image that the host or another guest uses is refused: a block device that is mounted in any mount namespace, swap space, a "
	       "member of LVM, md, the device mapper, multipath, btrfs, ZFS or bcache, given out by a target, made into a loop device, open for "
	       "writing in another process, and the disk or partition of one. With readonly=on that is a warning, but for images that a QEMU "
	       "has locked.",
};

static const struct arg disk_remove_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_DISKS, .positional = true, .required = true, .help = "The device's id or its QOM path; libvirt's alias, target or the id= given.",
	  ID_OF_DISK },
	{ "persist", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: out of libvirt's stored definition too." },
	ARG_FORCE_USER,
};
static const struct verb verb_disk_remove = {
	.name = "disk remove", CHANGE(hotplug_disk_remove), ARGS(disk_remove_args), UNPLUG('d'), .summary = "Unplug a disk.",
	.rights = RIGHT_MONITOR,
	.doc = "Asks the guest to release a disk, waits until it has, then closes the image. A guest that does not answer keeps "
	       "the disk: the removal is pending, and the next kvmtop finishes it once the guest has released it or was reset.",
};

static const struct arg disk_resize_args[] = {
	ARG_OF_GUEST,
	{ "ID", ARG_DEVICE, .complete = COMPLETE_DISKS, .positional = true, .required = true, .help = "The device's id, or its QOM path.", ID_OF_DISK },
	{ "size", ARG_SIZE, .required = true, .help = "The new size; a multiple of 512 bytes. Of a block device of the host its own size, once that has changed." },
	{ "force", ARG_CHOICE, .choices = "on|off", .usual = "off", .help = "on: make it smaller, too." },
};
static const struct verb verb_disk_resize = {
	.name = "disk resize", CHANGE(hotplug_disk_resize), ARGS(disk_resize_args), PLUG_CHANGE('r'), .summary = "Resize a disk.",
	.rights = RIGHT_MONITOR,
	.doc = "Gives a disk another size while the guest uses it: the image grows, and the guest is told.",
};

static const struct arg undo_args[] = {
	{ "ID", ARG_TEXT, .positional = true, .complete = COMPLETE_CHANGES, .help = "The change, as the journal names it; the last one that was not taken back if none is given." },
	{ "vm", ARG_VM, .help = "Without ID: the last change of this guest that was not taken back." },
};
static const struct verb verb_undo = {
	.name = "undo", .group = "change", .table = TABLE_COUNT, .undoes = true, ARGS(undo_args), .key = "u", .summary = "Undo a change.",
	.rights = "those of the change",
	.doc = "Takes back a change that the journal has, in reverse: of one that is over, of one that a killed kvmtop left behind, and "
	       "finishes one that is pending. A removal has no way back, and its undo asks the guest for nothing: what was removed is "
	       "added again. What has the same id by now and is another device is left.",
};

static int run_help(struct session *s, const struct call *c, struct err *err)
{
	const struct verb *v = c->values[0] ? verb_find(c->values[0]) : NULL;
	struct str_near near = { .word = c->values[0] };
	size_t n, i;
	const struct verb *const *all = verbs(&n);

	if (!c->values[0]) {
		docs_verbs(s->out.file);
		return EXIT_DONE;
	}
	if (v) {
		docs_verb(s->out.file, v);
		return EXIT_DONE;
	}
	for (i = 0; i < n; i++)
		str_near_try(&near, all[i]->name);
	err_set(err, -1, "no verb '%s'%s%s%s", c->values[0], near.best ? ", did you mean '" : "", near.best ? near.best : "",
		near.best ? "'?" : "");
	return EXIT_USAGE;
}

static const struct arg help_args[] = {
	{ "VERB", ARG_VERB, .positional = true, .help = "One verb: its arguments and columns." },
};
static const struct verb verb_help = {
	.name = "help", OTHER(run_help), ARGS(help_args), .summary = "Verbs, or one of them.",
	.doc = "Lists the verbs, or tells about one: its arguments and, for a look-up, its columns.",
};

static int run_man(struct session *s, const struct call *c, struct err *err)
{
	(void)c;
	return docs_man(stdin, s->out.file, s, err) ? EXIT_FAILED : EXIT_DONE;
}
static const struct verb verb_man = {
	.name = "gen-man", OTHER(run_man), .hidden = true, .summary = "A manual page from its template.",
	.doc = "Reads the template of a manual page and writes it with the generated sections.",
};

static int run_self_test(struct session *s, const struct call *c, struct err *err)
{
	(void)c;
	(void)err;
	return docs_self_test(s->out.file) ? EXIT_FAILED : EXIT_DONE;
}
static const struct verb verb_self_test = {
	.name = "self-test", OTHER(run_self_test), .hidden = true, .summary = "Checks the tables.",
	.doc = "Checks the verb and column tables for gaps and contradictions.",
};

static const struct verb *const table[] = {
	&vms_verb, &vcpus_verb, &threads_verb, &queues_verb, &vhost_verb, &disks_verb, &nics_verb, &devices_verb, &slots_verb,
	&memory_verb, &numa_verb, &kvm_verb, &jobs_verb, &events_verb,
	&host_verb, &nodes_verb, &cpus_verb, &hugepages_verb, &ksm_verb, &thp_verb, &pci_verb,
	&find_verb, &wait_verb, &knobs_verb, &verb_columns, &verb_journal,
	&verb_disk_add, &verb_disk_remove, &verb_disk_resize,
	&histogram_verb,
	&nic_add_verb, &nic_remove_verb, &nic_link_verb,
	&vcpu_add_verb, &vcpu_remove_verb, &vcpu_set_verb,
	&dimm_add_verb, &dimm_remove_verb, &vmem_set_verb,
	&usb_add_verb, &usb_remove_verb,
	&vfio_add_verb, &vfio_remove_verb,
	&sriov_set_verb, &vf_set_verb,
	&pause_verb, &resume_verb, &reset_verb, &powerdown_verb,
	&ksm_set_verb, &thp_set_verb, &hugepages_set_verb, &halt_poll_verb, &numa_balancing_verb,
	&verb_undo,
	&verb_help, &verb_man, &verb_self_test,
};

const struct verb *const *verbs(size_t *n)
{
	*n = ARRAY_SIZE(table);
	return table;
}

const struct verb *verb_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i]->name, name))
			return table[i];
	return NULL;
}

static const char *placeholder(const struct arg *a)
{
	switch (a->type) {
	case ARG_CHOICE: return a->choices;
	case ARG_FILE: return "PATH";
	case ARG_SIZE: return "SIZE";
	case ARG_UINT: return "N";
	case ARG_VM:
	case ARG_DEVICE:
	case ARG_TEXT:
	case ARG_TABLE:
	case ARG_VERB:
		break;
	}
	return "TEXT";
}

bool verb_has_guest(const struct verb *v)
{
	return v->n_args && v->args[0].type == ARG_VM;
}

void verb_synopsis(const struct verb *v, struct buf *out)
{
	size_t i;

	buf_puts(out, v->name);
	for (i = 0; i < v->n_args; i++) {
		const struct arg *a = &v->args[i];

		buf_printf(out, a->required ? " " : " [");
		if (a->positional)
			buf_puts(out, a->name);
		else
			buf_printf(out, "%s=%s", a->name, placeholder(a));
		buf_puts(out, a->required ? "" : "]");
	}
}
