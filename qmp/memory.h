/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed QMP calls about the guest's memory; the rules are those of calls.h. */
#ifndef KT_QMP_MEMORY_H
#define KT_QMP_MEMORY_H

#include "client.h"

/*
 * Blocks of guest memory, and where QEMU has mapped them. The address of the main memory's first byte is asked for
 * directly; where it consists of several backends, the others are found behind it.
 */
struct qmp_ram {
	char *id;			/* of the backend */
	uint64_t address, bytes;	/* in QEMU's memory; 0: not found */
};
/* Where no block can be found (no x86 machine): an empty list. */
int qmp_query_ram(struct qmp *q, struct qmp_ram **list, size_t *n, struct err *err);
void qmp_ram_free(struct qmp_ram *list, size_t n);

/* UINT64_MAX where this QEMU does not tell. */
struct qmp_memory_size {
	uint64_t base_bytes;		/* -m */
	uint64_t plugged_bytes;		/* on top: DIMMs, and of virtio-mem devices what they have given the guest */
};
int qmp_query_memory_size(struct qmp *q, struct qmp_memory_size *out, struct err *err);

/* QOM path of the virtio balloon, yours; NULL: the guest has none. */
int qmp_find_balloon(struct qmp *q, char **path, struct err *err);
/* UINT64_MAX: not known, or the guest never said. Bytes, but for the faults, and seconds where said. */
struct qmp_balloon {
	uint64_t actual;		/* what the balloon leaves the guest */
	uint64_t interval_s;		/* how often the guest is asked for its figures, 0: never */
	uint64_t updated;		/* when it last gave them, seconds since 1970 */
	uint64_t total, free, available, caches, swap_in, swap_out, major_faults, minor_faults, oom_kills;
};
int qmp_query_balloon(struct qmp *q, const char *path, struct qmp_balloon *out, struct err *err);

#endif
