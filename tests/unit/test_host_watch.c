// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * lib/host: a process watched. On a tree whose counters the test sets, and on a child with threads
 * of its own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"
#include "lib/host/private.h"

#define BOX "tests/fixtures/host/box1"
#define ALL (HOST_NEED_IO | HOST_NEED_CPU | HOST_NEED_KVM)

static const struct host_task *task_of(const struct host_usage *u, pid_t tid)
{
	for (size_t i = 0; i < u->n_tasks; i++) {
		if (u->tasks[i].tid == tid)
			return &u->tasks[i];
	}
	return NULL;
}

static void read_ok(struct host_watch *w, unsigned needs, struct host_usage *u)
{
	assert_int_equal(host_watch_read(w, needs, u), 0);
	for (size_t i = 1; i < u->n_tasks; i++)
		assert_true(u->tasks[i - 1].tid < u->tasks[i].tid);
}

static void test_box(void **state)
{
	const pid_t worker = 1040;
	const uint64_t start = 5040;
	struct host *h = tree_host(BOX);
	struct host_watch *w;
	struct host_usage u;

	(void)state;
	assert_int_equal(host_watch_new(h, 1001, 5001, &w), 0);
	host_watch_vhost(w, &worker, &start, 1);
	read_ok(w, ALL, &u);
	assert_int_equal(u.state, 'S');
	assert_int_equal(u.rss_bytes, 6400 * host_facts(h)->page_bytes);
	assert_true(u.has_io && u.has_kvm);
	assert_int_equal(u.read_bytes, 4096);
	assert_int_equal(u.write_bytes, 8192);
	assert_int_equal(u.kvm_exits, 123456);
	assert_int_equal(u.cpu_ns, 0);
	assert_int_equal(u.n_tasks, 5);
	assert_string_equal(task_of(&u, 1003)->comm, "CPU 0/KVM");
	assert_int_equal(task_of(&u, 1003)->run_ns, 9000000);
	assert_int_equal(task_of(&u, 1003)->wait_ns, 40000);
	assert_int_equal(task_of(&u, 1003)->cpu, 3);
	assert_int_equal(task_of(&u, 1003)->state, 'R');
	assert_int_equal(task_of(&u, 1003)->sys_ns, 20 * NS_PER_SEC / host_facts(h)->ticks_per_s);
	assert_int_equal(task_of(&u, 1003)->guest_ns, 5 * NS_PER_SEC / host_facts(h)->ticks_per_s);
	assert_false(task_of(&u, 1005)->kthread);
	assert_true(task_of(&u, 1040)->kthread);
	assert_string_equal(task_of(&u, 1040)->comm, "vhost-1001");
	read_ok(w, 0, &u);
	assert_false(u.has_io || u.has_kvm);
	assert_int_equal(task_of(&u, 1003)->cpu, -1);
	assert_int_equal(task_of(&u, 1003)->state, '?');
	assert_true(task_of(&u, 1003)->sys_ns == HOST_UNKNOWN && task_of(&u, 1003)->guest_ns == HOST_UNKNOWN);
	assert_true(task_of(&u, 1003)->fresh);
	host_watch_free(w);

	/* whoever read it before, and for what */
	assert_int_equal(host_watch_new(h, 1001, 5001, &w), 0);
	read_ok(w, 0, &u);
	read_ok(w, ALL, &u);
	assert_true(u.has_kvm);
	host_watch_free(w);

	assert_int_equal(host_watch_new(h, 1001, 5000, &w), -ESRCH);
	assert_int_equal(host_watch_new(h, 1030, 5030, &w), -ESRCH);
	assert_int_equal(host_watch_new(h, 4000, 1, &w), -ESRCH);
	host_free(h);
}

/* The tree: process 50 and its threads; 60 and 61 stand for kernel threads. */

static void put_stat(const char *root, const char *dir, const char *comm, char state, unsigned threads, uint64_t start)
{
	auto_free char *stat = xasprintf("1 (%s) %c 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 %u 0 %llu 0 0\n", comm, state,
					 threads, (unsigned long long)start);

	tree_puts(root, stat, "proc/%s/stat", dir);
	tree_puts(root, comm, "proc/%s/comm", dir);
}

static void put_run(const char *root, const char *dir, unsigned run, unsigned wait)
{
	auto_free char *text = xasprintf("%u %u 1\n", run, wait);

	tree_puts(root, text, "proc/%s/schedstat", dir);
}

static void tree_unlink(const char *root, const char *name)
{
	auto_free char *path = xasprintf("%s/%s", root, name);

	assert_int_equal(remove(path), 0);
}

static char *tree_of_two(void)
{
	char *root = tree_new();

	put_stat(root, "50", "qemu", 'S', 2, 7);
	put_stat(root, "50/task/50", "qemu", 'S', 2, 7);
	put_stat(root, "50/task/51", "vhost-50", 'S', 2, 8);
	put_stat(root, "60", "vhost-50", 'S', 1, 9);
	put_run(root, "50/task/50", 1000, 100);
	put_run(root, "50/task/51", 2000, 200);
	put_run(root, "60", 3000, 300);
	return root;
}

/* KVM's counters know no position: such a file is read once, and opened again for the next time. */
static void test_stream(void **state)
{
	char *root = tree_of_two();
	struct host *h = tree_host(root);
	auto_free char *name = xasprintf("%s/sys/kernel/debug/kvm/50-7/exits", root);
	struct host_watch *w;
	struct host_usage u;
	int fd;

	(void)state;
	tree_puts(root, "", "sys/kernel/debug/kvm/50-7/exits");
	assert_int_equal(unlink(name), 0);
	assert_int_equal(mkfifo(name, 0600), 0);
	fd = open(name, O_RDONLY | O_NONBLOCK);		/* keeps what is written until it is read */
	assert_true(fd >= 0);
	assert_int_equal(host_watch_new(h, 50, 7, &w), 0);
	for (uint64_t n = 4; n < 6; n++) {
		int to = open(name, O_WRONLY);

		assert_true(to >= 0 && dprintf(to, "%d\n", (int)n) > 0);
		close(to);				/* then a file ends behind its text, as this one does */
		read_ok(w, ALL, &u);
		assert_true(u.has_kvm);
		assert_int_equal(u.kvm_exits, n);
	}
	host_watch_free(w);
	close(fd);
	host_free(h);
	tree_remove(root);
}

static void test_sums(void **state)
{
	char *root = tree_of_two();
	/* 51 is a thread of the process too; 61 is somebody else's by now */
	const pid_t workers[] = { 61, 60, 51, 60 };
	const uint64_t starts[] = { 4, 9, 8, 9 };
	struct host *h = tree_host(root);
	struct host_watch *w;
	struct host_usage u;

	(void)state;
	put_stat(root, "61", "bash", 'S', 1, 5);
	put_run(root, "61", 99, 99);
	assert_int_equal(host_watch_new(h, 50, 7, &w), 0);
	host_watch_vhost(w, workers, starts, 4);
	read_ok(w, 0, &u);
	assert_int_equal(u.n_tasks, 3);
	assert_int_equal(u.cpu_ns, 0);

	put_run(root, "50/task/50", 1100, 101);
	put_run(root, "50/task/51", 2010, 202);
	put_run(root, "60", 3001, 303);
	read_ok(w, 0, &u);
	assert_int_equal(u.cpu_ns, 111);
	assert_int_equal(u.wait_ns, 6);
	assert_int_equal(u.vhost_ns, 11);
	assert_int_equal(task_of(&u, 50)->run_ns, 1100);

	/* a counter that fell is not counted again until it is past where it was */
	put_run(root, "50/task/50", 1000, 1);
	read_ok(w, 0, &u);
	assert_int_equal(u.cpu_ns, 111);
	put_run(root, "50/task/50", 1102, 102);
	read_ok(w, 0, &u);
	assert_int_equal(u.cpu_ns, 113);
	assert_int_equal(u.wait_ns, 7);

	/* nonsense is not fresh, and no error */
	tree_puts(root, "x\n", "proc/60/schedstat");
	read_ok(w, 0, &u);
	assert_false(task_of(&u, 60)->fresh);
	assert_true(task_of(&u, 50)->fresh);
	assert_int_equal(u.cpu_ns, 113);
	host_watch_free(w);
	host_free(h);
	tree_remove(root);
}

static void put_ticks(const char *root, const char *dir, uint64_t start, unsigned user, unsigned system)
{
	auto_free char *stat = xasprintf("1 (qemu) S 1 1 1 0 -1 0 0 0 0 0 %u %u 0 0 20 0 2 0 %llu 0 0\n", user, system,
					 (unsigned long long)start);

	tree_puts(root, stat, "proc/%s/stat", dir);
}

/* A kernel that keeps no scheduler statistics has no schedstat, or zeros in it. */
static void no_statistics(bool zeros)
{
	char *root = tree_of_two();
	const pid_t worker = 60;
	const uint64_t start = 9;
	struct host *h = tree_host(root);
	uint64_t tick = NS_PER_SEC / host_facts(h)->ticks_per_s;
	const char *const dirs[] = { "50/task/50", "50/task/51", "60" };
	struct host_watch *w;
	struct host_usage u;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		auto_free char *file = xasprintf("proc/%s/schedstat", dirs[i]);

		if (zeros)
			tree_puts(root, "0 0 0\n", "%s", file);
		else
			tree_unlink(root, file);
		put_ticks(root, dirs[i], 7 + i, 100 * (unsigned)i, 10);
	}
	assert_int_equal(host_watch_new(h, 50, 7, &w), 0);
	host_watch_vhost(w, &worker, &start, 1);
	read_ok(w, 0, &u);
	assert_int_equal(u.n_tasks, 3);
	put_ticks(root, "50/task/51", 8, 130, 15);
	put_ticks(root, "60", 9, 200, 12);
	read_ok(w, 0, &u);
	assert_true(u.ticked);
	assert_int_equal(u.n_tasks, 3);
	assert_int_equal(u.cpu_ns, 37 * tick);
	assert_true(u.wait_ns == HOST_UNKNOWN);
	assert_int_equal(task_of(&u, 51)->run_ns, 145 * tick);
	assert_true(task_of(&u, 51)->fresh && task_of(&u, 51)->ticked && task_of(&u, 51)->wait_ns == HOST_UNKNOWN);
	assert_int_equal(task_of(&u, 51)->cpu, -1);
	assert_true(task_of(&u, 60)->fresh);

	/* they begin to be kept: what was waited before is not of this moment */
	put_run(root, "50/task/50", (unsigned)tick * 11, 90000);
	put_run(root, "50/task/51", (unsigned)tick * 146, 0);
	put_run(root, "60", 0, 0);
	read_ok(w, 0, &u);
	assert_false(u.ticked);
	assert_int_equal(u.cpu_ns, 39 * tick);
	assert_int_equal(u.wait_ns, 0);
	put_run(root, "50/task/50", (unsigned)tick * 11, 90005);
	read_ok(w, 0, &u);
	assert_int_equal(u.wait_ns, 5);
	host_watch_free(w);
	host_free(h);
	tree_remove(root);
}

static void test_no_statistics(void **state)
{
	(void)state;
	no_statistics(true);
	no_statistics(false);
}

static void test_threads_come_and_go(void **state)
{
	char *root = tree_of_two();
	struct host *h = tree_host(root);
	struct host_watch *w;
	struct host_usage u;

	(void)state;
	assert_int_equal(host_watch_new(h, 50, 7, &w), 0);
	read_ok(w, 0, &u);
	put_run(root, "50/task/51", 2500, 200);
	read_ok(w, 0, &u);
	assert_int_equal(u.cpu_ns, 500);

	/* 51 ends; 52 was started since and counts in full; 53 is old and counts from now */
	tree_unlink(root, "proc/50/task/51/schedstat");
	tree_unlink(root, "proc/50/task/51/stat");
	tree_unlink(root, "proc/50/task/51/comm");
	tree_unlink(root, "proc/50/task/51");
	put_stat(root, "50/task/52", "worker", 'S', 3, 1ull << 60);
	put_stat(root, "50/task/53", "worker", 'S', 3, 9);
	put_run(root, "50/task/52", 40, 4);
	put_run(root, "50/task/53", 7000, 7);
	put_stat(root, "50", "qemu", 'T', 3, 7);
	read_ok(w, 0, &u);
	assert_int_equal(u.state, 'T');
	assert_int_equal(u.n_tasks, 3);
	assert_null(task_of(&u, 51));
	assert_int_equal(u.cpu_ns, 540);
	assert_int_equal(u.wait_ns, 4);

	/* a new thread's name is not its own at first */
	tree_puts(root, "IO late\n", "proc/50/task/52/comm");
	read_ok(w, 0, &u);
	assert_string_equal(task_of(&u, 52)->comm, "IO late");

	put_stat(root, "50", "qemu", 'Z', 1, 7);
	assert_int_equal(host_watch_read(w, 0, &u), -ESRCH);
	put_stat(root, "50", "qemu", 'S', 1, 7);
	assert_int_equal(host_watch_read(w, 0, &u), -ESRCH);
	host_watch_free(w);
	host_free(h);
	tree_remove(root);
}

/*
 * The child does one thing per byte it is sent and answers with the same byte when it is done. A
 * thread of it spends 20 ms of CPU and then waits to be ended.
 */
struct child {
	pid_t pid;
	int to, from;
};

static void spin_ms(clockid_t clock, unsigned ms)
{
	struct timespec ts;
	uint64_t end = 0, now;

	do {
		clock_gettime(clock, &ts);
		now = (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
		if (!end)
			end = now + ms * NS_PER_MS;
	} while (now < end);
}

struct helper {
	int to[2], from[2];
	pthread_t thread;
};

static void *helper_main(void *arg)
{
	struct helper *help = arg;
	char c = 0;

	spin_ms(CLOCK_THREAD_CPUTIME_ID, 20);
	if (write(help->from[1], &c, 1) != 1 || read(help->to[0], &c, 1) != 1)
		_exit(3);
	return NULL;
}

static void child_do(struct helper *help, char c)
{
	if (c == 's') {
		spin_ms(CLOCK_THREAD_CPUTIME_ID, 5);
	} else if (c == '+') {
		if (pthread_create(&help->thread, NULL, helper_main, help) || read(help->from[0], &c, 1) != 1)
			_exit(2);
	} else if (c == '-') {
		if (write(help->to[1], &c, 1) != 1 || pthread_join(help->thread, NULL))
			_exit(2);
	}
}

static void child_main(int in, int out)
{
	struct helper help;
	char c, ask;

	if (pipe(help.to) || pipe(help.from))
		_exit(1);
	while (read(in, &ask, 1) == 1) {
		c = ask;
		child_do(&help, c);
		if (write(out, &ask, 1) != 1)
			break;
	}
	_exit(0);
}

static void child_start(struct child *c)
{
	int to[2], from[2];

#ifdef __SANITIZE_THREAD__
	skip();			/* the sanitizer has a thread in the child, which would be counted */
#endif
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		close(from[0]);
		child_main(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	c->to = to[1];
	c->from = from[0];
}

static void child_tell(const struct child *c, char what)
{
	char done;

	assert_int_equal(write(c->to, &what, 1), 1);
	assert_int_equal(read(c->from, &done, 1), 1);
	assert_int_equal(done, what);
}

static void child_end(struct child *c)
{
	close(c->to);
	close(c->from);
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}

static uint64_t start_of(const struct host *h, pid_t pid)
{
	char buf[HOST_STAT_SIZE];
	struct host_stat st;

	assert_true(host_read(h, buf, sizeof(buf), "proc/%d/stat", pid) > 0);
	assert_int_equal(host_stat_parse(buf, &st), 0);
	return st.start;
}

/* The process's CPU time as the kernel keeps it, threads that ended in it. */
static uint64_t cputime_of(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &ts), 0);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/*
 * The kernel adds a thread's time up when it stops running, which may be a moment after its answer.
 */
static void read_until(struct host_watch *w, unsigned needs, uint64_t cpu_ns, struct host_usage *u)
{
	uint64_t deadline = clock_now_ns() + 10 * NS_PER_SEC;

	do
		read_ok(w, needs, u);
	while (u->cpu_ns < cpu_ns && clock_now_ns() < deadline);
	assert_true(u->cpu_ns >= cpu_ns);
}

/* Ids of threads in PID namespaces below ours. */
static void test_inner_ids(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_tid *list = NULL;
	size_t n = 0;

	(void)state;
	/* a name may hold what looks like the line, but no line break */
	tree_puts(root, "Name:\tq\\nNSpid:\t1\t2\nNSpid:\t70\t9\t1\nNSsid:\t0\n", "proc/70/task/70/status");
	tree_puts(root, "Name:\tq\nNSpid:\t71\t80\t70\nNSsid:\t0\n", "proc/70/task/71/status");
	tree_puts(root, "Name:\tq\nNSpid:\t72\t81\t5\nNSsid:\t0\n", "proc/70/task/72/status");
	assert_int_equal(host_tids_read(h, 70, &list, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(host_tid_of(list, n, 1), 70);
	assert_int_equal(host_tid_of(list, n, 5), 72);
	assert_int_equal(host_tid_of(list, n, 70), 71);
	assert_int_equal(host_tid_of(list, n, 71), 0);
	free(list);

	/* the same namespace as ours; a kernel that does not tell */
	tree_puts(root, "Name:\tq\nNSpid:\t73\nNSsid:\t0\n", "proc/73/task/73/status");
	tree_puts(root, "Name:\tq\n", "proc/74/task/74/status");
	assert_int_equal(host_tids_read(h, 73, &list, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(host_tids_read(h, 74, &list, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(host_tids_read(h, 75, &list, &n), -ESRCH);
	host_free(h);
	tree_remove(root);
}

static void test_live_threads(void **state)
{
	struct host *h = tree_host("/");
	uint64_t before, last = 0;
	struct host_watch *w;
	struct host_usage u;
	struct child c;

	(void)state;
	child_start(&c);
	child_tell(&c, 's');
	assert_int_equal(host_watch_new(h, c.pid, start_of(h, c.pid), &w), 0);
	before = cputime_of(c.pid);
	read_ok(w, HOST_NEED_IO | HOST_NEED_CPU, &u);
	assert_int_equal(u.n_tasks, 1);
	assert_int_equal(u.tasks[0].tid, c.pid);
	assert_true(u.tasks[0].cpu >= 0);
	assert_true(u.rss_bytes > 0);
	assert_true(u.has_io);
	assert_int_equal(u.cpu_ns, 0);

	for (int round = 0; round < 5; round++) {
		child_tell(&c, '+');
		read_until(w, 0, last + 20 * NS_PER_MS, &u);
		assert_int_equal(u.n_tasks, 2);
		last = u.cpu_ns;
		child_tell(&c, '-');
		child_tell(&c, 's');
		read_until(w, 0, last + 5 * NS_PER_MS, &u);
		assert_int_equal(u.n_tasks, 1);
		last = u.cpu_ns;
	}
	/*
	 * each once: no more than the kernel's own sum, what was not added up yet at the first
	 * reading apart
	 */
	assert_true(u.cpu_ns <= cputime_of(c.pid) - before + 10 * NS_PER_MS);
	host_watch_free(w);

	/* whoever begins later knows of the threads that have ended, too */
	before = cputime_of(c.pid);
	assert_int_equal(host_watch_new(h, c.pid, start_of(h, c.pid), &w), 0);
	read_ok(w, 0, &u);
	assert_true(u.used_ns + 20 * NS_PER_MS >= before);
	assert_true(u.used_ns <= cputime_of(c.pid));
	assert_int_equal(u.cpu_ns, 0);
	host_watch_free(w);
	child_end(&c);
	host_free(h);
}

static void test_live_end(void **state)
{
	struct host *h = tree_host("/");
	struct host_watch *w, *again;
	struct host_usage u;
	struct child c;
	siginfo_t info;
	uint64_t start;

	(void)state;
	child_start(&c);
	child_tell(&c, '+');
	start = start_of(h, c.pid);
	assert_int_equal(host_watch_new(h, c.pid, start + 1, &again), -ESRCH);
	assert_int_equal(host_watch_new(h, c.pid, start, &w), 0);
	assert_int_equal(host_watch_new(h, c.pid, start, &again), 0);
	read_ok(w, 0, &u);
	read_ok(again, 0, &u);
	kill(c.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)c.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(host_watch_read(w, 0, &u), -ESRCH);
	child_end(&c);
	assert_int_equal(host_watch_read(w, 0, &u), -ESRCH);
	assert_int_equal(host_watch_read(again, 0, &u), -ESRCH);
	host_watch_free(w);
	host_watch_free(again);
	assert_int_equal(host_watch_new(h, c.pid, start, &w), -ESRCH);
	host_free(h);
}

static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void limit_fds(rlim_t n)
{
	struct rlimit lim;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
	lim.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
}

static void test_live_no_descriptors(void **state)
{
	struct host *h = tree_host("/");
	struct host_watch *w, *kept;
	struct host_usage u, old;
	struct rlimit lim;
	struct child c;
	int free_fd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
	child_start(&c);
	child_tell(&c, '+');
	assert_int_equal(host_watch_new(h, c.pid, start_of(h, c.pid), &kept), 0);
	read_ok(kept, 0, &u);

	/* two are left: none is kept, all is read */
	free_fd = next_fd();
	limit_fds((rlim_t)free_fd + 2);
	assert_int_equal(host_watch_new(h, c.pid, start_of(h, c.pid), &w), 0);
	read_ok(w, ALL, &old);
	for (int i = 0; i < 40; i++) {
		child_tell(&c, 's');
		read_until(w, ALL, old.cpu_ns + 5 * NS_PER_MS, &u);
		assert_int_equal(u.n_tasks, 2);
		assert_true(u.tasks[0].fresh && u.tasks[1].fresh && u.has_io);
		assert_true(u.tasks[0].cpu >= 0);
		assert_int_equal(next_fd(), free_fd);
		old = u;
	}

	/* none is left: nothing new, but no error; what was kept goes on */
	limit_fds((rlim_t)free_fd);
	child_tell(&c, 's');
	read_ok(w, ALL, &u);
	assert_false(u.tasks[0].fresh || u.tasks[1].fresh || u.has_io);
	assert_int_equal(u.cpu_ns, old.cpu_ns);
	for (int i = 0; i < 40; i++)
		read_ok(kept, 0, &u);
	read_until(kept, 0, 5 * NS_PER_MS, &u);
	assert_true(u.n_tasks == 2 && u.tasks[0].fresh && u.tasks[1].fresh);

	/* and back */
	limit_fds(lim.rlim_cur);
	read_until(w, ALL, old.cpu_ns + 5 * NS_PER_MS, &u);
	assert_true(u.tasks[0].fresh);
	assert_true(next_fd() > free_fd);
	host_watch_free(w);
	host_watch_free(kept);
	child_end(&c);
	host_free(h);
}

static void test_live_stopped(void **state)
{
	struct host *h = tree_host("/");
	struct host_watch *w;
	struct host_usage u;
	struct child c;
	siginfo_t info;

	(void)state;
	child_start(&c);
	child_tell(&c, '+');
	assert_int_equal(host_watch_new(h, c.pid, start_of(h, c.pid), &w), 0);
	kill(c.pid, SIGSTOP);
	assert_int_equal(waitid(P_PID, (id_t)c.pid, &info, WSTOPPED), 0);
	read_ok(w, HOST_NEED_CPU, &u);
	assert_int_equal(u.state, 'T');
	assert_int_equal(u.tasks[1].state, 'T');
	host_watch_free(w);
	child_end(&c);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_box),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_no_statistics),
		cmocka_unit_test(test_threads_come_and_go),
		cmocka_unit_test(test_inner_ids),
		cmocka_unit_test(test_live_threads),
		cmocka_unit_test(test_live_end),
		cmocka_unit_test(test_live_no_descriptors),
		cmocka_unit_test(test_live_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
