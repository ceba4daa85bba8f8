// SPDX-License-Identifier: GPL-3.0-or-later
/* Free places. */
#include "places.h"

#include <string.h>

unsigned places_needs(enum verb_room room)
{
	switch (room) {
	case ROOM_NONE: return 0;
	case ROOM_DISK:
	case ROOM_USB: return NEED_SLOTS | NEED_DEVICES;
	case ROOM_PORT:
	case ROOM_DIMM:
	case ROOM_VCPU:
	case ROOM_VCPU_OUT:
		break;
	}
	return NEED_SLOTS;
}

static void take_slot(struct places *p, const struct slot_row *row)
{
	bool known = row->total != UNKNOWN_UINT && row->free != UNKNOWN_UINT;

	p->known = true;
	if (!known || !row->kind)
		return;
	if (!strcmp(row->kind, "dimm")) {
		p->dimms_known = true;
		p->dimms = row->total;
		p->dimms_free = row->free;
		p->dimm_bytes = row->free_bytes == UNKNOWN_UINT ? 0 : row->free_bytes;
	} else if (!strcmp(row->kind, "vcpu")) {
		p->vcpus = row->total;
		p->vcpus_free = row->free;
		p->no_kvm = row->unplug && !strcmp(row->unplug, "off");
	} else {
		p->ports += row->free;
	}
}

void places_read(struct places *p, const struct snapshot *snap, const char *ref)
{
	size_t i;

	*p = (struct places){0};
	if (!snap || !ref)
		return;
	for (i = snapshot_first(snap, TABLE_SLOTS, ref); i < snapshot_count(snap, TABLE_SLOTS); i++) {
		const struct slot_row *row = snapshot_row(snap, TABLE_SLOTS, i);

		if (!row_is_of(&row->head, ref))
			break;
		take_slot(p, row);
	}
	for (i = snapshot_first(snap, TABLE_DEVICES, ref); i < snapshot_count(snap, TABLE_DEVICES); i++) {
		const struct device_row *row = snapshot_row(snap, TABLE_DEVICES, i);

		if (!row_is_of(&row->head, ref))
			break;
		p->devices_known = true;
		p->has_scsi |= row->type && !strcmp(row->type, "virtio-scsi-pci");
		p->has_usb |= row->type && (!strcmp(row->type, "qemu-xhci") || !strcmp(row->type, "nec-usb-xhci"));
	}
}

static char *count(uint64_t n, const char *what)
{
	return xasprintf("%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
}

/* instead: what takes one without a port; NULL: nothing does */
static char *ports_text(const struct places *p, const char *instead, bool *none)
{
	if (p->ports)
		return count(p->ports, "port");
	*none = !instead;
	return xstrdup(instead ? instead : "no free port");
}

static char *dimms_text(const struct places *p, bool *none)
{
	auto_buf struct buf room = {0};
	auto_free char *slots = count(p->dimms_free, "slot");

	*none = !p->dimms_free || !p->dimm_bytes;
	if (!p->dimms)
		return xstrdup("no slots (-m slots=,maxmem=)");
	if (!p->dimms_free)
		return xstrdup("no free slot");
	if (!p->dimm_bytes)
		return xstrdup("no room (-m maxmem=)");
	value_format((struct value){ .kind = VALUE_UINT, .uint = p->dimm_bytes }, UNIT_BYTES, &room);
	return xasprintf("%s, %s", slots, room.text);
}

static char *vcpus_text(const struct places *p, bool *none)
{
	*none = !p->vcpus_free;
	return xasprintf(p->vcpus_free ? "now %llu, up to %llu" : "all %llu are plugged",
			 (unsigned long long)(p->vcpus_free ? p->vcpus - p->vcpus_free : p->vcpus), (unsigned long long)p->vcpus);
}

static char *vcpus_out_text(const struct places *p, bool *none)
{
	*none = p->no_kvm;
	if (p->no_kvm)
		return xstrdup("no KVM: QEMU may die of it later");
	return p->vcpus ? xasprintf("now %llu", (unsigned long long)(p->vcpus - p->vcpus_free)) : NULL;
}

char *places_text(const struct places *p, enum verb_room room, bool *none)
{
	*none = false;
	if (!p->known)
		return NULL;
	switch (room) {
	case ROOM_NONE: return NULL;
	case ROOM_PORT: return ports_text(p, NULL, none);
	case ROOM_DISK: return ports_text(p, p->has_scsi ? "bus=scsi" : p->devices_known ? NULL : "no free port", none);
	case ROOM_USB: return p->has_usb ? xstrdup("a controller") : ports_text(p, p->devices_known ? NULL : "no free port", none);
	case ROOM_DIMM: return p->dimms_known ? dimms_text(p, none) : NULL;
	case ROOM_VCPU: return p->vcpus ? vcpus_text(p, none) : NULL;
	case ROOM_VCPU_OUT: return vcpus_out_text(p, none);
	}
	return NULL;
}
