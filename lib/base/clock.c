// SPDX-License-Identifier: GPL-3.0-or-later
/* Monotonic time, deadlines, wall time as text. */
#include "base.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

uint64_t clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

void clock_sleep_until(uint64_t when_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(when_ns / NS_PER_SEC), .tv_nsec = (long)(when_ns % NS_PER_SEC) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

int clock_left_ms(uint64_t deadline_ns)
{
	uint64_t now = clock_now_ns(), ms;

	if (now >= deadline_ns)
		return 0;
	ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

void clock_rfc3339(struct timespec wall, char out[40])
{
	char day[24], zone[8];
	int ms = (int)(wall.tv_nsec / 1000000) % 1000;
	struct tm tm;

	localtime_r(&wall.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);		/* +hhmm */
	snprintf(out, 40, "%.19s.%03d%.3s:%.2s", day, ms, zone, zone + 3);
}
