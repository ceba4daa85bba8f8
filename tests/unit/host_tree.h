/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of lib/host: a small recorded host that a test makes and changes. */
#ifndef KT_TESTS_HOST_TREE_H
#define KT_TESTS_HOST_TREE_H

#include <stddef.h>

struct host;

/* A new directory in $TMPDIR, else in build/; tree_remove takes it away with all that is in it. */
char *tree_new(void);
void tree_remove(char *root);
/*
 * Write a file in place, so that a descriptor kept open reads the new text; directories are made.
 */
void tree_put(const char *root, const char *name, const char *data, size_t len);
void tree_puts(const char *root, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A symbolic link to anything, instead of what is there. */
void tree_link(const char *root, const char *target, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct host *tree_host(const char *root);

#endif
