// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sampler with sockets given by hand: this process is one guest (the scripted peer is a thread of it), a child that
 * greets and says no more another; and sockets that lead nowhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_qmp.h"
#include "host_tree.h"
#include "lib/sample/private.h"

#define NEEDS (NEED_STATE | NEED_RINGS | NEED_IO | NEED_NET | NEED_PLACE)
#define LONG_MS 20000

static char *dir;
static struct host *host;

static int setup(void **state)
{
	(void)state;
	dir = tree_new();
	host = tree_host("/");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_free(host);
	tree_remove(dir);
	return 0;
}

static struct sampler *sampler(const char *const *sockets, size_t n)
{
	struct sample_config config = { .host = host, .scan = false, .sockets = sockets, .n_sockets = n };
	struct sampler *s = sampler_new(&config);

	assert_int_equal(sampler_discover(s, NULL), 0);
	return s;
}

static const struct fake_item answers[] = {
	{ .expect = "query-status", .any = true, .reply = "{\"running\":true,\"status\":\"running\"}" },
	{ .expect = "query-name", .any = true, .reply = "{\"name\":\"web =1\"}" },
	{ .expect = "query-uuid", .any = true, .reply = "{\"UUID\":\"0badf00d-0000-0000-0000-000000000001\"}" },
	{ .expect = "query-migrate", .any = true, .reply = "{}" },
	{ .expect = "query-cpus-fast", .any = true, .reply = "[]" },
	{ .expect = "query-iothreads", .any = true, .reply = "[]" },
	{ .expect = "query-memory-size-summary", .any = true, .reply = "{\"base-memory\":134217728,\"plugged-memory\":0}" },
	{ .expect = "x-query-virtio", .any = true, .reply = "[]" },
	{ 0 }
};

static int listener(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static const char greeting[] = "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":2,\"major\":7},\"package\":\"\"},"
	"\"capabilities\":[]}}\r\n";

/* A QEMU of its own that greets, agrees, and is never heard of again. */
static pid_t wedged(const char *path)
{
	char bytes[4096];
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int from = listener(path), fd = write(ready[1], "", 1) == 1 ? accept(from, NULL, NULL) : -1;
		ssize_t n = write(fd, greeting, sizeof(greeting) - 1);

		n = read(fd, bytes, sizeof(bytes) - 1);
		if (n > 0) {
			char *id;

			bytes[n] = '\0';
			id = strstr(bytes, "\"id\":");
			if (id && dprintf(fd, "{\"return\":{},\"id\":%llu}\r\n", strtoull(id + 5, NULL, 10)) > 0)
				while (read(fd, bytes, sizeof(bytes)) > 0)
					;
		}
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], bytes, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static const struct vm_row *row_of(const struct snapshot *snap, pid_t pid)
{
	size_t i;

	for (i = 0; i < snapshot_count(snap, TABLE_VMS); i++) {
		const struct vm_row *row = snapshot_row(snap, TABLE_VMS, i);

		if (row->pid == (uint64_t)pid)
			return row;
	}
	return NULL;
}

/* Until the wanted guest has been asked; a look at the clock is the only bound, and a wide one. */
static struct snapshot *settled(struct sampler *s, pid_t pid)
{
	uint64_t deadline = clock_now_ns() + LONG_MS * NS_PER_MS;
	struct snapshot *snap = NULL;
	const struct vm_row *row;

	do {
		snapshot_unref(snap);
		sampler_settle(s, NEEDS, 200);
		snap = sampler_take(s, NEEDS);
		row = row_of(snap, pid);
	} while ((!row || !row->state) && clock_now_ns() < deadline);
	assert_non_null(row);
	assert_non_null(row->state);
	return snap;
}

static void a_guest_behind_a_socket_is_found(void **state)
{
	auto_free char *path = xasprintf("%s/q", dir), *same = xasprintf("%s/./q", dir);
	const char *sockets[] = { path, same, path };
	struct fake_qmp *f = fake_qmp_new(answers);
	struct sampler *s;
	struct snapshot *snap;
	const struct vm_row *row;
	size_t n;

	(void)state;
	fake_qmp_listen(f, path);
	s = sampler(sockets, ARRAY_SIZE(sockets));
	snap = settled(s, getpid());
	row = row_of(snap, getpid());
	assert_int_equal(snapshot_count(snap, TABLE_VMS), 1);
	assert_string_equal(row->head.vm, "web =1");
	assert_string_equal(row->state, "running");
	assert_string_equal(row->source, "qmp");
	assert_string_equal(row->uuid, "0badf00d-0000-0000-0000-000000000001");
	assert_true(row->rss_bytes != UNKNOWN_UINT && row->cpu_ns != UNKNOWN_UINT);
	assert_null(row->note);
	assert_false(row->head.stale);
	snapshot_unref(snap);
	assert_null(sampler_problems(s, &n));
	assert_int_equal(n, 0);
	sampler_free(s);
	fake_qmp_end(f);
}

enum peer { ABSENT, A_FILE, NOBODY, GARBAGE, CLOSES, SILENT, HALF };
static const struct {
	enum peer peer;
	const char *why;
} peers[] = {
	{ ABSENT, "No such file" }, { A_FILE, "ocket" }, { NOBODY, "no process listens" },
	{ GARBAGE, "does not speak QMP" },
	{ CLOSES, "closed" }, { SILENT, "no QMP greeting" }, { HALF, "part of a QMP greeting" },
};

static void sockets_that_lead_nowhere_are_named(void **state)
{
	static const struct fake_item garbage[] = { { .raw = "SSH-2.0-OpenSSH_9.2\r\n" }, { 0 } },
		closes[] = { { .how = FAKE_CLOSE }, { 0 } }, silent[] = { { 0 } }, half[] = { { .raw = "{\"QMP\": {" }, { 0 } };
	static const struct fake_item *const scripts[] = {
		[GARBAGE] = garbage, [CLOSES] = closes, [SILENT] = silent, [HALF] = half,
	};
	struct fake_qmp *fakes[ARRAY_SIZE(peers)] = {0}, *good = fake_qmp_new(answers);
	char *paths[ARRAY_SIZE(peers) + 1], **problems;
	struct sampler *s;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(peers); i++) {
		paths[i] = xasprintf("%s/s%zu", dir, i);
		if (peers[i].peer >= GARBAGE) {
			fakes[i] = fake_qmp_new_with(scripts[peers[i].peer], FAKE_NO_GREETING);
			fake_qmp_listen(fakes[i], paths[i]);
		}
	}
	tree_puts(dir, "x", "s%d", A_FILE);
	close(listener(paths[NOBODY]));
	paths[i] = xasprintf("%s/good", dir);
	fake_qmp_listen(good, paths[i]);
	s = sampler((const char *const *)paths, ARRAY_SIZE(paths));
	snapshot_unref(settled(s, getpid()));		/* the others are no hindrance */
	sampler_settle(s, 0, LONG_MS);
	problems = sampler_problems(s, &n);
	assert_int_equal(n, ARRAY_SIZE(peers));
	for (i = 0; i < n; i++)
		if (!strstr(problems[i], paths[i]) || !strstr(problems[i], peers[i].why))
			fail_msg("%s: '%s' is not '%s'", paths[i], problems[i], peers[i].why);
	qmp_strings_free(problems, n);
	sampler_free(s);
	for (i = 0; i < ARRAY_SIZE(peers); i++) {
		char *verdict = fakes[i] ? fake_qmp_verdict(fakes[i]) : NULL;

		free(verdict);
	}
	fake_qmp_end(good);
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		free(paths[i]);
}

/* One of two never answers: the other is asked and answers, waiting is bounded, and so is the end. */
static void a_wedged_guest_holds_up_nobody(void **state)
{
	auto_free char *path = xasprintf("%s/q", dir), *bad = xasprintf("%s/bad", dir);
	const char *sockets[] = { bad, path };
	pid_t child = wedged(bad);
	struct fake_qmp *f = fake_qmp_new(answers);
	const struct vm_row *row;
	struct snapshot *snap;
	struct sampler *s;

	(void)state;
	fake_qmp_listen(f, path);
	s = sampler(sockets, ARRAY_SIZE(sockets));
	snap = settled(s, getpid());
	row = row_of(snap, child);
	if (row) {		/* found by now, and asked: it has its figures, and no state */
		assert_null(row->state);
		assert_true(row->cpu_ns != UNKNOWN_UINT);
		assert_string_not_equal(row->head.vm, "web =1");
	}
	snapshot_unref(snap);
	sampler_settle(s, NEEDS, 50);
	snap = sampler_take(s, NEEDS);
	assert_non_null(row_of(snap, getpid()));
	snapshot_unref(snap);
	sampler_free(s);		/* in the middle of the asking */
	end_child(child);
	fake_qmp_end(f);
}

/* Many that never answer, more than there are workers: those that wait are given up, too. */
static void an_end_with_probes_waiting(void **state)
{
	static const struct fake_item silent[] = { { 0 } };
	struct fake_qmp *fakes[20];
	char *paths[ARRAY_SIZE(fakes)];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(fakes); i++) {
		paths[i] = xasprintf("%s/%zu", dir, i);
		fakes[i] = fake_qmp_new_with(silent, FAKE_NO_GREETING);
		fake_qmp_listen(fakes[i], paths[i]);
	}
	sampler_free(sampler((const char *const *)paths, ARRAY_SIZE(paths)));
	for (i = 0; i < ARRAY_SIZE(fakes); i++) {
		fake_qmp_end(fakes[i]);
		free(paths[i]);
	}
}

static void a_guest_is_found_by_a_word(void **state)
{
	auto_free char *path = xasprintf("%s/q", dir), *pid = xasprintf("pid:%d", (int)getpid()), *longer = xasprintf("%s0", pid);
	const char *sockets[] = { path };
	struct fake_qmp *f = fake_qmp_new(answers);
	struct sample_guest g;
	struct err err = {0};
	char *ref;
	struct sampler *s;
	struct { const char *word; int rc; const char *why; } rows[] = {
		{ "web =1", 0, "" }, { "name:web =1", 0, "" }, { "0badf00d-0000-0000-0000-000000000001", 0, "" },
		{ "uuid:0BADF00D-0000-0000-0000-000000000001", 0, "" }, { pid, 0, "" }, { NULL, 0, "" },
		{ "web", -ENOENT, "no guest 'web'" }, { "web =2", -ENOENT, "did you mean 'web =1'" },
		{ "uuid:web =1", -ENOENT, "no guest" },
		{ "name:0badf00d-0000-0000-0000-000000000001", -ENOENT, "no guest" }, { longer, -ENOENT, "no guest" },
		{ "pid:", -ENOENT, "no guest" }, { "pid:x", -ENOENT, "no guest" }, { "", -ENOENT, "no guest" },
		{ "name:", -ENOENT, "no guest" },
	};
	size_t i;

	(void)state;
	fake_qmp_listen(f, path);
	s = sampler(sockets, 1);
	snapshot_unref(settled(s, getpid()));
	assert_int_equal(sampler_find(s, pid, &g, &err), 0);
	ref = xstrdup(g.ref);
	assert_true(str_has_prefix(ref, pid) && ref[strlen(pid)] == '@');
	sample_guest_done(&g);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		int rc = sampler_find(s, rows[i].word ? rows[i].word : ref, &g, &err);

		if (rc != rows[i].rc || (rc && !strstr(err.text, rows[i].why)))
			fail_msg("'%s': %d %s", rows[i].word, rc, err.text);
		if (rc)
			continue;
		assert_string_equal(g.ref, ref);
		assert_string_equal(g.name, "web =1");
		sample_guest_done(&g);
	}
	free(ref);
	sampler_free(s);
	fake_qmp_end(f);
}

static void a_monitor_is_lent_to_one(void **state)
{
	auto_free char *path = xasprintf("%s/q", dir), *pid = xasprintf("pid:%d", (int)getpid());
	const char *sockets[] = { path };
	struct fake_qmp *f = fake_qmp_new(answers);
	struct qmp *q = NULL, *other = NULL;
	struct sample_guest g;
	struct err err = {0};
	struct sampler *s;

	(void)state;
	fake_qmp_listen(f, path);
	s = sampler(sockets, 1);
	snapshot_unref(settled(s, getpid()));
	assert_int_equal(sampler_find(s, pid, &g, &err), 0);
	assert_int_equal(sampler_borrow(s, "pid:1@1", 20000, -1, &q, &err), -ENOENT);
	assert_int_equal(sampler_borrow(s, g.ref, 20000, -1, &q, &err), 0);
	assert_true(qmp_is_open(q));
	assert_int_equal(sampler_borrow(s, g.ref, 20000, -1, &other, &err), -EBUSY);
	assert_null(other);
	snapshot_unref(sampler_take(s, NEEDS));		/* keeps off it */
	sampler_return(s, g.ref, q);
	/* asked anew, on the connection that was held: there is but one */
	snapshot_unref(settled(s, getpid()));
	assert_int_equal(sampler_borrow(s, g.ref, 20000, -1, &q, &err), 0);
	qmp_close(q);
	sampler_return(s, g.ref, NULL);
	sample_guest_done(&g);
	sampler_free(s);
	fake_qmp_end(f);
}

/* While a guest does not answer, who wants to change it waits as long as he likes to, and no other guest is waited for. */
static void a_borrower_waits_as_long_as_he_likes(void **state)
{
	auto_free char *bad = xasprintf("%s/bad", dir), *word = NULL;
	const char *sockets[] = { bad };
	pid_t child = wedged(bad);
	struct sampler *s = sampler(sockets, 1);
	int interrupt = eventfd(0, EFD_CLOEXEC);
	struct sample_guest g;
	struct err err = {0};
	struct qmp *q = NULL;
	bool begun = false;

	(void)state;
	word = xasprintf("pid:%d", (int)child);
	sampler_settle(s, 0, LONG_MS);
	assert_int_equal(sampler_find(s, word, &g, &err), 0);
	snapshot_unref(sampler_take(s, NEEDS));
	while (!begun) {
		pthread_mutex_lock(&s->lock);
		begun = guest_by_ref(s, g.ref)->begun;
		pthread_mutex_unlock(&s->lock);
	}
	assert_int_equal(sampler_borrow(s, g.ref, 50, interrupt, &q, &err), -ETIMEDOUT);
	eventfd_write(interrupt, 1);
	assert_int_equal(sampler_borrow(s, g.ref, LONG_MS, interrupt, &q, &err), -ECANCELED);
	assert_null(q);
	sampler_leave(s);		/* and so does nobody wait for it at the end */
	assert_false(sampler_settle(s, NEEDS, LONG_MS) && guest_by_ref(s, g.ref)->begun);
	close(interrupt);
	sample_guest_done(&g);
	sampler_free(s);
	end_child(child);
}

static enum asking asking_of(struct sampler *s, const struct guest *g)
{
	enum asking asking;

	pthread_mutex_lock(&s->lock);
	asking = g->asking;
	pthread_mutex_unlock(&s->lock);
	return asking;
}

/* An asking that still waits for a worker has no connection: it steps back, and comes after the change. */
static void questions_that_wait_step_back(void **state)
{
	auto_free char *path = xasprintf("%s/q", dir), *pid = xasprintf("pid:%d", (int)getpid());
	const char *sockets[] = { path };
	struct fake_qmp *f = fake_qmp_new(answers);
	struct sample_guest g;
	struct err err = {0};
	struct qmp *q = NULL;
	struct pool *workers, *none = pool_new(0, 1);
	struct sampler *s;
	struct guest *guest;

	(void)state;
	fake_qmp_listen(f, path);
	s = sampler(sockets, 1);
	sampler_settle(s, 0, LONG_MS);
	assert_int_equal(sampler_find(s, pid, &g, &err), 0);
	workers = s->pool;
	s->pool = none;			/* as if all of them were occupied */
	snapshot_unref(sampler_take(s, NEEDS));
	guest = guest_by_ref(s, g.ref);
	assert_int_equal(guest->asking, ASK_UNDER_WAY);
	assert_false(guest->begun);
	assert_int_equal(sampler_borrow(s, g.ref, 0, -1, &q, &err), 0);
	while (asking_of(s, guest) == ASK_UNDER_WAY)		/* now there is one */
		pool_mind(none);
	assert_int_equal(guest->asking, ASK_NEVER);
	assert_true(guest->wanted & WANT_BASE);
	sampler_return(s, g.ref, q);
	s->pool = workers;
	snapshot_unref(settled(s, getpid()));
	pool_free(none);
	sample_guest_done(&g);
	sampler_free(s);
	fake_qmp_end(f);
}

/* What a guest was lent for ends with it, and it is forgotten. */
static void a_guest_that_ends_is_forgotten(void **state)
{
	auto_free char *bad = xasprintf("%s/bad", dir), *word = NULL;
	const char *sockets[] = { bad };
	pid_t child = wedged(bad);
	struct sampler *s = sampler(sockets, 1);
	struct sample_guest g;
	struct err err = {0};
	struct qmp *q = NULL;

	(void)state;
	word = xasprintf("pid:%d", (int)child);
	sampler_settle(s, 0, LONG_MS);
	assert_int_equal(sampler_find(s, word, &g, &err), 0);
	assert_int_equal(sampler_borrow(s, g.ref, 20000, -1, &q, &err), 0);
	end_child(child);
	snapshot_unref(sampler_take(s, 0));
	assert_int_equal(sampler_find(s, word, &(struct sample_guest){0}, &err), -ENOENT);
	sampler_discover(s, NULL);
	assert_int_equal(s->n_guests, 1);		/* somebody has its connection */
	sampler_return(s, g.ref, q);
	sampler_discover(s, NULL);
	assert_int_equal(s->n_guests, 0);
	sample_guest_done(&g);
	sampler_free(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_guest_behind_a_socket_is_found),
		TEST(sockets_that_lead_nowhere_are_named),
		TEST(a_wedged_guest_holds_up_nobody),
		TEST(an_end_with_probes_waiting),
		TEST(a_guest_is_found_by_a_word),
		TEST(a_monitor_is_lent_to_one),
		TEST(a_borrower_waits_as_long_as_he_likes),
		TEST(questions_that_wait_step_back),
		TEST(a_guest_that_ends_is_forgotten),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
