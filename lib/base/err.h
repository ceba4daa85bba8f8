/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors a user must understand. Functions that can fail return 0 or a negative errno;
 * those with something to say take a last `struct err *` and fill in the text.
 */
#ifndef KT_BASE_ERR_H
#define KT_BASE_ERR_H

#include <stdarg.h>

struct err {
	int code;			/* negative errno, 0 = none */
	char text[600];			/* what, why, what to do; may hold bytes from outside: clean it before drawing */
};

/* Fill err (may be NULL) and return code, so that a failing function can end in one line. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put words in front of the text of a failure: "fmt: text". err (may be NULL) keeps its code; returns the caller's. */
int err_prefix(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set with ": strerror(-code)" behind the text. */
int err_sys(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
