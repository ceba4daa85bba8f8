// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses: each usual spelling is the same one, and what is none is not taken for one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/base.h"

static void a_mac_has_many_spellings(void **state)
{
	static const char *const same[] = {
		"52:54:00:0a:bc:07", "52:54:00:0A:BC:07", "52-54-00-0a-bc-07", "52:54:0:a:bc:7", "52-54-0-A-BC-7", "5254.000a.bc07",
		"5254-000a-bc07", "5254:000A:BC07", "525400-0abc07", "525400:0abc07", "5254000abc07", "5254000ABC07",
	};
	static const char *const none[] = {
		"", "52:54:00:0a:bc", "52:54:00:0a:bc:", ":52:54:00:0a:bc:07", "52:54:00:0a:bc:07:", "52:54:00:0a:bc:07:01", "52:54:00:0a:bc:g7",
		"52:54-00:0a-bc:07", "52:54:00:0a:bc:007", "52::00:0a:bc:07", " 52:54:00:0a:bc:07", "52:54:00:0a:bc:-7", "5254.00a.bc07",
		"5254.000a", "5254.000a.bc07.0000", "5254000abc0", "5254000abc077", "0x5254000abc07", "52.54.00.0a.bc.07", "192.0.2.7", "tap0",
		"fe80::1", "00:1f.2",
	};
	char mac[ADDRESS_MAC_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(same); i++) {
		if (!address_mac_parse(same[i], mac))
			fail_msg("'%s' is none", same[i]);
		assert_string_equal(mac, "52:54:00:0a:bc:07");
		assert_true(address_mac_is(same[i], "52:54:00:0a:bc:07"));
		assert_int_equal(address_mac_is_bare(same[i]), i >= 10);
	}
	for (i = 0; i < ARRAY_SIZE(none); i++)
		if (address_mac_parse(none[i], mac))
			fail_msg("'%s' is %s", none[i], mac);
	assert_false(address_mac_is(NULL, "52:54:00:0a:bc:07"));
	assert_false(address_mac_is("52:54:00:0a:bc:08", "52:54:00:0a:bc:07"));
}

static void a_mac_is_found_in_an_option(void **state)
{
	const char *mac = "52:54:00:0a:bc:07";

	(void)state;
	assert_true(address_mac_is_in("virtio-net-pci,mac=52-54-0-A-bc-7,id=n", mac));
	assert_true(address_mac_is_in("{\"driver\":\"e1000\",\"mac\":\"52:54:00:0a:BC:07\"}", mac));
	assert_false(address_mac_is_in("virtio-net-pci,mac=52:54:00:0a:bc:08", mac));
	assert_false(address_mac_is_in("virtio-blk-pci,serial=5254000abc07", mac));
	assert_false(address_mac_is_in("52:54:00:0a:bc:07:52:54:00:0a:bc:07", mac));
	assert_false(address_mac_is_in("", mac));
}

static void an_ip_has_many_spellings(void **state)
{
	static const struct {
		const char *text, *ip, *zone, *mac;	/* ip NULL: it is none */
	} rows[] = {
		{ "192.0.2.7", "192.0.2.7", "", "" }, { "192.0.2.7/24", "192.0.2.7", "", "" }, { "192.0.2.7:8080", "192.0.2.7", "", "" },
		{ "::ffff:192.0.2.7", "192.0.2.7", "", "" }, { "[::FFFF:c000:207]:22", "192.0.2.7", "", "" }, { "[192.0.2.7]:25", "192.0.2.7", "", "" },
		{ "2001:db8::1", "2001:db8::1", "", "" }, { "2001:DB8:0:0:0:0:0:1/64", "2001:db8::1", "", "" },
		{ "[2001:db8::1]", "2001:db8::1", "", "" }, { "[2001:db8::1]:443", "2001:db8::1", "", "" }, { "[2001:db8::1]/64", "2001:db8::1", "", "" },
		{ "fe80::1%br0", "fe80::1", "br0", "" }, { "[fe80::1%br0]:22", "fe80::1", "br0", "" }, { "fe80::1%br0/64", "fe80::1", "br0", "" },
		{ "fe80::5054:ff:fe0a:bc07", "fe80::5054:ff:fe0a:bc07", "", "52:54:00:0a:bc:07" },
		{ "2001:db8::5054:ff:fe0a:bc07", "2001:db8::5054:ff:fe0a:bc07", "", "52:54:00:0a:bc:07" },
		{ "", NULL, "", "" }, { "192.0.2", NULL, "", "" }, { "192.0.2.256", NULL, "", "" }, { "192.0.2.7/33", NULL, "", "" },
		{ "192.0.2.7/", NULL, "", "" }, { "192.0.2.7/x", NULL, "", "" }, { "192.0.2.7:99999", NULL, "", "" }, { "192.0.2.7 ", NULL, "", "" },
		{ "2001:db8::1/129", NULL, "", "" }, { "2001:db8:::1", NULL, "", "" }, { "[2001:db8::1", NULL, "", "" }, { "2001:db8::1]", NULL, "", "" },
		{ "[2001:db8::1]x", NULL, "", "" }, { "fe80::1%", NULL, "", "" }, { "fe80::1%a-name-that-is-long", NULL, "", "" }, { "br0", NULL, "", "" },
		{ "52:54:00:0a:bc:07", NULL, "", "" }, { "0000:00:1f.2", NULL, "", "" }, { "[]", NULL, "", "" }, { "/24", NULL, "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct address_ip ip = {0};
		bool is = address_ip_parse(rows[i].text, &ip);

		if (is != !!rows[i].ip)
			fail_msg("'%s' is %s", rows[i].text, is ? ip.text : "none");
		if (!is || rows[i].ip == NULL)
			continue;
		assert_string_equal(ip.text, rows[i].ip);
		assert_string_equal(ip.zone, rows[i].zone);
		assert_string_equal(ip.mac, rows[i].mac);
		assert_int_equal(ip.has_mac, !!*rows[i].mac);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mac_has_many_spellings),
		cmocka_unit_test(a_mac_is_found_in_an_option),
		cmocka_unit_test(an_ip_has_many_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
