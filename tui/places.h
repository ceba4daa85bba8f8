/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The room a guest has for what may be plugged, out of what is sampled. Pure. */
#ifndef KT_TUI_PLACES_H
#define KT_TUI_PLACES_H

#include "lib/cmd/cmd.h"

struct places {
	bool known;			/* the guest has been asked for its free places */
	bool devices_known;		/* .. and for its devices */
	uint64_t ports;			/* that are free and take what is hot-plugged */
	bool dimms_known;
	uint64_t dimms, dimms_free, dimm_bytes;
	uint64_t vcpus, vcpus_free;	/* 0, 0: not told */
	bool no_kvm;			/* a vCPU cannot be unplugged without harm */
	bool has_scsi, has_usb;		/* a controller that takes more */
};

/* What one must have sampled: NEED_*. */
unsigned places_needs(enum verb_room room);
void places_read(struct places *p, const struct snapshot *snap, const char *ref);
/* In a few words, yours: "3 ports"; NULL: nothing to say, or unknown. *none: there is no room, and that is why. */
char *places_text(const struct places *p, enum verb_room room, bool *none);

#endif
