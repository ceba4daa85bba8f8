// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How much memory a guest has, in one place for all tables: what it began with and what was plugged. libvirt's live
 * definition knows best, then QEMU's answer; the command line of the start only what was cold-plugged.
 */
#include "private.h"

#include <string.h>

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a == UNKNOWN_UINT || b == UNKNOWN_UINT || a > UNKNOWN_UINT - b ? UNKNOWN_UINT : a + b;
}

/* <memory> is all of it, virtio-mem with the most it may give. */
static struct guest_memory of_definition(const struct virt_def *def)
{
	struct guest_memory m = {0};
	uint64_t devices = 0;
	size_t i;

	for (i = 0; i < def->n_memory; i++) {
		const struct virt_memory *one = &def->memory[i];

		devices = plus(devices, one->bytes);
		m.plugged_bytes = plus(m.plugged_bytes, one->model && !strcmp(one->model, "virtio-mem") ?
				       one->current_bytes : one->bytes);
	}
	if (devices > def->mem_bytes)
		return (struct guest_memory){ UNKNOWN_UINT, UNKNOWN_UINT };
	m.bytes = plus(def->mem_bytes - devices, m.plugged_bytes);
	return m;
}

struct guest_memory guest_memory(const struct guest *g)
{
	const struct virt_def *def = g->domain ? g->domain->def : NULL;
	const struct qmp_cmdline *c = &g->cmdline;

	if (def && def->mem_bytes)
		return of_definition(def);
	if ((g->known & (WANT_SIZE | WANT_RAM)) && g->memory.base_bytes != UNKNOWN_UINT)
		return (struct guest_memory){
			plus(g->memory.base_bytes, g->memory.plugged_bytes), g->memory.plugged_bytes,
		};
	if (c->plugged_varies)
		return (struct guest_memory){ UNKNOWN_UINT, UNKNOWN_UINT };
	return (struct guest_memory){ plus(c->mem_bytes, c->plugged_bytes), UNKNOWN_UINT };
}
