// SPDX-License-Identifier: GPL-3.0-or-later
/* The lines "cpuN .." of /proc/stat. */
#include "cpus.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* A line is "cpu" with a number and ten counters of 20 digits at most. */
#define LINE_MAX_BYTES 256

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, FIELDS };

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Kernels grew fields over time, at the end; one without the first four is no line of /proc/stat. */
static bool line_parse(const char *p, uint64_t tick_ns, struct host_cpu *c)
{
	uint64_t field[FIELDS], number;
	size_t n = 0, i;

	if (!host_u64_next(&p, &number) || number > INT_MAX)
		return false;
	while (n < FIELDS && host_u64_next(&p, &field[n]))
		n++;
	for (i = 0; i < n; i++)
		if (__builtin_mul_overflow(field[i], tick_ns, &field[i]))
			return false;
	if (n <= IDLE)
		return false;
	*c = (struct host_cpu){
		.cpu = (unsigned)number, .system_ns = field[SYSTEM],
		.iowait_ns = n > IOWAIT ? field[IOWAIT] : HOST_UNKNOWN,
		.irq_ns = n > IRQ ? field[IRQ] : HOST_UNKNOWN,
		.softirq_ns = n > SOFTIRQ ? field[SOFTIRQ] : HOST_UNKNOWN,
		.steal_ns = n > STEAL ? field[STEAL] : HOST_UNKNOWN,
		.guest_ns = n > GUEST_NICE ? field[GUEST] + field[GUEST_NICE] : HOST_UNKNOWN,
	};
	for (i = n; i < FIELDS; i++)
		field[i] = 0;
	c->user_ns = less(field[USER] + field[NICE], field[GUEST] + field[GUEST_NICE]);
	c->busy_ns = field[USER] + field[NICE] + field[SYSTEM] + field[IRQ] + field[SOFTIRQ] + field[STEAL];
	return true;
}

static void siblings_read(const struct host *h, struct host_cpu *c)
{
	char text[sizeof(c->siblings)];

	if (host_read(h, text, sizeof(text), "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", c->cpu) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	strcpy(c->siblings, text);
}

int host_cpus_read(const struct host *h, struct host_cpu **list, size_t *n)
{
	/* what follows the CPUs (interrupts, one by one) is not wanted; CPUs may have come since they were counted */
	size_t size = ((size_t)host_topology(h)->cpus * 2 + 16) * LINE_MAX_BYTES;
	auto_free char *text = xmalloc(size);
	struct host_cpu *cpus = NULL, c;
	const char *line, *end;
	size_t found = 0;
	ssize_t len = host_read(h, text, size, "proc/stat");

	if (len < 0)
		return (int)len;
	for (line = text; str_has_prefix(line, "cpu") && (end = strchr(line, '\n')); line = end + 1) {
		/* the first is their sum; a stranger's order is kept out, as rows are looked up by it */
		if (!line_parse(line + strlen("cpu"), NS_PER_SEC / host_facts(h)->ticks_per_s, &c) || line[3] == ' ')
			continue;
		if (found && cpus[found - 1].cpu >= c.cpu)
			continue;
		siblings_read(h, &c);
		*vec_push(cpus, found) = c;
	}
	*list = cpus;
	*n = found;
	return 0;
}
