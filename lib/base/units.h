/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantities as people write them. */
#ifndef KT_BASE_UNITS_H
#define KT_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * "4G", "4GiB", "1.5g", "512M", "4096": bytes, as QEMU and virsh write them. K M G T P E in either case, alone or with i
 * or iB, are powers of 1024; KB MB GB .. are those of 1000. A fraction is rounded to a byte.
 */
int units_size_parse(const char *s, uint64_t *bytes);
/* A network's rate, which has to have a unit: "100Mbit", "1.5gbit", "9bit/s": powers of 1000, Kibit of 1024. 0 needs none. */
int units_bits_parse(const char *s, uint64_t *bits_per_s);
/* Seconds: "90", "1.5", "500ms", "2min", "1h30m"; 0 or negative ones where they are written as a plain number. */
int units_seconds_parse(const char *s, double *seconds);
/* A whole number without sign, nothing behind it. */
int units_uint_parse(const char *s, uint64_t *n);
/* A plain decimal number that is finite, nothing behind it. */
int units_num_parse(const char *s, double *n);

/* Three or four digits and a suffix: 8.2k 1.1M (base 1000) or 512M 16G (base 1024). */
void units_scaled(double v, unsigned base, char *out, size_t size);
/* An age in one number: 29s 4m 12h 3d. */
void units_age(double seconds, char *out, size_t size);
/* A latency in three or four characters and its unit: 116us 2.3ms 0.99s 12s. */
void units_duration(double seconds, char *out, size_t size);

#endif
