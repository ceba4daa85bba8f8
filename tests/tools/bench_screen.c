// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How fast the screen is, at a pseudo-terminal: bench_screen KEYS WORD COMMAND.. starts the command, waits until WORD is
 * on the screen, then types Down and Up, KEYS times in all, each at another moment of a tick, and waits for each redraw.
 * Prints JSON: milliseconds to the first screen, percentiles of the redraws, and the command's peak memory.
 */
#include "lib/base/base.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define ASIDE 10
#define TYPING_NS (37 * NS_PER_MS)	/* no divisor of a tick: keys come at any moment of it */

/* Output until there has been some and the terminal is quiet for quiet_ms; its first byte's time, 0: none came. */
static uint64_t read_output(int fd, struct buf *out, int first_ms, int quiet_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t first = 0;
	char text[65536];

	while (poll(&p, 1, first ? quiet_ms : first_ms) > 0) {
		ssize_t n = read(fd, text, sizeof(text) - 1);

		if (n <= 0)
			break;
		first = first ? first : clock_now_ns();
		text[n] = '\0';
		if (out)
			buf_puts(out, text);
	}
	return first;
}

static double wait_for_word(int fd, const char *word, uint64_t began)
{
	auto_buf struct buf out = {0};
	uint64_t at;

	do {
		at = read_output(fd, &out, PATIENCE_MS, 0);
	} while (at && (!out.text || !strstr(out.text, word)));
	return at ? (double)(clock_now_ns() - began) / NS_PER_MS : -1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Redraws that a key causes; what a sample causes meanwhile is read away before. */
static size_t type_keys(int fd, size_t keys, double *ms)
{
	static const char *const codes[] = { "\033[B", "\033[A" };
	size_t n = 0, i;

	/* away from the top: where a sample has put the selected guest first, Up would change nothing */
	for (i = 0; i < ASIDE; i++)
		if (write(fd, codes[0], strlen(codes[0])) < 0)
			return 0;
	for (i = 0; i < keys; i++) {
		const char *code = codes[i % 2];
		uint64_t began, at;

		clock_sleep_until(clock_now_ns() + TYPING_NS);
		read_output(fd, NULL, 0, 0);
		began = clock_now_ns();
		if (write(fd, code, strlen(code)) < 0)
			break;
		at = read_output(fd, NULL, 5000, 0);
		if (!at)
			break;
		ms[n++] = (double)(at - began) / NS_PER_MS;
	}
	qsort(ms, n, sizeof(*ms), by_value);
	return n;
}

static unsigned long long peak_kb(pid_t pid)
{
	auto_free char *path = xasprintf("/proc/%d/status", (int)pid);
	unsigned long long kb = 0;
	char line[256];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %llu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

int main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 50, .ws_col = 200 };
	size_t keys = argc > 3 ? strtoul(argv[1], NULL, 10) : 0, n;
	uint64_t began = clock_now_ns();
	unsigned long long kb;
	double first, *ms;
	int fd, status;
	pid_t pid;

	if (!keys)
		return 2;
	pid = forkpty(&fd, NULL, NULL, &size);
	if (!pid) {
		setenv("TERM", "xterm-256color", 1);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (pid < 0)
		return 1;
	/* that the machine lets us wait is not the screen's doing; a terminal is mostly on another machine */
	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 });
	ms = xcalloc(keys, sizeof(*ms));
	first = wait_for_word(fd, argv[2], began);
	n = first < 0 ? 0 : type_keys(fd, keys, ms);
	kb = peak_kb(pid);
	kill(pid, SIGTERM);
	read_output(fd, NULL, 2000, 200);
	waitpid(pid, &status, 0);
	if (n)
		printf("{\"first_ms\":%.1f,\"keys\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"rss_kb\":%llu}\n", first, n,
		       ms[n / 2], ms[n * 99 / 100], ms[n - 1], kb);
	free(ms);
	return n == keys ? 0 : 1;
}
