// SPDX-License-Identifier: GPL-3.0-or-later
/* Sizes and scaled numbers. */
#include "base.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int units_size_parse(const char *s, uint64_t *bytes)
{
	static const char suffix[] = "KMGTP";
	unsigned long long v;
	unsigned shift = 0;
	const char *found;
	char *end;
	int rc = digits(s, &v, &end);

	if (rc)
		return rc;
	if (*end && (found = strchr(suffix, toupper((unsigned char)*end)))) {
		shift = 10 * (unsigned)(found - suffix + 1);
		end++;
		if (*end == 'i')
			end++;
	}
	if (*end == 'B')
		end++;
	if (*end)
		return -EINVAL;
	if (shift && v >> (64 - shift))
		return -ERANGE;
	*bytes = (uint64_t)v << shift;
	return 0;
}

int units_bits_parse(const char *s, uint64_t *bits_per_s)
{
	static const char prefix[] = "KMGT";
	unsigned long long v, unit = 1;
	const char *found;
	char *end;
	int rc = digits(s, &v, &end);

	if (rc)
		return rc;
	if (*end && (found = strchr(prefix, toupper((unsigned char)*end)))) {
		for (; found >= prefix; found--)
			unit *= 1000;
		end++;
	}
	if (strcmp(end, "bit") && (v || unit > 1 || *end))
		return -EINVAL;
	if (v > UINT64_MAX / unit)
		return -ERANGE;
	*bits_per_s = v * unit;
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
