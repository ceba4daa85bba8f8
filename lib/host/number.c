// SPDX-License-Identifier: GPL-3.0-or-later
/* Small files of /proc and /sys that hold a number, a choice, or a line. */
#include <stdio.h>
#include <string.h>

#include "private.h"

static ssize_t __attribute__((format(printf, 4, 0)))
small_read(const struct host *h, char *buf, size_t size, const char *fmt, va_list ap)
{
	auto_close int fd = host_vopenat(h, fmt, ap);

	buf[0] = '\0';
	return fd < 0 ? fd : host_fd_read(fd, buf, size);
}

uint64_t host_number_read(const struct host *h, const char *fmt, ...)
{
	const char *p;
	char buf[64];
	va_list ap;
	ssize_t len;
	uint64_t n;

	va_start(ap, fmt);
	len = small_read(h, buf, sizeof(buf), fmt, ap);
	va_end(ap);
	p = buf;
	return len > 0 && host_u64_next(&p, &n) ? n : HOST_UNKNOWN;
}

uint64_t host_key_number(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *p = text;
	uint64_t n;

	for (;;) {
		if (!strncmp(p, key, len)) {
			p += len;
			return host_u64_next(&p, &n) ? n : HOST_UNKNOWN;
		}
		p = strchr(p, '\n');
		if (!p)
			return HOST_UNKNOWN;
		p++;
	}
}

uint64_t host_times(uint64_t n, uint64_t unit)
{
	uint64_t all;

	return n == HOST_UNKNOWN || __builtin_mul_overflow(n, unit, &all) ? HOST_UNKNOWN : all;
}

uint64_t host_key_kb(const char *text, const char *key)
{
	return host_times(host_key_number(text, key), 1024);
}

void host_line_read(const struct host *h, char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (small_read(h, buf, size, fmt, ap) < 0)
		buf[0] = '\0';
	va_end(ap);
	buf[strcspn(buf, "\n")] = '\0';
	str_clean(buf);
}

void host_choice_read(const struct host *h, char *buf, size_t size, const char *fmt, ...)
{
	char line[256], *open, *close;
	va_list ap;

	va_start(ap, fmt);
	if (small_read(h, line, sizeof(line), fmt, ap) < 0)
		line[0] = '\0';
	va_end(ap);
	line[strcspn(line, "\n")] = '\0';
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		open++;
	} else {
		open = line;
	}
	snprintf(buf, size, "%s", str_clean(open));
}
