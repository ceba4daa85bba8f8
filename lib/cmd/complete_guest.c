// SPDX-License-Identifier: GPL-3.0-or-later
/* Guests, and what a guest has. */
#include "completing.h"

#include <stdlib.h>
#include <string.h>

/* What is known of guests by the deadline: yours, NULL if none can be asked. */
static struct snapshot *peek(struct completing *c, const char *ref, unsigned needs, char **note)
{
	struct session *s = c->session;
	struct err err = {0};

	if (!s->sampler && session_sampler(s, &err)) {
		*note = xstrdup(err.text);
		return NULL;
	}
	sampler_discover_for(s->sampler, complete_left_ms(c) / 10, NULL);
	return sampler_peek(s->sampler, ref, needs, complete_left_ms(c), note);
}

/* ---- guests */

static char *about_guest(const struct vm_row *vm)
{
	auto_buf struct buf text = {0};

	buf_printf(&text, "%s", vm->state ? vm->state : "state not known");
	if (vm->mem_bytes != UNKNOWN_UINT) {
		buf_puts(&text, ", ");
		value_format((struct value){ .kind = VALUE_UINT, .uint = vm->mem_bytes }, UNIT_BYTES, &text);
	}
	buf_printf(&text, ", pid %llu", (unsigned long long)vm->pid);
	return buf_take(&text);
}

/* Its name is enough to find it. */
static bool name_is_its_own(const struct snapshot *snap, const struct vm_row *vm)
{
	size_t n = snapshot_count(snap, TABLE_VMS), same = 0, i;

	for (i = 0; i < n; i++)
		same += !strcmp(((const struct row *)snapshot_row(snap, TABLE_VMS, i))->vm, vm->head.vm);
	return same == 1 && str_is_clean(vm->head.vm) && *vm->head.vm;
}

/* It would be taken for an option, for key=value, or for another way to name a guest. */
static bool name_is_odd(const struct vm_row *vm)
{
	auto_free char *pid = xasprintf("pid:%llu", (unsigned long long)vm->pid);
	const char *name = vm->head.vm;

	if (!strcmp(name, pid))		/* it has no name */
		return false;
	return name[0] == '-' || strchr(name, '=') || str_has_prefix(name, "name:") || str_has_prefix(name, "uuid:") ||
	       str_has_prefix(name, "pid:");
}

static void add_guest(struct completing *c, const struct snapshot *snap, const struct vm_row *vm)
{
	auto_free char *about = about_guest(vm), *forced = xasprintf("name:%s", vm->head.vm);
	auto_free char *uuid = vm->uuid ? xasprintf("uuid:%s", vm->uuid) : NULL;
	auto_free char *named = xasprintf("%s, %s", vm->head.vm, about);
	const char *word = vm->head.ref;

	if (name_is_its_own(snap, vm))
		word = name_is_odd(vm) || str_has_prefix(c->typed, "name:") ? forced : vm->head.vm;
	complete_add(c, word, strcmp(word, vm->head.vm) ? named : about);
	if (str_has_prefix(c->typed, "pid:") && word != vm->head.ref)
		complete_add(c, vm->head.ref, named);
	if (uuid && str_has_prefix(c->typed, "uuid:"))
		complete_add(c, uuid, named);
	else if (vm->uuid && strlen(c->typed) >= 2)
		complete_add(c, vm->uuid, named);
}

void complete_guests(struct completing *c)
{
	auto_free char *note = NULL;
	struct snapshot *snap = peek(c, NULL, 0, &note);
	const void **rows;
	size_t n, i;

	if (note)
		complete_note(c, "%s", note);
	if (!snap)
		return;
	n = view_build(snap, TABLE_VMS, NULL, (struct view_order){0}, &rows);
	for (i = 0; i < n; i++)
		add_guest(c, snap, rows[i]);
	if (!n)
		complete_note(c, "no guest is running here, as far as this user can see");
	free(rows);
	snapshot_unref(snap);
}

/* ---- parts of a guest */

static const struct part {
	const char *what;
	unsigned needs;
	enum table_id table;
	const char *id;			/* column */
	const char *about[4];		/* columns of the help */
	const char *where, *values[3];	/* column that has one of these values, NULL: any */
	const char *before;		/* the id is what stands behind this in its column; others are none */
} parts[COMPLETE_VCPUS + 1] = {
	[COMPLETE_DISKS] = { "disks", NEED_DISKS, TABLE_DISKS, "id", { "device", "file", "format", "size_bytes" } },
	[COMPLETE_NICS] = { "NICs", NEED_NICS, TABLE_NICS, "id", { "mac", "model", "backend", "ifname" } },
	[COMPLETE_DIMMS] = { "DIMMs", NEED_DEVICES, TABLE_DEVICES, "id", { "backing" }, "type", { "pc-dimm", "nvdimm" } },
	[COMPLETE_VMEM] = { "virtio-mem devices", NEED_DEVICES, TABLE_DEVICES, "id", { "backing" }, "type",
			    { "virtio-mem-pci", "virtio-mem-ccw", "virtio-mem-device" } },
	[COMPLETE_USB] = { "USB devices of the host", NEED_DEVICES, TABLE_DEVICES, "id", { "backing", "bus", "address" }, "type", { "usb-host" } },
	[COMPLETE_VFIO] = { "PCI devices of the host", NEED_DEVICES, TABLE_DEVICES, "id", { "backing", "bus" }, "type",
			    { "vfio-pci", "vfio-pci-nohotplug" } },
	[COMPLETE_IOTHREADS] = { "IOThreads", NEED_TASKS, TABLE_THREADS, "role", { "tid" }, .before = "iothread " },
	[COMPLETE_JOBS] = { "jobs", NEED_JOBS, TABLE_JOBS, "job", { "kind", "phase" } },
	[COMPLETE_VCPUS] = { "vCPUs", NEED_TASKS, TABLE_VCPUS, "vcpu", { "tid" } },
};

static bool is_meant(const struct part *part, const void *row)
{
	struct value v;
	size_t i;

	if (!part->where)
		return true;
	v = column_get(table_column(table_get(part->table), part->where, NULL), row);
	for (i = 0; i < ARRAY_SIZE(part->values); i++)
		if (part->values[i] && v.kind == VALUE_TEXT && !strcmp(v.text, part->values[i]))
			return true;
	return false;
}

static char *about_row(const struct part *part, const void *row)
{
	auto_buf struct buf text = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(part->about) && part->about[i]; i++) {
		const struct column *col = table_column(table_get(part->table), part->about[i], NULL);
		struct value v = column_get(col, row);

		if (v.kind == VALUE_NONE)
			continue;
		buf_puts(&text, text.len ? "  " : "");
		if (!strcmp(part->about[i], "tid"))
			buf_puts(&text, "thread ");
		value_format(v, col->unit, &text);
	}
	return buf_take(&text);
}

static void add_row(struct completing *c, const struct part *part, const void *row)
{
	const struct column *col = table_column(table_get(part->table), part->id, NULL);
	auto_free char *about = about_row(part, row);
	auto_buf struct buf id = {0};

	value_raw(column_get(col, row), &id);
	if (!id.len || (part->before && !str_has_prefix(id.text, part->before)))
		return;
	complete_add(c, id.text + (part->before ? strlen(part->before) : 0), about);
}

bool complete_guest(struct completing *c, struct sample_guest *guest)
{
	const struct verb *v = c->so_far->verb;
	const char *word = v && verb_has_guest(v) ? c->so_far->values[0] : NULL;
	auto_free char *note = NULL;
	struct err err = {0};
	struct snapshot *snap;

	if (!word) {
		complete_note(c, "which guest is not said yet");
		return false;
	}
	snap = peek(c, NULL, 0, &note);
	snapshot_unref(snap);
	if (!snap)
		complete_note(c, "%s", note);
	else if (sampler_find_known(c->session->sampler, word, guest, &err))
		complete_note(c, "%s", err.text);
	else
		return true;
	return false;
}

void complete_part(struct completing *c, enum complete_kind kind)
{
	const struct part *part = &parts[kind];
	struct sample_guest guest = {0};
	auto_free char *note = NULL;
	struct snapshot *snap;
	size_t n, i, meant = 0;

	if (!complete_guest(c, &guest))
		return;
	snap = sampler_peek(c->session->sampler, guest.ref, part->needs, complete_left_ms(c), &note);
	n = snapshot_count(snap, part->table);
	for (i = 0; i < n; i++) {
		const void *row = snapshot_row(snap, part->table, i);

		if (is_meant(part, row)) {
			add_row(c, part, row);
			meant++;
		}
	}
	if (note)
		complete_note(c, "%s: %s", guest.name, note);
	else if (!meant)
		complete_note(c, "%s has no %s", guest.name, part->what);
	snapshot_unref(snap);
	sample_guest_done(&guest);
}
