// SPDX-License-Identifier: GPL-3.0-or-later
/* The host as a whole. What cannot be read stays unknown. */
#include "system.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static uint64_t meminfo_bytes(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	uint64_t kb;

	if (!p)
		return HOST_UNKNOWN;
	p += strlen(key);
	return host_u64_next(&p, &kb) ? kb * 1024 : HOST_UNKNOWN;
}

static void meminfo_read(const struct host *h, struct host_system *s)
{
	char buf[8192];

	if (host_read(h, buf, sizeof(buf), "proc/meminfo") < 0)
		return;
	s->mem_total_bytes = meminfo_bytes(buf, "MemTotal:");
	s->mem_available_bytes = meminfo_bytes(buf, "\nMemAvailable:");
	s->swap_total_bytes = meminfo_bytes(buf, "\nSwapTotal:");
	s->swap_free_bytes = meminfo_bytes(buf, "\nSwapFree:");
}

static double pressure_read(const struct host *h, const char *what)
{
	char buf[256];
	double avg10;

	if (host_read(h, buf, sizeof(buf), "proc/pressure/%s", what) < 0 || sscanf(buf, "some avg10=%lf", &avg10) != 1)
		return NAN;
	return avg10;
}

static uint64_t number_read(const struct host *h, const char *dir, const char *sub, const char *name)
{
	char buf[32];
	const char *p = buf;
	uint64_t n;

	if (host_read(h, buf, sizeof(buf), "%s%s/%s", dir, sub, name) < 0 || !host_u64_next(&p, &n))
		return HOST_UNKNOWN;
	return n;
}

/* Directories hugepages-2048kB, hugepages-1048576kB, .. */
static void hugepages_read(const struct host *h, struct host_system *s)
{
	static const char at[] = "sys/kernel/mm/hugepages", prefix[] = "hugepages-";
	int fd = host_openat(h, at);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		mem_close_ptr(&fd);
		return;
	}
	s->huge_total_bytes = s->huge_free_bytes = 0;
	while ((d = readdir(dir))) {
		const char *p = d->d_name + strlen(prefix);
		uint64_t kb, total, unused;

		if (!str_has_prefix(d->d_name, prefix) || !host_u64_next(&p, &kb))
			continue;
		total = number_read(h, "sys/kernel/mm/hugepages/", d->d_name, "nr_hugepages");
		unused = number_read(h, "sys/kernel/mm/hugepages/", d->d_name, "free_hugepages");
		if (total == HOST_UNKNOWN || unused == HOST_UNKNOWN)
			continue;
		s->huge_total_bytes += total * kb * 1024;
		s->huge_free_bytes += unused * kb * 1024;
	}
	closedir(dir);
}

void host_system_read(const struct host *h, struct host_system *out)
{
	struct host_system s = {
		.busy_ns = HOST_UNKNOWN, .iowait_ns = HOST_UNKNOWN, .steal_ns = HOST_UNKNOWN,
		.load = { NAN, NAN, NAN }, .uptime_s = NAN,
		.mem_total_bytes = HOST_UNKNOWN, .mem_available_bytes = HOST_UNKNOWN,
		.swap_total_bytes = HOST_UNKNOWN, .swap_free_bytes = HOST_UNKNOWN,
		.huge_total_bytes = HOST_UNKNOWN, .huge_free_bytes = HOST_UNKNOWN, .ksm_saved_bytes = HOST_UNKNOWN,
	};
	char buf[128];
	uint64_t pages;

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
	s.psi_cpu_pct = pressure_read(h, "cpu");
	s.psi_io_pct = pressure_read(h, "io");
	s.psi_mem_pct = pressure_read(h, "memory");
	pages = number_read(h, "sys/kernel/mm", "/ksm", "pages_sharing");
	if (pages != HOST_UNKNOWN)
		s.ksm_saved_bytes = pages * host_facts(h)->page_bytes;
	*out = s;
}
