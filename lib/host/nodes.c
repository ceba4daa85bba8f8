// SPDX-License-Identifier: GPL-3.0-or-later
/* The directories of /sys/devices/system/node, and the CPUs' lines of /proc/stat. */
#include "nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define NODE_DIR "sys/devices/system/node/"
/* A line of /proc/stat for each CPU, 100 bytes or less; the line of all interrupts stands behind them. */
#define STAT_MAX (512u << 10)

/* What the kernel can take back of a node, or with an empty prefix of the host. */
static uint64_t droppable_bytes(const char *text, const char *prefix)
{
	static const char *const keys[] = { "Active(file)", "Inactive(file)", "SReclaimable" };
	uint64_t sum = HOST_UNKNOWN, bytes;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		auto_free char *line = xasprintf("%s%s:", prefix, keys[i]);

		bytes = host_key_kb(text, line);
		if (bytes != HOST_UNKNOWN)
			sum = (sum == HOST_UNKNOWN ? 0 : sum) + bytes;
	}
	return sum;
}

/* "MemTotal:  1024 kB", of a node behind "Node 0 " */
static void meminfo_take(const char *text, const char *prefix, struct host_node *node)
{
	const struct {
		const char *key;
		uint64_t *bytes;
	} fields[] = {
		{ "MemTotal", &node->total_bytes }, { "MemFree", &node->free_bytes }, { "FilePages", &node->file_bytes },
		{ "AnonPages", &node->anon_bytes },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		auto_free char *line = xasprintf("%s%s:", prefix, fields[i].key);

		*fields[i].bytes = host_key_kb(text, line);
	}
	node->droppable_bytes = droppable_bytes(text, prefix);
}

static void memory_read(const struct host *h, struct host_node *node)
{
	char text[8192], prefix[32];

	snprintf(prefix, sizeof(prefix), "Node %u ", node->id);
	if (host_read(h, text, sizeof(text), NODE_DIR "node%u/meminfo", node->id) >= 0)
		meminfo_take(text, prefix, node);
	if (host_read(h, text, sizeof(text), NODE_DIR "node%u/numastat", node->id) >= 0) {
		node->hit = host_key_number(text, "numa_hit");
		node->miss = host_key_number(text, "numa_miss");
		node->foreign = host_key_number(text, "numa_foreign");
		node->local = host_key_number(text, "local_node");
		node->other = host_key_number(text, "other_node");
	}
}

static struct host_node *node_add(struct host_node **list, size_t *n, unsigned id)
{
	struct host_node *node = vec_push(*list, *n);

	*node = (struct host_node){
		.id = id, .total_bytes = HOST_UNKNOWN, .free_bytes = HOST_UNKNOWN, .file_bytes = HOST_UNKNOWN,
		.anon_bytes = HOST_UNKNOWN, .droppable_bytes = HOST_UNKNOWN, .hit = HOST_UNKNOWN, .miss = HOST_UNKNOWN,
		.foreign = HOST_UNKNOWN, .local = HOST_UNKNOWN, .other = HOST_UNKNOWN, .busy_ns = HOST_UNKNOWN,
	};
	return node;
}

/* A kernel without NUMA: all there is is one node. */
static void whole_read(const struct host *h, struct host_node **list, size_t *n)
{
	struct host_node *node;
	char text[8192];

	if (host_read(h, text, sizeof(text), "proc/meminfo") < 0)
		return;
	node = node_add(list, n, 0);
	meminfo_take(text, "", node);
	node->file_bytes = host_key_kb(text, "Cached:");
	host_line_read(h, node->cpus, sizeof(node->cpus), "sys/devices/system/cpu/online");
}

/* "cpu3 user nice system idle iowait irq softirq steal ..": added to its node */
static void cpu_add(const struct host *h, const char *line, struct host_node *list, size_t n)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
	uint64_t tick_ns = NS_PER_SEC / host_facts(h)->ticks_per_s, cpu, field[FIELDS];
	const char *p = line + strlen("cpu");
	size_t i;
	int node;

	if (!host_u64_next(&p, &cpu) || cpu > 65535)
		return;
	for (i = 0; i < FIELDS; i++)
		if (!host_u64_next(&p, &field[i]))
			return;
	node = host_cpu_node(h, (unsigned)cpu);
	for (i = 0; i < n; i++) {
		if ((int)list[i].id != node)
			continue;
		if (list[i].busy_ns == HOST_UNKNOWN)
			list[i].busy_ns = 0;
		list[i].busy_ns += (field[USER] + field[NICE] + field[SYSTEM] + field[IRQ] + field[SOFTIRQ] + field[STEAL]) * tick_ns;
		list[i].n_cpus++;
	}
}

static void cpus_read(const struct host *h, struct host_node *list, size_t n)
{
	auto_free char *text = xmalloc(STAT_MAX);
	const char *line;

	if (host_read(h, text, STAT_MAX, "proc/stat") < 0)
		return;
	for (line = strchr(text, '\n'); line && str_has_prefix(line + 1, "cpu"); line = strchr(line + 1, '\n'))
		cpu_add(h, line + 1, list, n);
}

void host_nodes_read(const struct host *h, struct host_node **list, size_t *n)
{
	char online[4096];
	const char *p = online;
	unsigned first, last;

	*list = NULL;
	*n = 0;
	if (host_read(h, online, sizeof(online), NODE_DIR "online") < 0)
		online[0] = '\0';
	while (host_range_next(&p, &first, &last) > 0 && last < HOST_NODES_MAX) {
		for (; first <= last && *n < HOST_NODES_MAX; first++) {
			struct host_node *node = node_add(list, n, first);

			memory_read(h, node);
			host_line_read(h, node->cpus, sizeof(node->cpus), NODE_DIR "node%u/cpulist", first);
			host_line_read(h, node->distance, sizeof(node->distance), NODE_DIR "node%u/distance", first);
		}
	}
	if (!*n)
		whole_read(h, list, n);
	cpus_read(h, *list, *n);
}
