// SPDX-License-Identifier: GPL-3.0-or-later
/* The host as a whole. What cannot be read stays unknown. */
#include "system.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "huge.h"
#include "merge.h"
#include "private.h"

/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice"; guest time is in user and nice */
static void stat_read(const struct host *h, struct host_system *s)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
	uint64_t tick_ns = NS_PER_SEC / host_facts(h)->ticks_per_s, field[FIELDS];
	char buf[1024];
	const char *p = buf + strlen("cpu");
	size_t i;

	if (host_read(h, buf, sizeof(buf), "proc/stat") < 0 || !str_has_prefix(buf, "cpu "))
		return;
	for (i = 0; i < FIELDS; i++)
		if (!host_u64_next(&p, &field[i]))
			return;
	s->busy_ns = (field[USER] + field[NICE] + field[SYSTEM] + field[IRQ] + field[SOFTIRQ] + field[STEAL]) * tick_ns;
	s->iowait_ns = field[IOWAIT] * tick_ns;
	s->steal_ns = field[STEAL] * tick_ns;
}

static uint64_t or_none(uint64_t n)
{
	return n == HOST_UNKNOWN ? 0 : n;
}

static void meminfo_read(const struct host *h, struct host_system *s)
{
	char buf[8192];

	if (host_read(h, buf, sizeof(buf), "proc/meminfo") < 0)
		return;
	s->mem_total_bytes = host_key_kb(buf, "MemTotal:");
	s->mem_available_bytes = host_key_kb(buf, "MemAvailable:");
	s->swap_total_bytes = host_key_kb(buf, "SwapTotal:");
	s->swap_free_bytes = host_key_kb(buf, "SwapFree:");
	s->thp_bytes = host_key_kb(buf, "AnonHugePages:");
	if (s->thp_bytes != HOST_UNKNOWN)
		s->thp_bytes += or_none(host_key_kb(buf, "ShmemPmdMapped:")) + or_none(host_key_kb(buf, "FilePmdMapped:"));
}

/* "some avg10=1.50 avg60=.." and, but for the CPUs of older kernels, "full avg10=.." */
static struct host_pressure pressure_read(const struct host *h, const char *what)
{
	struct host_pressure p = { NAN, NAN };
	char buf[256];
	const char *full;

	if (host_read(h, buf, sizeof(buf), "proc/pressure/%s", what) < 0)
		return p;
	if (sscanf(buf, "some avg10=%lf", &p.some_pct) != 1)
		p.some_pct = NAN;
	full = strstr(buf, "\nfull ");
	if (!full || sscanf(full + 1, "full avg10=%lf", &p.full_pct) != 1)
		p.full_pct = NAN;
	return p;
}

static void hugepages_read(const struct host *h, struct host_system *s)
{
	auto_free struct host_huge_pool *pools = NULL;
	size_t n, i;

	host_huge_read(h, false, &pools, &n);
	for (i = 0; i < n; i++) {
		uint64_t total = host_times(pools[i].total, pools[i].page_bytes);
		uint64_t unused = host_times(pools[i].free, pools[i].page_bytes);

		if (total == HOST_UNKNOWN || unused == HOST_UNKNOWN)
			continue;
		s->huge_total_bytes = or_none(s->huge_total_bytes) + total;
		s->huge_free_bytes = or_none(s->huge_free_bytes) + unused;
	}
}

void host_system_read(const struct host *h, struct host_system *out)
{
	struct host_system s = {
		.busy_ns = HOST_UNKNOWN, .iowait_ns = HOST_UNKNOWN, .steal_ns = HOST_UNKNOWN,
		.load = { NAN, NAN, NAN }, .uptime_s = NAN,
		.mem_total_bytes = HOST_UNKNOWN, .mem_available_bytes = HOST_UNKNOWN,
		.swap_total_bytes = HOST_UNKNOWN, .swap_free_bytes = HOST_UNKNOWN,
		.huge_total_bytes = HOST_UNKNOWN, .huge_free_bytes = HOST_UNKNOWN, .thp_bytes = HOST_UNKNOWN,
	};
	char buf[128];

	stat_read(h, &s);
	meminfo_read(h, &s);
	hugepages_read(h, &s);
	if (host_read(h, buf, sizeof(buf), "proc/loadavg") > 0 &&
	    sscanf(buf, "%lf %lf %lf", &s.load[0], &s.load[1], &s.load[2]) != 3)
		s.load[0] = s.load[1] = s.load[2] = NAN;
	if (host_read(h, buf, sizeof(buf), "proc/uptime") > 0 && sscanf(buf, "%lf", &s.uptime_s) != 1)
		s.uptime_s = NAN;
	if (host_read(h, buf, sizeof(buf), "proc/sys/kernel/osrelease") > 0) {
		buf[strcspn(buf, "\n")] = '\0';
		snprintf(s.kernel, sizeof(s.kernel), "%.64s", buf);
	}
	s.psi_cpu = pressure_read(h, "cpu");
	s.psi_io = pressure_read(h, "io");
	s.psi_mem = pressure_read(h, "memory");
	s.ksm_saved_bytes = host_ksm_saved(h);
	*out = s;
}
