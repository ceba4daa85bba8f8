// SPDX-License-Identifier: GPL-3.0-or-later
/* A small recorded host that a test makes and changes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"

char *tree_new(void)
{
	const char *dir = getenv("TMPDIR");
	char *root;

	if (!dir) {
		dir = "build";
		mkdir(dir, 0755);
	}
	root = xasprintf("%s/host-XXXXXX", dir);
	assert_non_null(mkdtemp(root));
	return root;
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void tree_remove(char *root)
{
	assert_int_equal(nftw(root, entry_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(root);
}

void tree_put(const char *root, const char *name, const char *data, size_t len)
{
	auto_free char *path = xasprintf("%s/%s", root, name);
	int fd;

	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	/* ext4 writes a file out that is truncated to nothing and filled again: 20 ms for each */
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	close(fd);
}

__attribute__((format(printf, 1, 0)))
static char *name_of(const char *fmt, va_list ap)
{
	char *name;

	assert_true(vasprintf(&name, fmt, ap) >= 0);
	return name;
}

void tree_puts(const char *root, const char *text, const char *fmt, ...)
{
	auto_free char *name = NULL;
	va_list ap;

	va_start(ap, fmt);
	name = name_of(fmt, ap);
	va_end(ap);
	tree_put(root, name, text, strlen(text));
}

void tree_link(const char *root, const char *target, const char *fmt, ...)
{
	auto_free char *name = NULL, *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	name = name_of(fmt, ap);
	va_end(ap);
	path = xasprintf("%s/%s", root, name);
	unlink(path);
	tree_put(root, name, "", 0);		/* makes the directories */
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

struct host *tree_host(const char *root)
{
	struct err err = {0};
	struct host *h;

	assert_int_equal(host_open(root, &h, &err), 0);
	return h;
}
