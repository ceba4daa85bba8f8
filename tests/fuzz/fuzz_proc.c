// SPDX-License-Identifier: GPL-3.0-or-later
/* Files of /proc: the first byte says which one the rest is. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/host/host.h"

static const char *const files[] = { "stat", "status", "maps", "numa_maps", "limits", "cgroup", "cmdline", "smaps" };
static char root[] = "/tmp/kvmtop-fuzz.XXXXXX";
static struct host *host;

static void put(const char *path, const void *data, size_t size)
{
	auto_free char *whole = xasprintf("%s/%s", root, path);
	auto_close int fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
}

static void clean(void)
{
	auto_free char *proc = xasprintf("%s/proc/77", root);
	size_t i;

	host_free(host);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		auto_free char *path = xasprintf("%s/%s", proc, files[i]);

		unlink(path);
	}
	rmdir(proc);
	free(take_ptr(proc));
	proc = xasprintf("%s/proc/uptime", root);
	unlink(proc);
	free(take_ptr(proc));
	proc = xasprintf("%s/proc", root);
	rmdir(proc);
	rmdir(root);
}

static void set_up(void)
{
	auto_free char *proc = NULL, *pid = NULL;
	struct err err = {0};

	if (!mkdtemp(root))
		abort();
	proc = xasprintf("%s/proc", root);
	pid = xasprintf("%s/proc/77", root);
	if (mkdir(proc, 0700) || mkdir(pid, 0700))
		abort();
	put("proc/uptime", "", 0);
	if (host_open(root, &host, &err))
		abort();
	atexit(clean);
}

static const char line[] = "77 (qemu) S 1 77 77 0 -1 0 1 0 0 0 1 1 0 0 20 0 3 0 5 1 1 1 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host_proc proc = {0};
	struct host_map *maps = NULL;
	auto_free char *path = NULL;
	struct host_range range = { 0, UINT64_MAX };
	struct host_exact exact;
	uint64_t limit;
	size_t n = 0;

	if (!host)
		set_up();
	if (!size)
		return 0;
	put("proc/77/stat", line, sizeof(line) - 1);
	path = xasprintf("proc/77/%s", files[data[0] % ARRAY_SIZE(files)]);
	put(path, data + 1, size - 1);
	if (!host_proc_read(host, 77, &proc))
		host_proc_done(&proc);
	if (!host_maps_read(host, 77, &maps, &n))
		host_maps_free(maps, n);
	host_lock_limit(host, 77, &limit);
	if (!host_exact_read(host, 77, &range, 1, &exact))
		free(exact.node_bytes);
	return 0;
}
