// SPDX-License-Identifier: GPL-3.0-or-later
/* Files of one process. */
#include "fuzz.h"

#include <stdlib.h>

#include "lib/host/host.h"

#define P "proc/77/"
static const char *const names[] = {
	P "stat", P "status", P "statm", P "io", P "cmdline", P "limits", P "maps", P "smaps", P "numa_maps", P "wchan",
	P "ksm_stat", P "task/77/stat", P "task/77/schedstat", P "task/77/comm", P "task/77/status", P "task/78/schedstat",
	"proc/uptime",
};

static void watch(const struct host *h, uint64_t start)
{
	struct host_usage usage;
	struct host_watch *w;
	char cpus[256];
	size_t i;

	if (host_watch_new(h, 77, start, &w))
		return;
	if (!host_watch_read(w, HOST_NEED_IO | HOST_NEED_CPU, &usage))
		for (i = 0; i < usage.n_tasks; i++)
			host_task_affinity(h, 77, &usage.tasks[i], cpus, sizeof(cpus));
	host_watch_free(w);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct host *h = fuzz_host(names, ARRAY_SIZE(names));
	struct host_range range = { 0, UINT64_MAX };
	struct host_footprint footprint;
	struct host_map *maps = NULL;
	struct host_proc proc = {0};
	struct host_exact exact;
	uint64_t limit;
	char text[64];
	size_t n = 0;

	fuzz_files(data, size);
	if (!host_proc_read(h, 77, &proc)) {
		watch(h, proc.start);
		host_proc_done(&proc);
	}
	if (!host_maps_read(h, 77, &maps, &n))
		host_maps_free(maps, n);
	if (!host_exact_read(h, 77, &range, 1, &exact))
		free(exact.node_bytes);
	host_lock_limit(h, 77, &limit);
	host_footprint_read(h, 77, &footprint);
	host_wchan_read(h, 77, text, sizeof(text));
}
