// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The system calls an overview cannot do without, and nothing else: bench_bare TICKS PAUSE PID=SOCKET.. prints the CPU
 * time of one tick in nanoseconds. Of each guest, on descriptors kept open: stat, statm, io, schedstat of every thread, and one look at its
 * rings, whose addresses are asked at the sockets before; of the host: the list of /proc and what its network interfaces moved.
 */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct target {
	pid_t pid;
	uint64_t *addresses;		/* used, avail of each ring */
	size_t n_addresses;
};

struct bare {
	int proc;
	int *fds;
	size_t n_fds;
	struct target *targets;
	size_t n_targets;
};

static void keep(struct bare *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		*vec_push(b->fds, b->n_fds) = fd;
}

static void keep_process(struct bare *b, pid_t pid)
{
	static const char *const files[] = { "stat", "statm", "io" };
	auto_free char *tasks = xasprintf("/proc/%d/task", (int)pid);
	DIR *dir = opendir(tasks);
	struct dirent *d;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		auto_free char *path = xasprintf("/proc/%d/%s", (int)pid, files[i]);

		keep(b, path);
	}
	while (dir && (d = readdir(dir))) {
		auto_free char *path = xasprintf("%s/%s/schedstat", tasks, d->d_name);

		if (d->d_name[0] != '.')
			keep(b, path);
	}
	if (dir)
		closedir(dir);
}

static bool keep_guest(struct bare *b, const char *word)
{
	struct target *t = vec_push(b->targets, b->n_targets);
	struct ring_addr *addr = NULL;
	char *socket;
	ssize_t n, i;

	t->pid = (pid_t)strtol(word, &socket, 10);
	if (t->pid <= 0 || *socket != '=')
		return false;
	keep_process(b, t->pid);
	n = tool_rings(socket + 1, &addr);
	for (i = 0; i < n; i++) {
		*vec_push(t->addresses, t->n_addresses) = addr[i].used_idx;
		*vec_push(t->addresses, t->n_addresses) = addr[i].avail_idx;
	}
	free(addr);
	return n >= 0;
}

static bool tick(const struct bare *b)
{
	_Alignas(struct dirent64) static char buf[16384];
	uint16_t values[512];
	size_t i;

	if (lseek(b->proc, 0, SEEK_SET))
		return false;
	while (getdents64(b->proc, buf, sizeof(buf)) > 0)
		;
	for (i = 0; i < b->n_fds; i++)
		if (pread(b->fds[i], buf, sizeof(buf), 0) <= 0)
			return false;
	for (i = 0; i < b->n_targets; i++) {
		const struct target *t = &b->targets[i];

		if (t->n_addresses > ARRAY_SIZE(values))
			return false;
		if (t->n_addresses && host_mem_read16(t->pid, t->addresses, t->n_addresses, values) != (ssize_t)t->n_addresses)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct rlimit limit = { 65536, 65536 };
	unsigned long ticks = argc > 3 ? strtoul(argv[1], NULL, 10) : 0, t;
	double pause_s = ticks ? strtod(argv[2], NULL) : 0;
	struct bare b = { .proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	uint64_t began;
	int i;

	if (!ticks || b.proc < 0)
		return 2;
	setrlimit(RLIMIT_NOFILE, &limit);
	keep(&b, "/proc/net/dev");
	for (i = 3; i < argc; i++)
		if (!keep_guest(&b, argv[i]))
			return 1;
	began = tool_cpu_ns();
	for (t = 0; t < ticks; t++) {
		if (pause_s > 0)
			clock_sleep_until(clock_now_ns() + (uint64_t)(pause_s * (double)NS_PER_SEC));
		if (tick(&b))
			continue;
		fprintf(stderr, "a guest has ended, or cannot be read: %s\n", strerror(errno));
		return 1;
	}
	printf("%llu\n", (unsigned long long)((tool_cpu_ns() - began) / ticks));
	return 0;
}
