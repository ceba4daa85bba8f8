/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time. Everything that measures uses monotonic nanoseconds; wall time is for people. */
#ifndef KT_BASE_CLOCK_H
#define KT_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SEC 1000000000ull
#define NS_PER_MS 1000000ull

uint64_t clock_now_ns(void);			/* CLOCK_MONOTONIC */
void clock_sleep_until(uint64_t when_ns);	/* restarts after signals */
/* Milliseconds left until a deadline for poll(2): 0 when it has passed, rounded up. */
int clock_left_ms(uint64_t deadline_ns);
/* RFC 3339 with the local offset and milliseconds, e.g. 2026-11-21T14:03:27.120+01:00 */
void clock_rfc3339(struct timespec wall, char out[40]);

#endif
