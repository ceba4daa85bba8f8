/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantities as people write them. */
#ifndef KT_BASE_UNITS_H
#define KT_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* "4G", "512M", "4096": bytes, K M G T are powers of 1024, an optional B or iB behind. */
int units_size_parse(const char *s, uint64_t *bytes);
/* A network's rate, which has to have a unit: "100Mbit", "1Gbit": bit K M G T, powers of 1000. 0 needs none. */
int units_bits_parse(const char *s, uint64_t *bits_per_s);
/* A whole number without sign, nothing behind it. */
int units_uint_parse(const char *s, uint64_t *n);
/* A plain decimal number that is finite, nothing behind it. */
int units_num_parse(const char *s, double *n);

/* Three or four digits and a suffix: 8.2k 1.1M (base 1000) or 512M 16G (base 1024). */
void units_scaled(double v, unsigned base, char *out, size_t size);

#endif
