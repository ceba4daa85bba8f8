// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a process's control groups are, what they allow, and what they held back. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "lib/host/host.h"

#define V2 "sys/fs/cgroup/m/vm/"
#define V1 "sys/fs/cgroup/"
static const char *const names[] = {
	"proc/self/mountinfo", "proc/77/cgroup", "proc/77/task/78/cgroup", V2 "cpu.max", V2 "cpu.stat", V2 "memory.max",
	V2 "memory.high", V2 "memory.events", V2 "cpu.pressure", V2 "io.pressure", V2 "memory.pressure",
	V2 "cpuset.cpus.effective", "sys/fs/cgroup/m/cpu.max", V1 "cpu/vm/cpu.cfs_quota_us", V1 "cpu/vm/cpu.cfs_period_us",
	V1 "cpu/vm/cpu.stat", V1 "memory/vm/memory.limit_in_bytes", V1 "memory/vm/memory.failcnt",
	V1 "cpuset/vm/cpuset.effective_cpus", V1 "vm/memory.numa_stat", V1 "vm/cgroup.procs",
};

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct host *h = fuzz_host(names, ARRAY_SIZE(names));
	static const pid_t tids[] = { 77, 78 };
	struct host_cgroup_paths paths;
	struct host_limit_usage usage;
	struct host_cgroups *c;
	struct host_limits *l;
	uint64_t bytes[8];
	char cpus[256], both[256];
	size_t i, n = 0;

	fuzz_files(data, size);
	c = host_cgroups_open(h);
	if (!host_cgroup_paths_read(c, 77, 0, &paths) && host_cgroup_cpus(c, &paths, cpus, sizeof(cpus)) > 0)
		host_cpulist_and(cpus, "0-3,8", both, sizeof(both));
	l = host_limits_new(c, 77);
	for (i = 1; i <= 2; i++) {
		host_limits_read(l, tids, ARRAY_SIZE(tids), i * 20 * NS_PER_SEC, &usage);
		for (n = 0; n < usage.n; n++)
			fuzz_must(!usage.limits[n].group || strlen(usage.limits[n].group) < 512);
	}
	host_cgroup_nodes_read(h, 77, bytes, ARRAY_SIZE(bytes), &n);
	host_limits_free(l);
	host_cgroups_free(c);
}
