// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the ring thread costs: ring_bench GUESTS RINGS SECONDS BUSY. So many processes with so many rings each, of which
 * those of the first BUSY processes move; prints the CPU time this process used, which is the ring thread's, as JSON.
 */
#include "tool.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define RING_BYTES 8192		/* both parts of a ring of 256, as a driver places them */
#define SIZE 256

/* Another process: a page of its own for each ring, as process_vm_readv has to find them. */
static pid_t guest_start(char *memory, size_t rings, bool busy)
{
	pid_t pid = fork();
	size_t i;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < rings; i++)
		memory[i * RING_BYTES] = 0;
	for (;;) {
		usleep(busy ? 10000 : 1000000);
		for (i = 0; busy && i < rings; i++) {
			volatile uint16_t *idx = (volatile uint16_t *)(void *)(memory + i * RING_BYTES);

			idx[0]++;	/* avail, used */
			idx[2]++;
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t n[4], i, k, began, cpu;
	struct ring_reader *r;
	struct ring_set **sets;
	struct ring_addr *addr;
	pid_t *pids;
	char *memory;

	if (argc != 5)
		return 2;
	for (i = 0; i < 4; i++)
		if (units_uint_parse(argv[i + 1], &n[i]) || n[i] > 100000)
			return 2;
	memory = mmap(NULL, (size_t)n[1] * RING_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	pids = xcalloc(n[0], sizeof(*pids));
	sets = xcalloc(n[0], sizeof(struct ring_set *));
	addr = xcalloc(n[1], sizeof(*addr));
	for (k = 0; k < n[1]; k++)
		addr[k] = (struct ring_addr){ .avail_idx = (uintptr_t)memory + k * RING_BYTES,
					      .used_idx = (uintptr_t)memory + k * RING_BYTES + 4, .size = SIZE };
	for (i = 0; i < n[0]; i++)
		pids[i] = guest_start(memory, n[1], i < n[3]);
	r = rings_start();
	for (i = 0; i < n[0]; i++)
		sets[i] = rings_add(r, pids[i], addr, n[1], NULL);
	for (i = 0; i < 30; i++) {	/* until who stands still is known to do so */
		rings_watch(r);
		usleep(100000);
	}
	began = clock_now_ns();
	cpu = tool_cpu_ns();
	while (clock_now_ns() < began + n[2] * NS_PER_SEC) {
		rings_watch(r);
		usleep(250000);
	}
	printf("{\"guests\":%llu,\"rings\":%llu,\"busy\":%llu,\"cpu_ms_per_s\":%.2f}\n", (unsigned long long)n[0],
	       (unsigned long long)n[1], (unsigned long long)n[3],
	       (double)(tool_cpu_ns() - cpu) / 1e6 / ((double)(clock_now_ns() - began) / 1e9));
	for (i = 0; i < n[0]; i++)
		kill(pids[i], SIGKILL);
	rings_stop(r);
	return 0;
}
