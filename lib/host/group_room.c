// SPDX-License-Identifier: GPL-3.0-or-later
/* Room that control groups leave for more memory. */
#include "room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "private.h"

/* Version 1 has no word for "no limit": it is the largest multiple of a page. */
#define V1_NO_LIMIT (1ull << 60)

/* Of memory.stat: file pages that nothing holds; those of tmpfs are on another list. Version 1 has sums of all below as total_. */
static uint64_t droppable(const struct host *h, const char *dir, bool v2)
{
	static const char *const keys[2][2] = {
		{ "total_active_file", "total_inactive_file" }, { "active_file", "inactive_file" },
	};
	char text[8192];
	uint64_t sum = 0, n;
	size_t i;

	if (host_read(h, text, sizeof(text), "%s/memory.stat", dir) <= 0)
		return 0;
	for (i = 0; i < 2; i++) {
		n = host_key_number(text, keys[v2][i]);
		sum += n == HOST_UNKNOWN ? 0 : n;
	}
	return sum;
}

/* What is left below one limit; HOST_UNKNOWN: no limit. */
static uint64_t left(const struct host *h, const char *dir, const char *limit, const char *usage, uint64_t spare)
{
	uint64_t most = host_number_read(h, "%s/%s", dir, limit), used = host_number_read(h, "%s/%s", dir, usage);

	if (most == HOST_UNKNOWN || most >= V1_NO_LIMIT || used == HOST_UNKNOWN)
		return HOST_UNKNOWN;
	used = used > spare ? used - spare : 0;
	return most > used ? most - used : 0;
}

static void take(struct host_group_room *out, uint64_t bytes, const char *limit, const char *dir, size_t top)
{
	if (bytes == HOST_UNKNOWN || (out->bytes != HOST_UNKNOWN && bytes >= out->bytes))
		return;
	out->bytes = bytes;
	out->limit = limit;
	snprintf(out->group, sizeof(out->group), "%s", strlen(dir) > top ? dir + top + 1 : "/");
}

static void memory_take(const struct host *h, const char *dir, size_t top, bool v2, struct host_group_room *out)
{
	uint64_t spare = droppable(h, dir, v2);

	if (v2) {
		take(out, left(h, dir, "memory.max", "memory.current", spare), "memory.max", dir, top);
		take(out, left(h, dir, "memory.high", "memory.current", spare), "memory.high", dir, top);
	} else {
		take(out, left(h, dir, "memory.limit_in_bytes", "memory.usage_in_bytes", spare), "memory.limit_in_bytes", dir, top);
	}
}

/* "hugetlb.2MB.max"; what is reserved counts, too, where the kernel counts it (5.7) */
static void huge_take(const struct host *h, const char *dir, size_t top, bool v2, uint64_t page_bytes, struct host_group_room *out)
{
	static const char *const words[2][2] = { { "limit_in_bytes", "usage_in_bytes" }, { "max", "current" } };
	static const char *const kinds[] = { "", "rsvd." };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		char size[32], limit[96], usage[96];

		if (page_bytes >= 1ull << 30)
			snprintf(size, sizeof(size), "%lluGB", (unsigned long long)page_bytes >> 30);
		else if (page_bytes >= 1ull << 20)
			snprintf(size, sizeof(size), "%lluMB", (unsigned long long)page_bytes >> 20);
		else
			snprintf(size, sizeof(size), "%lluKB", (unsigned long long)page_bytes >> 10);
		snprintf(limit, sizeof(limit), "hugetlb.%s.%s%s", size, kinds[i], words[v2][0]);
		snprintf(usage, sizeof(usage), "hugetlb.%s.%s%s", size, kinds[i], words[v2][1]);
		take(out, left(h, dir, limit, usage, 0), i ? "hugetlb.rsvd.max" : "hugetlb.max", dir, top);
	}
}

void host_group_room_read(const struct host *h, pid_t pid, uint64_t page_bytes, struct host_group_room *out)
{
	enum host_controller which = page_bytes ? HOST_CGROUP_HUGETLB : HOST_CGROUP_MEMORY;
	struct host_cgroups *c = host_cgroups_open(h);
	struct host_cgroup_paths paths;
	char *dir = paths.dir[which];

	*out = (struct host_group_room){ .bytes = HOST_UNKNOWN };
	if (!host_cgroup_paths_read(c, pid, 0, &paths)) {
		while (*dir) {
			if (page_bytes)
				huge_take(h, dir, paths.top[which], paths.v2[which], page_bytes, out);
			else
				memory_take(h, dir, paths.top[which], paths.v2[which], out);
			if (strlen(dir) <= paths.top[which])
				break;
			*strrchr(dir, '/') = '\0';
		}
	}
	host_cgroups_free(c);
}
