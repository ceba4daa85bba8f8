// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: taps behind a process, counters from the guest's side. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"

#define BOX "tests/fixtures/host/box1"

static void test_interfaces(void **state)
{
	struct host *h = tree_host(BOX);
	auto_free struct host_netif *list = NULL;
	size_t n;

	(void)state;
	assert_int_equal(host_netifs_read(h, 1001, &list, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "tap0");
	assert_false(list[0].macvtap);
	assert_string_equal(list[1].name, "macvtap0");
	assert_true(list[1].macvtap);
	assert_int_equal(host_netifs_read(h, 1002, &list, &n), -ESRCH);
	host_free(h);
}

static void test_live(void **state)
{
	struct host *h = tree_host("/");
	struct host_netif *list;
	struct host_net_dev *devs;
	struct host_net_counters c;
	size_t n;

	(void)state;
	assert_false(host_net_is_other(h, getpid()));
	assert_int_equal(host_netifs_read(h, getpid(), &list, &n), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_int_equal(host_nets_read(h, 0, &devs, &n), 0);
	assert_true(host_nets_find(devs, n, &(struct host_netif){ .name = "lo" }, &c));
	assert_true(c.rx_bytes == c.tx_bytes);
	free(devs);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
