// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The system calls an overview cannot do without, and nothing else: each thread's schedstat, and statm and io of each
 * process, by pread on kept descriptors. bench_bare TICKS PID.. prints the CPU time of one tick in nanoseconds.
 */
#include "lib/base/base.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static void keep(int **fds, size_t *n, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		*vec_push(*fds, *n) = fd;
}

static void keep_process(int **fds, size_t *n, const char *pid)
{
	auto_free char *tasks = xasprintf("/proc/%s/task", pid), *statm = xasprintf("/proc/%s/statm", pid);
	auto_free char *io = xasprintf("/proc/%s/io", pid);
	DIR *dir = opendir(tasks);
	struct dirent *d;

	keep(fds, n, statm);
	keep(fds, n, io);
	while (dir && (d = readdir(dir))) {
		auto_free char *path = xasprintf("%s/%s/schedstat", tasks, d->d_name);

		if (d->d_name[0] != '.')
			keep(fds, n, path);
	}
	if (dir)
		closedir(dir);
}

int main(int argc, char **argv)
{
	struct rlimit limit = { 65536, 65536 };
	unsigned long ticks = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, t;
	char buf[4096];
	int *fds = NULL, i;
	uint64_t began;
	size_t n = 0, k;

	if (!ticks)
		return 2;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (i = 2; i < argc; i++)
		keep_process(&fds, &n, argv[i]);
	began = cpu_ns();
	for (t = 0; t < ticks; t++)
		for (k = 0; k < n; k++)
			if (pread(fds[k], buf, sizeof(buf), 0) <= 0)
				return 1;
	printf("%llu\n", (unsigned long long)((cpu_ns() - began) / ticks));
	free(fds);
	return 0;
}
