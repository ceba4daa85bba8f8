// SPDX-License-Identifier: GPL-3.0-or-later
/* Sizes and scaled numbers. */
#include "base.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* strtoull also takes blanks and signs, which nobody means here */
static int digits(const char *s, unsigned long long *v, char **end)
{
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*v = strtoull(s, end, 10);
	return errno ? -ERANGE : 0;
}

int units_uint_parse(const char *s, uint64_t *n)
{
	unsigned long long v;
	char *end;
	int rc = digits(s, &v, &end);

	if (rc)
		return rc;
	if (*end)
		return -EINVAL;
	*n = v;
	return 0;
}

int units_num_parse(const char *s, double *n)
{
	char *end;
	double v;

	/* strtod also takes hexadecimal, nan and inf, which nobody means here */
	if (!*s || strspn(s, "0123456789.eE+-") != strlen(s))
		return -EINVAL;
	errno = 0;
	v = strtod(s, &end);
	if (*end || errno || !isfinite(v))
		return -EINVAL;
	*n = v;
	return 0;
}

/* A decimal number with or without a fraction: whole, and what is behind the point; end is behind it. */
static int decimal(const char *s, uint64_t *whole, double *part, const char **end)
{
	unsigned long long v;
	char *after;
	double digit = 0.1;
	int rc = digits(s, &v, &after);

	if (rc)
		return rc;
	*part = 0;
	if (*after == '.' && !isdigit((unsigned char)after[1]))
		return -EINVAL;
	if (*after == '.')
		for (after++; isdigit((unsigned char)*after); after++, digit /= 10)
			*part += digit * (*after - '0');
	*whole = v;
	*end = after;
	return 0;
}

/* whole.part times unit, rounded to what there can be of it */
static int times(uint64_t whole, double part, uint64_t unit, uint64_t *out)
{
	uint64_t rest = (uint64_t)(part * (double)unit + 0.5);

	if (whole > UINT64_MAX / unit || whole * unit > UINT64_MAX - rest)
		return -ERANGE;
	*out = whole * unit + rest;
	return 0;
}

/* The power of base that a letter stands for: k or K is the first. False: it stands for none. */
static bool power(char letter, uint64_t base, uint64_t *unit)
{
	static const char letters[] = "KMGTPE";
	const char *found = letter ? strchr(letters, toupper((unsigned char)letter)) : NULL;

	if (!found)
		return false;
	for (*unit = base; found > letters; found--)
		*unit *= base;
	return true;
}

/* A number and the name of its unit, which unit_of knows: 0 for an unknown name. */
static int quantity(const char *s, uint64_t (*unit_of)(const char *name, bool zero), uint64_t *out)
{
	uint64_t whole, unit;
	const char *name;
	double part;
	int rc = decimal(s, &whole, &part, &name);

	if (rc)
		return rc;
	unit = unit_of(name, !whole && part == 0);
	return unit ? times(whole, part, unit, out) : -EINVAL;
}

static uint64_t size_unit(const char *name, bool zero)
{
	uint64_t unit;

	(void)zero;
	if (!power(*name, !strcasecmp(name + !!*name, "B") ? 1000 : 1024, &unit))
		return !*name || !strcasecmp(name, "B") || !strcasecmp(name, "byte") || !strcasecmp(name, "bytes");
	name++;
	return !*name || !strcasecmp(name, "B") || !strcasecmp(name, "i") || !strcasecmp(name, "iB") ? unit : 0;
}

int units_size_parse(const char *s, uint64_t *bytes)
{
	return quantity(s, size_unit, bytes);
}

static uint64_t bits_unit(const char *name, bool zero)
{
	uint64_t unit = 1;

	if (!*name && zero)
		return 1;
	if (power(*name, !strncasecmp(name + !!*name, "ibit", 4) ? 1024 : 1000, &unit))
		name += tolower((unsigned char)name[1]) == 'i' ? 2 : 1;
	return !strcasecmp(name, "bit") || !strcasecmp(name, "bit/s") ? unit : 0;
}

int units_bits_parse(const char *s, uint64_t *bits_per_s)
{
	return quantity(s, bits_unit, bits_per_s);
}

static const struct {
	const char *names;		/* apart by blanks */
	double seconds;
} times_of[] = {
	{ "ns nsec", 1e-9 }, { "us usec \302\265s \316\274s", 1e-6 }, { "ms msec", 1e-3 }, { "s sec secs second seconds", 1 },
	{ "m min mins minute minutes", 60 }, { "h hr hour hours", 3600 }, { "d day days", 86400 },
};

/* The unit that a word of len bytes names; 0: none does. */
static double time_unit(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times_of); i++) {
		const char *at = times_of[i].names;

		for (; at; at = strchr(at, ' ')) {
			at += *at == ' ';
			if (strcspn(at, " ") == len && !strncasecmp(at, word, len))
				return times_of[i].seconds;
		}
	}
	return 0;
}

int units_seconds_parse(const char *s, double *seconds)
{
	double sum = 0, part, unit;
	uint64_t whole;

	if (!units_num_parse(s, seconds))
		return 0;
	do {
		size_t len;
		int rc = decimal(s, &whole, &part, &s);

		if (rc)
			return rc;
		len = strcspn(s, "0123456789");
		unit = len ? time_unit(s, len) : 0;
		if (unit == 0)
			return -EINVAL;
		sum += ((double)whole + part) * unit;
		s += len;
	} while (*s);
	*seconds = sum;
	return 0;
}

void units_scaled(double v, unsigned base, char *out, size_t size)
{
	static const char *const suffix_1000[] = { "", "k", "M", "G", "T", "P", "E" };
	static const char *const suffix_1024[] = { "", "K", "M", "G", "T", "P", "E" };
	const char *const *suffix = base == 1024 ? suffix_1024 : suffix_1000;
	size_t i = 0;

	/* 999.5 would be drawn as 1000: step on before rounding does */
	while (fabs(v) >= (base == 1024 ? 1023.5 : 999.5) && i < 6) {
		v /= base;
		i++;
	}
	if (i == 0)
		snprintf(out, size, fabs(v) < 9.95 && v != floor(v) ? "%.1f" : "%.0f", v);
	else
		snprintf(out, size, fabs(v) < 9.95 && v != floor(v) ? "%.1f%s" : "%.0f%s", v, suffix[i]);
}

void units_age(double seconds, char *out, size_t size)
{
	static const struct {
		double until, unit;
		char letter;
	} steps[] = { { 120, 1, 's' }, { 7200, 60, 'm' }, { 172800, 3600, 'h' }, { INFINITY, 86400, 'd' } };
	size_t i = 0;

	while (seconds >= steps[i].until && i + 1 < sizeof(steps) / sizeof(steps[0]))
		i++;
	snprintf(out, size, "%.0f%c", seconds / steps[i].unit, steps[i].letter);
}

void units_duration(double seconds, char *out, size_t size)
{
	double us = seconds * 1e6, ms = seconds * 1e3;

	if (us < 999.5)
		snprintf(out, size, us < 9.95 && us != floor(us) ? "%.1fus" : "%.0fus", us);
	else if (ms < 99.5)
		snprintf(out, size, ms < 9.95 ? "%.1fms" : "%.0fms", ms);
	else if (seconds < 9.995)
		snprintf(out, size, "%.2fs", seconds);
	else
		units_age(seconds, out, size);
}
