/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing what the kernel acts upon. A write to /sys may start a driver, reset a device, make its virtual functions: it
 * takes seconds, or never comes back, and then no signal ends who wrote it.
 */
#ifndef KT_HOST_WRITE_H
#define KT_HOST_WRITE_H

#include "root.h"

/*
 * Write a text, in one write, into a file below the root that is there. A child process of its own does it and is waited
 * for timeout_ms at most. Then it is killed if the kernel lets it, else left behind: it has no descriptor of ours but
 * the file. From any thread but one that holds a lock; it never waits longer.
 *
 * 0; -ETIMEDOUT: it may have been done, or be done later; else the errno of opening or writing, err names the file.
 */
int host_write_late(const struct host *h, const char *text, unsigned timeout_ms, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
