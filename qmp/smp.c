// SPDX-License-Identifier: GPL-3.0-or-later
/* How many vCPUs a command line makes. */
#include "looks.h"
#include "opts.h"

#define MAX_VCPUS 65536

static void read_number(const struct qmp_opts *o, const char *key, uint64_t *out)
{
	auto_free char *text = qmp_opts_get(o, key);
	uint64_t n;

	if (text && !units_uint_parse(text, &n) && n && n <= MAX_VCPUS)
		*out = n;
}

/* "4", "4,sockets=2", "cpus=4" */
void qmp_smp_read(const struct qmp_opts *o, struct qmp_smp *out)
{
	static const char *const levels[] = { "drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads" };
	size_t i;

	read_number(o, "cpus", &out->cpus);
	read_number(o, "maxcpus", &out->maxcpus);
	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		uint64_t n = 0;

		read_number(o, levels[i], &n);
		if (n && (out->levels ? out->levels : 1) <= MAX_VCPUS / n)
			out->levels = (out->levels ? out->levels : 1) * n;
	}
}

/* As QEMU's machine_parse_smp_config: without a number it starts with all that there can be. */
uint64_t qmp_smp_vcpus(const struct qmp_smp *smp, bool all)
{
	if (smp->cpus)
		return smp->cpus;
	if (!all || (!smp->maxcpus && !smp->levels))
		return QMP_UNKNOWN;
	return smp->maxcpus ? smp->maxcpus : smp->levels;
}
