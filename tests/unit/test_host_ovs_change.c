// SPDX-License-Identifier: GPL-3.0-or-later
/* Ports of Open vSwitch, against a database that follows a script: what is asked, and what each answer comes to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"

/* One connection for each question; the last answer is repeated. */
struct database {
	const char *const *results;	/* JSON of "result"; NULL: it hangs up; SILENT: it says nothing */
	size_t n, asked;
	int listener, kept[4], n_kept;
	struct buf questions;
	pthread_t thread;
};

#define SILENT ""

static void *serve(void *arg)
{
	struct database *d = arg;
	int fd;

	while ((fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		const char *result = d->results[d->asked < d->n ? d->asked : d->n - 1];
		auto_free char *answer =
						   xasprintf("{\"id\":\"echo\",\"method\":\"echo\",\"params\":[]}{\"id\":1,\"error\":null,\"result\":%s}",
						   result ? result : "");
		char bytes[4096];
		ssize_t len = read(fd, bytes, sizeof(bytes));

		if (len > 0)
			buf_add(&d->questions, bytes, (size_t)len);
		buf_puts(&d->questions, "\n");
		d->asked++;
		if (result && !*result && d->n_kept < (int)ARRAY_SIZE(d->kept)) {
			d->kept[d->n_kept++] = fd;
			continue;
		}
		if (result && write(fd, answer, strlen(answer)) < 0)
			break;
		close(fd);
	}
	return NULL;
}

static char *start(struct database *d, const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char *path = xasprintf("%s/db.sock", dir);

	assert_true(strlen(path) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, path);
	unlink(path);
	d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(d->listener, 8), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
	return path;
}

static void end(struct database *d)
{
	shutdown(d->listener, SHUT_RDWR);
	pthread_join(d->thread, NULL);
	close(d->listener);
	while (d->n_kept)
		close(d->kept[--d->n_kept]);
	buf_add(&d->questions, "", 0);
}

#define DONE "[{},{\"uuid\":[\"uuid\",\"i\"]},{\"uuid\":[\"uuid\",\"p\"]},{\"count\":1},{\"count\":1}]"
#define NO_NUMBER "[{\"rows\":[{\"ofport\":[\"set\",[]],\"error\":[\"set\",[]]}]}]"
#define NUMBER "[{\"rows\":[{\"ofport\":3,\"error\":[\"set\",[]]}]}]"
#define NO_DEVICE "[{\"rows\":[{\"ofport\":-1,\"error\":\"could not open network device\"}]}]"
#define NOT_OURS "[{\"rows\":[]}]"
#define OURS "[{\"rows\":[{\"_uuid\":[\"uuid\",\"1-2-3\"]}]}]"
#define REFUSED "[{},null,null,null,null,{\"error\":\"timed out\",\"details\":\"wait\"}]"

static void answers_come_to_something(void **state)
{
	static const struct {
		bool add;
		const char *results[4];
		size_t n;
		int rc;
		const char *why, *asked;
	} rows[] = {
		{ true, { DONE, NUMBER }, 2, 0, "",
		  "\"insert\",\"table\":\"Interface\",\"row\":{\"name\":\"kt-tap0\"}" },
		{ true, { DONE, NO_NUMBER, NO_NUMBER, NUMBER }, 4, 0, "", "[\"map\",[[\"kvmtop\",\"nic\"]]]" },
		{ true, { REFUSED }, 1, -EREMOTEIO, "timed out: wait",
		  "\"until\":\"==\",\"rows\":[{\"name\":\"br0\"}]" },
		{ true, { DONE, NO_DEVICE, OURS, DONE }, 4, -EIO, "could not open network device",
		  "[[\"ports\",\"delete\",[\"uuid\",\"1-2-3\"]]]" },
		{ true, { DONE, NO_NUMBER }, 2, -ETIMEDOUT, "ovs-vswitchd", "ofport" },
		{ true, { DONE, NO_NUMBER, SILENT }, 3, -ETIMEDOUT, "ovs-vswitchd", "ofport" },
		{ true, { SILENT }, 1, -ETIMEDOUT, "does not answer", "" },
		{ true, { NULL }, 1, -ECONNRESET, "hung up", "" },
		{ true, { "7" }, 1, -EBADMSG, "no sense", "" },
		{ false, { OURS, DONE }, 2, 0, "", "[[\"ports\",\"includes\",[\"uuid\",\"1-2-3\"]]]" },
		{ false, { NOT_OURS }, 1, -ENOENT, "no port kt-tap0 that kvmtop made",
		  "[\"external_ids\",\"includes\",[\"map\",[[\"kvmtop\",\"nic\"]]]]" },
		{ false, { OURS, REFUSED }, 2, -EREMOTEIO, "timed out", "" },
	};
	char *dir = tree_new();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct database d = { .results = rows[i].results, .n = rows[i].n };
		auto_free char *path = start(&d, dir);
		unsigned ms = rows[i].rc == -ETIMEDOUT ? 1500 : 20000;
		struct err err = {0};
		int rc = rows[i].add ? host_ovs_add(path, "br0", "kt-tap0", 0, ms, &err) : host_ovs_del(path,
			"kt-tap0", ms, &err);

		end(&d);
		if (rc != rows[i].rc || !strstr(err.text, rows[i].why) || !strstr(d.questions.text, rows[i].asked))
			fail_msg("row %zu: %d '%s'\n%s", i, rc, err.text, d.questions.text);
		buf_done(&d.questions);
	}
	tree_remove(dir);
}

static void nobody_listens(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(host_ovs_add("/nowhere/db.sock", "br0", "kt-tap0", 0, 100, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/db.sock"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_to_something),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
