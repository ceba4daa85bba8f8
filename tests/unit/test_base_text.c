// SPDX-License-Identifier: GPL-3.0-or-later
/* Units, strings of strangers, nearest match, growing things. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/base.h"

static void sizes_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0, 0 }, { "4096", 0, 4096 }, { "1K", 0, 1024 }, { "1k", 0, 1024 },
		{ "512M", 0, 512ull << 20 }, { "4G", 0, 4ull << 30 }, { "2T", 0, 2ull << 40 }, { "1P", 0, 1ull << 50 },
		{ "4GiB", 0, 4ull << 30 }, { "4GB", 0, 4000000000 }, { "4Gi", 0, 4ull << 30 }, { "7B", 0, 7 },
		{ "1g", 0, 1ull << 30 }, { "1gib", 0, 1ull << 30 }, { "1kb", 0, 1000 }, { "7bytes", 0, 7 }, { "1E", 0, 1ull << 60 },
		{ "1.5G", 0, 3ull << 29 }, { "0.5KiB", 0, 512 }, { "1.25k", 0, 1280 }, { "0.1K", 0, 102 }, { "1.5TB", 0, 1500000000000 },
		{ "16E", -ERANGE, 0 }, { "1.", -EINVAL, 0 }, { ".5G", -EINVAL, 0 },
		{ "1.5.5G", -EINVAL, 0 }, { "1GBB", -EINVAL, 0 }, { "1iB", -EINVAL, 0 }, { "1Gbytes", -EINVAL, 0 },
		{ "18446744073709551615", 0, UINT64_MAX }, { "18446744073709551616", -ERANGE, 0 },
		{ "17179869183G", 0, 17179869183ull << 30 }, { "17179869184G", -ERANGE, 0 },
		{ "16777216T", -ERANGE, 0 }, { "99999999999999999999999K", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 }, { "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "1X", -EINVAL, 0 }, { "1KK", -EINVAL, 0 }, { "1i", -EINVAL, 0 }, { "1iB", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 }, { "1KBx", -EINVAL, 0 }, { "1e3", -EINVAL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 77;

		if (units_size_parse(rows[i].text, &bytes) != rows[i].rc || bytes != (rows[i].rc ? 77 : rows[i].bytes))
			fail_msg("'%s' is %llu", rows[i].text, (unsigned long long)bytes);
	}
}

static void rates_of_networks_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t bits;
	} rows[] = {
		{ "100Mbit", 0, 100000000 }, { "1Gbit", 0, 1000000000 }, { "1gbit", 0, 1000000000 }, { "9bit", 0, 9 }, { "5Kbit", 0, 5000 },
		{ "2Tbit", 0, 2000000000000 }, { "0", 0, 0 }, { "0Mbit", 0, 0 }, { "18446744073Gbit", 0, 18446744073000000000u },
		{ "18446744074Gbit", -ERANGE, 0 }, { "18446744073709551616bit", -ERANGE, 0 },
		{ "100", -EINVAL, 0 }, { "100M", -EINVAL, 0 }, { "0M", -EINVAL, 0 }, { "100Mbits", -EINVAL, 0 }, { "100MB", -EINVAL, 0 },
		{ "1.5Gbit", 0, 1500000000 }, { "100mbit/s", 0, 100000000 }, { "1Kibit", 0, 1024 }, { "0.0", 0, 0 }, { "100mbps", -EINVAL, 0 },
		{ "1ibit", -EINVAL, 0 }, { "-1Mbit", -EINVAL, 0 }, { "Mbit", -EINVAL, 0 }, { "", -EINVAL, 0 }, { "0x", -EINVAL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bits = 77;

		if (units_bits_parse(rows[i].text, &bits) != rows[i].rc || bits != (rows[i].rc ? 77 : rows[i].bits))
			fail_msg("'%s' is %llu", rows[i].text, (unsigned long long)bits);
	}
}

static void times_are_parsed(void **state)
{
	static const struct {
		const char *text;
		double seconds;			/* -99: it is none */
	} rows[] = {
		{ "0", 0 }, { "90", 90 }, { "1.5", 1.5 }, { ".5", .5 }, { "1e2", 100 }, { "-1", -1 }, { "500ms", .5 }, { "2min", 120 },
		{ "2m", 120 }, { "1h30m", 5400 }, { "1.5h", 5400 }, { "1d", 86400 }, { "30S", 30 }, { "30seconds", 30 }, { "250us", .00025 },
		{ "250\302\265s", .00025 }, { "1m1ms", 60.001 }, { "", -99 }, { "s", -99 }, { "1x", -99 }, { "1h30", -99 }, { "1 s", -99 },
		{ "-1s", -99 }, { "1mm", -99 }, { "nan", -99 }, { "1.s", -99 }, { "0x1s", -99 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		double s = -99;

		if (units_seconds_parse(rows[i].text, &s))
			s = -99;
		if (s < rows[i].seconds - 1e-9 || s > rows[i].seconds + 1e-9)
			fail_msg("'%s' is %g", rows[i].text, s);
	}
}

static void numbers_are_parsed(void **state)
{
	static const struct {
		const char *text;
		bool uint, num;
		double value;
	} rows[] = {
		{ "0", true, true, 0 }, { "42", true, true, 42 }, { "007", true, true, 7 },
		{ "1.5", false, true, 1.5 }, { "-3", false, true, -3 }, { "+3", false, true, 3 },
		{ "1e3", false, true, 1000 },
		{ ".5", false, true, .5 }, { "", false, false, 0 }, { "x", false, false, 0 }, { "1x", false, false, 0 },
		{ " 1", false, false, 0 }, { "1 ", false, false, 0 }, { "nan", false, false, 0 },
		{ "inf", false, false, 0 },
		{ "0x1p3", false, false, 0 }, { "1e999", false, false, 0 }, { "--1", false, false, 0 },
		{ "e", false, false, 0 },
		{ "1,5", false, false, 0 },
	};
	uint64_t u;
	double d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!units_uint_parse(rows[i].text, &u) != rows[i].uint || (rows[i].uint && (double)u != rows[i].value))
			fail_msg("uint '%s'", rows[i].text);
		if (!units_num_parse(rows[i].text, &d) != rows[i].num || (rows[i].num && d != rows[i].value))
			fail_msg("num '%s'", rows[i].text);
	}
	assert_int_equal(units_uint_parse("18446744073709551615", &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(units_uint_parse("18446744073709551616", &u), -ERANGE);
}

static void numbers_are_scaled(void **state)
{
	static const struct {
		double v;
		unsigned base;
		const char *text;
	} rows[] = {
		{ 0, 1000, "0" }, { 1, 1000, "1" }, { 9.94, 1000, "9.9" }, { 9.95, 1000, "10" }, { 0.25, 1000, "0.2" },
		{ 999, 1000, "999" }, { 999.4, 1000, "999" }, { 999.5, 1000, "1.0k" }, { 1000, 1000, "1k" },
		{ 8200, 1000, "8.2k" }, { 9940, 1000, "9.9k" }, { 9951, 1000, "10k" },
		{ 999499, 1000, "999k" }, { 999500, 1000, "1.0M" }, { 1.1e6, 1000, "1.1M" }, { 1e18, 1000, "1E" },
		{ 5e21, 1000, "5000E" },
		{ 1023, 1024, "1023" }, { 1023.4, 1024, "1023" }, { 1023.5, 1024, "1.0K" }, { 1024, 1024, "1K" },
		{ 1023.5 * 1024, 1024, "1.0M" }, { 1023.4 * 1024, 1024, "1023K" }, { 512.0 * 1048576, 1024, "512M" },
		{ 17179869184.0, 1024, "16G" }, { 1536, 1024, "1.5K" }, { -1536, 1024, "-1.5K" },
	};
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		units_scaled(rows[i].v, rows[i].base, text, sizeof(text));
		if (strcmp(text, rows[i].text))
			fail_msg("%g is '%s', not '%s'", rows[i].v, text, rows[i].text);
	}
	/* whatever the number: at most four digits, and it never falls from one step to the next */
	for (double v = 0.1; v < 1e17; v *= 1.0003) {
		units_scaled(v, 1000, text, sizeof(text));
		if (strspn(text, "0123456789.") > 3)
			fail_msg("%.17g is '%s'", v, text);
		units_scaled(v, 1024, text, sizeof(text));
		if (strspn(text, "0123456789.") > 4)
			fail_msg("%.17g is '%s'", v, text);
	}
}

#define FFFD "\xef\xbf\xbd"

/* in, as data (U+FFFD for what is none), for a terminal */
static const struct {
	const char *in, *utf8, *clean;
} foreign[] = {
	{ "", "", "" }, { "abc", "abc", "abc" }, { "k\xc3\xbc", "k\xc3\xbc", "k\xc3\xbc" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "a\033[2Jb", "a\033[2Jb", "a?[2Jb" }, { "\t\n\r\x7f", "\t\n\r\x7f", "????" },
	{ "\xff", FFFD, "?" }, { "\xc3", FFFD, "?" }, { "a\xc3(", "a" FFFD "(", "a?(" },
	{ "\x80\x9b", FFFD FFFD, "??" },
	{ "\xc0\xaf", FFFD FFFD, "??" }, { "\xc1\xbf", FFFD FFFD, "??" },			/* overlong */
	{ "\xe0\x80\xaf", FFFD FFFD FFFD, "???" }, { "\xf0\x80\x80\xaf", FFFD FFFD FFFD FFFD, "????" },
	{ "\xed\xa0\x80", FFFD FFFD FFFD, "???" }, { "\xed\xbf\xbf", FFFD FFFD FFFD, "???" },	/* surrogates */
	{ "\xed\x9f\xbf", "\xed\x9f\xbf", "\xed\x9f\xbf" }, { "\xee\x80\x80", "\xee\x80\x80", "\xee\x80\x80" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, "????" },
	{ "\xf8\x88\x80\x80\x80", FFFD FFFD FFFD FFFD FFFD, "?????" },
	{ "\xe2\x82", FFFD FFFD, "??" }, { "\xf0\x9f\x98", FFFD FFFD FFFD, "???" },		/* cut short */
	{ "\xc2\x9b" "2J", "\xc2\x9b" "2J", "?2J" }, { "\xc2\x80\xc2\xa0", "\xc2\x80\xc2\xa0", "?\xc2\xa0" },	/* C1 */
	{ "a\xe2\x80\xae" "b", "a\xe2\x80\xae" "b", "a?b" },
	{ "\xe2\x80\x8e\xe2\x80\x8f", "\xe2\x80\x8e\xe2\x80\x8f", "??" },
	{ "\xe2\x81\xa6\xe2\x81\xa9", "\xe2\x81\xa6\xe2\x81\xa9", "??" }, { "\xd8\x9c", "\xd8\x9c", "?" },
	{ "\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xa8\xe2\x80\xa9", "??" }, { "\xef\xbb\xbf", "\xef\xbb\xbf", "?" },
	/* no width: a space, joiners, a soft hyphen, a filler, a variation selector; tags of plane 14 */
	{ "a\xe2\x80\x8b" "b", "a\xe2\x80\x8b" "b", "ab" }, { "a\xe2\x80\x8d\xe2\x81\xa0", "a\xe2\x80\x8d\xe2\x81\xa0", "a" },
	{ "\xc2\xad" "b", "\xc2\xad" "b", "b" }, { "\xe3\x85\xa4", "\xe3\x85\xa4", "" },
	{ "\xef\xb8\x8f!", "\xef\xb8\x8f!", "!" }, { "\xf3\xa0\x81\xa1v", "\xf3\xa0\x81\xa1v", "v" },
};

static void foreign_text_is_made_harmless(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		auto_free char *utf8 = str_utf8(foreign[i].in, strlen(foreign[i].in), 1000);
		auto_free char *clean = str_clean(xstrdup(foreign[i].in));

		if (strcmp(utf8, foreign[i].utf8) || strcmp(clean, foreign[i].clean))
			fail_msg("row %zu: '%s' '%s'", i, utf8, clean);
		assert_true(str_is_clean(clean));
		assert_int_equal(str_is_clean(foreign[i].in), !strcmp(foreign[i].in, foreign[i].clean));
	}
}

/* A cut falls between characters, whatever stands there, and never beyond max. */
static void text_is_cut_at_a_character(void **state)
{
	static const char text[] = "a\xc3\xbc\xff\xe2\x82\xac\xf0\x9f\x98\x80z";
	size_t max;

	(void)state;
	for (max = 0; max <= 16; max++) {
		auto_free char *cut = str_utf8(text, sizeof(text) - 1, max), *again = str_utf8(cut, strlen(cut), 100);

		assert_true(strlen(cut) <= max);
		assert_string_equal(cut, again);
		if (max >= 1 && max < 3)
			assert_string_equal(cut, "a");
		if (max >= 3 && max < 6)
			assert_string_equal(cut, "a\xc3\xbc");
	}
	{
		auto_free char *nul = str_utf8("a\0b", 3, 100);

		assert_string_equal(nul, "a");
	}
}

static void text_is_fitted_into_columns(void **state)
{
	static const struct {
		const char *text;
		size_t width, bytes, used;
	} rows[] = {
		{ "", 5, 0, 0 }, { "abc", 5, 3, 3 }, { "abc", 2, 2, 2 }, { "abc", 0, 0, 0 },
		{ "\xc3\xbc\xc3\xbc", 1, 2, 1 }, { "\xe4\xb8\xad\xe6\x96\x87", 3, 3, 2 }, { "\xe4\xb8\xad", 1, 0, 0 },
		{ "e\xcc\x81x", 1, 3, 1 },			/* a combining accent takes no column */
	};
	size_t i, used;

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (str_fit(rows[i].text, rows[i].width, &used) != rows[i].bytes || used != rows[i].used)
			fail_msg("'%s' in %zu", rows[i].text, rows[i].width);
	}
	assert_int_equal(str_width("\xe4\xb8\xad" "a"), 3);
	setlocale(LC_CTYPE, "C");
	assert_int_equal(str_fit("a\xc3\xbc", 2, &used), 2);
	assert_int_equal(used, 2);
}

static void the_nearest_word_is_found(void **state)
{
	static const char *const candidates[] = { "vms", "queues", "columns", "journal", "disk add", "disk remove",
	  "cpu_pct" };
	static const struct {
		const char *word, *best;
	} rows[] = {
		{ "vm", "vms" }, { "vsm", "vms" }, { "queue", "queues" }, { "qeues", "queues" },
		{ "colmuns", "columns" },
		{ "disk ad", "disk add" }, { "disc remove", "disk remove" }, { "cpu_pst", "cpu_pct" }, { "vms", "vms" },
		{ "zzzzzz", NULL }, { "", NULL }, { "network", NULL },
	};
	char endless[600];
	struct str_near near = { .word = endless };
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		near = (struct str_near){ .word = rows[i].word };
		for (k = 0; k < ARRAY_SIZE(candidates); k++)
			str_near_try(&near, candidates[k]);
		if (!near.best != !rows[i].best || (near.best && strcmp(near.best, rows[i].best)))
			fail_msg("'%s' is near '%s'", rows[i].word, near.best ? near.best : "nothing");
	}
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	near = (struct str_near){ .word = endless };
	str_near_try(&near, "vms");
	assert_null(near.best);
}

static void buffers_grow(void **state)
{
	auto_buf struct buf b = {0};
	auto_free char *empty = buf_take(&b), *taken = NULL;
	size_t i;

	(void)state;
	assert_string_equal(empty, "");
	for (i = 0; i < 1000; i++)
		buf_printf(&b, "%zu,", i);
	assert_int_equal(b.len, strlen(b.text));
	assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4);
	buf_reset(&b);
	assert_string_equal(b.text, "");
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	taken = buf_take(&b);
	assert_memory_equal(taken, "a\0b", 4);
	assert_null(b.text);
}

static void vecs_grow_zeroed(void **state)
{
	struct pair {
		uint64_t a, b;
	} *v = NULL;
	size_t n = 0, i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		struct pair *p = vec_push(v, n);

		assert_true(p->a == 0 && p->b == 0);
		*p = (struct pair){ i, ~i };
	}
	assert_int_equal(n, 1000);
	for (i = 0; i < n; i++)
		assert_true(v[i].a == i && v[i].b == ~i);
	/* taken from the end, and grown again */
	n = 3;
	for (i = 3; i < 70; i++)
		*vec_push(v, n) = (struct pair){ i, 0 };
	for (i = 0; i < n; i++)
		assert_int_equal(v[i].a, i);
	free(v);
}

static void errors_fit_their_text(void **state)
{
	struct err err = {0};
	char big[2000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(err_set(&err, -EINVAL, "%s", "why"), -EINVAL);
	assert_int_equal(err_prefix(&err, -EINVAL, "line %d", 3), -EINVAL);
	assert_string_equal(err.text, "line 3: why");
	assert_int_equal(err_sys(&err, -ENOENT, "image"), -ENOENT);
	assert_string_equal(err.text, "image: No such file or directory");
	assert_int_equal(err_set(&err, -EIO, "%s", big), -EIO);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err_prefix(&err, -EIO, "%s", big), -EIO);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err_sys(&err, -EIO, "%s", big), -EIO);
	assert_int_equal(err_set(NULL, -EIO, "no one asks"), -EIO);
	assert_int_equal(err_prefix(NULL, -EIO, "no one asks"), -EIO);
}

static void deadlines_round_up(void **state)
{
	uint64_t now = clock_now_ns();

	(void)state;
	assert_int_equal(clock_left_ms(0), 0);
	assert_int_equal(clock_left_ms(now), 0);
	assert_int_equal(clock_left_ms(UINT64_MAX), INT32_MAX);
	assert_true(clock_left_ms(now + 3600 * NS_PER_SEC) > 0);
}

static void times_are_rfc3339(void **state)
{
	char out[40], *before = xstrdup(getenv("TZ"));

	(void)state;
	setenv("TZ", "XXX-05:30", 1);
	tzset();
	clock_rfc3339((struct timespec){ .tv_sec = 1700000000, .tv_nsec = 120999999 }, out);
	assert_string_equal(out, "2023-11-15T03:43:20.120+05:30");
	setenv("TZ", "YYY3", 1);
	tzset();
	clock_rfc3339((struct timespec){ .tv_sec = 0, .tv_nsec = 0 }, out);
	assert_string_equal(out, "1969-12-31T21:00:00.000-03:00");
	if (before)
		setenv("TZ", before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_parsed),
		cmocka_unit_test(rates_of_networks_are_parsed),
		cmocka_unit_test(times_are_parsed),
		cmocka_unit_test(numbers_are_parsed),
		cmocka_unit_test(numbers_are_scaled),
		cmocka_unit_test(foreign_text_is_made_harmless),
		cmocka_unit_test(text_is_cut_at_a_character),
		cmocka_unit_test(text_is_fitted_into_columns),
		cmocka_unit_test(the_nearest_word_is_found),
		cmocka_unit_test(buffers_grow),
		cmocka_unit_test(vecs_grow_zeroed),
		cmocka_unit_test(errors_fit_their_text),
		cmocka_unit_test(deadlines_round_up),
		cmocka_unit_test(times_are_rfc3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
