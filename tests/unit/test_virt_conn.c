/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections: libvirt's own test driver, daemons that say nothing, and an end that never waits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libvirt/libvirt.h>

#include "lib/virt/virt.h"

#define TEST_URI "test:///default"
/* Of the domain that the test driver comes with. */
#define TEST_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

static struct virt *start(const char *uri, bool read_only)
{
	struct virt_config config = { .uris = &uri, .n_uris = 1, .read_only = read_only };
	struct virt *v = NULL;
	struct err err;

	assert_int_equal(virt_new(&config, &v, &err), 0);
	return v;
}

static bool settle(struct virt *v, unsigned ms)
{
	uint64_t end = clock_now_ns() + ms * NS_PER_MS;

	while (!virt_is_settled(v) && clock_now_ns() < end)
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	return virt_is_settled(v);
}

/* The state of that domain, once it is another than this. */
static const char *state_after(struct virt *v, const char *old)
{
	uint64_t end = clock_now_ns() + 10 * NS_PER_SEC;
	const char *state = old;

	while (clock_now_ns() < end && (!state || (old && !strcmp(state, old)))) {
		struct virt_list *l = virt_list(v);
		const struct virt_domain *d = virt_list_find(l, TEST_UUID);

		state = d ? d->state : old;
		virt_list_unref(l);
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	}
	return state ? state : "(none)";
}

static void test_domain(void **state)
{
	struct virt *v = start(TEST_URI, false);
	const struct virt_domain *d;
	struct virt_list *l;
	char **problems;
	size_t n;

	(void)state;
	assert_true(settle(v, 10000));
	assert_false(virt_is_awaited(v));
	l = virt_list(v);
	assert_int_equal(virt_list_count(l), 1);
	d = virt_list_find(l, "6695EB01-f6a4-8304-79aa-97f2502e193f");
	assert_non_null(d);
	assert_ptr_equal(d, virt_list_get(l, 0));
	assert_string_equal(d->name, "test");
	assert_string_equal(d->uri, TEST_URI);
	assert_string_equal(d->state, "running");
	assert_true(d->persistent);
	assert_int_equal(d->stale_since_ns, 0);
	assert_null(d->problem);
	assert_non_null(d->def);
	assert_int_equal(d->def->mem_bytes, 8ull << 30);
	assert_null(virt_list_find(l, "00000000-0000-0000-0000-000000000000"));
	assert_null(virt_list_find(l, NULL));
	assert_null(virt_list_find(l, ""));
	problems = virt_problems(v, &n);
	assert_int_equal(n, 0);
	free(problems);
	virt_free(v);
	assert_string_equal(d->name, "test");		/* a list outlives what it came from */
	virt_list_unref(l);
}

static void test_same_list(void **state)
{
	struct virt *v = start(TEST_URI, false);
	struct virt_list *a, *b;

	(void)state;
	assert_true(settle(v, 10000));
	a = virt_list(v);
	b = virt_list(v);
	assert_ptr_equal(a, b);
	virt_list_unref(a);
	virt_list_unref(b);
	virt_free(v);
}

/* Another client of the driver pauses the domain: no call of ours asks for it, an event says so. */
static void test_events(void **state)
{
	struct virt *v = start(TEST_URI, false);
	struct virt_event *list;
	uint64_t seq = 0;
	virConnectPtr other;
	virDomainPtr dom;
	size_t n, i, seen = 0;

	(void)state;
	assert_true(settle(v, 10000));
	other = virConnectOpen(TEST_URI);
	assert_non_null(other);
	dom = virDomainLookupByName(other, "test");
	assert_non_null(dom);
	assert_int_equal(virDomainSuspend(dom), 0);
	assert_string_equal(state_after(v, "running"), "paused");
	assert_int_equal(virDomainResume(dom), 0);
	assert_string_equal(state_after(v, "paused"), "running");
	virDomainFree(dom);
	virConnectClose(other);

	n = virt_events(v, TEST_UUID, &seq, &list);
	for (i = 0; i < n; i++) {
		assert_string_equal(list[i].uuid, TEST_UUID);
		seen += list[i].kind == VIRT_LIFECYCLE && !strcmp(list[i].text, "paused by user");
	}
	assert_int_equal(seen, 1);
	virt_events_free(list, n);
	assert_int_equal(virt_events(v, NULL, &seq, &list), 0);
	virt_events_free(list, 0);
	virt_free(v);
}

static void test_read_only(void **state)
{
	struct virt *v = start(TEST_URI, true);
	struct err err = {0};
	struct qmp *q;

	(void)state;
	assert_true(settle(v, 10000));
	assert_int_equal(virt_attach(v, TEST_UUID, "<disk/>", VIRT_LIVE, 1000, &err), -EPERM);
	assert_non_null(strstr(err.text, "read-only"));
	assert_int_equal(virt_detach_alias(v, TEST_UUID, "x", 1000, -1, &err), -EPERM);
	assert_int_equal(virt_block_resize(v, TEST_UUID, "vda", 1, 1000, &err), -EPERM);
	assert_int_equal(virt_qmp_open(v, TEST_UUID, 1000, &q, NULL, &err), -EPERM);
	assert_int_equal(virt_counts(v).passed, 0);
	virt_free(v);
}

static void test_errors(void **state)
{
	struct virt *v = start(TEST_URI, false);
	struct virt_def *def = NULL;
	struct err err = {0};
	char *path = NULL, *format = NULL;

	(void)state;
	assert_true(settle(v, 10000));
	assert_int_equal(virt_attach(v, "0a", "<disk/>", VIRT_LIVE, 1000, &err), -ENOENT);
	assert_int_equal(virt_vol_path(v, TEST_UUID, "no-such-pool", "x", 5000, &path, &format, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no-such-pool"));
	assert_int_equal(virt_domain_read(v, TEST_UUID, VIRT_LIVE, 5000, &def, &err), 0);
	assert_string_equal(def->name, "test");
	virt_def_free(def);
	virt_free(v);
}

static void test_no_such(void **state)
{
	struct virt *v = start("test:///no/such/file.xml", false);
	char **problems;
	size_t n;

	(void)state;
	assert_true(settle(v, 10000));
	assert_false(virt_is_awaited(v));
	problems = virt_problems(v, &n);
	assert_int_equal(n, 1);
	assert_non_null(strstr(problems[0], "no/such/file.xml"));
	qmp_strings_free(problems, n);
	virt_free(v);
}

/* A daemon that takes connections and says nothing. */
static int silent_daemon(char *uri, size_t size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/kvmtop-%d.sock", (int)getpid());
	unlink(addr.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 16), 0);
	snprintf(uri, size, "qemu+unix:///system?socket=%s", addr.sun_path);
	return fd;
}

static void test_silent_daemon(void **state)
{
	char uri[200];
	int fd = silent_daemon(uri, sizeof(uri));
	struct virt *v = start(uri, false);
	struct virt_counts n;
	char **problems;
	size_t n_problems;

	(void)state;
	assert_true(settle(v, 5000));
	assert_true(virt_is_awaited(v));	/* it may come to say something, too late for a look-up */
	n = virt_counts(v);
	assert_int_equal(n.threads, 3);		/* loop, keeper, the one that is in */
	problems = virt_problems(v, &n_problems);
	assert_int_equal(n_problems, 1);
	qmp_strings_free(problems, n_problems);
	virt_free(v);		/* or the test hangs: nobody will say anything */
	close(fd);		/* lets the one that was left behind go */
	unlink(strstr(uri, "/tmp"));
	clock_sleep_until(clock_now_ns() + NS_PER_SEC / 5);
}

static void test_end_at_once(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		virt_free(start(TEST_URI, false));
	virt_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_same_list),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_no_such),
		cmocka_unit_test(test_end_at_once),
		cmocka_unit_test(test_silent_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
