// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Counters that were recorded of a guest at work (tests/fixtures/counters) go on in three guests, to which everything
 * happens meanwhile that makes a rate lie: QEMU begins anew under the same pid, vCPUs and NICs come and go, a NIC comes with
 * what it moved for others, counters fall, cannot be read, the process stands still. Whatever a row tells is what went since
 * the row before, or unknown.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/watch.h"
#include "lib/sample/private.h"

#define RECORDED "tests/fixtures/counters/guest"
#define NEEDS (NEED_IO | NEED_NET | NEED_KVM | NEED_TASKS | NEED_NICS | NEED_NODES | NEED_MERGE)
#define GUESTS 3
#define THREADS 4			/* the main loop, two vCPUs, an IOThread */
#define TAPS 2
#define ROUNDS 250
#define SCANS 10
#define TICKS_MAX 256

/* A line of the recording: run and wait of each thread, and the others. */
enum { READ = 2 * THREADS, WRITTEN, RX, TX, NUMA_HIT, HUGE_FAULT, FIELDS };

static uint64_t ticks[TICKS_MAX][FIELDS];
static size_t n_ticks;
static uint64_t seed = 1;

static unsigned dice(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 40) % n;
}

/* What a counter is, and was when its row was told last; old: it means the same as then. */
struct counter {
	uint64_t now, then;
	bool known, was_known, old;
};

struct thread {
	pid_t tid;
	uint64_t start;
	bool there, old;		/* old: it was in the rows before */
	struct counter run, wait;
	uint64_t run_read, wait_read;	/* as of the last sample, also one without new rows */
};

struct tap {
	bool there;
	struct counter rx, tx;
};

struct process {
	pid_t pid;
	uint64_t start;
	struct thread threads[THREADS];
	struct tap taps[TAPS];
	struct counter rd, wr, exits;
	uint64_t ran_ns, waited_ns;	/* all threads, since its row was told last */
	bool stopped, told;		/* told: it has had a row */
	unsigned late;			/* samples without one: that a pid is another process's is found by turns */
	bool taps_same;			/* .. with these taps, all of which have only gone on */
	bool summed, was_summed;	/* what they moved in all was told; not of others than before */
	uint64_t told_ns;
};

static struct process guests[GUESTS];
static struct counter numa_hit, huge_fault;
static pid_t next_tid = 2000;
static char *root;

static void recording_read(void)
{
	char line[1024];
	FILE *f = fopen(RECORDED, "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && n_ticks < TICKS_MAX) {
		char *p = line;
		size_t i;

		if (*line == '#')
			continue;
		for (i = 0; i < FIELDS; i++)
			ticks[n_ticks][i] = strtoull(p, &p, 10);
		n_ticks++;
	}
	fclose(f);
	assert_true(n_ticks > 50);
}

static uint64_t boot_ticks(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 100 + (uint64_t)ts.tv_nsec / (NS_PER_SEC / 100);
}

/* ---- what happens */

/* Nothing is left of it where it was read from. */
__attribute__((format(printf, 1, 2)))
static void leave(const char *fmt, ...)
{
	auto_free char *name = NULL, *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&name, fmt, ap) < 0)
		abort();
	va_end(ap);
	path = xasprintf("%s/%s", root, name);
	unlink(path);
}

static void thread_end(struct process *p, unsigned i)
{
	struct thread *t = &p->threads[i];

	if (!t->there)
		return;
	t->there = false;
	leave("proc/%d/task/%d/stat", (int)p->pid, (int)t->tid);
	leave("proc/%d/task/%d/schedstat", (int)p->pid, (int)t->tid);
	leave("proc/%d/task/%d/comm", (int)p->pid, (int)t->tid);
}

/* All it has run counts: it began after the sample before. */
static void thread_begin(struct process *p, unsigned i)
{
	struct thread *t = &p->threads[i];

	thread_end(p, i);
	*t = (struct thread){ .tid = i ? next_tid++ : p->pid, .start = boot_ticks(), .there = true };
	t->run.now = dice(5000000);
	t->wait.now = dice(500000);
}

static void process_begin(struct process *p, pid_t pid)
{
	unsigned i;

	for (i = 0; i < THREADS; i++)
		thread_end(p, i);
	*p = (struct process){ .pid = pid, .start = boot_ticks() + 1000 + dice(100000) };
	for (i = 0; i < THREADS; i++)
		thread_begin(p, i);
	p->rd.known = p->wr.known = p->exits.known = true;
	p->exits.now = dice(1000);
	for (i = 0; i < TAPS; i++)
		p->taps[i].there = true;
}

/* To less than it was in the row before, so that it can be seen. */
static void falls(struct counter *c)
{
	c->now = dice(2) || c->then < 1000 ? 0 : c->then - 1 - dice(999);
}

static void tap_changes(struct process *p)
{
	struct tap *t = &p->taps[dice(TAPS)];

	if (t->there && dice(2)) {		/* the interface is made anew under its old name */
		falls(&t->rx);
		falls(&t->tx);
		p->taps_same &= t->rx.now >= t->rx.then && t->tx.now >= t->tx.then;
		return;
	}
	p->taps_same = false;
	t->there = !t->there;
	/* one that lasts has moved much for others before */
	t->rx.now = 1000000000000ull + dice(1000000);
	t->tx.now = 1000000000000ull + dice(1000000);
}

static void happen(struct process *p)
{
	switch (dice(40)) {
	case 0:
		process_begin(p, p->pid);
		break;
	case 1:
	case 2:
		if (p->threads[2].there)
			thread_end(p, 2);
		else
			thread_begin(p, 2);
		break;
	case 3:			/* out and in between two looks */
		thread_begin(p, 2);
		break;
	case 4:
	case 5:
		tap_changes(p);
		break;
	case 6:
		p->rd.known = p->wr.known = !p->rd.known;
		break;
	case 7:
		falls(&p->rd);
		break;
	case 8:
		falls(&p->exits);
		break;
	case 9:
		p->exits.known = !p->exits.known;
		break;
	case 10:
		p->stopped = true;
		break;
	}
}

static void go(struct counter *c, size_t tick, unsigned field)
{
	uint64_t a = ticks[tick][field], b = ticks[tick + 1][field];

	c->now += b > a ? b - a : 0;
}

static void advance(struct process *p)
{
	size_t tick = dice((unsigned)n_ticks - 1);
	unsigned i;

	if (p->stopped) {
		p->stopped = dice(3) != 0;
		return;
	}
	for (i = 0; i < THREADS; i++) {
		go(&p->threads[i].run, tick, 2 * i);
		go(&p->threads[i].wait, tick, 2 * i + 1);
	}
	for (i = 0; i < TAPS; i++) {
		go(&p->taps[i].rx, tick, RX);
		go(&p->taps[i].tx, tick, TX);
	}
	go(&p->rd, tick, READ);
	go(&p->wr, tick, WRITTEN);
	p->exits.now += dice(5000);
	happen(p);
}

/* ---- the host it is read from */

static void put_thread(const struct process *p, unsigned i, unsigned n)
{
	static const char *const names[THREADS] = { "qemu-system-x86", "CPU 0/KVM", "CPU 1/KVM", "IO io0" };
	const struct thread *t = &p->threads[i];
	auto_free char *run = xasprintf("%llu %llu 1\n", (unsigned long long)t->run.now, (unsigned long long)t->wait.now);
	auto_free char *stat = xasprintf("%d (%s) %c 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 %u 0 %llu 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 "
					 "0 0 0 0 0 0 0 0 0 0 0 0 0\n", (int)t->tid, names[i], p->stopped ? 'T' : 'S', n,
					 (unsigned long long)(i ? t->start : p->start));

	tree_puts(root, stat, "proc/%d/task/%d/stat", (int)p->pid, (int)t->tid);
	tree_puts(root, run, "proc/%d/task/%d/schedstat", (int)p->pid, (int)t->tid);
	tree_puts(root, names[i], "proc/%d/task/%d/comm", (int)p->pid, (int)t->tid);
	if (!i)
		tree_puts(root, stat, "proc/%d/stat", (int)p->pid);
}

static void put_process(const struct process *p, struct buf *nets)
{
	static const char cmdline[] = "/usr/bin/qemu-system-x86_64\0-name\0web\0-m\0" "8\0-smp\0" "2";
	auto_free char *io = xasprintf("rchar: 1\nread_bytes: %llu\nwrite_bytes: %llu\n", (unsigned long long)p->rd.now,
				       (unsigned long long)p->wr.now);
	auto_free char *exits = xasprintf("%llu\n", (unsigned long long)p->exits.now);
	auto_free char *dir = xasprintf("proc/%d/cmdline", (int)p->pid);
	unsigned i, n = 0;
	int pid = (int)p->pid;

	for (i = 0; i < THREADS; i++)
		n += p->threads[i].there;
	for (i = 0; i < THREADS; i++)
		if (p->threads[i].there)
			put_thread(p, i, n);
	tree_put(root, dir, cmdline, sizeof(cmdline));
	tree_puts(root, "qemu-system-x86\n", "proc/%d/comm", pid);
	tree_puts(root, "100 2148 50 1 0 2048 0\n", "proc/%d/statm", pid);
	tree_puts(root, "Name:\tqemu\nUid:\t0\t0\t0\t0\n", "proc/%d/status", pid);
	tree_puts(root, p->rd.known ? io : "-\n", "proc/%d/io", pid);
	if (p->exits.known)
		tree_puts(root, exits, "sys/kernel/debug/kvm/%d-9/exits", pid);
	else
		leave("sys/kernel/debug/kvm/%d-9/exits", pid);
	for (i = 0; i < TAPS; i++) {
		auto_free char *iff = xasprintf("pos:\t0\niff:\ttap%d-%u\n", pid, i);

		leave("proc/%d/fd/%u", pid, 20 + i);
		if (!p->taps[i].there)
			continue;
		tree_link(root, "/dev/net/tun", "proc/%d/fd/%u", pid, 20 + i);
		tree_puts(root, iff, "proc/%d/fdinfo/%u", pid, 20 + i);
		/* what the guest receives is what the tap sends */
		buf_printf(nets, "tap%d-%u: %llu 1 0 0 0 0 0 0 %llu 1 0 0 0 0 0 0\n", pid, i,
			   (unsigned long long)p->taps[i].tx.now, (unsigned long long)p->taps[i].rx.now);
	}
}

static void put_host(void)
{
	static const char head[] = "Inter-|   Receive\n face |bytes\n";
	auto_free char *hit = xasprintf("numa_hit %llu\n", (unsigned long long)numa_hit.now);
	auto_free char *faults = xasprintf("nr_free 1\nthp_fault_alloc %llu\n", (unsigned long long)huge_fault.now);
	auto_buf struct buf nets = {0};
	unsigned i;

	buf_puts(&nets, head);
	for (i = 0; i < GUESTS; i++)
		put_process(&guests[i], &nets);
	tree_puts(root, nets.text, "proc/net/dev");
	tree_puts(root, hit, "sys/devices/system/node/node0/numastat");
	tree_puts(root, faults, "proc/vmstat");
}

/* ---- what must come out */

static void remember(struct counter *c)
{
	c->then = c->now;
	c->was_known = c->known;
}

static void told(struct process *p, uint64_t now)
{
	unsigned i;

	for (i = 0; i < THREADS; i++) {
		p->threads[i].old = p->threads[i].there;
		remember(&p->threads[i].run);
		remember(&p->threads[i].wait);
	}
	for (i = 0; i < TAPS; i++) {
		remember(&p->taps[i].rx);
		remember(&p->taps[i].tx);
	}
	remember(&p->rd);
	remember(&p->wr);
	remember(&p->exits);
	p->ran_ns = p->waited_ns = 0;
	p->told = p->taps_same = true;
	p->told_ns = now;
}

/* What a thread did after the last sample it was in is lost with it. */
static void add_up(struct process *p)
{
	unsigned i;

	for (i = 0; i < THREADS; i++) {
		struct thread *t = &p->threads[i];

		if (!t->there)
			continue;
		p->ran_ns += t->run.now - t->run_read;
		p->waited_ns += t->wait.now - t->wait_read;
		t->run_read = t->run.now;
		t->wait_read = t->wait.now;
	}
}

static void is(const char *what, double got, bool known, double want)
{
	if (known ? isnan(got) || fabs(got - want) > 1e-6 * want + 1e-6 : !isnan(got))
		fail_msg("%s is %f, and should be %f", what, got, known ? want : NAN);
}

static void counter_is(const char *what, double got, const struct process *p, const struct counter *c, double per)
{
	is(what, got, p->told && c->known && c->was_known && c->now >= c->then, (double)(c->now - c->then) * per);
}

static void check_threads(const struct snapshot *snap, const struct process *p, const char *ref, double elapsed_s)
{
	unsigned i;

	for (i = 0; i < THREADS; i++) {
		const struct thread *t = &p->threads[i];
		auto_free char *key = xasprintf("%d@%llu", (int)t->tid, (unsigned long long)(i ? t->start : p->start));
		const struct thread_row *row = snapshot_find(snap, TABLE_THREADS, ref, key);
		bool known = p->told && t->old;

		assert_int_equal(!!row, t->there);
		if (!row)
			continue;
		is("run_pct", row->run_pct, known, (double)(t->run.now - t->run.then) / 1e7 / elapsed_s);
		is("wait_pct of a thread", row->wait_pct, known, (double)(t->wait.now - t->wait.then) / 1e7 / elapsed_s);
	}
}

static void check_taps(const struct snapshot *snap, struct process *p, const struct vm_row *row, double elapsed_s)
{
	uint64_t rx = 0, tx = 0;
	unsigned i, n = 0;

	for (i = 0; i < TAPS; i++) {
		const struct tap *t = &p->taps[i];
		auto_free char *key = xasprintf("tap%d-%u", (int)p->pid, i);

		assert_int_equal(!!snapshot_find(snap, TABLE_NICS, row->head.ref, key), t->there);
		if (!t->there)
			continue;
		n++;
		rx += t->rx.now - t->rx.then;
		tx += t->tx.now - t->tx.then;
	}
	p->was_summed = p->summed;
	p->summed = n && (p->taps_same || !p->told);
	is("rx_bytes_per_s", row->rx_bytes_per_s, p->summed && p->was_summed, (double)rx / elapsed_s);
	is("tx_bytes_per_s", row->tx_bytes_per_s, p->summed && p->was_summed, (double)tx / elapsed_s);
}

/* All rows of a guest that stands still are what they were. */
static void check_still(const struct snapshot *snap, const struct snapshot *prev, const char *ref)
{
	const struct vm_row *row = snapshot_find(snap, TABLE_VMS, ref, ""), *old = snapshot_find(prev, TABLE_VMS, ref, "");
	size_t i;

	assert_true(row->head.stale && row->stale_seconds > 0);
	is("cpu_pct that stands", row->cpu_pct, !isnan(old->cpu_pct), old->cpu_pct);
	is("rx_bytes_per_s that stand", row->rx_bytes_per_s, !isnan(old->rx_bytes_per_s), old->rx_bytes_per_s);
	for (i = 0; i < snapshot_count(snap, TABLE_THREADS); i++) {
		const struct thread_row *thread = snapshot_row(snap, TABLE_THREADS, i), *before;

		if (strcmp(thread->head.ref, ref))
			continue;
		before = snapshot_find(prev, TABLE_THREADS, ref, thread->head.key);
		assert_true(before && thread->head.stale);
		is("run_pct that stands", thread->run_pct, !isnan(before->run_pct), before->run_pct);
	}
}

static void check_guest(const struct snapshot *snap, const struct snapshot *prev, struct process *p)
{
	auto_free char *ref = xasprintf("pid:%d@%llu", (int)p->pid, (unsigned long long)p->start);
	const struct vm_row *row = snapshot_find(snap, TABLE_VMS, ref, "");
	uint64_t now = snapshot_time_ns(snap);
	double elapsed_s = (double)(now - p->told_ns) / (double)NS_PER_SEC;

	if (!row && !p->told && p->late++ < SCANS)
		return;
	assert_non_null(row);
	add_up(p);
	if (p->stopped && p->told) {
		check_still(snap, prev, ref);
		return;
	}
	assert_int_equal(row->head.stale, p->stopped);
	if (!p->stopped) {
		is("cpu_pct", row->cpu_pct, p->told, (double)p->ran_ns / 1e7 / elapsed_s);
		is("wait_pct", row->wait_pct, p->told, (double)p->waited_ns / 1e7 / elapsed_s);
		counter_is("rd_bytes_per_s", row->rd_bytes_per_s, p, &p->rd, 1 / elapsed_s);
		counter_is("wr_bytes_per_s", row->wr_bytes_per_s, p, &p->wr, 1 / elapsed_s);
		counter_is("exits_per_s", row->exits_per_s, p, &p->exits, 1 / elapsed_s);
		check_threads(snap, p, ref, elapsed_s);
	}
	check_taps(snap, p, row, elapsed_s);
	told(p, now);
}

/* In any table: no rate of a row that was not there, none below 0. */
static void check_all(const struct snapshot *snap, const struct snapshot *prev)
{
	enum table_id t;
	size_t i, k;

	for (t = 0; t < TABLE_COUNT; t++) {
		for (i = 0; i < snapshot_count(snap, t); i++) {
			const struct row *row = snapshot_row(snap, t, i);
			bool was = prev && snapshot_find(prev, t, row->ref, row->key);

			for (k = 0; k < table_get(t)->n_columns; k++) {
				const struct column *c = &table_get(t)->columns[k];
				struct value v = column_get(c, row);

				if (column_is_rate(c) && v.kind == VALUE_NUM && (v.num < 0 || isinf(v.num) || !was))
					fail_msg("%s.%s is %f", table_get(t)->name, c->id, v.num);
			}
		}
	}
}

static void check_host(const struct snapshot *snap, uint64_t before)
{
	const struct node_row *node = snapshot_row(snap, TABLE_NODES, 0);
	const struct thp_row *thp = snapshot_row(snap, TABLE_THP, 0);
	double elapsed_s = (double)(snapshot_time_ns(snap) - before) / (double)NS_PER_SEC;
	struct process host = { .told = before };

	counter_is("hit_per_s", node->hit_per_s, &host, &numa_hit, 1 / elapsed_s);
	counter_is("faults_per_s", thp->faults_per_s, &host, &huge_fault, 1 / elapsed_s);
	remember(&numa_hit);
	remember(&huge_fault);
}

static void round_of(struct sampler *s, struct snapshot **prev)
{
	size_t tick = dice((unsigned)n_ticks - 1), i;
	struct snapshot *snap;

	for (i = 0; i < GUESTS; i++)
		advance(&guests[i]);
	go(&numa_hit, tick, NUMA_HIT);
	go(&huge_fault, tick, HUGE_FAULT);
	if (!dice(20))
		falls(dice(2) ? &numa_hit : &huge_fault);
	put_host();
	for (i = 0; i < s->n_guests; i++)	/* it is time for a look at their descriptors */
		s->guests[i]->netifs_ns = 1;
	assert_int_equal(sampler_discover(s, NULL), 0);
	snap = sampler_take(s, NEEDS);
	check_all(snap, *prev);
	for (i = 0; i < GUESTS; i++)
		check_guest(snap, *prev, &guests[i]);
	check_host(snap, *prev ? snapshot_time_ns(*prev) : 0);
	snapshot_unref(*prev);
	*prev = snap;
}

/*
 * A descriptor of /proc says ESRCH when its thread is gone, one of a removed file reads on: so that none is kept, they are
 * made scarce.
 */
static void make_scarce(void)
{
	struct rlimit lim = { .rlim_cur = 128, .rlim_max = 128 };
	int fd;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
	do
		fd = dup(STDIN_FILENO);
	while (fd >= 0 && host_may_keep(fd));
	assert_true(fd >= 0);
}

static void recorded_counters_never_lie(void **state)
{
	struct sample_config config = { .scan = true };
	struct snapshot *prev = NULL;
	struct sampler *s;
	struct host *h;
	unsigned i;

	(void)state;
	recording_read();
	make_scarce();
	root = tree_new();
	tree_puts(root, "0\n", "sys/devices/system/node/online");
	tree_puts(root, "0-1\n", "sys/devices/system/node/node0/cpulist");
	tree_puts(root, "always [madvise] never\n", "sys/kernel/mm/transparent_hugepage/enabled");
	numa_hit.known = huge_fault.known = true;
	for (i = 0; i < GUESTS; i++)
		process_begin(&guests[i], (pid_t)(1001 + i));
	put_host();
	config.host = h = tree_host(root);
	s = sampler_new(&config);
	for (i = 0; i < ROUNDS; i++)
		round_of(s, &prev);
	snapshot_unref(prev);
	sampler_free(s);
	host_free(h);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_counters_never_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
