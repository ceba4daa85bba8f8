// SPDX-License-Identifier: GPL-3.0-or-later
/* What libFuzzer calls for each input, and what an input may cost. */
#include "fuzz.h"

#include <sanitizer/allocator_interface.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With the sanitizers, which are some four times slower than the program. */
#define BASE_NS (100 * NS_PER_MS)
#define NS_PER_KIB (50 * NS_PER_MS)
/* json-c has 400 bytes for each of "{},"; a file or a reply is read whole. */
#define BASE_BYTES (4u << 20)
#define BYTES_PER_BYTE 512

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static atomic_size_t live, peak;	/* bytes allocated since the call began */
static size_t told;			/* bytes beyond the input */

static struct {
	uint64_t ns;			/* by the KiB */
	uint64_t took_ns;
	size_t size;
} slowest;
static size_t most;			/* bytes by the byte of input, above the base */

char *fuzz_text(const uint8_t *data, size_t size)
{
	return xstrndup((const char *)data, size);
}

void fuzz_told(size_t bytes)
{
	told += bytes;
}

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: it does not hold that %s\n", file, line, what);
	abort();
}

static void on_malloc(const volatile void *p, size_t size)
{
	size_t now = atomic_fetch_add(&live, size) + size, was = atomic_load(&peak);

	(void)p;
	/* what is freed may be older than the call, so that live goes below 0 */
	while (now < SIZE_MAX / 2 && now > was && !atomic_compare_exchange_weak(&peak, &was, now))
		;
}

static void on_free(const volatile void *p)
{
	if (p)
		atomic_fetch_sub(&live, __sanitizer_get_allocated_size(p));
}

static void report(void)
{
	fprintf(stderr, "fuzz: slowest input: %.1f ms of CPU time for %zu bytes; most memory: %zu bytes for each of input\n",
		(double)slowest.took_ns / NS_PER_MS, slowest.size, most);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free))
		abort();
	atexit(report);
	return 0;
}

/* Of this thread: what a machine does besides does not count, and no target works in another. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t measure(const uint8_t *data, size_t size)
{
	uint64_t began;

	atomic_store(&live, 0);
	atomic_store(&peak, 0);
	told = 0;
	began = cpu_ns();
	fuzz_one(data, size);
	return cpu_ns() - began;
}

static void check_memory(size_t size)
{
	size_t bytes = atomic_load(&peak);

	if (bytes > BASE_BYTES && size && (bytes - BASE_BYTES) / size > most)
		most = (bytes - BASE_BYTES) / size;
	if (bytes <= BASE_BYTES + BYTES_PER_BYTE * size)
		return;
	fprintf(stderr, "fuzz: %zu bytes of memory for an input of %zu\n", bytes, size);
	abort();
}

static void run(const uint8_t *data, size_t size)
{
	uint64_t ns = measure(data, size), again, allowed, rate;
	size_t all = size + told;

	check_memory(all);
	allowed = BASE_NS + NS_PER_KIB * all / 1024;
	/* once more: it may have been the machine */
	if (ns > allowed && (again = measure(data, size)) < ns)
		ns = again;
	rate = ns * 1024 / (all > 1024 ? all : 1024);
	if (rate > slowest.ns) {
		slowest.ns = rate;
		slowest.took_ns = ns;
		slowest.size = all;
	}
	if (ns <= allowed)
		return;
	fprintf(stderr, "fuzz: %.0f ms of CPU time for an input of %zu bytes\n", (double)ns / NS_PER_MS, all);
	abort();
}

static size_t hash_of(const uint8_t *data, size_t size)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < size; i++)
		h = (h ^ data[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* The first place behind a c from the at-th byte on, around and around; SIZE_MAX: there is none. */
static size_t behind(const uint8_t *data, size_t size, size_t at, uint8_t c)
{
	const uint8_t *p = memchr(data + at, c, size - at);

	if (!p)
		p = memchr(data, c, at);
	return p ? (size_t)(p - data) + 1 : SIZE_MAX;
}

/*
 * What is slow is often so only when there is much of it, which mutations are long in reaching: of some inputs a part that
 * ends as what stands before it does (an element of a list, a line, a tag) is repeated until it is long, and of some of
 * these until it is longer. Which input and which part follow from the input, so that it happens again to the one that
 * libFuzzer has kept.
 */
#define LONG 65536
#define LONGER 262144
#define ONE_IN 64

static void run_long(const uint8_t *data, size_t size)
{
	static const uint8_t ends[] = { ',', '\n', '>', '\0', ' ', '}', ']' };
	size_t h = hash_of(data, size), from, to, times, i;
	uint8_t c = ends[h / ONE_IN % ARRAY_SIZE(ends)], *text;

	if (size < 4 || h % ONE_IN)
		return;
	h /= ONE_IN * ARRAY_SIZE(ends);
	from = behind(data, size, h % size, c);
	to = from < size ? behind(data, size, from + h / size % (size - from), c) : SIZE_MAX;
	if (from >= size || to > size || to <= from) {
		from = h % size & ~3u;
		to = from + 4 <= size ? from + 4 : size;
	}
	times = (h % 8 ? LONG : LONGER) / (to - from);
	text = xmalloc(size + times * (to - from));
	memcpy(text, data, from);
	for (i = 0; i < times; i++)
		memcpy(text + from + i * (to - from), data + from, to - from);
	memcpy(text + from + times * (to - from), data + from, size - from);
	run(text, size + times * (to - from));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(data, size);
	run_long(data, size);
	return 0;
}
